"""The first screen, the frame around every page, and the pages for errors."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.web.studio import ANA, SAM, TOM, accept, event


def test_outside_the_demo_the_start_leads_on(as_, browser):
    assert browser.get("/")["Location"] == "/sign-in"
    assert as_(ANA).get("/")["Location"] == "/settings"


@pytest.mark.usefixtures("demo")
def test_the_demo_says_what_just_happened_and_whom_it_reached(pipeline, browser):
    accept(pipeline, *(event(f"e-{number}") for number in range(470)))
    page = browser.get("/").content.decode()
    assert "470 events" in page
    assert "1 mail for 1 person, at once, collecting" in page
    assert "470 events" in browser.get("/happened").content.decode()


@pytest.mark.usefixtures("demo")
def test_the_latest_bulk_action_stays_in_view(pipeline, browser):
    accept(pipeline, *(event(f"e-{number}") for number in range(100)))
    for number in range(20):
        pipeline.clock.at += timedelta(seconds=5)
        accept(pipeline, event(f"later-{number}"))
    assert "100 events" in browser.get("/happened").content.decode()


@pytest.mark.usefixtures("demo")
def test_a_single_event_reads_as_one(pipeline, browser):
    accept(pipeline, event(redelivery_round=2))
    page = browser.get("/happened").content.decode()
    assert "mailing 1 person now" in page
    assert "1 event and 0 mails in the last 24 hours" in page


@pytest.mark.usefixtures("demo")
def test_the_search_finds_everybody_and_shows_who_is_deactivated(pipeline, browser):
    page = browser.get("/?who=tidewater").content.decode()
    assert "Tom Hale" in page
    assert "Ana Ruiz" not in page
    pipeline.import_people(
        {"users": [{"email": SAM, "name": "Sam Okafor", "partner": "the-studio", "roles": [], "active": False}]}
    )
    assert "Deactivated" in browser.get("/?who=okafor").content.decode()
    assert "Nobody is called that" in browser.get("/?who=<script>").content.decode()


@pytest.mark.usefixtures("db")
def test_no_robot_is_invited(browser):
    assert browser.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"
    assert "noindex" in browser.get("/sign-in")["X-Robots-Tag"]


def test_pages_stay_out_of_shared_caches_and_under_the_strict_policy(as_):
    response = as_(ANA).get("/settings")
    assert response["Cache-Control"].startswith("private") or "no-store" in response["Cache-Control"]
    policy = response["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["/", "/sign-in", "/settings", "/history", "/mailbox", "/?who=o", "/nope"])
@pytest.mark.usefixtures("demo")
def test_no_page_has_inline_scripts_or_styles(as_, path):
    page = as_(TOM).get(path).content.decode()
    assert "style=" not in page
    assert "<style" not in page
    assert "<script>" not in page
    assert " onclick=" not in page


@pytest.mark.usefixtures("db")
def test_what_is_not_there_says_so(browser):
    response = browser.get("/nope")
    assert response.status_code == 404
    assert b"There is no such page" in response.content


@pytest.mark.usefixtures("db")
def test_a_fault_of_ours_says_so(browser, settings):
    browser.raise_request_exception = False
    settings.CONFIG = None
    response = browser.get("/mute/1-0")
    assert response.status_code == 500
    assert b"Something broke here" in response.content


@pytest.mark.usefixtures("db")
def test_another_host_is_refused_in_plain_words(browser):
    response = browser.get("/sign-in", HTTP_HOST="evil.example")
    assert response.status_code == 400
    assert b"makes no sense" in response.content
    assert b"evil.example" not in response.content
