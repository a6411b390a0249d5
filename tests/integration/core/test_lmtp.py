"""What the mail server hears over LMTP when a report can not be taken now."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.db import OperationalError

from callboard.mail.feedback.lmtp import LATER, MOST_PARKED, PARKED, TAKEN, Desk
from callboard.mail.feedback.return_path import ReturnPath
from callboard.mail.feedback.taking import Result, Taken


def desk(take, home):
    return Desk(take, ReturnPath(settings.CONFIG), home)


@pytest.mark.parametrize("error", [OperationalError("database is locked"), ValueError("a fault of ours")])
def test_a_report_that_is_not_durable_is_asked_for_again(tmp_path, error):
    def take(*_):
        raise error

    assert desk(take, tmp_path)._take(b"a report", "bounces@callboard.example") == LATER
    assert not (tmp_path / PARKED).exists()


def test_what_can_not_be_kept_is_asked_for_again(tmp_path):
    (tmp_path / PARKED).write_text("no folder")
    found = desk(lambda *_: Taken(Result.UNREADABLE), tmp_path)
    assert found._take(b"a report", "bounces@callboard.example") == LATER


def test_what_can_not_be_read_is_kept_for_an_operator_the_newest_hundred(tmp_path):
    found = desk(lambda *_: Taken(Result.UNREADABLE), tmp_path)
    for number in range(MOST_PARKED + 5):
        assert found._take(b"%d" % number, "bounces@callboard.example") == TAKEN
    kept = list((tmp_path / PARKED).glob("*.eml"))
    assert len(kept) == MOST_PARKED
    assert str(MOST_PARKED + 4) in {one.read_text() for one in kept}
    assert (tmp_path / PARKED).stat().st_mode & 0o077 == 0
