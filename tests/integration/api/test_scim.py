"""SCIM 2.0: a real client library's calls, the examples of RFC 7644, and what no key may do."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from scim2_client.engines.wsgi import WSGISCIMClient
from scim2_models import PatchOp, SCIMException

from callboard.base.rights import KeyRight
from callboard.intake.store import make_key
from callboard.people.models import PersonChange, User
from callboard.people.sessions import count_sessions
from callboard.project.wsgi import application

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
OPERATIONS, MASTER = "fulfillment_partner_operations", "fulfillment_partner_master"
ANA, TOM, SAM = "ana@copperglass.example", "tom@tidewater.example", "sam@studio.example"


@pytest.fixture
def scim(pipeline):
    """A client with a key for everybody; `of` makes one for a partner's people."""
    return Scim(make_key("idp", pipeline.now(), KeyRight.SCIM))


@pytest.fixture
def copperglass(pipeline):
    return Scim(make_key("idp of Copperglass", pipeline.now(), KeyRight.SCIM, partner_id="copperglass"))


class Scim:
    """Sends JSON as SCIM clients do, and gives JSON back."""

    def __init__(self, key):
        headers = {"authorization": f"Bearer {key}"}
        self.key = key
        self.client = Client(SERVER_NAME="localhost", headers=headers, enforce_csrf_checks=True)

    def __call__(self, method, path, body=None, status=200):
        raw = b"" if body is None else json.dumps(body).encode()
        response = self.client.generic(method, f"/scim/v2/{path}", raw, "application/scim+json")
        assert response.status_code == status, response.content
        return json.loads(response.content) if response.content else None

    def patch(self, path, *operations, status=200):
        return self("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, status)


def id_of(email):
    return str(person(email).pk)


def person(email):
    return User.objects.get(email_key=email)


def newcomer(**changes):
    return {
        "schemas": [USER, ENTERPRISE], "userName": "noa@copperglass.example", "externalId": "00u1",
        "name": {"givenName": "Noa", "familyName": "New"}, "roles": [{"value": OPERATIONS}],
        ENTERPRISE: {"organization": "copperglass"},
    } | changes  # fmt: skip


# A client library


@pytest.fixture
def library(scim, stays_connected):  # noqa: ARG001 - it needs it, not its value
    found = WSGISCIMClient(
        application, base_url="http://localhost/scim/v2", headers={"Authorization": f"Bearer {scim.key}"}
    )
    found.discover()
    return found


def test_a_client_library_discovers_creates_reads_replaces_and_deletes(library):
    model = library.get_resource_model("User")
    made = library.create(model.model_validate(newcomer()))
    assert (made.user_name, made.active, made.external_id) == ("noa@copperglass.example", True, "00u1")
    read = library.query(model, made.id)
    assert read.display_name == "Noa New"
    read.display_name = "Noa Newer"
    assert library.replace(read).display_name == "Noa Newer"
    found = library.query(model, query_parameters={"filter": 'userName eq "NOA@copperglass.example"'})
    assert [one.id for one in found.resources] == [made.id]
    change = PatchOp[model].model_validate({"Operations": [{"op": "replace", "path": "active", "value": False}]})  # type: ignore[valid-type]
    assert library.modify(model, made.id, change).active is False
    library.delete(model, made.id)
    with pytest.raises(SCIMException):
        library.query(model, made.id)


def test_a_client_library_reads_roles_as_groups(library):
    model = library.get_resource_model("Group")
    found = {one.id: one for one in library.query(model).resources}
    assert found[OPERATIONS].display_name == "Fulfillment Partner Operations"
    assert {one.value for one in found[OPERATIONS].members} == {id_of(ANA), id_of(TOM)}


# The examples of RFC 7644


def test_3_3_creating_answers_201_with_location_and_the_resource(scim):
    response = scim.client.post("/scim/v2/Users", json.dumps(newcomer()), content_type="application/scim+json")
    body = response.json()
    assert response.status_code == 201
    assert response["Content-Type"] == "application/scim+json"
    assert response["Location"] == body["meta"]["location"]
    assert body["meta"]["resourceType"] == "User"
    assert body["name"]["formatted"] == "Noa New"
    assert body[ENTERPRISE] == {"organization": "copperglass"}
    assert [one["value"] for one in body["groups"]] == [OPERATIONS]
    assert person("noa@copperglass.example").roles == OPERATIONS


def test_3_3_the_same_user_name_twice_is_a_conflict(scim):
    scim("POST", "Users", newcomer(), 201)
    for name in ("noa@copperglass.example", "NOA@Copperglass.example", ANA):
        answer = scim("POST", "Users", newcomer(userName=name), 409)
        assert answer["scimType"] == "uniqueness"


def test_3_4_1_a_user_that_is_not_there_answers_404(scim):
    for id_ in ("2819c223-7f76-453a-919d-413861904646", "999999", "-1", "0", "9" * 40, "%00"):
        assert scim("GET", f"Users/{id_}", status=404)["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('userName eq "ana@copperglass.example"', [ANA]), ('userName eq "ANA@COPPERGLASS.example"', [ANA]),
        ('userName sw "t"', [TOM]), ('displayName co "ruiz"', [ANA]), ("active eq true", [ANA, TOM, SAM]),
        ("active eq false", []), ('emails.value eq "tom@tidewater.example"', [TOM]),
        ('userName sw "t" or displayName co "Okafor"', [TOM, SAM]), ('not (userName sw "t")', [ANA, SAM]),
        (f'{USER}:userName eq "{TOM}"', [TOM]), (f'{ENTERPRISE}:organization eq "tidewater"', [TOM]),
        ('externalId eq "00u1"', []), ("externalId pr", []), ('id eq "x"', []), ('userName ne "x"', [ANA, TOM, SAM]),
    ],
)  # fmt: skip
def test_3_4_2_2_filters(scim, text, found):
    answer = scim.client.get("/scim/v2/Users", {"filter": text}).json()
    assert [one["userName"] for one in answer["Resources"]] == found
    assert answer["totalResults"] == len(found)


