"""What a person may change about the own account (4.1)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callboard.people.rules import OWN_SETTINGS, read_own_settings
from callboard.people.values import WEEKDAYS, Person
from callboard.people.zones import zones

ANA = Person(id=1, email="ana@copperglass.example", name="Ana", partner=None, kind=None, roles=(), time_zone="UTC")


@given(st.sampled_from([one.name for one in zones()]), st.integers(0, 23), st.sampled_from(WEEKDAYS), st.booleans())
def test_what_is_on_offer_is_taken_and_only_changes_are_named(zone, hour, weekday, own):
    wish = {"time_zone": zone, "digest_hour": hour, "digest_weekday": weekday, "notify_own_actions": own}
    assert read_own_settings(wish, ANA) == {key: wish[key] for key in wish if wish[key] != getattr(ANA, key)}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", ""),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "localtime"),
        ("digest_hour", 24),
        ("digest_hour", -1),
        ("digest_hour", "eight"),
        ("digest_hour", True),
        ("digest_weekday", "funday"),
        ("notify_own_actions", "yes"),
        ("roles", ["studio_admin"]),
        ("active", True),
        ("email", "mallory@tidewater.example"),
    ],
)
def test_what_is_not_on_offer_or_not_ones_own_to_change_is_refused(key, value):
    faults = read_own_settings({key: value}, ANA)
    assert isinstance(faults, list)
    assert [one.pointer for one in faults] == [f"/{key}"]


def test_an_older_name_of_the_zone_that_is_set_changes_nothing_and_a_new_zone_gets_todays_name():
    ravi = Person(id=2, email="r@r.example", name="R", partner=None, kind=None, roles=(), time_zone="Asia/Calcutta")
    assert read_own_settings({"time_zone": "Asia/Kolkata"}, ravi) == {}
    assert read_own_settings({"time_zone": "Asia/Calcutta"}, ANA) == {"time_zone": "Asia/Kolkata"}


def test_absent_keys_stay():
    assert read_own_settings({}, ANA) == {}
    assert set(OWN_SETTINGS) == {"time_zone", "digest_hour", "digest_weekday", "notify_own_actions"}
