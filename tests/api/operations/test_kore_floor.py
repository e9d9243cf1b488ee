# SPDX-License-Identifier: ISC
"""The base is Kore's: Kore dispatches the routes of kore.conf, finds and calls
its validators, and its pgsql module opens the connections. test_kore_conf.py
shows that an edit of kore.conf is in force without a build, test_development.py
that plain `kodev build` and `kodev run` serve a clone named keel."""

import collections
import os
import re
import subprocess
import time

import pytest

from helpers import (check_error, check_validation, new_email, new_user,
                     raw_connection, raw_request, read_raw_answer)
from server import BUILD, IS_ASAN, read_text

# One path for each of kore.conf's patterns.
GROUPS = {"/docs/([^/]+)": "/docs/swagger-ui.css"}
SOME_ID = "6a1f2b30-0000-4000-8000-000000000000"

# Kore finds no such header, whatever the client sends.
CLOSED = """
authentication closed {
	authentication_type header
	authentication_value x-key
	authentication_validator v_name
}
"""

# Which binary connects: Kore's, whose name is its title, or Keel's module.
WATCH = r"""
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
note(const char *function, void *caller)
{
	const char	*name;
	char		 line[512];
	Dl_info		 info;
	int		 fd, len;

	dladdr(caller, &info);
	name = basename(info.dli_fname);
	if (strncmp(name, "libpq", 5) == 0)
		return;
	len = snprintf(line, sizeof(line), "%d %s %.*s\n", (int)getpid(),
	    function, (int)strcspn(name, " "), name);
	fd = open(getenv("FLOOR_WATCH"), O_WRONLY | O_APPEND | O_CREAT,
	    0600);
	if (write(fd, line, (size_t)len) != len)
		abort();
	close(fd);
}

#define WATCHED(name)						\
void *name(const char *conninfo)				\
{								\
	void	*(*next)(const char *) = dlsym(RTLD_NEXT, #name);	\
								\
	note(#name, __builtin_return_address(0));		\
	return (next(conninfo));				\
}

WATCHED(PQconnectdb)
WATCHED(PQconnectStart)
"""


def api_paths():
    """A path for each of kore.conf's routes except the last, and /metrics."""
    found = []
    for pattern in re.findall(r"^\troute\s+(\S+)", read_text(
            os.path.join(BUILD, "kore.conf")), re.M):
        path = pattern.strip("^$")
        if path not in (".*", "/metrics"):
            found.append(GROUPS.get(path) or
                         path.replace("([^/]+)", SOME_ID))
    return found


def only_healthz(text):
    """Removes all other routes, and the params blocks, which need one."""
    text = re.sub(r"^\tparams [^}]*\}\n", "", text, flags=re.M)
    return re.sub(r"^\troute\s+(?!/healthz|/metrics|\^\.\*\$).*\n", "", text,
                  flags=re.M)


@pytest.mark.skipif(IS_ASAN, reason="Kore leaves the validators that no route "
                    "uses; the search for leaks takes minutes over them")
def test_every_path_is_404_without_its_route(server, client, start_server,
                                             build_copy):
    paths = api_paths()
    assert len(paths) > 10
    for path in paths:
        answer = client.get(path)
        # A row that anybody may read may not exist.
        assert answer.status_code != 404 or answer.json()["error"][
            "message"] != "Not found", path
    with start_server(build=build_copy(only_healthz)).client() as other:
        for path in paths:
            answer = other.get(path)
            if path == "/healthz":
                assert answer.status_code == 200
            else:
                check_error(answer, 404, "NOT_FOUND")


def test_kore_dispatches(start_server, build_copy):
    """Kore applies one of its own settings to a route, which Keel does not
    know: the response is Kore's."""
    server = start_server(build=build_copy(lambda text: re.sub(
        r"^\troute\s+/healthz.*$", "\\g<0> closed", text,
        flags=re.M).replace("\nserver api", CLOSED + "\nserver api")))
    with raw_connection(server) as connection:
        connection.sendall(raw_request("GET", "/healthz"))
        status, headers, body = read_raw_answer(connection)
    assert (status, body) == (403, b"")
    assert "x-request-id" not in headers
    with raw_connection(server) as connection:
        connection.sendall(raw_request("GET", "/readyz"))
        status, headers, body = read_raw_answer(connection)
    assert (status, "x-request-id" in headers) == (200, True)


LAST = "\troute\t^.*$\t\t\tnot_found\n"


@pytest.mark.parametrize("line, problem", [
    (LAST + "\trestrict ^.*$ get\n",
     "the route ^.*$ not_found has a restrict, which has no effect: its rows "
     "in C name its methods"),
    ("", "the last route of the domain * of the server api must be ^.*$: it "
     "answers for all other paths"),
    (LAST + "\tredirect ^/old$ 301 /docs\n",
     "the domain * of the server api has a redirect, which has no effect")],
    ids=["restrict", "no last route", "redirect"])
def test_what_would_let_kore_answer_stops_the_start(make_server, build_copy,
                                                    line, problem):
    build = build_copy(lambda text: text.replace(LAST, line))
    done = make_server(build=build).command("serve")
    assert done.returncode == 1
    assert "kore.conf: " + problem in done.stderr


def test_kore_finds_and_calls_validators(start_server, build_copy):
    """With v_email's function in kore.conf, v_name checks for an e-mail
    address."""
    server = start_server(build=build_copy(lambda text: re.sub(
        r"^validator\s+v_name.*$", "validator v_name function v_email", text,
        flags=re.M)))
    with server.client() as client:
        assert list(check_validation(client.post(
            "/api/v1/users", json=new_user(name="A name")))) == ["body.name"]
        assert client.post("/api/v1/users", json=new_user(
            name=new_email())).status_code == 201


@pytest.mark.skipif(IS_ASAN, reason="its library has to be loaded first")
def test_kores_module_opens_the_connections(make_server, tmp_path):
    """All connections of a worker: Kore's binary, not Keel's module, calls
    libpq's connect function."""
    (tmp_path / "watch.c").write_text(WATCH)
    subprocess.run(["gcc", "-shared", "-fPIC", "-D_GNU_SOURCE", "-o",
                    tmp_path / "watch.so", tmp_path / "watch.c"], check=True)
    server = make_server(LD_PRELOAD=str(tmp_path / "watch.so"),
                         FLOOR_WATCH=str(tmp_path / "log"))
    server.start()
    deadline = time.monotonic() + 30
    while (values := server.metrics())["keel_db_idle"] < 8:
        assert time.monotonic() < deadline, values
        time.sleep(0.05)
    opened = collections.Counter(read_text(tmp_path / "log").splitlines())
    workers = {line: count for line, count in opened.items()
               if int(line.split()[0]) in server.workers()}
    assert workers == {"%d PQconnectdb kore" % pid: 4
                       for pid in server.workers()}
    assert len(workers) == 2
