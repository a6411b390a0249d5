"""Letters: mails of our own words, and what an operator may do when one did not arrive."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from callboard.base.texts import address_key, shown
from callboard.console.known import instant_us, now, plural
from callboard.console.tables import Cell, Deed, Table, choice
from callboard.mail.letters.store import send_again
from callboard.mail.models import MailState, PostedLetter
from callboard.people.models import User

_WORDS = {
    MailState.QUEUED: ("Waiting", "brass"),
    MailState.SENT: ("Sent", "ok"),
    MailState.FAILED: ("Failed", "critical"),
    MailState.WITHDRAWN: ("Withdrawn", ""),
}
_SHORT = 160


def _send_again(_: HttpRequest, rows: Sequence[PostedLetter]) -> Iterator[tuple[str, bool]]:
    with transaction.atomic():
        done = send_again([one.pk for one in rows], now())
    yield f"{plural(done, 'letter')} will be sent again.", True


class LetterTable(Table):
    """Invitations, warnings, answers: each is tried for five days."""

    title = "Letters"
    lead = "Invitations, warnings and answers, each tried for five days. What a letter says is kept until it has left."
    noun = "letter"
    section = "messages"
    asks = "Address, number or Message-ID"
    ordering = ("-id",)
    list_select_related = ("user",)
    list_filter = (
        choice(
            "State", "state", lambda: [(state.value, words) for state, (words, _) in _WORDS.items()],
            lambda rows, value: rows.filter(state=value),
        ),
    )  # fmt: skip
    deeds = (
        Deed(
            name="send_again",
            verb="Send again",
            noun="failed letter",
            says="Each is tried again, under the same Message-ID, for another five days.",
            none="None of the chosen letters has failed, so nothing was changed.",
            fits=lambda rows: rows.filter(state=MailState.FAILED),
            do=_send_again,
        ),
    )

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Look a letter up by number, Message-ID or recipient."""
        if text.isascii() and text.isdigit():
            return rows.filter(pk=int(text[:18]))
        if text.startswith("<"):
            return rows.filter(message_id=text)
        owner = User.objects.filter(email_key=address_key(text)).values("id")
        return rows.filter(Q(user__in=owner) | Q(address=text))

    def cells(self, row: PostedLetter, context: dict[str, Any]) -> Sequence[Cell]:
        """Return number, recipient, state, the server's words and when."""
        del context
        words, tone = _WORDS[MailState(row.state)]
        said = shown(row.last_reply)
        return (
            Cell("Letter", f"#{row.pk}", hint=_kind(row)),
            Cell("To", _to(row), hint=shown(row.user.name) if row.user else ""),
            Cell("State", words, tone=tone, hint=plural(row.tries, "try", "tries")),
            Cell("The server's words", said[:_SHORT] + ("…" if len(said) > _SHORT else "") or "–"),
            Cell("Made", instant_us(row.made_us)),
        )

    def name_of(self, row: PostedLetter) -> str:
        """Return number, kind and address."""
        return f"Letter {row.pk} ({_kind(row)}) to {_to(row)}"

    def page_of(self, request: HttpRequest, row: PostedLetter) -> tuple[str, dict[str, Any]]:
        """Return a letter; not what it says, which may let somebody in."""
        del request
        words, _ = _WORDS[MailState(row.state)]
        ended = row.ended_us is not None
        return "console/record.html", {
            "title": f"Letter {row.pk}",
            "lead": f"{words}: {shown(row.subject)}",
            "words": shown(row.last_reply),
            "facts": [
                ("Kind", _kind(row)),
                ("To", _to(row)),
                ("Message-ID", shown(row.message_id)),
                ("Made", instant_us(row.made_us)),
                ("Tries", f"{row.tries}"),
                ("Ended" if ended else "Next try", instant_us(row.ended_us if ended else row.next_try_us)),
            ],
            "owner": row.user,
        }


def _to(row: PostedLetter) -> str:
    return shown(row.user.email if row.user else row.address)


def _kind(row: PostedLetter) -> str:
    return row.kind.replace("-", " ").capitalize()
