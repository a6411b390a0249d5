"""An index outlives its process, and what changed meanwhile is in it all the same."""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.matching.test_hostile_values import custom, people
from tests.unit.studio import CATALOGUE, event

from callboard import keeping
from callboard.matching.definition import everybody
from callboard.matching.index import Matcher
from callboard.matching.snapshot import pack, revision_of, unpack
from callboard.preferences.values import Book, Notification

WHERES = [
    ("title_id", "any_of", ["1", "2"]),
    ("title_id", "none_of", ["1"]),
    ("language", "any_of_incl", ["es", "zh"]),
    ("redelivery_round", "at_least", 2),
    ("due_date", "overdue", True),
    ("title", "contains", "salt"),
    ("title", "starts_with", "the"),
    ("title", "equals", ""),
    ("fulfillment_partner", "any_of_incl", ["copperglass-group"]),
]
EVENTS = [
    event(title_id=titles, language=language, redelivery_round=turn, due_date="2026-11-01", title=title)
    for titles in (["1"], ["3", "2"], [])
    for language, turn, title in (("es-419", 3, "The Salt"), ("de", 1, ""), (None, None, "the sal"))
]


def notifications(seed: int) -> list[Notification]:
    rng = random.Random(seed)
    made = [custom(number, *rng.choices(WHERES, k=rng.randint(1, 4)), user=rng.choice([1, 2])) for number in range(150)]
    return [replace(one, id=f"n-{seed}-{number}") for number, one in enumerate(made)]


def book_of(customs: list[Notification]) -> Book:
    book = Book()
    for one in customs:
        book.put(one)
    return book


def agree(matcher: Matcher) -> int:
    count = 0
    for told in EVENTS:
        answer = {user: {one.id for one in mine} for user, mine in matcher.match(told).items()}
        wanted = everybody(told, CATALOGUE, matcher.directory, matcher.book)
        assert answer == {user: {one.id for one in mine} for user, mine in wanted.items()}
        count += sum(map(len, answer.values()))
    return count


def restored(arrays, known, book: Book, changed: list[str]) -> Matcher:
    matcher = Matcher(CATALOGUE, known, book)
    matcher.adopt(unpack(arrays, CATALOGUE, known, book, changed))
    return matcher


def test_a_snapshot_answers_like_its_index():
    known, book = people(), book_of(notifications(1))
    arrays = pack(Matcher(CATALOGUE, known, book).index, 7, "name")
    assert revision_of(arrays, CATALOGUE) == 7
    assert agree(restored(arrays, known, book, [])) > 100


def test_what_changed_since_is_known():
    known, customs = people(), notifications(1)
    arrays = pack(Matcher(CATALOGUE, known, book_of(customs)).index, 7, "name")
    later = notifications(2)
    edited = [replace(one, where=other.where) for one, other in zip(customs[:30], later, strict=False)]
    book = book_of([*edited, *customs[30:120], *later[:40]])  # the last 30 are deleted
    known.put_person(replace(known.persons[1], partner="tidewater"))
    matcher = restored(arrays, known, book, [one.id for one in edited])
    assert agree(matcher) > 100
    for one in later[40:]:
        book.put(one)
    known.put_person(replace(known.persons[1], partner="copperglass"))
    assert agree(matcher) > 100
    assert len(matcher.index) == len(book.customs)


def test_another_catalogue_makes_a_snapshot_useless():
    arrays = pack(Matcher(CATALOGUE, people(), book_of(notifications(1))).index, 7, "name")
    assert revision_of(arrays, replace(CATALOGUE, roles={})) is None


def anything(_: object) -> bool:
    return True


def unchanged(_: int) -> list[str]:
    return []


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive", b"x" * 64])
def test_a_broken_file_counts_as_none(tmp_path: Path, content: bytes):
    path = tmp_path / "index.npz"
    path.write_bytes(content)
    matcher = Matcher(CATALOGUE, people(), book_of(notifications(1)))
    assert keeping.fetch(matcher, path, unchanged, anything) is None
    assert not matcher.has_index


def test_objects_are_never_unpickled(tmp_path: Path):
    path = tmp_path / "index.npz"
    np.savez(path, head=np.array([{"format": 1}], dtype=object))
    path.write_bytes(path.read_bytes() + hashlib.blake2b(path.read_bytes()).digest())
    assert keeping.fetch(Matcher(CATALOGUE, people(), Book()), path, unchanged, anything) is None


def many() -> Book:
    customs = notifications(1)
    return book_of([replace(one, id=f"{one.id}-{copy}") for copy in range(70) for one in customs])


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    """A file of an index, and the name under which the database knows it."""
    path, names = tmp_path_factory.mktemp("home") / "index.npz", list[str]()
    assert keeping.keep(Matcher(CATALOGUE, people(), many()).index, 3, path, names.append)
    return path, names


def test_a_file_is_written_whole_and_only_when_it_is_worth_it(tmp_path: Path, kept: tuple[Path, list[str]]):
    path, names = kept
    small = Matcher(CATALOGUE, people(), book_of(notifications(1)))
    assert not keeping.keep(small.index, 3, tmp_path / "index.npz", names.append)
    assert not list(tmp_path.iterdir())
    assert [one.name for one in path.parent.iterdir()] == ["index.npz"]
    matcher = Matcher(CATALOGUE, people(), many())
    changed = {3: list[str]()}
    assert keeping.fetch(matcher, path, changed.__getitem__, names.__contains__) == 3
    assert agree(matcher) > 100


def test_a_file_that_the_database_does_not_know_is_not_used(kept: tuple[Path, list[str]]):
    matcher = Matcher(CATALOGUE, people(), many())
    assert keeping.fetch(matcher, kept[0], unchanged, lambda _: False) is None
    assert not matcher.has_index
    assert len(matcher.directory.watchers) == 1  # nothing half-made listens


def test_a_single_changed_byte_makes_a_file_useless(tmp_path: Path, kept: tuple[Path, list[str]]):
    raw = bytearray(kept[0].read_bytes())
    raw[len(raw) // 2] ^= 1
    path = tmp_path / "index.npz"
    path.write_bytes(raw)
    assert keeping.fetch(Matcher(CATALOGUE, people(), many()), path, unchanged, anything) is None


def test_a_file_of_which_most_has_changed_is_not_used(kept: tuple[Path, list[str]]):
    book = many()
    changed = list(book.customs)[:5000]
    assert keeping.fetch(Matcher(CATALOGUE, people(), book), kept[0], lambda _: changed, anything) is None


def test_a_home_that_can_not_be_written_costs_only_the_file(tmp_path: Path):
    path = tmp_path / "missing" / "index.npz"
    names: list[str] = []
    assert not keeping.keep(Matcher(CATALOGUE, people(), many()).index, 3, path, names.append)
    assert not names
