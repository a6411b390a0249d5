"""One item's page: who may open it, what it says, and where it leads."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.integration.web.studio import ANA, CUSTOM, REDELIVERY, SAM, TOM, accept, event

from callboard.intake.cloudevents import read_event
from callboard.intake.models import EventRecord
from callboard.intake.store import find_event, park
from callboard.mail import store as outbox
from callboard.mail.models import Mail, MailState
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


def _without_address(page):
    """Return a page without what differs with the browser and the address that was asked for."""
    text = page.content.decode().replace(str(page.context["csrf_token"]), "")
    return text.replace(page.wsgi_request.path.rpartition("/")[2], "")


def test_another_partners_item_looks_like_one_that_does_not_exist(pipeline, as_):
    (draft,) = accept(pipeline, event())
    tom = as_(TOM)
    hidden, missing = tom.get(f"/items/{draft.key}"), tom.get(f"/items/{'0' * 32}")
    assert hidden.status_code == missing.status_code == 404
    same = [_without_address(one) for one in (hidden, missing)]
    assert same[0] == same[1]


@pytest.mark.parametrize("path", ["/items/a%00b", "/support/a%00b"])
def test_an_address_with_nul_is_of_nothing(as_, path):
    assert as_(ANA).get(path).status_code == 404


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


# Which notifications, and what can be done from here


def send(pipeline):
    """Compose what is due, as if the mail server had taken it."""
    pipeline.compose_due()
    outbox.set_state(
        Mail.objects.filter(state="queued").values_list("id", flat=True), MailState.SENT, pipeline.clock.at
    )


DEFAULT = f"{REDELIVERY}/fulfillment_partner_operations"


def item_of(client, draft):
    return client.get(f"/items/{draft.key}").content.decode()


def test_each_notification_leads_to_its_row_and_can_be_muted_or_changed_from_here(pipeline, as_):
    (draft,) = accept(pipeline, event(redelivery_round=2))
    ana = as_(ANA)
    page = item_of(ana, draft)
    settings = ana.get("/settings").content.decode()
    for anchor in ("n-n-1", f"n-{DEFAULT.replace('/', '%2F')}"):
        assert f'href="/settings#{anchor}"' in page
        assert f'id="{anchor}"' in settings
    assert 'value="mute custom n-1"' in page
    assert 'href="/settings/edit/n-1"' in page
    assert f'value="mute default {DEFAULT}"' in page
    assert f'href="/settings/duplicate/default/{DEFAULT.replace("/", "%2F")}"' in page
    for address in re.findall(r'href="(/settings/(?:edit|duplicate)/[^"]+)"', page):
        assert ana.get(address).status_code == 200
    assert ana.post("/settings/act", {"do": "mute custom n-1"})["Location"].endswith("#n-n-1")
    assert 'value="unmute custom n-1"' in item_of(ana, draft)


def test_a_notification_that_asked_and_is_deleted_is_named_kindly_and_comes_back(pipeline, as_):
    (draft,) = accept(pipeline, event(redelivery_round=2))
    ana = as_(ANA)
    ana.post("/settings/act", {"do": "delete custom n-1"})
    page = item_of(ana, draft)
    assert "Second rounds" in page
    assert "It asked for this then. You deleted it today at 11:00." in page
    ana.post("/settings/act", {"do": "bring-back custom n-1"})
    assert "You deleted it" not in item_of(ana, draft)


def test_a_deleted_notification_is_not_offered_back_after_its_thirty_days(pipeline, as_, at):
    (draft,) = accept(pipeline, event(redelivery_round=2))
    ana = as_(ANA)
    ana.post("/settings/act", {"do": "delete custom n-1"})
    at(timedelta(days=31))
    page = item_of(ana, draft)
    assert "You deleted it on Mon 23 Nov at 11:00." in page
    assert "bring-back" not in page


def test_a_default_of_a_role_that_is_gone_is_named_as_such(pipeline, as_):
    (draft,) = accept(pipeline, event())
    ana = as_(ANA)
    User.objects.filter(email_key=ANA).update(roles="fulfillment_partner_master")
    assert "a Default of a role that you no longer have" in item_of(ana, draft)


def test_a_notification_that_was_edited_since_says_so(pipeline, as_):
    (draft,) = accept(pipeline, event(redelivery_round=2))
    raised = CUSTOM | {"where": [{"field": "redelivery_round", "op": "at_least", "value": 3}]}
    pipeline.import_notifications([raised])
    assert "Asked for this. It was changed since." in item_of(as_(ANA), draft)
    pipeline.import_notifications(
        [
            CUSTOM
            | {
                "event_type": "material.updated",
                "where": [{"field": "content_type", "op": "any_of", "value": ["Branded"]}],
            }
        ]
    )
    assert "now it asks for another kind of event" in item_of(as_(ANA), draft)


def test_what_would_match_now_does_not_pretend_that_it_did_then(pipeline, as_):
    (draft,) = accept(pipeline, event())
    lowered = CUSTOM | {"where": [{"field": "redelivery_round", "op": "at_least", "value": 1}]}
    pipeline.import_notifications([lowered])
    assert "Matches now; it did not when this was decided." in item_of(as_(ANA), draft)


def test_a_hostile_notification_name_is_text(pipeline, as_):
    (draft,) = accept(pipeline, event(redelivery_round=2))
    hostile = "<img src=x onerror=alert(1)>"
    pipeline.import_notifications([CUSTOM | {"name": hostile}])
    ana = as_(ANA)
    assert hostile not in item_of(ana, draft)
    assert "&lt;img src=x" in item_of(ana, draft)
    ana.post("/settings/act", {"do": "delete custom n-1"})
    assert hostile not in item_of(ana, draft)


def test_an_event_set_aside_says_that_it_is_not_decided(pipeline, as_):
    pipeline.accept([read_event(event(), pipeline.catalogue)])
    (number,) = EventRecord.objects.values_list("id", flat=True)
    park(number, "a fault")
    page = as_(ANA).get(f"/items/{EventRecord.objects.get().key}").content.decode()
    assert "Not decided yet." in page
    assert "set aside until an operator has looked at it" in page


def test_a_sent_mail_leads_to_what_else_was_in_it(pipeline, as_):
    (draft,) = accept(pipeline, event())
    pipeline.clock.at += timedelta(hours=1)
    send(pipeline)
    assert "What else was in this mail" in item_of(as_(ANA), draft)
