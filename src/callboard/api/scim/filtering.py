"""SCIM filters (RFC 7644 3.4.2.2) as queries; what is not understood is refused, never passed over."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django_scim.exceptions import BadRequestError
from scim2_filter_parser.lexer import SCIMLexer
from scim2_filter_parser.parser import SCIMParser, SCIMParserError
from scim2_filter_parser.transpilers.django_q_object import Transpiler

from callboard.api.scim.accounts import ENTERPRISE, USER, number_of

_COLUMNS = {
    "userName": "email", "displayName": "name", "name.formatted": "name", "emails": "email", "emails.value": "email",
    "active": "is_active", "externalId": "external_id", "id": "id", "roles": "roles", "roles.value": "roles",
    "timezone": "time_zone", "locale": "locale",
}  # fmt: skip
ATTRIBUTES: dict[tuple[str, str | None, str | None], str] = {
    (*(name.partition(".")[0], name.partition(".")[2] or None), uri): column
    for name, column in _COLUMNS.items()
    for uri in (None, USER)
} | {("organization", None, ENTERPRISE): "partner__id"}
MAX_FILTER = 2_000
_EXACT = frozenset({"external_id", "id", "is_active"})
"""Columns that are compared as they are: ids, and what is true or false. Source: RFC 7643 3.1, 4.1."""


class _Query(Transpiler):  # type: ignore[misc] # it comes without types
    """Refuses what it does not know: the parent leaves it out, which widens the answer."""

    def visit_AttrPath(self, node: Any) -> Any:  # noqa: N802 - the parent's form
        column = super().visit_AttrPath(node)
        if column is None:
            raise BadRequestError(f"{node.attr_name} can not be searched by", scim_type="invalidFilter")
        return column

    def visit_AttrExpr(self, node: Any) -> Any:  # noqa: N802 - the parent's form
        if not isinstance(node.attr_path.attr_name, str):
            raise BadRequestError("filters in filters are not understood", scim_type="invalidFilter")
        column = self.visit(node.attr_path)
        if column not in _EXACT:
            return super().visit_AttrExpr(node)
        op = node.value.lower()
        if op == "pr":
            return ~Q(**{column: ""}) if column == "external_id" else Q(**{f"{column}__isnull": False})
        if op not in ("eq", "ne"):
            raise BadRequestError(f"{op} is not understood for {node.attr_path.attr_name}", scim_type="invalidFilter")
        value = self.visit(node.comp_value)
        if column == "id":
            value = number_of(str(value))
        if column == "is_active":
            value = str(value).casefold() == "true"
        asked = Q(**{column: value})
        return asked if op == "eq" else ~asked


def query_of(text: str) -> Q:
    """Return a filter as a query of users; an empty one asks for all.

    Raises:
        BadRequestError: the filter is none, or asks for what is not known.
    """
    if not text:
        return Q()
    if "\x00" in text:  # PostgreSQL takes no text with it
        raise BadRequestError("the filter holds the character U+0000", scim_type="invalidFilter")
    if len(text) > MAX_FILTER:
        raise BadRequestError("the filter is too long", scim_type="invalidFilter")
    try:
        tree = SCIMParser().parse(SCIMLexer().tokenize(text))
        found = _Query(ATTRIBUTES).transpile(tree)
    except (SCIMParserError, ValueError, NotImplementedError, RecursionError, AttributeError, TypeError) as exc:
        raise BadRequestError(f"the filter is not understood: {text[:200]}", scim_type="invalidFilter") from exc
    if not isinstance(found, Q):
        raise BadRequestError(f"the filter is not understood: {text[:200]}", scim_type="invalidFilter")
    return found
