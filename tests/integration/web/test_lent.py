"""What came through a stand-in: the delegate's item page, history and mute link say so, and act on own settings only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.web.studio import ANA, CUSTOM, accept, event, mute_url

from callboard.mail.models import Mail
from callboard.people import standing
from callboard.preferences.models import MuteRecord
from callboard.web import viewer

BEN = "ben@copperglass.example"
ADD_BEN = {
    "users": [{"email": BEN, "name": "Ben Okri", "partner": "copperglass", "roles": ["fulfillment_partner_master"]}]
}

ANA_AWAY = {"email": ANA, "name": "Ana Ruiz", "partner": "tidewater", "roles": ["fulfillment_partner_operations"]}


@pytest.fixture
def stood(pipeline):
    """Ben stands in for Ana, who asks for second rounds."""
    pipeline.import_people(ADD_BEN)
    pipeline.import_notifications([CUSTOM | {"frequency": "immediately"}])
    pipeline.world.refresh()
    directory, now = pipeline.world.directory, pipeline.now()
    ana = directory.by_email(ANA)
    return standing.name_delegate(ana, BEN, directory, now, ends_at=now + timedelta(days=11, hours=13))


@pytest.mark.usefixtures("stood")
def test_the_item_page_says_for_whom_and_which_notifications_and_offers_no_change_of_them(pipeline, as_):
    (draft,) = accept(pipeline, event(redelivery_round=2))
    page = as_(BEN).get(f"/items/{draft.key}").content.decode()
    assert "You were standing in for Ana Ruiz, who asked for it, at once." in page
    assert "For <bdi>Ana Ruiz</bdi>" in page
    assert "You are standing in until Fri 4 Dec" in page
    assert "Second rounds" in page
    assert "Asked for this." in page
    assert 'value="mute' not in page
    assert "/settings/edit/n-1" not in page
    own = as_(ANA).get(f"/items/{draft.key}").content.decode()
    assert "standing in" not in own


@pytest.mark.usefixtures("stood")
def test_a_default_of_the_other_says_what_concerns_the_others_partner(pipeline, as_):
    lisbon = {"id": "lisbon", "name": "Copperglass Lisbon", "kind": "fulfillment_partner", "parent": "copperglass"}
    pipeline.import_people({"partners": [lisbon], "users": [ADD_BEN["users"][0] | {"partner": "lisbon"}]})
    (draft,) = accept(pipeline, event(partner="lisbon"))
    page = as_(BEN).get(f"/items/{draft.key}").content.decode()
    assert "everything that concerns Copperglass Post and its sites" in page


@pytest.mark.usefixtures("stood")
def test_a_default_of_one_who_moved_away_since_does_not_say_where_to(pipeline, as_):
    (draft,) = accept(pipeline, event())
    pipeline.import_people({"users": [ANA_AWAY]})
    viewer.forget_people()
    page = as_(BEN).get(f"/items/{draft.key}").content.decode()
    assert "For <bdi>Ana Ruiz</bdi>" in page
    assert "Tidewater" not in page


@pytest.mark.usefixtures("stood")
def test_an_item_for_both_says_both(pipeline, as_):
    pipeline.import_notifications([CUSTOM | {"id": "n-2", "user": BEN, "name": "Bens"}])
    (draft,) = accept(pipeline, event(redelivery_round=2))
    ben = as_(BEN)
    page = ben.get(f"/items/{draft.key}").content.decode()
    assert "You asked for it, and so did Ana Ruiz, for whom you were standing in; the fastest says at once." in page
    assert "also for Ana Ruiz" in ben.get("/history").content.decode()


def test_after_its_end_the_page_still_tells_what_was(pipeline, as_, stood):
    (draft,) = accept(pipeline, event(redelivery_round=2))
    standing.end(stood.person, stood.about.id, pipeline.world.directory, pipeline.now())
    page = as_(BEN).get(f"/items/{draft.key}").content.decode()
    assert "You stood in until Mon 23 Nov at " in page
    assert "Asked for this." in page


@pytest.mark.usefixtures("stood")
def test_the_history_says_for_whom(pipeline, as_):
    accept(pipeline, event(redelivery_round=2))
    assert "<bdi>for Ana Ruiz</bdi>" in as_(BEN).get("/history").content.decode()
    assert "for Ana Ruiz" not in as_(ANA).get("/history").content.decode()


@pytest.mark.usefixtures("stood")
def test_an_event_without_a_row_is_explained_for_both(pipeline, as_):
    (draft,) = accept(pipeline, event(event_type="delivery.redelivery_requested", partner="copperglass", actor=ANA))
    page = as_(BEN).get(f"/history?ask={draft.id}").content.decode()
    assert "For <bdi>Ana Ruiz</bdi>" in page
    assert "One condition does not hold." in page


def test_c3_the_mute_link_of_a_mail_for_somebody_else_changes_nothing_and_says_where_to_stop(pipeline, browser, stood):
    del stood
    accept(pipeline, event(redelivery_round=2))
    pipeline.clock.at += timedelta(minutes=1)
    pipeline.compose_due()
    url = mute_url(pipeline, of(BEN))
    page = browser.get(url).content.decode()
    assert "Nothing of yours to mute" in page
    assert "/settings/stand-in" in page
    assert "Ana" not in page
    done = browser.post(url)
    assert done.status_code == 200
    assert "Nothing changed" in done.content.decode()
    assert not MuteRecord.objects.exists()


def of(email):
    return Mail.objects.get(user__email=email)
