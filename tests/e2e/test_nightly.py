"""The nightly checks of several workers: done once, by whichever comes first, and never by `drain`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.e2e.callboard import stop

if TYPE_CHECKING:
    from tests.e2e.callboard import Callboard
    from tests.e2e.sink import Sink

ANA, BO = "ana@copperglass.example", "bo@copperglass.example"


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_of_two_workers_one_warns_of_the_end_of_unused_accounts(
    board: Callboard, sink: Sink, database: str, request: pytest.FixtureRequest
):
    if database == "postgres":
        board.settings["CALLBOARD_DATABASE_URL"] = request.getfixturevalue("database_url")
        board.ok("migrate")
    board.people(ANA, BO)
    assert board.drain(days=340) == {}
    assert board.ok("people", "dormant", "--json").lines[0]["due"] == "warn"
    workers = [board.start("worker"), board.start("worker")]
    for one in workers:
        assert one.stderr
        assert any("worker started" in line for line in one.stderr)
    assert sink.wait_for(lambda: len(sink.accepted) >= 2)
    for one in workers:
        stop(one)
    assert sorted(one.recipient for one in sink.accepted) == [ANA, BO]
    board.now += timedelta(days=30)
    done = board.ok("people", "dormant", "--check", "--json").json
    assert done == {"warn": 0, "remind": 0, "end": 2, "keep": 0}
    assert [one["active"] for one in board.ok("people", "export").json["users"]] == [False, False]
