"""The `callboard` command. Exit codes: 0 done, 1 the work failed, 2 wrong usage (interfaces 3)."""

from __future__ import annotations

import io
import os
import sys
import traceback
from pathlib import Path

import typer

from callboard.base.errors import CallboardError, RejectedError
from callboard.base.texts import shown
from callboard.cli import boot, data, operation, questions
from callboard.cli.bounces import bounces
from callboard.cli.filters import filters
from callboard.cli.foresight import coverage, whatif

SHOWN_FAULTS = 20
"""Faults printed of one input; the rest is counted."""

app = typer.Typer(
    help="Callboard tells every user of a partner portal what concerns them, once, with the reason.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
app.command("up")(operation.up)
app.command("serve")(operation.serve)
app.command("worker")(operation.worker)
app.command("migrate")(operation.migrate)
app.command("drain")(operation.drain)
app.command("doctor")(operation.doctor)
app.command("explain")(questions.explain)
app.command("match")(questions.match)
app.command("whatif")(whatif)
app.add_typer(coverage, name="coverage")
app.add_typer(data.people, name="people")
app.add_typer(data.notifications, name="notifications")
app.add_typer(data.events, name="events")
app.add_typer(filters, name="filters")
app.add_typer(questions.ledger, name="ledger")
app.add_typer(questions.catalogue, name="catalogue")
app.add_typer(operation.operator, name="operator")
app.add_typer(operation.apikey, name="apikey")
app.add_typer(operation.outbox, name="outbox")
app.add_typer(bounces, name="bounces")


def main() -> None:
    """Run the command of `sys.argv` and exit."""
    boot.set_up_logs()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # JSON is UTF-8, whatever the terminal's locale says
    try:
        app(prog_name="callboard")
    except RejectedError as exc:
        _say(list(map(str, exc.faults)))
        sys.exit(1)
    except CallboardError as exc:
        _say([str(exc)])
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output went away (`| head`): nothing to tell anyone.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as exc:  # noqa: BLE001 - the last line of defence: one clear line, the cause kept
        _say([f"{type(exc).__name__}: {' '.join(str(exc).split())[:300]}", f"the cause is kept in {_keep_cause()}"])
        sys.exit(1)


def _say(lines: list[str]) -> None:
    for line in lines[:SHOWN_FAULTS]:
        sys.stderr.write(f"callboard: {shown(line)}\n")
    if len(lines) > SHOWN_FAULTS:
        sys.stderr.write(f"callboard: and {len(lines) - SHOWN_FAULTS} more\n")


def _keep_cause() -> str:
    path = Path(os.environ.get("CALLBOARD_HOME") or "./var").expanduser() / "errors.log"
    try:
        with path.open("a") as file:
            file.write(traceback.format_exc() + "\n")
    except OSError:
        return "nothing: the home folder cannot be written"
    return str(path)
