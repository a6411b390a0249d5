"""What a round of delivering lives on: mails are leased when few are left, written, and put into their lanes.

On the embedded database the loop itself commits, and stands still while the disk keeps what was committed. So whatever
can be done without the loop is done then: the next mails are written. And what is due is leased by the transaction that
is on its way anyway: it needs no wait of its own.
"""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import islice

from callboard.mail.desk import DRAFTS_AT_ONCE, Desk, Draft
from callboard.mail.lanes import Lanes
from callboard.mail.outcomes import Outcomes
from callboard.mail.replies import Reply
from callboard.mail.store import Leased
from callboard.mail.threads import Threads

LEASE_BATCH = 100
FEW_WAITING = 100
"""Mails in the lanes under which the next batch is leased, so that no connection waits for it."""
FEW_WRITTEN = 50
"""Mails in the lanes under which the next are written at once, whoever needs the interpreter meanwhile."""
LONGEST_UNWRITTEN_S = 0.02
"""Seconds after which it is not waited for a commit: connections may have nothing to do, or a silent server each."""
WRITTEN_MEANWHILE = 25
"""Mails that are written while a commit is kept: some more than it begins."""
LONGEST_FOLLOWING_S = 1.0
"""Seconds a mail waits for the one before it over the same connection while other connections have nothing to do."""
FEW_FINISHED = 25
"""Mails after which it is looked whether more are to be leased, and whether a lane has room again."""
LOOK_S = 0.05
"""Seconds between two looks for newly due mails while others are on their way."""
SHORT_LOOK_S = 0.005
"""Seconds under which a look was short: the next may be made in the loop."""
LOOK_SHARE = 0.05
"""Part of the time that looks in vain may take: each reads over all that waits for domains that are full."""


