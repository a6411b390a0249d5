"""What a notification asks for, as a sentence whose important words are strong."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString, mark_safe

from callboard.base.texts import shown
from callboard.catalogue.values import FieldType
from callboard.preferences.naming import condition_words, language_name
from callboard.preferences.values import Kind, Notification
from callboard.web import titles
from callboard.web.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from callboard.catalogue.values import Condition, Field
    from callboard.web.viewer import Viewer

TITLES = "title_id"
MANY = 8
"""Values of a condition, or conditions of a notification, that a sentence still says whole."""
SAID = 5
"""Of more than `MANY`, so many are said and the rest is folded away."""
LONGEST_TITLE = 120
"""Characters by which a screen reader is told which row a button belongs to."""
_AMONG = frozenset({"any_of", "none_of", "any_of_incl"})
_VERB = re.compile(
    r"is none of|is any of|is at least|is at most|is between|is before|is after|is within the next|is not|is any"
    r"|starts with|contains|is"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence; what matters is strong.

    `more` is what `text` stands for when it is folded away: first what joins it to the sentence.
    """

    text: str
    strong: bool = False
    more: tuple[Part, ...] = ()


def parts_html(parts: Iterable[Part]) -> SafeString:
    """Return a sentence's parts, escaped and whole, with what is strong in bold."""
    return mark_safe("".join(_html(one) for one in unfolded(parts)))  # noqa: S308 - every part is escaped


def folded_html(parts: Iterable[Part]) -> SafeString:
    """Return a sentence's parts, escaped, with long lists behind "and 27 more"."""
    return mark_safe("".join(_fold(one) if one.more else _html(one) for one in parts))  # noqa: S308 - every part is escaped


def unfolded(parts: Iterable[Part]) -> Iterator[Part]:
    """Yield the parts with everything that is folded away in its place."""
    for one in parts:
        if one.more:
            yield from unfolded(one.more)
        else:
            yield one


def short_title(parts: Iterable[Part]) -> str:
    """Return the sentence as plain text, cut where a button's name would become a burden."""
    said = "".join(one.text for one in parts)
    return said if len(said) <= LONGEST_TITLE else f"{said[: LONGEST_TITLE - 1].rstrip()}…"


def _fold(part: Part) -> str:
    rest = "".join(map(_html, unfolded(part.more[1:])))
    return f' <details class="more"><summary>{escape(part.text.strip())}</summary>: {rest}</details>'


def _html(part: Part) -> str:
    return f"<b>{escape(part.text)}</b>" if part.strong else escape(part.text)


def title_ids(notifications: Iterable[Notification]) -> set[str]:
    """Return the titles that notifications name, so that a page looks their names up at once."""
    found: set[str] = set()
    for one in notifications:
        for condition in one.where:
            if condition.field == TITLES and condition.op in _AMONG:
                found.update(map(str, condition.value))
    return found


def sentence_parts(one: Notification, viewer: Viewer, names: Mapping[str, str] | None = None) -> Iterator[Part]:
    """Yield what a notification asks for as a sentence: event type, then its conditions or its scope.

    `names` are those of the titles; without them they are looked up.
    """
    event_type = viewer.catalogue.event_types.get(one.event_type)
    yield Part(shown(event_type.label if event_type else one.event_type), strong=True)
    if one.where:
        if names is None:
            names = titles.names_of(title_ids([one]), viewer)
        yield Part(" where ")
        said = len(one.where) if len(one.where) <= MANY else SAID
        yield from _all_of(one.where[:said], viewer, names)
        if rest := one.where[said:]:
            more = (Part(" and "), *_all_of(rest, viewer, names))
            yield Part(f" and {plural(len(rest), 'more condition')}", more=more)
    elif one.kind is Kind.DEFAULT and viewer.person.partner:
        yield from _scope(viewer)


def _scope(viewer: Viewer) -> Iterator[Part]:
    partner = viewer.directory.partners.get(viewer.person.partner or "")
    if partner and partner.kind == "studio":
        yield Part(" for every partner")
        return
    has_sites = any(other.parent == viewer.person.partner for other in viewer.directory.partners.values())
    yield Part(" for everything that concerns ")
    yield Part(shown(viewer.partner_name), strong=True)
    yield Part(" and its sites" if has_sites else "")


def _all_of(where: Iterable[Condition], viewer: Viewer, names: Mapping[str, str]) -> Iterator[Part]:
    for place, condition in enumerate(where):
        if place:
            yield Part(" and ")
        yield from condition_parts(condition, viewer, names)


def condition_parts(condition: Condition, viewer: Viewer, names: Mapping[str, str] | None = None) -> Iterator[Part]:
    """Yield one condition with its field and its values strong, its verb plain."""
    field = viewer.catalogue.fields.get(condition.field)
    if field and condition.op in _AMONG and "*" not in condition.value:
        yield from _among(field, condition, _Words(field, viewer, names))
        return
    words = condition_words(condition, viewer.catalogue, viewer.partner_called)
    label = shown(field.label) if field else ""
    if not label or not words.startswith(f"{label} "):
        yield Part(words, strong=True)
        return
    said = words[len(label) + 1 :]
    verb = _VERB.match(said)
    cut = verb.end() if verb else 0
    yield Part(label, strong=True)
    yield Part(f" {said[:cut]} " if cut else " ")
    yield Part(said[cut:].strip(), strong=True)


class _Words:
    """What the values of a field are called."""

    def __init__(self, field: Field, viewer: Viewer, names: Mapping[str, str] | None) -> None:
        self.field, self.viewer, self.names = field, viewer, names

    def of(self, values: Iterable[Any]) -> list[str]:
        """Return the values in words, in their order."""
        said = list(map(str, values))
        if self.field.type is FieldType.PARTNER:
            said = list(map(self.viewer.partner_called, said))
        elif self.field.type is FieldType.LANGUAGE:
            said = list(map(language_name, said))
        elif self.field.key == TITLES:
            names = titles.names_of(set(said), self.viewer) if self.names is None else self.names
            said = [names.get(one) or one for one in said]
        return list(map(shown, said))


def _among(field: Field, condition: Condition, called: _Words) -> Iterator[Part]:
    """Yield a condition with a list of values: each is strong, so that one in another script stands by itself."""
    words = called.of(condition.value)
    single = len(words) == 1
    is_not = condition.op == "none_of"
    verb = ("is not" if is_not else "is") if single else ("is none of" if is_not else "is any of")
    yield Part(shown(field.label), strong=True)
    yield Part(f" {verb} ")
    yield from _listed(words)
    if condition.op == "any_of_incl":
        regional = field.type is FieldType.LANGUAGE
        yield Part(" with regional variants" if regional else f" including {'its' if single else 'their'} sites")


def _listed(words: list[str]) -> Iterator[Part]:
    """Yield "a, b or c"; of many, some and then "and 27 more"."""
    if len(words) > MANY:
        yield from _separated(words[:SAID], ", ")
        yield Part(f" and {len(words) - SAID:,} more", more=(Part(", "), *_separated(words[SAID:], " or ")))
    else:
        yield from _separated(words, " or ")


def _separated(words: list[str], last: str) -> Iterator[Part]:
    for place, word in enumerate(words):
        if place:
            yield Part(", " if place < len(words) - 1 else last)
        yield Part(word, strong=True)
