"""The two bodies of a mail about one event: layout hooks, escaping, footer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from tests.unit.mail.letters import (
    BASE_URL,
    CATALOGUE,
    REDELIVERY,
    STUDIO,
    Page,
    condition,
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

if TYPE_CHECKING:
    from callboard.preferences.values import Notification

HOSTILE = "\"><script>alert(1)</script><b>x</b> {{ 7*7 }} & 'y'"


def one(*asked: Notification, critical: bool = True, **data: Any) -> Rendered:
    importance = Importance.CRITICAL if critical else Importance.STANDARD
    told = letter(item(event(1, **salt(**data)), *asked, importance=importance))
    return render(told, CATALOGUE, STUDIO, BASE_URL)


def test_markup_in_data_is_text():
    told = item(event(1, key='k"><i>', **salt(comment=HOSTILE, title=HOSTILE)), custom(HOSTILE))
    for frequency, more in ((Frequency.IMMEDIATELY, ()), (Frequency.DAILY, (told,))):
        mail = letter(told, *more, frequency=frequency, partner_name=HOSTILE)
        said = render(mail, CATALOGUE, STUDIO, BASE_URL)
        page = Page(said.html)
        assert not page.tags & {"script", "b", "i"}
        assert page.text.count(HOSTILE) >= 3
        assert HOSTILE in said.text
        assert all(link.startswith(f"{BASE_URL}/") for link in page.links)


def test_control_and_direction_characters_are_spaces():
    said = one(title="Salt\u202eemit\u2066\r\nX: 1\x07", comment="a\u202eb\nc")
    assert said.subject == "Redelivery requested: Salt emit   X: 1"
    for body in (said.text, Page(said.html).text):
        assert "Salt emit   X: 1" in body
        assert "a b c" in body
        assert not set("\u202e\u2066\x07\r") & set(body)


def test_right_to_left_titles_stand_apart():
    html = one(title="دفتر الرياح", comment="نص").html
    assert "<bdi>دفتر الرياح</bdi>" in html
    assert 'dir="auto">نص' in html


def test_the_one_button_opens_the_item():
    said = one()
    assert item_links(Page(said.html).links) == [f"{1:032x}"]
    assert "Open source request" in said.html
    assert f"Open source request:\n{BASE_URL}/items/{1:032x}\n" in said.text


@pytest.mark.parametrize("critical", [True, False])
def test_critical_is_said(critical: bool):  # noqa: FBT001
    said = one(critical=critical)
    assert ("Critical" in Page(said.html).text) is critical
    assert ("CRITICAL" in said.text) is critical


def test_the_footer_names_each_notification_and_the_role():
    said = one(custom("Second-round blockers", frequency=Frequency.IMMEDIATELY), default())
    text = " ".join(Page(said.html).text.split())
    assert (
        "Why am I getting this email? It matches Second-round blockers (Custom, immediately) and"
        " Redelivery Requested (Default, from your role Fulfillment Partner Operations)."
    ) in text
    links = Page(said.html).links
    rows = [unquote(one.partition("#n-")[2]) for one in links if "/settings#n-" in one]
    assert rows == ["n-17", f"{REDELIVERY}/fulfillment_partner_operations"]
    assert f"{BASE_URL}/settings" in links
    assert "#n-delivery.redelivery_requested%2Ffulfillment_partner_operations" in said.text
    for words in ("Change when and what you get", "Mute these"):
        assert words in text
        assert words in said.text


def test_the_mute_link_is_in_both_bodies():
    told = letter(item(event(1, **salt())))
    said = render(told, CATALOGUE, STUDIO, BASE_URL)
    assert told.mute_url in Page(said.html).links
    assert told.mute_url in said.text


def test_a_nameless_notification_is_called_by_its_sentence():
    asked = custom(
        "",
        where=(
            condition("content_type", "any_of", ["Branded"]),
            condition("source_type", "any_of", ["Video & Audio"]),
        ),
    )
    said = one(asked)
    sentence = "Redelivery Requested where Content Type is Branded and Source Type is Video & Audio"
    assert sentence in said.text
    assert sentence in Page(said.html).text


def test_a_sentence_is_short_beside_an_item_and_whole_in_the_footer():
    languages = ["en", "fr", "de", "it", "ja", "ko", "th", "vi", "id", "hi"]
    asked = custom("", where=(condition("language", "any_of", languages),))
    told = letter(*(item(event(n, **salt(f"S1 E{n}")), asked) for n in (1, 2)), frequency=Frequency.DAILY)
    text = render(told, CATALOGUE, STUDIO, BASE_URL).text
    assert text.count("Hindi (hi)") == 1
    assert "… \n" not in text


@pytest.mark.parametrize(
    "hook",
    [
        "@media (prefers-color-scheme:dark)",
        "@media (max-width:480px)",
        '<meta name="color-scheme" content="light dark">',
        'class="card" style="',
        'class="btn-a" style="',
        "max-width:620px",
        'role="presentation"',
    ],
)
def test_the_hooks_of_dark_mode_phones_and_outlook_are_there(hook: str):
    assert hook in one().html


def test_every_class_has_its_style_or_a_rule():
    for html in (one(comment="x").html,):
        head, _, body = html.partition("</style>")
        for tag in body.split("<")[1:]:
            if 'class="' in tag:
                name = tag.partition('class="')[2].partition('"')[0]
                assert all(f".{part}" in head for part in name.split()), tag


def test_no_image_and_no_script_is_loaded():
    html = one(comment="x").html
    for word in ("<img", "<script", "url(", "<link", "@import", "http://"):
        assert word not in html


def test_titles_of_200_characters_are_whole_in_both_bodies():
    title = ("The Extraordinary Chronicle of Pip Marrow " * 6)[:200].strip().ljust(200, "x")
    for frequency in (Frequency.IMMEDIATELY, Frequency.DAILY):
        items = [item(event(n, **salt(title=title))) for n in (1, 2)]
        for told in (letter(items[0], frequency=frequency), letter(*items, frequency=frequency)):
            said = render(told, CATALOGUE, STUDIO, BASE_URL)
            assert title in said.text
            assert title in Page(said.html).text
            assert len(said.subject) <= 150
            assert title[:60] in said.subject


def test_a_huge_text_is_whole_in_the_text_part_and_counted_in_the_html():
    said = one(comment="word " * 50_000)
    assert said.text.count("word") == 50_000
    assert len(said.html.encode()) <= MAX_HTML_BYTES
    assert "more characters in the text part" in said.html


def test_prose_is_wrapped_and_addresses_are_not():
    said = one(comment="Left surround is silent from reel three on. " * 20)
    quoted = [line for line in said.text.splitlines() if line.startswith("> ")]
    assert len(quoted) > 5
    assert max(map(len, quoted)) <= 78
    assert f"{BASE_URL}/settings#n-n-17" in said.text.split()


def test_the_preheader_says_when():
    html = one(rejected_by="User").html
    assert 'mso-hide:all">Rejected by a user yesterday at 11:15' in html


def test_a_mail_without_a_partner_name_has_no_empty_dot():
    told = replace(letter(item(event(1, **salt()))), partner_name="")
    text = render(told, CATALOGUE, STUDIO, BASE_URL).text
    assert text.startswith("Callboard\n")
