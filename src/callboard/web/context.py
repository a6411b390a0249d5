"""What the frame around every page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from callboard.web.gates import is_demo, may_read_mailbox

if TYPE_CHECKING:
    from django.http import HttpRequest


def frame(request: HttpRequest) -> dict[str, Any]:
    """Return whether this is the demo, and whether there is a mailbox to show."""
    return {"demo": is_demo(request), "show_mailbox": may_read_mailbox(request)}
