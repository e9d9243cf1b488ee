# SPDX-License-Identifier: ISC
"""Valid and invalid requests with their expected statuses; and ways to corrupt
them."""

import json
import re
import string
from typing import NamedTuple

HOST = "Host: localhost"
JSON = "Content-Type: application/json"
FORM = "Content-Type: application/x-www-form-urlencoded"
CHUNKED = "Transfer-Encoding: chunked"
ORIGIN = "https://app.example.org"      # whose pages are allowed
BODY_MAX = 131072
HEAD_MAX = 16384
TARGET_MAX = 8000

USERS = "/api/v1/users"
ME = "/api/v1/users/me"
TOKEN = "/api/v1/auth/token"
LOGIN = "/api/v1/auth/login"
FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"
RESET_PAGE = "/account/reset"
LINK = '{"token":"keel_reset_%s","new_password":"Rainy-day-43"}' % ("A" * 43)
NOBODY = USERS + "/00000000-0000-4000-8000-000000000000"
TOKEN_MARK = b"the-admin-s-token"
token = TOKEN_MARK      # the requests contain it
SIGNED_IN = "Authorization: Bearer " + TOKEN_MARK.decode()
USER = {"email": "fuzz@example.com", "name": "Fuzz", "password": "Passw0rd-1"}
BAD_USER = {"email": "no address", "name": "", "password": "short", "x": [{}]}


class Case(NamedTuple):
    data: bytes
    statuses: tuple     # one of these is expected
    closes: bool        # no response follows
    request_id: str = None      # expected in the response
    fields: tuple = None        # unknown fields, expected in the response


def head(method, target, *lines, version="1.1", host=HOST):
    lines = ["%s %s HTTP/%s" % (method, target, version)] + \
        ([host] if host else []) + list(lines)
    return "\r\n".join(lines + ["", ""]).encode("latin-1")


def sized(method, target, body, *lines):
    if isinstance(body, str):
        body = body.encode()
    return head(method, target, *lines, "Content-Length: %d" % len(body)) + \
        body


def chunked(method, target, body, *lines, size=7, extension="", trailer=""):
    """The body in chunks of that size."""
    chunks = [body[i:i + size].encode() for i in range(0, len(body), size)]
    data = b"".join(b"%x%s\r\n%s\r\n" % (len(chunk), extension.encode(), chunk)
                    for chunk in chunks)
    return head(method, target, *lines, CHUNKED) + data + \
        b"0%s\r\n%s\r\n" % (extension.encode(), trailer.encode())


def unknown(count):
    """A query with a long response."""
    return USERS + "?" + "&".join("q%d" % i for i in range(count))


