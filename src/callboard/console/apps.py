"""The Django app of the room."""

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Console as a Django app."""

    name = "callboard.console"
    label = "console"
