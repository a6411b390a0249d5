"""JSON that two readers could understand differently is refused (4.3)."""

from __future__ import annotations

import pytest

from callboard.base.strict_json import MAX_DEPTH, MAX_DIGITS, StrictJSONError, dumps, loads


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'{"a": 1, "a": 1}', "the key 'a' stands twice"),
        (b'{"a": 1, "\\u0061": 2}', "the key 'a' stands twice"),
        (b'[{"x": {"b": 1, "c": 2, "b": 3}}]', "the key 'b' stands twice"),
        (b"[NaN]", "NaN is not a JSON number"),
        (b"[Infinity]", "Infinity is not"),
        (b"[-Infinity]", "-Infinity is not"),
        (b"[1e999]", "too large"),
        (b"[-1e999]", "too large"),
        (b'"a\\u0000b"', "U+0000"),
        (b'{"a\\u0000b": 1}', "U+0000"),
        (b'"\\ud800"', "surrogate"),
        (b'["\\udc00\\ud800"]', "surrogate"),
        (b'{"\\ud83d": 1}', "surrogate"),
        (b'"\xff"', "not UTF-8: byte 0xff at position 1"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper than 64"),
        (b"[" * 1_000_000, "nested deeper than 64"),
        (b'{"a":' * 100_000, "nested deeper than 64"),
        (b"1" * (MAX_DIGITS + 1), "over 400 digits"),
        (b"9" * 10_000, "over 400 digits"),
        (b"", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b"[1,]", "line 1, column"),
        (b"{} {}", "Extra data"),
        (b'"\t"', "control character"),
    ],
)
def test_what_could_be_read_in_two_ways_is_refused(raw: bytes, said: str):
    with pytest.raises(StrictJSONError) as refused:
        loads(raw)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b'{"a": [1, -2.5, true, null, "\xc3\xa9"]}', {"a": [1, -2.5, True, None, "é"]}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b'"\\\\u0000 [[["', "\\u0000 [[["),
        (b'"\\"[\\""', '"["'),
        (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, None),
        (b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}]),
        (b'"line\\nbreak \\u0007"', "line\nbreak \x07"),
    ],
)
def test_everything_else_is_read_as_it_is(raw: bytes, value: object):
    found = loads(raw)
    assert found == value or value is None


def test_a_text_with_a_raw_lone_surrogate_is_refused():
    with pytest.raises(StrictJSONError, match="surrogate"):
        loads('"\ud800"')


def test_the_canonical_form_does_not_depend_on_the_order_of_keys():
    assert dumps({"b": 1, "a": ["é"]}) == dumps({"a": ["é"], "b": 1}) == '{"a":["é"],"b":1}'


def test_an_unterminated_text_of_a_megabyte_is_refused_at_once():
    """Read over and over from each quote, it would take hours: the suite's time limit is the judge."""
    with pytest.raises(StrictJSONError):
        loads(b'"' + b'\\"' * 500_000)
