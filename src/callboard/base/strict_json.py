"""Strict JSON: what two readers could understand differently is refused, not guessed.

Refused are duplicate keys, NaN and infinities (also by overflow, 1e999), U+0000, lone
surrogates, nesting over `MAX_DEPTH`, integers over `MAX_DIGITS` digits and bytes that are
not UTF-8. Source: RFC 8259 4, 6, 8; RFC 7493 (I-JSON).
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

MAX_DEPTH = 64
"""Levels of nesting; more than any portal's event needs, far below Python's recursion limit."""
MAX_DIGITS = 400
"""Digits of an integer; far below the 4,300 where CPython refuses to convert one."""

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)


class StrictJSONError(ValueError):
    """The text is not JSON that every reader would understand alike."""


def loads(raw: bytes | str) -> Any:
    """Return the value of a JSON text.

    Raises:
        StrictJSONError: with one sentence that says what is wrong and where.
    """
    text = _decode(raw) if isinstance(raw, bytes) else raw
    if text.startswith("\ufeff"):
        raise StrictJSONError("not valid JSON: it begins with a byte order mark (BOM)")
    _refuse_deep(text)
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError as exc:
        raise StrictJSONError(f"not valid JSON: {exc.msg} at line {exc.lineno}, column {exc.colno}") from exc
    # Bytes that are UTF-8 hold no surrogates but escaped ones
    if "\\u" in text or "\x00" in text or (isinstance(raw, str) and _LONE_SURROGATE.search(text)):
        _refuse_bad_characters(value)
    return value


def dumps(value: Any) -> str:
    """Return the canonical JSON text of `value`: sorted keys, no spaces, characters as they are."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise StrictJSONError(f"not UTF-8: byte 0x{raw[exc.start]:02x} at position {exc.start}") from exc


def _refuse_deep(text: str) -> None:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return
    depth = 0
    for token in _BRACKETS.finditer(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise StrictJSONError(f"nested deeper than {MAX_DEPTH} levels")
        elif mark in "]}":
            depth -= 1


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise StrictJSONError(f"the key {key!r} stands twice in one object")
            seen.add(key)
    return found


def _refuse_constant(name: str) -> None:
    raise StrictJSONError(f"{name} is not a JSON number")


def _float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise StrictJSONError(f"the number {text[:40]} is too large")
    return value


def _int(text: str) -> int:
    if len(text) > MAX_DIGITS:
        raise StrictJSONError(f"a number has over {MAX_DIGITS} digits")
    return int(text)


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_refuse_constant, parse_float=_float, parse_int=_int
)


def _refuse_bad_characters(value: Any) -> None:
    if isinstance(value, str):
        if "\x00" in value:
            raise StrictJSONError("a text holds the character U+0000")
        if _LONE_SURROGATE.search(value):
            raise StrictJSONError("a text holds half of a surrogate pair")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _refuse_bad_characters(key)
            _refuse_bad_characters(inner)
    elif isinstance(value, list):
        for inner in value:
            _refuse_bad_characters(inner)
