"""`/settings/stand-in`: a colleague is found, named for days of the person's clock, and either of the two ends it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.integration.web.studio import ANA, SAM, TOM, accept, event

from callboard.base.instants import to_us
from callboard.mail.models import PostedLetter
from callboard.people.models import StandIn
from callboard.people.values import TEST_HOST

PAGE = "/settings/stand-in"
BEN = "ben@copperglass.example"
NAME = {"do": "name", "delegate": BEN, "from": "2026-11-23", "until": "2026-12-04"}


@pytest.fixture
def pipeline(pipeline):
    """The studio with two more at Copperglass."""
    colleague = {"partner": "copperglass", "roles": ["fulfillment_partner_master"]}
    ben = colleague | {"email": BEN, "name": "Ben <b>Okri"}
    pipeline.import_people({"users": [ben, colleague | {"email": "cara@copperglass.example", "name": "Cara Ito"}]})
    return pipeline


def page_of(client):
    return client.get(PAGE).content.decode()


def test_a_colleague_is_named_for_whole_days_of_the_persons_clock(as_):
    ana = as_(ANA)
    assert ana.post(PAGE, NAME)["Location"] == PAGE
    row = StandIn.objects.get()
    assert row.from_us == to_us(datetime(2026, 11, 23, 10, tzinfo=UTC))
    assert row.until_us == to_us(datetime(2026, 12, 4, 23, tzinfo=UTC))  # the end of the day in Madrid
    page = page_of(ana)
    assert "Saved: Ben &lt;b&gt;Okri stands in for you until Fri 4 Dec." in page
    assert "Until Fri 4 Dec" in page
    assert PostedLetter.objects.count() == 2


def test_the_delegate_is_told_on_the_settings_page_and_can_stop_there(as_, pipeline):
    as_(ANA).post(PAGE, NAME)
    ben = as_(BEN)
    page = ben.get("/settings").content.decode()
    assert "You are standing in for <b><bdi>Ana Ruiz</bdi></b> until Fri 4 Dec at 23:00." in page
    stop = {"do": f"end {StandIn.objects.get().pk}", "back": "/settings"}
    assert ben.post(PAGE, stop)["Location"] == "/settings"
    page = ben.get("/settings").content.decode()
    assert "Ended: you no longer stand in for Ana Ruiz." in page
    assert "You are standing in" not in page
    accept(pipeline, event(redelivery_round=2))
    assert "Nothing has matched" in ben.get("/history").content.decode()


def test_one_for_later_is_told_as_such_and_cancelled(as_):
    ana = as_(ANA)
    ana.post(PAGE, NAME | {"from": "2026-11-30"})
    assert "From Mon 30 Nov until Fri 4 Dec" in page_of(ana)
    assert "You will stand in for" in page_of(as_(BEN))
    ana.post(PAGE, {"do": f"end {StandIn.objects.get().pk}"})
    assert "Nobody now." in page_of(ana)


def test_a_search_finds_colleagues_only_and_keeps_what_was_typed(as_):
    ana = as_(ANA)
    assert "Ben &lt;b&gt;Okri" in page_of(ana)
    assert "Tom Hale" not in page_of(ana)
    page = ana.post(PAGE, NAME | {"do": "search", "q": "cara ITO"}).content.decode()
    assert "Cara Ito" in page
    assert "Ben &lt;b&gt;Okri" not in page
    assert 'value="2026-12-04"' in page
    part = ana.post(PAGE, {"do": "search", "q": "tom"}, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "No active colleague" in part
    assert not StandIn.objects.exists()


def test_a_test_user_is_not_offered_as_a_stand_in(as_, pipeline):
    tried = {"email": f"try-1@{TEST_HOST}", "name": "Tried Out", "partner": "copperglass", "roles": []}
    pipeline.import_people({"users": [tried]})
    page = page_of(as_(ANA))
    assert "Cara Ito" in page
    assert "Tried Out" not in page


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"delegate": TOM}, "This colleague must be the address of an active colleague"),
        ({"delegate": ""}, "This colleague must be the address of an active colleague"),
        ({"delegate": ANA}, "This colleague is yourself"),
        ({"until": "2026-11-22"}, "The last day must be"),
        ({"until": "2027-12-04"}, "The last day must be at most 366 days from now"),
        ({"until": ""}, "The last day must be a date"),
        ({"from": "<script>"}, "The first day must be a date"),
        ({"until": "9999-12-31"}, "The last day must be"),
    ],
)
def test_what_can_not_be_is_refused_in_words_and_nothing_is_lost(as_, change, says):
    response = as_(ANA).post(PAGE, NAME | change)
    assert response.status_code == 422
    assert says in response.content.decode()
    assert "<script>" not in response.content.decode().replace('<script src="', "")
    assert not StandIn.objects.exists()


def test_ten_stand_ins_an_hour_are_named_and_the_next_is_refused_in_words(as_):
    ana = as_(ANA)
    for _ in range(10):
        assert ana.post(PAGE, NAME).status_code == 302
        ana.post(PAGE, {"do": f"end {StandIn.objects.latest('id').pk}"})
    letters = PostedLetter.objects.count()
    response = ana.post(PAGE, NAME)
    assert (response.status_code, response["Retry-After"]) == (429, "3600")
    assert "You have named ten stand-ins within an hour; wait a while" in response.content.decode()
    assert (StandIn.objects.count(), PostedLetter.objects.count()) == (10, letters)
    assert as_(BEN).post(PAGE, NAME | {"delegate": "cara@copperglass.example"}).status_code == 302


def test_a_mistake_is_not_counted_as_a_stand_in(as_):
    ana = as_(ANA)
    for _ in range(11):
        assert ana.post(PAGE, NAME | {"delegate": TOM}).status_code == 422
    assert ana.post(PAGE, NAME).status_code == 302


def test_nobody_else_ends_it_and_a_second_click_says_so(as_):
    as_(ANA).post(PAGE, NAME)
    end = {"do": f"end {StandIn.objects.get().pk}"}
    sam = as_(SAM)
    sam.post(PAGE, end)
    assert "Nothing to end" in page_of(sam)
    assert StandIn.objects.get().ended_us is None
    ben = as_(BEN)
    for _ in range(2):
        ben.post(PAGE, end)
    assert "Nothing to end" in page_of(ben)
    assert PostedLetter.objects.count() == 4


def test_what_makes_no_sense_is_not_there(as_):
    ana = as_(ANA)
    for do in ("", "promote", "end", "end x", "end " + "9" * 40):
        assert ana.post(PAGE, NAME | {"do": do}).status_code == 404


def test_it_needs_a_session_and_the_token(browser, as_):
    assert browser.get(PAGE)["Location"] == f"/sign-in?next={PAGE}"
    assert as_(ANA, enforce_csrf_checks=True).post(PAGE, NAME).status_code == 403
    assert not StandIn.objects.exists()
