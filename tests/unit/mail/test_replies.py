"""What a server's answer means for the mail and for the address (P4), and when a mail is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from callboard.base.reasons import Importance
from callboard.mail.replies import EXPIRY, Fate, domain_of, envelope_address, read_reply, retry_delay


@pytest.mark.parametrize(
    ("code", "text", "fate"),
    [
        (250, "2.0.0 Ok: queued as 1", Fate.SENT),
        (250, "", Fate.SENT),
        (220, "ready", Fate.IN_DOUBT),
        (251, "forwarded", Fate.IN_DOUBT),
        (421, "4.3.2 closing", Fate.RETRY),
        (450, "4.2.1 busy", Fate.RETRY),
        (451, "", Fate.RETRY),
        (452, "5.1.1 confused", Fate.RETRY),
        (550, "5.1.1 no such user", Fate.NO_SUCH_ADDRESS),
        (553, " 5.1.1 no such user", Fate.NO_SUCH_ADDRESS),
        (550, "5.1.10 null MX", Fate.FAILED),
        (550, "5.1.2 bad domain", Fate.FAILED),
        (550, "no such user (5.1.1)", Fate.FAILED),
        (550, "unknown", Fate.FAILED),
        (550, "5.7.1 blocked by policy", Fate.POLICY),
        (554, "5.7.26 unauthenticated", Fate.POLICY),
        (552, "5.2.2 mailbox full", Fate.FAILED),
        (554, "4.7.1 greylisted", Fate.RETRY),
        (199, "what?", Fate.RETRY),
        (354, "go on", Fate.RETRY),
        (-1, "not SMTP at all", Fate.RETRY),
    ],
)
def test_p4_what_a_reply_means(code: int, text: str, fate: Fate):
    assert read_reply(code, text).fate is fate


def test_the_servers_words_are_one_line_of_bounded_length():
    reply = read_reply(550, "5.1.1 no\r\nsuch  user " + "x" * 2000)
    assert reply.line.startswith("550 5.1.1 no such user")
    assert len(reply.text) == 500


@pytest.mark.parametrize("attempts", [1, 2, 3, 4, 5, 50, 10_000])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999_999])
def test_p4_retries_wait_from_5_to_70_minutes(attempts: int, chance: float):
    assert timedelta(minutes=5) <= retry_delay(attempts, chance) <= timedelta(minutes=70)


def test_p4_each_retry_waits_longer_until_the_longest():
    delays = [retry_delay(one, 0.5) for one in range(1, 8)]
    assert delays == sorted(delays)
    assert delays[0] < delays[-1]


def test_p4_a_mail_is_tried_for_5_days_when_critical_and_2_otherwise():
    assert {one: EXPIRY[one].days for one in Importance} == {"critical": 5, "standard": 2, "info": 2}


@pytest.mark.parametrize(
    ("email", "domain"),
    [("a@X.Example", "x.example"), ("a@Büro.example", "xn--bro-hoa.example"), ("a@" + "ü" * 70 + ".example", None)],
)
def test_a_domain_is_compared_in_ascii(email: str, domain: str | None):
    assert domain_of(email) == (domain or email[2:])


def test_the_envelope_keeps_the_local_part_as_it_is():
    assert envelope_address("Ana.R@Büro.example") == "Ana.R@xn--bro-hoa.example"
