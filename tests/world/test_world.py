"""A world goes through the product as its users would send it, and comes out as promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.world.generate import CLOCK_CHANGES, FULL, make_world
from tests.world.play import Play, report
from tests.world.product import Product
from tests.world.sink import Sink

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.generate import Size


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
        ("US spring", 3, 10, "postgres"),
        ("EU spring", 4, 0, "postgres"),
    ],
    indirect=["database_url"],
)
def test_small_world_is_as_promised(
    tmp_path: Path, season: str, seed: int, collapse_s: int, database_url: str | None
) -> None:
    found = differences(tmp_path, CLOCK_CHANGES[season], seed, collapse_s, database_url)
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
