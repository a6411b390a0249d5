"""Mails that come back: a real Postfix bounces them, every way in takes the report once and for good (P4)."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.e2e.callboard import UNASSIGNED, Callboard, event, stop
from tests.postfix import postfix as running_postfix
from tests.reports import AWAY, TO, original, postfix

from callboard.base.config import read_config
from callboard.mail.feedback.return_path import ReturnPath

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ANA, TOM = "ana@copperglass.example", "tom@tidewater.example"
BOUNCES = "bounces@callboard.example"
PATIENCE_S = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


def eventually(is_so: Callable[[], bool], what: str) -> None:
    """Wait until something is so."""
    until = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(0.2)


@contextlib.contextmanager
def lmtp_server(board: Callboard) -> Iterator[int]:
    """Run `callboard bounces lmtp`; its port."""
    port = free_port()
    process = board.start("bounces", "lmtp", "--port", str(port))

    def answers() -> bool:
        assert process.poll() is None, process.communicate()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return True
        return False

    try:
        eventually(answers, "the LMTP server does not answer")
        yield port
    finally:
        code, err = stop(process)
    assert code == 0, err
    assert "Traceback" not in err, err


@pytest.fixture
def bouncing(board: Callboard, request: pytest.FixtureRequest) -> Callboard:
    """Callboard with a signed return path, on SQLite unless asked for the other."""
    board.settings["CALLBOARD_BOUNCES"] = BOUNCES
    if getattr(request, "param", "sqlite") == "postgresql":
        board.settings["CALLBOARD_DATABASE_URL"] = request.getfixturevalue("database_url")
        board.ok("migrate")
    return board


def test_a_real_postfix_bounces_and_the_mail_is_marked_bounced(board: Callboard):
    board.settings["CALLBOARD_BOUNCES"] = BOUNCES
    board.people(ANA, TOM)
    board.send(event("e-1"))
    with lmtp_server(board) as lmtp, running_postfix(free_port(), f"lmtp:inet:[127.0.0.1]:{lmtp}") as server:
        board.settings["CALLBOARD_SMTP_URL"] = f"smtp://127.0.0.1:{server.port}"
        assert board.drain() == {"events": 1, "decisions": 2, "mails": 2, "sent": 2}
        eventually(lambda: board.states("e-1") == {ANA: "bounced", TOM: "sent"}, server.log)
        (held,) = board.ok("bounces", "held", "--json").lines
        assert (held["user"], held["held"], held["critical_leave"]) == (ANA, 1, False)
        assert held["words"] == '5.1.1 unknown user: "ana"'
        board.send(event("e-2", UNASSIGNED))
        assert board.drain(minutes=1)["held"] == 1
        assert board.states("e-2") == {ANA: "held", TOM: "sent"}
        # Nobody lives there yet: the digest of all that waited comes back once more
        assert board.ok("outbox", "release", ANA, "--json").json == {"released": 2, "failed": 0}
        assert board.drain(minutes=1) == {"sent": 1}
        eventually(lambda: {board.states(one)[ANA] for one in ("e-1", "e-2")} == {"bounced"}, server.log)
        assert "status=sent (250 2.0.0 taken)" in server.log
        assert server.log.count("status=bounced") == 2


def return_path(board: Callboard, mail: int = 1) -> str:
    """The return path of a mail, made as the product makes it, with the key that lies in its home."""
    home = {"CALLBOARD_HOME": str(board.folder / "home"), "CALLBOARD_BOUNCES": BOUNCES}
    return ReturnPath(read_config(home)).of(mail)


TAKEN = (250, b"2.0.0 taken")


def deliver(client: smtplib.LMTP, raw: bytes, *recipients: str) -> list[tuple[int, bytes]]:
    """Hand over a mail, as LMTP is spoken: an answer for each recipient. Python's client reads one only."""
    assert client.mail("")[0] == 250
    for one in recipients:
        assert client.rcpt(one)[0] == 250
    assert client.docmd("DATA")[0] == 354
    client.send(raw.replace(b"\n", b"\r\n") + b"\r\n.\r\n")
    return [client.getreply() for _ in recipients]


@pytest.fixture
def sent(bouncing: Callboard) -> Callboard:
    """A board that has sent Ana a mail."""
    bouncing.people(ANA)
    bouncing.send(event("e-1"))
    bouncing.drain()
    return bouncing


