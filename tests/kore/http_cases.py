# SPDX-License-Identifier: ISC
"""Kore's connections, TLS, requests and their content."""

import contextlib
import re
import ssl
import threading
import time

from cases import case
from stock import INTERNAL, Kore, require

HEAD = "POST /page HTTP/1.1\r\nHost: localhost\r\n"
TICK = {"TICK": "1"}


def check_plain(kore):
    """A valid request gets the right response."""
    answer = kore.exchange(HEAD + "Content-Length: 5\r\n\r\nhello")
    require(answer[0] == 200 and "body hello\n" in answer[1],
            "a valid request gets %s %s" % answer)


def accepted(answer, *parts):
    """Is the status 200, and does the body have all parts?"""
    return answer[0] == 200 and all(part in answer[1] for part in parts)


#
# Connections.
#

@case("http.c", "the workers share the connections")
def one_worker_has_all():
    with Kore("http.c", "worker_set_affinity 0", workers=2) as kore, \
            contextlib.ExitStack() as stack:
        seen = set()
        for _ in range(24):
            client = stack.enter_context(kore.client())
            client.send("GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
            status, body = client.answer()
            require(status == 200, "no answer: " + body)
            seen.add(re.search(r"pid (\d+)", body)[1])
        require(len(kore.processes("wrk")) == 2, "not two workers")
        return "one of 2 has all 24" if len(seen) == 1 else None


@case("http.c", "silent connections end after http_header_timeout (1 s)")
def the_loop_sleeps():
    with Kore("http.c", "http_header_timeout 1") as kore:
        check_plain(kore)
        with kore.client() as client:
            status, why = client.answer(4)
    return "they stay: without a timer the loop sleeps forever" \
        if (status, why) == (None, "no answer") else None


@case("http.c", "silent connections block others no longer than their "
      "timeout (1 s)")
def kept_out():
    with Kore("http.c", "http_header_timeout 1\n"
              "worker_max_connections 8", workers=2) as kore, \
            contextlib.ExitStack() as stack:
        check_plain(kore)
        time.sleep(0.2)
        for _ in range(16):
            stack.enter_context(kore.client())
        time.sleep(0.5)
        status, why = kore.get("/page", 4)
    return "at worker_max_connections none can connect: %s in 4 s" % why \
        if status is None else None


@case("http.c", "a handshake has a time limit (Kore's 5 s)")
def endless_handshake():
    with Kore("http.c", tls="EC", **TICK) as kore, kore.client() as client:
        # The start of a ClientHello that is never complete.
        client.send(b"\x16\x03\x01\x02\x00")
        for _ in range(11):
            time.sleep(0.7)
            try:
                client.send(b"\x01")
            except OSError:
                return None
        _, why = client.answer(0.5)
    return "a byte now and then renews it: open after 8 s" \
        if why == "no answer" else None


@case("http.c", "an idle connection is closed without a response")
def unasked_answer():
    with Kore("http.c", "http_header_timeout 1\nhttp_keepalive_time 10",
              **TICK) as kore, kore.client() as client:
        client.send("GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n")
        require(client.answer()[0] == 200, "no answer")
        status, _ = client.answer(4)
    return "it gets a 408 for no request" if status == 408 else None


@case("http.c", "a response may take longer than a head may take")
def cut_off():
    with Kore("http.c", "http_header_timeout 1", **TICK) as kore, \
            kore.client() as client:
        client.send("GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(3)
        status, text = client.answer(10)
    return "http_header_timeout cuts it off: %s" % text \
        if status is None else None


#
# TLS.
#

@case("http.c", "HTTPS works")
def no_tls():
    failed = []
    for kind in ("EC", "RSA"):
        with Kore("http.c", tls=kind) as kore:
            for version in ("TLSv1_2", "TLSv1_3"):
                why = kore.handshake(getattr(ssl.TLSVersion, version))
                require(why is None or INTERNAL in why, why)
                if why is not None:
                    failed.append("%s %s" % (kind, version))
    return "alert internal_error: " + ", ".join(failed) if failed else None


#
# HTTP/1.1.
#

@case("http.c", "a body ends where Content-Length says")
def body_underflow():
    with Kore("http.c", "http_body_max 1024") as kore:
        check_plain(kore)
        attacker = kore.client()
        attacker.send(HEAD + "Content-Length: 1\r\n\r\n12")
        status, _ = attacker.answer(1)
        if status is not None:
            attacker.close()
            return None
        stop = threading.Event()

        def send():
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    attacker.send(b"x" * 65536)

        thread = threading.Thread(target=send, daemon=True)
        thread.start()
        try:
            longest = 0
            for _ in range(20):
                before = time.monotonic()
                kore.get("/page", 6)
                longest = max(longest, time.monotonic() - before)
                if longest > 2:
                    break
                time.sleep(0.2)
        finally:
            stop.set()
            attacker.close()
            thread.join(5)
    return "one byte more makes it endless: no answer, no http_body_max, " \
        "others wait up to %.0f s" % longest


@case("http.c", "every header line is read, or refused")
def lost_lines():
    lines = "".join("X-%d: 1\r\n" % i for i in range(22))
    with Kore("http.c") as kore:
        check_plain(kore)
        few = kore.exchange("GET /page HTTP/1.1\r\nHost: localhost\r\n"
                            "Authorization: me\r\n\r\n")
        require(accepted(few, "token me\n"), "Authorization is not read")
        many = kore.exchange("GET /page HTTP/1.1\r\nHost: localhost\r\n" +
                             lines + "Authorization: me\r\n\r\n")
    return "the 24th and later are lost, Authorization too" \
        if accepted(many, "token none\n") else None


REFUSED = [
    ("two lengths that differ",
     HEAD + "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello",
     "body hello\n"),
    ("Transfer-Encoding beside Content-Length",
     HEAD + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
     "body 0\r\n\r\n"),
    ("a length with a sign", HEAD + "Content-Length: +5\r\n\r\nhello",
     "body hello\n"),
    ("line ends without CR", "GET /page?x HTTP/1.1\nHost: localhost\n\n",
     "query x\n"),
    ("two hosts that differ",
     "GET /page HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n",
     "host a.example\n"),
    ("HostEvil instead of Host",
     "GET /page HTTP/1.1\r\nHostEvil: e.example\r\n\r\n",
     "host e.example\n"),
    ("a NUL, which hides what follows",
     "GET /page HTTP/1.1\r\nHost: a\r\nX: 1\0\r\nAuthorization: me\r\n\r\n",
     "token none\n"),
]


@case("http.c", "an ambiguous request is refused")
def smuggling():
    with Kore("http.c") as kore:
        check_plain(kore)
        taken = [name for name, text, part in REFUSED
                 if accepted(kore.exchange(text), part)]
    return "takes " + ", ".join(taken) if taken else None


@case("http.c", "the body of a GET is not a request")
def late_body():
    hidden = "GET /page?hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
    with Kore("http.c") as kore, kore.client() as client:
        client.send("GET /page?open HTTP/1.1\r\nHost: localhost\r\n"
                    "Content-Length: %d\r\n\r\n" % len(hidden))
        status, body = client.answer()
        require(status is not None, "no answer: " + body)
        try:
            client.send(hidden)
            answer = client.answer()
        except OSError:
            return None
    return "it is, if it comes later: request smuggling" \
        if accepted(answer, "query hidden\n") else None


@case("http.c", "two pipelined requests get two responses, in order")
def pipelined():
    with Kore("http.c") as kore, kore.client() as client:
        client.send("".join("GET /page?%s HTTP/1.1\r\nHost: localhost\r\n\r\n"
                            % name for name in ("first", "second")))
        require(accepted(client.answer(), "query first\n"), "no answer")
        answer = client.answer()
    return "the second is lost" if answer[0] is None else None


@case("http.c", "a chunked body is read")
def chunked():
    with Kore("http.c") as kore:
        check_plain(kore)
        status, _ = kore.exchange(HEAD + "Transfer-Encoding: chunked\r\n\r\n"
                                  "5\r\nhello\r\n0\r\n\r\n")
    return "%d" % status if status != 200 else None


@case("http.c", "Expect: 100-continue gets a 100")
def expect():
    with Kore("http.c") as kore, kore.client() as client:
        client.send(HEAD + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
        status, why = client.answer(2)
        client.send("hello")
        require(accepted(client.answer(), "body hello\n"), "no answer at all")
    return why if status is None else None


@case("http.c", "a target of 8,000 bytes is read (RFC 9112, 3)")
def long_target():
    with Kore("http.c") as kore:
        check_plain(kore)
        most = "y" * 1992
        require(accepted(kore.get("/page?" + most), "query %s\n" % most),
                "no target of 1,998 bytes")
        status, _ = kore.get("/page?" + most + "y")
    return "%d above 1,998" % status if status != 200 else None


@case("http.c", "HTTP/1.0 needs no Host (RFC 9112, 3.2)")
def no_host():
    with Kore("http.c") as kore:
        check_plain(kore)
        status, _ = kore.exchange("GET /page HTTP/1.0\r\n\r\n")
    return "%d" % status if status != 200 else None


@case("http.c", "a head that is too large is refused")
def large_head():
    with Kore("http.c", "http_header_max 4096") as kore:
        check_plain(kore)
        status, why = kore.exchange(
            "GET /page HTTP/1.1\r\nHost: localhost\r\nX: %s\r\n\r\n" %
            ("x" * 8192))
    return why + ", without a response" if status is None else None


#
# Kore's functions for handlers.
#

PARAMS = """
	params qs:get /params {
		validate page number
		validate text any
		validate two pair
	}
"""
VALIDATORS = """
validator number regex ^[0-9]+$
validator any regex ^.*$
validator pair regex ^..$
"""


def params(query):
    with Kore("input.c", VALIDATORS, PARAMS) as kore:
        status, body = kore.get("/params?page=7&text=x")
        require((status, body) == (200, "given: page=7 text=x"),
                "parameters are not read: %s" % body)
        return kore.get("/params?" + query)[1]


@case("input.c", "a handler can see that a parameter is invalid")
def invalid_dropped():
    return "?page=abc is like no parameter" \
        if params("page=abc") == "given:" else None


@case("input.c", "a handler gets a parameter as it was sent")
def value_cut():
    return "?text=a=b becomes a" if params("text=a=b") == "given: text=a" \
        else None


@case("input.c", "a validator's . is a character")
def bytes_counted():
    return "^..$ takes a single \u00e9: it counts bytes" \
        if params("two=%C3%A9") == "given: two=\xc3\xa9" else None


@case("input.c", "JSON is that of RFC 8259")
def other_json():
    def ask(text):
        return kore.exchange("POST /json HTTP/1.1\r\nHost: localhost\r\n"
                             "Content-Length: %d\r\n\r\n%s" %
                             (len(text), text))[0]
    with Kore("input.c") as kore:
        require(ask('{"a":1}') == 200 and ask("{") == 400, "no JSON at all")
        wrong = []
        if ask('{"a":"\\u00e9"}') != 200:
            wrong.append('refuses "\\u00e9"')
        if ask('{"a":-01}') == 200:
            wrong.append("takes -01")
    return ", ".join(wrong) or None


@case("loop.c", "a request that another one wakes continues at once")
def woken_late():
    with Kore("loop.c") as kore, kore.client() as sleeper, \
            kore.client() as waker:
        sleeper.send("GET /waiting HTTP/1.1\r\nHost: localhost\r\n\r\n")
        # At the latest, just after the timer of 3 s has run.
        require(sleeper.answer(0.5)[0] is None, "it does not wait")
        waker.send("GET /waking HTTP/1.1\r\nHost: localhost\r\n\r\n")
        require(waker.answer()[0] == 200, "no answer")
        before = time.monotonic()
        status, body = sleeper.answer(5)
        require(status == 200, "it never wakes: " + body)
        late = time.monotonic() - before
    return "at the next timer, %.1f s later" % late if late > 0.5 else None
