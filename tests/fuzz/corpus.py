# SPDX-License-Identifier: ISC
"""Valid and invalid requests with their expected statuses."""

import json

import corpus_posts
from product import NAME
from requests_http import (BODY_MAX, CHUNKED, FORM, HEAD_MAX, HOST, JSON,
                           ORIGIN, SIGNED_IN, TARGET_MAX, Case, chunked, head,
                           sized)

USERS = "/api/v1/users"
ME = "/api/v1/users/me"
TOKEN = "/api/v1/auth/token"
LOGIN = "/api/v1/auth/login"
FORGOT = "/api/v1/auth/password/forgot"
RESET = "/api/v1/auth/password/reset"
RESET_PAGE = "/account/reset"
LINK = '{"token":"%s_reset_%s","new_password":"Rainy-day-43"}' % (
    NAME, "A" * 43)
NOBODY = USERS + "/00000000-0000-4000-8000-000000000000"
USER = {"email": "fuzz@example.com", "name": "Fuzz", "password": "Passw0rd-1"}
BAD_USER = {"email": "no address", "name": "", "password": "short", "x": [{}]}


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
       list(closing_cases()) + corpus_posts.CLOSING, corpus_posts.PLAIN,
       corpus_posts.SIGNED]
COSTLY = list(costly_cases())
ADMIN = list(admin_cases())

# A client that sends these and does not read makes the server wait.
LONG_ADMIN = [Case(head("GET", "/metrics"), (200,), False)] * 150
LONG_API = [Case(head("POST", unknown(300)), (422,), False)] * 90


def mirror(rng):
    """A body whose response shows whether it was read correctly."""
    longest, target, lines = rng.choice([
        (1, USERS, [JSON]), (50, USERS, [JSON]), (1400, USERS, [JSON]),
        (14000, corpus_posts.POSTS, [JSON, SIGNED_IN])])
    values = {"%d-%08x" % (i, rng.randrange(2 ** 32)):
              "v" * rng.randrange(longest) for i in range(rng.randrange(90))}
    body = json.dumps(values)
    if rng.random() < 0.5:
        data = sized("POST", target, body, *lines)
    else:
        data = chunked("POST", target, body, *lines, size=rng.randrange(
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
    if luck < 0.13:
        return corpus_posts.repeated(rng)
    if luck < 0.15:
        return corpus_posts.large(rng)
    if luck < 0.153:
        return corpus_posts.too_large(rng)
    return rng.choice(rng.choice(API))


def pipeline(rng, admin):
    """Several requests in a row: [Case, ...]. Some come twice: with an
    Idempotency-Key, the second is a repetition."""
    if rng.random() < 0.02:
        cases = LONG_ADMIN if admin else LONG_API
    else:
        cases = [pick(rng, admin)
                 for _ in range(rng.choice([1, 1, 1, 2, 3, 5, 9]))]
        if rng.random() < 0.05:
            cases = [case for case in cases for _ in range(2)]
    return [with_id(case, "fuzz-%d-%d" % (number, rng.randrange(10 ** 9)))
            for number, case in enumerate(cases)]


def answered(cases):
    """The requests of a pipeline that get their own response."""
    for number, case in enumerate(cases):
        if case.closes:
            return cases[:number + 1]
    return cases
