"""The demo studio: its partners, its people and what they asked for (interfaces 4.1, 4.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from callboard.base.instants import format_instant
from callboard.demo.notification_table import CUSTOM, MUTED_DEFAULTS
from callboard.demo.people_table import PARTNERS, USERS

ROLES = {
    ("content_partner", "O"): "content_partner_operations",
    ("content_partner", "M"): "content_partner_master",
    ("fulfillment_partner", "O"): "fulfillment_partner_operations",
    ("fulfillment_partner", "M"): "fulfillment_partner_master",
    ("qc_partner", "O"): "qc_operator",
    ("studio", "O"): "studio_operations",
    ("studio", "A"): "studio_admin",
}
_MUTED_FOR = timedelta(days=14)


def studio() -> dict[str, Any]:
    """Return partners and users in the people format (4.1), parents before their children."""
    return {
        "partners": [
            {"id": id_, "name": name, "kind": kind, "parent": parent or None}
            for id_, name, kind, parent, _ in _partner_rows()
        ],
        "users": [_user(line) for line in USERS.strip().splitlines()],
    }


def notifications(now: datetime | None = None) -> list[dict[str, Any]]:
    """Return Custom notifications and muted Defaults in the notifications format (4.2).

    With `now`, one mute runs out two weeks later; without, it lasts until unmuted.
    """
    until = format_instant(now + _MUTED_FOR) if now else None
    custom = [
        {
            "id": f"n-{number}",
            "user": row.user,
            "name": row.name,
            "event_type": row.event_type,
            "where": [{"field": key, "op": op, "value": value} for key, op, value in row.where],
            "frequency": row.frequency,
            "muted": row.muted != "",
            "muted_until": until if row.muted == "for a while" else None,
        }
        for number, row in enumerate(CUSTOM, 1)
    ]
    muted = [{"user": user, "default": default, "muted": True, "muted_until": None} for user, default in MUTED_DEFAULTS]
    return [*custom, *muted]


@cache
def _partner_rows() -> tuple[tuple[str, ...], ...]:
    lines = PARTNERS.strip().splitlines()
    return tuple(tuple(part.strip() for part in line.split("|")) for line in lines)


def _user(line: str) -> dict[str, Any]:
    partner, local, name, roles, zone, digest, *flags = (part.strip() for part in line.split("|"))
    _, _, kind, _, host = next(row for row in _partner_rows() if row[0] == partner)
    hour, weekday = digest.split()
    return {
        "email": local if "@" in local else f"{local}@{host}",
        "name": name,
        "partner": partner,
        "roles": [ROLES[kind, role] for role in roles.split()],
        "active": "inactive" not in flags,
        "time_zone": zone,
        "locale": "en",
        "digest_hour": int(hour),
        "digest_weekday": weekday,
        "notify_own_actions": "own" in flags,
    }
