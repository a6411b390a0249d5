"""What these tests work with: an event log of many rows, people of the small studio, and questions."""

from __future__ import annotations

import json
from datetime import timedelta

from tests.unit.studio import CATALOGUE, NOW, REDELIVERY, directory, person

from callboard.base.instants import to_us
from callboard.catalogue.values import PartnerKind
from callboard.insights.choices import search_values
from callboard.insights.columns import SHELF, Patience
from callboard.insights.preview import READING, Surroundings, preview
from callboard.intake.models import EventRecord
from callboard.preferences.rules import read_custom
from callboard.preferences.values import Notification

ANA = person()
SAM = person(2, email="sam@studio.example", partner="the-studio", kind=PartnerKind.STUDIO, roles=("studio_operations",))
TOM = person(3, email="tom@tidewater.example", partner="tidewater")
DIRECTORY = directory(ANA, SAM, TOM)
LITTLE = Patience(events=1, seconds=0)
"""As much as a request reads that has no time at all: one page."""
EVERYTHING = Patience(events=1_000_000, seconds=0)


class Log:
    """The event log, written row by row."""

    def __init__(self):
        self.count = 0

    def add(self, *, ago=timedelta(0), event_type=REDELIVERY, **data):
        (number,) = self.add_many(1, ago=ago, event_type=event_type, **data)
        return number

    def add_many(self, many, *, ago=timedelta(0), apart=timedelta(0), event_type=REDELIVERY, **data):
        """Store events, the last one accepted `ago`, each `apart` from the next."""
        data = {"fulfillment_partner": "copperglass", "content_type": "Branded"} | data
        rows = []
        for place in range(many):
            at_us = to_us(NOW - ago - (many - 1 - place) * apart)
            self.count += 1
            key = f"{self.count:032x}"
            rows.append(
                EventRecord(
                    key=key, source="portal", event_id=f"e-{self.count}", event_type=event_type, subject="SR-1",
                    time_us=at_us, accepted_us=at_us, data_json=json.dumps(data), digest=key, state=1,
                )
            )  # fmt: skip
        return [one.pk for one in EventRecord.objects.bulk_create(rows, batch_size=500)]


def asked(event_type=REDELIVERY, **where):
    """A Custom notification: the field `any_of` a list, or an operator and its value."""
    conditions = [
        {"field": key, "op": "any_of", "value": value} if isinstance(value, list) else {"field": key} | value
        for key, value in (where or {"content_type": ["Branded"]}).items()
    ]
    raw = {"event_type": event_type, "where": conditions, "frequency": CATALOGUE.event_types[event_type].frequencies[0]}
    found = read_custom(raw, CATALOGUE, id="n-1", user_id=1)
    assert isinstance(found, Notification), found
    return found


def looked(who=ANA, what=None, others=(), reading=READING, muted=frozenset()):
    """A preview."""
    around = Surroundings(CATALOGUE, DIRECTORY, NOW, 10.0, muted)
    return preview(what or asked(), who, others, around, reading)


def values(key, wanted="", who=ANA):
    found = search_values(CATALOGUE.fields[key], wanted, who, CATALOGUE, DIRECTORY, EVERYTHING)
    return [(one.value, one.label) for one in found]


def view(event_type=REDELIVERY, reading=LITTLE):
    """What the shelf shows of a type."""
    return SHELF.read([CATALOGUE.event_types[event_type]], CATALOGUE, 0, reading)[event_type]


def numbers(event_type=REDELIVERY, reading=LITTLE):
    """The row numbers of what the shelf shows of a type, in its order."""
    return [number for block in view(event_type, reading).blocks for number in block.numbers.tolist()]
