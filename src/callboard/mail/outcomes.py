"""The delivery's side of the outbox: lease, begin and record, pause. Beside the desk's thread, one piece at a time.

The one short transaction of a group of connections records their outcomes, looks whether people
or settings changed since their next mails were checked (S5), and begins these.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from callboard.base.clock import Clock
from callboard.base.instants import from_us
from callboard.base.reasons import Importance, Reason
from callboard.decisions import store as ledger
from callboard.mail import store
from callboard.mail.breakers import Breakers
from callboard.mail.composing import gone_of
from callboard.mail.desk import Draft
from callboard.mail.models import MailState
from callboard.mail.owners import Owner
from callboard.mail.replies import Fate, Reply, retry_delay
from callboard.mail.store import Leased, Result
from callboard.people.sequences import newest_revision

CRITICAL = Importance.CRITICAL.rank
LEASE_S = 60.0
"""Seconds of real time after which a lease of a silent owner ends. Source: interfaces 3, drain."""
_STATES = {
    Fate.SENT: MailState.SENT,
    Fate.FAILED: MailState.FAILED,
    Fate.POLICY: MailState.FAILED,
    Fate.NO_SUCH_ADDRESS: MailState.HELD,
}


class Committed(NamedTuple):
    """What a commit came to.

    `begun` may leave now, by mail id; `stale` may be overtaken by a change of people or settings.
    """

    begun: dict[int, Draft]
    stale: list[Draft]
    leased: list[Leased]


class Outcomes:
    """Everything the courier writes. `counts`: how many mails ended a try, and how.

    `revision` is that of people and settings as the last commit saw it, `looked_s` how long the last look for due
    mails took.
    """

    def __init__(self, clock: Clock, owner: Owner) -> None:
        self.clock = clock
        self.owner = owner
        self.breakers = Breakers()
        self.counts: Counter[str] = Counter()
        self.revision = -1
        self.looked_s = 0.0

    def lease(self, limit: int, crowded: Iterable[str] = ()) -> list[Leased]:
        """Take mails that are due; a look without a lock comes first.

        Whoever lost its identity takes another one even when nothing is due: its old leases are freed by that.
        """
        began_s = time.monotonic()
        now = self.clock.now()
        self.owner.keep()
        found: list[Leased] = []
        if store.is_due(now):
            with transaction.atomic():
                found = store.lease(self.owner.id, time.time() + LEASE_S, now, limit, crowded)
        self.looked_s = time.monotonic() - began_s
        return found

    def extend(self, mail_ids: set[int]) -> None:
        """Keep leases for longer."""
        with transaction.atomic():
            store.extend_leases(mail_ids, self.owner.id, time.time() + LEASE_S)

    def give_back(self, mails: Sequence[Leased]) -> None:
        """Let go of mails that were not begun."""
        with transaction.atomic():
            store.release_leases(mails, self.owner.id)

    # begin and record

    def commit(
        self,
        results: Sequence[Result],
        drafts: Sequence[Draft],
        wanted: int = 0,
        crowded: Iterable[str] = (),
        meanwhile: Callable[[], None] = lambda: None,
    ) -> Committed:
        """Record outcomes, begin mails and lease so many as are wanted in one transaction.

        `meanwhile` is called last, before the database is waited for.
        """
        now = self.clock.now()
        counts: Counter[str] = Counter()
        leased: list[Leased] = []
        with transaction.atomic():
            if results:
                store.record_results(results, self.owner.id, now)
                counts.update("deferred" if one.state is MailState.QUEUED else one.state.value for one in results)
                self.breakers.follow(results, counts, now)
            begun, stale = self._begin(drafts, counts, now) if drafts else ({}, [])
            if wanted:
                began_s = time.monotonic()
                leased = store.lease(self.owner.id, time.time() + LEASE_S, now, wanted, crowded)
                self.looked_s = time.monotonic() - began_s
            meanwhile()
        self.counts.update(counts)
        return Committed(begun, stale, leased)

    def _begin(
        self, drafts: Sequence[Draft], counts: Counter[str], now: datetime
    ) -> tuple[dict[int, Draft], list[Draft]]:
        """Re-check, record the attempts of what may leave, end what may not (S5, P4): of what is still ours."""
        self.revision = newest_revision()
        current = [one for one in drafts if one.revision == self.revision]
        stale = [one for one in drafts if one.revision != self.revision] if len(current) < len(drafts) else []
        suppressed = store.suppressions([one.person_key for one in current]) if current else {}
        ends = [(one, end) for one in current if (end := _end_of(one, suppressed))]
        ended = {one.mail.id for one, _ in ends}
        ready = [one for one in current if one.mail.id not in ended] if ended else current
        ours = store.begin_attempts([one.mail for one in ready], self.owner.id, now)
        if ends:
            ours |= store.still_leased([one.mail for one, _ in ends], self.owner.id)
        withdrawn: dict[tuple[int, int], Reason] = {}
        for draft in current:
            if any(draft.reasons) and draft.mail.id in ours:
                withdrawn |= gone_of(draft.person, draft.items, draft.reasons)
        if withdrawn:
            ledger.withdraw(withdrawn, now)
        for draft, (state, reply) in ends:
            if draft.mail.id in ours:
                store.set_state([draft.mail.id], state, now, reply)
                counts[state.value] += 1
        return {one.mail.id: one for one in ready if one.mail.id in ours}, stale

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
        return Result(draft.mail, draft.person.email, state, reply, again)

    # pauses

    def pause(self, domain: str, mails: Sequence[Leased], reason: str) -> None:
        """Put off what is due for a domain that is in trouble, or for all when it is the next hop."""
        now = self.clock.now()
        counts: Counter[str] = Counter()
        with transaction.atomic():
            store.release_leases(mails, self.owner.id)
            self.breakers.open(domain, self.breakers.pause(domain, now), reason, counts, now)
        self.counts.update(counts)

    def take_opened(self) -> set[str]:
        """Return the domains that were paused since the last time."""
        opened, self.breakers.opened = self.breakers.opened, set()
        return opened

    def let_go(self, domain: str, mails: Sequence[Leased]) -> None:
        """Let mails wait that were not begun when their domain was paused."""
        now = self.clock.now()
        with transaction.atomic():
            store.release_leases(mails, self.owner.id)
            _, until = store.last_pause(domain)
            deferred, failed = store.put_off(domain, until, now, "paused")
        self.counts.update({"deferred": deferred, MailState.FAILED.value: failed})


def _end_of(draft: Draft, suppressed: dict[str, tuple[str, bool]]) -> tuple[MailState, str] | None:
    """Return how a mail ends that may not leave, and in whose words; None when it may leave."""
    if all(draft.reasons) and not draft.fault:
        return MailState.WITHDRAWN, ""
    why = suppressed.get(draft.person_key)
    if why and not (why[1] and draft.rank == CRITICAL):
        return MailState.HELD, why[0]
    return None if draft.mail_object else (MailState.FAILED, draft.fault)