@pytest.mark.parametrize(
    "text",
    [
        'nickName eq "x"', 'userName eq "ana@copperglass.example" or nickName eq "x"', "userName", "password pr",
        'emails[type eq "work" and value co "@x"]', "(" * 500, 'externalId co "0"', 'userName eq "' + "x" * 3000 + '"',
    ],
)  # fmt: skip
def test_a_filter_that_is_not_understood_is_refused_and_never_widens_the_answer(scim, text):
    response = scim.client.get("/scim/v2/Users", {"filter": text})
    assert response.status_code == 400, response.content
    assert response.json()["scimType"] == "invalidFilter"


@pytest.mark.parametrize("text", ['foo eq "none"', 'members eq "none"', 'userName eq "a\x00b"'])
def test_a_filter_of_groups_that_is_not_understood_is_refused(scim, text):
    kind = "Users" if "userName" in text else "Groups"
    assert scim.client.get(f"/scim/v2/{kind}", {"filter": text}).json()["scimType"] == "invalidFilter"


def test_groups_are_found_by_their_labels(scim):
    answer = scim.client.get("/scim/v2/Groups", {"filter": 'DISPLAYNAME eq "fulfillment partner master"'}).json()
    assert [one["id"] for one in answer["Resources"]] == [MASTER]


def test_3_4_2_4_pages(scim):
    def page(**asked):
        answer = scim.client.get("/scim/v2/Users", asked).json()
        return answer["totalResults"], answer["startIndex"], [one["userName"] for one in answer["Resources"]]

    assert page(startIndex=2, count=1) == (3, 2, [TOM])
    assert page(startIndex=-5, count=2) == (3, 1, [ANA, TOM])
    assert page(count=0) == (3, 1, [])
    assert scim.client.get("/scim/v2/Users", {"count": "many"}).status_code == 400
    assert page(startIndex=10**30)[2] == []


def test_3_4_3_searching_with_post(scim):
    request = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": 'userName sw "s"'}
    assert [one["userName"] for one in scim("POST", "Users/.search", request)["Resources"]] == [SAM]


def test_3_9_only_what_is_asked_for_is_answered(scim):
    one = scim("GET", f"Users/{id_of(ANA)}?attributes=userName")
    assert set(one) == {"schemas", "id", "meta", "userName"}
    assert "members" not in scim("GET", f"Groups/{OPERATIONS}?excludedAttributes=members")
    for path, found in (
        (f"{USER}:userName", "userName"), ("emails.value", "emails"),
        (ENTERPRISE, ENTERPRISE), (f"{ENTERPRISE}:organization", ENTERPRISE),
    ):  # fmt: skip
        one = scim("GET", f"Users/{id_of(ANA)}?attributes={path}")
        assert set(one) == {"schemas", "id", "meta", found}