@pytest.mark.parametrize("bouncing", ["sqlite", "postgresql"], indirect=True)
def test_over_lmtp_each_recipient_hears_whether_it_was_taken(sent: Callboard):
    to = return_path(sent)
    with lmtp_server(sent) as port, smtplib.LMTP("127.0.0.1", port) as client:
        client.ehlo_or_helo_if_needed()
        assert client.has_extn("size")
        for stranger in (ANA, TO, "bounces+1.0@callboard.example"):
            assert client.mail("")[0] == 250
            assert client.rcpt(stranger) == (550, b"5.1.1 no such address here")
            client.rset()
        assert deliver(client, postfix(to=to), to, BOUNCES, to.upper()) == [TAKEN] * 3
        assert sent.states("e-1") == {ANA: "bounced"}
        # Not about a mail of ours, or unreadable: taken all the same, for a bounce of a bounce tells nobody anything
        assert deliver(client, AWAY, BOUNCES) == [TAKEN]
        assert deliver(client, b"Content-Type: message/rfc822\n\n" * 5_000, BOUNCES) == [TAKEN]
        assert deliver(client, b"Subject: x\n\n" + b"y" * 60_000, BOUNCES) == [TAKEN]
        ((code, _),) = deliver(client, b"y" * 70_000, BOUNCES)
        assert code == 500
        ((code, _),) = deliver(client, b"y\n" * 5_500_000, BOUNCES)
        assert code == 552
    (kept,) = (sent.folder / "home" / "unreadable-reports").iterdir()
    assert "breaks the parser" in sent.run("bounces", "read", str(kept)).err
    assert sent.ok("bounces", "read", "-", "--json", text=postfix(to=to).decode()).json["result"] == "repeated"


def test_from_a_maildir_reports_are_taken_once_and_those_that_can_not_be_read_are_flagged(sent: Callboard):
    box = sent.folder / "box"
    for name in ("new", "cur", "tmp"):
        box.joinpath(name).mkdir(parents=True)
    reports = {"1.a": postfix(to=return_path(sent)), "2.b": postfix(to=return_path(sent)), "3.c": AWAY, "4.d": b" "}
    for name, raw in reports.items():
        box.joinpath("new", name).write_bytes(raw)
    box.joinpath("new", "5.e").symlink_to("/etc/passwd")
    box.joinpath("new", "6.f").mkdir()
    counts = sent.ok("bounces", "maildir", str(box), "--once", "--json").json
    assert counts == {"no-such-address": 1, "repeated": 1, "auto-reply": 1, "unreadable": 1}
    assert {one.name for one in (box / "cur").iterdir()} == {"1.a:2,S", "2.b:2,S", "3.c:2,S", "4.d:2,FS"}
    assert {one.name for one in (box / "new").iterdir()} == {"5.e", "6.f"}
    assert sent.states("e-1") == {ANA: "bounced"}
    assert sent.ok("bounces", "maildir", str(box), "--once").out == "no reports\n"
    assert "is not a maildir" in sent.run("bounces", "maildir", str(sent.folder), "--once").err


@pytest.mark.parametrize("bouncing", ["sqlite", "postgresql"], indirect=True)
def test_readers_that_take_the_same_report_at_once_take_it_once(sent: Callboard):
    boxes = [sent.folder / f"box{number}" for number in range(3)]
    for box in boxes:
        for name in ("new", "cur", "tmp"):
            box.joinpath(name).mkdir(parents=True)
        for number in range(20):
            box.joinpath("new", f"{number}.a").write_bytes(postfix(to=return_path(sent)))
    with ThreadPoolExecutor(len(boxes)) as readers:
        counts = list(readers.map(lambda box: sent.ok("bounces", "maildir", str(box), "--once", "--json").json, boxes))
    assert sum((Counter(one) for one in counts), Counter()) == {"no-such-address": 1, "repeated": 59}
    assert sent.states("e-1") == {ANA: "bounced"}


def test_a_running_reader_takes_what_comes_into_its_maildir(sent: Callboard):
    box = sent.folder / "box"
    for name in ("new", "cur", "tmp"):
        box.joinpath(name).mkdir(parents=True)
    process = sent.start("bounces", "maildir", str(box))
    box.joinpath("tmp", "1.a").write_bytes(postfix(to=return_path(sent)))
    box.joinpath("tmp", "1.a").rename(box / "new" / "1.a")
    eventually((box / "cur" / "1.a:2,S").exists, "the report is not taken")
    code, err = stop(process)
    assert (code, "Traceback" in err) == (0, False)
    assert sent.states("e-1") == {ANA: "bounced"}


def test_a_report_in_a_file_is_told_in_a_sentence(board: Callboard):
    board.people(ANA)
    board.send(event("e-1"))
    board.drain()
    (row,) = board.ledger()
    raw = postfix(
        to="notifications@callboard.example", enclosed=original("notifications@callboard.example", row["message_id"])
    )
    path = board.folder / "report.eml"
    path.write_bytes(raw)
    told = board.ok("bounces", "read", str(path)).out
    assert told.startswith("the address does not exist: mail 1 is bounced, and later mails are held (550 5.1.1")
    assert board.states("e-1") == {ANA: "bounced"}
    assert "nothing follows" in board.ok("bounces", "read", "-", text=AWAY.decode()).out
    assert board.run("bounces", "read", "nowhere.eml").code == 1
    assert board.run("bounces", "read", "-", text="").err == "callboard: the report is empty\n"


def test_a_key_for_bounces_is_made_and_listed_as_such(board: Callboard):
    made = board.ok("apikey", "create", "mail server", "--for", "bounces", "--json").json
    assert set(made) == {"name", "key"}
    board.ok("apikey", "create", "portal")
    assert {one["name"]: one["for"] for one in board.ok("apikey", "list", "--json").lines} == {
        "mail server": "bounces", "portal": "events",
    }  # fmt: skip
    assert board.run("apikey", "create", "x", "--for", "everything").code == 2
