"""A small studio for the pages: two houses, a studio, an operator, and what happens to them."""

from __future__ import annotations

from datetime import UTC, datetime

from callboard.base.keyed import sign_id
from callboard.intake.cloudevents import Draft, read_event
from callboard.mail.composing import MUTE_LINK
from callboard.mail.models import Mail

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
ANA, TOM, SAM, OPERATOR = (
    "ana@copperglass.example",
    "tom@tidewater.example",
    "sam@studio.example",
    "olga@callboard.example",
)
REDELIVERY, PROCESSED = "delivery.redelivery_requested", "delivery.processed"
PARTNERS = [
    {"id": "the-studio", "name": "The Studio", "kind": "studio"},
    {"id": "copperglass", "name": "Copperglass Post", "kind": "fulfillment_partner"},
    {"id": "tidewater", "name": "Tidewater Media", "kind": "fulfillment_partner"},
]
USERS = [
    {
        "email": ANA,
        "name": "Ana Ruiz",
        "partner": "copperglass",
        "roles": ["fulfillment_partner_operations"],
        "time_zone": "Europe/Madrid",
    },
    {"email": TOM, "name": "Tom Hale", "partner": "tidewater", "roles": ["fulfillment_partner_operations"]},
    {"email": SAM, "name": "Sam Okafor", "partner": "the-studio", "roles": ["studio_operations"]},
]
PEOPLE = {"partners": PARTNERS, "users": USERS}
CUSTOM = {
    "id": "n-1", "user": ANA, "name": "Second rounds", "event_type": REDELIVERY, "frequency": "daily",
    "where": [{"field": "redelivery_round", "op": "at_least", "value": 2}],
}  # fmt: skip


def event(event_id="e-1", event_type=REDELIVERY, partner="copperglass", **data):
    return {
        "specversion": "1.0", "id": event_id, "source": "portal", "type": event_type, "subject": "SR-00012345",
        "time": "2026-11-23T09:14:00Z",
        "data": {
            "content_type": "Branded", "source_type": "AV (Muxed)", "fulfillment_partner": partner,
            "title_id": ["90000017", "90000002"], "title_names": ["S1 E4", "The Salt Cartographers"],
            "title": "The Salt Cartographers, S1 E4", "redelivery_round": 1, "severity": "Blocker",
        } | data,
    }  # fmt: skip


def accept(pipeline, *events):
    """Accept and decide events; return them as drafts, whose keys are in the addresses of their pages."""
    drafts = [read_event(one, pipeline.catalogue) for one in events]
    assert all(isinstance(one, Draft) for one in drafts), drafts
    pipeline.accept(drafts)
    pipeline.decide_accepted()
    return drafts


def mute_url(pipeline, mail=None):
    """Return the mute link of a mail, of the newest without one."""
    mail = mail or Mail.objects.latest("id")
    return f"/mute/{sign_id(pipeline.config.secret_key, MUTE_LINK, mail.id)}"
