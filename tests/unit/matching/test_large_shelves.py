"""Shelves so large that small sets are lists of slots and large ones rows (M1–M7)."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.unit.studio import CATALOGUE, REDELIVERY, directory, event, person

from callboard.catalogue.values import PartnerKind
from callboard.matching.definition import matches
from callboard.matching.index import Index
from callboard.matching.rows import FEW, is_large
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Notification

PEOPLE = {
    1: person(1, email="s@studio.example", partner="the-studio", kind=PartnerKind.STUDIO, roles=("studio_admin",)),
    2: person(2),
}
ROUND = "redelivery_round"
WORDS = ["salt", "harbour", "lantern", "é", "e", "the salt", "", "the"]
TITLES = ["The Salt Cartographers", "Lanterns over Brennick", "THE SALT", "É", "harbour" * 50, ""]


def custom(number: int, rng: random.Random) -> Notification:
    """Some values that nearly everybody names, some that a handful names, some that hundreds name."""
    titles = [str(rng.choice([rng.randrange(9), rng.randrange(400), rng.randrange(40_000)])) for _ in range(3)]
    low = rng.choice([rng.randrange(6), rng.randrange(5000)])
    text = rng.choice(["contains", "starts_with", "equals"])
    wheres = [
        {"field": "title_id", "op": rng.choice(["any_of", "none_of"]), "value": titles},
        {"field": "package_id", "op": rng.choice(["any_of", "none_of"]), "value": titles[:1]},
        {"field": "content_type", "op": "any_of", "value": [rng.choice(["Branded", "Non-Branded"])]},
        {"field": "title", "op": text, "value": rng.choice(WORDS + TITLES)},
        {"field": "redelivery_round", "op": "between", "value": [low, low + rng.randrange(3000)]},
        {"field": "language", "op": "any_of_incl", "value": [rng.choice(["en", "es", "es-419", "fr-CA"])]},
    ]
    raw = {"event_type": REDELIVERY, "frequency": "hourly", "where": rng.sample(wheres, rng.randint(1, 3))}
    found = read_custom(raw, CATALOGUE, id=f"n-{number}", user_id=rng.choice([1, 1, 2]))
    assert isinstance(found, Notification)
    return found


def told(rng: random.Random):
    data: dict[str, Any] = {
        "title_id": [str(rng.randrange(9)), str(rng.randrange(400)), str(rng.randrange(400))],
        "package_id": rng.choice([str(rng.randrange(9)), str(rng.randrange(400)), str(rng.randrange(40_000)), None]),
        "content_type": rng.choice(["Branded", "Non-Branded", "Else"]),
        "title": rng.choice(TITLES),
        "redelivery_round": rng.choice([rng.randrange(6), rng.randrange(6000), None]),
        "language": rng.choice(["en-GB", "es-419", "fr", None]),
        "fulfillment_partner": rng.choice(["copperglass", "tidewater"]),
    }
    return event(**{key: value for key, value in data.items() if value is not None})


@pytest.mark.parametrize(("count", "events", "ends"), [(9_000, 30, "few"), (34_000, 12, "many")])
def test_a_large_shelf_answers_by_the_definition_while_it_changes(count: int, events: int, ends: str):
    rng = random.Random(count)
    customs = {number: custom(number, rng) for number in range(count)}
    if ends == "few":  # so few ends of ranges that each stretch has a row
        customs = {number: one for number, one in customs.items() if all(w.field != ROUND for w in one.where)}
    people = directory(*PEOPLE.values())
    index = Index(CATALOGUE, people, derived_bytes=3_000_000)
    index.fill(customs.values())
    shelf = index.shelves[REDELIVERY]
    sizes = [len(slots) for column in shelf.codes.values() for slots in column.any.slots.values()]
    assert any(is_large(size, shelf.words) for size in sizes)
    assert any(size > FEW and not is_large(size, shelf.words) for size in sizes)
    assert any(size <= FEW for size in sizes)
    matched = 0
    for _ in range(events):
        happened = told(rng)
        for _ in range(2):  # the second time from rows that were kept, after changes
            found = index.find(happened)
            assert found is not None
            wanted = [
                one.id
                for one in customs.values()
                if matches(one, people.persons[one.user_id or 0], happened, CATALOGUE, people)
            ]
            assert sorted(found.ids()) == sorted(wanted)
            matched += len(wanted)
            for number in rng.sample(sorted(customs), 20):
                new = None if rng.random() < 0.3 else custom(number, rng)
                index.change(customs.pop(number), new)
                if new:
                    customs[number] = new
    assert matched > 1000
