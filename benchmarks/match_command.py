"""`callboard match` as a process: what it costs to start, and to answer events that are always fresh.

Writes the files of the workload, and runs the command over the first 20,000 events and over more.
Prints what `--stats` says of each run, then the rate of the events beyond the first 20,000.

    python -m benchmarks.match_command [--sizes 10000,100000,1000000] [--events 60000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from benchmarks import workload
from callboard.catalogue.values import Catalogue
from callboard.people.rules import write_people
from callboard.people.values import Directory
from callboard.preferences.file import as_json

COLD = 20_000
"""Events until caches are warm. Source: the targets of the architecture."""


def write_catalogue(types: Catalogue, path: Path) -> None:
    """Write a catalogue as TOML."""
    lines = []
    for field in types.fields.values():
        lines += [f"[fields.{field.key}]", f'label = "{field.label}"', f'type = "{field.type}"']
    for one in types.event_types.values():
        lines += [f'[event_types."{one.id}"]', f'label = "{one.label}"', 'description = "-"', 'group = "-"']
        lines += [f"fields = {json.dumps(one.fields)}", f"frequencies = {json.dumps(one.frequencies)}"]
        lines += [f'importance = "{one.importance}"']
    for role in types.roles.values():
        lines += [f"[roles.{role.id}]", f'label = "{role.label}"', f'kind = "{role.kind}"', 'sees = ["*"]']
    path.write_text("\n".join(lines), encoding="utf-8")


def write_notifications(count: int, types: Catalogue, people: Directory, path: Path) -> None:
    """Write a notifications file, one row at a time."""
    with path.open("w", encoding="utf-8") as file:
        for number, one in enumerate(workload.notifications(count, types, people)):
            row = as_json(one) | {"user": people.persons[one.user_id or 0].email}
            file.write(("[" if number == 0 else ",\n") + json.dumps(row))
        file.write("]\n")


def main() -> None:
    """Run the command at all sizes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--events", type=int, default=60_000)
    words = parser.parse_args()
    types, people = workload.catalogue(), workload.directory()
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, name) for name in ("catalogue", "people", "notifications", "events", "cold")}
        write_catalogue(types, files["catalogue"])
        files["people"].write_text(json.dumps(write_people(people)), encoding="utf-8")
        lines = [b"%b\n" % line for line in workload.event_lines(words.events, types)]
        files["events"].write_bytes(b"".join(lines))
        files["cold"].write_bytes(b"".join(lines[:COLD]))
        for size in map(int, words.sizes.split(",")):
            write_notifications(size, types, people, files["notifications"])
            cold = run(files, "cold")
            whole = run(files, "events")
            spent_s = [one["events"] / one["events_per_s"] for one in (cold, whole)]
            warm_per_s = (whole["events"] - cold["events"]) / (spent_s[1] - spent_s[0])
            print(f"{size:,}: {warm_per_s:,.0f} events/s after {COLD:,}, which had {cold['events_per_s']:,.0f}")


def run(files: Mapping[str, Path], events: str) -> dict[str, float]:
    """Run the command over one of the files of events; return its figures."""
    options = [word for name in ("catalogue", "people", "notifications") for word in (f"--{name}", str(files[name]))]
    done = subprocess.run(
        [sys.executable, "-m", "callboard", "match", *options, "--events", str(files[events]), "--stats"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    print(done.stderr.decode().strip())
    return cast("dict[str, float]", json.loads(done.stderr))


if __name__ == "__main__":
    main()
