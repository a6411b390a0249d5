"""Counting in columns: how many events a notification asks for, and which others ask for the same.

The newest events come first. What does not fit into the time of one answer is left out, and the
caller is told; the answers of conditions are remembered, so the next request gets further.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from time import monotonic

import numpy as np

from callboard.catalogue.values import Condition
from callboard.insights.columns import MAX_EVENTS, Block, View, joined
from callboard.insights.rate import Instants
from callboard.insights.sight import Scene
from callboard.preferences.values import Notification

MAX_OVERLAP = 500
"""Newest matching events that the person's other notifications are compared with."""
MIN_COMPARED = 20
"""Notifications that are compared however late it is."""


@dataclass(slots=True)
class Found:
    """What the events said.

    Attributes:
        looked: how many events were looked at, whether the person may see them or not.
        total: how many of these the person may see.
        matching: how many of these are asked for.
        oldest_us: when the oldest one that was looked at was accepted.
        newest: the newest matching events, newest first.
        mailed_us: when a mail would have been asked for, oldest first.
        exact: no event of the time asked about is left out.
    """

    looked: int = 0
    total: int = 0
    matching: int = 0
    oldest_us: int = 0
    newest: Block | None = None
    mailed_us: Instants = field(default_factory=lambda: np.zeros(0, np.int64))
    exact: bool = False


def count_events(where: Iterable[Condition], scene: Scene, view: View, since_us: int, stop_s: float) -> Found:
    """Return what the events accepted at or after an instant say; none is looked at after `stop_s` but the newest."""
    found = Found()
    matching = scene.matching(where)
    newest: list[Block] = []
    mailed_us: list[Instants] = [found.mailed_us]
    for block in view.blocks:
        count = min(_count_since(block, since_us), MAX_EVENTS - found.looked)
        if not count or (found.looked and monotonic() >= stop_s):
            break
        visible = scene.visible(block)
        visible = visible[visible < count]
        rows = matching.among(block, visible)
        found.looked += count
        found.oldest_us = int(block.accepted_us[count - 1])
        found.total += len(visible)
        newest.append(block.picked(rows[: max(0, MAX_OVERLAP - found.matching)]))
        found.matching += len(rows)
        mailed_us.append(block.accepted_us[scene.mailed(block, rows)])
    found.newest = joined(newest) if found.matching else None
    found.mailed_us = np.sort(np.concatenate(mailed_us))
    found.exact = view.reaches(since_us) and found.looked == sum(_count_since(one, since_us) for one in view.blocks)
    return found


def _count_since(block: Block, since_us: int) -> int:
    return int(np.count_nonzero(block.accepted_us >= since_us))


def count_shared(others: Sequence[Notification], newest: Block, scene: Scene, stop_s: float) -> list[int]:
    """Return how many of these events each of the others asks for as well; those left out at the end are too late."""
    found: list[int] = []
    everything = np.arange(len(newest))
    for other in others:
        if len(found) >= MIN_COMPARED and monotonic() >= stop_s:
            break
        found.append(len(scene.matching(other.where).among(newest, everything)))
    return found
