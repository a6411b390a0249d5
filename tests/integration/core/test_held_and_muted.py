"""Held mail and its release (P4), and the mute link of a mail (C3)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.core.studio import ANA, MATERIALS, PROCESSED, REDELIVERY, SECOND_ROUNDS, TOM, default, user

from callboard.base.errors import RejectedError
from callboard.base.keyed import sign_id
from callboard.insights.explain import explain, find_event
from callboard.mail.composing import MUTE_LINK
from callboard.mail.models import Mail
from callboard.mail.unsubscribe import find_linked, mute_linked
from callboard.preferences import store as preferences
from callboard.preferences.values import Kind, MutedBy, Ref

GONE = (550, "5.1.1 no such user here")


@pytest.fixture
def held(stage):
    """A stage on which Ana's address does not exist and one of her mails is held."""
    stage.letters.answers[ANA] = GONE
    stage.accept()
    stage.decide()
    stage.pass_(minutes=1)
    stage.drain()
    return stage


def test_p4_an_address_that_does_not_exist_holds_its_rows_with_the_servers_words(held):
    assert held.row()["state"] == "held"
    told = explain(find_event("e-1", None), held.person(), held.pipeline.world, held.now)
    assert "held: 550 5.1.1 no such user here" in [one["says"] for one in told["steps"]]


def test_p4_later_rows_are_held_without_any_further_attempt(held):
    event = held.accept(MATERIALS)
    held.pass_(days=1)
    assert held.drain() == {"held": 1}
    assert held.row(event_id=event)["state"] == "held"
    assert len(held.letters.taken) == 1


def test_p4_others_are_still_delivered(held):
    held.accept(fulfillment_partner="tidewater")
    held.decide()
    held.pass_(minutes=1)
    assert held.drain() == {"sent": 1}
    assert held.row(TOM)["state"] == "sent"


def test_p4_release_sends_what_is_within_its_expiry_as_one_digest(held):
    held.accept(MATERIALS)
    held.accept(PROCESSED)
    held.pass_(days=1)
    held.drain()
    held.letters.answers.clear()
    assert held.pipeline.release(ANA.upper()) == {"released": 3, "failed": 0}
    assert held.drain() == {"sent": 1}
    mail = held.letters.to(ANA)[-1]
    for event_type in (REDELIVERY, MATERIALS, PROCESSED):
        assert event_type in mail
    rows = held.ledger(ANA)
    assert {row["state"] for row in rows} == {"sent"}
    assert len({row["message_id"] for row in rows}) == 1


def test_p4_release_fails_what_is_past_its_expiry(held):
    event = held.accept(MATERIALS)
    held.decide()
    held.pass_(hours=1)
    held.drain()
    held.pass_(days=3)
    held.letters.answers.clear()
    assert held.pipeline.release(ANA) == {"released": 1, "failed": 1}
    held.drain()
    assert held.row(event_id=event)["state"] == "failed"
    assert held.row(event_id="e-1")["state"] == "sent"


def test_p4_after_release_a_refusal_holds_again(held):
    held.pipeline.release(ANA)
    assert held.drain() == {"held": 1}
    assert held.row()["state"] == "held"


def test_release_of_an_address_that_is_not_held_is_refused(stage):
    for email in (TOM, "nobody@x.example"):
        with pytest.raises(RejectedError, match="nothing is held for"):
            stage.pipeline.release(email)


def test_a1_held_mail_of_a_deactivated_person_is_withdrawn(held):
    held.pipeline.import_people(user(ANA, active=False))
    assert (held.row()["state"], held.row()["reason"]) == ("withdrawn", "deactivated")


@pytest.mark.parametrize("answer", [(550, "5.7.1 policy"), (550, "unknown"), (552, "5.2.2 full")])
def test_p4_other_refusals_fail_the_mail_and_never_count_against_the_address(stage, answer):
    stage.letters.answers[ANA] = answer
    stage.accept()
    stage.decide()
    stage.pass_(minutes=1)
    assert stage.drain() == {"failed": 1}
    stage.letters.answers.clear()
    event = stage.accept()
    stage.decide()
    stage.pass_(minutes=1)
    assert stage.drain() == {"sent": 1}
    assert stage.row(event_id=event)["state"] == "sent"


