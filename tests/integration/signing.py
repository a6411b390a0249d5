"""A key for signing mail, and what a receiver finds of what was signed with it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.programs import verify_by_dkimpy

from callboard.base.config import Dkim
from callboard.base.dkim_key import public_key


@cache
def _key():
    return rsa.generate_private_key(65537, 2048)


def signing(config):
    """The settings, with a key."""
    pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return replace(config, dkim=Dkim(selector="callboard1", key_path=Path("dkim.pem"), pem=pem))


def verify(mails):
    """Whether each mail is found signed with the key for callboard.example."""
    return verify_by_dkimpy(mails, "callboard1._domainkey.callboard.example", f"v=DKIM1; k=rsa; p={public_key(_key())}")
