"""The `callboard` command as anyone runs it: real processes over one home, at a business time that is set by hand."""

from __future__ import annotations

import json
import signal
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests import starting
from tests.world.product import environment, stamp

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
REDELIVERY, UNASSIGNED = "delivery.redelivery_requested", "source_request.unassigned"
TIMEOUT_S = 60
NO_SETTINGS: dict[str, str] = {}


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Callboard:
    """One home, perhaps with a PostgreSQL, and the settings all its commands run with."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    now: datetime = NOW

    def environment(self, settings: dict[str, str]) -> dict[str, str]:
        fixed = {"CALLBOARD_NOW": stamp(self.now), "CALLBOARD_COLLAPSE_S": "0"}
        return environment(self.folder / "home", **fixed | self.settings | settings)

    def run(self, *words: str, text: str | None = None, settings: dict[str, str] = NO_SETTINGS) -> Done:
        """Run a command to its end, however it ends."""
        done = starting.run(words, env=self.environment(settings), cwd=self.folder, text=text, timeout=TIMEOUT_S)
        return Done(done.returncode, done.stdout, done.stderr)

    def ok(self, *words: str, text: str | None = None) -> Done:
        """Run a command that must end well."""
        done = self.run(*words, text=text)
        assert (done.code, "Traceback" in done.err) == (0, False), f"{words} exits {done.code}\n{done.err}"
        return done

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a command and leave it running."""
        return starting.Command(
            words, env=self.environment({}), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )  # fmt: skip

    def drain(self, **span: float) -> dict[str, int]:
        """Let business time go by and process what is due then; the counts that are not 0."""
        self.now += timedelta(**span)
        counts: dict[str, int] = self.ok("drain", "--json").json
        return {key: count for key, count in counts.items() if count}

    def write(self, name: str, content: Any) -> str:
        """Write a file for a command: JSON, or JSON lines from a tuple; its path."""
        path = self.folder / name
        lines = content if isinstance(content, tuple) else [content]
        path.write_text("".join(json.dumps(one) + "\n" for one in lines), encoding="utf-8")
        return str(path)

    def people(self, *emails: str) -> None:
        """Import people who all get what concerns copperglass."""
        self.ok("people", "import", self.write("people.json", people(*emails)))

    def send(self, *events: dict[str, Any]) -> None:
        self.ok("events", "send", self.write("events.jsonl", events))

    def ledger(self) -> list[dict[str, Any]]:
        return self.ok("ledger", "export").lines

    def states(self, event_id: str) -> dict[str, str]:
        """Recipient -> state of the row of one event."""
        return {row["user"]: row["state"] for row in self.ledger() if row["event"] == event_id}


def people(*emails: str) -> dict[str, Any]:
    """A people file."""
    return {
        "partners": [{"id": "copperglass", "name": "Copperglass Post", "kind": "fulfillment_partner"}],
        "users": [
            {"email": one, "name": "N", "partner": "copperglass", "roles": ["fulfillment_partner_operations"]}
            for one in emails
        ],
    }


def event(event_id: str, event_type: str = REDELIVERY) -> dict[str, Any]:
    """An event that concerns copperglass."""
    return {
        "specversion": "1.0", "id": event_id, "source": "portal", "type": event_type, "subject": f"SR-{event_id}",
        "data": {"fulfillment_partner": "copperglass", "title": "Salt"},
    }  # fmt: skip


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for the good end of a process that was started here."""
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, err


def stop(process: subprocess.Popen[str], number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
    """Signal a process that was started here and wait for its end; its code and its words."""
    process.send_signal(number)
    _, err = process.communicate(timeout=TIMEOUT_S)
    return process.returncode, err
