"""The quick way to read JSON gives what the careful way gives, or leaves it to that."""

from __future__ import annotations

import io
import itertools
import json
import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from callboard.base import strict_json
from callboard.base.strict_json import MAX_DEPTH, StrictJSONError

NASTY = [
    b"", b" ", b"\xef\xbb\xbf{}", b"\\ufeff{}", b"\x00", b'"\x00"', b'"\\u0000"', b'"\\u00000"', b"nul", b"NaN", b"[Infinity]", b"[-Infinity]",
    b"0", b"-0", b"-0.0", b"0.0", b"1", b"1.0", b"1.00", b"1e0", b"1E2", b"1e999", b"-1e999", b"1e-999", b"5e-324", b"01", b"+1", b".5", b"1.",
    b"1e22", b"1e23", b"123456789012345680000.0", b"9007199254740993", b"9007199254740993.0", b"0.1000000000000000055511151231257827",
    b"18446744073709551615", b"18446744073709551616", b"-9223372036854775808", b"-9223372036854775809", b"9" * 400, b"9" * 401, b"-" + b"9" * 400,
    b'{"a":1,"a":1}', b'{"a":1,"a":2,"a":3}', b'{"a":1,"b":2,"a":3}', b'{"a":1,"\\u0061":1}', b'{"\\u0061":1,"\\u0061":1}',
    b'{"\\u00e9":1,"\xc3\xa9":1}', b'{"e\\u0301":1,"\\u00e9":1}', b'{"\\u20ac":1,"\xe2\x82\xac":2}', b'{"":1,"":1}', b'{":":":",":":1}',
    b'[{"x":{"a":1e2,"a":1}}]', b'{"a":[],"a":1e2}', b'{"a":{"b":[{"c":1,"c":1}]}}', b'{"a":1 , "a" : 1}',
    b'"\\ud800"', b'"\\udc00\\ud800"', b'"\\ud83d\\ude00"', b'"\xf0\x9f\x98\x80"', b'"\xed\xa0\x80"', b'"\xc0\x80"', b'"\xff"', b'{"\xff":1}',
    b'"\\\\u00e9"', b'"\\\\\\u00e9"', b'"\\u005c\\u00e9"', b'"\\u005cu00e9"', b'"\\u00e"', b'"\\u00eg"', b'"\\U00e9"', b"\\u00e9", b'"\\u0080\\u07ff\\ud7ff\\ue000\\uffff"',
    b'"\\""', b'{"\\"":1,"\\u0022":1}', b'"\\/"', b'"\\x"', b'"\\', b'"\t"', b'"\x7f"', b'"\\u007f"', b'"\\u001f"', b'"a', b"'a'", b"[1,]", b"[,1]", b"{} {}", b"{}\x0b",
    b"\n\r\t {} \n", b"\xc2\xa0{}", b'{"a" :1}', b'" a  b "', b"[1 2]", b"[1]2", b'{"a":1}}', b"{'a':1}", b"{1:2}", b"// x\n1", b"[1]//",
    b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH,
    b'{"a":' * (MAX_DEPTH + 1) + b"1" + b"}" * (MAX_DEPTH + 1), b'[{"a":' * 33 + b"1" + b"}]" * 33, b"[" + b"{}," * 200 + b"{}]", b"[" * 100_000,
    b"[" + b"[]," * 100 + b'"[[[["]', b'"' + b"[" * 100 + b'"', b"[[]" * 70, b"[" * 2_000 + b"]" * 2_000,
]  # fmt: skip
"""Texts that readers take differently, or that quick ones take wrongly."""


def carefully(raw: bytes) -> str:
    """What the careful way says; the way of writing tells 1, 1.0, True and -0.0 apart, and the order of keys."""
    try:
        return repr(strict_json._read_carefully(raw))
    except StrictJSONError as exc:
        return f"refused: {exc}"


def is_same(raw: bytes) -> bool:
    quick = strict_json._read_quickly(raw)
    return quick is strict_json._UNSURE or repr(quick) == carefully(raw)


@pytest.mark.parametrize("raw", NASTY)
def test_nasty_texts_are_read_or_refused_alike(raw: bytes):
    assert is_same(raw)
    assert is_same(b'{"key": [%b, "\xc3\xa9"]}' % raw)
    assert is_same(b'{"a": 1, "b": {"a": %b}}' % raw)


def test_each_nasty_text_stands_in_the_list_for_what_it_does():
    """Else the list could be all texts that the quick way leaves alone."""
    quick = {raw for raw in NASTY if strict_json._read_quickly(raw) is not strict_json._UNSURE}
    refused = {raw for raw in NASTY if carefully(raw).startswith("refused")}
    assert min(len(quick), len(refused)) > 15
    assert not quick & refused


texts = st.text(
    st.sampled_from(list('ab:,{}[]"\\ \x7f\xe9€\u2028\ud7ff😀')) | st.characters(exclude_categories=["Cs"]), max_size=6
)
numbers = (
    st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([10**399, 2**63, 2**64, -(2**63) - 1, -0.0])
)


