"""The way of an event, readable as a table of contents.

    accept      the portal's events into the event log                       intake
    match       whose notifications does each event satisfy?                 matching
    decide      one answer per person, with its reason; which window         decisions
    compose     windows that are due become mails, re-checked                mail
    deliver     mails over SMTP, re-checked once more, outcomes recorded     mail
    reconcile   leases of the dead are freed, what was parked is shown       mail

Every step claims a batch, decides in memory and commits result and progress together, so a
crash between any two statements leaves work untouched or finished, never half done.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError, transaction

from callboard.base.clock import Clock
from callboard.base.config import Config
from callboard.base.errors import CallboardError, RejectedError
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Catalogue, Event
from callboard.changing import By, Door, change_people
from callboard.decisions import store as ledger
from callboard.decisions.rules import Decision, decide, with_stand_ins
from callboard.decisions.scheduling import Pending, Scheduler
from callboard.decisions.store import Due
from callboard.decisions.windows import WindowCache
from callboard.intake import store as log
from callboard.intake.cloudevents import Draft
from callboard.intake.store import Receipt
from callboard.keeping import fetch, keep
from callboard.mail import store as outbox
from callboard.mail.checking import Checker
from callboard.mail.composing import compose_again, compose_windows, fail_window
from callboard.mail.models import MailState
from callboard.mail.owners import Owner
from callboard.matching.index import Matcher
from callboard.matching.selfcheck import SelfCheck
from callboard.people import store as people
from callboard.people.rules import read_people
from callboard.people.sequences import hold_changes
from callboard.people.values import Person
from callboard.preferences import store as preferences
from callboard.preferences.file import NotificationsFile, read_notifications
from callboard.preferences.values import MutedBy, Notification
from callboard.preferences.world import World

EVENTS_PER_BATCH = 500
WINDOWS_PER_BATCH = 500
"""Claims of hundreds of rows: a commit costs as much as ten of them. Source: reference/delivery.md 1."""

INDEX_FILE = "index.npz"
DEADLOCK_TRIES = 5
DECISIONS_PER_BATCH = 20_000
"""Ledger rows of one transaction: about a second's work, so that intake never waits long for the write lock."""
UNAVAILABLE = (OperationalError, InterfaceError)
"""The database is locked, full or gone: no event's fault, so nothing is parked and all is tried again."""

logger = structlog.get_logger(__name__)


