"""What an event says in words: headline, lead, facts and notes, and its one line in a digest.

Words come from the catalogue and the event's data by generic rules, so any catalogue can be
told; the shipped types have better ones in `templates/words.toml`.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from callboard.base.instants import parse_date
from callboard.base.reasons import Importance
from callboard.base.texts import shown
from callboard.catalogue.values import MENTIONS_ME, EventType, Field, FieldType
from callboard.mail.templates.words import (
    COUNTED,
    NOTE_KEYS,
    SAID,
    SHORT,
    TYPES,
    Text,
    Words,
    clipped,
    joined_title,
    notes_of,
    noun_of,
    plain,
    title_of,
)
from callboard.preferences.naming import MONTHS, language_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from callboard.catalogue.values import Catalogue, Event
    from callboard.people.values import Directory, Person

MAX_TITLE = 200
"""Characters of a title that are always shown whole. Source: rule C1."""
MAX_SUBJECT = 150
"""Characters of a subject line; clients show fewer, servers take more."""
MIN_TITLE = 60
"""Characters that stay of a title that has to be cut. Source: rule C1."""
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

_CONTEXT = (
    "package_id",
    "content_partner",
    "fulfillment_partner",
    "sub_assignee",
    "qc_partner",
    "request_status",
    "cadence",
    "tags",
    "territory",
    "content_type",
    "title_id",
)
"""Fields that tell of the request rather than of what happened, in the order they are shown."""
_NOT_IN_LINES = frozenset({*_CONTEXT, "title", MENTIONS_ME}) - {
    "tags",
    "sub_assignee",
}
_OWN = ("content_partner", "fulfillment_partner", "qc_partner")
"""Fields that need no row where they name the person's own partner account."""
_SUBJECT = ""
"""Stands for the event's subject among the keys of the rows."""
_ASSET = ("material_type", "source_type", "account_change", "role")
_SPEAKING = frozenset({FieldType.ENUM, FieldType.LANGUAGE, FieldType.PARTNER})
"""Types whose values say by themselves what they are about."""
_SHORT_VALUE = 60
"""Characters of a value that still reads well inside a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One event in words. All texts are safe to show; none is escaped.

    Attributes:
        phrase: what happened, "Redelivery requested".
        where: what it happened to, at most `MAX_TITLE` characters; "" when the event names none.
        lead: who and when, with the person's zone named once.
        notes: free texts, whole.
        facts: label and value of each row, in the order of the table.
        noun: what the event's subject is, "source request".
    """

    phrase: str
    where: str
    lead: str
    notes: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    noun: str

    @property
    def headline(self) -> str:
        """Return `phrase: where`."""
        return f"{self.phrase}: {self.where}" if self.where else self.phrase


class Line(NamedTuple):
    """One event as a line of a digest: under `show`, `episode · what · detail`, then the notes.

    `title` is the whole title (C1), which show and episode tell in two places.
    """

    title: str
    show: str
    episode: str
    what: str
    detail: str
    notes: tuple[str, ...]


Lines = MutableMapping[tuple[str, int], Line]
"""Lines by the event's key and the year in which they are read: dates of another year name theirs."""


def subject_of(phrase: str, where: str, between: str = ": ") -> str:
    """Return `phrase: where` for a subject line: at most `MAX_SUBJECT` characters."""
    phrase = clipped(phrase, MAX_SUBJECT - MIN_TITLE - len(between))
    if not where:
        return phrase
    return f"{phrase}{between}{clipped(where, MAX_SUBJECT - len(phrase) - len(between))}"


@lru_cache(maxsize=1024)
def zone_of(name: str) -> tuple[tzinfo, str]:
    """Return a time zone and its name; UTC for a name that the machine does not know."""
    try:
        return ZoneInfo(name), name
    except (KeyError, ValueError, OSError):
        return UTC, "UTC"


