"""A lease that ends in the moment in which its mail is begun: two connections at once."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction

from callboard.mail import store
from callboard.mail.models import Attempt, Mail, MailState
from callboard.mail.owners import new_owner

SOON = time.time() + 60
EXPIRED = SOON + 1
LATER = EXPIRED + 1_000
SOON_S = 0.5
"""Time for the other connection to come as far as it can before this one commits."""


@pytest.fixture
def leased(transactional_db, stage):
    """Two mails that owner A holds, seen by all connections, the lease of the first soon over; and now."""
    del transactional_db
    stage.accept(fulfillment_partner="tidewater")
    stage.fill()
    with transaction.atomic():
        (first,) = store.lease("owner-a", SOON, stage.now, 1)
        (second,) = store.lease("owner-a", LATER, stage.now, 1)
    return first, second, stage.now


class Meanwhile(threading.Thread):
    """Does something over a connection of its own, as soon as the database lets it."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.found: Any = None

    def run(self):
        try:
            while self.found is None:
                try:
                    with transaction.atomic():
                        self.found = self.work()
                except OperationalError:
                    if connection.vendor != "sqlite":  # which in memory refuses where a file would wait
                        raise
                    time.sleep(0.01)
        finally:
            connection.close()


def test_p2_no_lease_is_freed_without_the_attempt_that_was_being_begun(leased):
    mail, _, now = leased
    sweeper = Meanwhile(lambda: store.free_leases([], expired_before_s=EXPIRED))
    with transaction.atomic():
        assert store.begin_attempts([mail], "owner-a", now) == {mail.id}
        sweeper.start()
        sweeper.join(SOON_S if connection.vendor == "sqlite" else None)  # PostgreSQL's waits for nobody
    sweeper.join()
    with transaction.atomic():  # PostgreSQL passed over it, SQLite waited
        assert sweeper.found + store.free_leases([], expired_before_s=EXPIRED) == 1
    row = Mail.objects.get(id=mail.id)
    assert (row.state, row.in_doubt, row.attempts) == (MailState.QUEUED, True, 1)
    with transaction.atomic():
        (again,) = store.lease("owner-b", LATER, now, 10)
        store.begin_attempts([again], "owner-b", now)
    assert list(Attempt.objects.order_by("number").values_list("mail_id", "number")) == [(mail.id, 1), (mail.id, 2)]


def test_p2_a_mail_whose_lease_is_being_freed_is_not_begun_and_those_beside_it_are(leased):
    mail, other, now = leased
    late = Meanwhile(lambda: store.begin_attempts([other, mail], "owner-a", now))
    with transaction.atomic():
        assert store.free_leases([], expired_before_s=EXPIRED) == 1
        late.start()
        late.join(SOON_S)
        assert late.is_alive(), "it waits for whoever frees the lease"
    late.join()
    assert late.found == {other.id}
    assert list(Attempt.objects.values_list("mail_id", flat=True)) == [other.id]
    assert set(Mail.objects.values_list("in_doubt", flat=True)) == {False}


@contextmanager
def outage():
    """The database is away: it ends the session of an owner, and takes no new ones."""
    if connection.vendor == "sqlite":  # a file does not go away
        yield
        return
    parameters = connection.get_connection_params()
    name = parameters.pop("dbname")
    parameters.pop("cursor_factory", None)
    parameters.pop("context", None)
    with psycopg.connect(**parameters, dbname="postgres", autocommit=True) as beside:
        beside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        try:
            beside.execute(
                "SELECT pg_terminate_backend(pid, 30000) FROM pg_locks WHERE locktype = 'advisory'"
                " AND database = (SELECT oid FROM pg_database WHERE datname = %s)",
                [name],
            )
            yield
        finally:
            beside.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')


def test_an_owner_is_known_to_live_when_its_database_is_back(transactional_db, tmp_path):
    del transactional_db
    with new_owner(tmp_path) as owner:
        first = owner.id
        with outage():
            for _ in range(2):
                with nullcontext() if connection.vendor == "sqlite" else pytest.raises(OperationalError):
                    owner.keep()
        owner.keep()
        assert (owner.id == first) == (connection.vendor == "sqlite"), "a lost lock is not taken for held"
        other = new_owner(tmp_path)
        assert not other.is_dead(owner.id)
        kept = owner.id
        owner.keep()
        assert owner.id == kept
    until_s = time.monotonic() + 30
    while not other.is_dead(kept):  # PostgreSQL ends a session a moment after it was told to
        assert time.monotonic() < until_s
        time.sleep(0.01)