@pytest.mark.parametrize(
    ("operation", "column", "value"),
    [
        ({"op": "replace", "path": "active", "value": False}, "is_active", False),
        ({"op": "Replace", "value": {"active": "False"}}, "is_active", False),
        ({"op": "replace", "value": {"displayName": "Ana R."}}, "name", "Ana R."),
        ({"op": "replace", "path": "name.familyName", "value": "Vega"}, "name", "Vega"),
        ({"op": "replace", "path": "name", "value": {"givenName": "Ana", "familyName": "Vega"}}, "name", "Ana Vega"),
        ({"op": "add", "path": "roles", "value": [{"value": MASTER}]}, "roles", f"{OPERATIONS} {MASTER}"),
        ({"op": "add", "value": {"roles": [{"value": OPERATIONS}]}}, "roles", OPERATIONS),
        ({"op": "replace", "path": "roles", "value": [{"value": "Fulfillment Partner Master"}]}, "roles", MASTER),
        ({"op": "remove", "path": f'roles[value eq "{OPERATIONS}"]'}, "roles", ""),
        ({"op": "remove", "path": "roles"}, "roles", ""),
        ({"op": "replace", "path": f"{ENTERPRISE}:organization", "value": "tidewater"}, "partner_id", "tidewater"),
        ({"op": "replace", "path": f"{ENTERPRISE}:Organization", "value": "tidewater"}, "partner_id", "tidewater"),
        ({"op": "replace", "path": ENTERPRISE, "value": {"organization": "tidewater"}}, "partner_id", "tidewater"),
        ({"op": "add", "value": {ENTERPRISE: {"Organization": "tidewater"}}}, "partner_id", "tidewater"),
        ({"op": "remove", "path": 'roles[type eq "none"]'}, "roles", OPERATIONS),
        ({"op": "remove", "path": f'roles[VALUE eq "{OPERATIONS}"]'}, "roles", ""),
        ({"op": "remove", "path": "title"}, "name", "Ana Ruiz"),
        ({"op": "remove", "path": f"{ENTERPRISE}:department"}, "partner_id", "copperglass"),
        ({"op": "remove", "path": 'phoneNumbers[type eq "work"].value'}, "name", "Ana Ruiz"),
        ({"op": "add", "path": "externalId", "value": "00u9"}, "external_id", "00u9"),
        ({"op": "replace", "path": "timezone", "value": "Asia/Tokyo"}, "time_zone", "Asia/Tokyo"),
    ],
)  # fmt: skip
def test_3_5_2_operations(scim, operation, column, value):
    scim.patch(f"Users/{id_of(ANA)}", operation)
    assert getattr(person(ANA), column) == value


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        ({"op": "explode", "path": "active"}, "invalidSyntax"), ({"op": "remove"}, "noTarget"),
        ({"op": "replace", "path": "id", "value": "7"}, "mutability"),
        ({"op": "add", "path": "groups", "value": [{"value": MASTER}]}, "mutability"),
        ({"op": "replace", "path": "userName", "value": "eve@copperglass.example"}, "mutability"),
        ({"op": "replace", "path": "active", "value": "perhaps"}, "invalidValue"),
        ({"op": "replace", "path": "roles", "value": [{"value": "studio_admin"}]}, "invalidValue"),
        ({"op": "replace", "path": "roles", "value": 7}, "invalidValue"),
        ({"op": "replace", "path": "][", "value": 7}, "invalidPath"),
        ({"op": "replace", "path": "urn:example:other:active", "value": False}, "invalidPath"),
        ({"op": "replace", "path": "name", "value": "Eve"}, "invalidValue"),
        ({"op": "remove", "path": "active"}, "mutability"),
        ({"op": "remove", "path": f"{ENTERPRISE}:organization"}, "mutability"),
        ({"op": "remove", "path": 'roles[value gt "a"]'}, "invalidFilter"),
        ({"op": "replace", "path": 'emails[type eq "work"].value', "value": "eve@x.example"}, "invalidValue"),
    ],
)  # fmt: skip
def test_an_operation_that_is_wrong_changes_nothing_and_says_why(scim, operation, word):
    before = User.objects.filter(email_key=ANA).values().get()
    first = {"op": "replace", "path": "displayName", "value": "Half done"}
    assert scim.patch(f"Users/{id_of(ANA)}", first, operation, status=400)["scimType"] == word
    assert User.objects.filter(email_key=ANA).values().get() == before


