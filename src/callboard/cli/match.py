"""`callboard match`: which Custom notifications match, offline, without a database."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from callboard.base import strict_json
from callboard.base.clock import Clock
from callboard.base.config import read_clock
from callboard.base.errors import Fault, RejectedError
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Catalogue
from callboard.intake.cloudevents import Draft, read_line
from callboard.matching.index import Matcher
from callboard.people.rules import read_people
from callboard.people.values import Directory
from callboard.preferences.file import read_notifications
from callboard.preferences.values import Book, Kind


def read_json_file(path: Path) -> Any:
    """Return the value of a JSON file, `-` being standard input.

    Raises:
        RejectedError: it can not be read, or is not strict JSON.
    """
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
        return strict_json.loads(raw)
    except OSError as exc:
        raise RejectedError(f"{path}: {exc.strerror}") from exc
    except strict_json.StrictJSONError as exc:
        raise RejectedError(f"{path}: {exc}") from exc


def load_matcher(people: Path, notifications: Path, catalogue: Catalogue) -> Matcher:
    """Return a matcher over two files.

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
    raw = read_json_file(notifications)
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
    book = Book()
    for custom in file.customs:
        book.put(custom)
    return Matcher(replace(catalogue, defaults={}), directory, book)


def event_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (line number from 0, line) of a JSON-lines file, blank lines left out.

    Raises:
        RejectedError: the file can not be read.
    """
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file:
            for number, line in enumerate(file):
                if line.strip():
                    yield number, line
    except OSError as exc:
        raise RejectedError(f"{path}: {exc.strerror}") from exc


def checked(number: int, line: bytes, catalogue: Catalogue) -> Draft:
    """Return the event of one line.

    Raises:
        RejectedError: with every fault of the line.
    """
    draft = read_line(line.strip(b"\r\n"), catalogue)
    if isinstance(draft, list):
        raise RejectedError([replace(one, index=number) for one in draft])
    return draft


def match_lines(
    matcher: Matcher, lines: Iterable[tuple[int, bytes]], clock: Clock, took_us: list[float]
) -> Iterator[str]:
    """Yield one JSON line per event line; add the time each took to `took_us`."""
    for position, (number, line) in enumerate(lines):
        start = time.perf_counter()
        event = checked(number, line, matcher.catalogue).as_event(clock.now(), position)
        found = matcher.match(event)
        ids = sorted(one.id for matched in found.values() for one in matched if one.kind is Kind.CUSTOM)
        took_us.append((time.perf_counter() - start) * 1e6)
        yield strict_json.dumps({"event": event.id, "notifications": ids})


def run_match(people: Path, notifications: Path, events: Path, catalogue_path: Path, *, stats: bool) -> None:
    """Print the matches of every event, and on stderr the figures when `stats`."""
    began = time.perf_counter()
    matcher = load_matcher(people, notifications, load_catalogue(catalogue_path))
    load_s = time.perf_counter() - began
    took_us: list[float] = []
    began = time.perf_counter()
    for line in match_lines(matcher, event_lines(events), read_clock(), took_us):
        sys.stdout.write(line + "\n")
    sys.stdout.flush()
    if stats:
        spent_s = time.perf_counter() - began
        sys.stderr.write(strict_json.dumps(_figures(matcher, took_us, load_s, spent_s)) + "\n")


def _figures(matcher: Matcher, took_us: list[float], load_s: float, spent_s: float) -> dict[str, float]:
    ordered = sorted(took_us) or [0.0]
    return {
        "load_s": round(load_s, 3),
        "events": len(took_us),
        "notifications": len(matcher.book.customs),
        "events_per_s": round(len(took_us) / spent_s, 1) if spent_s else 0.0,
        "p50_us": round(ordered[len(ordered) // 2], 1),
        "p99_us": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)], 1),
        "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
