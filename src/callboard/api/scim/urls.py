"""Addresses of SCIM, and what it says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django_scim import views as library
from django_scim.constants import SchemaURI
from django_scim.exceptions import NotFoundError
from django_scim.schemas import default_schemas_getter

from callboard.api.scim.views import LIST, MOST, Groups, Users, UserSearch, answer_json, location

app_name = "scim"


class Provider:
    """What this service can do (RFC 7643 5)."""

    def __init__(self, request: Any = None) -> None:
        del request

    def to_dict(self) -> dict[str, Any]:
        """Return it as SCIM has it."""
        no = {"supported": False}
        return {
            "schemas": [SchemaURI.SERVICE_PROVIDER_CONFIG],
            "patch": {"supported": True},
            "bulk": no | {"maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MOST},
            "changePassword": no,
            "sort": no,
            "etag": no,
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "Key",
                    "description": "A key of `callboard apikey create --for scim`, as Authorization: Bearer KEY.",
                    "primary": True,
                }
            ],
            "meta": {"resourceType": "ServiceProviderConfig", "location": location("ServiceProviderConfig", "")[:-1]},
        }


class Described(library.SCIMView):  # type: ignore[misc] # it comes without types
    """Resource types and schemas, one or all of them."""

    http_method_names = ("get",)
    entries: Mapping[str, Mapping[str, Any]] = {}

    def get(self, request: HttpRequest, uuid: str | None = None) -> HttpResponse:
        """Answer one, or all.

        Raises:
            NotFoundError: there is no such one.
        """
        del request
        if uuid is None:
            found = list(self.entries.values())
            return answer_json(
                {
                    "schemas": [LIST],
                    "totalResults": len(found),
                    "itemsPerPage": len(found),
                    "startIndex": 1,
                    "Resources": found,
                }
            )
        if uuid not in self.entries:
            raise NotFoundError(uuid)
        return answer_json(self.entries[uuid])


def _type(name: str, endpoint: str, schema: str) -> dict[str, Any]:
    extensions = [{"schema": SchemaURI.ENTERPRISE_USER, "required": False}] if name == "User" else []
    return {
        "schemas": [SchemaURI.RESOURCE_TYPE],
        "id": name,
        "name": name,
        "endpoint": f"/{endpoint}",
        "description": "People of partner accounts" if name == "User" else "Roles of the catalogue",
        "schema": schema,
        "schemaExtensions": extensions,
        "meta": {"resourceType": "ResourceType", "location": location("ResourceTypes", name)},
    }


_TYPES = Described.as_view(
    entries={
        one["id"]: one for one in (_type("User", "Users", SchemaURI.USER), _type("Group", "Groups", SchemaURI.GROUP))
    }
)
_SCHEMAS = Described.as_view(entries={one["id"]: one for one in default_schemas_getter()})
_NOT_HERE = library.SCIMView.as_view(implemented=False)

urlpatterns = [
    path("Users", Users.as_view(), name="users"),
    path("Users/.search", UserSearch.as_view(), name="users-search"),
    path("Users/<str:uuid>", Users.as_view(), name="users"),
    path("Groups", Groups.as_view(), name="groups"),
    path("Groups/<str:uuid>", Groups.as_view(), name="groups"),
    path("ServiceProviderConfig", library.ServiceProviderConfigView.as_view(), name="service-provider-config"),
    path("ResourceTypes", _TYPES, name="resource-types"),
    path("ResourceTypes/<str:uuid>", _TYPES, name="resource-types"),
    path("Schemas", _SCHEMAS, name="schemas"),
    path("Schemas/<str:uuid>", _SCHEMAS, name="schemas"),
    path("Me", _NOT_HERE),
    path("Bulk", _NOT_HERE),
    path(".search", _NOT_HERE),
]
