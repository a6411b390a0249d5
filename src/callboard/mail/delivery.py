"""Delivering: lease, re-check, hand over, record. Nothing is lost, doubles stay within P2.

Each connection carries one mail at a time, and takes its next only when the outcome of the
last is committed; so a crash leaves at most one accepted but unrecorded mail per connection.
The commits of all connections are made together (`groups`); what goes next over a connection is
announced to the server before (`Session`), and begun when the outcome of the last is committed.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import structlog

from callboard.base.clock import Clock
from callboard.base.config import Config
from callboard.mail.checking import Checker
from callboard.mail.desk import Desk, Draft
from callboard.mail.groups import COMMIT_TRIES, Groups
from callboard.mail.lanes import Lanes
from callboard.mail.outcomes import LEASE_S, Outcomes
from callboard.mail.owners import Owner
from callboard.mail.replies import Fate, Reply
from callboard.mail.store import NEXT_HOP, Leased, Result
from callboard.mail.threads import Threads
from callboard.mail.transport import Transport, Unavailable

CONNECTIONS = 44
"""Connections to the next hop at a time: Postfix takes 50 of one client, and letters and sign-in codes need some."""
LEASE_BATCH = 100
MAILS_IN_A_ROW = 16
"""Mails after which a connection looks whether another domain's turn has come."""
LONGEST_FOLLOWING_S = 1.0
"""Seconds a mail waits for the one before it over the same connection while other connections have nothing to do."""
FEW_WAITING = 100
"""Mails ready to go under which the next batch is leased, so that no connection waits for it."""
FEW_FINISHED = 25
"""Mails after which it is looked whether more are to be leased, and whether a lane has room again."""
LOOK_S = 0.05
"""Seconds between two looks for newly due mails while others are on their way."""
SHORT_LOOK_S = 0.005
"""Seconds under which a look was short: the next may be made in the loop."""
LOOK_SHARE = 0.05
"""Part of the time that looks in vain may take: each reads over all that waits for domains that are full."""

logger = structlog.get_logger(__name__)
T = TypeVar("T")


