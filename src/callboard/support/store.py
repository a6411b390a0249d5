"""Every query of the room."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F

from callboard.base.instants import to_us
from callboard.support.models import Post, Ticket
from callboard.support.rules import ALPHABET, NUMBER_LENGTH
from callboard.support.values import Draft, TicketState

LISTED = 200
"""A person's requests on one page, the latest."""


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
    """Move requests to a state; return how many there are."""
    return Ticket.objects.filter(id__in=list(ticket_ids)).update(state=state, changed_us=to_us(now))


def tickets_of(user_id: int) -> Sequence[Ticket]:
    """Return a person's requests, those with the latest change first."""
    return list(Ticket.objects.filter(user_id=user_id).order_by("-changed_us", "-id")[:LISTED])


def find_own(user_id: int, number: str) -> Ticket | None:
    """Return a person's own request; somebody else's does not exist."""
    return Ticket.objects.filter(user_id=user_id, number=number.upper()).first()


def posts_of(ticket: Ticket) -> Sequence[Post]:
    """Return what was said on a request, oldest first."""
    return list(ticket.posts.select_related("author").prefetch_related("letters").order_by("id"))


def count_open() -> int:
    """Return how many requests wait for an answer."""
    return Ticket.objects.filter(state=TicketState.OPEN).count()


def count_posts(ticket: Ticket) -> int:
    """Return how many words were said on a request."""
    return ticket.posts.count()
