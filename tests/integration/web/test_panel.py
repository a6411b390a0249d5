"""The settings and the history: what they show, and what their forms do."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from tests.integration.web.studio import ANA, CUSTOM, NOW, PROCESSED, REDELIVERY, TOM, accept, event

from callboard.people.models import User
from callboard.preferences import store
from callboard.preferences.values import Kind, MutedBy, Ref
from callboard.web.viewer import catalogue

DEFAULT = f"{REDELIVERY}/fulfillment_partner_operations"


def mute_of(email, ref):
    return store.mutes_of(User.objects.get(email_key=email).id).get(ref)


def act(client, wish, id_=DEFAULT, kind="default", **more):
    return client.post("/settings/act", {"do": f"{wish} {kind} {id_}", **more})


def test_both_kinds_are_listed_and_told_apart(as_):
    page = as_(ANA).get("/settings").content.decode()
    assert "From your role Fulfillment Partner Operations" in page
    assert "“<bdi>Second rounds</bdi>”" in page
    assert "Daily, 08:00" in page
    assert "Europe/Madrid" in page
    assert f'id="n-{quote(DEFAULT, safe="")}"' in page
    assert 'id="n-n-1"' in page


def test_the_search_finds_by_name_and_says_when_nothing_matches(as_):
    ana = as_(ANA)
    assert ana.get("/settings?q=SECOND rounds").content.count(b'class="row') > 0
    page = ana.get("/settings?q=<b>nothing</b>").content.decode()
    assert "Nothing of yours matches “&lt;b&gt;nothing&lt;/b&gt;”" in page


@pytest.mark.parametrize(
    ("wish", "span"), [("mute", None), ("mute-day", timedelta(days=1)), ("mute-week", timedelta(days=7))]
)
def test_muting_lasts_as_long_as_it_says(as_, wish, span):
    ana = as_(ANA)
    response = act(ana, wish)
    assert response["Location"] == f"/settings#n-{quote(DEFAULT, safe='')}"
    mute = mute_of(ANA, Ref(DEFAULT, Kind.DEFAULT))
    assert mute.muted
    assert mute.by is MutedBy.PERSON
    assert mute.until == (NOW + span if span else None)
    assert b"Muted until" in ana.get("/settings").content
    act(ana, "unmute")
    assert not mute_of(ANA, Ref(DEFAULT, Kind.DEFAULT)).muted


def test_a_deleted_notification_can_be_brought_back_from_the_notice(as_):
    ana = as_(ANA)
    act(ana, "delete", "n-1", "custom")
    page = ana.get("/settings").content.decode()
    assert 'id="n-n-1"' not in page
    assert 'value="bring-back custom n-1"' in page
    act(ana, "bring-back", "n-1", "custom")
    assert 'id="n-n-1"' in ana.get("/settings").content.decode()


@pytest.mark.parametrize("wish", ["mute", "unmute", "delete", "bring-back"])
def test_somebody_elses_notification_does_not_exist(as_, wish):
    assert act(as_(TOM), wish, "n-1", "custom").status_code == 404
    assert [one.id for one in store.load_book(catalogue()).customs.values()] == [CUSTOM["id"]]


@pytest.mark.parametrize(("wish", "kind"), [("delete", "default"), ("no-such", "default"), ("mute", "no-such")])
def test_what_a_form_never_asks_is_not_found(as_, wish, kind):
    assert act(as_(ANA), wish, kind=kind).status_code == 404


def test_forms_need_the_csrf_token(as_):
    client = as_(ANA, enforce_csrf_checks=True)
    response = act(client, "mute")
    assert response.status_code == 403
    assert b"This form is too old" in response.content
    assert mute_of(ANA, Ref(DEFAULT, Kind.DEFAULT)) is None


@pytest.mark.usefixtures("pipeline")
def test_a_notification_that_the_owner_may_not_see_any_more_is_inactive(as_):
    User.objects.filter(email_key=ANA).update(roles="")
    page = as_(ANA).get("/settings").content.decode()
    assert "your roles no longer see this event type" in page


def test_the_history_folds_a_bulk_action_and_shows_why_not(as_, pipeline):
    accept(pipeline, *(event(f"e-{number}") for number in range(40)))
    act(as_(ANA), "mute", f"{PROCESSED}/fulfillment_partner_operations")
    accept(pipeline, event("e-muted", PROCESSED))
    page = as_(ANA).get("/history").content.decode()
    assert "and 39 more events" in page
    assert "Collecting" in page
    assert "Muted" in page


def test_the_history_shows_only_what_the_person_may_see_now(as_, pipeline):
    accept(pipeline, event())
    ana = as_(ANA)
    assert b"Redelivery requested" in ana.get("/history").content
    User.objects.filter(email_key=ANA).update(roles="")
    assert b"Redelivery requested" not in ana.get("/history").content


def test_the_history_has_pages(as_, pipeline):
    for number in range(55):
        pipeline.clock.at = NOW + timedelta(seconds=number)
        accept(pipeline, event(f"e-{number}"))
    ana = as_(ANA)
    first = ana.get("/history")
    assert first.context["more"]
    older = ana.get(f"/history?before={first.context['more']}")
    assert older.context["more"] is None
    assert sum(len(entries) for _, entries in older.context["days"]) == 5
    assert ana.get("/history?before=nonsense").status_code == 200


def test_an_operator_without_partner_has_an_empty_page(as_, operator):
    page = as_(operator.email_key).get("/settings").content.decode()
    assert "nothing is mailed to you" in page
    assert as_(operator.email_key).get("/history").status_code == 200
