"""Letters: kept until they have left, at least once, under one Message-ID, to nobody who was deactivated."""

from __future__ import annotations

import asyncio
from email import message_from_string
from email.policy import default

import pytest
from django.db import transaction
from tests.integration.core.studio import ANA, user
from tests.integration.signing import signing, verify

from callboard.mail import store as outbox
from callboard.mail.letters.postman import Postman
from callboard.mail.letters.store import NewLetter, post_letter, send_again, withdraw_letters
from callboard.mail.models import PostedLetter
from callboard.mail.transport import Unavailable
from callboard.people.models import User

SUPPORT = "desk@operators.example"


@pytest.fixture
def ana(stage):  # noqa: ARG001 - its people
    return User.objects.get(email_key=ANA)


def post(stage, **values):
    found = NewLetter(**{"kind": "invitation", "subject": "Come in", "text": "The link: /x\n"} | values)
    return post_letter(found, stage.pipeline.config, stage.now)


def send(stage, transport=None):
    """Send what is due now; return how many were tried."""
    postman = Postman(stage.pipeline.config, stage.pipeline.clock, stage.thread, lambda: transport or stage.letters)
    return asyncio.run(postman.send_due())


def row(letter_id):
    return PostedLetter.objects.get(id=letter_id)


class Gone:
    """A next hop that is not there."""

    async def open(self):
        raise Unavailable("mail.example:25: connection refused")

    async def close(self):
        """There is nothing to close."""


class Dying(Gone):
    """The process ends in the middle of a mail."""

    async def open(self):
        raise KeyboardInterrupt


def test_a_letter_is_sent_once_and_what_it_said_is_forgotten(stage, ana):
    letter = post(stage, user_id=ana.pk, html="<p>The link: /x</p>", headers={"Reply-To": SUPPORT})
    assert send(stage) == 1
    assert send(stage) == 0
    (raw,) = stage.letters.to(ANA)
    mail = message_from_string(raw, policy=default)
    assert (mail["To"], mail["Subject"], mail["Reply-To"]) == (ANA, "Come in", SUPPORT)
    assert mail["Message-ID"] == row(letter).message_id
    parts = {part.get_content_type(): part.get_content().strip() for part in mail.walk() if not part.is_multipart()}
    assert parts == {"text/plain": "The link: /x", "text/html": "<p>The link: /x</p>"}
    assert (row(letter).state, row(letter).text, row(letter).html) == ("sent", "", "")


def test_with_a_key_a_letter_is_signed_as_all_mail(stage, ana):
    stage.pipeline.config = signing(stage.pipeline.config)
    post(stage, user_id=ana.pk, html="<p>The link: /x</p>", headers={"Reply-To": SUPPORT})
    send(stage)
    assert verify([raw.encode() for raw in stage.letters.to(ANA)]) == [True]


def test_a_letter_may_go_to_an_address_without_an_account(stage):
    post(stage, address=SUPPORT)
    send(stage)
    assert len(stage.letters.to(SUPPORT)) == 1


def test_a_letter_is_not_posted_when_its_transaction_is_rolled_back(stage):
    def fail():
        with transaction.atomic():
            post(stage, address=SUPPORT)
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        fail()
    assert send(stage) == 0


def test_without_a_next_hop_a_letter_waits_and_leaves_later(stage, ana):
    letter = post(stage, user_id=ana.pk)
    other = post(stage, address=SUPPORT)
    assert send(stage, Gone()) == 1
    assert row(letter).last_reply == "mail.example:25: connection refused"
    assert row(other).tries == 0
    stage.pass_(hours=2)
    assert send(stage) == 2
    assert len(stage.letters.to(ANA)) == len(stage.letters.to(SUPPORT)) == 1


def test_a_letter_whose_sender_dies_in_the_middle_is_sent_again_under_the_same_message_id(stage, ana):
    letter = post(stage, user_id=ana.pk)
    name = row(letter).message_id
    with pytest.raises(KeyboardInterrupt):
        send(stage, Dying())
    assert send(stage) == 0  # perhaps it lives
    stage.pass_(minutes=8)
    assert send(stage) == 1
    assert name in stage.letters.to(ANA)[0]


def test_a_refusal_for_now_is_tried_again_and_after_five_days_an_operator_sees_it(stage, ana):
    letter = post(stage, user_id=ana.pk)
    stage.letters.answers[ANA] = (451, "4.3.0 later")
    tries = 0
    for _ in range(6 * 24):
        tries += send(stage)
        stage.pass_(hours=1)
    found = row(letter)
    assert (found.state, found.tries) == ("failed", tries)
    assert "451 4.3.0 later" in found.last_reply
    assert 50 < tries < 5 * 24


def test_a_letter_that_failed_can_be_sent_again(stage, ana):
    letter = post(stage, user_id=ana.pk)
    stage.letters.answers[ANA] = (550, "5.2.1 mailbox disabled")
    send(stage)
    assert (row(letter).state, row(letter).last_reply) == ("failed", "550 5.2.1 mailbox disabled")
    stage.letters.answers.clear()
    assert send_again([letter], stage.now) == 1
    assert send(stage) == 1
    assert row(letter).state == "sent"
    assert send_again([letter], stage.now) == 0


def test_who_is_deactivated_is_written_to_no_more(stage, ana):
    letter = post(stage, user_id=ana.pk)
    stage.pipeline.import_people(user(ANA, active=False))
    assert send(stage) == 0
    assert (row(letter).state, row(letter).text) == ("withdrawn", "")
    assert stage.letters.taken == []


def test_a_suppressed_address_is_not_tried(stage, ana):
    letter = post(stage, user_id=ana.pk)
    outbox.suppress(ANA, "550 5.1.1 no such user", stage.now)
    assert send(stage) == 0
    assert row(letter).state == "failed"
    assert "5.1.1" in row(letter).last_reply


def test_a_letter_that_cannot_be_written_fails_and_holds_up_no_other(stage):
    bad = post(stage, address=SUPPORT, headers={"Reply-To": "a@b.example\r\nBcc: all@b.example"})
    post(stage, address=ANA)
    assert send(stage) == 2
    assert row(bad).state == "failed"
    assert [to for to, _ in stage.letters.taken] == [ANA]


def test_a_newer_letter_takes_back_an_older_one(stage, ana):
    post(stage, user_id=ana.pk)
    other = post(stage, user_id=ana.pk, kind="dormant")
    assert withdraw_letters("invitation", ana.pk, stage.now, "sent anew") == 1
    send(stage)
    assert row(other).state == "sent"
    assert len(stage.letters.taken) == 1
