"""What is checked once a night by `worker` and `up`, whichever of several workers comes first; never by `drain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta
from functools import partial

from django.db import transaction

from callboard.base.config import Config
from callboard.catalogue.values import Catalogue
from callboard.dormant import check_dormant
from callboard.insights.gaps import prepare_coverage
from callboard.people.sessions import SessionStore
from callboard.people.store import claim_night, is_night_due

NIGHT_STARTS = timedelta(hours=2)
"""The hour (UTC) at which a night's checks are due; a worker that starts later does them then."""

CHECKS: Mapping[str, Callable[[Config, Catalogue, datetime], Callable[[], object]]] = {
    "dormant": lambda config, catalogue, now: partial(check_dormant, config, catalogue, now),
    "coverage": prepare_coverage,
    "sessions": lambda _config, _catalogue, _now: SessionStore.clear_expired,
}
"""The checks by name: each looks at what it needs, and returns what writes what it found."""


def check_night(name: str, config: Config, catalogue: Catalogue, now: datetime) -> bool:
    """Do a check, unless it was done this night; return whether it was done now.

    To look at everybody may take minutes; only what is written is one transaction with the claim.
    """
    night = (now - NIGHT_STARTS).date()
    if not is_night_due(name, night, datetime.combine(night, time(), UTC) + NIGHT_STARTS):
        return False
    write = CHECKS[name](config, catalogue, now)
    with transaction.atomic():
        claimed = claim_night(name, night)
        if claimed:
            write()
    return claimed