def plain_cases():
    many = ["X-%d: %s" % (i, "v" * (i % 50)) for i in range(98)]
    for data, *statuses in (
            (head("GET", "/healthz"), 200),
            (head("HEAD", "/healthz"), 200),
            (head("GET", "/readyz"), 200),
            (head("GET", "/healthz?x=1&y=%00"), 200),
            (head("POST", unknown(3)), 422),
            (head("POST", unknown(300)), 422),
            (head("GET", "/nothing"), 404),
            (head("HEAD", "/nothing"), 404),
            (head("GET", "/a%0d%0ab/../%ff"), 404),
            (head("GET", "/" + "x" * (TARGET_MAX - 1)), 404),
            (head("GET", ME), 401),
            (head("GET", ME, "Authorization: Bearer a.b.c"), 401),
            (head("GET", ME, "Authorization: Bearer " + "x" * 4000), 401),
            (head("OPTIONS", USERS), 204),
            (head("OPTIONS", "*"), 204),
            (head("OPTIONS", "/nothing", "Origin: " + ORIGIN,
                  "Access-Control-Request-Method: PATCH"), 204),
            (head("OPTIONS", "/nothing", "Origin: null",
                  "Access-Control-Request-Method: PATCH"), 404),
            (head("GET", "/nothing", "Origin: " + ORIGIN), 404),
            (head("GET", "/nothing", *["Origin: " + ORIGIN] * 2), 404),
            (head("DELETE", "/healthz"), 405),
            (head("PUT", USERS, "Cookie: a=b; c=d", "Accept: */*"), 405),
            (head("GET", USERS, "Cookie: a=b; c=d", "Accept: */*"), 401),
            (head("GET", USERS + "/x?y"), 401),
            (head("GET", ME, "Accept: application/problem+json"), 401),
            (head("GET", '/"//x', "Accept: a/b;c=\",\", */*;q=0.1",
                  "Accept: application/problem+json;q=0.5"), 404),
            (head("DELETE", NOBODY), 401),
            (head("GET", ME + "/sessions"), 401),
            (head("GET", USERS + "/?limit=1"), 308),
            (head("GET", "https://localhost/healthz"), 200),
            (head("GET", "HTTP://localhost:8888/healthz?"), 200),
            (head("GET", "https://localhost", host="Host: localhost:1"), 200),
            (head("GET", "/%68ealthz"), 200),
            (head("GET", "/healthz", *many), 200),
            (head("GET", "/healthz", "X: " + "y" * 16000), 200),
            (head("GET", RESET_PAGE + "?token=%22%3cx%3e&a"), 200),
            (head("HEAD", RESET_PAGE + "?token=x"), 200),
            (head("GET", RESET_PAGE + "?token=%ff"), 400),
            (head("GET", "/healthz", "X-Request-ID: fuzz-1"), 200),
            (head("GET", "/healthz", "connection: keep-alive, x"), 200),
            (b"\r\n" + head("GET", "/healthz"), 200),
            (head("GET", "/healthz", "CONTENT-LENGTH:\t0 "), 200)):
        yield Case(data, tuple(statuses), False)


def body_cases():
    bad_user, form = json.dumps(BAD_USER), "username=a&password=b"
    numbers = "[%s]" % ",".join(["1e999", "-0", "9" * 400, "1" * 19])
    waits = "Expect: 100-continue"
    for data, *statuses in (
            (sized("POST", USERS, bad_user, JSON), 422),
            (sized("POST", USERS, "{}", JSON), 422),
            (sized("POST", USERS, "[" * 5000, JSON), 400),
            (sized("POST", USERS, numbers, JSON), 400, 422),
            (sized("POST", USERS, b'{"email":"\xff\x00"}', JSON), 400),
            (sized("POST", USERS, bad_user), 415),
            (sized("POST", USERS, "", JSON), 400, 422),
            (sized("POST", USERS, "x" * BODY_MAX, JSON), 400),
            (sized("POST", USERS, '{"a":"%s"}' % ("b" * 99999), JSON), 422),
            (sized("PATCH", ME, '{"name":"x"}', JSON), 401),
            (sized("PUT", ME, '{"name":"x"}', JSON), 405),
            (sized("PUT", "/healthz", "x" * 3000), 405),
            (sized("POST", "/nothing", "x"), 404),
            (sized("POST", TOKEN, "", FORM), 400),
            (sized("POST", TOKEN, "grant_type=x&" + form, FORM), 400),
            (sized("POST", TOKEN, "&".join("a%d=%%41" % i for i in
                                           range(2000)), FORM), 400),
            (sized("POST", TOKEN, "%", FORM), 400),
            (sized("POST", TOKEN, form, JSON), 400),
            (sized("POST", TOKEN, form + "&scope=%22a", FORM), 400),
            (sized("POST", LOGIN, form, FORM), 400),
            (sized("POST", LOGIN, "{", JSON), 400),
            (sized("POST", LOGIN, '{"username":1,"x\u00e9\\"":[]}', JSON),
             400),
            (sized("POST", FORGOT, '{"email":"fuzz@example.com"}', JSON), 202),
            (sized("POST", FORGOT, '{"email":"fuzz"}', JSON), 422),
            (sized("POST", RESET, LINK, JSON), 400),
            (sized("POST", RESET, '{"token":1}', JSON), 422),
            (sized("POST", RESET_PAGE, "token=%3cx&new_password=x", FORM),
             422),
            (sized("POST", RESET_PAGE, "token=%ff", FORM), 400),
            (sized("POST", RESET_PAGE, "token=x&new_password=Rainy-day-43",
                   FORM), 400),
            (sized("POST", USERS, bad_user, JSON, waits), 422),
            (chunked("POST", USERS, bad_user, JSON), 422),
            (chunked("POST", USERS, bad_user, JSON, waits, size=1), 422),
            (chunked("POST", USERS, bad_user, JSON,
                     extension=' ;a="b";c'), 422),
            (chunked("POST", USERS, bad_user, JSON, size=1000,
                     trailer="X-Sum: 1\r\nY: z\r\n"), 422),
            (chunked("POST", TOKEN, "x=" + "y" * 60000, FORM, size=5000),
             400),
            (chunked("PUT", "/healthz", ""), 405)):
        yield Case(data, tuple(statuses), False)


