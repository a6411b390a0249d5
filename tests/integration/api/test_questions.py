"""What people ask: always under A1-A4, so that what others see is not even counted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings
from tests.integration.api.studio import EVENT_TYPE, event, notification, post, problem, send

from callboard.intake.cloudevents import Draft, read_line
from callboard.intake.store import add_events


def values(client, field, q=""):
    return [(one["value"], one["label"]) for one in client.get(f"/api/v1/fields/{field}/values", {"q": q}).json()]


def store(pipeline, raw, ago=timedelta(0)):
    draft = read_line(json.dumps(raw).encode(), pipeline.catalogue)
    assert isinstance(draft, Draft)
    add_events([draft], pipeline.now() - ago)


def decide(pipeline):
    while pipeline.decide_accepted():
        pass


def test_event_types_are_those_of_the_roles(ana, sam, pipeline):
    seen = {one["id"]: one for one in ana.get("/api/v1/event-types").json()}
    assert not [one for one in seen if one.startswith("account.")]
    assert {one["id"] for one in sam.get("/api/v1/event-types").json()} == set(pipeline.catalogue.event_types)
    fields = {one["key"]: one for one in seen[EVENT_TYPE]["fields"]}
    assert fields["content_type"]["operators"] == ["any_of", "none_of"]
    assert "Branded" in fields["content_type"]["values"]
    assert seen[EVENT_TYPE]["importance"] == "critical"


def test_listed_values_come_from_the_catalogue(ana):
    assert values(ana, "content_type", "brand") == [("Branded", "Branded"), ("Non-Branded", "Non-Branded")]
    assert ("pt-BR", "Portuguese, Brazil (pt-BR)") in values(ana, "language", "portug")
    assert values(ana, "redelivery_round") == []
    problem(ana.get("/api/v1/fields/no_such/values"), 404, "not-found")
    problem(ana.get("/api/v1/fields/content_type/values", {"q": "x" * 201}), 422, "invalid")


def test_a_field_of_hidden_event_types_is_not_there(ana, sam, pipeline):
    types = pipeline.catalogue.event_types.values()
    hidden = {key for one in types if one.id.startswith("account.") for key in one.fields}
    hidden -= {key for one in types if not one.id.startswith("account.") for key in one.fields}
    for key in hidden:
        problem(ana.get(f"/api/v1/fields/{key}/values"), 404, "not-found")
        assert sam.get(f"/api/v1/fields/{key}/values").status_code == 200


def test_titles_are_those_of_visible_events_by_their_newest_name(ana, tom, sam, portal):
    send(portal, event("e-1", title_id=["7", "9"], title_names=["S1 E4", "Old Name"]))
    send(portal, event("e-2", title_id=["8", "9"], title_names=["S1 E5", "The Salt Cartographers"]))
    send(portal, event("e-3", partner="tidewater", title_id=["66"], title_names=["Secret Project"]))
    assert values(ana, "title_id") == [("8", "S1 E5"), ("9", "The Salt Cartographers"), ("7", "S1 E4")]
    assert values(ana, "title_id", "SALT") == [("9", "The Salt Cartographers")]
    assert values(ana, "title_id", "secret") == []
    assert values(tom, "title_id") == [("66", "Secret Project")]
    assert len(values(sam, "title_id")) == 4


def test_partners_are_own_below_and_those_of_visible_events(ana, tom, sam, portal):
    assert values(ana, "fulfillment_partner") == [
        ("copperglass-lisbon", "Copperglass Lisbon"),
        ("copperglass", "Copperglass Post"),
    ]
    assert values(ana, "content_partner") == []
    send(portal, event())
    assert values(ana, "content_partner") == [("brackenfold", "Brackenfold Pictures")]
    assert values(tom, "content_partner") == []
    assert values(sam, "fulfillment_partner", "tide") == [("tidewater", "Tidewater Media")]


def preview(client, **changes):
    asked = notification(**changes)
    found = post(client, "notifications/preview", asked)
    assert found.status_code == 200, found.content
    return found.json()


def test_a_preview_counts_what_the_person_may_see(ana, tom, pipeline):
    for number in range(6):
        store(pipeline, event(f"e-{number}", title="<b>Salt</b>\r\n"), ago=timedelta(days=number))
    store(pipeline, event("trailer", content_type="Trailer"))
    store(pipeline, event("old"), ago=timedelta(days=31))
    store(pipeline, event("other", partner="tidewater"))
    store(pipeline, event("below", partner="copperglass-lisbon"))
    store(pipeline, event("own", actor="ana@copperglass.example"), ago=timedelta(days=6, hours=1))
    found = preview(ana)
    assert (found["total"], found["matching"], found["approximate"]) == (9, 8, False)
    assert found["days"] == 30
    # Own actions match but are not mailed (D4); "below" and "e-0" share the collapse window (S1)
    assert found["mails_per_week"]["immediately"] == pytest.approx(6 * 7 / 30, abs=0.06)
    assert found["mails_per_week"]["weekly"] <= 2 * 7 / 30 + 0.06
    assert [one["event"] for one in found["samples"]][:2] == ["below", "e-0"]
    assert len(found["samples"]) == 5
    assert "\n" not in found["samples"][1]["says"]
    overlaps = {one["id"]: one["events"] for one in found["overlaps"]}
    assert overlaps[f"{EVENT_TYPE}/fulfillment_partner_operations"] == 8
    assert preview(tom)["total"] == 1


def test_a_preview_of_nothing(ana):
    found = preview(ana)
    assert (found["total"], found["matching"], found["samples"], found["overlaps"]) == (0, 0, [], [])
    assert set(found["mails_per_week"].values()) == {0.0}


def test_a_preview_checks_like_creating(ana):
    problem(post(ana, "notifications/preview", notification(where=[])), 422, "invalid")
    problem(post(ana, "notifications/preview", notification(muted=True)), 422, "invalid")
    hidden = next(one for one in ("account.user_added", "account.changed", "account.user_changed"))
    problem(post(ana, "notifications/preview", notification(event_type=hidden)), 422, "invalid")


def test_the_ledger_is_own_and_of_what_is_visible_now(ana, tom, portal, pipeline):
    for number in range(5):
        send(portal, event(f"e-{number}"))
    send(portal, event("other", partner="tidewater"))
    decide(pipeline)
    rows = ana.get("/api/v1/ledger").json()
    assert [one["event"] for one in rows] == ["e-4", "e-3", "e-2", "e-1", "e-0"]
    assert rows[0]["user"] == "ana@copperglass.example"
    assert (rows[0]["outcome"], rows[0]["reason"], rows[0]["state"]) == ("notify", "matched", "scheduled")
    assert [one["event"] for one in tom.get("/api/v1/ledger").json()] == ["other"]
    pages = []
    address = "/api/v1/ledger?limit=2"
    while address:
        found = ana.get(address)
        pages.append([one["event"] for one in found.json()])
        link = found.headers.get("Link", "")
        address = link[1 : link.index(">")] if link else ""
    assert [one for page in pages for one in page] == [one["event"] for one in rows]
    # Moved to another company: what was told then is out of sight now
    moved = {"email": "ana@copperglass.example", "name": "Ana Ruiz", "partner": "tidewater",
             "roles": ["fulfillment_partner_operations"]}  # fmt: skip
    pipeline.import_people({"partners": [], "users": [moved]})
    assert ana.get("/api/v1/ledger").json() == []
    for wrong in ("limit=0", "limit=201", "limit=x", "before=0", "before=x"):
        problem(ana.get(f"/api/v1/ledger?{wrong}"), 422, "invalid")


def test_explain_is_own_and_hides_what_is_out_of_sight(ana, tom, sam, portal, pipeline):
    send(portal, event())
    decide(pipeline)
    found = ana.get("/api/v1/explain", {"event": "e-1", "source": "portal"}).json()
    assert found["user"] == "ana@copperglass.example"
    assert found["decision"]["outcome"] == "notify"
    assert any(one["matches"] for one in found["notifications"])
    assert sam.get("/api/v1/explain", {"event": "e-1"}).json()["access"]["answer"] == "allowed"
    hidden = problem(tom.get("/api/v1/explain", {"event": "e-1"}), 404, "not-found")
    assert problem(tom.get("/api/v1/explain", {"event": "e-2"}), 404, "not-found") == hidden
    problem(ana.get("/api/v1/explain", {"event": "\x00"}), 404, "not-found")
    problem(ana.get("/api/v1/explain"), 422, "invalid")


def test_explain_names_only_visible_sources(ana, portal):
    send(portal, event())
    send(portal, event(partner="tidewater") | {"source": "secret"})
    assert ana.get("/api/v1/explain", {"event": "e-1"}).json()["event"]["source"] == "portal"
    send(portal, event() | {"source": "portal-2"})
    found = problem(ana.get("/api/v1/explain", {"event": "e-1"}), 422, "invalid")
    assert "portal-2" in found["detail"]
    assert "secret" not in found["detail"]


def test_a_preview_does_not_wait_for_a_window_when_told_not_to(ana, pipeline):
    for number in range(3):
        store(pipeline, event(f"e-{number}"))
    waiting = preview(ana)["mails_per_week"]["immediately"]
    known = settings.CONFIG
    try:
        settings.CONFIG = replace(known, collapse_s=0.0)
        assert preview(ana)["mails_per_week"]["immediately"] > waiting
    finally:
        settings.CONFIG = known