@st.composite
def written(draw: st.DrawFn, depth: int = 3) -> str:
    """JSON as portals might write it, with keys that stand twice now and then."""
    space = st.sampled_from(["", "", " ", "\n\t"])
    kind = draw(st.integers(0, 5 if depth else 3))
    if kind <= 1:
        return json.dumps(draw(texts), ensure_ascii=draw(st.booleans()))
    if kind <= 3:
        number = draw(numbers)
        return draw(st.sampled_from([json.dumps(number), f"{min(number, 10**300):e}", "true", "null", "-0"]))
    inner = draw(st.lists(written(depth=depth - 1), max_size=4))
    if kind == 4:
        return "[" + draw(space) + (draw(space) + "," + draw(space)).join(inner) + draw(space) + "]"
    keys = [json.dumps(draw(texts), ensure_ascii=draw(st.booleans())) for _ in inner]
    pairs = [f"{key}{draw(space)}:{draw(space)}{value}" for key, value in zip(keys, inner, strict=True)]
    return "{" + (draw(space) + ",").join(pairs) + "}"


objects = st.integers(0, 10**6).map(lambda number: json.dumps({"id": number, "x": "y" * (number % 900)}))
"""Objects as a long list has them, that are read quickly."""


@settings(max_examples=400, deadline=None)
@given(written().map(str.encode))
@example(b'{"a":1e2,"a":1}')
def test_whatever_is_written_is_read_alike(raw: bytes):
    assert is_same(raw)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_damaged_texts_are_read_or_refused_alike(data: st.DataObject):
    raw = bytearray(data.draw(written()).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(raw)))
        cut = data.draw(st.integers(0, 2))
        raw[at : at + cut] = data.draw(st.sampled_from([b"", b'"', b"\\", b"\x00", b"\xff", b",", b":", b"}", b"]", b"0", b"e9", b"\\u00e9", b" "]))  # fmt: skip
    assert is_same(bytes(raw))


@given(st.floats(allow_nan=False, allow_infinity=False) | st.decimals(-(10**30), 10**30, allow_nan=False).map(float))
def test_numbers_are_the_same_to_the_last_bit(number: float):
    quick = strict_json._read_quickly(repr(number).encode())
    assert quick is strict_json._UNSURE or math.copysign(1, quick) * quick == math.copysign(1, number) * number


@settings(max_examples=150, deadline=None)
@given(st.lists(written(), max_size=40), st.sampled_from([",", ",\n", " ,  "]), st.integers(0, 3))
def test_a_list_read_in_pieces_is_the_list(values: list[str], comma: str, copies: int):
    """Long lists go through the quick way piece by piece."""
    raw = f"[{comma.join(values * 4**copies)}]".encode()
    whole = carefully(raw)
    try:
        found = repr(list(strict_json.items(io.BytesIO(raw))))
    except StrictJSONError:
        found = "refused"
    assert found == ("refused" if whole.startswith("refused") else whole)


@settings(max_examples=150, deadline=None)
@given(st.lists(written() | objects, max_size=40), st.sampled_from([",", ",\n"]), st.integers(0, 4), st.integers(2, 3))
def test_shares_of_a_list_are_the_list_or_one_is_refused(values: list[str], comma: str, copies: int, shares: int):
    raw = f"[{comma.join(values * 4**copies)}]".encode()
    whole = carefully(raw)
    found: list[Any] = []
    try:
        for share in range(shares):
            found += strict_json.items(io.BytesIO(raw), share, shares)
    except StrictJSONError:
        return
    assert not whole.startswith("refused")
    assert sorted(map(repr, found)) == sorted(map(repr, json.loads(raw)))


def test_each_share_of_a_long_list_is_about_as_long():
    raw = json.dumps([{"id": number, "where": [{"a": "},{"}, {"b": [1, 2]}]} for number in range(20_000)]).encode()
    found = [[one["id"] for one in strict_json.items(io.BytesIO(raw), share, 3)] for share in range(3)]
    assert sorted(itertools.chain(*found)) == list(range(20_000))
    assert min(map(len, found)) > 6_000


@pytest.mark.parametrize("text", ['The "Salt" show', "a\\b", "two\nlines", "\U0001f3ac", "Brûlée", "{a}, {b}"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_text_that_is_read_with_care_ends_no_sharing(text, ascii_only):
    listed = [{"id": number, "name": text if number in {0, 3_000, 4_999} else ""} for number in range(5_000)]
    raw = json.dumps(listed, ensure_ascii=ascii_only).encode()
    found = [list(strict_json.items(io.BytesIO(raw), share, 3)) for share in range(3)]
    assert sorted(itertools.chain(*found), key=lambda one: one["id"]) == listed


EVENT: dict[str, Any] = {
    "specversion": "1.0", "id": "e-1", "source": "portal", "type": "delivery.redelivery_requested", "time": "2026-11-23T09:14:00Z",
    "data": {"title": "Crème: Brûlée", "title_id": ["90000017"], "round": 2, "ratio": 1.85, "hdr": True, "none": None},
}  # fmt: skip


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_a_usual_event_is_read_the_quick_way(ascii_only, separators):
    raw = json.dumps(EVENT, ensure_ascii=ascii_only, separators=separators).encode()
    assert strict_json._read_quickly(raw) == EVENT


def test_many_usual_objects_are_read_the_quick_way():
    assert strict_json._read_quickly(json.dumps([EVENT] * 100).encode()) == [EVENT] * 100
