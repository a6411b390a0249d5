"""A request for help over real processes: its letter leaves by `worker` and by `drain`, each once."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.e2e.callboard import Callboard, stop

if TYPE_CHECKING:
    from tests.e2e.sink import Sink

ANA, HELP = "ana@copperglass.example", "help@callboard.example"
ASK = """
import sys
import django
django.setup()
from django.test import Client
from callboard.people.models import User
client = Client(SERVER_NAME="localhost")
client.force_login(User.objects.get(email_key="ana@copperglass.example"))
print(client.post("/support/new", {"category": "other", "text": "Please look", "draft": sys.argv[1] * 32})["Location"])
"""


def ask(board: Callboard, draft: str) -> str:
    """Ask as a person does; the number of the request."""
    done = subprocess.run(
        [sys.executable, "-c", ASK, draft],
        env=board.environment({"DJANGO_SETTINGS_MODULE": "callboard.project.settings"}),
        cwd=board.folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout.split("/")[2].split("?")[0]


def test_letters_leave_by_worker_and_by_drain_each_once(board: Callboard, sink: Sink):
    board.settings["CALLBOARD_OPERATORS"] = f"Help desk <{HELP}>"
    board.people(ANA)
    first = ask(board, "a")
    worker = board.start("worker")
    assert sink.wait_for(lambda: len(sink.accepted) == 1)
    assert stop(worker)[0] == 0
    second = ask(board, "b")
    board.drain(days=3)
    assert [one.recipient for one in sink.accepted] == [HELP, HELP]
    assert [number.encode() in kept.raw for number, kept in zip((first, second), sink.accepted, strict=True)] == [
        True
    ] * 2
