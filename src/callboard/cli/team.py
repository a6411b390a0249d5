"""Processes that are forked to work on what this one has in memory. A pipe each is all they need."""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection
    from multiprocessing.context import ForkProcess


@contextmanager
def team_of(size: int, work: Callable[[Any], Any]) -> Iterator[list[Connection]]:
    """Fork so many processes; each answers what it is sent by `work`, in turn. Give the pipes to them.

    Whoever receives gets EOFError when that process has ended. All end with this one, however it ends.

    Raises:
        OSError: no process, or no pipe, is to be had.
    """
    fork = multiprocessing.get_context("fork")
    members: list[ForkProcess] = []
    pipes: list[Connection] = []
    try:
        for _ in range(size):
            ours, theirs = fork.Pipe()
            pipes.append(ours)
            member = fork.Process(target=_answer, args=(work, theirs, pipes), daemon=True)
            member.start()
            members.append(member)
            theirs.close()
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for member in members:
            member.terminate()
            member.join()


def _answer(work: Callable[[Any], Any], asked: Connection, others: list[Connection]) -> None:
    """Answer until nobody can ask any more."""
    for one in others:  # else the pipes of those that were forked earlier would outlive the process that asks
        one.close()
    for stop in (signal.SIGINT, signal.SIGPIPE):  # whoever stops the command, or reads no more, ends this in silence
        signal.signal(stop, signal.SIG_DFL)
    with suppress(MemoryError):  # whoever asked is told that this has ended
        while True:
            try:
                wish = asked.recv()
            except (EOFError, ConnectionResetError):
                return
            asked.send(work(wish))
