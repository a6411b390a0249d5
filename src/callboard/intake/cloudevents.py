"""CloudEvents 1.0 as the portal sends them, checked into drafts that the event log can keep.

Plain: no Django, no I/O. The official SDK is not used here because it invents a missing id
and time, where a missing id must be refused; the tests use it as a sender.
Source: CloudEvents 1.0.2 (attributes), HTTP binding 1.0.2 3.1 (binary mode).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias
from urllib.parse import unquote_to_bytes

from callboard.base import strict_json
from callboard.base.errors import Fault
from callboard.base.instants import format_instant, parse_date, parse_instant
from callboard.base.texts import kind_of
from callboard.catalogue.values import Catalogue, Event, Field, FieldType

MAX_EVENT_BYTES = 256 * 1024
"""Size of one event. Source: interfaces 4.3."""
_SURELY_STORED_BYTES = 16 * 1024
"""A text of so many bytes can not become longer than an event may be: a number grows fivefold at most."""
MAX_BATCH = 1_000
"""Events of one HTTP batch. Source: interfaces 6."""
MAX_BODY_BYTES = 16 * 1024 * 1024
"""Size of one HTTP body. Source: interfaces 6."""

OWN_SOURCE = "callboard"
"""The source of what happens here and not in the portal."""

_ATTRIBUTE = re.compile(r"[a-z0-9]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_VERSION = re.compile(r"\.v\d{1,9}")
_JSON_TYPE = re.compile(r"(application|text)/([\w.-]+\+)?json\s*(;.*)?", re.IGNORECASE)
_OTHERS = ("mentions", "title_names", "actor")
_USUAL = frozenset(("specversion", "id", "source", "type", "subject", "time", "data"))
_TEXTS = ("id", "source", "type", "specversion", "subject", "time", "datacontenttype", "dataschema")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A checked event that is not stored yet. `time_at` is None when the portal did not say.

    `text` is what the event log keeps of data, `digest` tells whether two events under one
    (source, id) say the same.
    """

    key: str
    source: str
    id: str
    type: str
    subject: str | None
    time_at: datetime | None
    data: Mapping[str, Any]
    text: str
    digest: str
    unknown: tuple[tuple[str, str], ...]

    def as_event(self, accepted_at: datetime, number: int = 0) -> Event:
        """Return the event as accepted at `accepted_at`."""
        return Event(
            number=number,
            key=self.key,
            source=self.source,
            id=self.id,
            type=self.type,
            subject=self.subject,
            time_at=self.time_at or accepted_at,
            accepted_at=accepted_at,
            data=self.data,
        )


Said: TypeAlias = tuple[str, datetime | None, dict[str, Any]]
"""An event's type, time and data."""


def event_key(source: str, id: str) -> str:  # noqa: A002 - the CloudEvents word
    """Return the 32 hex digits that identify (source, id); they reveal neither."""
    return hashlib.blake2b(f"{len(source)}:{source}{id}".encode(), digest_size=16).hexdigest()


def read_line(raw: bytes, catalogue: Catalogue) -> Draft | list[Fault]:
    """Return the event of one JSON text, or every fault in it."""
    if len(raw) > MAX_EVENT_BYTES:
        return [Fault("", f"has {len(raw)} bytes; an event may have {MAX_EVENT_BYTES}")]
    try:
        return read_event(strict_json.loads(raw), catalogue)
    except strict_json.StrictJSONError as exc:
        return [Fault("", str(exc))]


def read_batch(raw: bytes, catalogue: Catalogue) -> list[Draft] | list[Fault]:
    """Return the events of a JSON array, or every fault with its event's index."""
    try:
        items = strict_json.loads(raw)
    except strict_json.StrictJSONError as exc:
        return [Fault("", str(exc))]
    if not isinstance(items, list):
        return [Fault("", f"a batch must be a list of events, not {kind_of(items)}")]
    if len(items) > MAX_BATCH:
        return [Fault("", f"has {len(items)} events; a batch may have {MAX_BATCH}")]
    drafts: list[Draft] = []
    faults: list[Fault] = []
    for index, item in enumerate(items):
        found = read_event(item, catalogue)
        if isinstance(found, Draft):
            drafts.append(found)
        else:
            faults += [Fault(f"/{index}{fault.pointer}", fault.message, index) for fault in found]
    return faults or drafts


