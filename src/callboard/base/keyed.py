"""Keyed hashes: identifiers that reveal nothing and that nobody else can make."""

from __future__ import annotations

import hmac


def keyed_hash(secret: str, purpose: str, *parts: object, length: int = 32) -> str:
    """Return `length` hex digits of an HMAC-SHA-256 over `parts`, separate for each `purpose`."""
    text = "\x1f".join([purpose, *(str(part) for part in parts)])
    return hmac.digest(secret.encode(), text.encode(), "sha256").hex()[:length]


def sign_id(secret: str, purpose: str, number: int) -> str:
    """Return an unguessable token for the row `number`, for use in a link."""
    return f"{number:x}-{keyed_hash(secret, purpose, number)}"


def read_signed_id(secret: str, purpose: str, token: str) -> int | None:
    """Return the row number of a token made by `sign_id`, or None when it is not one of ours."""
    head, dash, _ = token.partition("-")
    if not dash or len(head) > 16 or not head.isalnum():  # noqa: PLR2004 - 64 bits in hex
        return None
    try:
        number = int(head, 16)
    except ValueError:
        return None
    return number if hmac.compare_digest(sign_id(secret, purpose, number).encode(), token.encode()) else None
