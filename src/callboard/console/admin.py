"""What operators see: read-mostly tables, and the few things that they may do to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import admin, messages
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from callboard.base.errors import CallboardError
from callboard.base.instants import format_instant, from_us
from callboard.console.operators import console
from callboard.decisions.models import Decision, Window
from callboard.intake import store as log
from callboard.intake.models import ApiKey, EventRecord, EventState
from callboard.mail import store as outbox
from callboard.mail.models import Attempt, DomainBreaker, Mail, MailState, Suppression
from callboard.people.models import Partner, User
from callboard.pipeline import Pipeline
from callboard.preferences.models import CustomNotification, MuteRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    _ModelAdmin = admin.ModelAdmin[models.Model]
    _TabularInline = admin.TabularInline[models.Model, models.Model]
else:
    _ModelAdmin = admin.ModelAdmin
    _TabularInline = admin.TabularInline


def instant(column: str, title: str) -> Callable[[models.Model], str]:
    """Return a column that shows whole microseconds as an instant."""

    @admin.display(description=title, ordering=column)
    def show(row: models.Model) -> str:
        value = getattr(row, column)
        return "–" if value is None else format_instant(from_us(value).replace(microsecond=0))

    return show


class ReadOnly(_ModelAdmin):
    """A table to look at: what changes it goes through the product's own doors."""

    show_full_result_count = False
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return whether the person is an operator."""
        return console.has_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return whether the person is an operator."""
        del obj
        return console.has_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return that nobody adds rows here."""
        del request
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return that nobody edits rows here."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return that nobody deletes rows here."""
        del request, obj
        return False


class PartnerAdmin(ReadOnly):
    """Partner accounts."""

    list_display = ("id", "name", "kind", "parent")
    list_filter = ("kind",)
    search_fields = ("id", "name")


class UserAdmin(ReadOnly):
    """People. Changes come with `callboard people import`."""

    list_display = ("email", "name", "partner", "roles", "is_active", "is_staff", "time_zone")
    list_filter = ("is_active", "is_staff", "partner__kind")
    list_select_related = ("partner",)
    search_fields = ("email", "name", "partner__name", "roles")
    exclude = ("password", "groups", "user_permissions", "email_key")


class EventAdmin(ReadOnly):
    """The event log; parked events wait here for a person (P3)."""

    list_display = ("event_id", "event_type", "subject", instant("accepted_us", "accepted"), "state", "parked_reason")
    list_filter = ("state", "event_type")
    search_fields = ("=event_id", "=subject", "=key")
    ordering = ("-id",)
    actions = ("retry_parked",)

    @admin.action(description="Try parked events again")
    def retry_parked(self, request: HttpRequest, rows: QuerySet[EventRecord]) -> None:
        """Put the chosen events that are parked back on their way."""
        numbers = list(rows.filter(state=EventState.PARKED).values_list("id", flat=True))
        with transaction.atomic():
            done = log.retry_parked(numbers)
        self.message_user(request, f"{done} parked events are tried again", messages.SUCCESS)


class DecisionAdmin(ReadOnly):
    """The ledger."""

    list_display = (
        "event",
        "user",
        "outcome",
        "reason",
        "frequency",
        "withdrawn_reason",
        instant("decided_us", "decided"),
    )
    list_filter = ("outcome", "reason", "frequency", "withdrawn_reason")
    list_select_related = ("event", "user")
    search_fields = ("=event__event_id", "=user__email")
    ordering = ("-id",)


class WindowAdmin(ReadOnly):
    """Windows: what collects, and what has left in which mail."""

    list_display = ("user", "frequency", instant("starts_us", "from"), instant("ends_us", "until"), "closed", "mail_id")
    list_filter = ("closed", "frequency")
    list_select_related = ("user",)
    search_fields = ("=user__email", "=mail_id")
    ordering = ("-id",)


class AttemptInline(_TabularInline):
    """The tries of a mail."""

    model = Attempt
    fields = ("number", "began", "code", "reply")
    readonly_fields = fields
    extra = 0
    began = staticmethod(instant("began_us", "began"))

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        """Return whether the person is an operator."""
        del obj
        return console.has_permission(request)


