"""What is read from outside: never ambiguous, and what is written is read back as it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.studio import CATALOGUE

from callboard.base import strict_json
from callboard.base.instants import EPOCH, format_instant, from_us, parse_instant, to_us
from callboard.base.keyed import read_signed_id, sign_id
from callboard.base.texts import name_fault
from callboard.catalogue.conditions import OPERATORS
from callboard.catalogue.values import FieldType, PartnerKind
from callboard.people.rules import PeopleFile, read_people, write_people
from callboard.people.values import WEEKDAYS, Directory, Partner, Person
from callboard.preferences.file import NotificationsFile, read_notifications, write_notifications
from callboard.preferences.values import Book, Mute, MutedBy

DIRTY = st.text(st.characters(codec=None) | st.sampled_from(["\x00", "\ud800", "\udfff", '"', "\\"]), max_size=6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | DIRTY,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(DIRTY, inner), max_size=3).map(dict),
    max_leaves=8,
)


@st.composite
def sloppy_json(draw: st.DrawFn) -> str:
    """Texts that Python's reader takes: with repeated keys, NaN, overflow, NUL and half surrogates now and then."""
    text = json.dumps(draw(VALUES), ensure_ascii=draw(st.booleans()))
    extra = draw(
        st.sampled_from(
            ["", '{"a": 1, "a": 1}', "1e999", "NaN", '{"a": {"b": 1, "\\u0062": 2}}', "0", '"\\ud83d\\ude00"']
        )
    )
    return f"[{text}, {extra}]" if extra else text


def ambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def bad_text(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value or any("\ud800" <= one <= "\udfff" for one in value)
    if isinstance(value, dict):
        return any(bad_text(key) or bad_text(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(bad_text, value))


def plain_reading(text: str) -> Any:
    """Python's own reader with every ambiguity refused; None when it is refused."""
    try:
        value = json.loads(text, object_pairs_hook=ambiguous)
        json.dumps(value, allow_nan=False)
    except ValueError:
        return None
    return None if bad_text(value) else [value]


@settings(max_examples=150, deadline=None)
@given(sloppy_json())
def test_strict_json_takes_exactly_what_every_reader_understands_alike(text: str):
    try:
        found = [strict_json.loads(text)]
    except strict_json.StrictJSONError:
        found = None
    assert found == plain_reading(text)


@settings(max_examples=120, deadline=None)
@given(st.binary(max_size=40) | sloppy_json().map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_strict_json_refuses_with_its_own_error_or_returns_what_json_reads(raw: bytes):
    try:
        found = strict_json.loads(raw)
    except strict_json.StrictJSONError:
        return
    assert json.loads(raw.decode("utf-8")) == found
    assert strict_json.loads(strict_json.dumps(found)) == found


zones = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=zones)  # noqa: DTZ001 - bounds


@given(moments)
def test_an_instant_written_is_read_back(at: datetime):
    assert parse_instant(format_instant(at)) == at
    assert parse_instant(at.isoformat()) == at
    assert from_us(to_us(at)) == at


@given(st.integers(-(10**16), 10**17))
def test_microseconds_are_read_back(instant_us: int):
    assert to_us(from_us(instant_us)) == instant_us
    assert from_us(instant_us) - EPOCH == timedelta(microseconds=instant_us)


@given(st.text(max_size=30))
def test_any_text_is_an_instant_or_a_value_error(text: str):
    try:
        found = parse_instant(text)
    except ValueError:
        return
    assert found.tzinfo is UTC


@given(st.integers(0, 2**63 - 1), st.text(max_size=40))
def test_only_the_signed_token_of_a_number_is_taken(number: int, other: str):
    token = sign_id("a secret", "mute", number)
    assert read_signed_id("a secret", "mute", token) == number
    assert other == token or read_signed_id("a secret", "mute", other) is None


# Import after export is the identity

letters = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs"])
names = st.text(letters | st.sampled_from(" é日"), min_size=1, max_size=12).filter(
    lambda text: name_fault(text) is None
)


@st.composite
def directories(draw: st.DrawFn, least: int = 0) -> Directory:
    found = Directory()
    for number, id_ in enumerate(draw(st.lists(names, unique=True, min_size=1, max_size=5))):
        kind = draw(st.sampled_from(PartnerKind))
        parents = [one.id for one in found.partners.values() if one.kind is kind]
        parent = draw(st.sampled_from([None, *parents])) if number else None
        found.put_partner(Partner(id=id_, name=draw(names), kind=kind, parent=parent))
    for number in range(draw(st.integers(least, 4))):
        partner = draw(st.sampled_from(list(found.partners.values())))
        roles = [role.id for role in CATALOGUE.roles.values() if role.kind is partner.kind]
        found.put_person(
            Person(
                id=number + 1, email=draw(st.sampled_from(["P{}@x.example", "q.{}@Büro.example"])).format(number),
                name=draw(names), partner=partner.id, kind=partner.kind,
                roles=tuple(draw(st.lists(st.sampled_from(roles), unique=True))), active=draw(st.booleans()),
                time_zone=draw(st.sampled_from(["UTC", "Europe/Madrid"])), locale=draw(st.sampled_from(["en", "pt-BR"])),
                digest_hour=draw(st.integers(0, 23)), digest_weekday=draw(st.sampled_from(WEEKDAYS)),
                notify_own_actions=draw(st.booleans()),
            )
        )  # fmt: skip
    return found


def emptied(directory: Directory, file: PeopleFile) -> Directory:
    """What a new directory becomes by importing the file, with the ids of the old one."""
    found = Directory()
    for partner in file.partners:
        found.put_partner(partner)
    for person in file.persons:
        old = directory.by_email(person.email)
        assert old
        found.put_person(Person(**{name: getattr(person, name) for name in person.__slots__} | {"id": old.id}))
    return found


@settings(max_examples=30, deadline=None)
@given(directories())
def test_import_after_export_of_people_is_the_identity(directory: Directory):
    written = strict_json.loads(strict_json.dumps(write_people(directory)))
    file = read_people(written, Directory(), CATALOGUE)
    assert isinstance(file, PeopleFile), file
    again = emptied(directory, file)
    assert again.partners == directory.partners
    assert again.persons == directory.persons
    same = read_people(written, directory, CATALOGUE)
    assert isinstance(same, PeopleFile)
    assert set(same.persons) == set(directory.persons.values())


@st.composite
def condition_of(draw: st.DrawFn, type_id: str) -> dict[str, Any]:
    field = CATALOGUE.fields[draw(st.sampled_from(CATALOGUE.event_types[type_id].fields))]
    op = draw(st.sampled_from(OPERATORS[field.type]))
    value: Any = {
        "between": [1, 2],
        "within_days": 3,
        "overdue": True,
        "before": "2026-11-23",
        "after": "2026-11-23",
    }.get(op)
    if value is None:
        code = draw(st.sampled_from(field.values)) if field.values else draw(names)
        value = {FieldType.TEXT: code, FieldType.INTEGER: 2, FieldType.BOOLEAN: False}.get(field.type, [code])
    return {"field": field.key, "op": op, "value": value}


@st.composite
def rows(draw: st.DrawFn, email: str, id_: str) -> dict[str, Any]:
    type_id = draw(st.sampled_from(sorted(CATALOGUE.event_types)))
    muted, until = draw(st.sampled_from([(False, None), (True, None), (True, "2026-11-30T08:00:00Z")]))
    return {
        "id": id_, "user": email, "name": draw(st.just("") | names), "event_type": type_id,
        "where": draw(st.lists(condition_of(type_id), min_size=1, max_size=3)),
        "frequency": draw(st.sampled_from(CATALOGUE.event_types[type_id].frequencies)).value,
        "muted": muted, "muted_until": until,
    }  # fmt: skip


def person_of(directory: Directory) -> Person:
    return next(iter(directory.persons.values()))


@settings(max_examples=30, deadline=None)
@given(directories(least=1), st.lists(names, unique=True, max_size=4), st.data())
def test_import_after_export_of_notifications_is_the_identity(
    directory: Directory, ids: list[str], data: st.DataObject
):
    email = person_of(directory).email
    file: list[dict[str, Any]] = [data.draw(rows(email, one)) for one in ids]
    file += [
        {"user": email, "default": one, "muted": True, "muted_until": None}
        for one in data.draw(st.lists(st.sampled_from(sorted(CATALOGUE.defaults)), unique=True, max_size=3))
    ]
    written = write_notifications(directory, imported(file, directory))
    assert sorted(map(strict_json.dumps, written)) == sorted(map(strict_json.dumps, file))
    assert write_notifications(directory, imported(written, directory)) == written


def imported(file: list[dict[str, Any]], directory: Directory) -> Book:
    found = read_notifications(strict_json.loads(strict_json.dumps(file)), directory, CATALOGUE, {})
    assert isinstance(found, NotificationsFile), found
    book = Book()
    for custom in found.customs:
        book.put(custom)
    for wish in found.mutes:
        book.put_mute(
            Mute(
                user_id=wish.user_id,
                ref=wish.ref,
                muted=bool(wish.muted),
                until=wish.until,
                by=MutedBy.IMPORT,
                revision=1,
            )
        )
    return book
