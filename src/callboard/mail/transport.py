"""Handing one mail to the next hop: SMTP, or the built-in mailbox. One recipient a transaction (C4)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Protocol

import aiosmtplib

from callboard.base.config import Config, SmtpServer
from callboard.mail.mailbox import Mailbox
from callboard.mail.replies import Fate, Reply, plain_words, read_reply

COMMAND_TIMEOUT_S = 60.0
"""Patience for one reply. Source: RFC 5321 4.5.3.2 asks for 5 minutes; a relay that takes longer
than a minute is treated as unavailable and tried again later."""
MAILS_PER_CONNECTION = 200
"""Mails after which a connection is made anew, so that load spreads over a relay's servers."""


class Unavailable(Exception):  # noqa: N818 - a state of the other side, not a fault of ours
    """The next hop can not be reached or does not greet us; the message says why."""


class Transport(Protocol):
    """One connection to the next hop; used for one mail at a time."""

    async def open(self) -> None:
        """Connect and sign in. Does nothing when connected.

        Raises:
            Unavailable: the next hop can not be used now.
        """
        ...

    async def send(self, sender: str, recipient: str, raw: bytes) -> Reply:
        """Hand over one mail to one recipient; return the server's last word."""
        ...

    async def close(self) -> None:
        """Say goodbye."""
        ...


def transport_factory(config: Config, now_us: Callable[[], int]) -> Callable[[], Transport]:
    """Return what makes a connection: to the SMTP server, or to the built-in mailbox without one."""
    server = config.smtp
    if server is None:
        mailbox = Mailbox(config.mailbox_path)
        return lambda: MailboxTransport(mailbox, now_us)
    return lambda: SmtpTransport(server, config.mail_host)


class MailboxTransport:
    """Puts mails into the built-in mailbox."""

    def __init__(self, mailbox: Mailbox, now_us: Callable[[], int]) -> None:
        self.mailbox = mailbox
        self.now_us = now_us

    async def open(self) -> None:
        """Return at once: a file needs no connection."""

    async def send(self, sender: str, recipient: str, raw: bytes) -> Reply:
        """Keep the mail."""
        del sender
        self.mailbox.receive([(recipient, raw)], self.now_us())
        return Reply(Fate.SENT, 250, "2.0.0 kept in the built-in mailbox")

    async def close(self) -> None:
        """Close the mailbox's file."""
        self.mailbox.close()


class SmtpTransport:
    """One SMTP connection by aiosmtplib, reused for many mails."""

    def __init__(self, server: SmtpServer, greeting: str) -> None:
        self.server = server
        self.greeting = greeting
        self._client: aiosmtplib.SMTP | None = None
        self._sent = 0

    async def open(self) -> None:
        """Connect, start TLS and sign in as the settings say; certificates are verified."""
        if self._client is not None and self._client.is_connected and self._sent < MAILS_PER_CONNECTION:
            return
        await self.close()
        tls = ssl.create_default_context() if self.server.security != "none" else None
        client = aiosmtplib.SMTP(
            hostname=self.server.host,
            port=self.server.port,
            use_tls=self.server.security == "tls",
            start_tls=self.server.security == "starttls",
            username=self.server.username,
            password=self.server.password,
            local_hostname=self.greeting,
            timeout=COMMAND_TIMEOUT_S,
            tls_context=tls,
        )
        try:
            await client.connect()
            await client.ehlo()
        except (aiosmtplib.SMTPException, OSError, ValueError) as exc:
            client.close()
            raise Unavailable(f"{self.server.host}:{self.server.port}: {_said(exc)}") from exc
        self._client, self._sent = client, 0

    async def send(self, sender: str, recipient: str, raw: bytes) -> Reply:
        """Run MAIL, RCPT, DATA; whatever happens ends in a reply."""
        client = self._client
        if client is None:
            return Reply(Fate.RETRY, 0, "not connected")
        after_dot = False
        try:
            await client.mail(sender)
            await client.rcpt(recipient)
            after_dot = True
            code, text = await client.data(raw)
        except aiosmtplib.SMTPResponseException as exc:
            return await self._refused(exc)
        except (aiosmtplib.SMTPException, OSError, asyncio.IncompleteReadError) as exc:
            await self._drop()
            return Reply(Fate.IN_DOUBT if after_dot else Fate.RETRY, 0, _said(exc))
        except BaseException:
            await self._drop()  # cancelled between command and reply: the next reply would be the last command's
            raise
        self._sent += 1
        return read_reply(code, text)

    async def _refused(self, exc: aiosmtplib.SMTPResponseException) -> Reply:
        """Return what a refusal means, and make the connection usable for the next mail."""
        reply = read_reply(max(exc.code, 0), exc.message)
        if not 400 <= exc.code < 600:  # noqa: PLR2004 - no refusal: it answers something else, and nothing is known
            reply = Reply(Fate.IN_DOUBT, exc.code, reply.text)
        client = self._client
        # 421: the server closes (RFC 5321 3.8). Not 4xx or 5xx: nobody knows what its next line answers.
        if exc.code == 421 or not 400 <= exc.code < 600 or client is None or not client.is_connected:  # noqa: PLR2004
            await self._drop()
            return reply
        try:
            await client.rset()
        except (aiosmtplib.SMTPException, OSError):
            await self._drop()
        return reply

    async def _drop(self) -> None:
        if self._client is not None:
            self._client.close()
        self._client = None

    async def close(self) -> None:
        """Say QUIT and close; a server that does not answer it has the mail all the same."""
        client, self._client = self._client, None
        if client is None:
            return
        try:
            await asyncio.wait_for(client.quit(), timeout=5)
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            client.close()


def _said(exc: BaseException) -> str:
    return plain_words(str(exc)) or type(exc).__name__
