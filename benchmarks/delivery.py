"""A durable outbox of 25 KB mails, handed over: beside postfix's smtp-source and what a Python user would pick.

Everything runs in turn against one sink in one run: postfix's smtp-sink where it is installed
(on PATH, or in the folder of POSTFIX_BIN with its libraries in LD_LIBRARY_PATH), else our own.
The best of several rounds counts, for everybody. Ours is durable (SQLite, FULL) and checks each
mail again; the peers' mails are ready-made but in the last line, and only django-post_office's are
kept anywhere.

    python -m benchmarks.delivery [--people 10000] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.whole_way import ROOT, Sink, running

MAIL_BYTES = 25_000
SESSIONS = 20
PEER_MAILS = 1_000


def postfix(name: str) -> str | None:
    """Return the path of one of postfix's test programs."""
    return shutil.which(
        name, path=os.pathsep.join([os.environ.get("POSTFIX_BIN", ""), os.environ["PATH"], "/usr/sbin"])
    )


@contextmanager
def any_sink(environ: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Run a sink; yield its name and port."""
    found = postfix("smtp-sink")
    if found is None:
        with running([sys.executable, "-m", "benchmarks.sink"], environ) as process:
            yield "our sink", Sink(process).port
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running([found, *user, f"127.0.0.1:{port}", "200"], dict(os.environ)):
        time.sleep(0.5)
        yield "smtp-sink", port


def smtp_source(port: int, mails: int) -> float | None:
    """Return mails/s of postfix's load generator over reused connections."""
    found = postfix("smtp-source")
    if found is None:
        return None
    words = [found, "-d", "-s", str(SESSIONS), "-m", str(mails), "-l", str(MAIL_BYTES), f"127.0.0.1:{port}"]
    began = time.perf_counter()
    subprocess.run(words, check=True)
    return mails / (time.perf_counter() - began)


def peer(name: str, port: int, environ: dict[str, str]) -> float | None:
    """Return mails/s of a peer; None when it can not be had here."""
    python = [sys.executable]
    if name.startswith("post_office"):
        uv = shutil.which("uv", path=f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}")  # noqa: PTH120
        if uv is None:
            return None
        python = [uv, "run", "--quiet", "--no-project", "--with", "django-post-office", "--with", "django<6", "python"]
    words = [*python, "-m", "benchmarks.peers", name, str(port), str(PEER_MAILS), str(MAIL_BYTES)]
    done = subprocess.run(words, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    return PEER_MAILS / float(done.stdout) if done.returncode == 0 else None


def ours(port: int, people: int, teams: int, environ: dict[str, str]) -> float:
    """Return mails/s of delivering a full outbox; each team's people are told the same."""
    with tempfile.TemporaryDirectory() as home:
        settings = {"CALLBOARD_HOME": home, "CALLBOARD_SMTP_URL": f"smtp://127.0.0.1:{port}"}
        words = [sys.executable, "-m", "benchmarks.outbox", str(people), str(teams)]
        done = subprocess.run(words, cwd=ROOT, env=environ | settings, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout)
    print(
        f"  ours: {found['mails']} mails of {found['mail_bytes']:,} bytes in {found['seconds']:.2f} s", file=sys.stderr
    )
    return float(found["mails"] / found["seconds"])


def new_key(folder: str) -> str:
    """Make a key to sign with; return the path of its file."""
    pem = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path = Path(folder) / "dkim.pem"
    path.touch(0o600)
    path.write_bytes(pem)
    return str(path)


def best(rounds: int, measure: Callable[[], float | None]) -> float | None:
    """Return the best of several rounds."""
    return max((rate for _ in range(rounds) if (rate := measure()) is not None), default=None)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    environ = {key: value for key, value in os.environ.items() if not key.startswith("CALLBOARD_")}
    environ |= {"PYTHONPATH": str(ROOT / "src")}
    people, rounds = chosen.people, chosen.rounds
    with any_sink(environ) as (name, port), tempfile.TemporaryDirectory() as folder:
        signing = {"CALLBOARD_DKIM_KEY": new_key(folder), "CALLBOARD_DKIM_SELECTOR": "benchmark"}
        rates = {
            "callboard, 50 teams told alike": best(rounds, lambda: ours(port, people, 50, environ)),
            "the same, signed by RSA of 2,048 bits": best(rounds, lambda: ours(port, people, 50, environ | signing)),
            "callboard, nobody told alike": best(rounds, lambda: ours(port, people // 10, people // 10, environ)),
            "postfix smtp-source, connections reused": best(rounds, lambda: smtp_source(port, people)),
            "smtplib, one connection reused": best(rounds, lambda: peer("smtplib", port, environ)),
            "Django send_mail": best(rounds, lambda: peer("django", port, environ)),
            "django-post_office, SQLite": best(rounds, lambda: peer("post_office", port, environ)),
            "the same, writing 41 items when sending": best(rounds, lambda: peer("post_office_writing", port, environ)),
        }
    mine = next(iter(rates.values())) or 0.0
    print(f"25 KB mails accepted by {name}, best of {rounds}:")
    for who, rate in rates.items():
        said = "not installed here" if rate is None else f"{rate:8,.0f} mails/s  ours is {mine / rate:6.2f} x"
        print(f"  {who:42} {said}")


if __name__ == "__main__":
    main()
