"""What is checked once a night by `worker` and `up`, whichever of several workers comes first; never by `drain`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time, timedelta

from django.db import transaction

from callboard.base.config import Config
from callboard.catalogue.values import Catalogue
from callboard.dormant import check_dormant
from callboard.insights.gaps import check_coverage
from callboard.people.sessions import SessionStore
from callboard.people.store import claim_night, is_night_done

NIGHT_STARTS = timedelta(hours=2)
"""The hour (UTC) at which a night's checks are due; a worker that starts later does them then."""

CHECKS: Mapping[str, Callable[[Config, Catalogue, datetime], object]] = {
    "dormant": check_dormant,
    "coverage": check_coverage,
    "sessions": lambda _config, _catalogue, _now: SessionStore.clear_expired(),
}
"""The checks by name; each opens its own transaction, or shares the one in which its night is claimed."""


def check_night(name: str, config: Config, catalogue: Catalogue, now: datetime) -> bool:
    """Do a check, unless it was done this night; return whether it was done now."""
    night = (now - NIGHT_STARTS).date()
    if is_night_done(name, night):
        return False
    with transaction.atomic():
        claimed = claim_night(name, night, datetime.combine(night, time(), UTC) + NIGHT_STARTS)
        if claimed:
            CHECKS[name](config, catalogue, now)
    return claimed
