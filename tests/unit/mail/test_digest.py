"""Order, folding and completeness of mails with several items (S1, S4, C1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.unit.mail.letters import (
    BASE_URL,
    CATALOGUE,
    NOW,
    STUDIO,
    Page,
    custom,
    default,
    event,
    item,
    item_links,
    letter,
    salt,
)

from callboard.base.reasons import Frequency, Importance
from callboard.mail.render import MAX_HTML_BYTES, Rendered, render
from callboard.mail.templates.rows import natural

if TYPE_CHECKING:
    from callboard.mail.letter import Item, Letter


def rendered(told: Letter) -> Rendered:
    return render(told, CATALOGUE, STUDIO, BASE_URL)


def dubs(number: int, episode: str, **data: str) -> Item:
    asked = custom("Spanish dubs", id="n-3", event_type="material.available")
    told = salt(episode, **{"language": "es-419", "material_type": "Dialogue List", **data})
    return item(event(number, "material.available", **told), asked)


def mixed(count: int) -> Letter:
    """Return a weekly letter over all types and four shows, where little can fold."""
    types = list(CATALOGUE.event_types)
    shows = ["Monsoon Ledger", "دفتر الرياح", "塩の地図師", "Bread & Barometers"]
    items = []
    for n in range(count):
        show, episode = shows[n % 4], f"S1 E{n % 12 + 1}"
        data = salt(episode, due_date=f"2026-12-{n % 28 + 1:02d}", days_to_due=n, days_overdue=n)
        data |= {"title_names": [episode, show], "title": f"{show}, {episode}"}
        type_id = types[n % len(types)]
        importance = CATALOGUE.event_types[type_id].importance
        items.append(item(event(n, type_id, **data), custom(event_type=type_id), importance=importance))
    return letter(*items, frequency=Frequency.WEEKLY, hours=168)


def bulk(count: int = 470) -> Letter:
    assigned = "source_request.assigned"
    return letter(
        *(
            item(
                event(n, assigned, time_at=NOW, **salt(f"S1 E{n % 10 + 1}")),
                default(assigned),
                importance=Importance.CRITICAL,
            )
            for n in range(count)
        )
    )


def test_critical_types_come_first_then_the_catalogues_order():
    told = letter(
        dubs(1, "S1 E1"),
        item(event(2, "source_request.created", **salt())),
        item(event(3, "delivery.redelivery_requested", **salt()), importance=Importance.CRITICAL),
        item(event(4, "source_request.accepted", **salt())),
        frequency=Frequency.DAILY,
    )
    text = rendered(told).text
    labels = [
        "Redelivery Requested (1, critical)",
        "Source Request Created (1)",
        "Source Request Accepted (1)",
        "Materials Available (1)",
    ]
    assert [line for line in text.splitlines() if line in labels] == labels


def test_a_critical_item_among_others_is_marked_and_lifts_its_section():
    told = letter(
        item(event(1, "source_request.created", **salt())),
        item(event(2, "qc.report_ready", **salt("S1 E1"))),
        item(event(3, "qc.report_ready", **salt("S1 E2")), importance=Importance.CRITICAL),
        frequency=Frequency.HOURLY,
    )
    text = rendered(told).text
    assert text.index("QC Report Ready (2)") < text.index("Source Request Created (1)")
    assert "  CRITICAL · S1 E2 · AV (Muxed), en" in text
    assert "  S1 E1 · AV (Muxed), en" in text
    assert "1 needs action." in text


def test_alike_items_of_one_title_fold_and_each_keeps_its_link():
    told = letter(*(dubs(n, f"S1 E{n}") for n in (1, 2, 3, 10, 11, 5)), frequency=Frequency.DAILY)
    said = rendered(told)
    assert "S1 E1–E3, E5, E10–E11 · Dialogue List, es-419 · 6 files" in said.text
    page = Page(said.html)
    assert "S1 E1–E3, E5, E10–E11 · Dialogue List, es-419 · 6 files" in page.text
    keys = [f"{n:032x}" for n in (1, 2, 3, 5, 10, 11)]
    assert item_links(page.links) == keys
    assert [line for line in said.text.splitlines() if "/items/" in line] == [
        f"  The Salt Cartographers, S1 E{n}: {BASE_URL}/items/{n:032x}" for n in (1, 2, 3, 5, 10, 11)
    ]


@pytest.mark.parametrize(
    "other",
    [
        dubs(2, "S1 E2", comment="new"),
        dubs(2, "S1 E2", material_type="Script"),
        item(event(2, "material.available", **salt("S1 E2")), custom("Other", id="n-4")),
        replace(dubs(2, "S1 E2"), importance=Importance.CRITICAL),
    ],
)
def test_items_that_differ_do_not_fold(other: Item):
    text = rendered(letter(dubs(1, "S1 E1"), other, frequency=Frequency.DAILY)).text
    assert "2 files" not in text


def test_items_of_one_episode_fold_under_their_subjects():
    said = rendered(letter(dubs(1, "S2 E1"), dubs(2, "S2 E1"), frequency=Frequency.DAILY))
    assert "S2 E1 · Dialogue List, es-419 · 2 files" in said.text
    assert f"  The Salt Cartographers, S2 E1, SR-00000001: {BASE_URL}/items/" in said.text
    assert f"  The Salt Cartographers, S2 E1, SR-00000002: {BASE_URL}/items/" in said.text


def test_every_line_names_who_asked():
    both = (custom("Mine", id="n-1"), default())
    told = letter(dubs(1, "S1 E1"), item(event(2, **salt()), *both), frequency=Frequency.DAILY)
    text = rendered(told).text
    assert " · Spanish dubs\n" in text
    assert " · Mine, Default\n" in text


@pytest.mark.parametrize("count", [2, 20, 300, 1_000])
def test_the_text_part_is_complete_whatever_the_size(count: int):
    told = mixed(count)
    text = rendered(told).text
    links = [line.rpartition("/items/")[2] for line in text.splitlines() if "/items/" in line]
    assert Counter(links) == Counter(one.event.key for one in told.items)
    for one in told.items:
        assert one.event.data["title_names"][1] in text


@pytest.mark.parametrize("count", [2, 20])
def test_the_html_part_links_every_item(count: int):
    told = mixed(count)
    html = rendered(told).html
    assert Counter(item_links(Page(html).links)) == Counter(one.event.key for one in told.items)
    assert "your history" not in html


@pytest.mark.parametrize("told", [mixed(1_000), bulk(3_000)])
def test_html_above_100_kb_ends_with_the_number_of_the_rest_and_a_link(told: Letter):
    html = rendered(told).html
    page = Page(html)
    kept = len(item_links(page.links))
    assert MAX_HTML_BYTES * 0.9 < len(html.encode()) <= MAX_HTML_BYTES
    assert f"{len(told.items) - kept:,} more in the text part" in page.text
    assert f"{BASE_URL}/history" in page.links
    assert "Why am I getting this email?" in page.text


def test_one_item_too_large_for_the_html_part_leaves_the_number():
    told = letter(dubs(1, "S1 E1", comment="long " * 40_000), dubs(2, "S1 E2"), frequency=Frequency.DAILY)
    said = rendered(told)
    assert len(said.html.encode()) <= MAX_HTML_BYTES
    assert "2 more in the text part" in Page(said.html).text
    assert said.text.count("long") == 40_000


def test_a_bulk_action_is_one_fold_with_all_its_links():
    said = rendered(bulk())
    assert said.subject == "470 source requests assigned: The Salt Cartographers"
    page = Page(said.html)
    assert len(set(item_links(page.links))) == 470
    assert "S1 E1–E10 · AV (Muxed), en · 470 requests" in page.text
    assert "Today at 08:00 (Europe/Madrid). 470 need action." in page.text


def test_a_bulk_action_of_an_unknown_type_counts_its_label():
    told = letter(*(item(event(n, "invoice.paid", title="Salt")) for n in range(3)))
    assert rendered(told).subject == "3 × invoice.paid: Salt"  # noqa: RUF001


def test_the_header_of_a_digest():
    told = letter(
        *(dubs(n, f"S1 E{n}") for n in range(1, 12)),
        item(event(50, **salt()), importance=Importance.CRITICAL),
        frequency=Frequency.DAILY,
    )
    said = rendered(told)
    text = Page(said.html).text
    assert "12 updates for Copperglass Post" in text
    assert "Since yesterday 08:00 (Europe/Madrid). 1 needs action." in text
    assert "Daily digest · Tue 24 Nov, 08:00" in text
    assert said.subject == ("Daily digest: 1 redelivery requested, 11 materials available · The Salt Cartographers")


def test_the_zone_is_named_once_in_a_digest():
    assert rendered(mixed(20)).text.count("Europe/Madrid") == 1


def test_times_have_their_date_where_the_time_is_not_enough():
    old = item(event(1, time_at=NOW - timedelta(days=3), **salt("S1 E1")))
    text = rendered(letter(old, dubs(2, "S1 E2"), frequency=Frequency.WEEKLY, hours=168)).text
    assert "  Sat 21 Nov 08:00 · Branded redeliveries" in text
    assert "  Mon 23 Nov 11:16 · Spanish dubs" in text
    daily = rendered(letter(old, dubs(2, "S1 E2"), frequency=Frequency.DAILY)).text
    assert "  Sat 21 Nov 08:00 · Branded redeliveries" in daily
    assert "  11:16 · Spanish dubs" in daily


def test_a_digest_of_one_item_tells_it_whole():
    said = rendered(letter(dubs(1, "S1 E1"), frequency=Frequency.HOURLY, hours=1))
    assert said.subject == "Materials available (Dialogue List): The Salt Cartographers, S1 E1"
    assert "Hourly digest · Tue 24 Nov, 08:00" in said.text


def test_episodes_sort_as_numbers():
    assert sorted(["S1 E10", "S1 E9", "S1 E1", "Pilot"], key=natural) == [
        "Pilot",
        "S1 E1",
        "S1 E9",
        "S1 E10",
    ]


def test_each_part_of_a_line_keeps_its_own_direction():
    data = salt("الحلقة ٤") | {"title": "دفتر الرياح, الحلقة ٤", "title_names": ["الحلقة ٤", "دفتر الرياح"]}
    html = rendered(letter(item(event(1, **data)), dubs(2, "S1 E1"), frequency=Frequency.DAILY)).html
    assert "<bdi>دفتر الرياح</bdi>" in html
    assert "<bdi>الحلقة ٤</bdi> · <bdi>AV (Muxed), en</bdi></a>" in html


def test_a_fold_that_is_cut_stays_a_fold():
    html = rendered(bulk(3_000)).html
    start = html.index("3,000 requests")
    assert "<a " not in html[start - 200 : start]


def test_events_without_a_title_stand_under_their_type():
    changed = "account.user_changed"
    told = [
        item(event(n, changed, subject=f"U-{n}", account_change="User created"), custom(event_type=changed))
        for n in (1, 2)
    ]
    text = rendered(letter(*told, frequency=Frequency.DAILY)).text
    assert (
        "User Account Changed (2)\n------------------------\n\n"
        "  User created · 2 changes\n  11:15–11:16 · Branded redeliveries\n"
        f"  U-1: {BASE_URL}/items/{1:032x}\n  U-2: {BASE_URL}/items/{2:032x}\n\n"
    ) in text
