"""The demo's sample people: a few hand-picked ones with what to look for, and a search over all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callboard.base.texts import shown
from callboard.web import store
from callboard.web.viewer import catalogue
from callboard.web.words import initials

if TYPE_CHECKING:
    from callboard.people.models import User

PICKED = (
    ("ana@copperglass.example", "Blockers at once, digests at eight, and one mail for 470 assignments"),
    ("gemma@copperglass.example", "A site of Copperglass: sees what is sub-assigned to Leeds"),
    ("clara@lexiloom.example", "Subtitles and dubs, by language"),
    ("olivia@brackenfold.example", "A Master: under Team her people, their roles, and who is told what"),
    ("poppy@brackenfold.example", "Part of Brackenfold: sees her own titles only"),
    ("mio@sugiharbor.example", "Tokyo: digests at nine in her own time zone"),
    ("agata@plumbline.example", "Sees quality control and nothing else"),
    ("helen@meridianlantern.example", "The studio: every partner, every event"),
)
"""Address and what to look for. Who is not in the database is left out."""
FOUND = 40


@dataclass(frozen=True, slots=True)
class Sample:
    """A sample person as the first screen shows one."""

    email: str
    name: str
    initials: str
    partner: str
    kind: str
    roles: str
    zone: str
    hint: str
    active: bool


def samples() -> list[Sample]:
    """Return the hand-picked people that are there."""
    hints = dict(PICKED)
    return [_sample(one, hints.get(one.email, "")) for one in store.users_by_email([email for email, _ in PICKED])]


def search(text: str) -> list[Sample]:
    """Return the people in whose name, address, partner or role every word occurs."""
    return [_sample(one, "") for one in store.search_users(text, FOUND)]


def _sample(user: User, hint: str) -> Sample:
    known = catalogue().roles
    roles = [shown(known[role].label) if role in known else shown(role) for role in user.roles.split()]
    partner = user.partner
    return Sample(
        email=user.email,
        name=shown(user.name),
        initials=initials(shown(user.name)),
        partner=shown(partner.name) if partner else "",
        kind=partner.kind.replace("_", " ").capitalize() if partner else "",
        roles=", ".join(roles),
        zone=user.time_zone,
        hint=hint,
        active=user.is_active,
    )
