"""The event log and the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from callboard.base import strict_json
from callboard.base.texts import address_key, shown
from callboard.console import store
from callboard.console.known import catalogue, instant_us, plural, type_name
from callboard.console.tables import Cell, Deed, Table, choice
from callboard.decisions.models import Decision, Window
from callboard.intake import store as log
from callboard.intake.models import EventRecord, EventState
from callboard.mail.models import Mail
from callboard.people.models import User

_TONES = {EventState.ACCEPTED: "brass", EventState.DECIDED: "ok", EventState.PARKED: "critical"}
_TOLD_SHOWN = 100
_STATE_TONES = {"sent": "ok", "failed": "critical", "held": "critical", "bounced": "critical", "queued": "brass"}


def explain_url(key: str, email: str = "") -> str:
    """Return the way to the explanation of an event, for a person."""
    return "/console/explain?" + urlencode({"event": key, "user": email} if email else {"event": key})


def _retry(_: HttpRequest, rows: Sequence[EventRecord]) -> Iterator[tuple[str, bool]]:
    with transaction.atomic():
        done = log.retry_parked([one.pk for one in rows])
    yield f"{plural(done, 'event')} will be decided again.", True


def _types() -> list[tuple[str, str]]:
    return [(one.id, shown(one.label)) for one in catalogue().event_types.values()]


class EventTable(Table):
    """The event log; parked events wait here for a person (P3)."""

    title = "Events"
    lead = "What the portal sent. A parked event could not be decided and waits for you."
    noun = "event"
    section = "events"
    asks = "Event id, source request, or partner"
    ordering = ("-accepted_us", "-id")
    list_filter = (
        choice(
            "State",
            "state",
            lambda: ((str(one.value), one.label.capitalize()) for one in EventState),
            lambda rows, value: rows.filter(state=int(value)),
        ),
        choice("Type", "type", _types, lambda rows, value: rows.filter(event_type=value)),
    )
    deeds = (
        Deed(
            name="retry_parked",
            verb="Try again",
            noun="parked event",
            says="Each is matched and decided again, for the settings of now. What fails again is parked again.",
            none="None of the chosen events is parked, so nothing was changed.",
            fits=lambda rows: rows.filter(state=EventState.PARKED),
            do=_retry,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the log; a list shows decided events among the newest, waiting and parked ones whatever their age."""
        rows = super().get_queryset(request).defer("data_json")
        if request.resolver_match and request.resolver_match.url_name == "intake_eventrecord_changelist":
            decided = request.GET.get("state") == str(EventState.DECIDED.value)
            if decided and not request.GET.get("q"):
                rows = rows.filter(id__gt=store.newest_number("intake_eventrecord") - store.FOUND_AMONG)
        return rows

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Look events up by id, by subject, and by a partner that they name."""
        numbers = store.numbers_of_events(text)
        partner = store.find_partner(text)
        if partner:
            numbers += store.numbers_of_partner(partner)
        return rows.filter(id__in=numbers)

    def cells(self, row: EventRecord, context: dict[str, Any]) -> Sequence[Cell]:
        """Return id, type, subject, state and when."""
        del context
        state = EventState(row.state)
        return (
            Cell("Event", shown(row.event_id)[:80], hint=shown(row.source)[:80]),
            Cell("Type", type_name(row.event_type)),
            Cell("About", shown(row.subject or "–")[:80]),
            Cell("State", state.label.capitalize(), tone=_TONES[state], hint=shown(row.parked_reason)[:160]),
            Cell("Accepted", instant_us(row.accepted_us)),
        )

    def name_of(self, row: EventRecord) -> str:
        """Return the id."""
        return f"Event {shown(row.event_id)[:80]}"

    def page_of(self, request: HttpRequest, row: EventRecord) -> tuple[str, dict[str, Any]]:
        """Return an event with its data and whom it reached."""
        del request
        told = store.told_of(row.pk, _TOLD_SHOWN + 1)
        return "console/event.html", {
            "title": f"Event {shown(row.event_id)[:80]}",
            "state": EventState(row.state).label.capitalize(),
            "tone": _TONES[EventState(row.state)],
            "type": type_name(row.event_type),
            "facts": [
                ("Type", shown(row.event_type)),
                ("About", shown(row.subject or "–")),
                ("Source", shown(row.source)),
                ("Happened", instant_us(row.time_us)),
                ("Accepted", instant_us(row.accepted_us)),
            ],
            "words": shown(row.parked_reason),
            "data": _pretty(row.data_json),
            "told": [_told(one, row.key) for one in told[:_TOLD_SHOWN]],
            "more": len(told) > _TOLD_SHOWN,
            "explain_url": explain_url(row.key),
            "key": row.key,
        }


def _told(one: dict[str, Any], key: str) -> dict[str, Any]:
    words, tone = ledger_state(one, one["mail_state"])
    return {
        "email": shown(one["email"]),
        "name": shown(one["name"]),
        "state": words,
        "tone": tone,
        "frequency": one["frequency"] or "",
        "mail_id": one["mail_id"],
        "explain_url": explain_url(key, one["email"]),
    }


def ledger_state(row: dict[str, Any], mail_state: str | None) -> tuple[str, str]:
    """Return where a ledger row stands, with its tone: as 4.4 names it."""
    if row["outcome"] == "skip":
        return f"skip: {row['reason']}", ""
    if row["withdrawn_reason"]:
        return f"withdrawn: {row['withdrawn_reason']}", ""
    if not row["closed"]:
        return "scheduled", "brass"
    state = "queued" if mail_state == "leased" else mail_state or "queued"
    return state, _STATE_TONES.get(state, "")


def _pretty(text: str) -> str:
    """Return an event's data, a key a line."""
    found = strict_json.loads(text)
    if not isinstance(found, dict):
        return shown(text)
    return "\n".join(f"{shown(str(key))}: {shown(strict_json.dumps(value))}" for key, value in found.items())


