"""Bodies and refusals as the OpenAPI document describes them: exactly, from the catalogue in force."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from callboard.api.problems import MEDIA_TYPE, TYPES, URN
from callboard.base.reasons import Frequency
from callboard.base.texts import MAX_NAME
from callboard.catalogue.conditions import MAX_DAYS, OPERATORS
from callboard.catalogue.values import Catalogue, EventType, Field, FieldType
from callboard.intake.cloudevents import MAX_BATCH
from callboard.preferences.rules import MAX_CONDITIONS

_UNCONTROLLED = "^[^\\u0000-\\u001f\\u007f-\\u009f]+$"
_LINE = "\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029"
_SPACE = " \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000"
_NAME = f"^([^{_LINE}]*[^{_LINE}{_SPACE}][^{_LINE}]*)?$"
_LANGUAGE_TAG = "^[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*$"
_LANGUAGE_RANGE = "^(\\*|[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)$"


def ref(name: str) -> dict[str, str]:
    """Return a reference to a schema of the document."""
    return {"$ref": f"#/components/schemas/{name}"}


def problems(*statuses: int) -> dict[int, Any]:
    """Return the `responses` of an operation that can refuse with these statuses."""
    return {status: {"$ref": f"#/components/responses/Problem{status}"} for status in statuses}


def json_body(schema: str, *, required: bool = True) -> dict[str, Any]:
    """Return the `requestBody` of one JSON object."""
    return {"required": required, "content": {"application/json": {"schema": ref(schema)}}}


EVENT_BODIES: dict[str, Any] = {
    "required": True,
    "description": "Structured, batched, or binary: then the attributes come as ce- headers (ce-specversion, ce-id,"
    " ce-source, ce-type, ce-subject, ce-time), percent-encoded, and the body is the data alone."
    " At most 16 MiB, an event at most 256 KiB. Read strictly: UTF-8 without U+0000, no duplicate keys, no NaN.",
    "content": {
        "application/cloudevents+json": {"schema": ref("CloudEvent")},
        "application/cloudevents-batch+json": {
            "schema": {"type": "array", "maxItems": MAX_BATCH, "items": ref("CloudEvent")}
        },
        "application/json": {"schema": ref("EventData")},
    },
}


def problem_responses() -> dict[str, Any]:
    """Return the document's shared responses: one for each status that a problem has."""
    found: dict[str, Any] = {}
    for status in sorted({status for status, _ in TYPES.values()}):
        words = [word for word, (one, _) in TYPES.items() if one == status]
        response: dict[str, Any] = {
            "description": "; ".join(f"{TYPES[word][1]} (`{URN}{word}`)" for word in words),
            "content": {MEDIA_TYPE: {"schema": ref("Problem")}},
        }
        if status in (429, 503):  # RFC 6585 4, RFC 9110 15.6.4
            response["headers"] = {"Retry-After": {"required": True, "schema": {"type": "integer"}}}
        found[f"Problem{status}"] = response
    return found


def schemas(catalogue: Catalogue) -> dict[str, Any]:
    """Return the document's schemas that are made by hand, those of the catalogue included."""
    types = list(catalogue.event_types.values())
    found: dict[str, Any] = {
        "Problem": _problem(),
        "CloudEvent": _cloud_event(catalogue),
        "EventData": _event_data(catalogue),
        "NotificationIn": {"anyOf": [_notification(one) for one in types], **_example_asked(types, catalogue)},
        "NotificationPatch": _patch(catalogue),
        "PreviewIn": {"anyOf": [_preview(one) for one in types], **_example_asked(types, catalogue)},
        "WhatIfIn": _what_if(catalogue),
        "InviteIn": _member(catalogue, ("email", "name", "partner", "roles")),
        "MemberIn": _member(catalogue, ()),
        "StandInIn": _object(
            {
                "delegate": {"type": "string", "description": "e-mail address of an active colleague"},
                "from": _or_null(_instant()) | {"description": "null or absent, or in the past: from now"},
                "until": _instant() | {"description": "in the future, at most 366 days from now"},
            },
            ["delegate", "until"],
        ),
        "MuteIn": _object({"until": {"anyOf": [_instant(), {"type": "null"}], "description": "null: until unmuted"}}),
    }
    for field in catalogue.fields.values():
        found[f"Condition.{field.key}"] = {"title": field.label, "anyOf": list(_conditions(field))}
    return found


