"""Settings from the environment (interfaces 2), read once and checked with one clear line each."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import getaddresses, parseaddr
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from callboard.base.clock import Clock, FixedClock, SystemClock
from callboard.base.errors import RejectedError
from callboard.base.instants import parse_instant
from callboard.base.texts import address_fault, address_key, ascii_address

SHIPPED_CATALOGUE = Path(__file__).resolve().parents[3] / "catalogue"
SHORTEST_KEY = 16
"""Characters of a secret key; shorter ones can be guessed."""
_SELECTOR = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*")
LONGEST_SELECTOR = 100
LONGEST_RETURN_LOCAL = 26
"""Characters before the @ of `CALLBOARD_BOUNCES`: each mail adds up to 38, and 64 are allowed (RFC 5321 4.5.3.1.1)."""
LONGEST_MONTHS = 120
"""Months after which an unused account may end at the latest."""
DEFAULT_FROM = "Callboard <notifications@callboard.example>"


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """Where mail is handed over. `security` is `none`, `starttls` or `tls`."""

    host: str
    port: int
    security: str
    username: str | None
    password: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dkim:
    """With what mail is signed: `pem` is an RSA key that was found usable, `key_path` where it was read."""

    selector: str
    key_path: Path
    pem: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oidc:
    """Who else may say who somebody is, by OpenID Connect. `name` stands on the button."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything the environment decides. `now_at` is None when the real clock runs.

    `bounces` is the address that mails come back to, a signed one for each mail; None: the sender's.
    `oidc` lets people sign in by another service; `operator_mfa` asks operators for a second factor.
    `operators` are the addresses that people's requests for help are mailed to; none: the console alone has them.
    `dormant_months`: how long an account may be unused before it ends; 0: for ever.
    """

    home: Path
    database_url: str | None
    smtp: SmtpServer | None
    base_url: str
    sender: str
    catalogue_path: Path
    secret_key: str
    now_at: datetime | None
    collapse_s: float
    dkim: Dkim | None = None
    bounces: str | None = None
    oidc: Oidc | None = None
    operator_mfa: bool = False
    operators: tuple[str, ...] = ()
    dormant_months: int = 12

    @property
    def clock(self) -> Clock:
        """Return the clock of business time."""
        return clock_at(self.now_at)

    @property
    def mail_host(self) -> str:
        """Return HOST of rule C2: the domain of the sender, in its ASCII form."""
        return _host_of(self.sender)

    @property
    def database_path(self) -> Path:
        """Return the embedded database's file; it is used when no `database_url` is set."""
        return self.home / "callboard.sqlite3"

    @property
    def mailbox_path(self) -> Path:
        """Return the built-in mailbox's file."""
        return self.home / "mailbox.sqlite3"


@lru_cache(maxsize=16)
def _host_of(sender: str) -> str:
    return str(ascii_address(parseaddr(sender)[1])).rpartition("@")[2]


def read_config(environ: Mapping[str, str] = os.environ) -> Config:
    """Return the settings of `environ`; make the home folder and the secret key when missing.

    Raises:
        RejectedError: names the variable, its fault and an example.
    """
    home = Path(environ.get("CALLBOARD_HOME") or "./var").expanduser().absolute()
    return Config(
        home=home,
        database_url=_database_url(environ.get("CALLBOARD_DATABASE_URL")),
        smtp=_smtp(environ.get("CALLBOARD_SMTP_URL")),
        base_url=_base_url(environ.get("CALLBOARD_BASE_URL") or "http://127.0.0.1:8000"),
        sender=_sender(environ.get("CALLBOARD_FROM") or DEFAULT_FROM),
        catalogue_path=read_catalogue_path(environ),
        secret_key=_secret_key(environ.get("CALLBOARD_SECRET_KEY"), home),
        now_at=_now(environ.get("CALLBOARD_NOW")),
        collapse_s=_collapse(environ.get("CALLBOARD_COLLAPSE_S") or "10"),
        dkim=_dkim(environ.get("CALLBOARD_DKIM_KEY"), environ.get("CALLBOARD_DKIM_SELECTOR")),
        bounces=_bounces(environ.get("CALLBOARD_BOUNCES")),
        oidc=_oidc(environ),
        operator_mfa=_switch("CALLBOARD_OPERATOR_MFA", environ.get("CALLBOARD_OPERATOR_MFA")),
        operators=_operators(environ.get("CALLBOARD_OPERATORS")),
        dormant_months=_months(environ.get("CALLBOARD_DORMANT_MONTHS") or "12"),
    )