def read_binary(headers: Iterable[tuple[str, str]], body: bytes, catalogue: Catalogue) -> Draft | list[Fault]:
    """Return the event of an HTTP request in binary mode: `ce-*` headers, data as the body."""
    attributes: dict[str, Any] = {}
    for name, value in headers:
        lowered = name.lower()
        if lowered.startswith("ce-"):
            try:
                attributes[lowered[3:]] = unquote_to_bytes(_unquoted(value)).decode("utf-8")
            except UnicodeDecodeError:
                return [Fault(f"/{lowered[3:]}", f"the header {lowered} is not percent-encoded UTF-8")]
    if "data" in attributes or "data_base64" in attributes:
        return [Fault("/data", "data comes in the body in binary mode, not in a ce- header")]
    if len(body) > MAX_EVENT_BYTES:
        return [Fault("", f"has {len(body)} bytes; an event may have {MAX_EVENT_BYTES}")]
    if body:
        try:
            attributes["data"] = strict_json.loads(body)
        except strict_json.StrictJSONError as exc:
            return [Fault("/data", str(exc))]
    return read_event(attributes, catalogue)


def read_event(raw: Any, catalogue: Catalogue) -> Draft | list[Fault]:
    """Return the event of a JSON value in the CloudEvents JSON format, or every fault in it."""
    said = _said(raw, catalogue)
    return _draft(raw, said, catalogue) if isinstance(said, tuple) else said


def read_passing(raw: bytes, catalogue: Catalogue, accepted_at: datetime) -> Event | list[Fault]:
    """Return the event of one JSON text as `read_line` takes it, for whom nothing needs to be stored."""
    if len(raw) > _SURELY_STORED_BYTES:
        draft = read_line(raw, catalogue)
        return draft.as_event(accepted_at) if isinstance(draft, Draft) else draft
    try:
        value = strict_json.loads(raw)
    except strict_json.StrictJSONError as exc:
        return [Fault("", str(exc))]
    said = _said(value, catalogue)
    if not isinstance(said, tuple):
        return said
    event_type, time_at, data = said
    event = object.__new__(Event)  # a frozen value sets its fields one by one, which takes three times as long
    event.__dict__.update(
        number=0,
        key="",
        source=value["source"],
        id=value["id"],
        type=event_type,
        subject=value.get("subject"),
        time_at=time_at or accepted_at,
        accepted_at=accepted_at,
        data=data,
    )
    return event


def _said(raw: Any, catalogue: Catalogue) -> Said | list[Fault]:
    """Return the type, time and data of an event, checked, or every fault in it."""
    if not isinstance(raw, dict):
        return [Fault("", f"an event must be an object, not {kind_of(raw)}")]
    faults = [] if _is_usual(raw) else list(_attribute_faults(raw))
    event_type = resolve_type(raw.get("type"), catalogue)
    if isinstance(raw.get("type"), str) and event_type is None:
        faults.append(Fault("/type", f"{raw['type'][:200]!r} is not an event type of the catalogue"))
    time_at, time_fault = _time(raw.get("time"))
    faults += [time_fault] if time_fault else []
    data = raw.get("data")
    if data is not None and not isinstance(data, dict):
        faults.append(Fault("/data", f"must be an object, not {kind_of(data)}"))
        data = None
    checked = _checked_data(data or {}, catalogue, faults)
    return faults or (str(event_type), time_at, checked)


def _draft(raw: dict[str, Any], said: Said, catalogue: Catalogue) -> Draft | list[Fault]:
    event_type, time_at, checked = said
    text = strict_json.dumps(checked)
    if len(text.encode()) > MAX_EVENT_BYTES:
        return [Fault("/data", f"has {len(text.encode())} bytes; an event may have {MAX_EVENT_BYTES}")]
    content = [event_type, raw.get("subject"), format_instant(time_at) if time_at else None, text]
    return Draft(
        key=event_key(raw["source"], raw["id"]),
        source=raw["source"],
        id=raw["id"],
        type=event_type,
        subject=raw.get("subject"),
        time_at=time_at,
        data=checked,
        text=text,
        digest=hashlib.blake2b(strict_json.dumps(content).encode(), digest_size=16).hexdigest(),
        unknown=tuple(_unknown_values(checked, catalogue)),
    )


def resolve_type(name: Any, catalogue: Catalogue) -> str | None:
    """Return the catalogue's id for an event's type, without prefix and version (4.3), or None."""
    if not isinstance(name, str):
        return None
    if name in catalogue.event_types:
        return name
    bare = name.removeprefix(catalogue.type_prefix) if catalogue.type_prefix else name
    for candidate in (name, bare):
        if candidate in catalogue.event_types:
            return candidate
        head, dot, version = candidate.rpartition(".")
        if head in catalogue.event_types and _VERSION.fullmatch(dot + version):
            return head
    return None


def _is_usual(raw: dict[str, Any]) -> bool:
    """Return whether an event has the usual attributes and nothing strange in them; most have."""
    if not raw.keys() <= _USUAL or raw.get("specversion") != "1.0":
        return False
    for name in ("id", "source", "type"):
        value = raw.get(name)
        if type(value) is not str or not value or not value.isprintable():
            return False
    subject, time = raw.get("subject"), raw.get("time")
    return (subject is None or (type(subject) is str and subject != "" and subject.isprintable())) and (
        time is None or (type(time) is str and time != "" and time.isprintable())
    )