class MailAdmin(ReadOnly):
    """The outbox; held and failed mails wait here for a person (P1, P4)."""

    list_display = ("id", "user", "state", "attempts", instant("composed_us", "composed"), "last_reply")
    list_filter = ("state", "importance_rank")
    list_select_related = ("user",)
    search_fields = ("=user__email", "=message_id", "=domain")
    ordering = ("-id",)
    inlines = (AttemptInline,)
    actions = ("retry_failed", "release_held")

    @admin.action(description="Send failed mails again")
    def retry_failed(self, request: HttpRequest, rows: QuerySet[Mail]) -> None:
        """Put the chosen mails that failed back into the queue."""
        ids = list(rows.filter(state=MailState.FAILED).values_list("id", flat=True))
        with transaction.atomic():
            done = outbox.requeue(ids, settings.CONFIG.clock.now())
        self.message_user(request, f"{done} failed mails are due again", messages.SUCCESS)

    @admin.action(description="Release the addresses of held mails")
    def release_held(self, request: HttpRequest, rows: QuerySet[Mail]) -> None:
        """End the suppression of the chosen mails' addresses; each gets one digest (P4)."""
        emails = rows.filter(state=MailState.HELD).values_list("user__email", flat=True)
        pipeline = Pipeline(settings.CONFIG)
        for email in sorted(set(emails)):
            try:
                counts = pipeline.release(email)
            except CallboardError as exc:
                self.message_user(request, str(exc), messages.ERROR)
                continue
            said = "{email}: {released} held mails leave as one digest, {failed} were past their expiry".format(
                email=email, **counts
            )
            self.message_user(request, said, messages.SUCCESS)


class SuppressionAdmin(ReadOnly):
    """Addresses that the receiving server says do not exist."""

    list_display = ("address_key", "reply", instant("since_us", "since"), instant("released_us", "released"))
    search_fields = ("address_key",)
    ordering = ("-id",)


class BreakerAdmin(ReadOnly):
    """Domains that are paused."""

    list_display = ("domain", instant("open_until_us", "paused until"), "reason")
    search_fields = ("domain",)


class ApiKeyAdmin(ReadOnly):
    """Keys for intake. New ones come from `callboard apikey create`, which shows them once."""

    list_display = ("name", "hint", instant("created_us", "created"), instant("revoked_us", "revoked"))
    search_fields = ("name",)
    exclude = ("key_hash",)
    actions = ("revoke",)

    @admin.action(description="Revoke the keys, at once and for good")
    def revoke(self, request: HttpRequest, rows: QuerySet[ApiKey]) -> None:
        """End the chosen keys."""
        now = settings.CONFIG.clock.now()
        with transaction.atomic():
            done = sum(log.revoke_key(name, now) for name in rows.values_list("name", flat=True))
        self.message_user(request, f"{done} keys are revoked", messages.SUCCESS)


class NotificationAdmin(ReadOnly):
    """Custom notifications of everybody."""

    list_display = (
        "id",
        "user",
        "name",
        "event_type",
        "frequency",
        instant("created_us", "created"),
        instant("deleted_us", "deleted"),
    )
    list_filter = ("frequency", "event_type")
    list_select_related = ("user",)
    search_fields = ("=id", "=user__email", "name")


class MuteAdmin(ReadOnly):
    """Who muted what, through which door."""

    list_display = (
        "user",
        "kind",
        "notification",
        "muted",
        instant("until_us", "until"),
        "by",
        instant("changed_us", "changed"),
    )
    list_filter = ("muted", "kind", "by")
    list_select_related = ("user",)
    search_fields = ("=user__email", "notification")


_TABLES: Sequence[tuple[type[models.Model], Any]] = (
    (Partner, PartnerAdmin),
    (User, UserAdmin),
    (EventRecord, EventAdmin),
    (ApiKey, ApiKeyAdmin),
    (Decision, DecisionAdmin),
    (Window, WindowAdmin),
    (Mail, MailAdmin),
    (Suppression, SuppressionAdmin),
    (DomainBreaker, BreakerAdmin),
    (CustomNotification, NotificationAdmin),
    (MuteRecord, MuteAdmin),
)
for _model, _admin in _TABLES:
    console.register(_model, _admin)
