"""Keys for intake: made here, shown once, revoked for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_http_methods

from callboard.base.rights import KeyRight
from callboard.base.texts import name_fault, shown
from callboard.console import store
from callboard.console.known import instant_us, now, plural
from callboard.console.operators import console
from callboard.console.tables import Cell, Deed, Table, choice
from callboard.intake import store as log
from callboard.intake.models import ApiKey
from callboard.people.models import Partner

_USES = (
    (KeyRight.EVENTS.value, "Sending events"),
    (KeyRight.BOUNCES.value, "Sending bounces and complaints"),
    (KeyRight.SCIM.value, "Provisioning people (SCIM)"),
)
_WAYS = {KeyRight.EVENTS: "/api/v1/events", KeyRight.BOUNCES: "/api/v1/bounces", KeyRight.SCIM: "/scim/v2"}
_TAKEN = "There is a key of this name already, in force or revoked. Choose another name."


def _revoke(_: HttpRequest, rows: Sequence[ApiKey]) -> Iterator[tuple[str, bool]]:
    with transaction.atomic():
        done = sum(log.revoke_key(one.name, now()) for one in rows)
    yield f"{plural(done, 'key')} revoked.", True


def _of_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(revoked_us=None) if value == "valid" else rows.exclude(revoked_us=None)


class KeyTable(Table):
    """Keys for intake."""

    title = "Keys"
    lead = "With a key another system does one thing, and nothing else. It is shown once, when it is made."
    noun = "key"
    section = "keys"
    asks = "Part of a name"
    search_fields = ("name",)
    ordering = ("-created_us", "-id")
    list_select_related = ("partner",)
    list_filter = (choice("State", "state", lambda: (("valid", "In force"), ("revoked", "Revoked")), _of_state),)
    head_link = ("Create a key", "/console/keys/new")
    deeds = (
        Deed(
            name="revoke",
            verb="Revoke",
            noun="key",
            says="What is sent with it is refused from now on. This cannot be undone.",
            none="None of the chosen keys is in force, so nothing was changed.",
            fits=lambda rows: rows.filter(revoked_us=None),
            do=_revoke,
        ),
    )

    def cells(self, row: ApiKey, context: dict[str, Any]) -> Sequence[Cell]:
        """Return name, beginning, state and dates."""
        del context
        revoked = row.revoked_us is not None
        return (
            Cell("Name", shown(row.name)),
            Cell("For", row.right.capitalize(), hint=shown(row.partner.name) if row.partner else ""),
            Cell("Begins with", row.hint),
            Cell("State", "Revoked" if revoked else "In force", tone="" if revoked else "ok"),
            Cell("Created", instant_us(row.created_us)),
        )

    def name_of(self, row: ApiKey) -> str:
        """Return the name."""
        return f"Key {shown(row.name)}"

    def page_of(self, request: HttpRequest, row: ApiKey) -> tuple[str, dict[str, Any]]:
        """Return a key without what would open anything."""
        del request
        return "console/record.html", {
            "title": shown(row.name),
            "lead": "In force." if row.revoked_us is None else "Revoked.",
            "facts": [
                ("For", row.right.capitalize()),
                (
                    "People of",
                    shown(row.partner.name) if row.partner else "every partner" if row.right == "scim" else "–",
                ),
                ("Begins with", row.hint),
                ("Created", instant_us(row.created_us)),
                ("Revoked", instant_us(row.revoked_us)),
            ],
        }


def partner_choices() -> list[tuple[str, str]]:
    """Return (id, name) of all partners, by name."""
    return [(one.pk, shown(one.name)) for one in Partner.objects.order_by("name", "id")]


@require_http_methods(["GET", "HEAD", "POST"])
def new_key(request: HttpRequest) -> HttpResponse:
    """Ask for a name; make a key and show it, this once."""
    context = {**console.each_context(request), "title": "Create a key", "section": "keys", "uses": _USES}
    context["partners"] = partner_choices()
    if request.method != "POST":
        return TemplateResponse(request, "console/key_new.html", context)
    name, right = request.POST.get("name", "").strip(), request.POST.get("right", KeyRight.EVENTS.value)
    partner = request.POST.get("partner", "")
    fault = _fault(name, right, partner)
    key = "" if fault else _make(request, name, KeyRight(right), partner)
    if not key:
        context |= {"name": name, "right": right, "partner": partner, "fault": fault or _TAKEN}
        return TemplateResponse(request, "console/key_new.html", context, status=400)
    context |= {"title": "Your new key", "name": shown(name), "key": key, "way": _WAYS[KeyRight(right)]}
    return TemplateResponse(request, "console/key_new.html", context, headers={"Cache-Control": "no-store"})


def _fault(name: str, right: str, partner: str) -> str:
    """Return what is wrong with a wish for a key, or ""."""
    fault = name_fault(name)
    if fault:
        return f"The name {fault}."
    if right not in dict(_USES):
        return "Choose what the key may do."
    if partner and right != KeyRight.SCIM.value:
        return "Only a key for provisioning is for one partner: choose everybody, or another use."
    return "" if not partner or partner in dict(partner_choices()) else "Choose a partner of the list."


def _make(request: HttpRequest, name: str, right: KeyRight, partner: str) -> str:
    """Return a new key; "" when the name is taken."""
    try:
        with transaction.atomic():
            key = log.make_key(name, now(), right, request.user.pk, partner or None)
            row = ApiKey.objects.get(name=name)
            store.record(
                request.user.pk or 0,
                [(row, f"Key {shown(name)}")],
                f"Created, for {right.value}{f' at {partner}' if partner else ''}",
            )
    except IntegrityError:
        return ""
    return key
