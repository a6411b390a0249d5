"""From due windows to the outbox: re-check every item, then fix the mail (S3–S5, C2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from callboard.base.config import Config
from callboard.base.keyed import keyed_hash, sign_id
from callboard.base.reasons import Reason
from callboard.catalogue.values import Event
from callboard.decisions import store as ledger
from callboard.decisions.rules import importance_of, recheck
from callboard.decisions.store import LedgerItem, OpenWindow
from callboard.intake import store as log
from callboard.mail import store
from callboard.mail.letter import Item, Letter
from callboard.mail.mime import list_id, thread_key
from callboard.mail.replies import EXPIRY, domain_of
from callboard.mail.store import Composed
from callboard.preferences.values import Kind, Notification, Ref, from_default
from callboard.preferences.world import World

MUTE_LINK = "mute"
"""Purpose of the signed id in a mail's mute link (C3)."""


def compose_windows(windows: Sequence[OpenWindow], world: World, config: Config, now: datetime) -> list[int]:
    """Close due windows: withdraw what may not leave, queue one mail for the rest of each.

    Returns the ids of the mails. A window whose items are all withdrawn gets no mail (S4).
    """
    items = ledger.items_of([one.id for one in windows])
    events = log.load_events(one.event_number for one in items)
    kept = keep_allowed(items, events, world, now)
    by_window: dict[int, list[LedgerItem]] = {}
    for item in kept:
        by_window.setdefault(item.window_id, []).append(item)
    filled = [one for one in windows if one.id in by_window]
    mails = []
    for window in filled:
        of_window = [events[item.event_number] for item in by_window[window.id]]
        mails.append(_composed(window.user_id, str(window.id), of_window, world, config, now))
    ids = store.add_mails(mails, revision=world.revision, now=now)
    mail_of: dict[int, int | None] = {one.id: None for one in windows}
    mail_of.update({window.id: mail_id for window, mail_id in zip(filled, ids, strict=True)})
    ledger.close_windows(mail_of)
    return ids


def compose_again(
    user_id: int, windows: Sequence[OpenWindow], world: World, config: Config, now: datetime
) -> int | None:
    """Queue one digest for windows whose mails were held (P4, release); return its id, or None."""
    items = ledger.items_of([one.id for one in windows])
    events = log.load_events(one.event_number for one in items)
    kept = keep_allowed(items, events, world, now)
    if not kept:
        return None
    seed = "again:" + ",".join(str(one.id) for one in windows) + f":{world.revision}:{now.timestamp()}"
    mail = _composed(user_id, seed, [events[one.event_number] for one in kept], world, config, now)
    (mail_id,) = store.add_mails([mail], revision=world.revision, now=now)
    ledger.close_windows({one.id: mail_id for one in windows})
    return mail_id


def keep_allowed(
    items: Iterable[LedgerItem], events: dict[int, Event], world: World, now: datetime
) -> list[LedgerItem]:
    """Return the items that may still leave; withdraw the others with their reason (S5)."""
    kept: list[LedgerItem] = []
    withdrawn: dict[int, Reason] = {}
    for item in items:
        reason = recheck(
            world.directory.persons[item.user_id],
            events[item.event_number],
            item.refs,
            catalogue=world.catalogue,
            directory=world.directory,
            book=world.book,
            now=now,
        )
        if reason is None:
            kept.append(item)
        else:
            withdrawn[item.decision_id] = reason
    ledger.withdraw(withdrawn, now)
    return kept


def _composed(
    user_id: int, seed: str, events: Sequence[Event], world: World, config: Config, now: datetime
) -> Composed:
    person = world.directory.persons[user_id]
    ancestors = world.directory.ancestors
    importance = min((importance_of(one, world.catalogue, ancestors) for one in events), key=lambda one: one.rank)
    name = keyed_hash(config.secret_key, "message-id", user_id, seed)
    return Composed(
        user_id=user_id,
        domain=domain_of(person.email)[:255],
        importance=importance,
        message_id=f"<{name}@{config.mail_host}>",
        expires_at=now + EXPIRY[importance],
    )


def write_letter(
    mail_id: int,
    message_id: str,
    composed_at: datetime,
    windows: Sequence[OpenWindow],
    items: Sequence[tuple[LedgerItem, Event]],
    world: World,
    config: Config,
) -> Letter:
    """Return the letter of a composed mail; `items` are those that may leave, in order."""
    person = world.directory.persons[items[0][0].user_id]
    # Released mails leave as one digest: the weakest of their frequencies describes it.
    frequency = max((one.frequency for one in windows), key=lambda one: one.rank)
    told = tuple(
        Item(
            event=event,
            notifications=asked_by(item.refs, world),
            importance=importance_of(event, world.catalogue, world.directory.ancestors),
        )
        for item, event in items
    )
    letter = Letter(
        person=person,
        partner_name=world.directory.partner_name(person.partner) if person.partner else "",
        frequency=frequency,
        starts_at=min(one.span.starts_at for one in windows),
        ends_at=max(one.span.ends_at for one in windows),
        items=told,
        dated_at=composed_at,
        message_id=message_id,
        thread_root="",
        mute_url=f"{config.base_url}/mute/{sign_id(config.secret_key, MUTE_LINK, mail_id)}",
    )
    subject = thread_key(told)
    thread = ("list", list_id(letter, config.mail_host)) if subject is None else ("subject", subject)
    root = keyed_hash(config.secret_key, "thread", person.id, *thread)
    return replace(letter, thread_root=f"<{root}@{config.mail_host}>")


def asked_by(refs: Iterable[Ref], world: World) -> tuple[Notification, ...]:
    """Return the notifications that counted when decided, strongest first; also those gone since (S5)."""
    found = []
    for ref in refs:
        if ref.kind is Kind.CUSTOM:
            custom = world.book.customs.get(ref.id) or world.book.deleted.get(ref.id)
            found += [custom] if custom else []
        elif ref.id in world.catalogue.defaults:
            default = world.catalogue.defaults[ref.id]
            found.append(from_default(default, world.catalogue.event_types[default.event_type].label))
    return tuple(sorted(found, key=lambda one: (one.frequency.rank, one.kind, one.name)))
