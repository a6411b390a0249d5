"""Stand-ins: a delegate gets what a colleague who is away asked for, as far as both may see it, for a time."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from email import message_from_string, policy

import pytest
from tests.integration.core.studio import (
    ANA,
    BEN,
    REDELIVERY,
    SECOND_ROUNDS,
    TOM,
    default,
    user,
)

from callboard.base.errors import RejectedError
from callboard.decisions.models import Decision
from callboard.insights.explain import explain, find_event
from callboard.mail.unsubscribe import find_linked, mute_linked
from callboard.people import standing
from callboard.people.models import StandIn
from callboard.people.store import load_lines
from callboard.preferences import actions
from callboard.preferences.values import Kind, Ref

MASTER = "fulfillment_partner_master"
MINE = Ref("n-1", Kind.CUSTOM)
FOR_ANA = {"id": "n-1", "kind": "custom", "for": ANA}


@pytest.fixture
def stage(stage):
    """The studio with Ben, a Master who has no Default for deliveries, and Ana's notification that says at once."""
    stage.pipeline.import_people({"users": [ben()]})
    stage.pipeline.import_notifications([SECOND_ROUNDS | {"frequency": "immediately"}])
    return stage


def ben(**values):
    return {"email": BEN, "name": "Ben Okri", "partner": "copperglass", "roles": [MASTER]} | values


def stand_in(stage, person=ANA, delegate=BEN, **span):
    starts_at = stage.now + span.pop("after", timedelta())
    ends_at = starts_at + timedelta(**span or {"days": 11})
    directory = stage.pipeline.world.directory
    return standing.name_delegate(
        stage.person(person), delegate, directory, stage.now, starts_at=starts_at, ends_at=ends_at
    )


def stop(stage, one, email=ANA):
    standing.end(stage.person(email), one.about.id, stage.pipeline.world.directory, stage.now)


def second_round(stage, **data):
    event = stage.accept(redelivery_round=2, **data)
    stage.decide()
    return event


def told(raw, kind="plain"):
    body = message_from_string(raw, policy=policy.default).get_body((kind,))
    assert body
    return body.get_content()


def test_a_delegate_gets_what_the_person_asked_for_and_the_person_still_does(stage):
    stand_in(stage)
    second_round(stage)
    stage.pass_(minutes=1)
    assert stage.drain()["sent"] == 2
    (ana, bens) = stage.row(ANA), stage.row(BEN)
    assert {"id": "n-1", "kind": "custom"} in ana["notifications"]
    assert FOR_ANA in bens["notifications"]
    assert {"id": default().id, "kind": "default", "for": ANA} in bens["notifications"]
    assert (bens["outcome"], bens["reason"], bens["state"]) == ("notify", "matched", "sent")


def test_d1_own_and_lent_are_one_decision_and_the_strongest_frequency_wins(stage):
    mine = SECOND_ROUNDS | {"id": "n-2", "user": BEN, "frequency": "weekly"}
    stage.pipeline.import_notifications([mine])
    stand_in(stage)
    second_round(stage)
    row = stage.row(BEN)
    assert row["frequency"] == "immediately"
    assert {"id": "n-2", "kind": "custom"} in row["notifications"]
    assert FOR_ANA in row["notifications"]


def test_only_what_somebody_else_asked_for_carries_more_than_it_did(stage):
    stand_in(stage)
    second_round(stage)
    stored = {row.user.email: json.loads(row.refs_json) for row in Decision.objects.select_related("user")}
    assert {"id": "n-1", "kind": "custom"} in stored[ANA]
    assert {"id": "n-1", "kind": "custom", "of": stage.person().id} in stored[BEN]


@pytest.mark.parametrize(("minutes", "is_told"), [(-1, False), (0, True), (59, True), (60, False)])
def test_it_counts_by_the_instant_of_decision_from_its_start_until_before_its_end(stage, minutes, is_told):
    stand_in(stage, after=timedelta(hours=1), hours=1)
    stage.pass_(minutes=60 + minutes)
    second_round(stage)
    assert bool(stage.ledger(BEN)) is is_told


def test_d0_one_that_is_named_before_the_event_is_accepted_counts_and_one_that_is_ended_does_not(stage):
    second_round(stage)
    one = stand_in(stage)
    second_round(stage)
    stop(stage, one)
    second_round(stage)
    assert [row["event"] for row in stage.ledger(BEN)] == ["e-2"]


def test_what_was_decided_before_its_time_was_over_still_leaves(stage):
    stage.pipeline.import_notifications([SECOND_ROUNDS])
    stage.mute(default())
    stand_in(stage, hours=1)
    second_round(stage)
    stage.pass_(days=1)
    stage.drain()
    assert stage.row(BEN)["state"] == "sent"
    (mail,) = stage.letters.to(BEN)
    assert "You stood in for Ana Ruiz until Mon 23 Nov at 11:00." in told(mail)


