# SPDX-License-Identifier: ISC
"""Sign-ins from many addresses, with a form and with JSON in turn: the server
trusts 127.0.0.1 as a proxy, which names each request's client."""

import collections
import http.client
import itertools
import json
import threading
import time
import urllib.parse

TIMEOUT = 30
WAYS = [
    ("/api/v1/auth/token", "application/x-www-form-urlencoded",
     urllib.parse.urlencode),
    ("/api/v1/auth/login", "application/json", json.dumps)]
ways = itertools.cycle(WAYS)


class SignIns:
    """One connection. Each request names its client's address."""

    def __init__(self, server):
        self.connection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, timeout=TIMEOUT, context=server.tls())

    def ask(self, address, email, password):
        """Returns the status, and how many seconds it took."""
        path, media, encode = next(ways)
        started = time.monotonic()
        self.connection.request("POST", path, encode(
            {"username": email, "password": password}),
            {"Content-Type": media, "X-Forwarded-For": address})
        answer = self.connection.getresponse()
        answer.read()
        return answer.status, time.monotonic() - started

    def close(self):
        self.connection.close()


class Tally:
    """Counts the results of many sign-ins."""

    def __init__(self):
        self.statuses = collections.Counter()
        self.times = []
        self.lock = threading.Lock()

    def add(self, status, took):
        with self.lock:
            self.statuses[status] += 1
            self.times.append(took)

    def served(self):
        return self.statuses[200] + self.statuses[400]

    def refused(self):
        return self.statuses[429] + self.statuses[503]

    def others(self):
        """Results other than success, wrong password and refusal."""
        return self.statuses.total() - self.served() - self.refused()

    def __str__(self):
        late = sum(took > 1 for took in self.times)
        return "%3d served, %3d refused (429: %d, 503: %d), %2d late, " \
            "worst %.2f s" % (self.served(), self.refused(),
                              self.statuses[429], self.statuses[503], late,
                              max(self.times, default=0))


def in_threads(count, function):
    """Runs function(number) in that many threads until all have ended."""
    threads = [threading.Thread(target=function, args=(number,))
               for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
