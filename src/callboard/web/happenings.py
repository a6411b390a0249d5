"""What just happened, for the demo's first screen: events, and how many people were told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from callboard.base.reasons import Frequency, Importance
from callboard.catalogue.values import PartnerKind
from callboard.decisions.rules import importance_of
from callboard.intake import store as log
from callboard.mail.mailbox import Mailbox, parse
from callboard.mail.wording import Narrator
from callboard.people.values import Person
from callboard.web import store
from callboard.web.viewer import business_now, catalogue, people
from callboard.web.words import ago, plural

if TYPE_CHECKING:
    from callboard.base.config import Config
    from callboard.web.store import Moment, SentMail, Told

SHOWN = 9
LOOKED_AT = 200
"""Moments among which the latest bulk action is looked for."""
_ONLOOKER = Person(id=0, email="", name="", partner=None, kind=PartnerKind.STUDIO, roles=())


@dataclass(frozen=True, slots=True)
class Happening:
    """One event, or one bulk action, and whom it reached."""

    ago: str
    count: int
    phrase: str
    where: str
    what: str
    critical: bool
    told: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Something worth a look: a link with its words."""

    title: str
    detail: str
    url: str


def latest() -> list[Happening]:
    """Return what was accepted last, newest first."""
    now = business_now()
    narrator = Narrator(catalogue(), people(), _ONLOOKER, now)
    moments = _chosen(store.latest_moments(LOOKED_AT))
    events = log.load_events(one.last for one in moments)
    found = []
    for moment in moments:
        event = events[moment.last]
        told, line = narrator.told(event), narrator.line(event)
        importance = importance_of(event, catalogue(), people().ancestors)
        found.append(
            Happening(
                ago=ago(moment.accepted_at, now),
                count=moment.count,
                phrase=told.phrase,
                where=told.where if moment.count == 1 else line.show,
                what=line.what if moment.count == 1 else "",
                critical=importance is Importance.CRITICAL,
                told=tuple(_told_words(store.told_of(moment), moment)),
            )
        )
    return found


def _chosen(moments: list[Moment]) -> list[Moment]:
    """Return the newest moments; the latest bulk action stays in view until there is a newer one."""
    bulk = next((one for one in moments if one.count >= store.BULK), None)
    if bulk is None or bulk in moments[:SHOWN]:
        return moments[:SHOWN]
    return [*moments[: SHOWN - 1], bulk]


def _told_words(told: list[Told], moment: Moment) -> list[tuple[str, str]]:
    """Return (words, tone) of each way in which people were reached, the fastest first."""
    found = [
        _way_words(frequency, [one for one in told if one.frequency == frequency and one.outcome == "notify"], moment)
        for frequency in Frequency
        if any(one.frequency == frequency and one.outcome == "notify" for one in told)
    ]
    muted = sum(one.people for one in told if one.outcome == "skip" and one.reason == "muted")
    own = sum(one.people for one in told if one.outcome == "skip" and one.reason == "own-action")
    if muted:
        found.append((f"muted by {muted:,}", "quiet"))
    if own:
        found.append(("not told: who did it" if own == 1 else f"not told: {own:,} who did it", "quiet"))
    return found or [("asked for by nobody", "quiet")]


def _way_words(frequency: Frequency, told: list[Told], moment: Moment) -> tuple[str, str]:
    reached = sum(one.people for one in told)
    sent = all(one.state == "sent" for one in told)
    who = plural(reached, "person", "people")
    tone = "ok" if sent else "brass"
    if moment.count > 1:
        mails = "1 mail" if reached == 1 else "1 mail each"
        how = "at once" if frequency is Frequency.IMMEDIATELY else f"in the {frequency} digest"
        return f"{mails} for {who}, {how if sent else f'{how}, collecting'}", tone
    if frequency is not Frequency.IMMEDIATELY:
        return f"{'told in' if sent else 'collected for'} the {frequency} digest of {who}", tone
    return (f"mailed at once to {who}", "ok") if sent else (f"mailing {who} now", "brass")


def figures() -> tuple[str, str]:
    """Return how many events came in and how many mails left during the last 24 hours."""
    events, mails = store.count_today(business_now() - timedelta(days=1))
    return plural(events, "event"), plural(mails, "mail")


def places(config: Config) -> list[Place]:
    """Return the mails worth a look in the built-in mailbox."""
    wanted = (
        ("The latest immediate mail", store.latest_sent(Frequency.IMMEDIATELY, most=1)),
        ("The latest mail about a bulk action", store.latest_sent(None, least=store.BULK)),
        ("The latest daily digest", store.latest_sent(Frequency.DAILY, least=2)),
    )
    mailbox = Mailbox(config.mailbox_path)
    found = [_place(title, sent, mailbox) for title, sent in wanted if sent]
    return [one for one in found if one]


def _place(title: str, sent: SentMail, mailbox: Mailbox) -> Place | None:
    """Return the way to a sent mail in the mailbox, found again by its Message-ID."""
    for one in mailbox.latest(recipient=sent.email, limit=25):
        found = mailbox.read(one.id)
        if found and str(parse(found[1])["Message-ID"]) == sent.message_id:
            return Place(title, f"{one.subject}, for {sent.name}", f"/mailbox/{one.id}")
    return None
