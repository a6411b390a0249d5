"""Reports of all main kinds are understood; nothing that comes ends the reader."""

from __future__ import annotations

import contextlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports import ANA, ARF, AWAY, EXCHANGE, EXIM, EXIM_IN_PROSE, MESSAGE_ID, QMAIL, TWO_RECIPIENTS, postfix

from callboard.base.config import read_config
from callboard.base.errors import RejectedError
from callboard.mail.feedback.reading import READ_BYTES, Unreadable, read_report
from callboard.mail.feedback.report import Kind
from callboard.mail.feedback.return_path import ReturnPath

SAMPLES = {
    "postfix": (postfix(), Kind.NO_SUCH_ADDRESS, "User unknown"),
    "postfix, local": (
        postfix(words='unknown user: "ana"').replace(b"Diagnostic-Code: smtp", b"Diagnostic-Code: X-Postfix"),
        Kind.NO_SUCH_ADDRESS, '5.1.1 unknown user: "ana"',
    ),
    "postfix, delayed": (postfix(action="delayed", status="4.4.1", words="connect to mx: timed out"), Kind.DELAYED, "timed out"),
    "postfix, given up": (postfix(status="4.4.1", words="connect to mx: timed out"), Kind.FAILED, "4.4.1 connect"),
    "postfix, delivered": (postfix(action="delivered", status="2.0.0", words="250 2.0.0 ok"), Kind.DELIVERED, "ok"),
    "postfix, full": (postfix(status="5.2.2", words="552 5.2.2 mailbox full"), Kind.FAILED, "552 5.2.2 mailbox full"),
    "postfix, policy behind 5.1.1": (postfix(words="550 5.7.1 blocked"), Kind.FAILED, "550 5.7.1 blocked"),
    "opensmtpd": (postfix(action="error"), Kind.NO_SUCH_ADDRESS, "User unknown"),
    "no action": (postfix().replace(b"Action: failed\n", b""), Kind.NO_SUCH_ADDRESS, "User unknown"),
    "global": (postfix().replace(b"message/delivery-status", b"message/global-delivery-status"), Kind.NO_SUCH_ADDRESS, "User"),
    "exim": (EXIM, Kind.NO_SUCH_ADDRESS, "550-5.1.1 The account that you tried to reach is not here. 550 5.1.1 Check"),
    "exim, in prose": (EXIM_IN_PROSE, Kind.NO_SUCH_ADDRESS, "550 5.1.1 No such person"),
    "exchange": (EXCHANGE, Kind.NO_SUCH_ADDRESS, "550 5.1.10 RESOLVER.ADR.RecipientNotFound"),
    "qmail": (QMAIL, Kind.NO_SUCH_ADDRESS, "Sorry, no mailbox here by that name. (#5.1.1)"),
    "qmail, other": (QMAIL.replace(b"(#5.1.1)", b"(#5.2.2)"), Kind.FAILED, "(#5.2.2)"),
    "complaint": (ARF, Kind.COMPLAINT, "reported as unwanted (abuse) by mx.mailbox.example"),
    "complaint taken back": (ARF.replace(b": abuse", b": not-spam"), Kind.OTHER, ""),
    "authentication": (ARF.replace(b": abuse", b": auth-failure"), Kind.OTHER, ""),
    "away": (AWAY, Kind.AUTO_REPLY, ""),
    "away, by its subject only": (AWAY.replace(b"Auto-Submitted: auto-replied\n", b""), Kind.AUTO_REPLY, ""),
    "a person": (b"From: ana@copperglass.example\nSubject: Thanks\n\n5.1.1\n", Kind.OTHER, "Thanks"),
    "no headers": (b"\n\nhello", Kind.OTHER, ""),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_each_servers_report_is_understood_in_its_words(name):
    raw, kind, words = SAMPLES[name]
    for one in (raw, raw.replace(b"\n", b"\r\n")):
        said = read_report(one).of(ANA)
        assert (said.kind, words in said.words) == (kind, True), said


@pytest.mark.parametrize("raw", [postfix(), EXIM, EXIM_IN_PROSE, EXCHANGE, QMAIL, ARF, AWAY])
def test_the_originals_message_id_is_found(raw):
    assert MESSAGE_ID in read_report(raw).message_ids
    assert MESSAGE_ID in read_report(raw.replace(b"\n", b"\r\n")).message_ids


def test_of_several_recipients_what_names_the_address_counts():
    report = read_report(TWO_RECIPIENTS)
    assert report.of("crew@copperglass.example").kind is Kind.DELIVERED
    assert report.of("former@elsewhere.example").kind is Kind.NO_SUCH_ADDRESS


def test_that_an_address_mail_was_passed_on_to_is_gone_fails_the_mail_and_says_nothing_of_the_address():
    assert read_report(TWO_RECIPIENTS).of(ANA).kind is Kind.FAILED


def test_an_address_encoded_as_xtext_is_the_same():
    raw = postfix(recipient="ana+2Bcrew@copperglass.example")
    assert read_report(raw).of("ana+crew@copperglass.example").kind is Kind.NO_SUCH_ADDRESS


HOSTILE = {
    "empty": b" \n ",
    "nested": b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(500)),
    "messages in messages": b"Content-Type: message/rfc822\n\n" * 5_000,
    "parameters": b'Content-Type: multipart/mixed; x="' + b";" * 200_000,
    "folded parameters": b"Content-Type: multipart/mixed" + b';\n x="' * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_made_to_be_costly_is_refused_with_a_reason(name):
    with pytest.raises(Unreadable, match="the report"):
        read_report(HOSTILE[name])


@pytest.mark.parametrize("raw", [
    b"Subject: " + b"a" * 10_000_000,
    b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n\n" * 25_000,
    b"From: mailer-daemon@x.example\n\n" + b"<a@b.example>:\n" * 8_000,
    b"From: =?utf-8?b?////?= <\xff\xfe>\nSubject: \xff\n\n\xff",
    b"From:\nContent-Type: text/plain; charset=no-such-set\n\n\xff",
    b"Message-ID:" + b"\n" * 120_000,
])  # fmt: skip
def test_what_is_large_or_badly_encoded_is_read_as_no_report(raw):
    assert read_report(raw).of(ANA).kind is Kind.OTHER


def test_only_the_beginning_is_read():
    raw = postfix(enclosed="x" * READ_BYTES + "\nMessage-ID: <late@callboard.example>\n")
    assert read_report(raw).said[0].kind is Kind.NO_SUCH_ADDRESS
    assert "<late@callboard.example>" not in read_report(raw).message_ids


PIECES = st.sampled_from([
    *(line + b"\n" for raw in (postfix(), EXIM, ARF, QMAIL) for line in raw.splitlines()), b"\n", b"\x00", b"\xff\n", b"--\n", b"\r", b'"',
])  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=2_000), st.lists(PIECES, max_size=80).map(b"".join)))
def test_whatever_comes_is_a_report_or_refused(raw):
    try:
        report = read_report(raw)
    except Unreadable:
        return
    for one in (report.of(ANA), *report.said):
        assert isinstance(one.kind, Kind)
        assert len(one.words) <= 700
        assert one.words.isprintable() or one.words == ""
        one.words.encode()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_report_never_raises(data):
    raw = bytearray(data.draw(st.sampled_from([postfix(), EXIM, EXCHANGE, ARF, QMAIL])))
    for _ in range(data.draw(st.integers(1, 8))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=6))
    with contextlib.suppress(Unreadable):
        read_report(bytes(raw))


