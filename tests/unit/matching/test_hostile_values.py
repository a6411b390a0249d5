"""The index beside the plain definition on values chosen to hurt."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from tests.unit.studio import CATALOGUE, FULFILLMENT, REDELIVERY, directory, event, person

from callboard.catalogue.values import PartnerKind
from callboard.matching.definition import everybody
from callboard.matching.index import Matcher
from callboard.matching.numbers import EDGE, MANY_BEGINS
from callboard.matching.postings import Budget
from callboard.matching.texts import TextColumn
from callboard.people.values import Directory, Partner
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Book, Notification

EDGES = [EDGE - 1, EDGE, EDGE + 1, 2**63 - 1, 2**63, 10**300]
NUMBERS = [0, 1, -1, *EDGES, *(-one for one in EDGES)]
TEXTS = ["", " ", "ß", "SS", "İ", "i\u0307", "é", unicodedata.normalize("NFD", "É"), "ﬁn", "FIN", "Σίσυφος", "ΣΊΣΥΦΟΣ",
         "👩\u200d🚀", "\U0001d54f", "100%_*?", "line\u2028break", "x" * 3000, "ß" * 300, "a", "aa", "aaa"]  # fmt: skip
TAGS = ["es", "ES-419", "es-419", "est", "zh-Hant-TW", "zh-hant", "zh", "x-private", "zh--tw", "-", "a" + "-a" * 500]


def custom(number: int, *where: tuple[str, str, Any], user: int = 1, event_type: str = REDELIVERY) -> Notification:
    raw = {
        "event_type": event_type,
        "frequency": "hourly",
        "where": [{"field": field, "op": op, "value": value} for field, op, value in where],
    }
    found = read_custom(raw, CATALOGUE, id=f"n-{number}", user_id=user)
    assert isinstance(found, Notification), found
    return found


def people() -> Directory:
    studio = person(2, email="s@studio.example", partner="the-studio", kind=PartnerKind.STUDIO, roles=("studio_admin",))
    return directory(person(), studio)


def agree(notifications: list[Notification], events: list[Any], known: Directory | None = None) -> set[str]:
    """Compare every answer; return the ids that matched at all."""
    known, book, seen = known or people(), Book(), set()
    for one in notifications:
        book.put(one)
    matcher = Matcher(CATALOGUE, known, book)
    for told in events:
        answer = {user: {one.id for one in mine} for user, mine in matcher.match(told).items()}
        wanted = everybody(told, CATALOGUE, known, book)
        assert answer == {user: {one.id for one in mine} for user, mine in wanted.items()}
        seen |= {id_ for ids in answer.values() for id_ in ids}
    return seen


def test_texts_of_any_script_and_length():
    wheres = [("title", op, text) for op in ("equals", "contains", "starts_with") for text in TEXTS]
    seen = agree([custom(number, where) for number, where in enumerate(wheres)], [event(title=one) for one in TEXTS])
    assert len(seen) > len(wheres)


def test_numbers_beyond_every_machine_word():
    wheres: list[Any] = [("redelivery_round", op, number) for op in ("at_least", "at_most") for number in NUMBERS]
    wheres += [("redelivery_round", "between", sorted((one, 2 * one))) for one in NUMBERS]
    agree(
        [custom(number, where) for number, where in enumerate(wheres)], [event(redelivery_round=one) for one in NUMBERS]
    )


@pytest.mark.parametrize("field", ["redelivery_round", "due_date", "title", "language", "title_id"])
def test_m3_a_field_that_is_missing_or_null(field):
    wheres: dict[str, Any] = {
        "redelivery_round": ("at_least", 0),
        "due_date": ("before", "9999-12-31"),
        "title": ("contains", ""),
        "language": ("none_of", ["es"]),
        "title_id": ("any_of", ["1"]),
    }
    agree([custom(1, (field, *wheres[field]))], [event(), event(REDELIVERY, **{field: None})])  # type: ignore[arg-type] # not `at`


def test_language_ranges():
    wheres = [("language", "any_of_incl", [one]) for one in ("es", "ZH", "zh-hant", "*", "x-private", "a-a-a")]
    wheres += [("language", op, ["ES-419", "zh"]) for op in ("any_of", "none_of")]
    agree([custom(number, where) for number, where in enumerate(wheres)], [event(language=one) for one in TAGS])


def test_a_thousand_conditions_on_one_field():
    ids = [str(number) for number in range(1000)]
    wheres: list[Any] = [
        [("title_id", "none_of", [one]) for one in ids],
        [*(("title_id", "none_of", [one]) for one in ids[:999]), ("title_id", "any_of", ["999"])],
        [("redelivery_round", "at_least", -number) for number in range(1000)],
        [("title", "contains", "a" * (number % 7 + 1)) for number in range(1000)],
    ]
    events = [event(title_id=titles, redelivery_round=turn, title=title)
              for titles in (["999"], ["x"], ids[:300], []) for turn in (0, -1, 5) for title in ("A" * 9, "b", None)]  # fmt: skip
    seen = agree([custom(number, *where) for number, where in enumerate(wheres)], events)
    assert {"n-0", "n-1", "n-2", "n-3"} <= seen


def test_huge_lists():
    many = [f"t{number}" for number in range(20_000)]
    seen = agree(
        [custom(1, ("title_id", "any_of", many)), custom(2, ("title_id", "none_of", many))],
        [event(title_id=many[::2]), event(title_id=["other"]), event(title_id=[])],
    )
    assert {"n-1", "n-2"} <= seen


def test_a_list_for_a_field_of_one_value():
    """A catalogue may have changed its mind about `multiple`; old events still hold lists."""
    wheres: list[Any] = [
        [("redelivery_round", "at_least", 2), ("redelivery_round", "at_most", 1)],
        [("severity", "any_of", ["Blocker"]), ("severity", "none_of", ["FYI"])],
        [("title", "contains", "a"), ("title", "equals", "b")],
    ]
    told = event(redelivery_round=[1, 2], severity=["Blocker", "Issue"], title=["ca", "b"])
    assert {"n-0", "n-1", "n-2"} <= agree([custom(number, *where) for number, where in enumerate(wheres)], [told])


WRONG: list[Any] = ["high", "", "2026-11-22", 0, 1, 2, -1, True, False, 2.5, 1.5, 2.0, -0.5, 1e300, {"a": 1}, {}, [],
         [None, {}, [1], "a", 2.5], ["es", 5, ["es"]], [True, 1], "soon", 20261122]  # fmt: skip
"""What events may hold that were stored when the catalogue gave the field another type."""


@pytest.mark.parametrize(
    ("field", "ops"),
    [
        ("redelivery_round", [("at_least", 2), ("at_most", 2), ("between", [1, 2]), ("at_least", -1)]),
        ("redelivery_round", [(op, end) for op in ("at_least", "at_most") for end in range(MANY_BEGINS)]),
        ("due_date", [("before", "2026-11-23"), ("after", "2026-11-20"), ("overdue", True), ("within_days", 9)]),
        ("title", [("contains", ""), ("equals", "true"), ("equals", "1"), ("starts_with", "a")]),
        ("error_overridable", [("is", True), ("is", False)]),
        ("language", [("any_of", ["es"]), ("none_of", ["es"]), ("any_of_incl", ["*"])]),
        ("severity", [("any_of", ["FYI"]), ("none_of", ["FYI"])]),
        ("content_partner", [("any_of", ["a"]), ("none_of", ["a"])]),
        ("content_partner", [("any_of_incl", ["a"]), ("none_of", ["a"])]),
        ("title_id", [("any_of", ["a"]), ("none_of", ["a"])]),
    ],
)
def test_m3_a_value_of_a_wrong_type_is_as_if_the_event_lacked_it(field, ops):
    event_type = next(id_ for id_, one in CATALOGUE.event_types.items() if field in one.fields)
    wheres = [(field, op, value) for op, value in ops]
    customs = [custom(number, where, event_type=event_type) for number, where in enumerate(wheres)]
    told = [event(event_type, **{field: one}) for one in [*WRONG, *reversed(WRONG), None]]
    assert agree(customs, told)


def test_a_chain_of_partners():
    known = people()
    for level in range(40):
        parent = f"p{level - 1}" if level else None
        known.put_partner(Partner(id=f"p{level}", name="P", kind=FULFILLMENT, parent=parent))
        known.put_person(person(100 + level, email=f"u{level}@p.example", partner=f"p{level}"))
    customs = [custom(level, ("fulfillment_partner", op, [f"p{level}"]), user=100 + level // 2)
               for level in range(40) for op in ("any_of_incl",)]  # fmt: skip
    events = [event(fulfillment_partner=f"p{level}", sub_assignee="p0") for level in range(40)]
    assert "n-39" in agree(customs, events, known)


def test_m8_an_unknown_key_without_a_name_does_not_stand_for_who_is_mentioned():
    raw = {"event_type": "comment.added", "frequency": "hourly"}
    mine = [
        read_custom(
            raw | {"where": [{"field": "mentions_me", "op": "is", "value": value}]}, CATALOGUE, id=id_, user_id=1
        )
        for id_, value in (("yes", True), ("no", False))
    ]
    data: dict[str, Any] = {"": "x", "mentions": ["ana@copperglass.example"]}
    told = event("comment.added", **data)
    assert agree([one for one in mine if isinstance(one, Notification)], [told]) & {"yes", "no"} == {"yes"}


def test_what_stands_in_a_text_a_thousand_times_is_looked_up_once():
    column = TextColumn("title", 4, Budget(1_000_000))
    column.add(7, custom(0, ("title", "contains", "a")).where[0])
    assert len(column._wished("a" * 1000, 4)) == 1
    assert not column._read  # and so long a text is not remembered
