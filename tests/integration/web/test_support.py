"""Requests for help: what is attached, to whom they belong, and where they are asked from."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs
from tests.integration.console.trouble import HOSTILE, composed
from tests.integration.web.studio import ANA, SAM, TOM, accept, event

from callboard.mail.models import PostedLetter
from callboard.people.models import User
from callboard.support.models import Post, Ticket
from callboard.support.rules import ALPHABET, MAX_TEXT
from callboard.web.views.faults import broken

OPERATORS = ("help@callboard.example", "ops@callboard.example")
SECRET_TITLE = "The Unseen Lighthouse"


@pytest.fixture
def ana(as_):
    return as_(ANA)


def ask(client, text="Please look at this.", category="too-many", **more):
    """Send the form; return the answer."""
    page = client.get("/support/new").content.decode()
    draft = re.search(r'name="draft" value="([^"]+)"', page)
    assert draft
    return client.post("/support/new", {"draft": draft[1], "category": category, "text": text, **more})


def asked(client, **more):
    """Send the form; return the request that is stored."""
    answer = ask(client, **more)
    assert answer.status_code == 302, answer.content.decode()
    return Ticket.objects.get(number=answer["Location"].split("/")[2].split("?")[0])


def page_of(client, url, status=200):
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def test_a_request_has_a_number_that_tells_nothing_and_its_state_is_seen(ana):
    numbers = [asked(ana).number for _ in range(3)]
    assert all(re.fullmatch(f"CB-[{ALPHABET}]{{6}}", one) for one in numbers)
    assert len(set(numbers)) == 3
    listed = page_of(ana, "/support")
    assert all(one in listed for one in numbers)
    assert listed.count(">Open<") == 3
    shown = page_of(ana, f"/support/{numbers[0].lower()}?sent=1")
    assert "Please look at this." in shown
    assert "Sent." in shown


def test_what_somebody_else_asked_does_not_exist(ana, as_, operator):
    ticket = asked(ana)
    for other in (as_(TOM), as_(SAM), as_(operator.email_key)):
        assert ticket.number not in page_of(other, "/support")
        assert other.get(f"/support/{ticket.number}").status_code == 404
        for do in ("write", "close"):
            said = {"do": do, "text": "Mine now", "draft": "d" * 32}
            assert other.post(f"/support/{ticket.number}", said).status_code == 404
    assert Post.objects.count() == 1
    assert Ticket.objects.get().state == "open"


def test_the_settings_are_attached_as_they_are(ana, pipeline):
    pipeline.import_notifications([{"id": "n-1", "user": ANA, "muted": True} | _custom()])
    context = asked(ana).context
    assert context["person"]["roles"] == ["Fulfillment Partner Operations"]
    assert context["person"]["partner"] == "Copperglass Post"
    assert context["person"]["time_zone"] == "Europe/Madrid"
    mine = {one["id"]: one for one in context["notifications"]}
    assert mine["n-1"]["muted"] is True
    assert len(mine) > 3
    assert context["events"] == []


def _custom():
    return {"name": "Second rounds", "event_type": "delivery.redelivery_requested", "frequency": "daily",
            "where": [{"field": "redelivery_round", "op": "at_least", "value": 2}]}  # fmt: skip


def test_a_mail_about_one_event_brings_its_explanation(ana, pipeline):
    composed(pipeline, event())
    (draft,) = accept(pipeline, event())  # the same again: its key
    form = page_of(ana, f"/support/new?about={draft.key}&from=mail")
    assert "Redelivery Requested · SR-00012345" in form
    assert re.search(r'value="unwanted"[^>]* checked', form)
    context = asked(ana, about=draft.key, **{"from": "mail", "attach": "on"}).context
    (explained,) = context["events"]
    assert explained["id"] == "e-1"
    assert explained["answer"].startswith("Yes:")
    assert context["mail"]["count"] == 1
    assert {one["event_type"] for one in explained["notifications"]} == {"delivery.redelivery_requested"}


def test_a_mail_about_several_brings_the_list_of_what_was_in_it(ana, pipeline):
    (mail,) = composed(pipeline, event("e-1"), event("e-2"))
    assert mail.user.email == ANA
    (draft,) = accept(pipeline, event("e-1"))
    context = asked(ana, about=draft.key, **{"from": "mail", "attach": "on"}).context
    assert context["events"] == []
    assert context["mail"]["message_id"] == mail.message_id
    assert [one["id"] for one in context["mail"]["items"]] == ["e-1", "e-2"]


def test_the_event_is_left_out_where_the_person_says_so(ana, pipeline):
    (draft,) = accept(pipeline, event())
    context = asked(ana, about=draft.key, **{"from": "mail"}).context
    assert context["events"] == []
    assert context["mail"] is None


@pytest.mark.parametrize("by", ["about", "named"])
def test_an_event_of_another_partner_is_attached_as_little_as_one_that_does_not_exist(by, ana, pipeline):
    (hidden,) = accept(pipeline, event("e-9", partner="tidewater", title=SECRET_TITLE) | {"subject": "SR-9"})
    words = {"about": (hidden.key, "0" * 32), "named": ("SR-9", "SR-8")}[by]
    forms, contexts = [], []
    for one in words:
        forms.append(re.sub(r'value="[^"]*"', "", page_of(ana, f"/support/new?{by}={one}&from=mail")))
        contexts.append(asked(ana, attach="on", **{by: one, "from": "mail"}).context)
    assert SECRET_TITLE not in str(contexts)
    assert forms[0] == forms[1]
    assert [contexts[0] | {"named": ""}] == [contexts[1] | {"named": ""}]


def test_an_event_that_is_named_is_explained_though_no_mail_told_of_it(as_, pipeline):
    accept(pipeline, event(event_type="delivery.processed"))
    sam = as_(SAM)
    for named in ("SR-00012345", "e-1"):
        (explained,) = asked(sam, named=named, category="missing").context["events"]
        assert explained["answer"].startswith("No:")


def test_who_loses_the_access_does_not_find_the_event_on_the_own_request(ana, pipeline):
    (draft,) = accept(pipeline, event(title=SECRET_TITLE))
    ticket = asked(ana, about=draft.key, attach="on")
    assert SECRET_TITLE in page_of(ana, f"/support/{ticket.number}")
    pipeline.import_people({"users": [{"email": ANA, "name": "Ana Ruiz", "partner": "tidewater",
                                       "roles": ["fulfillment_partner_operations"]}]})  # fmt: skip
    shown = page_of(ana, f"/support/{ticket.number}")
    assert SECRET_TITLE not in shown


@pytest.mark.parametrize(
    ("before", "kept"),
    [
        ("/history?q=salt", "/history"),
        ("/nothing/here#x", "/nothing/here"),
        ("/set-password/MQ/abc-123/", "/set-password/<uidb64>/<token>/"),
        ("/mute/7-0123456789abcdef", "/mute/<str:token>"),
        ("//evil.example/x", ""),
        ("https://evil.example/x", ""),
        ("javascript:alert(1)", ""),
    ],
)
def test_the_page_before_is_kept_without_what_opens_something(before, kept, ana):
    context = asked(ana, **{"from": before, "error": "0badc0de"}).context
    assert (context["page"], context["error"]) == (kept, "0badc0de")


def test_a_form_sent_twice_is_one_request(ana):
    said = {"draft": "a" * 32, "category": "other", "text": "Once"}
    answers = [ana.post("/support/new", said) for _ in range(2)]
    assert answers[0]["Location"] == answers[1]["Location"]
    ticket = Ticket.objects.get()
    for _ in range(2):
        ana.post(f"/support/{ticket.number}", {"draft": "b" * 32, "text": "Twice", "do": "write"})
    assert Post.objects.count() == 2


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"text": "  \r\n "}, "Write in a sentence or two"),
        ({"text": "x" * (MAX_TEXT + 1)}, "5,001 characters"),
        ({"category": "nothing"}, "Choose what it is about."),
    ],
)
def test_what_is_missing_is_said_and_what_was_typed_stays(said, fault, ana):
    answer = ask(ana, **{"text": "Kept words"} | said)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert fault in page
    assert said.get("text", "Kept words").strip() in page
    assert not Ticket.objects.exists()


def test_line_breaks_count_once_and_control_characters_are_spaces(ana):
    text = "x" * (MAX_TEXT - 2) + "\r\ny"
    asked(ana, text=text)
    asked(ana, text="a\x00b\u202ec\rd")
    first, second = Post.objects.order_by("id").values_list("text", flat=True)
    assert first == text.replace("\r", "")
    assert second == "a b c\nd"


def test_ten_requests_an_hour_are_taken_and_what_was_typed_stays(ana, as_):
    for _ in range(10):
        asked(ana)
    answer = ask(ana, text="The eleventh")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "3600"
    assert "The eleventh" in answer.content.decode()
    assert Ticket.objects.count() == 10
    asked(as_(TOM))


def test_a_conversation_goes_on_is_closed_and_opened_again(ana):
    ticket = asked(ana)
    url = f"/support/{ticket.number}"
    ana.post(url, {"do": "close"})
    assert "Write again to reopen it" in page_of(ana, url)
    assert Ticket.objects.get().state == "closed"
    ana.post(url, {"do": "write", "draft": "c" * 32, "text": "Still so"})
    assert Ticket.objects.get().state == "open"
    page = page_of(ana, url)
    assert page.index("Please look at this.") < page.index("Still so")
    assert ana.post(url, {"do": "write", "draft": "e" * 32, "text": ""}).status_code == 422


def test_letters_go_to_every_operator_and_the_page_says_who_hears_of_it(ana, settings):
    assert "no mail tells them of it" in page_of(ana, "/support/new")
    asked(ana)
    assert not PostedLetter.objects.exists()
    settings.CONFIG = replace(settings.CONFIG, operators=OPERATORS)
    assert "It is mailed to the people who run Callboard" in page_of(ana, "/support/new")
    asked(ana)
    assert sorted(PostedLetter.objects.values_list("address", flat=True)) == sorted(OPERATORS)


def test_without_sign_in_it_leads_there_and_back(browser, pipeline):
    del pipeline
    answer = browser.get("/support/new?from=/nothing&error=0badc0de")
    assert answer["Location"] == "/sign-in?next=/support/new%3Ffrom%3D/nothing%26error%3D0badc0de"


def test_pages_that_say_no_lead_to_the_form_and_name_themselves(ana, as_, settings):
    assert 'href="/support/new?from=%2Fnothing%2Fhere"' in page_of(ana, "/nothing/here", 404)
    strict = as_(ANA, enforce_csrf_checks=True)
    assert 'href="/support/new?from=%2Fsettings%2Fact"' in strict.post("/settings/act").content.decode()
    settings.ALLOWED_HOSTS = ["nobody.example"]
    assert 'href="/support/new?from=%2Fsettings"' in page_of(ana, "/settings", 400)


def test_a_page_that_breaks_names_its_error_and_needs_no_database(rf):
    with capture_logs() as logs:
        page = broken(rf.get("/history?q=x")).content.decode()  # this test may not use one
    error = re.search(r"This error is called ([0-9a-f]{8})\.", page)
    assert error
    assert [(one["error"], one["path"]) for one in logs] == [(error[1], "/history")]
    assert f'href="/support/new?from=%2Fhistory&amp;error={error[1]}"' in page


def test_the_panel_an_item_and_a_question_lead_to_the_form(ana, pipeline):
    (draft,) = accept(pipeline, event())
    assert 'href="/support/new?from=/settings"' in page_of(ana, "/settings")
    assert f"/support/new?about={draft.key}" in page_of(ana, f"/items/{draft.key}")
    assert "/support/new?from=/history&amp;named=SR-1" in page_of(ana, "/history?ask=SR-1")


def test_hostile_words_are_text(ana, pipeline):
    accept(pipeline, event(title=HOSTILE) | {"subject": HOSTILE})
    ticket = asked(ana, text=HOSTILE, named=HOSTILE)
    for url in ("/support", f"/support/{ticket.number}", f"/support/new?named={HOSTILE}&from=/{HOSTILE}"):
        page = page_of(ana, url)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page


def test_who_was_deactivated_reads_nothing_more(ana):
    ticket = asked(ana)
    User.objects.filter(email_key=ANA).update(is_active=False)
    assert ana.get(f"/support/{ticket.number}").status_code == 302


def test_a_request_is_dated_by_business_time(ana, at):
    at(timedelta(hours=3))
    ticket = asked(ana)
    assert "today at 14:00" in page_of(ana, f"/support/{ticket.number}")  # Madrid
