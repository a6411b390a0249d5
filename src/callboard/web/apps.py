"""The Django app of the room."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Web as a Django app."""

    name = "callboard.web"
    label = "web"
