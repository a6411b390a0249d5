"""Random catalogues' worth of people, notifications and events over the shipped catalogue."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from callboard.base.reasons import FREQUENCIES, Importance
from callboard.catalogue.conditions import OPERATORS, read_condition
from callboard.catalogue.values import (
    Catalogue,
    Condition,
    Default,
    Event,
    EventType,
    Field,
    FieldType,
    PartnerKind,
    Role,
)
from callboard.people.values import Directory, Partner, Person, StandIn
from callboard.preferences.values import Book, Kind, Notification

FIELDS = {
    one.key: one
    for one in (
        Field(key="code", label="Code", type=FieldType.ENUM, values=("A", "B", "a")),
        Field(key="tags", label="Tags", type=FieldType.ENUM, values=("x", "y", "z"), multiple=True),
        Field(key="ref", label="Ref", type=FieldType.REFERENCE, multiple=True),
        Field(key="language", label="Language", type=FieldType.LANGUAGE),
        Field(key="title", label="Title", type=FieldType.TEXT),
        Field(key="round", label="Round", type=FieldType.INTEGER),
        Field(key="due", label="Due", type=FieldType.DATE),
        Field(key="flag", label="Flag", type=FieldType.BOOLEAN),
        Field(key="mentions_me", label="Mentions me", type=FieldType.BOOLEAN),
        Field(key="content_partner", label="Content", type=FieldType.PARTNER),
        Field(key="fulfillment_partner", label="Fulfillment", type=FieldType.PARTNER),
        Field(key="sub_assignee", label="Sub", type=FieldType.PARTNER),
        Field(key="qc_partner", label="QC", type=FieldType.PARTNER),
    )
}
TYPES = ("thing.made", "other.done")
AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
ROLES = (
    Role(id="c_all", label="c", kind=PartnerKind.CONTENT_PARTNER, sees=("*",)),
    Role(id="f_things", label="f", kind=PartnerKind.FULFILLMENT_PARTNER, sees=("thing.*",)),
    Role(id="f_made", label="f", kind=PartnerKind.FULFILLMENT_PARTNER, sees=("thing.made",)),
    Role(id="q_other", label="q", kind=PartnerKind.QC_PARTNER, sees=("other.done",)),
    Role(id="s_all", label="s", kind=PartnerKind.STUDIO, sees=("*",)),
)
PREFIX = {kind: kind.value[0] for kind in PartnerKind}
PARTNERS = [f"{letter}{number}" for letter in "cfqs" for number in range(3)]
EMAILS = [f"p{number}@x.example" for number in range(6)]
PERSONS = st.integers(1, len(EMAILS))
KINDRED = [(2, 5), (5, 2), (3, 6), (6, 3)]
"""Persons of one kind, as `directories` makes them."""
TEXTS = st.sampled_from(["", "Salt", "SALT", "salt 2", "Straße", "STRASSE", "Cafe\u0301", "café", "a salt b"])
LANGUAGES = st.sampled_from(["en", "EN-gb", "en-GB", "es", "es-419", "est", "pt-BR", "zh-Hant-TW", "zh-hant"])
DAYS = st.integers(-3, 3).map(lambda days: (AT.date() + timedelta(days=days)).isoformat())
CONCERNED = {"content_partner": "c", "fulfillment_partner": "f", "sub_assignee": "f", "qc_partner": "q"}
VALUES: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.ENUM: st.sampled_from(["A", "B", "a", "x", "y", "z", "unknown"]),
    FieldType.REFERENCE: st.sampled_from(["1", "2", "3"]),
    FieldType.LANGUAGE: LANGUAGES,
    FieldType.PARTNER: st.sampled_from([*PARTNERS, "unknown"]),
    FieldType.TEXT: TEXTS,
    FieldType.INTEGER: st.integers(-2, 4),
    FieldType.DATE: DAYS,
    FieldType.BOOLEAN: st.booleans(),
}


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    """A condition that the settings would take."""
    field = draw(st.sampled_from(list(FIELDS.values())))
    op = draw(st.sampled_from(OPERATORS[field.type]))
    raw = {"field": field.key, "op": op, "value": draw(asked(field, op))}
    found = read_condition(raw, EVENT_TYPE, FIELDS, "")
    assert isinstance(found, Condition), found
    return found


def asked(field: Field, op: str) -> st.SearchStrategy[Any]:
    """The values an operator takes."""
    if op in {"any_of", "none_of", "any_of_incl"}:
        one = st.sampled_from(field.values) if field.type is FieldType.ENUM else VALUES[field.type]
        return st.lists(one, min_size=1, max_size=3)
    if op == "between":
        return st.tuples(VALUES[field.type], VALUES[field.type]).map(sorted)
    return {"within_days": st.integers(0, 4), "overdue": st.just(True)}.get(op, VALUES[field.type])


EVENT_TYPE = EventType(
    id="thing.made", label="Made", description="", group="", fields=tuple(FIELDS), frequencies=FREQUENCIES,
    importance=Importance.INFO,
)  # fmt: skip


@st.composite
def catalogues(draw: st.DrawFn) -> Catalogue:
    """Three event types, five roles, and some Defaults with conditions."""
    types = {
        key: EventType(**{name: getattr(EVENT_TYPE, name) for name in EVENT_TYPE.__slots__} | {"id": key})
        for key in TYPES
    }
    pairs = [(type_, role.id) for type_ in TYPES for role in ROLES if role.sees_type(type_)]
    defaults = [
        Default(event_type=type_, role=role, frequency=draw(st.sampled_from(FREQUENCIES)),
                where=tuple(draw(st.lists(conditions(), max_size=1))))
        for type_, role in draw(st.lists(st.sampled_from(pairs), unique=True, max_size=5))
    ]  # fmt: skip
    roles = {one.id: one for one in ROLES}
    return Catalogue(fields=FIELDS, event_types=types, roles=roles, defaults={one.id: one for one in defaults})


@st.composite
def directories(draw: st.DrawFn) -> Directory:
    """Three partners of each kind, each perhaps under an earlier one, and six persons, also with roles of no use."""
    found = Directory()
    for kind in PartnerKind:
        for number in range(3):
            parents = st.none() if number == 0 else st.sampled_from([None, f"{PREFIX[kind]}{number - 1}"])
            found.put_partner(Partner(id=f"{PREFIX[kind]}{number}", name="P", kind=kind, parent=draw(parents)))
    for number, email in enumerate(EMAILS, start=1):
        partner = found.partners[f"{'cfsqfs'[number - 1]}{draw(st.integers(0, 2))}"]
        fitting = [one.id for one in ROLES if one.kind is partner.kind]
        useless = draw(st.lists(st.sampled_from([*(one.id for one in ROLES), "gone"]), max_size=1))
        roles = dict.fromkeys(
            draw(st.lists(st.sampled_from(fitting), min_size=draw(st.sampled_from([0, 1, 1])), max_size=2)) + useless
        )
        found.put_person(
            Person(id=number, email=email, name="N", partner=partner.id, kind=partner.kind, roles=tuple(roles),
                   active=draw(st.integers(0, 9)) > 0)
        )  # fmt: skip
    return found


@st.composite
def stand_ins(draw: st.DrawFn) -> list[StandIn]:
    """Some stand-ins around `AT`, also between people who may not stand in for each other, some ended."""
    hours = st.sampled_from([-2, -1, -1, 0, 0, 1]).map(lambda hours: AT + timedelta(hours=hours))
    found = []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        person, delegate = draw(
            st.one_of(st.sampled_from(KINDRED), st.sampled_from(KINDRED), st.tuples(PERSONS, PERSONS))
        )
        begin = draw(hours)
        found.append(
            StandIn(id=number, person_id=person, delegate_id=delegate, starts_at=begin,
                    ends_at=begin + timedelta(hours=draw(st.integers(1, 3))),
                    ended_at=draw(st.sampled_from([None, None, None, begin])))
        )  # fmt: skip
    return found


@st.composite
def customs(draw: st.DrawFn, number: int) -> Notification:
    """A Custom notification of one of the persons."""
    return Notification(
        id=f"n-{number}", kind=Kind.CUSTOM, name="", event_type=draw(st.sampled_from(TYPES)),
        where=(draw(conditions()), *draw(st.lists(conditions(), max_size=1))),
        frequency=draw(st.sampled_from(FREQUENCIES)), user_id=draw(st.integers(1, len(EMAILS))),
        inactive=draw(st.sampled_from([None, None, "its catalogue changed"])),
    )  # fmt: skip


@st.composite
def books(draw: st.DrawFn) -> Book:
    """Some Custom notifications, some edited and some deleted again."""
    found = Book()
    for number in range(draw(st.integers(5, 9))):
        found.put(draw(customs(number)))
    for number in draw(st.lists(st.integers(0, 8), max_size=3)):
        found.put(draw(customs(number)))
    return found


@st.composite
def events(draw: st.DrawFn) -> Event:
    """An event in which any field may be missing, null, single or many."""
    data: dict[str, Any] = {}
    for field in FIELDS.values():
        one = VALUES[field.type]
        if field.key in CONCERNED:
            one = st.sampled_from([f"{CONCERNED[field.key]}{number}" for number in range(3)])
        value = st.lists(one, max_size=3) if field.multiple else one
        data[field.key] = draw(st.one_of(value, value, value, st.none()))
    data["mentions"] = draw(st.lists(st.sampled_from([*EMAILS, "P1@X.EXAMPLE"]), max_size=2))
    for key in draw(st.lists(st.sampled_from(sorted(data)), max_size=3)):
        data.pop(key, None)
    return Event(
        number=1, key="k", source="s", id="e", type=draw(st.sampled_from(TYPES)), subject=None, time_at=AT,
        accepted_at=AT, data=data,
    )  # fmt: skip
