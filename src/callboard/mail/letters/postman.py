"""Sending letters: claim one, hand it over, record the answer; one after the other, over one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import parseaddr
from typing import TypeVar

import structlog
from django.core.mail import EmailMultiAlternatives

from callboard.base.clock import Clock
from callboard.base.config import Config
from callboard.base.errors import PermanentError
from callboard.mail.direct import write_direct
from callboard.mail.letters.store import Claimed, claim_letter, record_letter
from callboard.mail.replies import Fate, Reply, envelope_address
from callboard.mail.transport import Transport, Unavailable
from callboard.mail.wire import MailObject

T = TypeVar("T")

logger = structlog.get_logger(__name__)


class Postman:
    """Sends what is due. Owned by one event loop; all database work happens in the thread of `database`."""

    def __init__(
        self, config: Config, clock: Clock, database: ThreadPoolExecutor, new_transport: Callable[[], Transport]
    ) -> None:
        self.config = config
        self.clock = clock
        self.database = database
        self.transport = new_transport()
        self._stopped = False

    def stop(self) -> None:
        """Take no more letters; the one that is on its way arrives."""
        self._stopped = True

    async def send_due(self) -> int:
        """Send the letters that are due; return how many were tried. Without a next hop all of them wait."""
        tried = 0
        try:
            while not self._stopped:
                letter = await self._in_database(claim_letter)
                if letter is None:
                    break
                tried += 1
                reply = await self._try(letter)
                await self._in_database(lambda now, one=letter, said=reply: record_letter(one, said, now))
                logger.info("letter tried", letter=letter.id, tries=letter.tries, result=reply.fate.value)
                if reply.of_hop:
                    break
        finally:
            await self.transport.close()
        return tried

    async def _try(self, letter: Claimed) -> Reply:
        """Hand a letter over; whatever happens ends in a reply."""
        try:
            raw = self._write(letter)
        except PermanentError as exc:
            return Reply(Fate.FAILED, 0, f"cannot be written: {exc}")
        try:
            await self.transport.open()
        except Unavailable as exc:
            return Reply(Fate.RETRY, 0, str(exc), of_hop=True)
        sender = envelope_address(parseaddr(self.config.sender)[1])
        return await self.transport.send(MailObject(sender, envelope_address(letter.to), raw))

    def _write(self, letter: Claimed) -> bytes:
        message = EmailMultiAlternatives(letter.subject, letter.text, headers=dict(letter.headers))
        if letter.html:
            message.attach_alternative(letter.html, "text/html")
        return write_direct(message, letter.to, self.config, letter.message_id, letter.made_at)

    async def _in_database(self, work: Callable[..., T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.database, work, self.clock.now())
