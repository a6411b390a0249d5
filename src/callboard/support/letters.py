"""Letters about requests, as mails: to the operators what somebody asks, to the person what was answered."""

from __future__ import annotations

from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from callboard.base.config import Config
from callboard.base.keyed import keyed_hash
from callboard.base.texts import shown
from callboard.mail.direct import write_direct
from callboard.mail.templates import prose
from callboard.support import store
from callboard.support.models import Letter
from callboard.support.rules import event_title, facts_of


def recipient_of(letter: Letter) -> str:
    """Return who it goes to: an operators' address, or the person as the account says today."""
    return letter.recipient or letter.post.ticket.user.email


def write_letter(letter: Letter, config: Config) -> bytes:
    """Return the whole message.

    Raises:
        PermanentError: it can not be written.
    """
    ticket = letter.post.ticket
    person = ticket.user
    who = ", ".join(shown(one) for one in (person.name, person.partner.name if person.partner else "") if one)
    subject = f"[{ticket.number}] {ticket.title}" + (f" — {who}" if letter.recipient else "")
    root = f"<{keyed_hash(config.secret_key, 'support-thread', ticket.pk)}@{config.mail_host}>"
    words = _words(letter, config) | {"subject": subject, "who": who}
    kind = "asked" if letter.recipient else "answered"
    message = EmailMultiAlternatives(
        subject,
        render_to_string(f"support/{kind}.txt", words),
        to=[recipient_of(letter)],
        headers={"References": root, "In-Reply-To": root},
    )
    message.attach_alternative(render_to_string(f"support/{kind}.html", words), "text/html")
    return write_direct(message, recipient_of(letter), config, letter.message_id)


def _words(letter: Letter, config: Config) -> dict[str, Any]:
    post = letter.post
    ticket = post.ticket
    context = ticket.context
    is_first = store.is_first(post)
    path = f"/console/support/ticket/{ticket.pk}/change/" if letter.recipient else f"/support/{ticket.number}"
    events = [(event_title(one), shown(one["answer"])) for one in context["events"]] if is_first else []
    return {
        "ticket": ticket,
        "text": post.text,
        "quoted": _quoted(post.text),
        "is_first": is_first,
        "facts": list(facts_of(context)) if is_first else [],
        "events": events,
        "url": config.base_url + path,
        "base_url": config.base_url,
    }


def _quoted(text: str) -> str:
    """Return a text as a mail quotes it."""
    return "\n".join(prose(line, "> ") for line in text.split("\n"))
