"""Mail that somebody waits for: what a sign-in code looks like, and how it leaves."""

from __future__ import annotations

import socket
from dataclasses import replace
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import default

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client
from structlog.testing import capture_logs
from tests.e2e.sink import OK, Sink, says
from tests.integration.signing import signing, verify
from tests.integration.web.mails import ask, code_in, handed_over, mails_to, newest_mail, text_of, wait_until
from tests.integration.web.studio import ANA

from callboard.base.config import SmtpServer
from callboard.base.errors import PermanentError, TransientError
from callboard.mail.direct import DirectBackend, write_direct

SENDER = "Callboard <notifications@callboard.example>"


@pytest.fixture
def code_mail(pipeline):  # noqa: ARG001 - its people
    ask(Client(SERVER_NAME="localhost", REMOTE_ADDR="203.0.113.9"), ANA)
    return newest_mail(ANA)


@pytest.fixture
def sink():
    with Sink() as found:
        yield found


def hand_to(settings, port):
    server = SmtpServer(host="127.0.0.1", port=port, security="none", username=None, password=None)
    settings.CONFIG = replace(settings.CONFIG, smtp=server)


def letter(subject="Hello", to=ANA, **more):
    found = EmailMultiAlternatives(subject, "Text", to=[to], **more)
    found.attach_alternative("<p>HTML</p>", "text/html")
    return found


def test_the_mail_is_whole_and_says_where_it_comes_from(code_mail):
    assert code_mail["From"] == SENDER
    assert code_mail["To"] == ANA
    assert code_mail["Auto-Submitted"] == "auto-generated"
    assert code_mail["Message-ID"].endswith("@callboard.example>")
    assert code_mail["Date"] == "Mon, 23 Nov 2026 10:00:00 +0000"
    assert code_mail.get_content_type() == "multipart/alternative"
    assert code_in(code_mail) in text_of(code_mail, "html")


def test_it_says_when_and_from_where_it_was_asked_for_and_what_to_do_if_it_was_not_you(code_mail):
    for kind in ("plain", "html"):
        said = " ".join(text_of(code_mail, kind).split())
        assert "Asked for on Mon 23 Nov at 11:00 (Europe/Madrid), from the address 203.0.113.9." in said
        assert "If that was not you, there is nothing to do" in said
        assert "Why am I getting this email?" in said


def test_a_locked_screen_shows_no_code(code_mail):
    code = code_in(code_mail)
    assert code_mail["Subject"] == "Your Callboard sign-in code"
    before = text_of(code_mail, "html").partition(code)[0]
    assert "Enter it within ten minutes" in before
    assert text_of(code_mail, "html").count(code) == 1


def test_no_link_signs_in(code_mail):
    assert "href=" not in text_of(code_mail, "html")
    assert "sign-in" not in "".join(line for line in text_of(code_mail).splitlines() if "://" in line)


@pytest.mark.usefixtures("pipeline")
def test_words_of_whoever_asks_are_not_in_the_mail():
    words = "call +1 555 0100 now"
    ask(Client(SERVER_NAME="localhost", HTTP_X_FORWARDED_FOR=words, HTTP_USER_AGENT=words), ANA)
    newest = newest_mail(ANA)
    said = [str(newest.items()), text_of(newest, "plain"), text_of(newest, "html")]
    assert not [text for text in said if "555 0100" in text]
    assert "from an unknown address" in " ".join(text_of(newest).split())


def test_a_mail_is_ascii_in_short_lines_whatever_it_says(settings):
    message = letter("Grüße von der Bühne, " * 9 + "Ende")
    message.body = "Zoë\n" + "long " * 400 + "\n.\nFrom here\n日本語" + "x" * 1200
    raw = write_direct(message, ANA, settings.CONFIG)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert b"\n" not in raw.replace(b"\r\n", b"")
    mail = message_from_bytes(raw, policy=default)
    assert mail["Subject"] == message.subject
    assert text_of(mail).strip() == message.body


@pytest.mark.parametrize(
    "bad",
    [
        letter("Hello\r\nBcc: evil@evil.example"),
        letter("Hello\nBcc: evil@evil.example"),
        letter("Hello\x00"),
        letter(to="ana@copperglass.example\r\nBcc: evil@evil.example"),
        letter(to="not an address"),
        letter(to="añá@copperglass.example"),
        letter(headers={"X-Note": "a\r\nBcc: evil@evil.example"}),
    ],
)
def test_a_header_that_would_hold_another_one_is_refused(bad):
    with pytest.raises(PermanentError):
        DirectBackend().send_messages([bad])


@pytest.mark.parametrize(
    "name", ["=?utf-8?q?Ana=0ABcc:_evil@evil.example?=", "=?utf-8?q?a=0D=0A=0D=0Ab?= c", "=?utf-8?b?YQpCY2M6IHg=?="]
)
def test_a_name_that_looks_like_an_encoded_word_stays_a_name(settings, name):
    subject = f"{name} stands in for you"
    raw = write_direct(letter(subject, headers={"X-Note": name}), f'"{name}" <{ANA}>', settings.CONFIG)
    assert b"\n" not in raw.replace(b"\r\n", b"")
    mail = message_from_bytes(raw)
    assert mail["Bcc"] is None
    assert mail["Message-ID"]
    assert str(make_header(decode_header(mail["Subject"]))) == subject
    assert str(make_header(decode_header(mail["To"]))) == f"{name} <{ANA}>"


