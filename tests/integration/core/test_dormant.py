"""Accounts that nobody uses: warned twice by mail, then deactivated by the nightly check, once a night."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from email import message_from_string, policy

import pytest
from tests.integration.core.studio import ANA, BEN, OPERATIONS, TOM
from tests.integration.core.test_people_changes import MASTER, MAX, events

from callboard.dormant import check_dormant, unused_accounts
from callboard.mail.letters.postman import Postman
from callboard.nightly import CHECKS, check_night
from callboard.people import store as people
from callboard.people.models import PersonChange, User

YEAR = timedelta(days=365)


@pytest.fixture
def team(stage):
    """Copperglass with one Master; of its people only Ana is not seen again."""
    persons = [
        {"email": MAX, "name": "Max Field", "partner": "copperglass", "roles": [MASTER]},
        {"email": BEN, "name": "Ben Ito", "partner": "copperglass", "roles": [OPERATIONS]},
        {"email": "try@test.invalid", "name": "Try", "partner": "copperglass", "roles": [OPERATIONS]},
    ]
    stage.pipeline.import_people({"users": persons})
    return stage


def all_but_ana_are_seen(stage):
    for user in User.objects.exclude(email_key=ANA):
        people.note_seen(user.pk, stage.now)


def check(stage, **config):
    return dict(check_dormant(replace(stage.pipeline.config, **config), stage.pipeline.catalogue, stage.now))


def letters(stage):
    """Who was written to, and what about."""
    postman = Postman(stage.pipeline.config, stage.pipeline.clock, stage.thread, lambda: stage.letters)
    asyncio.run(postman.send_due())
    mails = [message_from_string(raw, policy=policy.default) for _, raw in stage.letters.taken]
    return [(one["To"].addresses[0].addr_spec, one["Subject"]) for one in mails]


def test_a_year_without_a_sign_in_ends_an_account_after_two_warnings(team):
    team.pass_(days=335)
    all_but_ana_are_seen(team)
    assert check(team) == {"warn": 1}
    assert check(team) == {}
    assert letters(team) == [(ANA, "Your Callboard account ends on 23 Nov 2027")]
    team.pass_(days=23)
    assert check(team) == {"remind": 1}
    assert check(team) == {}
    assert len(letters(team)) == 2
    team.pass_(days=6)
    assert check(team) == {}
    team.pass_(days=1)
    assert check(team) == {"end": 1}
    assert not team.person(ANA).active
    row = PersonChange.objects.get(person_id=team.person(ANA).id, door="nightly")
    assert "Not used for 12 months" in row.note
    assert [data["account_change"] for _, data in events()] == ["Access removed for inactivity"]


def test_who_signs_in_after_a_warning_stays(team):
    team.pass_(days=335)
    all_but_ana_are_seen(team)
    check(team)
    team.pass_(days=10)
    people.note_seen(team.person(ANA).id, team.now)
    team.pass_(days=20)
    assert check(team) == {}


def test_who_is_brought_back_counts_from_then(team):
    ana = team.person(ANA)
    team.pass_(days=400)
    User.objects.filter(id=ana.id).update(is_active=False)
    team.pipeline.import_people({"users": [{"email": ANA, "name": ana.name, "partner": ana.partner,
                                            "roles": list(ana.roles), "active": True}]})  # fmt: skip
    all_but_ana_are_seen(team)
    assert check(team) == {}


def test_the_last_master_of_a_partner_stays_and_is_shown_to_operators(team):
    team.pass_(days=800)
    for email in (ANA, BEN, TOM, "sam@studio.example"):
        people.note_seen(team.person(email).id, team.now)
    assert check(team) == {"keep": 1}
    (kept,) = unused_accounts(team.pipeline.config, team.pipeline.catalogue, team.now)
    assert (kept.person.email, kept.due.step) == (MAX, "keep")
    assert team.person(MAX).active


def test_operators_and_test_users_never_end_and_0_months_ends_nobody(team):
    User.objects.filter(email_key=ANA).update(is_staff=True)
    team.pass_(days=800)
    assert check(team, dormant_months=0) == {}
    due = unused_accounts(team.pipeline.config, team.pipeline.catalogue, team.now)
    assert {one.person.email for one in due}.isdisjoint({ANA, "try@test.invalid"})


def test_use_is_noted_once_an_hour(team):
    ana = team.person(ANA).id
    seen = []
    for minutes in (0, 59, 2):
        team.pass_(minutes=minutes)
        people.note_seen(ana, team.now)
        seen.append(User.objects.get(id=ana).seen_us or 0)
    assert seen[0] == seen[1] < seen[2]


@pytest.mark.parametrize("name", CHECKS)
def test_a_nights_check_is_done_once_and_again_the_next_night(team, name):
    pipeline = team.pipeline
    done = []
    for hours in (0, 15, 1, 1, 23):  # 10:00, when everybody has just come; then 01:00, 02:00, 03:00 and 02:00
        team.pass_(hours=hours)
        done.append(check_night(name, pipeline.config, pipeline.catalogue, team.now))
    assert done == [False, False, True, False, True]


def test_a_night_in_which_nothing_ran_is_caught_up_on(team):
    pipeline = team.pipeline
    team.pass_(days=3)
    assert check_night("coverage", pipeline.config, pipeline.catalogue, team.now)


def test_a_check_that_fails_is_to_be_done_still(team):
    pipeline = team.pipeline
    team.pass_(days=1)
    broken = replace(pipeline.config, dormant_months=99_999)
    with pytest.raises(ValueError, match="year"):
        check_night("dormant", broken, pipeline.catalogue, team.now)
    assert check_night("dormant", pipeline.config, pipeline.catalogue, team.now)
