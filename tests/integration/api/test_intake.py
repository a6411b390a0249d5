"""POST /api/v1/events: the three forms, all or nothing, and every refusal."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from django.db import connection
from django.test import Client
from tests.integration.api.studio import EVENT_TYPE, event, problem, send, stored

from callboard.intake.store import revoke_key


def test_structured_batched_and_again(portal):
    assert send(portal, event()).json() == {"accepted": 1, "duplicates": 0, "conflicts": 0}
    found = send(portal, event(), event("e-2"), event("e-2"))
    assert found.status_code == 202
    assert found.json() == {"accepted": 1, "duplicates": 2, "conflicts": 0}
    assert send(portal, event(content_type="Trailer")).json() == {"accepted": 0, "duplicates": 0, "conflicts": 1}
    assert stored() == 2


@pytest.mark.parametrize("form", [to_structured_event, to_binary_event])
def test_the_official_sdk_is_understood(portal, form):
    at = datetime(2026, 11, 23, 9, 14, tzinfo=UTC)
    said = {"id": "sdk é", "source": "portal", "type": f"io.callboard.{EVENT_TYPE}.v1", "specversion": "1.0"}
    data = {"content_type": "Branded", "title": "Übergang"}
    attributes = {**said, "time": at, "datacontenttype": "application/json"}
    headers = dict(form(CloudEvent(attributes, data)).headers)
    kind = headers.pop("content-type")
    body = form(CloudEvent(attributes, data)).body
    found = portal.post("/api/v1/events", data=body, content_type=kind, headers=headers)
    assert found.json() == {"accepted": 1, "duplicates": 0, "conflicts": 0}
    # The same event in the plain form is the same event
    plain = {**said, "time": at.isoformat(), "data": data}
    assert send(portal, plain).json() == {"accepted": 0, "duplicates": 1, "conflicts": 0}


def test_binary_needs_no_data(portal):
    headers = {"ce-specversion": "1.0", "ce-id": "b-1", "ce-source": "portal", "ce-type": event()["type"]}
    assert portal.generic("POST", "/api/v1/events", b"", "", headers=headers).status_code == 202
    headers["ce-id"] = "%ff"
    found = problem(portal.generic("POST", "/api/v1/events", b"", "", headers=headers), 422, "invalid")
    assert found["errors"][0]["pointer"] == "/id"


def test_a_batch_is_taken_whole_or_not_at_all(portal):
    wrong = event("e-3", content_type=7) | {"source": ""}
    found = problem(send(portal, event("e-1"), event("e-2"), wrong), 422, "invalid")
    faults = {(one["index"], one["pointer"]) for one in found["errors"]}
    assert faults == {(2, "/2/source"), (2, "/2/data/content_type")}
    assert stored() == 0


@pytest.mark.parametrize(
    ("raw", "status", "said"),
    [
        (b"{", 400, "not valid JSON"),
        (b'{"id": "a", "id": "b"}', 400, "stands twice"),
        (b'{"data": {"x": NaN}}', 400, "NaN"),
        (b'{"data": {"x": 1e999}}', 400, "too large"),
        (b'{"id": "\xff"}', 400, "not UTF-8"),
        (b'{"id": "\\u0000"}', 400, "U+0000"),
        (b'{"id": "\\ud800"}', 400, "surrogate"),
        (b'{"data": ' + b"[" * 200 + b"]" * 200 + b"}", 400, "nested deeper"),
        (b"7", 422, "must be an object"),
        (b"null", 422, "must be an object"),
    ],
)
def test_what_is_not_an_event_is_refused(portal, raw, status, said):
    word = "malformed" if status == 400 else "invalid"
    found = problem(send(portal, raw=raw, content_type="application/cloudevents+json"), status, word)
    assert said in found["errors"][0]["detail"]
    assert stored() == 0


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"id": None}, "/id"),
        ({"id": "a\r\nBcc: all@studio.example"}, "/id"),
        ({"source": 7}, "/source"),
        ({"specversion": "0.3"}, "/specversion"),
        ({"type": "delivery.unheard_of"}, "/type"),
        ({"time": "yesterday"}, "/time"),
        ({"data": []}, "/data"),
        ({"data_base64": "AA=="}, "/data_base64"),
        ({"datacontenttype": "text/html"}, "/datacontenttype"),
        ({"Bad-Name": "x"}, "/Bad-Name"),
        ({"data": {"redelivery_round": "two"}}, "/data/redelivery_round"),
        ({"data": {"due_date": "2026-02-30"}}, "/data/due_date"),
        ({"data": {"content_type": ["Branded"]}}, "/data/content_type"),
        ({"data": {"mentions": [1]}}, "/data/mentions"),
    ],
)
def test_each_fault_is_pointed_at(portal, changes, pointer):
    found = problem(send(portal, event() | changes), 422, "invalid")
    assert [one["pointer"] for one in found["errors"]] == [pointer]
    assert stored() == 0


def test_hostile_texts_are_kept_as_data_and_shown_as_json(portal):
    hostile = '<script>alert(1)</script>"\r\nBcc: x@y.example'
    assert send(portal, event(title=hostile, content_type=hostile)).status_code == 202
    found = send(portal, event("e-2") | {"type": hostile})
    assert found["Content-Type"] == "application/problem+json"
    assert found["X-Content-Type-Options"] == "nosniff"
    assert "\n" not in str(found.headers)


def test_sizes(portal):
    big = json.dumps(event(note="x" * 256 * 1024)).encode()
    problem(send(portal, raw=big, content_type="application/cloudevents+json"), 413, "too-large")
    batch = b"[" + b" " * (16 * 1024 * 1024) + b"]"
    kind = "application/cloudevents-batch+json"
    problem(send(portal, raw=batch, content_type=kind), 413, "too-large")
    assert send(portal, raw=batch[:-3] + b"]", content_type=kind).status_code == 202
    found = problem(send(portal, *[event(f"e-{one}") for one in range(1001)]), 422, "invalid")
    assert "1001" in found["detail"]
    found = problem(send(portal, event(), event("e-2", note="x" * 256 * 1024)), 422, "invalid")
    assert found["errors"][0]["index"] == 1
    assert stored() == 0


def test_no_body_is_refused(portal):
    kind = "application/cloudevents+json"
    problem(portal.generic("POST", "/api/v1/events", b"", CONTENT_TYPE=kind), 400, "malformed")
    problem(portal.generic("POST", "/api/v1/events", b""), 415, "unsupported-media-type")


def test_a_length_that_lies_changes_nothing(portal):
    raw = json.dumps(event()).encode()
    kind = "application/cloudevents+json"
    problem(send(portal, raw=raw, content_type=kind, CONTENT_LENGTH=str(2**40)), 413, "too-large")
    problem(send(portal, raw=raw, content_type=kind, CONTENT_LENGTH="10"), 400, "malformed")
    assert stored() == 0


FORMS = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]


@pytest.mark.parametrize("kind", ["text/plain", "nonsense", *FORMS])
def test_other_types_are_refused(portal, kind):
    found = send(portal, raw=b"{}", content_type=kind)
    problem(found, 415, "unsupported-media-type")
    assert "application/cloudevents+json" in found["Accept"]


def test_json_without_ce_headers_compressed_or_in_another_charset_is_refused(portal):
    raw = json.dumps(event()).encode()
    problem(send(portal, raw=raw, content_type="application/json"), 415, "unsupported-media-type")
    kind = "application/cloudevents+json"
    problem(send(portal, raw=raw, content_type=f"{kind}; charset=latin-1"), 415, "unsupported-media-type")
    found = send(portal, raw=raw, content_type=kind, headers={"content-encoding": "gzip"})
    problem(found, 415, "unsupported-media-type")
    assert send(portal, raw=raw, content_type=f"{kind}; charset=UTF-8").status_code == 202


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer cbk_wrong", "Basic abc", "Bearer \udce9"])
@pytest.mark.usefixtures("pipeline")
def test_a_key_is_needed(authorization):
    found = send(Client(SERVER_NAME="localhost"), event(), HTTP_AUTHORIZATION=authorization)
    problem(found, 401, "unauthorized")
    assert found["WWW-Authenticate"].startswith("Bearer")
    assert stored() == 0


def test_a_session_is_no_key_and_a_revoked_key_neither(sam, portal, pipeline):
    problem(send(sam, event()), 401, "unauthorized")
    revoke_key("portal", pipeline.now())
    problem(send(portal, event()), 401, "unauthorized")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(portal, method):
    found = portal.generic(method, "/api/v1/events")
    problem(found, 405, "method-not-allowed")
    assert found["Allow"] == "POST"


FAILING = {  # each database's own way to fail by no fault of ours, and to be whole again after the test's rollback
    "sqlite": ["ALTER TABLE intake_eventrecord RENAME TO gone"],
    "postgresql": [
        "CREATE FUNCTION disk_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'disk full' USING ERRCODE = 'disk_full'; END $$",
        "CREATE TRIGGER disk_full BEFORE INSERT ON intake_eventrecord FOR EACH ROW EXECUTE FUNCTION disk_full()",
    ],
}


def test_a_database_that_fails_asks_to_try_again(portal):
    with connection.cursor() as cursor:
        for statement in FAILING[connection.vendor]:
            cursor.execute(statement)
    found = send(portal, event())
    problem(found, 503, "unavailable")
    assert int(found["Retry-After"]) > 0


def test_what_is_not_known_is_kept_and_counted(portal):
    def count(field):
        name = f'callboard_intake_unknown_values_total{{field="{field}"}}'
        lines = portal.get("/metrics").content.decode().splitlines()
        return next((float(one.split()[-1]) for one in lines if one.startswith(name)), 0.0)

    before = [count("content_type"), count("fulfillment_partner"), count("title_id")]
    send(portal, event(content_type="Hologram", partner="nobody", title_id=["1", "2"], title_names=["S1"]))
    after = [count("content_type"), count("fulfillment_partner"), count("title_id")]
    assert [new - old for old, new in zip(before, after, strict=True)] == [1, 1, 1]
    assert stored() == 1