def signed_in_cases():
    """For the last active admin, whose rights cannot be removed: so the
    expected statuses stay the same, whatever else is sent."""
    for data, *statuses in (
            (head("GET", ME, SIGNED_IN), 200),
            (head("GET", ME, SIGNED_IN, "If-None-Match: *"), 304),
            (head("GET", ME, SIGNED_IN, 'If-None-Match: W/"0", "0"'), 200),
            (head("GET", ME, SIGNED_IN, "If-None-Match: 1"), 200),
            (head("HEAD", ME, SIGNED_IN), 200),
            (head("DELETE", ME, SIGNED_IN), 409),
            (head("GET", USERS, SIGNED_IN), 200),
            (head("GET", USERS + "?limit=2&skip=1&sort=-name&role=admin"
                  "&is_active=true&q=%C3%A9%25", SIGNED_IN), 200),
            (head("GET", USERS + "?cursor=&limit=1&sort=email", SIGNED_IN),
             200),
            (head("GET", USERS + "?cursor=AAAA", SIGNED_IN), 400),
            (head("GET", USERS + "?page=1&skip=1", SIGNED_IN), 422),
            (head("GET", USERS + "?page=999999999&limit=100", SIGNED_IN),
             200),
            (head("GET", USERS + "?limit=0&x&x=%zz", SIGNED_IN), 422),
            (head("GET", USERS + "/%41%42?x", SIGNED_IN), 422),
            (head("GET", NOBODY, SIGNED_IN), 404),
            (sized("PATCH", ME, '{"name":"Fuzz"}', SIGNED_IN, JSON), 200),
            (chunked("PATCH", ME, "{}", SIGNED_IN, JSON), 200),
            (sized("PATCH", ME, "{}", SIGNED_IN, JSON, 'If-Match: "0"'), 412),
            (sized("PATCH", ME, '{"name":null,"role":1}', SIGNED_IN, JSON),
             422),
            (sized("PATCH", NOBODY, '{"is_active":true}', SIGNED_IN, JSON),
             404),
            (sized("PUT", NOBODY, "{}", SIGNED_IN, JSON), 422),
            (sized("POST", NOBODY + "/activate", "", SIGNED_IN), 404)):
        yield Case(data, tuple(statuses), False)


