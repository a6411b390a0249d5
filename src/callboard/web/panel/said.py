"""Whole sentences, kept from one page to the next: most of a page is as it was the last time.

A sentence depends on what the notification asks for, on the names of its titles and partners, on the person's
partner and on the directory; all of it is in the key, so nothing has to be forgotten by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from callboard.catalogue.values import FieldType
from callboard.web.panel.finding import searchable
from callboard.web.panel.sentences import MANY, TITLES, folded_html, sentence_parts, short_title, unfolded

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from django.utils.safestring import SafeString

    from callboard.catalogue.values import Condition
    from callboard.people.values import Directory
    from callboard.preferences.values import Notification
    from callboard.web.panel.sentences import Part
    from callboard.web.viewer import Viewer

KEPT = 4_000
"""Sentences kept per directory, some kilobytes each."""


@dataclass(frozen=True, slots=True)
class Said:
    """A notification's sentence in the forms that the list needs."""

    parts: tuple[Part, ...]
    html: SafeString
    title: str
    searchable: str


_known: WeakKeyDictionary[Directory, dict[Hashable, Said]] = WeakKeyDictionary()


def said_of(one: Notification, viewer: Viewer, names: Mapping[str, str]) -> Said:
    """Return a notification's sentence. `names` are those of the titles it names."""
    if len(one.where) > MANY:
        return _say(one, viewer, names)
    known = _known.setdefault(viewer.directory, {})
    key = (
        id(viewer.catalogue),
        viewer.person.partner,
        one.event_type,
        *(_key(each, viewer, names) for each in one.where),
    )
    found = known.get(key)
    if found is None:
        if len(known) >= KEPT:
            known.clear()
        found = known[key] = _say(one, viewer, names)
    return found


def _key(condition: Condition, viewer: Viewer, names: Mapping[str, str]) -> Hashable:
    value = tuple(condition.value) if isinstance(condition.value, list) else condition.value
    field = viewer.catalogue.fields.get(condition.field)
    called: tuple[str | None, ...] = ()
    if condition.field == TITLES:
        called = tuple(map(names.get, value))
    elif field is not None and field.type is FieldType.PARTNER and isinstance(value, tuple):
        called = tuple(map(viewer.partner_called, map(str, value)))
    return condition.field, condition.op, value, called


def _say(one: Notification, viewer: Viewer, names: Mapping[str, str]) -> Said:
    parts = tuple(sentence_parts(one, viewer, names))
    codes = (str(each) for where in one.where if where.field == TITLES for each in where.value)
    text = " ".join(("".join(part.text for part in unfolded(parts)), *codes))
    return Said(parts, folded_html(parts), short_title(parts), searchable(text))
