"""Why the person did, or did not, get an event: told for the person, from the ledger and the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
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
from callboard.mail.render import STAND_IN_PATH
from callboard.preferences import actions
from callboard.preferences.rules import KEPT_DAYS
from callboard.preferences.values import Kind, Ref
from callboard.web import titles
from callboard.web.panel.rows import muted_words
from callboard.web.panel.sentences import TITLES, Part, condition_parts, parts_html, sentence_parts
from callboard.web.steps import BECAUSE_WITHDRAWN, Step, steps_of
from callboard.web.words import listed, plural, upcoming

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
        return self.tone == "ok" and not self.is_muted and not self.ref.of

    @property
    def has_change(self) -> bool:
        """Return whether to offer a change: of every own Custom, and of a Default that mails such events."""
        return not self.ref.of and (self.ref.kind is Kind.CUSTOM or self.tone == "ok")

    @property
    def url(self) -> str:
        """Return the way to its row, or to the stand-in that it asks through."""
        return STAND_IN_PATH if self.ref.of else row_url(self.ref)

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
class Lent:
    """Somebody for whom the person stood in, and what that one's notifications for such events made of it."""

    id: int
    name: str
    says: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """The whole explanation."""

    answer: str
    because: str
    tone: str
    asked: tuple[Asked, ...]
    gone: tuple[Gone, ...]
    lent: tuple[Lent, ...]
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
    counted = list(row["refs"]) if row else []
    asked = []
    for one, said in zip(mine, known["notifications"], strict=True):
        if one.event_type == event.type:
            muted = muted_words(world.book.mutes.get((viewer.person.id, one.ref)), viewer, narrator)
            asked.append(_asked(one, said, muted, viewer, _verdict(said, row, counted=one.ref in counted)))
    asked.sort(key=lambda one: _ORDER.index(one.tone))
    lent = tuple(_lent(event, viewer, row, known["stand_ins"]))
    answer, because, tone = _answer(event, row, [*asked, *(one for each in lent for one in each.asked)], narrator)
    if row and row["lenders"]:
        because = _because_lent(row, listed([shown(one.name) for one in lent if one.id in row["lenders"]]))
    return Story(
        answer=answer,
        because=because,
        tone=tone,
        asked=tuple(asked),
        gone=tuple(_gone([ref for ref in counted if not ref.of], event, mine, viewer, narrator)),
        lent=lent,
        others=len(mine) - len(asked),
        mail_id=row["mail_id"] if row and not row["withdrawn_reason"] else None,
        steps=tuple(steps_of(event, row, narrator)),
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
        return said, BECAUSE_WITHDRAWN.get(row["withdrawn_reason"], row["withdrawn_reason"]), tone
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
    how, count = _how(row), len(row["refs"])
    if count == 1:
        return f"One notification of yours asked for it, {how}."
    return f"{count} notifications of yours asked for it; the fastest says {how}, and you get one mail."


def _how(row: dict[str, Any]) -> str:
    frequency = row["frequency"]
    return "at once" if frequency == "immediately" else f"in the {frequency} digest"


def _because_lent(row: dict[str, Any], names: str) -> str:
    """Return what `_answer` gives as the reason, where notifications of others matched or counted."""
    is_all = all(ref.of for ref in row["refs"])
    if row["outcome"] == Outcome.SKIP:
        is_muted = row["reason"] == "muted"
        return "Every notification that matched was muted." if is_muted else _BECAUSE_SKIPPED[row["reason"]]
    if row["withdrawn_reason"] in ("deleted", "muted"):
        also = "" if is_all else "The notification of yours that asked for it is gone or muted, and "
        said = f"{also}what {names} asked for did not count any more before the mail left."
        return f"{said[:1].upper()}{said[1:]}"
    if row["withdrawn_reason"]:
        return BECAUSE_WITHDRAWN[row["withdrawn_reason"]]
    if is_all:
        return f"You were standing in for {names}, who asked for it, {_how(row)}."
    return f"You asked for it, and so did {names}, for whom you were standing in; the fastest says {_how(row)}."


def _lent(event: Event, viewer: Viewer, row: dict[str, Any] | None, told: list[dict[str, Any]]) -> Iterator[Lent]:
    """Yield those for whom the viewer stood in, with their notifications for such events."""
    counted = row["refs"] if row else ()
    narrator = viewer.narrator()
    for lender, said in zip(insight.lenders_of(event, row, viewer.person, viewer.directory), told, strict=True):
        owner, about = lender.person, lender.about
        asking = [one for one in actions.own(owner, viewer.catalogue) if one.event_type == event.type]
        asked = []
        for one, each in zip(asking, said["notifications"], strict=True):
            theirs = replace(one, of=owner.id)
            verdict = _verdict(each, row, counted=theirs.ref in counted)
            muted = "It is muted" if each["muted"] else ""
            asked.append(_asked(theirs, each, muted, viewer, verdict))
        asked.sort(key=lambda each: _ORDER.index(each.tone))
        until = narrator.until(about.ended_at or about.ends_at)
        name = shown(owner.name).strip()
        yield Lent(
            owner.id, name, f"You {'are standing' if said['in_force'] else 'stood'} in until {until}.", tuple(asked)
        )


def _asked(one: Notification, said: dict[str, Any], muted: str, viewer: Viewer, verdict: tuple[str, str]) -> Asked:
    checks = [
        Check(
            tuple(condition_parts(condition, viewer)), each["holds"], _has(condition.field, each["event_has"], viewer)
        )
        for condition, each in zip(one.where, said["conditions"], strict=True)
    ]
    role = viewer.catalogue.roles.get(one.role or "")
    whose = "the" if one.of else "your"
    custom = "Custom" if one.of else "Custom, yours"
    origin = f"Default, from {whose} role {shown(role.label if role else one.role or '')}" if one.role else custom
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
    if one.of and one.kind is Kind.DEFAULT:  # it says what concerns the partner of whose it is
        owner = viewer.directory.persons[one.of]
        if owner.partner not in viewer.directory.line_of(viewer.person.partner):  # who moved away since: none of theirs
            return next(sentence_parts(one, viewer)).text
        viewer = replace(viewer, person=owner)
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
        return "Asked for this. It was changed since.", "ok"
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
