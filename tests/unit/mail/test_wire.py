"""What follows DATA: no line of a mail can end it, or be read as two by one server and as one by another."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.mail.letters import BASE_URL, CATALOGUE, HOST, SENDER, STUDIO, custom, event, item, letter, salt

from callboard.mail.mime import make_form
from callboard.mail.wire import Clean, is_clean, whole, wire_form

LONG = b"x" * 76 + b"\r\n"
PIECES = st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"a", LONG]), max_size=40).map(b"".join)


def filled(told):
    form = make_form(told, CATALOGUE, STUDIO, base_url=BASE_URL, sender=SENDER, host=HOST)
    return form.fill(told.person, told.dated_at, told.message_id, told.thread_root, told.mute_url)


def plainly(raw):
    lines = re.split(rb"\r\n|\r|\n", raw)
    if lines[-1] == b"":
        lines.pop()
    doubled = [b"." + line if line.startswith(b".") else line for line in lines]
    return b"".join(line + b"\r\n" for line in [*doubled, b"."])


@pytest.mark.parametrize("before", [b"", LONG * 20], ids=["short", "long"])
@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"a\r\n.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\n.\nb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r.\r\nb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r\n.\nMAIL FROM:<x>\r\n", b"a\r\n..\r\nMAIL FROM:<x>\r\n.\r\n"),
    ],
)
def test_no_body_can_end_a_mail_before_its_end(before, raw, wire):
    assert b"".join(wire_form(before + raw)) == before + wire


@given(PIECES, st.sampled_from([b"", LONG * 20]))
def test_every_mail_goes_over_the_wire_as_its_lines_say(raw, before):
    raw = before + raw
    assert b"".join(wire_form(raw)) == (plainly(raw) if raw else b"\r\n.\r\n")
    assert is_clean(raw) == (raw != b"" and plainly(raw) == raw + b".\r\n")


@pytest.mark.parametrize("comment", ["Dialogue drops.", ".hidden", "first\n.second", "…\n..", "x" * 75 + ".y"])
def test_a_written_mail_goes_out_as_it_is_read(comment):
    told = letter(item(event(**salt(comment=comment)), custom()))
    raw = filled(told)
    assert b"".join(wire_form(raw)) == plainly(whole(raw))
    assert isinstance(raw, Clean) == is_clean(whole(raw))


def test_a_mail_of_many_events_is_known_to_be_clean_and_in_pieces_that_all_mails_share():
    told = letter(*(item(event(number, **salt(f"S1 E{number}"))) for number in range(30)))
    form = make_form(told, CATALOGUE, STUDIO, base_url=BASE_URL, sender=SENDER, host=HOST)
    one, other = (
        form.fill(told.person, told.dated_at, f"<{name}@x.example>", told.thread_root, told.mute_url) for name in "ab"
    )
    assert isinstance(one, Clean)
    assert one[0] != other[0]
    assert all(mine is theirs for mine, theirs in zip(one[1::2], other[1::2], strict=True))
    assert sum(map(len, one[1::2])) > 0.9 * len(whole(one))


def test_a_mail_is_called_clean_whatever_its_link_only_where_it_is():
    told = letter(item(event(**salt())))
    form = make_form(told, CATALOGUE, STUDIO, base_url=BASE_URL, sender=SENDER, host=HOST)
    for length in range(40, 180):
        link = "https://portal.example/mute/".ljust(length, "a") + ".." + "b" * 100
        raw = form.fill(told.person, told.dated_at, told.message_id, told.thread_root, link)
        assert isinstance(raw, Clean) == is_clean(whole(raw))
