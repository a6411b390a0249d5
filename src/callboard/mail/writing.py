"""Writing mails: what is the same for many is written once and kept while no setting changes.

A `Form` is kept for each combination of items, span and reader's view (zone, partner, day, and
the person where an event names the person, or the person stands in for somebody); a mail of a
broadcast then costs some ten microseconds.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from callboard.base.config import Config
from callboard.base.instants import from_us
from callboard.base.keyed import keyed_hash, sign_id
from callboard.mail.checking import EVENTS_KEPT, Checker, Told
from callboard.mail.composing import MUTE_LINK
from callboard.mail.dkim import Seal, make_signer
from callboard.mail.letter import Item, Letter
from callboard.mail.mime import MUTE_PLACE, Form, list_id, make_form, thread_key
from callboard.mail.store import Leased
from callboard.mail.wire import Written
from callboard.mail.wording import Line, Lines, zone_of
from callboard.people.values import Person

FORMS_BYTES = 64_000_000
"""Bytes of forms in memory at a time."""


@dataclass(frozen=True, slots=True)
class _Kept:
    form: Form
    seal: Seal | None
    thread: tuple[str, str]
    size: int


class Writer:
    """Writes mails. Owned by the thread that owns the world."""

    def __init__(self, config: Config, checker: Checker) -> None:
        self.config = config
        self.checker = checker
        self.signer = make_signer(config)
        self._revision = -1
        self._forms: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()
        self._bytes = 0
        self._lines: dict[tuple[str, int], Line] = {}
        self.was_new = False
        """Whether the last mail's form had to be made."""

    def write(self, mail: Leased, person: Person, told: Told) -> Written:
        """Return the whole message.

        Raises:
            PermanentError: it can not be written; a retry would end the same.
        """
        config = self.config
        kept = self._form(mail, person, told)
        root = keyed_hash(config.secret_key, "thread", person.id, *kept.thread)
        return kept.form.fill(
            person,
            _at(mail.composed_us),
            mail.message_id,
            f"<{root}@{config.mail_host}>",
            f"{config.base_url}/mute/{sign_id(config.secret_key, MUTE_LINK, mail.id)}",
            kept.seal,
        )

    def _form(self, mail: Leased, person: Person, told: Told) -> _Kept:
        if self._revision != self.checker.world.revision:
            self._forget()
        today = _local_day(mail.composed_us, person.time_zone)
        named = told.items.named
        is_own = bool(told.items.lenders) or (bool(named) and person.key in named)
        reader = person.key if is_own else ""
        key = (told, person.time_zone, person.locale, person.partner, today, reader)
        kept = self._forms.get(key)
        self.was_new = kept is None
        if kept is not None:
            self._forms.move_to_end(key)
            return kept
        letter = self._letter(mail, person, told, self.checker.told(told.items))
        config, world = self.config, self.checker.world
        form = make_form(
            letter, world.catalogue, world.directory,
            base_url=config.base_url, sender=config.sender, host=config.mail_host,
            lines=self._known_lines(),
        )  # fmt: skip
        subject = thread_key(letter.items)
        thread = ("list", list_id(letter, config.mail_host)) if subject is None else ("subject", subject)
        seal = Seal(self.signer, form.body) if self.signer else None
        size = sum(map(len, form.body)) * (2 if seal else 1) + 200 * len(told.items.pairs)
        kept = _Kept(form, seal, thread, size)
        self._keep(key, kept)
        return kept

    def _letter(self, mail: Leased, person: Person, told: Told, items: Sequence[Item]) -> Letter:
        directory = self.checker.world.directory
        lenders = (one for one in sorted(told.items.lenders) if directory.stands_in(person.id, one))
        standing_in = tuple(found for one in lenders if (found := directory.stand_in_of(person.id, one)))
        if told.items.lenders:
            items = _without_ended(items, {0, *(one.person_id for one in standing_in)})
        return Letter(
            person=person,
            partner_name=directory.partner_name(person.partner) if person.partner else "",
            frequency=told.frequency,
            starts_at=from_us(told.starts_us),
            ends_at=from_us(told.ends_us),
            items=tuple(items),
            dated_at=from_us(mail.composed_us),
            message_id=mail.message_id,
            thread_root="",
            mute_url=MUTE_PLACE,
            standing_in=standing_in,
        )

    def _known_lines(self) -> Lines:
        """Return the lines of the events told so far, of no more than are kept themselves: both hold the comments."""
        if len(self._lines) > EVENTS_KEPT:
            self._lines.clear()
        return self._lines

    def _keep(self, key: tuple[object, ...], kept: _Kept) -> None:
        self._forms[key] = kept
        self._bytes += kept.size
        while self._bytes > FORMS_BYTES and len(self._forms) > 1:
            _, oldest = self._forms.popitem(last=False)
            self._bytes -= oldest.size

    def _forget(self) -> None:
        """Begin anew: names and settings may be others."""
        self._revision = self.checker.world.revision
        self._forms.clear()
        self._lines.clear()
        self._bytes = 0


@lru_cache(maxsize=256)
def _at(composed_us: int) -> datetime:
    """Return the instant a batch of mails was composed at."""
    return from_us(composed_us)


@lru_cache(maxsize=256)
def _local_day(composed_us: int, time_zone: str) -> date:
    zone, _ = zone_of(time_zone)
    return from_us(composed_us).astimezone(zone).date()


def _without_ended(items: Sequence[Item], kept: set[int]) -> list[Item]:
    """Return items without the notifications of people for whom the person stands in no more.

    What is left asked for each item, or the re-check would have withdrawn it (S5).
    """
    return [replace(item, notifications=tuple(one for one in item.notifications if one.of in kept)) for item in items]
