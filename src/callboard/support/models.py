"""Tables of the room. Instants are whole microseconds of business time since 1970 (`_us`)."""

from __future__ import annotations

from typing import Any

from django.db import models

from callboard.base import strict_json
from callboard.mail.models import PostedLetter
from callboard.people.models import User
from callboard.support.values import CATEGORY_WORDS, STATE_WORDS


class Ticket(models.Model):
    """One request for help. `number` is drawn at random, so that it tells nothing about others.

    `context_json` is what was so when it was asked: the person's settings, and the explanation of
    the event in question, of those only that the person might see then (A1–A4).
    """

    number = models.CharField(max_length=12, unique=True)
    user = models.ForeignKey(User, models.PROTECT, related_name="tickets")
    category = models.CharField(max_length=12)
    state = models.CharField(max_length=10)
    context_json = models.TextField()
    opened_us = models.BigIntegerField()
    changed_us = models.BigIntegerField()

    class Meta:
        """The operators see what is open at once; a person the own ones, the latest first."""

        indexes = [  # noqa: RUF012 - Django's form
            models.Index(fields=["changed_us"], condition=models.Q(state="open"), name="ticket_open"),
            models.Index(fields=["user", "-changed_us"], name="ticket_of_person"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def title(self) -> str:
        """Return what it is about, in the words of the form."""
        return CATEGORY_WORDS.get(self.category, self.category)

    @property
    def state_words(self) -> str:
        """Return where it stands, in a word."""
        return STATE_WORDS.get(self.state, self.state)

    @property
    def context(self) -> dict[str, Any]:
        """Return what is attached, as `context.snapshot` made it."""
        found: dict[str, Any] = strict_json.loads(self.context_json)
        return found


class Post(models.Model):
    """One word on a request: the person's, or an operator's answer.

    `draft` is made with the page it is typed on, so that a form sent twice is one post. `letters` are
    the mails about it.
    """

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="posts")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    is_answer = models.BooleanField()
    text = models.TextField()
    at_us = models.BigIntegerField()
    draft = models.CharField(max_length=64)
    letters = models.ManyToManyField(PostedLetter)

    class Meta:
        """A draft is posted once."""

        constraints = [  # noqa: RUF012 - Django's form
            models.UniqueConstraint(fields=["author", "draft"], name="post_once"),
        ]
