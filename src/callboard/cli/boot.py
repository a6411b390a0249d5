"""Starting a command: settings, Django, migrations."""

from __future__ import annotations

import fcntl
import logging
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar, cast

import structlog

from callboard.base.config import Config, read_config
from callboard.base.errors import PermanentError, RejectedError, TransientError

T = TypeVar("T")

if TYPE_CHECKING:
    from io import BufferedReader

    from callboard.pipeline import Pipeline


def set_up_logs(level: str = "warning") -> None:
    """Send logs to stderr: readable lines on a terminal, JSON elsewhere."""
    chosen = getattr(logging, os.environ.get("CALLBOARD_LOG_LEVEL", level).upper(), logging.WARNING)
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(chosen),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def standard_input() -> BufferedReader:
    """Return what is piped into the command.

    Raises:
        RejectedError: the shell closed it (`<&-`): that is no empty file.
    """
    if sys.stdin is None:
        raise RejectedError("standard input is closed, and there is nothing to read")
    return cast("BufferedReader", sys.stdin.buffer)


def start_django() -> Config:
    """Read the settings and start Django; nothing is read from the database yet.

    Raises:
        RejectedError: a setting is unusable.
    """
    config = read_config()
    os.environ["DJANGO_SETTINGS_MODULE"] = "callboard.project.settings"
    import django  # noqa: PLC0415 - only once the settings are known to be usable

    django.setup()
    return config


def open_home(*, migrate: bool = False) -> Config:
    """Start Django on a database that is up to date.

    An SQLite home is migrated by every command, under a file lock; PostgreSQL only when
    `migrate` (the commands `up` and `migrate`).

    Raises:
        RejectedError: a setting is unusable.
        PermanentError: PostgreSQL is not migrated.
    """
    config = start_django()
    if not _reachable(pending_migrations, config):
        return config
    if config.database_url and not migrate:
        raise PermanentError("the database is not up to date: run `callboard migrate` first")
    migrate_database(config)
    return config


def _reachable(look: Callable[[], T], config: Config) -> T:
    """Return what a first look at the database finds.

    Raises:
        TransientError: the database can not be reached, in one line that names the setting.
    """
    from django.db import OperationalError  # noqa: PLC0415 - needs Django started

    try:
        return look()
    except OperationalError as exc:
        variable = "CALLBOARD_DATABASE_URL" if config.database_url else "CALLBOARD_HOME"
        raise TransientError(f"the database of {variable} cannot be used: {' '.join(str(exc).split())[:300]}") from exc


def pending_migrations() -> list[str]:
    """Return the names of the migrations that the database lacks."""
    from django.db import connection  # noqa: PLC0415 - needs Django started
    from django.db.migrations.executor import MigrationExecutor  # noqa: PLC0415

    executor = MigrationExecutor(connection)
    return [str(one) for one, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def migrate_database(config: Config) -> list[str]:
    """Bring the database up to date, one process at a time; return what was applied."""
    from django.core.management import call_command  # noqa: PLC0415 - needs Django started

    config.home.mkdir(parents=True, exist_ok=True)
    with (config.home / "migrate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        pending = pending_migrations()
        if pending:
            call_command("migrate", verbosity=0, interactive=False)
    return pending


def open_pipeline() -> Pipeline:
    """Return the pipeline over an up-to-date database.

    Raises:
        RejectedError: a setting or the catalogue is unusable.
    """
    config = open_home()
    from callboard.pipeline import Pipeline  # noqa: PLC0415 - needs Django started

    return Pipeline(config)
