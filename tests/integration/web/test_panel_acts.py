"""What can be done to a row of the settings, how each is undone, and what is refused."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from tests.integration.web.studio import ANA, CUSTOM, NOW, REDELIVERY, SAM, TOM

from callboard.people.models import User
from callboard.preferences import actions, store
from callboard.preferences.file import as_json
from callboard.preferences.models import CustomNotification
from callboard.preferences.values import Kind, MutedBy, Ref
from callboard.web.panel.wishes import fulfil, read_wish
from callboard.web.viewer import catalogue, viewer_for

DEFAULT = f"{REDELIVERY}/fulfillment_partner_operations"
ID = quote(DEFAULT, safe="")
REF, MINE = Ref(DEFAULT, Kind.DEFAULT), Ref("n-1", Kind.CUSTOM)
PART = {"HX-Request": "true", "HX-Current-URL": "http://localhost/settings"}
MIDNIGHT = datetime(2026, 11, 30, tzinfo=ZoneInfo("Europe/Madrid"))


def mute_of(email, ref=REF):
    return store.mutes_of(User.objects.get(email_key=email).id).get(ref)


def act(client, wish, id_=DEFAULT, kind="default", *, part=False, **more):
    return client.post("/settings/act", {"do": f"{wish} {kind} {id_}", **more}, headers=PART if part else {})


def undo_in(response):
    """Return the wish of the toast's Undo, as the browser would send it."""
    found = re.search(r'class="toast-undo" name="do" value="([^"]*)"', response.content.decode())
    return unescape(found[1]) if found else None


def toast_in(response):
    found = re.search(r'class="toast[^>]*><span>([^<]*)', response.content.decode())
    assert found
    return found[1]


def shown(response):
    return re.findall(r'<li class="row[^"]*" id="n-([^"]*)">', response.content.decode())


def everything(viewer):
    return [as_json(one) for one in actions.own(viewer.person, viewer.catalogue)]


@pytest.mark.parametrize(
    ("wish", "until"),
    [
        ("mute", None),
        ("mute-day", NOW + timedelta(days=1)),
        ("mute-week", NOW + timedelta(days=7)),
        ("mute-until", MIDNIGHT),
    ],
)
@pytest.mark.parametrize(("ref", "part"), [(REF, True), (REF, False), (MINE, True)])
def test_muting_lasts_as_long_as_it_says_and_can_be_undone(as_, wish, until, ref, part):
    ana = as_(ANA)
    answer = act(ana, wish, ref.id, ref.kind, part=part, until="2026-11-30")
    if not part:
        assert answer["Location"] == f"/settings#n-{quote(ref.id, safe='')}"
        answer = ana.get("/settings")
    mute = mute_of(ANA, ref)
    assert (mute.muted, mute.by, mute.until) == (True, MutedBy.PERSON, until)
    assert toast_in(answer).startswith("Muted ")
    assert "Muted until" in answer.content.decode()
    undone = ana.post("/settings/act", {"do": undo_in(answer)}, headers=PART)
    assert not mute_of(ANA, ref).muted
    again = ana.post("/settings/act", {"do": undo_in(undone)}, headers=PART)
    assert mute_of(ANA, ref).until == until
    assert mute_of(ANA, ref).muted
    assert undo_in(again) == f"unmute {ref.kind} {ref.id}"


def test_a_mute_until_a_day_ends_as_that_day_begins_for_the_person(as_):
    ana = as_(ANA)
    page = act(ana, "mute-until", part=True, until="2026-11-30").content.decode()
    assert "Muted until Mon 30 Nov</span>" in page
    assert "Muted until Mon 30 Nov, 00:00." in page


def test_a_new_end_of_a_mute_is_undone_to_the_former_end(as_):
    ana = as_(ANA)
    act(ana, "mute-week")
    answer = act(ana, "mute", part=True)
    ana.post("/settings/act", {"do": undo_in(answer)}, headers=PART)
    assert mute_of(ANA).until == NOW + timedelta(days=7)


def test_a_mute_that_has_ended_meanwhile_is_not_brought_back(as_, at):
    ana = as_(ANA)
    act(ana, "mute-day")
    undo = undo_in(act(ana, "unmute", part=True))
    at(timedelta(days=2))
    answer = ana.post("/settings/act", {"do": undo}, headers=PART)
    assert answer.status_code == 422
    assert toast_in(answer) == "That mute has ended meanwhile, so it stays unmuted."
    assert not mute_of(ANA).muted


