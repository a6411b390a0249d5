"""The file in which an index outlives its process. Written whole or not at all, and safe to lose."""

from __future__ import annotations

import hashlib
import os
import secrets
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
import structlog

from callboard.matching.index import Index, Matcher
from callboard.matching.snapshot import is_worn, pack, revision_of, token_of, unpack

WORTH_KEEPING = 10_000
"""Notifications from which on reading a file is quicker than making an index anew."""
_DIGEST_BYTES = 64

logger = structlog.get_logger(__name__)


def keep(index: Index, revision: int, path: Path, note: Callable[[str], None]) -> bool:
    """Write the index to a file if it is worth it; return whether it was written.

    `note` lets the database know of the file: one that it does not know belongs to another
    database, or to a time before this one was restored from a copy.
    """
    if len(index) < WORTH_KEEPING:
        return False
    part = path.with_name(f"{path.name}.{os.getpid()}")
    token = secrets.token_hex(16)
    try:
        with part.open("w+b") as file:
            np.savez(file, **pack(index, revision, token))  # type: ignore[arg-type] # its own stub forgets plain arrays
            file.seek(0)
            digest = hashlib.file_digest(file, "blake2b").digest()
            file.write(digest)
        note(token)
        part.replace(path)
    except OSError as exc:
        logger.warning("the index is not kept in its file; the next start makes it anew", reason=str(exc))
        return False
    finally:
        part.unlink(missing_ok=True)
    return True


def fetch(
    matcher: Matcher, path: Path, changed_since: Callable[[int], list[str]], is_known: Callable[[str], bool]
) -> int | None:
    """Let a matcher answer with the index of a file, if there is one that fits; return the file's revision."""
    try:
        with path.open("rb") as raw:
            if not _is_whole(raw):
                logger.warning("the file of the index is damaged; the index is made anew", path=str(path))
                return None
            with np.load(raw, allow_pickle=False) as file:
                revision = revision_of(file, matcher.catalogue)
                if revision is None or not is_known(token_of(file)):
                    return None
                arrays = dict(file)
    except FileNotFoundError:
        return None
    except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as exc:
        logger.warning("the file of the index is of no use; the index is made anew", path=str(path), reason=repr(exc))
        return None
    index = unpack(arrays, matcher.catalogue, matcher.directory, matcher.book, changed_since(revision))
    if is_worn(index):
        return None
    matcher.adopt(index)
    return revision


def _is_whole(file: BinaryIO) -> bool:
    """Return whether a file ends with the digest of what stands before it."""
    size = file.seek(0, os.SEEK_END) - _DIGEST_BYTES
    file.seek(0)
    found = hashlib.blake2b()
    while size > 0 and (part := file.read(min(size, 1 << 20))):
        found.update(part)
        size -= len(part)
    digest = file.read()
    file.seek(0)
    return digest == found.digest()
