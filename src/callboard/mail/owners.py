"""Who holds a lease, and whether that process still lives.

On one host a lock on a file dies with its process; on PostgreSQL a session's advisory lock
dies with the session. So the mails of a killed worker are free at once (interfaces 3).
"""

from __future__ import annotations

import fcntl
import os
import secrets
from pathlib import Path
from typing import Any, Protocol, Self

from django.db import Error, connection


class Owner(Protocol):
    """The identity of one sending process; a context manager that holds the lock of life."""

    id: str

    def __enter__(self) -> Self:
        """Take the lock."""
        ...

    def __exit__(self, *exc: object) -> None:
        """Let go of the lock."""
        ...

    def keep(self) -> None:
        """Make sure that the lock is still held; take a new id when it was lost, the old leases being others' now."""
        ...

    def is_dead(self, owner_id: str) -> bool:
        """Return whether the process that used this id has ended."""
        ...


def new_owner(home: Path) -> Owner:
    """Return a fresh identity for this process."""
    return _SessionOwner() if connection.vendor == "postgresql" else _FileOwner(home / "workers")


class _FileOwner:
    def __init__(self, folder: Path) -> None:
        self.id = secrets.token_hex(12)
        self.folder = folder
        self._file: int | None = None

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.folder / self.id, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return self

    def __exit__(self, *exc: object) -> None:
        if self._file is not None:
            (self.folder / self.id).unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def keep(self) -> None:
        """Do nothing: a file's lock lasts as long as its process."""

    def is_dead(self, owner_id: str) -> bool:
        if owner_id == self.id:
            return False
        path = self.folder / owner_id
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            path.unlink(missing_ok=True)
            return True
        finally:
            os.close(file)


class _SessionOwner:
    def __init__(self) -> None:
        self.id = secrets.token_hex(12)
        self._session: Any = None

    def __enter__(self) -> Self:
        # A session of its own: the working connection may be closed and opened again.
        session = connection.copy("lease-owner")
        try:
            with session.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_lock(%s)", [_lock_number(self.id)])
        except Error:
            session.close()
            raise
        self._session = session
        return self

    def __exit__(self, *exc: object) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def keep(self) -> None:
        """Look whether the session lives; when it was cut, begin anew under another id.

        A session that opens again by itself would hold no lock: there is one only while it has.
        """
        if self._session is not None:
            try:
                with self._session.cursor() as cursor:
                    cursor.execute("SELECT 1")
            except Error:
                self.__exit__()
            else:
                return
        self.id = secrets.token_hex(12)
        self.__enter__()

    def is_dead(self, owner_id: str) -> bool:
        if owner_id == self.id:
            return False
        number = _lock_number(owner_id)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
            row = cursor.fetchone()
            free = bool(row and row[0])
            if free:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
        return free


def _lock_number(owner_id: str) -> int:
    """Return the 63-bit advisory lock number of an owner."""
    return int(owner_id[:15], 16)
