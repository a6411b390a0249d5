"""The notifications file (4.2): every bad input is one clear fault; the same file again changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.studio import CATALOGUE, NOW, OPERATIONS, REDELIVERY, directory, person

from callboard.base.reasons import Frequency
from callboard.preferences.file import NotificationsFile, read_notifications, write_notifications
from callboard.preferences.values import Book, Kind, Mute, MutedBy, Ref

EMAIL = "ana@copperglass.example"
PEOPLE = directory(person(7), person(8, email="tom@tidewater.example", name="Tom", partner="tidewater"))
BRANDED = {"field": "content_type", "op": "any_of", "value": ["Branded"]}
CUSTOM = {
    "id": "n-17", "user": EMAIL, "name": "Branded redeliveries", "event_type": REDELIVERY,
    "where": [BRANDED, {"field": "redelivery_round", "op": "at_least", "value": 2}],
    "frequency": "daily", "muted": False, "muted_until": None,
}  # fmt: skip
DEFAULT = {"user": EMAIL, "default": f"{REDELIVERY}/{OPERATIONS}", "muted": True, "muted_until": None}


def good(*rows: Any, owners: dict[str, int] | None = None) -> NotificationsFile:
    found = read_notifications(list(rows), PEOPLE, CATALOGUE, owners or {})
    assert isinstance(found, NotificationsFile), found
    return found


def faults(*rows: Any, owners: dict[str, int] | None = None) -> list[tuple[str, str]]:
    found = read_notifications(list(rows), PEOPLE, CATALOGUE, owners or {})
    assert isinstance(found, list)
    return [(one.pointer, one.message) for one in found]


def without(row: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key not in keys}


def test_the_example_of_the_interfaces_is_read():
    found = good(CUSTOM, DEFAULT)
    (custom,) = found.customs
    assert (custom.id, custom.user_id, custom.frequency) == ("n-17", 7, Frequency.DAILY)
    assert [one.as_json() for one in custom.where] == CUSTOM["where"]
    assert [(one.ref, one.muted, one.until) for one in found.mutes] == [
        (Ref("n-17", Kind.CUSTOM), False, None),
        (Ref(DEFAULT["default"], Kind.DEFAULT), True, None),  # type: ignore[arg-type]
    ]


def test_a_missing_id_is_made_and_the_same_content_makes_the_same_id():
    bare = without(CUSTOM, "id")
    first, again = good(bare).customs[0].id, good(bare).customs[0].id
    assert first == again
    assert first != good({**bare, "frequency": "weekly"}).customs[0].id
    assert first != good({**bare, "user": "tom@tidewater.example"}).customs[0].id


def test_users_are_found_without_letter_case():
    assert good({**CUSTOM, "user": "ANA@CopperGlass.example"}).customs[0].user_id == 7


def test_what_the_file_does_not_say_about_a_mute_stays_unsaid():
    (mute,) = good(without(CUSTOM, "muted", "muted_until")).mutes
    assert mute.muted is None


def test_muted_until_is_an_instant():
    (mute,) = good({**DEFAULT, "muted_until": "2026-11-30T08:00:00+01:00"}).mutes
    assert mute.until == datetime(2026, 11, 30, 7, tzinfo=UTC)


def test_the_name_may_be_absent_or_empty():
    for row in (without(CUSTOM, "name"), {**CUSTOM, "name": ""}, {**CUSTOM, "name": None}):
        assert good(row).customs[0].name == ""


def test_an_event_type_that_the_owner_cannot_see_is_accepted_here():
    where = [{"field": "account_change", "op": "any_of", "value": ["User created"]}]
    row = {**CUSTOM, "event_type": "account.user_changed", "frequency": "daily", "where": where}
    assert good(row).customs[0].inactive is None


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"user": "nobody@x.example"}, "user", "is not a user; import people first"),
        ({"user": 3}, "user", "is not a user"),
        ({"id": ""}, "id", "must not be empty"),
        ({"id": None}, "id", "must be a text, not null"),
        ({"id": "x" * 201}, "id", "has 201 characters"),
        ({"id": "a\nb"}, "id", "control character"),
        ({"name": 5}, "name", "must be a text, not a number"),
        ({"name": "x" * 201}, "name", "has 201 characters"),
        ({"event_type": "x.y"}, "event_type", "'x.y' is not an event type of the catalogue"),
        ({"event_type": None}, "event_type", "is not an event type"),
        ({"event_type": [REDELIVERY]}, "event_type", "is not an event type"),
        ({"frequency": "monthly"}, "frequency", "is not on offer for Redelivery Requested; use immediately"),
        ({"frequency": None}, "frequency", "is not on offer"),
        ({"frequency": ["daily"]}, "frequency", "is not on offer"),
        ({"where": []}, "where", "must name at least one condition"),
        ({"where": None}, "where", "must name at least one condition"),
        ({"where": {}}, "where", "must be a list, not an object"),
        ({"where": [BRANDED] * 1001}, "where", "has 1001 conditions"),
        ({"where": [3]}, "where/0", "must be an object with field, op and value"),
        ({"where": [BRANDED, {**BRANDED, "value": []}]}, "where/1/value", "at least one value"),
        ({"where": [{**BRANDED, "value": ["branded"]}]}, "where/0/value", "did you mean 'Branded'?"),
        ({"where": [{**BRANDED, "field": "account_change"}]}, "where/0/field", "is not a field of Redelivery"),
        ({"where": [{**BRANDED, "op": "is"}]}, "where/0/op", "is not an operator of Content Type"),
        ({"where": [{"field": "redelivery_round", "op": "between", "value": [3, 1]}]}, "where/0/value", "swap them"),
        ({"muted": "yes"}, "muted", "must be true or false, not a text"),
        ({"muted": None}, "muted", "must be true or false, not null"),
        ({"muted_until": "2026-11-30T08:00:00Z"}, "muted_until", "goes only with muted: true"),
        ({"muted": True, "muted_until": 3}, "muted_until", "must be an instant like"),
        ({"muted": True, "muted_until": "tomorrow"}, "muted_until", "is not an RFC 3339 timestamp"),
        ({"colour": "red"}, "colour", "is not known here; use id, user"),
    ],
)
def test_each_bad_value_of_a_custom_is_one_fault(change: dict[str, Any], key: str, said: str):
    ((at, message),) = faults({**CUSTOM, **change})
    assert at == f"/0/{key}"
    assert said in message


@pytest.mark.parametrize("key", ["user", "event_type", "where", "frequency"])
def test_each_required_key_of_a_custom(key: str):
    ((at, message),) = faults(without(CUSTOM, key))
    assert at == f"/0/{key}"
    assert "is missing" in message or "must name at least one" in message


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"default": "x/y"}, "default", "'x/y' is not a Default"),
        ({"default": f"{REDELIVERY}/{OPERATIONS}s"}, "default", f"did you mean {REDELIVERY}/{OPERATIONS}?"),
        ({"default": None}, "default", "is not a Default"),
        ({"default": ["x"]}, "default", "is not a Default"),
        ({"where": []}, "where", "is not known here; use user, default, muted, muted_until"),
        ({"frequency": "daily"}, "frequency", "is not known here"),
        ({"muted": False, "muted_until": "2026-11-30T08:00:00Z"}, "muted_until", "goes only with muted: true"),
    ],
)
def test_each_bad_value_of_a_default_mute_is_one_fault(change: dict[str, Any], key: str, said: str):
    ((at, message),) = faults({**DEFAULT, **change})
    assert at == f"/0/{key}"
    assert said in message


@pytest.mark.parametrize("raw", [{}, None, "x"])
def test_the_file_is_a_list(raw: Any):
    found = read_notifications(raw, PEOPLE, CATALOGUE, {})
    assert isinstance(found, list)
    assert "must be a list" in found[0].message


def test_a_row_is_an_object():
    assert faults(3) == [("/0", "a notification must be an object, not a number")]


def test_an_id_that_belongs_to_another_user_is_refused():
    assert faults(CUSTOM, owners={"n-17": 8}) == [("/0/id", "'n-17' belongs to another user")]
    good(CUSTOM, owners={"n-17": 7})


def test_an_id_stands_once_and_so_does_a_mute_of_a_default():
    assert [at for at, _ in faults(CUSTOM, CUSTOM)] == ["/1/id"]
    assert [at for at, _ in faults(CUSTOM, {**CUSTOM, "user": "tom@tidewater.example"})] == ["/1/id"]
    ((at, message),) = faults(DEFAULT, {**DEFAULT, "muted": False})
    assert at == "/1"
    assert "a second time" in message


def test_all_faults_of_a_file_are_said_at_once():
    found = faults({**CUSTOM, "frequency": "x", "where": [{**BRANDED, "value": []}]}, {**DEFAULT, "default": "x"})
    assert [at for at, _ in found] == ["/0/frequency", "/0/where/0/value", "/1/default"]


def test_a_mute_ends_at_its_instant():
    mute = Mute(user_id=7, ref=Ref("n", Kind.CUSTOM), muted=True, until=NOW, by=MutedBy.PERSON, revision=1)
    assert not mute.is_muted(NOW)
    assert mute.is_muted(datetime(2026, 11, 23, 9, 59, 59, 999_999, tzinfo=UTC))


def test_the_export_leaves_out_what_is_deleted_and_defaults_that_are_not_muted():
    book = Book()
    book.put(good(CUSTOM).customs[0])
    ref = Ref(str(DEFAULT["default"]), Kind.DEFAULT)
    book.put_mute(Mute(user_id=7, ref=ref, muted=False, until=None, by=MutedBy.PERSON, revision=1))
    assert write_notifications(PEOPLE, book) == [CUSTOM]
    book.put_mute(Mute(user_id=7, ref=ref, muted=True, until=None, by=MutedBy.PERSON, revision=2))
    assert write_notifications(PEOPLE, book) == [CUSTOM, DEFAULT]
