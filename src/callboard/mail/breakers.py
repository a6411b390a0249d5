"""When refusals say more about us or a whole domain than about one person (P4). Called inside a commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from callboard.mail import store
from callboard.mail.models import MailState
from callboard.mail.replies import (
    BREAKER_PAUSE,
    BREAKER_RECIPIENTS,
    BREAKER_WITHIN,
    FIRST_HOP_PAUSE,
    FIRST_PAUSE,
    FORGOTTEN_AFTER,
    LONGEST_HOP_PAUSE,
    LONGEST_PAUSE,
    POLICY_RECIPIENTS,
    Fate,
    pause_after,
)
from callboard.mail.store import Result

logger = structlog.get_logger(__name__)


class Breakers:
    """Suppresses addresses, pauses domains, takes back what was the domain's fault.

    `opened` collects the domains that were paused, for who sends to let go of their mails.
    """

    def __init__(self) -> None:
        self.opened: set[str] = set()

    def follow(self, results: Sequence[Result], counts: Counter[str], now: datetime) -> None:
        """Draw the conclusions from a group of outcomes; `counts` are corrected where mails come back."""
        for result in results:
            if result.reply.of_hop or result.state is MailState.SENT:
                continue
            if result.reply.fate is Fate.NO_SUCH_ADDRESS:
                self.suppress(result.email, result.mail.domain, result.reply.line, counts, now)
            elif result.reply.fate is Fate.POLICY:
                self._look_at_policy(result, counts, now)

    def suppress(self, email: str, domain: str, words: str, counts: Counter[str], now: datetime) -> None:
        """Suppress an address that does not exist, or pause a domain that says so of most of its people."""
        store.suppress(email, words, now)
        tried, gone = store.gone_of(domain, now)
        if tried < BREAKER_RECIPIENTS or gone * 2 <= tried:
            return
        held: list[int] = []
        bounced: list[int] = []
        for user_id, one in store.held_users_of(domain, now - BREAKER_WITHIN):
            store.release_address(one, now)
            held += [mail_id for mail_id, _ in store.held_mails(user_id)]
            bounced += store.bounced_mails(user_id, now)
        reason = f"{gone} of {tried} recipients of {domain} are said not to exist (5.1.1) within 10 minutes"
        counts.subtract({MailState.HELD.value: len(held)})
        store.requeue([*held, *bounced], now)
        self.open(domain, BREAKER_PAUSE, reason, counts, now)

    def _look_at_policy(self, result: Result, counts: Counter[str], now: datetime) -> None:
        """Pause a domain whose policy refuses most of its people: it is about us."""
        domain = result.mail.domain
        tried, refused = store.refusals_of(domain, "5.7.", now)
        if refused < POLICY_RECIPIENTS or refused * 2 <= tried:
            return
        mails = store.refused_since(domain, r"5\.7\.", now - BREAKER_WITHIN)
        reason = f"{domain} refuses us: {result.reply.line}"
        counts.subtract({MailState.FAILED.value: len(mails)})
        store.requeue(mails, now)
        self.open(domain, self.pause(domain, now), reason, counts, now)

    def open(self, domain: str, pause: timedelta, reason: str, counts: Counter[str], now: datetime) -> None:
        """Pause a domain, or the next hop: what is due there waits until the pause ends."""
        store.open_breaker(domain, now, pause, reason)
        deferred, failed = store.put_off(domain, now + pause, now, reason)
        counts.update({"deferred": deferred, MailState.FAILED.value: failed})
        self.opened.add(domain)
        logger.error("paused", domain=domain or "next hop", seconds=pause.total_seconds(), reason=reason)

    def pause(self, domain: str, now: datetime) -> timedelta:
        """Return how long a domain, or the next hop, is left alone now: longer each time that did not help."""
        first, longest = (
            (FIRST_HOP_PAUSE, LONGEST_HOP_PAUSE) if domain == store.NEXT_HOP else (FIRST_PAUSE, LONGEST_PAUSE)
        )
        return pause_after(_recent_pause(domain, now), first, longest)


def _recent_pause(domain: str, now: datetime) -> timedelta:
    pause, ended_at = store.last_pause(domain)
    return pause if now - ended_at < FORGOTTEN_AFTER else timedelta(0)
