# SPDX-License-Identifier: ISC
"""Checks exchanges against the description. Every HTTP client of the tests is
watched: a test fails if it sees a response that is not declared."""

import json
import re
import unicodedata
import urllib.parse

import httpx

import server
from description import FORM, describe
from own import own

JSON = "application/json"
PROBLEM = "application/problem+json"

# RFC 9110, 8.3.1, of a media type that is known.
WELL_FORMED = re.compile(
    r'[\w/+-]+(\s*;\s*([\w.-]+=([^\s;,"]+|"([^"\\]|\\.)*"))?)*\s*')

# RFC 9110, 12.4.2.
WEIGHT = re.compile(r"q=(0(\.\d{0,3})?|1(\.0{0,3})?)")

# In a query; the description shows JSON's spellings only.
BOOLEANS = {"True": "true", "1": "true", "False": "false", "0": "false"}

# Of every response, or of HTTP: the description's introduction has the former,
# and an API does not declare the latter.
COMMON_HEADERS = {
    "date",                         # RFC 9110, 6.6.1
    "server",                       # the product's name
    "content-type",                 # declared as the key of content
    "content-length",               # RFC 9110, 8.6
    "transfer-encoding",            # RFC 9112, 6.1
    "connection",                   # hop-by-hop: RFC 9110, 7.6.1
    "keep-alive",                   # the same
    "strict-transport-security",    # RFC 6797, 7.1: KEEL_HSTS_SECONDS
    "x-content-type-options",       # of every response
    # Of every response, where KEEL_CORS_ORIGINS is set.
    "access-control-allow-origin", "access-control-allow-credentials",
    "access-control-expose-headers",
}
ALWAYS_THERE = {"cache-control", "x-content-type-options"}

# `default` is for invalid HTTP. A 400 belongs to it only as BAD_REQUEST.
REFUSALS = {400, 408, 413, 414, 417, 421, 431, 501, 505}

# The description does not describe itself, nor the page that shows it, nor what
# leads there, nor the pages that links in mails open.
HIDDEN = re.compile(r"/|/favicon\.ico|/openapi\.json|/docs(/[^/]+)?"
                    r"|/account/[^/]+(?:/cancel)?")
PAGE_HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer",
                "x-robots-tag": "noindex", "x-frame-options": "DENY"}

# Errors for requests that fit the schemas: (code, field, the reason).
BEYOND_SCHEMA = [
    ("invalid_format", r"body\.email", "the syntax: utils/email.c"),
    ("invalid_format", r"body\.locale", "the grammar of RFC 5646"),
    ("no_uppercase", r"body\.(new_)?password", "FastAPI's rule"),
    ("no_digit", r"body\.(new_)?password", "FastAPI's rule"),
    ("too_common", r"body\.(new_)?password", "the list of 10,000"),
    ("too_personal", r"body\.(new_)?password", "the database knows the user"),
    ("incorrect", r"body\.current_password", "the database knows it"),
    ("invalid_format", r"query\.address", "JSON Schema has two formats"),
    ("duplicate_field", r"(body|query|header)\..*",
     "a reader keeps one of them"),
    ("invalid_format", r"header\.idempotency-key", "headers are not checked"),
    ("invisible", r"body\.\w+", "line:m..n is described in words"),
    ("invalid_character", r"body\.\w+", "line:m..n is described in words"),
    ("too_long", r"body\.(name|title)", "NFC can be longer: in words"),
    ("not_found", r"body\.\w+", "the database knows it: CONSTRAINT"),
    ("out_of_range", r"body\.\w+", "a time whose offset leaves the years of "
     "RFC 3339, and INT_NULL"),
    ("reused", r"header\.idempotency-key", "the database knows it"),
    ("not_allowed", r"query\.\w+", "not together with another parameter"),
    ("out_of_range", r"query\.limit", "the contents of posts are too large"),
    ("invalid_format", r"header\.if-(none-)?match", "RFC 9110, 13.1"),
    ("invalid_format", r"body", "U+0000, which PostgreSQL's text cannot hold"),
    # Where a test's kore.conf allows more than the code behind it.
    ("invalid_format", r"body\.name", "[[:alpha:]] is POSIX's: in words"),
    ("too_long", r"body\.password", "memory is kept for 1,024 bytes"),
    ("out_of_range", r"body", "a column of the database is shorter"),
]


