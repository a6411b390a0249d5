"""Keyed hashes: nobody makes them without the key, and they tell nothing."""

from __future__ import annotations

import pytest

from callboard.base.keyed import keyed_hash, read_signed_id, sign_id

SECRET = "a secret of sixteen characters"


@pytest.mark.parametrize("number", [0, 1, 255, 2**63 - 1])
def test_a_signed_id_is_read_back(number: int):
    assert read_signed_id(SECRET, "mute", sign_id(SECRET, "mute", number)) == number


@pytest.mark.parametrize(
    "forged",
    [
        "", "-", "1", "1-", "1a-0", "0x1-" + "0" * 32, " 1-" + "0" * 32, "é-1", "1-é", "-1-" + "0" * 32,
        "f" * 17 + "-" + "0" * 32, "1_0-" + "0" * 32, "٣-" + "0" * 32,
    ],
)  # fmt: skip
def test_what_was_not_signed_here_is_refused(forged: str):
    assert read_signed_id(SECRET, "mute", forged) is None


def test_a_token_holds_for_one_number_one_purpose_and_one_key_only():
    token = sign_id(SECRET, "mute", 26)
    _, _, mark = token.partition("-")
    assert read_signed_id(SECRET, "mute", f"1b-{mark}") is None
    assert read_signed_id(SECRET, "other", token) is None
    assert read_signed_id(SECRET + "x", "mute", token) is None
    for other in (token.upper(), f"0{token}", token + "0", token[:-1]):
        assert read_signed_id(SECRET, "mute", other) is None


def test_parts_are_kept_apart():
    assert keyed_hash(SECRET, "p", "ab", "c") != keyed_hash(SECRET, "p", "a", "bc")
    assert keyed_hash(SECRET, "p", 1) != keyed_hash(SECRET, "q", 1)
    assert len(keyed_hash(SECRET, "p", length=12)) == 12
