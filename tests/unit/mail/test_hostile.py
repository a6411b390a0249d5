"""Whatever a portal sends and a catalogue says, the mail is whole and its parts are true."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default as modern
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.mail.letters import (
    ANA,
    BASE_URL,
    CATALOGUE,
    HOST,
    SENDER,
    STUDIO,
    Page,
    custom,
    event,
    item,
    item_links,
    letter,
    salt,
)

from callboard.base.reasons import Frequency, Importance
from callboard.base.texts import shown
from callboard.catalogue.values import Catalogue, Event, EventType, Field, FieldType
from callboard.mail.mime import write_mail
from callboard.mail.render import render

if TYPE_CHECKING:
    from callboard.mail.letter import Letter

SNIPPETS = [
    "\r\nBcc: eve@example.org\r\n\r\n", "<script>", '"><b>', "{{ 7 }}", "{% raw %}", "=?utf-8?b?eA==?=",
    "\u202e", "\u2028", "ل", "🎬", "e\u0301", "x" * 120, ".\r\n", "&amp;", "--=_callboard", "  ",
]  # fmt: skip
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
TEXTS = st.lists(st.sampled_from(SNIPPETS) | st.text(CHARACTERS, max_size=30), max_size=6).map("".join)
JSON = st.recursive(st.none() | st.booleans() | st.integers() | TEXTS, lambda inner: st.lists(inner, max_size=3))
FREQUENCIES = st.sampled_from(list(Frequency))
TIMES = st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
OF_TYPE = {
    FieldType.INTEGER: st.integers(),
    FieldType.BOOLEAN: st.booleans(),
    FieldType.DATE: st.dates().map(str),
}


def checked(told: Letter, catalogue: Catalogue) -> None:
    """Read a mail back and hold it against what was rendered and against its items."""
    said = render(told, catalogue, STUDIO, BASE_URL)
    raw = write_mail(told, catalogue, STUDIO, base_url=BASE_URL, sender=SENDER, host=HOST)
    message: Any = message_from_bytes(raw, policy=modern)
    assert not any(part.defects for part in message.walk())
    assert not any(value.defects for value in message.values())
    assert message.keys().count("Bcc") == 0
    assert str(message["Subject"]) == said.subject
    assert len(said.subject) <= 150
    contents = [part.get_content().replace("\r\n", "\n") for part in message.iter_parts()]
    assert contents == [said.text, said.html]
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert all(len(line) <= 76 for line in raw.partition(b"\r\n\r\n")[2].split(b"\r\n"))
    page = Page(said.html)
    keys = sorted(one.event.key for one in told.items)
    assert sorted(item_links(page.links)) == keys
    assert all(f"{BASE_URL}/items/{key}\n" in said.text for key in keys)
    assert not page.tags & {"script", "b", "img"}


@given(
    texts=st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("title", "comment", "severity", "source_type", "language", "actor", "due_date"), TEXTS),
    ),
    subject=st.none() | TEXTS.filter(bool),
    name=TEXTS,
    partner=TEXTS,
    frequency=FREQUENCIES,
    count=st.integers(1, 3),
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_texts_change_nothing_but_words(
    *, texts: dict[str, Any], subject: str | None, name: str, partner: str, frequency: Frequency, count: int
):
    items = [
        item(event(n, subject=subject, **salt(**texts)), custom(name), importance=Importance.CRITICAL)
        for n in range(count)
    ]
    checked(letter(*items, frequency=frequency, partner_name=partner), CATALOGUE)


@given(name=TEXTS.map(lambda text: shown(text).strip()).filter(bool))
@settings(deadline=None, max_examples=80)
def test_names_come_back_as_shown(name: str):
    told = replace(letter(item(event(1))), person=replace(ANA, name=name[:200]))
    raw = write_mail(told, CATALOGUE, STUDIO, base_url=BASE_URL, sender=SENDER, host=HOST)
    message: Any = message_from_bytes(raw, policy=modern)
    assert message["To"].addresses[0].addr_spec == ANA.email
    to = message_from_bytes(raw)["To"]
    if "=?utf-8?b?" in to:
        back = str(make_header(decode_header(to.rpartition("<")[0])))
    else:
        back = message["To"].addresses[0].display_name
    # A line break after an encoded word may add a space on the way back, never a character.
    assert back.replace(" ", "") == name[:200].replace(" ", "")


@st.composite
def any_events(draw: st.DrawFn) -> tuple[Catalogue, list[Event]]:
    """Return a catalogue nobody has seen before, and events under it."""
    keys = draw(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), max_size=6, unique=True))
    fields = {
        key: Field(
            key=key,
            label=draw(TEXTS.filter(bool)),
            type=draw(st.sampled_from(list(FieldType))),
            multiple=draw(st.booleans()),
        )
        for key in keys
    }
    label = draw(TEXTS.filter(lambda text: bool(text.strip())))
    kind = EventType(
        id="thing.done",
        label=label,
        description="",
        group="",
        fields=tuple(keys),
        frequencies=tuple(Frequency),
        importance=Importance.STANDARD,
    )
    catalogue = Catalogue(fields=fields, event_types={kind.id: kind}, roles={}, defaults={})
    events = []
    for number in range(draw(st.integers(1, 3))):
        data: dict[str, Any] = draw(st.dictionaries(TEXTS, JSON, max_size=3))
        for key, field in fields.items():
            value = OF_TYPE.get(field.type, TEXTS)
            data[key] = draw(st.none() | (st.lists(value, max_size=3) if field.multiple else value))
        for key in ("mentions", "actor", "title_names"):
            data.pop(key, None)
        events.append(event(number, "thing.done", time_at=draw(TIMES), subject=draw(st.none() | TEXTS)))
        events[-1] = Event(**{**vars(events[-1]), "data": data})
    return catalogue, events


@given(drawn=any_events(), frequency=FREQUENCIES)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_catalogue_can_be_told(drawn: tuple[Catalogue, list[Event]], frequency: Frequency):
    catalogue, events = drawn
    asked = custom("Mine", event_type="thing.done")
    told = letter(*(item(one, asked) for one in events), frequency=frequency)
    checked(told, catalogue)
    label = shown(next(iter(catalogue.event_types.values())).label)
    text = render(told, catalogue, STUDIO, BASE_URL).text
    assert label in text
