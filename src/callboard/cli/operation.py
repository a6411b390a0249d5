"""Commands of operation: up, serve, worker, drain, migrate, doctor, operators, keys, outbox."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from callboard.base.errors import RejectedError
from callboard.base.instants import format_instant, from_us
from callboard.base.rights import KeyRight
from callboard.base.texts import address_fault, name_fault
from callboard.catalogue.load import load_catalogue
from callboard.cli import boot, checks, questions, supervisor
from callboard.cli.output import print_counts, print_line, progress

operator = typer.Typer(help="People with the operators' console.", no_args_is_help=True)
apikey = typer.Typer(help="Keys for intake.", no_args_is_help=True)
outbox = typer.Typer(help="Mails that wait for a person: held, failed and bounced.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for a program.")]
Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")]


DRAINED = ("events", "decisions", "mails", "sent", "deferred", "held", "failed", "withdrawn", "parked")


def up(
    port: Port = 8000,
    demo: Annotated[bool, typer.Option("--demo", help="Load the demo studio and play events into it.")] = False,  # noqa: FBT002 - an option
) -> None:
    """Migrate, then run web, API and worker until Ctrl-C."""
    boot.set_up_logs("info")
    config = boot.open_home(migrate=True)
    _warn_of_orphans(config)
    supervisor.run(config, port=port, demo=demo)


def serve(
    port: Port = 8000,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
) -> None:
    """Run web and API."""
    boot.set_up_logs("info")
    supervisor.serve(boot.open_home(), host, port)


def worker() -> None:
    """Match, decide, compose and deliver until stopped; several may run at once."""
    boot.set_up_logs("info")
    config = boot.open_home()
    _warn_of_orphans(config)
    from callboard.pipeline import Pipeline  # noqa: PLC0415
    from callboard.running import Runner  # noqa: PLC0415 - needs Django started

    Runner(lambda: Pipeline(config)).work()


def drain(as_json: AsJson = False) -> None:  # noqa: FBT002 - an option
    """Process everything that is due now, then exit."""
    config = boot.open_home()
    from callboard.pipeline import Pipeline  # noqa: PLC0415
    from callboard.running import Runner  # noqa: PLC0415 - needs Django started

    with progress("Draining") as detail:
        runner = Runner(lambda: Pipeline(config))
        counts = runner.drain(lambda now: detail(f"{now['decisions']} decisions, {now['sent']} mails sent"))
    found = {key: counts[key] for key in DRAINED}
    words = (
        "{events} events matched, {decisions} decisions, {mails} mails composed; {sent} sent, {deferred} deferred,"
        " {held} held, {failed} failed, {withdrawn} withdrawn, {parked} events parked"
    )
    print_counts(found, as_json=as_json, words=words)


def migrate() -> None:
    """Bring the database up to date."""
    config = boot.start_django()
    applied = boot.migrate_database(config)
    print_line(f"{len(applied)} migrations applied" if applied else "the database is up to date")


def doctor(as_json: AsJson = False) -> None:  # noqa: FBT002 - an option
    """Check every setting, and the database, SMTP and catalogue behind them."""
    results = checks.run_all()
    if as_json:
        print_counts({"checks": [one.as_json() for one in results]}, as_json=True, words="")
    else:
        for one in results:
            print_line(f"{'ok  ' if one.passed else 'FAIL'}  {one.name}: {one.says}")
    if not all(one.passed for one in results):
        raise typer.Exit(1)


def _warn_of_orphans(config: Any) -> None:
    """Say which stored notifications the catalogue in force leaves without meaning."""
    for one in questions.stored_orphans(load_catalogue(config.catalogue_path)):
        typer.echo(f"callboard: inactive under this catalogue: {one['id']} of {one['user']}: {one['why']}", err=True)


@operator.command("create")
def create_operator(email: Annotated[str, typer.Argument(help="The person's address.")]) -> None:
    """Give a person the operators' console, and print a link that sets the password."""
    fault = address_fault(email)
    if fault:
        raise RejectedError(fault)
    config = boot.open_home()
    from callboard import changing  # noqa: PLC0415 - needs Django started
    from callboard.people.links import OPERATOR  # noqa: PLC0415
    from callboard.people.values import is_test_address  # noqa: PLC0415

    if is_test_address(email):
        raise RejectedError(f"{email} is the address of a test user, who signs in nowhere; use a person's address")
    user = changing.create_operator(email, config.clock.now())
    print_line(f"{user.email} is an operator. Set the password within three days at")
    print_line(OPERATOR.url(user, config.base_url))


