"""What follows from a report: for the mail, for the address, for its domain (P4)."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.integration.core.studio import ANA, MATERIALS, PROCESSED, REDELIVERY, TOM, Letters, Stage
from tests.reports import ARF, AWAY, EXCHANGE, EXIM, MESSAGE_ID, QMAIL, TO, TWO_RECIPIENTS, original, postfix

from callboard.insights.explain import explain, find_event
from callboard.mail import store as outbox
from callboard.mail.feedback.store import count_reports, reports_of, undelivered, undelivered_to
from callboard.mail.feedback.taking import RESULTS, take_report
from callboard.mail.models import DomainBreaker, Mail, MailState, Suppression
from callboard.pipeline import Pipeline

FULL = {"status": "5.2.2", "words": "552 5.2.2 mailbox full"}


class Back:
    """A stage whose mails come back: what reports say of them."""

    def __init__(self, stage):
        self.stage = stage
        self.config = stage.pipeline.config

    def send(self, email=ANA, event_type=REDELIVERY, **data):
        """Have one mail sent to a person; its signed return path."""
        self.stage.accept(event_type, **data)
        self.stage.decide()
        self.stage.pass_(days=1)
        before = len(self.stage.letters.senders)
        self.stage.drain()
        pairs = zip(self.stage.letters.senders[before:], self.stage.letters.taken[before:], strict=True)
        (found,) = (sender for sender, (recipient, _) in pairs if recipient == email)
        return found

    def take(self, raw, *recipients):
        return take_report(raw, recipients, self.config, self.stage.now).result


@pytest.fixture
def back(stage, settings):
    config = settings.CONFIG = replace(settings.CONFIG, bounces="bounces@callboard.example")
    found = Stage(Pipeline(config, clock=stage.pipeline.clock), stage.thread)
    found.letters.sender = "bounces+"
    return Back(found)


def unsigned(raw):
    """A report without a return path."""
    return re.sub(rb"\+[0-9a-f]+\.[0-9a-f]{20}@", b"@", raw)


def test_a_bounce_moves_the_row_to_bounced_with_the_remote_words(back):
    to = back.send()
    assert back.take(postfix(to=to, **FULL), to) == "failed"
    assert back.stage.row()["state"] == "bounced"
    told = explain(find_event("e-1", None), back.stage.person(), back.stage.pipeline.world, back.stage.now)
    assert "bounced: 552 5.2.2 mailbox full" in [one["says"] for one in told["steps"]]
    mail = Mail.objects.get()
    assert mail.last_reply == "552 5.2.2 mailbox full"
    assert [(one["kind"], one["words"]) for one in reports_of(mail.id)] == [("failed", "552 5.2.2 mailbox full")]
    assert {one["state"] for one in outbox.stuck_mails()} == {"bounced"}


def test_p4_other_bounces_never_count_against_the_address(back):
    to = back.send()
    back.take(postfix(to=to, words="550 5.7.1 blocked"))
    assert undelivered() == []
    back.send(event_type=MATERIALS)
    assert back.stage.row(event_id="e-2")["state"] == "sent"


@pytest.mark.parametrize("raw", [postfix(), EXIM, EXCHANGE, QMAIL])
def test_p4_an_address_that_does_not_exist_is_suppressed_and_later_mails_are_held(back, raw):
    to = back.send()
    assert back.take(raw.replace(TO.encode(), to.encode())) == "no-such-address"
    assert back.stage.row()["state"] == "bounced"
    event = back.stage.accept(MATERIALS)
    back.stage.pass_(days=1)
    assert back.stage.drain() == {"held": 1}
    assert back.stage.row(event_id=event)["state"] == "held"
    (found,) = undelivered()
    assert (found.email, found.name, found.partner, found.held) == (ANA, "Ana Ruiz", "copperglass", 2)
    assert found == undelivered_to(ANA.upper())
    assert undelivered({"tidewater"}) == []
    assert undelivered({"copperglass"}) == [found]
    assert undelivered_to(TOM) is None


def test_p4_release_sends_again_what_came_back_and_what_was_held_as_one_digest(back):
    to = back.send()
    back.take(postfix(to=to))
    back.stage.accept(MATERIALS)
    back.stage.pass_(days=1)
    back.stage.drain()
    assert back.stage.pipeline.release(ANA) == {"released": 2, "failed": 0}
    assert back.stage.drain() == {"sent": 1}
    mail = back.stage.letters.to(ANA)[-1]
    assert REDELIVERY in mail
    assert MATERIALS in mail
    assert {row["state"] for row in back.stage.ledger(ANA)} == {"sent"}
    assert undelivered() == []


def test_late_news_of_a_mail_from_before_the_release_does_not_hold_again(back):
    first, second = back.send(), back.send(event_type=MATERIALS)
    back.take(postfix(to=first))
    back.stage.pipeline.release(ANA)
    assert back.take(postfix(to=second)) == "no-such-address"
    assert undelivered() == []
    assert back.stage.row(event_id="e-2")["state"] == "bounced"


def test_the_same_report_again_changes_nothing(back):
    to = back.send()
    back.take(postfix(to=to))
    before = list(Mail.objects.values()), list(Suppression.objects.values())
    back.stage.pass_(hours=1)
    assert back.take(postfix(to=to)) == "repeated"
    assert (list(Mail.objects.values()), list(Suppression.objects.values())) == before
    back.stage.pipeline.release(ANA)
    assert back.take(postfix(to=to)) == "repeated"
    assert undelivered() == []


def test_a_delay_and_a_delivery_are_recorded_and_nothing_else(back):
    to = back.send()
    assert back.take(postfix(to=to, action="delayed", status="4.4.1", words="timed out")) == "delayed"
    assert back.take(postfix(to=to, action="delivered", status="2.0.0", words="250 ok")) == "delivered"
    assert back.stage.row()["state"] == "sent"
    assert [one["kind"] for one in reports_of(Mail.objects.get().id)] == ["delayed", "delivered"]
    assert back.take(postfix(to=to)) == "no-such-address"


def test_an_automatic_answer_is_counted_and_nothing_follows(back):
    to = back.send()
    assert back.take(AWAY.replace(TO.encode(), to.encode())) == "auto-reply"
    assert reports_of(Mail.objects.get().id) == []
    assert count_reports(RESULTS)["auto-reply"] == 1


def test_a_complaint_holds_all_but_critical_mails_until_released(back):
    to = back.send()
    assert back.take(ARF.replace(TO.encode(), to.encode())) == "complaint"
    assert back.stage.row()["state"] == "sent"
    back.stage.accept(PROCESSED)
    back.stage.accept(REDELIVERY)
    back.stage.pass_(days=1)
    assert back.stage.drain() == {"held": 1, "sent": 1}
    assert [back.stage.row(event_id=f"e-{number}")["state"] for number in (2, 3)] == ["held", "sent"]
    (found,) = undelivered()
    assert (found.spares_critical, found.held) == (True, 1)
    assert found.words == "reported as unwanted (abuse) by mx.mailbox.example"
    assert back.stage.pipeline.release(ANA) == {"released": 1, "failed": 0}
    assert back.stage.drain() == {"sent": 1}


def test_a_complaint_does_not_loosen_the_hold_of_an_address_that_does_not_exist(back):
    to = back.send()
    back.take(postfix(to=to))
    back.take(ARF.replace(TO.encode(), to.encode()))
    assert not undelivered()[0].spares_critical
    back.stage.accept(REDELIVERY)
    back.stage.pass_(days=1)
    assert back.stage.drain() == {"held": 1}


def test_an_unsigned_report_counts_only_under_one_of_our_message_ids(back):
    back.send()
    message_id = Mail.objects.get().message_id
    raw = unsigned(postfix())
    assert back.take(raw, "bounces@callboard.example") == "not-ours"
    assert back.take(raw.replace(MESSAGE_ID.encode(), message_id.upper().encode())) == "not-ours"
    assert undelivered() == []
    assert back.take(raw.replace(MESSAGE_ID.encode(), message_id.encode())) == "no-such-address"
    assert undelivered_to(ANA)


def test_a_return_path_that_was_not_signed_here_counts_nothing(back):
    to = back.send()
    forged = to.replace("bounces+", "bounces+2")  # the number of another mail
    assert back.take(postfix(to=forged, enclosed=""), forged) == "not-ours"
    assert back.stage.row()["state"] == "sent"


def test_a_mail_that_was_never_tried_can_not_have_come_back(back):
    back.stage.accept()
    back.stage.decide()
    back.stage.pass_(days=1)
    back.stage.compose()
    enclosed = original(message_id=Mail.objects.get().message_id)
    assert back.take(unsigned(postfix(enclosed=enclosed))) == "not-ours"
    assert Mail.objects.get().state == MailState.QUEUED


def test_a_report_of_another_address_behind_ours_fails_the_mail_and_suppresses_nobody(back):
    to = back.send()
    assert back.take(TWO_RECIPIENTS.replace(TO.encode(), to.encode())) == "failed"
    assert back.stage.row()["state"] == "bounced"
    assert undelivered() == []


def test_a_bounce_before_our_own_commit_ends_the_mail_as_bounced(back):
    class Fast(Letters):
        """A server whose bounce is here before its 250 is recorded."""

        async def send(self, mail, following=None):
            reply = await super().send(mail, following)
            await bounced(postfix(to=mail.sender))
            return reply

    async def bounced(raw):
        back.stage.thread.submit(back.take, raw).result()

    back.stage.letters = Fast(sender="bounces+")
    back.send()
    assert back.stage.row()["state"] == "bounced"
    assert undelivered_to(ANA)


def people(count):
    return {"users": [
        {"email": f"p{number}@big.example", "name": "P", "partner": "tidewater", "roles": ["fulfillment_partner_operations"]}
        for number in range(count)
    ]}  # fmt: skip


@pytest.mark.parametrize("apart_minutes", [0, 90])
def test_p4_a_domain_that_bounces_most_of_its_people_is_paused_and_nobody_is_suppressed(back, apart_minutes):
    back.stage.pipeline.import_people(people(24))
    back.stage.accept(fulfillment_partner="tidewater")
    back.stage.decide()
    back.stage.pass_(days=1)
    back.stage.drain()
    back.stage.pass_(minutes=apart_minutes)
    for sender, (recipient, _) in zip(back.stage.letters.senders, back.stage.letters.taken, strict=True):
        if recipient.endswith("@big.example"):
            back.take(postfix(to=sender, recipient=recipient))
    assert DomainBreaker.objects.get().domain == "big.example"
    assert undelivered() == []
    assert back.stage.drain() == {}
    back.stage.pass_(hours=2)
    assert back.stage.drain() == {"sent": 24}


def test_p4_only_5_1_1_itself_says_that_an_address_does_not_exist(back):
    back.stage.pipeline.import_people(people(24))
    answers = back.stage.letters.answers = {f"p{number}@big.example": (550, "5.1.10 null MX") for number in range(18)}
    answers |= {"p18@big.example": (550, "5.1.1"), "p19@big.example": (550, "5.1.1 gone")}
    back.stage.accept(fulfillment_partner="tidewater")
    back.stage.decide()
    back.stage.pass_(days=1)
    assert back.stage.drain() == {"sent": 5, "failed": 18, "held": 2}
    assert outbox.gone_of("big.example", back.stage.now)[1] == 2
    assert not DomainBreaker.objects.exists()


def test_p4_below_half_of_a_domain_addresses_are_held_one_by_one(back):
    back.stage.pipeline.import_people(people(40))
    back.stage.accept(fulfillment_partner="tidewater")
    back.stage.decide()
    back.stage.pass_(days=1)
    back.stage.drain()
    pairs = zip(back.stage.letters.senders, back.stage.letters.taken, strict=True)
    for sender, (recipient, _) in [one for one in pairs if one[1][0].endswith("@big.example")][:15]:
        back.take(postfix(to=sender, recipient=recipient))
    assert not DomainBreaker.objects.exists()
    assert len(undelivered()) == 15


def test_every_report_is_counted_once_under_a_closed_list(back):
    to = back.send()
    for raw in (postfix(to=to), postfix(to=to), unsigned(postfix()), AWAY, b" ", b"hello"):
        back.take(raw)
    expected = {"no-such-address": 1, "repeated": 1, "not-ours": 1, "auto-reply": 1, "unreadable": 1, "other": 1}
    assert count_reports(RESULTS) == dict.fromkeys(RESULTS, 0) | expected
