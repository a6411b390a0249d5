"""Who may look after whom: a Master's partners and people, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, wraps
from typing import TYPE_CHECKING

from django.http import Http404

from callboard.base.texts import shown
from callboard.people.governing import governed_partners
from callboard.web.gates import same_person, signed_in
from callboard.web.viewer import viewer_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from callboard.people.values import Partner, Person
    from callboard.web.viewer import Viewer


@dataclass(frozen=True)
class Master:
    """The Master who asks, and the partners looked after: the own one first, then those below it by name."""

    viewer: Viewer
    partners: tuple[Partner, ...]

    @cached_property
    def partner_ids(self) -> tuple[str, ...]:
        """Return the ids of the partners."""
        return tuple(one.id for one in self.partners)

    @property
    def partner_name(self) -> str:
        """Return the name of the own partner account."""
        return shown(self.viewer.partner_name)

    def find(self, user_id: int) -> Person:
        """Return one of the Master's people.

        Raises:
            Http404: there is no such person, or not among these partners.
        """
        person = self.viewer.directory.persons.get(user_id)
        if person is None or person.partner not in self.partner_ids:
            raise Http404("no such person")
        return person

    def called(self, partner_id: str | None) -> str:
        """Return what one of the partners is called."""
        return shown(self.viewer.directory.partner_name(partner_id or ""))


def master_of(viewer: Viewer) -> Master | None:
    """Return the viewer as a Master; None for who is none."""
    found = governed_partners(viewer.person, viewer.catalogue, viewer.directory)
    return Master(viewer, found) if found else None


def masters_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let only Masters into a view, which gets the Master; who is none finds nothing here."""

    @signed_in
    @same_person
    @wraps(view)
    def gate(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        master = master_of(viewer_of(request))
        if master is None:
            raise Http404("for Masters only")
        return view(request, master, *args, **kwargs)

    return gate
