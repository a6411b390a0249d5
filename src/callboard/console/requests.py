"""Requests for help: what waits for an answer, each with its context, and the answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from callboard.base.texts import address_key, shown
from callboard.console import store
from callboard.console.explaining import has_words, readable
from callboard.console.known import config, instant_us, now, plural
from callboard.console.operators import console
from callboard.console.tables import Cell, Deed, Table, choice
from callboard.mail.models import MailState, PostedLetter
from callboard.people.models import User
from callboard.support import store as support
from callboard.support import tickets
from callboard.support.letters import who_of
from callboard.support.models import Ticket
from callboard.support.rules import MAX_TEXT, event_title, facts_of, text_fault
from callboard.support.values import CATEGORY_WORDS, STATE_WORDS, TicketState

_TONES = {"open": "brass", "answered": "ok"}


def _close(_: HttpRequest, rows: Sequence[Ticket]) -> Iterator[tuple[str, bool]]:
    done = support.set_state([one.pk for one in rows], TicketState.CLOSED, now())
    yield f"{plural(done, 'request')} closed.", True


def _reopen(_: HttpRequest, rows: Sequence[Ticket]) -> Iterator[tuple[str, bool]]:
    done = support.set_state([one.pk for one in rows], TicketState.OPEN, now())
    yield f"{plural(done, 'request')} open again.", True


class TicketTable(Table):
    """Requests of people."""

    title = "Requests"
    lead = "What people ask for. Each comes with settings and the explanation of the event in question."
    noun = "request"
    section = "requests"
    asks = "Number, or the address of a person"
    ordering = ("-changed_us", "-id")
    list_select_related = ("user", "user__partner")
    list_filter = (
        choice("State", "state", STATE_WORDS.items, lambda rows, value: rows.filter(state=value)),
        choice("About", "about", CATEGORY_WORDS.items, lambda rows, value: rows.filter(category=value)),
    )
    deeds = (
        Deed(
            name="close_request",
            verb="Close",
            noun="request",
            says="The person sees that it is closed, and gets no mail about it; a further word opens it again.",
            none="None of the chosen requests is open or answered, so nothing was changed.",
            fits=lambda rows: rows.exclude(state=TicketState.CLOSED),
            do=_close,
        ),
        Deed(
            name="reopen_request",
            verb="Reopen",
            noun="request",
            says="It waits for an answer again.",
            none="None of the chosen requests is closed, so nothing was changed.",
            fits=lambda rows: rows.filter(state=TicketState.CLOSED),
            do=_reopen,
        ),
    )

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Look requests up by number or person."""
        if "@" in text:
            return rows.filter(user__in=User.objects.filter(email_key=address_key(text)).values("id"))
        return rows.filter(number__in=(text.upper(), f"CB-{text.upper()}"))

    def cells(self, row: Ticket, context: dict[str, Any]) -> Sequence[Cell]:
        """Return number, what it is about, person, state and when it changed."""
        del context
        return (
            Cell("Request", row.number),
            Cell("About", row.title),
            Cell("Person", shown(row.user.email), hint=who_of(row)),
            Cell("State", row.state_words, tone=_TONES.get(row.state, "")),
            Cell("Changed", instant_us(row.changed_us)),
        )

    def name_of(self, row: Ticket) -> str:
        """Return number and address."""
        return f"Request {row.number} of {shown(row.user.email)}"

    def page_of(self, request: HttpRequest, row: Ticket) -> tuple[str, dict[str, Any]]:
        """Return the conversation with what was attached."""
        del request
        return "console/ticket.html", _page(row)


def _page(row: Ticket) -> dict[str, Any]:
    context, mail = row.context, row.context["mail"]
    return {
        "title": row.title,
        "state": row.state_words,
        "tone": _TONES.get(row.state, ""),
        "who": who_of(row),
        "posts": [
            (one, instant_us(one.at_us), [_letter(each) for each in one.letters.all()]) for one in support.posts_of(row)
        ],
        "facts": [*facts_of(context), *((("Message-ID", mail["message_id"]),) if mail else ())],
        "events": [_event(one, row) for one in context["events"]],
        "items": [_item(one, row) for one in mail["items"]] if mail and mail["count"] > 1 else [],
        "settings": context["notifications"],
        "draft": tickets.new_key(),
        "most": MAX_TEXT,
    }


def _event(event: dict[str, Any], row: Ticket) -> dict[str, Any]:
    """Return an attached event as people read it."""
    asked = [
        (one, readable(one["why"]), [(each, has_words(each["has"])) for each in one["conditions"]])
        for one in event["notifications"]
    ]
    return {
        "title": event_title(event),
        "answer": readable(event["answer"]),
        "stand_ins": [(shown(one["name"]), one["notifications"]) for one in event["stand_ins"]],
        "access": shown(event["access"]),
        "asked": asked,
        "steps": [readable(one["says"]) for one in event["steps"]],
        "url": _explain_url(event["key"], row),
    }


def _item(item: dict[str, Any], row: Ticket) -> tuple[str, str]:
    return _explain_url(item["key"], row), f"{shown(item['type'])} · {shown(item['subject'] or item['id'])}"


def _explain_url(key: str, row: Ticket) -> str:
    return "/console/explain?" + urlencode({"event": key, "user": row.user.email})


def _letter(letter: PostedLetter) -> tuple[str, str, str]:
    """Return where a letter is: its page, a word or two, and their tone."""
    to = "the person" if letter.user_id else shown(letter.address)
    words = {
        MailState.SENT: f"Mailed to {to}",
        MailState.QUEUED: f"On its way to {to}",
    }.get(MailState(letter.state), f"Not delivered to {to}")
    tone = {MailState.SENT: "ok", MailState.QUEUED: "brass"}.get(MailState(letter.state), "critical")
    return f"/console/mail/postedletter/{letter.pk}/change/", words, tone


@require_POST
def answer(request: HttpRequest, ticket_id: int) -> HttpResponse:
    """Answer a request, and close it with that or not.

    Raises:
        Http404: there is no such request.
    """
    row = Ticket.objects.filter(pk=ticket_id).select_related("user__partner").first()
    if row is None:
        raise Http404("no such request")
    draft = tickets.draft_of(request.POST.get("draft", ""), request.POST.get("text", ""))
    fault = text_fault(draft.text)
    here = f"/console/support/ticket/{row.pk}/change/"
    if fault:
        typed = {"text": draft.text, "fault": fault, "draft": draft.key}
        shows = {"table": TicketTable(Ticket, console), "row": row, "section": "requests", "here": here}
        context = {**console.each_context(request), **shows, "list_url": "/console/support/ticket/"}
        return TemplateResponse(request, "console/ticket.html", context | _page(row) | typed, status=422)
    is_closed = request.POST.get("do") == "close"
    state = TicketState.CLOSED if is_closed else TicketState.ANSWERED
    if tickets.answer(row, request.user.pk or 0, draft, state, config(), now()):
        deed = "Answered and closed" if is_closed else "Answered"
        store.record(request.user.pk or 0, [(row, f"Request {row.number} of {shown(row.user.email)}")], deed)
    return HttpResponseRedirect(here)
