"""Whatever the other side does: every mail is sent, visibly failed or held, or still due; no domain slows another."""

from __future__ import annotations

import functools
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter

import psycopg
import pytest
from tests.e2e.callboard import REDELIVERY, Callboard, event, finish, stop
from tests.e2e.sink import (
    CLOSING,
    DROP_AFTER_DOT,
    DROP_BEFORE_DOT,
    GARBAGE,
    HOLD,
    OK,
    PLAIN_HELLO,
    WAITING,
    Sink,
    Step,
    says,
)

CONNECTIONS = 44
LIMITED = """
import resource, sys
from callboard.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2)
main()
"""


def some(domain: str, count: int) -> list[str]:
    return [f"p{number}@{domain}" for number in range(count)]


def states(board: Callboard) -> Counter[str]:
    return Counter(board.states("e-1").values())


def taken(sink: Sink, count: int) -> bool:
    return len(sink.accepted) >= count


def begin(board: Callboard, *emails: str) -> None:
    board.people(*emails)
    board.send(event("e-1"))


def tries(sink: Sink, emails: list[str]) -> int:
    return sum(sink.tries[one] for one in emails)


@pytest.mark.parametrize("reply", ["250 2.0.0 kept", "250 2.0.0 kept\r\n421 4.3.2 enough"], ids=["closes", "421"])
@pytest.mark.parametrize("every", [1, 4])
def test_a_server_that_closes_after_a_mail_ends_no_drain_and_gets_every_mail_once(
    board: Callboard, sink: Sink, every: int, reply: str
):
    emails = [f"p{number}@d{number % 30}.example" for number in range(150)]
    sink.scripts = {one: [Step(reply=reply, keep=True, close=True)] for one in emails[::every]}
    begin(board, *emails)
    assert board.drain()["sent"] == 150
    assert len(sink.copies()) == 150, "nobody who was in the way of a closing connection was in doubt"


@pytest.mark.parametrize(
    "step",
    [CLOSING, DROP_BEFORE_DOT, GARBAGE, says("450 4.7.28 too fast"), DROP_AFTER_DOT],
    ids=["421", "drop", "garbage", "4.7", "drop-after-dot"],
)
def test_a_storm_at_one_domain_is_left_after_some_tries_and_all_others_get_their_mail(
    board: Callboard, sink: Sink, step: Step
):
    storm, calm = some("storm.example", 90), [f"p@calm{number}.example" for number in range(20)]
    sink.scripts = {email: [step] for email in storm}
    begin(board, *storm, *calm)
    counts = board.drain()
    assert (counts["sent"], counts["deferred"]) == (20, 90)
    assert tries(sink, storm) <= 2 * CONNECTIONS
    assert states(board) == {"queued": 90, "sent": 20}
    before = tries(sink, storm)
    board.drain(seconds=30)
    assert tries(sink, storm) == before, "the pause holds"
    board.drain(minutes=8)
    assert tries(sink, storm) <= before + 2 * CONNECTIONS, "the second look is no storm either"
    sink.scripts.clear()
    for _ in range(3):
        board.drain(minutes=71)
    assert states(board) == {"sent": 110}
    assert len({one for one, _ in sink.copies()}) == len(sink.copies()) == 110, "a copy keeps its Message-ID"
    if step is not DROP_AFTER_DOT:
        assert len(sink.accepted) == 110


def test_greylisting_is_passed_at_the_second_try_for_everybody(board: Callboard, sink: Sink):
    emails = some("grey.example", 40)
    sink.scripts = {email: [says("451 4.7.1 Greylisted, come again"), OK] for email in emails}
    begin(board, *emails)
    assert board.drain()["deferred"] == 40
    assert tries(sink, emails) == 40, "all are tried at once, so that all may pass"
    assert board.drain(minutes=71) == {"sent": 40}


def test_p4_a_policy_that_meets_several_people_pauses_the_domain_and_fails_nobody(board: Callboard, sink: Sink):
    emails = some("strict.example", 30)
    sink.scripts = {email: [says("550 5.7.26 unauthenticated mail is refused", "dot")] for email in emails}
    begin(board, *emails, "ana@calm.example")
    counts = board.drain()
    assert counts["sent"] == 1
    assert "failed" not in counts
    assert states(board) == {"queued": 30, "sent": 1}
    assert tries(sink, emails) <= 2 * CONNECTIONS
    sink.scripts.clear()
    for _ in range(2):
        board.drain(minutes=71)
    assert states(board) == {"sent": 31}


def test_p4_the_counts_of_a_drain_tell_what_became_of_a_paused_domain(board: Callboard, sink: Sink):
    emails = some("big.example", 24)
    sink.scripts = {email: [says("550 5.1.1 no such user")] for email in emails}
    begin(board, *emails)
    counts = board.drain()
    assert counts == {"events": 1, "decisions": 24, "mails": 24, "deferred": 24}
    assert states(board) == {"queued": 24}


@pytest.mark.parametrize("reply", ["451 4.3.2 not now", "421 4.3.2 shutting down", "530 5.7.0 sign in first"])
def test_a_next_hop_that_refuses_the_sender_is_left_alone_and_no_mail_fails(board: Callboard, sink: Sink, reply: str):
    emails = some("x.example", 60)
    sink.mail = reply
    begin(board, *emails)
    counts = board.drain()
    assert counts["deferred"] >= 60
    assert "failed" not in counts
    assert sum(sink.tries.values()) == 0
    assert states(board) == {"queued": 60}
    sink.mail = "250 ok"
    board.drain(minutes=10)
    assert states(board) == {"sent": 60}


