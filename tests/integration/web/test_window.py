"""The window: what it opens with, what its form may say, and what saving does and refuses."""

from __future__ import annotations

import re
from html import unescape

import pytest
from tests.integration.web.studio import ANA, REDELIVERY, SAM, TOM, accept, event
from tests.integration.web.window import HTMX, Window, customs, stored

from callboard.people.models import User
from callboard.preferences import actions, store
from callboard.preferences.values import Kind, Ref
from callboard.web.viewer import catalogue

DEFAULT = f"{REDELIVERY}/fulfillment_partner_operations"
BRANDED = {"field": "content_type", "op": "any_of", "value": ["Branded"]}


@pytest.fixture
def window(as_):
    """Return a browser of Ana's that fills windows."""
    return Window(as_(ANA))


def deleted(notification_id):
    return store.owners_of([notification_id]) and all(one.id != notification_id for one in customs())


def is_muted(ref, email=ANA):
    mute = store.mutes_of(User.objects.get(email_key=email).id).get(ref)
    return mute is not None and mute.muted


@pytest.mark.parametrize(
    "address",
    ["/settings/new", "/settings/edit/n-1", f"/settings/duplicate/default/{DEFAULT}", "/settings/duplicate/custom/n-1"],
)
def test_the_window_comes_as_a_dialog_or_as_a_page(as_, address):
    ana = as_(ANA)
    dialog, page = ana.get(address, headers=HTMX).content.decode(), ana.get(address).content.decode()
    assert '<dialog id="window"' in dialog
    assert "<html" not in dialog
    assert "<html" in page
    assert '<dialog id="window"' not in page
    assert 'name="event_type"' in dialog
    assert 'name="event_type"' in page


def test_only_event_types_that_the_person_sees_are_on_offer(window):
    window.open("/settings/new")
    assert f'value="{REDELIVERY}"' in window.page
    assert 'value="account.user_changed"' not in window.page
    assert "Choose what you want to be notified of." in window.page


@pytest.mark.parametrize(
    "address",
    ["/settings/edit/n-1", "/settings/edit/no-such", "/settings/duplicate/custom/n-1", "/settings/duplicate/odd/n-1",
     "/settings/duplicate/default/no-such", f"/settings/duplicate/default/{REDELIVERY}/studio_operations"],
)  # fmt: skip
def test_what_is_not_the_persons_own_is_not_found(as_, address):
    assert as_(TOM).get(address).status_code == 404
    assert as_(TOM).get(address, headers=HTMX).status_code == 404


@pytest.mark.parametrize("address", ["/settings/draft", "/settings/preview", "/settings/save"])
def test_forms_are_posted_with_the_token_and_by_signed_in_people(as_, browser, address):
    assert as_(ANA).get(address).status_code == 405
    assert as_(ANA, enforce_csrf_checks=True).post(address).status_code == 403
    assert browser.post(address, headers=HTMX).status_code == 401
    ended = browser.post(address)
    assert ended.status_code == 401
    assert b"Nothing was saved." in ended.content


@pytest.mark.parametrize("address", ["/settings/draft", "/settings/preview", "/settings/save"])
@pytest.mark.parametrize("change", [{"seal": ""}, {"seal": "0" * 32}, {"id": "n-2"}, {"id": "n-é"}])
def test_a_form_with_a_seal_that_does_not_fit_is_refused(window, address, change):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED])
    window.form |= change
    answer = window.post(address)
    assert answer.status_code == 409
    assert answer["HX-Retarget"] == "#window-note"
    assert len(customs()) == 1


def test_what_one_person_opened_is_not_saved_under_another(as_):
    window = Window(as_(ANA)).open("/settings/new").choose(REDELIVERY, [BRANDED])
    window.client = as_(TOM)
    answer = window.post("/settings/save")
    assert answer.status_code == 409
    assert b"You are signed in as <bdi>Tom Hale</bdi> now" in answer.content
    window.headers = {}
    assert b"somebody else opened that form" in window.post("/settings/save").content
    assert customs(TOM) == []
    assert len(customs()) == 1


def test_a_new_notification_is_stored_once_however_often_it_is_sent(window):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED], frequency="weekly", name="Mine")
    first, second = window.save(), window.save()
    assert [first.status_code, second.status_code] == [200, 200]
    assert [first["HX-Trigger"], second["HX-Trigger"]] == ["callboard:saved"] * 2
    assert first["HX-Retarget"] == "#panel"
    assert "Saved: Mine, weekly." in first.content.decode()
    made = stored(window.form["id"])
    assert (made.name, made.event_type, made.frequency, made.version) == ("Mine", REDELIVERY, "weekly", 1)
    assert [one.as_json() for one in made.where] == [BRANDED]
    assert len(customs()) == 2


