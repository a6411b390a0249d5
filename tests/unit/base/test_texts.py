"""Names and addresses from outside (4.1), and how texts are compared and shown (M5, 4.3)."""

from __future__ import annotations

import pytest

from callboard.base.texts import address_fault, address_key, folded, name_fault, shown, usual_address


@pytest.mark.parametrize("name", ["x", "x" * 200, "Ana Ruiz", "日本", "a/b ~c", "\U0001f600"])
def test_names_of_1_to_200_characters_are_taken(name: str):
    assert name_fault(name) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "must not be empty"),
        ("   ", "must not be empty"),
        ("x" * 201, "has 201 characters; at most 200"),
        ("a\nb", "control character"),
        ("a\x7fb", "control character"),
        ("a\x85b", "control character"),
        ("a\u2028b", "control character"),
        (None, "must be a text, not null"),
        (7, "must be a text, not a number"),
        (True, "must be a text, not true/false"),
        (["a"], "must be a text, not a list"),
        ({}, "must be a text, not an object"),
    ],
)
def test_other_names_are_refused_with_the_reason(name: object, said: str):
    assert said in str(name_fault(name))


@pytest.mark.parametrize(
    "address",
    ["ana@copperglass.example", "a.b+tag@x.example", "o'neil@x-y.example", "ana@localhost", "e@müller.example", "a@1.example"],
)  # fmt: skip
def test_addresses_are_taken(address: str):
    assert address_fault(address) is None


@pytest.mark.parametrize(
    "address",
    [
        "", "ana", "@x.example", "ana@", "a@b@c.example", "ana @x.example", "ana@x .example", ".ana@x.example",
        "ana.@x.example", "a..b@x.example", "ana@x..example", "ana@.example", "ana@x.example.", "ana@-x.example",
        "ana@x-.example", "Ana <ana@x.example>", "ana@x.example\r\nBcc: eve@x.example", "ana@[127.0.0.1]",
        "a" * 65 + "@x.example", "ana@" + "x" * 200 + ".example", "ana,eve@x.example", None, 3, ["a@x.example"],
    ],
)  # fmt: skip
def test_what_cannot_be_mailed_is_no_address(address: object):
    assert address_fault(address) is not None


@pytest.mark.parametrize(
    ("address", "usual"),
    [
        ("ana@\uff43opperglass.example", "ana@copperglass.example"),
        ("ana@copperglass\u3002example", "ana@copperglass.example"),
        ("ana@xn--bcher-kva.example", "ana@b\xfccher.example"),
        ("Ana@CopperGlass.example", "Ana@CopperGlass.example"),
        ("no address", "no address"),
        ("ana@xn--\xff.example", "ana@xn--\xff.example"),
    ],
)
def test_a_mailbox_has_one_usual_way_to_be_written(address: str, usual: str):
    assert usual_address(address) == usual


def test_addresses_are_compared_without_letter_case_and_in_one_unicode_form():
    assert address_key(" Ana@CopperGlass.Example ") == "ana@copperglass.example"
    assert address_key("jose\u0301@x.example") == address_key("JOSÉ@x.example")


def test_m5_text_is_compared_after_nfc_and_case_folding():
    assert folded("STRASSE") == folded("straße")
    assert folded("Cafe\u0301") == folded("CAFÉ")
    assert folded("cafe") != folded("café")


def test_control_characters_and_direction_marks_are_shown_as_spaces():
    assert shown("a\nb\x00c\u202ed\ud800e") == "a b c d e"
