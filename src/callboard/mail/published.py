"""What DNS must say of the sender: SPF, DKIM and DMARC. Checked where DNS answers, always told.

Each check returns a line that says what was found, or raises with what is wrong and the record to
publish, in the form of a zone file.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Mapping
from ipaddress import ip_address

import dns.exception
import dns.resolver

from callboard.base.config import Config
from callboard.base.dkim_key import public_key
from callboard.base.errors import CallboardError
from callboard.mail.dkim import make_signer

PATIENCE_S = 2.0
"""Seconds to wait for an answer."""
RESERVED = ("example", "test", "invalid", "localhost")
"""Top-level names that nobody can publish under. Source: RFC 2606 2."""
LONGEST_STRING = 255
"""Bytes of one string of a TXT record; longer ones are several strings. Source: RFC 1035 3.3.14."""

TxtLookup = Callable[[str], list[str]]
"""Name -> its TXT records, each in one piece; none where the name has none."""


class NoDns(Exception):  # noqa: N818 - a state of the surroundings, not a fault
    """There is no answer to be had; the message says why, in two or three words."""


def records_of(look_up: TxtLookup) -> Mapping[str, Callable[[Config], str]]:
    """Return the checks of the sender's records, by name."""
    return {
        "spf": lambda config: _checked(config, _spf_record(config), look_up, _spf),
        "dkim": lambda config: _dkim_checked(config, look_up),
        "dmarc": lambda config: _checked(config, _dmarc_record(config), look_up, _dmarc),
    }


def system_lookup() -> TxtLookup:
    """Return what asks the DNS that this machine is set to."""
    try:
        return txt_lookup(dns.resolver.Resolver())
    except dns.resolver.NoResolverConfiguration:
        return _no_lookup


def txt_lookup(resolver: dns.resolver.Resolver) -> TxtLookup:
    """Return what asks a resolver. After a first silence it waits for no further answers."""
    silent = False

    def look_up(name: str) -> list[str]:
        nonlocal silent
        if silent:
            raise NoDns("no DNS")
        try:
            answer = resolver.resolve(name, "TXT", lifetime=PATIENCE_S, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.exception.DNSException as exc:
            silent = True
            raise NoDns("no DNS") from exc
        return [b"".join(one.strings).decode("utf-8", "replace") for one in answer]

    return look_up


def _no_lookup(_: str) -> list[str]:
    raise NoDns("no DNS")


def zone_line(name: str, value: str) -> str:
    """Return a TXT record as a zone file has it. Source: RFC 1035 5.1."""
    pieces = [value[start : start + LONGEST_STRING] for start in range(0, len(value), LONGEST_STRING)]
    return f"{name}. IN TXT " + " ".join(f'"{one}"' for one in pieces)


def _checked(config: Config, record: tuple[str, str], look_up: TxtLookup, check: Callable[..., str]) -> str:
    """Return what a check finds, or that it could not look."""
    publish = zone_line(*record)
    if config.smtp is None:
        return "not checked: mail stays in the built-in mailbox"
    if config.mail_host.rpartition(".")[2] in RESERVED:
        return f"not checked: {config.mail_host} is a reserved name. Under a name of your own, publish: {publish}"
    try:
        return check(*record, look_up)
    except NoDns as exc:
        return f"not checked: {exc}. If it is not there yet, publish: {publish}"
    except CallboardError as exc:
        raise CallboardError(f"{exc}. Publish: {publish}") from exc


def _spf_record(config: Config) -> tuple[str, str]:
    """Return a record that lets the relay send. A relay that sends from other addresses has its own `include:`."""
    host = config.smtp.host if config.smtp else ""
    try:
        sends = f"ip{ip_address(host).version}:{host}"
    except ValueError:
        sends = f"a:{host}"
    return config.mail_host, f"v=spf1 {sends} ~all"


def _spf(name: str, _: str, look_up: TxtLookup) -> str:
    found = [one for one in look_up(name) if one.lower().split(" ")[0] == "v=spf1"]
    if len(found) != 1:
        said = f"has {len(found)} SPF records, and receivers then take none" if found else "has no SPF record"
        raise CallboardError(f"{name} {said}")
    if {"all", "+all"} & set(found[0].lower().split()):
        raise CallboardError(f"the SPF record of {name} lets everyone send: {found[0]}")
    return f"{name} says {found[0]}"


def _dmarc_record(config: Config) -> tuple[str, str]:
    host = config.mail_host
    return f"_dmarc.{host}", f"v=DMARC1; p=none; rua=mailto:postmaster@{host}"


def _dmarc(name: str, _: str, look_up: TxtLookup) -> str:
    """Look at the name itself, then at the names above it. Source: RFC 7489 6.6.3, and DMARCbis' tree walk."""
    labels = name.split(".")[1:]
    for start in range(len(labels) - 1):
        place = ".".join(["_dmarc", *labels[start:]])
        found = [one for one in look_up(place) if one.lower().replace(" ", "").startswith("v=dmarc1;")]
        if len(found) > 1:
            raise CallboardError(f"{place} has {len(found)} DMARC records, and receivers then take none")
        if found:
            if _tags(found[0]).get("p") not in {"none", "quarantine", "reject"}:
                raise CallboardError(f"the DMARC record of {place} names no policy (p=): {found[0]}")
            return f"{place} says {found[0]}"
    raise CallboardError(f"{name} has no DMARC record")


def _dkim_checked(config: Config, look_up: TxtLookup) -> str:
    signer = make_signer(config)
    if signer is None or config.dkim is None:
        return "mail is not signed here; set CALLBOARD_DKIM_KEY and CALLBOARD_DKIM_SELECTOR, or let the relay sign"
    if stat.S_IMODE(config.dkim.key_path.stat().st_mode) & stat.S_IRWXO:
        path = config.dkim.key_path
        raise CallboardError(f"{path} can be read by others; run chmod o= on it")
    record = (signer.record_name, f"v=DKIM1; k=rsa; p={public_key(signer.key)}")
    return _checked(config, record, look_up, _dkim)


def _dkim(name: str, wanted: str, look_up: TxtLookup) -> str:
    """Compare what is published with our key. Source: RFC 6376 3.6.1."""
    found = look_up(name)
    if len(found) != 1:
        said = f"has {len(found)} records" if found else "has no record"
        raise CallboardError(f"{name} {said}, so receivers cannot verify what we sign")
    tags = _tags(found[0])
    if tags.get("v", "DKIM1") != "DKIM1" or tags.get("k", "rsa") != "rsa":
        raise CallboardError(f"the record of {name} is not for an RSA key of DKIM: {found[0]}")
    if "".join(tags.get("p", "").split()) != _tags(wanted)["p"]:
        said = "has another public key than ours" if tags.get("p") else "says that the key is revoked"
        raise CallboardError(f"{name} {said}")
    return f"{name} has our public key{' (in test mode, t=y)' if 'y' in tags.get('t', '') else ''}"


def _tags(record: str) -> dict[str, str]:
    """Return the tags of a record. Source: RFC 6376 3.2."""
    pairs = (one.partition("=") for one in record.split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}
