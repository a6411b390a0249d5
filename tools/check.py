"""Run every check but the tests: `python3 run.py check`. All run, also after one has failed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = {
    "lint": ["-m", "ruff", "check"],
    "format": ["-m", "ruff", "format", "--check", "--output-format=concise"],
    "types": ["-m", "mypy"],
    "imports": ["-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-logo"],
    "migrations": ["-m", "django", "makemigrations", "--check", "--dry-run"],
    "locks": ["tools/requirements.py", "--check"],
}


def main() -> None:
    """Run the checks named on the command line, or all; exit 1 if one fails."""
    names = sys.argv[1:] or list(CHECKS)
    if unknown := set(names) - set(CHECKS):
        print(f"no such check: {', '.join(sorted(unknown))}; there are {', '.join(CHECKS)}")
        sys.exit(2)
    failed = [name for name in names if not passes(name)]
    print(f"failed: {', '.join(failed)}" if failed else f"checks passed: {', '.join(names)}")
    sys.exit(1 if failed else 0)


def passes(name: str) -> bool:
    """Run one check in view."""
    print(f"== {name}", flush=True)
    started = time.monotonic()
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "callboard.project.settings"}
    done = subprocess.run([sys.executable, *CHECKS[name]], cwd=ROOT, env=environment, check=False)
    print(f"   {time.monotonic() - started:.1f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    main()
