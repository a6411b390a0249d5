"""Studios whose events carry words of their own, and who may see which of them: A1–A3 said once more, plainly."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from tests.property.accounts import EMAILS, KINDS, SEATS, Studio, accounts, said, studios
from tests.unit.studio import CATALOGUE

from callboard.intake.models import EventRecord
from callboard.people.models import Partner, User

TYPES = [
    "delivery.redelivery_requested",
    "qc.report_ready",
    "material.rejected",
    "comment.added",
    "account.user_changed",
]
TRY = EMAILS[-1]
"""The test user."""
NUMBERS = count(1)
WORD = re.compile(r"kanari\d+[a-z]q|(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", re.IGNORECASE)
"""What tells an event from all others wherever it stands: a word of ours, or the key of its page."""
PARTNER = re.compile(r"Haus[cfqs]\dx")
PERSON = re.compile(r"Leute\dx|p\d@(?:x\.example|test\.invalid)")
CONCERNS = {
    "content_partner": ["content_partner"],
    "fulfillment_partner": ["fulfillment_partner", "sub_assignee"],
    "qc_partner": ["qc_partner"],
}
PARTNER_FIELDS = ["content_partner", "fulfillment_partner", "sub_assignee", "qc_partner"]


@st.composite
def marked_studios(draw: st.DrawFn) -> Studio:
    """A studio in which names are words that nothing else holds."""
    found = draw(studios())
    partners = [one | {"name": f"Haus{one['id']}x"} for one in found.people["partners"]]
    users = [one | {"name": f"Leute{place}x"} for place, one in enumerate(found.people["users"])]
    return replace(found, people={"partners": partners, "users": users})


@st.composite
def told(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Type and data of an event, without its words."""
    event_type = draw(st.sampled_from(TYPES))
    data = draw(said(event_type))
    if event_type == "comment.added":
        data["mentions"] = draw(st.lists(st.sampled_from(EMAILS), max_size=2))
    return event_type, data


def marked(event_type: str, data: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a CloudEvent with words of its own in everything that is a text; two events share a show."""
    show = f"kanari{number - number % 2}wq"
    title = f"kanari{number}tq"
    return {
        "specversion": "1.0", "id": f"kanari{number}iq", "source": "portal", "type": event_type,
        "subject": f"kanari{number}sq", "time": "2026-11-23T09:14:00Z",
        "data": data | {
            "title": f"{show}, {title}", "title_id": [f"kanari{number}kq", f"id-{show}"], "title_names": [title, show],
            "message": f"says kanari{number}mq", "asset_name": f"kanari{number}aq.mov",
        },
    }  # fmt: skip


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, str, dict[str, Any]]:
    """Through which door what changes: of a person by address, or the partner above one."""
    if draw(st.integers(0, 3)) == 0:
        letter, number = draw(st.sampled_from("ccffq")), draw(st.integers(0, 1))
        parents = [None, *(f"{letter}{one}" for one in range(number))]
        return "import", f"{letter}{number}", {"parent": draw(st.sampled_from(parents))}
    place = draw(st.integers(0, len(SEATS) - 1))
    whole = draw(accounts(SEATS[place]))
    kept = draw(
        st.sampled_from([("partner",), ("partner",), ("roles",), ("active",), ("roles", "partner"), tuple(whole)])
    )
    door = draw(st.sampled_from(["command", "scim", "team", "import"]))
    return door, EMAILS[place], {key: whole[key] for key in kept}


def words_in(text: str) -> set[str]:
    """Return the words by which events are told apart that stand in a text."""
    return {one.lower() for one in WORD.findall(text)}


@dataclass(frozen=True)
class Sight:
    """What one person may see now, as words and names."""

    shown: frozenset[str]
    hidden: frozenset[str]
    partners: frozenset[str]
    active: bool


class Truth:
    """Who may see what, read from the tables and the catalogue's roles, without a line of the product's rules."""

    def __init__(self) -> None:
        self.parents = dict(Partner.objects.values_list("id", "parent_id"))
        self.kinds = dict(Partner.objects.values_list("id", "kind"))
        self.events = [
            (one.event_type, json.loads(one.data_json), words_in(f"{one.key} {one.event_id} {one.subject} {one.data_json}"))
            for one in EventRecord.objects.all()
        ]  # fmt: skip

    def up(self, partner: Any) -> list[str]:
        """Return a partner and those above it."""
        found: list[str] = []
        while isinstance(partner, str) and partner in self.parents:
            found.append(partner)
            partner = self.parents[partner]
        return found

    def may_see(self, user: User, event_type: str, data: dict[str, Any]) -> bool:
        """Return whether a user may see an event (A1–A3)."""
        if not user.is_active or user.partner_id is None:
            return False
        kind = self.kinds[user.partner_id]
        held = [CATALOGUE.roles[one] for one in user.roles.split() if one in CATALOGUE.roles]
        patterns = [pattern for role in held if role.kind.value == kind for pattern in role.sees]
        if not any(is_seen(event_type, pattern) for pattern in patterns):
            return False
        if kind == KINDS["s"]:
            return True
        return any(user.partner_id in self.up(data.get(field)) for field in CONCERNS[kind])

    def of(self, email: str) -> Sight:
        """Return what a person may see."""
        user = User.objects.get(email_key=email)
        seen = [(data, words) for type_, data, words in self.events if self.may_see(user, type_, data)]
        shown = {word for _, words in seen for word in words}
        every = {word for _, _, words in self.events for word in words}
        named = {data.get(field) for data, _ in seen for field in PARTNER_FIELDS}
        line = {one for one in self.parents if user.partner_id in self.up(one)} | set(self.up(user.partner_id))
        is_studio = user.partner_id is not None and self.kinds[user.partner_id] == KINDS["s"]
        partners = set(self.parents) if is_studio else named | line
        return Sight(
            frozenset(shown), frozenset(every - shown), frozenset(f"Haus{one}x" for one in partners), user.is_active
        )


def is_seen(event_type: str, pattern: str) -> bool:
    """Return whether a role's pattern takes a type (A2)."""
    if pattern == "*":
        return True
    return event_type.startswith(pattern[:-1]) if pattern.endswith(".*") else event_type == pattern


AFTER = timedelta(days=8)
"""After which every window has ended."""
