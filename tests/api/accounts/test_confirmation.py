# SPDX-License-Identifier: ISC
"""A stolen access token alone changes nothing that lasts: what needs a session
that was confirmed a short time ago, by a sign-in or by POST /auth/confirm, in
which order that is checked, and what a confirmation counts for."""

import concurrent.futures

import pytest

from helpers import (ask_token, bearer, check_error, check_unauthorized,
                     check_validation, new_email, new_password, new_user,
                     read_claims, register, sign_in)
from people import Person, add_people, transaction, wait_for_waiting
from samples import replacement
from server import confidential

CONFIRM = "/api/v1/auth/confirm"
ME = "/api/v1/users/me"
WRONG = "Wrong-passw0rd"
ASKS = ("Confirm this session with your password first: POST "
        "/api/v1/auth/confirm")
MERGE_PATCH = {"Content-Type": "application/merge-patch+json"}


def check_asks(answer):
    assert check_error(answer, 403, "CONFIRMATION_REQUIRED", ASKS) == {}


def check_forbidden(answer):
    assert check_error(answer, 403, "FORBIDDEN",
                       "Insufficient permissions") == {}


def confirm(client, headers, password):
    return client.post(CONFIRM, headers=headers,
                       json={"current_password": password})


def set_mark(server, session, age):
    """The session was confirmed so many seconds ago."""
    server.sql("UPDATE sessions SET confirmed_at = now() - make_interval("
               "secs => %s) WHERE id = %s", age, session)


class Account(Person):
    """A registered user; each sign-in is a Person with the same user."""

    def __init__(self, server, client, **columns):
        super().__init__(server, "user")
        self.client = client
        self.user, body = register(client)
        self.id = body["id"]
        self.email = body["email"]
        self.path = "/api/v1/users/" + self.id
        self.password = self.user["password"]
        if columns:
            self.set(**columns)
        self.token = sign_in(client, self.user)
        self.session = read_claims(self.token)["sid"]

    def confirm(self, password=None, headers=None):
        return confirm(self.client, headers or self.headers,
                       password or self.password)


@pytest.fixture(scope="module")
def server(start_module_server):
    """With the limits of one account: the other tests have none."""
    return start_module_server(KEEL_RATE_LIMITS=(
        "token=10000/m,register=10000/m,address_failures=10000/m,"
        "password_failures=5/h"))


@pytest.fixture(scope="module")
def client(server):
    with server.client() as client:
        yield client


@pytest.fixture
def account(server, client):
    return Account(server, client)


@pytest.fixture
def admin(server, client):
    return Account(server, client, role="admin")


#
# The ways to make a stolen token permanent. Each is a function of the client,
# of who asks, and of whom it is about.
#

def as_it_is(user):
    names = ("email", "name", "role", "is_active")
    return dict(zip(names, user.row(*names)))


def change(**members):
    """PATCH and PUT of a user, as JSON and as a merge patch."""
    def by(method, headers={}, whole=False):
        def way(client, who, target):
            body = {name: value() if callable(value) else value
                    for name, value in members.items()}
            if whole:
                body = replacement(target, **as_it_is(target) | body)
            return client.request(method, target.path, json=body,
                                  headers=who.headers | headers)
        return way
    return {"patch": by("PATCH"), "merge_patch": by("PATCH", MERGE_PATCH),
            "put": by("PUT", whole=True)}


def own(method, path, **options):
    return lambda client, who, target: client.request(
        method, ME + path, headers=who.headers, **options)


def change_password(client, who, target):
    return client.post(ME + "/password", headers=who.headers, json={
        "current_password": who.password, "new_password": new_password()})


def change_my_address(headers):
    return lambda client, who, target: client.patch(
        ME, headers=who.headers | headers, json={"email": new_email()})


def end_this_session(client, who, target):
    return client.delete("%s/sessions/%s" % (ME, who.session),
                         headers=who.headers)


def delete(client, who, target):
    return client.delete(target.path, headers=who.headers)


def post(action):
    return lambda client, who, target: client.post(
        "%s/%s" % (target.path, action), headers=who.headers)


def create(role):
    return lambda client, who, target: client.post(
        "/api/v1/users", headers=who.headers, json=new_user(role=role))


def all_of(name, ways):
    return {"%s_by_%s" % (name, how): way for how, way in ways.items()}