ENDS = {
    "ended by the person": (stop, "deleted"),
    "ended by the delegate": (lambda stage, one: stop(stage, one, BEN), "deleted"),
    "person deactivated": (lambda stage, _: stage.pipeline.import_people(user(ANA, active=False)), "deleted"),
    "delegate deactivated": (lambda stage, _: stage.pipeline.import_people({"users": [ben(active=False)]}), "deactivated"),
    "person lost the role": (lambda stage, _: stage.pipeline.import_people(user(ANA, roles=[])), "deleted"),
    "delegate lost the role": (lambda stage, _: stage.pipeline.import_people({"users": [ben(roles=[])]}), "no-access"),
    "person moved away": (lambda stage, _: stage.pipeline.import_people(user(ANA, partner="tidewater")), "deleted"),
    "delegate moved away": (lambda stage, _: stage.pipeline.import_people({"users": [ben(partner="tidewater")]}), "no-access"),
    "muted by the person": (lambda stage, _: [stage.mute(MINE), stage.mute(default())], "muted"),
}  # fmt: skip


@pytest.mark.parametrize("change", ENDS)
@pytest.mark.parametrize("moment", ["compose", "send"])
def test_s5_what_the_delegate_may_not_get_any_more_is_withdrawn_at_once(stage, change, moment):
    act, reason = ENDS[change]
    one = stand_in(stage)
    second_round(stage)
    stage.pass_(minutes=1)
    if moment == "send":
        stage.compose()
        assert stage.row(BEN)["state"] == "queued"
    act(stage, one)
    stage.drain()
    row = stage.row(BEN)
    assert (row["state"], row["reason"]) == ("withdrawn", reason)
    assert stage.letters.to(BEN) == []


def test_s5_what_is_left_of_the_delegates_own_still_leaves_and_names_nobody_else(stage):
    stage.pipeline.import_notifications([SECOND_ROUNDS | {"id": "n-2", "user": BEN, "name": "Bens"}])
    one = stand_in(stage)
    second_round(stage)
    stop(stage, one)
    stage.pass_(minutes=1)
    stage.drain()
    assert stage.row(BEN)["state"] == "sent"
    text = told(stage.letters.to(BEN)[0])
    assert "Bens" in text
    assert "Ana" not in text


def test_s5_the_persons_deletion_counts_for_the_delegate(stage):
    stage.mute(default())
    stand_in(stage)
    second_round(stage)
    actions.delete(stage.person(), "n-1", stage.pipeline.catalogue, stage.now)
    stage.pass_(minutes=1)
    stage.drain()
    assert stage.row(BEN)["reason"] == "deleted"


def test_d2_what_the_person_has_muted_asks_for_nobody(stage):
    stage.mute(default())
    stage.mute(MINE)
    stand_in(stage)
    second_round(stage)
    assert [(row["outcome"], row["reason"]) for row in stage.ledger(BEN)] == [("skip", "muted")]


def test_d4_an_own_action_is_the_delegates_own(stage):
    stand_in(stage)
    second_round(stage, actor=BEN)
    second_round(stage, actor=ANA)
    assert [row["reason"] for row in stage.ledger(BEN)] == ["own-action", "matched"]
    assert [row["reason"] for row in stage.ledger(ANA)] == ["matched", "own-action"]


def test_a2_what_the_delegates_roles_do_not_see_does_not_come(stage):
    stage.pipeline.import_people({"users": [ben(roles=[])]})
    stand_in(stage)
    second_round(stage)
    assert stage.ledger(BEN) == []


def test_a3_what_concerns_a_partner_above_the_delegate_does_not_come(stage):
    lisbon = {"id": "lisbon", "name": "Copperglass Lisbon", "kind": "fulfillment_partner", "parent": "copperglass"}
    stage.pipeline.import_people({"partners": [lisbon], "users": [ben(partner="lisbon")]})
    stand_in(stage)
    second_round(stage)
    second_round(stage, fulfillment_partner="lisbon")
    assert [row["event"] for row in stage.ledger(BEN)] == ["e-2"]


def test_a_stand_in_goes_no_further_than_one_person(stage):
    cara = {"email": "cara@copperglass.example", "name": "Cara", "partner": "copperglass", "roles": [MASTER]}
    stage.pipeline.import_people({"users": [cara]})
    stand_in(stage)
    stand_in(stage, BEN, cara["email"])
    second_round(stage)
    assert {row["user"] for row in stage.ledger()} >= {ANA, BEN}
    assert stage.ledger(cara["email"]) == []


