"""Mail that somebody waits for: a sign-in code, written and sent at once, beside the outbox.

It leaves by the same next hop as all mail, in the background: an answer that waited for SMTP
would be late, and would tell by its time whether there is somebody to write to. What can not
be sent after a second try is logged and counted; whoever waits can ask again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid, parseaddr
from typing import TYPE_CHECKING, Any

import structlog
from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from prometheus_client import CollectorRegistry, Counter

from callboard.base.errors import CallboardError, PermanentError, TransientError
from callboard.base.instants import to_us
from callboard.mail.dkim import make_signer, sign
from callboard.mail.headers import mailbox, token, unstructured
from callboard.mail.replies import Fate, Reply, envelope_address
from callboard.mail.transport import Unavailable, transport_factory
from callboard.mail.wire import MailObject

if TYPE_CHECKING:
    from datetime import datetime

    from django.core.mail import EmailMessage as Message

    from callboard.base.config import Config

SENDERS = 4
"""Mails on their way at a time."""
PAUSES_S = (0.0, 3.0)
"""Seconds before each try: a connection that breaks is tried once more, while the person still waits."""
REGISTRY = CollectorRegistry()
COUNT = Counter(
    "callboard_direct_mails",
    "Sign-in and account mails of this process since the start, by result",
    ["result"],
    registry=REGISTRY,
)
for _result in ("sent", "failed", "withheld"):
    COUNT.labels(_result)

_LINE_BREAKS = re.compile(r"[\r\n\x00]")
_QUOTED = "quoted-printable"
_FOR_NOW = frozenset({Fate.RETRY, Fate.IN_DOUBT})
_background = ThreadPoolExecutor(SENDERS, thread_name_prefix="direct-mail")

logger = structlog.get_logger(__name__)


def send_soon(write: Callable[[], Message], *, deliver: bool = True) -> Future[None]:
    """Write a mail and send it, in the background; a failure is logged and counted.

    `write` runs in another thread and must not use the database. Without `deliver` the mail is
    written and the server called, and nothing is handed over: the same work where there is
    nobody to write to, as a busy process answers other requests later too.
    """
    return _background.submit(_send, write, DirectBackend(), deliver=deliver)


def _send(write: Callable[[], Message], backend: DirectBackend, *, deliver: bool) -> None:
    result = "failed"
    try:
        backend.hand_over(write(), deliver=deliver)
        result = "sent" if deliver else "withheld"
    except CallboardError as exc:
        logger.error("a direct mail was not sent", reason=str(exc))  # noqa: TRY400 - the reason says it all
    except Exception:  # whatever it is: nobody else would hear of it
        logger.exception("a direct mail was not sent")
    COUNT.labels(result).inc()


class DirectBackend(BaseEmailBackend):
    """Django's way to send mail, over Callboard's transport: each recipient in a transaction of its own (C4)."""

    def __init__(
        self,
        fail_silently: bool = False,  # noqa: FBT001, FBT002 - Django's form
        pauses_s: Sequence[float] = PAUSES_S,
        **kwargs: Any,
    ) -> None:
        super().__init__(fail_silently=fail_silently, **kwargs)
        self.config: Config = settings.CONFIG
        self.pauses_s = pauses_s

    def send_messages(self, email_messages: Sequence[Message]) -> int:
        """Send mails; return how many were accepted for all their recipients.

        Raises:
            TransientError: the next hop could not take one, twice.
            PermanentError: one was refused, or can not be written.
        """
        sent = 0
        for message in email_messages:
            try:
                self.hand_over(message)
            except (TransientError, PermanentError):
                if not self.fail_silently:
                    raise
            else:
                sent += 1
        return sent

    def hand_over(self, message: Message, *, deliver: bool = True) -> None:
        """Send one mail to each of its recipients; without `deliver`, do all but hand it over.

        Raises:
            TransientError: the next hop could not take it, twice.
            PermanentError: it was refused, or can not be written.
        """
        for one in message.recipients():
            recipient = envelope_address(parseaddr(one)[1])
            raw = write_direct(message, one, self.config)
            reply = asyncio.run(self._try(recipient, raw if deliver else None))
            if reply.fate is not Fate.SENT:
                error = TransientError if reply.fate in _FOR_NOW else PermanentError
                raise error(reply.line.replace(recipient, "<recipient>"))

    async def _try(self, recipient: str, raw: bytes | None) -> Reply:
        """Hand over a mail, or only call the server; return its last word."""
        transport = transport_factory(self.config, lambda: to_us(self.config.clock.now()))()
        sender = envelope_address(parseaddr(self.config.sender)[1])
        reply = Reply(Fate.RETRY, 0, "")
        for pause_s in self.pauses_s:
            await asyncio.sleep(pause_s)
            try:
                await transport.open()
                reply = await transport.send(MailObject(sender, recipient, raw)) if raw else Reply(Fate.SENT, 0, "")
            except Unavailable as exc:
                reply = Reply(Fate.RETRY, 0, str(exc))
            finally:
                await transport.close()
            if reply.fate not in _FOR_NOW:
                break
        return reply


def write_direct(
    message: Message, recipient: str, config: Config, message_id: str = "", dated_at: datetime | None = None
) -> bytes:
    """Return a mail of Django's as a complete RFC 5322 message to one recipient, in ASCII with CRLF lines.

    Whatever the mail says about its sender, it comes from CALLBOARD_FROM, and is signed as every
    mail when there is a key (`dkim.sign`). It is dated now and has a Message-ID of its own, unless it is told which.

    Raises:
        PermanentError: a header would hold a line break or NUL, or the address can not be written.
    """
    headers = {
        "From": _mailbox("From", config.sender),
        "To": _mailbox("To", recipient),
        "Subject": unstructured("Subject", str(message.subject)),
        "Date": f"Date: {format_datetime(dated_at or config.clock.now())}",
        "Message-ID": f"Message-ID: {token('Message-ID', message_id or make_msgid(domain=config.mail_host))}",
        "Auto-Submitted": "Auto-Submitted: auto-generated",
    }
    ours = {key.lower() for key in headers}
    for key, value in message.extra_headers.items():
        if key.lower() not in ours:
            headers[key] = unstructured(token("name of a header", key), str(value))
    # The library's headers are not asked: it decodes what looks like an encoded word, line breaks in it included.
    mail = EmailMessage(policy=SMTP)
    mail.set_content(str(message.body), cte=_QUOTED)
    for body, kind in getattr(message, "alternatives", ()):
        mail.add_alternative(str(body), subtype=str(kind).partition("/")[2], cte=_QUOTED)
    raw = "".join(f"{one}\r\n" for one in headers.values()).encode("ascii") + mail.as_bytes()
    return sign(raw, make_signer(config))


def _mailbox(header: str, text: str) -> str:
    """Return a header with `Name <address>`, the domain in ASCII."""
    name, address = parseaddr(text)
    if _LINE_BREAKS.search(text):
        raise PermanentError("an address can not be written into a header")
    return f"{header}: {mailbox(name, address, len(header) + 2)}"
