"""Letters about requests: stored with the request, sent once the mail server takes them, under one Message-ID."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest
from tests.e2e.sink import Sink
from tests.integration.core.studio import ANA, draft, user

from callboard.base.config import SmtpServer
from callboard.mail import store as outbox
from callboard.mail.letters.postman import Postman
from callboard.mail.models import PostedLetter
from callboard.mail.replies import LONGEST_RETRY
from callboard.mail.transport import transport_factory
from callboard.people.models import User
from callboard.support import tickets
from callboard.support.context import snapshot
from callboard.support.models import Ticket
from callboard.support.values import About, Category, Draft, TicketState

HELP = "help@callboard.example"
HOSTILE = "Ana\r\nBcc: evil@evil.example\x01\u202e <b>x</b>"


class Office:
    """Requests of Ana's over a stage, and what sends their letters."""

    def __init__(self, stage):
        self.stage = stage
        self.config = replace(stage.pipeline.config, operators=(HELP,))
        self.drafts = 0

    def draft(self, text="Please look at this."):
        self.drafts += 1
        return Draft(key=f"draft-{self.drafts}", text=text)

    def ask(self, text="Please look at this.", category=Category.TOO_MANY, about=None):
        world = self.stage.pipeline.world
        person = self.stage.person()
        context = snapshot(person, about or About(), world, self.stage.now)
        return tickets.ask(person.id, category, self.draft(text), context, self.config, self.stage.now)

    def answer(self, ticket, text="Done.", state=TicketState.ANSWERED):
        operator, _ = User.objects.get_or_create(email="olga@callboard.example", name="Olga", is_staff=True)
        return tickets.answer(ticket, operator.pk, self.draft(text), state, self.config, self.stage.now)

    def send(self, port=1):
        """Send what is due to a server on loopback, by default to none; return how many were tried."""
        server = SmtpServer(host="127.0.0.1", port=port, security="none", username=None, password=None)
        config = replace(self.config, smtp=server)
        postman = Postman(config, self.stage.pipeline.clock, self.stage.thread, transport_factory(config, lambda: 0))
        with ThreadPoolExecutor(1) as apart:  # a browser test may have left a loop running in this thread
            return apart.submit(asyncio.run, postman.send_due()).result()


@pytest.fixture
def office(stage):
    return Office(stage)


@pytest.fixture
def sink():
    with Sink() as found:
        yield found


def read(raw):
    return message_from_bytes(raw, policy=default)


def test_a_letter_waits_while_the_server_is_away_and_arrives_once_with_its_message_id(office, sink, stage):
    office.ask()
    letter = PostedLetter.objects.get()
    assert office.send() == 1  # nobody listens there
    assert office.send(sink.port) == 0, "not before its next try"
    stage.pass_(seconds=LONGEST_RETRY.total_seconds())
    assert office.send(sink.port) == 1
    stage.pass_(days=9)
    assert office.send(sink.port) == 0
    assert sink.ids_of(HELP) == [letter.message_id]


def test_what_the_operators_get_says_who_asks_what_with_the_way_to_the_answer(office, stage, sink):
    stage.pipeline.accept([draft(stage.pipeline.catalogue)])
    stage.decide()
    ticket = office.ask("First line\n\nSecond line", about=About(named="SR-1", page="/history"))
    office.send(sink.port)
    (kept,) = sink.accepted
    mail = read(kept.raw)
    assert mail["Subject"] == f"[{ticket.number}] Too many mails — Ana Ruiz, Copperglass Post"
    assert mail["To"] == HELP
    assert mail["From"] == "Callboard <notifications@callboard.example>"
    assert mail["Reply-To"] is None
    way = f"{office.config.base_url}/console/support/ticket/{ticket.pk}/change/"
    for kind in ("plain", "html"):
        said = mail.get_body((kind,)).get_content()
        for words in ("Second line", "Fulfillment Partner Operations", "/history", "Redelivery Requested", way):
            assert words in said
        assert "Yes:" in said


def test_the_person_hears_of_the_answer_in_the_same_thread(office, sink):
    ticket = office.ask()
    assert office.answer(ticket, "Mute it.\n<b>bold</b>")
    office.send(sink.port)
    asked, answered = (read(one.raw) for one in sink.accepted)
    assert answered["To"] == ANA
    assert answered["Subject"] == f"[{ticket.number}] Too many mails"
    assert answered["References"] == asked["References"] == answered["In-Reply-To"]
    assert f"/support/{ticket.number}" in answered.get_body(("plain",)).get_content()
    html = answered.get_body(("html",)).get_content()
    assert "&lt;b&gt;bold&lt;/b&gt;" in html
    assert "Mute it.<br>" in html
    assert Ticket.objects.get().state == TicketState.ANSWERED
    assert not office.stage.ledger()


def test_the_operators_hear_of_every_further_word(office, sink):
    ticket = office.ask()
    tickets.write_again(ticket, office.draft("And another thing"), office.config, office.stage.now)
    office.send(sink.port)
    text = read(sink.accepted[-1].raw).get_body(("plain",)).get_content()
    assert "written again" in text
    assert "And another thing" in text
    assert "Time zone" not in text


def test_names_and_words_cannot_add_a_header(office, sink):
    User.objects.filter(email_key=ANA).update(name=HOSTILE)
    ticket = office.ask(HOSTILE)
    office.answer(ticket, HOSTILE)
    office.send(sink.port)
    assert len(sink.accepted) == 2
    for one in sink.accepted:
        mail = read(one.raw)
        assert mail["Bcc"] is None
        assert one.raw.isascii()
        assert set(mail.keys()) == {
            "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "References", "In-Reply-To",
            "MIME-Version", "Content-Type",
        }  # fmt: skip
        assert "<b>x" not in mail.get_body(("html",)).get_content()


def test_who_is_deactivated_is_mailed_no_answer(office, stage, sink):
    ticket = office.ask()
    office.answer(ticket)
    stage.pipeline.import_people(user(ANA, active=False))
    office.send(sink.port)
    assert sink.ids_of(ANA) == []
    assert [one.state for one in PostedLetter.objects.filter(kind="answer")] == ["withdrawn"]


def test_an_address_that_is_suppressed_is_attached_and_left_alone(office, stage, sink):
    outbox.suppress(ANA, "550 5.1.1 no such user", stage.now)
    ticket = office.ask()
    assert ticket.context["undelivered"] == "550 5.1.1 no such user"
    office.answer(ticket)
    office.send(sink.port)
    assert sink.ids_of(ANA) == []
    assert [one.state for one in PostedLetter.objects.filter(kind="answer")] == ["failed"]


def test_an_answer_goes_to_the_address_of_the_day(office, sink):
    ticket = office.ask()
    office.answer(ticket)
    User.objects.filter(email_key=ANA).update(email="ana.ruiz@copperglass.example")
    office.send(sink.port)
    assert len(sink.ids_of("ana.ruiz@copperglass.example")) == 1
