"""`up`: web, worker and, for the demo, the traffic, each a process of its own, started again when one dies."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from types import FrameType

import structlog

from callboard.base.config import Config
from callboard.base.errors import PermanentError, RejectedError

STOP_S = 10.0
"""Seconds a process may take to end its work before it is killed; nothing is lost by that."""
PR_SET_PDEATHSIG = 1
"""Source: Linux, prctl(2)."""
QUICK_DEATH_S = 5.0
LONGEST_PAUSE_S = 30.0

logger = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Child:
    name: str
    words: list[str]
    environ: dict[str, str]
    keep: bool = True
    process: subprocess.Popen[bytes] | None = None
    started_s: float = 0.0
    due_s: float = 0.0
    deaths: int = field(default=0)

    def start(self) -> None:
        self.started_s = time.monotonic()
        # A group of its own: Ctrl-C reaches the supervisor, which ends its children in order.
        self.process = subprocess.Popen(
            self.words,
            env=self.environ,
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            preexec_fn=_die_with_parent,  # noqa: PLW1509 - one system call, and no threads here
        )

    def look(self) -> None:
        """Start the process again after it died; wait longer each time it dies at once."""
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            self.process = None
            if not self.keep and code == 0:
                self.due_s = float("inf")
                return
            quick = time.monotonic() - self.started_s < QUICK_DEATH_S
            self.deaths = self.deaths + 1 if quick else 1
            self.due_s = time.monotonic() + (min(2.0**self.deaths, LONGEST_PAUSE_S) if quick else 0)
            logger.error("process ended; it is started again", process=self.name, code=code)
        if time.monotonic() >= self.due_s:
            self.start()


def _die_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed; elsewhere it lives on until it is ended."""
    set_death_signal = getattr(ctypes.CDLL(None), "prctl", None)
    if set_death_signal is not None:
        set_death_signal(PR_SET_PDEATHSIG, signal.SIGTERM)


def serve(config: Config, host: str, port: int) -> None:
    """Serve web and API until stopped.

    Raises:
        RejectedError: the port is taken.
    """
    del config
    refuse_taken_port(host, port)
    from granian import Granian  # noqa: PLC0415 - only this command needs the server
    from granian.constants import Interfaces  # noqa: PLC0415

    Granian(
        "callboard.project.serving:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=8,
        log_enabled=False,
    ).serve()


def refuse_taken_port(host: str, port: int) -> None:
    """Say in one line that another program listens there.

    Raises:
        RejectedError: the address can not be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            raise RejectedError(f"cannot listen on {host}:{port}: {exc.strerror}; choose another with --port") from exc


def run(config: Config, *, port: int, demo: bool) -> None:
    """Run everything until SIGINT or SIGTERM; return when all processes have ended."""
    refuse_taken_port("127.0.0.1", port)
    environ = dict(os.environ)
    if "CALLBOARD_BASE_URL" not in environ:
        environ["CALLBOARD_BASE_URL"] = f"http://127.0.0.1:{port}"
    base = [sys.executable, "-m", "callboard"]
    if demo:
        environ["CALLBOARD_DEMO"] = "1"
        _load_demo(environ)
    children = [
        _Child("web", [*base, "serve", "--port", str(port)], environ),
        _Child("worker", [*base, "worker"], environ),
    ]
    if demo:
        children.append(_Child("demo", [sys.executable, "-m", "callboard.demo", "play"], environ, keep=False))
    _announce(config, environ["CALLBOARD_BASE_URL"], demo=demo)
    _watch(children)


def _load_demo(environ: dict[str, str]) -> None:
    """Fill the home with the demo studio, unless that is done.

    Raises:
        PermanentError: the studio can not be loaded; its own lines say why.
    """
    done = subprocess.run([sys.executable, "-m", "callboard.demo", "load"], env=environ, check=False)
    if done.returncode:
        raise PermanentError("the demo studio could not be loaded; the lines above say why")


def _announce(config: Config, base_url: str, *, demo: bool) -> None:
    sys.stdout.write(f"\n  Callboard runs at {base_url}   (Ctrl-C ends it)\n")
    if config.smtp is None:
        sys.stdout.write(f"  Mails go to the built-in mailbox: {base_url}/mailbox\n")
    if demo:
        sys.stdout.write("  The demo studio is loaded; new events come in every few seconds.\n")
    sys.stdout.write("\n")
    sys.stdout.flush()


def _watch(children: list[_Child]) -> None:
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        del number, frame
        stopping = True

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    while not stopping:
        for child in children:
            child.look()
        time.sleep(0.2)
    living = [child.process for child in children if child.process is not None]
    for process in living:
        process.terminate()
    deadline = time.monotonic() + STOP_S
    for process in living:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
