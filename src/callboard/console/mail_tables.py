"""Messages, suppressed addresses, pauses and windows, with what an operator may do to them (P1, P4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from callboard.base.errors import RejectedError
from callboard.base.instants import to_us
from callboard.base.texts import address_key, shown
from callboard.console import store
from callboard.console.known import config, instant_us, now, plural
from callboard.console.tables import Cell, Deed, Table, choice
from callboard.decisions.models import Window
from callboard.mail import store as outbox
from callboard.mail.models import Attempt, DomainBreaker, Mail, MailState, Report, Suppression
from callboard.mail.outbox import suppression_of
from callboard.mail.store import IMPORTANCE_BY_RANK
from callboard.people.models import User
from callboard.pipeline import Pipeline

_TONES = {"sent": "ok", "failed": "critical", "held": "critical", "bounced": "critical", "queued": "brass"}
_WORDS = {
    MailState.QUEUED: "Waiting",
    MailState.LEASED: "Being sent",
    MailState.SENT: "Sent",
    MailState.BOUNCED: "Came back",
    MailState.FAILED: "Failed",
    MailState.HELD: "Held",
    MailState.WITHDRAWN: "Withdrawn",
}
_ITEMS_SHOWN = 50
_SHORT = 160
DAYS = 7
"""Days for which the overview asks an operator to look at a failed mail; it stays in the list."""


def state_words(mail: Mail) -> tuple[str, str]:
    """Return where a mail is, in a word or two, and its tone."""
    if mail.in_doubt and mail.state in (MailState.QUEUED, MailState.LEASED):
        return "In doubt", "brass"
    words = _WORDS.get(MailState(mail.state), mail.state)
    return words, _TONES.get(mail.state, "")


_STATES = (
    ("held", "Held"),
    ("failed", "Failed"),
    ("failed_lately", f"Failed, last {DAYS} days"),
    ("in_doubt", "In doubt"),
    ("queued", "Waiting"),
    ("sent", "Sent"),
    ("bounced", "Came back"),
    ("withdrawn", "Withdrawn"),
)


def _of_state(rows: QuerySet[Mail], value: str) -> QuerySet[Mail]:
    waiting = Q(state__in=[MailState.QUEUED, MailState.LEASED])
    if value == "in_doubt":
        return rows.filter(waiting, in_doubt=True)
    if value == "failed_lately":
        return rows.filter(state=MailState.FAILED, finished_us__gt=to_us(now() - timedelta(days=DAYS)))
    return rows.filter(waiting) if value == "queued" else rows.filter(state=value)


def _send_again(_: HttpRequest, rows: Sequence[Mail]) -> Iterator[tuple[str, bool]]:
    with transaction.atomic():
        done = outbox.requeue([one.pk for one in rows], now())
    yield f"{plural(done, 'mail')} will be sent again.", True


def _try_now(_: HttpRequest, rows: Sequence[Mail]) -> Iterator[tuple[str, bool]]:
    done = store.hasten([one.pk for one in rows], now())
    yield f"{plural(done, 'mail')} will be tried now.", True


def _release_owners(_: HttpRequest, rows: Sequence[Mail]) -> Iterator[tuple[str, bool]]:
    yield from release_addresses(sorted({one.user.email for one in rows}))


def release_addresses(emails: Iterable[str]) -> Iterator[tuple[str, bool]]:
    """End the suppression of addresses, and tell what became of each one's mails (P4)."""
    pipeline = Pipeline(config())
    for email in emails:
        try:
            done = pipeline.release(email)
        except RejectedError as exc:
            with transaction.atomic():  # an address that nobody has any more holds no mails
                released = outbox.release_address(email, now())
            yield (f"{email} is released." if released else f"{exc}."), released
            continue
        held = plural(done["released"], "held mail")
        late = f"; {plural(done['failed'], 'mail')} had expired and failed" if done["failed"] else ""
        yield f"{email}: {held} will leave as one digest{late}.", True


