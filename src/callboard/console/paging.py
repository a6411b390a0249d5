"""Pages of long lists: counting ends where nobody reads on."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator

MOST_LISTED = 5_000
"""Rows that can be paged through; who looks for an older one searches."""


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # of any rows
    """Counts up to `MOST_LISTED` rows, so that a page costs the same in any table."""

    @cached_property
    def count(self) -> int:
        """Return how many rows can be paged through."""
        rows: Any = self.object_list
        return int(rows.order_by()[: MOST_LISTED + 1].count())

    @property
    def is_capped(self) -> bool:
        """Return whether there are more rows than can be paged through."""
        return self.count > MOST_LISTED
