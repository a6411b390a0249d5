"""Stand-ins over the API: named, listed for both, ended by either; what is somebody else's does not exist."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.integration.api.studio import PEOPLE, event, post, problem, send

from callboard.mail.models import PostedLetter
from callboard.people.models import StandIn, User

ANA, BEN, TOM = "ana@copperglass.example", "ben@copperglass.example", "tom@tidewater.example"
LISBON = "lia@copperglass.example"


@pytest.fixture
def pipeline(pipeline):
    people = [
        PEOPLE["users"][0] | {"email": BEN, "name": "Ben Okri", "roles": ["fulfillment_partner_master"]},
        PEOPLE["users"][0] | {"email": LISBON, "name": "Lia Reis", "partner": "copperglass-lisbon"},
    ]
    pipeline.import_people({"users": people})
    return pipeline


@pytest.fixture
def ben(sign_in):
    return sign_in(BEN)


def at(**span):
    return (datetime.now(UTC) + timedelta(**span)).isoformat().replace("+00:00", "Z")


def wish(**values):
    return {"delegate": BEN, "until": at(days=7)} | values


def listed(client):
    return client.get("/api/v1/stand-ins").json()


def test_a_stand_in_is_named_listed_for_both_and_ended_by_the_delegate(ana, ben, tom):
    made = post(ana, "stand-ins", wish(delegate="BEN@copperglass.example"))
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["person"], body["delegate"], body["in_force"]) == (ANA, BEN, True)
    assert made["Location"] == f"/api/v1/stand-ins/{body['id']}"
    assert listed(ana) == listed(ben) == [body]
    assert listed(tom) == []
    ended = ben.delete(f"/api/v1/stand-ins/{body['id']}")
    assert (ended.status_code, ended.content) == (204, b"")
    assert listed(ana) == listed(ben) == []
    problem(ana.delete(f"/api/v1/stand-ins/{body['id']}"), 404, "not-found")


def test_both_are_told_by_letter_of_begin_and_end(ana, ben):
    body = post(ana, "stand-ins", wish()).json()
    ben.delete(f"/api/v1/stand-ins/{body['id']}")
    told = PostedLetter.objects.order_by("id").values_list("user__email", "subject")
    assert list(told) == [
        (BEN, "You are standing in for Ana Ruiz"),
        (ANA, "Ben Okri is standing in for you"),
        (BEN, "You no longer stand in for Ana Ruiz"),
        (ANA, "Ben Okri no longer stands in for you"),
    ]
    texts = [one.text for one in PostedLetter.objects.order_by("id")]
    assert "Ana Ruiz has named you as stand-in from now until " in " ".join(texts[0].split())
    assert "You have ended it." in texts[2]
    assert "Ben Okri has ended it." in texts[3]
    assert all("/settings/stand-in" in one for one in texts)


def test_ten_stand_ins_an_hour_are_named_and_the_next_is_refused_with_when_to_try_again(ana, ben):
    for _ in range(10):
        made = post(ana, "stand-ins", wish())
        assert made.status_code == 201
        ana.delete(made["Location"])
    letters = PostedLetter.objects.count()
    refused = post(ana, "stand-ins", wish())
    problem(refused, 429, "too-often")
    assert refused["Retry-After"] == "3600"
    assert (StandIn.objects.count(), PostedLetter.objects.count()) == (10, letters)
    assert post(ben, "stand-ins", wish(delegate=LISBON)).status_code == 201


def test_one_for_later_is_not_in_force_and_can_be_cancelled(ana, ben):
    body = post(ana, "stand-ins", wish(**{"from": at(days=2)})).json()
    assert body["in_force"] is False
    assert PostedLetter.objects.order_by("id")[0].subject == "You will stand in for Ana Ruiz"
    assert ben.delete(f"/api/v1/stand-ins/{body['id']}").status_code == 204


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"delegate": TOM}, "/delegate"),
        ({"delegate": "sam@studio.example"}, "/delegate"),
        ({"delegate": "nobody@copperglass.example"}, "/delegate"),
        ({"delegate": ANA}, "/delegate"),
        ({"delegate": None}, "/delegate"),
        ({"delegate": 7}, "/delegate"),
        ({"until": None}, "/until"),
        ({"until": "tomorrow"}, "/until"),
        ({"until": at(days=-1)}, "/until"),
        ({"until": at(days=367)}, "/until"),
        ({"from": at(days=8)}, "/until"),
        ({"from": 8}, "/from"),
        ({"person": TOM}, "/person"),
        ({"user": TOM}, "/user"),
    ],
)
def test_what_can_not_be_is_refused_with_its_place(ana, change, pointer):
    found = problem(post(ana, "stand-ins", wish(**change)), 422, "invalid")
    assert pointer in [one["pointer"] for one in found["errors"]]
    assert not StandIn.objects.exists()
    assert not PostedLetter.objects.exists()


def test_who_is_a_stranger_and_who_does_not_exist_are_refused_alike(ana):
    answers = [post(ana, "stand-ins", wish(delegate=one)).json() for one in (TOM, "nobody@nowhere.example")]
    assert answers[0]["errors"] == answers[1]["errors"]


def test_a_second_one_with_the_same_colleague_is_a_conflict(ana):
    post(ana, "stand-ins", wish())
    found = problem(post(ana, "stand-ins", wish()), 409, "conflict")
    assert "end that first" in found["detail"]
    assert StandIn.objects.count() == 1


def test_a_colleague_of_a_partner_below_may_stand_in(ana):
    assert post(ana, "stand-ins", wish(delegate=LISBON)).status_code == 201


def test_nobody_else_can_end_it(ana, tom, sam):
    body = post(ana, "stand-ins", wish()).json()
    for stranger in (tom, sam):
        problem(stranger.delete(f"/api/v1/stand-ins/{body['id']}"), 404, "not-found")
    assert len(listed(ana)) == 1


def test_it_needs_the_session_and_the_csrf_token(ana, client, sign_in):
    problem(client.get("/api/v1/stand-ins", headers={"host": "localhost"}), 401, "unauthorized")
    strict = sign_in(ANA, enforce_csrf_checks=True)
    problem(post(strict, "stand-ins", wish()), 403, "csrf")
    assert listed(ana) == []


def test_ledger_and_explanation_name_for_whom(pipeline, portal, ana, ben):
    post(ana, "stand-ins", wish())
    send(portal, event())
    pipeline.decide_accepted()
    (row,) = ben.get("/api/v1/ledger").json()
    default = "delivery.redelivery_requested/fulfillment_partner_operations"
    assert row["notifications"] == [{"id": default, "kind": "default", "for": ANA}]
    (own,) = ana.get("/api/v1/ledger").json()
    assert own["notifications"] == [{"id": default, "kind": "default"}]
    found = ben.get("/api/v1/explain?event=e-1").json()
    assert found["decision"]["notifications"] == row["notifications"]
    (lent,) = found["stand_ins"]
    assert (lent["for"], lent["in_force"]) == (ANA, True)
    assert [one["matches"] for one in lent["notifications"]] == [True]
    assert ana.get("/api/v1/explain?event=e-1").json()["stand_ins"] == []


def test_a1_who_is_deactivated_gets_nothing_through_it(pipeline, portal, ana, ben):
    post(ana, "stand-ins", wish())
    pipeline.import_people({"users": [PEOPLE["users"][0] | {"active": False}]})
    send(portal, event())
    pipeline.decide_accepted()
    assert ben.get("/api/v1/ledger").json() == []
    assert User.objects.get(email=ANA).is_active is False