# What the user may do about themself.
OWN = {
    "change_password": change_password,
    "address_by_my_patch": change_my_address({}),
    "address_by_my_merge_patch": change_my_address(MERGE_PATCH),
    **all_of("address", change(email=new_email)),
    **all_of("address_and_name", change(email=new_email, name="New")),
    "end_all_sessions": own("DELETE", "/sessions"),
    "end_other_sessions": own("DELETE", "/sessions?except=current"),
    "end_this_session": end_this_session,
    "delete_me": own("DELETE", ""),
    "delete": delete,
}
# And what an admin may do to others.
OTHERS = {
    **all_of("address", change(email=new_email)),
    **all_of("staff", change(role="staff")),
    **all_of("admin", change(role="admin")),
    **all_of("inactive", change(is_active=False)),
    **all_of("everything", change(email=new_email, name="New", role="admin",
                                  is_active=False)),
    "deactivate": post("deactivate"),
    "delete": delete,
    "create_staff": create("staff"),
    "create_admin": create("admin"),
}
OTHERS_INACTIVE = {
    **all_of("active", change(is_active=True)),
    **all_of("active_and_admin", change(is_active=True, role="admin")),
    "activate": post("activate"),
}


def everything(server, *people):
    """Without what every request of a session may change."""
    return server.sql(
        "SELECT to_jsonb(u), to_jsonb(s) - 'last_used_at' - 'last_client' - "
        "'confirmed_at' FROM users u LEFT JOIN sessions s ON s.user_id = u.id "
        "WHERE u.id = ANY (%s::uuid[]) ORDER BY u.id, s.id",
        [person.id for person in people])


def check_all_ask(client, ways, who, target):
    """None changes anything, and none of them makes a user."""
    before = everything(who.server, who, target)
    count = who.server.sql("SELECT count(*) FROM users")
    for way in ways.values():
        check_asks(way(client, who, target))
    assert everything(who.server, who, target) == before
    assert who.server.sql("SELECT count(*) FROM users") == count


def test_a_stolen_token_of_a_user_changes_nothing_that_lasts(server, client):
    """It was issued with the sign-in, 15 minutes ago: its time ends only now.
    After a confirmation in the same session, each way is open, and only in that
    session."""
    owner = Account(server, client)
    other = sign_in(client, owner.user)
    set_mark(server, owner.session, 900)
    set_mark(server, read_claims(other)["sid"], 900)
    check_all_ask(client, OWN, owner, owner)
    assert owner.confirm(WRONG).status_code == 422
    check_all_ask(client, OWN, owner, owner)

    assert owner.confirm().status_code == 204
    answer = OWN["address_by_put"](client, owner, owner)
    assert answer.status_code == 200
    assert answer.json()["pending_email"] != owner.email
    for path in ("/sessions", "/sessions?except=current", ""):
        check_asks(client.delete(ME + path, headers=bearer(other)))
    answer = OWN["end_other_sessions"](client, owner, owner)
    assert answer.status_code == 204
    check_unauthorized(client.get(ME, headers=bearer(other)),
                       'Bearer error="invalid_token"')
    assert OWN["delete_me"](client, owner, owner).status_code == 204


def test_a_stolen_token_of_an_admin_grants_nothing(server, client):
    admin = Account(server, client, role="admin")
    user, inactive, another = add_people(server, "user", "user", "admin")
    inactive.set(is_active=False)
    set_mark(server, admin.session, 900)
    check_all_ask(client, OWN, admin, admin)
    check_all_ask(client, change(role="user"), admin, another)
    check_all_ask(client, OTHERS, admin, user)
    check_all_ask(client, OTHERS_INACTIVE, admin, inactive)
    assert admin.confirm().status_code == 204
    for way in OTHERS.values():
        [target] = add_people(server, "user")
        assert way(client, admin, target).is_success
        assert target.row("email", "role", "is_active") != (
            target.email, "user", True) or way in (
                OTHERS["create_staff"], OTHERS["create_admin"])
    for way in OTHERS_INACTIVE.values():
        [target] = add_people(server, "user")
        target.set(is_active=False)
        assert way(client, admin, target).is_success
        assert target.row("is_active") == (True,)


@pytest.mark.parametrize("name", OWN)
def test_a_confirmed_session_may(server, client, account, name):
    """The same requests, so the ones above are refused for the mark alone."""
    account.unconfirm()
    check_asks(OWN[name](client, account, account))
    assert account.confirm().status_code == 204
    assert OWN[name](client, account, account).is_success


#
# What needs no confirmation.
#

