"""`/console/coverage` and `/console/unused`: who is told of nothing that matters, and whom nobody has seen for long."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from callboard.base.texts import shown
from callboard.console.known import catalogue, config, instant_us, now, type_name
from callboard.console.operators import console
from callboard.console.people_tables import partner_url, user_url
from callboard.dormant import unused_accounts
from callboard.insights.models import KnownGap
from callboard.people.inactivity import Step
from callboard.people.models import User

MOST = 500


@require_safe
def gaps(request: HttpRequest) -> HttpResponse:
    """List what is critical and would reach nobody, newest first."""
    rows = KnownGap.objects.select_related("partner").order_by("-opened_us", "-id")[:MOST]
    lines = [
        (
            partner_url(one.partner),
            shown(one.partner.name),
            type_name(one.event_type),
            f"since {instant_us(one.opened_us)}",
        )
        for one in rows
    ]
    lead = (
        "Critical kinds of events that nobody at a partner is mailed about: all muted, deactivated, or without an"
        " address that takes mail. Masters are told of each once. Times are UTC."
    )
    return _page(request, "Coverage gaps", lead, lines)


@require_safe
def unused(request: HttpRequest) -> HttpResponse:
    """List the last Masters of partners whose accounts are kept although nobody uses them."""
    kept = [one.person for one in unused_accounts(config(), catalogue(), now()) if one.due.step is Step.KEEP][:MOST]
    users = User.objects.in_bulk([one.id for one in kept])
    lines = [
        (user_url(users[one.id]), shown(one.name), shown(one.email), _seen(users[one.id]))
        for one in kept
        if one.id in users
    ]
    lead = (
        f"Nobody has used these accounts for {config().dormant_months} months. Each is the last Master of its partner,"
        " so it is kept until you name another Master, or deactivate it. Times are UTC."
    )
    return _page(request, "Unused Masters", lead, lines)


def count_unused() -> int:
    """Return how many last Masters are kept although nobody uses their accounts."""
    return sum(one.due.step is Step.KEEP for one in unused_accounts(config(), catalogue(), now()))


def _seen(user: User) -> str:
    return "never here" if user.seen_us is None else f"last here {instant_us(user.seen_us)}"


def _page(request: HttpRequest, title: str, lead: str, lines: list[tuple[str, str, str, str]]) -> HttpResponse:
    context = {**console.each_context(request), "title": title, "lead": lead, "section": "people", "lines": lines}
    return TemplateResponse(request, "console/lines.html", context)
