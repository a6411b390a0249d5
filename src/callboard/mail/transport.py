"""Handing one mail to the next hop: SMTP, or the built-in mailbox. One recipient a transaction (C4)."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, cast

import aiosmtplib

from callboard.base.config import Config, SmtpServer
from callboard.mail.mailbox import Mailbox
from callboard.mail.replies import Fate, Reply, plain_words
from callboard.mail.session import Session
from callboard.mail.wire import MailObject, whole
from callboard.people.values import is_test_address

COMMAND_TIMEOUT_S = 60.0
"""Patience for one reply. Source: RFC 5321 4.5.3.2 asks for 5 minutes; a relay that takes longer
than a minute is treated as unavailable and tried again later."""
MAILS_PER_CONNECTION = 500
"""Mails after which a connection is made anew, so that load spreads over a relay's servers."""


class Unavailable(Exception):  # noqa: N818 - a state of the other side, not a fault of ours
    """The next hop can not be reached or does not greet us; the message says why."""


class Transport(Protocol):
    """One connection to the next hop; used for one mail at a time."""

    @property
    def is_open(self) -> bool:
        """Return whether it can take the next mail as it is."""
        ...

    async def open(self) -> None:
        """Connect and sign in. Does nothing when open.

        Raises:
            Unavailable: the next hop can not be used now.
        """
        ...

    def send(self, mail: MailObject, following: MailObject | None = None) -> Coroutine[Any, Any, Reply]:
        """Hand over one mail to one recipient; return the server's last word.

        The envelope of `following` may leave with it: that mail is sent next, or called off.
        """
        ...

    def call_off(self) -> None:
        """Forget the mail that was to follow; costs the connection if its envelope has left."""
        ...

    async def close(self) -> None:
        """Say goodbye."""
        ...


def transport_factory(config: Config, now_us: Callable[[], int]) -> Callable[[], Transport]:
    """Return what makes a connection: to the SMTP server, or to the built-in mailbox without one."""
    server = config.smtp
    mailbox = Mailbox(config.mailbox_path)
    if server is None:
        return lambda: MailboxTransport(mailbox, now_us)
    return lambda: SortingTransport(SmtpTransport(server, config.mail_host), MailboxTransport(mailbox, now_us))


class MailboxTransport:
    """Puts mails into the built-in mailbox."""

    def __init__(self, mailbox: Mailbox, now_us: Callable[[], int]) -> None:
        self.mailbox = mailbox
        self.now_us = now_us

    @property
    def is_open(self) -> bool:
        """Return that it is: a file needs no connection."""
        return True

    async def open(self) -> None:
        """Do nothing."""

    async def send(self, mail: MailObject, following: MailObject | None = None) -> Reply:
        """Keep the mail."""
        del following
        self.mailbox.receive([(mail.recipient, whole(mail.content))], self.now_us())
        return Reply(Fate.SENT, 250, "2.0.0 kept in the built-in mailbox")

    def call_off(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Close the mailbox's file."""
        self.mailbox.close()


class SortingTransport:
    """Keeps what is for test users in the built-in mailbox and hands the rest over: no server sees that address."""

    def __init__(self, next_hop: Transport, mailbox: Transport) -> None:
        self.next_hop = next_hop
        self.mailbox = mailbox

    @property
    def is_open(self) -> bool:
        """Return whether the next hop takes another mail."""
        return self.next_hop.is_open

    async def open(self) -> None:
        """Connect to the next hop."""
        await self.next_hop.open()

    def send(self, mail: MailObject, following: MailObject | None = None) -> Coroutine[Any, Any, Reply]:
        """Hand over one mail to where its recipient's mails go."""
        if is_test_address(mail.recipient):
            return self.mailbox.send(mail)
        if following is not None and is_test_address(following.recipient):
            following = None
        return self.next_hop.send(mail, following)

    def call_off(self) -> None:
        """Forget the mail that was to follow."""
        self.next_hop.call_off()

    async def close(self) -> None:
        """Close both."""
        await self.mailbox.close()
        await self.next_hop.close()


class SmtpTransport:
    """One SMTP connection, reused for many mails: aiosmtplib connects and signs in, `Session` hands over."""

    def __init__(self, server: SmtpServer, greeting: str, patience_s: float = COMMAND_TIMEOUT_S) -> None:
        self.server = server
        self.greeting = greeting
        self.patience_s = patience_s
        self._session: Session | None = None
        self._sent = 0

    @property
    def is_open(self) -> bool:
        """Return whether the server takes another mail over this connection."""
        session = self._session
        return session is not None and not session.lost and self._sent < MAILS_PER_CONNECTION

    async def open(self) -> None:
        """Connect, start TLS and sign in as the settings say; certificates are verified."""
        if self.is_open:
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
            timeout=self.patience_s,
            tls_context=tls,
        )
        try:
            await client.connect()
            await client.ehlo()
            transport = cast("asyncio.Transport | None", client.transport)
            if transport is None:
                raise aiosmtplib.SMTPServerDisconnected("the server hung up")  # noqa: TRY301 - told as any other end
        except (aiosmtplib.SMTPException, OSError, ValueError) as exc:
            client.close()
            raise Unavailable(f"{self.server.host}:{self.server.port}: {_said(exc)}") from exc
        except BaseException:
            client.close()
            raise
        session = Session(
            transport,
            pipelining=client.supports_extension("pipelining"),
            eight_bit=client.supports_extension("8bitmime"),
            patience_s=self.patience_s,
        )
        transport.set_protocol(session)
        self._session, self._sent = session, 0

    async def send(self, mail: MailObject, following: MailObject | None = None) -> Reply:
        """Run MAIL, RCPT, DATA; whatever happens ends in a reply.

        A server that closed after the mail before, which we had not heard yet, costs this one nothing: it goes over a
        new connection.
        """
        session = self._session
        if session is None:
            return Reply(Fate.RETRY, 0, "not connected")
        reply = await self._hand_over(session, mail, following)
        if self._sent > 1 and session.is_unheard:
            with contextlib.suppress(Unavailable):
                await self.open()
                if self._session is not None:
                    return await self._hand_over(self._session, mail, following)
        return reply

    def _hand_over(
        self, session: Session, mail: MailObject, following: MailObject | None
    ) -> Coroutine[Any, Any, Reply]:
        self._sent += 1
        return session.hand_over(mail, following if self._sent < MAILS_PER_CONNECTION else None)

    def call_off(self) -> None:
        """Forget the mail that was to follow; the connection ends if its envelope has left."""
        if self._session is not None:
            self._session.call_off()

    async def close(self) -> None:
        """Say QUIT and close; a server that does not answer it has the mail all the same."""
        session, self._session = self._session, None
        if session is not None:
            await session.quit()


def _said(exc: BaseException) -> str:
    return plain_words(str(exc)) or type(exc).__name__
