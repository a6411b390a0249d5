"""Metrics for Prometheus: the state of the database, and what this process counted.

A scrape costs little however long the log and the outbox are: what is waiting is read from
its own indexes, what is done is counted anew only so often that counting takes at most a
hundredth of the time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from callboard.api import process, store
from callboard.api.access import bearer
from callboard.api.counters import REGISTRY
from callboard.api.health import backlog
from callboard.api.outcomes import OUTCOMES, busiest
from callboard.api.problems import Problem
from callboard.base.proxies import FORWARDED
from callboard.decisions import store as ledger
from callboard.insights import store as insights
from callboard.intake import store as log
from callboard.mail import direct, outbox
from callboard.mail import store as mails
from callboard.mail.feedback import store as reports
from callboard.mail.letters import store as letters
from callboard.mail.models import MailState
from callboard.support import store as support

CHEAP_S = 0.05
"""What costs less is counted at every scrape."""
SHARE = 0.01
"""Part of the time that counting may take."""


class Totals:
    """Counts of whole tables, kept for as long as counting them again would cost more than its share."""

    def __init__(
        self, count: Callable[[], dict[str, dict[str, int]]], seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._count, self._seconds = count, seconds
        self._known: dict[str, dict[str, int]] = {}
        self._until_s = 0.0

    def read(self) -> dict[str, dict[str, int]]:
        """Return the counts, as old as their cost makes them."""
        began_s = self._seconds()
        if not self._known or began_s >= self._until_s:
            self._known = self._count()
            cost_s = self._seconds() - began_s
            self._until_s = 0.0 if cost_s < CHEAP_S else began_s + cost_s / SHARE
        return self._known

    def forget(self) -> None:
        """Count again at the next look, as a test with a new database needs."""
        self._known, self._until_s = {}, 0.0


def _count_all() -> dict[str, dict[str, int]]:
    return {
        "events": {"all": store.count_all_events()},
        "decisions": store.count_decisions(),
        "mails": mails.count_mails(),
        "letters": letters.count_letters((MailState.SENT, MailState.WITHDRAWN)),
    }


TOTALS = Totals(_count_all)


_AGES = (
    (
        "callboard_oldest_undecided_seconds",
        "oldest_undecided_s",
        "Age of the oldest event without decisions; 0: none waits",
    ),
    (
        "callboard_oldest_due_mail_seconds",
        "oldest_due_mail_s",
        "How long the oldest mail that is due has been due; 0: none is",
    ),
)


class _Database(Collector):
    """Reads the state of all work when it is scraped, so that it is true for all processes together."""

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        """Yield the families."""
        totals, ages = TOTALS.read(), backlog(process.now())
        yield from _of_events(totals)
        yield from _of_mails(totals)
        for name, key, said in _AGES:
            yield GaugeMetricFamily(name, said, value=ages[key] or 0.0)
        gaps = "Critical event types that nobody of a partner receives who should, as of the last look for gaps"
        yield GaugeMetricFamily("callboard_coverage_gaps", gaps, value=insights.count_gaps())
        yield from _of_domains()
        yield from _of_reports()
        said = "Requests for help that wait for an answer of the operators"
        yield GaugeMetricFamily("callboard_open_requests", said, value=support.count_open())


def _of_events(totals: dict[str, dict[str, int]]) -> Iterator[GaugeMetricFamily]:
    waiting = store.count_waiting()
    decided = max(0, totals["events"]["all"] - sum(waiting.values()))
    yield _by_label("callboard_events", "Events in the log, by state", "state", waiting | {"decided": decided})
    yield _by_label("callboard_decisions", "Rows of the ledger, by outcome", "outcome", totals["decisions"])
    yield _by_label(
        "callboard_match_checks",
        "Events matched by index and by definition, by result; alarm when any is differing",
        "result",
        ledger.count_match_checks(),
    )


def _of_mails(totals: dict[str, dict[str, int]]) -> Iterator[GaugeMetricFamily]:
    standing = outbox.standing()
    stuck = {"held": standing.held, "failed": standing.failed, "bounced": standing.bounced}
    fresh = {state: count for state, count in stuck.items() if count < outbox.MOST_COUNTED}
    yield _by_label("callboard_mails", "Mails, by state", "state", totals["mails"] | fresh)
    said = "Invitations, warnings and other letters of our own words, by state"
    yield _by_label("callboard_letters", said, "state", totals["letters"] | letters.count_letters(letters.STUCK))
    said = "Mails that were cut off after their end was sent: perhaps accepted, and sent again"
    yield GaugeMetricFamily("callboard_in_doubt_mails", said, value=standing.in_doubt)
    said = "Addresses whose mails are held because a server says that they do not exist"
    yield GaugeMetricFamily("callboard_suppressed_addresses", said, value=standing.suppressed)


def _of_reports() -> Iterator[CounterMetricFamily]:
    said = "Reports that came back about mails, by what became of them: bounces, delays, complaints, unreadable ones"
    family = CounterMetricFamily("callboard_reports", said, labels=["result"])
    for result, count in sorted(reports.count_reports(()).items()):
        family.add_metric([result], count)
    yield family


def _of_domains() -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
    unsent = busiest(outbox.count_unsent())
    yield _by_label("callboard_unsent_mails", "Mails that wait for their turn or retry, by domain", "domain", unsent)
    tries = CounterMetricFamily(
        "callboard_mail_attempts",
        "Tries to hand over a mail since this process began to look, by domain and by what the server answered",
        labels=["domain", "outcome"],
    )
    for (domain, outcome), count in sorted(OUTCOMES.read().items()):
        tries.add_metric([domain, outcome], count)
    yield tries
    pauses = {one.name: 1 for one in outbox.open_pauses(process.now())}
    said = "Domains that are left alone for now, and the next hop; 1 while the pause lasts"
    yield _by_label("callboard_paused_domain", said, "domain", busiest(pauses))
    hop = "Whether the next hop itself is left alone for now: nothing is sent"
    yield GaugeMetricFamily("callboard_next_hop_paused", hop, value=1 if outbox.is_hop_paused(process.now()) else 0)


def _by_label(name: str, said: str, label: str, counts: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, said, labels=[label])
    for key, count in sorted(counts.items()):
        family.add_metric([key], count)
    return family


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer on loopback, or to who has a key.

    Raises:
        Problem: the request comes from elsewhere, without a key.
    """
    if not _is_local(request) and not _has_key(request):
        raise Problem("forbidden", "metrics are answered on loopback, or with a key")
    database = CollectorRegistry()
    database.register(_Database())
    text = generate_latest(database) + generate_latest(REGISTRY) + generate_latest(direct.REGISTRY)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)


def _has_key(request: HttpRequest) -> bool:
    key = bearer(request)
    return bool(key) and log.is_valid_key(key)


def _is_local(request: HttpRequest) -> bool:
    """Return whether the request comes from this host itself, not through a proxy that runs here."""
    if any(request.META.get(header) for header in FORWARDED):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
