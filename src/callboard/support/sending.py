"""Sends the letters about requests, one after the other, until each was accepted or is given up.

The request is stored with its letters, so nothing is lost while the mail server is away: a letter
is tried again under the same Message-ID, for as long as critical mail is (P4).
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import Any

import structlog

from callboard.base.clock import Clock
from callboard.base.config import Config
from callboard.base.errors import PermanentError
from callboard.base.instants import from_us
from callboard.base.reasons import Importance
from callboard.mail.feedback.store import undelivered_to
from callboard.mail.replies import EXPIRY, Fate, Reply, envelope_address, retry_delay
from callboard.mail.transport import Transport, Unavailable
from callboard.support import store
from callboard.support.letters import recipient_of, write_letter
from callboard.support.models import Letter

GIVE_UP_AFTER = EXPIRY[Importance.CRITICAL]
_REFUSED = frozenset({Fate.FAILED, Fate.NO_SUCH_ADDRESS})
"""What does not get better by trying. A policy that refuses us may."""
_GONE = "the account is deactivated"
_HELD = "not sent while the address is suppressed"

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Outgoing:
    letter: Letter
    recipient: str
    raw: bytes


class Postman:
    """Sends what is due. `in_database` runs a function in the thread that owns the database."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        in_database: Callable[..., Awaitable[Any]],
        new_transport: Callable[[], Transport],
    ) -> None:
        self.config = config
        self.clock = clock
        self.in_database = in_database
        self.new_transport = new_transport

    async def send_due(self) -> int:
        """Send every letter that is due; return how many were tried."""
        tried = 0
        transport: Transport | None = None
        try:
            while outgoing := await self.in_database(self._take):
                transport = transport or self.new_transport()
                reply = await self._hand_over(transport, outgoing)
                await self.in_database(self._note, outgoing, reply)
                tried += 1
        finally:
            if transport is not None:
                await transport.close()
        return tried

    async def _hand_over(self, transport: Transport, outgoing: _Outgoing) -> Reply:
        sender = envelope_address(parseaddr(self.config.sender)[1])
        try:
            await transport.open()
        except Unavailable as exc:
            return Reply(Fate.RETRY, 0, str(exc))
        return await transport.send(sender, envelope_address(outgoing.recipient), outgoing.raw)

    # in the database's thread

    def _take(self) -> _Outgoing | None:
        """Return the next letter that may leave, written; what may not is put off, or given up."""
        now = self.clock.now()
        while letter := store.take_letter(now, _pause_after):
            why, is_over = _hindered(letter, now)
            if why:
                store.note_reply(letter.pk, why, sent_at=None, is_over=is_over)
                continue
            try:
                return _Outgoing(letter, recipient_of(letter), write_letter(letter, self.config))
            except PermanentError as exc:
                self._give_up(letter, str(exc))
        return None

    def _note(self, outgoing: _Outgoing, reply: Reply) -> None:
        letter, now = outgoing.letter, self.clock.now()
        if reply.fate is Fate.SENT:
            store.note_reply(letter.pk, reply.line, sent_at=now, is_over=True)
        elif reply.fate in _REFUSED or now >= _expires(letter):
            self._give_up(letter, reply.line)
        else:
            store.note_reply(letter.pk, reply.line, sent_at=None, is_over=False)

    def _give_up(self, letter: Letter, words: str) -> None:
        logger.error("a letter about a request was not sent", number=letter.post.ticket.number, reason=words)
        store.note_reply(letter.pk, words, sent_at=None, is_over=True)


def _pause_after(tries: int) -> timedelta:
    return retry_delay(tries, random.random())  # noqa: S311 - spreads tries, guards nothing


def _hindered(letter: Letter, now: datetime) -> tuple[str, bool]:
    """Return why a letter to the person may not leave now, and whether it never will (A1, P4)."""
    person = letter.post.ticket.user
    if letter.recipient:
        return "", False
    if not person.is_active:
        return _GONE, True
    held = undelivered_to(person.email)
    if held is None or held.spares_critical:
        return "", False
    return f"{_HELD}: {held.words}", now >= _expires(letter)


def _expires(letter: Letter) -> datetime:
    return from_us(letter.post.at_us) + GIVE_UP_AFTER
