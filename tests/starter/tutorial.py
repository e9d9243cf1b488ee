# SPDX-License-Identifier: ISC
"""Reads docs/tutorial.md, and makes its edits in a copy of the tree.

    **src/modules/guestbook/guestbook.h**   alone in a line, above a block: the
                                            block is an edit of this file
    ```diff     passages, separated by lines `@@`; each is there exactly once
    ```LANGUAGE below such a line: a new file, whole
    ```c        (sql, python) otherwise: stands in the file that is named last
    ```console  `$ ` commands, and what they print; `...` stands for anything
    ```text     is not checked"""

import re
import subprocess

PAGE = "docs/tutorial.md"

QUOTED = ("c", "sql", "python")
FENCE = re.compile(r"```(\S*)$")
EDIT = re.compile(r"\*\*([^*\s]+)\*\*$")
FILE = re.compile(r"[\w./-]*\w\.(?:c|h|sql|py|conf|md|html|css|txt)\b")

# A reader clones, builds, serves and tests; so does test_tutorial.py.
NOT_RUN = re.compile(r"(git|make|cd)\b|\./keel (serve|jobs)\b|.*\bpytest\b")
# Commands about the tree: they need neither a build nor a server.
OF_THE_TREE = re.compile(r"\./keel (new-resource|init|backtrace|help)\b")


class Wrong(Exception):
    """Something on the page is not so; begins with the page's line."""

    def __init__(self, line, problem, *arguments):
        super().__init__("%s:%d: %s" % (PAGE, line, problem % arguments
                                        if arguments else problem))


class Block:
    """kind: edit, new, quote or command."""

    def __init__(self, kind, line, text, path=None):
        self.kind, self.line, self.text, self.path = kind, line, text, path
        self.output = ""        # of a command: what it should print

    def __repr__(self):
        return "%s:%d" % (self.kind, self.line)


class Page:
    """steps: a list of blocks for each heading that has any."""

    def __init__(self, text):
        self.steps = [[]]
        self.prose = []         # the files that the prose names
        self.path = None        # of the edit that follows
        lines = enumerate(text.splitlines(), 1)
        for number, line in lines:
            fence = FENCE.match(line)
            if fence:
                self.take(number, fence[1], list(self.inside(lines, number)))
            elif self.path and line.strip():
                raise Wrong(number, "**%s** is not above a block", self.path)
            elif EDIT.match(line):
                self.path = EDIT.match(line)[1]
            elif line.startswith("#"):
                self.steps.append([])
            if not fence:
                self.prose += FILE.findall(re.sub(r"\]\([^)]*\)", "", line))
        if self.path:
            raise Wrong(number, "**%s** is not above a block", self.path)
        self.steps = [step for step in self.steps if step]

    @staticmethod
    def inside(lines, start):
        for _, line in lines:
            if line == "```":
                return
            yield line
        raise Wrong(start, "the block does not end")

    def take(self, number, language, lines):
        text = "".join(line + "\n" for line in lines)
        path, self.path = self.path, None
        if path:
            kind = "edit" if language == "diff" else "new"
            self.add(kind, number, text, path)
        elif language == "console":
            for block in commands(number, lines):
                self.steps[-1].append(block)
        elif language in QUOTED:
            if not self.prose:
                raise Wrong(number, "no file is named above: **PATH** makes "
                            "an edit of this block")
            self.add("quote", number, text, self.prose[-1])
        elif language != "text":
            raise Wrong(number, "a block of kind '%s' without **PATH** is not "
                        "checked: write ```text", language)

    def add(self, *block):
        self.steps[-1].append(Block(*block))

    def blocks(self, *kinds):
        return [block for step in self.steps for block in step
                if block.kind in kinds]

    def final_commands(self):
        """Those that are run when all edits are made, with a server."""
        return [block for block in self.blocks("command")
                if not NOT_RUN.match(block.text) and
                not OF_THE_TREE.match(block.text)]

    def places(self, output):
        """The lines of the page that edit a file named in the output, or one
        in a folder of that name, such as modules/comments."""
        output = re.sub(r"^(compiling|passed) .*", "", output, flags=re.M)
        edits = self.blocks("edit", "new")
        for part in (-1, -2):
            found = ["%s:%d: edits %s" % (PAGE, block.line, block.path)
                     for block in edits
                     if part_of(block.path, part, output)]
            if found:
                return "\n".join(found)
        return PAGE + ": which edit did this is not known"


