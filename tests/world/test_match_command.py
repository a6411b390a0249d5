"""`callboard match` beside the reference: random worlds, and values chosen to hurt."""

from __future__ import annotations

import itertools
import json
import random
import subprocess
import sys
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.world.generate import SMALL, make_world
from tests.world.product import environment
from tests.world.reference import (
    Json,
    Reference,
    load_catalogue,
    matches_in,
    read_event,
)

CATALOGUE = Path(__file__).resolve().parents[2] / "catalogue"
NOW = datetime(2026, 10, 24, 21, 30, tzinfo=UTC)
STATS = {"load_s", "events", "notifications", "events_per_s", "p50_us", "p99_us", "rss_mb"}
LEVELS = 40
TYPE = "delivery.redelivery_requested"
STUDIO = "studio@meridian.example"

TEXTS = [
    "",
    " ",
    "ß",
    "ẞ",
    "SS",
    "ss",
    "İ",
    "i\u0307",
    "\u0131",
    "I",
    "i",
    "é",
    "e\u0301",
    "É",
    "\u212b",
    "å",
    "ﬁn",
    "FIN",
    "ΣΊΣΥΦΟΣ",
    "σίσυφος",
    "क़",
    "\u0958",
    "한글",
    unicodedata.normalize("NFD", "한글"),
    "👩\u200d🚀",
    "\U0001d54f",
    "100%_*?",
    'back\\slash "quoted"',
    "line\u2028break",
    "tab\tand\nline",
    "\ufeffmark",
    "x" * 3000,
    "ß" * 300,
]
NUMBERS = [0, -1, 1, 9, 10, 11, 2**31 - 1, 2**31, -(2**31), 2**53 - 1, -(2**53) + 1]
DATES = ["0001-01-01", "1969-12-31", "2026-10-24", "2026-10-25", "2028-02-29", "9999-12-31"]
TIMES = [None, "1970-01-01T00:00:00Z", "2026-10-24T23:59:59.999Z", "2026-10-25T00:30:00+02:00"]
CODES = ["a,b", "ü", "u\u0308", "PKG-1", "pkg-1", "PKG-1 ", "0", "*", "null", "x" * 200]
LANGUAGES = [
    "es",
    "ES-419",
    "es-419",
    "est",
    "zh-Hant-TW",
    "zh-hant",
    "zh",
    "x-private",
    "i-klingon",
]
ENUMS = ["Blocker", "blocker", "FYI", "Issue", "", "Новое", "Blocker "]


@dataclass(frozen=True)
class Files:
    """What the command reads."""

    people: Json
    notifications: list[Json]
    events: list[Json]

    def write(self, folder: Path) -> list[str]:
        """Write them; the options that name them."""
        people, notifications = folder / "people.json", folder / "notifications.json"
        events = folder / "events.jsonl"
        people.write_text(json.dumps(self.people), encoding="utf-8")
        notifications.write_text(json.dumps(self.notifications), encoding="utf-8")
        lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in self.events]
        events.write_text("".join(lines), encoding="utf-8", newline="\n")
        words = ["--people", str(people), "--notifications", str(notifications)]
        return [*words, "--events", str(events)]

    def expected(self) -> list[Json]:
        reference = Reference(load_catalogue(CATALOGUE))
        reference.import_people(self.people)
        reference.import_notifications(self.notifications)
        events = [read_event(line, NOW, reference.catalogue) for line in self.events]
        return [{"event": event.id, "notifications": matches_in(reference, event, NOW)} for event in events]


def match(files: Files, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "callboard", "match", *files.write(folder), *more],
        env=environment(folder / "home", CALLBOARD_NOW="2026-10-24T21:30:00Z"),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )


def check(files: Files, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Run the command, and show the first differences by what each side adds."""
    done = match(files, folder, *more)
    assert done.returncode == 0, done.stderr[-4000:]
    actual = [json.loads(line) for line in done.stdout.splitlines()]
    expected = files.expected()
    assert [line["event"] for line in actual] == [line["event"] for line in expected]
    named = {entry["id"]: entry for entry in files.notifications}
    wrong = []
    for number, (found, wanted) in enumerate(zip(actual, expected, strict=True)):
        if found == wanted:
            continue
        has, should = found["notifications"], wanted["notifications"]
        line = json.dumps(files.events[number])[:1500]
        told = [f"line {number}: {line}"]
        told += [f"  too many: {named[one]}"[:1500] for one in sorted(set(has) - set(should))[:3]]
        told += [f"  missing: {named[one]}"[:1500] for one in sorted(set(should) - set(has))[:3]]
        if sorted(has) == should:
            told.append(f"  in another order: {has}")
        wrong.append("\n".join(told))
    assert not wrong, f"{len(wrong)} lines differ\n" + "\n".join(wrong[:10])
    return done


@pytest.mark.parametrize("seed", range(3))
def test_random_worlds(tmp_path: Path, seed: int) -> None:
    world = make_world(SMALL, seed)
    customs = [entry for entry in world.notifications if "id" in entry]
    lines = [line for step in world.steps if step.kind == "send" for line in step.content]
    files = Files(world.people, customs, lines)
    assert any(line["notifications"] for line in files.expected())
    check(files, tmp_path)


def test_nothing_matches_without_notifications(tmp_path: Path) -> None:
    world = make_world(SMALL, 1)
    check(Files(world.people, [], world.steps[0].content), tmp_path)


def test_stats_are_one_json_line_on_stderr(tmp_path: Path) -> None:
    files = hostile_files(random.Random(1))
    done = check(files, tmp_path, "--stats")
    stats = json.loads(done.stderr.strip().splitlines()[-1])
    assert stats.keys() >= STATS
    assert (stats["events"], stats["notifications"]) == (
        len(files.events),
        len(files.notifications),
    )


def test_several_processes_answer_in_the_same_order(tmp_path: Path) -> None:
    files = hostile_files(random.Random(3))
    many = Files(
        files.people, files.notifications, [line | {"id": f"e{number}"} for number, line in enumerate(files.events * 3)]
    )
    check(many, tmp_path, "--processes", "3")


@pytest.mark.parametrize("seed", range(2))
def test_hostile_values(tmp_path: Path, seed: int) -> None:
    check(hostile_files(random.Random(seed)), tmp_path)


def test_a_thousand_conditions(tmp_path: Path) -> None:
    """Each holds, or all but the last; and lists of a thousand values."""
    ids = [f"9{number:07d}" for number in range(1000)]
    apart = [condition("title_id", "none_of", [one]) for one in ids]
    over = [condition("redelivery_round", "at_least", -number) for number in range(1000)]
    letters = [condition("title", "contains", "a" * (number % 7 + 1)) for number in range(1000)]
    wheres = [
        apart,
        [*apart[:999], condition("title_id", "any_of", [ids[999]])],
        over,
        [*over[:999], condition("redelivery_round", "at_most", -1)],
        letters,
        [condition("title_id", "any_of", ids)],
        [condition("title_id", "none_of", ids)],
        [*apart[:334], *over[:333], *letters[:333]],
    ]
    customs = [custom(number, where) for number, where in enumerate(wheres)]
    lines = [
        event(number, title_id=titles, redelivery_round=turn, title=title)
        for number, (titles, turn, title) in enumerate(
            itertools.product([[ids[999]], ["x"], ids[:200], []], [0, -1, 5], ["A" * 9, "b", None])
        )
    ]
    check(Files(people(), customs, lines), tmp_path)


def test_descendants_at_many_levels(tmp_path: Path) -> None:
    """A1, A3 and partner ranges over a chain of partners, beside a deactivated user."""
    document = people()
    for level in range(LEVELS):
        document["users"].append(person(f"u{level}@chain.example", f"p{level}"))
        if level % 7 == 3:
            document["users"][-1]["active"] = False
    customs = []
    for number, level in enumerate(range(0, LEVELS, 3)):
        where = [condition("fulfillment_partner", "any_of_incl", [f"p{level}", "apart"])]
        customs.append(custom(2 * number, where))
        where = [condition("fulfillment_partner", "none_of", [f"p{level}"])]
        customs.append(custom(2 * number + 1, where, f"u{level}@chain.example"))
    lines = [event(level, fulfillment_partner=f"p{level}") for level in range(LEVELS)]
    lines += [event(LEVELS, fulfillment_partner="P1"), event(LEVELS + 1)]
    lines += [event(LEVELS + 2, fulfillment_partner="apart")]
    check(Files(document, customs, lines), tmp_path)


def test_mentions_are_personal(tmp_path: Path) -> None:
    """M8, for many people at once."""
    document = people()
    addresses = [f"Person{number}@chain.example" for number in range(60)]
    document["users"] += [person(address, "p0") for address in addresses]
    customs = [
        custom(
            number,
            [condition("mentions_me", "is", number % 3 > 0)],
            address,
            event_type="comment.added",
        )
        for number, address in enumerate(addresses)
    ]
    some = [None, [], [addresses[1].upper()], addresses[::2], ["nobody@chain.example", ""]]
    lines = [
        event(number, type_="comment.added", fulfillment_partner="p3", mentions=mentions)
        for number, mentions in enumerate(some)
    ]
    check(Files(document, customs, lines), tmp_path)


# Making the files


def people() -> Json:
    """A studio, a chain of partners, and one that stands apart."""
    kind = "fulfillment_partner"
    partners: list[Json] = [
        {"id": "meridian", "name": "Meridian", "kind": "studio"},
        {"id": "apart", "name": "Apart", "kind": kind},
    ]
    for level in range(LEVELS):
        parent = f"p{level - 1}" if level else None
        partners.append({"id": f"p{level}", "name": f"P {level}", "kind": kind, "parent": parent})
    studio = {"email": STUDIO, "name": "S", "partner": "meridian", "roles": ["studio_admin"]}
    return {"partners": partners, "users": [studio]}


def person(address: str, partner: str) -> Json:
    roles = ["fulfillment_partner_master"]
    return {"email": address, "name": "P", "partner": partner, "roles": roles}


def condition(field: str, op: str, value: Any) -> Json:
    return {"field": field, "op": op, "value": value}


def custom(number: int, where: list[Json], user: str = STUDIO, event_type: str = TYPE) -> Json:
    return {
        "id": f"n-{number}",
        "user": user,
        "name": f"N {number}",
        "event_type": event_type,
        "where": where,
        "frequency": "immediately",
        "muted": number % 5 == 0,
        "muted_until": None,
    }


def event(number: int, type_: str = TYPE, time: str | None = None, **data: Any) -> Json:
    line = {"specversion": "1.0", "id": f"e{number}", "source": "p", "type": type_}
    return line | ({"time": time} if time else {}) | {"data": data}


def hostile_conditions() -> list[Json]:
    """One condition for each operator and each hostile value that a person may type."""
    found = [
        condition("title", op, text)
        for op in ("equals", "contains", "starts_with")
        for text in TEXTS
        if text.strip() and len(text) <= 200
    ]
    for number in NUMBERS:
        found += [
            condition("redelivery_round", "at_least", number),
            condition("redelivery_round", "at_most", number),
            condition("redelivery_round", "between", [number, number]),
            condition("redelivery_round", "between", [min(number, 0), max(number, 0)]),
        ]
    for day in DATES:
        found += [condition("due_date", "before", day), condition("due_date", "after", day)]
    found += [condition("due_date", "within_days", days) for days in (0, 1, 30, 365)]
    found.append(condition("due_date", "overdue", True))
    for op in ("any_of", "none_of"):
        found += [condition("package_id", op, [code]) for code in CODES]
        found += [condition("title_id", op, CODES[start:]) for start in range(len(CODES))]
        found += [condition("language", op, [tag]) for tag in LANGUAGES]
        found += [condition("severity", op, [one]) for one in ("Blocker", "FYI")]
        found.append(condition("tags", op, ["HDR", "Hold"]))
    found += [condition("language", "any_of_incl", [tag]) for tag in [*LANGUAGES, "*", "ZH"]]
    return found


def hostile_files(rng: random.Random) -> Files:
    """Each condition alone and in pairs, over events that mix all hostile values."""
    singles = hostile_conditions()
    wheres = [[one] for one in singles]
    wheres += [rng.choices(singles, k=rng.randint(2, 4)) for _ in range(300)]
    customs = [custom(number, where) for number, where in enumerate(wheres)]
    rng.shuffle(customs)
    values: dict[str, list[Any]] = {
        "title": TEXTS,
        "redelivery_round": NUMBERS,
        "due_date": DATES,
        "package_id": [*CODES, ""],
        "title_id": [*CODES, [], CODES[:3], [CODES[1], CODES[1]], [""]],
        "language": [*LANGUAGES, "", "es-", "-", "*"],
        "severity": ENUMS,
        "tags": ["HDR", ["HDR"], [], ["hdr", ""], ["Hold", "UHD", "New"]],
        "x_unknown": [{"a": [1, None, {"b": "\u0001"}]}, "", -1.5e300],
    }
    lines = []
    for number in range(250):
        data = {}
        for key, some in values.items():
            chance = rng.random()
            if chance < 0.8:
                data[key] = rng.choice(some)
            elif chance < 0.9:
                data[key] = None
        lines.append(event(number // 2 * 2, time=rng.choice(TIMES), **data))
    return Files(people(), customs, lines)
