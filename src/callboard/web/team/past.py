"""What was changed of people, as sentences."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from callboard.base.texts import shown
from callboard.web.team.roster import role_labels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from callboard.insights.team.store import Change
    from callboard.web.team.master import Master

_DOORS: Mapping[str, str] = {
    "team": "on the team page",
    "console": "in the operators' console",
    "api": "over the API",
    "scim": "by the sign-on system",
    "import": "by an import",
    "nightly": "by itself",
    "command": "by an operator's command",
}
_OWN = ("time_zone", "locale", "digest_hour", "digest_weekday", "notify_own_actions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One change in words: whose, what, when, by whom and how."""

    url: str
    person: str
    says: str
    at: str
    by: str
    note: str


def told_changes(changes: Iterable[Change], master: Master) -> list[Told]:
    """Return changes in words, in their order; of who moved away, what the person was called before, and no more."""
    narrator = master.viewer.narrator()
    found = []
    for one in changes:
        before, after = json.loads(one.before), json.loads(one.after)
        is_away = after.get("partner") not in master.partner_ids
        local = narrator.local(one.at)
        who = "" if is_away else shown(one.by_name or one.by_email)
        by = f"{who} {_DOORS.get(one.door, one.door)}" if who else _DOORS.get(one.door, one.door)
        found.append(
            Told(
                url=f"/team/people/{one.person_id}" if one.partner in master.partner_ids else "",
                person=shown((before if is_away and before else after)["name"]),
                says="Moved to another partner account." if is_away else _says(before, after, master),
                at=_sentence(f"{narrator.relative(local.date())}, {local:%H:%M}"),
                by=by,
                note="" if is_away else shown(one.note),
            )
        )
    return found


def _says(before: dict[str, Any] | None, after: dict[str, Any], master: Master) -> str:
    """Return what is different, as one sentence; of what somebody was at other partners, nothing."""
    if before and before.get("partner", after.get("partner")) not in master.partner_ids:
        before = before | {"roles": []}
    said = list(_differences(before or {"active": True, "roles": []}, after, master))
    if before is None:
        said = ["account created", *(one for one in said if one.startswith("given"))]
    text = "; ".join(said) or "nothing that matters here"
    return _sentence(f"{text}.")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _differences(before: dict[str, Any], after: dict[str, Any], master: Master) -> Iterator[str]:
    if before.get("active") != after.get("active"):
        yield "reactivated" if after.get("active") else "deactivated"
    gained = [one for one in after.get("roles", ()) if one not in before.get("roles", ())]
    lost = [one for one in before.get("roles", ()) if one not in after.get("roles", ())]
    if gained:
        yield f"given {' and '.join(role_labels(gained, master))}"
    if lost:
        yield f"no longer {' and '.join(role_labels(lost, master))}"
    if "partner" in before and before["partner"] != after.get("partner"):
        yield f"moved to {master.called(after.get('partner'))}"
    for key, noun in (("name", "name"), ("email", "address")):
        if key in before and before[key] != after.get(key):
            yield f"{noun} is {shown(str(after.get(key)))}"
    if any(key in before and before[key] != after.get(key) for key in _OWN):
        yield "time zone, digests or own actions set"
