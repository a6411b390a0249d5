"""The Django app of the room."""

from django.apps import AppConfig


class PeopleConfig(AppConfig):
    """People as a Django app."""

    name = "callboard.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
