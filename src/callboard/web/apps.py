"""The Django app of the room."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in


class WebConfig(AppConfig):
    """Web as a Django app."""

    name = "callboard.web"
    label = "web"

    def ready(self) -> None:
        """Hear of every sign-in from now on."""
        user_logged_in.connect(_release_arrived, dispatch_uid="callboard-mail-arrives")
        user_logged_in.connect(_note_seen, dispatch_uid="callboard-seen")


def _release_arrived(*, request: Any, user: Any, **kwargs: Any) -> None:
    del kwargs
    from callboard.web.arrived import release_arrived  # noqa: PLC0415 - needs the models; no command has use for it

    release_arrived(request, user)


def _note_seen(*, user: Any, **kwargs: Any) -> None:
    del kwargs
    from callboard.people.store import note_seen  # noqa: PLC0415 - needs the models
    from callboard.web.viewer import business_now  # noqa: PLC0415

    note_seen(user.pk, business_now())
