"""What the tests of the pipeline work with: a small studio, and a stage on which its steps are taken."""

from __future__ import annotations

import asyncio
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import TestCase

from callboard.insights.ledger import export_ledger
from callboard.intake.cloudevents import Draft, read_event
from callboard.mail.delivery import Courier
from callboard.mail.owners import new_owner
from callboard.mail.replies import read_reply
from callboard.mail.threads import Threads
from callboard.mail.wire import whole
from callboard.preferences import actions
from callboard.preferences.values import Kind, Ref

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ANA, BEN, TOM, SAM = (
    "ana@copperglass.example", "ben@copperglass.example", "tom@tidewater.example", "sam@studio.example",
)  # fmt: skip
REDELIVERY, PROCESSED, MATERIALS = "delivery.redelivery_requested", "delivery.processed", "material.available"
OPERATIONS = "fulfillment_partner_operations"
PEOPLE: dict[str, Any] = {
    "partners": [
        {"id": "the-studio", "name": "The Studio", "kind": "studio"},
        {"id": "copperglass", "name": "Copperglass Post", "kind": "fulfillment_partner"},
        {"id": "tidewater", "name": "Tidewater Media", "kind": "fulfillment_partner"},
    ],
    "users": [
        {"email": ANA, "name": "Ana Ruiz", "partner": "copperglass", "roles": [OPERATIONS]},
        {"email": TOM, "name": "Tom Hale", "partner": "tidewater", "roles": [OPERATIONS]},
        {"email": SAM, "name": "Sam Okafor", "partner": "the-studio", "roles": ["studio_admin"]},
    ],
}
SECOND_ROUNDS = {
    "id": "n-1", "user": ANA, "name": "Second rounds", "event_type": REDELIVERY, "frequency": "daily",
    "where": [{"field": "redelivery_round", "op": "at_least", "value": 2}],
}  # fmt: skip


def default(event_type=REDELIVERY, role=OPERATIONS):
    return Ref(f"{event_type}/{role}", Kind.DEFAULT)


def user(email, **values):
    """A people file about one person of the studio."""
    (found,) = (one for one in PEOPLE["users"] if one["email"] == email)
    return {"users": [found | values]}


def draft(catalogue, event_id="e-1", event_type=REDELIVERY, **data):
    raw = {
        "specversion": "1.0", "id": event_id, "source": "portal", "type": event_type, "subject": "SR-1",
        "time": "2026-11-23T09:14:00Z",
        "data": {"fulfillment_partner": "copperglass", "title": "Salt", "redelivery_round": 1} | data,
    }  # fmt: skip
    found = read_event(raw, catalogue)
    assert isinstance(found, Draft), found
    return found


@dataclass
class Letters:
    """A transport that keeps what it is given and answers as told: 250, or by recipient."""

    answers: dict[str, tuple[int, str]] = field(default_factory=dict)
    taken: list[tuple[str, str]] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    sender: str = "notifications@callboard.example"
    is_open: bool = True

    async def open(self):
        """Be there."""

    def call_off(self):
        """Nothing is ahead."""

    async def send(self, mail, following=None):
        del following
        sender, recipient, raw = mail
        assert sender.startswith(self.sender)
        self.senders.append(sender)
        code, text = self.answers.get(recipient, (250, "2.0.0 kept"))
        self.taken.append((recipient, whole(raw).decode()))
        return read_reply(code, text)

    async def close(self):
        """Go."""

    def to(self, email):
        """The mails that an address was given."""
        return [raw for recipient, raw in self.taken if recipient == email]


class Stage:
    """The pipeline's steps, one by one, over one database and one clock."""

    def __init__(self, pipeline, thread):
        self.pipeline = pipeline
        self.thread = thread
        self.letters = Letters()
        self.ids = 0

    @property
    def now(self):
        return self.pipeline.clock.at

    def pass_(self, **span):
        """Let time go by."""
        self.pipeline.clock.at += timedelta(**span)

    def accept(self, event_type=REDELIVERY, **data):
        """Accept one event and return its id."""
        self.ids += 1
        self.pipeline.accept([draft(self.pipeline.catalogue, f"e-{self.ids}", event_type, **data)])
        return f"e-{self.ids}"

    def decide(self):
        while self.pipeline.decide_accepted():
            pass

    def compose(self):
        with TestCase.captureOnCommitCallbacks(execute=True):  # a test's own transaction never commits
            while self.pipeline.compose_due():
                pass

    def fill(self, **data):
        """Accept an event and return its id; all that was accepted is queued as mails then."""
        event_id = self.accept(**data)
        self.decide()
        self.pass_(seconds=11)
        self.compose()
        return event_id

    def deliver(self, new_transport=None, owner=None):
        """Hand over what is due; what became of it."""
        steps = self._deliver(new_transport or (lambda: self.letters), owner or new_owner(self.pipeline.config.home))
        with ThreadPoolExecutor(1) as apart:  # a browser test may have left a loop running in this thread
            return apart.submit(asyncio.run, steps).result()

    async def _deliver(self, new_transport, owner):
        pipeline = self.pipeline
        threads = Threads(self.thread, self.thread)
        courier = Courier(pipeline.config, pipeline.clock, pipeline.checker, owner, threads, new_transport)
        await courier.threads.at_outbox(owner.__enter__)  # where leases are taken
        try:
            while await courier.deliver_due():
                pass
        finally:
            await courier.threads.at_outbox(owner.__exit__, None, None, None)
        return +Counter(courier.counts)

    def drain(self):
        self.decide()
        self.compose()
        return self.deliver()

    def ledger(self, email=None):
        return [row for row in export_ledger() if email in (None, row["user"])]

    def row(self, email=ANA, event_id=None):
        """The one ledger row of a person, or of a person and an event."""
        (found,) = (row for row in self.ledger(email) if event_id in (None, row["event"]))
        return found

    def person(self, email=ANA):
        self.pipeline.world.refresh()
        found = self.pipeline.world.directory.by_email(email)
        assert found
        return found

    def mute(self, ref, email=ANA, *, muted=True, until=None):
        actions.set_mute(self.person(email), ref, self.pipeline.catalogue, self.now, muted=muted, until=until)
