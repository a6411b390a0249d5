"""How `callboard match` reads lines and writes answers."""

from __future__ import annotations

import json
import multiprocessing
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests import starting
from tests.unit.studio import CATALOGUE, NOW, REDELIVERY, directory, event, person

from callboard.base.errors import RejectedError, TransientError
from callboard.catalogue.values import PartnerKind
from callboard.cli.gathering import IrregularError, gather
from callboard.cli.match import (
    Answers,
    Line,
    line_batches,
    load_index,
    write_answers,
    write_ids,
)
from callboard.matching.index import Index
from callboard.people.values import Directory
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Notification

TYPES = [REDELIVERY, "delivery.processed", "portal.unasked"]


@pytest.mark.parametrize(
    "ids",
    [["b1", "a1", "c1"], ["n-100", "n-99", "n-101"], ["a", "c" * 40, "bé"], ["a", "c" * 200, "b"]],
    ids=["of one length", "mostly of one length", "of many lengths", "very long"],
)
def test_ids_are_written_sorted_whatever_their_lengths(ids: list[str]) -> None:
    written = write_ids(ids)
    assert json.loads(b"[%b]" % written.of(np.arange(3))) == sorted(ids)
    assert json.loads(b"[%b]" % written.of(np.array([2, 0]))) == sorted((ids[2], ids[0]))
    assert written.of(np.arange(0)) == b""


def test_lines_are_handed_on_as_soon_as_they_can_be_read() -> None:
    """Who writes one event and waits for its answer gets it."""
    reading, writing = os.pipe()
    batches = line_batches(Path(f"/dev/fd/{reading}"))
    os.write(writing, b"first\nsec")
    assert next(batches) == [(0, b"first")]
    os.write(writing, b"ond\r\n\n  \nfifth\n")
    assert next(batches) == [(1, b"second\r"), (4, b"fifth")]
    os.write(writing, b" last, without an end\f")
    os.close(writing)
    assert list(batches) == [[(5, b" last, without an end\f")]]
    os.close(reading)


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines_are_whole_however_little_is_read_at_once(size: int, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"\nfirst\n\n" + b"x" * 50 + b"\n\r\nlast\n\n")
    assert [one for batch in line_batches(path, size) for one in batch] == [(1, b"first"), (3, b"x" * 50), (5, b"last")]


def line(number: int, event_type: str, title: str = "9") -> Line:
    said = {"specversion": "1.0", "id": f"e{number}", "source": "p", "type": event_type, "data": {"title_id": [title]}}
    return number, json.dumps(said).encode()


@pytest.fixture
def answers() -> Answers:
    studio = person(partner="the-studio", kind=PartnerKind.STUDIO, roles=("studio_admin",))
    index = Index(CATALOGUE, directory(studio))
    where = [{"field": "title_id", "op": "any_of", "value": ["9"]}]
    for number, event_type in enumerate(TYPES[:2] * 2):
        raw = {"event_type": event_type, "frequency": "hourly", "where": where}
        custom = read_custom(raw, CATALOGUE, id=f"n{number}", user_id=1)
        assert isinstance(custom, Notification)
        index.change(None, custom)
    found = Answers(index, NOW)
    found.prepare()
    return found


def test_answers_stand_in_the_order_of_the_lines_whatever_their_types(answers: Answers) -> None:
    written: list[bytes] = []
    batches = [[line(number, TYPES[number % 2], "98"[number % 3 > 1]) for number in range(at, at + 7)] for at in (0, 7)]
    took = write_answers(answers, batches, written.extend, 1)
    told = [json.loads(one) for one in b"".join(written).splitlines()]
    assert [one["event"] for one in told] == [f"e{number}" for number in range(14)]
    wanted = [[] if number % 3 > 1 else [["n0", "n2"], ["n1", "n3"]][number % 2] for number in range(14)]
    assert [one["notifications"] for one in told] == wanted
    assert len(took) == 14