def test_saving_can_be_undone(window):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED])
    answer = window.save().content.decode()
    undo = f"delete@1 custom {window.form['id']}"
    assert f'value="{undo}"' in answer
    window.client.post("/settings/act", {"do": undo})
    assert deleted(window.form["id"])


def test_without_script_saving_leads_to_the_row(window):
    window.headers = {}
    window.open("/settings/new").choose(REDELIVERY, [BRANDED])
    answer = window.save()
    assert answer.status_code == 302
    assert answer["Location"] == f"/settings#n-{window.form['id']}"
    assert "Saved: Redelivery Requested where Content Type is Branded, daily." in unescape(
        window.client.get("/settings").content.decode()
    )


def test_from_its_own_page_htmx_is_led_to_the_row(window):
    window.headers = HTMX | {"HX-Current-URL": "http://localhost/settings/new"}
    window.open("/settings/new").choose(REDELIVERY, [BRANDED])
    assert window.save()["HX-Redirect"] == f"/settings#n-{window.form['id']}"


def test_an_edit_keeps_what_was_not_touched_and_can_be_undone(window):
    before = stored("n-1")
    window.open("/settings/edit/n-1")
    window.form["frequency"] = "weekly"
    answer = window.save().content.decode()
    changed = stored("n-1")
    assert (changed.name, changed.where, changed.frequency, changed.version) == (before.name, before.where, "weekly", 2)
    assert "Saved: Second rounds, weekly." in answer
    assert 'value="put-back@2 custom n-1"' in answer
    window.client.post("/settings/act", {"do": "put-back@2 custom n-1"})
    assert stored("n-1").frequency == "daily"


def test_an_edit_sent_twice_answers_twice_and_counts_once(window):
    window.open("/settings/edit/n-1")
    window.form["frequency"] = "weekly"
    assert [window.save().status_code, window.save().status_code] == [200, 200]
    assert stored("n-1").version == 2
    window.client.post("/settings/act", {"do": "put-back@2 custom n-1"})
    assert stored("n-1").frequency == "daily"


def edit_elsewhere(**raw):
    person = Window.person_of(User.objects.get(email_key=ANA))
    actions.edit(person, "n-1", raw, catalogue(), Window.now(), version=None)


def over_of(answer):
    """Return what "Save mine over it" posts."""
    return re.findall(r'name="over" value="(\d+)"', answer.content.decode())[0]


def test_a_later_save_is_told_of_the_newer_version(window):
    window.open("/settings/edit/n-1")
    edit_elsewhere(name="Third <b>rounds</b>", frequency="hourly")
    window.form["frequency"] = "weekly"
    answer = window.save()
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "saved this notification after you opened it" in page
    assert (
        "“<bdi>Third &lt;b&gt;rounds&lt;/b&gt;</bdi>”: Redelivery Requested where Redelivery Round is at least 2, hourly"
        in page
    )
    assert 'value="weekly" checked' in page
    assert stored("n-1").frequency == "hourly"
    assert window.save().status_code == 409


def test_the_persons_own_version_may_be_saved_over_the_newer_one(window):
    window.open("/settings/edit/n-1")
    edit_elsewhere(frequency="hourly")
    window.form["frequency"] = "weekly"
    over = over_of(window.save())
    assert window.save(over=over).status_code == 200
    assert (stored("n-1").frequency, stored("n-1").version) == ("weekly", 3)


def test_saying_over_what_is_older_still_is_told_again(window):
    window.open("/settings/edit/n-1")
    edit_elsewhere(frequency="hourly")
    window.form["frequency"] = "weekly"
    assert window.save(over="1").status_code == 409
    assert stored("n-1").frequency == "hourly"


def test_what_was_deleted_elsewhere_is_offered_as_a_new_one(window):
    window.open("/settings/edit/n-1")
    window.form["frequency"] = "weekly"
    window.client.post("/settings/act", {"do": "delete custom n-1"})
    answer = window.save()
    assert answer.status_code == 409
    window.read(answer)
    assert "was deleted elsewhere" in window.page
    assert "Save as new" in window.page
    assert window.form["id"] != "n-1"
    assert window.save().status_code == 200
    assert [one.frequency for one in customs()] == ["weekly"]
    assert deleted("n-1")


