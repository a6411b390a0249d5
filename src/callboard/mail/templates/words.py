"""The words of the shipped event types, read from `words.toml` once."""

from __future__ import annotations

import tomllib
import unicodedata
from collections.abc import Callable, Mapping
from importlib.resources import files
from string import Formatter
from typing import TYPE_CHECKING, Any

from callboard.base.texts import shown
from callboard.catalogue.values import FieldType

if TYPE_CHECKING:
    from callboard.catalogue.values import Catalogue, Event, EventType

NOTE_KEYS = ("comment", "note", "reason", "message")
"""Free texts of an event's data that are quoted."""

Text = tuple[tuple[str, str | None], ...]
"""A text of words.toml, cut into (words, field that follows or None)."""


Words = Mapping[str, Any]
"""What words.toml has for one type."""


def _compiled(text: str) -> Text:
    return tuple((words, field) for words, field, _, _ in Formatter().parse(text))


def _load_words() -> dict[str, Any]:
    source = files("callboard.mail.templates").joinpath("words.toml").read_text("utf-8")
    words = tomllib.loads(source)
    for told in words["types"].values():
        for part in ("phrase", "lead", "then"):
            told[part] = tuple(_compiled(text) for text in told.get(part, ()))
    return words


_WORDS = _load_words()
TYPES: Mapping[str, Words] = _WORDS["types"]
SHORT: Mapping[str, str] = _WORDS["short"]
SAID: Mapping[str, Mapping[str, str]] = _WORDS["said"]


def days(count: int) -> str:
    """Return a number of days in words."""
    return f"{count} day" if abs(count) == 1 else f"{count} days"


def due(count: int) -> str:
    """Return in how many days something is due, in words."""
    if count < 0:
        return f"{days(-count)} overdue"
    return {0: "due today", 1: "due tomorrow"}.get(count) or f"due in {days(count)}"


def moved(count: int) -> str:
    """Return by how many days something moved, in words."""
    return f"{days(abs(count))} {'earlier' if count < 0 else 'later'}"


COUNTED: Mapping[str, Callable[[int], str]] = {"{days}": days, "{due}": due, "{delta}": moved, "{}": str}
"""What stands for a number in a short form, and how it is said."""


def counted(event_type: EventType, count: int) -> str:
    """Return how often something happened, "470 source requests assigned"."""
    told = TYPES.get(event_type.id)
    if told is None:
        return f"{count:,} × {shown(event_type.label)}"  # noqa: RUF001 - a number of times
    return f"{count:,} {told['one' if count == 1 else 'many']}"


def unit_of(event_type: str) -> str:
    """Return what several items of a type are together, "files"."""
    return str(_WORDS["units"].get(event_type.partition(".")[0], "updates"))


def noun_of(event_type: str) -> str:
    """Return what an event's subject is, from the first word of its type."""
    head = event_type.partition(".")[0]
    return clipped(str(_WORDS["nouns"].get(head, head.replace("_", " "))), 40)


def clipped(text: str, length: int) -> str:
    """Return `text` in at most `length` characters, its end replaced by … when it is longer."""
    if len(text) <= length:
        return text
    kept = text[: length - 1]
    while len(kept) > 1 and _joins(text[len(kept)]):  # do not cut an accent or an emoji in two
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _joins(character: str) -> bool:
    """Return whether a character belongs to the one before it: accents, emoji modifiers."""
    return (
        unicodedata.combining(character) > 0
        or character in "\u200d\ufe0e\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )


def plain(value: Any) -> str:
    """Return any JSON value as a person would read it, in one line."""
    if isinstance(value, str):
        return shown(value).strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(plain, value))
    return shown(str(value))


def joined_title(show: str, episode: str) -> str:
    """Return `show, episode`, the title as the portal writes it."""
    return f"{show}, {episode}" if show and episode else show or episode


def title_of(event: Event) -> tuple[str, str]:
    """Return the title as (show, rest), ("The Salt Cartographers", "S1 E4").

    The rest is "" where the title does not begin with the show's name; both are "" where the
    event names no title.
    """
    title = plain(event.data.get("title"))
    names = [name for one in event.values("title_names") if (name := plain(one))]
    if not title:
        if names:
            return names[-1], ", ".join(reversed(names[:-1]))
        return plain(next(iter(event.values("title_id")), None)), ""
    start = f"{names[-1]}, " if names else ""
    if start and title.startswith(start) and len(title) > len(start):
        return names[-1], title[len(start) :].strip()
    return title, ""


def notes_of(event: Event, catalogue: Catalogue) -> tuple[str, ...]:
    """Return the event's free texts, whole."""
    found = []
    for key in NOTE_KEYS:
        if key in event.data:
            field = catalogue.fields.get(key)
            values = event.values(key) if field is None or field.type is FieldType.TEXT else ()
            found += [said for one in values if isinstance(one, str) and (said := plain(one))]
    return tuple(found)
