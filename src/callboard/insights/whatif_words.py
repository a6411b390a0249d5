"""What a change would bring, in short sentences and as JSON: for team page, console, command and API alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from callboard.catalogue.values import COVERAGE_GAP, Catalogue, Default
from callboard.insights.coverage import Line, Receiver, State
from callboard.insights.whatif import WhatIf
from callboard.people.values import Directory, Person
from callboard.preferences.naming import either, title_of
from callboard.preferences.values import Notification

MOST_NAMED = 5
"""Things one sentence names; the rest is counted."""
_ONE_A_WEEK = 1.0


class Tone(StrEnum):
    """How a sentence is meant to be read."""

    PLAIN = "plain"
    LESS = "less"
    MORE = "more"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Sentence:
    """One short sentence without a full stop."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Reader:
    """Whom a change is told: what partners are called for them, and whose names they may read."""

    catalogue: Catalogue
    directory: Directory
    partner_called: Callable[[str], str]
    may_name: Callable[[Person], bool] = lambda _: True

    def type_called(self, event_type: str) -> str:
        """Return the label of an event type."""
        return self.catalogue.event_types[event_type].label


def sentences(found: WhatIf, reader: Reader) -> list[Sentence]:
    """Return what a change would bring, what matters most for the person first, warnings near the end."""
    said = [
        *_of_account(found, reader),
        *([] if found.change.ends else _of_rights(found, reader)),
        _of_mails(found),
        *_of_coverage(found, reader),
        *_of_ends(found),
    ]
    if all(one.tone is Tone.PLAIN for one in said) and found.mails_before == found.mails_after:
        return [Sentence("Nothing changes in what the person sees and gets"), *said]
    return said


def whatif_json(found: WhatIf, reader: Reader) -> dict[str, Any]:
    """Return what a change would bring as JSON values."""
    return {
        "user": found.change.after.email,
        "sentences": [{"text": one.text, "tone": one.tone.value} for one in sentences(found, reader)],
        "event_types": {"lost": list(found.types_lost), "gained": list(found.types_gained)},
        "partners": {"lost": list(found.partners_lost), "gained": list(found.partners_gained)},
        "defaults": {
            "lost": [_default_json(one) for one in found.defaults_lost],
            "gained": [_default_json(one) for one in found.defaults_gained],
        },
        "notifications": {
            "inactive": [_custom_json(one, reader) for one in found.inactive],
            "active": [_custom_json(one, reader) for one in found.active],
        },
        "mails_per_week": {
            "before": found.mails_before,
            "after": found.mails_after,
            "approximate": found.approximate,
        },
        "coverage": {
            "left": [line_json(one, reader) for one in found.leaves],
            "gaps_opened": [line_json(one, reader) for one in found.opened],
            "gaps_closed": [line_json(one, reader) for one in found.closed],
        },
        "sessions": found.sessions,
        "api_keys": found.keys,
    }


def line_json(line: Line, reader: Reader, most: int | None = None) -> dict[str, Any]:
    """Return one line of coverage as JSON values; people whom the reader may not know are counted.

    With `most` that many receivers are listed at most, the best ones.
    """
    named = [one for one in line.receivers if reader.may_name(one.person)]
    return {
        "partner": line.partner.id,
        "event_type": line.event_type.id,
        "state": line.state.value,
        "expected": line.expected,
        "count": len(line.receivers),
        "fastest": line.receivers[0].frequency.value if line.receivers else None,
        "receivers": [_receiver_json(one, reader) for one in named[:most]],
        "others": len(line.receivers) - len(named),
    }


def warning_of(gaps: Sequence[Line], reader: Reader) -> str:
    """Return what a person is told before becoming the last who gets something critical; "" without a gap."""
    if not gaps:
        return ""
    places = [f"You are the last at {where} who gets {types}." for where, types in _by_partner(gaps, reader, "and")]
    silent = any(one.event_type.id == COVERAGE_GAP for one in gaps) or not any(_has_master(one, reader) for one in gaps)
    return f"{' '.join(places)} {'The studio' if silent else 'Your Masters'} will be told."


def _has_master(line: Line, reader: Reader) -> bool:
    return any(
        one.kind is line.partner.kind and reader.catalogue.is_master(one.id) for one in reader.catalogue.roles.values()
    )


