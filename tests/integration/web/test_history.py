"""The person's own history: filtered, searched, explained, and never more than the person may see."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from tests.integration.web.studio import ANA, PROCESSED, REDELIVERY, SAM, TOM, accept, event

from callboard.mail import store as outbox
from callboard.mail.models import Mail, MailState
from callboard.people.models import User
from callboard.web import past

HTMX = {"HX-Request": "true"}


def send(pipeline):
    """Compose what is due, as if the mail server had taken it."""
    pipeline.compose_due()
    outbox.set_state(
        Mail.objects.filter(state="queued").values_list("id", flat=True), MailState.SENT, pipeline.clock.at
    )


def page_of(client, path="/history"):
    response = client.get(path)
    assert response.status_code == 200
    return response.content.decode()


def phrases(page):
    return re.findall(r'class="entry-what" href="([^"]+)"', page)


@pytest.fixture
def lived(pipeline, as_):
    """One mailed, one collecting, one muted, one of Ana's own; all newest last."""
    ana = as_(ANA)
    (mailed,) = accept(pipeline, event("e-mailed", title="The Salt Cartographers, S1 E4"))
    pipeline.clock.at += timedelta(hours=2)
    send(pipeline)
    (waiting,) = accept(pipeline, event("e-waiting", "comment.added", comment="Late", subject=None))
    ana.post("/settings/act", {"do": f"mute default {PROCESSED}/fulfillment_partner_operations"})
    (muted,) = accept(pipeline, event("e-muted", PROCESSED))
    (own,) = accept(pipeline, event("e-own", actor=ANA))
    return ana, {"mailed": mailed.key, "waiting": waiting.key, "muted": muted.key, "own": own.key}


@pytest.mark.parametrize(
    ("show", "kept"),
    [
        ("", ["own", "muted", "waiting", "mailed"]),
        ("mailed", ["mailed"]),
        ("waiting", ["waiting"]),
        ("held", ["own", "muted"]),
        ("nonsense", ["own", "muted", "waiting", "mailed"]),
    ],
)
def test_the_filters_keep_what_they_say(lived, show, kept):
    ana, keys = lived
    assert phrases(page_of(ana, f"/history?show={show}")) == [f"/items/{keys[one]}" for one in kept]


def test_each_entry_leads_to_its_explanation(lived):
    page = page_of(lived[0])
    for key, why in (
        ("mailed", "Why did I get this?"),
        ("waiting", "Why will I get this?"),
        ("own", "Why did I not get this?"),
    ):
        assert f'href="/items/{lived[1][key]}#why">{why}' in page


@pytest.mark.parametrize(
    ("query", "count"),
    [("salt", 4), ("SALT cartographers", 4), ("redelivery", 2), ("comment added", 1), ("sr-00012345", 4), ("90000002", 4),
     ("e-own", 1), ("salt tidewater", 0), ("%", 0), ("redeliv%", 0), ("\x00", 0)],
)  # fmt: skip
def test_the_search_looks_at_title_request_and_event_type(lived, query, count):
    response = lived[0].get("/history", {"q": query})
    assert len(phrases(response.content.decode())) == count


def test_what_is_searched_and_filtered_stays_in_the_links(lived):
    page = page_of(lived[0], "/history?q=salt&show=held")
    assert 'href="/history?q=salt&amp;show=mailed"' in page
    assert 'name="show" value="held"' in page


def test_a_digest_leads_to_all_that_was_in_it(pipeline, as_):
    for number in (1, 2):
        accept(pipeline, event(f"c-{number}", "comment.added", comment="x"))
        pipeline.clock.at += timedelta(seconds=1)
    pipeline.clock.at += timedelta(hours=1)
    send(pipeline)
    accept(pipeline, event("after", "comment.added", comment="x"))
    ana = as_(ANA)
    mail = re.search(r"/history\?mail=(\d+)", page_of(ana))
    assert mail
    page = page_of(ana, mail[0])
    assert "One mail" in page
    assert len(phrases(page)) == 2
    assert phrases(page_of(as_(TOM), mail[0])) == []
    assert phrases(page_of(as_(SAM), mail[0])) == []


def test_a_bulk_action_is_one_entry_and_a_search_finds_one_of_it(pipeline, as_):
    accept(pipeline, *(event(f"e-{number}", title=f"Title {number}", title_names=[]) for number in range(40)))
    ana = as_(ANA)
    assert "and 39 more events" in page_of(ana)
    page = page_of(ana, "/history?q=Title+31")
    assert len(phrases(page)) == 1
    assert "more event" not in page


def test_it_pages_by_key_and_meets_every_entry_once(pipeline, as_):
    for number in range(past.ENTRIES + 7):
        accept(pipeline, event(f"e-{number}"))
        pipeline.clock.at += timedelta(seconds=1)
    ana = as_(ANA)
    first = page_of(ana)
    older = re.search(r'href="(/history\?before=\d+)" rel="next"', first)
    assert older
    second = page_of(ana, older[1])
    assert [len(phrases(first)), len(phrases(second))] == [past.ENTRIES, 7]
    assert not set(phrases(first)) & set(phrases(second))
    assert "Back to the newest" in second
    assert 'rel="next"' not in second


