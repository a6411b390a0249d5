"""A Master's people over the API: within the own partners, tried rules, audited."""

from __future__ import annotations

import pytest
from tests.integration.api.studio import post, problem

from callboard.mail.models import PostedLetter
from callboard.people.models import PersonChange, User

OPERATIONS, MASTER = "fulfillment_partner_operations", "fulfillment_partner_master"
ANA, TOM, MAX, LIA = (
    "ana@copperglass.example", "tom@tidewater.example", "max@copperglass.example", "lia@copperglass.example",
)  # fmt: skip


@pytest.fixture
def max_(pipeline, sign_in):
    users = [
        {"email": MAX, "name": "Max Field", "partner": "copperglass", "roles": [MASTER]},
        {"email": LIA, "name": "Lia Lisbon", "partner": "copperglass-lisbon", "roles": [OPERATIONS]},
    ]
    pipeline.import_people({"users": users})
    return sign_in(MAX)


def patch(client, email, body):
    path = f"/api/v1/team/{User.objects.get(email_key=email).pk}"
    return client.patch(path, data=body, content_type="application/json")


def test_a_master_lists_and_finds_the_own_people(max_):
    found = max_.get("/api/v1/team").json()
    assert [one["email"] for one in found] == [ANA, LIA, MAX]
    assert max_.get("/api/v1/team?q=lia%00lisbon").json()[0]["partner"] == "copperglass-lisbon"
    assert max_.get(f"/api/v1/team/{found[0]['id']}").json() == found[0]


@pytest.mark.parametrize("path", ["team", "coverage"])
def test_who_is_no_master_finds_nothing(ana, path):
    problem(ana.get(f"/api/v1/{path}"), 404, "not-found")
    problem(post(ana, "team", {}), 404, "not-found")


def test_others_people_are_not_there(max_):
    problem(patch(max_, TOM, {"active": False}), 404, "not-found")
    tom = User.objects.get(email_key=TOM)
    problem(max_.get(f"/api/v1/team/{tom.pk}"), 404, "not-found")
    problem(max_.get(f"/api/v1/team/{2**70}"), 404, "not-found")
    assert tom.is_active


def test_a_change_is_made_and_audited_with_its_door(max_):
    assert patch(max_, ANA, {"roles": [OPERATIONS, MASTER]}).json()["roles"] == [OPERATIONS, MASTER]
    assert patch(max_, ANA, {"active": False}).json()["active"] is False
    assert list(PersonChange.objects.filter(door="api").values_list("by__email", "person__email")) == [(MAX, ANA)] * 2


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"roles": ["studio_admin"]}, "/roles/0"), ({"partner": "tidewater"}, "/partner"), ({"partner": 7}, "/partner"),
        ({"active": "no"}, "/active"), ({"email": "x@y.example"}, "/email"), ({"id": 1}, "/id"), ({"user": "x"}, "/user"),
    ],
)  # fmt: skip
def test_a_change_that_is_wrong_says_where_and_changes_nothing(max_, body, pointer):
    found = problem(patch(max_, ANA, body), 422, "invalid")
    assert found["errors"][0]["pointer"] == pointer
    assert not PersonChange.objects.filter(door="api").exists()


def test_the_last_master_stays_and_nobody_ends_the_own_account(max_):
    problem(patch(max_, MAX, {"roles": []}), 403, "forbidden")
    problem(patch(max_, MAX, {"active": False}), 403, "forbidden")


def test_an_invitation_is_posted_with_the_account(max_):
    body = {"email": "noa@copperglass.example", "name": "Noa", "partner": "copperglass-lisbon", "roles": [OPERATIONS]}
    made = post(max_, "team", body)
    assert made.status_code == 201
    assert made["Location"] == f"/api/v1/team/{made.json()['id']}"
    assert PostedLetter.objects.get(kind="invitation").user_id == made.json()["id"]
    for email in ("NOA@copperglass.example", TOM, "x@test.invalid", "none"):
        assert post(max_, "team", body | {"email": email}).status_code == 422


REDELIVERY = "delivery.redelivery_requested"


def told(client, asked="", partner="copperglass-lisbon"):
    """What coverage says of redeliveries at a partner."""
    found = client.get(f"/api/v1/coverage{asked}").json()
    (line,) = (one for one in found if (one["partner"], one["event_type"]) == (partner, REDELIVERY))
    return found, line


def test_coverage_is_counted_at_the_own_partners_and_nobody_is_listed(max_):
    found, line = told(max_)
    assert {one["partner"] for one in found} == {"copperglass", "copperglass-lisbon"}
    assert (line["state"], line["count"], line["fastest"], line["others"]) == ("covered", 2, "immediately", 0)
    assert [one["receivers"] for one in found] == [[]] * len(found)
    gap = next(one for one in found if one["state"] == "gap")
    assert (gap["count"], gap["fastest"]) == (0, None)


def test_coverage_of_one_partner_lists_who_is_told(max_):
    found, line = told(max_, "?partner=copperglass-lisbon")
    assert {one["partner"] for one in found} == {"copperglass-lisbon"}
    assert {one["email"] for one in line["receivers"]} == {ANA, LIA}
    assert line["count"] == 2


@pytest.mark.parametrize("partner", ["tidewater", "nowhere", "", "a%00b"])
def test_coverage_of_a_partner_of_others_is_not_there(max_, partner):
    problem(max_.get(f"/api/v1/coverage?partner={partner}"), 404, "not-found")


def test_coverage_lists_a_hundred_and_counts_the_rest(max_, pipeline):
    crowd = [
        {"email": f"c{number}@lisbon.example", "name": "C", "partner": "copperglass-lisbon", "roles": [OPERATIONS]}
        for number in range(120)
    ]
    pipeline.import_people({"users": crowd})
    _, line = told(max_, "?partner=copperglass-lisbon")
    assert (len(line["receivers"]), line["count"]) == (100, 122)
