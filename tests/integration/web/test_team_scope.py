"""What a Master of a site reads of those above it, of where somebody was before, and of what a test user was mailed."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from tests.integration.web.studio import ANA, NOW, PARTNERS, accept, event

from callboard.changing import By, Door, change_person
from callboard.mail.mailbox import Mailbox
from callboard.mail.models import Mail
from callboard.people.models import User
from callboard.people.store import add_stand_in
from callboard.web import viewer

OPERATIONS, MASTER = "fulfillment_partner_operations", "fulfillment_partner_master"
MAX, LEA, LIZ, ZOE = "max@copperglass.example", "lea@leeds.example", "liz@leeds.example", "zoe@tidewater.example"
TRY = "try-1@test.invalid"
LEEDS = {"id": "leeds", "name": "Copperglass Leeds", "kind": "fulfillment_partner", "parent": "copperglass"}
YORK = LEEDS | {"id": "york", "name": "Copperglass York"}
SECRET = {"id": "hollow-oak", "name": "Hollow Oak Pictures", "kind": "content_partner"}


@pytest.fixture
def house(pipeline):
    """A house with a Master and two sites; a Master of one site, and another house."""
    users = [
        {"email": MAX, "name": "Max Field", "partner": "copperglass", "roles": [MASTER]},
        {"email": LEA, "name": "Lea Site", "partner": "leeds", "roles": [OPERATIONS]},
        {"email": LIZ, "name": "Liz Head", "partner": "leeds", "roles": [MASTER]},
        {"email": ZOE, "name": "Zoe Other", "partner": "tidewater", "roles": [MASTER]},
        {"email": TRY, "name": "Trial", "partner": "york", "roles": [OPERATIONS]},
    ]
    pipeline.import_people({"partners": [*PARTNERS, LEEDS, YORK, SECRET], "users": users})
    viewer.forget_people()
    return pipeline


def person(email):
    return User.objects.get(email_key=email)


def change(house, email, by, note, **wanted):
    change_person(email, wanted, house.catalogue, By(person(by).pk, Door.TEAM, note), NOW)


def test_coverage_names_nobody_above_for_whom_somebody_stands_in(house, as_):
    add_stand_in(person(ANA).pk, person(LEA).pk, NOW - timedelta(hours=1), NOW + timedelta(days=3))
    change(house, LEA, MAX, "", roles=[MASTER])  # it brings no Default for what Ana is told
    assert "standing in for Ana Ruiz" in as_(MAX).get("/team/coverage").content.decode()
    page = as_(LIZ).get("/team/coverage").content.decode()
    assert "standing in for somebody of another partner account" in page
    assert "Ana Ruiz" not in page


def test_changes_from_before_somebody_came_are_the_other_partners_business(house, as_):
    change(house, "tom@tidewater.example", ZOE, "promised in the spring", roles=[OPERATIONS, MASTER])
    change(house, "tom@tidewater.example", MAX, "comes to us", partner="leeds", roles=[OPERATIONS])
    client = as_(LIZ)
    assert "comes to us" in client.get("/team/changes").content.decode()
    for address in ("/team/changes", f"/team/people/{person('tom@tidewater.example').pk}"):
        page = client.get(address).content.decode()
        assert "Given Fulfillment Partner Operations; moved to Copperglass Leeds." in page
        for hidden in ("promised in the spring", "Zoe Other", "No longer", "no longer"):
            assert hidden not in page, (address, hidden)


def test_what_a_test_user_was_mailed_elsewhere_stays_there(house, as_, at):
    accept(house, event("e-1", partner="york", title="Over in York"))
    house.clock.at = at(timedelta(minutes=1))
    house.compose_due()
    raw = f"Subject: Over in York\r\nMessage-ID: {Mail.objects.get(user_id=person(TRY).pk).message_id}\r\n\r\nYork\r\n"
    box = Mailbox(house.config.mailbox_path)
    box.receive([(TRY, raw.encode())], int(NOW.timestamp() * 1e6))
    box.close()
    page = f"/team/people/{person(TRY).pk}"
    mail = f"{page}/mails/{box.latest()[0].id}"
    assert as_(MAX).get(mail).status_code == 200
    assert as_(LIZ).get(mail).status_code == 404
    change(house, TRY, MAX, "", partner="leeds")
    house.import_people({"users": [{"email": TRY, "name": "Trial", "partner": "leeds", "roles": [OPERATIONS]}]})
    viewer.forget_people()
    assert "Over in York" in as_(MAX).get(page).content.decode()
    found = as_(LIZ).get(page)
    assert found.status_code == 200
    assert "Over in York" not in found.content.decode()
    assert as_(LIZ).get(mail).status_code == as_(LIZ).get(f"{mail}/html").status_code == 404


def test_trying_a_change_names_no_partner_that_the_master_may_not_know(house, as_):
    where = [{"field": "content_partner", "op": "any_of", "value": ["hollow-oak"]}]
    custom = {"id": "n-9", "user": LEA, "name": "", "event_type": "delivery.processed", "frequency": "daily"}
    house.import_notifications([custom | {"where": where}])
    form = {"do": "try", "partner": "leeds"}
    page = as_(LIZ).post(f"/team/people/{person(LEA).pk}", form).content.decode()
    assert "goes inactive" in page
    assert "hollow-oak" in page
    assert "Hollow Oak Pictures" not in page
    body = json.dumps({"email": LEA, "roles": []})
    assert "Hollow Oak" not in as_(LIZ).post("/api/v1/whatif", body, content_type="application/json").content.decode()
