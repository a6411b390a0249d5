"""The list of a Master's people: who they are, when they were here, what they are mailed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from callboard.base.texts import address_key, shown
from callboard.insights.team import store
from callboard.mail.feedback.store import undelivered
from callboard.people.values import is_test_address
from callboard.preferences import actions
from callboard.preferences import store as preferences
from callboard.preferences.values import Kind
from callboard.web.words import ago, initials, plural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from callboard.insights.team.store import Account
    from callboard.people.values import Person
    from callboard.web.team.master import Master

COUNTED = timedelta(days=7)
PAGE = 100
"""People that the list shows; of a larger team the search finds the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person of the list, in words. `undelivered` says what the mail server answered, or ""."""

    id: int
    name: str
    initials: str
    email: str
    partner: str
    roles: tuple[str, ...]
    seen: str
    mails: int
    undelivered: str
    is_active: bool
    is_test: bool
    is_self: bool


def roster(master: Master, shown_tab: str, words: tuple[str, ...]) -> tuple[list[Line], bool]:
    """Return the people of one tab that each word is found in, and whether there are more."""
    found = store.accounts(master.partner_ids, shown_tab, words, PAGE + 1)
    return lines_of(found[:PAGE], master), len(found) > PAGE


def lines_of(found: Iterable[Account], master: Master) -> list[Line]:
    """Return accounts as lines."""
    accounts = list(found)
    mails = store.mails_since([one.id for one in accounts], master.viewer.now - COUNTED)
    stuck = {address_key(one.email): shown(one.words) for one in undelivered(master.partner_ids)}
    return [_line(one, master, mails.get(one.id, 0), stuck.get(address_key(one.email), "")) for one in accounts]


def _line(one: Account, master: Master, mails: int, stuck: str) -> Line:
    return Line(
        id=one.id,
        name=shown(one.name),
        initials=initials(shown(one.name)),
        email=shown(one.email),
        partner=master.called(one.partner) if len(master.partners) > 1 else "",
        roles=role_labels(one.roles, master),
        seen=seen_words(one, master),
        mails=mails,
        undelivered=stuck,
        is_active=one.is_active,
        is_test=is_test_address(one.email),
        is_self=one.id == master.viewer.person.id,
    )


def role_labels(roles: Iterable[str], master: Master) -> tuple[str, ...]:
    """Return what roles are called, in the catalogue's order; unknown ones last, by id."""
    known = master.viewer.catalogue.roles
    order = {role: place for place, role in enumerate(known)}
    ordered = sorted(roles, key=lambda one: (order.get(one, len(order)), one))
    return tuple(shown(known[one].label if one in known else one) for one in ordered)


def seen_words(one: Account, master: Master) -> str:
    """Return when somebody was last here, by sign-in or by a mail's link."""
    if is_test_address(one.email):
        return "Test user"
    if one.seen_at is None:
        return "Never signed in"
    return f"Here {ago(one.seen_at, master.viewer.now)}"


def count_words(lines: list[Line], *, more: bool) -> str:
    """Return "12 people"; of more than a page, that there are others."""
    said = plural(len(lines), "person", "people")
    return f"The first {said}; search to find others" if more else said


def settings_words(person: Person, master: Master) -> str:
    """Return how many notifications somebody has: "11 Defaults, 2 Custom, 1 muted"."""
    mine = actions.own(person, master.viewer.catalogue)
    defaults = sum(one.kind is Kind.DEFAULT for one in mine)
    mutes = preferences.mutes_of(person.id)
    muted = sum(one.ref in mutes and mutes[one.ref].is_muted(master.viewer.now) for one in mine)
    said = [plural(defaults, "Default"), f"{len(mine) - defaults:,} Custom", *([f"{muted:,} muted"] if muted else [])]
    return ", ".join(said)
