"""The comparison itself: it accepts what the reference foretells, and sees what is not so."""

from __future__ import annotations

import dataclasses
import smtplib
from email.message import EmailMessage
from pathlib import Path

import pytest
from tests.world.compare import BASE_URL, Delivered, ledger_differences, mail_differences
from tests.world.generate import SMALL, make_world
from tests.world.reference import HOST, Json, Mail, Reference, load_catalogue
from tests.world.sink import Received, Sink

SIZE = dataclasses.replace(SMALL, days=4, events=100, changes=4)
CATALOGUE = load_catalogue(Path(__file__).resolve().parents[2] / "catalogue")


@pytest.fixture(scope="module")
def reference() -> Reference:
    found = Reference(CATALOGUE, 10)
    found.run(make_world(SIZE, 3))
    return found


def ids(reference: Reference) -> dict[int, str]:
    """A Message-ID for each row that is in a mail."""
    return {id(row): f"<m{number}@{HOST}>" for number, mail in enumerate(reference.mails) for row in mail.rows}


def ledger(reference: Reference) -> list[Json]:
    names = ids(reference)
    return [
        {
            "source": row.event.source,
            "event": row.event.id,
            "event_type": row.event.type,
            "user": row.user,
            "outcome": row.outcome,
            "reason": row.reason,
            "notifications": [{"id": one.id, "kind": one.kind} for one in row.notifications],
            "frequency": row.frequency,
            "due_at": row.due_at.isoformat() if row.due_at else None,
            "message_id": names.get(id(row)),
            "state": row.state,
        }
        for row in reference.rows.values()
    ]


def written(mail: Mail, number: int) -> EmailMessage:
    """The simplest mail that the rules allow."""
    message = EmailMessage()
    message["Message-ID"] = f"<m{number}@{HOST}>"
    message["From"] = "Callboard <notifications@callboard.example>"
    message["To"] = mail.user
    message["Subject"] = "News"
    message["List-Id"] = f"<{mail.list_id}>"
    message["List-Unsubscribe"] = f"<{BASE_URL}/mute/x>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"
    root = str(mail.thread or number).encode().hex()
    message["References"] = f"<{root}@{HOST}>"
    message["X-Callboard-Event-Type"] = ", ".join(sorted(mail.event_types))
    message["X-Callboard-Kind"] = mail.kinds
    message["X-Callboard-Importance"] = mail.importance
    message["X-Callboard-Partner"] = mail.partner
    message["X-Callboard-Frequency"] = mail.frequency
    text = "\n".join(
        f"{row.event.data.get('title')}\n{BASE_URL}/items/{row.event.source.encode().hex()}-{row.event.id}"
        for row in mail.rows
    )
    message.set_content(text, cte="base64")
    message.add_alternative(text, subtype="html", cte="base64")
    return message


def delivered(reference: Reference, steps: dict[int, object]) -> list[Delivered]:
    found = []
    for number, mail in enumerate(reference.mails):
        message = written(mail, number)
        now = steps[mail.step]
        message["Date"] = now
        data = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
        found.append(Delivered(mail.step, now, Received("", (mail.user,), data)))  # type: ignore[arg-type]
    return found


@pytest.fixture
def arrived(reference: Reference) -> list[Delivered]:
    steps = {number: step.now for number, step in enumerate(make_world(SIZE, 3).steps)}
    return delivered(reference, dict(steps))


def test_what_is_foretold_is_accepted(reference: Reference, arrived: list[Delivered]) -> None:
    assert ledger_differences(reference, ledger(reference)) == []
    assert mail_differences(reference, ledger(reference), arrived) == []


def test_a_lost_row_and_a_changed_one_are_seen(reference: Reference) -> None:
    lines = ledger(reference)
    lines.pop(0)
    lines[5]["reason"] = "other"
    lines.append(lines[7])
    assert len(ledger_differences(reference, lines)) == 3


def test_a_lost_a_late_and_a_doubled_mail_are_seen(reference: Reference, arrived: list[Delivered]) -> None:
    lines = ledger(reference)
    assert len(mail_differences(reference, lines, arrived[1:])) == 1
    assert len(mail_differences(reference, lines, [*arrived, arrived[0]])) >= 1
    late = Delivered(arrived[0].step + 1, arrived[0].now, arrived[0].received)
    assert len(mail_differences(reference, lines, [late, *arrived[1:]])) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"X-Callboard-Frequency: ", b"X-Callboard-Frequency: un"),
        (b"List-Unsubscribe-Post: ", b"X-Post: "),
        (b"Auto-Submitted: ", b"Auto-Submitted: un"),
        (b"To: ", b"To: x"),
        (b"MIME-Version", b"Sub ject"),
    ],
)
def test_a_wrong_header_is_seen(reference: Reference, arrived: list[Delivered], old: bytes, new: bytes) -> None:
    first = arrived[0]
    assert old in first.received.data
    data = first.received.data.replace(old, new, 1)
    changed = Delivered(first.step, first.now, Received("", first.received.recipients, data))
    assert mail_differences(reference, ledger(reference), [changed, *arrived[1:]])


def test_the_sink_keeps_what_it_is_given() -> None:
    with Sink() as sink:
        with smtplib.SMTP("127.0.0.1", sink.port) as client:
            client.sendmail("a@x.example", ["b@x.example"], b"Subject: s\r\n\r\n.dot\r\n")
            client.sendmail("a@x.example", ["c@x.example"], b"Subject: t\r\n\r\nx\r\n")
        assert sink.wait_for(2, 1.0)
    assert sink.messages == [
        Received("a@x.example", ("b@x.example",), b"Subject: s\r\n\r\n.dot\r\n"),
        Received("a@x.example", ("c@x.example",), b"Subject: t\r\n\r\nx\r\n"),
    ]
