"""The reference itself, held against cases worked out by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.world.generate import SMALL, make_world
from tests.world.reference import (
    Json,
    Reference,
    Step,
    event_type,
    in_range,
    load_catalogue,
    matches,
    window,
    window_ends,
)

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[2] / "catalogue")
REDELIVERY = "delivery.redelivery_requested"
ANA = "ana@copperglass.example"
PEOPLE: Json = {
    "partners": [
        {"id": "copperglass", "name": "C", "kind": "fulfillment_partner", "parent": None},
        {"id": "leeds", "name": "L", "kind": "fulfillment_partner", "parent": "copperglass"},
        {"id": "brackenfold", "name": "B", "kind": "content_partner"},
    ],
    "users": [
        {
            "email": "Ana@copperglass.example",
            "name": "Ana",
            "partner": "copperglass",
            "roles": ["fulfillment_partner_operations"],
            "time_zone": "Europe/Madrid",
        },
    ],
}
MADRID = "Europe/Madrid"
KATHMANDU = "Asia/Kathmandu"
ST_JOHNS = "America/St_Johns"
LORD_HOWE = "Australia/Lord_Howe"
NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def user(zone: str, hour: int = 8, weekday: str = "monday") -> Json:
    return {"time_zone": zone, "digest_hour": hour, "digest_weekday": weekday}


def event(number: int = 1, name: str = REDELIVERY, **data: Any) -> Json:
    data = {"fulfillment_partner": "leeds", "title": "T", **data}
    return {"specversion": "1.0", "id": f"e{number}", "source": "p", "type": name, "data": data}


def custom(**changes: Any) -> Json:
    where = [{"field": "fulfillment_partner", "op": "any_of_incl", "value": ["copperglass"]}]
    return {
        "id": "n1",
        "user": ANA,
        "name": "Mine",
        "event_type": REDELIVERY,
        "where": where,
        "frequency": "hourly",
        "muted": False,
        "muted_until": None,
        **changes,
    }


def played(*steps: Step, collapse_s: int = 10, notifications: list[Json] | None = None) -> Reference:
    reference = Reference(CATALOGUE, collapse_s)
    reference.import_people(PEOPLE)
    reference.import_notifications(notifications or [])
    for number, step in enumerate(steps):
        reference.take(number, step)
    return reference


# Windows


@pytest.mark.parametrize(
    ("place", "accepted", "start", "end"),
    [
        # a plain day in winter: 08:00 CET
        (("daily", MADRID, 8), "2026-11-10T12:00", "2026-11-10T07:00", "2026-11-11T07:00"),
        # half-open: the border belongs to the next window
        (("daily", MADRID, 8), "2026-11-10T07:00", "2026-11-10T07:00", "2026-11-11T07:00"),
        # clocks go back on 25 October: the day has 25 hours
        (("daily", MADRID, 8), "2026-10-24T12:00", "2026-10-24T06:00", "2026-10-25T07:00"),
        # 02:00 exists twice that night: the first, CEST
        (("daily", MADRID, 2), "2026-10-24T12:00", "2026-10-24T00:00", "2026-10-25T00:00"),
        # 02:00 does not exist on 28 March 2027: 03:00 CEST
        (("daily", MADRID, 2), "2027-03-27T12:00", "2027-03-27T01:00", "2027-03-28T01:00"),
        # the hour that is there twice is one window of two hours
        (("hourly", MADRID, 8), "2026-10-25T00:30", "2026-10-25T00:00", "2026-10-25T02:00"),
        (("hourly", MADRID, 8), "2026-10-25T01:30", "2026-10-25T00:00", "2026-10-25T02:00"),
        # full hours of zones that are not whole hours from UTC
        (("hourly", KATHMANDU, 8), "2026-10-25T00:20", "2026-10-25T00:15", "2026-10-25T01:15"),
        (("hourly", ST_JOHNS, 8), "2026-10-20T00:20", "2026-10-19T23:30", "2026-10-20T00:30"),
        # Lord Howe springs forward by half an hour: 02:00 becomes 02:30, a window ends there
        (("hourly", LORD_HOWE, 8), "2026-10-03T15:00", "2026-10-03T14:30", "2026-10-03T15:30"),
        (("hourly", LORD_HOWE, 8), "2026-10-03T15:30", "2026-10-03T15:30", "2026-10-03T16:00"),
        # Mondays at 08:00, summer to winter
        (("weekly", MADRID, 8), "2026-10-20T12:00", "2026-10-19T06:00", "2026-10-26T07:00"),
        # Kolkata, Monday 00:00 is Sunday 18:30 UTC
        (("weekly", "Asia/Kolkata", 0), "2026-10-25T18:29", "2026-10-18T18:30", "2026-10-25T18:30"),
    ],
)  # fmt: skip
def test_windows(place: tuple[str, str, int], accepted: str, start: str, end: str) -> None:
    frequency, zone, hour = place
    assert window(frequency, at(accepted), user(zone, hour)) == (at(start), at(end))


@pytest.mark.parametrize("frequency", ["hourly", "daily", "weekly"])
@pytest.mark.parametrize("zone", ["Europe/Madrid", "Australia/Lord_Howe", "America/St_Johns"])
def test_windows_tile_time(frequency: str, zone: str) -> None:
    moment = at("2026-10-01T00:07")
    while moment < at("2026-11-05T00:00"):
        start, end = window(frequency, moment, user(zone, 2))
        assert start <= moment < end
        assert window(frequency, start, user(zone, 2)) == (start, end)
        assert window(frequency, end, user(zone, 2))[0] == end
        moment += timedelta(hours=5, minutes=17)


def test_hourly_ends_are_local_full_hours() -> None:
    ends = window_ends("hourly", at("2026-06-01T00:00"), user("Asia/Kathmandu"))
    assert {end.minute for end in ends} == {15}


# Matching


def test_types_with_prefix_and_version() -> None:
    for written in (REDELIVERY, f"io.callboard.{REDELIVERY}", f"io.callboard.{REDELIVERY}.v12"):
        assert event_type(written, CATALOGUE) == REDELIVERY


@pytest.mark.parametrize(
    ("tag", "wanted", "taken"),
    [
        ("es-419", "es", True),
        ("ES-419", "es-419", True),
        ("est", "es", False),
        ("es", "es-419", False),
        ("de-Latn-DE", "de-de", False),
        ("yue", "*", True),
    ],
)
def test_language_ranges(tag: str, wanted: str, taken: bool) -> None:  # noqa: FBT001 - a table's column
    assert in_range(tag, wanted) is taken


@pytest.mark.parametrize(
    ("field", "op", "value", "data", "expected"),
    [
        ("severity", "none_of", ["Blocker"], {}, True),
        ("severity", "none_of", ["Blocker"], {"severity": None}, True),
        ("severity", "any_of", ["Blocker"], {"severity": None}, False),
        ("severity", "any_of", ["Blocker"], {"severity": "blocker"}, False),
        ("tags", "any_of", ["HDR", "UHD"], {"tags": ["Hold", "UHD"]}, True),
        ("tags", "none_of", ["HDR"], {"tags": ["Hold", "HDR"]}, False),
        ("tags", "any_of", ["HDR"], {"tags": "HDR"}, True),
        ("tags", "none_of", ["HDR"], {"tags": []}, True),
        ("title_id", "any_of", ["9"], {"title_id": ["1", "9"]}, True),
        ("fulfillment_partner", "any_of", ["copperglass"], {}, False),
        ("fulfillment_partner", "any_of_incl", ["copperglass"], {}, True),
        ("fulfillment_partner", "any_of_incl", ["leeds"], {}, True),
        ("language", "any_of", ["ES-419"], {"language": "es-419"}, True),
        ("language", "none_of", ["ES-419"], {"language": "es-419"}, False),
        ("language", "any_of_incl", ["*"], {}, False),
        ("title", "contains", "STRASSE", {"title": "Große Straße"}, True),
        ("title", "equals", "cafe\u0301", {"title": "CAFÉ"}, True),
        ("title", "starts_with", "İ", {"title": "i̇stanbul"}, True),
        ("title", "contains", "x", {"title": ""}, False),
        ("redelivery_round", "between", [2, 2], {"redelivery_round": 2}, True),
        ("redelivery_round", "at_least", 2, {"redelivery_round": 1}, False),
        ("redelivery_round", "at_most", 2, {}, False),
        ("due_date", "within_days", 0, {"due_date": "2026-10-20"}, True),
        ("due_date", "within_days", 3, {"due_date": "2026-10-19"}, False),
        ("due_date", "overdue", True, {"due_date": "2026-10-19"}, True),
        ("due_date", "overdue", True, {"due_date": "2026-10-20"}, False),
        ("due_date", "before", "2026-10-20", {"due_date": "2026-10-20"}, False),
        ("due_date", "after", "2026-10-19", {"due_date": "2026-10-20"}, True),
    ],
)
def test_operators(
    field: str,
    op: str,
    value: Any,
    data: Json,
    expected: bool,  # noqa: FBT001 - a table's column
) -> None:
    entry = custom(where=[{"field": field, "op": op, "value": value}])
    found = matches(event(**data), PEOPLE, [entry], CATALOGUE, NOON)
    assert found == (["n1"] if expected else [])


def test_event_date_is_the_utc_date_of_its_time() -> None:
    line = event(due_date="2026-10-19") | {"time": "2026-10-20T01:30:00+05:30"}
    entry = custom(where=[{"field": "due_date", "op": "overdue", "value": True}])
    assert matches(line, PEOPLE, [entry], CATALOGUE, NOON) == []


@pytest.mark.parametrize("wanted", [True, False])
def test_mentions_me_is_never_absent(wanted: bool) -> None:  # noqa: FBT001 - a table's column
    entry = custom(
        event_type="comment.added",
        where=[{"field": "mentions_me", "op": "is", "value": wanted}],
    )
    for mentions, found in (
        (["ANA@copperglass.EXAMPLE"], True),
        (["x@y.example"], False),
        (None, False),
    ):
        line = event(name="comment.added", mentions=mentions)
        assert bool(matches(line, PEOPLE, [entry], CATALOGUE, NOON)) is (found == wanted)


def test_access_is_by_partner_and_by_role() -> None:
    assert matches(event(), PEOPLE, [custom()], CATALOGUE, NOON) == ["n1"]
    elsewhere = event(fulfillment_partner="lexiloom", content_partner="copperglass")
    entry = custom(where=[{"field": "severity", "op": "none_of", "value": ["FYI"]}])
    assert matches(elsewhere, PEOPLE, [entry], CATALOGUE, NOON) == []
    account = custom(
        event_type="account.user_changed",
        where=[{"field": "role", "op": "none_of", "value": ["Studio Admin"]}],
    )
    assert matches(event(name="account.user_changed"), PEOPLE, [account], CATALOGUE, NOON) == []


# Deciding, scheduling, withdrawing


def test_strongest_frequency_wins_and_all_that_count_are_named() -> None:
    reference = played(Step(NOON, "send", [event()]), Step(NOON, "drain"), notifications=[custom()])
    (row,) = reference.rows.values()
    assert (row.frequency, row.state) == ("immediately", "scheduled")
    assert {held.kind for held in row.notifications} == {"default", "custom"}
    assert row.due_at == NOON + timedelta(seconds=10)


def test_immediate_items_collapse_from_the_first_for_ten_seconds() -> None:
    seconds = [0, 4, 9, 10, 19, 20]
    sends = [Step(NOON + timedelta(seconds=second), "send", [event(number)]) for number, second in enumerate(seconds)]
    last = Step(NOON + timedelta(minutes=1), "drain")
    reference = played(*sends, last)
    assert [sorted(key[1] for key in mail.events) for mail in reference.mails] == [
        ["e0", "e1", "e2"],
        ["e3", "e4"],
        ["e5"],
    ]
    alone = played(*sends, last, collapse_s=0)
    assert [len(mail.events) for mail in alone.mails] == [1] * 6
    assert [mail.due_at for mail in alone.mails] == [step.now for step in sends]


def test_own_action_is_told_before_muted() -> None:
    mute = {"user": ANA, "default": f"{REDELIVERY}/fulfillment_partner_operations", "muted": True}
    lines = [event(1, actor="ANA@copperglass.example"), event(2)]
    reference = played(Step(NOON, "send", lines), Step(NOON, "drain"), notifications=[mute])
    assert [row.reason for row in reference.rows.values()] == ["own-action", "muted"]


def test_mute_ends_at_its_instant() -> None:
    mute = custom(muted=True, muted_until="2026-10-20T12:00:00Z", frequency="daily")
    assert not Reference.is_muted(mute, NOON)
    assert Reference.is_muted(mute, NOON - timedelta(seconds=1))


def test_deactivation_withdraws_at_once_and_for_good() -> None:
    def import_active(active: bool) -> Step:  # noqa: FBT001 - the value of a key
        person = {**PEOPLE["users"][0], "active": active}
        return Step(NOON, "people", {"partners": [], "users": [person]})

    later = NOON + timedelta(days=1)
    reference = played(
        Step(NOON, "send", [event()]),
        Step(NOON, "drain"),
        import_active(False),
        import_active(True),
        Step(later, "drain"),
    )
    (row,) = reference.rows.values()
    assert (row.outcome, row.state, row.reason) == ("notify", "withdrawn", "deactivated")
    assert not reference.mails


@pytest.mark.parametrize(
    ("roles", "reason"),
    [([], "no-access"), (["fulfillment_partner_master"], "deleted")],
)
def test_roles_lost_while_collecting(roles: list[str], reason: str) -> None:
    person = {**PEOPLE["users"][0], "roles": roles}
    reference = played(
        Step(NOON, "send", [event()]),
        Step(NOON, "drain"),
        Step(NOON, "people", {"users": [person]}),
        Step(NOON + timedelta(days=1), "drain"),
    )
    (row,) = reference.rows.values()
    assert (row.state, row.reason) == ("withdrawn", reason)


def test_an_item_stays_while_one_notification_counts() -> None:
    steps = [
        Step(NOON, "send", [event()]),
        Step(NOON, "drain"),
        Step(NOON, "notifications", [custom(muted=True)]),
        Step(NOON + timedelta(days=1), "drain"),
    ]
    reference = played(*steps, notifications=[custom()])
    (mail,) = reference.mails
    assert mail.kinds == "default, custom"


def test_a_known_event_is_not_applied_again() -> None:
    lines = [event(1), event(1), event(1, severity="Blocker")]
    reference = played(Step(NOON, "send", lines), Step(NOON, "drain"))
    assert (len(reference.events), reference.conflicts) == (1, 1)
    assert len(reference.rows) == 1


def test_worlds_repeat_and_differ() -> None:
    assert make_world(SMALL, 5) == make_world(SMALL, 5)
    assert make_world(SMALL, 5) != make_world(SMALL, 6)


def test_worlds_hold_what_they_are_made_for() -> None:
    reasons: set[str] = set()
    for seed in range(4):
        reference = Reference(CATALOGUE, 10)
        reference.run(make_world(SMALL, seed))
        reasons |= {row.reason for row in reference.rows.values()}
        assert reference.mails
    assert reasons >= {"matched", "own-action", "muted", "deactivated", "no-access"}
