"""What is derived stays within its bound, and what is edited away is gone."""

from __future__ import annotations

import itertools
import random

from tests.unit.studio import CATALOGUE, REDELIVERY, directory, event, person

from callboard.catalogue.values import PartnerKind
from callboard.matching.index import Index
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Notification

STUDIO = person(partner="the-studio", kind=PartnerKind.STUDIO, roles=("studio_admin",))
LIMIT = 100_000
LARGEST_FORM = 5_000


def custom(number: int, rng: random.Random) -> Notification:
    word = f"{rng.getrandbits(64):x}"
    wheres = [
        {"field": "title_id", "op": "any_of", "value": [word, "9"]},
        {"field": "package_id", "op": "none_of", "value": [word]},
        {"field": "title", "op": rng.choice(["contains", "starts_with", "equals"]), "value": word},
        {"field": "redelivery_round", "op": "at_least", "value": rng.randrange(9)},
        {"field": "language", "op": "any_of_incl", "value": ["en" + "-x" * rng.randint(1, 9)]},
    ]
    raw = {"event_type": REDELIVERY, "frequency": "hourly", "where": rng.sample(wheres, 2)}
    found = read_custom(raw, CATALOGUE, id=f"n-{number}", user_id=1)
    assert isinstance(found, Notification)
    return found


def test_what_is_derived_stays_within_its_bound():
    rng = random.Random(1)
    customs = [custom(number, rng) for number in range(3000)]
    index = Index(CATALOGUE, directory(STUDIO), derived_bytes=LIMIT)
    index.fill(customs)
    seen_bytes = []
    for one in customs:
        value = one.where[0].value
        index.find(
            event(title_id=value if isinstance(value, list) else ["9"], package_id=str(value), language="en-x-x")
        )
        seen_bytes.append(index.budget.used_bytes)
    assert max(seen_bytes) <= LIMIT + 2 * LARGEST_FORM
    assert max(seen_bytes) > LIMIT // 2
    assert any(later < earlier for earlier, later in itertools.pairwise(seen_bytes))


def test_a_day_of_edits_leaves_nothing_behind():
    rng = random.Random(2)
    index = Index(CATALOGUE, directory(STUDIO))
    known: dict[int, Notification] = {}

    def edit(times: int) -> int:
        for _ in range(times):
            number = rng.randrange(100)
            old = known.pop(number, None)
            new = custom(number, rng) if old is None or rng.random() < 0.5 else None
            index.change(old, new)
            if new:
                known[number] = new
            if rng.random() < 0.1:
                index.find(event(title="a title", title_id=["9"], language="en-x"))
        return index.used_bytes

    first_bytes = edit(500)
    assert edit(5000) < 1.5 * first_bytes
    for one in known.values():
        index.change(one, None)
    assert len(index) == 0
    assert index.find(event(title_id=["9"])) is None
    for shelf in index.shelves.values():
        assert not any(postings.slots for column in shelf.codes.values()
                       for postings in (column.any, column.none, column.broad))  # fmt: skip
        assert not any(postings.slots for postings in shelf.scope.realms.values())
        assert len(shelf.ids) <= 101
