"""The list of the settings: what it says of each notification, how it is searched, and what it costs."""

from __future__ import annotations

import re
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.integration.web.studio import ANA, NOW, PROCESSED, REDELIVERY, SAM, accept, event

from callboard.mail.models import Mail
from callboard.people.models import User
from callboard.preferences import store
from callboard.preferences.models import CustomNotification
from callboard.preferences.values import Kind, MutedBy, Ref

DEFAULT = f"{REDELIVERY}/fulfillment_partner_operations"
ID = quote(DEFAULT, safe="")
PART = {"HX-Request": "true", "HX-Current-URL": "http://localhost/settings"}


def custom(number, **more):
    return {
        "id": f"n-{number}", "user": ANA, "name": f"Number {number}", "event_type": REDELIVERY, "frequency": "daily",
        "where": [
            {"field": "title_id", "op": "any_of", "value": [f"9{number:07}", "90000002"]},
            {"field": "content_partner", "op": "any_of_incl", "value": ["copperglass"]},
            {"field": "content_type", "op": "any_of", "value": ["Branded"]},
        ],
    } | more  # fmt: skip


def part(pattern, page):
    found = re.search(pattern, page, re.DOTALL)
    assert found, pattern
    return found


def page_of(client, address="/settings", **headers):
    return client.get(address, headers=headers).content.decode()


def row_of(page, id_=ID):
    return part(rf'<li class="row[^"]*" id="n-{re.escape(id_)}">.*?</li>', page)[0]


def shown(page):
    return re.findall(r'<li class="row[^"]*" id="n-([^"]*)">', page)


def words(html):
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_both_kinds_are_listed_and_told_apart(as_):
    page = page_of(as_(ANA))
    default, mine = words(row_of(page)), words(row_of(page, "n-1"))
    assert "From your role Fulfillment Partner Operations at Copperglass Post" in default
    assert "Redelivery Requested for everything that concerns Copperglass Post" in default
    assert default.count("Default") == mine.count("Custom") == 1
    assert "Redelivery Requested where Redelivery Round is at least 2" in mine
    assert "“ Second rounds ” · Made by you today" in mine
    assert "Daily, 08:00" in mine
    assert "/settings/edit/n-1" in row_of(page, "n-1")
    assert "/settings/edit/" not in row_of(page)


def test_in_a_group_customs_stand_above_defaults(as_):
    page = page_of(as_(ANA))
    assert shown(page).index("n-1") < shown(page).index(ID)


def test_an_older_notification_says_on_which_day_it_was_made(as_):
    CustomNotification.objects.update(created_us=1_741_000_000_000_000)
    assert "Made by you on 3 March 2025" in words(row_of(page_of(as_(ANA)), "n-1"))


def test_the_digest_line_tells_when_and_how_much(as_, pipeline):
    ana = as_(ANA)
    assert "Next daily digest: tomorrow, Tue 24 Nov, 08:00 (Europe/Madrid) · nothing waiting" in words(page_of(ana))
    accept(pipeline, *(event(f"e-{number}", PROCESSED) for number in range(3)))
    said = words(page_of(ana))
    assert re.search(r"Next digest: [^·]+ \(Europe/Madrid\) · 3 items waiting Change", said), said


def test_a_row_counts_the_mails_that_named_it_not_their_events(as_, pipeline):
    accept(pipeline, *(event(f"e-{number}", redelivery_round=2) for number in range(5)))
    pipeline.clock.at += timedelta(minutes=1)
    pipeline.compose_due()
    ana = as_(ANA)
    assert re.search(r"<b>0</b>", row_of(page_of(ana)))
    Mail.objects.update(state="sent", finished_us=0)
    assert "<b>1</b>" in row_of(page_of(ana))
    assert "<b>1</b>" in row_of(page_of(ana), "n-1")


def test_what_left_more_than_a_week_ago_is_not_counted(as_, at, pipeline):
    accept(pipeline, event())
    pipeline.clock.at += timedelta(minutes=1)
    pipeline.compose_due()
    Mail.objects.update(state="sent", finished_us=0)
    ana = as_(ANA)
    at(timedelta(days=6))
    assert "<b>1</b>" in row_of(page_of(ana))
    at(timedelta(days=8))
    assert "<b>0</b>" in row_of(page_of(ana))


