"""The person's own notifications: what may be done, what is refused, and nothing of anybody else."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client
from tests.integration.api.studio import EVENT_TYPE, HOST, PEOPLE, notification, post, problem

from callboard.base.instants import format_instant
from callboard.people.models import User
from callboard.preferences.models import CustomNotification

DEFAULT = f"{EVENT_TYPE}/fulfillment_partner_operations"
NOTIFICATIONS = "/api/v1/notifications"


def patch(client, notification_id, body):
    return client.patch(f"{NOTIFICATIONS}/{notification_id}", data=body, content_type="application/json")


def make(client, **changes):
    found = post(client, "notifications", notification(**changes))
    assert found.status_code == 201, found.content
    return found.json()


def test_defaults_come_with_the_role(ana):
    found = {one["id"]: one for one in ana.get(NOTIFICATIONS).json()}
    one = found[DEFAULT]
    assert one["kind"] == "default"
    assert one["label"] == "Redelivery Requested"
    assert one["reason"] == "Because of your role Fulfillment Partner Operations at Copperglass Post."
    assert (one["muted"], one["muted_until"], one["muted_by"], one["inactive"]) == (False, None, None, None)


def test_the_label_names_no_partner_that_the_person_may_not_know(ana, sam):
    where = [
        {"field": "fulfillment_partner", "op": "any_of", "value": ["tidewater"]},
        {"field": "fulfillment_partner", "op": "any_of", "value": ["copperglass-lisbon"]},
    ]
    said = "Redelivery Requested where Fulfillment Partner is {} and Fulfillment Partner is Copperglass Lisbon"
    assert make(ana, name="", where=where)["label"] == said.format("tidewater")
    made = make(sam, name="", where=where)
    assert made["label"] == said.format("Tidewater Media")


def test_a_custom_lives(ana):
    created = post(ana, "notifications", notification(name=""))
    made = created.json()
    assert created["Location"] == f"{NOTIFICATIONS}/{made['id']}"
    assert made["user"] == "ana@copperglass.example"
    assert made["label"] == "Redelivery Requested where Content Type is Branded"
    assert made["reason"].startswith("Made by you on ")
    assert ana.get(created["Location"]).json() == made
    edited = patch(ana, made["id"], {"frequency": "weekly", "version": made["version"]}).json()
    assert (edited["frequency"], edited["version"], edited["where"]) == ("weekly", 2, made["where"])
    problem(patch(ana, made["id"], {"frequency": "daily", "version": 1}), 409, "conflict")
    copy = post(ana, f"notifications/{made['id']}/duplicate")
    assert copy.status_code == 201
    assert copy.json()["id"] != made["id"]
    assert copy.json()["where"] == made["where"]
    assert ana.delete(created["Location"]).status_code == 204
    problem(ana.get(created["Location"]), 404, "not-found")
    assert [one["id"] for one in ana.get(NOTIFICATIONS).json() if one["kind"] == "custom"] == [copy.json()["id"]]


@pytest.mark.parametrize("shape", [DEFAULT, quote(DEFAULT, safe="")])
def test_a_default_can_be_muted_and_duplicated_only(ana, shape):
    problem(patch(ana, shape, {"frequency": "weekly"}), 403, "default-fixed")
    problem(ana.delete(f"{NOTIFICATIONS}/{shape}"), 403, "default-fixed")
    muted = post(ana, f"notifications/{shape}/mute").json()
    assert (muted["muted"], muted["muted_until"], muted["muted_by"]) == (True, None, "person")
    assert ana.get(f"{NOTIFICATIONS}/{shape}").json() == muted
    assert post(ana, f"notifications/{shape}/unmute").json()["muted"] is False
    copy = post(ana, f"notifications/{shape}/duplicate").json()
    assert copy["kind"] == "custom"
    assert copy["where"] == [{"field": "fulfillment_partner", "op": "any_of_incl", "value": ["copperglass"]}]


def test_a_studio_default_needs_a_condition_before_it_can_be_copied(sam):
    default = next(one["id"] for one in sam.get(NOTIFICATIONS).json() if not one["where"])
    found = problem(post(sam, f"notifications/{default}/duplicate"), 422, "invalid")
    assert "condition must be added" in found["errors"][0]["detail"]
    assert CustomNotification.objects.count() == 0


def test_a_mute_ends_by_itself(ana, pipeline):
    until = format_instant(pipeline.now() + timedelta(days=2))
    muted = post(ana, f"notifications/{DEFAULT}/mute", {"until": until}).json()
    assert (muted["muted"], muted["muted_until"]) == (True, until)
    past = format_instant(pipeline.now() - timedelta(days=2))
    for wrong in (past, "tomorrow", 7, True):
        found = problem(post(ana, f"notifications/{DEFAULT}/mute", {"until": wrong}), 422, "invalid")
        assert found["errors"][0]["pointer"] == "/until"
    problem(post(ana, f"notifications/{DEFAULT}/mute", {"until": None, "id": "x"}), 422, "invalid")
    assert ana.get(f"{NOTIFICATIONS}/{DEFAULT}").json()["muted_until"] == until


def test_a_mute_can_come_with_the_notification(ana, pipeline):
    until = format_instant(pipeline.now() + timedelta(days=2))
    made = make(ana, muted=True, muted_until=until)
    assert (made["muted"], made["muted_until"]) == (True, until)
    assert patch(ana, made["id"], {"muted": False}).json()["muted"] is False
    assert make(ana, muted=False, muted_until=None)["muted"] is False
    problem(post(ana, "notifications", notification(muted=False, muted_until=until)), 422, "invalid")
    past = format_instant(pipeline.now() - timedelta(days=2))
    problem(post(ana, "notifications", notification(muted=True, muted_until=past)), 422, "invalid")
    assert CustomNotification.objects.count() == 2


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"id": "n-1"}, "/id"),
        ({"user": "tom@tidewater.example"}, "/user"),
        ({"kind": "default"}, "/kind"),
        ({"a/b~c": 1}, "/a~1b~0c"),
        ({"name": 0}, "/name"),
        ({"name": "two\nlines"}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"event_type": "no.such"}, "/event_type"),
        ({"event_type": "account.user_added"}, "/event_type"),
        ({"event_type": ["x"]}, "/event_type"),
        ({"frequency": "yearly"}, "/frequency"),
        ({"where": []}, "/where"),
        ({"where": {}}, "/where"),
        ({"where": [7]}, "/where/0"),
        ({"where": [{"field": "content_type", "op": "any_of", "value": []}]}, "/where/0/value"),
        ({"where": [{"field": "content_type", "op": "any_of", "value": ["Hologram"]}]}, "/where/0/value"),
        ({"where": [{"field": "content_type", "op": "contains", "value": "x"}]}, "/where/0/op"),
        ({"where": [{"field": "insight", "op": "any_of", "value": ["Critical"]}]}, "/where/0/field"),
        ({"where": [{"field": "redelivery_round", "op": "between", "value": [3, 2]}]}, "/where/0/value"),
        ({"muted": "yes"}, "/muted"),
    ],
)
def test_what_is_wrong_is_pointed_at_and_nothing_is_stored(ana, changes, pointer):
    found = problem(post(ana, "notifications", notification(**changes)), 422, "invalid")
    assert [one["pointer"] for one in found["errors"]] == [pointer]
    assert CustomNotification.objects.count() == 0


def test_an_event_type_out_of_sight_is_refused_also_by_an_edit(ana):
    seen = {one["id"] for one in ana.get("/api/v1/event-types").json()}
    hidden = next(one for one in ana.get("/api/openapi.json").json()["components"]["schemas"]["NotificationPatch"][
        "properties"]["event_type"]["enum"] if one not in seen)  # fmt: skip
    made = make(ana)
    found = problem(patch(ana, made["id"], {"event_type": hidden}), 422, "invalid")
    assert found["errors"][0]["pointer"] in {"/event_type", "/where/0/field", "/frequency"}
    assert ana.get(f"{NOTIFICATIONS}/{made['id']}").json() == made


@pytest.mark.parametrize(
    ("raw", "status", "word"),
    [
        (b"", 415, "unsupported-media-type"),
        (b"{", 400, "malformed"),
        (b'{"name": "a", "name": "b"}', 400, "malformed"),
        (b'{"name": NaN}', 400, "malformed"),
        (b'{"name": "\xff"}', 400, "malformed"),
        (b"[]", 422, "invalid"),
        (b'{"name": "' + b"x" * 2_000_000 + b'"}', 413, "too-large"),
    ],
)
def test_what_is_not_an_object_is_refused(ana, raw, status, word):
    problem(ana.generic("POST", NOTIFICATIONS, raw, "application/json"), status, word)
    form = ana.generic("POST", NOTIFICATIONS, b"name=x", "application/x-www-form-urlencoded")
    problem(form, 415, "unsupported-media-type")


ROUTES = [
    ("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/mute"), ("POST", "/unmute"), ("POST", "/duplicate"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "suffix"), ROUTES)
def test_another_persons_notification_is_not_there(ana, tom, sam, method, suffix):
    made = make(ana)
    for client in (tom, sam):
        for unknown in (made["id"], "n-unknown", "delivery.processed/qc_operator"):
            body = b"{}" if method in {"POST", "PATCH"} else b""
            found = client.generic(method, f"{NOTIFICATIONS}/{unknown}{suffix}", body, "application/json")
            assert problem(found, 404, "not-found")["detail"] == "there is no such notification"
    assert ana.get(f"{NOTIFICATIONS}/{made['id']}").json() == made


PERSON_ROUTES = [
    ("GET", "event-types"), ("GET", "fields/title_id/values"), ("GET", "notifications"), ("POST", "notifications"),
    ("POST", "notifications/preview"), ("GET", "ledger"), ("GET", "explain?event=e-1"),
    *[(method, f"notifications/n-1{suffix}") for method, suffix in ROUTES],
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), PERSON_ROUTES)
def test_a_key_does_not_open_a_person_route(portal, ana, method, path):
    problem(portal.generic(method, f"/api/v1/{path}", b"{}", "application/json"), 401, "unauthorized")
    User.objects.filter(email_key="ana@copperglass.example").update(is_active=False)
    problem(ana.generic(method, f"/api/v1/{path}", b"{}", "application/json"), 401, "unauthorized")


@pytest.mark.parametrize(("method", "path"), [one for one in PERSON_ROUTES if one[0] != "GET"])
def test_changes_need_the_csrf_token(sign_in, method, path):
    client = sign_in("ana@copperglass.example", enforce_csrf_checks=True)
    address = f"/api/v1/{path}"
    problem(client.generic(method, address, b"{}", "application/json"), 403, "csrf")
    problem(client.generic(method, address, b"{}", "application/json", headers={"x-csrftoken": "x" * 32}), 403, "csrf")
    token = "a" * 32
    client.cookies["callboard_csrf"] = token
    found = client.generic(method, address, b"{}", "application/json", headers={"x-csrftoken": token})
    assert found.status_code in {404, 422}
    headers = {"x-csrftoken": token, "origin": "https://evil.example"}
    problem(client.generic(method, address, b"{}", "application/json", headers=headers), 403, "csrf")


def test_a_lost_role_leaves_a_custom_inactive(ana, pipeline):
    made = make(ana)
    assert made["inactive"] is None
    user = {**PEOPLE["users"][0], "roles": ["fulfillment_partner_master"]}
    pipeline.import_people({"partners": [], "users": [user]})
    assert ana.get(f"{NOTIFICATIONS}/{made['id']}").json()["inactive"] is None
    pipeline.import_people({"partners": [], "users": [{**user, "roles": []}]})
    found = ana.get(NOTIFICATIONS).json()
    assert [one["id"] for one in found] == [made["id"]]
    assert found[0]["inactive"] == "Your roles no longer see this event type."


NOWHERE = ["", "x", "notifications/", "fields/title_id", "../v2/x", "notifications/n-1/frobnicate"]


@pytest.mark.parametrize("path", NOWHERE)
def test_what_is_no_address_answers_with_a_problem(ana, path):
    problem(ana.get(f"/api/v1/{path}"), 404, "not-found")


def test_nothing_is_kept_by_caches(ana):
    assert ana.get(NOTIFICATIONS)["Cache-Control"] == "no-store"
    assert Client(SERVER_NAME=HOST).get(NOTIFICATIONS)["Cache-Control"] == "no-store"


@pytest.mark.parametrize("method", ["get", "patch", "delete"])
def test_no_notification_is_called_preview(ana, method):
    answer = getattr(ana, method)("/api/v1/notifications/preview", content_type="application/json")
    assert answer.status_code == 404
