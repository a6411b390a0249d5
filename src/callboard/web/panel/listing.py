"""The rows as HTML. There are hundreds: Jinja writes them in a few milliseconds, Django's templates in forty."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from django.utils.safestring import SafeString, mark_safe
from jinja2 import Environment, StrictUndefined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jinja2 import Template

    from callboard.preferences.values import Ref
    from callboard.web.panel.finding import Group


def listing_html(groups: Sequence[Group], fresh: Ref | None = None) -> SafeString:
    """Return the groups with their rows; the fresh one is marked."""
    return mark_safe(_template().render(groups=groups, fresh=fresh))  # noqa: S308 - autoescape is on


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(files("callboard.web").joinpath("templates/web/panel/rows.j2").read_text("utf-8"))
