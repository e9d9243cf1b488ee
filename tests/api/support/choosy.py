# SPDX-License-Identifier: ISC
"""A scripted mail server that has a script for each recipient:

    smtp.of["a@example.com"] = {"rcpt": "550 5.1.1 No such user"}
    smtp.of["b@example.com"] = {"data": [event]}

The steps are rcpt, data and body. An action may also be a threading.Event: then
the server waits for it at that step. `held` lists the addresses for which it
waited."""

import threading

from smtp_sink import ScriptedServer


class ChoosyServer(ScriptedServer):
    def __init__(self, **options):
        super().__init__(**options)
        self.of = {}
        self.held = []
        self.local = threading.local()  # each connection has a thread

    def note(self, line):
        super().note(line)
        if line.upper().startswith("RCPT TO:"):
            self.local.to = line[8:].strip().strip("<>")

    def action(self, step):
        script = self.of.get(getattr(self.local, "to", None))
        if script is None or step not in ("rcpt", "data", "body"):
            return super().action(step)
        with self.lock:
            action = script.get(step)
            if isinstance(action, list):
                action = action.pop(0) if action else None
            if isinstance(action, threading.Event):
                self.held.append(self.local.to)
                self.lock.notify_all()
        if not isinstance(action, threading.Event):
            return action
        action.wait(120)
        return None

    def wait_for_held(self, *addresses, timeout=15):
        self.wait_for(lambda: set(addresses) <= set(self.held), timeout)

    def mails_to(self, address):
        with self.lock:
            return [m for m in self.messages if m.recipients == [address]]
