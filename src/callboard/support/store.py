"""Every query of the room."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from callboard.base.instants import to_us
from callboard.support.models import Letter, Post, Ticket
from callboard.support.rules import ALPHABET, NUMBER_LENGTH
from callboard.support.values import Draft, TicketState

LISTED = 200
"""A person's requests on one page, the latest."""


# Requests


def new_number() -> str:
    """Return a number that tells nothing: "CB-7F3K2M"."""
    return "CB-" + "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_LENGTH))


def add_ticket(user_id: int, category: str, context_json: str, now: datetime) -> Ticket:
    """Store a request under a new number; a number that is taken breaks a constraint."""
    at_us = to_us(now)
    return Ticket.objects.create(
        number=new_number(), user_id=user_id, category=category, state=TicketState.OPEN,
        context_json=context_json, opened_us=at_us, changed_us=at_us,
    )  # fmt: skip


def add_post(ticket: Ticket, author_id: int, draft: Draft, now: datetime, *, is_answer: bool) -> Post:
    """Store a word on a request."""
    return Post.objects.create(
        ticket=ticket, author_id=author_id, is_answer=is_answer, text=draft.text, draft=draft.key, at_us=to_us(now)
    )


def lock(ticket: Ticket) -> bool:
    """Let nobody else write on a request until this transaction ends; return whether it is there."""
    return bool(Ticket.objects.filter(id=ticket.pk).update(number=F("number")))


def posted(author_id: int, draft: str) -> Post | None:
    """Return what was posted from a draft."""
    return Post.objects.filter(author_id=author_id, draft=draft).select_related("ticket").first()


def set_state(ticket_ids: Iterable[int], state: TicketState, now: datetime) -> int:
    """Move requests to a state; return how many were in another."""
    rows = Ticket.objects.filter(id__in=list(ticket_ids)).exclude(state=state)
    return rows.update(state=state, changed_us=to_us(now))


def tickets_of(user_id: int) -> Sequence[Ticket]:
    """Return a person's requests, those with the latest change first."""
    return list(Ticket.objects.filter(user_id=user_id).order_by("-changed_us", "-id")[:LISTED])


def find_own(user_id: int, number: str) -> Ticket | None:
    """Return a person's own request; somebody else's does not exist."""
    return Ticket.objects.filter(user_id=user_id, number=number.upper()).first()


def posts_of(ticket: Ticket) -> Sequence[Post]:
    """Return what was said on a request, oldest first."""
    return list(ticket.posts.select_related("author").order_by("id"))


def is_first(post: Post) -> bool:
    """Return whether a post began its request."""
    return not Post.objects.filter(ticket=post.ticket, id__lt=post.pk).exists()


def count_open() -> int:
    """Return how many requests wait for an answer."""
    return Ticket.objects.filter(state=TicketState.OPEN).count()


# Letters


def add_letters(post: Post, recipients: Iterable[str], host: str, now: datetime) -> None:
    """Store the letters about a post, due at once."""
    Letter.objects.bulk_create(
        Letter(
            post=post, recipient=one, message_id=f"<{secrets.token_hex(16)}@{host}>", next_try_us=to_us(now)
        )
        for one in recipients
    )  # fmt: skip


def take_letter(now: datetime, pause_after: Callable[[int], timedelta]) -> Letter | None:
    """Return the letter that is due longest, and put its next try off by the pause after so many tries.

    That is committed before the try, so two workers never send one at the same time, and after a
    crash it is tried again.
    """
    due = Letter.objects.filter(next_try_us__lte=to_us(now)).order_by("next_try_us", "id")
    while letter := due.select_related("post__ticket__user__partner", "post__author").first():
        rows = Letter.objects.filter(id=letter.id, tries=letter.tries, next_try_us__isnull=False)
        if rows.update(tries=F("tries") + 1, next_try_us=to_us(now + pause_after(letter.tries + 1))):
            return letter
    return None


def note_reply(letter_id: int, reply: str, *, sent_at: datetime | None, is_over: bool) -> None:
    """Record what became of a try; a letter that was sent, or is given up, is not tried again."""
    values: dict[str, object] = {"last_reply": reply}
    if sent_at is not None:
        values["sent_us"] = to_us(sent_at)
    if is_over:
        values["next_try_us"] = None
    Letter.objects.filter(id=letter_id).update(**values)


def letters_of(ticket: Ticket) -> Sequence[Letter]:
    """Return the letters about a request, oldest first."""
    return list(Letter.objects.filter(post__ticket=ticket).order_by("id"))


def retry_letters(ticket_ids: Iterable[int], now: datetime) -> int:
    """Let the letters that were given up be due again, with all their tries; return how many."""
    rows = Letter.objects.filter(post__ticket__in=list(ticket_ids), next_try_us__isnull=True, sent_us__isnull=True)
    return rows.update(next_try_us=to_us(now), tries=0)


def tickets_with_lost() -> QuerySet[Letter, int]:
    """Return the ids of the requests with a letter that was given up."""
    return Letter.objects.filter(next_try_us__isnull=True, sent_us__isnull=True).values_list("post__ticket", flat=True)


def count_lost() -> int:
    """Return how many letters were given up."""
    return Letter.objects.filter(next_try_us__isnull=True, sent_us__isnull=True).count()
