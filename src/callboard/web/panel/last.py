"""What a person is told before becoming the last who gets something critical."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callboard.insights.coverage import gaps_opened_by, is_critical
from callboard.insights.foresight import load_circle
from callboard.insights.whatif_words import Reader, warning_of
from callboard.preferences.values import Ref

if TYPE_CHECKING:
    from callboard.web.viewer import Viewer


def last_words(ref: Ref, event_type: str, viewer: Viewer) -> str:
    """Return the warning that muting or deleting a notification calls for; "" when somebody else is told.

    Nothing is read for a type of which no event is critical.
    """
    found = viewer.catalogue.event_types.get(event_type)
    if found is None or not is_critical(found) or viewer.person.partner is None:
        return ""
    circle = load_circle([viewer.person.partner], viewer.catalogue, viewer.now, [event_type])
    gaps = gaps_opened_by(circle, without=[(viewer.person.id, ref)])
    return warning_of(gaps, Reader(viewer.catalogue, viewer.directory, viewer.partner_called))
