"""A passkey device in software: makes keys and signs as the browser hands it over."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from os import urandom

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import sha256, websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

FLAG = AuthenticatorData.FLAG


@dataclass
class Device:
    """One key for one account. `asks` for a PIN or the like; `origin` is the page that the browser shows."""

    asks: bool = True
    origin: str = "https://localhost"
    rp_id: str = "localhost"
    id: bytes = field(default_factory=lambda: urandom(16))
    user_handle: str | None = ""
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def _flags(self):
        return FLAG.UP | (FLAG.UV if self.asks else 0)

    def _client(self, kind, options):
        return CollectedClientData.create(kind, websafe_decode(options["challenge"]), self.origin)

    def create(self, options):
        """Answer what a page to add a passkey asks with."""
        wanted = options["publicKey"]
        self.user_handle = wanted["user"]["id"]
        credential = AttestedCredentialData.create(
            Aaguid.NONE, self.id, ES256.from_cryptography_key(self.key.public_key())
        )
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self._flags() | FLAG.AT, 0, credential)
        return json.dumps({
            "type": "public-key", "id": websafe_encode(self.id), "rawId": websafe_encode(self.id),
            "response": {
                "clientDataJSON": websafe_encode(self._client("webauthn.create", wanted)),
                "attestationObject": websafe_encode(AttestationObject.create("none", data, {})),
            },
            "clientExtensionResults": {"credProps": {"rk": True}},
        })  # fmt: skip

    def get(self, options):
        """Answer what a page to sign in asks with."""
        client = self._client("webauthn.get", options["publicKey"])
        data = AuthenticatorData.create(sha256(self.rp_id.encode()), self._flags(), 1)
        signed = self.key.sign(data + client.hash, ec.ECDSA(SHA256()))
        return json.dumps({
            "type": "public-key", "id": websafe_encode(self.id), "rawId": websafe_encode(self.id),
            "response": {
                "clientDataJSON": websafe_encode(client), "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signed), "userHandle": self.user_handle,
            },
            "clientExtensionResults": {},
        })  # fmt: skip
