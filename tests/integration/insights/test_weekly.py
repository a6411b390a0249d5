"""Mails a week from a log that is longer than the time to read it."""

from __future__ import annotations

from datetime import timedelta

from tests.integration.insights.studio import ANA, DIRECTORY, EVERYTHING, LITTLE, asked
from tests.unit.studio import CATALOGUE, NOW

from callboard.insights.preview import Surroundings
from callboard.insights.weekly import Asking, mails_a_week
from callboard.preferences.values import from_default

AROUND = Surroundings(CATALOGUE, DIRECTORY, NOW, 10.0)
OVERDUE = "source_request.overdue"


def defaults():
    return [from_default(one, "") for one in CATALOGUE.defaults.values() if one.role in ANA.roles]


def test_what_is_not_read_yet_is_estimated_from_the_newest_and_said(log):
    log.add_many(3_000, apart=timedelta(minutes=10))
    whole = mails_a_week([Asking(ANA, defaults())], AROUND, EVERYTHING)
    assert (whole.mails[0], whole.approximate) == (round(3_000 / 30 * 7, 1), False)


def test_an_estimate_takes_every_type_back_to_the_same_instant(log):
    log.add_many(3_000, apart=timedelta(minutes=10))
    log.add_many(2, ago=timedelta(days=15), apart=timedelta(days=2), event_type=OVERDUE)
    found = mails_a_week([Asking(ANA, defaults())], AROUND, LITTLE)
    assert found.approximate
    assert abs(found.mails[0] - 1_008) < 10  # one every ten minutes; no digest so near to now


def test_an_event_that_several_ask_for_is_one_mail(log):
    log.add_many(10, apart=timedelta(hours=1))
    both = [*defaults(), asked()]
    assert mails_a_week([Asking(ANA, defaults()), Asking(ANA, both), Asking(ANA, [])], AROUND).mails == (2.3, 2.3, 0.0)
