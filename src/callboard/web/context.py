"""What the frame around every page needs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from callboard.base.texts import shown
from callboard.people.models import User
from callboard.web.gates import is_demo, may_read_mailbox, person_seal
from callboard.web.undelivered import note_for
from callboard.web.viewer import catalogue
from callboard.web.words import initials

if TYPE_CHECKING:
    from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return where the page stands, whether this is the demo with a mailbox to show, and who is signed in."""
    user = getattr(request, "user", None)
    return {
        "demo": is_demo(request),
        "show_mailbox": may_read_mailbox(request),
        "in_mailbox": request.path.startswith("/mailbox"),
        "in_security": request.path.startswith(("/settings/security", "/settings/password")),
        "in_support": request.path.startswith("/support"),
        "in_team": request.path == "/team" or request.path.startswith("/team/"),
        "is_master": isinstance(user, User) and any(map(catalogue().is_master, user.roles.split())),
        "in_settings": request.path.startswith("/settings"),
        "person_seal": person_seal(request) if isinstance(user, User) else "",
        "undelivered": partial(note_for, request),  # looked up by the pages that tell it
        "chip_initials": initials(shown(user.name)) if isinstance(user, User) else "",
    }
