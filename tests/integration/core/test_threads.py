"""Where the outbox is written: in the loop, unless that would have to wait."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection

from callboard.mail.threads import Threads


def here():
    return threading.current_thread().name.partition("_")[0]


EMBEDDED = connection.vendor == "sqlite"
LOOP = "loop" if EMBEDDED else "outcomes"


@pytest.fixture
def run(db, monkeypatch):
    """Run a coroutine function with the threads of a courier, in a loop of its own."""
    del db
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")

    async def main(work, threads):
        try:
            return await work(threads)
        finally:
            await threads.leave_database()

    def apart(work):
        with ThreadPoolExecutor(1, "world") as world, ThreadPoolExecutor(1, "outcomes") as outcomes:
            threads = Threads(world, outcomes, is_embedded=EMBEDDED)
            with ThreadPoolExecutor(1, "loop") as loop:
                return loop.submit(asyncio.run, main(work, threads)).result()

    return apart


def patience():
    """Who asks, and how long its connection waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout" if EMBEDDED else "SELECT 0")
        return here(), cursor.fetchone()[0]


def test_the_loop_waits_for_no_lock_even_over_a_connection_that_was_open_before(run):
    async def work(threads):
        before = patience()
        found = await threads.at_outbox(patience, is_short=True)
        connection.close()
        return before, found, await threads.at_outbox(patience, is_short=True)

    before, found, again = run(work)
    assert before == ("loop", 30_000 if EMBEDDED else 0)
    assert found == again == (LOOP, 0)


@pytest.mark.parametrize("often", [1, 3])
def test_what_the_database_refuses_in_the_loop_is_done_in_the_thread(run, often):
    tries = []

    def work():
        tries.append(here())
        if tries.count("outcomes") < often:
            raise OperationalError("database is locked")
        return "done"

    assert run(lambda threads: threads.at_outbox(work, tries=often, is_short=True)) == "done"
    assert tries == ["loop"] * EMBEDDED + ["outcomes"] * often


def test_the_last_refusal_of_the_database_is_told(run):
    tries = []

    def work():
        tries.append(here())
        raise OperationalError("database is locked")

    with pytest.raises(OperationalError):
        run(lambda threads: threads.at_outbox(work, tries=2, is_short=True))
    assert tries == ["loop"] * EMBEDDED + ["outcomes"] * 2


def test_what_is_wrong_with_the_work_itself_is_told_and_not_tried_again(run):
    tries = []

    def work():
        tries.append(here())
        raise ValueError

    with pytest.raises(ValueError):  # noqa: PT011 - it is this one
        run(lambda threads: threads.at_outbox(work, is_short=True))
    assert tries == [LOOP]


def test_no_work_overtakes_what_the_thread_was_given_before(run):
    order, may_end = [], threading.Event()

    def refused():
        if here() == "loop":
            raise OperationalError("database is locked")
        may_end.wait(10)
        order.append(("first", here()))

    async def work(threads):
        first = asyncio.create_task(threads.at_outbox(refused, is_short=True))
        await asyncio.sleep(0)
        second = asyncio.create_task(threads.at_outbox(lambda: order.append(("second", here()))))
        await asyncio.sleep(0)
        may_end.set()
        await asyncio.gather(first, second)
        await threads.at_outbox(lambda: order.append(("third", here())), is_short=True)

    run(work)
    assert order == [("first", "outcomes"), ("second", "outcomes"), ("third", LOOP)]


def test_what_may_take_long_is_done_in_the_thread_at_once(run):
    assert run(lambda threads: threads.at_outbox(here)) == "outcomes"


def test_no_work_overtakes_what_nobody_waits_for_any_more(run):
    order, may_end = [], threading.Event()

    def first():
        may_end.wait(10)
        order.append("first")

    async def work(threads):
        given_up = asyncio.create_task(threads.at_outbox(first))
        await asyncio.sleep(0)
        given_up.cancel()
        second = asyncio.create_task(threads.at_outbox(lambda: order.append("second"), is_short=True))
        await asyncio.sleep(0)
        may_end.set()
        await second

    run(work)
    assert order == ["first", "second"]
