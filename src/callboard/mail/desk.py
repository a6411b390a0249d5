"""The delivery's side of the database: lease, check and write, begin and record. Runs in one thread.

Mails are read and written outside of any transaction. The one short transaction of a group of
connections records their outcomes, checks their next mails once more against what is committed
by then (S5), and begins these. Only a mail that a change of settings touched meanwhile is
written again, after that transaction and before another.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db import Error, transaction

from callboard.base.clock import Clock
from callboard.base.config import Config
from callboard.base.instants import from_us
from callboard.base.reasons import Importance, Reason
from callboard.base.texts import shown
from callboard.decisions import store as ledger
from callboard.decisions.store import Content
from callboard.mail import store
from callboard.mail.breakers import Breakers
from callboard.mail.checking import Checker, Items
from callboard.mail.composing import gone_of
from callboard.mail.dkim import make_signer, sign
from callboard.mail.models import MailState
from callboard.mail.owners import Owner
from callboard.mail.replies import Fate, Reply, envelope_address, retry_delay
from callboard.mail.store import Leased, Result
from callboard.mail.writing import Told, Writer
from callboard.people.values import Person

DRAFTS_AT_ONCE = 50
ITEMS_AT_ONCE = 500
CRITICAL = Importance.CRITICAL.rank
LEASE_S = 60.0
"""Seconds of real time after which a lease of a silent owner ends. Source: interfaces 3, drain."""
_STATES = {
    Fate.SENT: MailState.SENT,
    Fate.FAILED: MailState.FAILED,
    Fate.POLICY: MailState.FAILED,
    Fate.NO_SUCH_ADDRESS: MailState.HELD,
}

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Draft:
    """A mail that is checked and written as of a revision of people and settings.

    `reasons` say for each of the items why it may not leave; `ids` are their decisions, as read.
    `raw` is empty when nothing may leave, or when it can not be written: `fault` says why.
    """

    mail: Leased
    person: Person
    person_key: str
    recipient: str
    revision: int
    items: Items
    ids: tuple[str, ...]
    reasons: tuple[Reason | None, ...]
    raw: bytes
    fault: str

    @property
    def domain(self) -> str:
        """Return the recipient's domain."""
        return self.mail.domain

    @property
    def rank(self) -> int:
        """Return 0 for critical, up to 2."""
        return self.mail.rank


