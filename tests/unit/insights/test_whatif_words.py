"""What a change would bring, in sentences."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.unit.insights.test_coverage import ANA, BO, DEFAULT, circle, custom, line
from tests.unit.studio import CATALOGUE, directory, person

from callboard.catalogue.values import PartnerKind
from callboard.insights.coverage import gaps_opened_by
from callboard.insights.whatif import Change, WhatIf
from callboard.insights.whatif_words import Reader, sentences, warning_of
from callboard.preferences.values import Kind, Ref

READER = Reader(CATALOGUE, directory(), directory().partner_name)
NOTHING = WhatIf(
    change=Change(before=ANA, after=ANA), types_lost=(), types_gained=(), partners_lost=(), partners_gained=(),
    defaults_lost=(), defaults_gained=(), inactive=(), active=(), mails_before=12.0, mails_after=12.0,
    approximate=False, leaves=(), opened=(), closed=(), sessions=0, keys=0,
)  # fmt: skip
DELIVERIES = tuple(one.id for one in CATALOGUE.event_types.values() if one.group == "Deliveries")


def said(reader=READER, **values):
    return [(one.text, one.tone.value) for one in sentences(replace(NOTHING, **values), reader)]


def test_nothing_is_said_as_nothing():
    assert said()[0] == ("Nothing changes in what the person sees and gets", "plain")
    assert said()[1] == ("About 12 mails a week, as now", "plain")


def test_a_group_of_types_that_goes_whole_is_called_by_its_name():
    assert ("No longer sees Deliveries of Copperglass Post", "less") in said(types_lost=DELIVERIES)
    some = said(types_lost=(DELIVERIES[0], "comment.added"))
    assert ("No longer sees Delivery Failed Inspection of Copperglass Post", "less") in some
    assert ("No longer sees Comments of Copperglass Post", "less") in some


def test_defaults_are_named_with_their_frequency():
    lost = (CATALOGUE.defaults[DEFAULT.id],)
    assert ("Loses the Default Redelivery Requested (immediately)", "less") in said(defaults_lost=lost)


def test_customs_are_counted_and_named():
    one = replace(custom(("content_type", "any_of", ["Branded"])), name="Mine")
    assert ("1 Custom notification goes inactive: Mine", "less") in said(inactive=(one,))
    assert ("2 Custom notifications go inactive: Mine; Mine", "less") in said(inactive=(one, one))


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        (31.0, 12.4, "About 12 mails a week instead of 31"),
        (31.0, 0.0, "No mails a week instead of 31"),
        (0.0, 1.2, "About 1 mail a week instead of none"),
        (3.0, 0.4, "Less than one mail a week instead of 3"),
        (0.4, 3.0, "About 3 mails a week instead of less than one"),
    ],
)
def test_mails_a_week_are_said_in_whole_numbers(before, after, text):
    assert text in [one for one, _ in said(mails_before=before, mails_after=after)]
    guessed = [one for one, _ in said(mails_before=before, mails_after=after, approximate=True)]
    assert f"{text}, estimated from the newest events" in guessed


def test_what_nobody_else_would_get_is_a_warning_and_what_others_get_is_said_with_their_names():
    gap = line(circle())
    assert ("Nobody else at Copperglass Post would get Redelivery Requested", "warning") in said(
        leaves=(gap,), opened=(gap,)
    )
    others = line(circle(BO, person(3, name="Cy Day", email="cy@copperglass.example")))
    assert ("Bo Lind and Cy Day would still get Redelivery Requested at Copperglass Post", "plain") in said(
        leaves=(others,)
    )
    known = replace(READER, may_name=lambda one: one.partner == "copperglass")
    assert ("Cy Day and 1 more would still get Redelivery Requested at Copperglass Post", "plain") in said(
        known, leaves=(others,)
    )


def test_sessions_and_keys_that_end_are_counted():
    assert ("1 session and 2 API keys end", "less") in said(sessions=1, keys=2)
    assert ("1 API key ends", "less") in said(keys=1)


def test_the_last_receiver_is_warned_in_one_sentence():
    gaps = gaps_opened_by(circle(ANA), without=[(ANA.id, DEFAULT)])
    assert warning_of(gaps, READER) == (
        "You are the last at Copperglass Post who gets Redelivery Requested. Your Masters will be told."
    )
    assert warning_of([], READER) == ""


def test_where_no_master_would_hear_of_it_the_studio_is_named():
    mia = person(roles=("fulfillment_partner_master",))
    gap = Ref("account.coverage_gap/fulfillment_partner_master", Kind.DEFAULT)
    assert warning_of(gaps_opened_by(circle(mia), without=[(mia.id, gap)]), READER).endswith(
        " The studio will be told."
    )
    kim = person(3, partner="plumbline", kind=PartnerKind.QC_PARTNER, roles=("qc_operator",))
    report = Ref("qc.report_ready/qc_operator", Kind.DEFAULT)
    assert warning_of(gaps_opened_by(circle(kim), without=[(kim.id, report)]), READER).endswith(
        " The studio will be told."
    )
