"""A home and a database of its own for each test, the small studio, and a clock that is set by hand."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connections
from tests.integration.core.studio import NOW, PEOPLE, Stage

from callboard.base.clock import SetClock
from callboard.pipeline import Pipeline


@pytest.fixture
def stage(db, settings, tmp_path):
    """The studio, loaded, at ten o'clock."""
    del db
    config = settings.CONFIG = replace(settings.CONFIG, home=tmp_path)
    found = Pipeline(config, clock=SetClock(NOW))
    found.import_people(PEOPLE)
    connection = connections["default"]
    thread = ThreadPoolExecutor(1, initializer=_share, initargs=(connection,))
    connection.inc_thread_sharing()
    yield Stage(found, thread)
    thread.shutdown()
    connection.dec_thread_sharing()


def _share(shared):
    """Let the delivering thread see the test's own transaction."""
    connections["default"] = shared
