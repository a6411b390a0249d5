"""The message as bytes: headers of rule C2, encodings, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default as modern
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.mail.letters import (
    ANA,
    BASE_URL,
    CATALOGUE,
    HOST,
    SENDER,
    STUDIO,
    custom,
    default,
    event,
    item,
    letter,
    salt,
)

from callboard.base.errors import PermanentError
from callboard.base.reasons import Frequency, Importance
from callboard.mail.mime import list_id, thread_key, write_mail
from callboard.mail.render import render

if TYPE_CHECKING:
    from email.message import EmailMessage

    from callboard.mail.letter import Letter


def written(told: Letter, sender: str = SENDER) -> bytes:
    return write_mail(told, CATALOGUE, STUDIO, base_url=BASE_URL, sender=sender, host=HOST)


def read(told: Letter, sender: str = SENDER) -> EmailMessage:
    message: Any = message_from_bytes(written(told, sender), policy=modern)
    assert not message.defects
    for name, value in message.items():
        assert not value.defects, (name, value.defects)
    for part in message.walk():
        assert not part.defects
    found: EmailMessage = message
    return found


def one(**data: Any) -> Letter:
    return letter(item(event(**salt(**data)), custom(), default(), importance=Importance.CRITICAL))


def test_the_headers_of_c2():
    message = read(one())
    assert {name: str(value) for name, value in message.items()} == {
        "From": "Callboard <notifications@callboard.example>",
        "To": "Ana Ruiz <ana@copperglass.example>",
        "Subject": "Redelivery requested: The Salt Cartographers, S1 E4",
        "Date": "Tue, 24 Nov 2026 07:00:00 +0000",
        "Message-ID": "<0123456789abcdef@callboard.example>",
        "In-Reply-To": "<fedcba9876543210@callboard.example>",
        "References": "<fedcba9876543210@callboard.example>",
        "List-Id": "<delivery.redelivery_requested.callboard.example>",
        "List-Unsubscribe": f"<{BASE_URL}/mute/1a-0123456789abcdef0123456789abcdef>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "Auto-Submitted": "auto-generated",
        "X-Callboard-Event-Type": "delivery.redelivery_requested",
        "X-Callboard-Kind": "default, custom",
        "X-Callboard-Importance": "critical",
        "X-Callboard-Frequency": "immediately",
        "X-Callboard-Partner": "copperglass",
        "MIME-Version": "1.0",
        "Content-Type": 'multipart/alternative; boundary="=_callboard"',
    }


def test_a_digest_over_several_types_names_them_all_and_the_highest_importance():
    types = list(CATALOGUE.event_types)
    told = letter(
        *(item(event(n, key, **salt())) for n, key in enumerate(types)),
        item(event(99, types[0]), importance=Importance.CRITICAL),
        frequency=Frequency.DAILY,
    )
    message = read(told)
    assert message["X-Callboard-Event-Type"].split(", ") == types
    assert message["X-Callboard-Importance"] == "critical"
    assert message["X-Callboard-Kind"] == "custom"
    assert message["List-Id"] == "<digest.daily.callboard.example>" == list_id(told, HOST)


def test_the_parts_are_what_was_rendered_in_quoted_printable():
    told = one(title="塩の地図師 " * 10, comment="ü" * 5_000)
    message = read(told)
    rendered = render(told, CATALOGUE, STUDIO, BASE_URL)
    parts = list(message.iter_parts())
    assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in parts] == ["quoted-printable"] * 2
    contents = [part.get_content().replace("\r\n", "\n") for part in parts]
    assert contents == [rendered.text, rendered.html]


def test_every_line_is_short_and_ends_with_crlf():
    raw = written(one(title="長い題名" * 50, comment="x" * 3_000))
    assert raw.isascii()
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    assert raw.endswith(b"\r\n")
    head, _, body = raw.partition(b"\r\n\r\n")
    assert max(map(len, head.split(b"\r\n"))) <= 90
    assert max(map(len, body.split(b"\r\n"))) <= 76


@pytest.mark.parametrize(
    "name",
    [
        "Ana Ruiz",
        "Ruiz, Ana",
        'Ana "the ear" Ruiz \\ QC',
        "=?utf-8?q?Ana?=",
        "Søren Kjærgård",
        "ليلى حداد",
        "山田 太郎",
        "A. " + "very " * 20 + "long name",
        "🎬" * 40,
        "ana@copperglass.example",
    ],
)
def test_a_display_name_comes_back_whole(name: str):
    raw = written(replace(one(), person=replace(ANA, name=name)))
    (address,) = read(replace(one(), person=replace(ANA, name=name)))["To"].addresses
    assert address.addr_spec == "ana@copperglass.example"
    # Python < 3.13 adds a space between encoded words of a name, so words are read the old way.
    to = message_from_bytes(raw)["To"].rpartition("<")[0]
    if "=?utf-8?b?" in to:
        assert str(make_header(decode_header(to))).strip() == name
    else:
        assert address.display_name == name


def test_international_domains_are_written_in_ascii():
    told = replace(one(), person=replace(ANA, email="ana@kupferglas-öl.example"))
    domain = read(told)["To"].addresses[0].domain
    assert domain.isascii()
    assert domain.encode().decode("idna") == "kupferglas-öl.example"
    message = read(one(), sender="Würfel <post@bücher.example>")
    assert str(message["From"]) == "Würfel <post@xn--bcher-kva.example>"


@pytest.mark.parametrize(
    "title",
    ["Küche", "=?utf-8?q?hidden?=", "x" * 200, "word " * 40, "🎬 " * 60, "塩の地図師" * 40],
)
def test_a_subject_comes_back_as_rendered(title: str):
    told = one(title=title)
    assert read(told)["Subject"] == render(told, CATALOGUE, STUDIO, BASE_URL).subject


def test_a_partner_id_may_be_long_or_in_any_script():
    for partner in ("日本の会社" * 20, "a b" * 60, "p" * 200, " a  b ", "=?x?="):
        told = replace(one(), person=replace(ANA, partner=partner))
        assert read(told)["X-Callboard-Partner"] == partner
    assert read(replace(one(), person=replace(ANA, partner=None)))["X-Callboard-Partner"] is None


def test_line_breaks_in_texts_make_no_header():
    told = one(title="Salt\r\nBcc: eve@example.org\r\n\r\n<b>body</b>", severity="Blocker\nX-Evil: 1")
    message = read(told)
    assert message["Bcc"] is None
    assert message["X-Evil"] is None
    assert message["Subject"] == "Redelivery requested: Salt  Bcc: eve@example.org    <b>body</b>"


@pytest.mark.parametrize(
    "broken",
    [
        {"message_id": "<a@b>\r\nBcc: eve@example.org"},
        {"thread_root": "<a@b>\n"},
        {"mute_url": f"{BASE_URL}/mute/1 2"},
        {"mute_url": ""},
        {"person": replace(ANA, name="Ana\r\nBcc: eve@example.org")},
        {"person": replace(ANA, partner="a\x00b")},
        {"person": replace(ANA, email="ana@copperglass.example\r\nBcc: eve@example.org")},
        {"person": replace(ANA, email="böb@copperglass.example")},
        {"person": replace(ANA, email="ana@" + "ö" * 80 + ".example")},
    ],
)
def test_a_value_that_would_break_a_header_is_refused(broken: dict[str, Any]):
    with pytest.raises(PermanentError):
        written(replace(one(), **broken))


def test_a_body_never_holds_the_boundary_or_a_lone_dot():
    raw = written(one(comment="--=_callboard-- . --=_callboard", title="--=_callboard"))
    body = raw.partition(b"\r\n\r\n")[2]
    assert body.count(b"--=_callboard\r\n") == 2
    assert body.count(b"--=_callboard--") == 1
    assert not any(line == b"." for line in raw.split(b"\r\n"))


def test_a_thread_is_about_the_one_subject():
    same = item(event(1, subject="SR-1")), item(event(2, subject="SR-1"))
    assert thread_key(same) == "SR-1"
    assert thread_key((*same, item(event(3, subject="SR-2")))) is None
    assert thread_key((item(event(1, subject=None)),)) is None
    assert thread_key((item(event(1, subject=None)), *same)) is None


def test_long_headers_are_folded_at_spaces():
    types = list(CATALOGUE.event_types)[:6]
    raw = written(letter(*(item(event(n, one)) for n, one in enumerate(types)), frequency=Frequency.DAILY))
    lines = raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
    start = next(n for n, line in enumerate(lines) if line.startswith(b"X-Callboard-Event-Type"))
    folded = [after for before, after in pairwise(lines[start:]) if after.startswith(b" ")]
    assert folded
    assert all(len(line) <= 78 for line in lines if not line.startswith(b"List-Unsubscribe"))


@pytest.mark.parametrize("length", range(50, 120))
def test_a_space_at_the_end_of_a_line_makes_it_no_longer_than_76(length: int):
    told = replace(one(), partner_name="x" * length + " ")
    assert max(map(len, written(told).partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
    text = next(read(told).iter_parts()).get_content()
    assert f"{'x' * length} \r\n" in text
