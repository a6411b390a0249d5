"""Letters for the tests: a small invented studio, one builder for each part of a letter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callboard.base.reasons import Frequency, Importance
from callboard.catalogue.conditions import read_condition
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Condition, Event, PartnerKind
from callboard.mail.letter import Item, Letter
from callboard.people.values import Directory, Partner, Person
from callboard.preferences.values import Kind, Notification, from_default

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).resolve().parents[3]
CATALOGUE = load_catalogue(ROOT / "catalogue")
BASE_URL = "https://callboard.example"
SENDER = "Callboard <notifications@callboard.example>"
HOST = "callboard.example"
REDELIVERY = "delivery.redelivery_requested"
NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)

ANA = Person(
    id=1,
    email="ana@copperglass.example",
    name="Ana Ruiz",
    partner="copperglass",
    kind=PartnerKind.FULFILLMENT_PARTNER,
    roles=("fulfillment_partner_operations",),
    time_zone="Europe/Madrid",
)


def studio() -> Directory:
    """Return the directory of the invented studio."""
    directory = Directory()
    for key, name, kind in (
        ("copperglass", "Copperglass Post", PartnerKind.FULFILLMENT_PARTNER),
        ("brackenfold", "Brackenfold Pictures", PartnerKind.CONTENT_PARTNER),
        ("plumbline", "Plumbline QC", PartnerKind.QC_PARTNER),
    ):
        directory.put_partner(Partner(id=key, name=name, kind=kind))
    directory.put_person(ANA)
    return directory


STUDIO = studio()


def condition(field: str, op: str, value: Any, event_type: str = REDELIVERY) -> Condition:
    """Return a condition as the settings make it."""
    raw = {"field": field, "op": op, "value": value}
    found = read_condition(raw, CATALOGUE.event_types[event_type], CATALOGUE.fields, "")
    assert isinstance(found, Condition), found
    return found


def custom(
    name: str = "Branded redeliveries",
    *,
    id: str = "n-17",  # noqa: A002
    event_type: str = REDELIVERY,
    frequency: Frequency = Frequency.DAILY,
    where: Sequence[Condition] = (),
) -> Notification:
    """Return a Custom notification."""
    return Notification(
        id=id,
        kind=Kind.CUSTOM,
        name=name,
        event_type=event_type,
        where=tuple(where) or (condition("content_type", "any_of", ["Branded"]),),
        frequency=frequency,
        user_id=1,
    )


def default(event_type: str = REDELIVERY, role: str = "fulfillment_partner_operations") -> Notification:
    """Return a Default of the shipped catalogue."""
    found = CATALOGUE.defaults[f"{event_type}/{role}"]
    return from_default(found, CATALOGUE.event_types[event_type].label)


def event(number: int = 1, type: str = REDELIVERY, /, **data: Any) -> Event:  # noqa: A002
    """Return an event; `subject`, `time_at` and `key` are its own, the rest is data."""
    at = data.pop("time_at", NOW - timedelta(hours=20, minutes=46) + timedelta(minutes=number))
    return Event(
        number=number,
        key=data.pop("key", f"{number:032x}"),
        source="portal",
        id=f"e-{number}",
        type=type,
        subject=data.pop("subject", f"SR-{number:08d}"),
        time_at=at,
        accepted_at=at,
        data=data,
    )


def salt(episode: str = "S1 E4", **data: Any) -> dict[str, Any]:
    """Return the data of an event about an episode of The Salt Cartographers."""
    return {
        "content_type": "Branded",
        "source_type": "AV (Muxed)",
        "language": "en",
        "title_id": ["90000017", "90000002"],
        "title_names": [episode, "The Salt Cartographers"],
        "title": f"The Salt Cartographers, {episode}",
        "content_partner": "brackenfold",
        "fulfillment_partner": "copperglass",
        **data,
    }


def item(told: Event, *asked: Notification, importance: Importance = Importance.STANDARD) -> Item:
    """Return an event as an item of a letter."""
    return Item(event=told, notifications=asked or (custom(),), importance=importance)


def letter(
    *items: Item,
    frequency: Frequency = Frequency.IMMEDIATELY,
    person: Person = ANA,
    partner_name: str = "Copperglass Post",
    hours: int = 24,
) -> Letter:
    """Return a letter over the `hours` before `NOW`."""
    return Letter(
        person=person,
        partner_name=partner_name,
        frequency=frequency,
        starts_at=NOW - timedelta(hours=hours),
        ends_at=NOW,
        items=items,
        dated_at=NOW,
        message_id="<0123456789abcdef@callboard.example>",
        thread_root="<fedcba9876543210@callboard.example>",
        mute_url=f"{BASE_URL}/mute/1a-0123456789abcdef0123456789abcdef",
    )


class Page(HTMLParser):
    """What an HTML part shows: its text without markup, and the addresses of its links."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self._hidden = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._hidden += tag in ("style", "title")
        self.links += [value or "" for name, value in attrs if tag == "a" and name == "href"]

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("style", "title")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.shown.append(data)

    @property
    def text(self) -> str:
        """Return the text as it is shown, in one line."""
        return "".join(self.shown)


def item_links(links: Sequence[str]) -> list[str]:
    """Return the keys of the items that the links open, in order."""
    start = f"{BASE_URL}/items/"
    return [one.removeprefix(start) for one in links if one.startswith(start)]
