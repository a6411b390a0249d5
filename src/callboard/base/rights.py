"""What a key of an integration may do: one thing, and nothing else."""

from __future__ import annotations

from enum import StrEnum


class KeyRight(StrEnum):
    """The right of an API key."""

    EVENTS = "events"
    """Sends events, and reads `/metrics`."""
    BOUNCES = "bounces"
    """Reports mails that came back, and complaints."""
    SCIM = "scim"
    """Brings people, gives and takes their roles, and takes access away."""
