"""A1 while mails are on their way: after the commit of a deactivation nothing more leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.e2e.callboard import event, finish
from tests.e2e.callboard import people as people_file
from tests.e2e.sink import OK, WAITING, says

if TYPE_CHECKING:
    from tests.e2e.callboard import Callboard
    from tests.e2e.sink import Sink

PROCESSED = "delivery.processed"
AT_A_TIME = 36
"""Mails that are under way to one domain at a time (mail.lanes): the rest waits for its turn."""


@pytest.fixture(params=["sqlite", "postgres"])
def on_both(request: pytest.FixtureRequest, board: Callboard) -> Callboard:
    if request.param == "postgres":
        board.settings["CALLBOARD_DATABASE_URL"] = request.getfixturevalue("database_url")
        board.ok("migrate")
    return board


def deactivate(board: Callboard, *emails: str) -> dict[str, int]:
    file = people_file(*emails)
    file["users"] = [one | {"active": False} for one in file["users"]]
    found: dict[str, int] = board.ok("people", "import", board.write("gone.json", file), "--json").json
    return found


def test_a1_of_a_running_digest_only_what_was_under_way_arrives(on_both: Callboard, sink: Sink):
    board = on_both
    emails = [f"p{number:02}@x.example" for number in range(60)]
    sink.scripts = {one: [WAITING] for one in emails}
    board.people(*emails)
    board.send(event("e-1", PROCESSED), event("e-2", PROCESSED))
    assert board.drain() == {"events": 2, "decisions": 120}
    board.now = board.now.replace(day=24, hour=8)
    running = board.start("drain")
    assert sink.wait_for(lambda: len(sink.accepted) == AT_A_TIME)
    assert deactivate(board, *emails)["deactivated"] == 60
    sink.release()
    finish(running)
    under_way = {one.recipient for one in sink.accepted}
    assert (len(sink.accepted), len(under_way)) == (AT_A_TIME, AT_A_TIME)
    rows = [(row["user"] in under_way, row["state"], row["reason"]) for row in board.ledger()]
    assert set(rows) == {(True, "sent", "matched"), (False, "withdrawn", "deactivated")}
    assert len(rows) == 120
    assert board.drain(days=6) == {}


def test_a1_what_waits_for_its_next_try_is_not_tried_any_more(on_both: Callboard, sink: Sink):
    board = on_both
    gone, stays = "gone@x.example", "stays@y.example"
    sink.scripts = {one: [says("450 4.2.1 busy"), OK] for one in (gone, stays)}
    board.people(gone, stays)
    board.send(event("e-1"))
    assert board.drain()["deferred"] == 2
    assert deactivate(board, gone)["withdrawn"] == 1
    assert board.drain(minutes=71) == {"sent": 1}
    assert ([one.recipient for one in sink.accepted], sink.tries[gone]) == ([stays], 1)
    assert board.states("e-1") == {gone: "withdrawn", stays: "sent"}
