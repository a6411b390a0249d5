"""Accounts that nobody uses: their people are warned, and warned again, then the accounts end.

Used is an account whose person signed in, or used a link of a mail. The letters are kept until
they have left (`mail.letters`): nobody's access ends because a server was away for an hour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from django.db import transaction
from django.template.loader import render_to_string

from callboard.base.config import Config
from callboard.base.instants import from_us
from callboard.base.texts import shown
from callboard.catalogue.values import Catalogue
from callboard.changing import By, Door, change_people
from callboard.mail.letters.store import NewLetter, made_since, post_letter
from callboard.mail.wording import zone_of
from callboard.people import store as people
from callboard.people.access import valid_roles
from callboard.people.inactivity import Account, Due, Step, due_steps, may_be_due
from callboard.people.rules import PeopleFile
from callboard.people.sequences import hold_changes
from callboard.people.values import Directory, Person, is_test_address
from callboard.preferences.naming import MONTHS

WARNING_LETTER, REMINDER_LETTER = "dormant", "dormant-last"

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unused:
    """An account for which a step is due, with its person."""

    person: Person
    due: Due


def unused_accounts(config: Config, catalogue: Catalogue, now: datetime) -> list[Unused]:
    """Return the accounts for which a step is due now, longest unused first. For the console: `Step.KEEP`."""
    if not _may_be_due(config, now):
        return []
    directory = people.load_directory()
    found = due_steps(_accounts(directory, catalogue), config.dormant_months, now)
    return [Unused(directory.persons[one.account.person_id], one) for one in found]


def check_dormant(config: Config, catalogue: Catalogue, now: datetime) -> Counter[str]:
    """Do what is due: warn, remind, end; return how many of each, and how many last Masters are kept."""
    if not _may_be_due(config, now):
        return Counter()
    with transaction.atomic():
        hold_changes()
        directory = people.load_directory()
        found = due_steps(_accounts(directory, catalogue), config.dormant_months, now)
        for one in found:
            if one.step in (Step.WARN, Step.REMIND):
                _write(one, directory.persons[one.account.person_id], config, now)
        people.note_warned([one.account.person_id for one in found if one.step is Step.WARN], now)
        ended = [one.account for one in found if one.step is Step.END]
        _end(ended, directory, catalogue, config.dormant_months, now)
    counts = Counter(one.step.value for one in found)
    if found:
        logger.info("dormant accounts checked", **counts)
    return counts


def _may_be_due(config: Config, now: datetime) -> bool:
    """Return whether it is worth to look at everybody."""
    first_us = people.longest_unused_us()
    return first_us is not None and may_be_due(from_us(first_us), config.dormant_months, now)


def _accounts(directory: Directory, catalogue: Catalogue) -> Iterator[Account]:
    """Yield the accounts that can end by themselves: active ones of people at partners, no operators, no test users."""
    reminded = made_since(REMINDER_LETTER)
    for person_id, used_us, warned_us in people.unused_since():
        person = directory.persons[person_id]
        if is_test_address(person.email):
            continue
        is_master = any(catalogue.is_master(role) for role in valid_roles(person, catalogue))
        yield Account(
            person_id=person_id,
            used_at=from_us(used_us),
            warned_at=None if warned_us is None else from_us(warned_us),
            reminded=warned_us is not None and reminded.get(person_id, 0) >= warned_us,
            master_of=person.partner if is_master else None,
        )


def _end(accounts: Sequence[Account], directory: Directory, catalogue: Catalogue, months: int, now: datetime) -> None:
    if not accounts:
        return
    persons = tuple(replace(directory.persons[one.person_id], active=False) for one in accounts)
    note = f"Not used for {months} months, after two warnings by mail."
    by = By(None, Door.NIGHTLY, note)
    change_people(PeopleFile((), persons), directory, catalogue, by, now, announce=True)


def _write(due: Due, person: Person, config: Config, now: datetime) -> None:
    reminder = due.step is Step.REMIND
    words = {
        "name": shown(person.name),
        "ends": _day(due.ends_at, person),
        "used": _day(due.account.used_at, person),
        "months": config.dormant_months,
        "reminder": reminder,
        "base_url": config.base_url,
        "email": shown(person.email),
    }
    subject = f"Your Callboard account ends on {words['ends']}"
    letter = NewLetter(
        kind=REMINDER_LETTER if reminder else WARNING_LETTER,
        user_id=person.id,
        subject=subject,
        text=render_to_string("account/email/dormant_message.txt", words),
        html=render_to_string("account/email/dormant_message.html", words | {"subject": subject}),
    )
    post_letter(letter, config, now)


def _day(at: datetime, person: Person) -> str:
    local = at.astimezone(zone_of(person.time_zone)[0])
    return f"{local.day} {MONTHS[local.month - 1]} {local.year}"
