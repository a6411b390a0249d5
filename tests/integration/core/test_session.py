"""One SMTP connection against a server that says anything: plain, STARTTLS and TLS; each reply counts for its mail."""

from __future__ import annotations

import asyncio
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import uvloop

from callboard.base.config import SmtpServer
from callboard.mail.replies import Fate
from callboard.mail.transport import SmtpTransport, Unavailable
from callboard.mail.wire import MailObject

PEM = Path(__file__).parent / "tls" / "localhost.pem"
RAW = b"Subject: hello\r\n\r\n.dots\r\nand more\r\n"


class Server:
    """Answers by verb from `answers`, a list a verb whose last one repeats; `dot` is the final one. None hangs up."""

    new_loop = asyncio.new_event_loop

    def __init__(self, *, extensions="PIPELINING", tls="none", **answers):
        self.extensions = extensions.split()
        self.tls = tls
        self.answers = {key: list(value) if isinstance(value, list) else [value] for key, value in answers.items()}
        self.heard = []
        self.bodies = []
        self.sessions = []
        self.context = None
        if tls != "none":
            self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            self.context.load_cert_chain(PEM)

    async def serve(self, reader, writer):
        self.sessions.append(asyncio.current_task())
        try:
            writer.write(b"220 ready\r\n")
            await self.talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            writer.close()

    async def talk(self, reader, writer):
        while line := (await reader.readline()).decode().strip():
            self.heard.append(line)
            verb = line.split()[0].lower()
            if verb == "starttls":
                writer.write(b"220 go ahead\r\n")
                await writer.start_tls(self.context)
                continue
            answer = self.said(verb)
            if answer is None:
                return
            writer.write(answer.encode() + b"\r\n")
            if verb == "data" and answer.startswith("354"):
                self.bodies.append(await self.body(reader))
                answer = self.said("dot")
                if answer is None:
                    return
                writer.write(answer.encode() + b"\r\n")
            if verb == "quit":
                return

    async def body(self, reader):
        lines = []
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            lines.append(line)
        return b"".join(lines)

    def said(self, verb):
        if verb == "ehlo" and "ehlo" not in self.answers:
            return "\r\n".join(f"250-{one}" for one in ["server", *self.extensions]) + "\r\n250 HELP"
        answers = self.answers.get(verb, ["354 go on" if verb == "data" else "250 2.0.0 ok"])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def talking(run, server, user=None, password=None, patience_s=20.0):
    """Run a coroutine function with a transport to the server."""

    async def main():
        context = server.context if server.tls == "tls" else None
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=context)
        port = listener.sockets[0].getsockname()[1]
        address = SmtpServer(host="127.0.0.1", port=port, security=server.tls, username=user, password=password)
        transport = SmtpTransport(address, "callboard.example", patience_s)
        try:
            return await run(transport)
        finally:
            await transport.close()
            listener.close()
            await asyncio.wait_for(asyncio.gather(*server.sessions, return_exceptions=True), 10)

    with ThreadPoolExecutor(1) as apart:  # a browser test may have left a loop running in this thread
        return apart.submit(run_on, server.new_loop, main()).result()


def run_on(new_loop, work):
    with asyncio.Runner(loop_factory=new_loop) as runner:
        return runner.run(work)


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"], autouse=True)
def _loop(request):
    """Sign-in mail runs on asyncio's own loop, the courier on uvloop."""
    Server.new_loop = staticmethod(request.param)


def sending(*recipients, raw=RAW):
    async def run(transport):
        replies = []
        for one in recipients:
            await transport.open()
            replies.append(await transport.send(MailObject("a@x.example", one, raw)))
        return replies

    return run


def fates(replies):
    return [one.fate for one in replies]


@pytest.mark.parametrize("extensions", ["PIPELINING", ""])
def test_mails_follow_each_other_over_one_connection_with_their_dots_doubled(extensions):
    server = Server(extensions=extensions)
    assert fates(talking(sending("b@x.example", "c@x.example"), server)) == [Fate.SENT] * 2
    assert len(server.sessions) == 1
    assert [one.replace(b"\r\n..", b"\r\n.") for one in server.bodies] == [RAW] * 2
    assert b"\r\n..dots" in server.bodies[0]


