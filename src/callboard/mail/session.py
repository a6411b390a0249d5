"""One SMTP connection after its greeting and sign-in: envelopes in one write where the server pipelines.

Commands of a mail (MAIL, RCPT, DATA) leave together where the server offers PIPELINING, and
with the content of the mail before: so a mail costs one round trip instead of four. Every reply
is checked. Source: RFC 2920, RFC 5321.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import lru_cache
from typing import NamedTuple

from callboard.mail.replies import TAKEN, Fate, Reply, plain_words, read_reply
from callboard.mail.wire import Clean, MailObject, wire_form

MAX_LINE_BYTES = 8_192
"""Bytes of one reply line; RFC 5321 4.5.3.1.5 says 512, some servers say more."""
MAX_REPLY_BYTES = 65_536
_MARKS = (b" ", b"-", b"")
_ENVELOPE = 3
"""Commands of an envelope: MAIL, RCPT, DATA."""
_CLOSING = 421
_GO_ON = 354


class Answer(NamedTuple):
    """One complete reply of a server; its lines joined by a space."""

    code: int
    text: str

    @property
    def is_good(self) -> bool:
        """Return whether it is 2xx."""
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321 4.2.1

    @property
    def is_refusal(self) -> bool:
        """Return whether it is 4xx or 5xx."""
        return 400 <= self.code < 600  # noqa: PLR2004 - RFC 5321 4.2.1


@lru_cache(maxsize=256)  # a server says most of its lines again and again
def _read(line: bytes) -> tuple[Answer, bool] | None:
    """Return a line of a reply and whether more follow; None when it is none."""
    line = line.rstrip(b"\r")
    code, mark, text = line[:3], line[3:4], line[4:].decode("utf-8", "replace")
    if len(line) > MAX_LINE_BYTES or not (code.isdigit() and b"200" <= code <= b"599" and mark in _MARKS):
        return None
    return Answer(int(code), text), mark == b"-"


class _Ready(NamedTuple):
    """A mail as it leaves, and the envelope of the next that leaves with it."""

    content: tuple[bytes, ...]
    following: MailObject | None
    envelope: bytes


class Lost(Exception):  # noqa: N818 - a state of the other side, not a fault of ours
    """The connection is gone or can not be understood any more; the message says how."""


class Session(asyncio.Protocol):
    """Reads replies and hands over mails, one at a time. Takes a transport that is signed in."""

    def __init__(self, transport: asyncio.Transport, *, pipelining: bool, eight_bit: bool, patience_s: float) -> None:
        self.transport = transport
        self.pipelining = pipelining
        self.eight_bit = eight_bit
        self.patience_s = patience_s
        self.lost = ""
        """Why the connection can not be used any more; "" while it can."""
        self.lost_code = 0
        """421 when the server said it closes; 0 when it did not say so."""
        self._loop = asyncio.get_running_loop()
        self._buffer = b""
        self._lines: list[str] = []
        self._answers: list[Answer] = []
        self._wanted = 0
        self._waiter: asyncio.Future[None] | None = None
        self._deadline_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._reset = b""
        self._ready: _Ready | None = None
        """What leaves as soon as its envelope is taken."""
        self._has_left = False
        self._has_hung_up = False
        self._is_heard = False
        """Whether the server has said anything since the last mail was begun."""
        self._ahead: MailObject | None = None
        """The mail that is handed over next, if its envelope left with the last one."""

    # asyncio's side

    def data_received(self, data: bytes) -> None:
        """Read what came: any number of replies, or a part of one."""
        if self.lost:
            return
        self._is_heard = True
        data = self._buffer + data if self._buffer else data
        lines = data.split(b"\n")
        self._buffer = lines.pop()
        for line in lines:
            found = _read(line)
            if found is None:  # what follows may answer anything
                self._fail(f"not an SMTP reply: {plain_words(line[:200].decode('utf-8', 'replace'))}")
                break
            answer, goes_on = found
            if goes_on or self._lines:
                self._add_line(answer, goes_on=goes_on)
            else:
                self._answers.append(answer)
        if len(self._buffer) > MAX_LINE_BYTES:
            self._fail("the server's reply has no end")
        elif self._waiter is not None and len(self._answers) >= self._wanted:
            if self._waiter.done() or not self._let_go_if_taken():  # at once: to wake the one who waits takes longer
                self._wake()
        elif self._waiter is None:
            self._look_at_rest()

    def _add_line(self, line: Answer, *, goes_on: bool) -> None:
        """Take in a line of a reply that has several."""
        self._lines.append(line.text)
        if goes_on:
            if sum(map(len, self._lines)) > MAX_REPLY_BYTES:
                self._fail("the server's reply has no end")
            return
        self._answers.append(Answer(line.code, " ".join(self._lines)))
        self._lines = []

    def eof_received(self) -> bool:
        """Note that the server said all it had to say."""
        self._has_hung_up = not self.lost
        self._fail("the server closed the connection")
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the connection is gone."""
        self._has_hung_up = self._has_hung_up or not self.lost
        self._fail(f"connection lost: {exc}" if exc else "connection lost")

    # our side

    @property
    def is_unheard(self) -> bool:
        """Return whether the server hung up without a word to the last mail: most likely before it was begun."""
        return self._has_hung_up and not (self._is_heard or self._has_left or self._answers)

    async def hand_over(self, mail: MailObject, following: MailObject | None = None) -> Reply:
        """Give one mail to the server; whatever happens ends in a reply (C4).

        The envelope of `following` may leave with it: that mail is handed over next, or called off.
        """
        ahead, self._ahead = self._ahead, None
        envelope = self._envelope(mail) if ahead is None else []
        if envelope is None:
            return Reply(Fate.FAILED, 0, "the server takes no 8-bit mail (no 8BITMIME)")
        if ahead is not None and ahead != mail:
            self.abort("another mail than was announced")
        if self.lost:
            return Reply(Fate.RETRY, self.lost_code, self.lost)
        self._has_left = self._is_heard = False
        try:
            return await self._exchange(envelope, self._make_ready(mail, following))
        except Lost as exc:
            return self._cut_short(exc)
        except BaseException:
            self.abort("a mail was cut short")  # the next reply would be the last command's
            raise

    async def _exchange(self, envelope: list[bytes], ready: _Ready) -> Reply:
        """Send an envelope, unless it left ahead, and the mail; return what the last answer means."""
        reset, self._reset = self._reset, b""
        if not self.pipelining:
            answers = await self._one_by_one(reset, envelope)
        else:
            if envelope:
                self._write(b"".join((reset, *envelope)))
            self._ready = ready
            try:
                answers = await self._expect(_ENVELOPE + bool(reset))
            except Lost:
                if not self._has_left:
                    del self._answers[: bool(reset)]  # what is left answers this mail's commands
                raise
        if not self._has_left:
            self._ready = None
            place, refusal = await self._after_envelope(answers[-_ENVELOPE:])
            if refusal is not None:
                return self._refused(refusal, of_hop=place == 0)
            self._send(ready)
            answers = await self._expect(1)
        return self._final(answers[0])

    def _cut_short(self, exc: Lost) -> Reply:
        """Return what the end of a connection means for the mail it carried."""
        if self._has_left:
            return Reply(Fate.IN_DOUBT, self.lost_code, str(exc))
        said = next(((n, one) for n, one in enumerate(self._answers) if not one.is_good), None)
        if said is not None and said[1].is_refusal:  # and then it hung up
            return self._refused(said[1], of_hop=said[0] == 0)
        return Reply(Fate.RETRY, self.lost_code, str(exc))

    def call_off(self) -> None:
        """Take back the envelope that left ahead: the server would take anything else for that mail."""
        if self._ahead:
            self.abort("the announced mail does not leave")

    def _envelope(self, mail: MailObject) -> list[bytes] | None:
        """Return the commands for a mail; None when the server does not take it."""
        options = "" if isinstance(mail.content, Clean) or mail.content.isascii() else " BODY=8BITMIME"
        if options and not self.eight_bit:
            return None
        return [
            f"MAIL FROM:<{mail.sender}>{options}\r\n".encode("ascii"),
            f"RCPT TO:<{mail.recipient}>\r\n".encode("ascii"),
            b"DATA\r\n",
        ]

    def _make_ready(self, mail: MailObject, following: MailObject | None) -> _Ready:
        """Return a mail as it leaves, with the envelope of the next where that may go ahead."""
        envelope = self._envelope(following) if following is not None and self.pipelining else None
        if envelope is None:
            return _Ready(wire_form(mail.content), None, b"")
        return _Ready(wire_form(mail.content), following, b"".join(envelope))

    def _let_go_if_taken(self) -> bool:
        """Let the mail leave if it is ready and its envelope taken; return whether it did."""
        if self._ready is None or not self._is_envelope_taken():
            return False
        self._answers.clear()
        self._send(self._ready)
        self._wanted = 1
        return True

    def _is_envelope_taken(self) -> bool:
        """Return whether exactly the envelope of a mail is answered, and DATA, the last of it, with 354."""
        *before, last = self._answers
        if last.code != _GO_ON or len(before) + 1 != self._wanted or self.lost or self._has_begun:
            return False
        return max(before).code < 300  # noqa: PLR2004 - all are 2xx, RFC 5321 4.2.1

    @property
    def _has_begun(self) -> bool:
        """Return whether the server has begun to say something more."""
        return bool(self._buffer or self._lines)

    def _write(self, commands: bytes) -> None:
        """Send commands. Raises `Lost` where the connection ended: uvloop takes no words for one that is closed."""
        if self.lost:
            raise Lost(self.lost)
        self.transport.write(commands)

    def _send(self, ready: _Ready) -> None:
        """Let a mail leave; from here on the server may have it."""
        self._has_left, self._ready, self._ahead = True, None, ready.following
        self._deadline_s = self._loop.time() + self.patience_s
        self.transport.writelines((*ready.content, ready.envelope) if ready.envelope else ready.content)

    async def _one_by_one(self, reset: bytes, commands: list[bytes]) -> list[Answer]:
        if reset:
            self._write(reset)
            await self._expect(1)
        answers: list[Answer] = []
        for command in commands:
            self._write(command)
            answers += await self._expect(1)
            if not answers[-1].is_good:
                break
        return answers

    async def _after_envelope(self, answers: list[Answer]) -> tuple[int, Answer | None]:
        """Return the first refusal of an envelope's commands.

        Source: RFC 2920 3.1, a lone dot where DATA was taken all the same.
        """
        *before, last = answers
        if any(one.code == _GO_ON for one in before):
            raise self._given_up("354 came before DATA")
        taken = len(answers) == _ENVELOPE and last.code == _GO_ON
        for place, one in enumerate(answers):
            if one.is_refusal:
                if taken:
                    with contextlib.suppress(Lost):  # the refusal was said, and nothing was sent
                        self._write(b".\r\n")
                        await self._expect(1)
                return place, one
        if self.lost:
            raise Lost(self.lost)
        if not taken or self._has_begun:  # who answers a mail before it came answers something else
            raise self._given_up("DATA was not answered with 354 alone")
        return 0, None

    def _given_up(self, why: str) -> Lost:
        self.abort(why)
        return Lost(why)

    def _refused(self, answer: Answer, *, of_hop: bool) -> Reply:
        """Return what a refusal of the envelope means, and make the connection usable for the next mail."""
        if answer.code == _CLOSING:  # the server closes (RFC 5321 3.8)
            self.abort(answer.text)
        elif not self.lost:
            self._reset = b"RSET\r\n"
        return read_reply(answer.code, answer.text)._replace(of_hop=of_hop)

    def _final(self, answer: Answer) -> Reply:
        """Return what the answer to the final dot means; one that answers something else leaves doubt."""
        if answer.code == TAKEN or answer.is_refusal:
            if answer.code == _CLOSING:
                self.abort(answer.text)
            return read_reply(answer.code, answer.text)
        self.abort("the final dot was not answered")
        return Reply(Fate.IN_DOUBT, answer.code, plain_words(answer.text))

    async def _expect(self, count: int) -> list[Answer]:
        """Return the next replies once they are all there; after a mail that left meanwhile, the one to it.

        Raises:
            Lost: the connection ended, the server said something else, or nothing for too long.
        """
        if self.lost:
            raise Lost(self.lost)
        self._wanted = count
        if len(self._answers) >= count:  # they were there before
            self._let_go_if_taken()
        if len(self._answers) < self._wanted:
            self._waiter = self._loop.create_future()
            self._deadline_s = self._loop.time() + self.patience_s
            if self._timer is None:
                self._timer = self._loop.call_later(self.patience_s, self._look_at_clock)
            try:
                await self._waiter
            finally:
                self._waiter = None
        count = self._wanted
        if len(self._answers) < count:
            raise Lost(self.lost)
        answers, self._answers = self._answers[:count], self._answers[count:]
        if self._answers:
            self._look_at_rest()
        return answers

    def _look_at_rest(self) -> None:
        """Give up a connection that said more than was asked, or that it closes: what is ahead is not begun yet."""
        expected = _ENVELOPE if self._ahead else 0
        if len(self._answers) > expected or _CLOSING in [one.code for one in self._answers]:
            self._fail(self._answers[0].text)

    def _look_at_clock(self) -> None:
        """End a wait that is too long; one timer serves all waits of a connection."""
        self._timer = None
        if self.lost or self._waiter is None:
            return
        rest_s = self._deadline_s - self._loop.time()
        if rest_s > 0:
            self._timer = self._loop.call_later(rest_s, self._look_at_clock)
        else:
            self.abort(f"no answer within {self.patience_s:g} s")

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, why: str) -> None:
        """Give the connection up: what it says from here on answers nothing that we asked."""
        if not self.lost:
            closing = next((one for one in self._answers if one.code == _CLOSING), None)
            self.lost_code = _CLOSING if closing else 0
            self.lost = plain_words(closing.text if closing else why) or "connection lost"
            self.transport.close()
        self._wake()

    def abort(self, why: str) -> None:
        """Close the connection at once, without a word to the server."""
        self._fail(why)
        self.transport.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def quit(self) -> None:
        """Say goodbye and close; a server that does not answer has the mails all the same."""
        self.call_off()
        if not self.lost:
            self.patience_s = min(self.patience_s, 5.0)
            self.transport.write(b"QUIT\r\n")
            with contextlib.suppress(Lost):
                await self._expect(1)
        self.abort("closed")
