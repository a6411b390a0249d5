"""Deciding (D1–D4) and the re-check before anything leaves (S5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.studio import CATALOGUE, NOW, OPERATIONS, REDELIVERY, directory, event, person

from callboard.base.reasons import FREQUENCIES, Frequency, Importance, Outcome, Reason
from callboard.decisions.rules import decide, importance_of, recheck_access, recheck_counting
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Book, Mute, MutedBy, Notification, Ref, from_default

DEFAULT = from_default(CATALOGUE.defaults[f"{REDELIVERY}/{OPERATIONS}"], "Redelivery Requested")


def custom(id_: str = "n-1", frequency: str = "daily") -> Notification:
    raw = {
        "event_type": REDELIVERY,
        "frequency": frequency,
        "where": [{"field": "severity", "op": "any_of", "value": ["Blocker"]}],
    }
    found = read_custom(raw, CATALOGUE, id=id_, user_id=1)
    assert isinstance(found, Notification)
    return found


def mute(ref: Ref, **values: Any) -> Mute:
    found: dict[str, Any] = {"user_id": 1, "muted": True, "until": None, "by": MutedBy.PERSON, "revision": 1}
    return Mute(ref=ref, **found | values)


def test_d1_everything_that_matches_is_merged_into_one_decision():
    found = decide(person(), event(), [custom("n-2"), DEFAULT, custom("n-1")], lambda _: False)
    assert (found.outcome, found.reason) == (Outcome.NOTIFY, Reason.MATCHED)
    assert {one.id for one in found.notifications} == {"n-1", "n-2", DEFAULT.id}


@pytest.mark.parametrize("strongest", FREQUENCIES)
def test_d3_the_strongest_frequency_of_those_that_count_wins(strongest: Frequency):
    weaker = FREQUENCIES[strongest.rank :]
    found = decide(person(), event(), [custom(one, one) for one in reversed(weaker)], lambda _: False)
    assert found.frequency is strongest


def test_d2_muted_ones_do_not_count_neither_for_the_frequency():
    found = decide(
        person(), event(), [custom("now", "immediately"), custom("later", "weekly")], lambda ref: ref.id == "now"
    )
    assert (found.frequency, [one.id for one in found.notifications]) == (Frequency.WEEKLY, ["later"])


def test_d2_only_muted_ones_are_a_skip_that_names_them():
    found = decide(person(), event(), [custom("n-1"), DEFAULT], lambda _: True)
    assert (found.outcome, found.reason, found.frequency) == (Outcome.SKIP, Reason.MUTED, None)
    assert len(found.notifications) == 2


def test_d4_own_actions_are_skipped_before_muted():
    ours = event(actor="ANA@CopperGlass.example")
    for every in ([], [custom()]):
        muted = {one.ref for one in every}
        found = decide(person(), ours, [custom()], muted.__contains__)
        assert (found.outcome, found.reason) == (Outcome.SKIP, Reason.OWN_ACTION)


def test_d4_unless_the_person_asks_for_them():
    wants = person(notify_own_actions=True)
    assert decide(wants, event(actor=wants.email), [custom()], lambda _: False).outcome is Outcome.NOTIFY


@pytest.mark.parametrize("actor", [None, "", "tom@tidewater.example"])
def test_d4_others_and_nobody_are_not_the_person(actor: str | None):
    assert decide(person(), event(actor=actor), [custom()], lambda _: False).outcome is Outcome.NOTIFY


class World:
    """What a re-check looks at: Ana, her notification and her mutes."""

    def __init__(self, *mutes: Mute, customs: tuple[Notification, ...] = (custom(),)) -> None:
        self.book = Book()
        for one in customs:
            self.book.put(one)
        for each in mutes:
            self.book.put_mute(each)

    def recheck(self, *refs: Ref, **values: Any) -> Reason | None:
        who = person(**values)
        access = recheck_access(who, event(), CATALOGUE, directory(who))
        return access or recheck_counting(who, refs, CATALOGUE, directory(who), self.book, NOW)


MINE, DEFAULTS = custom().ref, DEFAULT.ref
GONE = replace(custom(), deleted_at=NOW)


def test_s5_what_still_counts_may_leave():
    assert World().recheck(MINE) is None
    assert World().recheck(DEFAULTS) is None


def test_s5_withdrawn_because_deactivated_or_without_access():
    assert World().recheck(MINE, active=False) is Reason.DEACTIVATED
    assert World().recheck(MINE, roles=()) is Reason.NO_ACCESS
    assert World().recheck(MINE, partner="tidewater") is Reason.NO_ACCESS
    assert World().recheck(MINE, active=False, roles=()) is Reason.DEACTIVATED


def test_s5_withdrawn_because_all_counting_notifications_are_gone():
    assert World(customs=(GONE,)).recheck(MINE) is Reason.DELETED
    assert World(mute(MINE)).recheck(MINE) is Reason.MUTED
    assert World(mute(DEFAULTS), customs=(GONE,)).recheck(MINE, DEFAULTS) is Reason.MUTED
    assert World(customs=()).recheck(MINE, DEFAULTS, roles=("fulfillment_partner_master",)) is Reason.DELETED


def test_s5_while_one_still_counts_it_leaves():
    assert World(mute(MINE)).recheck(MINE, DEFAULTS) is None
    assert World(mute(DEFAULTS)).recheck(MINE, DEFAULTS) is None
    assert World(customs=(GONE,)).recheck(MINE, DEFAULTS) is None


def test_s5_a_mute_that_has_ended_does_not_withdraw():
    assert World(mute(MINE, until=NOW)).recheck(MINE) is None
    assert World(mute(MINE, until=NOW + timedelta(seconds=1))).recheck(MINE) is Reason.MUTED
    assert World(mute(MINE, muted=False)).recheck(MINE) is None


def test_a_notification_of_someone_else_does_not_count():
    assert World(mute(MINE, user_id=2)).recheck(MINE) is None


@pytest.mark.parametrize(
    ("told", "importance"),
    [
        (event(REDELIVERY), Importance.CRITICAL),
        (event("delivery.processed"), Importance.INFO),
        (event("qc.report_ready"), Importance.STANDARD),
        (event("qc.report_ready", severity="Issue"), Importance.STANDARD),
        (event("qc.report_ready", severity="Blocker"), Importance.CRITICAL),
        (event("material.updated", previously_downloaded=True), Importance.CRITICAL),
        (event("gone.type"), Importance.STANDARD),
    ],
)
def test_standard_becomes_critical_when_the_catalogue_says_so(told: Any, importance: Importance):
    assert importance_of(told, CATALOGUE, directory().ancestors) is importance