def closing_cases():
    """Ambiguous framing, and requests that are too large."""
    body, length = b"x", "Content-Length: 1"
    get, post = ("GET", "/healthz"), ("POST", USERS)
    for data, status in (
            (head(*get, "Connection: close"), 200),
            (head(*get, version="1.0"), 200),
            (head(*get, version="1.0", host=None), 200),
            (head("GET", "/%"), 400),
            (head(*get, version="2.0"), 505),
            (head(*get, host=None), 400),
            (head(*get, HOST), 400),
            (head(*get, host="Host: a b"), 400),
            (head(*get, "X : y"), 400),
            (head(*get, "X: y", " folded"), 400),
            (head(*get, "X\0: y"), 400),
            (head(*get, "X: " + "y" * HEAD_MAX), 431),
            (head(*get, *["X: y"] * 100), 431),
            (head("GET", "/" + "x" * HEAD_MAX), 414),
            (head("GET", "/" + "x" * TARGET_MAX), 414),
            (head("GET", "healthz"), 400),
            (head("GET", "/#x"), 400),
            (head("BREW", "/healthz"), 501),
            (head("CONNECT", "localhost:80"), 501),
            (head("G T", "/healthz"), 400),
            (b"GET /healthz\r\n\r\n", 400),
            (b"GET /healthz HTTP/1.1\nHost: localhost\n\n", 400),
            (b"\r\n" * 4 + head(*get), 400),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
            (head(*get, length) + body, 400),
            (head(*post, length, CHUNKED) + b"0\r\n\r\n", 400),
            (head(*post, length, length) + body, 400),
            (head(*post, "Content-Length: 1, 1") + body, 400),
            (head(*post, "Content-Length: -1"), 400),
            (head(*post, "Content-Length: +1") + body, 400),
            (head(*post, "Content-Length: 0x1") + body, 400),
            (head(*post, "Content-Length: %d" % (BODY_MAX + 1)), 413),
            (head(*post, "Content-Length: %d" % 2 ** 64), 413),
            (head(*post, "Content-Length: " + "9" * 4000), 413),
            (head(*post, "Transfer-Encoding: gzip, chunked"), 501),
            (head(*post, "Transfer-Encoding: chunked, gzip"), 400),
            (head(*post, CHUNKED, CHUNKED) + b"0\r\n\r\n", 400),
            (head(*post, CHUNKED, version="1.0") + b"0\r\n\r\n", 400),
            (head(*post, "Expect: 200-ok", length) + body, 417),
            (head(*post, "Origin: " + ORIGIN, "Expect: x", length) + body,
             417),
            (head(*post, CHUNKED) + b"FFFFFFFF\r\n" + b"x" * 140000, 413),
            (head(*post, CHUNKED) + b"FFFFFFFFF\r\n", 400),
            (head(*post, CHUNKED) + b"-1\r\n", 400),
            (head(*post, CHUNKED) + b"1\nx\n0\n\n", 400),
            (head(*post, CHUNKED) + b"1;\r\n", 400),
            (head(*post, CHUNKED) + b"0\r\na\r\n", 400),
            (head(*post, CHUNKED) + b"1\r\nxx\r\n", 400),
            (head(*post, CHUNKED) + b"1;" + b"a" * 9000 + b"\r\n", 400),
            (head(*post, CHUNKED) + b"0\r\n" + b"A: b\r\n" * 2000, 400),
            (head(*post, CHUNKED) + b"fff\r\n%s\r\n" % bytes(4095) * 33,
             413)):
        yield Case(data, (status,), True)


def costly_cases():
    """Each costs a password hash. The user already exists."""
    user, form = json.dumps(USER), "username=fuzz@example.com&password=wrong"
    for data, *statuses in (
            (sized("POST", USERS, user, JSON), 409),
            (chunked("POST", USERS, user, JSON), 409),
            (sized("POST", TOKEN, form, FORM), 400),
            (sized("POST", LOGIN, json.dumps({
                "username": USER["email"], "password": "wrong"}), JSON), 400),
            (sized("POST", TOKEN, form.replace("wrong", USER["password"]),
                   FORM), 200)):
        yield Case(data, tuple(statuses), False)


def admin_cases():
    for data, status, closes in (
            (head("GET", "/metrics"), 200, False),
            (head("HEAD", "/metrics"), 200, False),
            (head("GET", "/metrics?x"), 200, False),
            (head("GET", "/healthz"), 404, False),
            (sized("POST", "/metrics", "x" * 1000), 405, False),
            (chunked("POST", "/x", "x" * 1000), 404, False),
            (head("OPTIONS", "/metrics"), 204, False),
            (head("GET", "/metrics", "Connection: close"), 200, True),
            (head("GET", "/metrics", HOST), 400, True)):
        yield Case(data, (status,), closes)


