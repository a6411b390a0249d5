"""The processes that work: `drain` until nothing is due, `worker` until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

import structlog
import uvloop
from django.db import connection

from callboard.base.clock import SetClock
from callboard.base.instants import to_us
from callboard.insights.gaps import Watch
from callboard.intake.cloudevents import Draft
from callboard.mail.delivery import Courier
from callboard.mail.letters.postman import Postman
from callboard.mail.owners import Owner, new_owner
from callboard.mail.threads import Threads, allow_database_in_loop
from callboard.mail.transport import transport_factory
from callboard.nightly import CHECKS, check_night
from callboard.pipeline import Pipeline

ALLOCATIONS = 20_000
"""Objects after which new ones are collected. Python's own 700 are a few mails, and mails that wait are no garbage."""
IDLE_S = 0.05
"""Seconds between two looks for work: a tenth of what a person notices."""
RECONCILE_S = 5.0
COVERAGE_S = 1.0
"""Seconds between two looks for gaps of coverage: a Master hears of one at once."""
NIGHTLY_S = 60.0
"""Seconds between two looks whether this night's checks are still to be done."""
LETTERS_S = 1.0
"""Seconds between two looks for letters: who invites somebody does not wait for it."""
TICK_S = 0.2
LONGEST_PAUSE_S = 30.0

logger = structlog.get_logger(__name__)
T = TypeVar("T")


