"""The demo titles: levels, ids, and the names that are hard to show."""

from __future__ import annotations

from callboard.demo.studio import studio
from callboard.demo.title_table import LONG_NAME
from callboard.demo.titles import shows

WORKS = [work for show in shows() for season in show.seasons for work in season]


def test_there_are_forty_shows_with_their_own_names() -> None:
    assert len({show.name for show in shows()}) == len(shows()) == 40


def test_ids_are_eight_digits_and_never_shared() -> None:
    assert len({work.title_id[0] for work in WORKS}) == len(WORKS)
    assert len({work.package_id for work in WORKS}) == len(WORKS)
    for work in WORKS:
        assert all(len(one) == 8 and int(one) > 90_000_000 for one in work.title_id)


def test_title_ids_lead_from_the_episode_to_the_show() -> None:
    first = shows()[0].seasons[0][3]
    assert first.title_id == ("90001104", "90001100", "90001000")
    assert first.title_names == ("S1 E4", "Season 1", "The Salt Cartographers")
    assert first.title == "The Salt Cartographers, S1 E4"
    film = shows()[1].seasons[0][0]
    assert film.title_id == ("90002000",)
    assert film.title_names == ("Lanterns over Brennick",)
    for work in WORKS:
        assert len(work.title_id) == len(work.title_names)


def test_ids_that_notifications_name_are_those_shows() -> None:
    names = {show.id: show.name for show in shows()}
    assert names["90001000"] == "The Salt Cartographers"
    assert names["90003000"] == "Nueve Veranos de Agua"
    assert names["90006000"] == "Monsoon Ledger"
    assert names["90009000"] == "Harrow Junction"


def test_the_names_that_are_hard_to_show_are_there() -> None:
    assert len(LONG_NAME) == 180
    names = [show.name for show in shows()]
    assert LONG_NAME in names
    assert any("<b>" in name for name in names)
    assert sum(not name.isascii() for name in names) >= 10


def test_owners_are_content_partners() -> None:
    owners = {one["id"] for one in studio()["partners"] if one["kind"] == "content_partner"}
    assert {show.content_partner for show in shows()} <= owners
