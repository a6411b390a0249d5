"""The shipped catalogue is the proposal with the changes of interfaces 4.5, restated here in a table of its own."""

from __future__ import annotations

import pytest
from tests.unit.studio import CATALOGUE

REQUEST = "content_type source_type language title_id title package_id content_partner fulfillment_partner tags cadence"

# label; importance; frequencies; Defaults; fields after those of every request
TYPES = {
    "source_request.created": "Source Request Created; standard; hdw; cp d; due_date territory",
    "source_request.assigned": "Source Request Assigned; critical; ihd; fp h; sub_assignee due_date",
    "source_request.unassigned": "Source Request Unassigned; standard; ihd; fp i; sub_assignee request_status",
    "source_request.canceled": "Source Request Canceled; critical; ihd; fp i, cp d; request_status",
    "source_request.due_date_changed":
        "Due Date Changed; critical; ihd; fp i, cp i; due_date delta_days request_status",
    "source_request.est_delivery_changed":
        "Estimated Delivery Date Changed; standard; ihdw; cp d, st d; est_delivery_date delta_days delay_reason",
    "source_request.due_soon":
        "Due Date Approaching; standard; dw; fp d, cp d; days_to_due request_status material_status",
    "source_request.overdue": "Source Request Overdue; critical; idw; fp d, cp d, st d; days_overdue request_status",
    "source_request.insight_changed": "Insight Changed; standard; ihdw; fp d, cp d, st d; insight insight_reason",
    "delivery.inspection_failed":
        "Delivery Failed Inspection; critical; ih; fp i; transfer_state error_overridable qc_category",
    "delivery.processed": "Delivery Processed; info; hdw; fp d, cp w; request_status",
    "delivery.redelivery_requested":
        "Redelivery Requested; critical; ihdw; fp i, cp d; rejected_by severity qc_category redelivery_round due_date",
    "source_request.accepted": "Source Request Accepted; info; dw; fp d, cp d; request_status",
    "qc.report_ready":
        "QC Report Ready; standard; ihd; cp i, st i, qc d; qc_outcome severity qc_category redelivery_round qc_partner",
    "material.available": "Materials Available; standard; ihd; fp h; material_type",
    "material.updated":
        "Materials Updated; standard; ihd; fp i; material_type material_state previously_downloaded",
    "material.rejected": "Materials Rejected; critical; ihd; cp i; material_status",
    "comment.added": "Comment Added; standard; ihdw; fp h, cp h; author_org mentions_me request_status",
    "account.user_changed": "User Account Changed; critical; idw; cpm i, fpm i; account_change role",
    "account.coverage_gap": "Coverage Gap; critical; idw; cpm i, fpm i, sta d; covered_type no_master qc_partner",
}  # fmt: skip
FREQUENCIES = {"i": "immediately", "h": "hourly", "d": "daily", "w": "weekly"}
ROLES = {
    "cp": "content_partner_operations", "fp": "fulfillment_partner_operations", "st": "studio_operations",
    "qc": "qc_operator", "cpm": "content_partner_master", "fpm": "fulfillment_partner_master",
    "sta": "studio_admin",
}  # fmt: skip
CRITICAL_WHEN = {
    "source_request.insight_changed": [{"field": "insight", "op": "any_of", "value": ["Critical"]}],
    "qc.report_ready": [{"field": "severity", "op": "any_of", "value": ["Blocker"]}],
    "material.updated": [{"field": "previously_downloaded", "op": "is", "value": True}],
}
PARTNER_FAMILIES = ["source_request.*", "delivery.*", "material.*", "qc.*", "comment.*"]
SEES = {
    "content_partner_operations": ("content_partner", PARTNER_FAMILIES),
    "content_partner_master": ("content_partner", [*PARTNER_FAMILIES, "account.*"]),
    "fulfillment_partner_operations": ("fulfillment_partner", PARTNER_FAMILIES),
    "fulfillment_partner_master": ("fulfillment_partner", [*PARTNER_FAMILIES, "account.*"]),
    "qc_operator": ("qc_partner", ["qc.*"]),
    "studio_operations": ("studio", ["*"]),
    "studio_admin": ("studio", ["*"]),
}
FIELD_TYPES = {
    "enum": "content_type source_type territory tags cadence request_status transfer_state material_status insight"
    " insight_reason delay_reason rejected_by severity qc_category qc_outcome material_type material_state"
    " account_change role",
    "language": "language",
    "reference": "title_id package_id covered_type",
    "text": "title",
    "partner": "content_partner fulfillment_partner sub_assignee qc_partner author_org",
    "date": "due_date est_delivery_date",
    "integer": "days_to_due days_overdue delta_days redelivery_round",
    "boolean": "error_overridable previously_downloaded mentions_me no_master",
}
VALUE_COUNTS = {
    "content_type": 6, "source_type": 17, "language": 38, "territory": 21, "tags": 7, "cadence": 3,
    "request_status": 7, "transfer_state": 4, "material_status": 5, "insight": 3, "insight_reason": 4,
    "delay_reason": 7, "rejected_by": 3, "severity": 3, "qc_category": 7, "qc_outcome": 3, "material_type": 9,
    "material_state": 2, "account_change": 6, "role": 10,
}  # fmt: skip