class Narrator:
    """Puts events into words for one person: in the person's zone, with names for codes.

    `lines` keeps what was told under this catalogue and directory: lines are the same for whoever reads them in
    the same year.
    """

    def __init__(
        self, catalogue: Catalogue, directory: Directory, person: Person, now: datetime, lines: Lines | None = None
    ) -> None:
        self.catalogue = catalogue
        self.person = person
        self.zone, self.zone_name = zone_of(person.time_zone)
        self.today = self.local(now).date()
        self._directory = directory
        self._facts: dict[str, tuple[str, ...]] = {}
        self._line_fields: dict[str, tuple[Field, ...]] = {}
        self._lines = lines
        self._forms: Mapping[FieldType, Callable[[str], str]] = {
            FieldType.PARTNER: lambda value: shown(directory.partner_name(value)),
            FieldType.LANGUAGE: lambda value: language_name(shown(value)),
            FieldType.DATE: self._date,
        }

    def type_of(self, event: Event) -> EventType:
        """Return the event's type; one the catalogue has lost is called by its id."""
        known = self.catalogue.event_types.get(event.type)
        return known or EventType(
            id=event.type, label=event.type, description="", group="", fields=(), frequencies=(),
            importance=Importance.STANDARD,
        )  # fmt: skip

    def local(self, at: datetime) -> datetime:
        """Return an instant as the person's clock shows it."""
        try:
            return at.astimezone(self.zone)
        except OverflowError:  # the first and the last day that datetime knows
            return at

    def day(self, on: date) -> str:
        """Return a date as "Wed 25 Nov", with the year when it is not the current one."""
        said = f"{WEEKDAYS[on.weekday()]} {on.day} {MONTHS[on.month - 1]}"
        return said if on.year == self.today.year else f"{said} {on.year}"

    def moment(self, at: datetime) -> str:
        """Return an instant as "today at 10:14", "yesterday at …" or "on Wed 18 Nov at …"."""
        local = self.local(at)
        return f"{self.relative(local.date(), 'on ')} at {local:%H:%M}"

    def relative(self, on: date, before: str = "") -> str:
        """Return "today", "yesterday" or the day with `before` in front."""
        near = {0: "today", 1: "yesterday"}.get((self.today - on).days)
        return near or f"{before}{self.day(on)}"

    def since(self, begin: datetime) -> str:
        """Return the begin of a span: "Mon 30 Nov", or "Mon 30 Nov at 14:00"."""
        local = self.local(begin)
        return self.day(local.date()) if local.time() == time() else f"{self.day(local.date())} at {local:%H:%M}"

    def until(self, end: datetime) -> str:
        """Return the end of a span: "Fri 4 Dec", that day included, or "Fri 4 Dec at 18:00"."""
        local = self.local(end)
        return self.day(local.date() - timedelta(days=1)) if local.time() == time() else self.since(end)

    def told(self, event: Event) -> Told:
        """Return everything that one event says."""
        event_type = self.type_of(event)
        words = TYPES.get(event.type)
        show, episode = title_of(event)
        used: set[str] = set()
        return Told(
            phrase=self._phrase(event, event_type, words, used),
            where=clipped(joined_title(show, episode) or shown(event.subject or "").strip(), MAX_TITLE),
            lead=self._lead(event, words, used),
            notes=notes_of(event, self.catalogue),
            facts=tuple(self._rows(event, event_type, used)),
            noun=noun_of(event.type),
        )

    def line(self, event: Event) -> Line:
        """Return the event as one line of a digest."""
        if self._lines is None:
            return self._line(event)
        key = (event.key, self.today.year)
        if key not in self._lines:
            self._lines[key] = self._line(event)
        return self._lines[key]

    def _line(self, event: Event) -> Line:
        show, episode = title_of(event)
        what: list[str] = []
        detail: list[str] = []
        for field in self._fields_of_line(event.type):
            value = event.data.get(field.key)
            if value is None:
                continue
            if field.key in SHORT:
                detail.append(self._short(field, value))
            elif field.type in _SPEAKING:
                (what if len(what) < 2 else detail).append(self._codes(field, value))  # noqa: PLR2004 - asset and language
            else:
                detail.append(f"{shown(field.label)}: {self._value(field, value)}")
        return Line(
            title=clipped(joined_title(show, episode), MAX_TITLE),
            show=clipped(show, MAX_TITLE),
            episode=clipped(episode, MAX_TITLE),
            what=", ".join(what),
            detail=", ".join(one for one in detail if one),
            notes=notes_of(event, self.catalogue),
        )

    def _fields_of_line(self, type_id: str) -> tuple[Field, ...]:
        """Return the fields of a type's line: what it is about, then the catalogue's order."""
        known = self._line_fields.get(type_id)
        if known is None:
            event_type = self.catalogue.event_types.get(type_id)
            keys = [key for key in event_type.fields if key not in _NOT_IN_LINES] if event_type else []
            if "material_type" in keys and "source_type" in keys:
                keys.remove("source_type")
            keys.sort(key=lambda key: _ASSET.index(key) if key in _ASSET else len(_ASSET))
            known = tuple(self.catalogue.fields[key] for key in keys if not self._is_note(key))
            self._line_fields[type_id] = known
        return known

    def _is_note(self, key: str) -> bool:
        return key in NOTE_KEYS and self.catalogue.fields[key].type is FieldType.TEXT

    def _phrase(self, event: Event, event_type: EventType, words: Words | None, used: set[str]) -> str:
        said = self._first(words["phrase"], event, used) if words else None
        return said or shown(event_type.label)

    def _lead(self, event: Event, words: Words | None, used: set[str]) -> str:
        then: list[str] = []
        if words is None:
            who = self._who(event)
            when = self._when(event)
            lead = f"By {who}, {when}." if who else f"{when[:1].upper()}{when[1:]}."
        else:
            lead = self._first(words["lead"], event, used) or ""
            then = [said for text in words["then"] if (said := self._say(text, event, used))]
        if self.person.key in event.mentioned:
            then.append("You are mentioned.")
        return " ".join([lead, *then])

    def _first(self, texts: tuple[Text, ...], event: Event, used: set[str]) -> str | None:
        return next((said for text in texts if (said := self._say(text, event, used))), None)

    def _say(self, text: Text, event: Event, used: set[str]) -> str | None:
        """Return the text with its values and add its fields to `used`.

        None when the event lacks a value, or has one that is too long for a sentence.
        """
        parts: list[str] = []
        keys: list[str] = []
        for words, key in text:
            parts.append(words)
            if key is not None:
                value = self._placed(key, event)
                if not value or len(value) > _SHORT_VALUE:
                    return None
                parts.append(value)
                keys.append(key)
        used.update(keys)
        return "".join(parts)

    def _placed(self, key: str, event: Event) -> str:
        if key == "when":
            return self._when(event)
        if key == "who":
            return self._who(event)
        value, field = event.data.get(key), self.catalogue.fields.get(key)
        if value is None or field is None:
            return ""
        if field.type is FieldType.INTEGER:
            return self._short(field, value)
        said = self._value(field, value)
        return SAID.get(key, {}).get(said, said)

    def _when(self, event: Event) -> str:
        return f"{self.moment(event.time_at)} ({self.zone_name})"

    def _who(self, event: Event) -> str:
        key = event.actor_key
        if key is None:
            return ""
        if key == self.person.key:
            return "you"
        known = self._directory.by_email(key)
        return shown(known.name if known else str(event.data["actor"])).strip()

    def _rows(self, event: Event, event_type: EventType, used: set[str]) -> Iterator[tuple[str, str]]:
        """Yield the rows of the table: asset, what happened, subject, context; not what is said."""
        data = event.data
        keys = [key for key in self._fact_keys(event_type) if key not in used and data.get(key) not in (None, [])]
        if "source_type" in keys:
            asset = _taken(keys, "source_type", "language", "content_type")
            yield "Asset", ", ".join(self._of(key, data) for key in asset)
        if "severity" in keys and _taken(keys, "redelivery_round"):
            keys.remove("severity")
            turn = self._short(self.catalogue.fields["redelivery_round"], data["redelivery_round"])
            yield self.catalogue.fields["severity"].label, f"{self._of('severity', data)} · {turn}"
        if subject := shown(event.subject or "").strip():
            place = sum(key not in _CONTEXT for key in keys)
            keys.insert(place, _SUBJECT)
        for key in keys:
            if key == _SUBJECT:
                noun = noun_of(event.type)
                yield f"{noun[:1].upper()}{noun[1:]}", subject
            elif key not in _OWN or data[key] != self.person.partner:
                yield shown(self.catalogue.fields[key].label), self._of(key, data)

    def _fact_keys(self, event_type: EventType) -> tuple[str, ...]:
        """Return the keys of a type's table: what happened, then context."""
        known = self._facts.get(event_type.id)
        if known is None:
            keys = [key for key in event_type.fields if key not in ("title", MENTIONS_ME) and not self._is_note(key)]
            keys.sort(key=lambda key: _CONTEXT.index(key) if key in _CONTEXT else -1)
            known = self._facts[event_type.id] = tuple(keys)
        return known

    def _of(self, key: str, data: Mapping[str, Any]) -> str:
        return self._value(self.catalogue.fields[key], data[key])

    def _value(self, field: Field, value: Any) -> str:
        """Return the values of a field in full words."""
        form = self._forms.get(field.type)
        values = value if isinstance(value, list | tuple) else (value,)
        return ", ".join(form(one) if form and isinstance(one, str) else plain(one) for one in values)

    def _codes(self, field: Field, value: Any) -> str:
        """Return the values of a field in short: languages by their tags."""
        values = value if isinstance(value, list | tuple) else (value,)
        return ", ".join(map(plain, values)) if field.type is not FieldType.PARTNER else self._value(field, value)

    def _date(self, value: str) -> str:
        try:
            return self.day(parse_date(value))
        except ValueError:  # from before the catalogue called this field a date
            return shown(value)

    def _short(self, field: Field, value: Any) -> str:
        form = SHORT.get(field.key, "{}")
        if field.type is FieldType.BOOLEAN:
            return form if value is True else ""
        if field.type is FieldType.INTEGER and isinstance(value, int):
            for place, said_as in COUNTED.items():
                if place in form:
                    form = form.replace(place, said_as(value))
            return form
        said = self._value(field, value)
        if field.type is FieldType.DATE:
            said = said.partition(" ")[2] or said
        return form.replace("{}", said)


def _taken(keys: list[str], *wanted: str) -> list[str]:
    found = [key for key in wanted if key in keys]
    for key in found:
        keys.remove(key)
    return found
