# Copyright (c) 2026 The Keel authors
#
# Permission to use, copy, modify, and distribute this software for any
# purpose with or without fee is hereby granted, provided that the above
# copyright notice and this permission notice appear in all copies.
#
# THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
# WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
# MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
# ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
# WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
# ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
# OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
"""Nobody follows what another user planted in the state folder."""

import os
import subprocess

import pytest

from server import BUILD, IS_ASAN, read_text

needs_prod = pytest.mark.skipif(
    IS_ASAN, reason="needs no sanitizer's library and no log")


def run_kore(server, before="", **settings):
    """Kore without ./keel, after a line of shell by the same process."""
    return subprocess.run(
        ["sh", "-c", before + "\nexec kore -fnrqc conf/keel.conf"],
        cwd=BUILD, env=server.environment() | settings, text=True,
        stdin=subprocess.DEVNULL, capture_output=True, timeout=20)


#
# The pid file and the mails, without ./keel.
#

@needs_prod
def test_plain_kore_does_not_write_through_a_link(make_server):
    server = make_server(KEEL_WORKERS="1")
    os.mkdir(server.state, 0o700)
    victim = os.path.join(server.folder, "victim")
    with open(victim, "w") as f:
        f.write("untouched")
    link = 'ln -s "%s" "$KEEL_STATE_DIR/kore.$$.pid"; ' % victim
    watch = ("(while kill -0 $$ && ! grep -qx $$ "
             "\"$KEEL_STATE_DIR/kore.$$.pid\"; do sleep 0.05; done; "
             "test ! -L \"$KEEL_STATE_DIR/kore.$$.pid\" && echo written; "
             "kill $$) 2>/dev/null &")
    done = run_kore(server, link + watch)
    assert done.returncode == 0, done.stderr
    assert "written" in done.stdout
    assert read_text(victim) == "untouched"
    assert os.listdir(server.state) == []


@needs_prod
def test_plain_kore_wants_a_folder_of_its_own(make_server):
    server = make_server()
    os.mkdir(server.state)
    os.chmod(server.state, 0o777)
    for command in ("serve", "jobs"):
        done = run_kore(server, KEEL_COMMAND=command)
        assert done.returncode == 1
        assert done.stderr.startswith(
            "keel: %s is open to others (mode 777)" % server.state)
        assert os.listdir(server.state) == []
