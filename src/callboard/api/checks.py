"""What must be so that work is done: each check has a name and says what it found.

A check that cannot be made because the database is away says so; it does not pass.
"""

from __future__ import annotations

import smtplib
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from callboard.api import store
from callboard.base.config import Config, SmtpServer
from callboard.base.errors import CallboardError
from callboard.base.texts import shown
from callboard.catalogue.values import Catalogue
from callboard.decisions import store as ledger
from callboard.intake import store as log
from callboard.mail import outbox

WITHOUT_WORKER_S = 120.0
"""Seconds that work may wait while no worker lives: a restart takes less."""
WITH_WORKER_S = 900.0
"""Seconds that work may be due although a worker lives: one that fails at every pass holds its lock all the same."""
GREETING_TIMEOUT_S = 3.0
GREETED_FOR_S = 30.0
"""Seconds for which the answer of the mail server counts: whoever asks every second does not call it every second."""

Ages = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what was found."""

    name: str
    passed: bool
    says: str


def check_all(config: Config, now: datetime, load: Callable[[], Catalogue], measure: Callable[[], Ages]) -> list[Check]:
    """Return all checks; `measure` tells how far behind the work is, once the database answers."""
    database = _checked("database", _database)
    found = [_checked("catalogue", lambda: _catalogue(load)), database]
    if database.passed:
        found += [
            _checked("worker", lambda: _worker(config, now, measure())),
            _checked("smtp", lambda: _smtp(config, now)),
        ]
    return [*found, _checked("disk", lambda: _disk(config))]


class _Unfit(Exception):  # noqa: N818 - what a check found, not a fault of ours
    """The check does not pass; the message says why and what to do."""


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except _Unfit as exc:
        return Check(name, False, str(exc))
    except Error as exc:
        return Check(name, False, f"the database does not answer ({type(exc).__name__})")


def _catalogue(load: Callable[[], Catalogue]) -> str:
    try:
        return f"{len(load().event_types)} event types"
    except CallboardError as exc:
        raise _Unfit(f"the catalogue is unusable: {str(exc).splitlines()[0]}") from exc


_migrated = False


def _database() -> str:
    """Look whether it answers and is migrated; once it is, only whether it answers."""
    global _migrated  # noqa: PLW0603 - it changes once, and finding out again costs tens of milliseconds
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM intake_eventrecord LIMIT 1" if _migrated else "SELECT 1")
    if not _migrated:
        executor = MigrationExecutor(connection)
        pending = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if pending:
            raise _Unfit(f"{pending} migrations are not applied: run `callboard migrate`")
        _migrated = True
    return f"{connection.vendor} answers and is up to date"


def _worker(config: Config, now: datetime, ages: Ages) -> str:
    """Look for a worker where work waits; who drains from time to time needs none that lives in between."""
    waits_s = max((one for one in ages.values() if one is not None), default=0.0)
    if outbox.is_worker_alive(config.home):
        if waits_s > WITH_WORKER_S and (stuck_s := _stuck_s(now)) > WITH_WORKER_S:
            raise _Unfit(f"a worker runs, but work has been due for {stuck_s:.0f} s: its log says why")
        return "a worker runs"
    if waits_s > WITHOUT_WORKER_S:
        raise _Unfit(f"no worker runs, and work has waited for {waits_s:.0f} s: start `callboard worker`")
    return "no worker runs, and nothing has waited for long"


def _stuck_s(now: datetime) -> float:
    """Return for how many seconds work has been due that no pause keeps waiting."""
    found = (log.oldest_undecided_at(), ledger.next_window_end(), store.oldest_unpaused_due_at(now))
    return max(((now - one).total_seconds() for one in found if one), default=0.0)


def _smtp(config: Config, now: datetime) -> str:
    if config.smtp is None:
        return "not set: mail goes to the built-in mailbox"
    where = f"{config.smtp.host}:{config.smtp.port}"
    pause = outbox.is_hop_paused(now)
    if pause:
        raise _Unfit(f"{where} is left alone until {pause.until:%H:%M:%S} UTC: {shown(pause.reason)}")
    fault = _GREETING.fault(config.smtp)
    if fault:
        raise _Unfit(f"{where} does not greet us: {fault}")
    return f"{where} greets us"


def _disk(config: Config) -> str:
    try:
        with tempfile.TemporaryFile(dir=config.home) as file:
            file.write(b"\0" * 4096)
            file.flush()
    except OSError as exc:
        raise _Unfit(f"{config.home} takes no files: {exc.strerror or exc}") from exc
    return f"{config.home} takes files"


class _Greeting:
    """Calls the mail server, and remembers for a while what came of it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: tuple[SmtpServer, float, str] | None = None

    def fault(self, server: SmtpServer) -> str:
        """Return what is wrong with the server, or ""."""
        with self._lock:
            known = self._known
            if known is None or known[0] != server or time.monotonic() > known[1] + GREETED_FOR_S:
                self._known = known = (server, time.monotonic(), _greet(server))
            return known[2]

    def forget(self) -> None:
        """Call again at the next look."""
        self._known = None


def _greet(server: SmtpServer) -> str:
    """Connect, read the greeting and say goodbye; no sign-in."""
    connect = smtplib.SMTP_SSL if server.security == "tls" else smtplib.SMTP
    try:
        with connect(server.host, server.port, timeout=GREETING_TIMEOUT_S):
            return ""
    except (OSError, smtplib.SMTPException) as exc:
        return shown(" ".join(str(exc).split()))[:200] or type(exc).__name__


_GREETING = _Greeting()


def forget() -> None:
    """Forget what is remembered; for tests, where it is another database and another server each time."""
    global _migrated  # noqa: PLW0603 - as above
    _migrated = False
    _GREETING.forget()