def test_what_does_not_last_needs_no_confirmation(client, account):
    account.unconfirm()
    for path in ("", "/sessions"):
        answer = client.get(ME + path, headers=account.headers)
        assert answer.status_code == 200
    for way in change(name="New").values():
        assert way(client, account, account).json()["name"] == "New"
    answer = client.patch(ME, headers=account.headers, json={"name": "Mine"})
    assert answer.json()["name"] == "Mine"
    answer = client.post("/api/v1/users", headers=account.headers,
                         json=new_user())
    assert answer.status_code == 201


def test_an_admin_reads_and_renames_without_a_confirmation(server, client):
    admin, user = add_people(server, "admin", "user")
    admin.unconfirm()
    for url in ("/api/v1/users", user.path, "/api/v1/admin/jobs"):
        assert client.get(url, headers=admin.headers).status_code == 200
    for way in change(name="New").values():
        assert way(client, admin, user).json()["name"] == "New"
    for role in ("user", None):
        answer = client.post("/api/v1/users", headers=admin.headers,
                             json=new_user(role=role))
        assert answer.status_code == 201


@pytest.mark.parametrize("by", ["owner", "admin"])
def test_values_sent_again_need_no_confirmation(server, client, by):
    [admin, user] = add_people(server, "admin", "user")
    who = user if by == "owner" else admin
    who.unconfirm()
    ways = change(email=user.email, role="user", is_active=True)
    for way in ways.values():
        answer = way(client, who, user)
        assert answer.status_code == 200
        assert answer.json()["email"] == user.email
    if by == "owner":
        answer = client.patch(ME, headers=who.headers,
                              json={"email": user.email})
        assert answer.status_code == 200
    else:
        assert post("activate")(client, admin, user).status_code == 200
    user.set(is_active=False)
    if by == "admin":
        assert post("deactivate")(client, admin, user).status_code == 200
        assert user.row("is_active") == (False,)


@pytest.mark.parametrize("spelling, same", [
    (lambda email: email, True),
    (lambda email: email.replace("example.com", "EXAMPLE.COM"), True),
    (lambda email: email.upper(), False),
    (lambda email: "x" + email, False)],
    ids=["same", "domain", "case", "other"])
def test_an_address_is_the_same_in_the_form_that_is_stored(
        server, client, spelling, same):
    [user] = add_people(server, "user")
    user.unconfirm()
    answer = client.patch(ME, headers=user.headers,
                          json={"email": spelling(user.email)})
    if same:
        assert answer.status_code == 200
    else:
        check_asks(answer)
    assert user.row("email") == (user.email,)


def test_an_address_of_an_older_form_may_be_sent_back(server, client):
    """Keel would store it in another form today."""
    [user] = add_people(server, "user")
    older = user.email.replace("example.com", "EXAMPLE.com")
    user.set(email=older)
    user.unconfirm()
    answer = client.patch(ME, headers=user.headers, json={"email": older})
    assert answer.status_code == 200
    assert answer.json()["email"] == older


#
# The order of the checks.
#

def test_rights_are_checked_first(server, client):
    user, other, staff = add_people(server, "user", "user", "staff")
    user.unconfirm()
    staff.unconfirm()
    for who in (user, staff):
        for name, way in (OTHERS | OTHERS_INACTIVE).items():
            if name not in ("create_staff", "create_admin"):
                check_forbidden(way(client, who, other))
        check_forbidden(create("staff")(client, who, other))
        for members in ({"role": "admin"}, {"is_active": False},
                        {"role": "admin", "email": new_email()}):
            check_forbidden(client.patch(who.path, headers=who.headers,
                                         json=members))


def test_who_is_signed_in_is_checked_first(server, client):
    nobody = Person(server, "admin")
    nobody.password = WRONG
    for ways in (OWN, OTHERS):
        for name, way in ways.items():
            if "_by_put" not in name and "_by_patch" not in name and (
                    "_by_merge" not in name):
                check_unauthorized(way(client, nobody, nobody),
                                   'Bearer error="invalid_token"')


