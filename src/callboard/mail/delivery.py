"""Delivering: lease, re-check, hand over, record. Nothing is lost, doubles stay within P2.

Each connection carries one mail at a time, and takes its next only when the outcome of the
last is committed; so a crash leaves at most one accepted but unrecorded mail per connection.
The commits of all connections are made together. All database work happens in one thread.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parseaddr
from typing import Any, TypeVar

import structlog
from django.db import transaction

from callboard.base.clock import Clock
from callboard.base.config import Config
from callboard.base.errors import CallboardError
from callboard.decisions import store as ledger
from callboard.intake import store as log
from callboard.mail import store
from callboard.mail.composing import keep_allowed, write_letter
from callboard.mail.dkim import make_signer, sign
from callboard.mail.mime import write_mail
from callboard.mail.models import MailState
from callboard.mail.owners import Owner
from callboard.mail.replies import (
    BREAKER_PAUSE,
    BREAKER_RECIPIENTS,
    BREAKER_WITHIN,
    Fate,
    Reply,
    envelope_address,
    retry_delay,
)
from callboard.mail.store import Leased, Result
from callboard.mail.transport import Transport, Unavailable
from callboard.preferences.world import World

CONNECTIONS = 20
"""Connections to the next hop at a time. Source: reference/delivery.md 7, 10–20 to a smarthost."""
LEASE_BATCH = 200
LEASE_S = 60.0
"""Seconds of real time after which a lease of a silent owner ends. Source: interfaces 3, drain."""

logger = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ready:
    """A mail that is re-checked and written, its attempt recorded."""

    mail: Leased
    email: str
    recipient: str
    raw: bytes


@dataclass(slots=True)
class _Turn:
    """What a connection asks of the next commit: record `result`, begin `mail`."""

    result: Result | None
    mail: Leased | None
    answer: asyncio.Future[Ready | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Courier:
    """Delivers what is due over a few connections. Owned by one event loop."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        world: World,
        owner: Owner,
        database: ThreadPoolExecutor,
        new_transport: Callable[[], Transport],
    ) -> None:
        self.config = config
        self.clock = clock
        self.world = world
        self.owner = owner
        self.database = database
        self.sender = envelope_address(parseaddr(config.sender)[1])
        self.signer = make_signer(config)
        self.transports = [new_transport() for _ in range(CONNECTIONS)]
        self.counts: Counter[str] = Counter()
        """How many mails ended a try as sent, deferred, failed, held or withdrawn."""
        self._holding: set[int] = set()
        self._opened = 0
        self._unavailable = ""
        self._turns: list[_Turn] = []
        self._wake = asyncio.Event()

    async def deliver_due(self) -> int:
        """Send a batch of what is due now; return how many mails were taken, 0 when none was due."""
        leased = await self._in_database(self._lease)
        if not leased:
            return 0
        waiting = leased[::-1]
        self._holding = {one.id for one in leased}
        self._opened = 0
        committer = asyncio.create_task(self._commit_turns())
        used = self.transports[: len(leased)]
        try:
            # A connection that fails does not disturb the others in the middle of a mail.
            ends = await asyncio.gather(*(self._serve(one, waiting) for one in used), return_exceptions=True)
        finally:
            committer.cancel()
            self._holding = set()
        failures = [one for one in ends if isinstance(one, BaseException)]
        if failures:
            await self.close()
        if waiting and not self._opened:
            await self._in_database(self._defer, waiting, self._unavailable)
        elif waiting:
            await self._in_database(self._give_back, waiting)
        if failures:
            raise failures[0]
        return len(leased)

    async def keep_leases(self) -> None:
        """Extend the leases of mails that are on their way, for as long as this runs."""
        while True:
            await asyncio.sleep(LEASE_S / 4)
            if self._holding:
                try:
                    await self._in_database(self._extend, set(self._holding))
                except Exception:
                    logger.exception("leases could not be extended; it is tried again")

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(one.close() for one in self.transports))

    async def _in_database(self, work: Callable[..., T], *args: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.database, work, *args)

    async def _serve(self, transport: Transport, waiting: list[Leased]) -> None:
        """Carry one mail after the other over a connection until none waits, or it can not be opened."""
        result: Result | None = None
        while waiting or result:
            if waiting and not await self._is_open(transport):
                await self._turn(result, None)
                return
            mail = waiting.pop() if waiting else None
            ready = await self._turn(result, mail)
            result = None
            if ready is not None:
                reply = await transport.send(self.sender, ready.recipient, ready.raw)
                result = self._result(ready, reply)
                self.counts["deferred" if result.state is MailState.QUEUED else result.state.value] += 1

    async def _is_open(self, transport: Transport) -> bool:
        """Open the connection if need be; a next hop that takes fewer connections than we have is no failure."""
        try:
            await transport.open()
        except Unavailable as exc:
            self._unavailable = str(exc)
            logger.warning("next hop unavailable", reason=str(exc))
            return False
        self._opened += 1
        return True

    async def _turn(self, result: Result | None, mail: Leased | None) -> Ready | None:
        """Wait until the result is committed and the next mail is begun; None when it may not leave."""
        turn = _Turn(result, mail)
        self._turns.append(turn)
        self._wake.set()
        return await turn.answer

    async def _commit_turns(self) -> None:
        """Commit the turns of all connections together, as they come."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            turns, self._turns = self._turns, []
            try:
                ready = await self._in_database(self._commit, turns)
            except Exception as exc:  # noqa: BLE001 - handed to every connection that waits for this commit
                for turn in turns:
                    turn.answer.set_exception(exc)
            else:
                for turn in turns:
                    turn.answer.set_result(ready.get(turn.mail.id) if turn.mail else None)

    # What follows runs in the database thread.

    def _now(self) -> datetime:
        return self.clock.now()

    def _lease(self) -> list[Leased]:
        if not store.is_due(self._now()):
            return []
        self.owner.keep()
        with transaction.atomic():
            return store.lease(self.owner.id, time.time() + LEASE_S, self._now(), LEASE_BATCH)

    def _extend(self, mail_ids: set[int]) -> None:
        with transaction.atomic():
            store.extend_leases(mail_ids, self.owner.id, time.time() + LEASE_S)

    def _give_back(self, mails: list[Leased]) -> None:
        with transaction.atomic():
            store.release_leases([one.id for one in mails], self.owner.id)

    def _defer(self, mails: list[Leased], reason: str) -> None:
        """Put off the whole cohort when the next hop is down: it is the hop's fault, not the mails'."""
        now = self._now()
        reply = Reply(Fate.RETRY, 0, reason)
        with transaction.atomic():
            results = [self._outcome(one, one.attempts + 1, reply, now) for one in mails]
            store.record_results(results, self.owner.id, now)
        self.counts["deferred"] += len(results)

    def _commit(self, turns: Sequence[_Turn]) -> dict[int, Ready]:
        now = self._now()
        with transaction.atomic():
            results = [turn.result for turn in turns if turn.result]
            if results:
                store.record_results(results, self.owner.id, now)
                self._follow_refusals(results, now)
            return self._begin([turn.mail for turn in turns if turn.mail], now)

    def _begin(self, mails: list[Leased], now: datetime) -> dict[int, Ready]:
        """Re-check, hold what is suppressed, write the rest and record its attempts (S5, P4)."""
        if not mails:
            return {}
        self.world.refresh()
        mine = store.still_leased([one.id for one in mails], self.owner.id)
        mails = [one for one in mails if one.id in mine]
        persons = self.world.directory.persons
        suppressed = store.suppressions(persons[one.user_id].email for one in mails)
        items = ledger.items_of_mails(one.id for one in mails)
        windows = ledger.windows_of_mails(one.id for one in mails)
        events = log.load_events(item.event_number for found in items.values() for item in found)
        ready: dict[int, Ready] = {}
        for mail in mails:
            person = persons[mail.user_id]
            kept = keep_allowed(items.get(mail.id, []), events, self.world, now)
            if not kept:
                self._end(mail, MailState.WITHDRAWN, now, "")
            elif person.key in suppressed:
                self._end(mail, MailState.HELD, now, suppressed[person.key])
            else:
                carried = [one for one in windows if one.mail_id == mail.id]
                told = [(item, events[item.event_number]) for item in kept]
                ready_or_none = self._write(mail, carried, told, now)
                if ready_or_none:
                    ready[mail.id] = ready_or_none
        store.begin_attempts([one.mail for one in ready.values()], now)
        return ready

    def _write(self, mail: Leased, windows: Any, told: Any, now: datetime) -> Ready | None:
        """Return the written mail; one that can not be written fails, with the reason, alone (P3)."""
        config, world = self.config, self.world
        try:
            letter = write_letter(mail.id, mail.message_id, mail.composed_at, windows, told, world, config)
            raw = write_mail(
                letter, world.catalogue, world.directory,
                base_url=config.base_url, sender=config.sender, host=config.mail_host,
            )  # fmt: skip
            raw = sign(raw, self.signer) if self.signer else raw
            email = letter.person.email
            return Ready(mail, email, envelope_address(email), raw)
        except (CallboardError, ValueError, KeyError, TypeError) as exc:
            logger.exception("mail cannot be written", mail=mail.id)
            self._end(mail, MailState.FAILED, now, f"cannot be written: {exc}")
            return None

    def _end(self, mail: Leased, state: MailState, now: datetime, reply: str) -> None:
        store.set_state([mail.id], state, now, reply)
        self.counts[state.value] += 1

    def _result(self, ready: Ready, reply: Reply) -> Result:
        return self._outcome(ready.mail, ready.mail.attempts + 1, reply, self._now())

    def _outcome(self, mail: Leased, attempt: int, reply: Reply, now: datetime) -> Result:
        """Return the mail's state after a try: retried until its expiry, then failed (P4)."""
        states = {
            Fate.SENT: MailState.SENT,
            Fate.FAILED: MailState.FAILED,
            Fate.NO_SUCH_ADDRESS: MailState.HELD,
        }
        state = states.get(reply.fate, MailState.QUEUED)
        again = None
        if state is MailState.QUEUED and now >= mail.expires_at:
            state = MailState.FAILED
        elif state is MailState.QUEUED:
            delay = retry_delay(attempt, random.random())  # noqa: S311 - jitter, not a secret
            again = min(now + delay, mail.expires_at)
        return Result(mail_id=mail.id, attempt=attempt, state=state, reply=reply, next_attempt_at=again)

    def _follow_refusals(self, results: Sequence[Result], now: datetime) -> None:
        """Suppress addresses that do not exist, or pause a domain that refuses most of its people (P4)."""
        for result in results:
            if result.reply.fate is not Fate.NO_SUCH_ADDRESS:
                continue
            mail = store.find_mail(result.mail_id)
            if mail is None:
                continue
            store.suppress(self.world.directory.persons[mail["user_id"]].email, result.reply.line, now)
            tried, refused = store.refusals_of(mail["domain"], now)
            if tried >= BREAKER_RECIPIENTS and refused * 2 > tried:
                self._open_breaker(mail["domain"], refused, tried, now)

    def _open_breaker(self, domain: str, refused: int, tried: int, now: datetime) -> None:
        """Pause the domain and take back the suppressions of the last minutes: it is not the people."""
        until = now + BREAKER_PAUSE
        reason = f"{refused} of {tried} recipients of {domain} answered 5.1.1 within 10 minutes"
        store.open_breaker(domain, until, reason)
        for user_id, email in store.held_users_of(domain, now - BREAKER_WITHIN):
            store.release_address(email, now)
            store.requeue([mail_id for mail_id, _ in store.held_mails(user_id)], until)
        logger.error("domain paused", domain=domain, reason=reason)
