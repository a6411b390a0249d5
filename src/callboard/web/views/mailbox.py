"""`/mailbox`: the built-in mailbox, where mail goes while no SMTP server is set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from callboard.base.instants import from_us
from callboard.mail.mailbox import Mailbox, Received, parse
from callboard.mail.wording import WEEKDAYS
from callboard.preferences.naming import MONTHS
from callboard.web import store
from callboard.web.gates import is_demo, require_mailbox
from callboard.web.viewer import business_now
from callboard.web.words import ago, plural

if TYPE_CHECKING:
    from email.message import EmailMessage

PAGE = 40
VIEWS = (("", "HTML"), ("text", "Text"), ("headers", "Headers"), ("source", "Source"))
WIDTHS = (("", "Wide"), ("narrow", "Phone"))
SANDBOX = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
BODY_POLICY = (
    f"sandbox {SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_MAX_ID = 2**63
_HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Line:
    """One mail of the list."""

    id: int
    url: str
    recipient: str
    subject: str
    importance: str
    when: str
    current: bool = False


def open_mailbox() -> Mailbox:
    """Return the built-in mailbox."""
    return Mailbox(settings.CONFIG.mailbox_path)


@require_safe
def mailbox(request: HttpRequest) -> HttpResponse:
    """List mails, newest first; a search, one recipient, and pages by number."""
    require_mailbox(request)
    asked = _asked(request)
    box = open_mailbox()
    before = _number(request.GET.get("before", ""))
    found = box.latest(recipient=asked["to"], text=asked["q"], before=before, limit=PAGE + 1)
    page = {
        **asked,
        "lines": [_line(one, asked) for one in found[:PAGE]],
        "sums": plural(box.count(asked["to"]), "mail"),
        "older": _url("/mailbox", asked, before=found[PAGE - 1].id) if len(found) > PAGE else "",
        "is_first": before is None,
        "first_url": _url("/mailbox", asked),
    }
    name = "web/mailbox_lines.html" if request.GET.get("part") else "web/mailbox.html"
    return render(request, name, page)


@require_safe
def mail(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Show one mail in one of its forms."""
    received, raw = _read(request, mail_id)
    message = parse(raw)
    asked = _asked(request)
    form = request.GET.get("as", "")
    width = request.GET.get("width", "")
    here = f"/mailbox/{mail_id}"
    page = {
        **asked,
        "mail": received,
        "subject": message["Subject"] or "(no subject)",
        "sender": message["From"] or "",
        "date": message["Date"] or "",
        "frequency": message["X-Callboard-Frequency"] or "",
        "size": f"{len(raw) / 1024:.1f} KB",
        "form": form if form in dict(VIEWS) else "",
        "narrow": width == "narrow",
        "views": [(label, _url(here, asked, **{"as": key, "width": width}), key == form) for key, label in VIEWS],
        "widths": [(label, _url(here, asked, **{"as": form, "width": key}), key == width) for key, label in WIDTHS],
        "text": part_of(message, "plain"),
        "headers": [(name, str(value)) for name, value in message.items()],
        "source": raw.decode("utf-8", "replace") if form == "source" else "",
        "sandbox": SANDBOX,
        "list_url": _url("/mailbox", asked),
        "reader": store.find_active_user(received.recipient) if is_demo(request) else None,
        **_neighbours(received, asked),
    }
    return render(request, "web/mail.html", page)


@require_safe
@xframe_options_sameorigin
def body(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Serve a mail's HTML, shut into a sandbox of its own; its links open beside the mailbox."""
    _, raw = _read(request, mail_id)
    return sandboxed(raw)


def sandboxed(raw: bytes) -> HttpResponse:
    """Return a mail's HTML as a page that can do nothing but show itself and open links beside it."""
    html = part_of(parse(raw), "html")
    head = _HEAD.search(html)
    cut = head.end() if head else 0
    response = HttpResponse(f'{html[:cut]}<base target="_blank">{html[cut:]}')
    response["Content-Security-Policy"] = BODY_POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def download(request: HttpRequest, mail_id: int) -> HttpResponse:
    """Hand a mail out as it was sent, for another mail program."""
    _, raw = _read(request, mail_id)
    response = HttpResponse(raw, content_type="message/rfc822")
    response["Content-Disposition"] = f'attachment; filename="callboard-{mail_id}.eml"'
    return response


def _read(request: HttpRequest, mail_id: int) -> tuple[Received, bytes]:
    require_mailbox(request)
    found = open_mailbox().read(mail_id) if mail_id < _MAX_ID else None
    if found is None:
        raise Http404("no such mail")
    return found


def _asked(request: HttpRequest) -> dict[str, str]:
    return {"q": request.GET.get("q", "").strip()[:200], "to": request.GET.get("to", "").strip()[:254]}


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None  # noqa: PLR2004 - 64 bits


def _url(path: str, asked: dict[str, str], **more: object) -> str:
    words = urlencode({key: value for key, value in (*asked.items(), *more.items()) if value})
    return f"{path}?{words}" if words else path


def _line(one: Received, asked: dict[str, str]) -> Line:
    return Line(
        id=one.id,
        url=_url(f"/mailbox/{one.id}", asked),
        recipient=one.recipient,
        subject=one.subject,
        importance=one.importance,
        when=when_words(from_us(one.received_us), business_now()),
    )


def when_words(at: datetime, now: datetime) -> str:
    """Return when a mail came: how long ago on the same day, else the day; in UTC."""
    if 0 <= (now - at).total_seconds() < 43_200:  # noqa: PLR2004 - half a day
        return ago(at, now)
    local = at.astimezone(UTC)
    year = "" if local.year == now.year else f" {local.year}"
    return f"{WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}{year}, {local:%H:%M}"


def part_of(message: EmailMessage, kind: str) -> str:
    """Return the text of a mail's plain or html part; "" without one."""
    found = message.get_body(preferencelist=(kind,))
    if found is None:
        return ""
    content: Any = found.get_content()
    return content if isinstance(content, str) else ""


def _neighbours(received: Received, asked: dict[str, str]) -> dict[str, str]:
    """Return the way to the next older mail of the list."""
    older = open_mailbox().latest(recipient=asked["to"], text=asked["q"], before=received.id, limit=1)
    return {"older_url": _url(f"/mailbox/{older[0].id}", asked) if older else ""}
