"""Taking away a person's second factor, for a reason: when phone, keys and recovery codes are lost."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from callboard.base.texts import shown
from callboard.console import store
from callboard.console.acting import LONGEST_REASON, SHORTEST_REASON
from callboard.console.known import config, instant, now
from callboard.console.people_tables import user_url
from callboard.mail.letters.store import NewLetter, post_letter
from callboard.people.models import User
from callboard.people.sessions import end_sessions

KIND = "factors-reset"


@require_POST
def reset(request: HttpRequest, user_id: int) -> HttpResponse:
    """Take away apps, passkeys and recovery codes, end the person's sessions, and tell the person.

    Raises:
        Http404: there is no such person.
    """
    operator = request.user
    person = User.objects.filter(pk=user_id).first()
    if person is None or not isinstance(operator, User):
        raise Http404("no such person")
    reason = " ".join(shown(request.POST.get("reason", "")).split())
    fault = _fault(person, operator, reason)
    if fault:
        shows = {"person": person, "reason": reason, "fault": fault, "back": user_url(person), "section": "people"}
        return render(request, "console/factors_reset.html", shows, status=400)
    with transaction.atomic():
        Authenticator.objects.filter(user=person).delete()
        end_sessions([person.pk])
        post_letter(_letter(person), config(), now())
        store.record(operator.pk, [(person, shown(person.email))], f"Second factor reset: {reason}")
    return HttpResponseRedirect(user_url(person))


def _fault(person: User, operator: User, reason: str) -> str:
    """Return why the second factor can not be reset now, or ""."""
    if person.pk == operator.pk:
        return "Change your own ways to sign in under Settings; if you cannot, ask another operator."
    if not SHORTEST_REASON <= len(reason) <= LONGEST_REASON:
        return f"Give a reason of {SHORTEST_REASON} to {LONGEST_REASON} characters, and how you know that it is them."
    return ""


def _letter(person: User) -> NewLetter:
    prefix, words = "mfa/email/factors_reset", {"asked": instant(now()) + " (UTC)", "base_url": config().base_url}
    subject = render_to_string(f"{prefix}_subject.txt", words).strip()
    return NewLetter(
        kind=KIND,
        user_id=person.pk,
        subject=subject,
        text=render_to_string(f"{prefix}_message.txt", words),
        html=render_to_string(f"{prefix}_message.html", words | {"subject": subject}),
    )