def test_3_6_deleting_ends_everything_and_the_same_name_brings_the_account_back(scim, sign_in):
    ana, client = person(ANA), sign_in(ANA)
    assert count_sessions(ana.pk) == 1
    scim("DELETE", f"Users/{ana.pk}", status=204)
    assert (person(ANA).is_active, count_sessions(ana.pk)) == (False, 0)
    assert client.get("/settings").status_code == 302
    scim("GET", f"Users/{ana.pk}", status=404)
    scim("DELETE", f"Users/{ana.pk}", status=404)
    assert scim.client.get("/scim/v2/Users", {"filter": f'userName eq "{ANA}"'}).json()["totalResults"] == 0
    back = scim("POST", "Users", newcomer(userName=ANA), 201)
    assert (back["id"], back["active"]) == (str(ana.pk), True)


def test_groups_give_and_take_roles(scim):
    ana, tom = id_of(ANA), id_of(TOM)
    path = f"Groups/{MASTER}"
    scim.patch(path, {"op": "add", "path": "members", "value": [{"value": ana}, {"value": tom}]})
    assert person(ANA).roles.split() == [OPERATIONS, MASTER]
    scim.patch(path, {"op": "remove", "path": f'members[value eq "{ana}"]'})
    assert (person(ANA).roles, person(TOM).roles) == (OPERATIONS, f"{OPERATIONS} {MASTER}")
    answer = scim("PUT", path, {"schemas": [], "displayName": "x", "members": [{"value": ana}]})
    assert [one["value"] for one in answer["members"]] == [ana]
    assert person(TOM).roles == OPERATIONS
    scim.patch(path, {"op": "add", "path": "members", "value": [{"value": id_of(SAM)}]}, status=400)
    scim.patch(path, {"op": "add", "path": "members", "value": [{"value": tom}, {"value": "7777"}]}, status=400)
    assert person(TOM).roles == OPERATIONS
    scim.patch(path, {"op": "replace", "path": "displayName", "value": "Kings"}, status=400)
    scim("POST", "Groups", {"displayName": "Kings"}, 405)


@pytest.mark.parametrize(
    ("operation", "status"),
    [
        ({"op": "replace", "value": {"id": OPERATIONS, "displayName": "Renamed"}}, 400),
        ({"op": "remove", "value": {"displayName": "Renamed"}}, 400),
        ({"op": "replace", "path": "members"}, 400),
        ({"op": "remove", "path": "members", "value": []}, 200),
        ({"op": "remove", "path": 'members[display eq "none"]'}, 200),
        ({"op": "add", "path": "members", "value": [{"value": "²"}]}, 400),
        ({"op": "add", "path": "members", "value": [{"value": "9" * 5000}]}, 400),
    ],
)
def test_nobody_loses_a_role_by_what_names_nobody(scim, operation, status):
    scim.patch(f"Groups/{OPERATIONS}", operation, status=status)
    scim("PUT", f"Groups/{OPERATIONS}", {"schemas": [], "displayName": "Renamed"})
    assert (person(ANA).roles, person(TOM).roles) == (OPERATIONS, OPERATIONS)


def test_members_are_given_and_taken_away_whole(scim):
    scim.patch(f"Groups/{MASTER}", {"op": "add", "value": {"Members": [{"value": id_of(ANA)}]}})
    assert person(ANA).roles.split() == [OPERATIONS, MASTER]
    scim.patch(f"Groups/{MASTER}", {"op": "remove", "path": "members"})
    scim("PUT", f"Groups/{OPERATIONS}", {"members": []})
    assert (person(ANA).roles, person(TOM).roles) == ("", "")


def test_an_account_that_came_back_by_another_door_can_be_ended_again(scim, pipeline):
    scim("DELETE", f"Users/{id_of(ANA)}", status=204)
    pipeline.import_people({"users": [{"email": ANA, "active": True}]})
    assert scim("GET", f"Users/{id_of(ANA)}")["active"]
    scim("DELETE", f"Users/{id_of(ANA)}", status=204)
    assert not person(ANA).is_active


