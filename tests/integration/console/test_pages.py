"""What the pages of the console say: everything that waits, found by what one knows of it, with nothing let through."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.integration.console.trouble import HOSTILE, composed, failed, held, parked
from tests.integration.web.studio import ANA, NOW, PROCESSED, REDELIVERY, TOM, accept, event

from callboard import console as pages
from callboard.console.operators import console
from callboard.decisions import store as ledger
from callboard.intake.models import EventRecord
from callboard.mail import store as outbox
from callboard.mail.models import Mail, MailState
from callboard.people.models import User


@pytest.fixture
def olga(operator, as_):
    return as_(operator.email_key)


@pytest.fixture
def read(olga):
    """Return a page's text as a person reads it."""

    def page(url):
        found = olga.get(url)
        assert found.status_code == 200, url
        main = found.content.decode().partition("<main")[2].partition("</main>")[0]
        return " ".join(re.sub(r"<[^>]+>", " ", main).split())

    return page


def rows(client, url):
    """Return how many rows a list shows."""
    return client.get(url).content.decode().count("<tr>") - 1


def test_the_overview_counts_what_waits_and_leads_there(olga, read, pipeline):
    assert "Nothing waits for you." in read("/console/")
    one, two, three = (composed(pipeline, event(f"e-{number}"))[0] for number in range(3))
    failed(one)
    held(two)
    Mail.objects.filter(pk=three.pk).update(in_doubt=True)
    parked(pipeline)
    outbox.open_breaker("tidewater.example", pipeline.now(), timedelta(hours=2), "refused")
    ledger.add_match_checks(10, 2)
    said = read("/console/")
    for words in ("Held messages 1", "Failed messages 1", "Messages in doubt 1", "Parked events 1", "Suppressed addresses 1",
                  "Paused domains 1", "Disagreeing self-checks 2"):  # fmt: skip
        assert words in said, words
    for url in re.findall(r'class="need-link" href="([^"]+)"', olga.get("/console/").content.decode()):
        assert rows(olga, url) == 1 or url == "/console/explain", url


def test_work_that_waits_too_long_is_said(read, pipeline, at):
    composed(pipeline, event())
    at(timedelta(hours=1, seconds=30))
    assert "Oldest message due 30 s" in read("/console/").partition("As it should be")[2]
    at(timedelta(hours=3))
    assert "Oldest message due 120 min" not in read("/console/").partition("As it should be")[2]
    assert "Oldest message due 2 h" in read("/console/")


def test_a_failure_is_asked_about_for_a_week_and_listed_for_good(read, pipeline, at, olga):
    failed(composed(pipeline, event())[0])
    at(timedelta(days=6))
    assert "Failed messages 1" in read("/console/")
    at(timedelta(days=8))
    assert "Failed messages 0" in read("/console/").partition("As it should be")[2]
    assert rows(olga, "/console/mail/mail/?state=failed") == 1


@pytest.mark.parametrize(
    ("state", "change"),
    [("held", {"state": "held"}), ("failed", {"state": "failed"}), ("in_doubt", {"in_doubt": True}), ("queued", {}),
     ("sent", {"state": "sent"}), ("bounced", {"state": "bounced"}), ("withdrawn", {"state": "withdrawn"})],
)  # fmt: skip
def test_messages_are_narrowed_by_state(olga, pipeline, state, change):
    mail = composed(pipeline, event())[0]
    Mail.objects.filter(pk=mail.pk).update(**change)
    assert rows(olga, f"/console/mail/mail/?state={state}") == 1
    others = {"held", "failed", "sent", "bounced", "withdrawn"} - {state}
    assert all(rows(olga, f"/console/mail/mail/?state={one}") == -1 for one in others)


def test_messages_are_found_by_what_is_known_of_them(olga, pipeline):
    composed(pipeline, event("e-1"), event("e-2", partner="tidewater"))
    mail = Mail.objects.get(user__email_key=ANA)
    for asked in (str(mail.pk), ANA, ANA.upper(), "copperglass.example", mail.message_id, mail.message_id.strip("<>")):
        assert rows(olga, f"/console/mail/mail/?q={quote(asked)}") == 1, asked
    assert rows(olga, "/console/mail/mail/?q=nobody@x.example") == -1
    assert "Nothing is found" in olga.get("/console/mail/mail/?q=%00").content.decode() or rows(
        olga, "/console/mail/mail/?q=%00"
    ) >= 1  # fmt: skip


