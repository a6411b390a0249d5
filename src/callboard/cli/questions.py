"""Commands that answer: ledger, explain, match, catalogue."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from callboard.base import strict_json
from callboard.base.config import read_catalogue_path, read_config
from callboard.base.errors import RejectedError
from callboard.base.instants import parse_instant
from callboard.base.texts import shown
from callboard.catalogue.load import load_catalogue
from callboard.catalogue.values import Catalogue
from callboard.cli import boot
from callboard.cli.match import run_match
from callboard.cli.output import print_line

ledger = typer.Typer(help="The record of every decision.", no_args_is_help=True)
catalogue = typer.Typer(help="What can happen, and who is told by default.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ValueError as exc:
        raise typer.BadParameter(str(exc)) from exc


@ledger.command("export")
def export_ledger(
    since: Annotated[str, typer.Option(help="Only what was decided at or after this instant.")] = "",
    as_json: AsJson = True,  # noqa: FBT002, ARG001 - it is always JSON lines
) -> None:
    """Print the ledger as JSON lines (format 4.4)."""
    start = _instant(since) if since else None
    boot.open_home()
    from callboard.insights.ledger import export_ledger as export  # noqa: PLC0415 - needs Django started

    for row in export(start):
        print_line(strict_json.dumps(row))


def explain(
    event: Annotated[str, typer.Option("--event", help="The event's id.")],
    user: Annotated[str, typer.Option("--user", help="The person's e-mail address.")],
    source: Annotated[str, typer.Option("--source", help="The event's source, when several sent this id.")] = "",
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Say why a person did, or did not, get an event."""
    pipeline = boot.open_pipeline()
    from callboard.insights import explain as insight  # noqa: PLC0415 - needs Django started

    pipeline.world.refresh()
    found = insight.find_event(event, source or None)
    person = pipeline.world.directory.by_email(user)
    if person is None:
        raise RejectedError(f"there is no user {user}", type="not-found")
    answer = insight.explain(found, person, pipeline.world, pipeline.now())
    if as_json:
        print_line(strict_json.dumps(answer))
        return
    for line in explanation_lines(answer):
        print_line(shown(line))


def explanation_lines(answer: dict[str, Any]) -> list[str]:
    """Return an explanation as lines for a terminal."""
    event = answer["event"]
    lines = [
        f"{event['type']}  {event['id']} from {event['source']}, accepted {event['accepted_at']}",
        answer["answer"],
        "",
        f"Access: {answer['access']['says']}",
        "Notifications:" if answer["notifications"] else "Notifications: none",
    ]
    others = 0
    for one in answer["notifications"]:
        if one["event_type"] != event["type"]:
            others += 1
            continue
        lines += _of_notification(one)
    if others:
        lines.append(f"  - {others} more ask for other event types")
    for lent in answer["stand_ins"]:
        lines += [f"Standing in for {lent['for']} from {lent['from']} until {lent['until']}: {lent['access']['says']}"]
        lines += [line for one in lent["notifications"] for line in _of_notification(one)]
    if answer["decision"]:
        decision = answer["decision"]
        lines += [
            "",
            f"Decision: {decision['outcome']}, {decision['reason']}"
            + (f", {decision['frequency']}" if decision["frequency"] else ""),
        ]
    lines += [f"  {one['says']}" for one in answer["steps"]]
    return lines


def _of_notification(one: dict[str, Any]) -> list[str]:
    mark = "+" if one["matches"] else "-"
    return [
        f'  {mark} {one["kind"]} {one["id"]} ({one["frequency"]}) "{one["name"]}": {one["why"]}',
        *(f"      {'holds' if each['holds'] else 'fails'}: {each['says']}" for each in one["conditions"]),
    ]


def match(
    people: Annotated[Path, typer.Option("--people", help="A people file (4.1).")],
    notifications: Annotated[Path, typer.Option("--notifications", help="A notifications file (4.2), with ids.")],
    events: Annotated[Path, typer.Option("--events", help="Events as JSON lines (4.3); - is standard input.")],
    catalogue_path: Annotated[
        Path | None, typer.Option("--catalogue", help="A catalogue; the configured one without.")
    ] = None,
    stats: Annotated[bool, typer.Option("--stats", help="Print figures on stderr.")] = False,  # noqa: FBT002 - an option
    processes: Annotated[int, typer.Option("--processes", min=1, max=256, help="How many work at once.")] = 1,
) -> None:
    """Print, offline, which Custom notifications each event matches."""
    path = catalogue_path or read_catalogue_path()
    run_match(people, notifications, events, path, stats=stats, processes=processes)


