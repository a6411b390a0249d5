"""What one web process holds: settings, catalogue, a pipeline per thread, the partners in memory."""

from __future__ import annotations

import threading
from datetime import datetime
from functools import cache

from django.conf import settings

from callboard.base.config import Config
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Catalogue
from callboard.insights import store
from callboard.people.values import Directory, Partner
from callboard.pipeline import Pipeline

_local = threading.local()
_known: tuple[tuple[int, int], Directory] | None = None


def config() -> Config:
    """Return the settings in force."""
    found: Config = settings.CONFIG
    return found


def now() -> datetime:
    """Return the current instant of business time."""
    return config().clock.now()


@cache
def catalogue() -> Catalogue:
    """Return the catalogue in force, read once."""
    return load_catalogue(config().catalogue_path)


def pipeline() -> Pipeline:
    """Return this thread's pipeline. It only accepts here, so its world stays empty."""
    found: Pipeline | None = getattr(_local, "pipeline", None)
    if found is None:
        found = _local.pipeline = Pipeline(config(), catalogue())
    return found


def partners() -> Directory:
    """Return a directory of all partners, without persons: names and hierarchy.

    It is made anew when a partner changes and never changed, so threads share it.
    """
    global _known  # noqa: PLW0603 - replaced as a whole: readers see the old or the new one
    version = store.partners_version()
    known = _known
    if known is None or known[0] != version:
        known = _known = (version, _load_partners())
    return known[1]


def _load_partners() -> Directory:
    directory = Directory()
    for id_, name, kind, parent in store.partner_rows():
        directory.put_partner(Partner(id=id_, name=name, kind=kind, parent=parent))
    return directory


def forget() -> None:
    """Forget what is remembered of the database and the settings; for tests, where they are others each time."""
    global _known  # noqa: PLW0603 - as above
    _known = _local.pipeline = None
