"""Stand-ins over either database, as real processes: named, decided, mailed, explained, ended."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.callboard import event, people

if TYPE_CHECKING:
    from tests.e2e.callboard import Callboard
    from tests.e2e.sink import Sink

ANA, BEN = "ana@x.example", "ben@x.example"
PAGE = """
import json, sys
from datetime import timedelta
from callboard.cli import boot
pipeline = boot.open_pipeline()
from django.db import transaction
from callboard.mail.letters.stand_in import tell_ended, tell_named
from callboard.people import standing
pipeline.world.refresh()
directory, now = pipeline.world.directory, pipeline.now()
ana = directory.by_email("ana@x.example")
with transaction.atomic():
    if sys.argv[1] == "name":
        (found,) = standing.colleagues(ana, directory, "BEN x.example", 10)
        made = standing.name_delegate(ana, found.email, directory, now, ends_at=now + timedelta(days=3))
        tell_named(made, pipeline.catalogue, directory, now)
    else:
        (known,) = standing.current(ana, directory, now)
        tell_ended(standing.end(ana, known.about.id, directory, now), ana, now)
print(json.dumps([one.about.id for one in standing.current(ana, directory, now)]))
"""


def page(board: Callboard, do: str) -> Any:
    """What the settings page does, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", PAGE, do], env=board.environment({}), capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_a_stand_in_from_its_naming_to_its_end(
    board: Callboard, sink: Sink, database: str, request: pytest.FixtureRequest
):
    if database == "postgres":
        board.settings["CALLBOARD_DATABASE_URL"] = request.getfixturevalue("database_url")
        board.ok("migrate")
    file = people(ANA, BEN)
    file["users"][1]["roles"] = ["fulfillment_partner_master"]
    board.ok("people", "import", board.write("people.json", file))
    assert len(page(board, "name")) == 1
    board.send(event("e-1"), event("e-2", "delivery.processed"))
    board.drain()
    assert (board.states("e-1"), board.states("e-2")) == (
        {ANA: "sent", BEN: "sent"},
        {ANA: "scheduled", BEN: "scheduled"},
    )
    rows = {(row["user"], row["event"]): row for row in board.ledger()}
    assert [one["for"] for one in rows[BEN, "e-1"]["notifications"]] == [ANA]
    assert [one.get("for") for one in rows[ANA, "e-1"]["notifications"]] == [None]
    told = board.ok("explain", "--event", "e-1", "--user", BEN).out
    assert f"Standing in for {ANA}" in told
    assert page(board, "end") == []
    board.drain(days=1)
    assert board.states("e-2") == {ANA: "sent", BEN: "withdrawn"}
    (row,) = (row for row in board.ledger() if (row["user"], row["event"]) == (BEN, "e-2"))
    assert row["reason"] == "deleted"
    assert sorted(one.recipient for one in sink.accepted) == sorted([ANA] * 4 + [BEN] * 3)
