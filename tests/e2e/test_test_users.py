"""A test user is an invented colleague: gets what a person would get, in the built-in mailbox and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.e2e.callboard import event

from callboard.mail.mailbox import Mailbox

if TYPE_CHECKING:
    from tests.e2e.callboard import Callboard
    from tests.e2e.sink import Sink

ANA, TRY = "ana@copperglass.example", "Try.One@TEST.invalid"


def test_mails_to_test_users_stay_in_the_mailbox_though_smtp_is_set(board: Callboard, sink: Sink):
    board.people(ANA, TRY)
    exported = board.ok("people", "export").json
    board.ok("people", "import", board.write("again.json", exported))
    assert [one["email"] for one in board.ok("people", "export").json["users"]] == [ANA, TRY]
    board.send(event("e-1"))
    assert board.drain() == {"events": 1, "decisions": 2, "mails": 2, "sent": 2}
    assert set(board.states("e-1").values()) == {"sent"}
    assert ([one.recipient for one in sink.accepted], sink.tries[TRY]) == ([ANA], 0)
    (kept,) = Mailbox(board.folder / "home" / "mailbox.sqlite3").latest()
    assert kept.recipient == TRY
    refused = board.run("operator", "create", TRY)
    assert (refused.code, "test user" in refused.err) == (1, True)
