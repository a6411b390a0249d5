"""The draft of the window: what changes of its shape keep, and what the form becomes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.studio import CATALOGUE, NOW, REDELIVERY, directory, person

from callboard.catalogue.conditions import read_condition
from callboard.catalogue.values import Condition
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Notification
from callboard.web.panel.draft import (
    Control,
    Draft,
    Row,
    as_raw,
    control_of,
    draft_of,
    fitted,
    fitting_frequency,
    read_draft,
    row_as_raw,
    with_event_type,
    with_field,
    with_op,
    with_row,
    without_row,
)
from callboard.web.panel.draft_words import dropped_words, marked, wrongs
from callboard.web.viewer import Viewer

TYPES = CATALOGUE.event_types
VIEWER = Viewer(person(), CATALOGUE, directory(), NOW)
BRANDED = Row(1, "content_type", "any_of", ("Branded",))
ROUND = Row(2, "redelivery_round", "at_least", ("2",))
DRAFT = Draft(id="n-new", event_type=REDELIVERY, rows=(BRANDED, ROUND), frequency="weekly")


class Form(dict):
    """A posted form, as Django reads one."""

    def get(self, key, default=""):
        return self[key][-1] if self.get_list(key) else default

    def get_list(self, key):
        return super().get(key, [])

    getlist = get_list


def posted(draft, prefix=""):
    """Return what the template's controls post for a draft."""
    form = Form({
        "id": [draft.id], f"{prefix}version": [str(draft.version or "")], f"{prefix}event_type": [draft.event_type],
        f"{prefix}frequency": [draft.frequency], "name": [draft.name], f"{prefix}row": [str(one.key) for one in draft.rows],
    })  # fmt: skip
    for one in draft.rows:
        form |= {f"{prefix}field-{one.key}": [one.field], f"{prefix}op-{one.key}": [one.op]}
        form[f"{prefix}value-{one.key}"] = list(one.values)
    return form


@pytest.mark.parametrize("prefix", ["", "was-"])
def test_a_form_reads_back_as_the_draft_it_showed(prefix):
    draft = replace(DRAFT, version=7)
    assert read_draft(posted(draft, prefix), prefix) == draft


@pytest.mark.parametrize("row", ["x", "-1", "1" * 9, ""])
def test_rows_that_no_form_has_are_passed_over(row):
    assert read_draft(Form({"row": [row]})).rows == ()


def test_a_stored_notification_survives_the_form():
    raw = {
        "name": "Second rounds", "event_type": REDELIVERY, "frequency": "daily",
        "where": [
            {"field": "content_type", "op": "none_of", "value": ["Branded", "Licensed"]},
            {"field": "fulfillment_partner", "op": "any_of_incl", "value": ["copperglass", "gone-by-now"]},
            {"field": "title_id", "op": "any_of", "value": ["90000002"]},
            {"field": "title_id", "op": "none_of", "value": [" a ", "  "]},
            {"field": "title", "op": "starts_with", "value": " Bonus "},
            {"field": "redelivery_round", "op": "between", "value": [1, 3]},
            {"field": "redelivery_round", "op": "at_least", "value": 2},
        ],
    }  # fmt: skip
    draft = read_draft(posted(draft_of(raw, id="n-1", version=3)))
    assert as_raw(draft, CATALOGUE) == raw
    assert isinstance(read_custom(as_raw(draft, CATALOGUE), CATALOGUE, id="n-1", user_id=1), Notification)


VALUES = [
    ("content_type", "any_of", ("Branded",)),
    ("language", "any_of_incl", ("es", "pt-BR")),
    ("title", "starts_with", ("The Salt",)),
    ("redelivery_round", "at_most", ("3",)),
    ("redelivery_round", "between", ("-1", "3")),
    ("due_date", "before", ("2026-12-01",)),
    ("due_date", "within_days", ("14",)),
    ("due_date", "overdue", ()),
    ("mentions_me", "is", ("yes",)),
    ("mentions_me", "is", ("no",)),
]


