"""Partners, users, and what these have set for themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from callboard.base.errors import RejectedError
from callboard.base.texts import shown
from callboard.console.known import catalogue, instant, instant_us, link, now, role_names, type_name
from callboard.console.tables import Cell, Deed, Table, choice
from callboard.mail.letters.invitation import invitations_of, invite
from callboard.mail.models import Mail, MailState
from callboard.mail.outbox import suppression_of
from callboard.people.models import Partner, User
from callboard.preferences.models import CustomNotification, MuteRecord

MIDDLEWARE = "callboard.console.acting.ActingFor"
"""Without it in the settings nobody can act for anybody, and it is not offered."""
_KINDS = ("content_partner", "fulfillment_partner", "qc_partner", "studio")
_LISTED = 50
_FACTORS = {"totp": "authenticator app", "webauthn": "passkey", "recovery_codes": "recovery codes"}


def _kinds() -> list[tuple[str, str]]:
    return [(one, _kind(one)) for one in _KINDS]


def _kind(kind: str) -> str:
    return shown(kind).replace("_", " ").capitalize()


def user_url(user: User) -> str:
    """Return the address of a person's page."""
    return f"/console/people/user/{user.pk}/change/"


def partner_url(partner: Partner) -> str:
    """Return the address of a partner's page, its id quoted as Django's admin does."""
    from django.contrib.admin.utils import quote as admin_quote  # noqa: PLC0415 - two things are called so

    return f"/console/people/partner/{quote(admin_quote(partner.pk))}/change/"


class PartnerTable(Table):
    """Partner accounts."""

    title = "Partners"
    lead = "The partner accounts of the portal. They come with `callboard people import`."
    noun = "partner"
    section = "people"
    asks = "Name or id"
    search_fields = ("id", "name")
    ordering = ("name", "id")
    list_select_related = ("parent",)
    list_filter = (choice("Kind", "kind", _kinds, lambda rows, value: rows.filter(kind=value)),)

    def cells(self, row: Partner, context: dict[str, Any]) -> Sequence[Cell]:
        """Return name, id, kind and parent."""
        del context
        return (
            Cell("Name", shown(row.name)),
            Cell("Id", shown(row.pk)),
            Cell("Kind", _kind(row.kind)),
            Cell("Part of", shown(row.parent.name) if row.parent else "–"),
        )

    def url_of(self, row: Partner) -> str:
        """Return the address of the partner's page."""
        return partner_url(row)

    def page_of(self, request: HttpRequest, row: Partner) -> tuple[str, dict[str, Any]]:
        """Return a partner with its people and the partners below."""
        del request
        people = User.objects.filter(partner=row).order_by("name")[:_LISTED]
        below = Partner.objects.filter(parent=row).order_by("name")[:_LISTED]
        parent = link(partner_url(row.parent), row.parent.name) if row.parent else "–"
        return "console/record.html", {
            "title": shown(row.name),
            "list_url": "/console/people/partner/",
            "lead": _kind(row.kind),
            "facts": [("Id", shown(row.pk)), ("Part of", parent)],
            "lists": [
                ("People", [(user_url(one), shown(one.name), shown(one.email)) for one in people]),
                ("Partners below", [(partner_url(one), shown(one.name), shown(one.pk)) for one in below]),
                ("Its events", [(f"/console/intake/eventrecord/?q={quote(row.pk)}", "Events that name it", "")]),
            ],
        }


def _of_user_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "operator":
        return rows.filter(is_staff=True)
    return rows.filter(is_active=value == "active")


def _invite(_: HttpRequest, rows: Sequence[User]) -> Iterator[tuple[str, bool]]:
    for one in rows:
        try:
            invite(one.pk, None, now())
        except RejectedError as exc:
            yield f"{exc}.", False
        else:
            yield f"{shown(one.email)} is invited.", True


class UserTable(Table):
    """People."""

    title = "Users"
    lead = "Everybody with an account. They come with `callboard people import`."
    noun = "user"
    section = "people"
    asks = "Name, address, partner or role"
    search_fields = ("email", "name", "partner__name", "roles")
    ordering = ("name", "id")
    list_select_related = ("partner",)
    list_filter = (
        choice(
            "State",
            "state",
            lambda: (("active", "Active"), ("deactivated", "Deactivated"), ("operator", "Operators")),
            _of_user_state,
        ),
        choice("Kind", "kind", _kinds, lambda rows, value: rows.filter(partner__kind=value)),
    )

    deeds = (
        Deed(
            name="invite",
            verb="Invite",
            noun="person",
            says="Each gets a letter with a link to sign in for the first time. It works once, within seven days.",
            none="All of the chosen people have signed in already, or are deactivated, so nothing was changed.",
            fits=lambda rows: rows.filter(is_active=True, last_login=None),
            do=_invite,
        ),
    )

    def cells(self, row: User, context: dict[str, Any]) -> Sequence[Cell]:
        """Return name, partner, roles and state."""
        del context
        return (
            Cell("Name", shown(row.name), hint=shown(row.email)),
            Cell("Partner", shown(row.partner.name) if row.partner else "–"),
            Cell("Roles", role_names(row.roles) or "–"),
            Cell("State", _state(row), tone="ok" if row.is_active else ""),
        )

    def page_of(self, request: HttpRequest, row: User) -> tuple[str, dict[str, Any]]:
        """Return a person with the latest mails, and the way to act for the person."""
        del request
        mails = Mail.objects.filter(user=row).order_by("-id")[:10]
        factors = sorted({_FACTORS[one.type] for one in Authenticator.objects.filter(user=row)})
        partner = link(partner_url(row.partner), row.partner.name) if row.partner else "–"
        return "console/user.html", {
            "title": shown(row.name),
            "state": _state(row),
            "facts": [
                ("Address", shown(row.email)),
                ("Partner", partner),
                ("Roles", role_names(row.roles) or "–"),
                ("Time zone", shown(row.time_zone)),
                ("Last sign-in", instant(row.last_login) if row.last_login else "never"),
                ("Second factor", ", ".join(factors) or "none"),
                ("Invited", _invited(row)),
            ],
            "suppressed": shown(suppression_of(row.email_key)),
            "mails": [(one.pk, one.get_state_display(), instant_us(one.composed_us)) for one in mails],
            "has_factors": bool(factors),
            "can_act": MIDDLEWARE in settings.MIDDLEWARE,
            "may_act_for": row.is_active and not row.is_staff,
        }


