"""Mail is signed when a key is set, and still is after its way over SMTP."""

from __future__ import annotations

from email import message_from_bytes
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.e2e.callboard import NOW, Callboard, event
from tests.e2e.sink import OK, says
from tests.programs import verify_by_dkimpy

from callboard.base.dkim_key import public_key

if TYPE_CHECKING:
    from tests.e2e.sink import Sink

ANA, BEN = "ana@copperglass.example", "ben@copperglass.example"


@pytest.fixture
def key(board: Callboard) -> rsa.RSAPrivateKey:
    """The key with which the board signs."""
    made = rsa.generate_private_key(65537, 2048)
    path = board.folder / "dkim.pem"
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    board.settings |= {"CALLBOARD_DKIM_KEY": str(path), "CALLBOARD_DKIM_SELECTOR": "callboard1"}
    return made


def test_what_arrives_verifies_after_a_retry_too(board: Callboard, sink: Sink, key: rsa.RSAPrivateKey):
    sink.scripts = {BEN: [says("451 4.3.0 later", "dot"), OK]}
    board.people(ANA, BEN)
    told = event("e-1")
    told["data"]["comment"] = ".\n..\n a dot begins a line, and a line ends with spaces  \n\n.\n"
    board.send(told, event("e-2"))
    board.drain()
    board.drain(minutes=70)
    mails = [one.raw for one in sink.accepted]
    assert {one.recipient for one in sink.accepted} == {ANA, BEN}
    record = f"v=DKIM1; k=rsa; p={public_key(key)}"
    assert verify_by_dkimpy(mails, "callboard1._domainkey.callboard.example", record) == [True] * len(mails)
    for raw in mails:
        assert message_from_bytes(raw).get_all("DKIM-Signature", [])[0].startswith("v=1; a=rsa-sha256")


def test_without_a_key_nothing_is_signed(board: Callboard, sink: Sink):
    board.people(ANA)
    board.send(event("e-1"))
    board.drain()
    (mail,) = sink.accepted
    assert b"DKIM-Signature" not in mail.raw


def test_doctor_tells_the_record_and_nothing_secret(board: Callboard, key: rsa.RSAPrivateKey):
    done = board.ok("doctor")
    assert f'callboard1._domainkey.callboard.example. IN TXT "v=DKIM1; k=rsa; p={public_key(key)[:100]}' in done.out
    assert "PRIVATE" not in done.out + done.err


def test_a_key_that_is_gone_is_said_at_start(board: Callboard, key: rsa.RSAPrivateKey):  # noqa: ARG001 - the board's
    (board.folder / "dkim.pem").unlink()
    done = board.run("drain")
    assert (done.code, "Traceback" in done.err) == (1, False)
    assert "CALLBOARD_DKIM_KEY names" in done.err
    assert board.now == NOW
