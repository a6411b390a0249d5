"""What a test user was mailed, as far as the Master may see every event of it now (A1–A4).

A mail stays as it was, while its reader may have moved since, and partners too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from callboard.base.texts import address_key
from callboard.insights.team import store
from callboard.intake import store as log
from callboard.mail.mailbox import parse
from callboard.people.values import is_test_address
from callboard.web.views.mailbox import open_mailbox

if TYPE_CHECKING:
    from collections.abc import Sequence

    from callboard.mail.mailbox import Received
    from callboard.people.values import Person
    from callboard.web.team.master import Master

_MAX_ID = 2**63


def mails_of(found: Person, master: Master, limit: int) -> list[Received]:
    """Return the newest of a test user's mails; those of a real person are nobody else's."""
    if not is_test_address(found.email):
        return []
    box = open_mailbox()
    read = [box.read(one.id) for one in box.latest(recipient=found.email, limit=limit)]
    return [one for one, _ in _visible([one for one in read if one], found, master)]


def read_mail(found: Person, master: Master, mail_id: int) -> bytes | None:
    """Return one of the mails; None when there is no such one for this Master."""
    read = open_mailbox().read(mail_id) if is_test_address(found.email) and mail_id < _MAX_ID else None
    if read is None or address_key(read[0].recipient) != found.key:
        return None
    return next((raw for _, raw in _visible([read], found, master)), None)


def _visible(read: Sequence[tuple[Received, bytes]], found: Person, master: Master) -> list[tuple[Received, bytes]]:
    names = {one.id: str(parse(raw)["Message-ID"]) for one, raw in read}
    told = store.events_of_mails(found.id, names.values())
    events = log.load_events({number for each in told.values() for number in each})
    seen = {number for number, event in events.items() if master.viewer.may_see(event)}
    return [(one, raw) for one, raw in read if told.get(names[one.id], {0}) <= seen]
