"""`python -m callboard.demo load|play`: fill a home with the demo studio, then keep events coming.

`load` plays weeks of history through the real pipeline, at the instants at which it would
have happened; one that was interrupted goes on where it stopped, and a home that has other
events is left as it is. `play` runs until stopped.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from callboard.base.clock import SetClock
from callboard.base.config import Config, read_config
from callboard.base.instants import format_instant, from_us, parse_instant
from callboard.catalogue.values import Catalogue
from callboard.demo.studio import notifications, studio
from callboard.demo.traffic import history, live
from callboard.intake.cloudevents import Draft, read_event

HISTORY = timedelta(days=40)
"""Longer than the 30 days that previews look back."""
BEGUN = "demo-begun"
"""The file of a home that says up to when history is played, while it is."""
SEED = 7
RECENT = timedelta(days=2)
FINE = timedelta(seconds=1)
COARSE = timedelta(minutes=10)


def main() -> None:
    """Run `load` or `play`."""
    word = sys.argv[1] if len(sys.argv) == 2 else ""  # noqa: PLR2004 - the program and one word
    if word not in {"load", "play"}:
        sys.exit("usage: python -m callboard.demo load|play")
    config = read_config()
    os.environ["DJANGO_SETTINGS_MODULE"] = "callboard.project.settings"
    django.setup()
    with quiet():
        (load if word == "load" else play)(config)


@contextmanager
def quiet() -> Iterator[None]:
    """End without a word when somebody stops it: who does so knows."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(128 + signal.SIGINT)


def load(config: Config, span: timedelta = HISTORY) -> None:
    """Import the studio and play its history, once per home; go on with one that was interrupted."""
    from callboard.intake.store import count_events  # noqa: PLC0415 - needs Django started
    from callboard.pipeline import Pipeline  # noqa: PLC0415
    from callboard.running import Runner  # noqa: PLC0415

    begun, newest_us = config.home / BEGUN, count_events()["newest_us"]
    if newest_us and not begun.exists():
        return
    now = _end_of(begun, config.clock.now())
    start = from_us(newest_us) if newest_us else now - span
    clock = SetClock(start)
    runner = Runner(lambda: Pipeline(config, clock=clock))
    pipeline = runner.pipeline
    runner.database.submit(_hurry).result()
    runner.database.submit(pipeline.import_people, studio()).result()
    runner.database.submit(pipeline.import_notifications, notifications(now)).result()
    with _bar("Playing six weeks of the demo studio", span.total_seconds()) as reach:
        moments = _moments(history(now - span, now, SEED), now, pipeline.catalogue)
        # The last that was accepted once more: that changes nothing, and what is left of its work is done then.
        rest = (one for one in moments if one[0] >= start)
        runner.replay(_told(rest, now - span, reach), clock)
    begun.unlink()


def _end_of(begun: Path, now: datetime) -> datetime:
    """Return the end of the history that was begun, else `now`; it is kept for whoever goes on."""
    if begun.exists():
        return parse_instant(begun.read_text())
    begun.parent.mkdir(parents=True, exist_ok=True)
    new = begun.with_suffix(".new")
    new.write_text(format_instant(now))
    new.replace(begun)  # whole, or not there
    return now


def _hurry() -> None:
    """Load without waiting for the disk: a demo that loses power is simply loaded again."""
    from django.db import connection  # noqa: PLC0415 - needs Django started

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=OFF")


def _moments(
    events: Iterable[dict[str, Any]], end: datetime, catalogue: Catalogue
) -> Iterator[tuple[datetime, Sequence[Draft]]]:
    """Yield (instant, drafts accepted then), and the end.

    Long ago, the events of ten minutes come in one batch, at the instant of the last: it saves most of the time. In
    the last days every second is a moment of its own.
    """
    batch: list[Draft] = []
    began_at = last_at = end
    for event in events:
        at = parse_instant(event["time"])
        if batch and at - began_at >= (FINE if end - at < RECENT else COARSE):
            yield last_at, batch
            batch = []
        if not batch:
            began_at = at
        last_at = at
        batch.append(draft_of(event, catalogue))
    if batch:
        yield last_at, batch
    yield end, ()


def draft_of(event: dict[str, Any], catalogue: Catalogue) -> Draft:
    """Return a generated event as the intake would have read it.

    Raises:
        ValueError: the generator made an event that the intake refuses.
    """
    found = read_event(event, catalogue)
    if not isinstance(found, Draft):
        raise ValueError("; ".join(str(fault) for fault in found))  # noqa: TRY004 - the value is wrong, not its type
    return found


def _told(moments: Iterable[Any], start: datetime, reach: Callable[[float], None]) -> Iterator[Any]:
    for at, drafts in moments:
        yield at, drafts
        reach((at - start).total_seconds())


def play(config: Config) -> None:
    """Send live traffic into the intake until stopped."""
    from callboard.pipeline import Pipeline  # noqa: PLC0415 - needs Django started

    pipeline = Pipeline(config)
    for wait_s, moment in live(datetime.now(UTC), int(time.time())):
        time.sleep(wait_s)
        batch = moment if isinstance(moment, list) else [moment]
        pipeline.accept([draft_of(one, pipeline.catalogue) for one in batch])


class _bar:  # noqa: N801 - used as a function
    """A progress bar on a terminal, one line elsewhere."""

    def __init__(self, title: str, total: float) -> None:
        self.console = Console(stderr=True)
        self.bar = Progress(TextColumn("{task.description}"), BarColumn(), console=self.console, transient=True)
        self.title, self.total = title, total

    def __enter__(self) -> Any:
        if not self.console.is_terminal:
            sys.stderr.write(self.title + " …\n")
            return lambda _: None
        self.bar.start()
        task = self.bar.add_task(self.title, total=self.total)
        return lambda reached_s: self.bar.update(task, completed=reached_s)

    def __exit__(self, *exc: object) -> None:
        self.bar.stop()


if __name__ == "__main__":
    main()
