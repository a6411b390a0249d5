"""What may be done with a request: ask, write again, answer, close. Each is one transaction."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from callboard.base import strict_json
from callboard.base.config import Config
from callboard.base.errors import TransientError
from callboard.support import store
from callboard.support.letters import answered, asked, post_letters
from callboard.support.models import Ticket
from callboard.support.rules import clean_text
from callboard.support.values import Category, Draft, TicketState

_TRIES = 5
"""Numbers that are drawn before it is given up: two in a row that are taken are a chance in 10^9."""
_KEY = re.compile(r"[A-Za-z0-9_-]{20,64}")


def new_key() -> str:
    """Return what goes with a page's form."""
    return secrets.token_urlsafe(24)


def draft_of(key: str, text: str) -> Draft:
    """Return what was typed into a form, under a new key where the given one is none that a page was made with."""
    return Draft(key=key if _KEY.fullmatch(key) else new_key(), text=clean_text(text))


def ask(
    user_id: int, category: Category, draft: Draft, context: Mapping[str, Any], config: Config, now: datetime
) -> Ticket:
    """Store a person's request with the letters to the operators, and return it; the same draft again is the same.

    Raises:
        TransientError: no number was free.
    """
    for _ in range(_TRIES):
        known = store.posted(user_id, draft.key)
        if known:
            return known.ticket
        try:
            with transaction.atomic():
                ticket = store.add_ticket(user_id, category, strict_json.dumps(context), now)
                _post(ticket, draft, config, now)
        except IntegrityError:  # the number is taken, or the form was sent twice at one instant
            continue
        return ticket
    raise TransientError("no number was free for the request; try again")


def write_again(ticket: Ticket, draft: Draft, config: Config, now: datetime) -> None:
    """Add the person's further word and tell the operators; the request is open again."""
    with transaction.atomic():
        if store.lock(ticket) and not store.posted(ticket.user_id, draft.key):
            _post(ticket, draft, config, now)
            store.set_state([ticket.pk], TicketState.OPEN, now)


def answer(ticket: Ticket, operator_id: int, draft: Draft, state: TicketState, config: Config, now: datetime) -> bool:
    """Add an operator's answer, tell the person, and leave the request in a state; return whether it is new."""
    with transaction.atomic():
        if not store.lock(ticket) or store.posted(operator_id, draft.key):
            return False
        post = store.add_post(ticket, operator_id, draft, now, is_answer=True)
        post_letters(post, [answered(post, config)], config, now)
        store.set_state([ticket.pk], state, now)
    return True


def _post(ticket: Ticket, draft: Draft, config: Config, now: datetime) -> None:
    """Add a word of the person who asked, with the letters to the operators."""
    post = store.add_post(ticket, ticket.user_id, draft, now, is_answer=False)
    post_letters(post, asked(post, config, is_first=store.count_posts(ticket) == 1), config, now)
