"""Metrics for Prometheus: the state of the database as it is now, and what this process counted."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from callboard.api import process
from callboard.api.access import bearer
from callboard.api.counters import REGISTRY
from callboard.api.health import backlog
from callboard.api.problems import Problem
from callboard.decisions import store as ledger
from callboard.insights import store as insights
from callboard.intake import store as log
from callboard.mail import direct
from callboard.mail import store as outbox


class _Database(Collector):
    """Reads the state of all work when it is scraped, so that it is true for all processes together."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the families."""
        events = log.count_events()
        events.pop("newest_us", None)
        yield _by_label("callboard_events", "Events in the log, by state", "state", events)
        decisions = insights.count_decisions()
        yield _by_label("callboard_decisions", "Rows of the ledger, by outcome", "outcome", decisions)
        yield _by_label("callboard_mails", "Mails, by state", "state", outbox.count_mails())
        yield _by_label(
            "callboard_match_checks",
            "Events matched by index and by definition, by result; alarm when any is differing",
            "result",
            ledger.count_match_checks(),
        )
        ages = backlog(process.now())
        yield GaugeMetricFamily(
            "callboard_oldest_undecided_seconds",
            "Age of the oldest event without decisions; 0: none waits",
            value=ages["oldest_undecided_s"] or 0.0,
        )
        yield GaugeMetricFamily(
            "callboard_oldest_due_mail_seconds",
            "How long the oldest mail that is due has been due; 0: none is",
            value=ages["oldest_due_mail_s"] or 0.0,
        )


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
    if request.headers.get("X-Forwarded-For") or request.headers.get("Forwarded"):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
