"""The house is as it says: imports, documents, and tests without mocks."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from callboard.base.reasons import Outcome, Reason, State

ROOT = Path(__file__).resolve().parents[2]
CONFIG = (ROOT / "src/callboard/base/config.py").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
REASONS = (ROOT / "docs/reference/reasons.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
IMPORTS = "from importlinter.cli import lint_imports_command as c; c()"


def rows(document: str) -> list[tuple[str, ...]]:
    """The rows of a document's tables, cells without their quotes."""
    lines = [line for line in document.splitlines() if line.startswith("|") and not line.startswith("|---")]
    return [tuple(cell.strip().strip("`") for cell in line.strip("|").split("|")) for line in lines]


def test_rooms_import_only_rooms_below_and_plain_modules_do_without_django():
    done = subprocess.run([sys.executable, "-c", IMPORTS], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def read_settings() -> set[str]:
    return set(re.findall(r"CALLBOARD_[A-Z_]+", CONFIG))


def test_every_setting_is_documented_and_no_other():
    documented = {row[0] for row in rows(SETTINGS) if row[0].startswith("CALLBOARD_")}
    assert read_settings() <= documented
    assert len(read_settings()) >= 13
    everywhere = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    assert all(name in everywhere for name in documented)


def test_every_reason_and_outcome_is_documented_and_no_other():
    told = [row for row in rows(REASONS) if row[0] in set(Outcome)]
    assert {row[0] for row in told} == set(Outcome)
    assert {row[1] for row in told} == set(Reason)
    assert all(row[2] for row in told)


def test_every_state_is_documented_and_no_other():
    states = rows(REASONS)[[row[0] for row in rows(REASONS)].index("state") + 1 :]
    assert {row[0] for row in states} == set(State)


@pytest.mark.parametrize("command", ["python3 run.py demo", "python3 run.py test"])
def test_the_readme_names_the_two_commands(command: str):
    assert command in README


def test_files_that_the_readme_links_to_exist():
    links = [one for one in re.findall(r"\]\(([^)#]+)\)", README) if "://" not in one]
    assert links
    missing = [one for one in links if not (ROOT / one).exists()]
    assert not missing


def names(tree: ast.AST) -> set[str]:
    """Every name, attribute and imported module of a file."""
    found = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)}
    found |= {one.attr for one in ast.walk(tree) if isinstance(one, ast.Attribute)}
    for one in ast.walk(tree):
        if isinstance(one, ast.ImportFrom):
            found |= {one.module or "", *(alias.name for alias in one.names)}
        elif isinstance(one, ast.Import):
            found |= {alias.name for alias in one.names}
    return found


FORBIDDEN = {"mock", "unittest.mock", "mocker", "MagicMock", "Mock", "AsyncMock", "patch", "setattr"}


def test_no_test_uses_a_mock():
    for path in (ROOT / "tests").rglob("*.py"):
        used = names(ast.parse(path.read_text(encoding="utf-8"))) & FORBIDDEN
        # `client.patch` is an HTTP method
        assert used <= {"patch"}, path
        assert "mock.patch" not in path.read_text(encoding="utf-8") or path == Path(__file__), path