class Pipeline:
    """The steps, over one database and one set of settings. Owned by one thread."""

    def __init__(self, config: Config, catalogue: Catalogue | None = None, clock: Clock | None = None) -> None:
        self.config = config
        self.clock = clock or config.clock
        self.catalogue = catalogue or load_catalogue(config.catalogue_path)
        self.world = World(self.catalogue)
        self.checker = Checker(self.world)
        self.matcher = Matcher(self.catalogue, self.world.directory, self.world.book)
        self._kept_revision = -1
        self.selfcheck = SelfCheck(self.matcher)
        self.scheduler = Scheduler(timedelta(seconds=config.collapse_s), WindowCache())
        self.counts: Counter[str] = Counter()

    def now(self) -> datetime:
        """Return the current instant of business time."""
        return self.clock.now()

    # accept

    def accept(self, drafts: Sequence[Draft]) -> Receipt:
        """Store events, all or none; after the return they are durable."""
        for attempt in range(DEADLOCK_TRIES):
            try:
                receipt = self._add_events(drafts)
                break
            except OperationalError as exc:
                # Two senders of the same events in another order; PostgreSQL ended one of them.
                if "deadlock" not in str(exc) or attempt == DEADLOCK_TRIES - 1:
                    raise
        for source, event_id in receipt.conflicts:
            logger.warning("event sent again with other content; not applied", source=source, event_id=event_id)
        return receipt

    def _add_events(self, drafts: Sequence[Draft]) -> Receipt:
        with transaction.atomic():
            log.enter_fence()
            return log.add_events(drafts, self.now())

    # match and decide

    def open_index(self) -> None:
        """Make the index, from its file when that fits."""
        path = self.config.home / INDEX_FILE
        found = fetch(self.matcher, path, preferences.changed_since, ledger.is_index_known)
        if found is not None:
            self._kept_revision = found
        elif keep(self.matcher.index, self.world.revision, path, ledger.note_index):
            self._kept_revision = self.world.revision

    def keep_index(self) -> None:
        """Write the index to its file, unless the file says the same."""
        if self.matcher.has_index and self.world.revision != self._kept_revision:
            keep(self.matcher.index, self.world.revision, self.config.home / INDEX_FILE, ledger.note_index)

    def decide_accepted(self) -> int:
        """Match and decide the oldest batch of accepted events; return how many there were.

        When the batch fails, its events are tried one by one, and the one at fault is parked.
        """
        if log.oldest_undecided_at() is None:
            return 0  # a look without a lock: most looks find nothing
        try:
            return self._decide_batch(EVENTS_PER_BATCH)
        except UNAVAILABLE:
            raise
        except CallboardError as exc:
            logger.warning("batch failed; its events are tried one by one", reason=str(exc))
        except Exception:
            logger.exception("batch failed; its events are tried one by one")
        return self._decide_singly()

    def _decide_singly(self) -> int:
        batch = log.undecided(EVENTS_PER_BATCH)
        for event, _ in batch:
            try:
                self._decide_batch(EVENTS_PER_BATCH, only=event)
            except UNAVAILABLE:
                raise
            except CallboardError as exc:
                self._park(event, exc)
            except Exception as exc:
                logger.exception("event failed", event_id=event.id, source=event.source)
                self._park(event, exc)
        return len(batch)

    def _park(self, event: Event, exc: Exception) -> None:
        """Set an event aside with what went wrong (P3)."""
        logger.warning("event parked", event_id=event.id, source=event.source, reason=str(exc))
        with transaction.atomic():
            log.park(event.number, f"{type(exc).__name__}: {exc}")
        self.counts["parked"] += 1

    def _decide_batch(self, limit: int, only: Event | None = None) -> int:
        with transaction.atomic():
            ledger.enter_deciding()
            now = self.now()
            # The clock is read before the fence: what is accepted later is left to the next batch,
            # for something accepted earlier may still be on its way to its commit (S1, S3).
            batch = log.undecided(limit, accepted_until=now if log.pass_fence() else None)
            if only:
                batch = [one for one in batch if one[0].number == only.number]
            if not batch:
                return 0
            self.world.refresh()
            if not self.matcher.has_index:
                self.open_index()
            pending: list[Pending] = []
            decided: list[int] = []
            for event, late in batch:
                matched = self._match(event, compared=not decided)
                pending += self._decide_event(event, matched, now, late=late)
                decided.append(event.number)
                if len(pending) >= DECISIONS_PER_BATCH:
                    break
            ledger.add_match_checks(*self.selfcheck.take_counts())
            ledger.add_decisions(self.scheduler.schedule(pending, now), now)
            log.mark_decided(decided)
        self.counts["events"] += len(decided)
        self.counts["decisions"] += len(pending)
        return len(decided)

    def _match(self, event: Event, *, compared: bool) -> dict[int, list[Notification]]:
        """Return whose notifications the event satisfies; `compared` with the definition, whose word counts."""
        if event.type not in self.catalogue.event_types:
            raise RejectedError(f"{event.type} is not an event type of the catalogue any more")
        matched = self.matcher.match(event)
        if compared:
            matched, doubts = self.selfcheck.confirm(event, matched)
            if doubts:
                logger.error("the index is wrong", event_id=event.id, source=event.source, notifications=doubts[:20])
        return matched

    def _decide_event(
        self, event: Event, matched: dict[int, list[Notification]], now: datetime, *, late: bool
    ) -> list[Pending]:
        directory = self.world.directory
        asking = with_stand_ins(event, matched, self.catalogue, directory, now)
        return [
            Pending(event, self._decide_one(directory.persons[user_id], event, found, now), late)
            for user_id, found in sorted(asking.items())
        ]

    def _decide_one(self, person: Person, event: Event, matched: Sequence[Notification], now: datetime) -> Decision:
        return decide(person, event, matched, lambda ref: self.world.book.is_muted(person.id, ref, now))

    # compose

    def compose_due(self) -> int:
        """Compose a batch of windows that are due; return how many windows were closed.

        A window waits until every event accepted before its end is decided or parked (S3).
        """
        first = ledger.next_window_end()
        if first is None or first > self.now():
            return 0
        with transaction.atomic():
            now = self.now()  # before the fence: whatever is accepted earlier than this is committed behind it (S3)
            log.pass_fence()
            oldest = log.oldest_undecided_at()
            windows = ledger.due_windows(now if oldest is None else min(now, oldest), WINDOWS_PER_BATCH)
            if windows:
                self.world.refresh()
                self.counts["mails"] += len(self._compose(windows, now))
        return len(windows)

    def _compose(self, windows: Sequence[Due], now: datetime) -> list[int]:
        """Return the mails of windows; when they fail together, each is tried alone, and the one at fault fails."""
        try:
            with transaction.atomic():
                return compose_windows(windows, self.checker, self.config, now)
        except UNAVAILABLE:
            raise
        except Exception as exc:
            if len(windows) > 1:
                logger.exception("batch failed; its windows are composed one by one")
                return [mail_id for one in windows for mail_id in self._compose([one], now)]
            logger.exception("window failed", window=windows[0].id)
            fail_window(windows[0], self.checker, self.config, now, f"cannot be composed: {type(exc).__name__}: {exc}")
            return []

    # reconcile

    def reconcile(self, owner: Owner) -> int:
        """Free the leases of owners that ended and those that expired; return how many mails."""
        with transaction.atomic():
            dead = [one for one in outbox.lease_owners() if owner.is_dead(one)]
            freed = outbox.free_leases(dead, expired_before_s=time.time())
        if freed:
            logger.info("leases freed", mails=freed)
        return freed

    def next_due_at(self) -> datetime | None:
        """Return when something is due next, or None when nothing waits."""
        instants = [log.oldest_undecided_at(), ledger.next_window_end(), outbox.next_attempt_at()]
        return min((one for one in instants if one), default=None)

    # changes of people and settings

    def import_people(self, raw: Any, *, announce: bool = False) -> dict[str, int]:
        """Import a people file, all or nothing; mail of those it deactivates is withdrawn at once (A1).

        The Masters hear of it only with `announce`.

        Raises:
            RejectedError: with every fault of the file.
        """
        with transaction.atomic():
            hold_changes()
            known = people.load_directory()
            found = read_people(raw, known, self.catalogue)
            if isinstance(found, list):
                raise RejectedError(found)
            done = change_people(found, known, self.catalogue, By(None, Door.IMPORT), self.now(), announce=announce)
        return {
            "partners": done.partners,
            "users": done.persons,
            "deactivated": len(done.deactivated),
            "withdrawn": done.withdrawn,
            "events": done.events,
        }

    def import_notifications(self, raw: Any) -> dict[str, int]:
        """Import a notifications file, all or nothing.

        Raises:
            RejectedError: with every fault of the file.
        """
        with transaction.atomic():
            hold_changes()
            directory = people.load_directory()
            ids = (
                [one["id"] for one in raw if isinstance(one, dict) and isinstance(one.get("id"), str)]
                if isinstance(raw, list)
                else []
            )
            found = read_notifications(raw, directory, self.catalogue, preferences.owners_of(ids))
            if isinstance(found, list):
                raise RejectedError(found)
            changed = self._save_notifications(found)
        return {"notifications": len(found.customs), "mutes": len(found.mutes), "changed": changed}

    def _save_notifications(self, file: NotificationsFile) -> int:
        book = preferences.load_book(self.catalogue)
        now = self.now()
        customs = []
        for one in file.customs:
            known = book.customs.get(one.id)
            if known is None or not _says_the_same(known, one):
                customs.append(replace(one, version=known.version + 1 if known else 1))
        mutes = []
        for wish in file.mutes:
            mute = book.mutes.get((wish.user_id, wish.ref))
            so = (mute.muted, mute.until) if mute and mute.muted else (False, None)
            if wish.muted is not None and (wish.muted, wish.until) != so:
                mutes.append(wish.as_mute(MutedBy.IMPORT))
        preferences.save_customs(customs, now)
        preferences.save_mutes(mutes, now)
        return len(customs) + len(mutes)

    # release of held mail

    def release(self, email: str) -> dict[str, int]:
        """End an address's suppression: what is within its expiry leaves as one digest, the rest failed (P4).

        What came back because the address was said not to exist leaves with it: nobody has read it.

        Raises:
            RejectedError: no such user, or nothing is held.
        """
        with transaction.atomic():
            self.world.refresh()
            now = self.now()
            person = self.world.directory.by_email(email)
            held = outbox.held_mails(person.id) if person else []
            if person is None or not (outbox.release_address(email, now) or held):
                raise RejectedError(f"nothing is held for {email}")
            expired = [mail_id for mail_id, expires_at in held if expires_at <= now]
            fresh = [mail_id for mail_id, expires_at in held if expires_at > now]
            fresh += outbox.bounced_mails(person.id, now)
            outbox.set_state(expired, MailState.FAILED, now, "expired while held")
            windows = ledger.windows_of_mails(fresh)
            if windows:
                compose_again(person.id, windows, self.checker, self.config, now)
                outbox.set_state(fresh, MailState.WITHDRAWN, now, "released into one digest")
        return {"released": len(fresh), "failed": len(expired)}


def _says_the_same(known: Any, one: Any) -> bool:
    names = ("user_id", "name", "event_type", "where", "frequency")
    return all(getattr(known, name) == getattr(one, name) for name in names)
