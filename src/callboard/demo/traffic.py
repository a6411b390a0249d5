"""The demo studio's events: months of history, and an endless stream of what happens now."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from callboard.base.instants import format_instant, parse_date
from callboard.demo import phrases
from callboard.demo.hours import at_work, is_working_day, later
from callboard.demo.launches import assign_all, launch
from callboard.demo.lives import Life
from callboard.demo.orders import Request, pick_house, place_order
from callboard.demo.phrases import phrase
from callboard.demo.stage import STUDIO, Happening, happening, masters, named, open_stage
from callboard.demo.titles import shows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from callboard.demo.stage import Stage

BULK = 470
"""Assignments of one launch: ten episodes of 47 requests."""
_ORDERS_A_DAY = 1.1
_WEEKEND = 0.04
_LEAD = timedelta(days=50)
_DAY = timedelta(days=1)
_BETWEEN_LAUNCHES = timedelta(days=14)
_LAUNCH_HOUSES = (
    "copperglass", "lexiloom", "copperglass", "voxalder", "copperglass", "lexiloom", "hanoktidal",
)  # fmt: skip
"""Who is given the launches, from the last one back."""
_CHANGES = (
    "User created", "User created", "Role granted", "Role granted", "Role removed",
    "User deactivated", "User reactivated", "Access removed for inactivity",
)  # fmt: skip
_ROLES = {
    "content_partner": ("Content Partner Operations", "Content Partner Master"),
    "fulfillment_partner": ("Fulfillment Partner Operations", "Fulfillment Partner Master"),
}
_OFFICE = range(7, 17)
_LIVE_SUBJECTS = 40_000
_LIVE_THREADS = 40
_BULK_EVERY = 15

Moment: TypeAlias = dict[str, Any] | list[dict[str, Any]]
"""What is sent at once: one event, or a bulk of them."""


def history(start: datetime, end: datetime, seed: int = 7, pace: float = 1.0) -> Iterator[dict[str, Any]]:
    """Yield the portal's CloudEvents of [start, end), ordered by time.

    Pace 1 is about 60 events a working day, besides one bulk assignment of 470 every two
    weeks, the last one within the final day. Equal arguments yield equal events.
    """
    start, end = start.astimezone(UTC), end.astimezone(UTC)
    stage = open_stage(seed, start)
    lives = _orders(stage, start, end, pace)
    launches = zip(_launch_times(stage, start, end), itertools.cycle(_LAUNCH_HOUSES), strict=False)
    for at, house in launches:
        lives += launch(stage, at, house, min(pace, 1.0))
    for life in sorted(lives, key=lambda one: one.delivery_at or end):
        life.finish()
    told = [one for life in lives for one in life.told]
    told += _account_changes(stage, start, end)
    inside = sorted((one for one in told if start <= one.at < end), key=lambda one: one.at)
    for one in inside:
        yield named(one.event, f"history/{seed}/{format_instant(start)}")


def live(start: datetime, seed: int = 7) -> Iterator[tuple[float, Moment]]:
    """Yield, without end, seconds to wait and then what to send: an event or a bulk of them.

    First a critical redelivery for Ana Ruiz, then a launch of 470 for Copperglass Post, then
    an event every 3 to 10 seconds and now and then a bulk of 30 to 60. An event's time is
    `start` plus all the seconds waited.
    """
    start = start.astimezone(UTC)
    stage = open_stage(seed, start)
    stage.number += _LIVE_SUBJECTS
    run = f"live/{seed}/{format_instant(start)}"
    elapsed = 0.0
    for wait, told in _live_moments(stage, start):
        elapsed += wait
        at = start + timedelta(seconds=elapsed)
        events = [named(_restamped(one, at), run) for one in told]
        yield wait, events if len(events) > 1 else events[0]


def _orders(stage: Stage, start: datetime, end: datetime, pace: float) -> list[Life]:
    """Return the requests of all orders, those placed some weeks before `start` included."""
    lives: list[Life] = []
    # At pace 1 the launches' first episodes are half of the stream; orders fill up beyond that
    rate = _ORDERS_A_DAY * (pace + max(0.0, pace - 1))
    day, owed = (start - _LEAD).date(), 0.0
    while day <= end.date():
        owed += rate if is_working_day(day) else rate * _WEEKEND
        while owed >= 1 or stage.chance(owed):
            owed -= 1
            lives += _play_order(stage, day)
        day += _DAY
    return lives


def _play_order(stage: Stage, day: date) -> list[Life]:
    """Return the requests of one order: opened in one go, assigned in one go, and at work."""
    lives = [Life(stage, request) for request in place_order(stage, day)]
    partner = lives[0].request.show.content_partner
    opener = stage.person(STUDIO if stage.chance(0.2) else partner)
    assigner = stage.person(partner)
    created = at_work(stage.dice, day, opener.zone)
    slow = stage.dice.uniform(8, 14) if stage.chance(0.05) else stage.dice.uniform(0, 2)
    assigned = later(stage.dice, created, slow, assigner.zone)
    for life in lives:
        life.create(created, opener)
        life.watch_assignment(created, assigned)
        life.assign(assigned, assigner)
        life.work(assigned)
    return lives


def _threads(stage: Stage, day: date) -> Iterator[list[Happening]]:
    """Yield what happens to each request of one order, in order, from a point on the way."""
    for life in _play_order(stage, day):
        life.finish()
        told = sorted(life.told, key=lambda one: one.at)
        yield told[stage.dice.randrange(len(told) * 2 // 3 + 1) :]


def _launch_times(stage: Stage, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the instants of the launches, the last one first."""
    moments = (end - timedelta(minutes=minutes) for minutes in range(45, 24 * 60, 45))
    office = (one for one in moments if is_working_day(one.date()) and one.hour in _OFFICE)
    last = next(office, end - timedelta(hours=6))
    last = max(last, start + timedelta(seconds=1))
    if last < end:
        yield last
    day = (last - _BETWEEN_LAUNCHES).date()
    while day > (start - _LEAD).date():
        yield at_work(stage.dice, day, "Europe/London")
        day -= _BETWEEN_LAUNCHES


