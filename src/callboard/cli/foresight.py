"""`callboard whatif` and `callboard coverage`: what a change would bring, and who gets what is critical."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from callboard.base import strict_json
from callboard.base.errors import RejectedError
from callboard.base.texts import shown
from callboard.cli import boot
from callboard.cli.output import print_line

if TYPE_CHECKING:
    from callboard.insights.coverage import Circle
    from callboard.insights.whatif_words import Reader
    from callboard.pipeline import Pipeline

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]

_MARKS = {"plain": " ", "less": "-", "more": "+", "warning": "!"}


def whatif(
    user: Annotated[str, typer.Option("--user", help="The person's e-mail address; an unknown one is somebody new.")],
    roles: Annotated[str | None, typer.Option(help="The roles as they would be, separated by commas.")] = None,
    partner: Annotated[str | None, typer.Option(help="The partner the person would move to.")] = None,
    deactivate: Annotated[bool, typer.Option("--deactivate", help="As if the account ended.")] = False,  # noqa: FBT002 - an option
    reactivate: Annotated[bool, typer.Option("--reactivate", help="As if the account came back.")] = False,  # noqa: FBT002 - an option
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Say what would change for a person, and who else would still be told; nothing is changed."""
    changes = _changes(roles, partner, deactivate=deactivate, reactivate=reactivate)
    pipeline, circle = _open()
    from callboard.insights.foresight import foresee  # noqa: PLC0415 - needs Django started
    from callboard.insights.whatif_words import sentences, whatif_json  # noqa: PLC0415

    if circle.directory.by_email(user) is None:
        if not {"partner", "roles"} <= changes.keys():
            raise RejectedError(f"there is no user {user}; for somebody new give --partner and --roles")
        changes["name"] = user.partition("@")[0]
    found = foresee(user, changes, circle, pipeline.config.collapse_s)
    reader = _reader(circle)
    if as_json:
        print_line(strict_json.dumps(whatif_json(found, reader)))
        return
    for one in sentences(found, reader):
        print_line(shown(f"{_MARKS[one.tone.value]} {one.text}"))


def _changes(roles: str | None, partner: str | None, *, deactivate: bool, reactivate: bool) -> dict[str, Any]:
    if deactivate and reactivate:
        raise typer.BadParameter("--deactivate and --reactivate exclude each other")
    changes: dict[str, Any] = {}
    if roles is not None:
        changes["roles"] = [one.strip() for one in roles.split(",") if one.strip()]
    if partner is not None:
        changes["partner"] = partner
    if deactivate or reactivate:
        changes["active"] = reactivate
    if not changes:
        raise typer.BadParameter("say what would change: --roles, --partner, --deactivate or --reactivate")
    return changes


def _open() -> tuple[Pipeline, Circle]:
    pipeline = boot.open_pipeline()
    from callboard.insights.foresight import circle_of  # noqa: PLC0415 - needs Django started

    pipeline.world.refresh()
    return pipeline, circle_of(pipeline.world, pipeline.now())


def _reader(circle: Circle) -> Reader:
    from callboard.insights.whatif_words import Reader  # noqa: PLC0415 - needs Django started

    return Reader(circle.catalogue, circle.directory, circle.directory.partner_name)
