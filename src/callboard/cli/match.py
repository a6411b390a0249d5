"""`callboard match`: which Custom notifications match, offline, without a database."""

from __future__ import annotations

import gc
import resource
import sys
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from callboard.base import strict_json
from callboard.base.config import read_clock
from callboard.base.errors import Fault, RejectedError, TransientError
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Catalogue, Event
from callboard.cli import boot
from callboard.cli.gathering import IrregularError, gather, shares_of
from callboard.cli.team import team_of
from callboard.intake.cloudevents import Draft, read_line, read_passing
from callboard.matching.index import Index
from callboard.matching.rows import Slots
from callboard.matching.shelf import Found
from callboard.people.rules import read_people
from callboard.people.values import Directory
from callboard.preferences.file import read_notifications
from callboard.preferences.values import Notification

if TYPE_CHECKING:
    from multiprocessing.connection import Connection


def read_json_file(path: Path) -> Any:
    """Return the value of a JSON file, `-` being standard input.

    Raises:
        RejectedError: it can not be read, or is not strict JSON.
    """
    try:
        raw = boot.standard_input().read() if str(path) == "-" else path.read_bytes()
        return strict_json.loads(raw)
    except OSError as exc:
        raise RejectedError(f"{path}: {exc.strerror}") from exc
    except strict_json.StrictJSONError as exc:
        raise RejectedError(f"{path}: {exc}") from exc


def load_index(people: Path, notifications: Path, catalogue: Catalogue) -> Index:
    """Return an index over two files. What can be read only once, such as a pipe, is read whole.

    Raises:
        RejectedError: with every fault of the files; a Custom notification without id is one.
    """
    found = read_people(read_json_file(people), Directory(), catalogue)
    if isinstance(found, list):
        raise RejectedError(found)
    directory = Directory()
    for partner in found.partners:
        directory.put_partner(partner)
    for number, person in enumerate(found.persons, start=1):
        directory.put_person(replace(person, id=number))
    index = Index(catalogue, directory)
    for readers in dict.fromkeys((shares_of(notifications), 1)) if notifications.is_file() else ():
        with suppress(IrregularError):
            index.take(gather(notifications, directory, catalogue, readers))
            return index
    index.fill(_all_at_once(notifications, directory, catalogue))
    return index


def _all_at_once(path: Path, directory: Directory, catalogue: Catalogue) -> tuple[Notification, ...]:
    raw = read_json_file(path)
    if isinstance(raw, list):
        nameless = [
            Fault(f"/{position}/id", "is missing; match needs the ids of notifications")
            for position, one in enumerate(raw)
            if isinstance(one, dict) and "default" not in one and "id" not in one
        ]
        if nameless:
            raise RejectedError(nameless)
    file = read_notifications(raw, directory, catalogue, {})
    if isinstance(file, list):
        raise RejectedError(file)
    return file.customs


Line = tuple[int, bytes]
"""A line and its number, from 0."""
READ_BYTES = 256 * 1024
"""What is read at once: some hundred events. Those of one type are answered one after the other."""


def line_batches(path: Path, size: int = READ_BYTES) -> Iterator[list[Line]]:
    """Yield the lines of a JSON-lines file that can be read without waiting for more; blank lines are left out.

    Raises:
        RejectedError: the file can not be read.
    """
    number, begun = 0, list[bytes]()
    try:
        with boot.standard_input() if str(path) == "-" else path.open("rb") as file:
            while raw := file.read1(size):
                *whole, rest = raw.split(b"\n")
                if whole:
                    whole[0] = b"".join((*begun, whole[0]))
                    begun.clear()
                    yield [one for one in enumerate(whole, start=number) if one[1].strip()]
                    number += len(whole)
                begun.append(rest)
    except OSError as exc:
        raise RejectedError(f"{path}: {exc.strerror}") from exc
    last = b"".join(begun)
    if last.strip():
        yield [(number, last)]


