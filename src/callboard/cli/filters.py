"""`callboard filters export`: rules for a person's mail program, or for everyone's mail server."""

from __future__ import annotations

from typing import Annotated

import typer

from callboard.base.config import read_config
from callboard.base.errors import RejectedError
from callboard.catalogue.load import load_catalogue
from callboard.cli import boot
from callboard.cli.output import print_text
from callboard.mail.filters import FORMS, Format
from callboard.mail.filters.plan import Plan, plan_for_everyone, plan_for_person

filters = typer.Typer(help="Rules that sort Callboard's mail where it is read.", no_args_is_help=True)


@filters.command("export")
def export_filters(
    user: Annotated[str, typer.Option("--user", help="The person whose notifications to go by.")] = "",
    file_format: Annotated[Format, typer.Option("--format", help="For which mail program.")] = Format.SIEVE,
    everyone: Annotated[bool, typer.Option("--all", help="Rules that are right for everyone.")] = False,  # noqa: FBT002 - an option
) -> None:
    """Print a Sieve script, a file for Gmail, or steps for Outlook."""
    if bool(user) == everyone:
        raise typer.BadParameter("give one of --user EMAIL and --all")
    print_text(FORMS[file_format].write(_everyones() if everyone else _persons(user)))


def _everyones() -> Plan:
    config = read_config()
    return plan_for_everyone(load_catalogue(config.catalogue_path), config.sender)


def _persons(email: str) -> Plan:
    pipeline = boot.open_pipeline()
    from callboard.preferences import actions  # noqa: PLC0415 - needs Django started

    world = pipeline.world
    world.refresh()
    person = world.directory.by_email(email)
    if person is None:
        raise RejectedError(f"there is no user {email}", type="not-found")
    mine = actions.own(person, world.catalogue)
    return plan_for_person(person, mine, world.catalogue, pipeline.config.sender)
