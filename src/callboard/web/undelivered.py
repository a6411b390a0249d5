"""Why a person's mails do not arrive, in words for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from callboard.base.texts import shown
from callboard.mail.feedback.store import undelivered_to
from callboard.people.models import User
from callboard.web.viewer import viewer_for
from callboard.web.words import plural

if TYPE_CHECKING:
    from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class Note:
    """What the pages say: since when, for what reason, how many mails wait ("" for none).

    `is_complaint`: critical mails leave all the same.
    """

    email: str
    since: str
    words: str
    held: str
    is_complaint: bool


def note_for(request: HttpRequest) -> Note | None:
    """Return what to tell the person who asks; None while mails arrive, or nobody is signed in."""
    user = getattr(request, "user", None)
    found = undelivered_to(user.email) if isinstance(user, User) else None
    if found is None or not isinstance(user, User):
        return None
    narrator = viewer_for(user).narrator()
    at = narrator.local(found.since_at)
    return Note(
        email=user.email,
        since=f"{narrator.relative(at.date())} at {at:%H:%M}",
        words=shown(found.words),
        held=plural(found.held, "mail") if found.held else "",
        is_complaint=found.spares_critical,
    )