def test_every_change_is_audited_with_the_key(scim):
    scim.patch(f"Users/{id_of(ANA)}", {"op": "replace", "path": "active", "value": False})
    change = PersonChange.objects.get(door="scim")
    assert (change.person.email, change.by, change.note) == (ANA, None, "key idp")


# What no key may do


def test_a_key_of_a_partner_knows_only_the_people_of_that_partner_and_below(copperglass):
    answer = copperglass("GET", "Users")
    assert [one["userName"] for one in answer["Resources"]] == [ANA]
    for method in ("GET", "DELETE"):
        copperglass(method, f"Users/{id_of(TOM)}", status=404)
    copperglass.patch(f"Users/{id_of(TOM)}", {"op": "replace", "path": "active", "value": False}, status=404)
    organization = {"op": "replace", "path": f"{ENTERPRISE}:organization", "value": "tidewater"}
    copperglass.patch(f"Users/{id_of(ANA)}", organization, status=400)
    copperglass("POST", "Users", newcomer(**{ENTERPRISE: {"organization": "tidewater"}}), 400)
    for text in (f'userName eq "{TOM}"', 'userName eq "x" or active eq true'):
        found = copperglass.client.get("/scim/v2/Users", {"filter": text}).json()["Resources"]
        assert TOM not in [one["userName"] for one in found]
    members = copperglass("GET", f"Groups/{OPERATIONS}")["members"]
    assert [one["value"] for one in members] == [id_of(ANA)]
    copperglass("GET", "Groups/studio_admin", status=404)
    copperglass.patch(
        f"Groups/{MASTER}", {"op": "add", "path": "members", "value": [{"value": id_of(TOM)}]}, status=400
    )
    assert User.objects.filter(email_key=TOM, is_active=True, partner_id="tidewater", roles=OPERATIONS).exists()


def test_a_key_of_a_partner_adds_people_there_without_naming_it(copperglass):
    body = newcomer()
    del body[ENTERPRISE]
    assert copperglass("POST", "Users", body, 201)[ENTERPRISE] == {"organization": "copperglass"}
    copperglass("POST", "Users", newcomer(userName=TOM), 409)


@pytest.mark.parametrize("right", [KeyRight.EVENTS, KeyRight.BOUNCES])
def test_other_keys_and_sessions_open_nothing(pipeline, sign_in, right):
    for client in (
        Scim(make_key("other", pipeline.now(), right)).client,
        sign_in(SAM),
        Client(SERVER_NAME="localhost"),
    ):
        for path in ("Users", "Groups", "ServiceProviderConfig", "Users/1", "Bulk"):
            response = client.get(f"/scim/v2/{path}")
            assert response.status_code == 401
            assert response["WWW-Authenticate"].startswith("Bearer")


def test_a_key_for_scim_opens_nothing_else(scim):
    assert scim.client.post("/api/v1/events", "{}", content_type="application/cloudevents+json").status_code == 401
    assert scim.client.get("/api/v1/ledger").status_code == 401


def test_operators_and_test_users_are_not_there(scim):
    User(email="olga@callboard.example", name="Olga", is_staff=True, partner_id="copperglass").save()
    User(email="try-1@test.invalid", name="Trial", partner_id="copperglass").save()
    names = [one["userName"] for one in scim("GET", "Users")["Resources"]]
    assert names == [ANA, TOM, SAM]
    scim("GET", f"Users/{id_of('olga@callboard.example')}", status=404)
    scim("POST", "Users", newcomer(userName="olga@callboard.example"), 409)
    scim("POST", "Users", newcomer(userName="x@test.invalid"), 409)


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'"x"', b'{"userName": "a@x.example", "userName": "b@x.example"}', b"\xff"]
)
def test_bodies_that_are_none_are_refused(scim, raw):
    for method, path in (("POST", "Users"), ("PATCH", f"Users/{id_of(ANA)}"), ("PUT", f"Users/{id_of(ANA)}")):
        response = scim.client.generic(method, f"/scim/v2/{path}", raw, content_type="application/scim+json")
        assert response.status_code == 400, (method, response.content)


def test_too_large_a_body_is_refused(scim):
    raw = b'{"userName": "' + b"x" * 1024 * 1024 + b'"}'
    assert scim.client.post("/scim/v2/Users", raw, content_type="application/scim+json").status_code == 413