def test_it_has_these_20_event_types():
    assert len(TYPES) == 20
    assert set(CATALOGUE.event_types) == set(TYPES)


@pytest.mark.parametrize("type_id", TYPES)
def test_each_type_has_its_label_importance_frequencies_fields_and_defaults(type_id: str):
    label, importance, frequencies, defaults, own = (part.strip() for part in TYPES[type_id].split(";"))
    found = CATALOGUE.event_types[type_id]
    fields = own.split() + ("content_partner fulfillment_partner" if type_id.startswith("account") else REQUEST).split()
    assert (found.label, found.importance) == (label, importance)
    assert found.frequencies == tuple(FREQUENCIES[letter] for letter in frequencies)
    assert sorted(found.fields) == sorted(fields)
    held = {one.role: one.frequency for one in CATALOGUE.defaults_by_type[type_id]}
    wanted = dict(one.split() for one in defaults.split(", "))
    assert held == {ROLES[role]: FREQUENCIES[letter] for role, letter in wanted.items()}
    assert [one.as_json() for one in found.critical_when] == CRITICAL_WHEN.get(type_id, [])


def test_defaults_have_ids_of_type_and_role_and_no_conditions_but_for_gaps_that_no_master_hears_of():
    conditional = {
        key: [one.as_json() for one in found.where] for key, found in CATALOGUE.defaults.items() if found.where
    }
    no_master = {"field": "no_master", "op": "is", "value": True}
    assert conditional == {"account.coverage_gap/studio_admin": [no_master]}
    assert all(key == f"{one.event_type}/{one.role}" for key, one in CATALOGUE.defaults.items())


def test_roles_see_what_they_should():
    found = {key: (one.kind, list(one.sees)) for key, one in CATALOGUE.roles.items()}
    assert found == SEES


def test_fields_have_their_types_and_lists_are_the_tags_and_the_titles():
    found = {key: one.type for key, one in CATALOGUE.fields.items()}
    assert found == {key: type_ for type_, keys in FIELD_TYPES.items() for key in keys.split()}
    assert {key for key, one in CATALOGUE.fields.items() if one.multiple} == {"tags", "title_id"}


def test_enums_and_the_language_picker_have_all_their_values():
    assert {key: len(one.values) for key, one in CATALOGUE.fields.items() if one.values} == VALUE_COUNTS
    assert CATALOGUE.fields["severity"].values == ("FYI", "Issue", "Blocker")


def test_a_qc_operator_sees_qc_events_only():
    assert CATALOGUE.may_see_type(("qc_operator",), "qc.report_ready")
    assert not CATALOGUE.may_see_type(("qc_operator",), "delivery.processed")


def test_a2_a_prefix_covers_whole_words_only():
    for type_id, seen in (("qc.x.y", True), ("qc", False), ("qcx.y", False), ("account.user_changed", False)):
        assert CATALOGUE.roles["content_partner_operations"].sees_type(type_id) is seen


def test_events_may_carry_the_prefix_of_the_portal():
    assert CATALOGUE.type_prefix == "io.callboard."