def test_where_it_is_always_needed_it_comes_before_the_request_is_read(
        server, client, account, admin):
    """Before 404, 409, 412, 415 and 422."""
    account.unconfirm()
    admin.unconfirm()
    nobody = Person(server, "user")
    for who, method, path, options in (
            (account, "POST", ME + "/password", {"json": {}}),
            (account, "POST", ME + "/password", {"content": b"x"}),
            (account, "DELETE", ME + "?x=1", {}),
            (account, "DELETE", ME + "/sessions?except=others", {}),
            (account, "DELETE", ME + "/sessions/7", {}),
            (account, "DELETE", ME + "/sessions/" + nobody.id, {}),
            (account, "DELETE", "/api/v1/users/7", {}),
            (admin, "DELETE", "/api/v1/users/7", {}),
            (admin, "DELETE", nobody.path, {})):
        check_asks(client.request(method, path, headers=who.headers,
                                  **options))
    for path in (ME, account.path):
        check_asks(client.delete(path, headers=account.headers | {
            "If-Match": '"another"'}))


def test_where_it_depends_on_the_body_it_comes_before_the_change(
        server, client, account, admin):
    """After 404, 412, 415 and 422; before 409, and before a limit counts."""
    account.unconfirm()
    admin.unconfirm()
    [taken] = add_people(server, "user")
    nobody = Person(server, "user")
    for who, path, body, status in (
            (account, ME, {"email": "x"}, 422),
            (account, ME, {"email": new_email(), "x": 1}, 422),
            (account, ME, {"email": new_email(), "role": "admin"}, 422),
            (admin, nobody.path, {"role": "staff"}, 404),
            (admin, nobody.path, {"email": new_email()}, 404),
            (admin, nobody.path + "/activate", None, 404)):
        answer = client.request(
            "PATCH" if body else "POST", path, headers=who.headers,
            **({"json": body} if body else {}))
        assert answer.status_code == status
    answer = client.patch(ME, headers=account.headers | {
        "If-Match": '"another"'}, json={"email": new_email()})
    assert answer.status_code == 412
    answer = client.patch(ME, headers=account.headers | {
        "Content-Type": "text/plain"}, content=b"{}")
    assert answer.status_code == 415
    for who in (account, admin):
        check_asks(client.patch(who.path, headers=who.headers,
                                json={"email": taken.email}))
    check_asks(client.post("/api/v1/users", headers=admin.headers,
                           json=new_user(role="admin", email=taken.email)))
    # Ten changes in an hour are allowed.
    for _ in range(12):
        check_asks(client.patch(ME, headers=account.headers,
                                json={"email": new_email()}))
    assert account.confirm().status_code == 204
    answer = client.patch(ME, headers=account.headers,
                          json={"email": new_email()})
    assert answer.status_code == 200


def test_the_last_admin_is_asked_first(server, client):
    """Before the 409."""
    server.sql("DELETE FROM users WHERE role = 'admin'")
    [admin] = add_people(server, "admin")
    admin.unconfirm()
    for way in (post("deactivate"), delete, change(role="user")["put"],
                change(is_active=False)["patch"]):
        check_asks(way(client, admin, admin))


#
# Values that are the same when the user is read, and others when it is written.
#

@pytest.mark.parametrize("column, old, new, by, method", [
    (column, old, new, by, method) for column, old, new, by in [
        ("email", "old-{}", "new-{}", "owner"),
        ("email", "old-{}", "new-{}", "admin"),
        ("role", "admin", "user", "admin"),
        ("role", "user", "staff", "admin"),
        ("is_active", True, False, "admin"),
        ("is_active", False, True, "admin")]
    for method in ["PATCH", "PUT", "POST"]
    if column == "is_active" or method != "POST"])
def test_a_value_sent_again_does_not_undo_a_change(server, client, column, old,
                                                   new, by, method):
    """The request waits for the change; it was as sent when it was read."""
    admin, user, _ = add_people(server, "admin", "user", "admin")
    who = user if by == "owner" else admin
    old, new = (value.format(user.email) if column == "email" else value
                for value in (old, new))
    user.set(**{column: old})
    who.unconfirm()
    body = replacement(user, **as_it_is(user))
    if method == "PATCH":
        body = {column: old, "name": "New"}
    url = user.path
    if method == "POST":
        url += "/activate" if old else "/deactivate"
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, "UPDATE users SET %s = %%s WHERE id = %%s" %
                         column, new, user.id):
            answer = pool.submit(
                client.request, method, url, headers=who.headers,
                **({"json": body} if method != "POST" else {}))
            wait_for_waiting(server, 1)
    assert answer.result().status_code == 200
    assert user.row(column) == (new,)


#
# How long a mark counts.
#

def test_a_sign_in_is_confirmed(client, account):
    assert OWN["address_by_patch"](client, account, account).is_success


