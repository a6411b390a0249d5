"""The person's own settings: what follows is told, a save counts from the next event on, tampering is refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.integration.web.studio import ANA, TOM, accept, event

from callboard.people.models import User
from callboard.people.sequences import newest_revision

PAGE = "/settings/me"
FORM = {"time_zone": "Europe/Madrid", "digest_hour": "8", "digest_weekday": "monday", "do": "save"}


def stored(email=ANA):
    user = User.objects.get(email_key=email)
    return user.time_zone, user.digest_hour, user.digest_weekday, user.notify_own_actions


def test_the_page_shows_what_is_set_and_what_follows(as_):
    page = as_(ANA).get(PAGE).content.decode()
    assert (
        '<option value="Europe/Madrid" data-also="Europe/Madrid Spain" selected>Europe/Madrid (UTC+1, now 11:00)'
        in page
    )
    assert "<dt>Next hourly digest</dt><dd>today, 12:00</dd>" in page
    assert "<dt>Next daily digest</dt><dd>tomorrow, Tue 24 Nov, 08:00</dd>" in page
    assert "<dt>Next weekly digest</dt><dd>Mon 30 Nov, 08:00</dd>" in page
    assert "Times are Europe/Madrid, where it is 11:00 now." in page


def test_a_save_is_stored_told_once_and_goes_with_a_new_revision(as_):
    ana, before = as_(ANA), newest_revision()
    wish = {
        "time_zone": "Asia/Tokyo",
        "digest_hour": "0",
        "digest_weekday": "friday",
        "notify_own_actions": "on",
        "do": "save",
    }
    response = ana.post(PAGE, wish)
    assert (response.status_code, response["Location"]) == (302, PAGE)
    assert stored() == ("Asia/Tokyo", 0, "friday", True)
    assert newest_revision() == before + 1 == User.objects.get(email_key=ANA).revision
    said = (
        "Saved: your time zone is Asia/Tokyo; daily and weekly digests leave at 00:00;"
        " weekly digests leave on Friday; your own actions are mailed to you."
    )
    assert said in ana.get(PAGE).content.decode()
    assert "Saved:" not in ana.get(PAGE).content.decode()


def test_a_double_click_saves_once_and_says_what_the_first_one_did(as_):
    ana, before = as_(ANA), newest_revision()
    for _ in range(2):
        ana.post(PAGE, FORM | {"digest_hour": "9"})
    assert newest_revision() == before + 1
    assert "leave at 09:00" in ana.get(PAGE).content.decode()


def test_saving_what_is_set_writes_nothing(as_):
    ana, before = as_(ANA), newest_revision()
    ana.post(PAGE, FORM)
    assert newest_revision() == before
    assert "Nothing to save" in ana.get(PAGE).content.decode()


def test_a_change_saved_before_an_event_counts_for_it(pipeline, as_):
    (draft,) = accept(pipeline, event(actor=ANA))
    ana = as_(ANA)
    assert "You did this yourself" in ana.get(f"/items/{draft.key}").content.decode()
    ana.post(PAGE, FORM | {"notify_own_actions": "on"})
    (draft,) = accept(pipeline, event("e-2", actor=ANA))
    assert "You will be mailed" in ana.get(f"/items/{draft.key}").content.decode()


def test_what_is_collecting_leaves_at_its_old_time_and_what_comes_after_at_the_new_one(pipeline, as_):
    accept(pipeline, event(event_type="comment.added", comment="one"))
    ana = as_(ANA)
    page = ana.get(PAGE).content.decode()
    assert "What is already collecting keeps its time:" in page
    assert "<b>1 item</b> hourly digest: today, 12:00" in page
    ana.post(PAGE, FORM | {"time_zone": "Asia/Kolkata"})
    accept(pipeline, event("e-2", event_type="comment.added", comment="two"))
    page = ana.get(PAGE).content.decode()
    assert "<b>1 item</b> hourly digest: today, 16:30" in page
    assert "<b>1 item</b> hourly digest: today, 16:00" in page


def test_a_preview_tells_and_saves_nothing(as_):
    ana = as_(ANA)
    wish = FORM | {"time_zone": "Asia/Tokyo", "digest_hour": "20", "do": "preview"}
    part = ana.post(PAGE, wish, headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in part
    assert "<dt>Next daily digest</dt><dd>today, 20:00</dd>" in part
    assert "Times are Asia/Tokyo, where it is 19:00 now." in part
    assert "Not saved yet" in part
    whole = ana.post(PAGE, wish).content.decode()
    assert "Not saved yet" in whole
    assert '<option value="20" selected>' in whole
    assert stored() == ("Europe/Madrid", 8, "monday", False)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("time_zone", "Europe/Pariss", "did you mean Europe/Paris?"),
        ("time_zone", "<script>alert(1)</script>", "&lt;script&gt;"),
        ("time_zone", "", "is not a time zone"),
        ("time_zone", "a\x00b", "is not a time zone"),
        ("digest_hour", "24", "full hour from 0 to 23"),
        ("digest_hour", "-1", "full hour from 0 to 23"),
        ("digest_hour", "²", "full hour from 0 to 23"),
        ("digest_hour", "9" * 5_000, "full hour from 0 to 23"),
        ("digest_weekday", "someday", "must be one of monday"),
    ],
)
@pytest.mark.parametrize("do", ["save", "preview"])
def test_a_value_that_is_not_on_offer_is_refused_in_words(as_, key, value, says, do):
    ana = as_(ANA)
    for headers in ({}, {"HX-Request": "true"}):
        response = ana.post(PAGE, FORM | {key: value, "do": do}, headers=headers)
        assert response.status_code == 422
        assert says in response.content.decode()
        assert "<script>alert" not in response.content.decode()
    assert stored() == ("Europe/Madrid", 8, "monday", False)


def test_only_the_own_settings_can_be_sent(as_):
    as_(ANA).post(PAGE, FORM | {"roles": "studio_admin", "email": TOM, "user": TOM, "id": "2", "is_staff": "on"})
    ana = User.objects.get(email_key=ANA)
    assert (ana.roles, ana.is_staff) == ("fulfillment_partner_operations", False)
    assert stored(TOM) == ("UTC", 8, "monday", False)


def test_an_unknown_wish_is_not_there(as_):
    assert as_(ANA).post(PAGE, FORM | {"do": "promote"}).status_code == 404
    assert as_(ANA).put(PAGE).status_code == 405


def test_without_a_session_it_asks_to_sign_in(pipeline, browser):  # noqa: ARG001 - its database
    assert browser.get(PAGE)["Location"] == f"/sign-in?next={PAGE}"
    assert browser.post(PAGE, FORM).status_code == 302
    assert browser.post(PAGE, FORM, headers={"HX-Request": "true"}).status_code == 401
    assert stored() == ("Europe/Madrid", 8, "monday", False)


def test_another_site_can_not_save(as_):
    assert as_(ANA, enforce_csrf_checks=True).post(PAGE, FORM | {"digest_hour": "3"}).status_code == 403
    assert stored()[1] == 8


def test_a_deactivated_person_has_no_settings(pipeline, as_):
    ana = as_(ANA)
    pipeline.import_people({"users": [{"email": ANA, "active": False}]})
    assert ana.get(PAGE).status_code == 302


@pytest.mark.parametrize("back", ["/settings", "/settings/me"])
def test_the_browsers_zone_is_taken_at_a_click_and_leads_back(as_, back):
    ana = as_(ANA)
    response = ana.post(PAGE, {"do": "use-zone", "time_zone": "Asia/Calcutta", "back": back})
    assert response["Location"] == back
    assert stored() == ("Asia/Kolkata", 8, "monday", False)
    assert "your time zone is Asia/Kolkata" in ana.get(back).content.decode()


def test_the_buttons_lead_nowhere_else(as_):
    response = as_(ANA).post(PAGE, {"do": "use-zone", "time_zone": "Asia/Tokyo", "back": "https://evil.example/"})
    assert response["Location"] == PAGE


def test_a_zone_that_is_declined_is_remembered_for_this_person_and_zone_only(as_):
    ana = as_(ANA)
    for zone in ("Europe/Paris", "Asia/Tokyo", "Europe/Paris"):
        ana.post(PAGE, {"do": "keep-zone", "time_zone": zone, "back": PAGE})
    number = User.objects.get(email_key=ANA).id
    assert stored()[0] == "Europe/Madrid"
    assert f'data-kept="{number}~Europe/Madrid~Asia/Tokyo~Europe/Paris"' in ana.get(PAGE).content.decode()
    ana.post(PAGE, FORM | {"time_zone": "UTC"})
    ana.post(PAGE, {"do": "keep-zone", "time_zone": "Asia/Tokyo"})
    assert f'data-kept="{number}~UTC~Asia/Tokyo"' in ana.get(PAGE).content.decode()
    cookie = ana.cookies["kept_zones"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/settings", True, "Lax")


def test_a_cookie_never_grows_without_end_and_is_text_on_the_page(as_):
    ana = as_(ANA)
    ana.cookies["kept_zones"] = '"><script>alert(1)</script>'
    assert "<script>alert" not in ana.get(PAGE).content.decode()
    zones = [
        "Asia/Tokyo",
        "Europe/Paris",
        "Europe/Rome",
        "Europe/Oslo",
        "Asia/Seoul",
        "Asia/Dubai",
        "UTC",
        "Asia/Hebron",
    ]
    for zone in [*zones, "Africa/Cairo", "Africa/Lagos"]:
        ana.post(PAGE, {"do": "keep-zone", "time_zone": zone})
    assert ana.cookies["kept_zones"].value.count("~") == 9
    assert ana.post(PAGE, {"do": "keep-zone", "time_zone": "no~zone"}).status_code == 422


def test_a_zone_that_is_no_place_stays_on_offer_while_it_is_set(as_):
    User.objects.filter(email_key=ANA).update(time_zone="Etc/GMT+5")
    page = as_(ANA).get(PAGE).content.decode().replace("\N{MINUS SIGN}", "-")
    assert '<option value="Etc/GMT+5" selected>Etc/GMT+5 (UTC-5, now 05:00)' in page


def test_an_older_name_of_a_zone_shows_as_todays(as_):
    User.objects.filter(email_key=ANA).update(time_zone="Asia/Calcutta")
    page = as_(ANA).get(PAGE).content.decode()
    assert '<option value="Asia/Kolkata" data-also="Asia/Kolkata India Asia/Calcutta" selected>' in page


def test_the_page_tells_the_digest_hour_that_a_change_of_clocks_moves(at, as_):
    at(timedelta(days=124, hours=8))  # the evening before the clocks of Madrid skip 02:00
    ana = as_(ANA)
    User.objects.filter(email_key=ANA).update(digest_hour=2)
    assert "<dt>Next daily digest</dt><dd>tomorrow, Sun 28 Mar, 03:00</dd>" in ana.get(PAGE).content.decode()
