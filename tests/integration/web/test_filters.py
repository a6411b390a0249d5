"""`/settings/filters`: the page and the files, for the person alone."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from tests.integration.web.studio import ANA, SAM

FILES = {
    "callboard.sieve": "application/sieve; charset=utf-8",
    "mailFilters.xml": "application/atom+xml; charset=utf-8",
    "callboard-outlook.txt": "text/plain; charset=utf-8",
}


def test_the_page_shows_script_and_steps_and_names_every_file(as_):
    page = as_(ANA).get("/settings/filters").content.decode()
    assert "Filters for your mail program" in page
    assert "fileinto :create" in page
    assert "List-Id: &lt;comment.added.callboard.example&gt;" in page
    assert all(f'href="/settings/filters/{name}"' in page for name in FILES)
    assert "for=everyone" not in page


@pytest.mark.parametrize(("name", "media_type"), FILES.items())
def test_each_file_is_a_download_of_its_type(as_, name, media_type):
    response = as_(ANA).get(f"/settings/filters/{name}")
    assert response["Content-Type"] == media_type
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    assert "Callboard" in response.content.decode("utf-8")


def test_the_gmail_file_is_xml_with_the_persons_own_filters(as_):
    ana, sam = (as_(one).get("/settings/filters/mailFilters.xml").content for one in (ANA, SAM))
    assert ET.fromstring(ana).tag.endswith("feed")  # noqa: S314 - our own text
    assert b"list:delivery.processed.callboard.example" in ana
    assert b"delivery.processed" not in sam
    assert ANA.encode() not in sam


def test_a_change_of_settings_is_in_the_next_file(as_):
    ana = as_(ANA)
    assert b"x-callboard-kind" in ana.get("/settings/filters/callboard.sieve").content
    ana.post("/settings/act", {"do": "delete custom n-1"})
    assert b"x-callboard-kind" not in ana.get("/settings/filters/callboard.sieve").content


def test_only_operators_get_the_rules_for_everyone(as_, operator):
    for path in ("/settings/filters", *(f"/settings/filters/{name}" for name in FILES)):
        assert as_(ANA).get(f"{path}?for=everyone").status_code == 404
        assert b"everyone" in as_(operator.email_key).get(f"{path}?for=everyone").content
    assert as_(operator.email_key).get("/settings/filters").status_code == 200


@pytest.mark.parametrize("path", ["/settings/filters", "/settings/filters/callboard.sieve"])
def test_nobody_gets_anything_without_sign_in(browser, pipeline, path):  # noqa: ARG001 - its database
    response = browser.get(path)
    assert response.status_code == 302
    assert response["Location"].startswith("/sign-in?")


@pytest.mark.parametrize("name", ["other.txt", "callboard.sieve.txt", "..", "CALLBOARD.SIEVE"])
def test_there_are_no_other_files(as_, name):
    assert as_(ANA).get(f"/settings/filters/{name}").status_code == 404


def test_the_page_only_answers_reads(as_):
    assert as_(ANA).post("/settings/filters").status_code == 405
