"""The window's form and its preview: what follows what, what is shown of the stored, and what the numbers say."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.integration.web.studio import ANA, CUSTOM, PROCESSED, REDELIVERY, accept, event
from tests.integration.web.window import Window, stored

from callboard.people.models import User

DEFAULT = f"{REDELIVERY}/fulfillment_partner_operations"
HIDDEN, LABEL = "account.user_changed", "User Account Changed"
BRANDED = {"field": "content_type", "op": "any_of", "value": ["Branded"]}


@pytest.fixture
def window(as_):
    """Return a browser of Ana's that fills windows."""
    return Window(as_(ANA))


def test_the_form_follows_the_event_type_and_what_was_dropped_can_be_put_back(window):
    window.open("/settings/edit/n-1")
    window.form["event_type"] = "comment.added"
    window.read(window.draft(f"event_type {REDELIVERY}"))
    assert "“Redelivery Round is at least 2” does not fit “Comment Added”, so it was dropped." in window.page
    assert window.rows() == [("", "", [])]
    window.read(window.draft("add"))
    window.read(window.draft("put-back"))
    assert window.form["event_type"] == REDELIVERY
    assert window.rows() == [("redelivery_round", "at_least", ["2"])]
    assert "does not fit" not in window.page
    assert window.save().status_code == 200
    assert stored("n-1").where[0].as_json() == CUSTOM["where"][0]


def test_conditions_are_added_and_removed_with_the_focus_where_it_helps(window):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED, {"field": "title", "op": "contains", "value": ["Salt"]}])
    window.read(window.draft("add"))
    assert [row[0] for row in window.rows()] == ["content_type", "title", ""]
    assert 'data-focus="field-3"' in window.page
    window.read(window.draft("remove 2"))
    assert [row[0] for row in window.rows()] == ["content_type", ""]
    assert 'data-focus="field-3"' in window.page
    window.read(window.draft("remove 3"))
    assert 'data-focus="field-1"' in window.page
    window.read(window.draft("remove 1"))
    assert window.rows() == [("", "", [])]


def test_operators_and_values_follow_the_field(window):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED])
    window.form["field-1"] = "due_date"
    window.read(window.draft("field 1 content_type"))
    assert window.rows() == [("due_date", "before", [""])]
    assert 'type="date"' in window.page
    window.form["op-1"] = "within_days"
    window.read(window.draft("op 1 before"))
    assert "is within the next … days" in window.page
    assert 'type="number"' in window.page


@pytest.mark.parametrize(
    "wish", ["", "odd", "remove", "remove x", "remove 99", "field 99 x", "op 1", "event_type", "put-back"]
)
def test_no_wish_breaks_the_form(window, wish):
    window.open("/settings/edit/n-1")
    assert window.draft(wish).status_code == 200


def test_titles_and_partners_are_shown_by_name_and_kept_by_code(window, pipeline):
    accept(pipeline, event())
    where = [
        {"field": "title_id", "op": "any_of", "value": ["90000002", "77"]},
        {"field": "fulfillment_partner", "op": "any_of_incl", "value": ["copperglass", "gone"]},
    ]
    window.open("/settings/new").choose(REDELIVERY, where)
    window.read(window.draft(""))
    for option in (
        '<option value="90000002" selected>The Salt Cartographers</option>', '<option value="77" selected>77</option>',
        '<option value="copperglass" selected>Copperglass Post</option>', '<option value="gone" selected>gone</option>',
    ):  # fmt: skip
        assert option in window.page
    assert 'data-search="/api/v1/fields/title_id/values"' in window.page
    window.save()
    assert [one.as_json() for one in stored(window.form["id"]).where] == where


def test_a_title_that_only_others_may_see_has_no_name(window, pipeline):
    accept(pipeline, event(partner="tidewater"))
    window.open("/settings/new").choose(REDELIVERY, [{"field": "title_id", "op": "any_of", "value": ["90000002"]}])
    window.read(window.draft(""))
    assert '<option value="90000002" selected>90000002</option>' in window.page


def test_a_partner_that_only_others_may_see_has_no_name(window, pipeline, as_):
    accept(pipeline, event(partner="tidewater"))
    where = [{"field": "fulfillment_partner", "op": "any_of", "value": ["tidewater"]}]
    window.open("/settings/new").choose(REDELIVERY, where)
    window.read(window.draft(""))
    assert '<option value="tidewater" selected>tidewater</option>' in window.page
    pages = [window.page, window.post("/settings/preview").content.decode(), window.save().content.decode()]
    assert "Tidewater Media" not in "".join(pages)
    accept(pipeline, event("e-2", partner="tidewater", sub_assignee="copperglass"))
    window.read(window.draft(""))
    assert '<option value="tidewater" selected>Tidewater Media</option>' in window.page
    assert "<b>Tidewater Media</b>" in as_(ANA).get("/settings").content.decode()


def test_an_event_type_out_of_sight_says_nothing_of_itself(window):
    window.open("/settings/new").choose(HIDDEN, [{"field": "role", "op": "any_of", "value": ["x"]}])
    for wish in ("", "event_type ", f"event_type {REDELIVERY}"):
        page = window.draft(wish).content.decode()
        assert LABEL not in page
        assert 'name="field-1"' not in page
        assert 'value="weekly"' not in page
    User.objects.get(email_key=ANA).notifications.filter(id="n-1").update(event_type=HIDDEN)
    page = window.draft("").content.decode()
    assert LABEL in page
    assert 'name="field-1"' in page


