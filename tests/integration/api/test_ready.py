"""`/readyz` tells the truth: each check by its name, 503 when one does not pass."""

from __future__ import annotations

import os
import re
import socket
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from tests.integration.api.studio import HOST, event, send

from callboard.api import checks, process
from callboard.base.config import SmtpServer
from callboard.base.reasons import Importance
from callboard.mail import store as outbox
from callboard.mail.outbox import is_worker_alive
from callboard.mail.owners import new_owner


@pytest.fixture
def asked(pipeline, settings, tmp_path):  # noqa: ARG001 - its database
    """Ask for readiness with a home of its own; each time anew."""
    base = replace(settings.CONFIG, home=tmp_path, now_at=process.now())
    settings.CONFIG = base
    client = Client(SERVER_NAME=HOST)

    def ask(after=timedelta(0), **changes):
        settings.CONFIG = replace(base, now_at=base.now_at + after, **changes)
        checks.forget()
        found = client.get("/readyz")
        said = found.json()
        assert (found.status_code == 503) == (said["status"] == "not-ready") == bool(said["reasons"])
        return {one["name"]: (one["passed"], one["says"]) for one in said["checks"]}

    yield ask
    checks.forget()


@pytest.fixture
def relay():
    """A server that greets and lets go."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            while True:
                try:
                    caller, _ = server.accept()
                except OSError:
                    return
                with caller:
                    caller.sendall(b"220 relay.example\r\n")
                    caller.recv(100)
                    caller.sendall(b"221 bye\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


def smtp(port, security="none"):
    return SmtpServer(host="127.0.0.1", port=port, security=security, username=None, password=None)


@contextmanager
def working(folder):
    """A worker that has run for long."""
    with new_owner(folder) as owner:
        if connection.vendor == "sqlite":
            os.utime(folder / "workers" / owner.id, (0, 0))
        yield


def test_all_is_well(asked):
    assert all(passed for passed, _ in asked().values())


def test_work_that_waits_needs_a_worker(asked, portal, tmp_path):
    send(portal, event())
    assert asked(timedelta(seconds=60))["worker"][0]
    passed, says = asked(timedelta(minutes=5))["worker"]
    assert (passed, says) == (False, "no worker runs, and work has waited for 300 s: start `callboard worker`")
    with working(tmp_path):
        assert asked(timedelta(minutes=5))["worker"] == (True, "a worker runs")


def test_the_file_of_a_dead_worker_is_no_worker(asked, portal, tmp_path):
    send(portal, event())
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "dead").touch()
    os.utime(tmp_path / "workers" / "dead", (0, 0))
    assert not asked(timedelta(minutes=5))["worker"][0]


def test_a_mail_server_that_greets_is_well(asked, relay):
    assert asked(smtp=smtp(relay))["smtp"] == (True, f"127.0.0.1:{relay} greets us")


def test_a_mail_server_that_nobody_answers_for_is_not(asked):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        passed, says = asked(smtp=smtp(port))["smtp"]
    assert not passed
    assert "does not greet us" in says
    assert "refused" in says


def test_a_paused_next_hop_is_told_with_the_servers_words(asked, relay):
    outbox.open_breaker(outbox.NEXT_HOP, process.now(), timedelta(minutes=5), "421 4.3.2 too\nbusy")
    passed, says = asked(smtp=smtp(relay))["smtp"]
    assert not passed
    assert says.endswith("421 4.3.2 too busy")
    assert asked(timedelta(minutes=6), smtp=smtp(relay))["smtp"][0]


def test_a_paused_domain_is_no_reason(asked, relay):
    outbox.open_breaker("tidewater.example", process.now(), timedelta(minutes=5), "421 busy")
    assert asked(smtp=smtp(relay))["smtp"][0]


def test_a_home_that_takes_no_files(asked, tmp_path):
    passed, says = asked(home=tmp_path / "gone")["disk"]
    assert not passed
    assert "takes no files: No such file or directory" in says


def test_without_a_database_nothing_behind_it_is_claimed(asked):
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'mail'")
    found = asked()
    assert not found["database"][0]
    assert "migrations are not applied: run `callboard migrate`" in found["database"][1]
    assert {"worker", "smtp"}.isdisjoint(found)


def test_a_worker_that_gets_nothing_done_is_told(asked, portal, tmp_path):
    send(portal, event())
    with working(tmp_path):
        assert asked(timedelta(minutes=14))["worker"] == (True, "a worker runs")
        passed, says = asked(timedelta(minutes=16))["worker"]
    assert not passed
    assert re.fullmatch(r"a worker runs, but work has been due for 9\d\d s: its log says why", says)


@pytest.mark.parametrize("domain", ["copperglass.example", outbox.NEXT_HOP])
def test_mail_that_a_pause_keeps_waiting_is_no_fault_of_the_worker(asked, pipeline, tmp_path, domain):
    now = process.now()
    pipeline.world.refresh()
    user_id = next(iter(pipeline.world.directory.persons))
    mail = outbox.Composed(
        user_id=user_id,
        domain="copperglass.example",
        importance=Importance.STANDARD,
        message_id="<1@x>",
        expires_at=now + timedelta(days=2),
    )
    outbox.add_mails([mail], revision=1, now=now)
    outbox.open_breaker(domain, now, timedelta(minutes=20), "421 busy")
    with working(tmp_path):
        assert asked(timedelta(minutes=19))["worker"][0]
        assert not asked(timedelta(minutes=21))["worker"][0]


def test_a_file_from_the_future_and_a_folder_are_no_worker(tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has locks of its own")
    (tmp_path / "workers" / "folder").mkdir(parents=True)
    ahead = tmp_path / "workers" / "ahead"
    ahead.touch()
    os.utime(ahead, (2**33, 2**33))
    assert not is_worker_alive(tmp_path)
    os.utime(ahead)
    assert is_worker_alive(tmp_path), "a new file: its lock is being taken"