def test_a_search_that_stops_at_its_bound_says_so_and_goes_on(pipeline, as_):
    hay = [event(f"hay-{number}", title="Hay") for number in range(past.READ_MOST)]
    events = [*(event(f"e-{number}", title="Needle") for number in range(1_000)), *hay]
    for start in range(0, len(events), 1_000):
        accept(pipeline, *events[start : start + 1_000])
    while pipeline.decide_accepted():
        pass
    ana = as_(ANA)
    page = page_of(ana, "/history?q=needle")
    assert phrases(page) == []
    assert f"Looked through {past.READ_MOST} entries, back to today." in page
    onward = re.search(r'href="(/history\?q=needle&amp;before=\d+)" rel="next">Look further back', page)
    assert onward
    assert len(phrases(page_of(ana, onward[1].replace("&amp;", "&")))) == 1


@pytest.mark.parametrize("before", ["", "x", "-1", "9" * 30, "1e3", "²"])
def test_a_broken_address_shows_the_newest(lived, before):
    assert len(phrases(page_of(lived[0], f"/history?before={before}&mail={before}"))) == 4


def test_what_may_no_longer_be_seen_is_not_shown_nor_counted(lived):
    ana, keys = lived
    User.objects.filter(email_key=ANA).update(roles="")
    page = page_of(ana)
    assert phrases(page) == []
    assert "0 entries" in page
    assert "There is no such event that you may see" in page_of(ana, f"/history?ask={keys['mailed']}")


def test_others_have_a_history_of_their_own(lived, as_):  # noqa: ARG001 - what happened
    assert phrases(page_of(as_(TOM))) == []


# Why did I not get …?


@pytest.mark.parametrize("ask", ["SR-00012345", "sr-00012345", " SR-00012345 "])
def test_a_source_request_is_explained_event_by_event_newest_first(lived, ask):
    page = lived[0].get("/history", {"ask": ask}).content.decode()
    answers = re.findall(r"<strong>([^<]+)</strong> ([^<]+)<", page)
    assert answers[0] == (
        "You were not mailed.",
        "You did this yourself, and you do not ask for mails about your own actions.",
    )
    assert answers[1] == ("You were not mailed.", "Every notification of yours that matched was muted.")
    assert answers[2][0].startswith("You will be mailed")
    assert answers[3][0].startswith("You were mailed")


@pytest.mark.parametrize("form", ["{id}", "{key}", "http://localhost/items/{key}", "http://localhost/items/{key}#why"])
def test_an_event_is_found_by_its_id_its_key_and_its_address(lived, form):
    page = page_of(lived[0], "/history?ask=" + form.format(id="e-own", key=lived[1]["own"]).replace("#", "%23"))
    assert page.count("<article") == 1
    assert "Notification by notification" in page


def test_without_a_ledger_row_the_answer_is_worked_out(pipeline, as_):
    accept(pipeline, event("e-9", "material.updated"))
    page = page_of(as_(SAM), "/history?ask=e-9")
    assert "You were not mailed." in page
    assert "You have no notification for this kind of event." in page


@pytest.mark.parametrize(
    "ask", ["e-mailed", "SR-00012345", "no-such", "%", "SR-%", "' OR 1=1 --", "a\x00b", "x" * 5_000]
)
def test_what_others_got_looks_like_what_does_not_exist(lived, as_, ask):
    assert lived[1]
    tom = as_(TOM)
    page = tom.get("/history", {"ask": ask}).content.decode()
    assert "There is no such event that you may see" in page
    assert "<article" not in page


def test_many_events_of_a_request_are_cut_and_it_says_so(pipeline, as_):
    accept(pipeline, *(event(f"e-{number}") for number in range(25)))
    page = page_of(as_(ANA), "/history?ask=SR-00012345")
    assert page.count("<article") == 20
    assert "These are the newest 20." in page


@pytest.mark.parametrize("path", ["/history?q={}", "/history?ask={}", "/history?show={}", "/history?mail={}"])
def test_hostile_words_are_text(lived, path):
    hostile = "%3Cscript%3Ealert(1)%3C/script%3E%22%20autofocus%20onfocus=alert(2)"
    page = page_of(lived[0], path.format(hostile))
    assert "<script>alert" not in page
    assert '" autofocus' not in page


def test_it_asks_to_sign_in_and_only_reads(pipeline, browser, as_):  # noqa: ARG001 - its database
    assert browser.get("/history?ask=e-1")["Location"] == "/sign-in?next=/history%3Fask%3De-1"
    assert browser.get("/history?q=x", headers=HTMX).status_code == 401
    assert as_(ANA).post("/history").status_code == 405


def test_the_number_of_queries_does_not_grow_with_the_entries(pipeline, as_, django_assert_max_num_queries):
    ana = as_(ANA)
    for number in range(30):
        accept(pipeline, event(f"e-{number}", REDELIVERY))
        pipeline.clock.at += timedelta(seconds=1)
    page_of(ana)
    with django_assert_max_num_queries(8):
        page_of(ana, "/history?q=salt")