class Undeclared(AssertionError):
    pass


def media_type(headers):
    return headers.get("content-type", "").split(";")[0].strip().lower()


def is_in_utf8(headers):
    """RFC 8259, 8.1: JSON is always UTF-8; a parameter may say so."""
    charset = re.search(r";\s*charset\s*=\s*([^;\s]+)",
                        headers.get("content-type", ""), re.I)
    return charset is None or charset[1].strip('"').lower() in ("utf-8",
                                                                "utf8")


def is_coded(headers):
    """RFC 9110, 8.4: httpx joins the lines."""
    return any(coding.strip().lower() not in ("", "identity") for coding in
               headers.get("content-encoding", "").split(","))


def no_constant(name):
    raise ValueError("%s is not JSON" % name)


def parse_json(data):
    """Raises ValueError for text that only Python takes for JSON."""
    value = json.loads(data.decode(), parse_constant=no_constant)
    if b"\\u" in data:
        json.dumps(value, ensure_ascii=False).encode()   # a lone surrogate
    return value


def parse_query(text):
    """Returns decoded [(name, value)]; ValueError if it is invalid."""
    pairs = []
    for pair in filter(None, text.split("&")):
        name, _, value = pair.replace("+", " ").partition("=")
        if re.search(r"%(?![0-9A-Fa-f]{2})", pair):
            raise ValueError("%r is badly encoded" % pair)
        pairs.append(tuple(urllib.parse.unquote(part, errors="strict")
                           for part in (name, value)))
    if any("\0" in part for pair in pairs for part in pair):
        raise ValueError("U+0000 in a query")
    return pairs


def query_problem(operation, query):
    if operation.ignores_query:
        return None
    try:
        pairs = parse_query(query)
    except ValueError as error:
        return "the query: %s" % error
    for name, value in pairs:
        if name not in operation.query:
            return "the query parameter %r is not declared" % name
        schema = operation.query[name]
        if schema.type == "boolean":
            value = BOOLEANS.get(value, value)
        problem = schema.problem_of_text(value)
        if problem and (value or operation.method != "GET"):
            return "the query parameter %s: %s" % (name, problem)
    return None


def path_problem(operation, path):
    for name, value in operation.regex.fullmatch(path).groupdict().items():
        problem = operation.path_values[name].problem_of_text(
            urllib.parse.unquote(value))
        if problem:
            return "the path's %s: %s" % (name, problem)
    return None


def with_normal_passwords(value):
    """A new password's characters are counted in its normal form."""
    if not isinstance(value, dict):
        return value
    return value | {
        name: unicodedata.normalize("NFC", value[name])
        for name in ("password", "new_password")
        if isinstance(value.get(name), str)}


def body_problem(operation, request):
    try:
        data = request.content
    except httpx.RequestNotRead:    # it was streamed
        return None
    if not operation.body:
        return "a body is not declared" if data else None
    media = media_type(request.headers)
    if media not in operation.body:
        return "the content type %r is not declared" % media
    if not WELL_FORMED.fullmatch(request.headers["content-type"]):
        return "the content type is malformed"
    if not is_in_utf8(request.headers):
        return "the body is not UTF-8"
    if is_coded(request.headers):
        return "the body is coded"
    try:
        value = dict(parse_query(data.decode())) if media == FORM else \
            parse_json(data)
    except (ValueError, RecursionError) as error:
        return "the body: %s" % error
    problem = operation.body[media].problem(with_normal_passwords(value))
    return problem and "the body: " + problem


def request_problem(operation, request):
    """Why a request does not fit the operation; None if it does."""
    path, query = split_target(request)
    if not operation.anonymous and "authorization" not in request.headers:
        return "no token was sent"
    return path_problem(operation, path) or \
        query_problem(operation, query) or \
        body_problem(operation, request)


def split_target(request):
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    return path, query


