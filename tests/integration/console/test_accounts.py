"""Accounts in the console: tried first, then changed for a reason, audited and told."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.integration.web.studio import ANA

from callboard.insights.gaps import check_coverage
from callboard.intake.models import EventRecord
from callboard.people.models import PersonChange, User

OPERATIONS, MASTER = "fulfillment_partner_operations", "fulfillment_partner_master"


@pytest.fixture
def olga(operator, as_):
    return as_(operator.email_key)


@pytest.fixture
def path(pipeline):  # noqa: ARG001 - its people
    return f"/console/people/{User.objects.get(email_key=ANA).pk}/account"


def seen(client, path, **form):
    page = client.post(path, {"do": "try", **form}).content.decode()
    found = re.search(r'name="seen" value="([^"]*)"', page)
    assert found, page
    return found[1]


def ana():
    return User.objects.get(email_key=ANA)


def test_a_change_is_tried_and_changes_nothing(olga, path):
    page = olga.post(path, {"do": "try", "partner": "copperglass", "active": "on", "role": MASTER})
    assert "Loses 14 Defaults" in page.content.decode()
    assert ana().roles == OPERATIONS


def test_a_change_is_made_for_a_reason_audited_and_told(olga, path):
    form = {"partner": "copperglass", "active": "on", "role": [OPERATIONS, MASTER]}
    made = {"do": "make", "seen": seen(olga, path, **form), "reason": "Ticket 812: looks after Copperglass"}
    assert olga.post(path, form | made).status_code == 302
    assert ana().roles.split() == [OPERATIONS, MASTER]
    change = PersonChange.objects.get(door="console")
    assert (change.note, change.by and change.by.is_staff) == ("Ticket 812: looks after Copperglass", True)
    assert EventRecord.objects.filter(event_type="account.user_changed").count() == 1
    page = olga.get("/console/audit?kind=people").content.decode()
    assert "Account changed (Ticket 812: looks after Copperglass)" in page
    assert "@callboard.example in the console" in page
    assert "by an import" in page
    assert MASTER in page


@pytest.mark.parametrize(
    "change",
    [
        {"reason": "short"}, {"reason": "x" * 501}, {"seen": "copperglass True nothing"}, {"role": "studio_admin"},
        {"partner": "the-studio"}, {"partner": "nowhere"},
    ],
)  # fmt: skip
def test_a_change_that_is_wrong_is_not_made(olga, path, change):
    form = {"partner": "copperglass", "active": "on", "role": MASTER}
    made = {"do": "make", "seen": seen(olga, path, **form), "reason": "Ticket 812: looks after Copperglass"}
    assert olga.post(path, form | made | change).status_code == 400
    assert (ana().roles, ana().partner_id) == (OPERATIONS, "copperglass")


def test_who_is_deactivated_has_no_session_left(olga, as_, path):
    client = as_(ANA)
    form = {"partner": "copperglass", "role": OPERATIONS}
    made = {"do": "make", "seen": seen(olga, path, **form), "reason": "Ticket 813: has left the company"}
    olga.post(path, form | made)
    assert not ana().is_active
    assert client.get("/settings").status_code == 302


def test_nobody_but_operators_gets_there(as_, path):
    assert as_(ANA).get(path).status_code == 404


def test_an_operator_ends_no_own_account(olga, operator):
    User.objects.filter(pk=operator.pk).update(partner_id="copperglass")
    path = f"/console/people/{operator.pk}/account"
    made = {"do": "make", "partner": "copperglass", "seen": seen(olga, path, partner="copperglass")}
    page = olga.post(path, made | {"reason": "Ticket 813: is leaving us"})
    assert "You can not deactivate yourself" in page.content.decode()
    assert User.objects.get(pk=operator.pk).is_active


def test_gaps_and_unused_masters_are_shown_with_the_way_to_them(olga, pipeline, at):
    users = [
        {"email": ANA, "name": "Ana Ruiz", "partner": "copperglass", "roles": []},
        {"email": "max@copperglass.example", "name": "Max Field", "partner": "copperglass", "roles": [MASTER]},
    ]
    pipeline.import_people({"users": users})
    check_coverage(pipeline.config, pipeline.catalogue, pipeline.now())
    page = olga.get("/console/coverage").content.decode()
    assert "Copperglass Post" in page
    assert "Redelivery Requested" in page
    assert "Coverage gaps" in olga.get("/console/").content.decode()
    assert "There are none" in olga.get("/console/unused").content.decode()
    at(timedelta(days=400))
    assert "Max Field" in olga.get("/console/unused").content.decode()


@pytest.mark.parametrize("path", ["coverage", "unused"])
def test_who_is_no_operator_finds_no_gaps(as_, path):
    assert as_(ANA).get(f"/console/{path}").status_code == 404


def test_a_reason_that_is_too_short_is_asked_for_again_with_what_was_tried(olga, path):
    form = {"partner": "copperglass", "active": "on", "role": MASTER}
    made = {"do": "make", "seen": seen(olga, path, **form), "reason": "short"}
    page = olga.post(path, form | made).content.decode()
    assert "Give a reason" in page
    assert "Loses 14 Defaults" in page
    assert ">short</textarea>" in page


def test_partners_that_an_import_changed_stand_in_the_audit_with_both_values(olga, pipeline):
    pipeline.import_people({"partners": [{"id": "copperglass", "name": "Copper <b>& Glass"}]})
    page = olga.get("/console/audit?kind=partners").content.decode()
    assert "Partner account changed" in page
    assert "by an import" in page
    assert "&quot;Copperglass Post&quot; → &quot;Copper &lt;b&gt;&amp; Glass&quot;" in page
    assert 'href="/console/people/partner/copperglass/change/"' in page