@pytest.mark.parametrize("extensions", ["PIPELINING", ""])
def test_a_refused_recipient_is_refused_alone(extensions):
    server = Server(extensions=extensions, rcpt=["550 5.1.1 gone", "250 ok"], data=["503 no recipient", "354 go on"])
    if not extensions:
        server.answers["data"] = ["354 go on"]
    replies = talking(sending("b@x.example", "c@x.example"), server)
    assert fates(replies) == [Fate.NO_SUCH_ADDRESS, Fate.SENT]
    assert len(server.bodies) == 1
    assert "RSET" in server.heard


def test_rfc2920_data_that_was_taken_without_a_recipient_ends_with_a_lone_dot():
    server = Server(rcpt=["450 4.2.1 later", "250 ok"], dot=["554 no recipient", "250 ok"])
    assert fates(talking(sending("b@x.example", "c@x.example"), server)) == [Fate.RETRY, Fate.SENT]
    assert [bool(one) for one in server.bodies] == [False, True]


@pytest.mark.parametrize(
    ("answers", "fate", "of_hop"),
    [
        ({"mail": "451 4.3.2 not now"}, Fate.RETRY, True),
        ({"mail": "530 5.7.0 sign in"}, Fate.POLICY, True),
        ({"rcpt": "550 5.7.1 no"}, Fate.POLICY, False),
        ({"data": "451 4.3.0 later"}, Fate.RETRY, False),
        ({"data": "250 what"}, Fate.RETRY, False),
        ({"mail": "354 go on"}, Fate.RETRY, False),
        ({"rcpt": "354 go on"}, Fate.RETRY, False),
        ({"data": "354 go on\r\n250 before it came"}, Fate.RETRY, False),
        ({"rcpt": "what is this"}, Fate.RETRY, False),
        ({"rcpt": None}, Fate.RETRY, False),
        ({"dot": None}, Fate.IN_DOUBT, False),
        ({"dot": "what is this"}, Fate.IN_DOUBT, False),
        ({"dot": "354 go on"}, Fate.IN_DOUBT, False),
        ({"dot": "220 ready"}, Fate.IN_DOUBT, False),
        ({"dot": "221 closing"}, Fate.IN_DOUBT, False),
        ({"dot": "421 4.3.2 closing"}, Fate.RETRY, False),
        ({"dot": "452-4.3.1 full\r\n452 4.3.1 disk"}, Fate.RETRY, False),
        ({"dot": "250 ok\r\n250 and one too many"}, Fate.SENT, False),
    ],
)
def test_p2_what_is_said_at_each_point_decides_and_the_next_mail_has_its_own_replies(answers, fate, of_hop):
    server = Server(**{key: [value, "354 go on" if key == "data" else "250 ok"] for key, value in answers.items()})
    first, second = talking(sending("b@x.example", "c@x.example"), server)
    assert (first.fate, first.of_hop) == (fate, of_hop)
    assert second.fate is Fate.SENT


@pytest.mark.parametrize("verb", ["mail", "rcpt"])
def test_a_354_that_comes_before_data_lets_no_mail_go_one_command_at_a_time(verb):
    server = Server(extensions="", **{verb: ["354 go on", "250 ok"]})
    assert fates(talking(sending("b@x.example", "c@x.example"), server)) == [Fate.RETRY, Fate.SENT]
    assert len(server.bodies) == 1


@pytest.mark.parametrize("dot", [None, "what is this", "354 go on"])
def test_a_refusal_stands_when_the_lone_dot_is_not_answered_and_no_mail_follows_it(dot):
    server = Server(rcpt=["550 5.1.1 gone", "250 ok"], dot=[dot, "250 ok"])
    assert fates(talking(sending("b@x.example", "c@x.example"), server)) == [Fate.NO_SUCH_ADDRESS, Fate.SENT]
    assert [bool(one) for one in server.bodies] == [False, True]


