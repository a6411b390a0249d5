"""SCIM's resources: users are people, groups are the catalogue's roles."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import wraps
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django_scim.constants import SCIM_CONTENT_TYPE, SchemaURI
from django_scim.exceptions import BadRequestError, IntegrityError, NotFoundError, SCIMException
from django_scim.views import SCIMView

from callboard.api import process
from callboard.api.bodies import read_bounded
from callboard.api.problems import Problem
from callboard.api.scim import store
from callboard.api.scim.accounts import (
    GROUP,
    InvalidError,
    Wish,
    as_resource,
    attribute_of,
    matches,
    members_after,
    number_of,
    patched,
    read_resource,
)
from callboard.api.scim.filtering import query_of
from callboard.base import strict_json
from callboard.base.errors import Fault, RejectedError
from callboard.base.instants import format_instant, from_us
from callboard.base.texts import address_key, shown
from callboard.catalogue.values import Role
from callboard.changing import By, Door, change_person
from callboard.intake.models import ApiKey
from callboard.people import store as people
from callboard.people.models import User
from callboard.people.sequences import hold_changes
from callboard.people.store import person_of
from callboard.people.values import is_test_address

PREFIX = "/scim/v2"
MAX_BODY_BYTES = 1024 * 1024
PAGE, MOST = 100, 500
"""Resources of a page when none is said, and at most."""
_LAST = 2**62
"""Behind it there is nothing; larger numbers no database takes."""
LIST = SchemaURI.LIST_RESPONSE

_View = Callable[..., HttpResponse]


def _answered(view: _View) -> _View:
    """Answer what was refused with SCIM's form of an error; the rest is the library's."""

    @wraps(view)
    def answer(self: Any, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(self, request, *args, **kwargs)
        except InvalidError as exc:
            raise BadRequestError(exc.faults[0].message, scim_type=exc.scim_type) from exc
        except RejectedError as exc:
            raise BadRequestError("; ".join(str(one) for one in exc.faults[:20]), scim_type="invalidValue") from exc
        except strict_json.StrictJSONError as exc:
            raise BadRequestError(str(exc), scim_type="invalidSyntax") from exc
        except Problem as exc:
            raise SCIMException(exc.detail, status=413) from exc

    return answer


class _Resources(SCIMView):  # type: ignore[misc] # it comes without types
    """What both resources share: who asks, for whom, and the form of answers."""

    @property
    def key(self) -> ApiKey:
        """Return the key with which is asked."""
        found: ApiKey = self.request.scim_key
        return found

    @property
    def partners(self) -> Collection[str] | None:
        """Return the partners whose people the key is for; None for all."""
        if self.key.partner_id is None:
            return None
        directory = process.partners()
        return [one for one in directory.partners if self.key.partner_id in directory.ancestors(one)]

    @property
    def by(self) -> By:
        """Return who makes the changes."""
        return By(None, Door.SCIM, f"key {self.key.name}")

    def body(self) -> Any:
        """Return the body as JSON."""
        return strict_json.loads(read_bounded(self.request, MAX_BODY_BYTES))

    def one(self, resource: dict[str, Any], status: int = 200) -> HttpResponse:
        """Answer one resource."""
        response = answer_json(self.trimmed(resource), status)
        response["Location"] = resource["meta"]["location"]
        return response

    def listed(self, asked: Any, count_all: int, found: Iterable[dict[str, Any]]) -> HttpResponse:
        """Answer a page of resources."""
        resources = [self.trimmed(one) for one in found]
        start, _ = _page(asked)
        return answer_json(
            {
                "schemas": [LIST],
                "totalResults": count_all,
                "itemsPerPage": len(resources),
                "startIndex": start,
                "Resources": resources,
            }
        )

    def trimmed(self, resource: dict[str, Any]) -> dict[str, Any]:
        """Return of a resource what was asked for (RFC 7644 3.9)."""
        wanted, unwanted = (
            {attribute_of(one.strip()) for one in self.request.GET.get(name, "").split(",") if one.strip()}
            for name in ("attributes", "excludedAttributes")
        )
        always = {"schemas", "id", "meta"}
        return {
            key: value
            for key, value in resource.items()
            if key in always or ((not wanted or key.casefold() in wanted) and key.casefold() not in unwanted)
        }


def answer_json(value: Any, status: int = 200) -> HttpResponse:
    """Return a value as SCIM answers it."""
    return HttpResponse(strict_json.dumps(value), content_type=SCIM_CONTENT_TYPE, status=status)


def _page(asked: Any) -> tuple[int, int]:
    """Return startIndex and count; below 1 the index counts as 1, below 0 the count as 0. Source: RFC 7644 3.4.2.4."""
    found = []
    for name, usual, least in (("startIndex", 1, 1), ("count", PAGE, 0)):
        try:
            found.append(max(int(asked.get(name, usual)), least))
        except (TypeError, ValueError) as exc:
            raise BadRequestError(f"{name} must be a number", scim_type="invalidValue") from exc
    return min(found[0], _LAST), min(found[1], MOST)


def location(kind: str, id_: str) -> str:
    """Return the address of a resource."""
    return f"{settings.CONFIG.base_url.rstrip('/')}{PREFIX}/{kind}/{quote(id_, safe='')}"


class Users(_Resources):
    """People of partner accounts."""

    http_method_names: tuple[str, ...] = ("get", "post", "put", "patch", "delete")

    @_answered
    def get(self, request: HttpRequest, uuid: str | None = None) -> HttpResponse:
        """Answer one person, or those that a filter finds."""
        return self.one(self._resource(self._find(uuid))) if uuid else self.search(request.GET)

    def search(self, asked: Any) -> HttpResponse:
        """Answer the people that a filter finds, a page of them."""
        start, count = _page(asked)
        rows = store.accounts(self.partners).filter(query_of(str(asked.get("filter") or "")))
        return self.listed(asked, rows.count(), map(self._resource, rows[start - 1 : start - 1 + count]))

    def _find(self, uuid: str) -> User:
        found = store.accounts(self.partners).filter(id=number_of(uuid)).first()
        if found is None:
            raise NotFoundError(uuid)
        return found

    def _resource(self, user: User) -> dict[str, Any]:
        catalogue = process.catalogue()
        person = person_of(user, process.partners())
        changed_us = getattr(user, "changed_us", None) or user.created_us
        return as_resource(person, user.external_id, catalogue) | {
            "id": str(user.pk),
            "groups": [
                {"value": one, "$ref": location("Groups", one), "display": catalogue.roles[one].label, "type": "direct"}
                for one in person.roles
                if one in catalogue.roles
            ],
            "meta": {
                "resourceType": "User",
                "created": format_instant(from_us(user.created_us)),
                "lastModified": format_instant(from_us(changed_us)),
                "location": location("Users", str(user.pk)),
            },
        }

    @_answered
    def post(self, request: HttpRequest) -> HttpResponse:
        """Add a person, or bring back one whom SCIM deleted."""
        del request
        wish = read_resource(self.body(), process.catalogue())
        email = str(wish.changes.get("email", ""))
        if not email:
            raise InvalidError("userName is missing")
        with transaction.atomic():
            hold_changes()
            user_id = self._add(email, self._within(wish.changes))
            store.set_external_id(user_id, wish.external_id or "")
        return self.one(self._resource(self._find(str(user_id))), 201)

    def _add(self, email: str, changes: dict[str, Any]) -> int:
        gone = store.find_removed(self.partners, address_key(email))
        if gone is None and (is_test_address(email) or people.load_directory().by_email(email)):
            raise IntegrityError("there is an account with this address already", scim_type="uniqueness")
        asked: dict[str, Any] = {"roles": [], "active": True, "partner": self.key.partner_id, **changes}
        if asked["partner"] is None:
            raise InvalidError("the enterprise extension's organization must name the partner account")
        asked.setdefault("name", email.partition("@")[0])
        done = change_person(gone.pk if gone else email, asked, process.catalogue(), self.by, process.now())
        if gone:
            store.mark_removed(gone.pk, None)
        return gone.pk if gone else done.ids[0]

    def _within(self, changes: Any) -> dict[str, Any]:
        """Return changes but for the address, when they leave the person at a partner that the key is for."""
        partner = changes.get("partner")
        if partner is not None and self.partners is not None and partner not in self.partners:
            raise RejectedError(Fault("/partner", f"{partner!r} is not a partner"))
        return {key: value for key, value in changes.items() if key != "email"}

    @_answered
    def put(self, request: HttpRequest, uuid: str) -> HttpResponse:
        """Replace what is told of a person; what is left out stays, but for the sign-on system's own id."""
        del request
        wish = read_resource(self.body(), process.catalogue())
        return self._change(uuid, lambda _: Wish(wish.changes, wish.external_id or ""))

    @_answered
    def patch(self, request: HttpRequest, uuid: str) -> HttpResponse:
        """Do operations to a person, all or none."""
        del request
        body = self.body()
        operations = body.get("Operations") if isinstance(body, dict) else None

        def read(user: User) -> Wish:
            catalogue = process.catalogue()
            resource = as_resource(person_of(user, process.partners()), user.external_id, catalogue)
            return read_resource(patched(resource, operations), catalogue)

        return self._change(uuid, read)

    def _change(self, uuid: str, read: Callable[[User], Wish]) -> HttpResponse:
        with transaction.atomic():
            hold_changes()
            user = self._find(uuid)
            wish = read(user)
            email = wish.changes.get("email", user.email)
            if address_key(str(email)) != user.email_key:
                raise InvalidError("the address of an account stays: delete it, and add another", "mutability")
            change_person(user.pk, self._within(wish.changes), process.catalogue(), self.by, process.now())
            if wish.external_id is not None:
                store.set_external_id(user.pk, wish.external_id)
        return self.one(self._resource(self._find(uuid)))

    @_answered
    def delete(self, request: HttpRequest, uuid: str) -> HttpResponse:
        """Deactivate a person, and know the account no more; its settings are kept for a return."""
        del request
        with transaction.atomic():
            hold_changes()
            user = self._find(uuid)
            change_person(user.pk, {"active": False}, process.catalogue(), self.by, process.now())
            store.mark_removed(user.pk, process.now())
        return HttpResponse(status=204)