def test_title_names_are_looked_up_once_for_all_conditions(window, pipeline, django_assert_max_num_queries):
    accept(pipeline, event())
    one = {"field": "title_id", "op": "any_of", "value": ["90000002"]}
    window.open("/settings/new").choose(REDELIVERY, [one])
    window.draft("")
    with CaptureQueriesContext(connection) as few:
        window.draft("")
    window.choose(REDELIVERY, [one] * 9)
    with django_assert_max_num_queries(len(few)):
        window.draft("")


def test_the_preview_counts_and_names_what_covers_the_same(window, pipeline):
    accept(pipeline, event("e-1"), event("e-2", content_type="Licensed"), event("e-3", partner="tidewater"))
    window.open("/settings/new").choose(REDELIVERY, [BRANDED])
    page = window.post("/settings/preview").content.decode()
    assert "<b>1</b> <span>event of 2 matches</span>" in page
    assert (
        "Already covered by your Default “Redelivery Requested”, immediately. You would still get one mail per event, immediately."
        in page
    )
    assert "The Salt Cartographers, S1 E4" in page
    assert 'data-name="Redelivery Requested where Content Type is Branded"' in page
    assert re.search(r'id="reason"[^>]*></p>', page)


def test_the_preview_says_what_is_muted_and_what_will_be(window, pipeline):
    accept(pipeline, event())
    window.open(f"/settings/duplicate/default/{DEFAULT}")
    assert "Already covered" in window.post("/settings/preview").content.decode()
    assert "overlap" not in window.post("/settings/preview", mute_copied="yes").content.decode()
    window.client.post("/settings/act", {"do": f"mute default {DEFAULT}"})
    page = window.post("/settings/preview").content.decode()
    assert "Your Default “Redelivery Requested”, immediately asks for some of the same, but is muted." in page


def test_the_preview_of_an_unfinished_form_uses_what_is_finished(window, pipeline):
    accept(pipeline, event())
    window.open("/settings/new").choose(REDELIVERY, [BRANDED, {"field": "title", "op": "contains", "value": [""]}])
    page = window.post("/settings/preview").content.decode()
    assert "Without the condition that is not finished." in page
    assert "Enter what Title says." in page
    assert re.search(r'id="fault-2"[^>]*></p>', page)


def test_the_preview_says_what_to_loosen_when_nothing_matches(window, pipeline):
    accept(pipeline, event(), event("e-2", content_type="Licensed", severity="FYI"))
    fyi = {"field": "severity", "op": "any_of", "value": ["FYI"]}
    round_9 = {"field": "redelivery_round", "op": "at_least", "value": ["9"]}
    window.open("/settings/new").choose(REDELIVERY, [BRANDED, round_9])
    page = window.post("/settings/preview").content.decode()
    assert "Nothing of the last 30 days matches. It may still, later." in page
    assert "“Redelivery Round is at least 9” matches nothing even alone." in page
    window.choose(REDELIVERY, [BRANDED, fyi])
    assert "no event has all of them" in window.post("/settings/preview").content.decode()


def test_a_wrong_value_is_marked_while_it_is_written(window):
    window.open("/settings/new").choose(
        REDELIVERY, [{"field": "redelivery_round", "op": "between", "value": ["3", "1"]}]
    )
    page = window.post("/settings/preview").content.decode()
    assert re.search(r'id="fault-1"[^>]*>Redelivery Round: the first number must not be above the second\.</p>', page)


def test_hostile_texts_are_shown_as_texts(window, pipeline):
    accept(pipeline, event(title='<img src=x onerror="alert(1)">'))
    window.open("/settings/new").choose(
        REDELIVERY, [{"field": "title", "op": "contains", "value": ["<img"]}], name='"><script>'
    )
    for page in (
        window.post("/settings/preview").content.decode(),
        window.draft("").content.decode(),
        window.save().content.decode(),
    ):
        assert "<img" not in page
        assert "<script>" not in page


def test_what_the_catalogue_lost_stays_visible_and_says_what_to_do(window):
    raw = {"event_type": "delivery.gone", "where": [{"field": "lost", "op": "any_of", "value": ["a"]}]}
    user = User.objects.get(email_key=ANA)
    user.notifications.filter(id="n-1").update(
        event_type=raw["event_type"], where_json='[{"field": "lost", "op": "any_of", "value": ["a", "b"]}]'
    )
    window.open("/settings/edit/n-1")
    assert "is no longer in the catalogue" in window.page
    user.notifications.filter(id="n-1").update(event_type=REDELIVERY)
    window.open("/settings/edit/n-1")
    assert window.rows() == [("lost", "any_of", ["a", "b"])]
    assert "lost (no longer on offer)" in window.page


def test_every_frequency_says_when_it_leaves_next(window):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED])
    window.read(window.draft(""))
    for words in ("within seconds", "next at 12:00", "next tomorrow, 08:00", "next Mon 30 Nov, 08:00", "Europe/Madrid"):
        assert words in window.page
    window.choose(PROCESSED, [BRANDED])
    window.read(window.draft(""))
    assert "within seconds" not in window.page
