"""The key of DKIM: read from PEM, and its public half as DNS publishes it."""

from __future__ import annotations

from base64 import b64encode

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

SMALLEST_BITS, LARGEST_BITS = 2048, 4096
"""Of an RSA key. Source: RFC 8301 3.2: signers should take 2048; who verifies must take up to 4096."""


def read_private_key(pem: bytes) -> RSAPrivateKey:
    """Return the RSA key of a PEM text.

    Raises:
        ValueError: says what is wrong, and nothing of what the text holds.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        fault = "is encrypted; the key must be stored without a password"
    except (ValueError, UnsupportedAlgorithm):
        fault = "holds no private key in PEM form"
    else:
        if isinstance(key, RSAPrivateKey):
            if SMALLEST_BITS <= key.key_size <= LARGEST_BITS:
                return key
            fault = f"holds a key of {key.key_size} bits; take {SMALLEST_BITS}"
        else:
            fault = "holds a key that is not RSA"
    raise ValueError(fault)  # outside `except`: no cause that could show what was read


def public_key(key: RSAPrivateKey) -> str:
    """Return the public half as `p=` of a DKIM record has it. Source: RFC 6376 3.6.1."""
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
