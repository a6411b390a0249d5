"""The answers of the API as ninja checks and documents them. Instants are RFC 3339 in UTC."""

from __future__ import annotations

from typing import Any, Literal

from ninja import Schema
from pydantic import Field

FrequencyWord = Literal["immediately", "hourly", "daily", "weekly"]
KindWord = Literal["default", "custom"]
FieldWord = Literal["enum", "language", "reference", "partner", "text", "integer", "date", "boolean"]


class ReceiptOut(Schema):
    """What became of the events that were sent."""

    accepted: int = Field(ge=0, description="events stored now")
    duplicates: int = Field(ge=0, description="events that were known already, with the same content")
    conflicts: int = Field(ge=0, description="events known with other content; not applied")


class ReportOut(Schema):
    """What became of a report."""

    result: Literal[
        "no-such-address", "failed", "complaint", "delayed", "delivered", "auto-reply", "other", "repeated", "not-ours"
    ] = Field(description="what it says of a mail of ours, or why nothing follows")


class FieldOut(Schema):
    """A field that a condition can ask about."""

    key: str
    label: str
    type: FieldWord
    multiple: bool = Field(description="the event carries a list")
    operators: list[str]
    values: list[str] = Field(description="codes of an enum, tags of a language picker; else empty")


class EventTypeOut(Schema):
    """What can happen."""

    id: str
    label: str
    description: str
    group: str
    importance: Literal["critical", "standard", "info"]
    frequencies: list[FrequencyWord]
    fields: list[FieldOut]


class ValueOut(Schema):
    """A value to choose, and how it reads."""

    value: str
    label: str


class ConditionOut(Schema):
    """A condition of a notification."""

    field: str
    op: str
    value: Any


class NotificationOut(Schema):
    """One row of the person's settings."""

    id: str
    user: str = Field(description="the owner's e-mail address")
    kind: KindWord
    name: str = Field(description='as its owner wrote it; "" when it has none')
    label: str = Field(description="the name, or the sentence that the conditions say")
    event_type: str
    where: list[ConditionOut]
    frequency: FrequencyWord
    muted: bool
    muted_until: str | None = Field(description="null: until unmuted")
    muted_by: Literal["person", "mail-link", "import"] | None
    reason: str = Field(description="why the person has it")
    inactive: str | None = Field(description="why it sends nothing (A4), or null")
    version: int = Field(description="counts the edits; send it with PATCH to be told of another's edit")


class SampleOut(Schema):
    """An event that would have been told."""

    event: str
    source: str
    time: str
    title: str | None
    subject: str | None
    says: str


class OverlapOut(Schema):
    """A notification that asks for some of the same events."""

    id: str
    kind: KindWord
    label: str
    frequency: FrequencyWord
    muted: bool = Field(description="it sends nothing now")
    events: int = Field(description="how many of the newest 500 matching events it asks for as well")
    covers: bool = Field(description="it asks for all of these")


class PreviewOut(Schema):
    """What a notification would have brought in the last 30 days."""

    event_type: str
    days: int
    total: int = Field(description="events of the type that the person may see")
    matching: int
    approximate: bool = Field(description="only the newest events, at most 100,000, were looked at, the rest estimated")
    counting: bool = Field(description="not all of these are looked at yet: ask again soon for better numbers")
    mails_per_week: dict[str, float] = Field(description="for each frequency on offer")
    samples: list[SampleOut] = Field(description="the latest 5")
    overlaps: list[OverlapOut]


class StandInOut(Schema):
    """A time in which a delegate gets what a person who is away asked for."""

    id: int
    person: str = Field(description="e-mail address of who is away")
    person_name: str
    delegate: str = Field(description="e-mail address of who stands in")
    delegate_name: str
    starts_at: str = Field(alias="from")
    ends_at: str = Field(alias="until", description="no longer in force from then on")
    in_force: bool