def test_s1_the_collapse_window_holds_what_came_through_a_stand_in(stage):
    stand_in(stage)
    for _ in range(3):
        second_round(stage)
    stage.pass_(minutes=1)
    stage.drain()
    assert len(stage.letters.to(BEN)) == 1


def test_the_mail_says_for_whom_and_until_when_and_how_to_stop(stage):
    stand_in(stage, days=11, hours=14)
    second_round(stage)
    stage.pass_(minutes=1)
    stage.drain()
    (raw,) = stage.letters.to(BEN)
    text = told(raw)
    assert "You are standing in for Ana Ruiz until Fri 4 Dec." in text
    assert "Second rounds (Custom of Ana Ruiz, immediately)" in text
    assert "Default of Ana Ruiz, from the role Fulfillment Partner Operations" in text
    assert "/settings/stand-in" in text
    mail = message_from_string(raw, policy=policy.default)
    assert mail["X-Callboard-Kind"] == "default, custom"
    assert "until Fri 4 Dec" in told(raw, "html")
    (own,) = stage.letters.to(ANA)
    assert "standing in" not in own


def test_a_mail_names_no_partner_of_somebody_elses_conditions_that_the_reader_need_not_know(stage):
    secret = {"id": "secretfold", "name": "The Secret Fold", "kind": "content_partner"}
    lisbon = {"id": "lisbon", "name": "Copperglass Lisbon", "kind": "fulfillment_partner", "parent": "copperglass"}
    stage.pipeline.import_people({"partners": [secret, lisbon], "users": [ben(partner="lisbon")]})
    where = [
        {"field": "content_partner", "op": "none_of", "value": ["secretfold"]},
        {"field": "fulfillment_partner", "op": "any_of", "value": ["lisbon"]},
    ]
    stage.pipeline.import_notifications([SECOND_ROUNDS | {"name": "", "where": where, "frequency": "immediately"}])
    stand_in(stage)
    second_round(stage, fulfillment_partner="lisbon")
    stage.pass_(minutes=1)
    stage.drain()
    text = told(stage.letters.to(BEN)[0])
    assert "Secret Fold" not in text
    assert "secretfold" in text
    assert "Copperglass Lisbon" in text
    assert "The Secret Fold" in told(stage.letters.to(ANA)[0])


def test_two_delegates_are_each_told_of_their_own_time(stage):
    cara = {"email": "cara@copperglass.example", "name": "Cara", "partner": "copperglass", "roles": [MASTER]}
    stage.pipeline.import_people({"users": [cara]})
    stand_in(stage, days=1, hours=14)
    stand_in(stage, ANA, cara["email"], days=2, hours=14)
    second_round(stage)
    stage.pass_(minutes=1)
    stage.drain()
    assert "until Tue 24 Nov." in told(stage.letters.to(BEN)[0])
    assert "until Wed 25 Nov." in told(stage.letters.to(cara["email"])[0])


def test_c3_the_mute_link_mutes_the_delegates_own_only(stage):
    stage.pipeline.import_notifications([SECOND_ROUNDS | {"id": "n-2", "user": BEN}])
    stand_in(stage)
    second_round(stage)
    stage.pass_(minutes=1)
    stage.drain()
    linked = find_linked(token(stage, BEN), stage.pipeline.config, stage.pipeline.catalogue, stage.now)
    assert linked
    assert (list(linked.refs), linked.is_lent) == ([Ref("n-2", Kind.CUSTOM)], True)
    assert mute_linked(linked, stage.pipeline.catalogue, stage.now) == [Ref("n-2", Kind.CUSTOM)]
    second_round(stage)
    assert stage.row(ANA, "e-2")["outcome"] == "notify"
    assert stage.row(BEN, "e-2")["outcome"] == "notify"


def token(stage, email):
    """The token of the mute link in somebody's latest mail."""
    mail = message_from_string(stage.letters.to(email)[-1], policy=policy.default)
    return mail["List-Unsubscribe"].strip("<>").rpartition("/")[2]


def test_explain_says_for_whom_and_what_each_notification_of_that_person_made_of_it(stage):
    one = stand_in(stage)
    second_round(stage)
    found = explained(stage)
    (lent,) = found["stand_ins"]
    assert (lent["for"], lent["in_force"]) == (ANA, True)
    matching = {each["id"]: each for each in lent["notifications"]}
    assert matching["n-1"]["matches"] is True
    assert [each["holds"] for each in matching["n-1"]["conditions"]] == [True]
    assert {each["event_type"] for each in lent["notifications"]} == {REDELIVERY}
    assert FOR_ANA in found["decision"]["notifications"]
    stop(stage, one)
    (lent,) = explained(stage)["stand_ins"]
    assert lent["in_force"] is False