class Runner:
    """Runs a pipeline's steps in one thread of its own; others commit what became of mails, and check at night."""

    def __init__(self, new_pipeline: Callable[[], Pipeline]) -> None:
        self.database = ThreadPoolExecutor(1, thread_name_prefix="database")
        outcomes = ThreadPoolExecutor(1, thread_name_prefix="outcomes")
        self.threads = Threads(self.database, outcomes, is_embedded=connection.vendor == "sqlite")
        if self.threads.is_embedded:
            allow_database_in_loop()
        self.nightly = ThreadPoolExecutor(1, thread_name_prefix="nightly")
        self.pipeline = self.database.submit(new_pipeline).result()

    def drain(self, progress: Callable[[Counter[str]], None] = lambda _: None) -> Counter[str]:
        """Process everything that is due now, then return the counts."""

        async def once(courier: Courier, postman: Postman, owner: Owner) -> None:
            await self._drain(courier, postman, owner, progress)

        return self._run(once)

    def replay(self, moments: Iterable[tuple[datetime, Sequence[Draft]]], clock: SetClock) -> Counter[str]:
        """Play history: at each instant accept the drafts and process what is due; between them, what falls due."""

        async def play(courier: Courier, postman: Postman, owner: Owner) -> None:
            for at, drafts in moments:
                while (due_at := await self._db(self.pipeline.next_due_at)) and clock.at < due_at < at:
                    clock.at = due_at
                    await self._drain(courier, postman, owner, lambda _: None)
                clock.at = at
                if drafts:
                    await self._db(self.pipeline.accept, drafts)
                await self._drain(courier, postman, owner, lambda _: None)

        return self._run(play)

    def work(self) -> Counter[str]:
        """Process what is due, as it becomes due, until SIGINT or SIGTERM."""
        return self._run(self._work)

    def _run(self, steps: Callable[[Courier, Postman, Owner], Awaitable[None]]) -> Counter[str]:
        """Run on uvloop: a mail's four writes and reads cost half of what they do on asyncio's own loop."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._with_courier(steps))

    async def _with_courier(self, run: Callable[[Courier, Postman, Owner], Awaitable[None]]) -> Counter[str]:
        config = self.pipeline.config
        owner = new_owner(config.home)
        new_transport = transport_factory(config, lambda: to_us(self.pipeline.now()))
        courier = Courier(config, self.pipeline.clock, self.pipeline.checker, owner, self.threads, new_transport)
        postman = Postman(config, self.pipeline.clock, self.database, new_transport)
        await courier.threads.at_outbox(owner.__enter__)  # where leases are taken
        keeper = asyncio.create_task(courier.keep_leases())
        try:
            await run(courier, postman, owner)
        finally:
            keeper.cancel()
            await courier.close()
            await self._db(self.pipeline.keep_index)
            await courier.threads.at_outbox(owner.__exit__, None, None, None)
            await self.threads.leave_database()
            self.threads.world.shutdown()
            self.threads.outcomes.shutdown()
            self.nightly.shutdown()
        return self.pipeline.counts + courier.counts

    async def _db(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.database, work, *args)

    async def _drain(
        self, courier: Courier, postman: Postman, owner: Owner, progress: Callable[[Counter[str]], None]
    ) -> None:
        pipeline = self.pipeline
        await self._db(pipeline.reconcile, owner)
        while await self._decide():
            progress(pipeline.counts)
        while await self._db(pipeline.compose_due):
            progress(pipeline.counts)
        ticking = asyncio.create_task(self._tick(courier, progress))
        try:
            while await courier.deliver_due():
                progress(pipeline.counts + courier.counts)
            await postman.send_due()
        finally:
            ticking.cancel()

    async def _tick(self, courier: Courier, progress: Callable[[Counter[str]], None]) -> None:
        """Tell how far a long delivery is."""
        while True:
            await asyncio.sleep(TICK_S)
            progress(self.pipeline.counts + courier.counts)

    async def _work(self, courier: Courier, postman: Postman, owner: Owner) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        logger.info("worker started", owner=owner.id)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._repeat("decide", self._decide_and_compose, stop))
            group.create_task(self._repeat("deliver", courier.deliver_due, stop))
            group.create_task(self._repeat("coverage", self._watch_coverage(), stop, COVERAGE_S))
            group.create_task(self._repeat("letters", postman.send_due, stop, LETTERS_S))
            for name in CHECKS:  # each by itself: one that fails keeps no other from being done
                group.create_task(self._repeat(f"nightly {name}", partial(self._check_night, name), stop, NIGHTLY_S))
            group.create_task(_stop_senders(stop, courier, postman))
            group.create_task(
                self._repeat("reconcile", lambda: self._db(self.pipeline.reconcile, owner), stop, RECONCILE_S)
            )
        logger.info("worker stopped", owner=owner.id)

    def _watch_coverage(self) -> Callable[[], Awaitable[object]]:
        pipeline = self.pipeline
        watch = Watch(pipeline.world)
        return lambda: self._db(lambda: watch.look(pipeline.now()))

    async def _check_night(self, name: str) -> object:
        return await asyncio.get_running_loop().run_in_executor(self.nightly, self._check_night_here, name)

    def _check_night_here(self, name: str) -> object:
        pipeline = self.pipeline
        try:
            return check_night(name, pipeline.config, pipeline.catalogue, pipeline.now())
        finally:
            connection.close()

    async def _decide(self) -> object:
        decided = await self._db(self.pipeline.decide_accepted)
        if self.pipeline.matcher.has_index and not gc.get_freeze_count():
            await self._db(_keep_what_is_loaded)
        return decided

    async def _decide_and_compose(self) -> object:
        decided = await self._decide()
        return await self._db(self.pipeline.compose_due) or decided

    async def _repeat(
        self, name: str, step: Callable[[], Awaitable[object]], stop: asyncio.Event, pause_s: float = IDLE_S
    ) -> None:
        """Run a step until told to stop; after a failure wait longer each time, and say so."""
        failures = 0
        while not stop.is_set():
            try:
                did = await step()
                failures = 0
            except Exception:
                failures += 1
                logger.exception("step failed; it is tried again", step=name, failures=failures)
                await self.threads.leave_database()
                did = 0
            wait_s = min(pause_s * 2**failures, LONGEST_PAUSE_S) if failures or not did or pause_s > IDLE_S else 0
            if wait_s:
                try:
                    await asyncio.wait_for(stop.wait(), wait_s)
                except TimeoutError:
                    continue
            else:
                await asyncio.sleep(0)


async def _stop_senders(stop: asyncio.Event, *senders: Courier | Postman) -> None:
    """Let mails that are on their way arrive when told to stop, and begin no more."""
    await stop.wait()
    for one in senders:
        one.stop()


def _keep_what_is_loaded() -> None:
    """Let collections skip people, settings and index, and come less often.

    With 10,000 people each full one stops all threads for 80 ms. So none comes before: what is garbage by now stays
    (of 140,000 objects there were 9).
    """
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)
