"""Signed mails as their receivers judge them: dkimpy, SpamAssassin, and Python's own parser."""

from __future__ import annotations

from email import message_from_bytes
from email.policy import default as modern

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.programs import spam_report, verify_by_dkimpy
from tests.unit.mail.letters import CATALOGUE, custom, default, event, item, letter, salt
from tests.unit.mail.test_mime import written

from callboard.base.dkim_key import public_key
from callboard.base.reasons import Frequency, Importance
from callboard.mail.dkim import Signer, sign

SIGNER = Signer("callboard.example", "callboard1", rsa.generate_private_key(65537, 2048))
RECORD = f"v=DKIM1; k=rsa; p={public_key(SIGNER.key)}"


def one_mail(**data):
    return written(letter(item(event(1, **salt(**data)), custom(), default(), importance=Importance.CRITICAL)))


def digest(*types):
    items = [item(event(n, kind, **salt(f"S1 E{n}"))) for n, kind in enumerate(types)]
    return written(letter(*items, frequency=Frequency.DAILY))


MAILS = {
    "one": one_mail(),
    "digest": digest(*list(CATALOGUE.event_types) * 3),
    "bulk": written(letter(*(item(event(n, **salt(f"S1 E{n}"))) for n in range(470)))),
    "scripts": one_mail(title="塩の地図師 ليلى 🎬 " * 8, comment="ü  \t \n\n.\n..\n \t" * 60),
    "spaces": one_mail(title="a  b   c", comment=" \n\t\n" * 40),
    **{f"one {kind}": digest(kind) for kind in CATALOGUE.event_types},
}
SIGNED = {name: sign(raw, SIGNER) for name, raw in MAILS.items()}


def verify(*mails):
    return verify_by_dkimpy(list(mails), SIGNER.record_name, RECORD)


def test_dkimpy_verifies_every_mail():
    assert dict(zip(SIGNED, verify(*SIGNED.values()), strict=True)) == dict.fromkeys(SIGNED, True)


def test_a_signature_outlives_what_relays_do_to_space():
    raw = SIGNED["scripts"]
    head, _, body = raw.partition(b"\r\n\r\n")
    refolded = head.replace(b"\r\n ", b"\r\n\t ").replace(b"Subject: ", b"subject:  ")
    received = b"Received: from a.example by b.example; Tue, 24 Nov 2026 07:00:03 +0000\r\n"
    assert (
        verify(received + refolded + b"\r\n\r\n" + body, raw + b"\r\n\r\n", raw.replace(b".\r\n", b". \r\n"))
        == [True] * 3
    )


def test_a_changed_mail_does_not_verify():
    raw = SIGNED["one"]
    changes = [
        (b"Redelivery requested", b"Redelivery accepted"),
        (b"List-Unsubscribe: <https://callboard.example/", b"List-Unsubscribe: <https://elsewhere.example/"),
        (b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n", b""),
        (b"Auto-Submitted: auto-generated", b"Auto-Submitted: no"),
        (b"From: Callboard", b"From: Eve <eve@elsewhere.example>\r\nFrom: Callboard"),
        (b"Subject: ", b"Subject: You have won\r\nSubject: "),
        (b"multipart/alternative", b"multipart/mixed"),
        (b"Blocker", b"Minor"),
    ]
    changed = [raw.replace(old, new) for old, new in changes if old in raw]
    assert len(changed) >= 7
    assert verify(*changed) == [False] * len(changed)


def test_pythons_parser_finds_no_defect():
    for name, raw in (*MAILS.items(), *SIGNED.items()):
        message = message_from_bytes(raw, policy=modern)
        faults = [part.defects for part in message.walk()] + [value.defects for value in message.values()]
        assert not any(faults), name
        for part in message.walk():
            if not part.is_multipart():
                part.get_content()


@pytest.mark.parametrize("name", ["one", "digest"])
def test_spamassassin_finds_nothing_against_a_mail(name):
    report = spam_report(SIGNED[name])
    assert report["score"] <= 0, report
    assert not [rule for rule, points in report["hits"].items() if points > 0]
