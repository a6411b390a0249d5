"""The one-click link of a mail (C3): mutes what asked for it, without sign-in, any number of times."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from callboard.base.config import Config
from callboard.base.instants import from_us
from callboard.base.keyed import read_signed_id
from callboard.base.reasons import Importance
from callboard.catalogue.values import Catalogue
from callboard.decisions import store as ledger
from callboard.mail import store
from callboard.mail.composing import MUTE_LINK
from callboard.people.sequences import hold_changes
from callboard.preferences import store as preferences
from callboard.preferences.values import MutedBy, Ref

LINK_DAYS = 180
"""Days a link works. Source: interfaces C3."""
CRITICAL_MUTE_DAYS = 30
"""Days for which a link mutes notifications on critical types. Source: interfaces C3."""


@dataclass(frozen=True, slots=True)
class LinkedMail:
    """What a valid link stands for: the mail, and the notifications that asked for it.

    `refs` maps each of the person's own to its event type. `is_lent`: notifications of somebody
    for whom the person stands in asked for it as well; they are not the person's to mute.
    """

    mail_id: int
    user_id: int
    composed_revision: int
    importance: Importance
    refs: dict[Ref, str]
    is_lent: bool


def find_linked(token: str, config: Config, catalogue: Catalogue, now: datetime) -> LinkedMail | None:
    """Return what a link stands for, or None when it is not ours or has ended."""
    mail_id = read_signed_id(config.secret_key, MUTE_LINK, token)
    mail = store.find_mail(mail_id) if mail_id is not None else None
    if mail is None or now >= from_us(mail["composed_us"]) + timedelta(days=LINK_DAYS):
        return None
    refs: dict[Ref, str] = {}
    for event_type, refs_json in store.asked_for(mail["id"]):
        for ref in ledger.read_refs(refs_json):
            refs[ref] = event_type
    return LinkedMail(
        mail_id=mail["id"],
        user_id=mail["user_id"],
        composed_revision=mail["composed_revision"],
        importance=store.IMPORTANCE_BY_RANK[mail["importance_rank"]],
        refs={ref: type_ for ref, type_ in refs.items() if type_ in catalogue.event_types and not ref.of},
        is_lent=any(ref.of for ref in refs),
    )


def mute_linked(linked: LinkedMail, catalogue: Catalogue, now: datetime) -> list[Ref]:
    """Mute the notifications that asked for the mail; return those that are muted by it now.

    A notification that is muted already stays as it is. One that its owner unmuted after
    the mail was composed stays unmuted: the link does nothing more for it.
    """
    done: list[Ref] = []
    with transaction.atomic():
        hold_changes()
        mutes = preferences.mutes_of(linked.user_id)
        for ref, event_type in linked.refs.items():
            mute = mutes.get(ref)
            if mute and mute.is_muted(now):
                done.append(ref)
                continue
            if mute and not mute.muted and mute.revision > linked.composed_revision:
                continue
            until = now + timedelta(days=CRITICAL_MUTE_DAYS) if is_critical(event_type, linked, catalogue) else None
            preferences.set_mute(linked.user_id, ref, muted=True, until=until, by=MutedBy.MAIL_LINK, now=now)
            done.append(ref)
    return done


def is_critical(event_type: str, linked: LinkedMail, catalogue: Catalogue) -> bool:
    """Return whether a link mutes for 30 days only: the type is critical, or was in this mail."""
    found = catalogue.event_types[event_type]
    return found.importance is Importance.CRITICAL or (
        bool(found.critical_when) and linked.importance is Importance.CRITICAL
    )
