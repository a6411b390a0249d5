"""The demo's events: valid, repeatable, and in the proportions of a real supply chain."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from callboard.base.instants import parse_instant
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import COVERAGE_GAP
from callboard.demo.studio import studio
from callboard.demo.traffic import BULK, history, live
from callboard.intake.cloudevents import Draft, read_event

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[3] / "catalogue")
START = datetime(2026, 9, 24, 10, tzinfo=UTC)
END = START + timedelta(days=60)
USERS = {one["email"]: one for one in studio()["users"]}
PARTNERS = {one["id"] for one in studio()["partners"]}
ANA = "ana@copperglass.example"


@pytest.fixture(scope="module")
def events() -> list[dict[str, Any]]:
    return list(history(START, END))


@pytest.fixture(scope="module")
def moments() -> list[tuple[float, list[dict[str, Any]]]]:
    first = itertools.islice(live(START), 150)
    return [(wait, one if isinstance(one, list) else [one]) for wait, one in first]


def bulks(events: list[dict[str, Any]]) -> dict[str, int]:
    """Return the instants with over a hundred assignments."""
    assigned = Counter(one["time"] for one in events if one["type"] == "source_request.assigned")
    return {at: count for at, count in assigned.items() if count > 100}


def assert_plausible(event: dict[str, Any]) -> None:
    draft = read_event(event, CATALOGUE)
    assert isinstance(draft, Draft), draft
    assert draft.unknown == ()
    data = event["data"]
    for email in [*data.get("mentions", []), *([data["actor"]] if "actor" in data else [])]:
        assert USERS[email]["active"]
    for key, field in CATALOGUE.fields.items():
        if field.type == "partner" and key in data:
            assert data[key] in PARTNERS
    known = {*CATALOGUE.event_types[event["type"]].fields, "actor", "fulfillment_partner"}
    free = {"title_names", "note", "comment", "reason", "mentions", "sub_assignee"}
    assert set(data) <= known | free


def test_every_event_is_valid_and_names_demo_people_only(events: list[dict[str, Any]]) -> None:
    for event in events:
        assert_plausible(event)


def test_every_event_carries_the_fields_of_its_type(events: list[dict[str, Any]]) -> None:
    may_lack = {
        "tags", "sub_assignee", "insight_reason", "mentions_me", "fulfillment_partner",
        "content_partner",
    }  # fmt: skip
    for event in events:
        lacking = set(CATALOGUE.event_types[event["type"]].fields) - set(event["data"])
        assert lacking <= may_lack, event


def test_all_event_types_of_the_portal_appear(events: list[dict[str, Any]]) -> None:
    assert {one["type"] for one in events} == set(CATALOGUE.event_types) - {COVERAGE_GAP}


def test_events_are_in_order_in_time_and_unique(events: list[dict[str, Any]]) -> None:
    times = [parse_instant(one["time"]) for one in events]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < END
    assert len({one["id"] for one in events}) == len(events)
    assert {one["source"] for one in events} == {"portal"}


def test_equal_arguments_give_equal_events(events: list[dict[str, Any]]) -> None:
    assert list(history(START, END)) == events


def test_another_seed_or_start_gives_other_ids(events: list[dict[str, Any]]) -> None:
    ids = {one["id"] for one in events}
    assert not ids & {one["id"] for one in history(START, END, seed=8)}
    assert not ids & {one["id"] for one in history(START + timedelta(hours=1), END)}


@pytest.mark.parametrize("pace", [0.25, 1.0, 3.0])
def test_a_working_day_has_about_sixty_events_times_pace(pace: float) -> None:
    events = list(history(START, END, pace=pace))
    days = sum((START + timedelta(days=day)).weekday() < 5 for day in range(60))
    assert set(bulks(events).values()) == {BULK}
    alone = len(events) - sum(bulks(events).values())
    assert 50 * pace <= alone / days <= 76 * pace


def test_launches_come_every_two_weeks_and_in_the_final_day(events: list[dict[str, Any]]) -> None:
    found = bulks(events)
    assert set(found.values()) == {470}
    times = sorted(parse_instant(at) for at in found)
    assert END - timedelta(days=1) <= times[-1] < END
    assert len(times) == 5
    for earlier, next_one in itertools.pairwise(times):
        assert abs((next_one - earlier).days - 14) <= 2


@pytest.mark.parametrize("hours", range(0, 168, 28))
def test_the_final_day_has_its_launch_whenever_it_ends(hours: int) -> None:
    end = START + timedelta(hours=240 + hours, minutes=hours)
    times = [parse_instant(at) for at in bulks(list(history(end - timedelta(days=3), end)))]
    assert [at for at in times if end - timedelta(days=1) <= at < end]


@pytest.mark.parametrize("seed", [7, 1])
def test_three_to_five_percent_of_deliveries_come_back(seed: int) -> None:
    events = list(history(START, START + timedelta(days=180), seed=seed))
    count = Counter(one["type"] for one in events)
    rate = count["delivery.redelivery_requested"] / count["delivery.processed"]
    assert 0.03 <= rate <= 0.05
    rounds = {one["data"].get("redelivery_round") for one in events} - {None, 0}
    assert rounds == {1, 2}
    assigned = count["source_request.assigned"] - sum(bulks(events).values())
    launched = 47 * len(bulks(events))
    assert 0.01 <= count["source_request.due_date_changed"] / (assigned + launched) <= 0.02


def test_the_default_two_months_are_within_the_rate(events: list[dict[str, Any]]) -> None:
    count = Counter(one["type"] for one in events)
    assert 0.03 <= count["delivery.redelivery_requested"] / count["delivery.processed"] <= 0.05


def test_failures_come_in_bursts(events: list[dict[str, Any]]) -> None:
    failed = Counter(one["subject"] for one in events if one["type"] == "delivery.inspection_failed")
    assert sum(count >= 2 for count in failed.values()) > len(failed) * 0.9


def test_a_request_lives_in_a_sensible_order(events: list[dict[str, Any]]) -> None:
    order = [
        "source_request.created", "source_request.assigned", "delivery.processed",
        "source_request.accepted",
    ]  # fmt: skip
    lives: dict[str, list[str]] = {}
    for one in events:
        lives.setdefault(one["subject"], []).append(one["type"])
    whole = [life for life in lives.values() if set(order) <= set(life)]
    assert len(whole) > 20
    for life in whole:
        places = [life.index(step) for step in order]
        assert places == sorted(places)
    for life in lives.values():
        if "source_request.canceled" in life:
            assert not {"delivery.processed", "source_request.accepted"} & set(life)


def test_the_unassigned_are_invisible_to_houses(events: list[dict[str, Any]]) -> None:
    created = [one["data"] for one in events if one["type"] == "source_request.created"]
    assert not any("fulfillment_partner" in data for data in created)


def test_people_mostly_rest_at_weekends(events: list[dict[str, Any]]) -> None:
    acted = [parse_instant(one["time"]) for one in events if "actor" in one["data"]]
    assert sum(at.weekday() >= 5 for at in acted) < len(acted) * 0.06


def test_a_few_partners_and_languages_hold_most(events: list[dict[str, Any]]) -> None:
    houses = Counter(
        one["data"]["fulfillment_partner"] for one in events if "title" in one["data"]
        and "fulfillment_partner" in one["data"]
    )  # fmt: skip
    groups: Counter[str] = Counter()
    for house, count in houses.items():
        groups[house.partition("-")[0]] += count
    (name, most), *_ = groups.most_common()
    assert name == "copperglass"
    assert most > groups.total() * 0.35
    assert len(houses) >= 10


def test_the_actors_own_events_happen_to_ana(events: list[dict[str, Any]]) -> None:
    assert any(one["data"].get("actor") == ANA for one in events)
    assert any(ANA in one["data"].get("mentions", []) for one in events)


def test_notes_have_their_blanks_filled(events: list[dict[str, Any]]) -> None:
    notes = [one["data"][key] for one in events for key in ("note", "comment", "reason") if key in one["data"]]
    assert len(notes) > 300
    assert not any(re.search(r"[{}]", note) for note in notes)


def test_addresses_are_on_example_hosts(events: list[dict[str, Any]]) -> None:
    hosts = re.findall(r"[^\s\"@]+@([^\s\"]+)", json.dumps(events, ensure_ascii=False))
    assert hosts
    assert all(host.endswith(".example") for host in hosts)


@pytest.mark.parametrize("length", [timedelta(0), timedelta(seconds=30), timedelta(hours=3)])
def test_short_histories_stay_inside(length: timedelta) -> None:
    for one in history(START, START + length):
        assert START <= parse_instant(one["time"]) < START + length


Moments = list[tuple[float, list[dict[str, Any]]]]


def test_the_live_stream_is_valid_and_unique(moments: Moments) -> None:
    sent = [event for _, one in moments for event in one]
    for event in sent:
        assert_plausible(event)
    assert len({event["id"] for event in sent}) == len(sent)


def test_the_live_stream_begins_with_a_redelivery_for_ana(moments: Moments) -> None:
    wait, (first,) = moments[0]
    assert wait <= 2
    assert first["type"] == "delivery.redelivery_requested"
    assert first["data"]["fulfillment_partner"] == "copperglass"
    assert first["data"]["actor"] != ANA


def test_then_a_launch_is_assigned_to_copperglass(moments: Moments) -> None:
    wait, launch = moments[1]
    assert 6 <= moments[0][0] + wait <= 10
    assert len(launch) == BULK
    assert {event["type"] for event in launch} == {"source_request.assigned"}
    assert {event["data"]["fulfillment_partner"] for event in launch} == {"copperglass"}
    assert len({event["time"] for event in launch}) == 1
    assert len({event["subject"] for event in launch}) == BULK


def test_then_events_every_few_seconds_and_a_bulk_now_and_then(moments: Moments) -> None:
    assert all(3 <= wait <= 10 for wait, _ in moments[2:])
    sizes = [len(events) for _, events in moments[2:] if len(events) > 1]
    assert 5 <= len(sizes) <= 15
    assert all(30 <= size <= 60 for size in sizes)


def test_live_times_are_the_start_and_the_seconds_waited(moments: Moments) -> None:
    elapsed = 0.0
    for wait, events in moments:
        elapsed += wait
        for event in events:
            behind = START + timedelta(seconds=elapsed) - parse_instant(event["time"])
            assert timedelta(0) <= behind < timedelta(seconds=1)


def test_live_streams_repeat_and_differ_by_seed(moments: Moments) -> None:
    again = [one for _, one in itertools.islice(live(START), 5)]
    assert again[0] == moments[0][1][0]
    assert again[1] == moments[1][1]
    assert next(live(START, seed=8))[1] != again[0]


def test_live_subjects_are_not_those_of_the_history(events: list[dict[str, Any]]) -> None:
    told = {one["subject"] for one in events}
    sent = [one for _, one in itertools.islice(live(START), 2)][1]
    assert isinstance(sent, list)
    assert not told & {event["subject"] for event in sent}
