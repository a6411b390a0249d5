"""`callboard bounces`: how reports of mails that came back, wait or are unwanted reach Callboard."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from callboard.base.errors import RejectedError
from callboard.base.instants import format_instant
from callboard.cli import boot
from callboard.cli.output import print_counts, print_line
from callboard.cli.supervisor import refuse_taken_port

LOOK_S = 5.0
"""Seconds between two looks into a maildir."""
SAYS = {
    "no-such-address": "the address does not exist: mail {mail} is bounced, and later mails are held",
    "failed": "mail {mail} is bounced",
    "complaint": "mail {mail} is unwanted: the person's mails are held, critical ones apart",
    "delayed": "mail {mail} is delayed",
    "delivered": "mail {mail} has arrived",
    "auto-reply": "an automatic answer; nothing follows",
    "other": "no report that says what became of a mail",
    "repeated": "known already; nothing changed",
    "not-ours": "not about a mail of ours; nothing follows",
}

bounces = typer.Typer(help="Reports of mails that came back, wait or are unwanted.", no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]


@bounces.command("lmtp")
def lmtp(
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8024,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:
    """Take reports from a mail server over LMTP until stopped."""
    boot.set_up_logs("info")
    config = boot.open_home()
    refuse_taken_port(host, port)
    from callboard.mail.feedback.lmtp import serve  # noqa: PLC0415 - needs Django started

    serve(config, host, port, config.clock.now)


@bounces.command("maildir")
def maildir(
    path: Annotated[Path, typer.Argument(help="The maildir; what is taken moves from new to cur.")],
    once: Annotated[bool, typer.Option("--once", help="Take what is there, then exit.")] = False,  # noqa: FBT002 - an option
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Take reports from a maildir, as they come, until stopped."""
    boot.set_up_logs("warning" if once else "info")
    config = boot.open_home()
    from callboard.mail.feedback.maildir import keep_taking, open_maildir, take_new  # noqa: PLC0415 - needs Django
    from callboard.mail.feedback.taking import Taken, take_report  # noqa: PLC0415

    def take(raw: bytes) -> Taken:
        return take_report(raw, (), config, config.clock.now())

    folder = open_maildir(path)
    if once:
        counts = take_new(folder, take)
    else:
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        counts = keep_taking(folder, take, stop, LOOK_S)
    words = ", ".join(f"{number} {result}" for result, number in sorted(counts.items())) or "no reports"
    print_counts(dict(counts), as_json=as_json, words=words)


@bounces.command("read")
def read(
    file: Annotated[str, typer.Argument(help="A report as it came, or - for stdin.")],
    recipient: Annotated[str, typer.Option("--to", help="The address it came to, when its header does not say.")] = "",
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Take one report and say what it means."""
    config = boot.open_home()
    from callboard.mail.feedback.taking import MAX_REPORT_BYTES, Result, take_report  # noqa: PLC0415 - needs Django

    try:
        with boot.standard_input() if file == "-" else Path(file).open("rb") as opened:
            raw = opened.read(MAX_REPORT_BYTES + 1)
    except OSError as exc:
        raise RejectedError(f"{file} cannot be read: {exc.strerror}") from exc
    if len(raw) > MAX_REPORT_BYTES:
        raise RejectedError(f"{file} has over {MAX_REPORT_BYTES} bytes")
    taken = take_report(raw, [recipient] if recipient else (), config, config.clock.now())
    if taken.result is Result.UNREADABLE:
        raise RejectedError(taken.words)
    found = {"result": taken.result.value, "mail": taken.mail_id, "words": taken.words}
    if as_json:
        print_counts(found, as_json=True, words="")
    else:
        print_line(SAYS[taken.result.value].format(**found) + (f" ({taken.words})" if taken.words else ""))


@bounces.command("held")
def held(as_json: AsJson = False) -> None:  # noqa: FBT002 - an option
    """List the addresses that mails are held for, with the remote server's words."""
    boot.open_home()
    from callboard.mail.feedback.store import undelivered  # noqa: PLC0415 - needs Django started

    for one in undelivered():
        found = {
            "user": one.email,
            "since": format_instant(one.since_at),
            "held": one.held,
            "critical_leave": one.spares_critical,
            "words": one.words,
        }
        print_counts(found, as_json=as_json, words="{user}  since {since}  {held} mails  {words}")