@pytest.mark.parametrize("age, confirmed", [
    (0, True), (560, True), (601, False), (3600, False)])
def test_the_mark_counts_for_ten_minutes(server, client, age, confirmed):
    [user] = add_people(server, "user")
    set_mark(server, user.session, age)
    answer = OWN["delete_me"](client, user, user)
    if confirmed:
        assert answer.status_code == 204
    else:
        check_asks(answer)


@pytest.mark.parametrize("seconds", [60, 86400])
def test_the_setting(start_server, seconds):
    server = start_server(KEEL_CONFIRM_SECONDS=str(seconds))
    with server.client() as client:
        before, after = add_people(server, "user", "user")
        set_mark(server, before.session, seconds - 40)
        set_mark(server, after.session, seconds + 1)
        assert OWN["delete_me"](client, before, before).status_code == 204
        check_asks(OWN["delete_me"](client, after, after))


def test_a_confirmation_counts_from_now_and_for_its_session(server, client,
                                                            account):
    other = sign_in(client, account.user)
    marks = "SELECT now() - confirmed_at < '60 s' FROM sessions WHERE id = %s"
    for session in (account.session, read_claims(other)["sid"]):
        set_mark(server, session, 900)
    [stranger] = add_people(server, "user")
    set_mark(server, stranger.session, 900)
    answer = account.confirm()
    assert (answer.status_code, answer.content) == (204, b"")
    assert server.sql(marks, account.session) == [(True,)]
    assert server.sql(marks, read_claims(other)["sid"]) == [(False,)]
    assert server.sql(marks, stranger.session) == [(False,)]
    check_asks(client.delete(ME, headers=bearer(other)))
    set_mark(server, account.session, 601)
    check_asks(OWN["delete_me"](client, account, account))


def refreshed(client, account):
    """A new access token of a session whose confirmation is too old."""
    answer = ask_token(client, account.email, account.password).json()
    confidential.update((answer["access_token"], answer["refresh_token"]))
    session = read_claims(answer["access_token"])["sid"]
    set_mark(account.server, session, 900)
    answer = client.post("/api/v1/auth/token", data={
        "grant_type": "refresh_token",
        "refresh_token": answer["refresh_token"]})
    assert answer.status_code == 200
    confidential.update((answer.json()["access_token"],
                         answer.json()["refresh_token"]))
    assert read_claims(answer.json()["access_token"])["sid"] == session
    return bearer(answer.json()["access_token"])


def test_a_refresh_does_not_renew_the_mark(client, account):
    """A confirmation with the new token counts, as it is the same session."""
    headers = refreshed(client, account)
    check_asks(client.delete(ME, headers=headers))
    assert account.confirm(headers=headers).status_code == 204
    assert client.delete(ME, headers=headers).status_code == 204


def test_signing_out_needs_no_confirmation(client, account):
    account.unconfirm()
    answer = client.post("/api/v1/auth/revoke", data={"token": account.token})
    assert answer.status_code == 200
    check_unauthorized(client.get(ME, headers=account.headers),
                       'Bearer error="invalid_token"')


def test_logout_needs_no_confirmation(client, account):
    account.unconfirm()
    answer = client.post("/api/v1/auth/logout", headers=account.headers)
    assert answer.status_code == 204
    check_unauthorized(client.get(ME, headers=account.headers),
                       'Bearer error="invalid_token"')


def test_a_refused_confirmation_ends_nothing(server, client, account):
    """The mark that is there stays."""
    assert account.confirm(WRONG).status_code == 422
    assert OWN["delete_me"](client, account, account).status_code == 204


#
# The endpoint.
#

@pytest.mark.parametrize("body, code", [
    ({"current_password": WRONG}, "incorrect"),
    ({"current_password": ""}, "incorrect"),
    ({"current_password": "x" * 2000}, "incorrect"),
    ({}, "required"), ({"current_password": None}, "wrong_type"),
    ({"current_password": WRONG, "password": WRONG}, None)])
def test_a_confirmation_that_is_not_valid(server, client, account, body, code):
    account.unconfirm()
    answer = client.post(CONFIRM, headers=account.headers, json=body)
    fields = check_validation(answer)
    if code is not None:
        [detail] = answer.json()["error"]["details"]
        assert detail["field"] == "body.current_password"
        if code == "incorrect":
            assert detail["code"] == code
            assert fields["body.current_password"] == [
                "Is not the current password"]
    check_asks(OWN["delete_me"](client, account, account))


