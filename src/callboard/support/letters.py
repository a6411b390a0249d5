"""Letters about requests: to the operators what somebody asks, to the person what was answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from callboard.base.config import Config
from callboard.base.keyed import keyed_hash
from callboard.base.texts import shown
from callboard.mail.letters.store import NewLetter, post_letter
from callboard.mail.templates import prose
from callboard.support.models import Post, Ticket
from callboard.support.rules import event_title, facts_of


def asked(post: Post, config: Config, *, is_first: bool) -> list[NewLetter]:
    """Return the letters to the operators, one to each; what is attached goes with the first word."""
    ticket = post.ticket
    who = who_of(ticket)
    context = ticket.context
    words = _words(post, config, f"/console/support/ticket/{ticket.pk}/change/") | {
        "who": who,
        "subject": f"[{ticket.number}] {ticket.title} — {who}",
        "is_first": is_first,
        "facts": list(facts_of(context)) if is_first else [],
        "events": [(event_title(one), shown(one["answer"])) for one in context["events"]] if is_first else [],
    }
    letter = _rendered("asked", words) | {"headers": _thread(ticket, config)}
    return [NewLetter(kind="request", address=one, **letter) for one in config.operators]


def answered(post: Post, config: Config) -> NewLetter:
    """Return the letter to the person who asked."""
    ticket = post.ticket
    words = _words(post, config, f"/support/{ticket.number}") | {"subject": f"[{ticket.number}] {ticket.title}"}
    letter = _rendered("answered", words) | {"headers": _thread(ticket, config)}
    return NewLetter(kind="answer", user_id=ticket.user_id, **letter)


def post_letters(post: Post, letters: Iterable[NewLetter], config: Config, now: datetime) -> None:
    """Keep the letters about a post until they are sent; as durable as the caller's transaction."""
    post.letters.set([post_letter(one, config, now) for one in letters])


def who_of(ticket: Ticket) -> str:
    """Return who asks: "Ana Ruiz, Copperglass Post"."""
    partner = ticket.user.partner
    return ", ".join(shown(one) for one in (ticket.user.name, partner.name if partner else "") if one)


def _rendered(name: str, words: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "subject": words["subject"],
        "text": render_to_string(f"support/{name}.txt", words),
        "html": render_to_string(f"support/{name}.html", words),
    }


def _words(post: Post, config: Config, path: str) -> dict[str, Any]:
    return {
        "ticket": post.ticket,
        "text": post.text,
        "quoted": "\n".join(prose(line, "> ") for line in post.text.split("\n")),
        "url": config.base_url + path,
        "base_url": config.base_url,
    }


def _thread(ticket: Ticket, config: Config) -> dict[str, str]:
    """Return the headers by which all letters about one request stand together."""
    root = f"<{keyed_hash(config.secret_key, 'support-thread', ticket.pk)}@{config.mail_host}>"
    return {"References": root, "In-Reply-To": root}