def _account_changes(stage: Stage, start: datetime, end: datetime) -> list[Happening]:
    """Return changes of user accounts: about one a week, all over the partners."""
    told: list[Happening] = []
    day = start.date()
    while day <= end.date():
        if stage.chance(0.18):
            told.append(_account_change(stage, day))
        day += _DAY
    return told


def _account_change(stage: Stage, day: date) -> Happening:
    actor = stage.dice.choice([one for one in masters() if one.kind in _ROLES])
    data = {
        "account_change": stage.dice.choice(_CHANGES),
        "role": stage.dice.choice(_ROLES[actor.kind]),
        actor.kind: actor.partner,
        "actor": actor.email,
    }
    at = at_work(stage.dice, day, actor.zone)
    return happening(at, "account.user_changed", f"U-{stage.dice.randrange(10**7):07d}", data)


def _live_moments(stage: Stage, start: datetime) -> Iterator[tuple[float, list[Happening]]]:
    """Yield seconds to wait, and what happens then, at instants that are still to be set."""
    dice = stage.dice
    yield 1.0, [_for_ana(stage, start)]
    yield 7.0, _bulk(stage, start, "copperglass", BULK)
    threads: list[list[Happening]] = []
    for count in itertools.count(1):
        while len(threads) < _LIVE_THREADS:
            threads += _threads(stage, start.date() - dice.randrange(30) * _DAY)
        wait = round(dice.uniform(3, 10), 1)
        if count % _BULK_EVERY == 0:
            house = pick_house(stage)
            yield wait, _bulk(stage, start, house, dice.randint(30, 60))
        elif stage.chance(0.01):
            yield wait, [_account_change(stage, start.date())]
        else:
            thread = dice.choice(threads)
            yield wait, [thread.pop(0)]
            threads = [one for one in threads if one]


def _bulk(stage: Stage, at: datetime, house: str, count: int) -> list[Happening]:
    """Return what one click on many requests of a season makes happen."""
    return [one for life in assign_all(stage, at, house, count) for one in life.told]


def _for_ana(stage: Stage, at: datetime) -> Happening:
    """Return a redelivery that concerns Ana Ruiz at once, by several of her notifications."""
    show = shows()[0]
    request = Request(
        subject=stage.next_subject(),
        show=show,
        work=show.seasons[0][3],
        source_type="Video & Audio",
        language=show.language,
        fulfillment_partner="copperglass",
        due=at.date() + timedelta(days=7),
        tags=("UHD", "HDR"),
    )
    data = request.scope() | {
        "rejected_by": "Manual QC",
        "severity": "Blocker",
        "qc_category": "Audio",
        "redelivery_round": 2,
        "due_date": request.due.isoformat(),
        "note": phrase(stage.dice, phrases.REJECTIONS["Audio"]),
        "actor": stage.person("plumbline").email,
    }
    return happening(at, "delivery.redelivery_requested", request.subject, data)


def _restamped(told: Happening, at: datetime) -> dict[str, Any]:
    """Return the event as of `at`, its dates moved along."""
    moved = at.date() - told.at.date()
    data = dict(told.event["data"])
    for key in ("due_date", "est_delivery_date"):
        if key in data:
            data[key] = (parse_date(data[key]) + moved).isoformat()
    time = format_instant(at.replace(microsecond=0))
    return told.event | {"time": time, "data": data}
