"""Time zones on offer, and their names of earlier days."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from callboard.people.zones import UTC_NAME, is_same_zone, modern, zone_names, zones


@pytest.mark.parametrize(
    ("older", "today"),
    [
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("Europe/Kiev", "Europe/Kyiv"),
        ("US/Eastern", "America/New_York"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Etc/UTC", "UTC"),
        ("Zulu", "UTC"),
    ],
)
def test_an_older_name_means_the_zone_of_today(older, today):
    assert modern(older) == modern(today) == today
    assert is_same_zone(older, today)


@pytest.mark.parametrize(("one", "other"), [("Europe/Oslo", "Europe/Berlin"), ("Europe/Paris", "Europe/Madrid")])
def test_places_of_one_clock_stay_two_zones(one, other):
    assert not is_same_zone(one, other)


def test_what_is_no_zone_keeps_its_name():
    assert modern("Mars/Olympus") == "Mars/Olympus"


def test_every_zone_on_offer_is_one_name_of_today_that_the_clock_knows():
    names = [one.name for one in zones()]
    assert names[0] == UTC_NAME
    assert len(names) == len(set(names)) > 400
    assert all(modern(name) == name and name in zone_names() and ZoneInfo(name).key for name in names)
    assert {"localtime", "Factory"}.isdisjoint(zone_names())


def test_every_name_of_the_machine_leads_to_a_zone_on_offer_or_to_none_of_a_place():
    offered = {one.name for one in zones()}
    assert {name for name in zone_names() if modern(name) not in offered and not modern(name).startswith("Etc/")} <= {
        "CET", "CST6CDT", "EET", "EST", "EST5EDT", "HST", "MET", "MST", "MST7MDT", "PST8PDT", "WET",
    }  # fmt: skip


def test_a_zone_is_found_by_its_country_and_by_its_older_name():
    (kolkata,) = [one for one in zones() if one.name == "Asia/Kolkata"]
    assert {"India", "Asia/Calcutta"} <= set(kolkata.also)
    assert kolkata.region == "Asia"
    assert next(one.label for one in zones() if one.name == "America/New_York") == "America/New York"
