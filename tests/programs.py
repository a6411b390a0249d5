"""Programs that receive mail, run as anyone runs them; a test that needs one is skipped where it is not installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

DEBIANS_PYTHON = "/usr/bin/python3"
DOVECOT = """
base_dir = {folder}
mail_location = maildir:{folder}/mail
log_path = /dev/stderr
"""
AS_ROOT = "mail_uid = nobody\nmail_gid = nogroup\n"
VERIFY = """
import base64, dkim, json, sys
asked = json.load(sys.stdin)
record = asked["record"].encode()
for mail in asked["mails"]:
    print(int(dkim.verify(base64.b64decode(mail), dnsfunc=lambda name, timeout=5: record if name == asked["name"].encode() else None)))
"""


def needed(program: str, package: str) -> str:
    """Where a program is."""
    found = shutil.which(program)
    if found is None:
        pytest.skip(f"there is no {program} here; Debian's package is called {package}")
    return found


def run_sieve(script: str, mail: bytes) -> str:
    """What Dovecot's Sieve would do with a mail, in its tester's words."""
    tester = needed("sieve-test", "dovecot-sieve")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)  # Dovecot reads no mail as root, so it becomes nobody
        files = {"d.conf": DOVECOT.format(folder=name) + (AS_ROOT if os.geteuid() == 0 else ""), "s.sieve": script}
        for file, text in files.items():
            folder.joinpath(file).write_text(text, encoding="utf-8")
        folder.joinpath("m.eml").write_bytes(mail)
        words = [tester, "-c", "d.conf", "s.sieve", "m.eml"]
        done = subprocess.run(words, cwd=folder, capture_output=True, encoding="utf-8", timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr, done.stderr
    return done.stdout


def verify_by_dkimpy(mails: list[bytes], name: str, record: str) -> list[bool]:
    """Whether dkimpy finds each mail signed under a record. It comes as a Debian package, for PyPI has no wheel of it."""
    if subprocess.run([DEBIANS_PYTHON, "-c", "import dkim"], capture_output=True, check=False).returncode:
        pytest.skip("there is no dkimpy here; Debian's package is called python3-dkim")
    asked = {"record": record, "name": f"{name}.", "mails": [b64encode(one).decode() for one in mails]}
    words = [DEBIANS_PYTHON, "-c", VERIFY]
    done = subprocess.run(
        words, input=json.dumps(asked), capture_output=True, encoding="utf-8", timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return [line == "1" for line in done.stdout.split()]


def spam_report(mail: bytes) -> dict[str, Any]:
    """SpamAssassin's score of a mail and the rules that hit, without network and without what it learned before."""
    program = needed("spamassassin", "spamassassin")
    with tempfile.TemporaryDirectory() as home:
        words = [program, "--local", "--test-mode", "--prefspath", f"{home}/none", "--cf", "use_bayes 0"]
        done = subprocess.run(
            words, input=mail, capture_output=True, env=os.environ | {"HOME": home}, timeout=120, check=False
        )
    assert done.returncode == 0, done.stderr.decode()
    report = done.stdout.decode("utf-8", "replace").partition("Content analysis details:")[2]
    score = re.search(r"\((-?[0-9.]+) points", report)
    assert score, done.stdout.decode("utf-8", "replace")[-2000:]
    hits = re.findall(r"^\s*(-?[0-9]+\.[0-9]) ([A-Z0-9_]+)", report, re.MULTILINE)
    return {"score": float(score[1]), "hits": {rule: float(points) for points, rule in hits}}