class MailTable(Table):
    """The outbox; held and failed mails wait here for a person (P1, P4)."""

    title = "Messages"
    lead = "Every mail to every person, with what the mail servers answered. Held and failed mails wait for you."
    noun = "message"
    section = "messages"
    asks = "Address, domain, number or Message-ID"
    ordering = ("-id",)
    list_select_related = ("user",)
    list_filter = (choice("State", "state", lambda: _STATES, _of_state),)
    deeds = (
        Deed(
            name="retry_failed",
            verb="Send again",
            noun="undelivered mail",
            says="Each goes back into the queue and is tried at once, under the same Message-ID."
            " What is past its expiry gets one more try.",
            none="None of the chosen mails has failed or come back, so nothing was changed.",
            fits=lambda rows: rows.filter(state__in=[MailState.FAILED, MailState.BOUNCED]),
            do=_send_again,
        ),
        Deed(
            name="retry_in_doubt",
            verb="Try now",
            noun="in-doubt mail",
            says="Each is tried at once instead of at its next try, under the same Message-ID."
            " The server may have it already: the person may get it twice.",
            none="None of the chosen mails is in doubt and waits, so nothing was changed.",
            fits=lambda rows: rows.filter(state=MailState.QUEUED, in_doubt=True),
            do=_try_now,
        ),
        Deed(
            name="release_held",
            verb="Release the address",
            noun="held mail",
            says="Each person's address is tried again. What is within its expiry leaves as one digest a person;"
            " what is past it fails. If the server refuses the address again, its mails are held again.",
            none="None of the chosen mails is held, so nothing was changed.",
            fits=lambda rows: rows.filter(state=MailState.HELD).select_related("user"),
            do=_release_owners,
        ),
    )

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Look a mail up by what has an index, or by its domain."""
        if text.isascii() and text.isdigit():
            return rows.filter(pk=int(text[:18]))
        if text.startswith("<"):
            return rows.filter(message_id=text)
        if "@" in text:
            owner = User.objects.filter(email_key=address_key(text)).values("id")
            return rows.filter(Q(user__in=owner) | Q(message_id=f"<{text}>"))
        return rows.filter(domain=text.lower())

    def cells(self, row: Mail, context: dict[str, Any]) -> Sequence[Cell]:
        """Return number, person, state, the server's words and when."""
        del context
        words, tone = state_words(row)
        said = shown(row.last_reply)
        return (
            Cell("Message", f"#{row.pk}"),
            Cell("To", shown(row.user.email), hint=shown(row.user.name)),
            Cell("State", words, tone=tone, hint=plural(row.attempts, "try", "tries")),
            Cell("The server's words", said[:_SHORT] + ("…" if len(said) > _SHORT else "") or "–"),
            Cell("Composed", instant_us(row.composed_us)),
        )

    def name_of(self, row: Mail) -> str:
        """Return number and address."""
        return f"Message {row.pk} to {shown(row.user.email)}"

    def page_of(self, request: HttpRequest, row: Mail) -> tuple[str, dict[str, Any]]:
        """Return a mail with its tries and items."""
        del request
        words, tone = state_words(row)
        return "console/message.html", {
            "title": f"Message {row.pk}",
            "state": words,
            "tone": tone,
            "importance": IMPORTANCE_BY_RANK[row.importance_rank].value,
            "facts": [
                ("Message-ID", shown(row.message_id)),
                ("Domain", shown(row.domain)),
                ("Composed", instant_us(row.composed_us)),
                ("Expires", instant_us(row.expires_us)),
                ("Finished", instant_us(row.finished_us))
                if row.finished_us is not None
                else ("Next try", instant_us(row.next_attempt_us)),
            ],
            "words": shown(row.last_reply),
            "suppressed": shown(suppression_of(row.user.email_key)),
            "tries": [
                (one.number, instant_us(one.began_us), one.code, shown(one.reply))
                for one in Attempt.objects.filter(mail=row).order_by("number")[:100]
            ],
            "reports": [
                (one.kind.replace("-", " ").capitalize(), instant_us(one.received_us), shown(one.words))
                for one in Report.objects.filter(mail=row).order_by("received_us", "id")[:100]
            ],
            "items": store.items_of(row.pk, _ITEMS_SHOWN + 1)[:_ITEMS_SHOWN],
        }