def test_what_stands_before_a_faulty_line_is_answered(answers: Answers) -> None:
    written: list[bytes] = []
    batch = [line(0, TYPES[1]), line(1, TYPES[0]), line(2, TYPES[2]), line(3, TYPES[0])]
    with pytest.raises(RejectedError) as raised:
        write_answers(answers, [batch], written.extend, 1)
    assert [one.index for one in raised.value.faults] == [2]
    assert [json.loads(one)["event"] for one in b"".join(written).splitlines()] == ["e0", "e1"]


PEOPLE = {
    "partners": [{"id": "the-studio", "name": "The Studio", "kind": "studio"}],
    "users": [{"email": "ana@studio.example", "name": "Ana", "partner": "the-studio", "roles": ["studio_admin"]}],
}


def rows() -> list[dict[str, object]]:
    """Notifications that more than one piece of a file takes, some of them checked one by one."""
    ranges = [{"field": "redelivery_round", "op": "at_least", "value": low} for low in (0, 1, 2)]
    wheres = [
        [{"field": "title_id", "op": "any_of", "value": ["9"]}],
        [{"field": "title_id", "op": "none_of", "value": ["8", "9"]}, *ranges],
        [{"field": "title", "op": "contains", "value": "salt"}, ranges[1]],
    ]
    return [
        {"id": f"n{number}", "user": "ana@studio.example", "name": "", "event_type": REDELIVERY,
         "where": wheres[number % 3], "frequency": "hourly"}
        for number in range(900)
    ]  # fmt: skip


def studio_with_ana() -> Directory:
    return directory(
        person(email="ana@studio.example", partner="the-studio", kind=PartnerKind.STUDIO, roles=("studio_admin",))
    )


@pytest.mark.parametrize("shares", [1, 2, 3])
def test_several_processes_gather_what_one_gathers(shares: int, tmp_path: Path) -> None:
    path = tmp_path / "notifications.json"
    path.write_text(json.dumps(rows()))
    index = Index(CATALOGUE, studio_with_ana())
    index.take(gather(path, index.directory, CATALOGUE, shares))
    events: list[tuple[dict[str, Any], set[int]]] = [
        ({"title_id": ["9"]}, {0}),
        ({"title_id": ["7"], "redelivery_round": 2}, {1}),
        ({"title_id": ["9"], "redelivery_round": 1, "title": "The Salt"}, {0, 2}),
    ]
    for said, wanted in events:
        found = index.find(event(**said))
        assert found is not None
        assert sorted(found.ids()) == sorted(f"n{number}" for number in range(900) if number % 3 in wanted)


@pytest.mark.parametrize(
    ("at", "change", "told"),
    [
        (700, {"id": "n5"}, "stands twice"),
        (5, {"frequency": "yearly"}, "not on offer"),
        (400, {"user": "nobody@studio.example"}, "is not a user"),
    ],
)
@pytest.mark.parametrize("shares", [1, 2, 3])
def test_what_is_wrong_in_anybodys_share_is_told(
    at: int, change: dict[str, str], told: str, shares: int, tmp_path: Path
) -> None:
    path, people = tmp_path / "notifications.json", tmp_path / "people.json"
    listed = rows()
    listed[at] |= change
    path.write_text(json.dumps(listed))
    people.write_text(json.dumps(PEOPLE))
    with pytest.raises(IrregularError):
        gather(path, studio_with_ana(), CATALOGUE, shares)
    with pytest.raises(RejectedError, match=told):
        load_index(people, path, CATALOGUE)