def test_a_top_source_of_mail_is_marked_and_says_why(as_, pipeline):
    for number in range(20):
        accept(pipeline, event(f"e-{number}"))
        pipeline.clock.at += timedelta(minutes=1)
        pipeline.compose_due()
    Mail.objects.update(state="sent", finished_us=0)
    row = row_of(page_of(as_(ANA)))
    assert "is-noisy" in row
    assert "it is named in 20 of your 20 mails of the last 7 days" in row


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("SECOND rounds", True), ("redelivery ROUND", True), ("seçond", True), ("daily", True), ("custom", True),
        ("made by you", True), ("second elsewhere", False), ("muted", False), ("default", False), ("hourly", False),
    ],
)  # fmt: skip
def test_the_search_looks_through_all_that_a_row_says(as_, query, finds):
    assert ("n-1" in shown(page_of(as_(ANA), f"/settings?q={quote(query)}"))) is finds


@pytest.mark.parametrize("query", ["salt cartographers", "90000002", "塩の地図師", "90000002 branded"])
def test_the_search_finds_titles_by_name_and_by_id(as_, pipeline, query):
    accept(
        pipeline, event(title_id=["90000017", "90000002"], title_names=["S1 E4", "塩の地図師 (The Salt Cartographers)"])
    )
    pipeline.import_notifications([custom(2)])
    page = page_of(as_(ANA), f"/settings?q={quote(query)}")
    assert shown(page) == ["n-2"]
    assert "<b>塩の地図師 (The Salt Cartographers)</b>" in page


def test_search_and_kind_combine_and_every_kind_has_its_count(as_):
    ana = as_(ANA)
    page = page_of(ana, "/settings?q=redelivery&show=custom")
    assert shown(page) == ["n-1"]
    total = len(shown(page_of(ana)))
    assert f"1 of {total} notifications" in page
    assert re.findall(r"(\w+) <span class=\"hint\">(\d+)</span></a>", page) == [
        ("All", "2"), ("Default", "1"), ("Custom", "1"), ("Muted", "0"),
    ]  # fmt: skip
    assert 'href="/settings?q=redelivery&amp;show=muted"' in page
    assert '<input type="hidden" name="show" value="custom" form="finder">' in page


def test_an_empty_answer_says_so_and_leads_out(as_):
    page = page_of(as_(ANA), "/settings?q=<b>nothing</b>")
    assert "No notification of yours says “&lt;b&gt;nothing&lt;/b&gt;”." in page
    assert '<a class="button" href="/settings">Show all' in page
    assert "None of your notifications is muted." in page_of(as_(ANA), "/settings?show=muted")
    assert "No match for “delivery” among your muted notifications." in page_of(
        as_(ANA), "/settings?q=delivery&show=muted"
    )


def test_an_unknown_kind_shows_all(as_):
    ana = as_(ANA)
    assert shown(page_of(ana, "/settings?show=x")) == shown(page_of(ana))


def test_htmx_gets_the_list_alone_and_its_address(as_):
    ana = as_(ANA)
    response = ana.get("/settings?q=&show=custom", headers=PART)
    page = response.content.decode()
    assert "<html" not in page
    assert page.startswith('<div id="panel"')
    assert response["HX-Replace-Url"] == "/settings?show=custom"
    assert "HX-Request" in response["Vary"]
    restored = ana.get("/settings", headers={**PART, "HX-History-Restore-Request": "true"})
    assert b"<html" in restored.content


def test_long_lists_are_folded_and_all_there(as_, pipeline):
    where = [{"field": "title_id", "op": "any_of", "value": [f"T-{number}" for number in range(30)]}]
    many = [{"field": "title_id", "op": "none_of", "value": [f"N-{number}"]} for number in range(1_000)]
    pipeline.import_notifications([custom(2, where=where), custom(3, where=many)])
    page = page_of(as_(ANA))
    assert "<summary>and 25 more</summary>: <b>T-5</b>" in row_of(page, "n-2")
    assert "<b>T-28</b> or <b>T-29</b></details>" in row_of(page, "n-2")
    assert "<summary>and 995 more conditions</summary>" in row_of(page, "n-3")
    assert "<b>N-999</b>" in row_of(page, "n-3")
    assert len(part(r'aria-label="More for ([^"]*)"', row_of(page, "n-3"))[1]) < 140


