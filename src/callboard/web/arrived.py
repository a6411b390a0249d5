"""A code that was mailed and is entered proves that mail arrives: what is held for the address leaves (P4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from allauth.account.authentication import get_authentication_records
from django.conf import settings

from callboard.base.errors import RejectedError
from callboard.base.texts import address_key
from callboard.mail.feedback.store import undelivered_to
from callboard.people.models import User

if TYPE_CHECKING:
    from django.http import HttpRequest

logger = structlog.get_logger(__name__)


def release_arrived(request: HttpRequest, user: Any) -> None:
    """Release the address that the code of this sign-in was sent to; a complaint is taken back by hand only."""
    if not isinstance(user, User) or not _came_by_code(request, user):
        return
    found = undelivered_to(user.email)
    if found is None or found.spares_critical:
        return
    from callboard.pipeline import Pipeline  # noqa: PLC0415 - hardly any sign-in needs it

    try:
        counts = Pipeline(settings.CONFIG).release(user.email)
    except RejectedError:
        return  # released meanwhile
    logger.info("mail arrives again; what was held leaves", user=user.pk, **counts)


def _came_by_code(request: HttpRequest, user: User) -> bool:
    """Return whether the latest step of this sign-in was a code that was sent to the person's address."""
    records = get_authentication_records(request, user)
    last = records[-1] if records else {}
    return last.get("method") == "code" and address_key(str(last.get("email") or "")) == address_key(user.email)