@pytest.mark.parametrize(
    ("day", "says"),
    [
        ("", "Choose a day, such as 2026-11-24."), ("soon", "Choose a day, such as 2026-11-24."),
        ("2026-11-23", "Choose a day after today."), ("0001-01-01", "Choose a day after today."),
        ("9999-12-31", "Choose a day within ten years"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("part", [True, False])
def test_a_day_that_does_not_work_is_told_beside_the_date(as_, day, says, part):
    answer = act(as_(ANA), "mute-until", part=part, until=day)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert f'value="{day}"' in page
    assert ("<html" in page) is not part
    assert answer["HX-Retarget"] == "#menu"
    assert mute_of(ANA) is None


def test_unmuting_what_is_not_muted_offers_nothing_to_undo(as_):
    assert undo_in(act(as_(ANA), "unmute", part=True)) is None


def test_a_deleted_notification_can_be_brought_back(as_):
    ana = as_(ANA)
    answer = act(ana, "delete", "n-1", "custom", part=True)
    assert "n-1" not in shown(answer)
    back = ana.post("/settings/act", {"do": undo_in(answer)}, headers=PART)
    assert "n-1" in shown(back)
    assert 'class="row is-new" id="n-n-1"' in back.content.decode()
    assert toast_in(back) == "Brought back, as it was."


def test_without_javascript_the_toast_undoes_too(as_):
    ana = as_(ANA)
    act(ana, "delete", "n-1", "custom", q="second", show="custom")
    page = ana.get("/settings?q=second&show=custom")
    assert "n-1" not in shown(page)
    answer = ana.post("/settings/act", {"do": undo_in(page), "q": "second", "show": "custom"})
    assert answer["Location"] == "/settings?q=second&show=custom#n-n-1"
    assert toast_in(ana.get("/settings")) == "Brought back, as it was."
    assert b"Brought back" not in ana.get("/settings").content


def test_the_search_of_the_page_is_kept_by_what_is_done_there(as_):
    there = PART | {"HX-Current-URL": "http://localhost/settings?q=second&show=custom"}
    answer = as_(ANA).post("/settings/act", {"do": "mute custom n-1"}, headers=there)
    assert shown(answer) == ["n-1"]
    assert 'name="q" value="second"' in answer.content.decode()


def test_a_search_that_would_hide_the_fresh_row_is_cleared_and_said(as_):
    ana = as_(ANA)
    act(ana, "delete", "n-1", "custom")
    there = PART | {"HX-Current-URL": "http://localhost/settings?show=muted"}
    answer = ana.post("/settings/act", {"do": "bring-back custom n-1"}, headers=there)
    assert "n-1" in shown(answer)
    assert toast_in(answer).endswith("The search is cleared, to show it.")
    assert answer["HX-Replace-Url"] == "/settings"


def test_htmx_on_another_page_is_led_to_the_row(as_):
    there = PART | {"HX-Current-URL": "http://localhost/settings/new"}
    ana = as_(ANA)
    answer = ana.post("/settings/act", {"do": "mute custom n-1"}, headers=there)
    assert answer["HX-Redirect"] == "/settings#n-n-1"
    assert toast_in(ana.get("/settings")) == "Muted until you unmute it."


def edited(client, **raw):
    """Edit as the window does: the session keeps what was before."""
    viewer = viewer_for(User.objects.get(email_key=ANA))
    before = as_json(actions.find_own(viewer.person, MINE, viewer.catalogue))
    del before["id"]
    changed = actions.edit(viewer.person, "n-1", raw, viewer.catalogue, NOW, version=None)
    session = client.session
    session["before"] = {"id": "n-1", "raw": before, "version": changed.version}
    session.save()


def test_an_edit_is_undone_to_what_it_was(as_):
    ana = as_(ANA)
    edited(ana, name="Other", frequency="weekly", where=[{"field": "severity", "op": "any_of", "value": ["Blocker"]}])
    answer = act(ana, "put-back@2", "n-1", "custom", part=True)
    stored = CustomNotification.objects.get(id="n-1")
    assert (stored.name, stored.frequency) == (CUSTOM["name"], CUSTOM["frequency"])
    assert "redelivery_round" in stored.where_json
    assert toast_in(answer) == "The edit is undone."
    assert 'class="row is-new" id="n-n-1"' in answer.content.decode()


def test_an_edit_is_not_undone_over_a_later_one(as_):
    ana = as_(ANA)
    edited(ana, name="Other")
    viewer = viewer_for(User.objects.get(email_key=ANA))
    actions.edit(viewer.person, "n-1", {"name": "Later"}, viewer.catalogue, NOW, version=None)
    answer = act(ana, "put-back@2", "n-1", "custom", part=True)
    assert answer.status_code == 422
    assert toast_in(answer).startswith("It was changed since")
    assert CustomNotification.objects.get(id="n-1").name == "Later"


def test_an_edit_that_the_session_does_not_know_is_not_undone(as_):
    answer = act(as_(ANA), "put-back", "n-1", "custom", part=True)
    assert answer.status_code == 422
    assert "too long ago" in toast_in(answer)


@pytest.mark.parametrize("wish", ["delete", "put-back", "bring-back"])
@pytest.mark.parametrize("part", [True, False])
def test_a_default_is_not_changed_and_the_refusal_says_why(as_, wish, part):
    answer = act(as_(ANA), wish, part=part)
    assert answer.status_code == 422
    assert toast_in(answer) == "A Default comes with your role: it can be muted or duplicated, not changed or deleted."
    assert ID in shown(answer)
    assert ("<html" in answer.content.decode()) is not part


@pytest.mark.parametrize("wish", ["mute", "mute-day", "mute-until", "unmute", "delete", "bring-back", "put-back"])
@pytest.mark.parametrize(("id_", "kind"), [("n-1", "custom"), ("n-none", "custom"), (DEFAULT, "default")])
def test_somebody_elses_notification_does_not_exist(as_, wish, id_, kind):
    viewer = viewer_for(User.objects.get(email_key=ANA))
    before = everything(viewer)
    stranger = as_(SAM if kind == "default" else TOM)
    assert act(stranger, wish, id_, kind, until="2026-11-30").status_code == 404
    assert stranger.get(f"/settings/menu/{kind}/{quote(id_, safe='')}").status_code == 404
    assert everything(viewer) == before
    assert [one.id for one in store.load_book(catalogue()).customs.values()] == [CUSTOM["id"]]
    assert store.load_book(catalogue()).mutes == {}


def test_a_deleted_notification_of_somebody_else_can_not_be_brought_back(as_):
    act(as_(ANA), "delete", "n-1", "custom")
    assert act(as_(TOM), "bring-back", "n-1", "custom").status_code == 404


@pytest.mark.parametrize(
    "do", ["", "mute", "mute default", "no-such custom n-1", "mute no-such n-1", "mute@x custom n-1", "x" * 5_000]
)
def test_what_a_form_never_asks_is_not_found(as_, do):
    ana = as_(ANA)
    assert ana.post("/settings/act", {"do": do}).status_code == 404
    assert ana.get("/settings/menu/no-such/n-1").status_code == 404


def test_looking_changes_nothing(as_):
    ana = as_(ANA)
    assert ana.get("/settings/act?do=delete+custom+n-1").status_code == 405
    for address in ("/settings", "/settings/menu/custom/n-1", "/settings/menu/custom/n-1?do=delete+custom+n-1"):
        assert ana.get(address).status_code == 200
        assert ana.post(address).status_code == 405
    assert CustomNotification.objects.get(id="n-1").deleted_us is None


@pytest.mark.parametrize("part", [True, False])
def test_forms_need_the_csrf_token(as_, part):
    ana = as_(ANA, enforce_csrf_checks=True)
    assert act(ana, "mute", part=part).status_code == 403
    assert mute_of(ANA) is None
    token = ana.get("/csrf").content.decode()
    headers = {"X-CSRFToken": token, **PART}
    assert ana.post("/settings/act", {"do": f"mute default {DEFAULT}"}, headers=headers).status_code == 200
    assert mute_of(ANA).muted


def test_nobody_gets_in_without_a_sign_in(browser, pipeline):  # noqa: ARG001 - its database
    for address in ("/settings", "/settings/menu/custom/n-1", "/csrf"):
        assert browser.get(address)["Location"].startswith("/sign-in?next=")
        assert browser.get(address, headers=PART).status_code == 401
    assert act(browser, "mute", part=True).status_code == 401


def test_the_menu_of_a_custom_offers_all_that_of_a_default_says_why_not(as_):
    ana = as_(ANA)
    mine = ana.get("/settings/menu/custom/n-1", headers=PART).content.decode()
    default = ana.get(f"/settings/menu/default/{ID}", headers=PART).content.decode()
    for page, ref in ((mine, "custom/n-1"), (default, f"default/{ID}")):
        assert f'href="/settings/duplicate/{ref}"' in page
        assert page.count('name="do" value="mute') == 4
        assert 'min="2026-11-24"' in page
        assert "00:00 (Europe/Madrid)" in page
    assert 'value="delete custom n-1"' in mine
    assert 'href="/settings/edit/n-1"' in mine
    assert "delete" not in default.lower()
    assert "/settings/edit/" not in default
    assert (
        "Comes from your role Fulfillment Partner Operations at Copperglass Post. It can be muted or duplicated, not changed."
        in default
    )


def test_a_muted_row_is_offered_unmute_alone(as_):
    ana = as_(ANA)
    act(ana, "mute")
    menu = ana.get(f"/settings/menu/default/{ID}", headers=PART).content.decode()
    assert re.findall(r'name="do" value="([^" ]+)', menu) == ["unmute"]


def test_without_javascript_the_menu_is_a_page_with_the_way_back(as_):
    page = as_(ANA).get("/settings/menu/custom/n-1?q=second&show=custom").content.decode()
    assert "<h1><bdi>Second rounds</bdi></h1>" in page
    assert 'href="/settings?q=second&amp;show=custom#n-n-1"' in page
    assert '<input type="hidden" name="q" value="second">' in page


def test_ids_with_every_character_keep_their_menu_and_their_link(as_, pipeline):
    odd = "a/b?c#d%2F é“\"'"
    pipeline.import_notifications([CUSTOM | {"id": odd, "name": "Odd"}])
    ana = as_(ANA)
    page = ana.get("/settings").content.decode()
    found = re.search(r'formaction="([^"]*)"[^>]*aria-label="More for Odd"', page)
    assert found
    assert b"Odd" in ana.get(unescape(found[1])).content
    assert f'id="n-{quote(odd, safe="")}"' in page
    assert act(ana, "mute", odd, "custom")["Location"] == f"/settings#n-{quote(odd, safe='')}"


def test_a_wish_for_a_row_the_window_made_can_be_taken_back(as_):
    viewer = viewer_for(User.objects.get(email_key=ANA))
    made = actions.create(
        viewer.person, {key: CUSTOM[key] for key in ("name", "event_type", "where", "frequency")}, viewer.catalogue, NOW
    )
    done = fulfil(read_wish(f"delete custom {made.id}"), viewer)
    assert done.undo == f"bring-back custom {made.id}"
    assert as_(ANA).get(f"/settings/menu/custom/{made.id}").status_code == 404


def test_a_page_that_somebody_else_opened_acts_for_nobody(as_):
    ana, tom = as_(ANA), as_(TOM)
    whose = re.findall(r'name="person" content="([^"]+)"', ana.get("/settings").content.decode())[0]
    headers = {"HX-Request": "true", "X-Callboard-Person": whose}
    answer = tom.post("/settings/act", {"do": f"mute default {DEFAULT}"}, headers=headers)
    assert answer.status_code == 412
    assert "You are signed in as" in answer.content.decode()
    assert not store.mutes_of(User.objects.get(email_key=TOM).id)
    assert tom.get(f"/settings/menu/default/{ID}", headers=headers).status_code == 412
    assert tom.post("/settings/me", {"digest_hour": "9"}, headers=headers).status_code == 412
    assert ana.post("/settings/act", {"do": f"mute default {DEFAULT}"}, headers=headers).status_code == 200


def test_what_was_deleted_can_be_brought_back_from_the_list(as_):
    ana = as_(ANA)
    assert "Deleted in the last 30 days" not in ana.get("/settings").content.decode()
    act(ana, "delete", "n-1", "custom")
    page = ana.get("/settings").content.decode()
    assert "Deleted in the last 30 days: 1" in page
    assert 'value="bring-back custom n-1"' in page
    act(ana, "bring-back", "n-1", "custom")
    assert "Deleted in the last 30 days" not in ana.get("/settings").content.decode()


def test_a_form_sent_after_the_session_ended_leads_to_a_page(client):
    answer = client.post("/settings/act", {"do": "mute custom n-1"})
    assert answer.headers["Location"] == "/sign-in?next=/settings"


def test_the_last_who_gets_something_critical_is_told_before_muting_it(as_, pipeline):
    tom = as_(TOM)
    page = f"/settings/menu/default/{ID}"
    warned = "You are the last at Tidewater Media who gets Redelivery Requested. Your Masters will be told."
    assert warned in unescape(tom.get(page).content.decode())
    processed = quote("delivery.processed/fulfillment_partner_operations", safe="")
    assert "You are the last" not in tom.get(f"/settings/menu/default/{processed}").content.decode()
    act(tom, "mute")
    assert "You are the last" not in tom.get(page).content.decode()
    act(tom, "unmute")
    bo = {
        "email": "bo@tidewater.example",
        "name": "Bo Lind",
        "partner": "tidewater",
        "roles": ["fulfillment_partner_operations"],
    }
    pipeline.import_people({"users": [bo]})
    assert "You are the last" not in tom.get(page).content.decode()
