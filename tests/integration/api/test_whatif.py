"""What Masters ask before they change an account, and how little of others an answer tells."""

from __future__ import annotations

import pytest
from tests.integration.api.studio import EVENT_TYPE, MIA, event, notification, post, problem, send

from callboard.people.models import User
from callboard.people.sessions import count_sessions

BO = {"email": "bo@copperglass-lisbon.example", "name": "Bo Lind", "partner": "copperglass-lisbon",
      "roles": ["fulfillment_partner_operations"]}  # fmt: skip
ANA = "ana@copperglass.example"
DEFAULT = f"{EVENT_TYPE}/fulfillment_partner_operations"


@pytest.fixture
def mia(pipeline, sign_in):
    pipeline.import_people({"users": [MIA, BO]})
    return sign_in(MIA["email"])


def ask(client, email=ANA, **changes):
    return post(client, "whatif", {"email": email} | changes)


def said(answer):
    assert answer.status_code == 200, answer.content
    return [one["text"] for one in answer.json()["sentences"]]


def test_a_master_hears_what_a_deactivation_would_bring(mia, ana, portal):
    post(ana, "notifications", notification())
    send(portal, *(event(f"e-{number}") for number in range(3)))
    found = ask(mia, active=False)
    assert said(found)[:2] == ["Can not sign in any more and gets nothing", "Settings and mutes are kept for a return"]
    assert "1 session ends" in said(found)
    body = found.json()
    assert body["mails_per_week"] == {"before": 0.2, "after": 0.0, "approximate": False}
    assert [one["id"] for one in body["notifications"]["inactive"]]
    assert ["copperglass", EVENT_TYPE] in [
        [one["partner"], one["event_type"]] for one in body["coverage"]["gaps_opened"]
    ]
    assert User.objects.get(email=ANA).is_active
    assert count_sessions(User.objects.get(email=ANA).pk) == 1


def test_a_role_that_goes_takes_its_defaults_and_sight_along(mia):
    found = ask(mia, roles=["fulfillment_partner_master"])
    body = found.json()
    assert DEFAULT in [one["id"] for one in body["defaults"]["lost"]]
    assert body["event_types"]["lost"] == []
    assert "account.user_changed" in body["event_types"]["gained"]
    assert "Sees Account of Copperglass Post" in said(found)


def test_somebody_new_and_a_test_user_can_be_tried(mia):
    for email in ("cal@copperglass.example", "cal@test.invalid"):
        found = ask(mia, email, partner="copperglass", roles=["fulfillment_partner_operations"])
        assert said(found)[0] == "Is new at Copperglass Post"
        assert found.json()["user"] == email


def test_what_is_outside_of_a_masters_accounts_is_not_there(mia, ana, pipeline, sign_in):
    problem(ask(mia, "tom@tidewater.example", active=False), 404, "not-found")
    problem(ask(mia, "nobody@tidewater.example", active=False), 404, "not-found")
    problem(ask(ana, active=False), 404, "not-found")
    known, unknown = (problem(ask(mia, partner=one), 422, "invalid") for one in ("tidewater", "nowhere"))
    assert known["errors"][0]["detail"].replace("tidewater", "") == unknown["errors"][0]["detail"].replace(
        "nowhere", ""
    )
    # A Master below another partner: the one above is not theirs
    pipeline.import_people({"users": [BO | {"roles": ["fulfillment_partner_master"]}]})
    bo = sign_in(BO["email"])
    problem(ask(bo, MIA["email"], active=False), 404, "not-found")
    new = {"partner": "copperglass-lisbon", "roles": ["fulfillment_partner_operations"]}
    answers = [ask(bo, email, **new).json() for email in (MIA["email"], "tom@tidewater.example", "else@x.example")]
    assert [one | {"user": ""} for one in answers] == [answers[0] | {"user": ""}] * 3


def test_people_of_a_partner_above_are_counted_and_not_named(mia, pipeline, sign_in):
    pipeline.import_people(
        {"users": [BO | {"roles": ["fulfillment_partner_operations", "fulfillment_partner_master"]}]}
    )
    found = ask(sign_in(BO["email"]), BO["email"], roles=["fulfillment_partner_master"])
    (line,) = [one for one in found.json()["coverage"]["left"] if one["event_type"] == EVENT_TYPE]
    assert (line["receivers"], line["others"]) == ([], 1)
    assert "Ana" not in found.content.decode()
    assert any("One other person would still get" in one for one in said(found))
    assert mia


def test_a_body_is_read_strictly(mia):
    problem(ask(mia, roles=["no_such_role"]), 422, "invalid")
    problem(ask(mia, user="x"), 422, "invalid")
    problem(post(mia, "whatif", {"active": False}), 422, "invalid")
    problem(ask(mia, active="no"), 422, "invalid")
