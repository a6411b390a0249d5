"""Starting `callboard` commands quickly: most of the time of a short one goes into importing packages.

A test may start hundreds of commands. Each is forked from one process that has the packages loaded, the nursery,
and is otherwise what `python -m callboard` is: a child of the test with its own environment, folder, streams and
session, that reads its settings and starts Django itself. So nothing may be loaded beforehand that reads settings.
Servers and `callboard match` start cold in their tests.
"""

from __future__ import annotations

import atexit
import ctypes
import functools
import gc
import importlib
import json
import os
import runpy
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SOURCE = str(Path(__file__).resolve().parents[1] / "src")
LOADED = (
    "callboard.cli.main",
    "callboard.mail.templates.words",
    "aiosmtplib",
    "django.contrib.admin",
    "django.contrib.auth.hashers",
    "django.contrib.messages",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.backends.sqlite3.base",
    "django.db.migrations.executor",
    "django.template.backends.django",
    "django.test",
    "typer._adapters",
)
SUBREAPER = 36
"""Source: PR_SET_CHILD_SUBREAPER of linux/prctl.h."""
MAX_REQUEST_BYTES = 1 << 17


class Command(subprocess.Popen):
    """A `callboard` command that was started: in everything a Popen, but forked from the nursery."""

    def __init__(
        self, words: Sequence[str], *, env: dict[str, str], cwd: Path, start_new_session: bool = False, **streams: Any
    ):
        self._request = {
            "words": ["callboard", *words], "environment": env, "folder": str(cwd), "session": start_new_session,
        }  # fmt: skip
        super().__init__(["callboard", *words], **streams)

    def _execute_child(self, *how: Any) -> None:
        """Fork a command where Popen would execute a program; the same in Python 3.11 to 3.14."""
        pipes = how[10:16]  # the ends of input, output and errors: ours and theirs, as Popen made them
        self.pid = nursery().fork(self._request, [pipes[0], pipes[3], pipes[5]])
        self._child_created = True
        self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]  # a part of Popen that has no public name


def run(words: Sequence[str], *, text: str | None, timeout: int, **how: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, however it ends."""
    pipe = subprocess.PIPE
    with Command(words, stdin=pipe, stdout=pipe, stderr=pipe, encoding="utf-8", **how) as process:
        try:
            out, err = process.communicate(text, timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
    return subprocess.CompletedProcess(words, process.returncode, out, err)


class Nursery:
    """The process that commands are forked from."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", __file__, str(theirs.fileno())],
                env=os.environ | {"PYTHONPATH": SOURCE}, pass_fds=[theirs.fileno()], start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            )  # fmt: skip

    def fork(self, request: dict[str, Any], streams: list[int]) -> int:
        """Fork a command with these as its input, output and errors; its process id."""
        with self._lock:
            adopt(True)
            try:
                socket.send_fds(self._socket, [json.dumps(request).encode()], streams)
                child = int(self._socket.recv(32))
            finally:
                adopt(False)
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT)  # fails if it is not this process's child
        return child

    def close(self) -> None:
        self._socket.close()
        self._process.wait()


@functools.cache
def nursery() -> Nursery:
    """The one of this process, made when it is first needed."""
    found = Nursery()
    atexit.register(found.close)
    return found


def adopt(wanted: bool) -> None:  # noqa: FBT001 - as prctl has it
    """Whether descendants whose parents ended become children of this process, that it may wait for."""
    assert ctypes.CDLL(None).prctl(SUBREAPER, int(wanted), 0, 0, 0) == 0


def serve(requests: socket.socket) -> list[str] | None:
    """Fork a command for each request. In a command its words come back; at the end of requests nothing does."""
    while True:
        message, streams, _, _ = socket.recv_fds(requests, MAX_REQUEST_BYTES, 3)
        if not message:
            return None
        told, tell = os.pipe()
        if (parent := os.fork()) == 0:
            if (child := os.fork()) == 0:
                requests.close()
                return become(json.loads(message), streams)
            os.write(tell, str(child).encode())
            os._exit(0)
        os.waitpid(parent, 0)  # from now on the child is its grandparent's
        requests.send(os.read(told, 32))
        for one in (told, tell, *streams):
            os.close(one)


def become(request: dict[str, Any], streams: Sequence[int]) -> list[str]:
    """Make this process the one that was asked for; the words of its command."""
    if request["session"]:
        os.setsid()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    for here, given in enumerate(streams):
        os.dup2(given, here)
    os.closerange(3, max(streams) + 1)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115 - till its end
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    asked: list[str] = request["words"]
    return asked


if __name__ == "__main__":
    for module in LOADED:
        importlib.import_module(module)
    gc.freeze()
    words = serve(socket.socket(fileno=int(sys.argv[1])))
    if words is not None:
        sys.argv = words
        runpy.run_module("callboard", run_name="__main__", alter_sys=True)
