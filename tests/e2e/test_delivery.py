"""Delivery against a server that answers anything: nothing is lost, the same Message-ID comes again (P1–P4, C2, C4)."""

from __future__ import annotations

import signal
import socket
import sqlite3
from typing import TYPE_CHECKING

import pytest
from tests.e2e.callboard import UNASSIGNED, Callboard, event, stop
from tests.e2e.sink import CLOSING, DROP_AFTER_DOT, DROP_BEFORE_DOT, GARBAGE, HOLD, OK, Sink, Step, says

if TYPE_CHECKING:
    from pathlib import Path

FIRST_TRIES: dict[str, tuple[Step, str]] = {
    "ok@a.example": (OK, "sent"),
    "rcpt4@b.example": (says("450 4.2.1 busy"), "queued"),
    "data4@c.example": (says("451 4.3.0 later", "data"), "queued"),
    "dot4@d.example": (says("452 4.3.1 full", "dot"), "queued"),
    "closing@e.example": (CLOSING, "queued"),
    "before@f.example": (DROP_BEFORE_DOT, "queued"),
    "after@g.example": (DROP_AFTER_DOT, "queued"),
    "garbage@h.example": (GARBAGE, "queued"),
    "gone@i.example": (says("550 5.1.1 no such user"), "held"),
    "policy@j.example": (says("550 5.7.1 blocked", "dot"), "failed"),
    "full@k.example": (says("552 5.2.2 mailbox full"), "failed"),
}
RETRIED = [email for email, (_, state) in FIRST_TRIES.items() if state == "queued"]


def test_p4_every_answer_leads_to_its_state_and_retries_keep_the_message_id(board: Callboard, sink: Sink):
    sink.scripts = {email: [step, OK] for email, (step, _) in FIRST_TRIES.items()}
    board.people(*FIRST_TRIES)
    board.send(event("e-1"))
    board.drain()
    rows = board.ledger()
    assert {row["user"]: row["state"] for row in rows} == {email: state for email, (_, state) in FIRST_TRIES.items()}
    first = {row["user"]: row["message_id"] for row in rows}
    tries = dict(sink.tries)
    assert board.drain(minutes=4, seconds=59) == {}
    assert dict(sink.tries) == tries
    counts = board.drain(minutes=66)
    assert counts == {"sent": len(RETRIED)}
    assert {row["user"]: row["message_id"] for row in board.ledger()} == first
    for email in RETRIED:
        assert set(sink.ids_of(email)) == {first[email]}
    assert sink.copies()["after@g.example", first["after@g.example"]] == 2
    assert all(count == 1 for (email, _), count in sink.copies().items() if email != "after@g.example")
    not_again(board, sink)


def not_again(board: Callboard, sink: Sink) -> None:
    """A held address is not tried any more; others, once refused for another reason, are."""
    board.send(event("e-2"))
    board.drain()
    states = board.states("e-2")
    assert states.pop("gone@i.example") == "held"
    assert set(states.values()) == {"sent"}
    assert sink.tries["gone@i.example"] == 1
    listed = board.ok("outbox", "list", "--json").lines
    assert {(one["user"], one["state"]) for one in listed if "gone" in one["user"]} == {("gone@i.example", "held")}
    assert "no such user" in board.ok("explain", "--event", "e-2", "--user", "gone@i.example").out
    sink.scripts.clear()
    assert board.ok("outbox", "release", "gone@i.example", "--json").json == {"released": 2, "failed": 0}
    assert board.drain() == {"sent": 1}
    assert {row["state"] for row in board.ledger() if row["user"] == "gone@i.example"} == {"sent"}


def test_p4_4xx_is_retried_until_the_expiry_and_then_failed(board: Callboard, sink: Sink):
    email = "busy@a.example"
    sink.scripts = {email: [says("450 4.2.1 busy")]}
    board.people(email)
    board.send(event("critical"), event("standard", UNASSIGNED))
    assert board.drain()["deferred"] == 2
    for span, critical, standard in (
        ({"hours": 47, "minutes": 59}, "queued", "queued"),
        ({"minutes": 2}, "queued", "failed"),
        ({"days": 3}, "failed", "failed"),
    ):
        board.drain(**span)
        found = {row["event"]: row["state"] for row in board.ledger()}
        assert found == {"critical": critical, "standard": standard}, span
    tries = sink.tries[email]
    assert board.drain(days=1) == {}
    assert sink.tries[email] == tries >= 6
    row = board.ok("outbox", "list", "--json").lines[0]
    assert row["reply"] == "450 4.2.1 busy"


def test_p4_a_domain_that_refuses_most_of_its_people_is_paused_and_nobody_is_suppressed(board: Callboard, sink: Sink):
    emails = [f"p{number}@big.example" for number in range(24)]
    sink.scripts = {email: [says("550 5.1.1 no such user")] for email in emails[:20]}
    board.people(*emails, "other@small.example")
    board.send(event("e-1"))
    board.drain()
    states = board.states("e-1")
    assert "held" not in states.values()
    assert "failed" not in states.values()
    assert states["other@small.example"] == "sent"
    tries = sum(sink.tries.values())
    sink.scripts.clear()
    board.drain(minutes=10)
    assert sum(sink.tries.values()) == tries
    board.drain(hours=2)
    assert set(board.states("e-1").values()) == {"sent"}
    assert all(count == 1 for count in sink.copies().values())