API = [list(plain_cases()), list(body_cases()), list(signed_in_cases()),
       list(closing_cases())]
COSTLY = list(costly_cases())
ADMIN = list(admin_cases())

# A client that sends these and does not read makes the server wait.
LONG_ADMIN = [Case(head("GET", "/metrics"), (200,), False)] * 150
LONG_API = [Case(head("POST", unknown(300)), (422,), False)] * 90

NUMBERS = [b"0", b"1", b"-1", b"00", b"7fffffff", b"80000000", b"ffffffff",
           b"2147483648", b"4294967296", b"131072", b"131073",
           b"9223372036854775808", b"18446744073709551616", b"1e9",
           b"9" * 300]
TOKENS = NUMBERS + [
    b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\0", b" ", b"\t", b":", b";", b",",
    b"?", b"&", b"=", b"%", b"%00", b"#", b"/", b"*", b"\x7f", b"\x80",
    b"\xff", b"\xc0\x80", b"\xe2\x82", b"\xf0\x9f\x98\x80", b"HTTP/1.1",
    b"HTTP/1.0", b"HTTP/9.9", b"Host: localhost\r\n", b"Host: x\r\n",
    b"Content-Length", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n",
    b"Transfer-Encoding: chunked\r\n", b"transfer-encoding: identity\r\n",
    b"Expect: 100-continue\r\n", b"Connection: close\r\n", b"0\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", b"https://",
    b"HEAD ", b"POST ", b"OPTIONS ", b"[::1]:1", b'"', b"\\u0000", b"{", b"["]


