"""`callboard doctor`: every setting, and what stands behind it."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from callboard.base.config import Config, read_config
from callboard.base.errors import CallboardError
from callboard.catalogue.load import load_catalogue
from callboard.cli import boot


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at, and what was found."""

    name: str
    passed: bool
    says: str

    def as_json(self) -> dict[str, Any]:
        """Return the check as JSON values."""
        return asdict(self)


def run_all() -> list[Check]:
    """Return the results of all checks; the settings come first, for the others need them."""
    try:
        config = read_config()
    except CallboardError as exc:
        return [Check("settings", False, str(exc))]
    ends = f"unused accounts end after {config.dormant_months} months" if config.dormant_months else "no account ends"
    asked = f"mailed to {', '.join(config.operators)}" if config.operators else "in the console only"
    says = f"base URL {config.base_url}, sender {config.sender}, {ends}, requests for help {asked}"
    found = [Check("settings", True, says)]
    looks = {"home": _home, "catalogue": _catalogue, "database": _database, "smtp": _smtp, "sign-on": _sign_on}
    found += [_checked(name, look, config) for name, look in looks.items()]
    from callboard.mail.published import records_of, system_lookup  # noqa: PLC0415 - loads DNS and cryptography

    records = records_of(system_lookup())
    return found + [_checked(name, look, config) for name, look in records.items()]


def _checked(name: str, look: Callable[[Config], str], config: Config) -> Check:
    try:
        return Check(name, True, look(config))
    except CallboardError as exc:
        return Check(name, False, str(exc).replace("\n", "; "))
    except Exception as exc:  # noqa: BLE001 - a check that breaks has found something
        return Check(name, False, f"{type(exc).__name__}: {' '.join(str(exc).split())[:300]}")


def _home(config: Config) -> str:
    if not os.access(config.home, os.W_OK | os.X_OK):
        raise CallboardError(f"{config.home} is not writable")
    key = config.home / "secret-key"
    if key.exists() and stat.S_IMODE(key.stat().st_mode) & 0o077:
        raise CallboardError(f"{key} can be read by others; run chmod 600 on it")
    return str(config.home)


def _catalogue(config: Config) -> str:
    found = load_catalogue(config.catalogue_path)
    return f"{config.catalogue_path}, {len(found.event_types)} event types, {len(found.defaults)} Defaults"


def _database(config: Config) -> str:
    boot.open_home()
    from django.db import connection  # noqa: PLC0415 - needs Django started

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA quick_check")
            row = cursor.fetchone()
            if row != ("ok",):
                raise CallboardError(f"SQLite finds damage: {row}")
        else:
            cursor.execute("SELECT 1")
    orphans = list(_orphans(config))
    if orphans:
        raise CallboardError(
            f"{len(orphans)} notifications are inactive under this catalogue; see `callboard catalogue check`"
        )
    return f"{connection.vendor}, up to date"


def _orphans(config: Config) -> Iterator[dict[str, str]]:
    from callboard.cli.questions import stored_orphans  # noqa: PLC0415 - it imports this room's siblings

    yield from stored_orphans(load_catalogue(config.catalogue_path))


def _smtp(config: Config) -> str:
    if config.smtp is None:
        return f"not set: mail goes to the built-in mailbox {config.mailbox_path}"
    from callboard.mail.transport import SmtpTransport, Unavailable  # noqa: PLC0415 - needs Django started

    transport = SmtpTransport(config.smtp, config.mail_host)

    async def greet() -> None:
        await transport.open()
        await transport.close()

    try:
        asyncio.run(greet())
    except Unavailable as exc:
        raise CallboardError(f"cannot hand over mail: {exc}") from exc
    return f"{config.smtp.host}:{config.smtp.port} answers, security {config.smtp.security}"


def _sign_on(config: Config) -> str:
    oidc = config.oidc
    if oidc is None:
        return "not set: people sign in with a code, a password or a passkey"
    import requests  # noqa: PLC0415 - only those who use it load it

    response = requests.get(f"{oidc.issuer.rstrip('/')}/.well-known/openid-configuration", timeout=10)
    response.raise_for_status()
    found = response.json()
    if found.get("issuer") != oidc.issuer:
        raise CallboardError(f"{oidc.issuer} calls itself {found.get('issuer')}; CALLBOARD_OIDC_URL must say the same")
    missing = [one for one in ("authorization_endpoint", "token_endpoint", "jwks_uri") if not found.get(one)]
    if missing:
        raise CallboardError(f"{oidc.issuer} names no {', '.join(missing)}")
    return f"{oidc.issuer} answers; the way back to register there is {config.base_url}/sign-in/with/done"
