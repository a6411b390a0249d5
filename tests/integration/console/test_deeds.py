"""What operators may do: always after a question, singly and in bulk, and written down."""

from __future__ import annotations

import re

import pytest
from tests.integration.console.trouble import composed, deed, failed, held, parked
from tests.integration.web.studio import ANA, TOM, event

from callboard.base.rights import KeyRight
from callboard.console.tables import MOST_AT_ONCE
from callboard.intake import store as log
from callboard.intake.models import ApiKey, EventRecord, EventState
from callboard.mail import store as outbox
from callboard.mail.models import Mail, MailState, Suppression

LATER_US = 2**52


@pytest.fixture
def olga(operator, as_):
    return as_(operator.email_key)


def states():
    return list(Mail.objects.order_by("id").values_list("state", flat=True))


def test_nothing_is_done_before_the_question_is_answered(olga, pipeline):
    mail = failed(composed(pipeline, event())[0])
    page = deed(olga, "mail/mail", "retry_failed", mail.pk, confirmed=False).content.decode()
    assert "Send again: 1 undelivered mail?" in page
    assert f"Message {mail.pk} to {ANA}" in page
    assert Mail.objects.get(pk=mail.pk).state == MailState.FAILED
    assert "Deeds of operators" in (audit := olga.get("/console/audit").content.decode())
    assert ANA not in audit


def test_failed_mails_are_sent_again_in_bulk(olga, pipeline):
    mails = [failed(one) for one in composed(pipeline, event("e-1"), event("e-2", partner="tidewater"))]
    page = deed(olga, "mail/mail", "retry_failed", *(one.pk for one in mails)).content.decode()
    assert f"{len(mails)} mails will be sent again." in page
    assert set(states()) == {MailState.QUEUED}


def test_only_what_fits_is_touched(olga, pipeline):
    mails = composed(pipeline, event("e-1"), event("e-2", partner="tidewater"))
    failed(mails[0])
    held(mails[1])
    before = states()
    deed(olga, "mail/mail", "retry_failed", *(one.pk for one in mails))
    assert states() == [MailState.QUEUED, *before[1:]]
    assert (
        "None of the chosen mails has failed" in deed(olga, "mail/mail", "retry_failed", mails[1].pk).content.decode()
    )


def test_all_that_a_list_finds_may_be_chosen(olga, pipeline):
    mails = composed(pipeline, event("e-1"), event("e-2", partner="tidewater"))
    failed(mails[0])
    failed(mails[1])
    said = {"action": "retry_failed", "_selected_action": ["0"], "select_across": "1"}
    page = olga.post(f"/console/mail/mail/?q={mails[0].user.email}", said).content.decode()
    chosen = re.findall(r'name="_selected_action" value="(\d+)"', page)
    assert chosen == [str(mails[0].pk)], "the list was narrowed to one person"
    page = olga.post("/console/mail/mail/?state=failed", said).content.decode()
    assert len(re.findall(r'name="_selected_action" value="(\d+)"', page)) == 2


def test_a_deed_is_bounded_and_says_so(olga, pipeline):
    mail = failed(composed(pipeline, event())[0])
    values = {name: getattr(mail, name) for name in ("user_id", "domain", "importance_rank", "composed_us",
              "composed_revision", "expires_us", "next_attempt_us")}  # fmt: skip
    Mail.objects.bulk_create(
        Mail(**values, state="failed", message_id=f"<{number}@x>") for number in range(MOST_AT_ONCE + 5)
    )
    said = {"action": "retry_failed", "_selected_action": ["0"], "select_across": "1"}
    page = olga.post("/console/mail/mail/?state=failed", said).content.decode()
    assert f"These are the first {MOST_AT_ONCE}." in page


def test_an_address_is_released_by_its_mail_and_by_itself(olga, pipeline):
    mail = held(composed(pipeline, event())[0])
    page = deed(olga, "mail/mail", "release_held", mail.pk).content.decode()
    assert f"{ANA}: 1 held mail will leave as one digest." in page
    assert outbox.suppressions([ANA]) == {}
    held(composed(pipeline, event("e-2"))[0])
    page = deed(olga, "mail/suppression", "release", Suppression.objects.get().pk).content.decode()
    assert "will leave as one digest" in page
    assert outbox.suppressions([ANA]) == {}


def test_an_address_of_nobody_is_released_too(olga, pipeline):
    outbox.suppress("gone@tidewater.example", "550 5.1.1", pipeline.now())
    page = deed(olga, "mail/suppression", "release", Suppression.objects.get().pk).content.decode()
    assert "gone@tidewater.example is released." in page
    assert "None of the chosen addresses is suppressed" in deed(
        olga, "mail/suppression", "release", Suppression.objects.get().pk
    ).content.decode()  # fmt: skip


def test_addresses_are_released_in_bulk(olga, pipeline):
    mails = composed(pipeline, event("e-1"), event("e-2", partner="tidewater"))
    for one in mails:
        held(one)
    said = deed(olga, "mail/suppression", "release", *Suppression.objects.values_list("pk", flat=True)).content.decode()
    assert ANA in said
    assert TOM in said
    assert not Suppression.objects.filter(released_us=None).exists()