def test_explain_says_nothing_of_a_person_for_whom_nobody_stood_in(stage):
    second_round(stage)
    assert explained(stage)["stand_ins"] == []
    stand_in(stage, after=timedelta(days=1))
    assert explained(stage)["stand_ins"] == []


def explained(stage, email=BEN):
    person = stage.person(email)
    return explain(find_event("e-1", "portal"), person, stage.pipeline.world, stage.now)


# who may be named, and for how long


@pytest.mark.parametrize(
    ("delegate", "says"),
    [
        (ANA, "is yourself"),
        (TOM, "must be the address of an active colleague"),
        ("nobody@copperglass.example", "must be the address of an active colleague"),
    ],
)
def test_only_an_active_colleague_of_the_own_line_of_partners_may_stand_in(stage, delegate, says):
    with pytest.raises(RejectedError, match=says):
        stand_in(stage, delegate=delegate)
    assert not StandIn.objects.exists()


def test_neither_a_deactivated_colleague_nor_one_of_a_sibling_may_stand_in(stage):
    sites = [
        {"id": one, "name": one, "kind": "fulfillment_partner", "parent": "copperglass"} for one in ("lisbon", "leeds")
    ]
    stage.pipeline.import_people({"partners": sites, "users": [ben(active=False)]})
    with pytest.raises(RejectedError):
        stand_in(stage)
    stage.pipeline.import_people(
        {"users": [ben(active=True, partner="lisbon"), user(ANA)["users"][0] | {"partner": "leeds"}]}
    )
    with pytest.raises(RejectedError):
        stand_in(stage)
    stage.pipeline.import_people({"users": [ben(partner="copperglass")]})
    assert stand_in(stage).delegate.email == BEN


@pytest.mark.parametrize("span", [{"days": 0}, {"days": -1}, {"days": 367}])
def test_a_stand_in_ends_later_than_it_begins_and_within_a_year(stage, span):
    with pytest.raises(RejectedError, match="must be"):
        stand_in(stage, **span)


def test_one_colleague_is_named_once_at_a_time_and_may_be_named_again(stage):
    one = stand_in(stage, days=1)
    with pytest.raises(RejectedError, match="already, now or later; end that first"):
        stand_in(stage, after=timedelta(days=5))
    stop(stage, one)
    stand_in(stage, days=1)
    stage.pass_(days=2)
    stand_in(stage)
    second_round(stage)
    assert FOR_ANA in stage.row(BEN)["notifications"]


def test_only_the_two_can_end_it_and_once(stage):
    one = stand_in(stage)
    with pytest.raises(RejectedError) as caught:
        stop(stage, one, TOM)
    assert caught.value.type == "not-found"
    stop(stage, one, BEN)
    with pytest.raises(RejectedError):
        stop(stage, one)


def test_one_that_brings_nothing_is_not_told_of_and_comes_back_with_the_person(stage):
    stand_in(stage)

    def told_to_ben():
        return standing.current(stage.person(BEN), stage.pipeline.world.directory, stage.now)

    assert len(told_to_ben()) == 1
    stage.pipeline.import_people(user(ANA, active=False))
    assert told_to_ben() == []
    stage.pipeline.import_people(user(ANA, active=True))
    assert len(told_to_ben()) == 1
    second_round(stage)
    assert FOR_ANA in stage.row(BEN)["notifications"]


def test_a_new_world_knows_what_one_knows_that_was_told_of_every_change(stage):
    one = stand_in(stage)
    stop(stage, one)
    stand_in(stage)
    second_round(stage)
    anew = type(stage.pipeline)(stage.pipeline.config, stage.pipeline.catalogue, stage.pipeline.clock)
    anew.world.refresh()
    for world in (anew.world, stage.pipeline.world):
        assert [each.delegate_id for each in world.directory.stand_ins_for(stage.person().id, stage.now)] == [
            stage.person(BEN).id
        ]


def test_a_digest_names_beside_each_item_who_asked(stage):
    stage.mute(default())
    stage.pipeline.import_notifications([SECOND_ROUNDS])
    stand_in(stage)
    second_round(stage)
    second_round(stage, title="Other")
    stage.pass_(days=1)
    stage.drain()
    text = told(stage.letters.to(BEN)[0])
    assert "Second rounds (for Ana Ruiz)" in text
    assert "It brings what these notifications asked for:" in text


def test_the_people_in_line_with_a_partner_come_with_their_stand_ins(stage):
    stand_in(stage)
    found = load_lines(["copperglass"])
    assert [one.delegate_id for one in found.stand_ins_for(stage.person().id, stage.now)] == [stage.person(BEN).id]
    as_if = found.as_if(replace(found.persons[stage.person(BEN).id], active=False))
    assert as_if.stand_ins_for(stage.person().id, stage.now) == ()