class RefOut(Schema):
    """A notification as the ledger names it."""

    id: str
    kind: KindWord
    owner: str | None = Field(
        None,
        alias="for",
        exclude_if=lambda owner: owner is None,
        description="whose it is, where the person stood in for somebody; absent for the own",
    )


class LedgerOut(Schema):
    """One recorded answer."""

    source: str
    event: str
    event_type: str
    user: str
    outcome: Literal["notify", "skip"]
    reason: Literal["matched", "own-action", "muted", "deactivated", "no-access", "deleted"]
    notifications: list[RefOut]
    frequency: FrequencyWord | None
    due_at: str | None
    message_id: str | None
    state: Literal["scheduled", "queued", "sent", "bounced", "failed", "held", "withdrawn"] | None


class ExplanationOut(Schema):
    """Why the person did, or did not, get an event."""

    answer: str
    event: dict[str, Any]
    user: str
    access: dict[str, str]
    notifications: list[dict[str, Any]]
    stand_ins: list[dict[str, Any]] = Field(
        description="for whom the person stood in, and what their notifications say"
    )
    decision: LedgerOut | None
    steps: list[dict[str, str]]


class SentenceOut(Schema):
    """One short sentence."""

    text: str
    tone: Literal["plain", "less", "more", "warning"]


class ReceiverOut(Schema):
    """A person who gets what is critical."""

    email: str
    name: str
    frequency: FrequencyWord
    notification: RefOut
    every: bool = Field(description="no condition can keep a critical event from the person")
    standing_in_for: str | None = Field(description="the address of the person whose notification it is")


class CoverageLineOut(Schema):
    """Who gets the critical events of one type at one partner."""

    partner: str
    event_type: str
    state: Literal["covered", "partly", "gap"]
    expected: bool = Field(description="the catalogue means people of that kind of partner to be told")
    count: int = Field(description="how many people get them")
    fastest: FrequencyWord | None = Field(
        description="how soon the first of those who get every one is told; of those under conditions if nobody does"
    )
    receivers: list[ReceiverOut] = Field(description="those who get every one first, then the fastest")
    others: int = Field(description="receivers outside of your accounts, who are not listed")


class MemberOut(Schema):
    """One of a Master's people."""

    id: int
    email: str
    name: str
    partner: str
    roles: list[str]
    active: bool
    created_at: str
    seen_at: str | None = Field(description="last sign-in or use of a mail's link; null: never")


class MovedOut(Schema):
    """Ids that are lost and gained."""

    lost: list[str]
    gained: list[str]


class DefaultOut(Schema):
    """A notification that comes with a role."""

    id: str
    frequency: FrequencyWord


class MovedDefaultsOut(Schema):
    """Defaults that vanish and appear."""

    lost: list[DefaultOut]
    gained: list[DefaultOut]


class NamedOut(Schema):
    """A Custom notification."""

    id: str
    label: str


class SwitchedOut(Schema):
    """Custom notifications that would send nothing any more, and those that would again."""

    inactive: list[NamedOut]
    active: list[NamedOut]


class MailsOut(Schema):
    """Mails a week, from the last 30 days."""

    before: float
    after: float
    approximate: bool = Field(description="estimated from the newest events")


class CoverageChangeOut(Schema):
    """What changes in who gets what is critical."""

    left: list[CoverageLineOut] = Field(description="what the person gets today and would not; with who else would")
    gaps_opened: list[CoverageLineOut]
    gaps_closed: list[CoverageLineOut]


class WhatIfOut(Schema):
    """What a change of a person's account would bring."""

    user: str
    sentences: list[SentenceOut]
    event_types: MovedOut
    partners: MovedOut
    defaults: MovedDefaultsOut
    notifications: SwitchedOut
    mails_per_week: MailsOut
    coverage: CoverageChangeOut
    sessions: int = Field(description="sign-ins that would end")
    api_keys: int = Field(description="API keys that would end")
