"""Requests in the console: read with their context, answered, closed, and all of it written down."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from tests.integration.console.trouble import HOSTILE, deed
from tests.integration.web.studio import ANA, TOM, accept, event
from tests.integration.web.test_support import asked

from callboard.mail.models import PostedLetter
from callboard.support import store
from callboard.support.models import Post, Ticket
from callboard.support.values import TicketState


@pytest.fixture
def olga(operator, as_):
    return as_(operator.email_key)


def row_url(ticket):
    return f"/console/support/ticket/{ticket.pk}/change/"


def answer(client, ticket, text="Done.", do="answer", draft="a" * 32):
    return client.post(f"/console/requests/{ticket.pk}/answer", {"text": text, "do": do, "draft": draft})


def test_requests_are_found_by_state_category_number_and_person(olga, as_):
    mine = asked(as_(ANA))
    other = asked(as_(TOM), category="missing")
    store.set_state([other.pk], TicketState.CLOSED, _now())
    for query, wanted in (
        ("?state=open", mine), ("?state=closed", other), ("?about=missing", other), (f"?q={mine.number[3:]}", mine),
        (f"?q={mine.number.lower()}", mine), (f"?q={TOM}", other),
    ):  # fmt: skip
        page = olga.get(f"/console/support/ticket/{query}").content.decode()
        assert [one.number for one in (mine, other) if one.number in page] == [wanted.number], query


def _now():
    from callboard.console.known import now  # noqa: PLC0415 - the settings of the test

    return now()


def test_a_request_shows_its_settings_and_the_explanation(olga, as_, pipeline):
    (draft,) = accept(pipeline, event())
    ticket = asked(as_(ANA), about=draft.key, attach="on", **{"from": "/history"})
    page = olga.get(row_url(ticket)).content.decode()
    for words in ("Please look at this.", "Europe/Madrid", "/history", "Redelivery Requested · SR-00012345",
                  "Redelivery Round is at least 2", "the event has <bdi>1</bdi>", "Does not match",
                  f"/console/explain?event={draft.key}&amp;user=ana%40copperglass.example"):  # fmt: skip
        assert words in page, words


def test_an_answer_is_seen_by_the_person_mailed_and_written_down(olga, as_):
    ana = as_(ANA)
    ticket = asked(ana)
    assert answer(olga, ticket, "Try muting it.")["Location"] == row_url(ticket)
    assert Ticket.objects.get().state == "answered"
    page = ana.get(f"/support/{ticket.number}").content.decode()
    assert "Try muting it." in page
    assert "Answered" in page
    assert "Olga" not in page
    assert [one.user_id for one in PostedLetter.objects.all()] == [ticket.user_id]
    audit = olga.get("/console/audit").content.decode()
    assert f"Request {ticket.number} of {ANA}" in audit
    assert "Answered" in audit


def test_an_answer_sent_twice_is_one(olga, as_):
    ticket = asked(as_(ANA))
    for _ in range(2):
        answer(olga, ticket)
    assert Post.objects.filter(is_answer=True).count() == 1
    assert LogEntry.objects.count() == 1


def test_a_request_is_answered_and_closed_at_once_or_by_a_deed_and_opened_again(olga, as_):
    ticket = asked(as_(ANA))
    answer(olga, ticket, do="close")
    assert Ticket.objects.get().state == "closed"
    assert "1 request open again." in deed(olga, "support/ticket", "reopen_request", ticket.pk).content.decode()
    assert "1 request closed." in deed(olga, "support/ticket", "close_request", ticket.pk).content.decode()
    assert Ticket.objects.get().state == "closed"
    assert sorted(LogEntry.objects.values_list("change_message", flat=True)) == [
        "Answered and closed",
        "Close",
        "Reopen",
    ]


def test_an_answer_without_words_is_refused_and_says_so(olga, as_):
    ticket = asked(as_(ANA))
    page = answer(olga, ticket, " \r\n")
    assert page.status_code == 422
    assert "Write in a sentence or two" in page.content.decode()
    assert not Post.objects.filter(is_answer=True).exists()


def test_where_the_letter_of_an_answer_is_stands_beside_it(olga, as_):
    ticket = asked(as_(ANA))
    answer(olga, ticket)
    letter = PostedLetter.objects.get()
    page = olga.get(row_url(ticket)).content.decode()
    assert "On its way to the person" in page
    assert f"/console/mail/postedletter/{letter.pk}/change/" in page
    PostedLetter.objects.update(state="failed")
    assert "Not delivered to the person" in olga.get(row_url(ticket)).content.decode()


def test_the_overview_counts_who_waits(olga, as_):
    assert "People who wait" not in olga.get("/console/").content.decode()
    asked(as_(ANA))
    assert "People who wait for an answer." in olga.get("/console/").content.decode()


def test_others_answer_nothing_and_see_nothing(as_, browser, operator):
    del operator
    ticket = asked(as_(ANA))
    assert as_(TOM).get(row_url(ticket)).status_code == 404
    assert answer(as_(ANA), ticket).status_code == 404
    assert answer(browser, ticket).status_code == 302
    assert Post.objects.count() == 1


def test_hostile_words_are_text(olga, as_, pipeline):
    (draft,) = accept(pipeline, event(title=HOSTILE, severity=HOSTILE) | {"subject": HOSTILE})
    ticket = asked(as_(ANA), text=HOSTILE, about=draft.key, attach="on")
    for url in (row_url(ticket), "/console/support/ticket/"):
        page = olga.get(url).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "\u202e" not in page


def test_while_an_operator_acts_for_a_person_the_persons_requests_stay_closed(olga, as_):
    ticket = asked(as_(ANA))
    olga.post(f"/console/people/user/{ticket.user_id}/change/")
    olga.post(f"/console/people/{ticket.user_id}/act", {"reason": "Ticket 812: mutes comments"})
    for url in ("/support", f"/support/{ticket.number}", "/support/new"):
        assert olga.get(url).status_code == 403


def test_pages_cost_a_fixed_number_of_queries(olga, as_, django_assert_max_num_queries):
    ana = as_(ANA)
    ticket = asked(ana)
    for _ in range(5):
        asked(ana)
    with django_assert_max_num_queries(12):
        olga.get("/console/support/ticket/")
    for number in range(5):
        answer(olga, ticket, draft=f"{number}" * 32)
    with django_assert_max_num_queries(20):
        olga.get(row_url(ticket))
