# SPDX-License-Identifier: ISC
"""Steps that many tests share: register, sign in, compare errors."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import socket
import struct
import time
import uuid

from product import NAME
from server import confidential

# Lines to print at the end of the run.
measured = []


def new_email(name="user"):
    return "%s-%s@example.com" % (name, secrets.token_hex(8))


def new_password():
    password = "Pw1-" + secrets.token_urlsafe(18)
    confidential.add(password)
    return password


def new_user(**fields):
    """The body of a registration."""
    user = {"email": new_email(), "name": "Test", "password": new_password()}
    user.update(fields)
    return {name: value for name, value in user.items() if value is not None}


def register(client, **fields):
    """Registers a user; returns the body sent and the response's body."""
    user = new_user(**fields)
    answer = client.post("/api/v1/users", json=user)
    assert answer.status_code == 201, answer.text
    return user, answer.json()


# Rejected by FastAPI's password rules.
WEAK_PASSWORDS = [
    ("abcdefg1", ["Password must contain uppercase letter"]),
    ("Abcdefgh", ["Password must contain digit"]),
    ("abcdefgh", ["Password must contain uppercase letter",
                  "Password must contain digit"]),
    ("Abcdef1", ["Password must have at least 8 characters"]),
    ("A1" + "b" * 127, ["Password must have at most 128 characters"])]


def ask_token(client, email, password, headers=None, **more):
    return client.post("/api/v1/auth/token", headers=headers, data={
        "username": email, "password": password, **more})


def sign_in(client, user, headers=None):
    """Returns an access token for the body that register() has sent."""
    answer = ask_token(client, user["email"], user["password"], headers)
    assert answer.status_code == 200, answer.text
    token = answer.json()["access_token"]
    confidential.add(token)
    return token


def bearer(token):
    return {"Authorization": "Bearer " + token}


def read_me(client, token):
    return client.get("/api/v1/users/me", headers=bearer(token))


def check_error(answer, status, code, message=None):
    """Checks the whole envelope. Returns its details: {field: [messages]}."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    body = answer.json()
    assert list(body) == ["error"]
    error = body["error"]
    assert list(error) == ["code", "message", "details", "request_id"]
    assert error["code"] == code
    assert error["request_id"] == answer.headers["x-request-id"]
    if message is not None:
        assert error["message"] == message
    fields = {}
    for detail in error["details"] or []:
        assert sorted(detail) == ["code", "field", "message"]
        fields.setdefault(detail["field"], []).append(detail["message"])
    assert error["details"] is None or fields
    return fields


def check_validation(answer):
    return check_error(answer, 422, "VALIDATION_ERROR", "Validation failed")


def check_unauthorized(answer, challenge):
    assert check_error(answer, 401, "UNAUTHORIZED",
                       "Could not validate credentials") == {}
    assert answer.json() == {"error": {
        "code": "UNAUTHORIZED", "message": "Could not validate credentials",
        "details": None, "request_id": answer.headers["x-request-id"]}}
    assert answer.headers["www-authenticate"] == challenge


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def claims_for(server, user_id, session_id, /, **changes):
    """The claims of a valid access token, changed; None removes one."""
    now = int(time.time())
    url = server.settings.get("KEEL_PUBLIC_URL", server.url)
    claims = {"iss": url, "aud": url, "sub": user_id,
              "sid": session_id, "jti": str(uuid.uuid4()),
              "client_id": NAME, "iat": now, "exp": now + 900}
    claims.update(changes)
    return {name: value for name, value in claims.items()
            if value is not None}


def make_token(secret, claims, header=None, digest=hashlib.sha256):
    """Makes a JWT by hand, independent of any library."""
    header = header or {"alg": "HS256", "typ": "at+jwt"}
    signed = "%s.%s" % (base64url(json.dumps(header).encode()),
                        base64url(json.dumps(claims).encode()))
    mac = hmac.new(secret.encode(), signed.encode(), digest).digest()
    token = signed + "." + base64url(mac)
    confidential.add(token)
    return token


def read_claims(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * 3))


def raw_connection(server, tls=None, name="127.0.0.1"):
    """A TLS connection without any HTTP client."""
    plain = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return (tls or server.tls()).wrap_socket(plain, server_hostname=name)


def raw_request(method, path, body=b"", **headers):
    """A request as bytes; X_Fault becomes X-Fault."""
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: 127.0.0.1"]
    lines += ["%s: %s" % (name.replace("_", "-"), value)
              for name, value in headers.items()]
    if body:
        lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines + ["", ""]).encode() + body


def read_raw_answer(connection):
    """Status, headers and body of a response with a Content-Length."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise ConnectionError("closed after %r" % data[:200])
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    while len(body) < int(headers.get("content-length", 0)):
        body += connection.recv(65536)
    return int(lines[0].split()[1]), headers, body


def reset(connection):
    """Ends a connection with a TCP RST, without a TLS close."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    connection.close()


def rows_of(server, email):
    """How many users have this address and how many jobs refer to one of
    them, in one snapshot."""
    [row] = server.sql(
        "WITH found AS (SELECT id::text FROM users WHERE lower(email) = "
        "lower(%s)) SELECT (SELECT count(*) FROM found), (SELECT count(*) "
        "FROM jobs WHERE payload ->> 'id' IN (SELECT id FROM found))", email)
    return row


def orphan_jobs(server):
    return server.sql("SELECT count(*) FROM jobs j WHERE NOT EXISTS (SELECT "
                      "FROM users u WHERE u.id::text = j.payload ->> 'id')"
                      )[0][0]


def read_routes(server):
    """The rows of ./keel routes, the titles first."""
    done = server.command("routes")
    assert done.returncode == 0, done.stderr
    return [re.split("  +", line) for line in done.stdout.splitlines()]
