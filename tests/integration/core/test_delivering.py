"""Delivery when something goes wrong between two statements: faults that lost or doubled mail once."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction
from tests.integration.core.studio import ANA, TOM, default, user

from callboard.base.config import SmtpServer
from callboard.mail import store
from callboard.mail.desk import Desk
from callboard.mail.feeding import Feed
from callboard.mail.lanes import Lanes
from callboard.mail.models import Attempt, Mail, MailState
from callboard.mail.outcomes import Outcomes
from callboard.mail.owners import new_owner
from callboard.mail.replies import Fate, Reply, read_reply
from callboard.mail.store import Result
from callboard.mail.threads import Threads
from callboard.mail.transport import SmtpTransport, Unavailable
from callboard.mail.wire import MailObject


class Server:
    """A mail server on loopback that waits before it answers RCPT of `slow` and counts what it accepts."""

    def __init__(self, final: bytes = b"250 2.0.0 ok", most: int = 100, *, closes: bool = False) -> None:
        self.final = final
        self.most = most
        self.closes = closes
        self.open = 0
        self.accepted: list[str] = []
        self.asked = asyncio.Event()
        self.sessions: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sessions.add(asyncio.current_task())
        self.open += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await self.talk(reader, writer)
        self.open -= 1
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.open > self.most:
            writer.write(b"421 4.3.2 too many connections\r\n")
            return
        writer.write(b"220 ready\r\n")
        recipient = ""
        while line := await reader.readline():
            answer = b"250 2.1.5 ok"
            if line.startswith(b"RCPT"):
                recipient = line.decode()
                if "slow" in recipient:
                    self.asked.set()
                    await asyncio.sleep(0.3)
            elif line.startswith(b"DATA"):
                writer.write(b"354 go on\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                self.accepted.append(recipient)
                answer = self.final
            writer.write(answer + b"\r\n")
            await writer.drain()
            if self.closes and answer == self.final:
                return


def talking(run, **values):
    """Run a coroutine function with a server and a transport to it."""

    async def main():
        server = Server(**values)
        listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        address = SmtpServer(host="127.0.0.1", port=port, security="none", username=None, password=None)
        transport = SmtpTransport(address, "callboard.example")
        try:
            return await run(server, transport)
        finally:
            await transport.close()
            listener.close()
            await asyncio.gather(*filter(None, server.sessions))

    with ThreadPoolExecutor(1) as apart:  # a browser test may have left a loop running in this thread
        return apart.submit(asyncio.run, main()).result()


def test_p1_a_send_that_was_cut_short_leaves_no_reply_for_the_next_mail():
    async def run(server, transport):
        await transport.open()
        first = asyncio.create_task(
            transport.send(MailObject("a@x.example", "slow@x.example", b"Subject: 1\r\n\r\n1\r\n"))
        )
        await server.asked.wait()
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first
        await transport.open()
        reply = await transport.send(MailObject("a@x.example", "next@x.example", b"Subject: 2\r\n\r\n2\r\n"))
        return reply, server.accepted

    reply, accepted = talking(run)
    assert reply.fate is Fate.SENT
    assert [one for one in accepted if "next" in one], "sent is said only of what was accepted"


def test_p3_words_that_are_not_utf_8_can_be_kept():
    async def run(_server, transport):
        await transport.open()
        return await transport.send(MailObject("a@x.example", "b@x.example", b"Subject: 1\r\n\r\n1\r\n"))

    reply = talking(run, final=b"250 2.0.0 caf\xe9 \x00 \x1b[31m")
    assert reply.fate is Fate.SENT
    assert reply.text.encode("utf-8").decode().isprintable()


def test_a_server_that_takes_no_more_connections_is_unavailable_in_its_own_words():
    async def run(_server, transport):
        with pytest.raises(Unavailable, match="too many connections"):
            await transport.open()

    talking(run, most=0)


def test_a_server_that_closed_after_a_mail_unheard_costs_the_next_one_nothing():
    async def run(server, transport):
        await transport.open()
        mails = [MailObject("a@x.example", f"{number}@x.example", b"Subject: 1\r\n\r\n1\r\n") for number in range(5)]
        return [(await transport.send(one)).fate for one in mails], len(server.accepted)  # at once, before it is heard

    assert talking(run, closes=True) == ([Fate.SENT] * 5, 5)


def leased(stage):
    """One mail, leased by owner A, whose lease then expired and went to owner B."""
    stage.fill()
    with transaction.atomic():
        (mail,) = store.lease("owner-a", time.time() + 60, stage.now, 10)
        store.begin_attempts([mail], "owner-a", stage.now)
        store.free_leases(["owner-a"], expired_before_s=0)
        store.lease("owner-b", time.time() + 60, stage.now, 10)
    return mail


def record(mail, owner, state, fate, stage):
    result = Result(mail=mail, email="", state=state, reply=Reply(fate, 0, "said"), next_attempt_at=stage.now)
    with transaction.atomic():
        store.record_results([result], owner, stage.now)
    return Mail.objects.get(id=mail.id).state


@contextlib.contextmanager
def drafted(stage, count=1):
    """One mail or more, leased and written, not begun yet; and what renews and begins them."""
    stage.fill()
    with new_owner(stage.pipeline.config.home) as owner:
        outcomes = Outcomes(stage.pipeline.clock, owner)
        desk = Desk(stage.pipeline.config, stage.pipeline.clock, stage.pipeline.checker)
        drafts = desk.draft(outcomes.lease(50))
        assert len(drafts) == count
        yield *drafts, desk, outcomes


def test_s5_a_mute_between_writing_and_handing_over_is_seen(stage):
    with drafted(stage) as (found, desk, outcomes):
        stage.mute(default())
        assert outcomes.commit([], [found])[:2] == ({}, [found]), "what a change may have overtaken is not begun"
        (renewed,) = desk.renew([found])
        assert outcomes.commit([], [renewed])[:2] == ({}, [])
        assert stage.row()["state"] == "withdrawn"


def test_s5_a_change_that_is_somebody_elses_lets_the_written_mail_go(stage):
    with drafted(stage) as (found, desk, outcomes):
        stage.mute(default(), TOM)
        written = found.mail_object
        assert outcomes.commit([], [found])[:2] == ({}, [found])
        assert outcomes.commit([], desk.renew([found]))[:2] == ({found.mail.id: found}, [])
        assert found.mail_object is written


def test_p2_of_written_mails_only_those_that_are_still_ours_are_begun(stage):
    stage.accept(fulfillment_partner="tidewater")
    with drafted(stage, 2) as (lost, found, _, outcomes):
        with transaction.atomic():
            assert store.free_leases([], expired_before_s=time.time() + 100) == 2
            (again,) = store.lease("owner-b", time.time() + 60, stage.now, 1)
            (ours,) = store.lease(outcomes.owner.id, time.time() + 60, stage.now, 1)
        found.mail = ours
        assert again.id == lost.mail.id
        assert outcomes.commit([], [lost, found])[:2] == ({found.mail.id: found}, [])
        assert list(Attempt.objects.values_list("mail_id", flat=True)) == [found.mail.id]


def test_s5_a_mail_that_is_another_owners_by_now_is_not_withdrawn_by_us(stage):
    with drafted(stage) as (found, desk, outcomes):
        stage.mute(default())
        (renewed,) = desk.renew([found])
        with transaction.atomic():
            store.free_leases([outcomes.owner.id], expired_before_s=0)
            store.lease("owner-b", time.time() + 60, stage.now, 1)
        assert outcomes.commit([], [renewed])[:2] == ({}, [])
        assert (stage.row()["state"], Mail.objects.get().state) == ("queued", MailState.LEASED)


def test_p2_a_late_result_of_an_owner_that_lost_its_lease_changes_nothing(stage):
    mail = leased(stage)
    assert record(mail, "owner-a", MailState.QUEUED, Fate.RETRY, stage) == MailState.LEASED
    assert record(mail, "owner-b", MailState.SENT, Fate.SENT, stage) == MailState.SENT
    assert record(mail, "owner-a", MailState.QUEUED, Fate.IN_DOUBT, stage) == MailState.SENT


def test_p2_a_late_250_counts_even_without_the_lease(stage):
    assert record(leased(stage), "owner-a", MailState.SENT, Fate.SENT, stage) == MailState.SENT


def test_s1_a_clock_that_went_back_opens_another_window(stage):
    first = stage.accept()
    stage.pass_(seconds=11)
    stage.drain()
    stage.pass_(seconds=-11)
    second = stage.accept()
    stage.pass_(seconds=30)
    stage.drain()
    rows = [row for row in stage.ledger() if row["user"] == "ana@copperglass.example"]
    assert [(row["event"], row["state"]) for row in rows] == [(first, "sent"), (second, "sent")]
    assert rows[0]["message_id"] != rows[1]["message_id"]


@pytest.mark.parametrize(
    ("code", "text", "fate"),
    [
        (250, "2.0.0 ok", Fate.SENT),
        (354, "go on", Fate.RETRY),
        (0, "garbage", Fate.RETRY),
        (451, "4.3.0 later", Fate.RETRY),
        (550, "5.1.1 unknown", Fate.NO_SUCH_ADDRESS),
        (550, "5.7.1 policy", Fate.POLICY),
        (552, "5.2.2 full", Fate.FAILED),
    ],
)
def test_p4_what_a_reply_means(code, text, fate):
    assert read_reply(code, text).fate is fate


class Slow:
    """An owner whose second lease takes its time: `leasing` is set then."""

    def __init__(self, owner):
        self.owner = owner
        self.id = owner.id
        self.leases = 0
        self.leasing = threading.Event()

    def __enter__(self):
        self.owner.__enter__()
        return self

    def __exit__(self, *exc):
        self.owner.__exit__(*exc)

    def keep(self):
        self.leases += 1
        if self.leases == 2:
            self.leasing.set()
            time.sleep(0.2)


class Away:
    """A transport to a next hop that refuses connections while a lease is being taken."""

    is_open = False

    def __init__(self, leasing):
        self.leasing = leasing

    async def open(self):
        await asyncio.to_thread(self.leasing.wait, 30)
        raise Unavailable("away")

    def call_off(self):
        """Nothing is ahead."""

    async def close(self):
        """Nothing is open."""


def test_what_is_leased_while_the_last_connection_gives_up_is_put_off_with_the_rest(stage):
    (ana,) = user(ANA)["users"]
    stage.pipeline.import_people({"users": [ana | {"email": f"p{number}@x.example"} for number in range(300)]})
    stage.fill()
    owner = Slow(new_owner(stage.pipeline.config.home))
    assert stage.deliver(lambda: Away(owner.leasing), owner)["sent"] == 0
    assert set(Mail.objects.values_list("state", "lease_owner")) == {("queued", "")}
    assert not store.is_due(stage.now)
    stage.pass_(seconds=31)
    assert stage.deliver()["sent"] == 301


def test_p4_what_is_being_written_for_a_domain_that_is_paused_meanwhile_does_not_leave(stage):
    (ana,) = user(ANA)["users"]
    emails = [f"p{number}@{'storm' if number % 2 else 'calm'}.example" for number in range(20)]
    stage.pipeline.import_people({"users": [ana | {"email": email} for email in emails]})
    stage.fill()
    owner = new_owner(stage.pipeline.config.home)
    stage.thread.submit(owner.__enter__).result()  # where leases are taken
    outcomes = Outcomes(stage.pipeline.clock, owner)
    desk = Desk(stage.pipeline.config, stage.pipeline.clock, stage.pipeline.checker)

    async def run():
        feed = Feed(Threads(stage.thread, stage.thread), desk, outcomes, Lanes(44))
        await feed.lease()
        feed.write_meanwhile()
        cleared = feed.clear("storm.example")
        running = asyncio.create_task(feed.run())
        left = [await feed.next() for _ in range(11)]
        feed.halt()
        await running
        return cleared, left, feed.clear_all()

    with ThreadPoolExecutor(1) as apart:
        cleared, left, rest = apart.submit(asyncio.run, run()).result()
    stage.thread.submit(owner.__exit__, None, None, None).result()
    assert {one.domain for one in cleared} == {"storm.example"}
    assert len(cleared) == 10
    assert "storm.example" not in {one.domain for one in left}
    assert rest == []
