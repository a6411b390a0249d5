"""Where a courier's database work is done: beside its event loop, or in the loop itself where nothing is waited for.

Threads of one interpreter hinder each other: every statement and every packet gives it up and asks for it again. On
the embedded database a commit of sent mails is short, as is a lease, so the loop makes both, unless somebody else
writes just then: for locks, for a database that is away, and for all that reads more than some rows, a thread waits.
Source: decision 7, a fifth more mails.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from django.db import InterfaceError, OperationalError, connection

AWAY = (OperationalError, InterfaceError)
"""The database is away, full or somebody else's just now. What else it says is about the rows."""
FIRST_PAUSE_S = 0.1
"""Seconds between two tries; each pause is twice the one before."""

logger = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(slots=True)
class Threads:
    """`world` owns people and settings; `outcomes` commits, if not the loop can. They may be the same."""

    world: ThreadPoolExecutor
    outcomes: ThreadPoolExecutor
    is_embedded: bool = False
    _last: Future[Any] | None = None
    """What the thread was given last."""
    _impatient: Any = None
    """The loop's connection, once it was told to wait for nobody."""

    async def at_desk(self, work: Callable[..., T], *args: Any) -> T:
        """Do something in the thread of people and settings."""
        return await asyncio.get_running_loop().run_in_executor(self.world, work, *args)

    async def at_outbox(self, work: Callable[..., T], *args: Any, tries: int = 1, is_short: bool = False) -> T:
        """Do something with the outbox, after all that was asked before: one transaction, if any.

        What `is_short` may be done in the loop. What the database does not take is tried so often, with pauses, in
        the thread.
        """
        if is_short and self.is_embedded and (self._last is None or self._last.done()):
            try:
                self._wait_for_nobody()
                return work(*args)
            except AWAY:  # nothing has been done
                if connection.in_atomic_block:
                    raise
        self._last = future = self.outcomes.submit(_try_often, tries, work, args)
        return await asyncio.wrap_future(future)

    async def leave_database(self) -> None:
        """Close all connections to the database; whoever asks next opens one."""
        if self.is_embedded:
            connection.close()
        for one in (self.world, self.outcomes):
            await asyncio.get_running_loop().run_in_executor(one, _close_connection)

    def _wait_for_nobody(self) -> None:
        connection.ensure_connection()
        if connection.connection is not self._impatient:
            self._impatient = connection.connection
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout = 0")


def allow_database_in_loop() -> None:
    """Tell Django, which refuses database work in a thread that runs a loop, that this process means to do it."""
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def _try_often(tries: int, work: Callable[..., T], args: tuple[Any, ...]) -> T:
    for pause_s in (FIRST_PAUSE_S * 2**number for number in range(tries - 1)):
        try:
            return work(*args)
        except AWAY as exc:
            if connection.in_atomic_block:
                raise
            logger.warning("the database does not take outcomes; it is tried again", reason=str(exc))
            connection.close()
            time.sleep(pause_s)
    return work(*args)


def _close_connection() -> None:
    """Close the connection of the thread that calls."""
    connection.close()
