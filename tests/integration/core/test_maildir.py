"""A maildir that several read, with files that cannot be taken and folders that come and go."""

from __future__ import annotations

from threading import Event

import pytest
from django.db import DataError, OperationalError

from callboard.mail.feedback.maildir import keep_taking, take_new
from callboard.mail.feedback.taking import Result, Taken

OTHER = Taken(Result.NOT_OURS)


@pytest.fixture
def box(tmp_path):
    for name in ("new", "cur", "tmp"):
        tmp_path.joinpath(name).mkdir()
    for name in ("1", "2", "3"):
        tmp_path.joinpath("new", name).write_text(name)
    return tmp_path


def names(folder):
    return sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize("error", [DataError("a string with NUL"), ValueError("a fault of ours")])
def test_a_report_that_fails_is_flagged_and_the_others_go_on(box, error):
    def take(raw):
        if raw == b"1":
            raise error
        return OTHER

    assert take_new(box, take) == {"unreadable": 1, "not-ours": 2}
    assert names(box / "cur") == ["1:2,FS", "2:2,S", "3:2,S"]
    assert names(box / "new") == []


@pytest.mark.parametrize("error", [OperationalError("the database is away"), OSError("the disk is away")])
def test_what_is_no_reports_fault_moves_none_and_is_tried_again(box, error):
    errors, stop = [error], Event()

    def take(_):
        if errors:
            raise errors.pop()
        stop.set()
        return OTHER

    assert keep_taking(box, take, stop, 0.01) == {"not-ours": 3}
    assert names(box / "cur") == ["1:2,S", "2:2,S", "3:2,S"]


def test_a_report_that_another_reader_moved_meanwhile_does_not_end_this_one(box):
    def take(raw):
        if raw == b"1":
            (box / "new" / "1").rename(box / "cur" / "1:2,S")
        return OTHER

    assert take_new(box, take) == {"not-ours": 3}
    assert names(box / "cur") == ["1:2,S", "2:2,S", "3:2,S"]


def test_a_report_that_can_not_be_moved_stays_and_the_others_go_on(box):
    (box / "cur" / "1:2,S").mkdir()
    assert take_new(box, lambda _: OTHER) == {"not-ours": 3}
    assert names(box / "new") == ["1"]


def test_a_folder_that_is_away_for_a_while_is_waited_for(box):
    (box / "new").rename(box / "away")

    class Looks(Event):
        """Told to stop at the second look; the folder is back by then."""

        def wait(self, timeout=None):
            if (box / "new").exists():
                return True
            (box / "away").rename(box / "new")
            return super().wait(timeout)

    assert keep_taking(box, lambda _: OTHER, Looks(), 0.01) == {"not-ours": 3}
