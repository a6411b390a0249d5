"""Is the process alive, and can it work?"""

from __future__ import annotations

from datetime import datetime

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from callboard.api import process
from callboard.base.errors import CallboardError
from callboard.decisions import store as ledger
from callboard.intake import store as log
from callboard.mail import store as outbox

_migrated = False


@require_safe
def is_alive(request: HttpRequest) -> HttpResponse:
    """Answer that the process runs; nothing else is asked."""
    del request
    return HttpResponse("alive\n", content_type="text/plain; charset=utf-8")


@require_safe
def is_ready(request: HttpRequest) -> HttpResponse:
    """Answer whether database, migrations and catalogue are there, and how far behind the work is."""
    del request
    reasons: list[str] = []
    ages: dict[str, float | None] = {"oldest_undecided_s": None, "oldest_due_mail_s": None}
    try:
        process.catalogue()
    except CallboardError as exc:
        reasons.append(f"the catalogue is unusable: {str(exc).splitlines()[0]}")
    try:
        pending = _pending_migrations()
        if pending:
            reasons.append(f"{pending} migrations are not applied: run `callboard migrate`")
        else:
            ages = backlog(process.now())
    except Error as exc:
        reasons.append(f"the database does not answer ({type(exc).__name__})")
    body = {"status": "not-ready" if reasons else "ready", "reasons": reasons, **ages}
    return JsonResponse(body, status=503 if reasons else 200, headers={"Cache-Control": "no-store"})


def backlog(now: datetime) -> dict[str, float | None]:
    """Return the age of the oldest undecided event and of the oldest mail that is due, in seconds, or None."""
    due = [one for one in (ledger.next_window_end(), outbox.next_attempt_at()) if one and one <= now]
    undecided = log.oldest_undecided_at()
    return {
        "oldest_undecided_s": (now - undecided).total_seconds() if undecided else None,
        "oldest_due_mail_s": (now - min(due)).total_seconds() if due else None,
    }


def _pending_migrations() -> int:
    """Return how many migrations the database lacks; once there are none, only ask whether it answers."""
    global _migrated  # noqa: PLW0603 - it changes once, and finding out again costs tens of milliseconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    if _migrated:
        return 0
    executor = MigrationExecutor(connection)
    pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    _migrated = pending == 0
    return pending
