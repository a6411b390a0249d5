"""What operators and machines ask: alive, ready, metrics, the document and the page that shows it."""

from __future__ import annotations

import re
from contextlib import closing

import pytest
from django.db import connection
from django.test import Client
from tests.integration.api.studio import HOST, event, problem, send

from callboard.api import process
from callboard.api.metrics import TOTALS


@pytest.fixture
def anyone(db):  # noqa: ARG001 - it needs the database, not its value
    return Client(SERVER_NAME=HOST)


def test_alive_and_ready(anyone, portal):
    assert anyone.get("/healthz").content == b"alive\n"
    found = anyone.get("/readyz").json()
    assert [one["name"] for one in found.pop("checks")] == ["catalogue", "database", "worker", "smtp", "disk"]
    assert found == {"status": "ready", "reasons": [], "oldest_undecided_s": None, "oldest_due_mail_s": None}
    send(portal, event())
    assert anyone.get("/readyz").json()["oldest_undecided_s"] >= 0


def test_not_ready_says_why(anyone):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE intake_eventrecord RENAME TO gone")
    found = anyone.get("/readyz")
    assert found.status_code == 503
    assert "database" in found.json()["reasons"][0]
    assert anyone.get("/healthz").status_code == 200


def test_metrics_come_from_the_database(anyone, portal, pipeline):
    send(portal, event())
    text = anyone.get("/metrics").content.decode()
    assert 'callboard_events{state="accepted"} 1.0' in text
    while pipeline.decide_accepted():
        pass
    TOTALS.forget()  # on a slow machine it would keep them for a while
    text = anyone.get("/metrics").content.decode()
    assert 'callboard_events{state="decided"} 1.0' in text
    assert 'callboard_decisions{outcome="notify"}' in text
    assert 'callboard_mails{state="queued"} 0.0' in text
    assert "callboard_oldest_undecided_seconds 0.0" in text
    assert 'callboard_match_checks{result="equal"} 1.0' in text
    assert 'callboard_match_checks{result="differing"} 0.0' in text
    assert 'callboard_intake_events_total{result="accepted"}' in text


FAR = [{"REMOTE_ADDR": "192.0.2.7"}, {"REMOTE_ADDR": ""}, {"HTTP_X_FORWARDED_FOR": "192.0.2.7"},
       {"HTTP_FORWARDED": "for=192.0.2.7"}, {"HTTP_X_REAL_IP": "192.0.2.7"}, {"HTTP_VIA": "1.1 proxy"}]  # fmt: skip


@pytest.mark.parametrize("far", FAR)
def test_metrics_from_elsewhere_need_a_key(anyone, portal, sam, far):
    problem(anyone.get("/metrics", **far), 403, "forbidden")
    problem(sam.get("/metrics", **far), 403, "forbidden")
    problem(anyone.get("/metrics", **far, headers={"authorization": "Bearer cbk_wrong"}), 403, "forbidden")
    assert portal.get("/metrics", **far).status_code == 200
    assert anyone.get("/metrics", REMOTE_ADDR="::1").status_code == 200


def test_the_document_is_whole(anyone):
    document = anyone.get("/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert set(document["components"]["securitySchemes"]) == {"Key", "BouncesKey", "Session", "CsrfToken"}
    assert set(document["paths"]) == {
        "/api/v1/events", "/api/v1/bounces", "/api/v1/event-types", "/api/v1/fields/{key}/values", "/api/v1/ledger", "/api/v1/explain",
        "/api/v1/notifications", "/api/v1/notifications/preview", "/api/v1/notifications/{notification_id}",
        "/api/v1/notifications/{notification_id}/mute", "/api/v1/notifications/{notification_id}/unmute",
        "/api/v1/notifications/{notification_id}/duplicate", "/api/v1/stand-ins", "/api/v1/stand-ins/{stand_in_id}",
        "/api/v1/team", "/api/v1/team/{user_id}", "/api/v1/whatif", "/api/v1/coverage", "/healthz", "/readyz", "/metrics",
    }  # fmt: skip
    text = anyone.get("/api/openapi.json").content.decode()
    for name in set(re.findall(r'"#/components/([^"]+)"', text)):
        kind, _, key = name.partition("/")
        assert key in document["components"][kind]
    assert set(document["paths"]["/api/v1/events"]["post"]["requestBody"]["content"]) == {
        "application/cloudevents+json", "application/cloudevents-batch+json", "application/json",
    }  # fmt: skip
    assert set(process.catalogue().fields) <= set(document["components"]["schemas"]["EventData"]["properties"])


def test_the_page_needs_nothing_from_elsewhere(anyone):
    found = anyone.get("/api/docs")
    page = found.content.decode()
    assert "script-src 'self'" in found["Content-Security-Policy"]
    assert "://" not in page
    # The one script without src is data, which a browser does not run
    assert re.findall(r"<script(?![^>]*src=)([^>]*)>", page) == [' type="application/json" id="swagger-settings"']
    for source in re.findall(r'(?:src|href)="(/static/[^"]+)"', page):
        with closing(anyone.get(source)) as file:
            assert file.status_code == 200
