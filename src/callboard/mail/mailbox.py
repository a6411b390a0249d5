"""The built-in mailbox: where mail goes while no SMTP server is set. Demo and development only.

A small SQLite file of its own, so that the product's database stays the product's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as default_policy
from pathlib import Path
from typing import cast

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


@dataclass(frozen=True, slots=True)
class Received:
    """One mail of the mailbox, without its body."""

    id: int
    received_us: int
    recipient: str
    subject: str
    importance: str


class Mailbox:
    """Keeps mails and finds them again. Every call opens the file anew: any process may use it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=30, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
            yield connection

    def receive(self, mails: list[tuple[str, bytes]], received_us: int) -> None:
        """Keep mails, each (recipient, raw RFC 5322 bytes), as one commit."""
        rows = [(received_us, recipient, *_headline(raw), raw) for recipient, raw in mails]
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO mail (received_us, recipient, subject, importance, raw) VALUES (?, ?, ?, ?, ?)", rows
            )
            connection.execute("COMMIT")

    def latest(self, *, recipient: str = "", text: str = "", before: int | None = None, limit: int = 50) -> list[Received]:
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
            row = connection.execute("SELECT COUNT(*) FROM mail WHERE ? = '' OR recipient = ?", [recipient] * 2).fetchone()
        return int(row[0])


def parse(raw: bytes) -> EmailMessage:
    """Return the parsed message."""
    return cast("EmailMessage", BytesParser(policy=default_policy).parsebytes(raw))


def _headline(raw: bytes) -> tuple[str, str]:
    head = raw.split(b"\r\n\r\n", 1)[0] + b"\r\n\r\n"
    message = BytesParser(policy=default_policy).parsebytes(head, headersonly=True)
    return str(message["Subject"] or ""), str(message["X-Callboard-Importance"] or "")