@apikey.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="Who uses the key.")],
    right: Annotated[KeyRight, typer.Option("--for", help="What the key may do; nothing else.")] = KeyRight.EVENTS,
    partner: Annotated[
        str | None, typer.Option(help="For SCIM: the partner whose people, and those below, the key is for.")
    ] = None,
    as_json: AsJson = False,  # noqa: FBT002 - an option
) -> None:
    """Make a key for one purpose. It is shown once."""
    fault = name_fault(name)
    if fault:
        raise RejectedError(f"the name {fault}")
    if partner and right is not KeyRight.SCIM:
        raise RejectedError("--partner goes with --for scim: other keys know no partners")
    config = boot.open_home()
    from django.db import IntegrityError  # noqa: PLC0415 - needs Django started

    from callboard.intake.store import make_key  # noqa: PLC0415
    from callboard.people.store import load_directory  # noqa: PLC0415

    if partner and partner not in load_directory().partners:
        raise RejectedError(f"{partner!r} is not a partner")
    try:
        key = make_key(name, config.clock.now(), right, partner_id=partner)
    except IntegrityError as exc:
        raise RejectedError(f"there is a key named {name} already; choose another name") from exc
    print_counts({"name": name, "key": key}, as_json=as_json, words="{key}")


@apikey.command("list")
def list_keys(as_json: AsJson = False) -> None:  # noqa: FBT002 - an option
    """List the keys: name, beginning, dates."""
    boot.open_home()
    from callboard.intake import store  # noqa: PLC0415 - needs Django started

    for one in store.list_keys():
        found = {
            "name": one["name"],
            "for": one["right"],
            "begins": one["hint"],
            "created_at": format_instant(from_us(one["created_us"])),
            "revoked_at": format_instant(from_us(one["revoked_us"])) if one["revoked_us"] else None,
        }
        words = "{name}  for {for}  {begins}…  created {created_at}" + (
            "  revoked {revoked_at}" if found["revoked_at"] else ""
        )
        print_counts(found, as_json=as_json, words=words)


@apikey.command("revoke")
def revoke_key(name: Annotated[str, typer.Argument(help="The key's name.")]) -> None:
    """End a key at once."""
    config = boot.open_home()
    from callboard.intake import store  # noqa: PLC0415 - needs Django started

    if not store.revoke_key(name, config.clock.now()):
        raise RejectedError(f"there is no key named {name} in force")
    print_line(f"{name} is revoked")


@outbox.command("list")
def list_stuck(as_json: AsJson = False) -> None:  # noqa: FBT002 - an option
    """List held, failed and bounced mails with the server's words."""
    boot.open_home()
    from callboard.mail.store import stuck_mails  # noqa: PLC0415 - needs Django started

    for one in stuck_mails():
        found = {
            "mail": one["id"],
            "user": one["email"],
            "state": one["state"],
            "attempts": one["attempts"],
            "composed_at": format_instant(from_us(one["composed_us"])),
            "reply": one["last_reply"],
        }
        print_counts(found, as_json=as_json, words="{mail}  {state}  {user}  tries {attempts}  {reply}")


@outbox.command("release")
def release(email: Annotated[str, typer.Argument(help="The held address.")], as_json: AsJson = False) -> None:  # noqa: FBT002 - an option
    """Let an address's held mails leave: as one digest; those past their expiry become failed (P4)."""
    counts: dict[str, int] = boot.open_pipeline().release(email)
    print_counts(
        counts, as_json=as_json, words="{released} held mails leave as one digest, {failed} were past their expiry"
    )


@outbox.command("retry")
def retry(mail: Annotated[int, typer.Argument(help="The number of a failed or bounced mail.")]) -> None:
    """Put one failed or bounced mail back into the queue."""
    config = boot.open_home()
    from callboard.mail import store  # noqa: PLC0415 - needs Django started

    if not store.requeue([mail], config.clock.now()):
        raise RejectedError(f"mail {mail} is neither held nor failed nor bounced")
    print_line(f"mail {mail} is due again")