@pytest.mark.parametrize(
    ("said", "fate", "of_hop"),
    [
        ("250 reset\r\n550 5.7.1 blocked", Fate.POLICY, True),
        ("250 reset\r\n250 ok\r\n550 5.1.1 gone", Fate.NO_SUCH_ADDRESS, False),
        ("502 no such command", Fate.RETRY, False),
    ],
)
def test_what_answers_rset_counts_for_no_command_when_the_server_hangs_up(said, fate, of_hop):
    class Leaving(Server):
        async def talk(self, reader, writer):
            while (line := await reader.readline()) != b"RSET\r\n":
                answer = {b"E": "250-server\r\n250 PIPELINING", b"R": "550 5.1.1 gone", b"D": "503 no"}
                writer.write(answer.get(line[:1], "250 ok").encode() + b"\r\n")
            for _ in ("MAIL", "RCPT", "DATA"):
                await reader.readline()
            writer.write(said.encode() + b"\r\n")

    _, reply = talking(sending("b@x.example", "c@x.example"), Leaving())
    assert (reply.fate, reply.of_hop) == (fate, of_hop)


def test_a_server_that_falls_silent_after_the_dot_leaves_doubt():
    class Silent(Server):
        def said(self, verb):
            return "250-silence" if verb == "dot" else super().said(verb)

    (reply,) = talking(sending("b@x.example"), Silent(), patience_s=0.3)
    assert (reply.fate, reply.code) == (Fate.IN_DOUBT, 0)
    assert "no answer within" in reply.text


def test_a_421_between_two_mails_is_no_answer_to_the_next():
    async def run(transport):
        await transport.open()
        first = await transport.send(MailObject("a@x.example", "b@x.example", RAW))
        await asyncio.sleep(0.05)
        await transport.open()
        return [first, await transport.send(MailObject("a@x.example", "c@x.example", RAW))]

    server = Server(dot=["250 ok\r\n421 4.4.2 idle too long", "250 ok"])
    assert fates(talking(run, server)) == [Fate.SENT] * 2
    assert len(server.sessions) == 2


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize("extensions", ["PIPELINING", ""])
def test_mails_travel_over_tls_with_a_certificate_that_is_trusted(monkeypatch, tls, extensions):
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    server = Server(tls=tls, extensions=f"STARTTLS {extensions}")
    large = RAW + (b"x" * 70 + b"\r\n") * 5000
    assert fates(talking(sending("b@x.example", "c@x.example", raw=large), server)) == [Fate.SENT] * 2
    assert len(server.sessions) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_is_not_trusted_is_refused_with_words_and_nothing_is_said(tls):
    server = Server(tls=tls, extensions="STARTTLS")
    with pytest.raises(Unavailable, match=r"(?i)certificate"):
        talking(sending("b@x.example"), server)
    assert not any(one.startswith("MAIL") for one in server.heard)


def test_starttls_that_is_not_offered_is_not_done_without():
    server = Server(extensions="")
    server.tls = "starttls"
    with pytest.raises(Unavailable, match="STARTTLS"):
        talking(sending("b@x.example"), server)
    assert not any(one.startswith("MAIL") for one in server.heard)


def test_a_wrong_password_is_told_in_the_servers_words():
    class Closed(Server):
        def said(self, verb):
            return "535 5.7.8 wrong password" if verb == "auth" else super().said(verb)

    server = Closed()
    server.extensions.append("AUTH PLAIN")
    with pytest.raises(Unavailable, match="wrong password"):
        talking(sending("b@x.example"), server, user="callboard", password="wrong")


def test_a_mail_with_8_bit_bytes_says_so_or_is_not_sent():
    raw = "Subject: x\r\n\r\nü\r\n".encode()
    able = Server(extensions="PIPELINING 8BITMIME")
    assert fates(talking(sending("b@x.example", raw=raw), able)) == [Fate.SENT]
    assert any("BODY=8BITMIME" in one for one in able.heard)
    unable = Server()
    assert fates(talking(sending("b@x.example", raw=raw), unable)) == [Fate.FAILED]
    assert not unable.bodies


def announcing(*recipients, call_off=False):
    """Send mails, each announced with the one before; what the server has heard when the first is answered."""
    mails = [MailObject("a@x.example", one, RAW + b"x\r\n" * 20_000) for one in recipients]

    async def run(transport):
        await transport.open()
        replies = [await transport.send(mails[0], mails[1])]
        await asyncio.sleep(0.05)
        if call_off:
            transport.call_off()
        for mail, following in zip(mails[1:], [*mails[2:], None], strict=True):
            await transport.open()
            replies.append(await transport.send(mail, following))
        return replies

    return run


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
def test_rfc2920_the_envelope_of_the_next_mail_leaves_with_the_one_before(monkeypatch, tls):
    monkeypatch.setenv("SSL_CERT_FILE", str(PEM))
    server = Server(tls=tls, extensions="PIPELINING STARTTLS")
    assert fates(talking(announcing("b@x.example", "c@x.example", "d@x.example"), server)) == [Fate.SENT] * 3
    assert len(server.sessions) == 1
    assert [one for one in server.heard if one.startswith("RCPT")] == [f"RCPT TO:<{one}@x.example>" for one in "bcd"]
    assert len(server.bodies) == 3


