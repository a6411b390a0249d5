"""What one event says: headline, lead, facts, notes, in the person's zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.unit.mail.letters import ANA, CATALOGUE, NOW, REDELIVERY, STUDIO, event, salt

from callboard.mail.templates.words import TYPES, clipped
from callboard.mail.wording import Narrator, Told, subject_of

NARRATOR = Narrator(CATALOGUE, STUDIO, ANA, NOW)


def told(type_id: str = REDELIVERY, /, **data: Any) -> Told:
    return NARRATOR.told(event(7, type_id, **data))


def test_a_redelivery_as_a_person_reads_it():
    said = told(
        time_at=datetime(2026, 11, 24, 6, 14, tzinfo=UTC),
        rejected_by="Manual QC",
        severity="Blocker",
        redelivery_round=2,
        qc_category="Audio",
        due_date="2026-11-25",
        package_id="PKG-1",
        tags=["Rush", "UHD"],
        comment="Left surround\nis silent.",
        **salt(),
    )
    assert said.headline == "Redelivery requested: The Salt Cartographers, S1 E4"
    assert said.lead == ("Rejected by manual QC today at 07:14 (Europe/Madrid). Redelivery is due Wed 25 Nov.")
    assert said.notes == ("Left surround is silent.",)
    assert said.facts == (
        ("Asset", "AV (Muxed), English (en), Branded"),
        ("Severity", "Blocker · round 2"),
        ("QC Category", "Audio"),
        ("Source request", "SR-00000007"),
        ("Package ID", "PKG-1"),
        ("Content Partner", "Brackenfold Pictures"),
        ("Tags", "Rush, UHD"),
        ("Title ID", "90000017, 90000002"),
    )
    assert said.noun == "source request"


@pytest.mark.parametrize("type_id", CATALOGUE.event_types)
def test_every_shipped_type_has_words_that_begin_like_its_label(type_id: str):
    said = told(type_id, **salt())
    assert type_id in TYPES
    assert said.phrase.lower().startswith(CATALOGUE.event_types[type_id].label.lower())
    assert said.lead.count("(Europe/Madrid)") == 1
    assert "None" not in said.lead


@pytest.mark.parametrize(
    ("type_id", "data", "headline", "lead"),
    [
        (
            "source_request.due_date_changed",
            {"due_date": "2027-01-04", "delta_days": -3, "actor": "ana@copperglass.example"},
            "Due date changed to Mon 4 Jan 2027",
            "Moved by you on Sat 21 Nov at 08:00 (Europe/Madrid). That is 3 days earlier.",
        ),
        (
            "source_request.due_soon",
            {"days_to_due": 0},
            "Due date approaching",
            "The request is due today. Checked on Sat 21 Nov at 08:00 (Europe/Madrid).",
        ),
        (
            "source_request.overdue",
            {"days_overdue": 1},
            "Source request overdue",
            "The request is 1 day overdue. Checked on Sat 21 Nov at 08:00 (Europe/Madrid).",
        ),
        (
            "comment.added",
            {"author_org": "brackenfold", "actor": "x@y.example", "mentions": ["ANA@copperglass.example"]},
            "Comment added",
            "Written by x@y.example (Brackenfold Pictures) on Sat 21 Nov at 08:00 (Europe/Madrid). You are mentioned.",
        ),
        (
            "material.available",
            {"material_type": "Dialogue List"},
            "Materials available (Dialogue List)",
            "Became ready on Sat 21 Nov at 08:00 (Europe/Madrid).",
        ),
    ],
)
def test_words_of_some_types(type_id: str, data: dict[str, Any], headline: str, lead: str):
    said = told(type_id, subject=None, time_at=datetime(2026, 11, 21, 7, 0, tzinfo=UTC), **data)
    assert (said.headline, said.lead) == (headline, lead)


def test_a_type_the_catalogue_has_lost_is_called_by_its_id():
    said = told("gone.type", title="Salt", comment="why", actor="x@y.example", subject="Z-1")
    assert said.headline == "gone.type: Salt"
    assert said.lead == "By x@y.example, yesterday at 11:21 (Europe/Madrid)."
    assert said.notes == ("why",)
    assert said.facts == (("Gone", "Z-1"),)


def test_an_event_without_a_title_is_about_its_subject():
    assert told("account.user_changed", subject="U-17", account_change="Role granted").headline == (
        "Role granted: U-17"
    )


def test_titles_are_whole_up_to_200_characters_and_longer_ones_keep_60():
    assert told(title="t" * 200).where == "t" * 200
    longer = told(title="t" * 5_000).where
    assert len(longer) == 200
    assert longer.startswith("t" * 60)


def test_a_subject_says_what_and_where_within_150_characters():
    subject = subject_of("Redelivery requested", "t" * 200)
    assert subject.startswith("Redelivery requested: " + "t" * 60)
    assert len(subject) <= 150
    assert len(subject_of("x" * 300, "t" * 300)) <= 150
    assert "t" * 59 in subject_of("x" * 300, "t" * 300)


def test_cutting_keeps_accents_and_emoji_whole():
    assert clipped("ae\u0301bcd", 3) == "a…"
    assert clipped("a\U0001f44d\U0001f3fdbcd", 3) == "a…"


def test_unknown_zones_fall_back_to_utc_and_its_name_says_so():
    lost = Narrator(CATALOGUE, STUDIO, replace(ANA, time_zone="Mars/Olympus"), NOW)
    assert "(UTC)" in lost.told(event(1)).lead


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_ends_of_time_can_be_told(at: datetime, zone: str):
    narrator = Narrator(CATALOGUE, STUDIO, replace(ANA, time_zone=zone), NOW)
    assert str(at.year) in narrator.told(event(1, time_at=at)).lead


def line(**data: Any) -> tuple[str, str, str, str]:
    said = NARRATOR.line(event(1, REDELIVERY, **data))
    return said.show, said.episode, said.what, said.detail


def test_the_line_of_a_digest():
    assert line(severity="Blocker", redelivery_round=2, due_date="2026-11-25", **salt()) == (
        "The Salt Cartographers",
        "S1 E4",
        "AV (Muxed), en",
        "Blocker, round 2, due 25 Nov",
    )


@pytest.mark.parametrize(
    ("data", "title"),
    [
        ({"title": "Salt, S1 E4", "title_names": ["S1 E4", "Salt"]}, ("Salt", "S1 E4")),
        ({"title": "Renamed", "title_names": ["S1 E4", "Salt"]}, ("Renamed", "")),
        ({"title": "Salt", "title_names": ["Salt"]}, ("Salt", "")),
        ({"title_names": ["E4", "S1", "Salt"]}, ("Salt", "S1, E4")),
        ({"title_id": ["90000017", "90000002"]}, ("90000017", "")),
        ({"title": "  "}, ("", "")),
    ],
)
def test_where_the_show_ends_and_the_episode_begins(data: dict[str, Any], title: tuple[str, str]):
    assert line(**data)[:2] == title
