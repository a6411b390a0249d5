"""Whose notifications does an event satisfy? Over 10,000 to 1,000,000 notifications, beside peers.

Events are always fresh: none comes twice. Each pass reads events as `callboard match` does (which
`benchmarks.match_command` times whole) and answers with slots. The cold pass begins right after
the start; then come 20,000 events to warm up, then passes of selective and of broad events, of
which the best is printed, since other work disturbs. Changes are timed one by one, each with the
match that sees it. Peers answer as many events as they can in a few seconds, and are compared
with the index, answer by answer.

    python -m benchmarks.matching [--sizes 10000,100000,1000000] [--passes 5] [--peers/--no-peers]
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from tests.postgres import postgres_database, postgres_server

from benchmarks import workload
from benchmarks.percolators import Peer, PostgreSQL, RuleByRule, SQLite
from callboard.catalogue.values import Catalogue, Event
from callboard.matching.definition import matches
from callboard.matching.index import Index
from callboard.people.values import Directory

WARM_UP = 20_000
PASS = 5_000
BROAD_PASS = 500
PEER_S = 4.0
RULES_AT_MOST = 10_000
"""Rules that the rule-by-rule engine is given: it is linear in them, and slow to compile."""
PROVEN = 20
"""Events whose answers are compared with the plain definition."""
CHANGES = 300


@dataclass(frozen=True)
class Pass:
    """The times of one pass."""

    times_s: list[float]
    matched: int

    @property
    def per_s(self) -> float:
        """Return events per second."""
        return len(self.times_s) / sum(self.times_s)

    def told(self, name: str) -> str:
        """Return the pass as a line."""
        ordered = sorted(self.times_s)
        p50, p99 = (ordered[len(ordered) * share // 100] * 1e6 for share in (50, 99))
        matches = self.matched / len(ordered)
        times = f"p50 {p50:>8,.0f} us  p99 {p99:>8,.0f} us"
        return f"  {name:44}{self.per_s:>10,.0f} events/s  {times}  {matches:>8,.0f} matches"


def timed(find: Callable[[Event], int], lines: Sequence[bytes], types: Catalogue) -> Pass:
    """Time each event from its line to the number of its matches."""
    times_s, matched = [], 0
    for line in lines:
        began = time.perf_counter()
        matched += find(workload.read_event(line, types))
        times_s.append(time.perf_counter() - began)
    return Pass(times_s, matched)


def resident_bytes() -> int:
    """Return the memory of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


class Subject:
    """The index over so many notifications."""

    def __init__(self, count: int) -> None:
        self.catalogue: Catalogue = workload.catalogue()
        self.people: Directory = workload.directory()
        self.notifications = list(workload.notifications(count, self.catalogue, self.people))
        gc.collect()
        gc.freeze()
        gc.disable()  # as `callboard match` does while it loads
        self.empty_bytes = resident_bytes()
        self.index = Index(self.catalogue, self.people)
        began = time.perf_counter()
        self.index.fill(self.notifications)
        self.build_s = time.perf_counter() - began
        gc.enable()
        gc.freeze()
        self._seed = 0

    def lines(self, count: int, *, broad: bool = False) -> list[bytes]:
        """Return events that were never seen."""
        self._seed += 1
        return list(workload.event_lines(count, self.catalogue, broad=broad, seed=1000 + self._seed))

    def find(self, event: Event) -> int:
        """Return how many notifications match."""
        found = self.index.find(event)
        return 0 if found is None else len(found.slots)

    def ids(self, event: Event) -> list[str]:
        """Return which notifications match."""
        found = self.index.find(event)
        return [] if found is None else sorted(found.ids())

    def prove(self) -> None:
        """Compare some answers with the plain definition.

        Raises:
            AssertionError: one differs.
        """
        for line in self.lines(PROVEN):
            event = workload.read_event(line, self.catalogue)
            persons = self.people.persons
            wanted = sorted(
                one.id
                for one in self.notifications
                if one.event_type == event.type
                and matches(one, persons[one.user_id or 0], event, self.catalogue, self.people)
            )
            if self.ids(event) != wanted:
                raise AssertionError(f"the index is wrong about {event.id}")

    def changes_us(self) -> list[float]:
        """Return how long single changes take, each with the next match of its event type."""
        line = self.lines(1)[0]
        event = workload.read_event(line, self.catalogue)
        of_type = [one for one in islice(self.notifications, 100_000) if one.event_type == event.type][:CHANGES]
        times_us = []
        for number, one in enumerate(of_type):
            edited = replace(one, where=of_type[number - 1].where)
            began = time.perf_counter()
            self.find(event)
            found = time.perf_counter()
            self.index.change(one, edited)
            self.find(event)
            times_us.append((time.perf_counter() - found - (found - began)) * 1e6)
            self.index.change(edited, one)
        return sorted(times_us)


