"""What is installed is locked, and from the public index alone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ["requirements.txt", "requirements-dev.txt"]


def locked() -> str:
    return (ROOT / "uv.lock").read_text(encoding="utf-8")


def test_lock_names_no_host_but_the_public_index() -> None:
    assert set(re.findall(r"://([^/\"]*)", locked())) == {"pypi.org", "files.pythonhosted.org"}


def test_every_locked_package_comes_from_the_public_index() -> None:
    sources = [package["source"] for package in tomllib.loads(locked())["package"]]
    sources.remove({"editable": "."})
    assert {tuple(source.items()) for source in sources} == {(("registry", "https://pypi.org/simple"),)}


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_name_no_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.findall(r"^-", text, re.MULTILINE)


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_with_hashes(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for line in re.findall(r"^[a-z].*$", text, re.MULTILINE):
        assert re.fullmatch(r"[a-z0-9.\-]+==\S+( ; .*)? \\", line)