def test_a_server_that_offers_no_pipelining_hears_of_one_mail_at_a_time():
    server = Server(extensions="")
    assert fates(talking(announcing("b@x.example", "c@x.example"), server)) == [Fate.SENT] * 2
    assert [one.split()[0] for one in server.heard if one.split()[0] in ("MAIL", "RCPT", "DATA")] == [
        "MAIL", "RCPT", "DATA", "MAIL", "RCPT", "DATA",
    ]  # fmt: skip


def test_a_mail_that_is_called_off_costs_the_connection_and_nothing_of_it_arrives():
    server = Server()
    assert fates(talking(announcing("b@x.example", "c@x.example", call_off=True), server)) == [Fate.SENT] * 2
    assert len(server.sessions) == 2
    assert len(server.bodies) == 2


def test_a_goodbye_is_no_mail_that_was_announced():
    async def run(transport):
        await transport.open()
        one, other = (MailObject("a@x.example", to, RAW) for to in ("b@x.example", "c@x.example"))
        return [await transport.send(one, other)]

    server = Server()
    assert fates(talking(run, server)) == [Fate.SENT]
    assert "QUIT" not in server.heard
    assert len(server.bodies) == 1


def test_another_mail_than_was_announced_does_not_leave():
    async def run(transport):
        await transport.open()
        one, two, three = (MailObject("a@x.example", f"{to}@x.example", RAW) for to in "bcd")
        return [await transport.send(one, two), await transport.send(three)]

    server = Server()
    assert fates(talking(run, server)) == [Fate.SENT, Fate.RETRY]
    assert len(server.bodies) == 1


@pytest.mark.parametrize(
    ("answers", "wanted", "sessions"),
    [
        ({"dot": ["what is this", "250 ok"]}, [Fate.IN_DOUBT, Fate.SENT, Fate.SENT], 2),
        ({"dot": ["554 5.6.0 no", "250 ok"]}, [Fate.FAILED, Fate.SENT, Fate.SENT], 1),
        ({"dot": ["421 4.3.2 closing", "250 ok"]}, [Fate.RETRY, Fate.SENT, Fate.SENT], 2),
        ({"dot": [None, "250 ok"]}, [Fate.IN_DOUBT, Fate.SENT, Fate.SENT], 2),
        ({"mail": ["250 ok", "421 4.3.2 enough", "250 ok"]}, [Fate.SENT, Fate.SENT, Fate.SENT], 2),
        ({"mail": ["250 ok", None, "250 ok"]}, [Fate.SENT, Fate.SENT, Fate.SENT], 2),
        ({"mail": ["250 ok", "451 4.3.0 later", "250 ok"], "data": ["354 go on", "503 no", "354 go on"]},
         [Fate.SENT, Fate.RETRY, Fate.SENT], 1),
        ({"rcpt": ["250 ok", "550 5.1.1 gone", "250 ok"], "data": ["354 go on", "554 nobody", "354 go on"]},
         [Fate.SENT, Fate.NO_SUCH_ADDRESS, Fate.SENT], 1),
        ({"rcpt": ["250 ok", "450 4.2.1 later", "250 ok"], "dot": ["250 ok", "554 no recipient", "250 ok"]},
         [Fate.SENT, Fate.RETRY, Fate.SENT], 1),
        ({"data": ["354 go on", "250 what", "354 go on"]}, [Fate.SENT, Fate.RETRY, Fate.SENT], 2),
        ({"dot": ["250 ok\r\n250 and one too many", "250 ok"]}, [Fate.SENT, Fate.SENT, Fate.SENT], 2),
    ],
)  # fmt: skip
def test_p2_each_reply_counts_for_its_mail_whatever_was_announced(answers, wanted, sessions):
    server = Server(**answers)
    assert fates(talking(announcing("b@x.example", "c@x.example", "d@x.example"), server)) == wanted
    assert len(server.sessions) == sessions
