"""A person as SCIM has one, and what SCIM asks for in the words of a people file (4.1). Plain.

One address is one person: `userName` is the address, and so is each e-mail. The partner account is
the enterprise extension's `organization`. Roles are the catalogue's, by id, as `roles` and as groups.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callboard.base.errors import Fault, RejectedError
from callboard.base.texts import address_key
from callboard.catalogue.values import Catalogue
from callboard.people.values import Person

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MAX_EXTERNAL_ID = 255
MAX_OPERATIONS = 1_000
_FOLDED = {"true": True, "false": False}
"""Some systems send booleans as texts."""
_PATH = re.compile(
    r"(?:(?P<urn>urn:[\w:.-]+):)?(?P<name>[A-Za-z$][\w$-]*)(?:\[(?P<filter>[^\]]*)\])?(?:\.(?P<sub>[A-Za-z$][\w$-]*))?"
)
_EQUALS = re.compile(
    r"\s*(?P<name>\w+)\s+eq\s+(?:\"(?P<text>(?:[^\"\\]|\\.)*)\"|(?P<word>true|false))\s*", re.IGNORECASE
)
_KEYS = {
    one.casefold(): one
    for one in (
        "userName", "displayName", "name", "emails", "active", "roles", "locale", "timezone", "externalId", ENTERPRISE,
    )
}  # fmt: skip
"""What can be set, by its folded name: names are case-insensitive. Source: RFC 7643 2.1."""
_READ_ONLY = frozenset({"id", "meta", "groups", "schemas"})
_PARTS: Mapping[str, tuple[str, ...]] = {
    "name": ("", "formatted", "givenName", "familyName"),
    ENTERPRISE: ("", "organization"),
}
"""What is kept of attributes with parts; what is kept of none can be removed at any time."""
_CORE = ("", USER.casefold(), GROUP.casefold())
"""The schemas whose attributes are named without theirs."""


class InvalidError(RejectedError):
    """What SCIM was asked is wrong; `scim_type` is the word of RFC 7644 3.12 for it."""

    def __init__(self, message: str, scim_type: str = "invalidValue") -> None:
        super().__init__(Fault("", message))
        self.scim_type = scim_type


@dataclass(frozen=True, slots=True)
class Wish:
    """What a resource asks for: changes in the words of 4.1, and the sign-on system's own id, None if it says none."""

    changes: Mapping[str, Any]
    external_id: str | None


def as_resource(person: Person, external_id: str, catalogue: Catalogue) -> dict[str, Any]:
    """Return the attributes of a person, without id, groups and meta."""
    found: dict[str, Any] = {
        "schemas": [USER, ENTERPRISE],
        "userName": person.email,
        "displayName": person.name,
        "name": {"formatted": person.name},
        "emails": [{"value": person.email, "type": "work", "primary": True}],
        "active": person.active,
        "roles": [
            {"value": one, "display": catalogue.roles[one].label if one in catalogue.roles else one}
            for one in person.roles
        ],
        "locale": person.locale,
        "timezone": person.time_zone,
        ENTERPRISE: {"organization": person.partner},
    }
    return found | ({"externalId": external_id} if external_id else {})


def read_resource(raw: Any, catalogue: Catalogue) -> Wish:
    """Return what a resource asks for; attributes that are unknown here or read-only are passed over.

    Raises:
        InvalidError: a value is of the wrong type, or an address is not the account's.
    """
    if not isinstance(raw, dict):
        raise InvalidError("a user must be an object", "invalidSyntax")
    said = {_KEYS[key.casefold()]: value for key, value in raw.items() if key.casefold() in _KEYS}
    changes: dict[str, Any] = {}
    if "userName" in said:
        changes["email"] = _text(said["userName"], "userName")
    if "emails" in said:
        _check_emails(said["emails"], changes.get("email"))
    name = _name(said)
    if name is not None:
        changes["name"] = name
    if said.get("active") is not None:
        changes["active"] = _boolean(said["active"], "active")
    if said.get("roles") is not None:
        changes["roles"] = [_role(one, catalogue) for one in _list(said["roles"], "roles")]
    for key, ours in (("locale", "locale"), ("timezone", "time_zone")):
        if said.get(key):
            changes[ours] = _text(said[key], key)
    organization = _enterprise(said).get("organization")
    if organization is not None:
        changes["partner"] = _text(organization, "organization")
    external_id = said.get("externalId")
    return Wish(changes, None if external_id is None else _text(external_id, "externalId")[:MAX_EXTERNAL_ID])


def _name(said: Mapping[str, Any]) -> str | None:
    """Return the name by which people know the person: the display name, else the whole name, else its parts."""
    if said.get("displayName"):
        return _text(said["displayName"], "displayName")
    parts = said.get("name")
    if parts is None:
        return None
    if not isinstance(parts, dict):
        raise InvalidError("name must be an object")
    if parts.get("formatted"):
        return _text(parts["formatted"], "name.formatted")
    joined = " ".join(_text(parts[key], f"name.{key}") for key in ("givenName", "familyName") if parts.get(key))
    return joined or None


