"""Why the person did, or did not, get an event: told for the person, from the ledger and the settings."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from callboard.base.instants import from_us
from callboard.base.reasons import Outcome
from callboard.base.texts import shown
from callboard.catalogue.values import FieldType
from callboard.insights import explain as insight
from callboard.insights import ledger
from callboard.insights import store as insights
from callboard.intake import store as log
from callboard.mail import store as outbox
from callboard.preferences import actions
from callboard.preferences.rules import KEPT_DAYS
from callboard.preferences.values import Kind, Ref
from callboard.web import titles
from callboard.web.panel.rows import muted_words
from callboard.web.panel.sentences import TITLES, Part, condition_parts, parts_html, sentence_parts
from callboard.web.words import exact, plural, upcoming

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.utils.safestring import SafeString

    from callboard.catalogue.values import Event
    from callboard.mail.wording import Narrator
    from callboard.preferences.values import Notification
    from callboard.web.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Check:
    """One condition with its answer: whether it holds, and what the event has instead."""

    parts: tuple[Part, ...]
    holds: bool
    has: str

    @property
    def html(self) -> SafeString:
        """Return the condition with what matters in bold."""
        return parts_html(self.parts)


@dataclass(frozen=True, slots=True)
class Asked:
    """One notification for this event type, and what it made of the event."""

    ref: Ref
    title: str
    origin: str
    verdict: str
    tone: str
    checks: tuple[Check, ...]
    is_muted: bool

    @property
    def is_open(self) -> bool:
        """Return whether it is one of those that mail such events: what may be muted from here."""
        return self.tone == "ok" and not self.is_muted

    @property
    def has_change(self) -> bool:
        """Return whether to offer a change: of every Custom, and of a Default that mails such events."""
        return self.ref.kind is Kind.CUSTOM or self.tone == "ok"

    @property
    def url(self) -> str:
        """Return the way to its row."""
        return row_url(self.ref)

    @property
    def target(self) -> str:
        """Return how the form of the settings names it."""
        return f"{self.ref.kind.value} {self.ref.id}"

    @property
    def change(self) -> str:
        """Return what may be done to it besides muting: a Default can only be duplicated."""
        return "Change this" if self.ref.kind is Kind.CUSTOM else "Duplicate and change"

    @property
    def change_url(self) -> str:
        """Return the way to the window that does it."""
        if self.ref.kind is Kind.CUSTOM:
            return f"/settings/edit/{quote(self.ref.id, safe='')}"
        return f"/settings/duplicate/{self.ref.kind.value}/{quote(self.ref.id, safe='')}"


@dataclass(frozen=True, slots=True)
class Gone:
    """A notification that counted then and is not what it was; `target` names one that can be brought back."""

    title: str
    says: str
    url: str = ""
    target: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, and when; `tone` is ok, critical, brass or quiet."""

    title: str
    at: str
    detail: str = ""
    tone: str = "quiet"


@dataclass(frozen=True, slots=True)
class Story:
    """The whole explanation."""

    answer: str
    because: str
    tone: str
    asked: tuple[Asked, ...]
    gone: tuple[Gone, ...]
    others: int
    mail_id: int | None
    steps: tuple[Step, ...] = field(default=())

    @property
    def others_words(self) -> str:
        """Return "11 notifications", those for other event types."""
        return plural(self.others, "notification")


def row_url(ref: Ref) -> str:
    """Return the address of a notification's row in the settings, as mails link it."""
    return f"/settings#n-{quote(ref.id, safe='')}"


def tell(event: Event, viewer: Viewer) -> Story:
    """Return why the viewer did, or did not, get an event that the viewer may see."""
    row = insights.ledger_row(event.number, viewer.person.id)
    world = viewer.world()
    known = insight.explain(event, viewer.person, world, viewer.now)
    mine = actions.own(viewer.person, viewer.catalogue)
    narrator = viewer.narrator()
    counted = [Ref(one["id"], Kind(one["kind"])) for one in json.loads(row["refs_json"])] if row else []
    asked = []
    for one, said in zip(mine, known["notifications"], strict=True):
        if one.event_type == event.type:
            muted = muted_words(world.book.mutes.get((viewer.person.id, one.ref)), viewer, narrator)
            asked.append(_asked(one, said, muted, viewer, _verdict(said, row, counted=one.ref in counted)))
    asked.sort(key=lambda one: _ORDER.index(one.tone))
    answer, because, tone = _answer(event, row, asked, narrator)
    return Story(
        answer=answer,
        because=because,
        tone=tone,
        asked=tuple(asked),
        gone=tuple(_gone(counted, event, mine, viewer, narrator)),
        others=len(mine) - len(asked),
        mail_id=row["mail_id"] if row and not row["withdrawn_reason"] else None,
        steps=tuple(_steps(event, row, narrator)),
    )