def _receiver_json(one: Receiver, reader: Reader) -> dict[str, Any]:
    lender = one.standing_in_for
    return {
        "email": one.person.email,
        "name": one.person.name,
        "frequency": one.frequency.value,
        "notification": one.notification.ref.as_json(),
        "every": not one.conditions,
        "standing_in_for": lender.email if lender and reader.may_name(lender) else None,
    }


def _default_json(one: Default) -> dict[str, str]:
    return {"id": one.id, "frequency": one.frequency.value}


def _custom_json(one: Notification, reader: Reader) -> dict[str, str]:
    return {"id": one.id, "label": title_of(one, reader.catalogue, reader.partner_called)}


def _of_account(found: WhatIf, reader: Reader) -> Iterator[Sentence]:
    before, after = found.change.before, found.change.after
    if before is None:
        yield Sentence(f"Is new at {_partner(after, reader)}", Tone.MORE)
        return
    if found.change.ends:
        yield Sentence("Can not sign in any more and gets nothing", Tone.LESS)
        yield Sentence("Settings and mutes are kept for a return")
    if after.active and not before.active:
        yield Sentence("Can sign in and gets mails again", Tone.MORE)
    if before.partner != after.partner:
        yield Sentence(f"Moves from {_partner(before, reader)} to {_partner(after, reader)}")


def _of_rights(found: WhatIf, reader: Reader) -> Iterator[Sentence]:
    before, after = found.change.before, found.change.after
    if before and before.partner == after.partner and before.active:
        for group in _groups(found.types_lost, reader):
            yield Sentence(f"No longer sees {group} of {_partner(before, reader)}", Tone.LESS)
    if before and before.partner != after.partner and before.active and found.partners_lost:
        yield Sentence(f"No longer sees anything of {_partners(found.partners_lost, reader)}", Tone.LESS)
    gained = found.types_gained if before and before.active and before.partner == after.partner else ()
    for group in _groups(gained, reader):
        yield Sentence(f"Sees {group} of {_partner(after, reader)}", Tone.MORE)
    if not gained and found.partners_gained:
        groups = _groups(found.types_gained, reader) or ["events"]
        yield Sentence(f"Sees {_listed(groups, 'and')} of {_partners(found.partners_gained, reader)}", Tone.MORE)
    yield from _of_defaults("Loses", found.defaults_lost, Tone.LESS, reader)
    yield from _of_defaults("Gets", found.defaults_gained, Tone.MORE, reader)
    yield from _of_customs(found.inactive, "goes inactive", "go inactive", Tone.LESS, reader)
    yield from _of_customs(found.active, "is active again", "are active again", Tone.MORE, reader)


def _of_defaults(verb: str, defaults: Sequence[Default], tone: Tone, reader: Reader) -> Iterator[Sentence]:
    said = [f"{reader.type_called(one.event_type)} ({one.frequency})" for one in defaults]
    if len(said) <= MOST_NAMED:
        yield from (Sentence(f"{verb} the Default {one}", tone) for one in said)
    else:
        yield Sentence(f"{verb} {len(said)} Defaults: {', '.join(said)}", tone)


def _of_customs(customs: Sequence[Notification], one: str, many: str, tone: Tone, reader: Reader) -> Iterator[Sentence]:
    if customs:
        labels = [title_of(each, reader.catalogue, reader.partner_called) for each in customs]
        count = f"1 Custom notification {one}" if len(customs) == 1 else f"{len(customs)} Custom notifications {many}"
        yield Sentence(f"{count}: {_listed(labels, 'and', between='; ')}", tone)


def _of_mails(found: WhatIf) -> Sentence:
    before, after = _mails(found.mails_before), _mails(found.mails_after)
    guess = ", estimated from the newest events" if found.approximate else ""
    if found.change.before is None:
        return Sentence(f"{after} a week{guess}", Tone.PLAIN)
    if before == after:
        return Sentence(f"{after} a week, as now{guess}", Tone.PLAIN)
    tone = Tone.LESS if found.mails_after < found.mails_before else Tone.MORE
    instead = before.removeprefix("About ").removesuffix(" mails").removesuffix(" mail").lower()
    instead = "none" if instead == "no" else instead
    return Sentence(f"{after} a week instead of {instead}{guess}", tone)