def _member(catalogue: Catalogue, new: tuple[str, ...]) -> dict[str, Any]:
    """Return what is said of one of a Master's people: all of somebody `new`, else what changes."""
    some_name = {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": _NAME}
    parts: dict[str, Any] = {
        "roles": {"type": "array", "items": {"enum": list(catalogue.roles)}},
        "partner": some_name | {"description": "the id of one of your partners"},
    }
    if not new:
        return _object(parts | {"active": {"type": "boolean"}}, [])
    email = {"type": "string", "format": "email", "maxLength": 254}
    return _object({"email": email, "name": some_name} | parts, list(new))


def _what_if(catalogue: Catalogue) -> dict[str, Any]:
    some_name = {"type": "string", "minLength": 1, "maxLength": MAX_NAME, "pattern": _NAME}
    parts = {
        "email": {"type": "string", "description": "whom it is about; an unknown address is somebody new"},
        "roles": {"type": "array", "items": {"enum": list(catalogue.roles)}},
        "partner": some_name | {"description": "the id of the partner to move to"},
        "active": {"type": "boolean"},
    }
    return _object(parts, ["email"])


def _problem() -> dict[str, Any]:
    fault = _object(
        {
            "pointer": {"type": "string", "description": "JSON pointer of what is wrong; empty: the whole"},
            "parameter": {"type": "string", "description": "name of the query's or path's parameter at fault"},
            "index": {"type": "integer", "minimum": 0, "description": "the event's position in a batch"},
            "detail": {"type": "string"},
        },
        ["pointer", "detail"],
    )
    return {
        "description": "RFC 9457. `type` is stable: programs may rely on it.",
        **_object(
            {
                "type": {"enum": [URN + word for word in TYPES]},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "errors": {"type": "array", "items": fault},
            },
            ["type", "title", "status", "detail"],
        ),
    }


def _object(properties: dict[str, Any], required: Iterable[str] = ()) -> dict[str, Any]:
    found: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": list(required)} if required else {})


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _instant() -> dict[str, Any]:
    return {"type": "string", "format": "date-time"}


def _cloud_event(catalogue: Catalogue) -> dict[str, Any]:
    text = {"type": "string", "pattern": _UNCONTROLLED}
    types = "|".join(one.replace(".", "\\.") for one in catalogue.event_types)
    prefix = f"({catalogue.type_prefix.replace('.', chr(92) + '.')})?" if catalogue.type_prefix else ""
    extension = {"type": ["string", "integer", "boolean", "null"]}
    return {
        "type": "object",
        "description": "CloudEvents 1.0. (source, id) identifies the event. Other attributes are extensions.",
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": text,
            "source": text,
            "type": {"type": "string", "pattern": f"^{prefix}({types})(\\.v[0-9]{{1,9}})?$"},
            "subject": _or_null({"type": "string", "minLength": 1}),
            "time": _or_null(_instant()) | {"description": "missing: the instant of acceptance"},
            "datacontenttype": {"enum": ["application/json", None]},
            "dataschema": _or_null(text),
            "data": _or_null(ref("EventData")),
        },
        "propertyNames": {"pattern": "^[a-z0-9]{1,64}$"},
        "additionalProperties": extension,
        "examples": [_example_event(catalogue)],
    }


def _example_event(catalogue: Catalogue) -> dict[str, Any]:
    first = next(iter(catalogue.event_types.values()))
    said = [(key, catalogue.fields[key].values[0]) for key in first.fields if catalogue.fields[key].values]
    return {
        "specversion": "1.0",
        "id": "e-1001",
        "source": "portal",
        "type": first.id,
        "subject": "SR-00012345",
        "time": "2026-11-23T09:14:00Z",
        "data": dict(said[:2]),
    }


def _example_asked(types: Iterable[EventType], catalogue: Catalogue) -> dict[str, Any]:
    """Return an example that asks for the first value of a field, or nothing when no field has values."""
    for one in types:
        for field in (catalogue.fields[key] for key in one.fields):
            if field.values:
                where = [{"field": field.key, "op": "any_of", "value": [field.values[0]]}]
                return {"examples": [{"event_type": one.id, "where": where, "frequency": one.frequencies[0].value}]}
    return {}


