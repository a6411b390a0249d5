"""What a notification asks for, as a sentence whose important words are strong."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from callboard.base.texts import shown
from callboard.preferences.naming import condition_words
from callboard.preferences.values import Kind, Notification
from callboard.web import titles

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from callboard.catalogue.values import Condition
    from callboard.web.viewer import Viewer

TITLES = "title_id"
_VERB = re.compile(
    r"is none of|is any of|is at least|is at most|is between|is before|is after|is within the next|is not|is any"
    r"|starts with|contains|is"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sentence; what matters is strong."""

    text: str
    strong: bool = False


def parts_html(parts: Iterable[Part]) -> SafeString:
    """Return a sentence's parts, escaped, with what is strong in bold."""
    pieces = [f"<b>{escape(part.text)}</b>" if part.strong else escape(part.text) for part in parts]
    return mark_safe("".join(pieces))  # noqa: S308 - every part is escaped above


def sentence_parts(one: Notification, viewer: Viewer) -> Iterator[Part]:
    """Yield what a notification asks for as a sentence: event type, then its conditions or its scope."""
    event_type = viewer.catalogue.event_types.get(one.event_type)
    yield Part(shown(event_type.label if event_type else one.event_type), strong=True)
    if one.where:
        yield Part(" where ")
        for place, condition in enumerate(one.where):
            if place:
                yield Part(" and ")
            yield from condition_parts(condition, viewer)
    elif one.kind is Kind.DEFAULT and viewer.person.partner:
        partner = viewer.directory.partners.get(viewer.person.partner)
        if partner and partner.kind == "studio":
            yield Part(" for every partner")
        else:
            has_sites = any(other.parent == viewer.person.partner for other in viewer.directory.partners.values())
            yield Part(" for everything that concerns ")
            yield Part(shown(viewer.partner_name), strong=True)
            yield Part(" and its sites" if has_sites else "")


def condition_parts(condition: Condition, viewer: Viewer) -> Iterator[Part]:
    """Yield one condition with its field and its values strong, its verb plain."""
    if condition.field == TITLES and isinstance(condition.value, list | tuple):
        names = tuple(titles.name_of(one, viewer) if isinstance(one, str) else one for one in condition.value)
        condition = replace(condition, value=names)
    words = condition_words(condition, viewer.catalogue, viewer.directory.partner_name)
    field = viewer.catalogue.fields.get(condition.field)
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
