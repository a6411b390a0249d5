"""The small studio of these tests, what the portal sends, and how an answer is checked."""

from __future__ import annotations

import json
from typing import Any

from callboard.intake.models import EventRecord

HOST = "localhost"
EVENT_TYPE = "delivery.redelivery_requested"
PEOPLE: dict[str, Any] = {
    "partners": [
        {"id": "callboard-studio", "name": "The Studio", "kind": "studio"},
        {"id": "brackenfold", "name": "Brackenfold Pictures", "kind": "content_partner"},
        {"id": "copperglass", "name": "Copperglass Post", "kind": "fulfillment_partner"},
        {"id": "copperglass-lisbon", "name": "Copperglass Lisbon", "kind": "fulfillment_partner",
         "parent": "copperglass"},
        {"id": "tidewater", "name": "Tidewater Media", "kind": "fulfillment_partner"},
    ],
    "users": [
        {"email": "ana@copperglass.example", "name": "Ana Ruiz", "partner": "copperglass",
         "roles": ["fulfillment_partner_operations"], "time_zone": "Europe/Madrid"},
        {"email": "tom@tidewater.example", "name": "Tom Hale", "partner": "tidewater",
         "roles": ["fulfillment_partner_operations"]},
        {"email": "sam@studio.example", "name": "Sam Okafor", "partner": "callboard-studio",
         "roles": ["studio_operations"]},
    ],
}  # fmt: skip

MIA = {
    "email": "mia@copperglass.example",
    "name": "Mia Sol",
    "partner": "copperglass",
    "roles": ["fulfillment_partner_master"],
}


def event(event_id="e-1", event_type=EVENT_TYPE, partner="copperglass", **data):
    return {
        "specversion": "1.0", "id": event_id, "source": "portal", "type": event_type, "subject": "SR-00012345",
        "data": {"content_type": "Branded", "content_partner": "brackenfold", "fulfillment_partner": partner} | data,
    }  # fmt: skip


def send(portal, *events, raw=None, content_type=None, **options):
    """Send one event structured, several as a batch, or raw bytes."""
    body = raw if raw is not None else json.dumps(events[0] if len(events) == 1 else list(events)).encode()
    kind = content_type or f"application/cloudevents{'' if len(events) == 1 else '-batch'}+json"
    return portal.post("/api/v1/events", data=body, content_type=kind, **options)


def notification(**changes):
    return {
        "name": "Branded redeliveries",
        "event_type": EVENT_TYPE,
        "where": [{"field": "content_type", "op": "any_of", "value": ["Branded"]}],
        "frequency": "daily",
    } | changes


def post(client, path, body=None):
    return client.post(f"/api/v1/{path}", data=body or {}, content_type="application/json")


def problem(response, status, word):
    """Check that a response is this problem, and return it."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert body["type"] == f"urn:callboard:problem:{word}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


def stored():
    return EventRecord.objects.count()
