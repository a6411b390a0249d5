"""Reports over LMTP (RFC 2033): the mail server hears 250 for each recipient only after what it told is durable."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from aiosmtpd.lmtp import LMTP
from django.db import InterfaceError, OperationalError, connection

from callboard.base.config import Config
from callboard.mail.feedback.return_path import ReturnPath
from callboard.mail.feedback.taking import MAX_REPORT_BYTES, Result, Taken, take_report

TAKEN = "250 2.0.0 taken"
LATER = "451 4.3.0 not now; send it again"
NOT_HERE = "550 5.1.1 no such address here"
MOST_RECIPIENTS = 50
MOST_PARKED = 100
"""Reports kept that could not be read; the oldest go first."""
PARKED = "unreadable-reports"

logger = structlog.get_logger(__name__)


class _Lines(LMTP):
    """The protocol. Reports carry whatever was sent, so lines may be longer than the 1,000 of RFC 5321 4.5.3.1.6."""

    line_length_limit = 65_536


class Desk:
    """What the server does with what it is told; aiosmtpd asks for these names."""

    def __init__(self, take: Callable[[bytes, str], Taken], path: ReturnPath, home: Path) -> None:
        self.take = take
        self.path = path
        self.home = home
        self.database = ThreadPoolExecutor(1, thread_name_prefix="database")

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        """Take the return paths we signed and the address itself; all else does not exist here."""
        del server, session, options
        if not self.path.takes(address):
            return NOT_HERE
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take the report for each recipient in turn, and answer a line for each (RFC 2033 4.2)."""
        del server, session
        loop = asyncio.get_running_loop()
        raw = bytes(envelope.original_content)
        said = [await loop.run_in_executor(self.database, self._take, raw, one) for one in envelope.rcpt_tos]
        return "\r\n".join(said)

    def _take(self, raw: bytes, recipient: str) -> str:
        """Take a report in the thread of the database.

        What is not about a mail of ours is taken, counted and dropped: refusing it would make
        the server write a bounce of a bounce, which tells nobody anything.
        """
        try:
            if self.take(raw, recipient).result is Result.UNREADABLE:
                _park(raw, self.home / PARKED)
        except (OperationalError, InterfaceError) as exc:
            logger.warning("the database does not take a report; it is asked for again", reason=str(exc))
            connection.close()
            return LATER
        except Exception:
            logger.exception("a report could not be taken; it is asked for again")
            return LATER
        return TAKEN


def _park(raw: bytes, folder: Path) -> None:
    """Keep a report that could not be read where an operator finds it: `callboard bounces read FILE` tries again."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{secrets.token_hex(8)}.eml"
    path.write_bytes(raw)
    logger.warning("a report could not be read; it is kept", file=str(path))
    kept = sorted(folder.glob("*.eml"), key=lambda one: one.stat().st_mtime)
    for one in kept[:-MOST_PARKED]:
        one.unlink(missing_ok=True)


def serve(config: Config, host: str, port: int, now: Callable[[], datetime]) -> None:
    """Answer until SIGINT or SIGTERM."""
    desk = Desk(lambda raw, recipient: take_report(raw, [recipient], config, now()), ReturnPath(config), config.home)
    try:
        asyncio.run(_serve(desk, config.mail_host, host, port))
    finally:
        desk.database.submit(_close_connection).result()
        desk.database.shutdown()


async def _serve(desk: Desk, name: str, host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)

    def protocol() -> LMTP:
        return _Lines(
            desk, data_size_limit=MAX_REPORT_BYTES, enable_SMTPUTF8=True, hostname=name, ident="Callboard", loop=loop
        )

    server = await loop.create_server(protocol, host, port)
    logger.info("takes reports over LMTP", host=host, port=port)
    await stop.wait()
    server.close()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(server.wait_closed(), 1)


def _close_connection() -> None:
    """Close the connection of the thread that calls."""
    connection.close()
