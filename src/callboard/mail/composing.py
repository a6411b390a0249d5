"""From due windows to the outbox: re-check every item, then fix the mail (S3–S5, C2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import transaction

from callboard.base.config import Config
from callboard.base.keyed import keyed_hash
from callboard.base.reasons import Importance, Reason
from callboard.base.texts import shown
from callboard.decisions import store as ledger
from callboard.decisions.store import Due
from callboard.mail import store
from callboard.mail.checking import Checker, Items, Told, told_of
from callboard.mail.models import MailState
from callboard.mail.replies import EXPIRY, domain_of
from callboard.mail.store import Composed
from callboard.people.values import Person

MUTE_LINK = "mute"
"""Purpose of the signed id in a mail's mute link (C3)."""


class _Filled(NamedTuple):
    """What is left of a window after the re-check."""

    window_id: int
    user_id: int
    told: Told


def compose_windows(windows: Sequence[Due], checker: Checker, config: Config, now: datetime) -> list[int]:
    """Close due windows: withdraw what may not leave, queue one mail for the rest of each.

    Returns the ids of the mails. A window whose items are all withdrawn gets no mail (S4).
    """
    filled = [one for one in _recheck(windows, checker, now) if one.told.items.pairs]
    mails = [_composed(one.user_id, str(one.window_id), [one.told.items], checker, config, now) for one in filled]
    revision = checker.world.revision
    ids = store.add_mails(mails, revision=revision, now=now)
    told = {mail_id: one.told for one, mail_id in zip(filled, ids, strict=True)}
    transaction.on_commit(partial(checker.remember, told, revision))  # ids of mails that came to nothing are used again
    mail_of: dict[int, int | None] = {one.id: None for one in windows}
    mail_of.update({one.window_id: mail_id for one, mail_id in zip(filled, ids, strict=True)})
    ledger.close_windows(mail_of)
    return ids


def compose_again(user_id: int, windows: Sequence[Due], checker: Checker, config: Config, now: datetime) -> int | None:
    """Queue one digest for windows whose mails were held (P4, release); return its id, or None."""
    kept = [one.told.items for one in _recheck(windows, checker, now) if one.told.items.pairs]
    if not kept:
        return None
    revision = checker.world.revision
    seed = "again:" + ",".join(str(one.id) for one in windows) + f":{revision}:{now.timestamp()}"
    mail = _composed(user_id, seed, kept, checker, config, now)
    (mail_id,) = store.add_mails([mail], revision=revision, now=now)
    ledger.close_windows({one.id: mail_id for one in windows})
    return mail_id


def fail_window(window: Due, checker: Checker, config: Config, now: datetime, fault: str) -> None:
    """Close a window that can not be composed by a mail that has failed: there an operator sees it (P3)."""
    mail = _addressed(window.user_id, str(window.id), Importance.STANDARD, checker, config, now)
    (mail_id,) = store.add_mails([mail], revision=checker.world.revision, now=now)
    store.set_state([mail_id], MailState.FAILED, now, shown(fault))
    ledger.close_windows({window.id: mail_id})


def _recheck(windows: Sequence[Due], checker: Checker, now: datetime) -> list[_Filled]:
    """Return the windows with the items that may still leave; withdraw the others with their reason (S5)."""
    contents = {one.window_id: one for one in ledger.contents_of_windows(one.id for one in windows)}
    lists = checker.lists((contents[one.id].items,) for one in windows)
    withdrawn: dict[tuple[int, int], Reason] = {}
    found = []
    for window, items in zip(windows, lists, strict=True):
        person = checker.world.directory.persons[window.user_id]
        reasons = checker.verdicts(person, items, now)
        withdrawn |= gone_of(person, items, reasons)
        found.append(_Filled(window.id, window.user_id, told_of([contents[window.id]], checker.part(items, reasons))))
    ledger.withdraw(withdrawn, now)
    return found


def gone_of(person: Person, items: Items, reasons: Sequence[Reason | None]) -> dict[tuple[int, int], Reason]:
    """Return (event number, user id) -> why it may not leave, for those of a person's items that may not."""
    if not any(reasons):
        return {}
    pairs = zip(items.pairs, reasons, strict=True)
    return {(number, person.id): reason for (number, _), reason in pairs if reason is not None}


def _composed(
    user_id: int, seed: str, lists: Sequence[Items], checker: Checker, config: Config, now: datetime
) -> Composed:
    importance = min(map(checker.importance, lists), key=lambda one: one.rank)
    return _addressed(user_id, seed, importance, checker, config, now)


def _addressed(
    user_id: int, seed: str, importance: Importance, checker: Checker, config: Config, now: datetime
) -> Composed:
    person = checker.world.directory.persons[user_id]
    name = keyed_hash(config.secret_key, "message-id", user_id, seed)
    return Composed(
        user_id=user_id,
        domain=domain_of(person.email)[:255],
        importance=importance,
        message_id=f"<{name}@{config.mail_host}>",
        expires_at=now + EXPIRY[importance],
    )