def _mails(number: float) -> str:
    if not number:
        return "No mails"
    if number < _ONE_A_WEEK:
        return "Less than one mail"
    return "About 1 mail" if round(number) == 1 else f"About {round(number)} mails"


def _of_coverage(found: WhatIf, reader: Reader) -> Iterator[Sentence]:
    gaps = {one.key for one in found.opened}
    for where, types in _by_partner(found.opened, reader, "or"):
        yield Sentence(f"Nobody else at {where} would get {types}", Tone.WARNING)
    own = found.change.before.partner if found.change.before else None
    left = [one for one in found.leaves if one.key not in gaps and one.partner.id == own]
    for names, lines in _by_receivers(left, reader):
        types = _listed([one.event_type.label for one in lines], "and")
        where = reader.partner_called(lines[0].partner.id)
        if not names:
            yield Sentence(f"Nobody else at {where} would get {types}")
            continue
        some = "" if all(one.state is State.COVERED for one in lines) else "some of "
        yield Sentence(f"{names} would still get {some}{types} at {where}")
    for where, types in _by_partner(found.closed, reader, "and"):
        yield Sentence(f"Somebody at {where} would get {types} again", Tone.MORE)


def _by_receivers(lines: Iterable[Line], reader: Reader) -> Iterator[tuple[str, list[Line]]]:
    """Yield the names of those who receive the same lines, with the lines; covered and partly ones apart."""
    found: dict[tuple[State, tuple[int, ...]], list[Line]] = {}
    for line in lines:
        found.setdefault((line.state, tuple(sorted(one.person.id for one in line.receivers))), []).append(line)
    for each in found.values():
        yield _names(each[0].receivers, reader), each


def _names(receivers: Sequence[Receiver], reader: Reader) -> str:
    named = [one.person.name for one in receivers if reader.may_name(one.person)][:MOST_NAMED]
    others = len(receivers) - len(named)
    if others and named:
        return f"{', '.join(named)} and {others} more"
    if others:
        return "One other person" if others == 1 else f"{others} other people"
    return either(named, "and") if named else ""


def _of_ends(found: WhatIf) -> Iterator[Sentence]:
    parts = [
        f"{count} {word}{'' if count == 1 else 's'}"
        for count, word in ((found.sessions, "session"), (found.keys, "API key"))
        if count
    ]
    if parts:
        verb = "ends" if found.sessions + found.keys == 1 else "end"
        yield Sentence(f"{either(parts, 'and')} {verb}", Tone.LESS)


def _groups(types: Sequence[str], reader: Reader) -> list[str]:
    """Return event types in words: a group by its name when it is whole, else each type by its label."""
    found: list[str] = []
    for group in dict.fromkeys(reader.catalogue.event_types[one].group for one in types):
        whole = [one.id for one in reader.catalogue.event_types.values() if one.group == group]
        mine = [one for one in types if reader.catalogue.event_types[one].group == group]
        found += [group] if len(mine) == len(whole) else [reader.type_called(one) for one in mine]
    return found


def _by_partner(lines: Iterable[Line], reader: Reader, last: str) -> Iterator[tuple[str, str]]:
    """Yield (partners, event types) in words; partners with the same types stand together."""
    types: dict[str, list[str]] = {}
    for line in lines:
        types.setdefault(line.partner.id, []).append(line.event_type.label)
    same: dict[tuple[str, ...], list[str]] = {}
    for partner, labels in types.items():
        same.setdefault(tuple(labels), []).append(reader.partner_called(partner))
    for said, partners in same.items():
        yield _listed(partners, "or"), _listed(said, last)


def _partner(person: Person, reader: Reader) -> str:
    return reader.partner_called(person.partner) if person.partner else "no partner"


def _partners(partners: Sequence[str], reader: Reader) -> str:
    return _listed([reader.partner_called(one) for one in partners], "and")


def _listed(words: Sequence[str], last: str, between: str = ", ") -> str:
    """Return words as a list in a sentence; beyond `MOST_NAMED` they are counted."""
    if len(words) > MOST_NAMED:
        return f"{between.join(words[:MOST_NAMED])} and {len(words) - MOST_NAMED} more"
    return either(list(words), last) if between == ", " else between.join(words)
