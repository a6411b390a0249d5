"""A person whose mails do not arrive is told why, and may try again (P4)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import cache
from tests.integration.web.mails import ask, by_password, code_in, enter, newest_mail
from tests.integration.web.studio import ANA, NOW, REDELIVERY, TOM, accept, event

from callboard.mail import store as outbox
from callboard.mail.feedback.store import hold_all_but_critical, undelivered_to
from callboard.mail.models import Mail, MailState
from callboard.people.models import User

GONE = '550 5.1.1 <script>no "such" user'
PAGES = ("/settings", "/history")


@pytest.fixture
def suppressed(pipeline):
    """Ana's address is said not to exist, and one of her mails is held."""
    accept(pipeline, event("e-1", REDELIVERY))
    pipeline.decide_accepted()
    pipeline.clock.at += timedelta(minutes=1)
    pipeline.compose_due()
    outbox.suppress(ANA, GONE, NOW)
    outbox.set_state([Mail.objects.get(user__email=ANA).id], MailState.HELD, NOW, GONE)


@pytest.mark.parametrize("page", PAGES)
def test_the_person_sees_why_since_when_and_how_many_wait(as_, suppressed, page):
    del suppressed
    text = as_(ANA).get(page).content.decode()
    assert "Your mails can't be delivered since today at 11:00." in text
    assert "550 5.1.1 &lt;script&gt;no &quot;such&quot; user" in text
    assert "1 mail held" in text
    assert 'action="/settings/try-again"' in text


@pytest.mark.parametrize("page", PAGES)
def test_nobody_else_is_told(as_, suppressed, page):
    del suppressed
    assert 'id="undelivered"' not in as_(TOM).get(page).content.decode()


def test_trying_again_lets_the_held_mails_leave_and_says_so(as_, suppressed):
    del suppressed
    ana = as_(ANA)
    page = ana.post("/settings/try-again", follow=True).content.decode()
    assert "1 held mail leaves now as one. If it comes back, this page says so." in page
    assert 'id="undelivered"' not in page
    assert undelivered_to(ANA) is None
    assert sorted(Mail.objects.filter(user__email=ANA).values_list("state", flat=True)) == ["queued", "withdrawn"]


def test_trying_again_is_possible_once_in_ten_minutes(as_, suppressed):
    del suppressed
    ana = as_(ANA)
    ana.post("/settings/try-again")
    outbox.suppress(ANA, GONE, NOW)
    page = ana.post("/settings/try-again", follow=True).content.decode()
    assert "Wait a little, then try again." in page
    assert undelivered_to(ANA)
    cache.clear()
    ana.post("/settings/try-again")
    assert undelivered_to(ANA) is None


def test_trying_again_is_for_the_own_address_by_a_form_of_ones_own(as_, browser, suppressed):
    del suppressed
    page = as_(TOM).post("/settings/try-again", {"email": ANA}, follow=True).content.decode()
    assert "Nothing is held for you." in page
    assert browser.post("/settings/try-again").status_code == 302
    assert as_(ANA, enforce_csrf_checks=True).post("/settings/try-again").status_code == 403
    assert as_(ANA).get("/settings/try-again").status_code == 405
    assert undelivered_to(ANA)


def test_after_a_complaint_the_person_is_told_that_only_critical_mails_leave(as_, pipeline):
    del pipeline
    hold_all_but_critical(ANA, "reported as unwanted (abuse)", NOW)
    ana = as_(ANA)
    page = ana.get("/settings").content.decode()
    assert "Only critical mails leave for you since today at 11:00." in page
    assert "Nothing is held yet." in page
    page = ana.post("/settings/try-again", follow=True).content.decode()
    assert "Your mails leave again from now on." in page
    assert undelivered_to(ANA) is None


def test_later_success_a_code_that_arrived_and_is_entered_releases_the_address(browser, suppressed):
    del suppressed
    ask(browser, ANA)
    assert undelivered_to(ANA)
    enter(browser, code_in(newest_mail(ANA)))
    assert undelivered_to(ANA) is None
    assert 'id="undelivered"' not in browser.get("/settings").content.decode()
    assert sorted(Mail.objects.filter(user__email=ANA).values_list("state", flat=True)) == ["queued", "withdrawn"]


def test_a_sign_in_by_password_proves_nothing_of_the_address(browser, suppressed):
    del suppressed
    ana = User.objects.get(email_key=ANA)
    ana.set_password("a password for tests")
    ana.save()
    by_password(browser, ANA, "a password for tests")
    assert 'id="undelivered"' in browser.get("/settings").content.decode()
    assert undelivered_to(ANA)


def test_a_complaint_is_not_taken_back_by_signing_in(browser, pipeline):
    del pipeline
    hold_all_but_critical(ANA, "reported as unwanted (abuse)", NOW)
    ask(browser, ANA)
    enter(browser, code_in(newest_mail(ANA)))
    assert undelivered_to(ANA)
