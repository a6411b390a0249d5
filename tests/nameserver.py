"""A DNS server on loopback that knows some TXT records, over UDP and, for long answers, TCP."""

from __future__ import annotations

import errno
import struct
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer, ThreadingUDPServer
from typing import TYPE_CHECKING, Any, Self

import dns.flags
import dns.message
import dns.rcode
import dns.resolver
import dns.rrset

if TYPE_CHECKING:
    from socketserver import BaseServer


class NameServer:
    """The server. `records`: name -> TXT records as a zone file has them; every other name is unknown."""

    def __init__(self, records: dict[str, list[str]]) -> None:
        self.records = records
        self.asked: list[str] = []
        self.broken = False
        self.servers: list[BaseServer] = []

    def __enter__(self) -> Self:
        self.servers = self._bind()
        self.threads = [threading.Thread(target=one.serve_forever, args=(0.05,)) for one in self.servers]
        for thread in self.threads:
            thread.start()
        return self

    def _bind(self) -> list[BaseServer]:
        """Return a server for each protocol on one port, whichever is free for both."""
        while True:
            tcp = ThreadingTCPServer(("127.0.0.1", 0), self._handler(self._over_tcp))
            self.port = int(tcp.server_address[1])
            try:
                return [tcp, ThreadingUDPServer(tcp.server_address, self._handler(self._over_udp))]
            except OSError as exc:
                tcp.server_close()
                if exc.errno != errno.EADDRINUSE:
                    raise

    def __exit__(self, *exc: object) -> None:
        for server, thread in zip(self.servers, self.threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()

    def resolver(self) -> dns.resolver.Resolver:
        """Return a resolver that asks this server."""
        return resolver_at(self.port)

    def _handler(self, answer: Any) -> Any:
        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                answer(self.request, self.client_address)

        return Handler

    def _over_udp(self, request: Any, peer: Any) -> None:
        wire, socket = request
        reply = self._answer(wire)
        if len(reply) > 512:
            short = dns.message.make_response(dns.message.from_wire(wire))
            short.flags |= dns.flags.TC
            reply = short.to_wire()
        socket.sendto(reply, peer)

    def _over_tcp(self, connection: Any, _: Any) -> None:
        (size,) = struct.unpack("!H", connection.recv(2))
        reply = self._answer(connection.recv(size))
        connection.sendall(struct.pack("!H", len(reply)) + reply)

    def _answer(self, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        (question,) = query.question
        name = question.name.to_text(omit_final_dot=True)
        self.asked.append(name)
        reply = dns.message.make_response(query)
        if self.broken:
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif name not in self.records:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        elif self.records[name]:
            reply.answer.append(dns.rrset.from_text(question.name, 60, "IN", "TXT", *self.records[name]))
        return reply.to_wire()


def resolver_at(port: int) -> dns.resolver.Resolver:
    """Return a resolver that asks a server on loopback, and nobody else."""
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = port
    return resolver