def test_a_message_shows_tries_words_and_what_it_tells_of(read, pipeline):
    mail = failed(composed(pipeline, event())[0], "552 5.2.2 mailbox full of post")
    said = read(f"/console/mail/mail/{mail.pk}/change/")
    for words in ("Failed", "552 5.2.2 mailbox full of post", "Try 1", mail.message_id.strip("<>"), "e-1", "Ana Ruiz"):
        assert words in said, words
    assert "Send again" in said
    assert "Release the address" not in said


def test_events_are_found_by_id_subject_type_partner_and_state(olga, pipeline):
    accept(pipeline, event("e-1"), event("e-2", PROCESSED, partner="tidewater"))
    parked(pipeline, "e-3")
    base = "/console/intake/eventrecord/"
    for asked, count in (("e-1", 1), ("SR-00012345", 3), ("sr-00012345", 3), ("tidewater", 1), ("Tidewater Media", 1),
                         ("e-9", -1), ("%", -1), ("100%_", -1)):  # fmt: skip
        assert rows(olga, f"{base}?q={quote(asked)}") == count, asked
    assert rows(olga, f"{base}?type={PROCESSED}") == 1
    assert rows(olga, f"{base}?state=2") == 1
    assert rows(olga, f"{base}?state=1&type={REDELIVERY}") == 1
    assert rows(olga, f"{base}?state=7") == -1


def test_a_parked_event_shows_its_reason_and_may_be_tried_again(read, pipeline):
    row = parked(pipeline, reason="RejectedError: the type is gone")
    said = read(f"/console/intake/eventrecord/{row.pk}/change/")
    assert "Parked" in said
    assert "RejectedError: the type is gone" in said
    assert "Try again" in said


def test_the_ledger_is_found_by_event_person_and_state(olga, pipeline):
    composed(pipeline, event("e-1"), event("e-2", partner="tidewater"), event("e-3", actor=ANA))
    base = "/console/decisions/decision/"
    assert rows(olga, f"{base}?q=e-1") == 1
    assert rows(olga, f"{base}?q={ANA}") == 2
    assert rows(olga, f"{base}?q={ANA}&state=skip") == 1
    assert rows(olga, f"{base}?state=skip") == 1
    assert rows(olga, f"{base}?q={TOM}&state=queued") == 1
    Mail.objects.filter(user__email_key=TOM).update(state=MailState.HELD)
    assert rows(olga, f"{base}?state=held") == 1
    assert rows(olga, f"{base}?state=failed") == -1


def test_an_explanation_tells_what_the_command_tells(read, pipeline):
    composed(pipeline, event("e-1"))
    said = read(f"/console/explain?event=e-1&user={ANA}")
    for words in ("Yes: its mail was due", "may see it", "Second rounds", "Redelivery Round is at least 2", "the event has 1",
                  "Does not match", "Notify: matched, immediately"):  # fmt: skip
        assert words in said, words
    assert "belongs to a partner that the event does not concern" in read(f"/console/explain?event=e-1&user={TOM}")


def test_an_explanation_says_what_is_missing(read, pipeline):
    accept(pipeline, event("e-1"))
    assert "There is no event “e-9”" in read(f"/console/explain?event=e-9&user={ANA}")
    assert "There is no user “nobody@x.example”" in read("/console/explain?event=e-1&user=nobody@x.example")
    assert "Say whom to explain it for." in read("/console/explain?event=e-1")
    assert "Say which event to explain." in read(f"/console/explain?user={ANA}")


