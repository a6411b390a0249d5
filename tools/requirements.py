"""Write requirements.txt and requirements-dev.txt from uv.lock, or check that they say the same.

    python tools/requirements.py [--check]

The files name no index: pip takes the packages from wherever the machine's own settings say,
and the hashes say whether they are the right ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from uv import find_uv_bin

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Written by tools/requirements.py from uv.lock: change pyproject.toml, then `just lock`.\n"
FILES = {"requirements.txt": ["--no-dev"], "requirements-dev.txt": ["--group=dev"]}


def uv(*words: str) -> str:
    """Run the locked uv away from the network and the machine's settings; return its output."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
    command = [find_uv_bin(), "--offline", "--no-config", "--quiet", *words]
    done = subprocess.run(command, cwd=ROOT, env=plain, check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def exported(options: list[str]) -> str:
    """Return the text of one requirements file."""
    return HEADER + uv("export", "--frozen", "--no-emit-project", "--no-header", *options)


def main() -> None:
    """Write the files, or say with --check which of them are stale."""
    wanted = {ROOT / name: exported(options) for name, options in FILES.items()}
    if "--check" not in sys.argv[1:]:
        for path, text in wanted.items():
            path.write_text(text, encoding="utf-8")
        return
    uv("lock", "--check")
    stale = [p.name for p, text in wanted.items() if p.read_text(encoding="utf-8") != text]
    if stale:
        sys.exit(f"{', '.join(stale)}: not what uv.lock says; run `just lock`")


if __name__ == "__main__":
    main()
