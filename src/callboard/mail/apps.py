"""The Django app of the room."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """Mail as a Django app."""

    name = "callboard.mail"
    label = "mail"
    default_auto_field = "django.db.models.BigAutoField"
