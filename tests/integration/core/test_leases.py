"""A lease that ends in the moment in which its mail is begun: two connections at once."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import OperationalError, connection, transaction

from callboard.mail import store
from callboard.mail.models import Attempt, Mail, MailState

EXPIRED = time.time() + 1_000
SOON_S = 0.5
"""Time for the other connection to come as far as it can before this one commits."""


@pytest.fixture
def leased(transactional_db, stage):
    """One mail that owner A holds, seen by all connections; and now."""
    del transactional_db
    stage.accept()
    stage.decide()
    stage.pass_(seconds=11)
    stage.compose()
    with transaction.atomic():
        (mail,) = store.lease("owner-a", time.time() + 60, stage.now, 10)
    return mail, stage.now


class Meanwhile(threading.Thread):
    """Does something over a connection of its own, as soon as the database lets it."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.found = None

    def run(self):
        try:
            while self.found is None:
                try:
                    with transaction.atomic():
                        self.found = self.work()
                except OperationalError:  # SQLite in memory refuses where a file would wait
                    time.sleep(0.01)
        finally:
            connection.close()


def test_p2_no_lease_is_freed_without_the_attempt_that_was_being_begun(leased):
    mail, now = leased
    sweeper = Meanwhile(lambda: store.free_leases([], expired_before_s=EXPIRED))
    with transaction.atomic():
        assert store.begin_attempts([mail], "owner-a", now) == {mail.id}
        sweeper.start()
        sweeper.join(SOON_S if connection.vendor == "sqlite" else None)  # PostgreSQL's waits for nobody
    sweeper.join()
    with transaction.atomic():  # PostgreSQL passed over it, SQLite waited
        assert sweeper.found + store.free_leases([], expired_before_s=EXPIRED) == 1
    row = Mail.objects.get()
    assert (row.state, row.in_doubt, row.attempts) == (MailState.QUEUED, True, 1)
    with transaction.atomic():
        (again,) = store.lease("owner-b", time.time() + 60, now, 10)
        store.begin_attempts([again], "owner-b", now)
    assert list(Attempt.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_p2_a_mail_whose_lease_is_being_freed_is_not_begun(leased):
    mail, now = leased
    late = Meanwhile(lambda: store.begin_attempts([mail], "owner-a", now))
    with transaction.atomic():
        assert store.free_leases([], expired_before_s=EXPIRED) == 1
        late.start()
        late.join(SOON_S)
    late.join()
    assert late.found == set()
    assert not Attempt.objects.exists()
    assert Mail.objects.get().in_doubt is False