class UserSearch(Users):
    """Searching with POST (RFC 7644 3.4.3)."""

    http_method_names = ("post",)

    @_answered
    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer the people that a filter finds."""
        del request
        body = self.body()
        if not isinstance(body, dict) or body.get("schemas") != [SchemaURI.SERACH_REQUEST]:
            raise InvalidError("send a SearchRequest", "invalidSyntax")
        return self.search(body)


class Groups(_Resources):
    """The catalogue's roles of the partners' kinds; their members are who holds them."""

    http_method_names = ("get", "put", "patch")

    @property
    def roles(self) -> list[Role]:
        """Return the roles that the key's people may hold."""
        known = process.catalogue().roles.values()
        if self.partners is None:
            return list(known)
        kinds = {process.partners().partners[one].kind for one in self.partners}
        return [one for one in known if one.kind in kinds]

    @_answered
    def get(self, request: HttpRequest, uuid: str | None = None) -> HttpResponse:
        """Answer one role, or those that a filter finds."""
        if uuid:
            return self.one(self._resource(self._find(uuid)))
        text = request.GET.get("filter", "").strip()
        found = [
            one
            for one in self.roles
            if not text or matches({"displayName": one.label, "id": one.id}, text, all_of=True)
        ]
        start, count = _page(request.GET)
        return self.listed(request.GET, len(found), map(self._resource, found[start - 1 : start - 1 + count]))

    def _find(self, uuid: str) -> Role:
        found = next((one for one in self.roles if one.id == uuid), None)
        if found is None:
            raise NotFoundError(uuid)
        return found

    def _resource(self, role: Role) -> dict[str, Any]:
        found: dict[str, Any] = {
            "schemas": [GROUP],
            "id": role.id,
            "displayName": role.label,
            "meta": {"resourceType": "Group", "location": location("Groups", role.id)},
        }
        if "members" not in self.request.GET.get("excludedAttributes", ""):
            rows = store.holders(self.partners, role.id).values_list("id", flat=True)
            found["members"] = [
                {"value": str(id_), "$ref": location("Users", str(id_)), "type": "User"} for id_ in rows
            ]
        return found

    @_answered
    def patch(self, request: HttpRequest, uuid: str) -> HttpResponse:
        """Give the role to people, or take it from them, all or none."""
        del request
        body = self.body()
        operations = body.get("Operations") if isinstance(body, dict) else None
        return self._set_members(uuid, lambda known: members_after(known, operations))

    @_answered
    def put(self, request: HttpRequest, uuid: str) -> HttpResponse:
        """Let exactly these people hold the role."""
        del request
        body = self.body()
        if not isinstance(body, dict):
            raise InvalidError("a group must be an object", "invalidSyntax")
        said = [value for name, value in body.items() if name.casefold() == "members"]
        if not said:  # what is left out stays, as a user's roles do: an answer may have come without members
            return self.one(self._resource(self._find(uuid)))
        operation = {"op": "replace", "path": "members", "value": said[0] or []}
        return self._set_members(uuid, lambda known: members_after(known, [operation]))

    def _set_members(self, uuid: str, after: Callable[[list[str]], set[str]]) -> HttpResponse:
        role = self._find(uuid)
        with transaction.atomic():
            hold_changes()
            known = {str(one.pk): one for one in store.holders(self.partners, role.id)}
            wanted = after(list(known))
            for id_ in sorted(known.keys() - wanted):
                self._give(known[id_], [one for one in known[id_].roles.split() if one != role.id])
            for id_ in sorted(wanted - known.keys()):
                user = store.accounts(self.partners).filter(id=number_of(id_)).first()
                if user is None:
                    raise InvalidError(f"there is no user {shown(id_[:100])}")
                self._give(user, [*user.roles.split(), role.id])
        return self.one(self._resource(role))

    def _give(self, user: User, roles: list[str]) -> None:
        change_person(user.pk, {"roles": roles}, process.catalogue(), self.by, process.now())
