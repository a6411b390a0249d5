"""A preview answers in time: from what is read so far, and it says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from django.db import connection
from tests.integration.insights.studio import ANA, DIRECTORY, EVERYTHING, LITTLE, SAM, TOM, asked, looked
from tests.unit.studio import OPERATIONS, REDELIVERY

from callboard.base.reasons import Frequency
from callboard.insights.columns import MAX_EVENTS, PAGE
from callboard.preferences.values import Kind, Notification, Ref

DAY = timedelta(days=1)
ACCOUNTS = "account.user_changed"
"""A type with few fields, so that many events are soon read."""
DEFAULT = Ref(f"{REDELIVERY}/{OPERATIONS}", Kind.DEFAULT)


def other(where, notification_id="n-2", **values):
    return Notification(
        id=notification_id, kind=Kind.CUSTOM, name="Mine", event_type=REDELIVERY, where=where.where,
        frequency=Frequency.IMMEDIATELY, user_id=1, **values,
    )  # fmt: skip


def test_what_is_not_read_yet_is_estimated_and_counted_by_asking_again(log):
    log.add_many(2 * PAGE, apart=timedelta(minutes=20))  # nearly 28 days
    first = looked(reading=LITTLE)
    assert (first["approximate"], first["counting"]) == (True, True)
    assert 2 * PAGE <= first["matching"] <= 2.2 * PAGE
    assert first["mails_per_week"]["daily"] == 7.6  # 15 mails in the 13.9 days that were read
    second = looked(reading=LITTLE)
    assert (second["approximate"], second["counting"]) == (False, False)
    assert second["matching"] == 2 * PAGE


def test_events_of_the_last_30_days_suffice_for_the_exact_answer(log):
    log.add_many(3 * PAGE, ago=31 * DAY)
    log.add_many(5)
    found = looked(reading=LITTLE)
    assert (found["matching"], found["approximate"], found["counting"]) == (5, False, False)


def test_an_event_counts_for_30_days_to_the_microsecond(log):
    log.add(ago=30 * DAY)
    log.add(ago=30 * DAY + timedelta(microseconds=1))
    assert looked()["total"] == 1


def test_more_than_100_000_events_stay_estimated_for_good(log):
    number = log.add(ago=DAY, event_type=ACCOUNTS, account_change="User created")
    later = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO intake_eventrecord (key, source, event_id, event_type, subject, time_us, accepted_us,"  # noqa: S608
            f" data_json, digest, state, was_parked, parked_reason) {later} SELECT 'k' || i, source, 'k' || i, event_type,"
            " subject, time_us, accepted_us, data_json, 'k' || i, state, was_parked, parked_reason"
            " FROM intake_eventrecord, n WHERE id = %s",
            [MAX_EVENTS, number],
        )
    log.add(event_type=ACCOUNTS, account_change="Role granted")
    what = asked(ACCOUNTS, account_change=["User created"])
    found = looked(SAM, what, reading=EVERYTHING)
    while found["counting"]:
        found = looked(SAM, what)
    assert found["approximate"]
    assert found["total"] == 30 * MAX_EVENTS  # a day's worth was looked at
    assert found["matching"] == 30 * (MAX_EVENTS - 1)


def test_a_preview_knows_what_was_accepted_a_moment_ago(log):
    assert looked()["matching"] == 0
    log.add()
    assert looked()["matching"] == 1
    log.add(fulfillment_partner="tidewater")
    assert (looked()["total"], looked(TOM)["total"], looked(SAM)["total"]) == (1, 1, 2)


def test_overlaps_name_no_partner_that_the_person_may_not_know(log):
    log.add()
    rival = replace(asked(fulfillment_partner={"op": "none_of", "value": ["tidewater"]}), id="n-2", name="")
    (found,) = looked(others=[rival])["overlaps"]
    assert found["label"].endswith("Fulfillment Partner is not tidewater")
    (found,) = looked(SAM, others=[rival])["overlaps"]
    assert found["label"].endswith(f"Fulfillment Partner is not {DIRECTORY.partner_name('tidewater')}")


def test_overlaps_tell_what_is_covered_and_what_is_muted(log):
    log.add_many(3)
    log.add(redelivery_round=2)
    rounds = asked(redelivery_round={"op": "at_least", "value": 2})
    everything = Notification(
        id=DEFAULT.id, kind=Kind.DEFAULT, name="Redelivery", event_type=REDELIVERY, where=(),
        frequency=Frequency.IMMEDIATELY, role=OPERATIONS,
    )  # fmt: skip
    others = [
        everything,
        other(rounds),
        other(asked(content_type=["Trailer"]), "n-3"),
        other(rounds, "n-4", inactive="x"),
    ]
    found = looked(others=others, muted=frozenset({DEFAULT}))["overlaps"]
    assert [(one["id"], one["events"], one["covers"], one["muted"]) for one in found] == [
        (DEFAULT.id, 4, True, True), ("n-2", 1, False, False),
    ]  # fmt: skip
    assert looked(what=rounds, others=[other(rounds)])["overlaps"][0]["covers"]
    assert looked(others=[asked()])["overlaps"] == []  # the same one, as when it is edited


def test_only_the_newest_500_matching_events_are_compared(log):
    log.add_many(600, redelivery_round=2, ago=DAY)
    log.add_many(300, redelivery_round=1)
    (found,) = looked(others=[other(asked(redelivery_round={"op": "at_least", "value": 2}))])["overlaps"]
    assert (found["events"], found["covers"]) == (200, False)


def test_a_value_stored_under_another_catalogue_matches_nothing(log):
    log.add(redelivery_round="second")
    log.add(redelivery_round=2)
    assert looked(what=asked(redelivery_round={"op": "at_least", "value": 2}))["matching"] == 1


def test_own_actions_match_and_are_not_mailed(log):
    log.add(actor=ANA.email.upper())
    found = looked()
    assert found["matching"] == 1
    assert set(found["mails_per_week"].values()) == {0.0}
