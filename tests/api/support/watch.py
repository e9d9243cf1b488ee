# SPDX-License-Identifier: ISC
"""Clients in the background: other users, who send requests all the time."""

import threading
import time


class Background:
    """Calls run(argument) for each argument, in a thread each, until the
    block ends; then `ended` is set."""

    def __init__(self, arguments):
        self.ended = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(argument,))
                        for argument in arguments]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *error):
        self.ended.set()
        for thread in self.threads:
            thread.join(30)


class HealthWatch(Background):
    """Requests /healthz all the time, each time on a new connection or,
    optionally, on one that is kept; records the slowest."""

    def __init__(self, server):
        super().__init__((True, False))
        self.server = server
        self.times = []
        self.failures = []

    def run(self, keep):
        kept = self.server.client() if keep else None
        tls = self.server.tls()
        while not self.ended.wait(0.02):
            started = time.monotonic()
            try:
                if kept is not None:
                    answer = kept.get("/healthz")
                else:
                    with self.server.client(verify=tls) as client:
                        answer = client.get("/healthz")
                if answer.status_code != 200:
                    self.failures.append(answer.status_code)
            except Exception as error:
                self.failures.append(repr(error))
            self.times.append(time.monotonic() - started)
        if kept is not None:
            kept.close()

    def percentile(self, percent):
        times = sorted(self.times)
        return times[min(len(times) - 1, len(times) * percent // 100)]
