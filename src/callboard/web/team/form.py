"""The form about one person: what it asks for, which roles are on offer, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.shortcuts import render

from callboard.base.texts import shown
from callboard.web.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from django.http import HttpRequest, HttpResponse

    from callboard.base.errors import Fault
    from callboard.people.values import Person
    from callboard.web.team.master import Master

_LABELS = {"email": "The e-mail address", "name": "The name", "partner": "The partner account", "roles": "The roles"}


@dataclass(frozen=True, slots=True)
class RoleChoice:
    """One role on offer: what it is called, what it brings, whether it is ticked."""

    id: str
    label: str
    says: str
    is_held: bool


def role_choices(master: Master, held: tuple[str, ...]) -> list[RoleChoice]:
    """Return the roles of the Master's kind of partner, in the catalogue's order."""
    catalogue = master.viewer.catalogue
    kind = master.partners[0].kind
    found = []
    for role in catalogue.roles.values():
        if role.kind is kind:
            sees = sum(role.sees_type(one) for one in catalogue.event_types)
            defaults = sum(one.role == role.id for one in catalogue.defaults.values())
            says = f"Sees {plural(sees, 'kind')} of events; {plural(defaults, 'Default notification')}"
            if catalogue.is_master(role.id):
                says += "; looks after this team"
            found.append(RoleChoice(role.id, shown(role.label), f"{says}.", role.id in held))
    return found


def partner_choices(master: Master) -> list[tuple[str, str]]:
    """Return (id, name) of the partners that somebody may belong to."""
    return [(one.id, shown(one.name)) for one in master.partners]


def wanted_by(request: HttpRequest) -> dict[str, Any]:
    """Return what a form asks for in the words of 4.1: roles and partner, for a new person name and address too."""
    wanted: dict[str, Any] = {"roles": request.POST.getlist("role")[:50]}
    for key in ("partner", "name", "email"):
        if key in request.POST:
            wanted[key] = request.POST[key].strip()[:1000]
    return wanted


def kept_by(wanted: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """Return what was tried as the fields of the form that makes it so."""
    kept = [(key, str(wanted[key])) for key in ("name", "email", "partner") if key in wanted]
    return (*kept, *(("role", one) for one in wanted["roles"]))


def seen_as(person: Person) -> str:
    """Return what of a person a change was tried from: somebody else may have changed it since."""
    return " ".join([person.partner or "", str(person.active), *person.roles])


def is_part(request: HttpRequest) -> bool:
    """Return whether htmx asks for a part of the page that is open; not so when it restores a page."""
    headers = request.headers
    return headers.get("HX-Request") == "true" and headers.get("HX-History-Restore-Request") != "true"


def faults_part(request: HttpRequest, faults: list[str]) -> HttpResponse | None:
    """Return what htmx shows of a form that is wrong; None for a whole page."""
    if not is_part(request):
        return None
    response = render(request, "web/me_faults.html", {"faults": faults}, status=422)
    response["HX-Retarget"], response["HX-Reswap"] = "#faults", "innerHTML"
    return response


def fault_words(faults: Iterable[Fault]) -> list[str]:
    """Return what is wrong, a sentence each."""
    said = []
    for one in faults:
        key = next((part for part in one.pointer.split("/") if part in _LABELS), "")
        said.append(shown(f"{_LABELS[key]} {one.message}." if key else f"{one.message}."))
    return said
