"""Time zones as a person picks one: today's names, with their countries and the names they had before.

The names come from the `tzdata` package, which is the same wherever Callboard runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

UTC_NAME = "UTC"
_NO_PLACE = frozenset({"localtime", "Factory"})
"""Names that mean "whatever this machine says" or nothing at all."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A time zone on offer: "America/New_York" of the region "America".

    `also` holds words by which a person may look for it: countries, and names of earlier days.
    """

    name: str
    also: tuple[str, ...]

    @property
    def region(self) -> str:
        """Return the part before the first slash; "UTC" for UTC."""
        return self.name.partition("/")[0]

    @property
    def label(self) -> str:
        """Return the name with spaces for underscores: "America/New York"."""
        return self.name.replace("_", " ")


@cache
def zone_names() -> frozenset[str]:
    """Return every name that counts as a time zone, those of earlier days included."""
    return frozenset(available_timezones()) - _NO_PLACE


@cache
def zones() -> tuple[Zone, ...]:
    """Return the zones on offer: UTC, then one of today's names per place, by region and name."""
    countries = dict(line.split("\t")[:2] for line in _lines("iso3166.tab"))
    older: dict[str, list[str]] = {}
    for name in sorted(_links()):
        older.setdefault(modern(name), []).append(name)
    found = [
        Zone(name, (*(countries.get(code, code) for code in codes), *older.get(name, ())))
        for name, codes in _places().items()
        if name in zone_names()
    ]
    found.sort(key=lambda one: one.name)
    return (Zone(UTC_NAME, ("Coordinated Universal Time", *older.get(UTC_NAME, ()))), *found)


@cache
def modern(name: str) -> str:
    """Return today's name of a zone: "Asia/Kolkata" for "Asia/Calcutta". Unknown names stay."""
    seen = {name}
    while name not in _places() and name in _links() and _links()[name] not in seen:
        name = _links()[name]
        seen.add(name)
    return UTC_NAME if name in {"Etc/UTC", UTC_NAME} else name


def is_same_zone(one: str, other: str) -> bool:
    """Return whether two names mean the same zone."""
    return modern(one) == modern(other)


@cache
def _places() -> dict[str, tuple[str, ...]]:
    """Return zone -> codes of its countries, for every zone that stands for a place today."""
    return {
        columns[2]: tuple(columns[0].split(","))
        for line in _lines("zone.tab")
        if len(columns := line.split("\t")) > 2  # noqa: PLR2004 - its three columns
    }


@cache
def _links() -> dict[str, str]:
    """Return name -> the zone it is a link to."""
    links = [line.split() for line in _lines("tzdata.zi") if line.startswith("L ")]
    return {name: target for _, target, name in links}


def _lines(name: str) -> list[str]:
    text = files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
