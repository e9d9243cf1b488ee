# SPDX-License-Identifier: ISC
"""The requests whose times `make proof-scale` compares: a short run, which only
checks that each answer is right."""

import pytest

from helpers import raw_connection
from people import add_people
from scale import Connection, Requests, load


@pytest.mark.parametrize("count", [200, 2000])
def test_each_answer_is_right(make_server, count):
    server = make_server()
    load(server, count, authors=10)
    [admin] = add_people(server, "admin")
    server.start()
    connections = {False: Connection(raw_connection(server)),
                   True: Connection(raw_connection(server), admin)}
    requests = Requests(server, count, 200, connections[True])
    for target, is_admin, check in (requests.measured() |
                                    requests.others()).values():
        check(connections[is_admin].get(target))
    assert server.sql("SELECT count(*) FROM posts, to_tsquery('zyzzyva') AS q "
                      "WHERE search @@ q AND published_at IS NOT NULL") == [
                          (100,)]
