"""Is the process alive, and can it work?"""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from callboard.api import process
from callboard.api.checks import Check, check_all
from callboard.decisions import store as ledger
from callboard.intake import store as log
from callboard.mail import outbox


@require_safe
def is_alive(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs; nothing else is asked."""
    del request
    return HttpResponse("alive\n", content_type="text/plain; charset=utf-8")


@require_safe
def is_ready(request: HttpRequest) -> HttpResponse:
    """Answer check by check whether the work can be done, and how far behind it is."""
    del request
    ages: dict[str, float | None] = {"oldest_undecided_s": None, "oldest_due_mail_s": None}

    def measure() -> dict[str, float | None]:
        ages.update(backlog(process.now()))
        return ages

    checks = check_all(process.config(), process.now(), process.catalogue, measure)
    reasons = [one.says for one in checks if not one.passed]
    body = {
        "status": "not-ready" if reasons else "ready",
        "reasons": reasons,
        "checks": [_as_json(one) for one in checks],
        **ages,
    }
    return JsonResponse(body, status=503 if reasons else 200, headers={"Cache-Control": "no-store"})


def _as_json(one: Check) -> dict[str, object]:
    return {"name": one.name, "passed": one.passed, "says": one.says}


def backlog(now: datetime) -> dict[str, float | None]:
    """Return the age of the oldest undecided event and of the oldest mail that is due, in seconds, or None."""
    due = [one for one in (ledger.next_window_end(), outbox.oldest_due_at(now)) if one and one <= now]
    undecided = log.oldest_undecided_at()
    return {
        "oldest_undecided_s": (now - undecided).total_seconds() if undecided else None,
        "oldest_due_mail_s": (now - min(due)).total_seconds() if due else None,
    }