class Feed:
    """The mails of one round, from being due to being taken by a connection. Owned by the loop that makes it.

    `holding` has the ids of all that are leased and not finished; `taken` counts them, the finished ones included.
    """

    def __init__(self, threads: Threads, desk: Desk, outcomes: Outcomes, lanes: Lanes[Draft]) -> None:
        self.threads = threads
        self.desk = desk
        self.outcomes = outcomes
        self.lanes = lanes
        self.holding: set[int] = set()
        self.taken = 0
        self.is_halted = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._unwritten: dict[int, Leased] = {}
        self._writing: asyncio.Future[list[Draft]] | None = None
        self._finished = 0
        self._look_again_s = 0.0
        self._write_by_s = 0.0
        self._found_some = False
        self._has_ended = False
        self._idle: list[asyncio.Future[None]] = []
        self._hungry = asyncio.Event()

    # the connections' side

    async def next(self) -> Draft | None:
        """Wait for a mail that may go; None when there will be none."""
        self._hungry.set()  # once: who is woken in vain does not ask again
        while not self.is_halted:
            draft = self.lanes.take()
            if draft is not None:
                return draft
            if self._has_ended and self.lanes.is_empty:
                break
            idle = self._loop.create_future()
            self._idle.append(idle)
            await idle
        return None

    @property
    def is_any_idle(self) -> bool:
        """Return whether a connection waits for a mail."""
        return bool(self._idle)

    def put_back(self, draft: Draft) -> None:
        """Let a mail that was taken wait again, first of its lane."""
        self.lanes.put_back(draft)
        self._rouse()

    def finish(self, draft: Draft, reply: Reply | None) -> bool:
        """Note how a mail ended, None when it was not sent; return whether its domain has to be paused."""
        self.holding.discard(draft.mail.id)
        self._finished += 1
        if self._finished % FEW_FINISHED == 0:
            self._hungry.set()
        return self.lanes.finish(draft, reply)

    def halt(self) -> None:
        """Give out no more mails."""
        self.is_halted = True
        self._hungry.set()
        self._rouse()

    def clear(self, domain: str) -> list[Leased]:
        """Return what waits of a domain, written or not, which it does no longer."""
        unwritten = [one for one in self._unwritten.values() if one.domain == domain]
        for one in unwritten:
            del self._unwritten[one.id]
        return [*(one.mail for one in self.lanes.clear(domain)), *unwritten]

    def clear_all(self) -> list[Leased]:
        """Return all that waits, which it does no longer."""
        unwritten = [*self._unwritten.values()]
        self._unwritten.clear()
        return [*(one.mail for one in self.lanes.clear_all()), *unwritten]

    def _rouse(self) -> None:
        """Let idle connections look again."""
        idle, self._idle = self._idle, []
        for one in idle:
            if not one.done():
                one.set_result(None)

    # leasing and writing

    async def run(self) -> None:
        """Write what is leased, and lease when few are left, until nothing is due or on its way."""
        try:
            while not (self.is_halted or self._has_ended):
                await self._step()
        except BaseException:
            self.halt()  # nobody would wake those that wait for room
            raise
        finally:
            if self._writing is not None:
                await asyncio.wait([self._writing])
        self._has_ended = True
        self._rouse()

    async def _step(self) -> None:
        is_urgent = self._is_urgent
        if self.is_any_idle:
            self.lanes.recall(time.monotonic() - LONGEST_FOLLOWING_S)
        self._rouse()
        if is_urgent:
            self._write(DRAFTS_AT_ONCE)
        if self._writing is not None and (is_urgent or self._writing.done()):
            drafts = await self._writing
            self._writing = None
            self._write_by_s = time.monotonic() + LONGEST_UNWRITTEN_S
            self.lanes.add(self._written(drafts))
        elif not ((is_urgent or not self._commits_lease) and self._wants_more() and await self.lease()):
            self._has_ended = self.lanes.is_empty and not self.lanes.in_flight and not self._unwritten
            if not self._has_ended:
                self._hungry.clear()
                timer = self._loop.call_later(LOOK_S, self._hungry.set)
                await self._hungry.wait()
                timer.cancel()

    @property
    def _is_urgent(self) -> bool:
        """Return whether mails are written at once: commits leave the loop free, or are none, or few mails wait."""
        is_overdue = time.monotonic() >= self._write_by_s
        return not self.threads.is_embedded or is_overdue or self.lanes.waiting < FEW_WRITTEN

    def _write(self, most: int) -> None:
        """Begin to write the next mails, so many at most, if none are written just now."""
        if self._writing is None and self._unwritten:
            mails = list(islice(self._unwritten.values(), most))
            self._writing = self._loop.run_in_executor(self.threads.world, self.desk.draft, mails)
            self._writing.add_done_callback(lambda _: self._hungry.set())

    def _written(self, drafts: list[Draft]) -> list[Draft]:
        """Return those drafts that were not cleared while they were written."""
        kept = [one for one in drafts if self._unwritten.get(one.mail.id) is one.mail]
        for one in kept:
            del self._unwritten[one.mail.id]
        return kept

    def write_meanwhile(self) -> None:
        """Write while a commit is kept, if that is the loop's: while a thread commits, the loop sees to it itself."""
        if threading.get_ident() == self._thread and not self.is_halted:
            self._write(WRITTEN_MEANWHILE)

    async def lease(self) -> bool:
        """Take a batch of mails that are due; return whether there were any."""
        lease, is_short = self.outcomes.lease, self.outcomes.looked_s < SHORT_LOOK_S
        self.take(await self.threads.at_outbox(lease, LEASE_BATCH, self.lanes.crowded(), is_short=is_short))
        return self._found_some

    def take(self, mails: list[Leased]) -> None:
        """Let mails be written that were leased."""
        looked_s = self.outcomes.looked_s
        self._look_again_s = time.monotonic() + (LOOK_S if mails else max(LOOK_S, looked_s / LOOK_SHARE))
        self._found_some = bool(mails)
        self.taken += len(mails)
        self.holding |= {one.id for one in mails}
        self._unwritten |= {one.id: one for one in mails}

    def wanted(self) -> int:
        """Return how many mails the commit that comes next shall lease."""
        return LEASE_BATCH if self._commits_lease and self._wants_more() else 0

    @property
    def _commits_lease(self) -> bool:
        """Return whether leases are left to commits: the loop makes both, and looking is short and not in vain."""
        return self.threads.is_embedded and self._found_some and self.outcomes.looked_s < SHORT_LOOK_S

    def _wants_more(self) -> bool:
        """Return whether to lease: few mails wait; or many, but of domains that are full, and others may be due."""
        if self._unwritten or self._has_ended or self.is_halted or self.lanes.has_ready(FEW_WAITING):
            return False
        return self.lanes.waiting < FEW_WAITING or time.monotonic() >= self._look_again_s
