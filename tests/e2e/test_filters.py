"""`callboard filters export` as a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.e2e.callboard import Callboard

ANA = "ana@copperglass.example"


@pytest.mark.parametrize(
    ("name", "start"), [("sieve", "# Callboard"), ("gmail", "<?xml"), ("outlook", "Outlook rules")]
)
def test_filters_are_printed_for_a_person_or_for_everyone(board: Callboard, name: str, start: str):
    board.people(ANA)
    mine = board.ok("filters", "export", "--user", ANA.upper(), "--format", name).out
    everyones = board.ok("filters", "export", "--all", "--format", name).out
    assert mine.startswith(start)
    assert everyones.startswith(start)
    assert ANA in mine
    assert ANA not in everyones
    assert "qc.report_ready" in everyones
    assert "qc.report_ready" not in mine


def test_sieve_is_what_is_printed_unasked(board: Callboard):
    assert "fileinto" in board.ok("filters", "export", "--all").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ((), 2, "--user EMAIL"),
        (("--all", "--user", ANA), 2, "--user EMAIL"),
        (("--all", "--format", "pine"), 2, "pine"),
        (("--user", "nobody@copperglass.example"), 1, "there is no user"),
    ],
)
def test_what_cannot_be_exported_is_said(board: Callboard, words: tuple[str, ...], code: int, said: str):
    done = board.run("filters", "export", *words)
    assert (done.code, done.out, "Traceback" in done.err) == (code, "", False)
    assert said in done.err
