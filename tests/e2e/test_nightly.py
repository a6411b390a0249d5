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


MIA = {
    "email": "mia@copperglass.example",
    "name": "Mia Sol",
    "partner": "copperglass",
    "roles": ["fulfillment_partner_master"],
}


def test_of_two_workers_one_tells_the_masters_of_a_gap_as_soon_as_it_opens(
    board: Callboard, sink: Sink, database_url: str
):
    board.settings["CALLBOARD_DATABASE_URL"] = database_url
    board.ok("migrate")
    board.people(ANA)
    board.ok("people", "import", board.write("mia.json", {"users": [MIA]}))
    open_before = board.ok("coverage", "check", "--json").json["gaps"]
    board.drain()
    told = len(sink.accepted)
    workers = [board.start("worker"), board.start("worker")]
    for one in workers:
        assert one.stderr
        assert any("worker started" in line for line in one.stderr)
    assert board.ok("coverage", "--partner", "copperglass", "--json").lines[0]["partner"] == "copperglass"
    board.ok(
        "people",
        "import",
        board.write("ana.json", {"users": [{"email": ANA, "name": "N", "partner": "copperglass", "roles": []}]}),
    )
    assert sink.wait_for(lambda: len(sink.accepted) > told)
    for one in workers:
        stop(one)
    board.drain(minutes=1)
    assert {one.recipient for one in sink.accepted} == {MIA["email"]}
    opened = [row for row in board.ledger() if row["event_type"] == "account.coverage_gap"][open_before:]
    assert opened
    assert {row["state"] for row in opened} == {"sent"}
    assert board.ok("coverage", "check", "--json").json == {"gaps": open_before + len(opened), "opened": 0, "closed": 0}
    assert "  ! Redelivery Requested: nobody" in board.ok("coverage").out.splitlines()