def wants_problem(headers):
    """Does Accept ask for problems? Only for a header without quotes."""
    weights = {}
    for element in headers.get("accept", "").lower().split(","):
        media, *parameters = [part.strip() for part in element.split(";")]
        weight = next((part for part in parameters if
                       re.match(r"q(=|\s|$)", part)), "q=1")
        if WEIGHT.fullmatch(weight):
            weights[media] = max(float(weight[2:]), weights.get(media, 0))
    return weights.get(PROBLEM, 0) > 0 and \
        weights[PROBLEM] >= weights.get(JSON, 0)


def error_of(response):
    """The facts of an envelope or a problem; {} if there is none."""
    try:
        body = response.json()
        if media_type(response.headers) == PROBLEM:
            return {"code": body["code"], "details": body["errors"]}
        error = body["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}     # text in OAuth's errors


def is_refusal(request, response):
    """Is it one that `default` describes? HEAD shows no code."""
    if response.status_code not in REFUSALS:
        return False
    if response.status_code != 400 or request.method == "HEAD":
        return True
    return response.headers.get("connection") == "close" and \
        error_of(response).get("code") == "BAD_REQUEST"


def page_paths(paths):
    return [re.compile(re.sub(r"{\w+}", "[^/]+", path)) for path in paths]


# A project's own pages: PAGES = {"/guestbook", "/guestbook/{entry_id}"}.
PAGES = page_paths(path for names in own("samples")
                   for path in names.get("PAGES", ()))


def is_own_page(path):
    return any(page.fullmatch(path) for page in PAGES)


def is_hidden(path):
    return HIDDEN.fullmatch(path) or is_own_page(path)


class Contract:
    """A build's description, and the responses that were seen."""

    def __init__(self, description):
        self.description = description
        self.seen = set()       # (operation, status)

    def check(self, request, response):
        """Raises Undeclared, or records the response as seen."""
        problem = self.problem(request, response)
        if problem:
            raise Undeclared("%s %s -> %d: %s" % (
                request.method, request.url.raw_path.decode("ascii"),
                response.status_code, problem))

    def problem(self, request, response):
        path, _ = split_target(request)
        missing = ALWAYS_THERE - set(response.headers)
        if missing:
            return "without %s" % ", ".join(sorted(missing))
        found = self.description.find(path)
        operation = found and found.get(
            "GET" if request.method == "HEAD" else request.method)
        if operation is None:
            return self.elsewhere(request, response, path, found)
        return self.of_operation(operation, request, response)

    def of_operation(self, operation, request, response):
        status = str(response.status_code)
        if is_refusal(request, response) and not (
                response.status_code == 413 and status in operation.answers):
            status = "default"
        answer = operation.answers.get(status)
        if answer is None:
            return "%s does not declare this status: %s" % (
                operation, response.text[:300])
        problem = self.body(answer.content, request, response) or \
            self.shape(request, response, status == "default") or \
            self.headers(answer, response) or \
            self.fitting(operation, request, response)
        if problem is None and request.method != "HEAD":
            self.seen.add((operation.id, status))
        return problem

    @staticmethod
    def body(content, request, response):
        media = media_type(response.headers)
        if not content:
            return "a body is not declared" if response.content or media \
                else None
        if media not in content:
            return "the content type %r is not declared" % media
        if request.method == "HEAD":
            return "HEAD has a body" if response.content else None
        try:
            value = parse_json(response.content)
        except ValueError as error:
            return "the body: %s" % error
        problem = content[media].problem(value)
        return problem and "the body: " + problem

    @staticmethod
    def shape(request, response, refused):
        """An error is a problem if Accept asks for it, and says so in Vary;
        where the head is refused, neither."""
        if response.status_code < 400:
            return None
        varies = "Accept" in response.headers.get("vary", "").split(", ")
        if not varies:
            return None if refused else "the error does not vary by Accept"
        is_problem = media_type(response.headers) == PROBLEM
        if is_problem != wants_problem(request.headers):
            return "Accept asks for another shape"
        if is_problem and request.method != "HEAD":
            body = response.json()
            instance = "#" + response.headers["x-request-id"]
            if body["status"] != response.status_code or \
                    not body["instance"].endswith(instance):
                return "the problem is another response's"
        return None

    @staticmethod
    def headers(answer, response):
        for name, value in response.headers.items():
            if name in COMMON_HEADERS or (name, value) == ("vary", "Origin"):
                continue
            if name not in answer.headers:
                return "the header %s is not declared" % name
            problem = answer.headers[name].schema.problem_of_text(value)
            if problem:
                return "the header %s: %s" % (name, problem)
        for name, header in answer.headers.items():
            if header.required and name not in response.headers:
                return "the header %s is missing" % header.name
        return None

    @staticmethod
    def fitting(operation, request, response):
        """An accepted request must fit, and a request that fits is accepted."""
        error = error_of(response)
        if response.status_code not in operation.success and \
                response.status_code not in (415, 422) and \
                error.get("code") != "INVALID_JSON":
            return None
        problem = request_problem(operation, request)
        if response.status_code in operation.success:
            return problem and "was taken, although " + problem
        if problem or request.method == "HEAD":
            return None
        for detail in error.get("details") or []:
            if not any(code == detail["code"] and
                       re.fullmatch(field, detail["field"])
                       for code, field, _ in BEYOND_SCHEMA):
                return "the request fits, but %s" % detail
        if response.status_code != 422:
            return "the request fits"
        return None

    def elsewhere(self, request, response, path, found):
        """Checks a path or a method that belongs to no operation."""
        status = response.status_code
        wanted, header = 404, None
        if "access-control-allow-methods" in response.headers:
            wanted = 204                # a preflight, of any path
        elif is_hidden(path):
            wanted = status
        elif found and request.method == "OPTIONS":
            wanted, header = 204, "allow"
        elif found:
            wanted, header = 405, "allow"
        elif self.is_sent_on(path):
            wanted, header = 308, "location"
        if status != wanted and status not in (500, 503) and \
                not is_refusal(request, response):
            return "this is no operation: %d was expected" % wanted
        if status == wanted and header and header not in response.headers:
            return "without %s" % header
        if path.startswith("/account/") and \
                media_type(response.headers) == "text/html":
            return self.page(response)
        if is_own_page(path) and media_type(response.headers) == "text/html":
            return None
        if status < 400:
            return "has a body" if response.content and \
                not is_hidden(path) else None
        return self.body({JSON: self.description.error,
                          PROBLEM: self.description.problem},
                         request, response) or \
            self.shape(request, response, is_refusal(request, response))

    @staticmethod
    def page(response):
        for name, value in PAGE_HEADERS.items():
            if response.headers.get(name) != value:
                return "the page has another %s" % name
        if "'none'" not in response.headers["content-security-policy"] or \
                "unsafe" in response.headers["content-security-policy"]:
            return "the page's policy allows too much"
        return None

    def is_sent_on(self, path):
        return path.endswith("/") and (
            is_hidden(path[:-1]) or
            self.description.find(path[:-1]) is not None)


class Watch:
    """Watches every exchange of httpx with the tests' servers."""

    def __init__(self):
        self.contracts = {}     # by build folder
        self.problems = []      # in the current test
        self.exchanges = 0
        self.send = httpx.Client.send

    def contract_of(self, build):
        if build not in self.contracts:
            # With every response that a setting adds.
            self.contracts[build] = Contract(describe(
                build, KEEL_TAKEN_EMAILS="hidden",
                KEEL_REQUIRE_IF_MATCH="true"))
        return self.contracts[build]

    def check(self, response):
        url = response.request.url
        build = server.builds.get(url.port)
        if url.scheme != "https" or url.host != "127.0.0.1" or not build:
            return
        self.exchanges += 1
        try:
            self.contract_of(build).check(response.request, response)
        except Undeclared as problem:
            self.problems.append(str(problem))
            raise

    def start(self):
        """Wraps the one function that handles every request of every client,
        and has the response's body; redirects pass it too."""
        def send(client, request, **options):
            response = self.send(client, request, **options)
            if not options.get("stream"):
                for answer in [*response.history, response]:
                    self.check(answer)
            return response

        httpx.Client.send = send

    def seen(self):
        """All (operation, status) seen."""
        return set().union(*(contract.seen for contract in
                             self.contracts.values()))


watch = Watch()
