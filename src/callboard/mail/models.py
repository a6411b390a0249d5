"""Tables of the room.

Instants of business time are whole microseconds since 1970 (`_us`); `lease_until_s` is real
time in seconds, since a lease is about processes, not about business. `lease_generation` counts
the leases of a mail: what is said of an older one counts no more.
"""

from __future__ import annotations

from django.db import models

from callboard.people.models import User


class MailState(models.TextChoices):
    """Where a mail is. `leased` shows as queued outside."""

    QUEUED = "queued"
    LEASED = "leased"
    SENT = "sent"
    BOUNCED = "bounced"
    FAILED = "failed"
    HELD = "held"
    WITHDRAWN = "withdrawn"


class Mail(models.Model):
    """One mail to one person: the outbox. It refers to its windows' items; bodies are written when sent.

    `message_id` is fixed when composed and kept over retries (C2); `composed_revision` orders
    it among the changes of settings, so that its mute link knows a later unmute (C3).
    """

    user = models.ForeignKey(User, models.PROTECT)
    domain = models.CharField(max_length=255)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.QUEUED)
    importance_rank = models.SmallIntegerField()
    message_id = models.CharField(max_length=320, unique=True)
    composed_us = models.BigIntegerField()
    composed_revision = models.BigIntegerField()
    expires_us = models.BigIntegerField()
    next_attempt_us = models.BigIntegerField()
    attempts = models.IntegerField(default=0)
    in_doubt = models.BooleanField(default=False)
    lease_owner = models.CharField(max_length=32, blank=True)
    lease_until_s = models.FloatField(null=True, blank=True)
    lease_generation = models.IntegerField(db_default=0)
    last_reply = models.TextField(blank=True)
    finished_us = models.BigIntegerField(null=True, blank=True)

    class Meta:
        """What is due is found at once, critical first; so are leases."""

        indexes = [  # noqa: RUF012 - Django's form
            models.Index(
                fields=["importance_rank", "next_attempt_us", "id", "domain"],
                condition=models.Q(state="queued"),
                name="mail_due",
            ),
            models.Index(fields=["lease_owner"], condition=models.Q(state="leased"), name="mail_leased"),
            models.Index(
                fields=["state"], condition=models.Q(state__in=["held", "failed", "bounced"]), name="mail_stuck"
            ),
        ]


class Attempt(models.Model):
    """One try to hand a mail over, recorded before DATA. `code` is null while the answer is unknown."""

    mail = models.ForeignKey(Mail, models.CASCADE)
    number = models.IntegerField()
    began_us = models.BigIntegerField()
    code = models.IntegerField(null=True, blank=True)
    reply = models.TextField(blank=True)

    class Meta:
        """The breaker counts by time."""

        indexes = [models.Index(fields=["began_us"], name="attempt_by_time")]  # noqa: RUF012 - Django's form


class Report(models.Model):
    """What was reported of a mail after a try: a bounce, a delay, a complaint. Each kind once for each try."""

    mail = models.ForeignKey(Mail, models.CASCADE)
    number = models.IntegerField()
    kind = models.CharField(max_length=20)
    words = models.TextField()
    received_us = models.BigIntegerField()

    class Meta:
        """The same report twice is one; the breaker counts by time."""

        constraints = [  # noqa: RUF012 - Django's form
            models.UniqueConstraint(fields=["mail", "number", "kind"], name="report_once"),
        ]
        indexes = [models.Index(fields=["kind", "received_us"], name="report_by_time")]  # noqa: RUF012


class ReportCount(models.Model):
    """How many reports came, by result."""

    result = models.CharField(max_length=20, unique=True)
    number = models.BigIntegerField(default=0)


class Suppression(models.Model):
    """An address the receiving server says does not exist: its mails are held until released (P4).

    After a complaint critical mails are spared: only the others are held.
    """

    address_key = models.CharField(max_length=512, unique=True)
    reply = models.TextField()
    spares_critical = models.BooleanField(db_default=False)
    since_us = models.BigIntegerField()
    released_us = models.BigIntegerField(null=True, blank=True)


class DomainBreaker(models.Model):
    """A domain that refuses us or most of its recipients: nothing goes there until `open_until_us` (P4).

    The domain "" is the next hop itself. `pause_s` is how long the last pause was.
    """

    domain = models.CharField(max_length=255, unique=True)
    open_until_us = models.BigIntegerField()
    pause_s = models.IntegerField(db_default=0)
    reason = models.TextField()


class PostedLetter(models.Model):
    """A mail of our own words, such as an invitation, kept until it has left; its words no longer than that.

    It goes to `user`, and only while that person is active (A1); without one, to `address`.
    `next_try_us` is set anew before each try: whoever sends it dies, and it is tried again then.
    """

    kind = models.CharField(max_length=40)
    user = models.ForeignKey(User, models.PROTECT, null=True, blank=True)
    address = models.CharField(max_length=254, blank=True)
    subject = models.TextField()
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    headers_json = models.TextField(default="{}")
    message_id = models.CharField(max_length=320, unique=True)
    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.QUEUED)
    made_us = models.BigIntegerField()
    next_try_us = models.BigIntegerField()
    tries = models.IntegerField(default=0)
    last_reply = models.TextField(blank=True)
    ended_us = models.BigIntegerField(null=True, blank=True)

    class Meta:
        """What is due, and what an operator must see, are found at once."""

        indexes = [  # noqa: RUF012 - Django's form
            models.Index(fields=["next_try_us"], condition=models.Q(state="queued"), name="letter_due"),
            models.Index(fields=["ended_us"], condition=models.Q(state="failed"), name="letter_failed"),
        ]