def best(passes: Iterator[Pass]) -> Pass:
    """Return the fastest pass."""
    return max(passes, key=lambda one: one.per_s)


def measure(count: int, passes: int) -> tuple[Subject, Pass]:
    """Print the figures of the index at one size; return it and its best pass."""
    subject = Subject(count)
    print(f"{count:,} notifications, built in {subject.build_s:.1f} s ({subject.build_s / count * 1e6:.1f} us each)")
    types = subject.catalogue
    print(timed(subject.find, subject.lines(PASS), types).told("cold"))
    timed(subject.find, subject.lines(WARM_UP), types)
    warm = best(timed(subject.find, subject.lines(PASS), types) for _ in range(passes))
    print(warm.told(f"warm, best of {passes} passes"))
    broad = best(timed(subject.find, subject.lines(BROAD_PASS, broad=True), types) for _ in range(passes))
    print(broad.told("broad events"))
    took_bytes = resident_bytes() - subject.empty_bytes
    changes = subject.changes_us()
    print(
        f"  memory {took_bytes / 1e6:,.0f} MB = {took_bytes / count:,.0f} bytes a notification"
        f" ({subject.index.budget.used_bytes / 1e6:,.0f} MB of it derived);"
        f" a change p50 {changes[len(changes) // 2]:,.0f} us, p99 {changes[len(changes) * 99 // 100]:,.0f} us"
    )
    subject.prove()
    return subject, warm


def compare(subject: Subject, warm: Pass, url: str) -> None:
    """Print the figures of the peers, and check their answers."""
    few = subject.notifications[:RULES_AT_MOST]
    makers: list[Callable[[], Peer]] = [
        lambda: SQLite(subject.notifications, subject.people),
        lambda: PostgreSQL(subject.notifications, subject.people, url),
    ]
    if len(few) == len(subject.notifications):
        makers.append(lambda: RuleByRule(few, subject.people))
    for make in makers:
        peer = make()
        for line in subject.lines(3):
            event = workload.read_event(line, subject.catalogue)
            if sorted(peer.find(event)) != subject.ids(event):
                raise AssertionError(f"{peer.name} answers otherwise about {event.id}")
        found = _within(PEER_S, peer, subject.lines(2_000), subject.catalogue)
        print(found.told(peer.name) + f"  Callboard is {warm.per_s / found.per_s:,.0f} times as fast")


def _within(seconds: float, peer: Peer, lines: Sequence[bytes], types: Catalogue) -> Pass:
    ended, part = time.perf_counter() + seconds, Pass([], 0)
    for line in lines:
        one = timed(lambda event: len(peer.find(event)), [line], types)
        part = Pass([*part.times_s, *one.times_s], part.matched + one.matched)
        if time.perf_counter() > ended:
            break
    return part


def main() -> None:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--passes", type=int, default=5)
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True)
    words = parser.parse_args()
    costs: dict[int, float] = {}
    with ExitStack() as stack:
        server = stack.enter_context(postgres_server()) if words.peers else ""
        for size in map(int, words.sizes.split(",")):
            subject, warm = measure(size, words.passes)
            costs[size] = 1 / warm.per_s
            if words.peers:
                with postgres_database(server) as url:
                    compare(subject, warm, url)
            gc.unfreeze()
    first, last = min(costs), max(costs)
    print(f"an event costs {costs[last] / costs[first]:.1f} times as much at {last:,} as at {first:,} notifications")


if __name__ == "__main__":
    main()