def clock_at(now_at: datetime | None) -> Clock:
    """Return the clock that stands at an instant, or the machine's when there is none."""
    return FixedClock(now_at) if now_at else SystemClock()


def read_clock(environ: Mapping[str, str] = os.environ) -> Clock:
    """Return the clock of business time alone, for commands that need no home.

    Raises:
        RejectedError: CALLBOARD_NOW is unusable.
    """
    return clock_at(_now(environ.get("CALLBOARD_NOW")))


def read_catalogue_path(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the catalogue lies, for commands that need no home.

    Raises:
        RejectedError: CALLBOARD_CATALOGUE is unusable.
    """
    path = environ.get("CALLBOARD_CATALOGUE")
    return _catalogue(path) if path else SHIPPED_CATALOGUE


def _refuse(variable: str, fault: str, example: str) -> RejectedError:
    return RejectedError(f"{variable} {fault}. Example: {variable}={example}", type="setting")


def _database_url(value: str | None) -> str | None:
    if not value:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"postgresql", "postgres"} and parts.path.strip("/") and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise _refuse(
            "CALLBOARD_DATABASE_URL",
            "must be a postgresql:// address with a database name",
            "postgresql://callboard:secret@db.example:5432/callboard",
        )
    return value


def _smtp(value: str | None) -> SmtpServer | None:
    if not value:
        return None
    example = "smtp+starttls://user:password@mail.example:587"
    schemes = {"smtp": ("none", 25), "smtps": ("tls", 465), "smtp+starttls": ("starttls", 587)}
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError as exc:
        raise _refuse("CALLBOARD_SMTP_URL", f"is not an address ({exc})", example) from exc
    if parts.scheme not in schemes or not parts.hostname or parts.path.strip("/"):
        raise _refuse("CALLBOARD_SMTP_URL", "must be smtp://, smtps:// or smtp+starttls:// with a host", example)
    security, default_port = schemes[parts.scheme]
    return SmtpServer(
        host=parts.hostname,
        port=port or default_port,
        security=security,
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _base_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        usable = parts.scheme in {"http", "https"} and parts.hostname and not parts.query and not parts.fragment
        usable = (
            usable and parts.port != 0 and value.isascii() and value.isprintable() and not set(value) & set("<> \"'")
        )
    except ValueError:
        usable = False
    if not usable:
        raise _refuse("CALLBOARD_BASE_URL", "must be an http:// or https:// address", "https://callboard.example")
    return value.rstrip("/")


def _sender(value: str) -> str:
    found = getaddresses([value])
    if len(found) != 1 or address_fault(found[0][1]) or not value.isprintable():
        raise _refuse("CALLBOARD_FROM", "must be a name and an address", DEFAULT_FROM)
    return value


def _bounces(value: str | None) -> str | None:
    if not value:
        return None
    if address_fault(value) or len(value.rpartition("@")[0]) > LONGEST_RETURN_LOCAL:
        fault = f"must be an address with at most {LONGEST_RETURN_LOCAL} characters before the @"
        raise _refuse("CALLBOARD_BOUNCES", fault, "bounces@callboard.example")
    return value


def _oidc(environ: Mapping[str, str]) -> Oidc | None:
    examples = {
        "CALLBOARD_OIDC_URL": "https://login.studio.example/realms/partners",
        "CALLBOARD_OIDC_CLIENT_ID": "callboard",
        "CALLBOARD_OIDC_CLIENT_SECRET": "as your sign-on service shows it",
    }
    found = {name: environ.get(name) or "" for name in examples}
    if not any(found.values()):
        return None
    for name, example in examples.items():
        if not found[name]:
            raise _refuse(name, "is not set, though other settings of sign-on are", example)
    url, client_id, secret = found.values()
    if not _is_issuer(url):
        fault = "must be the https:// address of the issuer (http:// on this machine only), without ? and #"
        raise _refuse("CALLBOARD_OIDC_URL", fault, examples["CALLBOARD_OIDC_URL"])
    name = environ.get("CALLBOARD_OIDC_NAME") or "Sign in with your company account"
    return Oidc(issuer=url, client_id=client_id, client_secret=secret, name=name)


def _is_issuer(url: str) -> bool:
    """Return whether a text may be an issuer. Source: OpenID Connect Discovery 1.0, 3 and 4.1."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    is_safe = parts.scheme == "https" or (parts.scheme == "http" and host in ("localhost", "127.0.0.1", "::1"))
    return bool(is_safe and host and url.isascii() and url.isprintable() and not set(url) & set("<> \"'?#"))


def _switch(variable: str, value: str | None) -> bool:
    if value not in (None, "", "0", "1"):
        raise _refuse(variable, f"is {value!r}, neither 1 nor 0", "1")
    return value == "1"


def _operators(value: str | None) -> tuple[str, ...]:
    addresses = [address for _, address in getaddresses([value or ""])]
    if value and (not value.isprintable() or any(map(address_fault, addresses))):
        raise _refuse("CALLBOARD_OPERATORS", "must be addresses with commas between them", "help@callboard.example")
    return tuple({address_key(one): one for one in addresses if one}.values())


def _dkim(path: str | None, selector: str | None) -> Dkim | None:
    if not path and not selector:
        return None
    if not path:
        raise _refuse("CALLBOARD_DKIM_KEY", "is not set, though CALLBOARD_DKIM_SELECTOR is", "/etc/callboard/dkim.pem")
    if not selector:
        raise _refuse("CALLBOARD_DKIM_SELECTOR", "is not set, though CALLBOARD_DKIM_KEY is", "callboard1")
    if len(selector) > LONGEST_SELECTOR or not _SELECTOR.fullmatch(selector):
        raise _refuse("CALLBOARD_DKIM_SELECTOR", "must be a DNS label: letters, digits, hyphens", "callboard1")
    from callboard.base.dkim_key import read_private_key  # noqa: PLC0415 - only those who sign load cryptography

    file = Path(path).expanduser().absolute()
    try:
        pem = file.read_bytes()
        read_private_key(pem)
    except (OSError, ValueError) as exc:
        fault = f"cannot be read: {exc.strerror}" if isinstance(exc, OSError) else str(exc)
        raise _refuse("CALLBOARD_DKIM_KEY", f"names {path}, which {fault}", "/etc/callboard/dkim.pem") from None
    return Dkim(selector=selector, key_path=file, pem=pem)


def _catalogue(value: str) -> Path:
    path = Path(value).expanduser().absolute()
    if not path.exists():
        raise _refuse("CALLBOARD_CATALOGUE", f"names {value}, which does not exist", "/etc/callboard/catalogue.toml")
    return path


def _now(value: str | None) -> datetime | None:
    if not value:
        return None
    try:
        return parse_instant(value)
    except ValueError as exc:
        raise _refuse("CALLBOARD_NOW", f"is not an instant: {exc}", "2026-11-23T10:00:00Z") from exc


def _collapse(value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 86_400:  # noqa: PLR2004 - a day; more would be a digest
        raise _refuse("CALLBOARD_COLLAPSE_S", f"is {value!r}, not a number of seconds from 0 to 86400", "10")
    return seconds


def _months(value: str) -> int:
    if not value.isascii() or not value.isdigit() or int(value) > LONGEST_MONTHS:
        fault = f"is {value!r}, not a number of months from 0 (never) to {LONGEST_MONTHS}"
        raise _refuse("CALLBOARD_DORMANT_MONTHS", fault, "12")
    return int(value)


def _secret_key(value: str | None, home: Path) -> str:
    if value:
        if len(value) < SHORTEST_KEY:
            raise _refuse("CALLBOARD_SECRET_KEY", "has under 16 characters", secrets.token_urlsafe(33))
        return value
    path = home / "secret-key"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            # Written aside and linked into place: two first starts at once agree on one key.
            draft = home / f".secret-key-{os.getpid()}-{secrets.token_hex(4)}"
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(48))
            try:
                os.link(draft, path)
            except FileExistsError:
                pass  # another first start was faster: its key is the key
            finally:
                draft.unlink()
        key = path.read_text().strip()
    except OSError as exc:
        raise _refuse("CALLBOARD_HOME", f"cannot be used: {exc.strerror} ({exc.filename})", "./var") from exc
    if len(key) < SHORTEST_KEY:
        fault = f"names a folder whose secret-key file has under {SHORTEST_KEY} characters; remove that file"
        raise _refuse("CALLBOARD_HOME", fault, "./var")
    return key