_ORDER = ("ok", "brass", "quiet")
_ANSWERS: Mapping[str, tuple[str, str]] = {
    "scheduled": ("You will be mailed {due}.", "brass"),
    "queued": ("Its mail is written and on its way to you.", "brass"),
    "sent": ("You were mailed {done}.", "ok"),
    "bounced": ("It was mailed to you, but came back.", "critical"),
    "failed": ("Its mail could not be delivered to you.", "critical"),
    "held": ("Its mail is held, because your address was refused.", "critical"),
    "withdrawn": ("You were not mailed.", "quiet"),
}
_BECAUSE_SKIPPED: Mapping[str, str] = {
    "own-action": "You did this yourself, and you do not ask for mails about your own actions.",
    "muted": "Every notification of yours that matched was muted.",
}
_BECAUSE_WITHDRAWN: Mapping[str, str] = {
    "deactivated": "Your account was deactivated before the mail left.",
    "no-access": "It was no longer yours to see when the mail was due.",
    "deleted": "The notification that asked for it was deleted before the mail left.",
    "muted": "The notification that asked for it was muted before the mail left.",
}


def _answer(event: Event, row: dict[str, Any] | None, asked: list[Asked], narrator: Narrator) -> tuple[str, str, str]:
    """Return the answer, the reason and the tone of both."""
    if row is None:
        return _undecided(event, asked)
    state = ledger.state_of(row)
    if state is None:
        return "You were not mailed.", _BECAUSE_SKIPPED.get(row["reason"], row["reason"]), "quiet"
    words, tone = _ANSWERS.get(state, (state, "quiet"))
    due = upcoming(narrator, from_us(row["ends_us"])) if row["ends_us"] is not None else ""
    done = narrator.moment(from_us(row["finished_us"])) if row["finished_us"] is not None else ""
    said = words.format(due=due, done=done).replace(" .", ".")
    if state == "withdrawn":
        return said, _BECAUSE_WITHDRAWN.get(row["withdrawn_reason"], row["withdrawn_reason"]), tone
    return said, _because(row), tone


def _undecided(event: Event, asked: list[Asked]) -> tuple[str, str, str]:
    """Return what `_answer` does for an event without a ledger row (D5)."""
    if log.is_parked(event.number):
        return "Not decided yet.", "It is set aside until an operator has looked at it.", "brass"
    if any(one.tone == "ok" for one in asked):
        return "Not decided yet.", "The event is new, or your settings changed after it was decided.", "brass"
    because = "None of your notifications matches it." if asked else "You have no notification for this kind of event."
    return "You were not mailed.", because, "quiet"


def _because(row: dict[str, Any]) -> str:
    frequency = row["frequency"]
    how = "at once" if frequency == "immediately" else f"in the {frequency} digest"
    count = len(json.loads(row["refs_json"]))
    if count == 1:
        return f"One notification of yours asked for it, {how}."
    return f"{count} notifications of yours asked for it; the fastest says {how}, and you get one mail."


def _asked(one: Notification, said: dict[str, Any], muted: str, viewer: Viewer, verdict: tuple[str, str]) -> Asked:
    checks = [
        Check(
            tuple(condition_parts(condition, viewer)), each["holds"], _has(condition.field, each["event_has"], viewer)
        )
        for condition, each in zip(one.where, said["conditions"], strict=True)
    ]
    role = viewer.catalogue.roles.get(one.role or "")
    origin = f"Default, from your role {shown(role.label if role else one.role or '')}" if one.role else "Custom, yours"
    words, tone = verdict
    return Asked(
        ref=one.ref,
        title=_title(one, viewer),
        origin=f"{origin} · {one.frequency.value}",
        verdict=f"{words} {muted}." if muted else words,
        tone=tone,
        checks=tuple(checks),
        is_muted=bool(muted),
    )


def _title(one: Notification, viewer: Viewer) -> str:
    name = shown(one.name).strip() if one.kind is Kind.CUSTOM else ""
    return name or "".join(part.text for part in sentence_parts(one, viewer))


def _verdict(said: dict[str, Any], row: dict[str, Any] | None, *, counted: bool) -> tuple[str, str]:
    """Return what a notification made of the event, told from the ledger where it is in there."""
    if counted and row:
        return _counted(said, row)
    if said["inactive"]:
        return "Inactive: what it asks for is no longer in the catalogue.", "quiet"
    if said["matches"]:
        if row:
            return "Matches now; it did not when this was decided.", "quiet"
        return "Matches.", "quiet" if said["muted"] else "ok"
    failing = sum(not one["holds"] for one in said["conditions"])
    return ("One condition does not hold." if failing == 1 else f"{failing} conditions do not hold."), "quiet"


