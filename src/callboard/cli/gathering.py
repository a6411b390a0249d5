"""The Custom notifications of a file, gathered by several processes for `callboard match`."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from callboard.base import strict_json
from callboard.cli.team import team_of
from callboard.matching.filling import Filling, gathered
from callboard.preferences.file import read_one

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from callboard.catalogue.values import Catalogue
    from callboard.people.values import Directory
    from callboard.preferences.values import Notification


class IrregularError(Exception):
    """Something is perhaps not right with the file: one process may read it yet; reading it whole tells what."""


SHARED_BYTES = 8 * 1024 * 1024
"""Size of a notifications file from which on several processes read a share each."""
_MOST_READERS = 4
Share: TypeAlias = "tuple[dict[str, Filling], set[object]]"
"""What a process gathered of the notifications, and the ids and mutes that it saw."""


def shares_of(path: Path) -> int:
    """Return how many processes read a file."""
    large = path.is_file() and path.stat().st_size > SHARED_BYTES
    return min(_MOST_READERS, len(os.sched_getaffinity(0))) if large and hasattr(os, "sched_getaffinity") else 1


def gather(path: Path, directory: Directory, catalogue: Catalogue, shares: int) -> dict[str, Filling]:
    """Return the Custom notifications of a file, read by so many processes, without having all of it in memory.

    Raises:
        IrregularError: something is not right with the file, or with one of the processes.
    """
    read = partial(_read_share, path, directory, catalogue, shares)
    try:
        with team_of(shares - 1, read) as others:
            for share, other in enumerate(others, start=1):
                other.send(share)
            filled, seen = _regular(read(0))
            for other in others:
                more, also_seen = _regular(other.recv())
                if not seen.isdisjoint(also_seen):
                    raise IrregularError
                seen |= also_seen
                for event_type, filling in more.items():
                    filled.setdefault(event_type, Filling()).take(filling)
    except (EOFError, OSError) as exc:
        raise IrregularError from exc
    return filled


def _regular(share: Share | None) -> Share:
    if share is None:
        raise IrregularError
    return share


def _read_share(path: Path, directory: Directory, catalogue: Catalogue, shares: int, share: int) -> Share | None:
    """Return what a share holds; None when something is not right with it."""
    seen: set[object] = set()
    try:
        return gathered(_one_by_one(path, directory, catalogue, share, shares, seen)), seen
    except IrregularError:
        return None


def _one_by_one(
    path: Path, directory: Directory, catalogue: Catalogue, share: int, shares: int, seen: set[object]
) -> Iterator[Notification]:
    """Yield the Custom notifications of a share of a file; remember what was seen."""
    try:
        with path.open("rb") as file:
            for raw in strict_json.items(file, share, shares):
                if isinstance(raw, dict) and "default" not in raw and "id" not in raw:
                    raise IrregularError
                found = read_one(raw, "", directory, catalogue)
                if isinstance(found, list):
                    raise IrregularError
                custom, mute = found
                key = custom.id if custom else (mute.user_id, mute.ref)
                if key in seen:
                    raise IrregularError
                seen.add(key)
                if custom:
                    yield custom
    except (OSError, strict_json.StrictJSONError) as exc:
        raise IrregularError from exc
