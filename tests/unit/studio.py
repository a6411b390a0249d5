"""A small invented studio in plain values: the shipped catalogue, some partners and people, and builders."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Event, PartnerKind
from callboard.people.values import Directory, Partner, Person

CATALOGUE = load_catalogue(Path(__file__).resolve().parents[2] / "catalogue")
NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
REDELIVERY = "delivery.redelivery_requested"
OPERATIONS = "fulfillment_partner_operations"
FULFILLMENT = PartnerKind.FULFILLMENT_PARTNER


def person(number: int = 1, **values: Any) -> Person:
    """Return Ana, or somebody like her."""
    found: dict[str, Any] = {
        "email": "ana@copperglass.example",
        "name": "Ana Ruiz",
        "partner": "copperglass",
        "kind": FULFILLMENT,
        "roles": (OPERATIONS,),
    }
    return Person(id=number, **found | values)


def directory(*persons: Person) -> Directory:
    """Return copperglass under copperglass-group, others of each kind, and the persons."""
    found = Directory()
    for partner in (
        Partner(id="copperglass-group", name="Copperglass Group", kind=FULFILLMENT),
        Partner(id="copperglass", name="Copperglass Post", kind=FULFILLMENT, parent="copperglass-group"),
        Partner(id="tidewater", name="Tidewater Media", kind=FULFILLMENT),
        Partner(id="brackenfold", name="Brackenfold Pictures", kind=PartnerKind.CONTENT_PARTNER),
        Partner(id="plumbline", name="Plumbline QC", kind=PartnerKind.QC_PARTNER),
        Partner(id="the-studio", name="The Studio", kind=PartnerKind.STUDIO),
    ):
        found.put_partner(partner)
    for one in persons:
        found.put_person(one)
    return found


def event(type_id: str = REDELIVERY, /, *, at: datetime = NOW, **data: Any) -> Event:
    """Return an event that happened and was accepted at `at`."""
    return Event(
        number=1,
        key="0" * 32,
        source="portal",
        id="e-1",
        type=type_id,
        subject="SR-1",
        time_at=at,
        accepted_at=at,
        data={"fulfillment_partner": "copperglass"} | data,
    )