def test_p4_below_half_of_a_domain_addresses_are_held_one_by_one(board: Callboard, sink: Sink):
    emails = [f"p{number}@big.example" for number in range(24)]
    sink.scripts = {email: [says("550 5.1.1 no such user")] for email in emails[:5]}
    board.people(*emails)
    board.send(event("e-1"))
    board.drain()
    states = board.states("e-1")
    assert [states[email] for email in emails] == ["held"] * 5 + ["sent"] * 19


def test_with_smtp_down_everything_is_deferred_and_nothing_lost(tmp_path: Path, sink: Sink):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    board = Callboard(tmp_path, {"CALLBOARD_SMTP_URL": f"smtp://127.0.0.1:{port}"})
    emails = [f"p{number}@x.example" for number in range(30)]
    board.people(*emails)
    board.send(event("e-1"))
    assert board.drain() == {"events": 1, "decisions": 30, "mails": 30, "deferred": 30}
    assert set(board.states("e-1").values()) == {"queued"}
    board.settings["CALLBOARD_SMTP_URL"] = f"smtp://127.0.0.1:{sink.port}"
    assert board.drain(minutes=71) == {"sent": 30}
    assert sorted(one.recipient for one in sink.accepted) == sorted(emails)


def test_mails_that_are_leased_and_written_while_others_leave_leave_once(board: Callboard, sink: Sink):
    emails = [f"p{number}@d{number % 40}.example" for number in range(3000)]
    board.people(*emails)
    board.send(event("e-1"))
    assert board.drain()["sent"] == 3000
    assert len(sink.accepted) == len(sink.copies()) == 3000
    with sqlite3.connect(board.folder / "home" / "callboard.sqlite3") as database:
        tries = database.execute("SELECT attempts, lease_generation, COUNT(*) FROM mail_mail GROUP BY 1, 2").fetchall()
    assert tries == [(1, 1, 3000)], "each was leased once and tried once"


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_two_workers_at_once_send_every_mail_once_and_end_cleanly_on_sigterm(
    board: Callboard, sink: Sink, database: str, request: pytest.FixtureRequest
):
    if database == "postgres":
        board.settings["CALLBOARD_DATABASE_URL"] = request.getfixturevalue("database_url")
        board.ok("migrate")
    emails = [f"p{number}@x.example" for number in range(40)]
    board.people(*emails)
    board.send(*(event(f"e-{number}") for number in range(5)))
    workers = [board.start("worker") for _ in range(2)]
    for one in workers:
        assert one.stderr
        assert any("worker started" in line for line in one.stderr), "before that, SIGTERM ends any process its own way"
    wanted = len(emails) * 5
    assert sink.wait_for(lambda: len(sink.accepted) >= wanted)
    ends = [stop(one) for one in workers]
    assert [code for code, _ in ends] == [0, 0]
    assert not any("Traceback" in err for _, err in ends)
    assert len(sink.accepted) == len(sink.copies()) == wanted
    assert board.drain() == {}
    rows = board.ledger()
    assert len(rows) == wanted
    assert {row["state"] for row in rows} == {"sent"}
    assert {row["message_id"] for row in rows} == {one.message_id for one in sink.accepted}


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_p1_p2_the_lease_of_a_killed_worker_is_free_at_once(
    board: Callboard, sink: Sink, database: str, request: pytest.FixtureRequest
):
    if database == "postgres":
        board.settings["CALLBOARD_DATABASE_URL"] = request.getfixturevalue("database_url")
        board.ok("migrate")
    emails = [f"p{number}@x.example" for number in range(25)]
    sink.scripts = {email: [HOLD, OK] for email in emails}
    board.people(*emails)
    board.send(event("e-1"))
    worker = board.start("worker")
    assert sink.wait_for(lambda: sum(sink.tries.values()) >= 20)
    assert stop(worker, signal.SIGKILL)[0] == -signal.SIGKILL
    sink.scripts.clear()
    assert board.drain() == {"sent": 25}
    assert set(board.states("e-1").values()) == {"sent"}
    assert sorted(one.recipient for one in sink.accepted) == sorted(emails)


def test_p2_a_mail_that_was_accepted_when_the_worker_died_comes_again_under_its_message_id(
    board: Callboard, sink: Sink
):
    email = "ana@x.example"
    sink.scripts = {email: [Step(keep=True, hold=True), OK]}
    board.people(email)
    board.send(event("e-1"))
    worker = board.start("worker")
    assert sink.wait_for(lambda: len(sink.accepted) == 1)
    stop(worker, signal.SIGKILL)
    assert board.drain() == {"sent": 1}
    (row,) = board.ledger()
    assert sink.ids_of(email) == [row["message_id"]] * 2
