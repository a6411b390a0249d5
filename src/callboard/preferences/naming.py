"""A notification in words: the name its owner gave it, or the sentence that its conditions say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callboard.base.instants import parse_date
from callboard.base.texts import shown
from callboard.catalogue.values import Catalogue, Condition, Field, FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from callboard.preferences.values import Notification

LANGUAGE_NAMES: Mapping[str, str] = {
    "ar": "Arabic",
    "cmn": "Mandarin",
    "cmn-tw": "Mandarin, Taiwan",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "en-gb": "English, UK",
    "es": "Spanish",
    "es-419": "Spanish, Latin America",
    "es-es": "Spanish, Spain",
    "fi": "Finnish",
    "fil": "Filipino",
    "fr": "French",
    "fr-ca": "French, Canada",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nb": "Norwegian Bokmål",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "pt-br": "Portuguese, Brazil",
    "pt-pt": "Portuguese, Portugal",
    "ro": "Romanian",
    "sv": "Swedish",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "yue": "Cantonese",
    "zh": "Chinese",
    "zh-hans": "Chinese, simplified",
    "zh-hant": "Chinese, traditional",
}
"""English names of the shipped catalogue's language tags and their bases; keys are lower-case."""

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""Short names of the months, January first."""


def title_of(notification: Notification, catalogue: Catalogue, partner_name: Callable[[str], str]) -> str:
    """Return the notification's name; without one, the sentence that its conditions say."""
    name = shown(notification.name).strip()
    return name or sentence(notification, catalogue, partner_name)


def sentence(notification: Notification, catalogue: Catalogue, partner_name: Callable[[str], str]) -> str:
    """Return what a notification asks for: event type, then its conditions joined by "and".

    For example `Redelivery Requested where Content Type is Branded and Source Type is Video
    & Audio`. `partner_name` gives the name of a partner's id. What the catalogue no longer
    knows is called by its id.
    """
    event_type = catalogue.event_types.get(notification.event_type)
    label = event_type.label if event_type else notification.event_type
    if not notification.where:
        return shown(label)
    said = [condition_words(one, catalogue, partner_name) for one in notification.where]
    return f"{shown(label)} where {' and '.join(said)}"


def condition_words(condition: Condition, catalogue: Catalogue, partner_name: Callable[[str], str]) -> str:
    """Return one condition in words, such as `Redelivery Round is at least 2`."""
    field = catalogue.fields.get(condition.field)
    if field is None:
        return shown(f"{condition.field} {condition.op} {condition.value}")
    return f"{shown(field.label)} {_predicate(field, condition, partner_name)}"


def language_name(tag: str) -> str:
    """Return a language tag with its English name, `English (en)`, or the tag when unknown."""
    lower = tag.lower()
    name = LANGUAGE_NAMES.get(lower) or LANGUAGE_NAMES.get(lower.partition("-")[0])
    return f"{name} ({tag})" if name else tag


def either(words: list[str], last: str = "or") -> str:
    """Return `a`, `a or b`, `a, b or c`; `last` is the word before the last one."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _predicate(field: Field, condition: Condition, partner_name: Callable[[str], str]) -> str:
    value = condition.value
    match condition.op:
        case "any_of" | "none_of" | "any_of_incl":
            return _among(field, condition.op, [_code(field, one, partner_name) for one in value])
        case "between":
            return f"is between {value[0]} and {value[1]}"
        case "within_days":
            return f"is within the next {value} day{'' if value == 1 else 's'}"
        case "overdue":
            return "is overdue"
        case "is":
            return "is yes" if value else "is no"
        case _:
            return f"{_VERBS.get(condition.op, condition.op)} {_plain(field, value)}"


_VERBS: Mapping[str, str] = {
    "equals": "is",
    "contains": "contains",
    "starts_with": "starts with",
    "at_least": "is at least",
    "at_most": "is at most",
    "before": "is before",
    "after": "is after",
}


def _among(field: Field, op: str, words: list[str]) -> str:
    if op == "none_of":
        return f"is not {words[0]}" if len(words) == 1 else f"is none of {either(words)}"
    if op == "any_of_incl" and "*" in words:
        return f"is any {shown(field.label).lower()}"
    said = f"is {words[0]}" if len(words) == 1 else f"is any of {either(words)}"
    if op == "any_of":
        return said
    if field.type is FieldType.LANGUAGE:
        return f"{said} with regional variants"
    return f"{said} including {'its' if len(words) == 1 else 'their'} sites"


def _code(field: Field, value: Any, partner_name: Callable[[str], str]) -> str:
    text = str(value)
    if field.type is FieldType.PARTNER:
        text = partner_name(text)
    elif field.type is FieldType.LANGUAGE:
        text = language_name(text)
    return shown(text)


def _plain(field: Field, value: Any) -> str:
    if field.type is FieldType.TEXT:
        return f"“{shown(str(value))}”"
    if field.type is FieldType.DATE and isinstance(value, str):
        on = parse_date(value)
        return f"{on.day} {MONTHS[on.month - 1]} {on.year}"
    return shown(str(value))
