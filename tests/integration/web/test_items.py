"""One item's page: who may open it, what it says, and where it leads."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.integration.web.studio import ANA, SAM, TOM, accept, event

from callboard.intake.store import find_event
from callboard.people.models import User
from callboard.web import viewer
from callboard.web.views.items import portal_url


def test_the_page_says_what_happened_and_why_it_was_mailed(pipeline, as_):
    (draft,) = accept(pipeline, event())
    page = as_(ANA).get(f"/items/{draft.key}").content.decode()
    assert "The Salt Cartographers, S1 E4" in page
    assert "today at 10:14 (Europe/Madrid)" in page
    assert "You will be mailed today at 11:00" in page
    assert "Default, from your role Fulfillment Partner Operations" in page
    assert "One condition does not hold." in page


def test_who_has_nothing_that_matches_reads_why_not(pipeline, as_):
    (draft,) = accept(pipeline, event(event_type="material.updated"))
    page = as_(SAM).get(f"/items/{draft.key}").content.decode()
    assert "You were not mailed." in page


@pytest.mark.parametrize("email", [ANA, SAM])
def test_the_own_partner_and_the_studio_may_open_it(pipeline, as_, email):
    (draft,) = accept(pipeline, event())
    assert as_(email).get(f"/items/{draft.key}").status_code == 200


def test_another_partners_item_looks_like_one_that_does_not_exist(pipeline, as_):
    (draft,) = accept(pipeline, event())
    tom = as_(TOM)
    hidden, missing = tom.get(f"/items/{draft.key}"), tom.get(f"/items/{'0' * 32}")
    assert hidden.status_code == missing.status_code == 404
    same = [one.content.decode().replace(str(one.context["csrf_token"]), "") for one in (hidden, missing)]
    assert same[0] == same[1]


def test_who_loses_the_role_loses_the_item_at_once(pipeline, as_):
    (draft,) = accept(pipeline, event())
    ana = as_(ANA)
    assert ana.get(f"/items/{draft.key}").status_code == 200
    User.objects.filter(email_key=ANA).update(roles="")
    assert ana.get(f"/items/{draft.key}").status_code == 404


def test_without_sign_in_it_asks_to_sign_in_and_leads_back(pipeline, browser):
    (draft,) = accept(pipeline, event())
    response = browser.get(f"/items/{draft.key}")
    assert response.status_code == 302
    assert response["Location"] == f"/sign-in?next=/items/{draft.key}"


def test_the_way_into_the_portal_encodes_the_subject(pipeline):
    catalogue = replace(viewer.catalogue(), item_url="https://portal.example/requests/{subject}")
    (draft,) = accept(pipeline, event() | {"subject": "a/../b?x=1#y"})
    found = find_event(key=draft.key)
    assert found
    assert portal_url(found, catalogue) == "https://portal.example/requests/a%2F..%2Fb%3Fx%3D1%23y"
    assert portal_url(found, viewer.catalogue()) == ""


@pytest.mark.parametrize("page", ["/items/{key}", "/history", "/", "/happened"])
@pytest.mark.usefixtures("demo")
def test_a_hostile_title_is_text_on_every_page(pipeline, as_, page):
    hostile = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'\u202e"
    (draft,) = accept(pipeline, event(title=hostile, title_names=[hostile, hostile], comment=hostile, actor=hostile))
    text = as_(ANA).get(page.format(key=draft.key)).content.decode()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;" in text
