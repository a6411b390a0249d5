"""The lengths of all prefixes in use: no other cut of a text needs a look-up."""

from __future__ import annotations

from bisect import bisect_right


class Lengths:
    """How many prefixes of each length there are."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._sorted: list[int] | None = None

    def add(self, length: int) -> None:
        """Count a prefix of this length."""
        self._counts[length] = self._counts.get(length, 0) + 1
        self._sorted = None

    def remove(self, length: int) -> None:
        """Undo `add`."""
        self._counts[length] -= 1
        if not self._counts[length]:
            del self._counts[length]
        self._sorted = None

    def up_to(self, length: int) -> list[int]:
        """Return the lengths that a text of this length has."""
        if self._sorted is None:
            self._sorted = sorted(self._counts)
        return self._sorted[: bisect_right(self._sorted, length)]
