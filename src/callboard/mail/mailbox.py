"""The built-in mailbox: where mail goes while no SMTP server is set. Demo and development only.

A small SQLite file of its own, so that the product's database stays the product's.
"""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as default_policy
from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_us INTEGER NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    importance TEXT NOT NULL,
    raw BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS mail_by_recipient ON mail (recipient, id);
"""
_PATIENCE_S = 30.0
"""How long a connection waits for the others' locks."""
_PAUSE_S = 0.01


@dataclass(frozen=True, slots=True)
class Received:
    """One mail of the mailbox, without its body."""

    id: int
    received_us: int
    recipient: str
    subject: str
    importance: str


class Mailbox:
    """Keeps mails and finds them again. Any number of processes may use one file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(self._connect()) as connection:
            yield connection

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False)
        _use_wal(connection)
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_SCHEMA)
        return connection

    def receive(self, mails: list[tuple[str, bytes]], received_us: int) -> None:
        """Keep mails, each (recipient, raw RFC 5322 bytes), as one commit, over a connection that stays open."""
        rows = [(received_us, recipient, *_headline(raw), raw) for recipient, raw in mails]
        connection = self._connection = self._connection or self._connect()
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO mail (received_us, recipient, subject, importance, raw) VALUES (?, ?, ?, ?, ?)", rows
        )
        connection.execute("COMMIT")

    def close(self) -> None:
        """Close the connection that `receive` keeps open."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def latest(
        self, *, recipient: str = "", text: str = "", before: int | None = None, limit: int = 50
    ) -> list[Received]:
        """Return the newest mails first; `text` is looked for in subject and recipient."""
        conditions, values = ["1"], []
        if recipient:
            conditions.append("recipient = ?")
            values.append(recipient)
        if text:
            conditions.append("(subject LIKE ? ESCAPE '!' OR recipient LIKE ? ESCAPE '!')")
            escaped = text.replace("!", "!!").replace("%", "!%").replace("_", "!_")
            values += [f"%{escaped}%"] * 2
        if before is not None:
            conditions.append("id < ?")
            values.append(str(before))
        query = (
            "SELECT id, received_us, recipient, subject, importance FROM mail"  # noqa: S608 - fixed words only
            f" WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"
        )
        with self._open() as connection:
            return [Received(*row) for row in connection.execute(query, [*values, limit])]

    def read(self, mail_id: int) -> tuple[Received, bytes] | None:
        """Return one mail with its raw bytes."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT id, received_us, recipient, subject, importance, raw FROM mail WHERE id = ?", [mail_id]
            ).fetchone()
        return (Received(*row[:5]), row[5]) if row else None

    def count(self, recipient: str = "") -> int:
        """Return how many mails there are, of one recipient or of all."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT COUNT(*) FROM mail WHERE ? = '' OR recipient = ?", [recipient] * 2
            ).fetchone()
        return int(row[0])


def _use_wal(connection: sqlite3.Connection) -> None:
    """Turn to write-ahead logging; while others do so to the new file, SQLite refuses at once instead of waiting."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as exc:
            if exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def parse(raw: bytes) -> EmailMessage:
    """Return the parsed message."""
    return BytesParser(policy=default_policy).parsebytes(raw)


def _headline(raw: bytes) -> tuple[str, str]:
    """Return subject and importance, read from the head alone: parsing a whole mail costs more than keeping it."""
    head = re.sub(r"\r\n[ \t]", " ", raw.split(b"\r\n\r\n", 1)[0].decode("utf-8", "replace"))
    fields = dict(line.split(": ", 1) for line in reversed(head.split("\r\n")) if ": " in line)
    subject = fields.get("Subject", "")
    if "=?" in subject:
        subject = str(make_header(decode_header(re.sub(r"\?=\s+=\?", "?==?", subject))))
    return subject, fields.get("X-Callboard-Importance", "")
