"""`/team/people/N/mails`: what a test user was mailed. A real person's mails are nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from callboard.base.texts import shown
from callboard.mail.mailbox import parse
from callboard.web.team.mailed import read_mail
from callboard.web.team.master import Master, masters_only
from callboard.web.views.mailbox import SANDBOX, part_of, sandboxed

if TYPE_CHECKING:
    from callboard.people.values import Person


@require_safe
@masters_only
def mail(request: HttpRequest, master: Master, user_id: int, mail_id: int) -> HttpResponse:
    """Show one mail as its reader would see it, or as text."""
    found = master.find(user_id)
    message = parse(_raw(found, master, mail_id))
    is_text = request.GET.get("as") == "text"
    page = {
        "person_name": shown(found.name),
        "back": f"/team/people/{user_id}",
        "here": request.path,
        "subject": message["Subject"] or "(no subject)",
        "date": message["Date"] or "",
        "is_text": is_text,
        "text": part_of(message, "plain"),
        "sandbox": SANDBOX,
    }
    return render(request, "web/team/mail.html", page)


@require_safe
@masters_only
@xframe_options_sameorigin
def body(request: HttpRequest, master: Master, user_id: int, mail_id: int) -> HttpResponse:
    """Serve the mail's HTML, shut into a sandbox."""
    del request
    return sandboxed(_raw(master.find(user_id), master, mail_id))


def _raw(found: Person, master: Master, mail_id: int) -> bytes:
    """Return a mail of a test user.

    Raises:
        Http404: there is no such mail, it is somebody else's, or it tells what the Master may not see.
    """
    raw = read_mail(found, master, mail_id)
    if raw is None:
        raise Http404("no such mail")
    return raw
