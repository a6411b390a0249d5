"""When an unused account ends: never without warnings, never the last Master."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callboard.people.inactivity import WARNING, Account, Step, due_steps, months_after

USED = datetime(2026, 1, 31, 9, tzinfo=UTC)
END = datetime(2027, 1, 31, 9, tzinfo=UTC)
DAY = timedelta(days=1)


def steps(now, *accounts, months=12):
    return [(one.account.person_id, one.step) for one in due_steps(accounts, months, now)]


def account(person_id=1, **values):
    return Account(person_id=person_id, **{"used_at": USED} | values)


@pytest.mark.parametrize(
    ("months", "after"),
    [(1, "2026-02-28"), (2, "2026-03-31"), (11, "2026-12-31"), (12, "2027-01-31"), (25, "2028-02-29")],
)
def test_months_end_on_the_same_day_or_the_months_last(months, after):
    assert months_after(USED, months).date().isoformat() == after


def test_an_account_is_warned_reminded_and_ended_each_once_and_in_time():
    warned = account(warned_at=END - WARNING)
    reminded = account(warned_at=END - WARNING, reminded=True)
    for days, one, step in (
        (-31, account(), None), (-30, account(), Step.WARN), (-29, warned, None), (-8, warned, None),
        (-7, warned, Step.REMIND), (-6, reminded, None), (-1, reminded, None), (0, reminded, Step.END),
    ):  # fmt: skip
        assert steps(END + days * DAY, one) == ([(1, step)] if step else []), days


def test_an_account_that_nobody_looked_after_for_long_is_warned_first():
    late = END + 300 * DAY
    (due,) = due_steps([account()], 12, late)
    assert (due.step, due.ends_at) == (Step.WARN, late + WARNING)
    assert steps(late + 29 * DAY, account(warned_at=late)) == [(1, Step.REMIND)]
    assert steps(late + WARNING, account(warned_at=late, reminded=True)) == [(1, Step.END)]


def test_a_warning_from_before_the_account_was_used_again_counts_for_nothing():
    again = account(used_at=END - 5 * DAY, warned_at=END - WARNING, reminded=True)
    assert steps(END, again) == []
    assert steps(months_after(again.used_at, 12) - WARNING, again) == [(1, Step.WARN)]


def test_the_last_master_of_a_partner_is_kept_the_one_who_came_last():
    told = {"warned_at": END - WARNING, "reminded": True, "master_of": "copperglass"}
    older, newer = account(1, **told), account(2, **told | {"used_at": USED + DAY})
    assert steps(END + 5 * DAY, older, newer) == [(1, Step.END), (2, Step.KEEP)]
    assert steps(END + 5 * DAY, older, account(3, used_at=END, master_of="copperglass")) == [(1, Step.END)]
    assert steps(END + 5 * DAY, older, account(3, used_at=END, master_of="tidewater")) == [(1, Step.KEEP)]


def test_with_0_months_no_account_ends():
    assert steps(END + 9_999 * DAY, account(), months=0) == []


@settings(deadline=None)
@given(st.data())
def test_nobody_ends_within_30_days_of_a_warning_or_without_one_and_every_partner_keeps_a_master(data):
    days = st.integers(0, 900)
    accounts = [
        account(
            number,
            used_at=USED + data.draw(days) * DAY,
            warned_at=data.draw(st.none() | days.map(lambda one: USED + one * DAY)),
            reminded=data.draw(st.booleans()),
            master_of=data.draw(st.sampled_from([None, "a", "b"])),
        )
        for number in range(data.draw(st.integers(0, 6)))
    ]
    now = USED + data.draw(days) * DAY
    months = data.draw(st.integers(0, 30))
    ended = [one.account for one in due_steps(accounts, months, now) if one.step is Step.END]
    for one in ended:
        assert one.warned_at is not None
        assert one.used_at <= one.warned_at <= now - WARNING
        assert months_after(one.used_at, months) <= now
    for partner in {one.master_of for one in accounts if one.master_of}:
        assert [one for one in accounts if one.master_of == partner and one not in ended]
