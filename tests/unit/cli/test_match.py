"""How `callboard match` writes the ids of a shelf."""

from __future__ import annotations

import json

import numpy as np
import pytest

from callboard.cli.match import write_ids


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
