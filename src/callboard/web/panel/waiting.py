"""When the person's next digest leaves, and what waits in it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from callboard.base.reasons import Frequency
from callboard.decisions.windows import next_digest
from callboard.web import store
from callboard.web.words import leaves, plural

if TYPE_CHECKING:
    from callboard.mail.wording import Narrator
    from callboard.web.store import Waiting
    from callboard.web.viewer import Viewer

_LATEST = timedelta(days=7)
"""How long after its end a window is still looked for; by then mail is stuck, which the console tells."""


def waiting_words(viewer: Viewer, narrator: Narrator) -> list[str]:
    """Return "Next digest: tomorrow, Tue 24 Nov, 08:00 (Europe/Madrid)", "6 items waiting", and what comes after it."""
    collecting = store.waiting_of(viewer.person.id, viewer.now - _LATEST)
    digests = [one for one in collecting if one.frequency is not Frequency.IMMEDIATELY]
    at_once = sum(one.items for one in collecting if one.frequency is Frequency.IMMEDIATELY)
    said = [f"{plural(at_once, 'item')} leaving now"] if at_once else []
    if not digests:
        at = next_digest(viewer.person, Frequency.DAILY, viewer.now)
        return [*said, f"Next daily digest: {leaves(narrator, at)} ({narrator.zone_name})", "nothing waiting"]
    first, *later = digests
    said += [f"Next digest: {leaves(narrator, first.ends_at)} ({narrator.zone_name})", _items(first, " waiting")]
    return said + [f"then {leaves(narrator, one.ends_at)}, {_items(one)}" for one in later]


def _items(one: Waiting, state: str = "") -> str:
    return f"{plural(one.items, 'item')}{state}"
