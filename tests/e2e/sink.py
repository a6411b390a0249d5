"""An SMTP server on loopback that answers each recipient by a script, one step a try; the last step repeats."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from dataclasses import dataclass
from email import message_from_bytes
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

HELLO = "250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 50000000"
PLAIN_HELLO = "250-sink.example\r\n250 8BITMIME"


@dataclass(frozen=True)
class Step:
    """What happens in one try: `reply` at `at` (rcpt, data or dot), and whether the server then hangs up.

    Without a reply the server hangs up in silence. `keep`: the mail was accepted all the same.
    `hold`: the answer to the final dot never comes. `wait`: it comes when the sink is released.
    """

    at: str = "dot"
    reply: str = ""
    close: bool = False
    keep: bool = False
    hold: bool = False
    wait: bool = False


OK = Step(reply="250 2.0.0 kept", keep=True)
CLOSING = Step("rcpt", "421 4.3.2 closing", close=True)
DROP_BEFORE_DOT = Step("data", close=True)
DROP_AFTER_DOT = Step("dot", close=True, keep=True)
GARBAGE = Step("dot", "what is this")
HOLD = Step(hold=True)
WAITING = Step(reply="250 2.0.0 kept", keep=True, wait=True)


def says(reply: str, at: str = "rcpt") -> Step:
    """A refusal in the server's words."""
    return Step(at, reply)


@dataclass(frozen=True)
class Accepted:
    """A mail whose final dot was reached and kept."""

    recipient: str
    raw: bytes

    @property
    def message_id(self) -> str:
        return str(message_from_bytes(self.raw)["Message-ID"]).strip()


class HangUp(Exception):  # noqa: N818 - no fault: the script says so
    """The script ends this connection."""


class Sink:
    """The server, in a thread with an event loop of its own. `scripts` may be changed between tries.

    `mail` answers MAIL; `crumbs` sends every reply byte by byte.
    """

    def __init__(self) -> None:
        self.scripts: dict[str, list[Step]] = {}
        self.hello = HELLO
        self.mail = "250 ok"
        self.crumbs = False
        self.accepted: list[Accepted] = []
        self.tries: Counter[str] = Counter()
        self.changed = threading.Condition()
        self.port = 0
        self._released = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(self._listen())
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *exc: object) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> asyncio.Server:
        return await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)

    async def _end(self) -> None:
        self._server.close()
        await asyncio.sleep(0.05)  # connections that were just accepted become tasks
        while sessions := asyncio.all_tasks() - {asyncio.current_task()}:
            for one in sessions:
                one.cancel()
            await asyncio.gather(*sessions, return_exceptions=True)
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0.2)  # what the closed connections still have to tell the loop

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            await Session(self, reader, writer).talk()
        except (HangUp, ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def step_for(self, recipient: str) -> Step:
        """Take the next step of a recipient's script: this is a try."""
        with self.changed:
            self.tries[recipient] += 1
            self.changed.notify_all()
        script = self.scripts.get(recipient, [OK])
        return script.pop(0) if len(script) > 1 else script[0]

    def keep(self, recipient: str, raw: bytes) -> None:
        with self.changed:
            self.accepted.append(Accepted(recipient, raw))
            self.changed.notify_all()

    def wait_for(self, done: Callable[[], bool], timeout_s: float = 20) -> bool:
        """Wait until something is so; whether it is."""
        with self.changed:
            return self.changed.wait_for(done, timeout_s)

    def release(self) -> None:
        """Answer those that wait."""
        self._loop.call_soon_threadsafe(self._released.set)

    async def released(self) -> None:
        await self._released.wait()

    def copies(self) -> Counter[tuple[str, str]]:
        """How often each mail was accepted, by recipient and Message-ID."""
        return Counter((one.recipient, one.message_id) for one in self.accepted)

    def ids_of(self, recipient: str) -> list[str]:
        """The Message-IDs that a recipient was given, in order."""
        return [one.message_id for one in self.accepted if one.recipient == recipient]


class Session:
    """One connection; C4: one recipient a transaction, or the sink refuses."""

    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink = sink
        self.reader = reader
        self.writer = writer
        self.recipient = ""
        self.step = OK

    async def talk(self) -> None:
        await self.say("220 sink.example ESMTP")
        while line := (await self.reader.readline()).decode():
            verb = line[:4].strip().upper()
            if verb == "RCPT":
                await self.take_recipient(line)
            elif verb == "DATA":
                await self.take_data()
            elif verb == "QUIT":
                await self.say("221 bye")
                return
            else:
                self.recipient = ""
                await self.say({"EHLO": self.sink.hello, "MAIL": self.sink.mail}.get(verb, "250 ok"))

    async def take_recipient(self, line: str) -> None:
        found = re.search(r"<(.*?)>", line)
        if self.recipient or not found or not self.sink.mail.startswith("250"):
            await self.say("452 4.5.3 one recipient only")
            return
        self.recipient = found[1]
        self.step = self.sink.step_for(self.recipient)
        if not await self.scripted("rcpt"):
            await self.say("250 ok")

    async def take_data(self) -> None:
        if not self.recipient:
            await self.say("554 5.5.1 no valid recipients")
            return
        if await self.scripted("data"):
            return
        await self.say("354 go on")
        raw = await self.reader.readuntil(b"\r\n.\r\n")
        if self.step.keep:
            self.sink.keep(self.recipient, raw[:-3].replace(b"\r\n..", b"\r\n."))
        if self.step.hold:
            await asyncio.Event().wait()
        if self.step.wait:
            await self.sink.released()
        await self.scripted("dot")
        self.recipient = ""

    async def scripted(self, at: str) -> bool:
        """Answer as the script says, if it does here."""
        if self.step.at != at:
            return False
        if self.step.reply:
            await self.say(self.step.reply)
        if self.step.close:
            raise HangUp
        self.recipient = ""
        return True

    async def say(self, line: str) -> None:
        reply = line.encode() + b"\r\n"
        for part in (reply[at : at + 1] for at in range(len(reply))) if self.sink.crumbs else [reply]:
            self.writer.write(part)
            await self.writer.drain()
            if self.sink.crumbs:
                await asyncio.sleep(0)