def mirror(rng):
    """A body whose response shows whether it was read correctly."""
    longest = rng.choice([1, 50, 1400])
    values = {"%d-%08x" % (i, rng.randrange(2 ** 32)):
              "v" * rng.randrange(longest) for i in range(rng.randrange(90))}
    body = json.dumps(values)
    if rng.random() < 0.5:
        data = sized("POST", USERS, body, JSON)
    else:
        data = chunked("POST", USERS, body, JSON, size=rng.randrange(
            1 + len(body) // 1000, 2 + len(body)))
    return Case(data, (422,), False, fields=tuple(values))


def with_id(case, request_id):
    """Adds a request id, except to invalid heads."""
    if case.closes or case.data.startswith(b"\r\n") or \
            b"X-Request-ID" in case.data:
        return case
    line = b"\r\nX-Request-ID: %s\r\n" % request_id.encode()
    return case._replace(data=case.data.replace(b"\r\n", line, 1),
                         request_id=request_id)


def pick(rng, admin):
    if admin:
        return rng.choice(ADMIN)
    luck = rng.random()
    if luck < 0.03:
        return rng.choice(COSTLY)
    if luck < 0.1:
        return mirror(rng)
    return rng.choice(rng.choice(API))


def pipeline(rng, admin):
    """Several requests in a row: [Case, ...]."""
    if rng.random() < 0.02:
        cases = LONG_ADMIN if admin else LONG_API
    else:
        cases = [pick(rng, admin)
                 for _ in range(rng.choice([1, 1, 1, 2, 3, 5, 9]))]
    return [with_id(case, "fuzz-%d-%d" % (number, rng.randrange(10 ** 9)))
            for number, case in enumerate(cases)]


def answered(cases):
    """The requests of a pipeline that get their own response."""
    for number, case in enumerate(cases):
        if case.closes:
            return cases[:number + 1]
    return cases


def span(rng, data, most=64):
    """A random part of data."""
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + 1 + int(rng.expovariate(3 / most)))


def flip_bit(rng, data):
    if data:
        i = rng.randrange(len(data))
        data[i:i + 1] = bytes([data[i] ^ 1 << rng.randrange(8)])
    return data


def set_byte(rng, data):
    if data:
        data[rng.randrange(len(data))] = rng.choice(
            [0, 9, 10, 13, 32, 127, 128, 255, rng.randrange(256)])
    return data


def insert_token(rng, data):
    i = rng.randrange(len(data) + 1)
    return data[:i] + rng.choice(TOKENS) * rng.choice([1, 1, 1, 2, 50]) + \
        data[i:]


def insert_at_line(rng, data):
    """A token at a line's start or end."""
    places = [m.start() + rng.choice([0, 2]) for m in
              re.finditer(b"\r\n", data)] or [0]
    i = rng.choice(places)
    return data[:i] + rng.choice(TOKENS) + data[i:]


def delete_span(rng, data):
    start, end = span(rng, data)
    return data[:start] + data[end:]


def repeat_span(rng, data):
    start, end = span(rng, data)
    times = rng.choice([2, 2, 3, 10, 300])
    return data[:start] + data[start:end] * times + data[end:]


def move_span(rng, data):
    start, end = span(rng, data)
    part, rest = data[start:end], data[:start] + data[end:]
    i = rng.randrange(len(rest) + 1)
    return rest[:i] + part + rest[i:]


def change_lines(rng, data):
    lines = data.split(b"\r\n")
    i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(4)
    if how == 0:
        lines[i], lines[j] = lines[j], lines[i]
    elif how == 1:
        lines.insert(j, lines[i])
    elif how == 2:
        del lines[i]
    else:
        lines[i] = lines[i].swapcase()
    return bytearray(b"\r\n".join(lines))


def change_line_end(rng, data):
    places = [m.start() for m in re.finditer(b"\r\n", data)]
    if places:
        i = rng.choice(places)
        data[i:i + 2] = rng.choice([b"\n", b"\r", b"\r\r\n", b"\n\r", b"",
                                    b" \r\n", b"\r\n ", b"\r\n\r\n"])
    return data


def change_number(rng, data):
    numbers = list(re.finditer(b"[0-9]+", data))
    if numbers:
        number = rng.choice(numbers)
        data[number.start():number.end()] = rng.choice(NUMBERS)
    return data


def splice(rng, data):
    other = rng.choice(rng.choice(API)).data
    i, j = rng.randrange(len(data) + 1), rng.randrange(len(other))
    return data[:i] + other[j:] + (data[i:] if rng.random() < 0.5 else b"")


def truncate(rng, data):
    return data[:rng.randrange(len(data) + 1)]


MUTATIONS = [flip_bit, set_byte, insert_token, insert_token, insert_at_line,
             insert_at_line, delete_span, repeat_span, move_span,
             change_lines, change_lines, change_line_end, change_number,
             change_number, splice, truncate]


def mutate(rng, data, most=400000):
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 5, 8])):
        data = bytearray(rng.choice(MUTATIONS)(rng, data)[:most])
    return bytes(data)


def spoil_bytes(rng, data):
    """For binary data: TLS."""
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 3, 8])):
        how = rng.choice([flip_bit, flip_bit, set_byte, set_byte, delete_span,
                          repeat_span, move_span, truncate])
        data = bytearray(how(rng, data))
    return bytes(data)


def soup(rng):
    """Tokens and some letters, in random order."""
    words = TOKENS + [c.encode() for c in string.ascii_letters]
    return b"".join(rng.choice(words) for _ in range(rng.randrange(200)))


def cut(rng, data):
    """The same bytes in pieces: whole, a few, many, or single bytes."""
    how = rng.choice(["whole", "few", "many", "bytes"])
    if how == "bytes" and len(data) <= 3000:
        return [data[i:i + 1] for i in range(len(data))]
    count = {"whole": 0, "few": 3}.get(how, 40)
    places = sorted(rng.randrange(len(data) + 1) for _ in range(count))
    pieces = [data[a:b] for a, b in zip([0] + places, places + [len(data)])]
    return [piece for piece in pieces if piece]
