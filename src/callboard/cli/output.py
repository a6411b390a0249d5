"""What commands print: JSON for programs, a line or a progress bar for people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from callboard.base import strict_json


def print_counts(counts: dict[str, Any], *, as_json: bool, words: str) -> None:
    """Print counts as one JSON object, or as `words` filled with them."""
    print_line(strict_json.dumps(counts) if as_json else words.format(**counts))


def print_line(line: str) -> None:
    """Print one line on stdout."""
    sys.stdout.write(line + "\n")


def print_text(text: str) -> None:
    """Print a file's text on stdout as it is."""
    sys.stdout.write(text)


@contextmanager
def progress(title: str) -> Iterator[Callable[[str], None]]:
    """Show a running line on a terminal; yields what sets its detail. Silent elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda detail: bar.update(task, description=f"{title}  {detail}")