class Desk:
    """Everything the courier asks of the database. `counts`: how many mails ended a try, and how."""

    def __init__(self, config: Config, clock: Clock, checker: Checker, owner: Owner) -> None:
        self.clock = clock
        self.checker = checker
        self.owner = owner
        self.writer = Writer(config, checker)
        self.signer = make_signer(config)
        self.breakers = Breakers()
        self.counts: Counter[str] = Counter()

    def lease(self, limit: int, crowded: Iterable[str] = ()) -> list[Leased]:
        """Take mails that are due; a look without a lock comes first."""
        now = self.clock.now()
        if not store.is_due(now):
            return []
        self.owner.keep()
        with transaction.atomic():
            return store.lease(self.owner.id, time.time() + LEASE_S, now, limit, crowded)

    def extend(self, mail_ids: set[int]) -> None:
        """Keep leases for longer."""
        with transaction.atomic():
            store.extend_leases(mail_ids, self.owner.id, time.time() + LEASE_S)

    def give_back(self, drafts: Sequence[Draft]) -> None:
        """Let go of mails that were not begun."""
        with transaction.atomic():
            store.release_leases([one.mail for one in drafts], self.owner.id)

    # check and write

    def draft(self, mails: Sequence[Leased]) -> list[Draft]:
        """Read, check and write the first of these mails; no transaction is open meanwhile.

        So many that a commit that waits for this thread waits for milliseconds: at least one.
        """
        mails = mails[:DRAFTS_AT_ONCE]
        self.checker.world.refresh()
        contents: dict[int, list[Content]] = {}
        for one in ledger.contents_of_mails(mail.id for mail in mails):
            contents.setdefault(one.mail_id or 0, []).append(one)
        try:
            lists = self.checker.lists(tuple(one.items for one in contents.get(mail.id, ())) for mail in mails)
        except Error:
            raise  # the database is away or full: no mail's fault
        except Exception as exc:
            # A stored event that can not be read: its mails fail, the others are drafted one by one.
            if len(mails) > 1:
                return [draft for one in mails for draft in self.draft([one])]
            logger.exception("mail cannot be read", mail=mails[0].id)
            return [self._unreadable(mails[0], exc)]
        drafts: list[Draft] = []
        written = 0
        for mail, items in zip(mails, lists, strict=True):
            drafts.append(self._draft(mail, contents.get(mail.id, []), items))
            written += len(items.pairs) if self.writer.was_new else 0
            if written > ITEMS_AT_ONCE:
                break
        return drafts

    def _unreadable(self, mail: Leased, exc: Exception) -> Draft:
        world = self.checker.world
        person = world.directory.persons[mail.user_id]
        recipient, fault = envelope_address(person.email), _fault(exc)
        return Draft(mail, person, person.key, recipient, world.revision, Items((), {}), (), (), b"", fault)

    def _draft(self, mail: Leased, contents: Sequence[Content], items: Items) -> Draft:
        world = self.checker.world
        person = world.directory.persons[mail.user_id]
        reasons = self.checker.verdicts(person, items, self.clock.now())
        kept = self.checker.part(items, reasons)
        ids = tuple(one.ids for one in contents)
        recipient = envelope_address(person.email)
        draft = Draft(mail, person, person.key, recipient, world.revision, items, ids, reasons, b"", "")
        if kept.pairs:
            # Released mails leave as one digest: the weakest of their frequencies describes it.
            frequency = max((one.frequency for one in contents), key=lambda one: one.rank)
            starts_us, ends_us = min(one.starts_us for one in contents), max(one.ends_us for one in contents)
            self._write(draft, Told(kept, frequency, starts_us, ends_us))
        return draft

    def _write(self, draft: Draft, told: Told) -> None:
        """Write the mail; one that can not be written fails, with the reason, alone (P3)."""
        try:
            raw = self.writer.write(draft.mail, draft.person, told)
            draft.raw = sign(raw, self.signer) if self.signer else raw
        except Error:
            raise
        except Exception as exc:
            # Whatever is wrong with one mail's words must not keep everybody else's from leaving.
            logger.exception("mail cannot be written", mail=draft.mail.id)
            draft.fault = _fault(exc)

    # begin and record

    def commit(self, results: Sequence[Result], drafts: Sequence[Draft]) -> dict[int, Draft]:
        """Record outcomes and begin mails in one transaction; return what may leave now, by mail id."""
        begun: dict[int, Draft] = {}
        waiting = [one.mail for one in self._commit(results, drafts, begun)]
        while waiting:
            again = self.draft(waiting)
            waiting = waiting[len(again) :] + [one.mail for one in self._commit([], again, begun)]
        return begun

    def _commit(self, results: Sequence[Result], drafts: Sequence[Draft], begun: dict[int, Draft]) -> list[Draft]:
        """Do one transaction; add to `begun`, return the drafts that a change of settings has overtaken."""
        now = self.clock.now()
        counts: Counter[str] = Counter()
        with transaction.atomic():
            if results:
                store.record_results(results, self.owner.id, now)
                counts.update("deferred" if one.state is MailState.QUEUED else one.state.value for one in results)
                self.breakers.follow(results, self.checker.world.directory, counts, now)
            begins, stale = self._begin(drafts, counts, now) if drafts else ({}, [])
        self.counts.update(counts)
        begun |= begins
        return stale

    def _begin(
        self, drafts: Sequence[Draft], counts: Counter[str], now: datetime
    ) -> tuple[dict[int, Draft], list[Draft]]:
        """Re-check, hold what is suppressed, record the attempts of the rest (S5, P4)."""
        self.checker.world.refresh()
        mine = store.still_leased([one.mail for one in drafts], self.owner.id)
        current = [one for one in drafts if one.mail.id in mine]
        stale = [one for one in current if self._is_overtaken(one, now)]
        if stale:
            current = [one for one in current if one not in stale]
        suppressed = store.suppressions([one.person_key for one in current]) if current else {}
        withdrawn: dict[int, Reason] = {}
        ready: dict[int, Draft] = {}
        ends: list[tuple[Draft, MailState, str]] = []
        for draft in current:
            withdrawn |= gone_of(draft.items, draft.reasons, *draft.ids)
            if all(draft.reasons) and not draft.fault:
                ends.append((draft, MailState.WITHDRAWN, ""))
            elif (held := suppressed.get(draft.person_key)) and not (held[1] and draft.rank == CRITICAL):
                ends.append((draft, MailState.HELD, held[0]))
            elif not draft.raw:
                ends.append((draft, MailState.FAILED, draft.fault))
            else:
                ready[draft.mail.id] = draft
        if withdrawn:
            ledger.withdraw(withdrawn, now)
        for draft, state, reply in ends:
            store.set_state([draft.mail.id], state, now, reply)
            counts[state.value] += 1
        store.begin_attempts([one.mail for one in ready.values()], now)
        return ready, stale

    def _is_overtaken(self, draft: Draft, now: datetime) -> bool:
        """Return whether a change since it was written says something else of the person or of an item."""
        world = self.checker.world
        if draft.revision == world.revision:
            return False
        person = world.directory.persons[draft.mail.user_id]
        if person != draft.person or self.checker.verdicts(person, draft.items, now) != draft.reasons:
            return True
        draft.revision = world.revision
        return False

    # outcomes

    def result(self, draft: Draft, reply: Reply) -> Result:
        """Return the mail's state after a try: retried until its expiry, then failed (P4)."""
        state = MailState.QUEUED if reply.of_hop else _STATES.get(reply.fate, MailState.QUEUED)
        again = None
        if state is MailState.QUEUED:
            now, expires_at = self.clock.now(), from_us(draft.mail.expires_us)
            if now >= expires_at:
                state = MailState.FAILED
            else:
                delay = retry_delay(draft.mail.attempts + 1, random.random())  # noqa: S311 - jitter, not a secret
                again = min(now + delay, expires_at)
        return Result(mail=draft.mail, state=state, reply=reply, next_attempt_at=again)

    # pauses

    def pause(self, domain: str, drafts: Sequence[Draft], reason: str) -> None:
        """Put off what is due for a domain that is in trouble, or for all when it is the next hop."""
        now = self.clock.now()
        counts: Counter[str] = Counter()
        with transaction.atomic():
            store.release_leases([one.mail for one in drafts], self.owner.id)
            self.breakers.open(domain, self.breakers.pause(domain, now), reason, counts, now)
        self.counts.update(counts)

    def take_opened(self) -> set[str]:
        """Return the domains that were paused since the last time."""
        opened, self.breakers.opened = self.breakers.opened, set()
        return opened

    def let_go(self, domain: str, drafts: Sequence[Draft]) -> None:
        """Let mails wait that were not begun when their domain was paused."""
        now = self.clock.now()
        with transaction.atomic():
            store.release_leases([one.mail for one in drafts], self.owner.id)
            _, until = store.last_pause(domain)
            deferred, failed = store.put_off(domain, until, now, "paused")
        self.counts.update({"deferred": deferred, MailState.FAILED.value: failed})


def _fault(exc: Exception) -> str:
    return shown(f"cannot be written: {str(exc) or type(exc).__name__}")