def test_parked_events_are_tried_again(olga, pipeline):
    row = parked(pipeline)
    back = f"/console/intake/eventrecord/{row.pk}/change/"
    found = deed(olga, "intake/eventrecord", "retry_parked", row.pk, back=back)
    assert found.redirect_chain[-1][0] == back
    assert "1 event will be decided again." in found.content.decode()
    assert EventRecord.objects.get(pk=row.pk).state == EventState.ACCEPTED


@pytest.mark.parametrize("back", ["https://evil.example/console/", "//evil.example/console/", "/sign-out"])
def test_the_way_back_stays_in_the_console(olga, pipeline, back):
    row = parked(pipeline)
    found = deed(olga, "intake/eventrecord", "retry_parked", row.pk, back=back)
    assert found.redirect_chain == [("/console/intake/eventrecord/", 302)]


def test_a_key_is_shown_once_and_revoked_for_good(olga):
    found = olga.post("/console/keys/new", {"name": "portal"})
    key = re.findall(r"cbk_[\w-]+", found.content.decode())[0]
    assert log.is_valid_key(key)
    assert "no-store" in found["Cache-Control"]
    row = ApiKey.objects.get()
    for url in (
        "/console/intake/apikey/",
        f"/console/intake/apikey/{row.pk}/change/",
        "/console/audit",
        "/console/keys/new",
    ):
        assert key not in olga.get(url).content.decode(), url
    deed(olga, "intake/apikey", "revoke", row.pk)
    assert not log.is_valid_key(key)
    assert "None of the chosen keys is in force" in deed(olga, "intake/apikey", "revoke", row.pk).content.decode()


@pytest.mark.parametrize(
    ("name", "fault"), [("", "must not be empty"), ("x" * 201, "201 characters"), ("a\nb", "control")]
)
def test_a_key_needs_a_name(olga, name, fault):
    found = olga.post("/console/keys/new", {"name": name})
    assert (found.status_code, fault in found.content.decode()) == (400, True)
    assert not ApiKey.objects.exists()


def test_a_key_does_one_thing(olga):
    page = olga.post("/console/keys/new", {"name": "mail server", "right": "bounces"}).content.decode()
    key = re.findall(r"cbk_[\w-]+", page)[0]
    assert log.is_valid_key(key, KeyRight.BOUNCES)
    assert not log.is_valid_key(key, KeyRight.EVENTS)
    assert "/api/v1/bounces" in page
    assert olga.post("/console/keys/new", {"name": "all", "right": "everything"}).status_code == 400


def test_a_name_is_given_once(olga):
    olga.post("/console/keys/new", {"name": "portal"})
    found = olga.post("/console/keys/new", {"name": "portal"})
    assert found.status_code == 400
    assert "There is a key of this name already" in found.content.decode()
    assert ApiKey.objects.count() == 1


def test_every_deed_is_written_down(olga, operator, pipeline):
    mail = failed(composed(pipeline, event())[0])
    deed(olga, "mail/mail", "retry_failed", mail.pk)
    olga.post("/console/keys/new", {"name": "portal"})
    page = olga.get("/console/audit").content.decode()
    for words in ("Send again", f"Message {mail.pk} to {ANA}", operator.email, "Created", "Key portal"):
        assert words in page, words


def test_a_mail_that_came_back_is_sent_again(olga, pipeline):
    mail = composed(pipeline, event())[0]
    outbox.set_state([mail.pk], MailState.BOUNCED, pipeline.now(), "552 5.2.2 mailbox full")
    assert "Send again" in olga.get(f"/console/mail/mail/{mail.pk}/change/").content.decode()
    assert "1 mail will be sent again." in deed(olga, "mail/mail", "retry_failed", mail.pk).content.decode()
    assert Mail.objects.get(pk=mail.pk).state == MailState.QUEUED


def test_a_mail_in_doubt_is_tried_now_and_no_other(olga, pipeline):
    doubted, other = composed(pipeline, event("e-1"), event("e-2", partner="tidewater"))[:2]
    Mail.objects.update(next_attempt_us=LATER_US)
    Mail.objects.filter(pk=doubted.pk).update(in_doubt=True)
    page = deed(olga, "mail/mail", "retry_in_doubt", doubted.pk, other.pk, confirmed=False).content.decode()
    assert "Try now: 1 in-doubt mail?" in page
    assert "may get it twice" in page
    page = deed(olga, "mail/mail", "retry_in_doubt", doubted.pk, other.pk).content.decode()
    assert "1 mail will be tried now." in page
    assert Mail.objects.get(pk=doubted.pk).next_attempt_us < LATER_US
    assert Mail.objects.get(pk=other.pk).next_attempt_us == LATER_US
    assert (
        "None of the chosen mails is in doubt" in deed(olga, "mail/mail", "retry_in_doubt", other.pk).content.decode()
    )
