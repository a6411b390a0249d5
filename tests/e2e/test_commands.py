"""Commands (interfaces 3): exit codes 0, 1 and 2, errors in a few lines without a traceback, JSON for programs."""

from __future__ import annotations

import json
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from tests.e2e.callboard import REDELIVERY, Callboard, Done, event, people
from typer.main import get_command
from typer.testing import CliRunner

from callboard.cli.main import app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.sink import Sink

ANA = "ana@copperglass.example"
CUSTOM = {
    "id": "n-1", "user": ANA, "name": "Mine", "event_type": REDELIVERY, "frequency": "daily",
    "where": [{"field": "severity", "op": "any_of", "value": ["Blocker"]}], "muted": False, "muted_until": None,
}  # fmt: skip


def refused(done: Done, *said: str, code: int = 1) -> None:
    """The command failed as it should: its code, few lines on stderr, no traceback, nothing on stdout."""
    assert (done.code, done.out) == (code, ""), done
    assert "Traceback" not in done.err
    assert 1 <= len(done.err.strip().splitlines()) <= 25
    for one in said:
        assert one in done.err


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command and group of commands."""
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


EVERY = list(commands(get_command(app)))


def test_the_commands_of_the_interfaces_are_there():
    wanted = """up|serve|worker|migrate|people import|people export|notifications import|notifications export|events send
        |drain|ledger export|explain|match|catalogue check|catalogue show|operator create|apikey create|apikey list
        |apikey revoke|doctor|filters export|whatif"""
    assert {tuple(one.split()) for one in wanted.split("|")} <= set(EVERY)


@pytest.mark.parametrize("words", EVERY, ids=" ".join)
def test_every_command_has_help(words: tuple[str, ...]):
    done = CliRunner().invoke(app, [*words, "--help"])
    assert done.exit_code == 0
    assert "Usage:" in done.output
    assert len(done.output.splitlines()) > 4


WRONG_USAGE = [
    ("colour",), ("drain", "--fast"), ("people", "import"), ("events", "send"), ("explain", "--event", "e-1"),
    ("up", "--port", "0"), ("serve", "--port", "http"), ("match", "--people", "x"), ("ledger", "export", "--since", "now"),
    ("whatif", "--user", ANA), ("whatif", "--user", ANA, "--deactivate", "--reactivate"),
    ("apikey", "create"), ("outbox", "retry", "first"), ("events", "send", "x.jsonl", "--url", "http://127.0.0.1:9"),
]  # fmt: skip


@pytest.mark.parametrize("words", WRONG_USAGE, ids=" ".join)
def test_wrong_usage_exits_2(words: tuple[str, ...]):
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_wrong_usage_exits_2_as_a_process(board: Callboard):
    refused(board.run("drain", "--fast"), "--fast", code=2)


def test_a_day_from_people_to_ledger(board: Callboard):
    people_file = board.write("people.json", people(ANA))
    assert board.ok("people", "import", people_file, "--json").json == {
        "partners": 1, "users": 1, "deactivated": 0, "withdrawn": 0, "events": 0,
    }  # fmt: skip
    key = board.folder / "home" / "secret-key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    exported = board.ok("people", "export").json
    assert board.ok("people", "import", "-", "--json", text=json.dumps(exported)).json["users"] == 1
    imported = board.ok("notifications", "import", board.write("n.json", [CUSTOM]), "--json").json
    assert imported == {"notifications": 1, "mutes": 1, "changed": 1}
    assert board.ok("notifications", "export").json == [CUSTOM]
    sent = board.ok("events", "send", "-", "--json", text=json.dumps(event("e-1")) + "\n\n").json
    assert sent == {"accepted": 1, "duplicates": 0, "conflicts": 0}
    sent = board.ok("events", "send", "-", "--json", text=json.dumps(event("e-1")) + "\n").json
    assert sent == {"accepted": 0, "duplicates": 1, "conflicts": 0}
    assert board.drain() == {"events": 1, "decisions": 1, "mails": 1, "sent": 1}
    (row,) = board.ledger()
    assert set(row) == {
        "source", "event", "event_type", "user", "outcome", "reason", "notifications", "frequency", "due_at",
        "message_id", "state",
    }  # fmt: skip
    assert (row["user"], row["state"], row["due_at"]) == (ANA, "sent", "2026-11-23T10:00:00Z")
    assert board.ok("ledger", "export", "--since", "2026-11-23T10:00:01Z").out == ""
    told = board.ok("explain", "--event", "e-1", "--user", ANA.upper(), "--json").json
    assert told["decision"]["outcome"] == "notify"
    assert "Severity any_of" in board.ok("explain", "--event", "e-1", "--user", ANA).out


EVENT = event("e-1")
BAD_LINES = (EVENT, {**EVENT, "id": ""}, {**EVENT, "type": "x"}, EVENT | {"data": {"severity": 3}})


def test_events_send_is_all_or_nothing_and_names_each_line(board: Callboard):
    board.people(ANA)
    done = board.run("events", "send", board.write("bad.jsonl", BAD_LINES))
    refused(done, "line 2: /id: must not be empty", "line 3: /type: 'x' is not", "line 4: /data/severity: ")
    done = board.run("events", "send", "-", text=json.dumps(EVENT) + "\n{\n")
    refused(done, "line 2: /: not valid JSON")
    refused(board.run("events", "send", "nowhere.jsonl"), "nowhere.jsonl: No such file")
    assert board.drain() == {}


def test_a_hundred_faults_are_twenty_lines_and_a_number(board: Callboard):
    done = board.run("events", "send", board.write("bad.jsonl", ({**EVENT, "id": ""},) * 100))
    refused(done, "and 80 more")
    assert len(done.err.splitlines()) == 21


def test_refused_files_change_nothing_and_say_where(board: Callboard):
    bad = people(ANA)
    bad["users"][0]["roles"] = ["qc_operator"]
    refused(board.run("people", "import", board.write("p.json", bad)), "/users/0/roles/0: qc_operator is for a qc_part")
    refused(board.run("people", "import", "-", text='{"users": [], "users": []}'), "the key 'users' stands twice")
    refused(board.run("notifications", "import", board.write("n.json", [CUSTOM])), f"/0/user: '{ANA}' is not a user")
    assert board.ok("people", "export").json == {"partners": [], "users": []}


def test_work_that_fails_exits_1_and_says_why(board: Callboard):
    refused(board.run("explain", "--event", "e-9", "--user", ANA), "there is no event e-9")
    refused(board.run("outbox", "release", ANA), f"nothing is held for {ANA}")
    refused(board.run("catalogue", "check", "/nowhere.toml"), "/nowhere.toml does not exist")


@pytest.mark.parametrize("setting", ["DATABASE_URL=mysql://x/y", "NOW=now", "CATALOGUE=/nowhere"])
def test_an_unusable_setting_is_refused_at_start(board: Callboard, setting: str):
    name, _, value = f"CALLBOARD_{setting}".partition("=")
    refused(board.run("drain", settings={name: value}), name, "Example:")


def test_keys_are_shown_once_listed_and_revoked(board: Callboard):
    made = board.ok("apikey", "create", "portal", "--json").json
    assert made["name"] == "portal"
    assert len(made["key"]) > 40
    refused(board.run("apikey", "create", "portal"), "there is a key named portal already")
    listed = board.ok("apikey", "list", "--json")
    assert made["key"] not in listed.out
    assert [(one["name"], one["revoked_at"]) for one in listed.lines] == [("portal", None)]
    board.ok("apikey", "revoke", "portal")
    assert board.ok("apikey", "list", "--json").lines[0]["revoked_at"]


def test_an_operator_gets_a_link_that_sets_the_password(board: Callboard):
    assert "http://127.0.0.1:8000/set-password/" in board.ok("operator", "create", "olga@callboard.example").out
    refused(board.run("operator", "create", "olga"), "is not an e-mail address")


def checks(done: Done) -> dict[str, bool]:
    return {one["name"]: one["passed"] for one in done.json["checks"]}


def test_doctor_checks_settings_home_catalogue_database_smtp_and_dns(board: Callboard):
    done = board.ok("doctor", "--json")
    names = ("settings", "home", "catalogue", "database", "smtp", "sign-on", "spf", "dkim", "dmarc")
    assert checks(done) == dict.fromkeys(names, True)
    (board.folder / "home" / "secret-key").chmod(0o644)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        board.settings["CALLBOARD_SMTP_URL"] = f"smtp://127.0.0.1:{probe.getsockname()[1]}"
    done = board.run("doctor", "--json")
    assert done.code == 1
    assert {name for name, passed in checks(done).items() if not passed} == {"home", "smtp"}
    done = board.run("doctor", settings={"CALLBOARD_NOW": "now"})
    assert (done.code, "CALLBOARD_NOW is not an instant" in done.out, "Traceback" in done.err) == (1, True, False)


def test_catalogue_show_and_check(board: Callboard):
    shown = board.ok("catalogue", "show", "--json").json
    assert len(shown["event_types"]) == 20
    counts = board.ok("catalogue", "check", "--json").json
    assert (counts["event_types"], counts["orphans"]) == (20, [])
    board.write("bad.toml", 3)
    refused(board.run("catalogue", "check", "bad.toml"), "bad.toml")


TOML = """
[fields.fulfillment_partner]
label = "P"
type = "partner"
[event_types."delivery.processed"]
label = "Processed"
fields = ["fulfillment_partner"]
frequencies = ["daily"]
importance = "info"
[roles.fulfillment_partner_operations]
label = "O"
kind = "fulfillment_partner"
sees = ["*"]
"""


def test_p3_an_event_whose_type_left_the_catalogue_is_parked_and_retried(board: Callboard):
    board.people(ANA)
    board.ok("notifications", "import", board.write("n.json", [CUSTOM]))
    board.send(event("e-1"), event("e-2", "delivery.processed"))
    board.folder.joinpath("small.toml").write_text(TOML)
    board.settings["CALLBOARD_CATALOGUE"] = str(board.folder / "small.toml")
    assert board.drain() == {"events": 1, "parked": 1}
    (parked,) = board.ok("events", "parked", "--json").lines
    assert (parked["event"], parked["event_type"]) == ("e-1", REDELIVERY)
    assert "not an event type of the catalogue any more" in parked["reason"]
    checked = board.run("catalogue", "check", "--json")
    assert checked.code == 1
    assert [one["id"] for one in checked.json["orphans"]] == ["n-1"]
    del board.settings["CALLBOARD_CATALOGUE"]
    assert board.ok("events", "parked", "--retry", "--json").json == {"retried": 1}
    assert board.drain(minutes=5) == {"events": 1, "decisions": 1, "mails": 1, "sent": 1}
    assert board.ok("events", "parked").out == ""


def test_a_taken_port_is_said_in_one_line(board: Callboard):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(board.run("serve", "--port", port), f"cannot listen on 127.0.0.1:{port}")


def test_an_intake_that_cannot_be_reached_exits_1(board: Callboard):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    path = board.write("events.jsonl", (EVENT,))
    refused(board.run("events", "send", path, "--url", url, "--key", "k"), "cannot be reached", "again later")


UNMIGRATED = [
    ("drain",), ("worker",), ("people", "export"), ("events", "send", "events.jsonl"),
]  # fmt: skip


def test_on_postgresql_commands_say_that_it_is_not_migrated(board: Callboard, database_url: str):
    board.settings["CALLBOARD_DATABASE_URL"] = database_url
    board.write("events.jsonl", (EVENT,))
    with ThreadPoolExecutor(len(UNMIGRATED)) as at_once:
        for done in at_once.map(lambda words: board.run(*words), UNMIGRATED):
            refused(done, "run `callboard migrate` first")
    assert "migrations applied" in board.ok("migrate").out
    assert board.ok("migrate").out == "the database is up to date\n"
    assert checks(board.ok("doctor", "--json"))["database"]


def test_a_database_that_cannot_be_reached_exits_1(board: Callboard):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url: dict[str, Any] = {"CALLBOARD_DATABASE_URL": f"postgresql://u:secret@127.0.0.1:{port}/db"}
    done = board.run("drain", settings=url)
    refused(done)
    assert "secret" not in done.err


def test_without_smtp_mail_goes_to_the_built_in_mailbox(tmp_path: Path, sink: Sink):
    board = Callboard(tmp_path)
    board.people(ANA)
    board.send(event("e-1"))
    assert board.drain()["sent"] == 1
    assert (tmp_path / "home" / "mailbox.sqlite3").exists()
    assert not sink.accepted


def test_whatif_says_what_a_change_would_bring(board: Callboard):
    board.ok("people", "import", board.write("people.json", people(ANA)))
    lines = board.ok("whatif", "--user", ANA, "--deactivate").out.splitlines()
    assert lines[0] == "- Can not sign in any more and gets nothing"
    assert any(one.startswith("! Nobody else at Copperglass Post would get ") for one in lines)
    found = board.ok("whatif", "--user", ANA, "--roles", "fulfillment_partner_master", "--json").json
    assert f"{REDELIVERY}/fulfillment_partner_operations" in [one["id"] for one in found["defaults"]["lost"]]
    new = ("--partner", "copperglass", "--roles", "fulfillment_partner_operations")
    assert board.ok("whatif", "--user", "cal@test.invalid", *new).out.startswith("+ Is new at Copperglass Post")
    refused(board.run("whatif", "--user", "nobody@x.example", "--deactivate"), "nobody@x.example")
    refused(board.run("whatif", "--user", ANA, "--roles", "no_such_role"), "no_such_role")
