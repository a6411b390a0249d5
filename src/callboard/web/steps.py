"""What happened to an event on its way to the person, step by step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callboard.base.instants import from_us
from callboard.mail import store as outbox
from callboard.web.words import exact

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from callboard.catalogue.values import Event
    from callboard.mail.wording import Narrator

BECAUSE_WITHDRAWN: Mapping[str, str] = {
    "deactivated": "Your account was deactivated before the mail left.",
    "no-access": "It was no longer yours to see when the mail was due.",
    "deleted": "The notification that asked for it was deleted before the mail left.",
    "muted": "The notification that asked for it was muted before the mail left.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, and when; `tone` is ok, critical, brass or quiet."""

    title: str
    at: str
    detail: str = ""
    tone: str = "quiet"


def steps_of(event: Event, row: dict[str, Any] | None, narrator: Narrator) -> Iterator[Step]:
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
        yield Step("Withdrawn", "", BECAUSE_WITHDRAWN.get(row["withdrawn_reason"], ""))
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