def event_lines(path: Path) -> Iterator[Line]:
    """Yield the lines of a JSON-lines file, blank lines left out.

    Raises:
        RejectedError: the file can not be read.
    """
    for batch in line_batches(path):
        yield from batch


def checked(number: int, line: bytes, catalogue: Catalogue) -> Draft:
    """Return the event of one line.

    Raises:
        RejectedError: with every fault of the line.
    """
    draft = read_line(line.strip(b"\r\n"), catalogue)
    if isinstance(draft, list):
        raise RejectedError([replace(one, index=number) for one in draft])
    return draft


NARROW_BYTES = 64
"""Ids up to which all have the room of the longest: they are copied at once then."""


@dataclass(frozen=True, slots=True)
class WrittenIds:
    """The ids of a shelf as JSON, sorted: of each slot its rank, and by rank the text with a comma behind it."""

    ranks: npt.NDArray[np.int32]
    texts: npt.NDArray[Any]
    join: Callable[[npt.NDArray[Any]], bytes]

    def of(self, slots: Slots) -> bytes:
        """Return the ids of some slots, sorted, as the inside of a JSON list."""
        ranks = self.ranks.take(slots)
        ranks.sort(kind="stable")  # those of each partner are in order already
        return self.join(self.texts.take(ranks))[:-1]


def write_ids(ids: Sequence[str]) -> WrittenIds:
    """Return the ids of a shelf as JSON."""
    order = sorted(range(len(ids)), key=ids.__getitem__)
    ranks = np.empty(len(order), np.int32)
    ranks[order] = np.arange(len(order))
    texts = [strict_json.dumps(ids[slot]).encode() + b"," for slot in order]
    longest = max(map(len, texts), default=0)
    if longest > NARROW_BYTES:
        return WrittenIds(ranks, np.array(texts, np.object_), lambda some: b"".join(some.tolist()))
    zeros = longest * len(texts) - sum(map(len, texts))
    if 2 * zeros < len(texts):  # most have one length: the few zeros behind others are found faster than all are read
        return WrittenIds(ranks, np.array(texts, np.bytes_), lambda some: some.tobytes().replace(b"\0", b""))
    return WrittenIds(ranks, np.array(texts, np.bytes_), lambda some: some.tobytes().translate(None, b"\0"))


class Answers:
    """Answers event lines with lines. The ids of a shelf are sorted and written as JSON once."""

    def __init__(self, index: Index, accepted_at: datetime) -> None:
        self.index = index
        self.accepted_at = accepted_at
        self._written: dict[str, WrittenIds] = {}

    def prepare(self) -> None:
        """Sort and write the ids of all shelves."""
        for event_type, shelf in self.index.shelves.items():
            self._written[event_type] = write_ids(shelf.ids)

    def answer(self, lines: Sequence[Line]) -> Answered:
        """Answer some lines, up to one that is refused.

        One step is done for all events before the next, type by type: what a step needs stays at
        hand, which saves a fifth of the time.
        """
        read, took_s, faults = self._read(lines)
        order = sorted(range(len(read)), key=lambda at: read[at].type)
        found: list[Found | None] = [None] * len(read)
        texts = [b""] * len(read)
        before = time.perf_counter()
        for at in order:
            found[at] = self.index.find(read[at])
            now = time.perf_counter()
            took_s[at] += now - before
            before = now
        for at in order:
            texts[at] = self._text(read[at], found[at])
            found[at] = None
            now = time.perf_counter()
            took_s[at] += now - before
            before = now
        return Answered(texts, [one * 1e6 for one in took_s], faults)

    def _read(self, lines: Sequence[Line]) -> tuple[list[Event], list[float], tuple[Fault, ...]]:
        """Return the events of some lines, the time each took, and the faults of the line that ended it."""
        events: list[Event] = []
        took_s: list[float] = []
        before = time.perf_counter()
        for number, line in lines:
            event = read_passing(line.strip(b"\r\n"), self.index.catalogue, self.accepted_at)
            if isinstance(event, list):
                return events, took_s, tuple(replace(one, index=number) for one in event)
            events.append(event)
            now = time.perf_counter()
            took_s.append(now - before)
            before = now
        return events, took_s, ()

    def _text(self, event: Event, found: Found | None) -> bytes:
        ids = b"" if found is None else self._written[event.type].of(found.slots)
        return b'{"event":%b,"notifications":[%b]}\n' % (strict_json.dumps(event.id).encode(), ids)


