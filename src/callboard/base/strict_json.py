"""Strict JSON: what two readers could understand differently is refused, not guessed.

Refused are duplicate keys, NaN and infinities (also by overflow, 1e999), U+0000, lone
surrogates, nesting over `MAX_DEPTH`, integers over `MAX_DIGITS` digits and bytes that are
not UTF-8. Source: RFC 8259 4, 6, 8; RFC 7493 (I-JSON).
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from typing import IO, Any

import msgspec

MAX_DEPTH = 64
"""Levels of nesting; more than any portal's event needs, far below Python's recursion limit."""
MAX_DIGITS = 400
"""Digits of an integer; far below the 4,300 where CPython refuses to convert one."""

_CHUNK_BYTES = 1 << 20
_PIECE = 1 << 14
"""Characters of a list that are read at once: much for one turn, little to read again when something is strange."""
_UNSURE: Any = object()
_SPACES = b" \t\n\r"
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ALL_SQUARE = bytes.maketrans(b"{}", b"[]")
_SPACE = re.compile(r"[ \t\n\r]*")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ESCAPED = re.compile(rb"\\u([0-9A-Fa-f]{4})")
_DIGITS_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * MAX_DIGITS
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|[\[{]|[\]}]', re.DOTALL)


class StrictJSONError(ValueError):
    """The text is not JSON that every reader would understand alike."""


def loads(raw: bytes | str) -> Any:
    """Return the value of a JSON text.

    Raises:
        StrictJSONError: with one sentence that says what is wrong and where.
    """
    quick = _read_quickly(raw) if isinstance(raw, bytes) else _UNSURE
    return _read_carefully(raw) if quick is _UNSURE else quick


def _read_quickly(raw: bytes) -> Any:
    """Return the value of a JSON text that is surely strict, else `_UNSURE`.

    The value is written again: when it says all that was read, white space aside, no key stood
    twice and no number lost a digit. Nor can a text hold anything strange without an escape.
    """
    if b"\\" in raw:
        raw = _without_escapes(raw)
        if b"\\" in raw:
            return _UNSURE
    if not _is_shallow(raw) or (len(raw) > MAX_DIGITS and _LONG_NUMBER in raw.translate(_DIGITS_ALIKE)):
        return _UNSURE
    try:
        value = _QUICK_DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _UNSURE
    said = _QUICK_ENCODER.encode(value)
    same = said == raw or said.translate(None, _SPACES) == raw.translate(None, _SPACES)
    return value if same else _UNSURE


_QUICK_DECODER, _QUICK_ENCODER = msgspec.json.Decoder(), msgspec.json.Encoder()


def _without_escapes(raw: bytes) -> bytes:
    """Return the text with escaped characters beyond ASCII as they are; other escapes stay."""
    return raw if b"\\\\" in raw else _ESCAPED.sub(_as_it_is, raw)


def _as_it_is(escape: re.Match[bytes]) -> bytes:
    character = chr(int(escape[1], 16))
    return character.encode() if "\x80" <= character < "\ud800" or character > "\udfff" else escape[0]


def _is_shallow(raw: bytes) -> bool:
    """Return whether brackets are surely not nested too deep; each turn takes the innermost away."""
    if raw.count(b"[") + raw.count(b"{") <= MAX_DEPTH:
        return True
    marks = raw.translate(_ALL_SQUARE, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        if not marks:
            break
        marks = marks.replace(b"[]", b"")
    return not marks


def _read_carefully(raw: bytes | str) -> Any:
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


def items(file: IO[bytes], share: int = 0, shares: int = 1) -> Iterator[Any]:
    """Yield the values of a JSON list one by one, however long the file is.

    Several processes may read one file, each a share of it: what is strange in another's share is
    found by the other.

    Raises:
        StrictJSONError: it is not such a list, or holds what `loads` refuses; `loads` says what.
            One of several shares also refuses a text that looks as if values ended within it.
    """
    text = _Text(file, share, shares)
    if text.take() != "[":
        raise StrictJSONError("not a list")
    mark = text.peek()
    while mark != "]":
        yield from text.values()
        mark = text.peek()
        if mark == ",":
            text.take()
        elif mark != "]":
            raise StrictJSONError("not valid JSON: no comma between two values")
    text.take()
    if text.peek():
        raise StrictJSONError("not valid JSON: something follows the list")


class _Text:
    """A file's text, of which only a part is in memory."""

    def __init__(self, file: IO[bytes], share: int, shares: int) -> None:
        self._file = file
        self._share, self._shares, self._pieces = share, shares, 0
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text, self._at, self._ended = "", 0, False
        self._unsure_until = 0

    def peek(self) -> str:
        """Return the next character that is not white space; "" at the end."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr] # it matches nothing, too
            if self._at < len(self._text) or not self._read():
                return self._text[self._at : self._at + 1]

    def take(self) -> str:
        """Return that character and go behind it."""
        found = self.peek()
        self._at += len(found)
        return found

    def values(self) -> list[Any]:
        """Go behind the next values and return them, if they are in the share: many objects at once, when it is sure.

        Raises:
            StrictJSONError: they are not valid, or one of several shares would end within a value.
        """
        self.peek()
        end = self._end_of_objects() if self._at >= self._unsure_until else 0
        if not end:
            value = self._value()
            return [] if self._share else [value]
        self._pieces += 1
        if self._pieces % self._shares != self._share:
            self._at = end
            return []
        piece = b"[%b]" % self._text[self._at : end].encode()
        found = _read_quickly(piece)
        if found is _UNSURE and self._shares > 1:  # others have gone behind the piece: it must be whole values
            found = _read_carefully(piece)
        if found is _UNSURE:
            self._unsure_until = end
            return [self._value()]
        self._at = end
        return list(found)

    def _end_of_objects(self) -> int:
        """Return where the last object ends that a comma follows, as far as brackets tell; 0 when there is none."""
        begin, end = self._at, self._at + _PIECE
        while end := self._text.rfind("},", begin, end) + 1:
            if self._text.count("{", begin, end) == self._text.count("}", begin, end):
                break
        return end

    def _value(self) -> Any:
        """Return the next value and go behind it."""
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as exc:
                if not self._read():
                    raise StrictJSONError(f"not valid JSON: {exc.msg}") from exc
                continue
            if end < len(self._text) or not self._read():  # a number may go on behind what was read
                break
        read = self._text[self._at : end]
        self._at = end
        _refuse_deep(read)
        if "\\u" in read or "\x00" in read:
            _refuse_bad_characters(value)
        return value

    def _read(self) -> bool:
        """Read on, twice as much as is left; return whether there was more."""
        if self._ended:
            return False
        left = self._text[self._at :]
        raw = self._file.read(max(_CHUNK_BYTES, len(left)))
        self._ended = not raw
        try:
            self._text, self._at, self._unsure_until = left + self._decoder.decode(raw, final=self._ended), 0, 0
        except UnicodeDecodeError as exc:
            raise StrictJSONError("not UTF-8") from exc
        return not self._ended


def dumps(value: Any) -> str:
    """Return the canonical JSON text of `value`: sorted keys, no spaces, characters as they are."""
    return _ENCODER.encode(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


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
