"""Playing history: what falls due between two moments leaves when it would have left; who stops it can go on."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from typing import TYPE_CHECKING

from tests.e2e.callboard import NOW, TIMEOUT_S, UNASSIGNED, event
from tests.world.product import stamp

from callboard.demo.traffic import history

if TYPE_CHECKING:
    from tests.e2e.callboard import Callboard
    from tests.e2e.sink import Sink

ANA = "ana@copperglass.example"
PLAY = """
import json, sys
from callboard.cli import boot
boot.open_home()
from django.conf import settings
from callboard.base.clock import SetClock
from callboard.base.instants import parse_instant
from callboard.intake.cloudevents import read_event
from callboard.pipeline import Pipeline
from callboard.running import Runner
clock = SetClock(parse_instant(sys.argv[1]))
runner = Runner(lambda: Pipeline(settings.CONFIG, clock=clock))
moments = [(parse_instant(at), events) for at, events in json.load(sys.stdin)]
read = lambda one: read_event(one, runner.pipeline.catalogue)
print(runner.replay([(at, [read(one) for one in events]) for at, events in moments], clock)["sent"])
"""

LOAD = """
from callboard.cli import boot
boot.open_home()
from datetime import timedelta
from django.conf import settings
from callboard.demo.__main__ import load, quiet
from callboard.intake.store import count_events
before = count_events()["decided"]
with quiet():
    load(settings.CONFIG, timedelta(hours=6))
print(before, count_events()["decided"])
"""


def test_what_falls_due_between_two_moments_leaves_at_its_own_instant(board: Callboard, sink: Sink) -> None:
    board.people(ANA)
    moments = [
        (stamp(NOW + timedelta(minutes=7)), [event("e-1", UNASSIGNED)]),
        (stamp(NOW + timedelta(minutes=55)), [event("e-2", UNASSIGNED)]),
        (stamp(NOW + timedelta(days=2)), []),
    ]
    settings = board.environment({"CALLBOARD_COLLAPSE_S": "30"})
    done = subprocess.run(
        [sys.executable, "-c", PLAY, stamp(NOW)],
        input=json.dumps(moments), env=settings, cwd=board.folder, capture_output=True, text=True, timeout=TIMEOUT_S,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "2\n"), done.stderr
    left_at = [message_from_bytes(one.raw, policy=default)["Date"].datetime for one in sink.accepted]
    assert left_at == [NOW + timedelta(minutes=7, seconds=30), NOW + timedelta(minutes=55, seconds=30)]


def load(board: Callboard) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", LOAD], env=board.environment({}), cwd=board.folder, stdout=pipe, stderr=pipe, text=True
    )


def test_a_demo_that_was_stopped_while_it_was_loaded_goes_on_where_it_stopped(board: Callboard, sink: Sink) -> None:
    told = len(list(history(NOW - timedelta(hours=6), NOW)))
    with load(board) as stopped:
        with sink.changed:
            assert sink.changed.wait_for(lambda: sink.tries, TIMEOUT_S), "some of it was played"
        stopped.send_signal(signal.SIGINT)
        _, complaint = stopped.communicate(timeout=TIMEOUT_S)
    assert (stopped.returncode, "Traceback" in complaint) == (130, False), complaint
    board.now += timedelta(hours=1)
    counts = []
    for _ in range(2):
        with load(board) as ended:
            said, complaint = ended.communicate(timeout=TIMEOUT_S)
        assert ended.returncode == 0, complaint
        counts.append(tuple(map(int, said.splitlines()[-1].split())))
    (before, after), again = counts
    assert 0 < before < told
    assert (after, again) == (told, (told, told))