def part_of(path, part, output):
    """Compilers, make and pytest name files in different ways."""
    names = path.split("/")
    return len(names) >= -part and re.search(
        r"(?<![\w.])%s(?![\w.])" % re.escape(names[part]), output)


def commands(number, lines):
    """A block for each command of a console; `\\` continues a line."""
    found = []
    for number, line in enumerate(lines, number + 1):
        last = found[-1] if found else None
        if last and not last.output and last.text.endswith("\\"):
            last.text += "\n" + line
        elif line.startswith("$ "):
            found.append(Block("command", number, line[2:]))
        elif last:
            last.output += line + "\n"
        else:
            raise Wrong(number, "a console begins with a command: $ ...")
    return found


def check_output(block, output):
    """Raises Wrong if a command printed something else."""
    expected = block.output.rstrip()
    output = re.sub(r"[ \t\r]+$", "", output, flags=re.M).rstrip()
    pattern = ".*?".join(re.escape(part) for part in expected.split("..."))
    if not re.fullmatch(pattern, output, re.S):
        raise Wrong(block.line, "the page says that this prints\n%s\n"
                    "but it printed\n%s", expected, output)


def edited(block, text):
    """The file's text after an edit, a diff."""
    number = block.line
    for passage in re.split(r"^(?=@@)", block.text, flags=re.M):
        lines, first = passage.splitlines(), number + 1
        number += len(lines)
        if lines and lines[0].startswith("@@"):
            lines, first = lines[1:], first + 1
        if lines:
            text = replaced(block.path, first, lines, text)
    return text


def replaced(path, number, lines, text):
    strange = [line for line in lines if line and line[0] not in " -+"]
    if strange:
        raise Wrong(number, "a line of a diff begins with ' ', '-' or '+': %s",
                    strange[0])
    old, new = ("".join(line[1:] + "\n" for line in lines
                        if line[:1] != other) for other in "+-")
    count = ("\n" + text).count("\n" + old) if old else 0
    if count != 1 or old == new:
        raise Wrong(number, "this passage %s %s:\n%s",
                    "changes nothing in" if old == new else
                    "is there %d times in" % count if count else
                    "is not in" if old else "has no line that is in", path,
                    old)
    return ("\n" + text).replace("\n" + old, "\n" + new)[1:]


def check_quote(block, text):
    """`...` in a line of its own stands for lines that are left out."""
    for part in re.split(r"^\s*\.\.\.\n", block.text, flags=re.M):
        if part not in text:
            raise Wrong(block.line, "this is not in %s:\n%s", block.path, part)


def make_block(folder, block):
    """Makes one edit, checks a quotation, or runs a command about the tree in
    the folder. Returns the path of the file that is new or another now."""
    if block.kind == "command":
        if OF_THE_TREE.match(block.text):
            run_of_tree(folder, block)
        return None
    place = folder / block.path
    if block.kind == "new":
        if place.exists():
            raise Wrong(block.line, "%s is there already: a ```diff changes "
                        "it", block.path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(block.text)
        return block.path
    if not place.is_file():
        raise Wrong(block.line, "there is no %s", block.path)
    if block.kind == "quote":
        check_quote(block, place.read_text())
        return None
    place.write_text(edited(block, place.read_text()))
    return block.path


def run_of_tree(folder, block):
    done = subprocess.run(
        block.text, shell=True, cwd=folder, text=True, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    check_output(block, done.stdout)
    if done.returncode and not block.output:
        raise Wrong(block.line, "exit %d", done.returncode)


def make_step(folder, step):
    """All blocks of a step in their order; {path: line} of what it edited."""
    changed = {}
    for block in step:
        path = make_block(folder, block)
        if path:
            changed[path] = block.line
    return changed
