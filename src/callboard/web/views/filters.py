"""`/settings/filters`: rules for the person's mail program, made from the person's own notifications.

Operators, whose work is everyone's mail, also get the rules that are right for everyone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from callboard.mail.filters import FORMS, Format
from callboard.mail.filters.outlook import CLOSING, OPENING, outlook_rules
from callboard.mail.filters.plan import plan_for_everyone, plan_for_person
from callboard.preferences import actions
from callboard.web.gates import signed_in
from callboard.web.viewer import viewer_of

if TYPE_CHECKING:
    from callboard.mail.filters.plan import Plan
    from callboard.web.viewer import Viewer

EVERYONE = "everyone"
_BY_NAME = {form.file_name: form for form in FORMS.values()}


@require_safe
@signed_in
def filters(request: HttpRequest) -> HttpResponse:
    """Show the rules for each mail program, with their files."""
    viewer = viewer_of(request)
    plan = _plan(request, viewer)
    everyone = plan.is_for_everyone
    page = {
        "viewer": viewer,
        "everyone": everyone,
        "asked": f"?for={EVERYONE}" if everyone else "",
        "sieve": FORMS[Format.SIEVE].write(plan),
        "files": {form.value: FORMS[form].file_name for form in Format},
        "opening": OPENING,
        "closing": CLOSING,
        "rules": outlook_rules(plan),
    }
    return render(request, "web/filters.html", page)


@require_safe
@signed_in
def download(request: HttpRequest, file_name: str) -> HttpResponse:
    """Hand out one of the files."""
    form = _BY_NAME.get(file_name)
    if form is None:
        raise Http404("no such file")
    text = form.write(_plan(request, viewer_of(request)))
    response = HttpResponse(text.encode(), content_type=f"{form.media_type}; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{form.file_name}"'
    return response


def _plan(request: HttpRequest, viewer: Viewer) -> Plan:
    """Return the viewer's plan, or everyone's.

    Raises:
        Http404: everyone's, for someone who is no operator: it names event types that not everyone sees (A2).
    """
    sender = settings.CONFIG.sender
    if request.GET.get("for") != EVERYONE:
        return plan_for_person(viewer.person, actions.own(viewer.person, viewer.catalogue), viewer.catalogue, sender)
    if not getattr(request.user, "is_staff", False):
        raise Http404("for operators")
    return plan_for_everyone(viewer.catalogue, sender)