def _event_data(catalogue: Catalogue) -> dict[str, Any]:
    texts = {"anyOf": [{"type": ["string", "null"]}, {"type": "array", "items": {"type": "string"}}]}
    said: dict[str, Any] = {
        "mentions": texts | {"description": "addresses of the persons mentioned"},
        "title_names": texts | {"description": "names, parallel to title_id"},
        "actor": {"type": ["string", "null"], "description": "address of the person who caused the event"},
    }
    values: dict[FieldType, dict[str, Any]] = {
        FieldType.INTEGER: {"type": "integer"},
        FieldType.BOOLEAN: {"type": "boolean"},
        FieldType.DATE: {"type": "string", "format": "date"},
    }
    for field in catalogue.fields.values():
        one = values.get(field.type, {"type": "string"})
        either = [one, {"type": "null"}] + ([{"type": "array", "items": one}] if field.multiple else [])
        said[field.key] = {"title": field.label, "anyOf": either}
    return {
        "type": "object",
        "description": "Field keys of the catalogue. Other keys are kept; unknown enum values are taken.",
        "properties": said,
        "additionalProperties": True,
        "examples": [_example_event(catalogue)["data"]],
    }


def _conditions(field: Field) -> Iterable[dict[str, Any]]:
    by_value: dict[str, tuple[dict[str, Any], list[str]]] = {}
    for op in OPERATORS[field.type]:
        schema = _value(field, op)
        by_value.setdefault(str(schema), (schema, []))[1].append(op)
    for schema, operators in by_value.values():
        parts = {"field": {"const": field.key}, "op": {"enum": operators}, "value": schema}
        yield _object(parts, ["field", "op", "value"])


def _value(field: Field, op: str) -> dict[str, Any]:
    whole, day = {"type": "integer"}, {"type": "string", "format": "date"}
    match op:
        case "any_of" | "none_of" | "any_of_incl":
            one: dict[str, Any] = {"type": "string"}
            if field.type is FieldType.ENUM:
                one = {"enum": list(field.values)}
            elif field.type is FieldType.LANGUAGE:
                one["pattern"] = _LANGUAGE_RANGE if op == "any_of_incl" else _LANGUAGE_TAG
            return {"type": "array", "minItems": 1, "items": one}
        case "between":
            said = "[low, high], both included"
            return {"type": "array", "items": whole, "minItems": 2, "maxItems": 2, "description": said}
        case "within_days":
            return whole | {"minimum": 0, "maximum": MAX_DAYS}
        case "overdue":
            return {"const": True}
        case "is":
            return {"type": "boolean"}
        case "before" | "after":
            return day
    return whole if field.type is FieldType.INTEGER else {"type": "string"}


def _where(fields: Iterable[str]) -> dict[str, Any]:
    items = {"anyOf": [ref(f"Condition.{key}") for key in fields]}
    return {"type": "array", "minItems": 1, "maxItems": MAX_CONDITIONS, "items": items}


def _name() -> dict[str, Any]:
    said = "empty: the label is made from the conditions"
    return {"type": "string", "maxLength": MAX_NAME, "pattern": _NAME, "description": said}


def _muting() -> dict[str, Any]:
    return {"muted": {"type": "boolean"}, "muted_until": _or_null(_instant())}


_UNTIL_NEEDS_MUTED: dict[str, Any] = {
    "anyOf": [
        {"properties": {"muted_until": {"type": "null"}}},
        {"properties": {"muted": {"const": True}}, "required": ["muted"]},
    ]
}


def _asked(one: EventType) -> dict[str, Any]:
    return {
        "event_type": {"const": one.id},
        "where": _where(one.fields),
        "frequency": {"enum": [each.value for each in one.frequencies]},
    }


def _notification(one: EventType) -> dict[str, Any]:
    required = ["event_type", "where", "frequency"]
    parts = {"name": _name(), **_asked(one), **_muting()}
    return {"title": one.label, **_object(parts, required), **_UNTIL_NEEDS_MUTED}


def _preview(one: EventType) -> dict[str, Any]:
    required = ["event_type", "where", "frequency"]
    return {"title": one.label, **_object({"name": _name(), **_asked(one)}, required)}


def _patch(catalogue: Catalogue) -> dict[str, Any]:
    parts = {
        "name": _name(),
        "event_type": {"enum": list(catalogue.event_types)},
        "where": _where(catalogue.fields),
        "frequency": {"enum": [one.value for one in Frequency]},
        **_muting(),
        "version": {"type": "integer", "minimum": 1, "description": "the version that was edited; else 409"},
    }
    return _object(parts) | _UNTIL_NEEDS_MUTED
