#!/usr/bin/env python3
"""Set Callboard up beside this file, then run it. Needs nothing but Python 3.11 and pip.

    python3 run.py demo [ARGS]    the product with a demo studio: callboard up --demo
    python3 run.py test [ARGS]    all tests this machine can run; ARGS go to pytest
    python3 run.py check          linters, types, import rules, migrations, locks
    python3 run.py WORDS          anything else: callboard WORDS

The first start makes .venv and installs the packages locked in requirements.txt (for test and
check those of requirements-dev.txt). Later starts find that done and take no time.
"""

from __future__ import annotations

import ast
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
SITE = VENV / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
STAMP = VENV / "callboard-installed"  # says which locked sets are in, for which Python
UNFINISHED = VENV / "callboard-unfinished"  # there while pip is at work
DISCARDED = ROOT / ".venv-discarded"
PIP_LOG = VENV / "callboard-pip.log"

RUNTIME = ("requirements.txt",)
DEVELOPMENT = ("requirements.txt", "requirements-dev.txt")  # the second contains the first

OLDEST_PYTHON = (3, 11)
OLDEST_PIP = (22, 3)  # the first with --python
PIP_HINT = "on Debian: apt install python3-pip"

# Where packages come from is the machine's business (mirrors, proxies, certificates); how they
# are installed is ours, so of pip's settings only these reach it.
PIP_KEPT = {
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_FIND_LINKS",
    "PIP_NO_INDEX",
    "PIP_TRUSTED_HOST",
    "PIP_CERT",
    "PIP_CLIENT_CERT",
    "PIP_PROXY",
    "PIP_TIMEOUT",
    "PIP_DEFAULT_TIMEOUT",
    "PIP_RETRIES",
    "PIP_KEYRING_PROVIDER",
    "PIP_CACHE_DIR",
    "PIP_NO_CACHE_DIR",
}
FOR_TESTS = {"CALLBOARD_TEST_REQUIRE_ALL", "CALLBOARD_FULL_WORLD"}
NETWORK_SIGNS = re.compile(
    r"from versions: none|Failed to establish a new connection|Name or service not known|"
    r"Read timed out|Temporary failure in name resolution|Max retries exceeded|SSLError|"
    r"ProxyError|NewConnectionError|ConnectTimeoutError|NameResolutionError"
)


def main() -> None:
    """Prepare what the words need, then become the program they ask for."""
    if sys.version_info < OLDEST_PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        fail(f"Python 3.11 or newer is needed, and this is {found}; start run.py with a newer one")
    word, rest = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("", [])
    if word == "test":
        prepare(DEVELOPMENT)
        os.chdir(ROOT)
        # Settings of the caller's own Callboard are none of the tests' business; they get a home of their own
        for name in [one for one in os.environ if one.startswith("CALLBOARD_") and one not in FOR_TESTS]:
            del os.environ[name]
        os.environ["CALLBOARD_HOME"] = tempfile.mkdtemp(prefix="callboard-tests-")
        # Else each of many commands compiles Callboard anew, for a third of its time
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        # A process that has nothing left takes from the other: long tests stand anywhere
        become("-m", "pytest", "-ra", "-n", "logical", "--dist", "worksteal", *rest)
    if word == "check":
        prepare(DEVELOPMENT)
        become(str(ROOT / "tools" / "check.py"), *rest)
    prepare(RUNTIME)
    become("-m", "callboard", *(["up", "--demo", *rest] if word == "demo" else sys.argv[1:]))


