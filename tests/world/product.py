"""The product, run as anyone runs it: its commands as processes, its ledger as it exports it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests import starting

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tests.world.reference import Json

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 600


def environment(home: Path, **settings: str) -> dict[str, str]:
    """The environment without what the caller's shell may have set for Callboard."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CALLBOARD_")}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "CALLBOARD_HOME": str(home), **settings}


def stamp(now: datetime) -> str:
    """An instant as CALLBOARD_NOW takes it."""
    return now.isoformat().replace("+00:00", "Z")


@dataclass
class Product:
    """One home and one database, used by one command after another."""

    home: Path
    smtp_port: int
    collapse_s: int = 10
    database_url: str | None = None
    catalogue: Path | None = None
    files: Path = field(init=False)

    def __post_init__(self) -> None:
        self.files = self.home.parent / "files"
        self.files.mkdir(exist_ok=True)

    def environment(self, now: datetime) -> dict[str, str]:
        settings = {
            "CALLBOARD_NOW": stamp(now),
            "CALLBOARD_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "CALLBOARD_COLLAPSE_S": str(self.collapse_s),
        }
        if self.database_url is not None:
            settings["CALLBOARD_DATABASE_URL"] = self.database_url
        if self.catalogue is not None:
            settings["CALLBOARD_CATALOGUE"] = str(self.catalogue)
        return environment(self.home, **settings)

    def run(self, *words: str, now: datetime, text: str | None = None) -> str:
        """Run a command to its end, which must be a good one; its standard output."""
        done = starting.run(words, env=self.environment(now), cwd=self.files, text=text, timeout=TIMEOUT_S)
        command = f"callboard {' '.join(words)} at {stamp(now)}"
        assert done.returncode == 0, f"{command} exits {done.returncode}\n{done.stderr[-4000:]}"
        return done.stdout

    def start(self, *words: str, now: datetime) -> subprocess.Popen[bytes]:
        """Start a command in a process group of its own."""
        return starting.Command(
            words,
            env=self.environment(now),
            cwd=self.files,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def write(self, name: str, content: Any) -> str:
        """Write a JSON file for a command to read; its path."""
        path = self.files / name
        path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return str(path)

    def write_lines(self, name: str, lines: Iterable[Json]) -> str:
        """Write JSON lines, some in pure ASCII and some not."""
        path = self.files / name
        with path.open("w", encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(lines):
                file.write(json.dumps(line, ensure_ascii=number % 2 == 0) + "\n")
        return str(path)

    def ledger(self, now: datetime) -> list[Json]:
        """What `ledger export` says."""
        return [json.loads(line) for line in self.run("ledger", "export", now=now).splitlines()]


def kill(process: subprocess.Popen[bytes]) -> bool:
    """kill -9 a started command with all that it started; whether it still ran."""
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return running and process.returncode == -signal.SIGKILL
