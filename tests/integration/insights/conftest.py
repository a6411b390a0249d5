"""A log to fill at will, read by nobody yet."""

from __future__ import annotations

import pytest
from tests.integration.insights.studio import Log

from callboard.insights.columns import SHELF


@pytest.fixture
def log(db):
    del db
    SHELF.forget()
    yield Log()
    SHELF.forget()