@catalogue.command("check")
def check_catalogue(
    path: Annotated[Path | None, typer.Argument(help="A TOML file or a folder; the configured one without.")] = None,
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Validate a catalogue, and list the stored notifications that it would leave without meaning."""
    config = read_config()
    if path is not None and not path.exists():
        raise RejectedError(f"{path} does not exist")
    found = load_catalogue(path or config.catalogue_path)
    orphans = stored_orphans(found) if config.database_url or config.database_path.exists() else []
    said = {
        "event_types": len(found.event_types),
        "fields": len(found.fields),
        "roles": len(found.roles),
        "defaults": len(found.defaults),
        "orphans": orphans,
    }
    if as_json:
        print_line(strict_json.dumps(said))
    else:
        print_line(
            "{event_types} event types, {fields} fields, {roles} roles, {defaults} Defaults: valid".format(**said)
        )
        for one in orphans:
            print_line(f"would become inactive: {one['id']} of {one['user']}: {one['why']}")
    if orphans:
        sys.stderr.write(
            f"callboard: {len(orphans)} stored notifications would become inactive; edit them or keep what they use\n"
        )
        raise typer.Exit(1)


def stored_orphans(found: Catalogue) -> list[dict[str, str]]:
    """Return the stored notifications that a catalogue would leave inactive, with the reason."""
    boot.open_home()
    from callboard.people.store import load_directory  # noqa: PLC0415 - needs Django started
    from callboard.preferences.store import load_book  # noqa: PLC0415

    directory = load_directory()
    book = load_book(found)
    orphans = [
        {"id": one.id, "user": directory.persons[one.user_id or 0].email, "why": one.inactive}
        for one in book.customs.values()
        if one.inactive
    ]
    mutes = [
        {"id": ref.id, "user": directory.persons[user_id].email, "why": "its Default is gone; the mute is kept"}
        for (user_id, ref), mute in book.mutes.items()
        if mute.muted and ref.kind == "default" and ref.id not in found.defaults
    ]
    return sorted(orphans + mutes, key=lambda one: (one["user"], one["id"]))


@catalogue.command("show")
def show_catalogue(as_json: AsJson = False) -> None:  # noqa: FBT002 - an option
    """Print the catalogue in force."""
    found = load_catalogue(read_catalogue_path())
    if as_json:
        print_line(strict_json.dumps(catalogue_json(found)))
        return
    for one in found.event_types.values():
        print_line(f"{one.id}  {one.label}  [{one.importance}]  {', '.join(one.frequencies)}")
        print_line(f"    {one.description}")
        print_line(f"    fields: {', '.join(one.fields)}")
        for default in found.defaults_by_type.get(one.id, ()):
            print_line(f"    default: {default.role}, {default.frequency}")


def catalogue_json(found: Catalogue) -> dict[str, Any]:
    """Return the catalogue as JSON values, in the words of 4.5."""
    return {
        "type_prefix": found.type_prefix,
        "item_url": found.item_url,
        "fields": {
            key: {"label": one.label, "type": one.type, "values": list(one.values), "multiple": one.multiple}
            for key, one in found.fields.items()
        },
        "event_types": {
            key: {
                "label": one.label,
                "description": one.description,
                "group": one.group,
                "fields": list(one.fields),
                "frequencies": list(one.frequencies),
                "importance": one.importance,
                "critical_when": [each.as_json() for each in one.critical_when],
            }
            for key, one in found.event_types.items()
        },
        "roles": {
            key: {"label": one.label, "kind": one.kind, "sees": list(one.sees)} for key, one in found.roles.items()
        },
        "defaults": [
            {
                "id": one.id,
                "event_type": one.event_type,
                "role": one.role,
                "frequency": one.frequency,
                "where": [each.as_json() for each in one.where],
            }
            for one in found.defaults.values()
        ],
    }