_LEDGER_STATES = ("scheduled", "queued", "sent", "bounced", "failed", "held", "withdrawn", "skip")


def _of_ledger_state(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    if value == "skip":
        return rows.filter(outcome="skip")
    if value == "withdrawn":
        return rows.filter(outcome="notify").exclude(withdrawn_reason="")
    rows = rows.filter(outcome="notify", withdrawn_reason="")
    if value == "scheduled":
        return rows.filter(window__closed=False)
    states = ["queued", "leased"] if value == "queued" else [value]
    mail = Mail.objects.filter(id=OuterRef("mail_id"), state__in=states)
    return rows.filter(Exists(Window.objects.filter(Exists(mail), id=OuterRef("window_id"))))


class DecisionTable(Table):
    """The ledger."""

    title = "Ledger"
    lead = (
        "The one recorded answer for every event and person. A state alone is looked for among the newest 100,000 rows."
    )
    noun = "row"
    section = "ledger"
    asks = "Event id, source request, or a person's address"
    ordering = ("-id",)
    list_select_related = ("event", "user", "window")
    list_filter = (
        choice("State", "state", lambda: ((one, one.capitalize()) for one in _LEDGER_STATES), _of_ledger_state),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows; what is asked for by state alone, among the newest."""
        rows = super().get_queryset(request).defer("event__data_json")
        if request.GET.get("state") and not request.GET.get("q"):
            rows = rows.filter(id__gt=store.newest_number("decisions_decision") - store.FOUND_AMONG)
        return rows

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Look rows up by event or by person."""
        person = User.objects.filter(email_key=address_key(text)).values_list("id", flat=True).first()
        if person is not None:
            return rows.filter(user_id=person)
        return rows.filter(event_id__in=store.numbers_of_events(text))

    def prepare(self, rows: Sequence[Decision]) -> dict[str, Any]:
        """Read where the rows' mails are."""
        return {"mails": store.mail_states(row.window.mail_id for row in rows if row.window and row.window.mail_id)}

    def cells(self, row: Decision, context: dict[str, Any]) -> Sequence[Cell]:
        """Return event, person, state, rhythm and when."""
        words, tone = ledger_state(_as_row(row), self._mail_state(row, context))
        return (
            Cell("Event", shown(row.event.event_id)[:80], hint=type_name(row.event.event_type)),
            Cell("Person", shown(row.user.email), hint=shown(row.user.name)),
            Cell("State", words.capitalize(), tone=tone),
            Cell("Frequency", (row.frequency or "–").capitalize()),
            Cell("Decided", instant_us(row.decided_us)),
        )

    def _mail_state(self, row: Decision, context: dict[str, Any]) -> str | None:
        mail_id = row.window.mail_id if row.window else None
        return context["mails"].get(mail_id) if mail_id else None

    def url_of(self, row: Decision) -> str:
        """Return the way to the row's explanation, which tells everything about it."""
        return explain_url(row.event.key, row.user.email)

    def page_of(self, request: HttpRequest, row: Decision) -> tuple[str, dict[str, Any]]:
        """Return a row with the way to its explanation."""
        del request
        words, _ = ledger_state(_as_row(row), self._mail_state(row, self.prepare([row])))
        return "console/record.html", {
            "title": f"Ledger row {row.pk}",
            "list_url": "/console/decisions/decision/",
            "lead": words.capitalize(),
            "facts": [("Event", shown(row.event.event_id)), ("Decided", instant_us(row.decided_us))],
            "owner": row.user,
            "lists": [("Why", [(self.url_of(row), "The explanation", "")])],
        }


def _as_row(row: Decision) -> dict[str, Any]:
    return {
        "outcome": row.outcome,
        "reason": row.reason,
        "withdrawn_reason": row.withdrawn_reason,
        "closed": bool(row.window and row.window.closed),
    }
