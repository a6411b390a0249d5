"""The Django app of the room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Web as a Django app."""

    name = "callboard.web"
    label = "web"

    def ready(self) -> None:
        """Hear of sign-ins."""
        from callboard.web.arrived import listen  # noqa: PLC0415 - models are there only now

        listen()