def test_what_a_mail_says_about_its_sender_is_not_followed(settings):
    spoofed = letter(from_email="boss@evil.example", headers={"From": "boss@evil.example", "message-id": "<x@y>"})
    raw = write_direct(spoofed, ANA, settings.CONFIG)
    mail = message_from_bytes(raw, policy=default)
    assert mail.get_all("From") == [SENDER]
    assert len(mail.get_all("Message-ID", [])) == 1


@pytest.mark.usefixtures("pipeline")
def test_with_an_smtp_server_codes_leave_through_it_and_not_into_the_mailbox(settings, sink, browser):
    hand_to(settings, sink.port)
    ask(browser, ANA)
    assert sink.wait_for(lambda: len(sink.accepted) == 1)
    mail = message_from_bytes(sink.accepted[0].raw, policy=default)
    assert sink.accepted[0].recipient == ANA
    assert browser.post("/sign-in/code", {"code": code_in(mail)})["Location"] == "/settings"
    assert mails_to(ANA) == []


@pytest.mark.usefixtures("pipeline")
def test_with_a_key_a_code_and_a_link_for_a_new_password_are_signed_as_all_mail(settings, sink, browser):
    hand_to(settings, sink.port)
    settings.CONFIG = signing(settings.CONFIG)
    ask(browser, ANA)
    browser.post("/sign-in/reset", {"email": ANA})
    assert sink.wait_for(lambda: len(sink.accepted) == 2)
    raws = [one.raw for one in sink.accepted]
    subjects = {message_from_bytes(one, policy=default)["Subject"] for one in raws}
    assert subjects == {"Your Callboard sign-in code", "Set a new Callboard password"}
    assert verify(raws) == [True, True]
    assert verify([one.replace(b"Subject: ", b"Subject: Re: ") for one in raws]) == [False, False]


@pytest.mark.usefixtures("at")
def test_each_recipient_is_written_to_alone(settings, sink):
    hand_to(settings, sink.port)
    message = letter()
    message.cc, message.bcc = ["tom@tidewater.example"], ["sam@studio.example"]
    assert DirectBackend().send_messages([message]) == 1
    assert [one.recipient for one in sink.accepted] == [ANA, "tom@tidewater.example", "sam@studio.example"]
    assert all(message_from_bytes(one.raw)["To"] == one.recipient for one in sink.accepted)


@pytest.mark.usefixtures("at")
def test_what_is_refused_for_now_is_tried_once_more_with_the_same_message_id(settings, sink):
    hand_to(settings, sink.port)
    sink.scripts[ANA] = [says("451 4.3.0 later"), OK]
    assert DirectBackend(pauses_s=(0, 0)).send_messages([letter()]) == 1
    assert (sink.tries[ANA], len(sink.accepted)) == (2, 1)
    sink.scripts[ANA] = [says("451 4.3.0 later")]
    with pytest.raises(TransientError, match="451"):
        DirectBackend(pauses_s=(0, 0)).send_messages([letter()])
    assert sink.tries[ANA] == 4


@pytest.mark.usefixtures("at")
def test_what_is_refused_for_good_is_not_tried_again_and_named_without_the_address(settings, sink):
    hand_to(settings, sink.port)
    sink.scripts[ANA] = [says(f"550 5.1.1 <{ANA}> is unknown")]
    with pytest.raises(PermanentError) as caught:
        DirectBackend(pauses_s=(0, 0)).send_messages([letter()])
    assert sink.tries[ANA] == 1
    assert "550" in str(caught.value)
    assert ANA not in str(caught.value)
    assert DirectBackend(pauses_s=(0, 0), fail_silently=True).send_messages([letter()]) == 0


@pytest.mark.usefixtures("pipeline")
def test_for_an_unknown_address_the_server_is_called_and_told_nothing(settings, sink, browser):
    hand_to(settings, sink.port)
    before = handed_over("withheld")
    ask(browser, "ann@copperglass.example")
    wait_until(lambda: handed_over("withheld") == before + 1)
    assert (len(sink._writers), sum(sink.tries.values()), sink.accepted) == (1, 0, [])


@pytest.mark.usefixtures("pipeline")
def test_a_code_that_cannot_be_sent_is_logged_and_counted_and_the_answer_is_the_same(settings, sink):
    hand_to(settings, sink.port)
    sink.scripts[ANA] = [says("554 5.7.1 no")]
    before = handed_over("failed")
    with capture_logs() as logs:
        assert ask(Client(SERVER_NAME="localhost"), ANA)["Location"] == "/sign-in/code"
        wait_until(lambda: handed_over("failed") == before + 1)
    assert [one["event"] for one in logs] == ["a direct mail was not sent"]
    assert "554" in logs[0]["reason"]
    assert ANA not in str(logs)


@pytest.mark.usefixtures("at")
def test_a_server_that_is_not_there_is_a_failure_for_now(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    hand_to(settings, port)
    with pytest.raises(TransientError, match=f"127.0.0.1:{port}"):
        DirectBackend(pauses_s=(0,)).send_messages([letter()])
