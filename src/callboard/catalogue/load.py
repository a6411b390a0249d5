"""From TOML to frozen values. Every fault names the file, the key, what is wrong and what to do."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from callboard.base.errors import Fault, RejectedError
from callboard.base.reasons import FREQUENCIES, Frequency, Importance
from callboard.base.texts import kind_of, name_fault
from callboard.catalogue.conditions import read_condition
from callboard.catalogue.values import (
    Catalogue,
    Condition,
    Default,
    EventType,
    Field,
    FieldType,
    PartnerKind,
    Role,
)

_KEY = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TYPE_ID = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_TOP = {"type_prefix", "item_url", "fields", "event_types", "roles", "defaults"}
_FIELD_KEYS = {"label", "type", "values", "multiple"}
_TYPE_KEYS = {"label", "description", "group", "fields", "frequencies", "importance", "critical_when"}
_ROLE_KEYS = {"label", "kind", "sees"}
_DEFAULT_KEYS = {"event_type", "role", "frequency", "where"}
_SINGLE_ONLY = {FieldType.INTEGER, FieldType.DATE, FieldType.BOOLEAN}


def load_catalogue(path: Path) -> Catalogue:
    """Return the catalogue of a TOML file, or of all `*.toml` files of a folder, by name.

    Raises:
        RejectedError: one fault per mistake; `pointer` is `file: key`.
    """
    return _Reader().read(path)


class _Reader:
    """Collects every fault before giving up, so that one run shows all of them."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.origin: dict[str, str] = {}

    def read(self, path: Path) -> Catalogue:
        merged = self._merge(path)
        read = {key: self._field(key, raw) for key, raw in self._table(merged, "fields").items()}
        fields = {key: value for key, value in read.items() if value}
        self._stop_at_faults()
        types = {key: self._event_type(key, raw, fields) for key, raw in self._table(merged, "event_types").items()}
        roles = {key: self._role(key, raw) for key, raw in self._table(merged, "roles").items()}
        if not types:
            self._say("event_types", "is empty; a catalogue needs at least one event type", path.name)
        self._stop_at_faults()
        known_types = {key: value for key, value in types.items() if value}
        known_roles = {key: value for key, value in roles.items() if value}
        defaults = self._defaults(merged.get("defaults", []), known_types, known_roles, fields)
        item_url = self._text(merged, "item_url", "item_url", default="")
        if item_url and not item_url.startswith("https://"):
            self._say("item_url", "must begin with https://")
        prefix = self._text(merged, "type_prefix", "type_prefix", default="")
        self._stop_at_faults()
        return Catalogue(
            fields=fields,
            event_types=known_types,
            roles=known_roles,
            defaults=defaults,
            type_prefix=prefix,
            item_url=item_url,
        )

    def _merge(self, path: Path) -> dict[str, Any]:
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path]
        if not files:
            raise RejectedError(Fault(str(path), "holds no *.toml file"), type="catalogue")
        merged: dict[str, Any] = {}
        for file in files:
            for key, value in self._parse(file).items():
                if key not in _TOP:
                    self.faults.append(
                        Fault(f"{file.name}: {key}", f"is not part of a catalogue; use {', '.join(sorted(_TOP))}")
                    )
                else:
                    self._merge_key(merged, key, value, file.name)
        self._stop_at_faults()
        return merged

    def _parse(self, file: Path) -> dict[str, Any]:
        try:
            return tomllib.loads(file.read_bytes().decode("utf-8"))
        except OSError as exc:
            raise RejectedError(Fault(str(file), f"cannot be read: {exc.strerror}"), type="catalogue") from exc
        except UnicodeDecodeError as exc:
            raise RejectedError(
                Fault(str(file), f"is not UTF-8 at byte {exc.start}; save it as UTF-8"), type="catalogue"
            ) from exc
        except tomllib.TOMLDecodeError as exc:
            raise RejectedError(Fault(file.name, f"is not valid TOML: {exc}"), type="catalogue") from exc

    def _merge_key(self, merged: dict[str, Any], key: str, value: Any, file: str) -> None:
        here = merged.setdefault(key, {} if isinstance(value, dict) else [] if isinstance(value, list) else value)
        if isinstance(value, dict) and isinstance(here, dict):
            for name, inner in value.items():
                if name in here:
                    self._say(f"{key}.{name}", f"stands in {self.origin[f'{key}.{name}']} too; keep one of them", file)
                here[name] = inner
                self.origin[f"{key}.{name}"] = file
        elif isinstance(value, list) and isinstance(here, list):
            for inner in value:
                self.origin[f"{key}.{len(here)}"] = file
                here.append(inner)
        elif key in self.origin:
            self._say(key, f"stands in {self.origin[key]} too; keep one of them", file)
        self.origin.setdefault(key, file)

    def _say(self, key: str, message: str, file: str | None = None) -> None:
        parts = key.split(".")
        for length in range(len(parts), 0, -1):
            file = file or self.origin.get(".".join(parts[:length]))
        self.faults.append(Fault(f"{file}: {key}" if file else key, message))

    def _stop_at_faults(self) -> None:
        if self.faults:
            raise RejectedError(self.faults, type="catalogue")

    def _table(self, merged: dict[str, Any], key: str) -> dict[str, Any]:
        table = merged.get(key, {})
        if not isinstance(table, dict):
            self._say(key, f"must be a table, [{key}.name], not {kind_of(table)}")
            return {}
        return table

    def _record(self, where: str, raw: Any, allowed: set[str]) -> dict[str, Any] | None:
        if not isinstance(raw, dict):
            self._say(where, f"must be a table, not {kind_of(raw)}")
            return None
        for key in sorted(set(raw) - allowed):
            self._say(f"{where}.{key}", f"is not known here; use {', '.join(sorted(allowed))}")
        return raw

    def _text(self, raw: dict[str, Any], key: str, where: str, default: str | None = None) -> str:
        value = raw.get(key, default)
        fault = None if value == default and default is not None else name_fault(value)
        if key not in raw and default is None:
            fault = "is missing; give it a text"
        if fault:
            self._say(where, fault)
            return ""
        return str(value)

    def _choice(self, raw: dict[str, Any], key: str, where: str, choices: tuple[str, ...]) -> str:
        value = raw.get(key)
        if value not in choices:
            said = "is missing" if key not in raw else f"{value!r} is not known"
            self._say(where, f"{said}; use one of {', '.join(choices)}")
            return choices[0]
        return str(value)

    def _texts(self, raw: dict[str, Any], key: str, where: str, default: list[str] | None = None) -> tuple[str, ...]:
        value = raw.get(key, default)
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            self._say(where, "must be a list of texts" if key in raw else "is missing; give it a list of texts")
            return ()
        for position, one in enumerate(value):
            if one in value[:position]:
                self._say(where, f"names {one!r} twice; remove one")
        return tuple(value)

    def _field(self, key: str, raw: Any) -> Field | None:
        where = f"fields.{key}"
        if not _KEY.fullmatch(key):
            self._say(where, "is not a usable key; use lower-case letters, digits and _")
        record = self._record(where, raw, _FIELD_KEYS)
        if record is None:
            return None
        type_ = FieldType(self._choice(record, "type", f"{where}.type", tuple(FieldType)))
        label = self._text(record, "label", f"{where}.label")
        if record.get("type") != type_:
            return None  # whether the rest is right depends on the type
        values = self._texts(record, "values", f"{where}.values", default=[])
        multiple = record.get("multiple", False)
        if not isinstance(multiple, bool):
            self._say(f"{where}.multiple", "must be true or false")
        elif multiple and type_ in _SINGLE_ONLY:
            self._say(f"{where}.multiple", f"cannot be true for type {type_}; only codes and texts come in lists")
        if type_ is FieldType.ENUM and not values:
            self._say(f"{where}.values", "must name the codes of the enum")
        if values and type_ not in {FieldType.ENUM, FieldType.LANGUAGE}:
            self._say(f"{where}.values", f"cannot be given for type {type_}; remove it")
        return Field(
            key=key,
            label=label,
            type=type_,
            values=values,
            multiple=bool(multiple),
        )

    def _event_type(self, key: str, raw: Any, fields: dict[str, Any]) -> EventType | None:
        where = f"event_types.{key}"
        if not _TYPE_ID.fullmatch(key):
            self._say(where, "is not a usable id; write it like delivery.redelivery_requested, quoted")
        record = self._record(where, raw, _TYPE_KEYS)
        if record is None:
            return None
        used = self._texts(record, "fields", f"{where}.fields")
        for one in used:
            if one not in fields:
                self._say(f"{where}.fields", f"names {one!r}, which is no field; define [fields.{one}] or remove it")
        frequencies = self._frequencies(record, where)
        importance = Importance(self._choice(record, "importance", f"{where}.importance", tuple(Importance)))
        found = EventType(
            id=key,
            label=self._text(record, "label", f"{where}.label"),
            description=self._text(record, "description", f"{where}.description", default=""),
            group=self._text(record, "group", f"{where}.group", default="Other"),
            fields=tuple(one for one in used if one in fields),
            frequencies=frequencies,
            importance=importance,
        )
        critical = self._conditions(record.get("critical_when", []), f"{where}.critical_when", found, fields)
        if critical and importance is not Importance.STANDARD:
            self._say(f"{where}.critical_when", f"needs importance standard, not {importance}")
        return EventType(**{name: getattr(found, name) for name in found.__slots__} | {"critical_when": critical})

    def _frequencies(self, record: dict[str, Any], where: str) -> tuple[Frequency, ...]:
        found = self._texts(record, "frequencies", f"{where}.frequencies")
        for one in found:
            if one not in FREQUENCIES:
                self._say(f"{where}.frequencies", f"{one!r} is not a frequency; use {', '.join(FREQUENCIES)}")
        if "frequencies" in record and not found:
            self._say(f"{where}.frequencies", "must name at least one frequency")
        return tuple(one for one in FREQUENCIES if one in found)

    def _role(self, key: str, raw: Any) -> Role | None:
        where = f"roles.{key}"
        if not _KEY.fullmatch(key):
            self._say(where, "is not a usable key; use lower-case letters, digits and _")
        record = self._record(where, raw, _ROLE_KEYS)
        if record is None:
            return None
        sees = self._texts(record, "sees", f"{where}.sees")
        for one in sees:
            if "*" in one and one != "*" and not (one.endswith(".*") and "*" not in one[:-1]):
                self._say(f"{where}.sees", f"{one!r} is not understood; use *, an event type, or a prefix and .*")
        kind = PartnerKind(self._choice(record, "kind", f"{where}.kind", tuple(PartnerKind)))
        return Role(id=key, label=self._text(record, "label", f"{where}.label"), kind=kind, sees=sees)

    def _defaults(
        self, raw: Any, types: dict[str, EventType], roles: dict[str, Role], fields: dict[str, Any]
    ) -> dict[str, Default]:
        found: dict[str, Default] = {}
        if not isinstance(raw, list):
            self._say("defaults", "must be written as [[defaults]]")
            return found
        for position, one in enumerate(raw):
            default = self._default(f"defaults.{position}", one, types, roles, fields)
            if default and default.id in found:
                self._say(f"defaults.{position}", f"is the second Default {default.id}; keep one")
            elif default:
                found[default.id] = default
        return found

    def _default(
        self, where: str, raw: Any, types: dict[str, EventType], roles: dict[str, Role], fields: dict[str, Any]
    ) -> Default | None:
        record = self._record(where, raw, _DEFAULT_KEYS)
        if record is None:
            return None
        type_id, role_id = record.get("event_type"), record.get("role")
        type_ = types.get(type_id) if isinstance(type_id, str) else None
        role = roles.get(role_id) if isinstance(role_id, str) else None
        if not type_:
            self._say(f"{where}.event_type", f"{type_id!r} is not an event type of this catalogue")
        if not role:
            self._say(f"{where}.role", f"{role_id!r} is not a role of this catalogue")
        if not type_ or not role:
            return None
        if not role.sees_type(type_.id):
            self._say(f"{where}.role", f"{role.id} does not see {type_.id}; add it to roles.{role.id}.sees")
        frequency = self._choice(record, "frequency", f"{where}.frequency", tuple(type_.frequencies) or FREQUENCIES)
        conditions = self._conditions(record.get("where", []), f"{where}.where", type_, fields)
        return Default(event_type=type_.id, role=role.id, frequency=Frequency(frequency), where=conditions)

    def _conditions(self, raw: Any, where: str, type_: EventType, fields: dict[str, Any]) -> tuple[Condition, ...]:
        if not isinstance(raw, list):
            self._say(where, f"must be a list of conditions, not {kind_of(raw)}")
            return ()
        found: list[Condition] = []
        for position, one in enumerate(raw):
            condition = read_condition(one, type_, fields, "")
            if isinstance(condition, Condition):
                found.append(condition)
            else:
                for fault in condition:
                    self._say(f"{where}.{position}{fault.pointer.replace('/', '.')}", fault.message)
        return tuple(found)
