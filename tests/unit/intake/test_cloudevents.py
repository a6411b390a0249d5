"""CloudEvents as the portal sends them (4.3): every bad input is a fault with its pointer, the rest is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent
from tests.unit.studio import CATALOGUE, REDELIVERY

from callboard.intake.cloudevents import (
    MAX_EVENT_BYTES,
    Draft,
    event_key,
    read_batch,
    read_binary,
    read_event,
    read_line,
    resolve_type,
)

GOOD: dict[str, Any] = {
    "specversion": "1.0", "id": "e-1001", "source": "portal", "type": REDELIVERY, "subject": "SR-00012345",
    "time": "2026-11-23T09:14:00Z",
    "data": {
        "content_type": "Branded", "source_type": "Video & Audio", "title_id": ["90000017", "90000002"],
        "title_names": ["S1 E4", "The Salt Cartographers"], "title": "The Salt Cartographers, S1 E4",
        "content_partner": "brackenfold", "fulfillment_partner": "copperglass", "severity": "Blocker",
        "actor": "qc@studio.example",
    },
}  # fmt: skip


def good(**change: Any) -> Draft:
    found = read_event({**GOOD, **change}, CATALOGUE)
    assert isinstance(found, Draft), found
    return found


def data(**change: Any) -> Draft:
    return good(data={**GOOD["data"], **change})


def faults(raw: Any) -> list[tuple[str, str]]:
    found = read_event(raw, CATALOGUE)
    assert isinstance(found, list), found
    return [(one.pointer, one.message) for one in found]


def test_the_example_of_the_interfaces_is_read():
    found = good()
    assert (found.source, found.id, found.type, found.subject) == ("portal", "e-1001", REDELIVERY, "SR-00012345")
    assert found.time_at == datetime(2026, 11, 23, 9, 14, tzinfo=UTC)
    assert found.data == GOOD["data"]
    assert found.unknown == ()


def test_a_missing_time_becomes_the_acceptance_time():
    bare = {key: value for key, value in GOOD.items() if key != "time"}
    found = read_event(bare, CATALOGUE)
    assert isinstance(found, Draft)
    assert found.time_at is None
    at = datetime(2026, 11, 24, tzinfo=UTC)
    assert found.as_event(at).time_at == at


@pytest.mark.parametrize(
    ("name", "resolved"),
    [
        (REDELIVERY, REDELIVERY),
        (f"io.callboard.{REDELIVERY}", REDELIVERY),
        (f"io.callboard.{REDELIVERY}.v1", REDELIVERY),
        (f"{REDELIVERY}.v12", REDELIVERY),
        (f"com.acme.{REDELIVERY}", None),
        (f"{REDELIVERY}.v", None),
        (f"{REDELIVERY}.1", None),
        (f"{REDELIVERY}.v1.v1", None),
        ("delivery", None),
        (REDELIVERY.upper(), None),
        ("", None),
        (3, None),
    ],
)
def test_the_type_may_carry_the_catalogues_prefix_and_a_version(name: Any, resolved: str | None):
    assert resolve_type(name, CATALOGUE) == resolved


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
@pytest.mark.parametrize("how", ["absent", "null"])
def test_required_attributes(name: str, how: str):
    raw = {**GOOD, name: None}
    if how == "absent":
        del raw[name]
    assert faults(raw) == [(f"/{name}", "is missing; CloudEvents 1.0 requires it")]


@pytest.mark.parametrize(
    ("change", "pointer", "said"),
    [
        ({"specversion": "0.3"}, "/specversion", "'0.3' is not supported; send 1.0"),
        ({"specversion": 1.0}, "/specversion", "must be a text, not a number"),
        ({"id": ""}, "/id", "must not be empty"),
        ({"id": 7}, "/id", "must be a text, not a number"),
        ({"id": "a\nb"}, "/id", "holds a control character"),
        ({"source": ""}, "/source", "must not be empty"),
        ({"source": "a\x7f"}, "/source", "holds a control character"),
        ({"type": "nobody.knows"}, "/type", "'nobody.knows' is not an event type of the catalogue"),
        ({"type": ["x"]}, "/type", "must be a text, not a list"),
        ({"subject": 3}, "/subject", "must be a text, not a number"),
        ({"subject": ""}, "/subject", "must not be empty"),
        ({"subject": "a\x00"}, "/subject", "holds a control character"),
        ({"time": "2026-11-23"}, "/time", "is not an RFC 3339 timestamp"),
        ({"time": "2026-13-23T00:00:00Z"}, "/time", "is not a point in time"),
        ({"time": 1763889240}, "/time", "must be a text, not a number"),
        ({"datacontenttype": "text/xml"}, "/datacontenttype", "must be application/json"),
        ({"data_base64": "e30="}, "/data_base64", "is not supported; send data as a JSON object"),
        ({"data": []}, "/data", "must be an object, not a list"),
        ({"data": "x"}, "/data", "must be an object, not a text"),
        ({"Colour": "x"}, "/Colour", "is not a CloudEvents attribute"),
        ({"a/b~c": "x"}, "/a~1b~0c", "is not a CloudEvents attribute"),
        ({"traceparent": {"a": 1}}, "/traceparent", "an extension attribute cannot be an object"),
        ({"data": {"severity": ["Blocker"]}}, "/data/severity", "Severity takes one value, not a list"),
        ({"data": {"severity": 3}}, "/data/severity", "Severity must be a text, not a number"),
        ({"data": {"redelivery_round": "2"}}, "/data/redelivery_round", "must be a whole number, not a text"),
        ({"data": {"redelivery_round": 2.5}}, "/data/redelivery_round", "must be a whole number"),
        ({"data": {"redelivery_round": True}}, "/data/redelivery_round", "must be a whole number, not true/false"),
        ({"data": {"error_overridable": "true"}}, "/data/error_overridable", "must be true or false, not a text"),
        ({"data": {"error_overridable": 0}}, "/data/error_overridable", "must be true or false, not a number"),
        ({"data": {"due_date": "2026-02-30"}}, "/data/due_date", "is not a calendar date"),
        ({"data": {"due_date": "2026-02-03T00:00:00Z"}}, "/data/due_date", "is not a date like"),
        ({"data": {"due_date": 20260203}}, "/data/due_date", "must be a text, not a number"),
        ({"data": {"title_id": [1]}}, "/data/title_id", "must be a text, not a number"),
        ({"data": {"tags": ["Rush", None]}}, "/data/tags", "must be a text, not null"),
        ({"data": {"tags": [["Rush"]]}}, "/data/tags", "takes one value, not a list"),
        ({"data": {"content_partner": {}}}, "/data/content_partner", "must be a text, not an object"),
        ({"data": {"mentions": [3]}}, "/data/mentions", "must be a list of texts"),
        ({"data": {"title_names": [None]}}, "/data/title_names", "must be a list of texts"),
        ({"data": {"actor": 3}}, "/data/actor", "must be an e-mail address, not a number"),
    ],
)
def test_each_bad_value_is_one_fault(change: dict[str, Any], pointer: str, said: str):
    ((at, message),) = faults({**GOOD, **change})
    assert at == pointer
    assert said in message


@pytest.mark.parametrize("raw", [None, [], "x", 3])
def test_an_event_is_an_object(raw: Any):
    ((at, message),) = faults(raw)
    assert at == ""
    assert "an event must be an object" in message


def test_all_faults_of_an_event_are_said_at_once():
    raw = {**GOOD, "id": "", "type": "x", "data": {"severity": 3, "redelivery_round": "x"}}
    assert [at for at, _ in faults(raw)] == ["/id", "/type", "/data/severity", "/data/redelivery_round"]


def test_a_single_value_of_a_multiple_field_counts_as_a_list_of_one():
    assert data(title_id="90000002", tags="Rush").data["title_id"] == ["90000002"]
    assert data(title_id="90000002").digest == data(title_id=["90000002"]).digest


def test_nulls_and_unknown_keys_are_kept():
    found = data(severity=None, tags=None, portal_thing={"a": [1, None]})
    assert found.data["severity"] is None
    assert found.data["portal_thing"] == {"a": [1, None]}


def test_unknown_enum_values_are_kept_and_told():
    found = data(severity="Catastrophe", tags=["Rush", "New"], content_partner="unknown-house")
    assert found.data["severity"] == "Catastrophe"
    assert sorted(found.unknown) == [("severity", "Catastrophe"), ("tags", "New")]


def test_control_characters_in_data_and_subject_are_kept():
    assert data(title="a\nb\x07").data["title"] == "a\nb\x07"
    assert good(subject="a\nb").subject == "a\nb"


def test_extension_attributes_are_taken_and_do_not_make_it_another_event():
    assert good(traceparent="00-1", sequence=3, flag=True, gone=None).digest == good().digest


@pytest.mark.parametrize(
    "change",
    [{"subject": "SR-2"}, {"time": "2026-11-23T09:15:00Z"}, {"data": {}}, {"type": "delivery.processed"}],
)
def test_other_content_has_another_digest_under_the_same_key(change: dict[str, Any]):
    assert good(**change).key == good().key
    assert good(**change).digest != good().digest


def test_the_same_instant_written_otherwise_is_the_same_content():
    assert good(time="2026-11-23T10:14:00.000+01:00").digest == good().digest
    assert good(type=f"io.callboard.{REDELIVERY}.v1").digest == good().digest


def test_source_and_id_make_the_key_without_running_into_each_other():
    assert event_key("ab", "c") != event_key("a", "bc")
    assert event_key("1:a", "b") != event_key("1", ":ab")


def test_an_event_may_have_256_kib():
    room = MAX_EVENT_BYTES - len(json.dumps({**GOOD, "data": {"note": ""}}))
    fits = json.dumps({**GOOD, "data": {"note": "x" * room}}).encode()
    assert len(fits) == MAX_EVENT_BYTES == 262_144
    assert isinstance(read_line(fits, CATALOGUE), Draft)
    found = read_line(fits + b" ", CATALOGUE)
    assert isinstance(found, list)
    assert found[0].message == "has 262145 bytes; an event may have 262144"


@pytest.mark.parametrize(
    "raw",
    [b'{"id": "a", "id": "b"}', b'{"data": NaN}', b'"\xff"', b'{"data": {"title": "\\u0000"}}', b"{", b'"\\ud800"'],
)
def test_a_line_that_is_no_strict_json_is_one_fault(raw: bytes):
    found = read_line(raw, CATALOGUE)
    assert isinstance(found, list)
    assert [one.pointer for one in found] == [""]


def test_a_batch_tells_which_event_is_at_fault():
    raw = json.dumps([GOOD, {**GOOD, "id": ""}, GOOD, 3]).encode()
    found = read_batch(raw, CATALOGUE)
    assert [(one.pointer, one.index) for one in found] == [("/1/id", 1), ("/3", 3)]  # type: ignore[union-attr]


def test_a_batch_has_at_most_1000_events():
    small = {key: GOOD[key] for key in ("specversion", "id", "source", "type")}
    assert len(read_batch(json.dumps([small] * 1000).encode(), CATALOGUE)) == 1000
    (fault,) = read_batch(json.dumps([small] * 1001).encode(), CATALOGUE)
    assert "has 1001 events; a batch may have 1000" in fault.message  # type: ignore[union-attr]
    (fault,) = read_batch(json.dumps(small).encode(), CATALOGUE)
    assert "a batch must be a list" in fault.message  # type: ignore[union-attr]


HEADERS = [("ce-specversion", "1.0"), ("CE-ID", "e-1"), ("ce-source", "portal"), ("Ce-Type", REDELIVERY)]


def test_binary_mode_reads_headers_and_body():
    found = read_binary([*HEADERS, ("ce-subject", '"S%C3%A3o \\"x\\""'), ("host", "x")], b'{"title": "T"}', CATALOGUE)
    assert isinstance(found, Draft)
    assert (found.id, found.subject, found.data) == ("e-1", 'São "x"', {"title": "T"})


@pytest.mark.parametrize(
    ("more", "body", "pointer"),
    [
        ([("ce-subject", "%ff")], b"{}", "/subject"),
        ([("ce-data", "{}")], b"", "/data"),
        ([], b"{", "/data"),
        ([], b"[]", "/data"),
        ([("ce-time", "now")], b"{}", "/time"),
        ([], b'"' + b"x" * MAX_EVENT_BYTES, ""),
    ],
)
def test_binary_mode_faults(more: list[tuple[str, str]], body: bytes, pointer: str):
    found = read_binary([*HEADERS, *more], body, CATALOGUE)
    assert isinstance(found, list)
    assert [one.pointer for one in found] == [pointer]


def test_what_the_official_sdk_sends_is_read():
    attributes = {"id": "e-1001", "source": "portal", "type": REDELIVERY, "specversion": "1.0", "subject": "SR-1"}
    sent = CloudEvent(attributes=attributes, data={"title": "Æ"})
    found = read_line(bytes(to_structured_event(sent).body), CATALOGUE)
    assert isinstance(found, Draft)
    assert (found.key, found.data) == (event_key("portal", "e-1001"), {"title": "Æ"})
