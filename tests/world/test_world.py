"""A world goes through the product as its users would send it, and comes out as promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.world.generate import CLOCK_CHANGES, FULL, make_world
from tests.world.play import Play, report
from tests.world.product import Product
from tests.world.reference import Step, World
from tests.world.sink import Sink

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.generate import Size
    from tests.world.reference import Json


def differences(folder: Path, size: Size, seed: int, collapse_s: int, database_url: str | None) -> list[str]:
    world = make_world(size, seed)
    with Sink() as sink:
        product = Product(folder / "home", sink.port, collapse_s, database_url)
        return Play(product, sink, world).all()


@pytest.mark.parametrize(
    ("season", "seed", "collapse_s", "database_url"),
    [
        ("EU and US autumn", 1, 10, "sqlite"),
        ("Lord Howe spring", 2, 0, "sqlite"),
        ("EU spring", 4, 0, "postgres"),
        pytest.param("US spring", 3, 10, "postgres", marks=pytest.mark.world),
    ],
    indirect=["database_url"],
)
def test_small_world_is_as_promised(
    tmp_path: Path, season: str, seed: int, collapse_s: int, database_url: str | None
) -> None:
    found = differences(tmp_path, CLOCK_CHANGES[season], seed, collapse_s, database_url)
    assert not found, report(found)


NOON = datetime(2026, 10, 20, 12, 0, tzinfo=UTC)
REDELIVERY = "delivery.redelivery_requested"
ANA: Json = {
    "email": "ana@copperglass.example",
    "name": "Ana",
    "partner": "copperglass",
    "roles": ["fulfillment_partner_operations", "fulfillment_partner_master"],
}
MINE: Json = {
    "id": "n-1",
    "user": ANA["email"],
    "name": "Mine",
    "event_type": REDELIVERY,
    "where": [{"field": "severity", "op": "none_of", "value": ["FYI"]}],
    "frequency": "daily",
    "muted": False,
    "muted_until": None,
}
MUTE: Json = {
    "user": ANA["email"],
    "default": f"{REDELIVERY}/fulfillment_partner_operations",
    "muted": True,
    "muted_until": None,
}


@pytest.mark.parametrize(
    "change",
    [
        Step(NOON, "notifications", [{**MINE, "muted": True}]),
        Step(NOON, "notifications", [MUTE]),
        Step(NOON, "people", {"partners": [], "users": [{**ANA, "roles": ["fulfillment_partner_master"]}]}),
        Step(NOON, "people", {"partners": [], "users": [{**ANA, "roles": []}]}),
        Step(NOON, "people", {"partners": [], "users": [{**ANA, "active": False}]}),
    ],
    ids=["Custom muted", "Default muted", "role of the Default lost", "all roles lost", "deactivated"],
)
def test_change_between_decision_and_mail(tmp_path: Path, change: Step) -> None:
    """S5: of an item asked for by a Default and a Custom, while one still counts, all are named."""
    partner = {"id": "copperglass", "name": "Copperglass Post", "kind": "fulfillment_partner"}
    data = {"fulfillment_partner": "copperglass", "title": "The Salt Cartographers Mk000001x"}
    event = {"specversion": "1.0", "id": "e-1", "source": "portal", "type": REDELIVERY, "data": data}
    world = World(
        {"partners": [partner], "users": [ANA]},
        [MINE],
        [
            Step(NOON, "send", [event]),
            Step(NOON, "drain"),
            change,
            Step(NOON + timedelta(days=2), "drain"),
        ],
    )
    with Sink() as sink:
        found = Play(Product(tmp_path / "home", sink.port), sink, world).all()
    assert not found, report(found)


@pytest.mark.world
@pytest.mark.parametrize(
    ("seed", "collapse_s", "database_url"),
    [(7, 10, "sqlite"), (8, 10, "postgres")],
    indirect=["database_url"],
)
def test_full_world_is_as_promised(tmp_path: Path, seed: int, collapse_s: int, database_url: str | None) -> None:
    found = differences(tmp_path, FULL, seed, collapse_s, database_url)
    assert not found, report(found)
