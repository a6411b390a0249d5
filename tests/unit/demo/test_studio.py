"""The demo studio's people and what they asked for are whole and fit the shipped catalogue."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from callboard.base.texts import address_fault, address_key, name_fault
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import PartnerKind
from callboard.demo.studio import notifications, studio
from callboard.people.values import WEEKDAYS
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Notification

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[3] / "catalogue")
STUDIO = studio()
PARTNERS = {one["id"]: one for one in STUDIO["partners"]}
USERS = {one["email"]: one for one in STUDIO["users"]}
CUSTOM = [one for one in notifications() if "id" in one]
MUTES = [one for one in notifications() if "default" in one]


def test_the_studio_has_its_size() -> None:
    assert len(STUDIO["users"]) == len(USERS) == 80
    assert len(PARTNERS) == len(STUDIO["partners"]) == 26
    assert sum(one["parent"] is None for one in PARTNERS.values()) == 14
    assert {one["kind"] for one in PARTNERS.values()} == set(PartnerKind)


def test_equal_calls_give_equal_studios_that_share_nothing() -> None:
    assert studio() == STUDIO
    studio()["users"].clear()
    assert studio() == STUDIO


def test_parents_come_first_and_are_of_the_same_kind() -> None:
    seen: set[str] = set()
    for partner in STUDIO["partners"]:
        assert not name_fault(partner["name"])
        if partner["parent"]:
            assert partner["parent"] in seen
            assert PARTNERS[partner["parent"]]["kind"] == partner["kind"]
        seen.add(partner["id"])


def test_people_are_importable() -> None:
    assert len({address_key(email) for email in USERS}) == 80
    for email, user in USERS.items():
        assert not address_fault(email)
        assert not name_fault(user["name"])
        assert user["roles"]
        kind = PARTNERS[user["partner"]]["kind"]
        assert all(CATALOGUE.roles[role].kind == kind for role in user["roles"])
        assert 0 <= user["digest_hour"] < 24
        assert user["digest_weekday"] in WEEKDAYS
        ZoneInfo(user["time_zone"])


def test_every_partner_has_someone_who_works() -> None:
    working = {one["partner"] for one in USERS.values() if one["active"]}
    assert working == set(PARTNERS)


def test_ana_ruiz_is_there() -> None:
    ana = USERS["ana@copperglass.example"]
    assert ana["name"] == "Ana Ruiz"
    assert ana["roles"] == ["fulfillment_partner_operations"]
    assert ana["time_zone"] == "Europe/Madrid"
    assert ana["digest_hour"] == 8
    assert ana["active"]


def test_the_awkward_people_are_there() -> None:
    names = Counter(one["name"] for one in USERS.values())
    assert [name for name, count in names.items() if count > 1] == ["Maria Lindqvist"]
    assert any("+" in email for email in USERS)
    assert any(not email.isascii() for email in USERS)
    assert sum(not one["active"] for one in USERS.values()) == 1
    assert any(all(role.endswith("_master") for role in one["roles"]) for one in USERS.values())
    for first, last in ("あ鿿", "؀ۿ", "가힣", "஀௿"):  # kana and han, Arabic, Hangul, Tamil
        assert any(re.search(f"[{first}-{last}]", name) for name in names)


def test_every_address_is_on_an_example_host() -> None:
    said = json.dumps([STUDIO, notifications()], ensure_ascii=False)
    found = re.findall(r"[^\s\"@]+@([^\s\"]+)", said)
    assert found
    assert all(host.endswith(".example") for host in found)


@pytest.mark.parametrize("raw", CUSTOM, ids=[one["id"] for one in CUSTOM])
def test_custom_notifications_fit_the_catalogue(raw: dict[str, object]) -> None:
    assert isinstance(read_custom(raw, CATALOGUE, id=str(raw["id"]), user_id=1), Notification)


def test_owners_exist_and_see_what_they_ask_for() -> None:
    for one in CUSTOM:
        owner = USERS[one["user"]]
        assert CATALOGUE.may_see_type(tuple(owner["roles"]), one["event_type"])


def test_partners_and_titles_in_conditions_exist() -> None:
    for one in CUSTOM:
        for condition in one["where"]:
            if CATALOGUE.fields[condition["field"]].type == "partner":
                assert set(condition["value"]) <= set(PARTNERS)


def test_there_are_about_sixty_with_ids_and_some_are_muted() -> None:
    assert len(CUSTOM) == 68
    assert [one["id"] for one in CUSTOM] == [f"n-{number}" for number in range(1, 69)]
    assert sum(one["muted"] for one in CUSTOM) == 3
    assert {one["frequency"] for one in CUSTOM} == {"immediately", "hourly", "daily", "weekly"}


def test_branded_redeliveries_is_ana_s_seventeenth() -> None:
    found = next(one for one in CUSTOM if one["id"] == "n-17")
    assert found["user"] == "ana@copperglass.example"
    assert found["name"] == "Branded redeliveries"
    assert found["frequency"] == "daily"


def test_default_mutes_are_of_defaults_the_person_has() -> None:
    assert len(MUTES) == 8
    for one in MUTES:
        assert CATALOGUE.defaults[one["default"]].role in USERS[one["user"]]["roles"]


def test_a_mute_ends_only_when_now_is_known() -> None:
    assert all(one["muted_until"] is None for one in notifications())
    now = datetime(2026, 11, 23, 10, tzinfo=UTC)
    ends = [one for one in notifications(now) if one["muted_until"]]
    assert [(one["muted"], one["muted_until"]) for one in ends] == [(True, "2026-12-07T10:00:00Z")]
