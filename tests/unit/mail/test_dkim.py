"""Signing: canonical forms as RFC 6376 defines them, the headers that must be covered, the same bytes every time."""

from __future__ import annotations

import re
from base64 import b64decode
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.unit.mail.letters import default, event, item, letter, salt
from tests.unit.mail.test_mime import written

from callboard.base.dkim_key import public_key
from callboard.base.errors import PermanentError
from callboard.mail.dkim import SIGNED, Seal, Signer, relaxed_body, relaxed_header, sign

LINES = st.lists(st.text(" \tab.", max_size=9), max_size=6).map(
    lambda ls: "".join(f"{one}\r\n" for one in [*ls, "z="]).encode()
)
"""Whole lines, the last of them not blank."""


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer("callboard.example", "callboard1", rsa.generate_private_key(65537, 2048))


def mail() -> bytes:
    return written(letter(item(event(1, **salt("S1 E4 – Küste")), default())))


def test_the_examples_of_rfc_6376_3_4_5():
    assert relaxed_header(b"A: X") == b"a:X"
    assert relaxed_header(b"B : Y\t\r\n\tZ  ") == b"b:Y Z"
    assert relaxed_body(b" C \r\nD \t E\r\n\r\n\r\n") == b" C\r\nD E\r\n"


@pytest.mark.parametrize(
    ("body", "relaxed"),
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"\r\n\r\n \t \r\n", b""),
        (b"a", b"a\r\n"),
        (b"a \t", b"a\r\n"),
        (b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
    ],
)
def test_ends_of_bodies(body: bytes, relaxed: bytes):
    assert relaxed_body(body) == relaxed


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(" \tab", max_size=12)), st.booleans())
def test_the_fast_form_of_a_body_is_the_defined_one(lines: list[str], whole: bool):  # noqa: FBT001
    """RFC 6376 3.4.4, word by word."""
    body = "\r\n".join(lines) + ("\r\n" if whole else "")
    reduced = [re.sub(r"[ \t]+", " ", re.sub(r"[ \t]+$", "", line)) for line in body.split("\r\n")]
    while reduced and not reduced[-1]:
        reduced.pop()
    assert relaxed_body(body.encode()) == "".join(f"{line}\r\n" for line in reduced).encode()


def tags(signed: bytes) -> dict[str, str]:
    header = signed.partition(b"\r\nFrom:")[0].decode().removeprefix("DKIM-Signature:")
    pairs = (one.partition("=") for one in re.sub(r"\s", "", header).split(";"))
    return {name: value for name, _, value in pairs}


def test_the_signature_stands_first_and_the_mail_is_unchanged(signer: Signer):
    signed = sign(mail(), signer)
    assert signed.startswith(b"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=callboard.example;\r\n")
    assert signed.endswith(mail())
    header = signed.removesuffix(mail())
    assert max(map(len, header.split(b"\r\n"))) <= 78
    assert header.count(b"\n") == header.count(b"\r\n")
    found = tags(signed)
    assert (found["s"], len(b64decode(found["b"], validate=True))) == ("callboard1", 256)
    assert b64decode(found["bh"]) == sha256(relaxed_body(mail().partition(b"\r\n\r\n")[2])).digest()


def test_what_rfc_8058_asks_for_is_covered_and_from_and_subject_cannot_be_added(signer: Signer):
    covered = tags(sign(mail(), signer))["h"].split(":")
    assert covered == list(SIGNED)
    present = {line.partition(b":")[0].decode().lower() for line in mail().partition(b"\r\n\r\n")[0].split(b"\r\n")}
    assert set(covered) <= present
    wanted = {"from", "to", "subject", "date", "message-id", "mime-version", "content-type", "list-id", "references"}
    assert wanted | {"list-unsubscribe", "list-unsubscribe-post", "auto-submitted"} <= set(covered)
    assert (covered.count("from"), covered.count("subject")) == (2, 2)


def test_a_retry_is_the_same_bytes(signer: Signer):
    assert sign(mail(), signer) == sign(mail(), signer)


@pytest.mark.parametrize("line_end", [b"\n", b"\r"])
def test_a_mail_with_other_line_ends_is_not_signed(signer: Signer, line_end: bytes):
    with pytest.raises(PermanentError, match="CRLF"):
        sign(mail() + b"last" + line_end, signer)


@given(st.lists(LINES, min_size=1, max_size=4), LINES)
def test_a_seal_signs_what_many_share_as_each_whole_mail_is_signed(signer: Signer, pieces: list[bytes], link: bytes):
    head = mail().partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    whole = head + link.join(pieces)
    assert Seal(signer, pieces).signature(head, link) + whole == sign(whole, signer)


@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("last", [b"last\n", b"last"])
def test_a_seal_signs_no_other_line_ends(signer: Signer, place: int, last: bytes):
    given = [b"A: b\r\n\r\n", b"link\r\n", b"body\r\n"]
    given[place] += last
    head, link, body = given
    with pytest.raises(PermanentError, match="CRLF"):
        Seal(signer, [body, body]).signature(head, link)


def test_a_signer_shows_nothing_of_its_key(signer: Signer):
    assert repr(signer) == "Signer(domain='callboard.example', selector='callboard1')"
    assert signer.record_name == "callboard1._domainkey.callboard.example"
    assert len(b64decode(public_key(signer.key))) == 294


def test_another_key_gives_another_signature(signer: Signer):
    other = replace(signer, key=rsa.generate_private_key(65537, 2048))
    assert tags(sign(mail(), other))["b"] != tags(sign(mail(), signer))["b"]
    assert tags(sign(mail(), other))["bh"] == tags(sign(mail(), signer))["bh"]
