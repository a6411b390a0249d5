"""What the console consists of: the tables, which Django's admin lists, and the pages of our own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from callboard.console import (
    accounts,
    acting,
    audit,
    catalogue_pages,
    coverage,
    explaining,
    keys,
    overview,
    requests,
    second_factor,
)
from callboard.console.event_tables import DecisionTable, EventTable
from callboard.console.letter_table import LetterTable
from callboard.console.mail_tables import BreakerTable, MailTable, SuppressionTable, WindowTable
from callboard.console.operators import console
from callboard.console.people_tables import MuteTable, NotificationTable, PartnerTable, UserTable
from callboard.decisions.models import Decision, Window
from callboard.intake.models import ApiKey, EventRecord
from callboard.mail.models import DomainBreaker, Mail, PostedLetter, Suppression
from callboard.people.models import Partner, User
from callboard.preferences.models import CustomNotification, MuteRecord
from callboard.support.models import Ticket

__all__ = ["console"]

_TABLES: Sequence[tuple[type[models.Model], Any]] = (
    (Partner, PartnerTable),
    (User, UserTable),
    (EventRecord, EventTable),
    (ApiKey, keys.KeyTable),
    (Decision, DecisionTable),
    (Window, WindowTable),
    (Mail, MailTable),
    (PostedLetter, LetterTable),
    (Suppression, SuppressionTable),
    (DomainBreaker, BreakerTable),
    (CustomNotification, NotificationTable),
    (MuteRecord, MuteTable),
    (Ticket, requests.TicketTable),
)
for _model, _table in _TABLES:
    console.register(_model, _table)
console.page("", "overview")(overview.overview)
console.page("catalogue", "catalogue")(catalogue_pages.types)
console.page("catalogue/<path:type_id>", "catalogue-type")(catalogue_pages.event_type)
console.page("explain", "explain")(explaining.explanation)
console.page("keys/new", "new-key")(keys.new_key)
console.page("requests/<int:ticket_id>/answer", "answer-request")(requests.answer)
console.page("audit", "audit")(audit.audit)
console.page("coverage", "coverage")(coverage.gaps)
console.page("unused", "unused")(coverage.unused)
console.page("people/<int:user_id>/account", "account")(accounts.account)
console.page("people/<int:user_id>/act", "act-for")(acting.begin)
console.page("people/<int:user_id>/factors", "reset-factors")(second_factor.reset)
console.page("acting/end", "act-end")(acting.end)
