"""A long JSON list is read piece by piece, and as strictly as a short one."""

from __future__ import annotations

import io
import json

import pytest

from callboard.base import strict_json


class Dripping(io.BytesIO):
    """A file that gives three bytes at a time."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(3, size) if size and size > 0 else size)


def items(raw: bytes):
    return list(strict_json.items(Dripping(raw)))


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("value", [[], [1], [12345, {"a": [1, 2, "]é"]}], ["x", None, True, {"k": "€"}], [[], {}, ""]])
def test_values_come_as_they_are(value, indent):
    assert items(b" " + json.dumps(value, indent=indent, ensure_ascii=False).encode() + b"\n") == value


@pytest.mark.parametrize(
    "raw",
    [b"", b"[", b"[1", b"[1,]", b"[1 2]", b"{}", b"[1]]", b"[,1]", b"[1,,2]", b"[1]x", b"[NaN]", b'[{"a":1,"a":2}]',
     b'["\xff"]', b"[" * 80 + b"]" * 80, b'["\\ud800"]', b'["\\u0000"]', b"[1e999]", b"\xef\xbb\xbf[]"],
)  # fmt: skip
def test_what_is_no_strict_list_is_refused(raw):
    with pytest.raises(strict_json.StrictJSONError):
        items(raw)
