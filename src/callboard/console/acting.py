"""Acting for a person: an operator opens that person's settings, for a reason, and everything done is written down.

The operator stays signed in as the operator. While it lasts, the person's settings and history are
answered as the person's, and no other page of a person is: what is not listed here is refused, so
mails, passwords and ways to sign in stay out of reach, those that come later included.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve
from django.views.decorators.http import require_POST

from callboard.base import strict_json
from callboard.base.texts import shown
from callboard.console import store
from callboard.console.known import real_now_s
from callboard.console.people_tables import MIDDLEWARE, user_url
from callboard.people.models import User

if TYPE_CHECKING:
    from callboard.console.models import Acting

LASTS_S = 30 * 60
"""Seconds after which it ends by itself."""
SHORTEST_REASON, LONGEST_REASON = 10, 500
OPEN = frozenset(
    {
        "settings", "settings-act", "settings-menu", "settings-new", "settings-edit", "settings-duplicate",
        "settings-draft", "settings-preview", "settings-save", "settings-me", "settings-filters",
        "settings-filters-file", "csrf", "history", "item",
    }
)  # fmt: skip
"""The person's pages that are answered, by the names of their addresses."""
QUESTIONS = frozenset({"settings-draft", "settings-preview", "settings-menu", "csrf"})
"""Those that change nothing and show nothing of what is stored: typing would fill the record."""
AS_OPERATOR = ("/console/", "/static/", "/sign-out", "/favicon.ico", "/healthz", "/readyz", "/metrics")
"""Where the operator is the operator all the while."""
_SESSION = "callboard_acting"
_LONGEST_SAID = 4_000
_BEFORE = b'<main id="main"'


def is_wired() -> bool:
    """Return whether the middleware is in the settings; without it nobody can act for anybody."""
    return MIDDLEWARE in settings.MIDDLEWARE


class ActingFor:
    """Answers the person's pages as the person's while an operator acts; stands behind the sign-in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the banner on every page."""
        acting = current(request)
        if acting is None:
            ended = _after_the_end(request)
            return ended or self.get_response(request)
        if request.path.startswith(AS_OPERATOR):
            return _with_banner(request, self.get_response(request), acting)
        name = _name_of(request)
        act_id = _record(request, name, acting)
        if name in OPEN:
            request.user = acting.person
            response = self.get_response(request)
        else:
            response = render(request, "console/acting_refused.html", {"acting": acting}, status=403)
        if act_id:
            store.answer_act(act_id, response.status_code)
        return _with_banner(request, response, acting)


def current(request: HttpRequest) -> Acting | None:
    """Return for whom the signed-in operator acts now, if for anybody. Who has no session costs no question."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return None
    number = request.session.get(_SESSION)
    user = request.user
    if not isinstance(number, int) or not (user.is_authenticated and user.is_active and user.is_staff):
        return None
    return store.find_acting(number, user.pk, real_now_s())


def _after_the_end(request: HttpRequest) -> HttpResponse | None:
    """Refuse what a page of the person still sends when acting has ended by itself: it would change the operator."""
    if settings.SESSION_COOKIE_NAME not in request.COOKIES or _SESSION not in request.session:
        return None
    del request.session[_SESSION]
    rotate_token(request)
    if request.method in ("GET", "HEAD") or request.path.startswith(AS_OPERATOR):
        return None
    return render(request, "console/acting_ended.html", status=403)


def _name_of(request: HttpRequest) -> str:
    try:
        return resolve(request.path_info).url_name or ""
    except Resolver404:
        return ""


def _record(request: HttpRequest, name: str, acting: Acting) -> int | None:
    """Write a request down before it is done: pages that are opened, and everything that is sent.

    What is sent to a page that is closed is not kept: it may be a password.
    """
    if name in QUESTIONS:
        return None
    sent = name in OPEN and {key: values for key, values in request.POST.lists() if key != "csrfmiddlewaretoken"}
    said = strict_json.dumps(sent)[:_LONGEST_SAID] if sent else ""
    return store.add_act(acting.pk, real_now_s(), request.method or "", shown(request.get_full_path())[:2000], said)


def _with_banner(request: HttpRequest, response: HttpResponse, acting: Acting) -> HttpResponse:
    """Put the banner before the page's content; parts of pages, files and data stay as they are."""
    is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
    if not is_page or _BEFORE not in response.content:
        return response
    banner = render_to_string("console/acting_banner.html", {"acting": acting}, request)
    response.content = response.content.replace(_BEFORE, banner.encode() + _BEFORE, 1)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def begin(request: HttpRequest, user_id: int) -> HttpResponse:
    """Begin to act for a person, when a reason is given.

    Raises:
        Http404: there is no such person.
    """
    operator = request.user
    person = User.objects.filter(pk=user_id).first()
    if person is None or not isinstance(operator, User) or not is_wired():
        raise Http404("no such person")
    reason = " ".join(shown(request.POST.get("reason", "")).split())
    fault = _fault(person, reason)
    if fault:
        shows: dict[str, Any] = {"person": person, "reason": reason, "fault": fault, "back": user_url(person)}
        shows |= {"most": LONGEST_REASON, "section": "people"}
        return render(request, "console/acting_begin.html", shows, status=400)
    now_s = real_now_s()
    acting = store.begin_acting(operator, person, reason, now_s, now_s + LASTS_S)
    store.record(operator.pk, [(person, shown(person.email))], f"Acts for this person: {reason}")
    request.session.cycle_key()
    rotate_token(request)  # forms that were opened before are the operator's own
    request.session[_SESSION] = acting.pk
    return HttpResponseRedirect("/settings")


def _fault(person: User, reason: str) -> str:
    """Return why nobody can act for this person now, or ""."""
    if person.is_staff:
        return "Nobody acts for another operator."
    if not person.is_active:
        return "This account is deactivated: there is nothing to set."
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        return f"Give a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters: the ticket, and what is to be done."
    return ""


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Stop acting for a person."""
    number = request.session.pop(_SESSION, None)
    rotate_token(request)  # forms that were opened meanwhile are the person's
    acting = store.find_acting(number, request.user.pk or 0, real_now_s()) if isinstance(number, int) else None
    if acting is None:
        return HttpResponseRedirect("/console/")
    store.end_acting(acting.pk, request.user.pk or 0, real_now_s())
    return HttpResponseRedirect(user_url(acting.person))
