"""POST /api/v1/bounces: reports with a key that can do nothing else."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.api.studio import HOST, event, problem, send, stored
from tests.reports import ARF, AWAY, postfix

from callboard.base.rights import KeyRight
from callboard.intake.store import make_key, revoke_key
from callboard.mail.feedback.store import count_reports
from callboard.mail.feedback.taking import RESULTS

FAR = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def server(pipeline):
    """A client that posts reports as a mail server's script does."""
    key = make_key("mail server", pipeline.now(), KeyRight.BOUNCES)
    return Client(SERVER_NAME=HOST, headers={"authorization": f"Bearer {key}"}, enforce_csrf_checks=True)


def report(client, raw, kind="message/rfc822", query="", **options):
    return client.post(f"/api/v1/bounces{query}", data=raw, content_type=kind, **options)


@pytest.mark.parametrize(
    ("raw", "result"), [(postfix(), "not-ours"), (ARF, "not-ours"), (AWAY, "auto-reply"), (b"hello", "other")]
)
def test_a_report_about_no_mail_of_ours_is_taken_and_counted(server, raw, result):
    assert report(server, raw, query="?recipient=bounces%2B1.0@callboard.example").json() == {"result": result}
    assert count_reports(RESULTS) == dict.fromkeys(RESULTS, 0) | {result: 1}


def test_what_can_not_be_read_is_refused_with_the_reason_and_counted(server):
    found = problem(report(server, b"Content-Type: message/rfc822\n\n" * 5_000), 422, "invalid")
    assert "breaks the parser" in found["detail"]
    problem(report(server, b" "), 422, "invalid")
    assert count_reports(RESULTS)["unreadable"] == 2


def test_too_large_and_other_types_are_refused(server):
    problem(report(server, b"x", "text/plain"), 415, "unsupported-media-type")
    problem(report(server, b"x" * (10 * 1024 * 1024 + 1)), 413, "too-large")
    problem(server.get("/api/v1/bounces"), 405, "method-not-allowed")
    assert sum(count_reports(RESULTS).values()) == 0


def test_a_key_does_what_it_was_made_for_and_nothing_else(server, portal, ana, pipeline):
    problem(send(server, event()), 401, "unauthorized")
    problem(server.get("/metrics", **FAR), 403, "forbidden")
    problem(server.get("/api/v1/notifications"), 401, "unauthorized")
    problem(report(portal, postfix()), 401, "unauthorized")
    problem(report(ana, postfix()), 401, "unauthorized")
    assert revoke_key("mail server", pipeline.now())
    problem(report(server, postfix()), 401, "unauthorized")
    assert stored() == 0
    assert sum(count_reports(RESULTS).values()) == 0
