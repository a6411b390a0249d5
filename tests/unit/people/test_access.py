"""Who may see what (A1–A3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.studio import CATALOGUE, OPERATIONS, REDELIVERY, directory, event, person

from callboard.base.reasons import Access
from callboard.catalogue.values import PartnerKind
from callboard.people.access import may_see

STUDIO = directory()
KINDS = {
    "content_partner": ("brackenfold", "content_partner_operations"),
    "fulfillment_partner": ("copperglass", OPERATIONS),
    "qc_partner": ("plumbline", "qc_operator"),
    "studio": ("the-studio", "studio_operations"),
}


def seen(kind: str, type_id: str = "qc.report_ready", **data: Any) -> Access:
    partner, role = KINDS[kind]
    who = person(partner=partner, kind=PartnerKind(kind), roles=(role,))
    told = event(type_id, **{"fulfillment_partner": None} | data)
    return may_see(who, told, CATALOGUE, STUDIO)


def test_a1_a_deactivated_user_sees_nothing():
    assert may_see(person(active=False), event(), CATALOGUE, STUDIO) is Access.DEACTIVATED


def test_a2_a_role_must_see_the_type():
    assert may_see(person(), event("account.user_changed"), CATALOGUE, STUDIO) is Access.ROLE_DOES_NOT_SEE
    assert may_see(person(roles=()), event(), CATALOGUE, STUDIO) is Access.ROLE_DOES_NOT_SEE
    assert may_see(person(roles=("gone",)), event(), CATALOGUE, STUDIO) is Access.ROLE_DOES_NOT_SEE
    assert may_see(person(roles=("gone", OPERATIONS)), event(), CATALOGUE, STUDIO) is Access.ALLOWED


def test_a2_a_role_of_another_kind_gives_nothing():
    assert may_see(person(roles=("studio_admin",)), event(), CATALOGUE, STUDIO) is Access.ROLE_DOES_NOT_SEE


@pytest.mark.parametrize(
    ("kind", "field", "partner", "expected"),
    [
        ("content_partner", "content_partner", "brackenfold", Access.ALLOWED),
        ("content_partner", "fulfillment_partner", "brackenfold", Access.OTHER_PARTNER),
        ("fulfillment_partner", "fulfillment_partner", "copperglass", Access.ALLOWED),
        ("fulfillment_partner", "sub_assignee", "copperglass", Access.ALLOWED),
        ("fulfillment_partner", "content_partner", "copperglass", Access.OTHER_PARTNER),
        ("fulfillment_partner", "fulfillment_partner", "copperglass-group", Access.OTHER_PARTNER),
        ("fulfillment_partner", "fulfillment_partner", "tidewater", Access.OTHER_PARTNER),
        ("fulfillment_partner", "fulfillment_partner", "unknown", Access.OTHER_PARTNER),
        ("qc_partner", "qc_partner", "plumbline", Access.ALLOWED),
        ("qc_partner", "fulfillment_partner", "plumbline", Access.OTHER_PARTNER),
        ("studio", "fulfillment_partner", "tidewater", Access.ALLOWED),
        ("studio", "content_partner", "unknown", Access.ALLOWED),
    ],
)
def test_a3_the_event_must_concern_the_partner(kind: str, field: str, partner: str, expected: Access):
    assert seen(kind, **{field: partner}) is expected


def test_a3_an_ancestor_sees_what_concerns_its_descendants():
    boss = person(partner="copperglass-group")
    assert may_see(boss, event(REDELIVERY), CATALOGUE, STUDIO) is Access.ALLOWED
    assert may_see(boss, event(fulfillment_partner="tidewater"), CATALOGUE, STUDIO) is Access.OTHER_PARTNER
    assert may_see(boss, event(fulfillment_partner="tidewater", sub_assignee="copperglass"), CATALOGUE, STUDIO) is (
        Access.ALLOWED
    )
