"""What the constants of the index rest on: two ways of one step, timed beside each other.

Each figure is the mean of the fastest of many turns, since other work disturbs.

    python -m benchmarks.matching_parts
"""

from __future__ import annotations

import random
import time
from array import array
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks import workload
from callboard.catalogue.values import Condition
from callboard.matching.columns import Place, new_number_column
from callboard.matching.index import Index
from callboard.matching.postings import Budget
from callboard.matching.rows import BITS, Row, all_clear, set_at_once, set_one_by_one, slots_in

TURNS = 30
WORDS = 2_800
"""The row of the fullest shelf of a million notifications."""
NUMBERS = 1_000_000
EVENTS = 2_000


def fastest_us(step: Callable[[], object], times: int = 1) -> float:
    """Return what a step costs at best."""
    took_s = []
    for _ in range(TURNS):
        began = time.perf_counter()
        for _ in range(times):
            step()
        took_s.append((time.perf_counter() - began) / times)
    return min(took_s) * 1e6


def few(count: int) -> None:
    """Print what it costs to set bits one by one, and at once with numpy (rows.FEW)."""
    row, slots = all_clear(WORDS), array("I", random.Random(1).sample(range(WORDS * BITS), count))
    one_by_one = fastest_us(lambda: set_one_by_one(row, slots), 100)
    at_once = fastest_us(lambda: set_at_once(row, slots), 100)
    print(f"  {count:>5} bits: one by one {one_by_one:6.2f} us, at once {at_once:6.2f} us")


def narrow(words: int) -> None:
    """Print what rows cost as integers and as arrays: twelve ANDs, then the slots of a sixteenth (rows.NARROW)."""
    rng = random.Random(4)
    number = rng.getrandbits(words * BITS) & rng.getrandbits(words * BITS)
    number &= rng.getrandbits(words * BITS) & rng.getrandbits(words * BITS)
    row = np.frombuffer(number.to_bytes(words * 8, "little"), np.uint64).copy()

    def search(one: Row, other: Row) -> None:
        for _ in range(12):
            one &= other
        slots_in(one)

    integers = fastest_us(lambda: search(number, number), 20)
    arrays = fastest_us(lambda: search(row, row), 20)
    print(f"  {words:>5} words: integers {integers:6.2f} us, arrays {arrays:6.2f} us")


def many_begins(ends: int) -> None:
    """Print what a number costs with a row for each stretch, and among the slots left (numbers.MANY_BEGINS)."""
    rng, budget, left = random.Random(2), Budget(10**9), np.arange(0, WORDS * BITS, 50)
    types = workload.catalogue()
    said = workload.read_event(next(workload.event_lines(1, types)), types)
    event = replace(said, data={"runtime": NUMBERS // 2})
    column = new_number_column(Place("runtime", "number", 0), WORDS, budget)
    lows = [rng.randrange(NUMBERS) for _ in range(ends - 1)]
    for slot in range(WORDS * BITS // 10):
        bounds = (rng.choice(lows), float("inf"))
        column.add(slot, Condition(field="runtime", op="at_least", value=bounds[0], operand=bounds))

    def make_all() -> None:
        column.rows.forget()
        column.warm()

    made = fastest_us(make_all) / ends
    known = fastest_us(lambda: column.passing(rng.randrange(NUMBERS), event), 100)
    among = fastest_us(lambda: column.among(left, event))
    print(f"  {ends:>5} ends: known row {known:5.2f} us, new row {made:6.1f} us, rows {ends * 8 * WORDS / 1e6:4.1f} MB;"
          f" among {len(left):,} slots {among:5.1f} us")  # fmt: skip


def warm_rows(count: int) -> None:
    """Print what the first events cost without rows made ahead, and with them (codes._WARM_ROWS)."""
    types, people = workload.catalogue(), workload.directory()
    index = Index(types, people)
    index.fill(workload.notifications(count, types, people))
    for part in index.budget.members:
        part.forget()
    without_us = first_us(index, seed=3)
    began = time.process_time()
    index.warm()
    warmed_s = time.process_time() - began
    print(
        f"  {count:,}: without {without_us:5.1f} us an event, after {warmed_s:.2f} s {first_us(index, seed=4):5.1f} us"
    )


def first_us(index: Index, seed: int) -> float:
    """Return what events cost while nothing is derived but what was made ahead."""
    events = [
        workload.read_event(line, index.catalogue) for line in workload.event_lines(EVENTS, index.catalogue, seed=seed)
    ]
    began = time.process_time()
    for event in events:
        index.find(event)
    took_us = (time.process_time() - began) / len(events) * 1e6
    for one in index.budget.members:
        one.forget()
    return took_us


def main() -> None:
    """Print all parts."""
    parts: list[tuple[Callable[[int], None], tuple[int, ...]]] = [
        (few, (8, 16, 32, 48, 64)),
        (narrow, (16, 128, 512, 1024, 2048)),
        (many_begins, (100, 200, 400)),
        (warm_rows, (10_000, 100_000)),
    ]
    for part, sizes in parts:
        print((part.__doc__ or "").removeprefix("Print "))
        for size in sizes:
            part(size)


if __name__ == "__main__":
    main()
