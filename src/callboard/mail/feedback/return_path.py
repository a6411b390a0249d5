"""The address that mails come back to: signed and another one for each mail, so that nobody else can make one.

Source: VERP; the part after the `+` is the mail's number and a keyed hash, in hex, whatever the case it comes back in.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator
from email.utils import parseaddr

from callboard.base.config import Config
from callboard.base.keyed import keyed_hash
from callboard.mail.replies import envelope_address

PURPOSE = "return-path"
MAC_DIGITS = 20
"""80 bits: each guess costs a whole report."""
MOST_TOKENS = 20
"""Tokens looked at in one report; one of ours holds two or three."""

_TOKEN = re.compile(rf"([0-9a-f]{{1,16}})\.([0-9a-f]{{{MAC_DIGITS}}})", re.IGNORECASE)
_TOKEN_IN_MAIL = re.compile(rb"\+([0-9a-f]{1,16}\.[0-9a-f]{20})@", re.IGNORECASE)


class ReturnPath:
    """Makes and reads return paths under one set of settings.

    Without `CALLBOARD_BOUNCES` all mails come back to the sender's address, unsigned.
    """

    def __init__(self, config: Config) -> None:
        self.address = envelope_address(config.bounces or parseaddr(config.sender)[1])
        self._secret = config.secret_key
        self._is_signed = config.bounces is not None
        local, _, host = self.address.rpartition("@")
        self._local, self._before, self._after = local.casefold(), f"{local}+", f"@{host}"

    def of(self, mail_id: int) -> str:
        """Return the envelope sender of a mail."""
        return f"{self._before}{self._token(mail_id)}{self._after}" if self._is_signed else self.address

    def _token(self, mail_id: int) -> str:
        return f"{mail_id:x}.{keyed_hash(self._secret, PURPOSE, mail_id, length=MAC_DIGITS)}"

    def takes(self, recipient: str) -> bool:
        """Return whether something that is addressed so is for us: the address itself, or one we signed.

        The host is the business of whoever routes mail here: aliases and relays write it anew.
        """
        return recipient.rpartition("@")[0].casefold() == self._local or self.mail_of(recipient) is not None

    def mail_of(self, recipient: str) -> int | None:
        """Return the number of the mail that a signed address belongs to; None when it is not one of ours."""
        return self._read(recipient.rpartition("@")[0].rpartition("+")[2])

    def mails_in(self, raw: bytes) -> Iterator[int]:
        """Yield the mails whose return paths a report names, wherever: its To, the original's Return-Path, an ARF."""
        found = dict.fromkeys(one[1] for one, _ in zip(_TOKEN_IN_MAIL.finditer(raw), range(MOST_TOKENS), strict=False))
        for token in found:
            mail_id = self._read(token.decode())
            if mail_id is not None:
                yield mail_id

    def _read(self, token: str) -> int | None:
        found = _TOKEN.fullmatch(token)
        if found is None or not found[1].isascii():
            return None
        mail_id = int(found[1], 16)
        return mail_id if hmac.compare_digest(self._token(mail_id), token.lower()) else None
