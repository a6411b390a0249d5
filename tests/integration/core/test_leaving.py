"""Whatever changes while mails are on their way: none leaves that its person may not see at that moment (A1–A4)."""

from __future__ import annotations

import json
import re
from email import message_from_string, policy
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.core.studio import NOW, PROCESSED, REDELIVERY, Stage, draft
from tests.unit.studio import CATALOGUE

from callboard.base.clock import SetClock
from callboard.base.reasons import Access
from callboard.changing import By, Door, change_person
from callboard.people.access import may_see
from callboard.people.models import PersonChange
from callboard.people.rules import write_person
from callboard.people.store import load_directory
from callboard.pipeline import Pipeline

MARK = re.compile(r"Mk\d+x")
KINDS = {"f": "fulfillment_partner", "c": "content_partner"}
PARTNERS = {"f": ["f0", "f1", "f2"], "c": ["c0", "c1"]}
PEOPLE: dict[str, Any] = {
    "partners": [
        {"id": one, "name": one, "kind": KINDS[letter], "parent": "f0" if one == "f1" else None}
        for letter, ids in PARTNERS.items()
        for one in ids
    ],
    "users": [
        {"email": f"{partner}{number}@x.example", "name": partner, "partner": partner,
         "roles": [f"{KINDS[partner[0]]}_operations", f"{KINDS[partner[0]]}_master"][: number + 1]}
        for partner in ("f0", "f1", "f2", "c0", "c1") for number in (0, 1)
    ],
}  # fmt: skip
WAITING = ("scheduled", "queued", "held")


class Play:
    """A studio in which things happen; each mail is looked at when it leaves."""

    def __init__(self, stage, data):
        self.stage = stage
        self.data = data
        self.events = {}
        self.looked_at = 0

    def draw(self, *values):
        return self.data.draw(st.sampled_from(values))

    def happen(self):
        """An event that concerns a partner of each kind."""
        mark = f"Mk{len(self.events)}x"
        concerned = {KINDS[letter]: self.draw(*ids) for letter, ids in PARTNERS.items()}
        found = draft(CATALOGUE, mark, self.draw(REDELIVERY, PROCESSED), **concerned, title=mark)
        self.events[mark] = found.as_event(self.stage.now)
        self.stage.pipeline.accept([found])

    def change(self):
        """Change one person, mostly one for whom something waits."""
        waiting = sorted({row["user"] for row in self.stage.ledger() if row["state"] in WAITING})
        email = self.draw(*waiting, self.draw(*(one["email"] for one in PEOPLE["users"])))
        roles = [f"{KINDS[email[0]]}_{one}" for one in ("operations", "master")]
        change = self.draw(
            *({"partner": one} for one in PARTNERS[email[0]]),
            {"active": False}, {"active": True}, {"roles": []}, {"roles": roles[:1]}, {"roles": roles[1:]},
        )  # fmt: skip
        change_person(email, change, CATALOGUE, By(None, Door.COMMAND), self.stage.now)

    def go_on(self, step):
        """Let time go by and take a step of the events' way, with a change before it."""
        if self.draw(True, True, False):
            self.change()
        self.stage.pass_(hours=self.draw(0, 1, 30))
        step()

    def send(self):
        self.stage.deliver()
        directory = load_directory()
        for email, raw in self.stage.letters.taken[self.looked_at :]:
            person = directory.by_email(email)
            assert person
            assert person.active, email
            mail = message_from_string(raw, policy=policy.default)
            for mark in set(MARK.findall(words_of(mail))):
                assert may_see(person, self.events[mark], CATALOGUE, directory) is Access.ALLOWED, (email, mark)
        self.looked_at = len(self.stage.letters.taken)


def words_of(mail):
    """What a mail says, in its subject and in both bodies."""
    return mail["Subject"] + "".join(mail.get_body((kind,)).get_content() for kind in ("plain", "html"))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_nothing_leaves_that_its_person_may_not_see_when_it_leaves(stage, data):
    with transaction.atomic():
        pipeline = Pipeline(stage.pipeline.config, CATALOGUE, SetClock(NOW))
        pipeline.import_people(PEOPLE)
        play = Play(Stage(pipeline, stage.thread), data)
        for _ in range(data.draw(st.integers(1, 3))):
            for _ in range(data.draw(st.integers(1, 3))):
                play.happen()
            for step in (play.stage.decide, play.stage.compose, play.send):
                play.go_on(step)
        play.stage.pass_(days=8)
        play.stage.decide()
        play.stage.compose()
        play.send()
        assert {row["state"] for row in play.stage.ledger()} <= {"sent", "withdrawn", None}
        for person in load_directory().persons.values():
            newest = PersonChange.objects.filter(person_id=person.id).order_by("-id").first()
            assert newest
            assert json.loads(newest.after_json) == write_person(person)
        transaction.set_rollback(True)