@pytest.mark.parametrize(("field", "op", "values"), VALUES)
def test_what_each_control_posts_is_taken_by_the_rules(field, op, values):
    event_type = next(one for one in TYPES.values() if field in one.fields)
    raw = row_as_raw(Row(1, field, op, values), CATALOGUE)
    assert isinstance(read_condition(raw, event_type, CATALOGUE.fields, ""), Condition)
    draft = draft_of({"name": "", "event_type": event_type.id, "where": [raw], "frequency": ""}, id="n-1")
    assert row_as_raw(draft.rows[0], CATALOGUE) == raw


def test_another_event_type_keeps_what_fits_and_says_what_went():
    comment = TYPES["comment.added"]
    assert "redelivery_round" not in comment.fields
    changed, dropped = with_event_type(DRAFT, comment)
    assert changed.rows == (BRANDED,)
    assert dropped.rows == (ROUND,)
    assert changed.frequency == "weekly"
    words = dropped_words(dropped, REDELIVERY, changed, VIEWER)
    assert "“Redelivery Round is at least 2”" in words
    assert "“Comment Added”" in words


def test_where_nothing_fits_an_empty_condition_stands():
    changed, dropped = with_event_type(DRAFT, TYPES["account.user_changed"])
    assert changed.rows == (Row(3),)
    assert dropped.rows == (BRANDED, ROUND)


def test_a_frequency_that_is_not_on_offer_becomes_the_nearest_and_is_told():
    failed = TYPES["source_request.assigned"]
    assert "weekly" not in failed.frequencies
    changed, dropped = with_event_type(DRAFT, failed)
    assert (changed.frequency, dropped.frequency) == ("daily", "weekly")
    assert "Weekly is not on offer for it: the frequency is daily now." in dropped_words(
        dropped, REDELIVERY, changed, VIEWER
    )


def test_the_same_fields_and_frequencies_drop_nothing():
    changed, dropped = with_event_type(DRAFT, TYPES[REDELIVERY])
    assert changed == DRAFT
    assert not dropped


def test_a_condition_that_is_still_empty_stays_without_a_word():
    draft = replace(DRAFT, rows=(Row(4),))
    changed, dropped = with_event_type(draft, TYPES["comment.added"])
    assert changed.rows == (Row(4),)
    assert not dropped.rows


def test_who_has_not_chosen_yet_is_offered_a_digest():
    assert fitting_frequency("", TYPES[REDELIVERY]) == "daily"
    for event_type in TYPES.values():
        assert fitting_frequency("", event_type) != "immediately"


def test_conditions_are_added_and_removed_and_one_always_stays():
    draft = with_row(DRAFT)
    assert draft.rows == (BRANDED, ROUND, Row(3))
    assert without_row(draft, 2).rows == (BRANDED, Row(3))
    assert without_row(replace(DRAFT, rows=(BRANDED,)), 1).rows == (Row(2),)


@pytest.mark.parametrize(
    ("row", "was", "expected"),
    [
        (Row(1, "severity", "none_of", ("Branded",)), "content_type", Row(1, "severity", "none_of", ())),
        (Row(1, "severity", "", ("x",)), "", Row(1, "severity", "any_of", ())),
        (Row(1, "title", "any_of", ("Branded",)), "content_type", Row(1, "title", "equals", ())),
        (Row(1, "redelivery_round", "at_most", ("5",)), "days_overdue", Row(1, "redelivery_round", "at_most", ("5",))),
        (Row(1, "title_id", "any_of", ("P-1",)), "package_id", Row(1, "title_id", "any_of", ())),
    ],
)
def test_another_field_keeps_what_still_means_the_same(row, was, expected):
    assert with_field(replace(DRAFT, rows=(row, ROUND)), 1, was, CATALOGUE).rows == (expected, ROUND)


@pytest.mark.parametrize(
    ("row", "was", "values"),
    [
        (Row(1, "content_type", "none_of", ("Branded",)), "any_of", ("Branded",)),
        (Row(1, "redelivery_round", "between", ("2",)), "at_least", ("2",)),
        (Row(1, "redelivery_round", "at_most", ("2", "5")), "between", ("2",)),
        (Row(1, "due_date", "after", ("2026-12-01",)), "before", ("2026-12-01",)),
        (Row(1, "due_date", "within_days", ("2026-12-01",)), "before", ()),
    ],
)
def test_another_operator_keeps_a_value_of_the_same_kind(row, was, values):
    assert with_op(replace(DRAFT, rows=(row,)), 1, was, CATALOGUE).rows[0].values == values


