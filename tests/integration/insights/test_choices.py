"""Values to choose: found by words of name or id, told apart, and only those of visible events."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.insights.studio import ANA, DIRECTORY, EVERYTHING, LITTLE, SAM, TOM, values
from tests.unit.studio import CATALOGUE

from callboard.insights.choices import MAX_LENGTH, MAX_VALUES, names_of_titles
from callboard.insights.columns import PAGE

DAY = timedelta(days=1)
SALT = ("s", "The Salt Cartographers")
TIDE = ("t", "Tidal")


def episode(log, number, show=SALT, season=1, name=None, **data):
    """An event about an episode, with its season and show."""
    show_id, show_name = show
    ids = [f"{show_id}{season}{number}", f"{show_id}{season}", show_id]
    return log.add(title_id=ids, title_names=[name or f"S{season} E{number}", f"Season {season}", show_name], **data)


def names(*ids, who=ANA, patience=EVERYTHING):
    return names_of_titles(ids, who, CATALOGUE, DIRECTORY, patience)


def test_equal_names_are_told_apart_by_the_show(log):
    episode(log, 4)
    episode(log, 4, TIDE)
    found = dict(values("title_id"))
    assert found["s14"] == "S1 E4 · The Salt Cartographers"
    assert found["t1"] == "Season 1 · Tidal"
    assert found["t"] == "Tidal"


def test_equal_names_within_a_show_are_told_apart_by_the_season_and_at_last_by_the_id(log):
    episode(log, 1, name="Pilot")
    episode(log, 1, season=2, name="Pilot")
    episode(log, 2, season=2, name="Pilot")
    found = dict(values("title_id"))
    assert found["s11"] == "Pilot · Season 1 · The Salt Cartographers"
    assert found["s21"] == "Pilot · Season 2 · The Salt Cartographers (s21)"
    assert len(set(found.values())) == len(found)


def test_titles_are_found_by_words_of_the_show_the_name_and_the_id(log):
    episode(log, 4)
    episode(log, 5)
    episode(log, 4, TIDE)
    assert [one for one, _ in values("title_id", "cartographers e4")] == ["s14"]
    assert [one for one, _ in values("title_id", "T14")] == ["t14"]
    assert values("title_id", "nothing like it") == []


def test_what_begins_with_the_words_comes_first_then_what_was_used_last(log):
    log.add(title="A Quiet Salt", ago=2 * DAY)
    log.add(title="Salt", ago=DAY)
    log.add(title="Basalt")
    log.add(title="Salt Road")
    assert [one for one, _ in values("title", "salt")] == ["Salt Road", "Salt", "A Quiet Salt", "Basalt"]
    assert [one for one, _ in values("title")] == ["Salt Road", "Basalt", "Salt", "A Quiet Salt"]


def test_values_of_events_out_of_sight_are_not_there(log):
    episode(log, 4)
    episode(log, 4, TIDE, fulfillment_partner="tidewater")
    assert [one for one, _ in values("title_id")] == ["s14", "s1", "s"]
    assert [one for one, _ in values("title_id", who=TOM)] == ["t14", "t1", "t"]
    assert len(values("title_id", who=SAM)) == 6


def test_a_new_name_wins_unless_it_is_out_of_sight(log):
    log.add(title_id=["7"], title_names=["Working Title"], ago=DAY)
    log.add(title_id=["7"], title_names=["Secret Title"], fulfillment_partner="tidewater")
    assert values("title_id") == [("7", "Working Title")]
    assert names("7") == {"7": "Working Title"}
    assert names("7", who=SAM) == {"7": "Secret Title"}


def test_a_name_is_kept_when_a_later_event_leaves_it_out(log):
    log.add(title_id=["7"], title_names=["Salt"])
    log.add(title_id=["7"])
    log.add(title_id=["8"], title_names=[{"no": "name"}])
    assert values("title_id") == [("8", "8"), ("7", "Salt")]


def test_names_are_those_with_the_show_and_an_id_stays_when_there_is_none(log):
    episode(log, 4)
    episode(log, 5, TIDE, fulfillment_partner="tidewater")
    assert names("s14", "s", "t15", "?") == {
        "s14": "S1 E4 · The Salt Cartographers", "s": "The Salt Cartographers", "t15": "t15", "?": "?",
    }  # fmt: skip


def test_naming_nothing_asks_nothing(log, django_assert_num_queries):
    episode(log, 4)
    with django_assert_num_queries(0):
        assert names() == {}


def test_naming_reads_little_and_goes_on_next_time(log):
    episode(log, 4, ago=DAY)
    log.add_many(PAGE)
    while names("s14", patience=LITTLE) == {"s14": "s14"}:
        pass
    assert names("s14") == {"s14": "S1 E4 · The Salt Cartographers"}


def test_an_answer_is_bounded_and_prose_is_no_value(log):
    for number in range(MAX_VALUES + 5):
        log.add(title=f"Title {number}")
    log.add(title="x" * (MAX_LENGTH + 1))
    assert len(values("title")) == MAX_VALUES
    assert values("title", "xxx") == []


def test_control_characters_of_labels_are_spaces(log):
    log.add(title_id=["7"], title_names=["Salt\r\n\u202eRoad"])
    assert values("title_id") == [("7", "Salt   Road")]


def test_partners_used_last_come_first_and_others_by_name(log):
    log.add(fulfillment_partner="copperglass")
    log.add(fulfillment_partner="unheard-of")
    assert [one for one, _ in values("fulfillment_partner", who=SAM)] == [
        "unheard-of", "copperglass", "copperglass-group", "tidewater",
    ]  # fmt: skip
