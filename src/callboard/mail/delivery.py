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
from callboard.mail.feeding import Feed
from callboard.mail.groups import COMMIT_TRIES, Groups
from callboard.mail.lanes import Lanes
from callboard.mail.outcomes import LEASE_S, Outcomes
from callboard.mail.owners import Owner
from callboard.mail.replies import Fate, Reply
from callboard.mail.store import NEXT_HOP, Result
from callboard.mail.threads import Threads
from callboard.mail.transport import Transport, Unavailable

CONNECTIONS = 44
"""Connections to the next hop at a time: Postfix takes 50 of one client, and letters and sign-in codes need some."""
MAILS_IN_A_ROW = 16
"""Mails after which a connection looks whether another domain's turn has come."""

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
            run.feed.halt()

    async def keep_leases(self) -> None:
        """Extend the leases of mails that are on their way, for as long as this runs."""
        while True:
            await asyncio.sleep(LEASE_S / 4)
            held = {mail_id for run in self._runs for mail_id in run.feed.holding}
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
        self.outcomes = courier.outcomes
        self.lanes: Lanes[Draft] = Lanes(CONNECTIONS)
        self.feed = Feed(courier.threads, courier.desk, self.outcomes, self.lanes)
        self.groups = Groups(courier.threads, courier.desk, self.outcomes, self.feed)
        self._gone = 0
        self._unavailable = ""

    async def go(self) -> int:
        """Deliver; every task ends before this does."""
        if not await self.feed.lease():
            return 0
        feeding = asyncio.create_task(self.feed.run())
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
        return self.feed.taken

    async def _leave_rest(self) -> None:
        """Let go of what still waits; when no connection was left, the next hop rests."""
        at_outbox = partial(self.courier.threads.at_outbox, tries=COMMIT_TRIES)
        rest = self.feed.clear_all()
        if self._gone == CONNECTIONS:
            await at_outbox(self.outcomes.pause, NEXT_HOP, rest, self._unavailable)
        elif rest:
            await at_outbox(self.outcomes.give_back, rest)

    # connections

    async def _serve(self, transport: Transport) -> None:
        """Carry one mail after the other over a connection until none is left, or it can not be used."""
        try:
            while (draft := await self.feed.next()) is not None:
                if not await self._carry(transport, draft):
                    self._gone += 1
                    break
        except BaseException:
            self.feed.halt()
            raise
        if self._gone == CONNECTIONS:
            self.feed.halt()

    async def _carry(self, transport: Transport, draft: Draft | None) -> bool:
        """Carry a mail and those after it; return False when the connection can not be used any more."""
        result: Result | None = None
        number = 0
        while draft is not None or result is not None:
            if draft is not None and not transport.is_open and not await self._open(transport):
                self.feed.put_back(draft)
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
            if draft is not None and self.feed.finish(draft, reply) and reply is not None:
                await self._pause(draft.domain, reply)
            is_refused = reply is not None and reply.of_hop
            if follower is not None:
                follower = self._let_follow(transport, follower, may=not (is_refused or self.feed.is_halted))
            if reply is not None and is_refused:
                self._unavailable = reply.line
                logger.warning("next hop refuses us", reason=reply.line)
                await self.groups.turn(result, None)
                return False
            draft = follower or (None if self.feed.is_halted else self.lanes.take())
        return True

    def _follower(self, draft: Draft, number: int) -> Draft | None:
        """Return what follows a mail, the so many-th over its connection; nothing when another domain has its turn."""
        if self.feed.is_halted or number % MAILS_IN_A_ROW == 0:
            return None
        return self.lanes.follow(draft, time.monotonic(), is_any_idle=self.feed.is_any_idle)

    def _let_follow(self, transport: Transport, follower: Draft, *, may: bool) -> Draft | None:
        """Return the follower if it may go now over this connection; else it waits for its turn again."""
        if self.lanes.advance(follower):
            if may:
                return follower
            self.feed.put_back(follower)
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

    async def _pause(self, domain: str, reply: Reply) -> None:
        """Let a domain wait that stays in trouble."""
        pause, rest = self.outcomes.pause, self.feed.clear(domain)
        await self.courier.threads.at_outbox(pause, domain, rest, f"{domain}: {reply.line}")
