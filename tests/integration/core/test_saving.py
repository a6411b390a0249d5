"""Saving under an id that was made ahead: once, and never over something else."""

from __future__ import annotations

import pytest
from tests.integration.core.studio import ANA, SECOND_ROUNDS, TOM

from callboard.base.errors import RejectedError
from callboard.preferences import actions, store

RAW = {key: SECOND_ROUNDS[key] for key in ("name", "event_type", "where", "frequency")}


@pytest.fixture
def create(stage):
    """Create a notification of a person under an id."""

    def make(email, notification_id, **raw):
        return actions.create(stage.person(email), RAW | raw, stage.pipeline.catalogue, stage.now, id=notification_id)

    return make


def test_the_same_content_again_answers_like_the_first_time(create, stage):
    notification_id = actions.new_id()
    first, again = create(ANA, notification_id), create(ANA, notification_id)
    assert first == again
    assert first.id == notification_id
    assert list(store.load_book(stage.pipeline.catalogue).customs) == [notification_id]


def test_other_content_under_the_id_is_a_conflict(create):
    notification_id = actions.new_id()
    create(ANA, notification_id)
    with pytest.raises(RejectedError) as refusal:
        create(ANA, notification_id, frequency="weekly")
    assert refusal.value.type == "conflict"


def test_what_is_deleted_or_somebody_elses_stays_so(create, stage):
    notification_id = actions.new_id()
    create(ANA, notification_id)
    with pytest.raises(RejectedError) as refusal:
        create(TOM, notification_id)
    assert refusal.value.type == "not-found"
    store.delete_custom(notification_id, stage.now)
    with pytest.raises(RejectedError) as refusal:
        create(ANA, notification_id)
    assert refusal.value.type == "not-found"
