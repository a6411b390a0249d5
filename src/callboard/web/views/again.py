"""`/settings/try-again`: let one's own held mails leave (P4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from callboard.base.errors import RejectedError
from callboard.base.keyed import keyed_hash
from callboard.pipeline import Pipeline
from callboard.web.gates import same_person, signed_in
from callboard.web.undelivered import note_for
from callboard.web.viewer import catalogue
from callboard.web.words import plural

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

WAIT_S = 600
"""Seconds between two tries of one person: each hands mail to a server that refused it before."""
_NOTICE = "notice"


@require_POST
@signed_in
@same_person
def try_again(request: HttpRequest) -> HttpResponse:
    """Release the person's own address, at most once in ten minutes, and say what follows."""
    request.session[_NOTICE] = {"says": _released(request), "undo": ""}
    return redirect("/settings")


def _released(request: HttpRequest) -> str:
    note = note_for(request)
    if note is None:
        return "Nothing is held for you."
    if not cache.add(keyed_hash(settings.SECRET_KEY, "try-again", request.user.pk), 1, WAIT_S):
        return "Your mails were tried less than ten minutes ago. Wait a little, then try again."
    try:
        counts = Pipeline(settings.CONFIG, catalogue()).release(note.email)
    except RejectedError:
        return "Nothing is held for you."
    if not counts["released"]:
        return "Your mails leave again from now on."
    leave = f"{plural(counts['released'], 'held mail')} {'leaves' if counts['released'] == 1 else 'leave'} now as one"
    return f"{leave}. If it comes back, this page says so."
