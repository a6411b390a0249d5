"""Reports from a maildir: what is new is taken and moved to `cur` as seen; what cannot be read is flagged there."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import structlog
from django.db import InterfaceError, OperationalError, connection

from callboard.base.errors import RejectedError
from callboard.mail.feedback.taking import MAX_REPORT_BYTES, Result, Taken

SEEN, FLAGGED = ":2,S", ":2,FS"
"""Source: maildir(5). A mail program shows what is flagged."""

logger = structlog.get_logger(__name__)


def open_maildir(path: Path) -> Path:
    """Return the path of a maildir.

    Raises:
        RejectedError: there is none.
    """
    if not all((path / name).is_dir() for name in ("new", "cur")):
        raise RejectedError(f"{path} is not a maildir: it has no folders new and cur")
    return path


def take_new(path: Path, take: Callable[[bytes], Taken]) -> Counter[str]:
    """Take every report in `new`, oldest first; return how many there were of each result.

    One that cannot be taken is flagged and counts as unreadable, and the others go on. A
    database or a disk that is away is no report's fault: then nothing moves.
    """
    counts: Counter[str] = Counter()
    for file in _new(path):
        raw = _read(file)
        if raw is None:
            continue
        try:
            result = take(raw).result
        except (OperationalError, InterfaceError, OSError):
            raise
        except Exception:
            logger.exception("a report could not be taken; it is flagged", file=str(file))
            result = Result.UNREADABLE
        # After the commit: a crash in between takes it again, which changes nothing
        _move(file, path / "cur", FLAGGED if result is Result.UNREADABLE else SEEN)
        counts[result.value] += 1
    return counts


def keep_taking(path: Path, take: Callable[[bytes], Taken], stop: Event, look_s: float) -> Counter[str]:
    """Take what is new, again and again, until told to stop; a database or a folder that is away is waited for."""
    counts: Counter[str] = Counter()
    while True:
        try:
            counts += take_new(path, take)
        except (OperationalError, InterfaceError) as exc:
            logger.warning("the database does not take a report; it is tried again", reason=str(exc))
            connection.close()
        except OSError as exc:
            logger.warning("the maildir cannot be looked through; it is tried again", reason=str(exc))
        if stop.wait(look_s):
            return counts


def _new(path: Path) -> Iterator[Path]:
    """Yield the plain files in `new`; a link could lead anywhere."""
    with os.scandir(path / "new") as found:
        names = sorted(one.name for one in found if not one.name.startswith(".") and one.is_file(follow_symlinks=False))
    yield from (path / "new" / name for name in names)


def _move(file: Path, folder: Path, flags: str) -> None:
    """Move a mail that was taken; one that stays is taken again, which changes nothing."""
    try:
        file.rename(folder / f"{file.name.partition(':')[0]}{flags}")
    except FileNotFoundError:
        pass  # another reader was faster
    except OSError as exc:
        logger.warning("a report was taken and cannot be moved", file=str(file), reason=exc.strerror)


def _read(file: Path) -> bytes | None:
    """Return a mail's bytes, as many as are read of any; None when it is gone or may not be read."""
    try:
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as opened:
            return opened.read(MAX_REPORT_BYTES)
    except FileNotFoundError:
        return None  # another reader was faster
    except OSError as exc:
        logger.warning("a file of the maildir cannot be read", file=str(file), reason=exc.strerror)
        return None
