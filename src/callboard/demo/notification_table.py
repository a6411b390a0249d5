"""What the demo studio's people asked for, as tables.

Title ids are those of `titles`: 90001000 is The Salt Cartographers, 90006000 Monsoon Ledger,
90003000 Nueve Veranos de Agua, 90009000 Harrow Junction, 90008000 Pip Marrow.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """One Custom notification. `muted` is empty, "for good" or "for a while"."""

    user: str
    name: str
    event_type: str
    frequency: str
    where: list[tuple[str, str, Any]]
    muted: str = ""


_ANA = "ana@copperglass.example"
_BEN = "ben@copperglass.example"
_INGRID = "ingrid@copperglass.example"
_NOOR = "noor@copperglass.example"
_JESS = "jess@copperglass.example"
_GEMMA = "gemma@copperglass.example"
_CLARA = "clara@lexiloom.example"
_SALT, _MONSOON, _NUEVE, _HARROW = "90001000", "90006000", "90003000", "90009000"

# fmt: off
CUSTOM = (
    Row(_ANA, "My two shows: assignments", "source_request.assigned", "hourly",
        [("title_id", "any_of", [_SALT, _HARROW])]),
    Row(_ANA, "Blockers, second round", "delivery.redelivery_requested", "immediately",
        [("severity", "any_of", ["Blocker"]), ("redelivery_round", "at_least", 2)]),
    Row(_ANA, "Someone mentions me", "comment.added", "immediately",
        [("mentions_me", "is", True)]),
    Row(_ANA, "Spanish dubs of my two shows", "material.available", "immediately",
        [("title_id", "any_of", [_SALT, _NUEVE]), ("language", "any_of_incl", ["es"]),
         ("source_type", "any_of", ["Secondary Audio", "Audio M&E"])]),
    Row(_ANA, "Three days left", "source_request.due_soon", "daily",
        [("days_to_due", "at_most", 3),
         ("fulfillment_partner", "any_of_incl", ["copperglass"])]),
    Row(_ANA, "Leeds is late", "source_request.overdue", "immediately",
        [("fulfillment_partner", "any_of_incl", ["copperglass-leeds"]),
         ("days_overdue", "at_least", 1)]),
    Row(_BEN, "Inspection errors we cannot override", "delivery.inspection_failed",
        "immediately", [("error_overridable", "is", False)]),
    Row(_BEN, "Atmos and HDR work", "source_request.assigned", "immediately",
        [("tags", "any_of", ["Atmos", "HDR"])]),
    Row(_BEN, "", "qc.report_ready", "hourly",
        [("qc_category", "any_of", ["Audio", "Synced Events"]),
         ("qc_outcome", "none_of", ["Passed"])]),
    Row(_BEN, "Rush only", "source_request.due_date_changed", "immediately",
        [("tags", "any_of", ["Rush"])]),
    Row(_INGRID, "Whole group: critical insights", "source_request.insight_changed",
        "immediately", [("insight", "any_of", ["Critical"]),
         ("fulfillment_partner", "any_of_incl", ["copperglass"])]),
    Row(_INGRID, "Redeliveries of the group, Monday", "delivery.redelivery_requested",
        "weekly", [("fulfillment_partner", "any_of_incl", ["copperglass"])]),
    Row(_INGRID, "Access changes", "account.user_changed", "daily",
        [("account_change", "any_of", ["Role granted", "Role removed", "User deactivated"])]),
    Row(_INGRID, "", "source_request.canceled", "daily",
        [("content_partner", "any_of_incl", ["brackenfold"])]),
    Row("femi@copperglass.example", "Printmasters and M&E", "material.available",
        "hourly", [("material_type", "any_of", ["Printmaster", "M&E"])]),
    Row("femi@copperglass.example", "Replaced after we took it", "material.updated",
        "immediately", [("previously_downloaded", "is", True)]),
    Row(_ANA, "Branded redeliveries", "delivery.redelivery_requested", "daily",
        [("content_type", "any_of", ["Branded"]), ("redelivery_round", "at_least", 2)]),
    Row(_NOOR, "Film work", "source_request.assigned", "daily",
        [("source_type", "any_of", ["AV (Muxed)", "Video & Audio", "Primary Video"]),
         ("content_type", "any_of", ["Branded", "Licensed"])]),
    Row(_NOOR, "Comments of the studio", "comment.added", "hourly",
        [("author_org", "any_of", ["meridianlantern"])]),
    Row(_NOOR, "Estimates that slip a week", "source_request.est_delivery_changed",
        "weekly", [("delta_days", "at_least", 7)], "for good"),
    Row("pau@copperglass.example", "Farolito en español", "source_request.assigned",
        "hourly", [("content_partner", "any_of", ["casafarolito"]),
         ("language", "any_of_incl", ["es"])]),
    Row(_JESS, "Harrow Junction", "delivery.redelivery_requested", "immediately",
        [("title_id", "any_of", [_HARROW])]),
    Row(_JESS, "", "source_request.due_soon", "daily",
        [("days_to_due", "between", [1, 7]),
         ("content_partner", "any_of", ["quillhaven"])]),
    Row("andre@copperglass.example", "Trailers", "source_request.assigned", "immediately",
        [("content_type", "any_of", ["Trailer", "Short-form"])]),
    Row(_GEMMA, "Leeds: anything that fails", "delivery.inspection_failed", "hourly",
        [("fulfillment_partner", "any_of", ["copperglass-leeds"])]),
    Row(_GEMMA, "Someone mentions me", "comment.added", "immediately",
        [("mentions_me", "is", True)]),
    Row("ravi@copperglass.example", "Sync and audio blockers", "qc.report_ready",
        "immediately", [("qc_category", "any_of", ["Audio", "Synced Events"]),
         ("severity", "any_of", ["Blocker"])]),
    Row(_CLARA, "Spanish, all variants", "source_request.assigned", "daily",
        [("language", "any_of_incl", ["es"])]),
    Row(_CLARA, "Timed text redeliveries", "delivery.redelivery_requested", "hourly",
        [("qc_category", "any_of", ["Timed Text"])]),
    Row(_CLARA, "Warszawa: overdue", "source_request.overdue", "daily",
        [("fulfillment_partner", "any_of_incl", ["lexiloom-warszawa"])]),
    Row("matteo@lexiloom.example", "Italian", "delivery.redelivery_requested",
        "immediately", [("language", "any_of", ["it"])]),
    Row("matteo@lexiloom.example", "Italian scripts and proxies", "material.available",
        "hourly", [("language", "any_of", ["it"]),
         ("material_type", "any_of", ["Script", "Locked Proxy", "Final Proxy"])]),
    Row("maria.lindqvist@lexiloom.example", "Nordic languages", "source_request.assigned",
        "daily", [("language", "any_of", ["sv", "nb", "da", "fi"])]),
    Row("danylo@lexiloom.example", "Українські субтитри", "source_request.assigned",
        "hourly", [("language", "any_of", ["uk"]),
         ("source_type", "any_of", ["Subtitle", "SDH/CC"])]),
    Row("eleni@lexiloom.example", "Key names and phrases", "material.updated", "daily",
        [("material_type", "any_of", ["Terminology (KNP)", "Show Guide"])]),
    Row("zofia@lexiłoom.example", "Polski i czeski", "source_request.due_soon", "daily",
        [("language", "any_of", ["pl", "cs"])]),
    Row("camila@lexiloom.example", "Nueve Veranos", "comment.added", "hourly",
        [("title_id", "any_of", [_NUEVE])]),
    Row("camila@lexiloom.example", "Español latino", "delivery.redelivery_requested",
        "immediately", [("language", "any_of", ["es-419"])]),
    Row("sabine@voxalder.example", "Dubs slipping", "source_request.est_delivery_changed",
        "daily", [("source_type", "any_of", ["Secondary Audio"]),
         ("delta_days", "at_least", 3)]),
    Row("sabine@voxalder.example", "Proxies for the booth", "material.available",
        "immediately", [("material_type", "any_of", ["Locked Proxy", "Final Proxy"])]),
    Row("thierry@voxalder.example", "French, both sides", "source_request.assigned",
        "hourly", [("language", "any_of_incl", ["fr"])]),
    Row("rodrigo@voxalder.example", "Português", "delivery.redelivery_requested",
        "immediately", [("language", "any_of_incl", ["pt"])]),
    Row("layla@voxalder.example", "العربية", "source_request.assigned", "hourly",
        [("language", "any_of", ["ar"])]),
    Row("otto@reelwright.example", "UHD packages", "delivery.processed", "daily",
        [("tags", "any_of", ["UHD"])]),
    Row("claire@reelwright.example", "Package errors", "delivery.inspection_failed",
        "immediately", [("qc_category", "any_of", ["Delivery Package", "Metadata"])]),
    Row("minseo@hanoktidal.example", "한국어 재납품", "delivery.redelivery_requested",
        "immediately", [("language", "any_of", ["ko"])]),
    Row("lin@hanoktidal.example", "Chinese, text and audio", "source_request.assigned",
        "daily", [("language", "any_of_incl", ["zh", "cmn", "yue"])]),
    Row("olivia@brackenfold.example", "Salt Cartographers: blockers", "qc.report_ready",
        "immediately", [("title_id", "any_of", [_SALT]),
         ("severity", "any_of", ["Blocker"])]),
    Row("olivia@brackenfold.example", "Materials our houses refuse", "material.rejected",
        "hourly", [("content_partner", "any_of_incl", ["brackenfold"])]),
    Row("callum@brackenfold.example", "Titles with Barometers", "comment.added", "daily",
        [("title", "contains", "barometers")]),
    Row("poppy@brackenfold.example", "Pip Marrow weekly", "delivery.processed", "weekly",
        [("title", "starts_with", "Pip Marrow")]),
    Row("soren@brackenfold.example", "Nordic launches", "source_request.created", "daily",
        [("language", "any_of", ["da", "sv", "nb", "fi"])], "for a while"),
    Row("dana@quillhaven.example", "Day of broadcast", "source_request.overdue",
        "immediately",
        [("cadence", "any_of", ["Day of Broadcast", "Day After Broadcast"])]),
    Row("trevor@quillhaven.example", "Not ours to fix", "qc.report_ready", "daily",
        [("qc_outcome", "any_of", ["Fix Notes Needed"]),
         ("qc_category", "none_of", ["Metadata"])]),
    Row("mio@sugiharbor.example", "灯台守: 差し戻し", "delivery.redelivery_requested",
        "immediately", [("title", "starts_with", "灯台守")]),
    Row("lucia@casafarolito.example", "Copperglass y sus sedes", "source_request.overdue",
        "daily", [("fulfillment_partner", "any_of_incl", ["copperglass"])]),
    Row("kavitha@tamarindgate.example", "தமிழ்", "source_request.accepted", "daily",
        [("language", "any_of", ["ta"])]),
    Row("anand@tamarindgate.example", "Monsoon Ledger at risk",
        "source_request.insight_changed", "immediately",
        [("title_id", "any_of", [_MONSOON]),
         ("insight", "any_of", ["At Risk", "Critical"])]),
    Row("doyun@onyxpersimmon.example", "", "source_request.canceled", "immediately",
        [("fulfillment_partner", "any_of_incl", ["hanoktidal"])]),
    Row("helen@meridianlantern.example", "Every blocker", "delivery.redelivery_requested",
        "immediately", [("severity", "any_of", ["Blocker"])]),
    Row("helen@meridianlantern.example", "Redeliveries of Vox Alder",
        "delivery.redelivery_requested", "weekly",
        [("fulfillment_partner", "any_of_incl", ["voxalder"])]),
    Row("dario@meridianlantern.example", "Due dates moved by a week or more",
        "source_request.due_date_changed", "daily", [("delta_days", "at_least", 7)]),
    Row("priya@meridianlantern.example", "India", "source_request.insight_changed",
        "hourly", [("content_partner", "any_of_incl", ["tamarindgate"])]),
    Row("naomi@meridianlantern.example", "Sub-assigned work", "source_request.assigned",
        "daily", [("sub_assignee", "any_of_incl", ["lexiloom", "voxalder"])], "for good"),
    Row("duarte@plumbline.example", "Rejected by us", "qc.report_ready", "immediately",
        [("qc_outcome", "any_of", ["Rejected"])]),
    Row("kim@secondpass.example", "Second looks", "qc.report_ready", "daily",
        [("redelivery_round", "at_least", 1)]),
    # One mail for a launch of 470, seconds after it: the first thing a visitor should see
    Row(_ANA, "New work, at once", "source_request.assigned", "immediately",
        [("fulfillment_partner", "any_of", ["copperglass"])]),
    Row(_NOOR, "New work, at once", "source_request.assigned", "immediately",
        [("fulfillment_partner", "any_of", ["copperglass"])]),
)
# fmt: on
"""In the order of their ids, n-1 first."""

_FULFILLMENT = "fulfillment_partner_operations"
_CONTENT = "content_partner_operations"

MUTED_DEFAULTS = (
    (_ANA, f"delivery.processed/{_FULFILLMENT}"),
    (_NOOR, f"source_request.due_soon/{_FULFILLMENT}"),
    (_CLARA, f"source_request.assigned/{_FULFILLMENT}"),
    ("thierry@voxalder.example", f"source_request.assigned/{_FULFILLMENT}"),
    ("dana@quillhaven.example", f"delivery.processed/{_CONTENT}"),
    ("poppy@brackenfold.example", f"source_request.accepted/{_CONTENT}"),
    ("marcus@meridianlantern.example", "source_request.est_delivery_changed/studio_operations"),
    ("esther@secondpass.example", "qc.report_ready/qc_operator"),
)
"""user | Default"""
