"""Commands that bring data in and out: people, notifications, events."""

from __future__ import annotations

import http.client
import json
import shutil
import tempfile
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from callboard.base.errors import PermanentError, RejectedError, TransientError
from callboard.base.instants import format_instant
from callboard.catalogue.load import load_catalogue
from callboard.cli import boot
from callboard.cli.match import checked, event_lines, read_json_file
from callboard.cli.output import print_counts, print_line, progress
from callboard.intake.cloudevents import MAX_BATCH, MAX_BODY_BYTES

people = typer.Typer(help="Partners and users (format 4.1).", no_args_is_help=True)
notifications = typer.Typer(help="Custom notifications and mutes (format 4.2).", no_args_is_help=True)
events = typer.Typer(help="The portal's events.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
MAX_POST_BYTES = MAX_BODY_BYTES - 1024
EVENTS_PER_COMMIT = 10_000


@people.command("import")
def import_people(
    file: Annotated[Path, typer.Argument(help="A people file; - is standard input.")],
    announce: Annotated[bool, typer.Option("--announce", help="Tell the Masters of each change.")] = False,  # noqa: FBT002 - an option
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Add or update partners and users, all or nothing."""
    raw = read_json_file(file)
    with progress("Importing people"):
        counts = boot.open_pipeline().import_people(raw, announce=announce)
    words = (
        "{partners} partners and {users} users imported; {deactivated} deactivated, {withdrawn} items withdrawn,"
        " {events} changes told"
    )
    print_counts(counts, as_json=as_json, words=words)


@people.command("export")
def export_people() -> None:
    """Print all partners and users as a people file."""
    boot.open_home()
    from callboard.people.rules import write_people  # noqa: PLC0415 - needs Django started
    from callboard.people.store import load_directory  # noqa: PLC0415

    print_line(json.dumps(write_people(load_directory()), ensure_ascii=False, indent=1))


@people.command("dormant")
def dormant(
    check: Annotated[bool, typer.Option("--check", help="Do what is due: warn, remind, deactivate.")] = False,  # noqa: FBT002 - an option
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """List accounts that nobody uses and what is due for each, or do it; `worker` and `up` do it each night."""
    config = boot.open_home()
    from callboard.dormant import check_dormant, unused_accounts  # noqa: PLC0415 - needs Django started
    from callboard.people.inactivity import Step  # noqa: PLC0415

    catalogue, now = load_catalogue(config.catalogue_path), config.clock.now()
    if check:
        done = check_dormant(config, catalogue, now)
        words = "{warn} warned, {remind} warned again, {end} deactivated; {keep} kept as the last Master"
        print_counts({one.value: done[one.value] for one in Step}, as_json=as_json, words=words)
        return
    for one in unused_accounts(config, catalogue, now):
        found = {
            "user": one.person.email,
            "partner": one.person.partner,
            "used_at": format_instant(one.due.account.used_at),
            "ends_at": format_instant(one.due.ends_at),
            "due": one.due.step.value,
        }
        print_counts(found, as_json=as_json, words="{user}  {partner}  last used {used_at}  ends {ends_at}  {due}")


@notifications.command("import")
def import_notifications(
    file: Annotated[Path, typer.Argument(help="A notifications file; - is standard input.")],
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Add or update Custom notifications and mutes, all or nothing."""
    raw = read_json_file(file)
    with progress("Importing notifications"):
        counts = boot.open_pipeline().import_notifications(raw)
    print_counts(
        counts, as_json=as_json, words="{notifications} notifications and {mutes} mutes read; {changed} changed"
    )


@notifications.command("export")
def export_notifications() -> None:
    """Print all Custom notifications and mutes as a notifications file."""
    pipeline = boot.open_pipeline()
    from callboard.preferences.file import write_notifications  # noqa: PLC0415 - needs Django started

    pipeline.world.refresh()
    rows = write_notifications(pipeline.world.directory, pipeline.world.book)
    print_line("[" + ",\n ".join(json.dumps(row, ensure_ascii=False) for row in rows) + "]")


@events.command("send")
def send_events(
    file: Annotated[Path, typer.Argument(help="CloudEvents as JSON lines; - is standard input.")],
    url: Annotated[str, typer.Option(help="The address of a running Callboard; without it, the local intake.")] = "",
    key: Annotated[str, typer.Option(help="An API key, for --url.", envvar="CALLBOARD_KEY")] = "",
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Send events. Every line is checked before any is stored; sending again is harmless."""
    if bool(url) != bool(key):
        raise typer.BadParameter("--url and --key go together")
    with tempfile.TemporaryDirectory() as folder, progress("Sending events") as detail:
        path = _spooled(file, Path(folder))
        config = boot.start_django() if url else boot.open_home()
        from callboard.pipeline import Pipeline  # noqa: PLC0415 - needs Django started

        catalogue = load_catalogue(config.catalogue_path)
        faults = _faults(path, catalogue, detail)
        if faults:
            raise RejectedError(faults)
        counts = _post_all(path, url, key) if url else _store_all(path, Pipeline(config, catalogue), catalogue, detail)
    print_counts(
        dict(counts), as_json=as_json, words="{accepted} accepted, {duplicates} known already, {conflicts} in conflict"
    )


def _spooled(file: Path, folder: Path) -> Path:
    """Return a file that can be read twice: standard input is copied first."""
    if str(file) != "-":
        return file
    path = folder / "events.jsonl"
    with path.open("wb") as copy:
        shutil.copyfileobj(boot.standard_input(), copy)
    return path


def _faults(path: Path, catalogue: Any, detail: Any) -> list[Any]:
    faults: list[Any] = []
    for number, line in event_lines(path):
        try:
            checked(number, line, catalogue)
        except RejectedError as exc:
            faults += exc.faults
        if number % 1000 == 0:
            detail(f"{number} checked")
    return faults


def _store_all(path: Path, pipeline: Any, catalogue: Any, detail: Any) -> Counter[str]:
    counts: Counter[str] = Counter(accepted=0, duplicates=0, conflicts=0)
    for batch in _batches(path, EVENTS_PER_COMMIT):
        receipt = pipeline.accept([checked(number, line, catalogue) for number, line in batch])
        counts.update(accepted=receipt.accepted, duplicates=receipt.duplicates, conflicts=len(receipt.conflicts))
        detail(f"{sum(counts.values())} stored")
    return counts


def _batches(path: Path, size: int, most_bytes: float = float("inf")) -> Iterator[list[tuple[int, bytes]]]:
    batch: list[tuple[int, bytes]] = []
    batch_bytes = 0
    for one in event_lines(path):
        if batch and (len(batch) == size or batch_bytes + len(one[1]) > most_bytes):
            yield batch
            batch, batch_bytes = [], 0
        batch.append(one)
        batch_bytes += len(one[1]) + 1
    if batch:
        yield batch


def _post_all(path: Path, url: str, key: str) -> Counter[str]:
    counts: Counter[str] = Counter(accepted=0, duplicates=0, conflicts=0)
    for batch in _batches(path, MAX_BATCH, MAX_POST_BYTES):
        body = b"[" + b",".join(line.strip() for _, line in batch) + b"]"
        counts.update(_post(url.rstrip("/") + "/api/v1/events", key, body))
    return counts


def _post(url: str, key: str, body: bytes) -> dict[str, int]:
    if not url.startswith(("http://", "https://")):
        raise RejectedError(f"{url} is not an http:// or https:// address")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents-batch+json"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - the scheme is checked above
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return dict(json.load(response))
    except urllib.error.HTTPError as exc:
        said = exc.read().decode(errors="replace")
        try:
            said = json.loads(said).get("detail", said)
        except ValueError:
            said = said[:200]
        raise PermanentError(f"{url} answered {exc.code}: {said}") from exc
    except http.client.InvalidURL as exc:
        raise RejectedError(f"{url} is not an address: {exc}") from exc
    except OSError as exc:
        raise TransientError(
            f"{url} cannot be reached: {getattr(exc, 'reason', exc)}; send the file again later"
        ) from exc


@events.command("parked")
def parked_events(
    retry: Annotated[bool, typer.Option("--retry", help="Put them back on their way.")] = False,  # noqa: FBT002 - an option
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """List events that were set aside because deciding them failed, or retry them."""
    boot.open_home()
    from django.db import transaction  # noqa: PLC0415 - needs Django started

    from callboard.intake import store  # noqa: PLC0415

    if retry:
        with transaction.atomic():
            print_counts(
                {"retried": store.retry_parked()}, as_json=as_json, words="{retried} events are on their way again"
            )
        return
    for event, reason in store.parked():
        found = {"source": event.source, "event": event.id, "event_type": event.type, "reason": reason}
        print_counts(found, as_json=as_json, words="{source} {event} {event_type}: {reason}")
