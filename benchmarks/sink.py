"""An SMTP server that accepts everything and says how many mails it took and when.

Run as a process of its own, so that its work is not the client's: `python -m benchmarks.sink`
prints its port, then one line for every `QUERY` line on its standard input: mails, seconds of
the last acceptance (`time.time()`).
"""

from __future__ import annotations

import asyncio
import sys
import time


class Session(asyncio.Protocol):
    """One connection: enough of RFC 5321 for a client that behaves."""

    accepted = 0
    last_s = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a connection reads and writes")
        self.transport = transport
        self.buffer = b""
        self.in_data = False
        transport.write(b"220 sink ready\r\n")

    def data_received(self, data: bytes) -> None:
        """Answer every complete line; in DATA look only for the final dot."""
        self.buffer += data
        while True:
            mark = b"\r\n.\r\n" if self.in_data else b"\r\n"
            end = self.buffer.find(mark)
            if end < 0:
                return
            line, self.buffer = self.buffer[:end], self.buffer[end + len(mark) :]
            self.answer(line)

    def answer(self, line: bytes) -> None:
        """Answer one command, or the end of a mail."""
        if self.in_data:
            self.in_data = False
            Session.accepted += 1
            Session.last_s = time.time()
            self.transport.write(b"250 2.0.0 accepted\r\n")
            return
        verb = line[:4].upper()
        if verb == b"EHLO":
            self.transport.write(b"250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
        elif verb == b"DATA":
            self.in_data = True
            self.transport.write(b"354 go on\r\n")
        elif verb == b"QUIT":
            self.transport.write(b"221 bye\r\n")
            self.transport.close()
        else:
            self.transport.write(b"250 2.0.0 ok\r\n")


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Session, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(Session.accepted, Session.last_s, flush=True)


if __name__ == "__main__":
    asyncio.run(main())
