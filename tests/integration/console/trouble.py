"""What goes wrong: mails that failed or are held, parked events, all with words of others in them."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from tests.integration.web.studio import ANA, NOW, accept, event

from callboard.intake import store as log
from callboard.intake.models import EventRecord
from callboard.mail import store as outbox
from callboard.mail.models import Attempt, Mail, MailState

HOSTILE = "<script>alert('x')</script>\u202e<img src=x onerror=alert(1)>"


def composed(pipeline, *events):
    """Accept events and compose their mails; return the mails, oldest first."""
    known = set(Mail.objects.values_list("id", flat=True))
    accept(pipeline, *events)
    pipeline.clock.at = pipeline.now() + timedelta(hours=1)
    pipeline.compose_due()
    return list(Mail.objects.exclude(id__in=known).order_by("id"))


def failed(mail, words="552 5.2.2 mailbox full"):
    """Let a mail be refused for good."""
    Attempt.objects.create(mail=mail, number=1, began_us=1, code=552, reply=words.partition(" ")[2])
    outbox.set_state([mail.id], MailState.FAILED, NOW, words)
    return mail


def held(mail, words="550 5.1.1 no such user"):
    """Let the address of a mail be refused."""
    outbox.suppress(mail.user.email, words, NOW)
    outbox.set_state([mail.id], MailState.HELD, NOW, words)
    return mail


def parked(pipeline, event_id="e-parked", reason="RejectedError: broken", **data):
    """Let an event be set aside."""
    accept(pipeline, event(event_id, **data))
    row = EventRecord.objects.get(event_id=event_id)
    with transaction.atomic():
        log.park(row.id, reason)
    return row


def deed(client, table, name, *ids, confirmed=True, **more):
    """Ask for a deed, and say yes to the question."""
    said = {"action": name, "_selected_action": ids, **({"confirmed": "yes"} if confirmed else {}), **more}
    return client.post(f"/console/{table}/", said, follow=True)


__all__ = ["ANA", "HOSTILE", "composed", "deed", "failed", "held", "parked"]
