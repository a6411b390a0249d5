"""What a mail tells: as composing found it here a moment ago, or else as the ledger says."""

from __future__ import annotations

import time
from contextlib import contextmanager

from django.db import connection, transaction
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from tests.integration.core.studio import ANA, NOW, PROCESSED, SECOND_ROUNDS, TOM, default, user

from callboard.base.reasons import Reason
from callboard.decisions import store as ledger
from callboard.intake.models import EventRecord
from callboard.mail import store
from callboard.mail.desk import Desk
from callboard.mail.models import Mail, MailState
from callboard.mail.wire import whole
from callboard.pipeline import Pipeline
from callboard.preferences.values import Kind, Ref


def withdraw(stage, event_id, email=ANA):
    """Withdraw an item as another process does that holds the lease: under the same revision."""
    number = EventRecord.objects.get(event_id=event_id).pk
    ledger.withdraw({(number, stage.person(email).id): Reason.NO_ACCESS}, stage.now)


def another(stage):
    """Another process over the same database: what this one has in memory, it has not."""
    return Pipeline(stage.pipeline.config, stage.pipeline.catalogue, stage.pipeline.clock)


def lease():
    with transaction.atomic():
        return store.lease("owner-a", time.time() + 60, NOW.replace(hour=23), 10)


def drafted(stage, pipeline=None):
    """Lease and draft what is due; the drafts, and how often the ledger was asked."""
    pipeline = pipeline or stage.pipeline
    desk = Desk(pipeline.config, pipeline.clock, pipeline.checker)
    mails = lease()
    with CaptureQueriesContext(connection) as asked:
        drafts = desk.draft(mails)
    return drafts, sum("decisions_decision" in one["sql"] for one in asked.captured_queries)


def free():
    with transaction.atomic():
        store.free_leases(["owner-a"], expired_before_s=0)


@contextmanager
def undone():
    """A transaction that comes to nothing."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_what_was_composed_here_is_not_read_again_and_the_mail_is_the_same(stage):
    stage.fill()
    (found,), reads = drafted(stage)
    assert reads == 0
    free()
    (again,), reads = drafted(stage, another(stage))
    assert reads == 1
    assert whole(found.mail_object.content) == whole(again.mail_object.content)
    assert found.items.pairs == again.items.pairs


def test_p3_after_a_restart_what_was_composed_before_is_read(stage):
    stage.fill()
    stage.pipeline = another(stage)
    assert stage.deliver() == {"sent": 1}
    assert "Salt" in stage.letters.to(ANA)[0]


def test_s5_what_was_withdrawn_under_an_earlier_lease_does_not_leave_under_a_later_one(stage):
    gone = stage.fill()
    assert len(lease()) == 1, "another process takes the mail,"
    withdraw(stage, gone)  # finds under its own catalogue that it may not leave,
    free()  # and dies before it has said so of the mail
    assert stage.deliver() == {"withdrawn": 1}
    assert stage.letters.taken == []


def test_s5_a_mail_that_is_tried_again_tells_what_the_ledger_still_says(stage):
    stage.accept(title="Salt")
    gone = stage.fill(title="Pepper")
    stage.letters.answers[ANA] = (451, "4.3.0 later")
    assert stage.deliver() == {"deferred": 1}
    withdraw(stage, gone)
    stage.letters.answers.clear()
    stage.pass_(hours=2)
    assert stage.deliver() == {"sent": 1}
    first, second = stage.letters.to(ANA)
    assert "Pepper" in first
    assert "Pepper" not in second
    assert "Salt" in second


def test_s5_a_failed_mail_that_is_sent_again_tells_what_the_ledger_still_says(stage):
    gone = stage.fill()
    stage.letters.answers[ANA] = (554, "5.6.0 no")
    assert stage.deliver() == {"failed": 1}
    withdraw(stage, gone)
    stage.letters.answers.clear()
    assert store.requeue([Mail.objects.get().id], stage.now) == 1
    assert stage.deliver() == {"withdrawn": 1}


def test_a1_who_is_deactivated_and_back_before_the_mail_left_gets_nothing_of_it(stage):
    stage.fill()
    stage.pipeline.import_people(user(ANA, active=False))
    stage.pipeline.import_people(user(ANA))
    assert stage.deliver() == {}
    assert stage.row()["state"] == "withdrawn"
    assert Mail.objects.get().state == MailState.WITHDRAWN


def test_s5_a_mute_between_composing_and_delivering_leaves_the_rest(stage):
    stage.pipeline.import_notifications([SECOND_ROUNDS])
    stage.mute(default())
    stage.accept(PROCESSED, title="Salt")
    stage.accept(title="Pepper", redelivery_round=2)
    stage.decide()
    stage.pass_(days=1)
    stage.compose()
    stage.mute(Ref("n-1", Kind.CUSTOM))
    assert stage.deliver() == {"sent": 1}
    (told,) = stage.letters.to(ANA)
    assert "Salt" in told
    assert "Pepper" not in told
    assert sorted(row["state"] for row in stage.ledger(ANA)) == ["sent", "withdrawn"]


def test_s5_a_mute_that_was_taken_back_before_the_mail_left_changes_nothing(stage):
    stage.fill()
    stage.mute(default())
    stage.mute(default(), muted=False)
    assert stage.deliver() == {"sent": 1}


def test_after_any_change_of_people_or_settings_the_ledger_is_asked(stage):
    stage.fill()
    stage.mute(default(), TOM)
    assert drafted(stage)[1] == 1


def test_a_composing_that_came_to_nothing_is_not_remembered_for_the_mail_that_gets_its_number(stage):
    stage.accept(title="Salt")
    stage.decide()
    stage.pass_(seconds=11)
    with TestCase.captureOnCommitCallbacks(execute=True), undone():
        stage.pipeline.compose_due()
        (number,) = Mail.objects.values_list("id", flat=True)
    stage.pass_(minutes=-1)
    stage.accept(title="Pepper", fulfillment_partner="tidewater")
    stage.decide()
    stage.pass_(minutes=2)
    other = another(stage)
    while other.compose_due():
        pass
    if connection.vendor == "sqlite":
        assert Mail.objects.get(user__email_key=TOM).id == number, "the number is used again"
    told = {draft.mail_object.recipient: whole(draft.mail_object.content) for draft in drafted(stage)[0]}
    assert [(b"Salt" in told[one], b"Pepper" in told[one]) for one in (ANA, TOM)] == [(True, False), (False, True)]


def test_what_another_process_composed_is_read(stage):
    stage.accept()
    stage.decide()
    stage.pass_(seconds=11)
    other = another(stage)
    while other.compose_due():
        pass
    (found,), reads = drafted(stage)
    assert reads == 1
    assert found.mail_object
