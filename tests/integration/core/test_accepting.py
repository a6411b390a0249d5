"""Accepting, deciding and parking: idempotent, in order, and no event stops another (P1, P3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.core.studio import ANA, MATERIALS, NOW, PROCESSED, REDELIVERY, SAM, SECOND_ROUNDS, TOM, draft

from callboard.base.errors import RejectedError
from callboard.base.instants import format_instant
from callboard.intake import store as log
from callboard.intake.models import EventRecord
from callboard.pipeline import Pipeline


def without(pipeline, *types):
    """The same pipeline under a catalogue that has lost some event types."""
    catalogue = pipeline.catalogue
    kept = {key: one for key, one in catalogue.event_types.items() if key not in types}
    defaults = {key: one for key, one in catalogue.defaults.items() if one.event_type not in types}
    return Pipeline(pipeline.config, replace(catalogue, event_types=kept, defaults=defaults), pipeline.clock)


def test_sending_the_same_event_again_changes_nothing(stage):
    one, two = draft(stage.pipeline.catalogue), draft(stage.pipeline.catalogue)
    assert stage.pipeline.accept([one]).accepted == 1
    again = stage.pipeline.accept([one, two])
    assert (again.accepted, again.duplicates, again.conflicts) == (0, 2, ())
    stage.decide()
    stage.pipeline.accept([one])
    stage.decide()
    assert len(stage.ledger()) == 1


def test_other_content_under_a_known_id_is_a_conflict_and_not_applied(stage):
    catalogue = stage.pipeline.catalogue
    stage.pipeline.accept([draft(catalogue, title="First")])
    receipt = stage.pipeline.accept([draft(catalogue, title="Second"), draft(catalogue, "e-2")])
    assert (receipt.accepted, receipt.duplicates, receipt.conflicts) == (1, 0, (("portal", "e-1"),))
    assert log.undecided(10)[0][0].data["title"] == "First"


def test_two_versions_in_one_batch_are_one_event_and_one_conflict(stage):
    catalogue = stage.pipeline.catalogue
    receipt = stage.pipeline.accept([draft(catalogue, title="First"), draft(catalogue, title="Second")])
    assert (receipt.accepted, len(receipt.conflicts)) == (1, 1)


def test_a_thousand_events_in_one_batch_are_all_kept(stage):
    catalogue = stage.pipeline.catalogue
    drafts = [draft(catalogue, f"e-{number}") for number in range(1_200)]
    assert stage.pipeline.accept(drafts).accepted == 1_200
    assert stage.pipeline.accept(drafts).duplicates == 1_200
    stage.decide()
    assert len(stage.ledger(ANA)) == 1_200


def test_d1_one_ledger_row_for_each_person_with_a_match_and_none_for_others(stage):
    stage.pipeline.import_notifications([SECOND_ROUNDS])
    stage.accept(redelivery_round=2)
    stage.decide()
    assert [row["user"] for row in stage.ledger()] == [ANA]
    row = stage.row()
    assert (row["outcome"], row["reason"], row["state"], row["frequency"]) == (
        "notify", "matched", "scheduled", "immediately",
    )  # fmt: skip
    assert {(one["id"], one["kind"]) for one in row["notifications"]} == {
        ("n-1", "custom"), (f"{REDELIVERY}/fulfillment_partner_operations", "default"),
    }  # fmt: skip


def test_p3_a_bad_event_is_parked_with_its_reason_and_does_not_stop_the_batch(stage):
    stage.accept(PROCESSED)
    stage.accept(MATERIALS)
    stage.accept(REDELIVERY)
    pipeline = without(stage.pipeline, MATERIALS)
    while pipeline.decide_accepted():
        pass
    assert sorted(row["event"] for row in stage.ledger(ANA)) == ["e-1", "e-3"]
    ((event, reason),) = log.parked()
    assert event.id == "e-2"
    assert "material.available is not an event type of the catalogue any more" in reason
    assert pipeline.counts["parked"] == 1


@pytest.mark.parametrize("closed", [True, False])
def test_s3_a_parked_event_that_is_retried_joins_the_window_of_its_decision(stage, closed):
    stage.accept(MATERIALS)
    pipeline = without(stage.pipeline, MATERIALS)
    pipeline.decide_accepted()
    assert stage.ledger() == []
    stage.pass_(hours=3) if closed else stage.pass_(minutes=30)
    assert log.retry_parked() == 1
    stage.decide()
    assert log.parked() == []
    end = NOW + timedelta(hours=4) if closed else NOW + timedelta(hours=1)
    assert stage.row()["due_at"] == format_instant(end)


def test_s3_windows_before_a_parked_event_close_and_those_after_an_undecided_one_wait(stage):
    stage.accept(MATERIALS)
    stage.decide()
    stage.pass_(minutes=30)
    stage.accept(MATERIALS)
    stage.pass_(hours=1)
    stage.compose()
    assert stage.row(event_id="e-1")["state"] == "scheduled"
    without(stage.pipeline, MATERIALS).decide_accepted()
    stage.compose()
    assert stage.row(event_id="e-1")["state"] == "queued"


def test_deciding_again_writes_no_second_row(stage):
    stage.accept()
    stage.decide()
    first = stage.ledger()
    log.park(EventRecord.objects.get().id, "for the test")
    log.retry_parked()
    stage.decide()
    assert stage.ledger() == first


def test_d4_an_own_action_is_a_skip_without_mail(stage):
    stage.accept(actor=ANA.upper())
    stage.decide()
    row = stage.row()
    assert (row["outcome"], row["reason"]) == ("skip", "own-action")
    assert [row[key] for key in ("frequency", "due_at", "message_id", "state")] == [None] * 4


def test_a3_other_partners_have_no_row_and_a_studio_user_may_ask_for_everything(stage):
    stage.pipeline.import_notifications([{**SECOND_ROUNDS, "id": "n-2", "user": SAM}, {**SECOND_ROUNDS, "user": TOM}])
    stage.accept(redelivery_round=3)
    stage.decide()
    assert {row["user"] for row in stage.ledger()} == {ANA, SAM}


def test_imports_are_all_or_nothing(stage):
    with pytest.raises(RejectedError):
        stage.pipeline.import_notifications([SECOND_ROUNDS, {**SECOND_ROUNDS, "id": "n-2", "frequency": "x"}])
    with pytest.raises(RejectedError):
        stage.pipeline.import_people({"partners": [{"id": "new", "name": "New", "kind": "studio"}], "users": [{}]})
    stage.pipeline.world.refresh()
    assert stage.pipeline.world.book.customs == {}
    assert "new" not in stage.pipeline.world.directory.partners


def test_importing_the_same_files_again_changes_nothing(stage):
    bare = {key: value for key, value in SECOND_ROUNDS.items() if key != "id"}
    file = [SECOND_ROUNDS | {"muted": True, "muted_until": "2026-12-01T00:00:00Z"}, bare]
    assert stage.pipeline.import_notifications(file)["changed"] == 3
    stage.pipeline.world.refresh()
    revision = stage.pipeline.world.revision
    assert stage.pipeline.import_notifications(file)["changed"] == 0
    stage.pipeline.import_people({"users": []})
    stage.pipeline.world.refresh()
    assert stage.pipeline.world.revision == revision