def test_of_several_events_one_is_chosen(olga, read, pipeline):
    accept(pipeline, event("e-1"), event("e-2"))
    page = olga.get(f"/console/explain?event=SR-00012345&user={ANA}").content.decode()
    links = re.findall(r'href="(/console/explain\?event=[0-9a-f]{32}[^"]*)"', page)
    assert len(links) == 2
    assert "Decision and what followed" in read(links[0].replace("&amp;", "&"))


def test_the_catalogue_says_what_uses_each_type(read, pipeline):
    accept(pipeline, event("e-1"), event("e-2"))
    assert re.search(rf"Redelivery Requested {re.escape(REDELIVERY)} Critical \d 1 2", read("/console/catalogue"))
    said = read(f"/console/catalogue/{REDELIVERY}")
    assert "Custom notifications 1" in said
    assert "Events, 30 days 2" in said
    assert "Fulfillment Partner Operations" in said


def test_every_page_shows_hostile_words_as_words(olga, pipeline):
    User.objects.filter(email_key=ANA).update(name=HOSTILE)
    mail = composed(pipeline, event(f"e-{HOSTILE}", title=HOSTILE))[0]
    EventRecord.objects.update(subject=HOSTILE, source=HOSTILE)
    failed(mail, f"552 {HOSTILE}")
    outbox.suppress(ANA, HOSTILE, NOW)
    outbox.open_breaker("x.example", pipeline.now(), timedelta(hours=1), HOSTILE)
    row = EventRecord.objects.get()
    EventRecord.objects.update(state=2, parked_reason=HOSTILE)
    urls = ["/console/", f"/console/explain?event={row.key}&user={ANA}", f"/console/explain?event={quote(HOSTILE)}",
            f"/console/explain?event=e&user={quote(HOSTILE)}", f"/console/mail/mail/?q={quote(HOSTILE)}"]  # fmt: skip
    for model in console._registry:
        base = f"/console/{model._meta.app_label}/{model._meta.model_name}/"
        urls += [base, *(f"{base}{one.pk}/change/" for one in model._default_manager.all()[:3])]
    seen = 0
    for url in urls:
        page = olga.get(url).content.decode()
        assert "<script>alert" not in page, url
        assert "<img" not in page, url
        assert "\u202e" not in page.partition("<main")[2] or quote(HOSTILE) in url, url
        seen += "&lt;script&gt;alert" in page
    assert seen > 8


def test_an_address_with_nul_is_of_nothing(olga):
    for table in ("people/partner", "preferences/customnotification"):
        assert olga.get(f"/console/{table}/a%00b/change/").status_code == 404


def test_a_list_asks_the_same_few_questions_for_one_row_and_for_many(olga, pipeline):
    def questions(url):
        with CaptureQueriesContext(connection) as asked:
            olga.get(url)
        return len(asked)

    urls = ["/console/", "/console/catalogue", "/console/audit", "/console/audit?kind=acting"]
    urls += [f"/console/{model._meta.app_label}/{model._meta.model_name}/" for model in console._registry]
    held(composed(pipeline, event())[0])
    before = {url: questions(url) for url in urls}
    for number in range(2, 12):
        composed(pipeline, event(f"e-{number}"), event(f"t-{number}", partner="tidewater"))
    assert {url: questions(url) for url in urls} == before
    assert max(before.values()) <= 24, before


def test_no_template_holds_an_inline_script_or_style_or_loads_from_elsewhere():
    folder = Path(pages.__file__).parent
    inline = re.compile(
        r"<script|<style\b|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)=\"(?:https?:)?//", re.IGNORECASE
    )
    found = {one.name: inline.findall(one.read_text()) for one in (folder / "templates").rglob("*.html")}
    assert len(found) > 15
    assert not any(found.values()), found
    assert not any("://" in one.read_text() for one in (folder / "static").rglob("*.css"))


def test_long_lists_go_on_over_pages(olga, pipeline):
    accept(pipeline, *(event(f"e-{number}") for number in range(60)))
    first = olga.get("/console/intake/eventrecord/").content.decode()
    assert first.count("<tr>") == 51
    assert 'rel="next"' in first
    second = olga.get("/console/intake/eventrecord/?p=2").content.decode()
    assert second.count("<tr>") == 11
    assert 'rel="prev"' in second