class Link:
    """The mute link of Ana's newest mail."""

    def __init__(self, stage):
        self.stage = stage
        self.config = stage.pipeline.config
        self.catalogue = stage.pipeline.catalogue
        self.token = sign_id(self.config.secret_key, MUTE_LINK, Mail.objects.latest("id").id)

    def find(self, token=None):
        return find_linked(token or self.token, self.config, self.catalogue, self.stage.now)

    def use(self):
        linked = self.find()
        assert linked
        return mute_linked(linked, self.catalogue, self.stage.now)


@pytest.fixture
def link(stage):
    """Make a mail about an event of a type, and return its link."""

    def make(event_type=REDELIVERY, **data):
        stage.accept(event_type, **data)
        stage.decide()
        stage.pass_(days=1)
        stage.compose()
        return Link(stage)

    return make


def mute_of(stage, ref):
    return preferences.mutes_of(stage.person().id).get(ref)


def test_c3_looking_at_a_link_changes_nothing(stage, link):
    assert link().find()
    assert mute_of(stage, default()) is None


def test_c3_a_link_mutes_critical_types_for_30_days_idempotently(stage, link):
    found = link()
    assert found.use() == [default()]
    until = stage.now + timedelta(days=30)
    stage.pass_(days=10)
    assert found.use() == [default()]
    assert (mute_of(stage, default()).until, mute_of(stage, default()).by) == (until, MutedBy.MAIL_LINK)


def test_c3_a_link_mutes_other_types_until_unmuted(stage, link):
    link(PROCESSED).use()
    assert mute_of(stage, default(PROCESSED)).until is None
    assert mute_of(stage, default(PROCESSED)).is_muted(stage.now + timedelta(days=1000))


def test_c3_a_type_that_was_critical_in_this_mail_is_muted_for_30_days(stage, link):
    link("material.updated", previously_downloaded=True).use()
    assert mute_of(stage, default("material.updated")).until == stage.now + timedelta(days=30)


def test_c3_everything_that_asked_for_the_mail_is_muted_and_nothing_else(stage, link):
    stage.pipeline.import_notifications([SECOND_ROUNDS, {**SECOND_ROUNDS, "id": "n-2", "where": [
        {"field": "redelivery_round", "op": "at_least", "value": 9}]}])  # fmt: skip
    assert sorted(link(redelivery_round=2).use()) == sorted([default(), Ref("n-1", Kind.CUSTOM)])
    assert len(preferences.mutes_of(stage.person().id)) == 2
    stage.accept(redelivery_round=2)
    stage.decide()
    assert stage.row(event_id="e-2")["reason"] == "muted"


def test_c3_once_the_owner_unmutes_the_link_does_nothing_more(stage, link):
    found = link()
    found.use()
    stage.mute(default(), muted=False)
    assert found.use() == []
    assert not mute_of(stage, default()).is_muted(stage.now)


def test_c3_the_link_of_a_later_mail_works_again(stage, link):
    link().use()
    stage.mute(default(), muted=False)
    assert link().use() == [default()]
    assert mute_of(stage, default()).is_muted(stage.now)


def test_c3_a_link_leaves_a_longer_mute_of_the_owner_as_it_is(stage, link):
    found = link()
    stage.mute(default())
    assert found.use() == [default()]
    assert (mute_of(stage, default()).until, mute_of(stage, default()).by) == (None, MutedBy.PERSON)


def test_c3_a_link_ends_after_180_days(stage, link):
    found = link()
    stage.pass_(days=180, microseconds=-1)
    assert found.find()
    stage.pass_(microseconds=1)
    assert found.find() is None


def test_c3_a_token_that_is_not_ours_opens_nothing(stage, link):
    found = link()
    secret = stage.pipeline.config.secret_key
    for token in (
        "x",
        "1-0",
        found.token + "0",
        found.token.upper(),
        sign_id(secret, "items", 1),
        sign_id(secret, MUTE_LINK, 999),
    ):
        assert found.find(token) is None