def test_only_a_signed_in_user_confirms(server, client, account):
    body = {"current_password": account.password}
    check_unauthorized(client.post(CONFIRM, json=body), "Bearer")
    server.sql("UPDATE sessions SET revoked_at = now() WHERE id = %s",
               account.session)
    check_unauthorized(account.confirm(), 'Bearer error="invalid_token"')


def test_guesses_are_limited_like_those_of_a_password_change(client, account):
    """They count together: five, and then not even the right one is
    checked. Here another one may fail after 12 minutes."""
    for _ in range(4):
        assert account.confirm(WRONG).status_code == 422
    assert account.confirm().status_code == 204
    answer = client.post(ME + "/password", headers=account.headers, json={
        "current_password": WRONG, "new_password": new_password()})
    assert answer.status_code == 422
    answer = account.confirm()
    assert check_error(answer, 429, "TOO_MANY_REQUESTS",
                       "Too many requests") == {}
    assert int(answer.headers["retry-after"]) > 0
    assert '"password_failures";q=5;w=3600' in answer.headers[
        "ratelimit-policy"]


def test_a_right_password_ends_a_run_of_failures(server, client, account):
    """Each attempt counts before it is checked, so without this 100
    confirmations would lock the account."""
    counts = "SELECT failures FROM sign_in_failures WHERE account = %s"
    server.sql("INSERT INTO sign_in_failures (account, user_id, failures) "
               "VALUES (%s, %s, 98)", account.id, account.id)
    assert account.confirm(WRONG).status_code == 422
    assert server.sql(counts, account.id) == [(99,)]
    assert account.confirm().status_code == 204
    assert server.sql(counts, account.id) == []


def test_a_run_of_failures_refuses_a_confirmation(server, client, account):
    server.sql("DELETE FROM sign_in_networks WHERE user_id = %s", account.id)
    server.sql("INSERT INTO sign_in_failures (account, user_id, failures) "
               "VALUES (%s, %s, 100)", account.id, account.id)
    account.unconfirm()
    answer = account.confirm()
    assert check_error(answer, 429, "TOO_MANY_REQUESTS") == {}
    assert answer.headers["retry-after"] == "3600"
    check_asks(OWN["delete_me"](client, account, account))


def test_an_old_hash_is_replaced(server, client, account):
    """Like at a sign-in: a bcrypt hash of an older backend."""
    account.set(hashed_password="$2b$04$abcdefghijklmnopqrstuuEJbI7pev/aAjhIUO"
                "uk9J1nCO.aI1zgS")
    assert account.confirm(WRONG).status_code == 422
    assert account.row("hashed_password")[0].startswith("$2b$")
    assert account.confirm("Sunny-day-42").status_code == 204
    assert account.row("hashed_password")[0].startswith("$argon2id$")
    assert ask_token(client, account.email, "Sunny-day-42").is_success


@pytest.mark.parametrize("meanwhile", [
    "UPDATE sessions SET revoked_at = now() WHERE id = %s",
    "DELETE FROM sessions WHERE id = %s"], ids=["revoked", "deleted"])
def test_a_session_that_ends_meanwhile_is_not_confirmed(
        server, client, account, meanwhile):
    """And the attempts stay counted."""
    account.unconfirm()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        with transaction(server, meanwhile, account.session):
            answer = pool.submit(account.confirm)
            wait_for_waiting(server, 1)
    check_unauthorized(answer.result(), 'Bearer error="invalid_token"')
    assert server.sql("SELECT count(*) FROM sessions WHERE id = %s AND "
                      "confirmed_at > '-infinity'", account.session) == [(0,)]
    assert server.sql("SELECT failures FROM sign_in_failures WHERE account = "
                      "%s", account.id) == [(1,)]


def rows(server, account):
    return server.sql(
        "SELECT action, actor_id::text, session_id::text, target_id::text, "
        "address, request_id, changes FROM audit_log WHERE actor_id = %s AND "
        "action IN ('session_confirmed', 'confirmation_refused') ORDER BY id",
        account.id)


def test_both_outcomes_are_in_the_audit_log(server, account):
    answers = [account.confirm(password) for password in
               (WRONG, account.password)]
    assert rows(server, account) == [
        (action, account.id, account.session, account.id, "127.0.0.1",
         answer.headers["x-request-id"], None) for action, answer in zip(
             ("confirmation_refused", "session_confirmed"), answers)]