def _of_suppression(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    return rows.filter(released_us=None) if value == "held" else rows.exclude(released_us=None)


class SuppressionTable(Table):
    """Addresses that the receiving server says do not exist."""

    title = "Suppressed addresses"
    lead = "A mail server said that these addresses do not exist. Their mails are held until you release them."
    noun = "address"
    nouns = "addresses"
    section = "messages"
    asks = "Part of an address"
    search_fields = ("address_key",)
    ordering = ("-id",)
    list_filter = (
        choice("State", "state", lambda: (("held", "Suppressed"), ("released", "Released")), _of_suppression),
    )
    deeds = (
        Deed(
            name="release",
            verb="Release",
            noun="address",
            says="Held mails within their expiry leave as one digest for each person; older ones fail."
            " If the server refuses the address again, it is suppressed again.",
            none="None of the chosen addresses is suppressed, so nothing was changed.",
            fits=lambda rows: rows.filter(released_us=None),
            do=lambda _, rows: release_addresses(one.address_key for one in rows),
        ),
    )

    def cells(self, row: Suppression, context: dict[str, Any]) -> Sequence[Cell]:
        """Return address, state, the server's words and since when."""
        del context
        held = row.released_us is None
        return (
            Cell("Address", shown(row.address_key)),
            Cell("State", "Suppressed" if held else "Released", tone="critical" if held else "ok"),
            Cell("The server's words", shown(row.reply)[:_SHORT] or "–"),
            Cell("Since", instant_us(row.since_us)),
        )

    def name_of(self, row: Suppression) -> str:
        """Return the address."""
        return shown(row.address_key)

    def page_of(self, request: HttpRequest, row: Suppression) -> tuple[str, dict[str, Any]]:
        """Return an address with its person and held mails."""
        del request
        owner = User.objects.filter(email_key=row.address_key).first()
        held = Mail.objects.filter(user=owner, state=MailState.HELD).order_by("-id")[:50] if owner else []
        return "console/record.html", {
            "title": shown(row.address_key),
            "lead": "Suppressed: its mails are held." if row.released_us is None else "Released.",
            "words": shown(row.reply),
            "facts": [
                ("Since", instant_us(row.since_us)),
                ("Released", instant_us(row.released_us)),
                ("Critical mails", "sent all the same" if row.spares_critical else "held too"),
            ],
            "owner": owner,
            "lists": [
                ("Held mails", [(f"/console/mail/mail/{one.pk}/change/", f"Message {one.pk}", "") for one in held])
            ],
        }


def _of_pause(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    bound = to_us(now())
    return rows.filter(open_until_us__gt=bound) if value == "open" else rows.filter(open_until_us__lte=bound)


class BreakerTable(Table):
    """Domains that are left alone for a while."""

    title = "Pauses"
    lead = "Domains that refused us or most of their people, and the next hop: nothing goes there until the pause ends."
    noun = "pause"
    section = "messages"
    asks = "Part of a domain"
    search_fields = ("domain",)
    ordering = ("-open_until_us", "-id")
    list_filter = (choice("State", "state", lambda: (("open", "Paused now"), ("ended", "Ended")), _of_pause),)

    def cells(self, row: DomainBreaker, context: dict[str, Any]) -> Sequence[Cell]:
        """Return domain, state, reason and until when."""
        del context
        is_open = row.open_until_us > to_us(now())
        return (
            Cell("Domain", shown(row.domain) or "The next hop"),
            Cell("State", "Paused" if is_open else "Ended", tone="brass" if is_open else ""),
            Cell("Why", shown(row.reason)[:_SHORT]),
            Cell("Until", instant_us(row.open_until_us)),
        )

    def page_of(self, request: HttpRequest, row: DomainBreaker) -> tuple[str, dict[str, Any]]:
        """Return a pause with its reason."""
        del request
        return "console/record.html", {
            "title": shown(row.domain) or "The next hop",
            "lead": "Paused: its mails wait." if row.open_until_us > to_us(now()) else "The pause has ended.",
            "words": shown(row.reason),
            "facts": [("Until", instant_us(row.open_until_us)), ("Length", f"{row.pause_s} s")],
        }


class WindowTable(Table):
    """Windows: what collects, and what has left in which mail."""

    title = "Windows"
    lead = "The spans whose items leave in one mail: what still collects, and which mail carried the rest."
    noun = "window"
    section = "messages"
    asks = "A person's address"
    ordering = ("-id",)
    list_select_related = ("user",)
    list_filter = (
        choice(
            "State",
            "state",
            lambda: (("open", "Collecting"), ("closed", "Closed")),
            lambda rows, value: rows.filter(closed=value == "closed"),
        ),
    )

    def search(self, rows: QuerySet[Any], text: str) -> QuerySet[Any]:
        """Look up a person's windows."""
        return rows.filter(user__in=User.objects.filter(email_key=address_key(text)).values("id"))

    def cells(self, row: Window, context: dict[str, Any]) -> Sequence[Cell]:
        """Return person, rhythm, span and mail."""
        del context
        return (
            Cell("Window", f"#{row.pk}"),
            Cell("Person", shown(row.user.email)),
            Cell("State", "Closed" if row.closed else "Collecting", tone="" if row.closed else "brass"),
            Cell("Frequency", row.frequency.capitalize()),
            Cell("Until", instant_us(row.ends_us)),
        )

    def page_of(self, request: HttpRequest, row: Window) -> tuple[str, dict[str, Any]]:
        """Return a window with its mail."""
        del request
        url = f"/console/mail/mail/{row.mail_id}/change/"
        return "console/record.html", {
            "title": f"Window {row.pk}",
            "lead": "Its items have left or were withdrawn." if row.closed else "It still collects.",
            "facts": [
                ("Frequency", row.frequency.capitalize()),
                ("From", instant_us(row.starts_us)),
                ("Until", instant_us(row.ends_us)),
            ],
            "owner": row.user,
            "lists": [("Its mail", [(url, f"Message {row.mail_id}", "")] if row.mail_id else [])],
        }
