"""`/console/`: what needs an operator now, each with the way to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from callboard.base.texts import shown
from callboard.console import store
from callboard.console.coverage import count_unused
from callboard.console.known import instant, now, span
from callboard.console.mail_tables import DAYS
from callboard.console.operators import console
from callboard.decisions import store as ledger
from callboard.insights.store import count_gaps
from callboard.intake import store as log
from callboard.mail import outbox
from callboard.mail.letters.store import count_failed_since as count_failed_letters
from callboard.support import store as support

LATE_S = 300
"""Seconds after which mail that is due is late: a pass of a worker takes less than one."""
_MAILS = "/console/mail/mail/?state="


@dataclass(frozen=True, slots=True)
class Need:
    """One thing to look at: how much of it there is, what it means, and where it is."""

    title: str
    value: str
    says: str
    url: str
    tone: str


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Show what waits for a person, and what is as it should be."""
    needs = list(_needs())
    context = {
        **console.each_context(request),
        "title": "What needs an operator",
        "section": "overview",
        "needs": [one for one in needs if one.tone],
        "fine": [one for one in needs if not one.tone],
        "pauses": [(one, instant(one.until), shown(one.reason)) for one in outbox.open_pauses(now(), limit=10)],
        "at": instant(now()),
    }
    return TemplateResponse(request, "console/overview.html", context)


def _needs() -> Iterator[Need]:
    at = outbox.standing()
    yield _need("Requests for help", support.count_open(), "People who wait for an answer.",
                "/console/support/ticket/?state=open", tone="brass")  # fmt: skip
    yield _need("Coverage gaps", count_gaps(), "Critical kinds of events that would reach nobody at a partner.",
                "/console/coverage")  # fmt: skip
    says = "Nobody uses the account, and it is the partner's last Master: name another, or deactivate it."
    yield _need("Unused Masters", count_unused(), says, "/console/unused", tone="brass")
    parked = store.count_parked(outbox.MOST_COUNTED)
    pauses = len(outbox.open_pauses(now()))
    yield _need("Held messages", at.held, "The address was refused; release it when it is right.", _MAILS + "held")
    lately = outbox.count_failed_since(now() - timedelta(days=DAYS))
    says = f"In the last {DAYS} days: refused for good, or expired. Send them again, or settle it by hand."
    yield _need("Failed messages", lately, says, _MAILS + "failed_lately")
    lately = count_failed_letters(now() - timedelta(days=DAYS))
    says = f"Invitations and the like that did not arrive in the last {DAYS} days. Send them again, or tell the person."
    yield _need("Failed letters", lately, says, "/console/mail/postedletter/?state=failed")
    says = "Cut off after the end was sent: perhaps arrived. They are sent again by themselves."
    yield _need("Messages in doubt", at.in_doubt, says, _MAILS + "in_doubt", tone="brass")
    yield _need("Parked events", parked, "Could not be decided; read the reason and try again.",
                "/console/intake/eventrecord/?state=2")  # fmt: skip
    yield _need("Suppressed addresses", at.suppressed, "A server says they do not exist; their mails are held.",
                "/console/mail/suppression/?state=held", tone="brass")  # fmt: skip
    yield _need("Paused domains", pauses, "Refused us; nothing goes there until the pause ends.",
                "/console/mail/domainbreaker/?state=open", tone="brass")  # fmt: skip
    yield from _late()
    checks = ledger.count_match_checks()
    says = f"The index was compared with the definition {sum(checks.values()):,} times and must never differ."
    yield _need("Disagreeing self-checks", checks["differing"], says, "/console/explain")


def _need(title: str, count: int, says: str, url: str, tone: str = "critical") -> Need:
    value = f"over {count:,}" if count >= outbox.MOST_COUNTED else f"{count:,}"
    return Need(title, value, says, url, tone if count else "")


def _late() -> Iterator[Need]:
    """Yield how long the oldest work has waited."""
    at = now()
    due = outbox.oldest_due_at(at)
    waits_s = (at - due).total_seconds() if due else 0.0
    says = "How long the message that is due longest has been due. If it grows, look whether a worker runs."
    tone = "critical" if waits_s > LATE_S else ""
    yield Need("Oldest message due", span(waits_s) if due else "none", says, _MAILS + "queued", tone)
    undecided = log.oldest_undecided_at()
    waits_s = (at - undecided).total_seconds() if undecided else 0.0
    says = "How long the oldest event has waited for its decisions."
    tone = "critical" if waits_s > LATE_S else ""
    value = span(waits_s) if undecided else "none"
    yield Need("Oldest event undecided", value, says, "/console/intake/eventrecord/?state=0", tone)
