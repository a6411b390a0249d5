"""What a request may say, and how what is attached to it reads. Plain; no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from callboard.base.texts import shown

MAX_TEXT = 5_000
"""Characters of a request, and of every later word on it."""
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""What a request's number is made of: no letter that reads like a digit. Source: Crockford's base 32."""
NUMBER_LENGTH = 6


def clean_text(raw: str) -> str:
    """Return what somebody typed, without control characters but for line breaks, and without spaces around it."""
    lines = raw.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(shown(line).rstrip() for line in lines).strip()


def text_fault(text: str) -> str:
    """Return what is wrong with a cleaned text, or ""."""
    if not text:
        return "Write in a sentence or two what happened and what you would like."
    if len(text) > MAX_TEXT:
        return f"This has {len(text):,} characters; {MAX_TEXT:,} fit. Make it shorter."
    return ""


def facts_of(context: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield label and text of everything that is attached but the explanations of events."""
    person = context["person"]
    yield "Person", f"{person['name']}, {person['email']}"
    if person["partner"]:
        yield "Partner", person["partner"]
    yield "Roles", ", ".join(person["roles"]) or "none"
    yield "Time zone", _clock_words(person)
    muted = sum(one["muted"] for one in context["notifications"])
    yield "Notifications", f"{len(context['notifications']):,}" + (f", {muted:,} of them muted" if muted else "")
    if context["undelivered"]:
        yield "Address", f"mails are held: {context['undelivered']}"
    if context["mail"]:
        yield "Mail", _mail_words(context["mail"])
    if context["named"]:
        known = "" if context["events"] else ": nothing that this person may see"
        yield "Named", f"“{context['named']}”{known}"
    if context["page"]:
        yield "Page", context["page"]
    if context["error"]:
        yield "Error", context["error"]


def _clock_words(person: Mapping[str, Any]) -> str:
    return (
        f"{person['time_zone']}; digests at {person['digest_hour']:02}:00,"
        f" weekly ones on {person['digest_weekday'].capitalize()}"
    )


def _mail_words(mail: Mapping[str, Any]) -> str:
    items = "1 item" if mail["count"] == 1 else f"{mail['count']:,} items"
    kind = "At once" if mail["frequency"] == "immediately" else f"{mail['frequency'].capitalize()} digest"
    return f"{kind}, {items}, {mail['state']}"


def event_title(event: Mapping[str, Any]) -> str:
    """Return what an attached event is called: "Redelivery Requested · SR-00012345"."""
    return " · ".join(shown(one) for one in (event["label"], event["subject"] or event["id"]))
