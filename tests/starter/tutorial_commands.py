# SPDX-License-Identifier: ISC
"""Runs the commands of docs/tutorial.md that need a server, in one shell, and
compares what they print. It is run in a copy of the tree in which the page's
edits are made and built; PYTHONPATH has tests/api/support."""

import os
import re
import subprocess
import sys
import threading
import time

from product import boundary
from runner import Runner
from server import ROOT
from standalone import running_server
from tutorial import PAGE, Page, Wrong, check_output

URL = "https://127.0.0.1:8888"      # the page's
MAIL = "var/mail"
SECONDS = 30        # for a command
MAIL_SECONDS = 15   # until a mail is there, which a job sends

END = "-- this command has ended: "


class Shell:
    """A shell that keeps its variables from one command to the next."""

    def __init__(self, environment):
        self.process = subprocess.Popen(
            ["bash", "--norc"], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, errors="replace")

    def run(self, command):
        """Its output and its status; None if it did not end in time."""
        late = threading.Timer(SECONDS, self.process.kill)
        late.start()
        try:
            self.process.stdin.write(
                "{ %s\n} </dev/null\nprintf '\\n%s%%d\\n' $?\n" %
                (command, END))
            self.process.stdin.flush()
            output = ""
            for line in self.process.stdout:
                if line.startswith(END):
                    return (boundary.read(output[:-1]),
                            int(line[len(END):]))
                output += line
            return output, None
        except BrokenPipeError:
            return "the shell has ended", None
        finally:
            late.cancel()

    def close(self):
        self.process.kill()
        self.process.communicate()


class Commands:
    def __init__(self, server, runner):
        self.names = [(URL, server.url),
                      ("var/ca.pem", server.cert),
                      (MAIL, os.path.join(runner.state, "mail")),
                      ("var/", server.state + "/")]
        # A page's reader has a terminal, where curl shows no progress.
        with open(os.path.join(server.folder, ".curlrc"), "w") as f:
            f.write("no-progress-meter\n")
        self.shell = Shell(server.environment() | {
            "CURL_HOME": server.folder})

    def here(self, text):
        """The page's names are others here."""
        for theirs, ours in self.names:
            text = re.sub(r"(?<![\w/])" + re.escape(theirs),
                          lambda _, ours=ours: ours, text)
        return text

    def on_the_page(self, text):
        for theirs, ours in self.names:
            text = text.replace(ours, theirs)
        return text

    def check(self, block):
        """Raises Wrong."""
        deadline = time.monotonic() + (MAIL_SECONDS if MAIL in block.text
                                       else 0)
        while True:
            output, status = self.shell.run(self.here(block.text))
            try:
                if status is None:
                    raise Wrong(block.line, "it does not end, or ends the "
                                "shell:\n%s", output)
                check_output(block, self.on_the_page(output))
                if status and not block.output:
                    raise Wrong(block.line, "exit %d", status)
                return
            except Wrong:
                if status is None or time.monotonic() > deadline:
                    raise
            time.sleep(0.1)


def run(page):
    """The problems."""
    with running_server() as server:
        runner = Runner(server).start()
        commands = Commands(server, runner)
        problems = []
        try:
            for block in page.final_commands():
                commands.check(block)
        except Wrong as wrong:
            errors = [line for line in server.output().splitlines()
                      if '"level":"error"' in line]
            problems = [str(wrong), *errors]
        finally:
            commands.shell.close()
            runner.stop()
            runner.remove()
            server.stop()
        return problems + server.problems + runner.problems


if __name__ == "__main__":
    with open(os.path.join(ROOT, PAGE), encoding="utf-8") as file:
        found = run(Page(file.read()))
    print("\n".join(found))
    sys.exit(bool(found))