def _counted(said: dict[str, Any], row: dict[str, Any]) -> tuple[str, str]:
    if row["outcome"] == Outcome.SKIP:
        return ("Matched, but was muted." if row["reason"] == "muted" else "Matched."), "quiet"
    if not said["matches"]:
        return "Asked for this. You changed it since.", "ok"
    return "Asked for this.", "ok"


def _gone(
    counted: list[Ref], event: Event, mine: list[Notification], viewer: Viewer, narrator: Narrator
) -> Iterator[Gone]:
    """Yield what counted then and is not among the notifications for this kind of event any more."""
    known = {one.ref: one for one in mine}
    missing = [ref for ref in counted if ref not in known]
    deleted = insights.deleted_of(viewer.person.id, [ref.id for ref in missing if ref.kind is Kind.CUSTOM])
    label = shown(narrator.type_of(event).label)
    for ref in counted:
        if ref in known:
            if known[ref].event_type != event.type:
                says = "It asked for this then. You changed it since: now it asks for another kind of event."
                yield Gone(_title(known[ref], viewer), says, url=row_url(ref))
        elif ref.kind is Kind.DEFAULT:
            yield Gone(label, "It asked for this then: a Default of a role that you no longer have.")
        elif ref.id in deleted:
            name, _, deleted_us = deleted[ref.id]
            at = from_us(deleted_us)
            back = at > viewer.now - timedelta(days=KEPT_DAYS)
            says = f"It asked for this then. You deleted it {narrator.moment(at)}."
            yield Gone(shown(name).strip() or label, says, target=f"{ref.kind.value} {ref.id}" if back else "")
        else:
            yield Gone(label, "It asked for this then. It is no longer among yours.")


def _has(key: str, value: Any, viewer: Viewer) -> str:
    """Return what the event has in a field, with names for partners and titles."""
    if value is None or value == []:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(_named(key, one, viewer) for one in (value if isinstance(value, list | tuple) else (value,)))


def _named(key: str, value: Any, viewer: Viewer) -> str:
    field = viewer.catalogue.fields.get(key)
    if isinstance(value, str) and key == TITLES:
        return titles.name_of(value, viewer)
    if isinstance(value, str) and field and field.type is FieldType.PARTNER:
        return shown(viewer.directory.partner_name(value))
    return shown(str(value))


def _steps(event: Event, row: dict[str, Any] | None, narrator: Narrator) -> Iterator[Step]:
    """Yield what happened, in order, with the times of the person's clock."""
    yield Step("It happened in the portal", exact(narrator, event.time_at))
    yield Step("Callboard was told", exact(narrator, event.accepted_at))
    if row is None:
        return
    told = {"notify": "Decided to mail you", "skip": "Decided not to mail you"}
    yield Step(told[row["outcome"]], exact(narrator, from_us(row["decided_us"])))
    if row["ends_us"] is None:
        return
    until = exact(narrator, from_us(row["ends_us"]))
    yield Step("Collected with what else came in", f"until {until}", tone="quiet" if row["closed"] else "brass")
    if row["withdrawn_reason"]:
        yield Step("Withdrawn", "", _BECAUSE_WITHDRAWN.get(row["withdrawn_reason"], ""))
    if row["mail_id"] is not None:
        yield from _mail_steps(row, narrator)


def _mail_steps(row: dict[str, Any], narrator: Narrator) -> Iterator[Step]:
    mail = outbox.find_mail(row["mail_id"])
    if mail is None:
        return
    yield Step("Mail written", exact(narrator, from_us(mail["composed_us"])), f"Message-ID {mail['message_id']}")
    for one in outbox.attempts_of(row["mail_id"]):
        said = "no answer yet" if one["code"] is None else f"{one['code'] or ''} {one['reply']}".strip()
        accepted = one["code"] is not None and 200 <= one["code"] < 300  # noqa: PLR2004 - RFC 5321 4.2.1
        title = "Accepted by the mail server" if accepted else f"Try {one['number']}"
        yield Step(title, exact(narrator, from_us(one["began_us"])), said, "ok" if accepted else "brass")
    final = {"failed": "Given up", "held": "Held", "bounced": "Came back"}.get(mail["state"])
    if final:
        at = exact(narrator, from_us(mail["finished_us"])) if mail["finished_us"] is not None else ""
        yield Step(final, at, mail["last_reply"], "critical")
