"""Where mails are checked and written, outside of any transaction. Runs in the thread that owns the world.

A draft says as of which revision of people and settings it was checked. Only a mail that a
change touched since is written again (S5).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from callboard.base.clock import Clock
from callboard.base.config import Config
from callboard.base.reasons import Reason
from callboard.base.texts import shown
from callboard.mail.checking import Checker, Items, Told
from callboard.mail.feedback.return_path import ReturnPath
from callboard.mail.replies import envelope_address
from callboard.mail.store import Leased
from callboard.mail.threads import AWAY
from callboard.mail.wire import MailObject
from callboard.mail.writing import Writer
from callboard.people.values import Person

DRAFTS_AT_ONCE = 50
ITEMS_AT_ONCE = 500
_NOTHING = Items((), {})

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class Draft:
    """A mail that is checked and written as of a revision of people and settings.

    `reasons` say for each of the items why it may not leave.
    `mail_object` is None when nothing may leave, or when it can not be written: `fault` says why.
    """

    mail: Leased
    person: Person
    person_key: str
    revision: int
    items: Items
    reasons: tuple[Reason | None, ...]
    mail_object: MailObject | None
    fault: str

    @property
    def domain(self) -> str:
        """Return the recipient's domain."""
        return self.mail.domain

    @property
    def rank(self) -> int:
        """Return 0 for critical, up to 2."""
        return self.mail.rank


class Desk:
    """Checks and writes mails."""

    def __init__(self, config: Config, clock: Clock, checker: Checker) -> None:
        self.clock = clock
        self.checker = checker
        self.writer = Writer(config, checker)
        self.return_path = ReturnPath(config)

    # check and write

    def draft(self, mails: Sequence[Leased]) -> list[Draft]:
        """Read, check and write the first of these mails; no transaction is open meanwhile.

        So many that a commit that waits for this thread waits for milliseconds: at least one.
        """
        mails = mails[:DRAFTS_AT_ONCE]
        self.checker.world.refresh()
        try:
            contents = self.checker.contents(mails)
        except AWAY:
            raise  # no mail's fault
        except Exception as exc:
            # A stored event that can not be read: its mails fail, the others are drafted one by one.
            if len(mails) > 1:
                return [found for one in mails for found in self.draft([one])]
            logger.exception("mail cannot be read", mail=mails[0].id)
            draft = self._unknown(mails[0])
            draft.fault = _fault(exc)
            return [draft]
        drafts: list[Draft] = []
        written = 0
        for mail, told in zip(mails, contents, strict=True):
            drafts.append(self._draft(mail, told))
            written += len(told.items.pairs) if self.writer.was_new else 0
            if written > ITEMS_AT_ONCE:
                break
        return drafts

    def _unknown(self, mail: Leased) -> Draft:
        """Return the draft of a mail of which nothing is read yet."""
        world = self.checker.world
        person = world.directory.persons[mail.user_id]
        return Draft(mail, person, person.key, world.revision, _NOTHING, (), None, "")

    def _draft(self, mail: Leased, told: Told) -> Draft:
        """Check and write a mail; one that can not be fails, with the reason, alone (P3)."""
        draft = self._unknown(mail)
        try:
            self._fill(draft, told)
        except AWAY:
            raise
        except Exception as exc:
            # Whatever is wrong with one mail must not keep everybody else's from leaving.
            logger.exception("mail cannot be written", mail=mail.id)
            draft.fault = _fault(exc)
        return draft

    def _fill(self, draft: Draft, told: Told) -> None:
        reasons = self.checker.verdicts(draft.person, told.items, self.clock.now())
        draft.items, draft.reasons = told.items, reasons
        kept = self.checker.part(told.items, reasons)
        if not kept.pairs:
            return
        content = self.writer.write(draft.mail, draft.person, told if kept is told.items else told._replace(items=kept))
        recipient = envelope_address(draft.person.email)
        draft.mail_object = MailObject(self.return_path.of(draft.mail.id), recipient, content)

    def renew(self, drafts: Sequence[Draft]) -> list[Draft]:
        """Check drafts again as of now; write anew those that a change has overtaken."""
        now = self.clock.now()
        self.checker.world.refresh()
        renewed = [one for one in drafts if not self._is_overtaken(one, now)]
        kept = {one.mail.id for one in renewed}
        overtaken = [one.mail for one in drafts if one.mail.id not in kept]
        while overtaken:
            again = self.draft(overtaken)
            del overtaken[: len(again)]
            renewed += again
        return renewed

    def _is_overtaken(self, draft: Draft, now: datetime) -> bool:
        """Return whether a change since it was written says something else of the person or of an item."""
        world = self.checker.world
        if draft.revision == world.revision:
            return False
        person = world.directory.persons[draft.mail.user_id]
        if person != draft.person or self.checker.verdicts(person, draft.items, now) != draft.reasons:
            return True
        draft.revision = world.revision
        return False


def _fault(exc: Exception) -> str:
    return shown(f"cannot be written: {str(exc) or type(exc).__name__}")
