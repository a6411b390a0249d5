"""A real Postfix for tests: an instance of its own in a folder, beside whatever the machine runs."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT_VARIABLE = "CALLBOARD_TEST_POSTFIX"
"""A folder in which Debian's package was unpacked, where it is not installed."""
FOLDERS = (
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "maildrop",
    "saved",
    "trace",
)
MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
daemon_directory = {root}/usr/lib/postfix/sbin
command_directory = {root}/usr/sbin
shlib_directory = {root}/usr/lib/postfix
import_environment = MAIL_CONFIG TZ LD_LIBRARY_PATH={root}/usr/lib/postfix
mail_owner = {owner}
setgid_group = {group}
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mx.copperglass.example
mydestination = copperglass.example
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_peername_lookup = no
smtp_dns_support_level = disabled
transport_maps = inline:{{ {{ callboard.example = {bounces} }}, {{ tidewater.example = discard: }} }}
"""
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running instance: it accepts everything for copperglass.example, where nobody lives."""

    port: int
    folder: Path

    @property
    def log(self) -> str:
        """What it logged."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


@contextlib.contextmanager
def postfix(port: int, bounces: str) -> Iterator[Postfix]:
    """Run an instance that hands mail for callboard.example to the transport `bounces`."""
    root = Path(os.environ.get(ROOT_VARIABLE, "/"))
    master = root / "usr/lib/postfix/sbin/master"
    if not master.exists():
        pytest.skip("there is no Postfix here; Debian's package is called postfix")
    if os.geteuid() != 0:
        pytest.skip("only root can run Postfix")
    with tempfile.TemporaryDirectory(prefix="postfix", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        _fill(folder, root, port, bounces)
        environ = {
            "MAIL_CONFIG": str(folder / "etc"),
            "LD_LIBRARY_PATH": str(root / "usr/lib/postfix"),
            "PATH": "/usr/bin:/bin",
        }
        words = [str(master), "-c", str(folder / "etc"), "-d"]
        process = subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            _wait_for(port, process, folder)
            yield Postfix(port, folder)
        finally:
            process.terminate()
            process.communicate(timeout=20)


def _fill(folder: Path, root: Path, port: int, bounces: str) -> None:
    """Write the settings and make the queue's folders."""
    known = {one.pw_name for one in pwd.getpwall()}, {one.gr_name for one in grp.getgrall()}
    owner = "postfix" if "postfix" in known[0] else "mail"
    group = "postdrop" if "postdrop" in known[1] else "games"
    for one in ("etc", "data", "queue", *(f"queue/{name}" for name in (*FOLDERS, "pid", "private", "public"))):
        folder.joinpath(one).mkdir(mode=0o755)
    folder.chmod(0o755)
    for one in ("data", *(f"queue/{name}" for name in (*FOLDERS, "private", "public"))):
        shutil.chown(folder / one, owner)
    values = {"folder": folder, "root": str(root).rstrip("/"), "owner": owner, "group": group, "bounces": bounces}
    folder.joinpath("etc/main.cf").write_text(MAIN.format(**values), encoding="utf-8")
    folder.joinpath("etc/master.cf").write_text(MASTER.format(port=port), encoding="utf-8")


def _wait_for(port: int, process: subprocess.Popen[str], folder: Path) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as found:
            if found.recv(3) == b"220":
                return
        time.sleep(0.1)
    log = folder / "log"
    said = log.read_text(encoding="utf-8") if log.exists() else ""
    process.kill()
    raise AssertionError(f"Postfix does not answer: {said[-2000:]} {process.communicate()[1]}")
