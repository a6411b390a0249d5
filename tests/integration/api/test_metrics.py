"""What `/metrics` says of the outbox, and that its cost does not grow with what is done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.integration.api.studio import HOST, event, send

from callboard.api import outcomes, process
from callboard.api.metrics import TOTALS, Totals
from callboard.api.outcomes import MOST_DOMAINS, OTHER, Outcomes, busiest
from callboard.insights.gaps import check_coverage
from callboard.mail import store as outbox
from callboard.mail.feedback import store as reports
from callboard.mail.letters.store import NewLetter, claim_letter, post_letter, record_letter
from callboard.mail.models import Attempt, Mail, MailState
from callboard.mail.replies import Fate, Reply
from callboard.people.models import User


@pytest.fixture
def scrape(portal):
    def read():
        found = {}
        TOTALS.forget()  # on a slow machine it would keep them for a while
        for line in portal.get("/metrics", SERVER_NAME=HOST).content.decode().splitlines():
            if not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found

    outcomes.OUTCOMES.forget()  # it counts from here
    read()
    return read


def mail(number=1, domain="copperglass.example", **values):
    user = User.objects.exclude(partner=None).first()
    now_us = 1_000_000
    return Mail.objects.create(
        **{"user": user, "domain": domain, "importance_rank": 1, "message_id": f"<{number}@x>", "composed_us": now_us,
           "composed_revision": 1, "expires_us": now_us, "next_attempt_us": now_us} | values
    )  # fmt: skip


def attempt(one, code, reply="", number=1):
    return Attempt.objects.create(mail=one, number=number, began_us=1, code=code, reply=reply)


def test_what_is_stuck_is_counted_as_it_is_now(scrape):
    mail(1, state=MailState.HELD)
    mail(2, state=MailState.FAILED)
    mail(3, in_doubt=True)
    outbox.suppress("gone@x.example", "5.1.1", process.now())
    found = scrape()
    assert found['callboard_mails{state="held"}'] == 1
    assert found['callboard_mails{state="failed"}'] == 1
    assert found["callboard_in_doubt_mails"] == 1
    assert found["callboard_suppressed_addresses"] == 1
    assert found['callboard_unsent_mails{domain="copperglass.example"}'] == 1
    assert found["callboard_oldest_due_mail_seconds"] > 0


def test_letters_are_counted_by_state(scrape, settings):
    kept = [
        post_letter(NewLetter(kind="invitation", address="a@x.example", subject="Come in", text="x"),
                    settings.CONFIG, process.now())
        for _ in range(6)
    ]  # fmt: skip
    for number, fate in zip(kept, (Fate.SENT, Fate.SENT, Fate.FAILED), strict=False):
        claimed = claim_letter(process.now())
        assert claimed
        assert claimed.id == number
        record_letter(claimed, Reply(fate, 0, ""), process.now())
    found = scrape()
    counts = {state: found[f'callboard_letters{{state="{state}"}}'] for state in ("queued", "sent", "failed")}
    assert counts == {"queued": 3, "sent": 2, "failed": 1}
    assert found['callboard_letters{state="withdrawn"}'] == 0


@pytest.mark.parametrize(
    ("code", "reply", "outcome"),
    [(250, "2.0.0 ok", "sent"), (451, "4.7.1 later", "deferred"), (0, "timeout", "deferred"), (550, "5.1.1 gone", "held"),
     (550, "5.1.1", "held"), (550, "5.1.10 null MX", "failed"), (220, "ready", "deferred"), (552, "5.2.2 full", "failed"), (550, "4.4.1 odd", "deferred")],
)  # fmt: skip
def test_tries_are_counted_by_what_the_server_answered(scrape, code, reply, outcome):
    attempt(mail(), code, reply)
    name = f'callboard_mail_attempts_total{{domain="copperglass.example",outcome="{outcome}"}}'
    assert scrape()[name] == 1
    assert scrape()[name] == 1, "no try counts twice"


def test_a_try_counts_when_its_answer_is_there(scrape):
    one = attempt(mail(in_doubt=True), None)
    attempt(one.mail, 250, number=2)
    assert sum(value for name, value in scrape().items() if "attempts_total" in name) == 1
    Attempt.objects.filter(id=one.id).update(code=0, reply="cut off")
    assert scrape()['callboard_mail_attempts_total{domain="copperglass.example",outcome="in_doubt"}'] == 1
    assert sum(value for name, value in scrape().items() if "attempts_total" in name) == 2


@pytest.mark.django_db
def test_domains_are_bounded_and_nothing_is_lost(pipeline):  # noqa: ARG001 - its people
    tally = Outcomes()
    tally.read()
    for number in range(MOST_DOMAINS + 5):
        one = mail(number, domain=f"d{number}.example")
        for again in range(2 if number == 24 else 1):
            attempt(one, 250, number=again + 1)
    found = tally.read()
    assert found["d24.example", "sent"] == 2, "the busiest have their own name"
    assert len({domain for domain, _ in found}) == MOST_DOMAINS + 1
    assert found[OTHER, "sent"] == 5
    assert sum(found.values()) == MOST_DOMAINS + 6


def test_the_rest_of_the_domains_is_summed():
    found = busiest({f"d{number}": number for number in range(1, 31)})
    assert len(found) == MOST_DOMAINS + 1
    assert found[OTHER] == sum(range(1, 11))


def test_reports_are_counted(scrape):
    reports.count("bounced")
    reports.count("bounced")
    assert scrape()['callboard_reports_total{result="bounced"}'] == 2


def test_pauses_are_told(scrape):
    outbox.open_breaker("tidewater.example", process.now(), timedelta(minutes=5), "421")
    found = scrape()
    assert found['callboard_paused_domain{domain="tidewater.example"}'] == 1
    assert found["callboard_next_hop_paused"] == 0
    outbox.open_breaker(outbox.NEXT_HOP, process.now(), timedelta(minutes=5), "421")
    assert scrape()["callboard_next_hop_paused"] == 1


def test_dear_counts_are_kept_for_as_long_as_their_cost_asks():
    counted = []

    def count(cost_s):
        def dear():
            counted.append(cost_s)
            clock[0] += cost_s
            return {"mails": {"sent": len(counted)}}

        return dear

    clock = [1000.0]
    dear = Totals(count(1.0), lambda: clock[0])
    assert dear.read() == dear.read() == {"mails": {"sent": 1}}
    clock[0] += 101
    assert dear.read() == {"mails": {"sent": 2}}
    cheap = Totals(count(0.001), lambda: clock[0])
    assert cheap.read() != cheap.read()


def test_a_scrape_asks_the_same_few_questions_however_much_there_is(scrape, portal, pipeline):
    def questions():
        with CaptureQueriesContext(
            connection,
        ) as asked:
            scrape()
        return len(asked)

    before = questions()
    for number in range(30):
        send(portal, event(f"e-{number}"))
        attempt(mail(number, domain=f"d{number}.example"), 250)
    pipeline.decide_accepted()
    assert questions() == before


def test_gaps_of_coverage_are_those_of_the_last_look(scrape, pipeline):
    assert scrape()["callboard_coverage_gaps"] == 0
    found = check_coverage(pipeline.config, pipeline.catalogue, pipeline.now())
    assert scrape()["callboard_coverage_gaps"] == found.gaps > 0