def become(*words: str) -> NoReturn:
    """Replace this process by the Python of .venv running these words."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(PYTHON, [str(PYTHON), *words])


def prepare(files: tuple[str, ...]) -> None:
    """Make sure that .venv holds the packages of the last of these files."""
    wanted = "".join(f"{SITE.parent.name} {name} {digest(name)}\n" for name in files)
    if is_installed(wanted):
        return
    if Path(sys.prefix).resolve() == VENV:  # it cannot remake the ground it stands on
        base = sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001 - no public name
        os.execv(base, [base, __file__, *sys.argv[1:]])
    try:
        with alone() as lock:
            if not is_installed(wanted):
                install(files[-1], lock)
                STAMP.write_text(wanted, encoding="utf-8")
                UNFINISHED.unlink()
    except OSError as error:
        fail(f"cannot set up {VENV}: {error}")
    except KeyboardInterrupt:
        fail("interrupted; the next start sets up again", status=130)


def digest(name: str) -> str:
    """Return the SHA-256 of a requirements file."""
    return hashlib.sha256((ROOT / name).read_bytes()).hexdigest()


def is_installed(wanted: str) -> bool:
    """Tell whether .venv is whole, has a living Python, and holds at least what is wanted."""
    if UNFINISHED.exists() or not PYTHON.exists() or not STAMP.exists():
        return False
    return STAMP.read_text(encoding="utf-8").startswith(wanted)


@contextmanager
def alone() -> Iterator[int]:
    """Hold the set-up for this process; yield the lock, which ends with its last holder."""
    with Path(__file__).open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another start that is setting up .venv ...")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def install(name: str, lock: int) -> None:
    """Install a requirements file into .venv, which is made anew unless it can be built upon."""
    started = time.monotonic()
    pip = find_pip()
    if UNFINISHED.exists() or not PYTHON.exists() or not SITE.is_dir():
        discard()
        VENV.mkdir()
        UNFINISHED.touch()
        venv.EnvBuilder(symlinks=True).create(VENV)
    UNFINISHED.touch()
    if not pip:
        run_quietly([str(PYTHON), "-m", "ensurepip", "--default-pip"])
        pip = [str(PYTHON), "-m", "pip"]
    run_pip(pip, name, lock)
    make_importable()
    say(f"set up in {time.monotonic() - started:.0f} s")


def discard() -> None:
    """Remove .venv; moved aside first, so that no interruption leaves a part of it."""
    if VENV.exists():
        shutil.rmtree(DISCARDED, ignore_errors=True)
        VENV.rename(DISCARDED)
    shutil.rmtree(DISCARDED, ignore_errors=True)


def find_pip() -> list[str]:
    """Return the words that run a pip able to install into .venv; none if .venv brings its own."""
    base = sys._base_executable  # type: ignore[attr-defined]  # noqa: SLF001 - no public name
    seen = ""
    for python in dict.fromkeys((sys.executable, base)):
        seen = run_quietly([python, "-m", "pip", "--version"]) or seen
        version = re.match(r"pip (\d+)\.(\d+)", seen)
        if version and tuple(map(int, version.groups())) >= OLDEST_PIP:
            return [python, "-m", "pip", "--python", str(PYTHON)]
    if not run_quietly([base, "-c", "import ensurepip; print(ensurepip.version())"]):
        fail(f"pip 22.3 or newer is needed, this Python has {seen[:10] or 'none'} ({PIP_HINT})")
    return []


def run_quietly(command: list[str]) -> str:
    """Return what a command prints; nothing if it fails."""
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else ""


def run_pip(pip: list[str], name: str, lock: int) -> None:
    """Let pip install exactly the locked packages, showing how far it is."""
    total = len(re.findall(r"^[\w.-]+==", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))
    say(f"installing {total} packages into .venv, for about a minute ...")
    options = "--disable-pip-version-check --no-input install --no-deps --require-hashes"
    options += " --only-binary=:all: --progress-bar=off -r"
    process = subprocess.Popen(
        [*pip, *options.split(), str(ROOT / name)],
        cwd=ROOT,
        env=pip_environment(pip),
        pass_fds=[lock],  # a pip that outlives this process keeps the next one waiting
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    with process, PIP_LOG.open("w", encoding="utf-8") as log:
        show_progress(process.stdout or (), log, total)
    if process.returncode:
        fail(diagnose(PIP_LOG.read_text(encoding="utf-8")))


def pip_environment(pip: list[str]) -> dict[str, str]:
    """Return the environment for pip: no settings of pip's but those on where packages are."""
    configured = {}
    for line in run_quietly([*pip[:3], "config", "list"]).splitlines():  # global before install
        key, _, value = line.partition("=")
        section, _, setting = key.rpartition(".")
        if section in {"global", "install"}:
            name = "PIP_" + setting.upper().replace("-", "_")
            configured[name] = " ".join(ast.literal_eval(value).split())
    own = {"PIP_CONFIG_FILE": os.devnull, "PIP_ROOT_USER_ACTION": "ignore"}
    everything = {**configured, **os.environ}
    return {k: v for k, v in everything.items() if not k.startswith("PIP_") or k in PIP_KEPT} | own


def show_progress(lines: Iterable[str], log: IO[str], total: int) -> None:
    """Copy pip's lines to its log; on a terminal count the packages in one line."""
    count = 0
    for line in lines:
        log.write(line)
        count += line.startswith(("Collecting ", "Requirement already satisfied"))
        if sys.stderr.isatty():
            state = "unpacking" if line.startswith("Installing ") else f"{count} of {total}"
            print(f"\r  {state:<20}", end="\r", file=sys.stderr, flush=True)


def diagnose(log: str) -> str:
    """Say in one line why pip failed, and what to do."""
    if NETWORK_SIGNS.search(log):
        return (
            "pip cannot reach the package index; check the network, or name a mirror in "
            f"PIP_INDEX_URL or a proxy in HTTPS_PROXY, and start again (details: {PIP_LOG})"
        )
    errors = [line for line in log.splitlines() if line.startswith("ERROR: ")] or ["ERROR: no word"]
    return f"pip failed: {errors[-1][7:]} (details: {PIP_LOG}); then start again"


def make_importable() -> None:
    """Put src on .venv's path, relative so that the checkout can move, and add the command."""
    (SITE / "callboard.pth").write_text("../../../../src\n", encoding="utf-8")
    command = VENV / "bin" / "callboard"
    command.write_text('#!/bin/sh\nexec "${0%/*}/python" -m callboard "$@"\n', encoding="utf-8")
    command.chmod(0o755)


def say(text: str) -> None:
    """Tell the person at the terminal; standard output is left to the program."""
    print(f"Callboard: {text}", file=sys.stderr, flush=True)


def fail(text: str, status: int = 1) -> NoReturn:
    """End with one line that says what is wrong and what to do."""
    say(text)
    sys.exit(status)


if __name__ == "__main__":
    main()