def test_a_form_without_script_is_brought_in_order():
    draft = replace(DRAFT, rows=(Row(1, "title", "any_of", ("x",)), ROUND))
    assert [one.op for one in fitted(draft, CATALOGUE).rows] == ["equals", "at_least"]


def test_an_unknown_field_shows_its_values_as_codes():
    assert control_of(None, "at_least") is Control.CODES


def wrong(**changes):
    return [(one.at, one.says) for one in wrongs(replace(DRAFT, **changes), VIEWER)]


def row_wrong(field, op, *values):
    return wrongs(replace(DRAFT, rows=(Row(5, field, op, values),)), VIEWER)[0]


def test_nothing_is_wrong_with_a_finished_draft():
    assert wrong() == []


@pytest.mark.parametrize(
    ("changes", "at", "says"),
    [
        ({"event_type": ""}, "event_type", "Choose what you want to be notified of."),
        ({"event_type": "delivery.gone"}, "event_type", "is no longer in the catalogue"),
        ({"event_type": "account.user_changed"}, "event_type", "Your roles do not see"),
        ({"rows": ()}, "where", "at least one condition"),
        ({"rows": (Row(3),)}, 3, "Choose what the condition is about"),
        ({"rows": (Row(3, "role", "any_of", ("x",)),)}, 3, "“Redelivery Requested” says nothing of Role"),
        ({"rows": (Row(3, "no_such", "any_of", ("x",)),)}, 3, "says nothing of no_such"),
        ({"rows": tuple(replace(BRANDED, key=key) for key in range(1001))}, "where", "over 1,000 conditions"),
        ({"frequency": ""}, "frequency", "Choose how often: immediately, hourly, daily or weekly."),
        ({"name": "n" * 201}, "name", "at most 200"),
        ({"name": "a\nb"}, "name", "control character"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_control(changes, at, says):
    first = wrong(**changes)[0]
    assert first[0] == at
    assert says in first[1]


@pytest.mark.parametrize(
    ("row", "says", "is_missing"),
    [
        (("content_type", "any_of"), "Choose at least one Content Type.", True),
        (("content_type", "any_of", "Gone"), "“Gone” can not be chosen any more. Remove it.", False),
        (("content_type", "any_of", "Branded", " "), "can not be chosen any more. Remove it.", False),
        (("content_type", "at_least", "2"), "Choose how Content Type is compared.", False),
        (("language", "any_of", "not a tag"), "is not a language tag", False),
        (("title", "contains", "  "), "Enter what Title says.", True),
        (("title", "contains", "x" * 1001), "over 1,000 characters", False),
        (("redelivery_round", "at_least", ""), "Enter a number", True),
        (("redelivery_round", "at_least", "two"), "needs a whole number", False),
        (("redelivery_round", "between", "", ""), "Enter two numbers", True),
        (("redelivery_round", "between", "1", ""), "needs two whole numbers", False),
        (("redelivery_round", "between", "3", "1"), "the first number must not be above the second", False),
        (("due_date", "before", ""), "Choose a date", True),
        (("due_date", "before", "tomorrow"), "needs a date like", False),
        (("due_date", "within_days", ""), "Enter a number of days", True),
        (("due_date", "within_days", "-1"), "from 0 to 36,600", False),
    ],
)
def test_each_control_says_what_it_needs(row, says, is_missing):
    found = row_wrong(*row)
    assert found.at == 5
    assert says in found.says
    assert found.is_missing is is_missing


def test_what_is_only_missing_is_not_marked_before_saving_was_tried():
    found = wrongs(replace(DRAFT, rows=(Row(1), Row(2, "redelivery_round", "at_least", ("x",)))), VIEWER)
    assert set(marked(found, missing_too=False)) == {2}
    assert set(marked(found, missing_too=True)) == {1, 2}