def test_a_new_one_saved_again_with_other_content_is_told_first(window):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED])
    window.save()
    window.form["name"] = "Other"
    answer = window.save()
    assert answer.status_code == 409
    assert window.save(over=over_of(answer)).status_code == 200
    assert stored(window.form["id"]).name == "Other"
    assert len(customs()) == 2


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ([], "Choose what the condition is about."),
        ([{"field": "", "op": "", "value": []}], "Choose what the condition is about"),
        (
            [{"field": "content_type", "op": "any_of", "value": ["<script>"]}],
            "“&lt;script&gt;” can not be chosen any more",
        ),
        ([{"field": "redelivery_round", "op": "between", "value": ["3", "1"]}], "must not be above the second"),
        ([BRANDED] * 1001, "over 1,000 conditions"),
    ],
)
def test_an_unfinished_form_is_not_saved_but_told(window, where, says):
    window.open("/settings/new").choose(REDELIVERY, where)
    answer = window.save()
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert len(customs()) == 1


def test_a_thousand_conditions_are_taken(window):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED] * 1000)
    assert window.save().status_code == 200
    assert len(stored(window.form["id"]).where) == 1000


@pytest.mark.parametrize("name", ["n" * 201, "a\u0000b"])
def test_a_name_is_refused_with_words(window, name):
    window.open("/settings/new").choose(REDELIVERY, [BRANDED], name=name)
    answer = window.save()
    assert answer.status_code == 422
    assert "The name" in answer.content.decode()


def test_an_event_type_that_the_person_does_not_see_is_refused_and_tells_nothing(window, pipeline):
    accept(pipeline, event("e-1", "account.user_changed"))
    window.open("/settings/new").choose("account.user_changed", [{"field": "role", "op": "any_of", "value": ["x"]}])
    assert "Your roles do not see" in window.save().content.decode()
    preview = window.post("/settings/preview").content.decode()
    assert "Your roles do not see" in preview
    assert "match" not in preview
    assert len(customs()) == 1


def test_a_duplicate_of_a_default_can_mute_the_original(window):
    window.open(f"/settings/duplicate/default/{DEFAULT}")
    assert "Mute the original Default" in window.page
    assert window.rows() == [("fulfillment_partner", "any_of_incl", ["copperglass"])]
    window.form["mute_copied"] = "yes"
    answer = window.save().content.decode()
    assert "The original Default is muted." in answer
    assert is_muted(Ref(DEFAULT, Kind.DEFAULT))
    assert "is muted already" in window.open(f"/settings/duplicate/default/{DEFAULT}").page


def test_a_duplicate_leaves_the_original_alone_unless_asked(window):
    window.open(f"/settings/duplicate/default/{DEFAULT}")
    window.save()
    assert not is_muted(Ref(DEFAULT, Kind.DEFAULT))
    assert len(customs()) == 2


def test_undoing_a_duplicate_unmutes_the_original_too(window):
    window.open(f"/settings/duplicate/default/{DEFAULT}")
    window.form["mute_copied"] = "yes"
    undo = f"take-back@1 custom {window.form['id']}"
    assert f'value="{undo}"' in window.save().content.decode()
    window.client.post("/settings/act", {"do": undo})
    assert deleted(window.form["id"])
    assert not is_muted(Ref(DEFAULT, Kind.DEFAULT))


def test_an_original_that_is_not_the_persons_by_now_is_not_muted_and_the_copy_is_saved(window):
    window.open(f"/settings/duplicate/default/{DEFAULT}")
    window.form |= {"mute_copied": "yes", "copied": f"{REDELIVERY}/studio_operations"}
    assert "The original Default is muted." not in window.save().content.decode()
    assert len(customs()) == 2
    assert not is_muted(Ref(f"{REDELIVERY}/studio_operations", Kind.DEFAULT))


def test_the_undo_of_a_saving_ends_with_the_next_change(window):
    window.open("/settings/edit/n-1")
    window.form["name"] = "First"
    first = window.save().content.decode()
    window.open("/settings/edit/n-1")
    window.form["name"] = "Second"
    window.save()
    undo = re.findall(r'value="(put-back@\d+ custom n-1)"', first)[0]
    assert window.client.post("/settings/act", {"do": undo}).status_code == 422
    assert [one.name for one in customs()] == ["Second"]


def test_a_made_notification_that_was_changed_since_is_not_undone(window):
    window.open("/settings/edit/n-1")
    window.form["name"] = "Changed"
    window.save()
    assert window.client.post("/settings/act", {"do": "delete@1 custom n-1"}).status_code == 422
    assert len(customs()) == 1


def test_a_studio_persons_duplicate_asks_for_a_condition(as_):
    window = Window(as_(SAM)).open("/settings/duplicate/default/qc.report_ready/studio_operations")
    assert window.rows() == [("", "", [])]
    assert window.save().status_code == 422


def test_a_copy_of_a_custom_one_is_called_so(window):
    window.open("/settings/duplicate/custom/n-1")
    assert window.form["name"] == "Copy of Second rounds"
    window.save()
    assert stored("n-1").name == "Second rounds"
    assert len(customs()) == 2
