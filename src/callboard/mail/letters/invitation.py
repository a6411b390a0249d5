"""Inviting a person: a letter with a link that lets in once. What became of it is what became of the letter."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string

from callboard.base.errors import RejectedError
from callboard.base.instants import from_us
from callboard.base.texts import shown
from callboard.mail.letters.store import NewLetter, post_letter, withdraw_letters
from callboard.mail.models import MailState, PostedLetter
from callboard.people.links import INVITATION
from callboard.people.models import User
from callboard.people.values import Person, is_test_address

KIND = "invitation"


@dataclass(frozen=True, slots=True)
class Invited:
    """A person's newest invitation: when it was made, when it was sent if it was, and the server's last words."""

    at: datetime
    state: MailState
    sent_at: datetime | None
    words: str


def invite(person_id: int, by: Person | None, now: datetime) -> int:
    """Post an invitation, as durable as the caller's transaction; one that still waits is taken back.

    `by` is named in it. Earlier links work for as long as they last. Return the letter's number.

    Raises:
        RejectedError: nobody can sign in as this person.
    """
    user = User.objects.select_related("partner").get(pk=person_id)
    if not user.is_active or is_test_address(user.email):
        raise RejectedError(f"{user.email} can not be invited: nobody can sign in with this account")
    config = settings.CONFIG
    words = {
        "name": shown(user.name),
        "partner": shown(user.partner.name) if user.partner else "",
        "by": shown(by.name) if by else "",
        "url": INVITATION.url(user, config.base_url),
        "days": INVITATION.lasts.days,
        "base_url": config.base_url,
    }
    prefix = "account/email/invitation"
    subject = render_to_string(f"{prefix}_subject.txt", words).strip()
    with transaction.atomic():
        withdraw_letters(KIND, person_id, now, "invited anew")
        return post_letter(
            NewLetter(
                kind=KIND,
                user_id=person_id,
                subject=subject,
                text=render_to_string(f"{prefix}_message.txt", words),
                html=render_to_string(f"{prefix}_message.html", words | {"subject": subject}),
            ),
            config,
            now,
        )


def invitations_of(person_ids: Collection[int]) -> dict[int, Invited]:
    """Return the newest invitation of each of these persons who was invited."""
    rows = PostedLetter.objects.filter(kind=KIND, user_id__in=person_ids).order_by("id")
    columns = ("user_id", "made_us", "state", "ended_us", "last_reply")
    return {
        user_id: Invited(
            at=from_us(made_us),
            state=MailState(state),
            sent_at=from_us(ended_us) if state == MailState.SENT and ended_us is not None else None,
            words=words,
        )
        for user_id, made_us, state, ended_us, words in rows.values_list(*columns)
        if user_id is not None
    }
