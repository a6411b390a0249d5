"""What the worlds run on: a PostgreSQL for the session, and a database for each test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.postgres import postgres_database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

FULL_WORLD = "CALLBOARD_FULL_WORLD"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"world: the full world; runs where {FULL_WORLD}=1")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the full world out unless it is asked for: it takes minutes."""
    if os.environ.get(FULL_WORLD) == "1":
        return
    full = [item for item in items if item.get_closest_marker("world")]
    if full:
        config.hook.pytest_deselected(items=full)
        items[:] = [item for item in items if item not in full]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a running server; each test makes its own database there."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """An empty PostgreSQL database, or None for the SQLite file in the home."""
    if request.param == "sqlite":
        yield None
        return
    with postgres_database(request.getfixturevalue("postgres_url")) as url:
        yield url
