"""What a browser loads for the settings panel: small, unchanged, and nothing from elsewhere."""

import gzip
import hashlib
import re
from pathlib import Path

import django_htmx
import pytest

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "src" / "callboard" / "web" / "static" / "web"
VENDOR = STATIC / "vendor"
BUDGET_BYTES = 60 * 1024


def loaded():
    htmx = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"
    return [htmx, *(one for one in STATIC.rglob("*") if one.suffix in {".js", ".css"})]


def test_all_scripts_and_styles_together_stay_within_60_kb_gzipped():
    sizes = {one.name: len(gzip.compress(one.read_bytes(), 9)) for one in loaded()}
    assert sum(sizes.values()) <= BUDGET_BYTES, sizes


@pytest.mark.parametrize("name", ["tom-select.popular.min.js", "tom-select.min.css"])
def test_vendored_files_are_as_published(name):
    listed = dict(re.findall(r"^\| (\S+) \| `([0-9a-f]{64})` \|$", (VENDOR / "README.md").read_text(), re.MULTILINE))
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == listed[name]


def test_no_page_loads_anything_from_elsewhere():
    templates = (ROOT / "src" / "callboard" / "web" / "templates").rglob("*.html")
    found = [
        (one.name, url)
        for one in templates
        for url in re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"((?:https?:)?//[^\"]*)", one.read_text())
    ]
    assert found == []


def test_no_template_holds_an_inline_script_or_style():
    templates = (ROOT / "src" / "callboard" / "web" / "templates").rglob("*.html")
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+=|javascript:", re.IGNORECASE)
    found = {one.name: hits for one in templates if (hits := inline.findall(one.read_text()))}
    assert found == {}