def _invited(user: User) -> str:
    """Return when a person was last invited, and whether the letter has left."""
    found = invitations_of([user.pk]).get(user.pk)
    if found is None:
        return "never"
    state = "waits to be sent" if found.state is MailState.QUEUED else found.state.value
    return f"{instant(found.at)}, {state}"


def _state(user: User) -> str:
    state = "Active" if user.is_active else "Deactivated"
    return f"{state}, operator" if user.is_staff else state


class NotificationTable(Table):
    """Custom notifications of everybody."""

    title = "Custom notifications"
    lead = "What people ask for beyond the Defaults of their roles."
    noun = "notification"
    section = "people"
    asks = "Id, name or a person's address"
    search_fields = ("=id", "=user__email_key", "name")
    ordering = ("-revision", "id")
    list_select_related = ("user",)
    list_filter = (
        choice(
            "Type",
            "type",
            lambda: ((one.id, shown(one.label)) for one in catalogue().event_types.values()),
            lambda rows, value: rows.filter(event_type=value),
        ),
    )

    def cells(self, row: CustomNotification, context: dict[str, Any]) -> Sequence[Cell]:
        """Return name, person, type, frequency and whether it is deleted."""
        del context
        return (
            Cell("Notification", shown(row.name) or shown(row.pk)),
            Cell("Person", shown(row.user.email)),
            Cell("Type", type_name(row.event_type)),
            Cell("Frequency", row.frequency.capitalize()),
            Cell("State", "Deleted" if row.deleted_us else "In force", tone="" if row.deleted_us else "ok"),
        )

    def url_of(self, row: CustomNotification) -> str:
        """Return the address of its page, its id quoted as Django's admin does."""
        from django.contrib.admin.utils import quote as admin_quote  # noqa: PLC0415 - two things are called so

        return f"/console/preferences/customnotification/{quote(admin_quote(row.pk))}/change/"

    def page_of(self, request: HttpRequest, row: CustomNotification) -> tuple[str, dict[str, Any]]:
        """Return a notification as it is stored."""
        del request
        return "console/record.html", {
            "title": shown(row.name) or shown(row.pk),
            "list_url": "/console/preferences/customnotification/",
            "lead": f"{type_name(row.event_type)}, {row.frequency}",
            "facts": [
                ("Id", shown(row.pk)),
                ("Created", instant_us(row.created_us)),
                ("Deleted", instant_us(row.deleted_us)),
                ("Version", row.version),
            ],
            "owner": row.user,
            "data": shown(row.where_json),
        }


class MuteTable(Table):
    """Who muted what, through which door."""

    title = "Mutes"
    lead = "Which notifications are muted, by whom: the person, a mail's link, or an import."
    noun = "mute"
    section = "people"
    asks = "A person's address, or a notification"
    search_fields = ("=user__email_key", "notification")
    ordering = ("-revision", "-id")
    list_select_related = ("user",)
    list_filter = (
        choice(
            "State",
            "state",
            lambda: (("muted", "Muted"), ("unmuted", "Unmuted")),
            lambda rows, value: rows.filter(muted=value == "muted"),
        ),
    )

    def cells(self, row: MuteRecord, context: dict[str, Any]) -> Sequence[Cell]:
        """Return notification, person, state, door and when."""
        del context
        return (
            Cell("Notification", shown(row.notification), hint=row.kind.capitalize()),
            Cell("Person", shown(row.user.email)),
            Cell("State", "Muted" if row.muted else "Unmuted", tone="brass" if row.muted else ""),
            Cell("Until", instant_us(row.until_us) if row.until_us else ("unmuted" if row.muted else "–")),
            Cell("By", shown(row.by), hint=instant_us(row.changed_us)),
        )

    def page_of(self, request: HttpRequest, row: MuteRecord) -> tuple[str, dict[str, Any]]:
        """Return a mute as it is stored."""
        del request
        return "console/record.html", {
            "title": f"Mute of {shown(row.notification)}",
            "lead": "Muted" if row.muted else "Unmuted",
            "facts": [
                ("Until", instant_us(row.until_us)),
                ("By", shown(row.by)),
                ("Changed", instant_us(row.changed_us)),
            ],
            "owner": row.user,
        }