def _check_emails(value: Any, email: str | None) -> None:
    for one in _list(value, "emails"):
        address = one.get("value") if isinstance(one, dict) else one
        if address and email and address_key(_text(address, "emails")) != address_key(email):
            raise InvalidError(
                "an account has one address: send it as userName and as the only e-mail, so that mail arrives"
            )


def _enterprise(said: Mapping[str, Any]) -> Mapping[str, Any]:
    found = said.get(ENTERPRISE) or {}
    if not isinstance(found, dict):
        raise InvalidError(f"{ENTERPRISE} must be an object")
    return {key.casefold(): value for key, value in found.items()}


def _role(value: Any, catalogue: Catalogue) -> str:
    """Return a role's id, given by id or by label."""
    said = _text(value.get("value") if isinstance(value, dict) else value, "roles")
    by_label = {one.label.casefold(): one.id for one in catalogue.roles.values()}
    return said if said in catalogue.roles else by_label.get(said.casefold(), said)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str):
        raise InvalidError(f"{name} must be a text")
    return value.strip()


def _boolean(value: Any, name: str) -> bool:
    found = _FOLDED.get(value.casefold()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise InvalidError(f"{name} must be true or false")
    return found


def _list(value: Any, name: str) -> list[Any]:
    found = value if isinstance(value, list) else [value]
    if not all(isinstance(one, dict | str) for one in found):
        raise InvalidError(f"{name} must be a list of objects")
    return found


def number_of(id_: str) -> int:
    """Return the number that a user's id is; 0, which is nobody's, for what is none."""
    return int(id_) if id_.isascii() and id_.isdigit() and len(id_) < 19 else 0  # noqa: PLR2004 - 64 bits


def attribute_of(path: str) -> str:
    """Return the folded name of the attribute that a path of 3.10 leads to, or into; what is no path stays."""
    found = _PATH.fullmatch(path)
    urn = (found["urn"] or "").casefold() if found else ""
    if found is None or f"{urn}:{found['name']}".casefold() == ENTERPRISE.casefold():
        return path.casefold()
    return ENTERPRISE.casefold() if urn == ENTERPRISE.casefold() else found["name"].casefold()


# PATCH (RFC 7644 3.5.2)


def patched(resource: Mapping[str, Any], operations: Any) -> dict[str, Any]:
    """Return a resource with operations done to it, in order; the given one stays as it is.

    Raises:
        InvalidError: an operation is none, or its path leads nowhere.
    """
    found = copy.deepcopy(dict(resource))
    if not isinstance(operations, list) or not operations:
        raise InvalidError("Operations must be a list of operations", "invalidSyntax")
    if len(operations) > MAX_OPERATIONS:
        raise InvalidError(f"at most {MAX_OPERATIONS} operations are taken at once", "tooMany")
    for one in operations:
        _operate(found, one)
    return found


def _operate(resource: dict[str, Any], operation: Any) -> None:
    if not isinstance(operation, dict) or not isinstance(operation.get("op"), str):
        raise InvalidError("an operation must be an object with op", "invalidSyntax")
    act = _ACTS.get(operation["op"].casefold())
    if act is None:
        raise InvalidError("op must be add, remove or replace", "invalidSyntax")
    path, value = operation.get("path"), operation.get("value")
    if path:
        act(resource, _place(path), value)
        return
    if act is _remove:
        raise InvalidError("remove needs a path", "noTarget")
    if not isinstance(value, dict):
        raise InvalidError("an operation without path needs an object as its value")
    for name, each in value.items():
        if name.casefold() == ENTERPRISE.casefold() and isinstance(each, dict):
            act(resource, Place(ENTERPRISE, "", ""), each)
        elif name.casefold() not in _READ_ONLY:
            act(resource, _place(name), each)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operation works: an attribute, which of its values (a filter's text), and a part of them."""

    name: str
    filter: str
    sub: str


def _place(path: Any) -> Place:
    found = _PATH.fullmatch(path.strip()) if isinstance(path, str) else None
    if found is None:
        raise InvalidError(f"{str(path)[:200]!r} is not a path", "invalidPath")
    name, sub, urn = found["name"], found["sub"] or "", (found["urn"] or "").casefold()
    if f"{urn}:{name}".casefold() == ENTERPRISE.casefold():
        return Place(ENTERPRISE, "", "")
    if urn == ENTERPRISE.casefold():
        return Place(ENTERPRISE, "", name.casefold())
    if urn not in _CORE:
        raise InvalidError(f"{str(path)[:200]!r} is of a schema that is not known here", "invalidPath")
    if name.casefold() in _READ_ONLY:
        raise InvalidError(f"{name} can not be changed", "mutability")
    return Place(_KEYS.get(name.casefold(), name), found["filter"] or "", sub)


def _add(resource: dict[str, Any], place: Place, value: Any) -> None:
    """Add to a list what it lacks; else do as replace does."""
    known = resource.get(place.name)
    if place.name == "roles" and not place.filter and not place.sub:
        have = {_value_of(one) for one in known or ()}
        resource["roles"] = [*(known or ()), *(one for one in _list(value, "roles") if _value_of(one) not in have)]
    else:
        _replace(resource, place, value)


def _replace(resource: dict[str, Any], place: Place, value: Any) -> None:
    """Set an attribute or a part of it."""
    if place.name == "name":
        # the name is one text here: what is told of its parts makes the whole
        resource.pop("displayName", None)
        if not place.sub and not isinstance(value, dict):
            raise InvalidError("name must be an object")
        parts = {place.sub: value} if place.sub else value
        known = (
            {} if set(parts) & {"givenName", "familyName"} and "formatted" not in parts else resource.get("name", {})
        )
        given = {key: one for key, one in resource.get("name", {}).items() if key in ("givenName", "familyName")}
        resource["name"] = known | given | parts
    elif place.name == "displayName":
        resource["displayName"], resource["name"] = value, {}
    elif place.name == ENTERPRISE:
        if not place.sub and not isinstance(value, dict):
            raise InvalidError(f"{ENTERPRISE} must be an object")
        told = {place.sub: value} if place.sub else {key.casefold(): one for key, one in value.items()}
        resource[ENTERPRISE] = resource.get(ENTERPRISE, {}) | told
    elif place.name == "emails" and (place.filter or place.sub):
        resource["emails"] = [{"value": value.get("value") if isinstance(value, dict) else value}]
    elif place.name == "roles" and (place.filter or place.sub):
        raise InvalidError("add and remove roles whole", "invalidPath")
    elif place.name == "userName":
        resource["userName"] = value
        resource["emails"] = []
    else:
        resource[place.name] = value


def _remove(resource: dict[str, Any], place: Place, value: Any) -> None:
    if place.name == "roles":
        gone = {_value_of(one) for one in _list(value, "roles")} if value is not None else None
        kept = [
            one for one in resource.get("roles", ()) if not _is_among(one, place.filter, gone)
        ]  # fmt: skip
        resource["roles"] = kept
    elif place.name == "externalId":
        resource["externalId"] = ""
    elif place.name in ("locale", "timezone", "emails"):
        resource.pop(place.name, None)
    elif place.name in _KEYS.values() and place.sub in _PARTS.get(place.name, ("",)):
        raise InvalidError(f"{place.sub or place.name} can not be removed", "mutability")


def _is_among(one: Any, filter_: str, gone: set[str] | None) -> bool:
    if filter_:
        return matches(one, filter_)
    return gone is None or _value_of(one) in gone


def matches(value: Any, filter_: str, *, all_of: bool = False) -> bool:
    """Return whether a value of a list is the one that a path's filter names, like `value eq "x"`.

    What the value lacks, it does not match; with `all_of` it has everything that can be asked for.

    Raises:
        InvalidError: the filter says something else.
    """
    found = _EQUALS.fullmatch(filter_)
    if found is None or (all_of and found["name"].casefold() not in map(str.casefold, value)):
        raise InvalidError(f"{filter_[:200]!r} is not understood here", "invalidFilter")
    asked = re.sub(r"\\(.)", r"\1", found["text"] or found["word"] or "")
    told = value if isinstance(value, dict) else {"value": value}
    said = next((one for key, one in told.items() if key.casefold() == found["name"].casefold()), None)
    return said is not None and str(said).casefold() == asked.casefold()


def _value_of(one: Any) -> str:
    return str(one.get("value") if isinstance(one, dict) else one)


_ACTS: Mapping[str, Callable[[dict[str, Any], Place, Any], None]] = {
    "add": _add,
    "replace": _replace,
    "remove": _remove,
}


def members_after(members: Sequence[str], operations: Any) -> set[str]:
    """Return the ids of a group's members after operations on it.

    Raises:
        InvalidError: an operation is about anything but members.
    """
    found = set(members)
    if not isinstance(operations, list) or not operations:
        raise InvalidError("Operations must be a list of operations", "invalidSyntax")
    if len(operations) > MAX_OPERATIONS:
        raise InvalidError(f"at most {MAX_OPERATIONS} operations are taken at once", "tooMany")
    for one in operations:
        op = str(one.get("op", "")).casefold() if isinstance(one, dict) else ""
        path, value = (one.get("path"), one.get("value")) if op else (None, None)
        if not path and isinstance(value, dict) and op != "remove":
            ((path, value),) = [each for each in value.items() if each[0].casefold() == "members"] or [("", None)]
        place = _place(path)
        if place.name.casefold() != "members" or op not in _ACTS:
            raise InvalidError("only the members of a role can be changed: roles come from the catalogue", "mutability")
        if value is None and op != "remove":
            raise InvalidError("members must be a list of objects")
        named = set() if value is None else {_value_of(each) for each in _list(value, "members")}
        if op == "add":
            found |= named
        elif op == "replace":
            found = named
        elif place.filter:
            found = {each for each in found if not matches({"value": each}, place.filter)}
        else:
            found = set() if value is None else found - named
    return found