class Courier:
    """Delivers what is due over a few connections. Owned by one event loop."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        checker: Checker,
        owner: Owner,
        threads: Threads,
        new_transport: Callable[[], Transport],
    ) -> None:
        self.desk = Desk(config, clock, checker)
        self.outcomes = Outcomes(clock, owner)
        self.threads = threads
        self.transports = [new_transport() for _ in range(CONNECTIONS)]
        self.looked_s = 0.0
        """Seconds that the last look for due mails took."""
        self._runs: set[_Run] = set()
        self._stopped = False

    @property
    def counts(self) -> Counter[str]:
        """Return how many mails ended a try as sent, deferred, failed, held or withdrawn."""
        return self.outcomes.counts

    async def deliver_due(self) -> int:
        """Send what is due, and what becomes due meanwhile; return how many mails were taken, 0 when none was."""
        if self._stopped:
            return 0
        run = _Run(self)
        self._runs.add(run)
        try:
            return await run.go()
        finally:
            self._runs.discard(run)

    def stop(self) -> None:
        """Take no more mails; those on their way arrive."""
        self._stopped = True
        for run in self._runs:
            run.halt()

    async def keep_leases(self) -> None:
        """Extend the leases of mails that are on their way, for as long as this runs."""
        while True:
            await asyncio.sleep(LEASE_S / 4)
            held = {mail_id for run in self._runs for mail_id in run.holding}
            if held:
                try:
                    await self.threads.at_outbox(self.outcomes.extend, held)
                except Exception:
                    logger.exception("leases could not be extended; it is tried again")

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(one.close() for one in self.transports))


class _Run:
    """One round of delivering: from the first mail that is due until none is, or none can leave."""

    def __init__(self, courier: Courier) -> None:
        self.courier = courier
        self.desk = courier.desk
        self.outcomes = courier.outcomes
        self.lanes: Lanes[Draft] = Lanes(CONNECTIONS)
        self.groups = Groups(courier.threads, self.desk, self.outcomes, self.lanes)
        self.holding: set[int] = set()
        self._unwritten: list[Leased] = []
        self._taken = 0
        self._finished = 0
        self._look_again_s = 0.0
        self._fed = False
        self._halted = False
        self._gone = 0
        self._unavailable = ""
        self._idle: list[asyncio.Future[None]] = []
        self._hungry = asyncio.Event()

    async def go(self) -> int:
        """Deliver; every task ends before this does."""
        if not await self._lease():
            return 0
        feeding = asyncio.create_task(self._keep_feeding())
        tasks = [feeding, asyncio.create_task(self.groups.run())]
        ends: list[Any] = []
        try:
            # A connection that fails does not disturb the others in the middle of a mail.
            ends += await asyncio.gather(*map(self._serve, self.courier.transports), return_exceptions=True)
            await asyncio.wait([feeding])  # what it leases just now is let go of with the rest
        finally:
            for one in tasks:
                one.cancel()
            ends += await asyncio.gather(*tasks, return_exceptions=True)
        failures = [one for one in ends if isinstance(one, Exception)]
        if failures:
            await self.courier.close()
        await self._leave_rest()
        if failures:
            raise failures[0]
        return self._taken

    def halt(self) -> None:
        """Take no more mails."""
        self._halted = True
        self._hungry.set()
        self._rouse()

    async def _leave_rest(self) -> None:
        """Let go of what still waits; when no connection was left, the next hop rests."""
        at_outbox = partial(self.courier.threads.at_outbox, tries=COMMIT_TRIES)
        rest = [*(one.mail for one in self.lanes.clear_all()), *self._unwritten]
        if self._gone == CONNECTIONS:
            await at_outbox(self.outcomes.pause, NEXT_HOP, rest, self._unavailable)
        elif rest:
            await at_outbox(self.outcomes.give_back, rest)

    # feeding

    async def _lease(self) -> bool:
        """Take a batch of mails that are due; return whether there were any."""
        began_s = time.monotonic()
        courier, lease = self.courier, self.outcomes.lease
        is_short = courier.looked_s < SHORT_LOOK_S
        mails = await courier.threads.at_outbox(lease, LEASE_BATCH, self.lanes.crowded(), is_short=is_short)
        now_s = time.monotonic()
        courier.looked_s = now_s - began_s
        self._look_again_s = now_s + (LOOK_S if mails else max(LOOK_S, courier.looked_s / LOOK_SHARE))
        self._taken += len(mails)
        self.holding |= {one.id for one in mails}
        self._unwritten = mails
        return bool(mails)

    async def _keep_feeding(self) -> None:
        """Write what is leased, some at a time, and lease when few are left, until nothing is due or on its way."""
        loop = asyncio.get_running_loop()
        try:
            while not self._halted:
                if self._idle:
                    self.lanes.recall(time.monotonic() - LONGEST_FOLLOWING_S)
                self._rouse()
                if self._unwritten:
                    drafts = await self.courier.threads.at_desk(self.desk.draft, self._unwritten)
                    del self._unwritten[: len(drafts)]
                    self.lanes.add(drafts)
                    continue
                if self._wants_more() and await self._lease():
                    continue
                if self.lanes.is_empty and not self.lanes.in_flight:
                    break
                self._hungry.clear()
                timer = loop.call_later(LOOK_S, self._hungry.set)
                await self._hungry.wait()
                timer.cancel()
        except BaseException:
            self.halt()  # nobody would wake those that wait for room
            raise
        self._fed = True
        self._rouse()

    def _wants_more(self) -> bool:
        """Return whether to lease: few mails wait; or many, but of domains that are full, and others may be due."""
        if self.lanes.has_ready(FEW_WAITING):
            return False
        return self.lanes.waiting < FEW_WAITING or time.monotonic() >= self._look_again_s

    # connections

    async def _serve(self, transport: Transport) -> None:
        """Carry one mail after the other over a connection until none is left, or it can not be used."""
        try:
            while (draft := await self._next()) is not None:
                if not await self._carry(transport, draft):
                    self._gone += 1
                    break
        except BaseException:
            self.halt()
            raise
        if self._gone == CONNECTIONS:
            self.halt()

    async def _next(self) -> Draft | None:
        """Wait for a mail that may go; None when there will be none."""
        self._hungry.set()  # once: who is woken in vain does not ask again
        while not self._halted:
            draft = self.lanes.take()
            if draft is not None:
                return draft
            if self._fed and self.lanes.is_empty:
                break
            idle = asyncio.get_running_loop().create_future()
            self._idle.append(idle)
            await idle
        return None

    async def _carry(self, transport: Transport, draft: Draft | None) -> bool:
        """Carry a mail and those after it; return False when the connection can not be used any more."""
        result: Result | None = None
        number = 0
        while draft is not None or result is not None:
            if draft is not None and not transport.is_open and not await self._open(transport):
                self.lanes.put_back(draft)
                self._rouse()
                await self.groups.turn(result, None)
                return False
            ready = await self.groups.turn(result, draft)
            result = follower = None
            if ready is not draft:
                transport.call_off()  # it does not leave, or was written anew
            if ready is not None:
                number += 1
                follower = self._follower(ready, number)
                result = self.outcomes.result(ready, await self._send(transport, ready, follower))
            reply = result.reply if result else None
            if draft is not None:
                await self._finish(draft, reply)
            is_refused = reply is not None and reply.of_hop
            if follower is not None:
                follower = self._let_follow(transport, follower, may=not (is_refused or self._halted))
            if reply is not None and is_refused:
                self._unavailable = reply.line
                logger.warning("next hop refuses us", reason=reply.line)
                await self.groups.turn(result, None)
                return False
            draft = follower or (None if self._halted else self.lanes.take())
        return True

    def _follower(self, draft: Draft, number: int) -> Draft | None:
        """Return what follows a mail, the so many-th over its connection; nothing when another domain has its turn."""
        if self._halted or number % MAILS_IN_A_ROW == 0:
            return None
        return self.lanes.follow(draft, time.monotonic(), is_any_idle=bool(self._idle))

    def _let_follow(self, transport: Transport, follower: Draft, *, may: bool) -> Draft | None:
        """Return the follower if it may go now over this connection; else it waits for its turn again."""
        if self.lanes.advance(follower):
            if may:
                return follower
            self.lanes.put_back(follower)
            self._rouse()
        transport.call_off()
        return None

    async def _send(self, transport: Transport, draft: Draft, follower: Draft | None) -> Reply:
        """Hand over a mail that was begun; what follows it over the same connection is told of it."""
        # The server may have closed while the begin was committed: nothing was said of this mail yet.
        if not transport.is_open and not await self._open(transport):
            return Reply(Fate.RETRY, 0, self._unavailable, of_hop=True)
        mail, ahead = draft.mail_object, follower.mail_object if follower else None
        if mail is None:
            raise RuntimeError("a mail was begun that is not written")
        return await transport.send(mail, ahead)

    async def _open(self, transport: Transport) -> bool:
        """Open a connection; a next hop that takes fewer connections than we have is no failure."""
        try:
            await transport.open()
        except Unavailable as exc:
            self._unavailable = str(exc)
            logger.warning("next hop unavailable", reason=str(exc))
            return False
        return True

    async def _finish(self, draft: Draft, reply: Reply | None) -> None:
        """Let the lane know; pause the domain when it stays in trouble."""
        self.holding.discard(draft.mail.id)
        self._finished += 1
        if self._finished % FEW_FINISHED == 0:
            self._hungry.set()
        if self.lanes.finish(draft, reply) and reply is not None:
            rest = [one.mail for one in self.lanes.clear(draft.domain)]
            pause, reason = self.outcomes.pause, f"{draft.domain}: {reply.line}"
            await self.courier.threads.at_outbox(pause, draft.domain, rest, reason)

    def _rouse(self) -> None:
        """Let idle connections look again."""
        idle, self._idle = self._idle, []
        for one in idle:
            if not one.done():
                one.set_result(None)
