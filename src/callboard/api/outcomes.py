"""What mail servers answered since this process began to look, by domain: each scrape reads the newer attempts only."""

from __future__ import annotations

import threading
from collections import Counter

from callboard.mail import outbox

MOST_DOMAINS = 20
"""Domains with a series of their own; the rest is `other`. Whose mail came first in volume stays."""
OTHER = "other"
READ_AT_ONCE = 50_000
"""Attempts of one scrape; what is beyond is left to the next one."""
MOST_PENDING = 5_000
"""Attempts without an answer that are looked at again; a worker has some hundred open."""


class Outcomes:
    """Counts that only grow. The first look begins at the newest attempt: a counter may begin at zero."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        """Begin anew, as a test does."""
        self._seen: int | None = None
        self._pending: list[int] = []
        self._domains: set[str] = set()
        self._counts: Counter[tuple[str, str]] = Counter()

    def read(self) -> Counter[tuple[str, str]]:
        """Return (domain, outcome) -> count, with what was answered since the last look."""
        with self._lock:
            newest = outbox.newest_attempt()
            if self._seen is None or newest < self._seen:  # the first look, or another database as between tests
                self._seen, self._pending = newest, []
            until = min(newest, self._seen + READ_AT_ONCE)
            rows = outbox.answers_of(self._pending) + outbox.answers(self._seen, until)
            self._seen = until
            self._pending = [number for number, _, outcome in rows if outcome is None][-MOST_PENDING:]
            self._add(Counter((domain, outcome) for _, domain, outcome in rows if outcome is not None))
            return Counter(self._counts)

    def _add(self, found: Counter[tuple[str, str]]) -> None:
        """Count under the domain's own name while there is room for names, the busiest first."""
        volumes: Counter[str] = Counter()
        for (domain, _), count in found.items():
            volumes[domain] += count
        for domain, _ in volumes.most_common():
            if len(self._domains) < MOST_DOMAINS:
                self._domains.add(domain)
        for (domain, outcome), count in found.items():
            self._counts[domain if domain in self._domains else OTHER, outcome] += count


def busiest(counts: dict[str, int]) -> dict[str, int]:
    """Return the counts of the domains with the most, and the sum of all others as `other`."""
    ranked = Counter(counts).most_common()
    found = dict(ranked[:MOST_DOMAINS])
    rest = sum(count for _, count in ranked[MOST_DOMAINS:])
    return found | ({OTHER: found.get(OTHER, 0) + rest} if rest else {})


OUTCOMES = Outcomes()
