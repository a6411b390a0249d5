"""The exported Sieve scripts, run by Dovecot's Sieve on mails as they are sent."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.programs import run_sieve
from tests.unit.mail.letters import ANA, CATALOGUE, SENDER, custom, default, event, item, letter, salt
from tests.unit.mail.test_filters import COMMENT, INSIGHT, MINE, PROCESSED, REDELIVERY, hostile
from tests.unit.mail.test_mime import written

from callboard.base.reasons import Frequency, Importance
from callboard.mail.filters.plan import plan_for_everyone, plan_for_person
from callboard.mail.filters.sieve import write_sieve

ASKED = custom("Leeds is late", event_type=COMMENT, frequency=Frequency.IMMEDIATELY)
PERSONS = write_sieve(plan_for_person(ANA, [*MINE, ASKED], CATALOGUE, SENDER))
EVERYONES = write_sieve(plan_for_everyone(CATALOGUE, SENDER))
INBOX, FLAGGED, IMPLICIT = ("INBOX", ""), ("INBOX", r"\flagged"), ("implicit", "")


def mail(kind, *asked, importance=Importance.STANDARD, frequency=Frequency.IMMEDIATELY, sender=SENDER):
    told = item(event(1, kind, **salt("S1 E4 – Küste")), *(asked or [default(kind)]), importance=importance)
    return written(letter(told, frequency=frequency), sender)


def digest(importance=Importance.STANDARD):
    told = [item(event(n, kind, **salt()), default(kind)) for n, kind in enumerate((PROCESSED, COMMENT, INSIGHT))]
    return written(letter(replace(told[0], importance=importance), *told[1:], frequency=Frequency.DAILY))


def placed(script, raw):
    """Where a script stores a mail, with its flags."""
    done, _, implicit = run_sieve(script, raw).partition("Implicit keep:")
    folder = re.findall(r"store message in folder: (.*)", done)
    if not folder:
        assert "store message in folder: INBOX" in implicit
        return IMPLICIT
    assert len(folder) == 1
    flags = re.findall(r"add IMAP flags: (.*)", done)
    return (folder[0], flags[0] if flags else "")


@pytest.mark.parametrize("script", [PERSONS, EVERYONES], ids=["person", "everyone"])
@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (mail(REDELIVERY, importance=Importance.CRITICAL), FLAGGED),
        (mail(INSIGHT, importance=Importance.CRITICAL), FLAGGED),
        (digest(importance=Importance.CRITICAL), FLAGGED),
        (mail(PROCESSED, importance=Importance.CRITICAL, frequency=Frequency.WEEKLY), FLAGGED),
        (digest(), ("Callboard/Digests", "")),
        (mail(PROCESSED, frequency=Frequency.HOURLY), ("Callboard/Digests", "")),
        (mail(COMMENT, ASKED), INBOX),
        (mail(COMMENT, default(COMMENT), ASKED), INBOX),
        (mail(COMMENT), ("Callboard/Comments", "")),
        (mail(PROCESSED), ("Callboard/Deliveries", "")),
        (mail(INSIGHT), ("Callboard/Source requests", "")),
        (mail(PROCESSED, sender="Eve <eve@elsewhere.example>"), IMPLICIT),
        (mail(PROCESSED).replace(b".callboard.example>", b".elsewhere.example>"), IMPLICIT),
    ],
)
def test_each_mail_goes_where_the_script_says(script, raw, place):
    assert placed(script, raw) == place


def test_mail_that_no_rule_names_stays_in_the_inbox():
    assert placed(PERSONS, mail("material.available")) == IMPLICIT


def test_the_script_runs_whatever_labels_and_names_hold():
    assert placed(write_sieve(hostile()), mail(COMMENT))[0].startswith("Callboard/A ; discard; ")
    address = "Callboard <a${under}b@callboard.example>"
    odd = write_sieve(plan_for_person(ANA, MINE, CATALOGUE, address))
    assert placed(odd, mail(PROCESSED, sender=address)) == ("Callboard/Deliveries", "")
