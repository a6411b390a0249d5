"""DKIM: sign a finished mail, so that who receives it knows that it is ours and whole (RFC 6376).

rsa-sha256, relaxed/relaxed. The canonical forms are our own, because dkimpy takes 8 ms a mail:
they are a few passes over the bytes in C, and the signature itself is the `cryptography`
package's. There is no time in a signature: the same mail signed again is the same bytes, as a
retry needs (P2).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from callboard.base.errors import PermanentError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    from callboard.base.config import Config

SIGNED = (
    "from", "from", "to", "subject", "subject", "date", "message-id", "in-reply-to", "references",
    "mime-version", "content-type", "list-id", "list-unsubscribe", "list-unsubscribe-post", "auto-submitted",
)  # fmt: skip
"""Headers that the signature covers; one that is missing is covered as missing. From and Subject
stand once more than a mail has them, so that nobody can add another (RFC 6376 8.15). Source:
RFC 6376 5.4.1, RFC 8058 4 (List-Unsubscribe and List-Unsubscribe-Post must be covered)."""

_FOLD = re.compile(rb"\r\n(?=[ \t])")
_SPACES = re.compile(rb"[ \t]+")
_STEP = 72
"""Characters of the signature on one line."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs: the domain of CALLBOARD_FROM, the selector of its public key, and the private key."""

    domain: str
    selector: str
    key: RSAPrivateKey = field(repr=False)

    @property
    def record_name(self) -> str:
        """Return under which name DNS must have the public key. Source: RFC 6376 3.6.2.1."""
        return f"{self.selector}._domainkey.{self.domain}"


def make_signer(config: Config) -> Signer | None:
    """Return who signs under these settings, or None when mail is not signed here."""
    dkim = config.dkim
    return None if dkim is None else Signer(config.mail_host, dkim.selector, load_key(dkim.pem))


@lru_cache(maxsize=4)
def load_key(pem: bytes) -> RSAPrivateKey:
    """Return the key of a PEM text that `read_config` has taken."""
    from callboard.base.dkim_key import read_private_key  # noqa: PLC0415 - only those who sign load cryptography

    return read_private_key(pem)


def sign(message: bytes, signer: Signer | None) -> bytes:
    """Return the mail with a DKIM-Signature before its first header; as it is when nobody signs here.

    `message` is as it goes over the wire, without dots stuffed: every line ends with CRLF.

    Raises:
        PermanentError: a line ends otherwise; who receives it would see another mail than we signed.
    """
    if signer is None:
        return message
    _check_line_ends(message)
    head, _, body = message.partition(b"\r\n\r\n")
    return _signature(head, sha256(relaxed_body(body)).digest(), signer) + message


class Seal:
    """Signs mails whose bodies are the same but for what comes between its `pieces`; those are hashed from once.

    Every piece, and what comes between, is whole lines, and the last of them is not blank.
    """

    def __init__(self, signer: Signer, pieces: Sequence[bytes]) -> None:
        for one in pieces:
            _check_lines(one)
        first, *rest = map(_reduced, pieces)
        self.signer = signer
        self._begun = sha256(first)
        self._rest = rest

    def signature(self, head: bytes, between: bytes) -> bytes:
        """Return the DKIM-Signature that stands before `head`, the headers of a mail.

        Raises:
            PermanentError: a line ends otherwise than with CRLF.
        """
        _check_lines(head)
        _check_lines(between)
        between = _reduced(between)
        found = self._begun.copy()
        for one in self._rest:
            found.update(between)
            found.update(one)
        return _signature(head, found.digest(), self.signer)


def _check_lines(lines: bytes) -> None:
    _check_line_ends(lines)
    if not lines.endswith(b"\r\n"):
        raise PermanentError("a part of a mail to be signed does not end with CRLF")


def _check_line_ends(lines: bytes) -> None:
    if not lines.count(b"\n") == lines.count(b"\r") == lines.count(b"\r\n"):
        raise PermanentError("a mail to be signed has a line that does not end with CRLF")


def _signature(head: bytes, body_hash: bytes, signer: Signer) -> bytes:
    """Return the DKIM-Signature over headers and a body, with its line end."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - only those who sign
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

    unsigned = (
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={signer.domain};\r\n"
        f" s={signer.selector}; h={_SIGNED_FOLDED};\r\n"
        f" bh={b64encode(body_hash).decode()};\r\n"
        " b="
    ).encode()
    covered = _covered(head) + relaxed_header(unsigned)
    signature = b64encode(signer.key.sign(covered, PKCS1v15(), SHA256())).decode()
    folded = "\r\n ".join(signature[start : start + _STEP] for start in range(0, len(signature), _STEP))
    return b"".join([unsigned, folded.encode(), b"\r\n"])


def relaxed_body(body: bytes) -> bytes:
    """Return a body whose lines end with CRLF as it is hashed. Source: RFC 6376 3.4.4."""
    body = _reduced(body).removesuffix(b" ")
    end = len(body)
    while body[end - 2 : end] == b"\r\n":
        end -= 2
    return body[:end] + b"\r\n" if end else b""


def _reduced(lines: bytes) -> bytes:
    """Return lines with one space for each run of them, and none at a line's end."""
    if b"\t" in lines:
        lines = lines.replace(b"\t", b" ")
    while b"  " in lines:
        lines = lines.replace(b"  ", b" ")
    return lines.replace(b" \r\n", b"\r\n")


def relaxed_header(header: bytes) -> bytes:
    """Return a header as it is hashed, without a line end. Source: RFC 6376 3.4.2."""
    name, _, value = header.partition(b":")
    unfolded = _SPACES.sub(b" ", _FOLD.sub(b"", value)).strip(b" ")
    return name.rstrip(b" \t").lower() + b":" + unfolded


def _covered(head: bytes) -> bytes:
    """Return the signed headers, the last of a name first. Source: RFC 6376 5.4.2."""
    by_name: dict[bytes, list[bytes]] = {}
    for header in _FOLD.sub(b"", head).split(b"\r\n"):
        relaxed = relaxed_header(header)
        by_name.setdefault(relaxed.partition(b":")[0], []).append(relaxed)
    found = []
    for name in SIGNED:
        same = by_name.get(name.encode())
        if same:
            found.append(same.pop() + b"\r\n")
    return b"".join(found)


def _fold_names() -> str:
    lines = [""]
    for name in SIGNED:
        if len(lines[-1]) + len(name) > _STEP - 8:
            lines.append("")
        lines[-1] += f"{name}:"
    return "\r\n ".join(lines).removesuffix(":")


_SIGNED_FOLDED = _fold_names()
