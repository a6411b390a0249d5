"""Composing when a stored event is not what the catalogue or the code expects: nobody else waits for it (P3)."""

from __future__ import annotations

from dataclasses import replace

from tests.integration.core.studio import ANA, REDELIVERY, TOM

from callboard.catalogue.conditions import read_condition
from callboard.catalogue.values import Condition, FieldType
from callboard.intake.models import EventRecord
from callboard.mail import store as outbox
from callboard.mail.models import Mail, MailState
from callboard.pipeline import Pipeline


def damage(event_id):
    """Let a stored event be one that can not be read."""
    EventRecord.objects.filter(event_id=event_id).update(data_json="{")


def test_a_value_stored_before_its_field_became_a_number_is_not_critical_and_its_mail_leaves(stage):
    known = stage.pipeline.catalogue
    fields = {**known.fields, "title": replace(known.fields["title"], type=FieldType.INTEGER)}
    kind = known.event_types[REDELIVERY]
    critical = read_condition({"field": "title", "op": "at_least", "value": 5}, kind, fields, "")
    assert isinstance(critical, Condition)
    stage.accept(title="Salt")
    stage.accept(fulfillment_partner="tidewater", title="Salt")
    stage.decide()
    types = {**known.event_types, REDELIVERY: replace(kind, critical_when=(critical,))}
    changed = replace(known, fields=fields, event_types=types)
    stage.pipeline = Pipeline(stage.pipeline.config, changed, stage.pipeline.clock)
    stage.pass_(hours=1)
    stage.compose()
    found = Mail.objects.values_list("user__email_key", "state", "importance_rank")
    assert set(found) == {(one, MailState.QUEUED, kind.importance.rank) for one in (ANA, TOM)}


def test_p3_a_window_that_can_not_be_composed_fails_in_sight_and_the_others_leave(stage):
    broken = stage.accept()
    stage.accept(fulfillment_partner="tidewater")
    stage.decide()
    damage(broken)
    stage.pass_(hours=1)
    stage.compose()
    states = dict(Mail.objects.values_list("user__email_key", "state"))
    assert states == {ANA: MailState.FAILED, TOM: MailState.QUEUED}
    assert "cannot be composed: " in Mail.objects.get(user__email_key=ANA).last_reply
    assert stage.pipeline.next_due_at() is not None, "Tom's mail"
    assert stage.deliver() == {"sent": 1}
    assert stage.pipeline.next_due_at() is None


def test_p3_a_failed_window_leaves_when_its_event_is_mended_and_it_is_sent_again(stage):
    broken = stage.accept()
    stage.decide()
    stored = EventRecord.objects.get(event_id=broken).data_json
    damage(broken)
    stage.pass_(hours=1)
    stage.compose()
    EventRecord.objects.filter(event_id=broken).update(data_json=stored)
    outbox.requeue([Mail.objects.get().id], stage.now)
    assert stage.deliver() == {"sent": 1}
    assert len(stage.letters.to(ANA)) == 1


def test_p3_a_mail_whose_event_can_not_be_read_fails_alone(stage):
    broken = stage.accept()
    stage.accept(fulfillment_partner="tidewater")
    stage.decide()
    stage.pass_(hours=1)
    stage.compose()
    damage(broken)
    stage.pipeline = Pipeline(stage.pipeline.config, stage.pipeline.catalogue, stage.pipeline.clock)  # a process anew
    assert stage.deliver() == {"sent": 1, "failed": 1}
    assert len(stage.letters.to(TOM)) == 1
    assert Mail.objects.get(user__email_key=ANA).last_reply.startswith("cannot be written: ")


def test_p3_a_mail_that_can_not_be_written_for_whatever_reason_fails_alone(stage):
    stage.accept()
    stage.accept(fulfillment_partner="tidewater")
    stage.decide()
    stage.pass_(hours=1)
    stage.compose()
    Mail.objects.filter(user__email_key=ANA).update(composed_us=2**60)  # an instant that no calendar has
    assert stage.deliver() == {"sent": 1, "failed": 1}
    assert len(stage.letters.to(TOM)) == 1
    assert Mail.objects.get(user__email_key=ANA).last_reply.startswith("cannot be written: ")
