"""`callboard whatif` and `callboard coverage`: what a change would bring, and who gets what is critical."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from callboard.base import strict_json
from callboard.base.errors import RejectedError
from callboard.base.texts import shown
from callboard.cli import boot
from callboard.cli.output import print_counts, print_line

if TYPE_CHECKING:
    from callboard.insights.coverage import Circle, Line
    from callboard.insights.whatif_words import Reader
    from callboard.pipeline import Pipeline

coverage = typer.Typer(help="Who receives what is critical.")

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


@coverage.callback(invoke_without_command=True)
def show_coverage(
    context: typer.Context,
    partner: Annotated[str, typer.Option(help="Only this partner and those below it.")] = "",
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Print for each partner and critical event type who receives it, and how fast."""
    if context.invoked_subcommand:
        return
    circle = _open()[1]
    from callboard.insights.coverage import coverage as lines_of  # noqa: PLC0415 - needs Django started
    from callboard.insights.whatif_words import line_json  # noqa: PLC0415

    directory = circle.directory
    if partner and partner not in directory.partners:
        raise RejectedError(f"there is no partner {partner}", type="not-found")
    wanted = [one for one in directory.partners if partner in directory.ancestors(one)] if partner else None
    reader = _reader(circle)
    last = ""
    for line in lines_of(circle, wanted):
        if as_json:
            print_line(strict_json.dumps(line_json(line, reader)))
            continue
        if not (line.receivers or line.expected):
            continue  # nobody is told, and the catalogue means nobody to be
        if line.partner.id != last:
            last = line.partner.id
            print_line(shown(f"{line.partner.name} ({last})"))
        print_line(shown(_line_words(line, reader)))


@coverage.command("check")
def check(as_json: AsJson = False) -> None:  # noqa: FBT002 - an option
    """Look for gaps now, and tell the Masters of those that are new; a worker does so each night and at each change."""
    pipeline = boot.open_pipeline()
    from callboard.insights.gaps import check_coverage  # noqa: PLC0415 - needs Django started

    found = check_coverage(pipeline.config, pipeline.catalogue, pipeline.now())
    print_counts(
        {"gaps": found.gaps, "opened": found.opened, "closed": found.closed},
        as_json=as_json,
        words="{gaps} gaps; {opened} are new and told to the Masters, {closed} have closed",
    )


def _line_words(line: Line, reader: Reader) -> str:
    from callboard.insights.coverage import State  # noqa: PLC0415 - needs Django started
    from callboard.preferences.naming import condition_words  # noqa: PLC0415

    label = line.event_type.label
    if not line.receivers:
        return f"  ! {label}: nobody"
    said = []
    for one in line.receivers:
        where = " and ".join(condition_words(each, reader.catalogue, reader.partner_called) for each in one.conditions)
        lender = f", standing in for {one.standing_in_for.name}" if one.standing_in_for else ""
        said.append(f"{one.person.name} ({one.frequency}{lender}{f', only where {where}' if where else ''})")
    return f"  {' ' if line.state is State.COVERED else '~'} {label}: {', '.join(said)}"


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