def _attribute_faults(raw: dict[str, Any]) -> Iterable[Fault]:
    for name in ("specversion", "id", "source", "type"):
        if raw.get(name) is None:
            yield Fault(f"/{name}", "is missing; CloudEvents 1.0 requires it")
    for name in _TEXTS:
        if raw.get(name) is not None and (fault := _text_fault(name, raw[name])):
            yield Fault(f"/{name}", fault)
    if "data_base64" in raw:
        yield Fault("/data_base64", "is not supported; send data as a JSON object")
    for name, value in raw.items():
        if name in _TEXTS or name in {"data", "data_base64"}:
            continue
        if not _ATTRIBUTE.fullmatch(name):
            yield Fault(
                f"/{_escaped(name)}", "is not a CloudEvents attribute; names have lower-case letters and digits"
            )
        elif isinstance(value, dict | list | float):
            yield Fault(f"/{name}", f"an extension attribute cannot be {kind_of(value)}")


def _text_fault(name: str, value: Any) -> str | None:
    """Return what is wrong with one of the defined attributes; a subject's control characters are kept (4.3)."""
    if not isinstance(value, str):
        return f"must be a text, not {kind_of(value)}"
    if not value:
        return "must not be empty"
    if "\x00" in value or (name != "subject" and not value.isprintable() and _CONTROL.search(value)):
        return "holds a control character"
    if name == "specversion" and value != "1.0":
        return f"{value[:20]!r} is not supported; send 1.0"
    if name == "datacontenttype" and not _JSON_TYPE.fullmatch(value):
        return "must be application/json"
    return None


def _time(value: Any) -> tuple[datetime | None, Fault | None]:
    if not isinstance(value, str) or not value:
        return None, None
    try:
        return parse_instant(value), None
    except ValueError as exc:
        return None, Fault("/time", str(exc))


def _checked_data(data: dict[str, Any], catalogue: Catalogue, faults: list[Fault]) -> dict[str, Any]:
    """Return the data with single values of `multiple` fields as lists; add what is wrong to `faults`."""
    checked = dict(data)
    plain_type_of = catalogue.plain_values.get
    for key, value in data.items():
        if type(value) is plain_type_of(key):
            continue
        field = catalogue.fields.get(key)
        if field is None or value is None:
            continue
        values = value if isinstance(value, list) and field.multiple else [value]
        if field.multiple:
            checked[key] = values
        for one in values:
            fault = _value_fault(field, one)
            if fault:
                faults.append(Fault(f"/data/{_escaped(key)}", fault))
                break
    if not data.keys().isdisjoint(_OTHERS):
        faults += _other_faults(data)
    return checked


def _other_faults(data: dict[str, Any]) -> Iterable[Fault]:
    """Yield what is wrong with the data that is no field of the catalogue."""
    for key in ("mentions", "title_names"):
        value = data.get(key)
        listed = value if isinstance(value, list) else [value]
        if value is not None and not all(isinstance(one, str) for one in listed):
            yield Fault(f"/data/{key}", "must be a list of texts")
    if data.get("actor") is not None and not isinstance(data["actor"], str):
        yield Fault("/data/actor", f"must be an e-mail address, not {kind_of(data['actor'])}")


def _value_fault(field: Field, value: Any) -> str | None:
    if isinstance(value, list):
        return f"{field.label} takes one value, not a list"
    match field.type:
        case FieldType.INTEGER:
            right = isinstance(value, int) and not isinstance(value, bool)
            return None if right else f"{field.label} must be a whole number, not {kind_of(value)}"
        case FieldType.BOOLEAN:
            return None if isinstance(value, bool) else f"{field.label} must be true or false, not {kind_of(value)}"
        case FieldType.DATE if isinstance(value, str):
            try:
                parse_date(value)
            except ValueError as exc:
                return f"{field.label}: {exc}"
            return None
        case _:
            return None if isinstance(value, str) else f"{field.label} must be a text, not {kind_of(value)}"


def _unknown_values(data: Mapping[str, Any], catalogue: Catalogue) -> Iterable[tuple[str, str]]:
    """Yield (field, value) for enum values the catalogue does not list: kept, and counted."""
    for key, value in data.items():
        field = catalogue.fields.get(key)
        if field and field.type is FieldType.ENUM and value is not None:
            for one in value if isinstance(value, list) else [value]:
                if one not in field.values:
                    yield key, one


def _unquoted(value: str) -> str:
    """Undo the quoting some senders put around a header value. Source: HTTP binding 3.1.3.2."""
    text = value.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _escaped(key: str) -> str:
    """Return a key as a JSON pointer token. Source: RFC 6901 3."""
    return key.replace("~", "~0").replace("/", "~1")[:200]