def test_a_domain_that_never_answers_leaves_connections_to_all_others(board: Callboard, sink: Sink):
    slow, quick = some("slow.example", 180), some("quick.example", 30)
    sink.scripts = {email: [HOLD] for email in slow}
    begin(board, *slow, *quick)
    worker = board.start("worker")
    assert sink.wait_for(lambda: len(sink.accepted) == len(quick))
    assert tries(sink, slow) < CONNECTIONS
    board.send(event("e-2"))
    assert sink.wait_for(lambda: len(sink.accepted) == 2 * len(quick)), "what comes later gets through too"
    stop(worker, signal.SIGKILL)
    sink.scripts.clear()
    board.drain(minutes=71)
    assert set(board.states("e-1").values()) == set(board.states("e-2").values()) == {"sent"}


@pytest.mark.parametrize("hello", [PLAIN_HELLO, None], ids=["one-by-one", "pipelined"])
def test_replies_in_crumbs_are_whole_replies(board: Callboard, sink: Sink, hello: str | None):
    sink.crumbs = True
    sink.hello = hello or sink.hello
    sink.scripts = {"gone@x.example": [says("550-5.1.1 no such\r\n550 5.1.1 user here")]}
    begin(board, *some("x.example", 8), "gone@x.example")
    assert board.drain()["sent"] == 8
    assert states(board) == {"sent": 8, "held": 1}


def test_a_full_disk_ends_the_drain_with_words_and_costs_nothing_but_time(board: Callboard, sink: Sink):
    emails = some("x.example", 400)
    begin(board, *emails)
    home = board.folder / "home"
    size = max(path.stat().st_size for path in home.glob("callboard.sqlite3*"))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size + 100_000), "drain"],
        env=board.environment({}), capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr.splitlines()[-1]
    board.drain(minutes=2)
    board.drain(minutes=71)
    assert states(board) == {"sent": 400}
    assert len(sink.copies()) == 400
    assert len(sink.accepted) <= 400 + CONNECTIONS


def test_a_worker_that_is_told_to_stop_begins_no_mail_that_was_to_follow(board: Callboard, sink: Sink):
    emails = some("x.example", 120)
    sink.scripts = {one: [WAITING] for one in emails}
    begin(board, *emails)
    running = board.start("worker")
    at_a_time = CONNECTIONS * 5 // 6
    assert sink.wait_for(lambda: len(sink.accepted) == at_a_time)
    running.send_signal(signal.SIGTERM)
    time.sleep(0.5)  # it hears of it before the answers come
    sink.release()
    finish(running)
    assert len(sink.accepted) == at_a_time
    assert states(board) == {"sent": at_a_time, "queued": 120 - at_a_time}


def test_a_recipient_whose_server_takes_its_time_keeps_nobody_of_the_domain_waiting(board: Callboard, sink: Sink):
    slow, *others = some("x.example", 120)
    sink.scripts = {slow: [WAITING]}
    begin(board, slow, *others)
    running = board.start("drain")
    assert sink.wait_for(lambda: len(sink.accepted) == 120), "what was to follow the slow one went another way"
    sink.release()
    finish(running)
    assert states(board) == {"sent": 120}
    assert len(sink.accepted) == 120


def test_a_database_that_somebody_else_writes_is_waited_for_and_no_answer_is_lost(board: Callboard, sink: Sink):
    emails = some("x.example", 10)
    sink.scripts = {one: [WAITING] for one in emails}
    begin(board, *emails)
    running = board.start("drain")
    assert sink.wait_for(lambda: len(sink.accepted) == len(emails))
    writer = sqlite3.connect(board.folder / "home" / "callboard.sqlite3", isolation_level=None)
    writer.execute("PRAGMA busy_timeout = 20000")
    writer.execute("BEGIN IMMEDIATE")
    sink.release()
    time.sleep(1)  # the answers are there, and can not be written
    assert running.poll() is None
    assert set(states(board)) == {"queued"}, "as a mail on its way is shown"
    writer.execute("ROLLBACK")
    writer.close()
    finish(running)
    assert states(board) == {"sent": 10}
    assert len(sink.accepted) == 10


def test_sessions_that_the_database_ends_are_opened_again_and_nothing_is_lost(
    board: Callboard, sink: Sink, database_url: str
):
    board.settings["CALLBOARD_DATABASE_URL"] = database_url
    board.ok("migrate")
    board.people(*some("x.example", 60))
    board.send(*(event(f"e-{number}") for number in range(1, 11)))
    worker = board.start("worker")
    with psycopg.connect(database_url, autocommit=True) as connection:
        for part in range(1, 5):
            sink.wait_for(functools.partial(taken, sink, part * 120), 8)
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
    assert sink.wait_for(lambda: len(sink.copies()) == 600, 40)
    time.sleep(0.5)
    code, _ = stop(worker)
    assert code == 0
    board.drain(minutes=2)
    assert {row["state"] for row in board.ledger()} == {"sent"}
    assert len(sink.copies()) == 600
    assert len(sink.accepted) <= 600 + 4 * CONNECTIONS


def test_a_clock_that_jumps_leaves_every_mail_due_once(board: Callboard, sink: Sink):
    emails = some("x.example", 5)
    sink.scripts = {email: [says("450 4.2.1 busy"), OK] for email in emails}
    begin(board, *emails)
    assert board.drain()["deferred"] == 5
    assert board.drain(days=-3) == {}
    board.send(event("e-0", REDELIVERY))
    assert board.drain() == {"events": 1, "decisions": 5, "mails": 5, "sent": 5}
    assert board.drain(days=3, minutes=71) == {"sent": 5}
    assert set(sink.copies().values()) == {1}
