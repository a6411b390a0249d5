"""What all of one run shares: the dice, the people who act, the numbers given out."""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from callboard.base.instants import format_instant
from callboard.demo.studio import studio

if TYPE_CHECKING:
    from datetime import datetime
    from random import Random

STUDIO = "meridianlantern"
_SUBJECTS_A_DAY = 50_000
_DAYS = 1_900


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person who does something in the portal."""

    email: str
    name: str
    partner: str
    kind: str
    zone: str
    is_master: bool

    @property
    def first_name(self) -> str:
        """Return how colleagues address the person."""
        return self.name.split()[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event that has no id yet, at its instant."""

    at: datetime
    event: dict[str, Any]


class Every:
    """True exactly once in every `size` calls, at a place that the dice choose."""

    def __init__(self, dice: Random, size: int) -> None:
        self._dice, self._size = dice, size
        self._place, self._count = dice.randrange(size), 0

    def __call__(self) -> bool:
        """Return whether this call is the one of its block."""
        hit = self._count == self._place
        self._count += 1
        if self._count == self._size:
            self._place, self._count = self._dice.randrange(self._size), 0
        return hit


@dataclass
class Stage:
    """One run. `number` counts the subjects given out, from a base made of the run's start."""

    dice: Random
    number: int
    redelivered: Every = field(init=False)
    redelivered_again: Every = field(init=False)
    moved: Every = field(init=False)
    canceled: Every = field(init=False)
    reassigned: Every = field(init=False)

    def __post_init__(self) -> None:
        # Redeliveries: 1 of 30 first deliveries and a fifth of those again, 4 % of all
        self.redelivered = Every(self.dice, 30)
        self.redelivered_again = Every(self.dice, 5)
        self.moved = Every(self.dice, 66)
        self.canceled = Every(self.dice, 80)
        self.reassigned = Every(self.dice, 60)

    def next_subject(self) -> str:
        """Return the id of a new source request."""
        self.number += 1
        return f"SR-{self.number:08d}"

    def person(self, partner: str) -> Actor:
        """Return someone who works on requests for the partner: its own people or its group's."""
        return self.dice.choice(_people()[partner])

    def chance(self, share: float) -> bool:
        """Return True in `share` of all calls."""
        return self.dice.random() < share


def open_stage(seed: int, start: datetime) -> Stage:
    """Return the stage of a run; other starts give other subjects."""
    dice = random.Random(f"callboard/{seed}")  # noqa: S311 - a play, no secret
    return Stage(dice=dice, number=start.toordinal() % _DAYS * _SUBJECTS_A_DAY)


def happening(at: datetime, type_: str, subject: str, data: dict[str, Any]) -> Happening:
    """Return an event of the portal in the form of interfaces 4.3, still without its id."""
    at = at.replace(microsecond=0)
    event = {
        "specversion": "1.0",
        "source": "portal",
        "type": type_,
        "subject": subject,
        "time": format_instant(at),
        "data": data,
    }
    return Happening(at=at, event=event)


def named(event: dict[str, Any], run: str) -> dict[str, Any]:
    """Return the event with its id: made from what it says, so equal runs send equal events."""
    said = json.dumps([run, event], sort_keys=True).encode()
    id_ = f"e-{hashlib.blake2b(said, digest_size=8).hexdigest()}"
    return {"specversion": event["specversion"], "id": id_, **event}


@cache
def _people() -> dict[str, list[Actor]]:
    """Return who can act for each partner: active people with a working role, else its parent's."""
    everything = studio()
    kinds = {partner["id"]: partner["kind"] for partner in everything["partners"]}
    found: dict[str, list[Actor]] = defaultdict(list)
    for user in everything["users"]:
        roles = user["roles"]
        if user["active"] and any(not role.endswith("_master") for role in roles):
            found[user["partner"]].append(
                Actor(
                    email=user["email"],
                    name=user["name"],
                    partner=user["partner"],
                    kind=kinds[user["partner"]],
                    zone=user["time_zone"],
                    is_master=any(role.endswith("_master") for role in roles),
                )
            )
    for partner in everything["partners"]:
        if not found[partner["id"]]:
            found[partner["id"]] = found[partner["parent"]]
    return dict(found)


def masters() -> list[Actor]:
    """Return those who manage the accounts of their partner."""
    return [one for people in _people().values() for one in people if one.is_master]
