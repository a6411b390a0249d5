"""An operator acts for a person: only for a reason, only in the settings, and all of it is written down."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from tests.integration.console.trouble import composed
from tests.integration.web.studio import ANA, REDELIVERY, SAM, TOM, event
from tests.integration.web.window import Window, customs

from callboard.base.keyed import keyed_hash
from callboard.console import acting
from callboard.console.models import Act, Acting
from callboard.console.people_tables import MIDDLEWARE
from callboard.people.models import User
from callboard.preferences.models import MuteRecord

REASON = "Ticket 812: <b>asks</b> to mute redeliveries"
DEFAULT = f"default {REDELIVERY}/fulfillment_partner_operations"


@pytest.fixture(autouse=True)
def wired(settings):
    """Put the middleware where it belongs, behind the sign-in."""
    if MIDDLEWARE not in settings.MIDDLEWARE:
        settings.MIDDLEWARE = [*settings.MIDDLEWARE, MIDDLEWARE]


@pytest.fixture
def olga(operator, as_):
    return as_(operator.email_key)


def user(email):
    return User.objects.get(email_key=email)


def act_for(client, email, reason=REASON):
    return client.post(f"/console/people/{user(email).pk}/act", {"reason": reason})


@pytest.fixture
def acts(olga):
    """Olga, who acts for Ana."""
    assert act_for(olga, ANA)["Location"] == "/settings"
    return olga


def test_the_settings_are_the_persons_with_a_banner(acts):
    page = acts.get("/settings").content.decode()
    assert "Second rounds" in page
    assert "You act for" in page
    assert "Ana Ruiz" in page
    assert "Ticket 812: &lt;b&gt;asks&lt;/b&gt;" in page


@pytest.mark.parametrize("page", ["/settings", "/settings/me", "/settings/new", "/settings/filters", "/history",
                                  "/console/", "/console/mail/mail/", "/nothing-here"])  # fmt: skip
def test_every_page_has_the_banner_and_the_way_back(acts, page):
    text = acts.get(page).content.decode()
    assert text.count("You act for") >= 1
    assert 'action="/console/acting/end"' in text


def test_what_is_done_is_done_for_the_person_and_written_down_with_the_reason(acts, operator):
    assert acts.post("/settings/act", {"do": f"mute {DEFAULT}"}).status_code in (200, 302)
    assert MuteRecord.objects.get().user.email_key == ANA
    one = Act.objects.get(method="POST")
    assert one.path == "/settings/act"
    assert f"mute {DEFAULT}" in one.said
    assert one.status in (200, 302)
    assert (one.acting.operator, one.acting.person.email_key) == (operator, ANA)
    page = acts.get("/console/audit?kind=acting").content.decode()
    for words in ("Ticket 812", ANA, operator.email, "POST /settings/act", "mute default"):
        assert words in page, words
    assert "csrfmiddlewaretoken" not in one.said
    assert "Acts for this person: Ticket 812" in acts.get("/console/audit").content.decode()


def recorded(operator):
    """What an operator sent for Ana: (address, what was said, answer)."""
    rows = Act.objects.filter(method="POST", acting__operator=operator, acting__person__email_key=ANA).order_by("id")
    return [(one.path, one.said, one.status) for one in rows]


def test_each_setting_that_is_made_edited_deleted_or_set_for_a_person_is_written_down(acts, operator):
    window = Window(acts)
    where = [{"field": "content_type", "op": "any_of", "value": ["Branded"]}]
    window.open("/settings/new").choose(REDELIVERY, where, frequency="weekly", name="For Ana").save()
    number = window.form["id"]
    window.open(f"/settings/edit/{number}")
    window.form |= {"frequency": "daily", "name": "Sooner"}
    window.save()
    assert [(one.name, one.frequency) for one in customs(ANA) if one.id == number] == [("Sooner", "daily")]
    acts.post("/settings/act", {"do": f"delete custom {number}"})
    assert number not in [one.id for one in customs(ANA)]
    me = {"time_zone": "Asia/Tokyo", "digest_hour": "6", "digest_weekday": "friday", "do": "save"}
    acts.post("/settings/me", me)
    assert (user(ANA).time_zone, user(ANA).digest_hour) == ("Asia/Tokyo", 6)
    made, edited, deleted, zone = recorded(operator)
    assert [one[0] for one in (made, edited, deleted, zone)] == [
        "/settings/save", "/settings/save", "/settings/act", "/settings/me",
    ]  # fmt: skip
    for (_, said, status), words in ((made, "For Ana"), (edited, "Sooner"), (deleted, number), (zone, "Asia/Tokyo")):
        assert words in said
        assert status in (200, 302)


def test_pages_that_are_opened_are_written_down_too(acts):
    acts.get("/history?q=x")
    assert list(Act.objects.filter(method="GET").values_list("path", "status")) == [("/history?q=x", 200)]


@pytest.mark.parametrize("page", ["/history", "/settings/me", "/settings"])
def test_a_header_of_a_part_hides_no_page_from_the_record(acts, page):
    acts.get(page, headers={"HX-Request": "true"})
    assert list(Act.objects.values_list("path", flat=True)) == [page]


def test_what_was_refused_is_written_down_without_what_was_sent(acts):
    acts.post("/settings/password", {"password1": "a secret word", "password2": "a secret word"})
    one = Act.objects.get()
    assert (one.method, one.path, one.status, one.said) == ("POST", "/settings/password", 403, "")


def test_typing_is_not(acts):
    acts.post("/settings/preview", {"event_type": REDELIVERY})
    assert not Act.objects.exists()


def test_a_page_opened_before_acts_for_nobody_else(olga, operator, settings):
    seal = keyed_hash(settings.SECRET_KEY, "page", str(operator.pk))
    act_for(olga, ANA)
    found = olga.post("/settings/act", {"do": f"mute {DEFAULT}"}, headers={"X-Callboard-Person": seal})
    assert found.status_code == 412
    assert not MuteRecord.objects.exists()


@pytest.mark.parametrize("url", ["/settings/password", "/mailbox", "/mailbox/1", "/", "/sign-in", "/api/v1/notifications",
                                 "/api/v1/ledger", "/sign-in-as", "/set-password/x/y/", "/mute/x"])  # fmt: skip
@pytest.mark.parametrize("method", ["get", "post"])
def test_mails_passwords_and_ways_to_sign_in_stay_closed(acts, url, method):
    before = user(ANA).password
    found = getattr(acts, method)(url)
    assert found.status_code == 403
    assert "Mails, passwords and ways to sign in are the person" in found.content.decode()
    assert user(ANA).password == before


def test_whatever_page_comes_later_is_closed_until_it_is_listed():
    from callboard.web.urls import urlpatterns  # noqa: PLC0415 - all of them, as they are

    named = {one.name for one in urlpatterns if one.name}
    assert named >= acting.OPEN
    closed = named - acting.OPEN
    assert {"account_change_password", "account_login", "mailbox", "mail-body", "sign-in-as"} <= closed


@pytest.mark.parametrize("reason", ["", "   ", "because", "x" * 501, "\u202e \u202e \u202e \u202e \u202e"])
def test_without_a_reason_nobody_acts(olga, reason):
    found = act_for(olga, ANA, reason)
    assert found.status_code == 400
    assert "Give a reason" in found.content.decode()
    assert not Acting.objects.exists()
    assert "You act for" not in olga.get("/settings").content.decode()


def test_nobody_acts_for_an_operator_or_a_deactivated_person(olga, operator):
    for email, words in ((operator.email_key, "another operator"), (TOM, "deactivated")):
        User.objects.filter(email_key=TOM).update(is_active=False)
        found = act_for(olga, email)
        assert (found.status_code, words in found.content.decode()) == (400, True)
    User.objects.filter(email_key=SAM).update(is_staff=True)
    assert act_for(olga, SAM).status_code == 400
    assert not Acting.objects.exists()


def test_others_act_for_nobody(as_, olga):  # noqa: ARG001 - the operator is there
    found = as_(SAM)
    assert act_for(found, ANA).status_code == 404
    assert not Acting.objects.exists()


def test_a_session_can_not_take_over_what_another_began(acts, as_):  # noqa: ARG001 - it is going on
    other = User(email="otto@callboard.example", name="Otto", is_staff=True)
    other.set_password("a password for tests")
    other.save()
    client = as_("otto@callboard.example")
    session = client.session
    session["callboard_acting"] = Acting.objects.get().pk
    session.save()
    assert "You act for" not in client.get("/settings").content.decode()


def test_the_way_back_ends_it(acts):
    assert acts.post("/console/acting/end")["Location"] == f"/console/people/user/{user(ANA).pk}/change/"
    assert "You act for" not in acts.get("/settings").content.decode()
    assert "Second rounds" not in acts.get("/settings").content.decode()


@pytest.mark.parametrize("end", [
    lambda: Acting.objects.update(until_s=1.0),
    lambda: User.objects.filter(email_key=ANA).update(is_active=False),
    lambda: User.objects.filter(email_key=ANA).update(is_staff=True),
])  # fmt: skip
def test_it_ends_by_itself(acts, end):
    end()
    assert "You act for" not in acts.get("/settings").content.decode()
    acts.post("/settings/act", {"do": f"mute {DEFAULT}"})
    assert not MuteRecord.objects.filter(user__email_key=ANA).exists()


def test_what_is_sent_after_the_end_is_done_to_nobody(acts, operator):
    before = (
        User.objects.filter(pk__in=[operator.pk, user(ANA).pk]).order_by("pk").values_list("digest_hour", flat=True)
    )
    hours = list(before)
    Acting.objects.update(until_s=1.0)
    found = acts.post("/settings/me", {"digest_hour": "5", "digest_weekday": "friday", "time_zone": "UTC"})
    assert found.status_code == 403
    assert "You no longer act for anybody" in found.content.decode()
    assert list(before.all()) == hours
    assert acts.get("/settings").status_code == 200


def test_forms_opened_before_and_meanwhile_are_refused_afterwards(operator):
    client = Client(SERVER_NAME="localhost", enforce_csrf_checks=True)
    client.force_login(operator)

    def token():
        return re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', client.get("/settings").content.decode())[0]

    own = token()
    url = f"/console/people/{user(ANA).pk}/act"
    assert client.post(url, {"reason": REASON, "csrfmiddlewaretoken": own}).status_code == 302
    said = {"do": f"mute {DEFAULT}"}
    assert client.post("/settings/act", {**said, "csrfmiddlewaretoken": own}).status_code == 403
    anas = token()
    assert client.post("/console/acting/end", {"csrfmiddlewaretoken": anas}).status_code == 302
    assert client.post("/settings/act", {**said, "csrfmiddlewaretoken": anas}).status_code == 403
    assert not MuteRecord.objects.exists()


def test_an_operator_who_is_no_more_acts_for_nobody(acts, operator):
    User.objects.filter(pk=operator.pk).update(is_staff=False)
    assert "You act for" not in acts.get("/settings").content.decode()


def test_signing_out_ends_it(acts):
    acts.post("/sign-out")
    assert acts.get("/settings").status_code == 302


def test_items_are_shown_as_the_person_sees_them(acts, pipeline):
    from callboard.intake.models import EventRecord  # noqa: PLC0415 - beside its use

    composed(pipeline, event("e-1"), event("e-2", partner="tidewater"))
    keys = dict(EventRecord.objects.values_list("event_id", "key"))
    assert acts.get(f"/items/{keys['e-1']}").status_code == 200
    assert acts.get(f"/items/{keys['e-2']}").status_code == 404, "A3 holds for who acts"


def test_it_is_offered_where_it_can_be_done(olga, operator, settings):
    offer = 'name="reason"'
    assert offer in olga.get(f"/console/people/user/{user(ANA).pk}/change/").content.decode()
    assert offer not in olga.get(f"/console/people/user/{operator.pk}/change/").content.decode()
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != MIDDLEWARE]
    assert offer not in olga.get(f"/console/people/user/{user(ANA).pk}/change/").content.decode()
    assert act_for(olga, ANA).status_code == 404


def test_parts_of_pages_and_files_have_no_banner(acts):
    found = acts.get("/settings/menu/default/" + DEFAULT.partition(" ")[2], headers={"HX-Request": "true"})
    assert "You act for" not in found.content.decode()
    assert not re.search("You act for", acts.get("/csrf").content.decode())