@pytest.fixture
def config(tmp_path):
    return read_config({"CALLBOARD_HOME": str(tmp_path), "CALLBOARD_BOUNCES": "bounces@callboard.example"})


def test_each_mail_comes_back_to_an_address_of_its_own_that_reveals_nothing(config):
    path = ReturnPath(config)
    address = path.of(255)
    assert address.startswith("bounces+ff.")
    assert address.endswith("@callboard.example")
    assert (path.mail_of(address), path.mail_of(address.upper())) == (255, 255)
    assert path.takes(address)
    assert path.takes(address.replace("callboard.example", "mail.internal"))
    assert path.takes("Bounces@callboard.example")
    assert len(path.of(2**63 - 1).partition("@")[0]) <= 64


def test_an_address_that_was_not_signed_here_is_nobodys(config):
    path, other = ReturnPath(config), ReturnPath(replace(config, secret_key="another key of some length"))
    for address in (
        other.of(255),
        path.of(255).replace("+ff.", "+fe."),
        "bounces+ff.0@x.example",
        "bounces+@x",
        "",
        "@",
        "x@y",
    ):
        assert path.mail_of(address) is None
        assert not path.takes(address)
    assert list(path.mails_in(f"To: <{other.of(1)}>\nReturn-Path: <{path.of(7)}>\n".encode())) == [7]


def test_without_the_setting_mails_come_back_to_the_sender(tmp_path):
    path = ReturnPath(read_config({"CALLBOARD_HOME": str(tmp_path)}))
    assert path.of(1) == "notifications@callboard.example"
    assert path.takes("notifications@callboard.example")


@pytest.mark.parametrize("value", ["nobody", "a@b@c", f"{'b' * 27}@callboard.example", "Bounces <b@callboard.example>"])
def test_a_return_address_that_can_not_be_used_is_refused(tmp_path, value):
    with pytest.raises(RejectedError, match="CALLBOARD_BOUNCES must be an address"):
        read_config({"CALLBOARD_HOME": str(tmp_path), "CALLBOARD_BOUNCES": value})


@pytest.mark.parametrize("odd", [b"\x00", b"\x1b", b"\x7f", b" "])
def test_a_message_id_with_control_characters_is_none(odd):
    raw = b"Message-ID: <a%sb@x.example>\nIn-Reply-To: <ab@x.example>\n\nhello\n" % odd
    assert read_report(raw).message_ids == ("<ab@x.example>",)
