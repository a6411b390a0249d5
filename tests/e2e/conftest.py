"""A sink and a home for each test; one PostgreSQL for the session."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.e2e.callboard import Callboard
from tests.e2e.sink import Sink
from tests.postgres import postgres_database, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as found:
        yield found


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty database that is up to date, for every home to begin with."""
    folder = tmp_path_factory.mktemp("migrated")
    Callboard(folder).ok("migrate")
    return folder / "home" / "callboard.sqlite3"


@pytest.fixture
def board(tmp_path: Path, sink: Sink, migrated: Path) -> Callboard:
    """Callboard on SQLite, handing its mail to the sink."""
    tmp_path.joinpath("home").mkdir()
    shutil.copy(migrated, tmp_path / "home")
    return Callboard(tmp_path, {"CALLBOARD_SMTP_URL": f"smtp://127.0.0.1:{sink.port}"})


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    with postgres_server() as url:
        yield url


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with postgres_database(postgres_url) as url:
        yield url
