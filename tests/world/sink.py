"""A real SMTP server on loopback that keeps what it is given."""

from __future__ import annotations

import contextlib
import re
import socketserver
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

GREETING = b"250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 50000000"


@dataclass(frozen=True)
class Received:
    """One transaction: the envelope, and the message as it came."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes


class Session(socketserver.StreamRequestHandler):
    """One connection."""

    server: Listener
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Speak until the client leaves, however it does."""
        with contextlib.suppress(ConnectionError):
            self.talk()

    def talk(self) -> None:
        self.clear()
        self.reply(b"220 sink.example ESMTP")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"QUIT":
                self.reply(b"221 bye")
                return
            if verb == b"DATA":
                self.take_data()
            else:
                self.reply(self.answer(verb, line.decode("utf-8", "replace")))

    def answer(self, verb: bytes, line: str) -> bytes:
        """The answer to a command without a body."""
        path = re.search(r"<(.*?)>", line)
        if verb in (b"EHLO", b"HELO"):
            return GREETING if verb == b"EHLO" else b"250 sink.example"
        if verb == b"MAIL" and path:
            self.clear()
            self.sender = path[1]
        elif verb == b"RCPT" and path:
            self.recipients.append(path[1])
        elif verb == b"RSET":
            self.clear()
        elif verb not in (b"NOOP", b"VRFY"):
            return b"500 not known"
        return b"250 ok"

    def take_data(self) -> None:
        """Read up to the final dot; what stops before it was never accepted."""
        if not self.recipients:
            self.reply(b"503 no recipient")
            return
        self.reply(b"354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            lines.append(line[1:] if line.startswith(b".") else line)
        time.sleep(self.server.sink.delay_s)
        self.server.sink.keep(Received(self.sender, tuple(self.recipients), b"".join(lines)))
        self.reply(b"250 kept")
        self.clear()

    def clear(self) -> None:
        self.sender = ""
        self.recipients: list[str] = []

    def reply(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


class Listener(socketserver.ThreadingTCPServer):
    """The listening socket, which knows its sink."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, sink: Sink) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.sink = sink


class Sink:
    """The server, in threads. Every answer to a final dot waits `delay_s`."""

    def __init__(self, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self.messages: list[Received] = []
        self.changed = threading.Condition()
        self.listener = Listener(self)
        self.port = int(self.listener.server_address[1])
        self.thread = threading.Thread(target=self.listener.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.listener.shutdown()
        self.thread.join()
        self.listener.server_close()

    def keep(self, message: Received) -> None:
        with self.changed:
            self.messages.append(message)
            self.changed.notify_all()

    def wait_for(self, count: int, timeout_s: float) -> bool:
        """Wait until there are so many messages; whether there are."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.messages) >= count, timeout_s)
