"""Telling both people of a stand-in that it was made, or ended: a letter each, on the clock of whom it is to."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.template.loader import render_to_string

from callboard.base.texts import shown
from callboard.catalogue.values import Catalogue
from callboard.mail.letters.store import NewLetter, post_letter
from callboard.mail.render import STAND_IN_PATH
from callboard.mail.wording import Narrator
from callboard.people.standing import Standing
from callboard.people.values import Directory, Person

KIND = "stand-in"


def tell_named(one: Standing, catalogue: Catalogue, directory: Directory, now: datetime) -> None:
    """Post the letters about a new stand-in, as durable as the caller's transaction."""
    person, delegate = _name(one.person), _name(one.delegate)
    spans = [_span(one, Narrator(catalogue, directory, each, now), now) for each in (one.delegate, one.person)]
    is_begun = one.about.starts_at <= now
    subject = f"You {'are standing in' if is_begun else 'will stand in'} for {person}"
    what = f"what the notifications of {person} ask for, as far as you may see it"
    said = [
        f"{person} has named you as stand-in {spans[0]}.",
        f"In that time you get {what}, beside your own mails. You can stop at any time.",
    ]
    _post(one.delegate, subject, said, f"{person} named you as stand-in", now)
    subject = f"{delegate} {'is standing in' if is_begun else 'will stand in'} for you"
    said = [
        f"You have named {delegate} as your stand-in {spans[1]}.",
        "You go on getting your own mails. You can end it at any time; if this was not you, end it now.",
    ]
    _post(one.person, subject, said, "you named a stand-in", now)


def tell_ended(one: Standing, by: Person, now: datetime) -> None:
    """Post the letters about a stand-in that `by`, one of the two, has ended before its time."""
    person, delegate = _name(one.person), _name(one.delegate)
    rest = "What it would have brought and had not left yet does not come any more."
    said = [f"{_who(by, one.delegate)} ended it. {rest}"]
    _post(one.delegate, f"You no longer stand in for {person}", said, f"{person} had named you as stand-in", now)
    said = [f"{_who(by, one.person)} ended it. You go on getting your own mails."]
    _post(one.person, f"{delegate} no longer stands in for you", said, "you had named a stand-in", now)


def _name(person: Person) -> str:
    return shown(person.name).strip()


def _who(by: Person, reader: Person) -> str:
    return "You have" if by.id == reader.id else f"{_name(by)} has"


def _span(one: Standing, narrator: Narrator, now: datetime) -> str:
    since = "from now" if one.about.starts_at <= now else f"from {narrator.since(one.about.starts_at)}"
    return f"{since} until {narrator.until(one.about.ends_at)} ({narrator.zone_name})"


def _post(reader: Person, subject: str, said: list[str], why: str, now: datetime) -> None:
    config = settings.CONFIG
    words = {
        "subject": subject,
        "said": said,
        "why": why,
        "url": f"{config.base_url}{STAND_IN_PATH}",
        "base_url": config.base_url,
    }
    text = render_to_string("account/email/stand_in_message.txt", words)
    html = render_to_string("account/email/stand_in_message.html", words)
    post_letter(NewLetter(kind=KIND, user_id=reader.id, subject=subject, text=text, html=html), config, now)