def test_hostile_texts_are_shown_as_texts(as_, pipeline):
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script>'
    accept(pipeline, event(title_id=["90000017"], title_names=[evil]))
    where = [{"field": "title_id", "op": "any_of", "value": ["90000017", evil]}]
    pipeline.import_notifications([custom(2, name=evil, where=where), custom(evil, where=where)])
    User.objects.filter(email_key=ANA).update(name=evil)
    ana = as_(ANA)
    for address in ("/settings", f"/settings?q={quote(evil)}", f"/settings/menu/custom/{quote('n-' + evil, safe='')}"):
        page = page_of(ana, address)
        assert "<img" not in page, address
        assert "<script>" not in page, address
        assert "&lt;img src=x onerror=alert(1)&gt;" in page, address


def test_the_page_can_not_be_framed_nor_run_foreign_scripts(as_):
    response = as_(ANA).get("/settings")
    assert response["X-Frame-Options"] == "DENY"
    policy = response["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "script-src 'self';" in f"{policy};"
    page = response.content.decode()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", page)


def test_the_number_of_queries_does_not_grow_with_the_notifications(as_, pipeline):
    accept(pipeline, event())
    ana = as_(ANA)

    def queries(ask):
        ask()
        with CaptureQueriesContext(connection) as asked:
            ask()
        return len(asked)

    ways = {
        "page": lambda: ana.get("/settings"),
        "part": lambda: ana.get("/settings?q=number", headers=PART),
        "mute": lambda: ana.post("/settings/act", {"do": "mute custom n-2"}, headers=PART),
        "menu": lambda: ana.get("/settings/menu/custom/n-2", headers=PART),
    }
    pipeline.import_notifications([custom(number) for number in range(2, 12)])
    few = {name: queries(ask) for name, ask in ways.items()}
    pipeline.import_notifications([custom(number) for number in range(2, 302)])
    assert {name: queries(ask) for name, ask in ways.items()} == few
    assert few["page"] <= 12


def test_a_notification_that_the_owner_may_not_see_any_more_is_inactive_and_says_what_to_do(as_):
    User.objects.filter(email_key=ANA).update(roles="")
    row = words(row_of(page_of(as_(ANA)), "n-1"))
    assert "Inactive your roles no longer see this event type. Delete it, or ask who manages your roles." in row


def test_a_notification_that_the_catalogue_no_longer_knows_stays_and_says_so(as_):
    CustomNotification.objects.filter(id="n-1").update(where_json='[{"field": "gone", "op": "any_of", "value": ["x"]}]')
    row = words(row_of(page_of(as_(ANA)), "n-1"))
    assert "Inactive what it asks for is no longer on offer here. Edit it, or delete it." in row
    CustomNotification.objects.filter(id="n-1").update(event_type="no.such")
    assert "no.such" in words(row_of(page_of(as_(ANA)), "n-1"))


def test_a_mute_by_mail_link_is_told(as_):
    user = User.objects.get(email_key=ANA)
    until = NOW + timedelta(days=30)
    store.set_mute(user.id, Ref(DEFAULT, Kind.DEFAULT), muted=True, until=until, by=MutedBy.MAIL_LINK, now=NOW)
    row = row_of(page_of(as_(ANA)))
    assert "Muted until Wed 23 Dec, 11:00, by mail link" in words(row)
    assert "is-muted" in row


def test_a_studio_person_hears_of_every_partner(as_):
    assert "for every partner" in words(page_of(as_(SAM)))


def test_a_person_with_nothing_is_shown_where_to_begin(as_):
    User.objects.filter(email_key=ANA).update(roles="")
    CustomNotification.objects.all().delete()
    page = page_of(as_(ANA))
    assert "No notifications yet" in page
    assert page.count("Create notification</a>") == 1


def test_an_operator_without_partner_has_an_empty_page(as_, operator):
    page = as_(operator.email_key).get("/settings").content.decode()
    assert "nothing is mailed to you" in page
    assert "Create notification</a>" not in page
