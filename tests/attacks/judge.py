# SPDX-License-Identifier: ISC
"""When an attack of slow_clients.py has begun, and what must hold at its end,
besides that others are served: counts and states of what it is named after."""

PER_ADDRESS = 256       # connections, on all workers together
PER_WORKER = 1016
OTHERS = 8              # connections: the probes', and who reads /metrics
HANDSHAKE_SECONDS = 5
SECONDS = 4             # for a head or a body: shortened()
LATE = 2                # seconds: ticks, and a busy machine
ENOUGH = 3              # answers to another client meanwhile
MANY = 50               # connections: the attack has begun
MIB = 1024 * 1024
LARGE_SHARE = 16 * MIB  # WIRE_LARGE_MAX
WORKER_MEMORY = 64 * MIB    # more than before: twice the limit of requests


def shortened(text):
    """kore.conf with deadlines that a run of eight seconds can see."""
    for name in ("http_header_timeout", "http_body_timeout"):
        before, _, rest = text.partition("\n" + name)
        assert rest, name
        text = "%s\n%s\t%d\n%s" % (before, name, SECONDS,
                                   rest.partition("\n")[2])
    return text


class Result:
    """What is measured. Its checks return a problem, or None."""

    def __init__(self, seen, before, values, small, memory):
        self.seen = seen
        self.workers = len(memory)
        self.connections = values["keel_connections"]
        self.wire_memory = values["keel_wire_memory"]
        self.refused, self.evicted = (
            values[name] - before[name] for name in (
                "keel_connections_refused_total",
                "keel_connections_evicted_total"))
        self.memory = max(size - small.get(worker, 0)
                          for worker, size in memory.items())

    def limited(self):
        if self.connections > PER_ADDRESS + OTHERS:
            return "one address has %d connections" % self.connections

    def made_room(self):
        if self.connections > self.workers * PER_WORKER:
            return "the workers have %d connections" % self.connections

    def held_all(self):
        """None is refused: the deadlines alone bound them."""
        if self.refused > 0:
            return "%d connections were refused" % self.refused

    def ends_after(seconds):
        def check(self):
            if self.seen.oldest > seconds + LATE:
                return "a connection lasted %.1f s" % self.seen.oldest
        return check

    def discards(self):
        """What comes is not kept."""
        if self.wire_memory > MIB:
            return "%d bytes are held" % self.wire_memory

    def shares(self):
        """Large bodies leave room for others."""
        if self.wire_memory > self.workers * LARGE_SHARE + MIB:
            return "%d bytes are held" % self.wire_memory

    def takes_turns(self):
        if self.seen.answered < ENOUGH:
            return "others waited until all was read"

    def bounded(self):
        """In every attack."""
        if self.memory > WORKER_MEMORY:
            return "a worker has grown by %d MiB" % (self.memory // MIB)


ends_with_handshake = Result.ends_after(HANDSHAKE_SECONDS)
ends_with_request = Result.ends_after(SECONDS)

def has_many(result):
    return result.connections >= MANY


# (when it has begun; what must hold then)
ATTACKS = {
    # More than the sockets hold.
    "20 MB behind a body of 1": (lambda result: result.seen.bytes > 16 * MIB,
                                 [Result.discards]),
    "1,100 silent, TCP": (lambda result: result.refused > 0,
                          [Result.limited, ends_with_handshake]),
    "1,100 silent, TLS": (lambda result: result.refused > 0,
                          [Result.limited, ends_with_request]),
    "3,000 silent, 12 addresses": (lambda result: result.evicted > 0,
                                   [Result.made_room, ends_with_handshake]),
    "50 handshakes, a byte a second": (
        has_many, [Result.held_all, ends_with_handshake]),
    "250 slow heads": (has_many, [Result.held_all, ends_with_request]),
    "250 slow bodies": (has_many, [Result.held_all, ends_with_request]),
    "250 slow chunked bodies": (has_many,
                                [Result.held_all, ends_with_request]),
    "48 large bodies without end": (
        lambda result: result.seen.bytes > 2 * result.workers * LARGE_SHARE,
        [Result.shares]),
    "250 that do not read": (has_many, [Result.held_all]),
    "key updates without end": (lambda result: result.seen.bytes > 0,
                                [Result.discards, Result.takes_turns]),
}


# Another worker would serve the others.
ONE_WORKER = {"key updates without end"}


def has_begun(name, result):
    return name not in ATTACKS or ATTACKS[name][0](result)


def problems_of(name, result):
    _, checks = ATTACKS.get(name, (None, []))
    return [problem for problem in (
        check(result) for check in checks + [Result.bounded]) if problem]
