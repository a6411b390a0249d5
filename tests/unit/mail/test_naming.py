"""Notifications in words, for the footer of mails and the rows of the settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.mail.letters import CATALOGUE, STUDIO, condition, custom, default

from callboard.preferences.naming import condition_words, language_name, sentence, title_of

DUE = "source_request.due_date_changed"


@pytest.mark.parametrize(
    ("field", "op", "value", "said"),
    [
        ("content_type", "any_of", ["Branded"], "Content Type is Branded"),
        (
            "content_type",
            "any_of",
            ["Branded", "Licensed", "Live"],
            "Content Type is any of Branded, Licensed or Live",
        ),
        ("content_type", "none_of", ["Live"], "Content Type is not Live"),
        ("content_type", "none_of", ["Live", "Trailer"], "Content Type is none of Live or Trailer"),
        ("language", "any_of", ["es-419"], "Language is Spanish, Latin America (es-419)"),
        ("language", "any_of_incl", ["es"], "Language is Spanish (es) with regional variants"),
        ("language", "any_of_incl", ["*"], "Language is any language"),
        (
            "content_partner",
            "any_of_incl",
            ["brackenfold"],
            "Content Partner is Brackenfold Pictures including its sites",
        ),
        ("content_partner", "any_of", ["unknown"], "Content Partner is unknown"),
        ("title", "contains", "Salt\n", "Title contains “Salt ”"),
        ("title", "equals", "Salt", "Title is “Salt”"),
        ("title", "starts_with", "Salt", "Title starts with “Salt”"),
        ("delta_days", "at_least", 2, "Change in days is at least 2"),
        ("delta_days", "at_most", -2, "Change in days is at most -2"),
        ("delta_days", "between", [1, 3], "Change in days is between 1 and 3"),
        ("due_date", "before", "2026-11-25", "Due Date is before 25 Nov 2026"),
        ("due_date", "after", "2026-11-25", "Due Date is after 25 Nov 2026"),
        ("due_date", "within_days", 7, "Due Date is within the next 7 days"),
        ("due_date", "within_days", 1, "Due Date is within the next 1 day"),
        ("due_date", "overdue", True, "Due Date is overdue"),
    ],
)
def test_each_operator_reads_as_words(field: str, op: str, value: Any, said: str):
    asked = condition(field, op, value, DUE)
    assert condition_words(asked, CATALOGUE, STUDIO.partner_name) == said


def test_booleans_are_yes_or_no():
    asked = condition("mentions_me", "is", True, "comment.added")
    assert condition_words(asked, CATALOGUE, STUDIO.partner_name) == "Mentions me is yes"


def test_a_name_wins_over_the_sentence():
    assert title_of(custom("Mine"), CATALOGUE, STUDIO.partner_name) == "Mine"
    said = "Redelivery Requested where Content Type is Branded"
    assert title_of(custom(""), CATALOGUE, STUDIO.partner_name) == said
    assert title_of(custom(" \u202e "), CATALOGUE, STUDIO.partner_name) == said


def test_a_default_without_conditions_is_its_label():
    assert sentence(default(), CATALOGUE, STUDIO.partner_name) == "Redelivery Requested"


def test_what_the_catalogue_has_lost_keeps_its_id():
    lost = replace(condition("title", "contains", "x", DUE), field="gone")
    asked = replace(custom(""), event_type="gone.type", where=(lost,))
    assert sentence(asked, CATALOGUE, STUDIO.partner_name) == "gone.type where gone contains x"


def test_languages_have_names_where_known():
    assert language_name("de-AT") == "German (de-AT)"
    assert language_name("EN-gb") == "English, UK (EN-gb)"
    assert language_name("tlh") == "tlh"


def test_every_shipped_language_has_a_name():
    assert all("(" in language_name(tag) for tag in CATALOGUE.fields["language"].values)
