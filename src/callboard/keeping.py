"""The file in which an index outlives its process. Written whole or not at all, and safe to lose."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from callboard.matching.index import Index, Matcher
from callboard.matching.snapshot import pack, revision_of, unpack

WORTH_KEEPING = 10_000
"""Notifications from which on reading a file is quicker than making an index anew."""


def keep(index: Index, revision: int, path: Path) -> bool:
    """Write the index to a file if it is worth it; return whether it was."""
    if len(index) < WORTH_KEEPING:
        return False
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            np.savez(file, **pack(index, revision))  # type: ignore[arg-type] # its own stub forgets plain arrays
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return True


def fetch(matcher: Matcher, path: Path, changed_since: Callable[[int], list[str]]) -> bool:
    """Let a matcher answer with the index of a file, if there is one that fits; return whether there was."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            revision = revision_of(file, matcher.catalogue)
            if revision is None:
                return False
            arrays = dict(file)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile):
        return False
    index = unpack(arrays, matcher.catalogue, matcher.directory, matcher.book, changed_since(revision))
    matcher.adopt(index)
    return True