@pytest.mark.parametrize(("change", "told"), [({}, None), ({"frequency": "yearly"}, "not on offer")])
def test_what_comes_through_a_pipe_is_read_once(change: dict[str, str], told: str | None, tmp_path: Path) -> None:
    people = tmp_path / "people.json"
    people.write_text(json.dumps(PEOPLE))
    reading, writing = os.pipe()
    os.write(writing, json.dumps([rows()[0] | change]).encode())
    os.close(writing)
    path = Path(f"/dev/fd/{reading}")
    if told is None:
        found = load_index(people, path, CATALOGUE).find(event(title_id=["9"]))
        assert found is not None
        assert list(found.ids()) == ["n0"]
    else:
        with pytest.raises(RejectedError, match=told):
            load_index(people, path, CATALOGUE)
    os.close(reading)


class SlowFile(type(Path())):  # type: ignore[misc] # the class of this system's paths
    """A path whose readers say on one pipe that they are there, and wait on another until they may read."""

    begun: int
    gate: int

    def open(self, mode: str = "r") -> Any:
        """Return the file once the reader may go on."""
        os.write(self.begun, b".")
        os.read(self.gate, 1)
        return super().open(mode)


def test_nobody_goes_on_reading_when_the_command_is_killed(tmp_path: Path) -> None:
    (tmp_path / "notifications.json").write_text(json.dumps(rows()))
    path = SlowFile(tmp_path / "notifications.json")
    begun, path.begun = os.pipe()
    path.gate, gate = os.pipe()
    fork = multiprocessing.get_context("fork")
    command = fork.Process(target=gather, args=(path, studio_with_ana(), CATALOGUE, 2))
    command.start()
    os.close(path.begun)
    assert os.read(begun, 1) + os.read(begun, 1) == b".."
    command.kill()
    command.join()
    os.write(gate, b".")
    assert select.select([begun], [], [], 60)[0], "a reader is still there"
    assert os.read(begun, 1) == b""
    for one in (begun, path.gate, gate):
        os.close(one)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_process_outlives_the_command_and_none_says_a_word_of_its_own(number: int, tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text(json.dumps(PEOPLE))
    (tmp_path / "notifications.json").write_text(json.dumps(rows()[:1]))
    files = ["--people", "people.json", "--notifications", "notifications.json"]
    words = ["match", *files, "--events", "-", "--processes", "2"]
    pipe = subprocess.PIPE
    with starting.Command(words, env=dict(os.environ), cwd=tmp_path, stdin=pipe, stdout=pipe, stderr=pipe) as command:
        assert command.stdin is not None
        assert command.stdout is not None
        assert command.stderr is not None
        command.stdin.write(line(1, REDELIVERY)[1] + b"\n")
        command.stdin.flush()
        assert json.loads(command.stdout.readline())["notifications"] == ["n0"]
        command.send_signal(number)
        assert command.stdout.read() == b""  # nobody holds it any more
        assert command.stderr.read() == b""


def no_memory() -> None:
    raise MemoryError


@pytest.mark.parametrize("end", [lambda: os._exit(1), no_memory])
def test_a_process_that_ended_is_told_and_says_nothing_of_its_own(
    end: Callable[[], None], answers: Answers, capfd: pytest.CaptureFixture[str]
) -> None:
    class Ending(Answers):
        def answer(self, lines: Sequence[Line]) -> Any:  # noqa: ARG002 - ends at once
            end()

    ending = Ending(answers.index, NOW)
    with pytest.raises(TransientError, match="has ended"):
        write_answers(ending, [[line(0, REDELIVERY)]], list.clear, 2)
    assert capfd.readouterr().err == ""


def test_a_closed_standard_input_is_said_and_is_no_empty_file(tmp_path: Path) -> None:
    (tmp_path / "people.json").write_text(json.dumps(PEOPLE))
    (tmp_path / "notifications.json").write_text(json.dumps(rows()[:1]))
    files = ["--people", "people.json", "--notifications", "notifications.json"]
    words = ["sh", "-c", 'exec "$@" <&-', "sh", sys.executable, "-m", "callboard", "match", *files, "--events", "-"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "callboard: standard input is closed, and there is nothing to read\n"