class Answered(NamedTuple):
    """The answers to some lines, the time each took, and the faults of the line that ended it."""

    texts: list[bytes]
    took_us: list[float]
    faults: tuple[Fault, ...]


def write_answers(
    answers: Answers, batches: Iterable[Sequence[Line]], write: Callable[[list[bytes]], object], processes: int
) -> array[float]:
    """Write one JSON line per event line, in order; return the time each took.

    Raises:
        RejectedError: with every fault of the first faulty line; what stands before it is answered.
        TransientError: a process is not to be had, or has ended.
    """
    took_us = array("d")
    with _asking(answers, processes) as ask:
        for lines in batches:
            size = -(-len(lines) // processes) or 1
            for texts, took, faults in ask([lines[at : at + size] for at in range(0, len(lines), size)]):
                write(texts)
                took_us.extend(took)
                if faults:
                    raise RejectedError(list(faults))
    return took_us


@contextmanager
def _asking(answers: Answers, processes: int) -> Iterator[Callable[[list[Sequence[Line]]], Iterator[Answered]]]:
    """Give what answers so many shares of lines at most, each in a process that shares the index as it is."""
    if processes == 1:
        yield lambda shares: map(answers.answer, shares)
        return
    with ExitStack() as stack:
        try:
            pipes = stack.enter_context(team_of(processes, answers.answer))
        except OSError as exc:
            raise TransientError(f"{processes} processes are not to be had: {exc.strerror}") from exc
        yield partial(_ask, pipes)


def _ask(pipes: list[Connection], shares: list[Sequence[Line]]) -> Iterator[Answered]:
    busy = pipes[: len(shares)]
    try:
        for pipe, share in zip(busy, shares, strict=True):
            pipe.send(share)
        for pipe in busy:
            yield pipe.recv()
    except (EOFError, OSError) as exc:
        raise TransientError("a process that answers has ended; with fewer --processes less memory is needed") from exc


def run_match(
    people: Path, notifications: Path, events: Path, catalogue_path: Path, *, stats: bool, processes: int = 1
) -> None:
    """Print the matches of every event, and on stderr the figures when `stats`."""
    began = time.perf_counter()
    gc.disable()  # a million notifications are no garbage, and looking at them all takes longer than making them
    answers = Answers(load_index(people, notifications, load_catalogue(catalogue_path)), read_clock().now())
    answers.prepare()
    gc.freeze()  # else the collector writes to every page, and processes share nothing
    gc.enable()
    load_s = time.perf_counter() - began
    began = time.perf_counter()
    batches = line_batches(events, READ_BYTES * processes)
    took_us = write_answers(answers, batches, _write_at_once, processes)
    if stats:
        spent_s = time.perf_counter() - began
        sys.stderr.write(strict_json.dumps(_figures(len(answers.index), took_us, load_s, spent_s)) + "\n")


def _write_at_once(texts: list[bytes]) -> None:
    """Write to standard output, where somebody may wait for the answers."""
    sys.stdout.buffer.writelines(texts)
    sys.stdout.buffer.flush()


def _figures(notifications: int, took_us: Sequence[float], load_s: float, spent_s: float) -> dict[str, float]:
    ordered = sorted(took_us) or [0.0]
    return {
        "load_s": round(load_s, 3),
        "events": len(took_us),
        "notifications": notifications,
        "events_per_s": round(len(took_us) / spent_s, 1) if spent_s else 0.0,
        "p50_us": round(ordered[len(ordered) // 2], 1),
        "p99_us": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 1),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
