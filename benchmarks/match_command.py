"""`callboard match` as a process: what it costs to start, and to answer events that are always fresh.

Writes the files of the workload, runs the command over them, and prints what `--stats` says. The
events begin cold: there is no pass to warm up.

    python -m benchmarks.match_command [--sizes 10000,100000,1000000] [--events 40000]
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks import workload
from callboard.catalogue.values import Catalogue
from callboard.people.rules import write_people
from callboard.people.values import Directory
from callboard.preferences.file import as_json


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
    parser.add_argument("--events", type=int, default=40_000)
    words = parser.parse_args()
    types, people = workload.catalogue(), workload.directory()
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder, name) for name in ("catalogue.toml", "people", "notifications", "events")}
        write_catalogue(types, files["catalogue.toml"])
        files["people"].write_text(json.dumps(write_people(people)), encoding="utf-8")
        files["events"].write_bytes(b"".join(b"%b\n" % line for line in workload.event_lines(words.events, types)))
        for size in map(int, words.sizes.split(",")):
            write_notifications(size, types, people, files["notifications"])
            options = [word for name, path in files.items() for word in (f"--{path.stem}", str(path))]
            subprocess.run(
                [sys.executable, "-m", "callboard", "match", *options, "--stats"],
                check=True,
                stdout=subprocess.DEVNULL,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            )


if __name__ == "__main__":
    main()
