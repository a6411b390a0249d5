"""Settings in force count at once: at the decision (D0), when composed and when sent (S5, A1)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integration.core.studio import ANA, MATERIALS, PROCESSED, REDELIVERY, SAM, SECOND_ROUNDS, TOM, default, user

from callboard.base.errors import RejectedError
from callboard.cli.questions import stored_orphans
from callboard.insights.explain import explain, find_event
from callboard.preferences import actions
from callboard.preferences.values import Kind, Ref

MINE = Ref("n-1", Kind.CUSTOM)


def ask(stage, **values):
    stage.pipeline.import_notifications([SECOND_ROUNDS | values])


def test_d0_a_change_saved_before_the_event_was_accepted_counts(stage):
    stage.accept()
    stage.decide()
    stage.mute(default())
    stage.accept()
    stage.decide()
    assert [row["outcome"] for row in stage.ledger(ANA)] == ["notify", "skip"]
    assert stage.row(event_id="e-2")["reason"] == "muted"


def test_d0_a_decision_uses_the_settings_in_force_when_it_is_made(stage):
    stage.accept()
    stage.mute(default())
    stage.decide()
    assert stage.row()["reason"] == "muted"


def test_d2_a_mute_ends_at_its_instant(stage):
    stage.mute(default(), until=stage.now.replace(hour=11))
    stage.accept()
    stage.decide()
    stage.pass_(hours=1)
    stage.accept()
    stage.decide()
    assert [row["outcome"] for row in stage.ledger(ANA)] == ["skip", "notify"]


def test_every_change_of_people_is_seen_by_the_next_batch(stage):
    for change, expected in (
        (user(ANA, roles=[]), 0),
        (user(ANA), 1),
        (user(ANA, partner="tidewater"), 1),
        (user(ANA, active=False), 1),
        (user(ANA, active=True), 2),
        ({"partners": [{"id": "copperglass", "name": "C", "kind": "fulfillment_partner", "parent": "tidewater"}]}, 3),
    ):
        stage.pipeline.import_people(change)
        stage.accept()
        stage.decide()
        assert len(stage.ledger(ANA)) == expected, change
    assert stage.row(TOM)["event"] == "e-6"


def test_every_change_of_a_notification_is_seen_by_the_next_batch(stage):
    ask(stage, user=SAM)
    stage.accept(redelivery_round=2)
    stage.decide()
    assert stage.row(SAM)["frequency"] == "daily"
    actions.edit(stage.person(SAM), "n-1", {"frequency": "weekly"}, stage.pipeline.catalogue, stage.now, version=1)
    event = stage.accept(redelivery_round=2)
    stage.decide()
    assert stage.row(SAM, event)["frequency"] == "weekly"
    actions.delete(stage.person(SAM), "n-1", stage.pipeline.catalogue, stage.now)
    stage.accept(redelivery_round=2)
    stage.decide()
    assert len(stage.ledger(SAM)) == 2
    actions.bring_back(stage.person(SAM), "n-1", stage.now)
    stage.accept(redelivery_round=2)
    stage.decide()
    assert len(stage.ledger(SAM)) == 3


CHANGES = {
    "deactivated": lambda stage: stage.pipeline.import_people(user(SAM, active=False)),
    "no-access": lambda stage: stage.pipeline.import_people(user(SAM, roles=[])),
    "deleted": lambda stage: actions.delete(stage.person(SAM), "n-1", stage.pipeline.catalogue, stage.now),
    "muted": lambda stage: stage.mute(MINE, SAM),
}


@pytest.mark.parametrize("reason", CHANGES)
@pytest.mark.parametrize("moment", ["compose", "send"])
def test_s5_what_may_not_leave_any_more_is_withdrawn_with_its_reason(stage, reason, moment):
    ask(stage, user=SAM, frequency="immediately")
    stage.accept(redelivery_round=2, fulfillment_partner="elsewhere")
    stage.decide()
    stage.pass_(minutes=1)
    if moment == "send":
        stage.compose()
        assert stage.row(SAM)["state"] == "queued"
    CHANGES[reason](stage)
    assert not stage.drain()["sent"]
    row = stage.row(SAM)
    assert (row["outcome"], row["state"], row["reason"]) == ("notify", "withdrawn", reason)
    assert stage.letters.taken == []
    assert (row["message_id"] is None) is (moment == "compose")
    told = explain(find_event("e-1", "portal"), stage.person(SAM), stage.pipeline.world, stage.now)
    assert f"withdrawn before it was sent ({reason})" in told["answer"]


def test_s5_while_one_counting_notification_is_left_the_decided_window_stands(stage):
    ask(stage)
    stage.accept(redelivery_round=2)
    stage.decide()
    before = stage.row()
    stage.mute(default())
    stage.pass_(minutes=1)
    assert stage.drain()["sent"] == 1
    row = stage.row()
    assert (row["frequency"], row["due_at"], row["state"]) == ("immediately", before["due_at"], "sent")


def test_s5_an_edit_does_not_touch_what_is_collected(stage):
    ask(stage, user=SAM)
    stage.accept(redelivery_round=2, fulfillment_partner="elsewhere")
    stage.decide()
    raw = {"name": "Third rounds", "where": [{"field": "redelivery_round", "op": "at_least", "value": 3}]}
    actions.edit(stage.person(SAM), "n-1", raw, stage.pipeline.catalogue, stage.now, version=None)
    stage.pass_(days=1)
    assert stage.drain()["sent"] == 1
    assert stage.row(SAM)["state"] == "sent"


def test_s4_a_digest_is_never_empty_and_keeps_what_may_leave(stage):
    for event_type in (PROCESSED, PROCESSED, "source_request.accepted"):
        stage.accept(event_type)
    stage.decide()
    stage.mute(default(PROCESSED))
    stage.pass_(days=1)
    assert stage.drain()["sent"] == 1
    assert [row["state"] for row in stage.ledger(ANA)] == ["withdrawn", "withdrawn", "sent"]
    (mail,) = stage.letters.to(ANA)
    assert "source_request.accepted" in mail
    assert "delivery.processed" not in mail


def test_a1_deactivation_withdraws_collecting_queued_and_held_mail_at_once(stage):
    stage.accept(PROCESSED)
    stage.accept()
    stage.decide()
    stage.pass_(minutes=1)
    stage.compose()
    assert {row["state"] for row in stage.ledger(ANA)} == {"scheduled", "queued"}
    counts = stage.pipeline.import_people(user(ANA, active=False))
    assert (counts["deactivated"], counts["withdrawn"]) == (1, 2)
    assert {(row["state"], row["reason"]) for row in stage.ledger(ANA)} == {("withdrawn", "deactivated")}


def test_a1_later_events_leave_no_row_and_a_reactivated_person_gets_only_what_comes_after(stage):
    stage.accept()
    stage.decide()
    stage.pipeline.import_people(user(ANA, active=False))
    stage.accept()
    stage.decide()
    assert len(stage.ledger(ANA)) == 1
    stage.pipeline.import_people(user(ANA, active=True))
    event = stage.accept()
    stage.pass_(minutes=1)
    assert stage.drain()["sent"] == 1
    states = {row["event"]: row["state"] for row in stage.ledger(ANA)}
    assert states == {"e-1": "withdrawn", event: "sent"}


def without_field(catalogue, type_id, field):
    """The catalogue after one of its types has lost a field."""
    old = catalogue.event_types[type_id]
    kept = tuple(one for one in old.fields if one != field)
    return replace(catalogue, event_types={**catalogue.event_types, type_id: replace(old, fields=kept)})


def test_a_change_of_catalogue_makes_an_orphan_that_is_listed_inactive_and_sends_nothing(stage):
    ask(stage, user=SAM)
    narrow = without_field(stage.pipeline.catalogue, REDELIVERY, "redelivery_round")
    (orphan,) = stored_orphans(narrow)
    assert (orphan["id"], orphan["user"]) == ("n-1", SAM)
    assert "'redelivery_round' is not a field of Redelivery Requested" in orphan["why"]
    assert stored_orphans(stage.pipeline.catalogue) == []
    changed = type(stage.pipeline)(stage.pipeline.config, narrow, stage.pipeline.clock)
    stage.accept(redelivery_round=2, fulfillment_partner="elsewhere")
    changed.decide_accepted()
    assert stage.ledger() == []
    (mine,) = (one for one in actions.own(changed.world.directory.by_email(SAM), narrow) if one.kind is Kind.CUSTOM)
    assert mine.inactive


def test_a4_a_notification_whose_type_the_owner_cannot_see_is_kept_and_sends_nothing(stage):
    where = [{"field": "account_change", "op": "any_of", "value": ["User created"]}]
    ask(stage, event_type="account.user_changed", where=where, user=ANA)
    stage.accept("account.user_changed", account_change="User created")
    stage.decide()
    assert stage.ledger(ANA) == []
    with pytest.raises(RejectedError, match=r"your roles do not see account\.user_changed"):
        actions.create(
            stage.person(), {"event_type": "account.user_changed", "where": where, "frequency": "daily"},
            stage.pipeline.catalogue, stage.now,
        )  # fmt: skip


def test_d5_explain_answers_for_persons_without_a_row(stage):
    stage.accept(MATERIALS, fulfillment_partner="tidewater")
    stage.decide()
    event = find_event("e-1", None)
    told = explain(event, stage.person(ANA), stage.pipeline.world, stage.now)
    assert told["answer"] == "No: Ana Ruiz belongs to a partner that the event does not concern (A3)."
    told = explain(event, stage.person(SAM), stage.pipeline.world, stage.now)
    assert told["answer"] == "No: none of the person's notifications matches."
