"""One event to 10,000 people, and one immediate mail: the whole way, from `events send` to the 250.

Prints mails/s with workers that run, and without: `events send`, then `drain`, the start of both
included. Beside it what smtplib does with ready-made mails of the same size over one connection
to the same sink in the same run; and the latency of single mails on an idle system.

    python -m benchmarks.whole_way [--people 10000] [--singles 50] [--workers 1]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import smtplib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

ROOT = Path(__file__).resolve().parents[1]
BASE = [sys.executable, "-m", "callboard"]


class Sink:
    """The sink process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        if process.stdin is None or process.stdout is None:
            raise ValueError("the sink talks over pipes")
        self.stdin, self.stdout = process.stdin, process.stdout
        self.port = int(self.stdout.readline())

    def accepted(self) -> tuple[int, float]:
        """Return mails accepted so far, and the `time.time()` of the last."""
        self.stdin.write("QUERY\n")
        self.stdin.flush()
        count, last_s = self.stdout.readline().split()
        return int(count), float(last_s)

    def wait_for(self, count: int, timeout_s: float = 600.0) -> float:
        """Return the `time.time()` at which the sink had accepted `count` mails."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found, last_s = self.accepted()
            if found >= count:
                return last_s
            time.sleep(0.002)
        raise TimeoutError(f"{count} mails were not accepted in {timeout_s} s")


@contextmanager
def running(words: list[str], environ: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """Run a process until the block ends."""
    process = subprocess.Popen(words, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def people_file(count: int) -> dict[str, Any]:
    """Return a studio with `count` people who are all told of every QC report, and a post house of one."""
    return {
        "partners": [
            {"id": "studio", "name": "Meridian Lantern", "kind": "studio"},
            {"id": "copperglass", "name": "Copperglass Post", "kind": "fulfillment_partner"},
        ],
        "users": [
            {
                "email": "ana@copperglass.example",
                "name": "Ana Ruiz",
                "partner": "copperglass",
                "roles": ["fulfillment_partner_operations"],
            },
            *(
                {
                    "email": f"p{number}@meridianlantern.example",
                    "name": f"Person {number}",
                    "partner": "studio",
                    "roles": ["studio_operations"],
                }
                for number in range(count)
            ),
        ],
    }


def first_event() -> dict[str, Any]:
    """Return an event that concerns the post house alone."""
    told = {"type": "delivery.redelivery_requested", "id": "first"}
    return event(0) | told | {"data": event(0)["data"] | {"fulfillment_partner": "copperglass"}}


def event(number: int) -> dict[str, Any]:
    """Return an event that the studio's Default sends immediately."""
    return {
        "specversion": "1.0",
        "id": f"e-{number}",
        "source": "benchmark",
        "type": "qc.report_ready",
        "subject": f"SR-{number:08}",
        "data": {
            "title": "The Salt Cartographers, S1 E4",
            "title_id": ["90000017", "90000002"],
            "title_names": ["S1 E4", "The Salt Cartographers"],
            "qc_outcome": "Fix Notes Needed",
            "severity": "Blocker",
            "qc_category": "Audio",
            "comment": "Dialogue drops 6 dB at 00:31:12:04 on the 5.1 print master.",
        },
    }


def call(environ: dict[str, str], *words: str, text: str = "") -> str:
    """Run one command to its end."""
    words = (*BASE, *words)
    return subprocess.run(words, cwd=ROOT, env=environ, input=text, capture_output=True, text=True, check=True).stdout


def send(environ: dict[str, str], *events: dict[str, Any]) -> None:
    """Hand events to the local intake."""
    call(environ, "events", "send", "-", text="".join(json.dumps(one) + "\n" for one in events))


def broadcast(environ: dict[str, str], sink: Sink, people: int, workers: int) -> float:
    """Return mails/s from the start of `events send` until the last 250; without workers `drain` sends them."""
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(running([*BASE, "worker"], environ))
        before, _ = sink.accepted()
        if workers:
            send(environ, first_event())
            sink.wait_for(before + 1)
            before += 1
            time.sleep(1)  # all workers are up, and idle again
        began_s = time.time()
        send(environ, event(workers))
        if not workers:
            call(environ, "drain")
        return people / (sink.wait_for(before + people) - began_s)


def singles(environ: dict[str, str], sink: Sink, count: int) -> list[float]:
    """Return seconds from handing an event to the HTTP intake of an idle system to the mail's 250."""
    key = json.loads(call(environ, "apikey", "create", "benchmark", "--json"))["key"]
    port = 18473
    took = []
    with running([*BASE, "serve", "--port", str(port)], environ), running([*BASE, "worker"], environ):
        url = f"http://127.0.0.1:{port}/api/v1/events"
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cloudevents+json"}
        before, _ = sink.accepted()
        send(environ, first_event())
        sink.wait_for(before + 1)
        wait_for_port(port)
        for number in range(1, count + 1):
            before, _ = sink.accepted()
            body = json.dumps(event(number)).encode()
            began_s = time.time()
            urlopen(Request(url, body, headers), timeout=10).read()
            took.append(sink.wait_for(before + 1, 30) - began_s)
            time.sleep(0.1)
    return took


def wait_for_port(port: int) -> None:
    """Return once a server answers there."""
    for _ in range(600):
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.1)


def smtplib_rate(sink: Sink, mails: int = 3000, size: int = 12_000) -> float:
    """Return mails/s of smtplib with ready-made mails over one connection: neither durable nor written."""
    raw = b"Subject: peer\r\n\r\n" + (b"x" * 70 + b"\r\n") * (size // 72)
    with smtplib.SMTP("127.0.0.1", sink.port) as client:
        began = time.perf_counter()
        for _ in range(mails):
            client.sendmail("a@callboard.example", ["b@callboard.example"], raw)
        return mails / (time.perf_counter() - began)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--singles", type=int, default=50)
    parser.add_argument("--workers", type=int, default=1)
    chosen = parser.parse_args()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("CALLBOARD_")}
    environ |= {"PYTHONPATH": str(ROOT / "src"), "CALLBOARD_COLLAPSE_S": "0"}
    sink_words = [sys.executable, "-m", "benchmarks.sink"]
    with running(sink_words, environ) as process, tempfile.TemporaryDirectory() as folder:
        sink = Sink(process)
        environ["CALLBOARD_SMTP_URL"] = f"smtp://127.0.0.1:{sink.port}"
        environ["CALLBOARD_HOME"] = f"{folder}/many"
        call(environ, "people", "import", "-", text=json.dumps(people_file(chosen.people)))
        cold = broadcast(environ, sink, chosen.people, 0)
        rate = broadcast(environ, sink, chosen.people, chosen.workers)
        peer = smtplib_rate(sink)
        print(f"one event to {chosen.people} people, {chosen.workers} running worker: {rate:,.0f} mails/s")
        print(f"the same by `drain`, its start included: {cold:,.0f} mails/s")
        print(f"smtplib, one connection, ready-made mails: {peer:,.0f} mails/s; ratio {rate / peer:.2f}")
        environ["CALLBOARD_HOME"] = f"{folder}/one"
        call(environ, "people", "import", "-", text=json.dumps(people_file(1)))
        took = sorted(singles(environ, sink, chosen.singles))
        p99 = took[min(len(took) - 1, len(took) * 99 // 100)]
        p50_ms, p99_ms = statistics.median(took) * 1000, p99 * 1000
        print(f"one immediate mail, intake to 250: p50 {p50_ms:.0f} ms, p99 {p99_ms:.0f} ms")


if __name__ == "__main__":
    main()
