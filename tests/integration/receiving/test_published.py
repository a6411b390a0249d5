"""What doctor says of SPF, DKIM and DMARC, asked of a real DNS server."""

from __future__ import annotations

import re
import socket
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.nameserver import NameServer, resolver_at

from callboard.base.config import read_config
from callboard.base.dkim_key import public_key
from callboard.base.errors import CallboardError
from callboard.mail.dkim import make_signer
from callboard.mail.published import records_of, txt_lookup

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from callboard.base.config import Config

HOST = "mail.studio-portal.net"  # no reserved name: those are not asked for
SPF, DKIM, DMARC = HOST, f"callboard1._domainkey.{HOST}", f"_dmarc.{HOST}"


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder: Path = tmp_path_factory.mktemp("home")
    path = folder / "dkim.pem"
    path.write_bytes(pem(rsa.generate_private_key(65537, 2048)))
    path.chmod(0o600)
    return read_config(
        {
            "CALLBOARD_HOME": str(folder),
            "CALLBOARD_SMTP_URL": "smtp://relay.studio-portal.net",
            "CALLBOARD_FROM": f"Callboard <notifications@{HOST}>",
            "CALLBOARD_DKIM_KEY": str(path),
            "CALLBOARD_DKIM_SELECTOR": "callboard1",
        }
    )


@pytest.fixture
def dns() -> Iterator[NameServer]:
    with NameServer({}) as server:
        yield server


def ask(config: Config, dns: NameServer) -> dict[str, tuple[bool, str]]:
    """Whether each check passes, and what it says."""
    found = {}
    for name, check in records_of(txt_lookup(dns.resolver())).items():
        try:
            found[name] = (True, check(config))
        except CallboardError as exc:
            found[name] = (False, str(exc))
    return found


def published(said: str) -> tuple[str, str]:
    """The name and the strings of the record that a check says to publish."""
    found = re.search(r"ublish: (\S+)\. IN TXT (\".*\")$", said)
    assert found, said
    return found[1], found[2]


def test_what_is_missing_is_told_and_what_was_told_is_taken(config: Config, dns: NameServer):
    first = ask(config, dns)
    assert {name: passed for name, (passed, _) in first.items()} == {"spf": False, "dkim": False, "dmarc": False}
    for _, said in first.values():
        name, value = published(said)
        assert max(len(one) for one in re.findall(r'"([^"]*)"', value)) <= 255
        dns.records[name] = [value]
    assert set(dns.records) == {SPF, DKIM, DMARC}
    second = ask(config, dns)
    assert {name: passed for name, (passed, _) in second.items()} == {"spf": True, "dkim": True, "dmarc": True}
    assert second["spf"][1] == f"{HOST} says v=spf1 a:relay.studio-portal.net ~all"
    assert second["dkim"][1] == f"{DKIM} has our public key"
    assert "p=none" in second["dmarc"][1]


SPF_RECORDS = [
    (['"v=spf1 -all"'], True, "says v=spf1 -all"),
    (['"google-site-verification=1"', '"V=SPF1 include:relay.example -all"'], True, "include:relay.example"),
    (['"v=spf1 a" " -all"'], True, "v=spf1 a -all"),
    (['"v=spf10 -all"'], False, "has no SPF record"),
    ([], False, "has no SPF record"),
    (['"v=spf1 -all"', '"v=spf1 mx -all"'], False, "has 2 SPF records"),
    (['"v=spf1 +all"'], False, "lets everyone send"),
    (['"v=spf1 mx all"'], False, "lets everyone send"),
]


@pytest.mark.parametrize(("records", "passed", "said"), SPF_RECORDS)
def test_spf(config: Config, dns: NameServer, records: list[str], passed: bool, said: str):  # noqa: FBT001
    dns.records[SPF] = records
    found = ask(config, dns)["spf"]
    assert found[0] is passed
    assert said in found[1]
    assert passed or published(found[1])[0] == SPF


DMARC_RECORDS = [
    ({DMARC: ['"v=DMARC1; p=reject"']}, True, f"{DMARC} says v=DMARC1; p=reject"),
    ({"_dmarc.studio-portal.net": ['"v=DMARC1;p=quarantine"']}, True, "_dmarc.studio-portal.net says"),
    ({"_dmarc.net": ['"v=DMARC1; p=reject"']}, False, "has no DMARC record"),
    ({DMARC: ['"v=DMARC1; rua=mailto:a@b.example"']}, False, "names no policy"),
    ({DMARC: ['"v=DMARC1; p=none"', '"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}, False, "DMARC records"),
    ({DMARC: ['"hello"']}, False, "has no DMARC record"),
]


@pytest.mark.parametrize(("records", "passed", "said"), DMARC_RECORDS)
def test_dmarc(config: Config, dns: NameServer, records: dict[str, list[str]], passed: bool, said: str):  # noqa: FBT001
    dns.records |= records
    found = ask(config, dns)["dmarc"]
    assert found[0] is passed
    assert said in found[1]
    assert passed or published(found[1])[0] == DMARC


def test_dkim_says_what_is_wrong_with_the_published_key(config: Config, dns: NameServer):
    signer = make_signer(config)
    assert signer
    ours, other = public_key(signer.key), public_key(rsa.generate_private_key(65537, 2048))
    for record, passed, said in (
        (f'"k=rsa; p={ours[:200]}" "{ours[200:]}"', True, "has our public key"),
        (f'"v=DKIM1; t=y; p={ours[:200]}" "{ours[200:]}"', True, "test mode"),
        (f'"v=DKIM1; p={other[:200]}" "{other[200:]}"', False, "another public key"),
        ('"v=DKIM1; p="', False, "revoked"),
        ('"v=DKIM1; k=ed25519; p=x"', False, "not for an RSA key"),
    ):
        dns.records[DKIM] = [record]
        found = ask(config, dns)["dkim"]
        assert found[0] is passed
        assert said in found[1]
        assert passed or published(found[1])[1].replace('" "', "") == f'"v=DKIM1; k=rsa; p={ours}"'


def test_without_dns_nothing_fails_and_one_silence_is_enough(config: Config, dns: NameServer):
    dns.broken = True
    found = ask(config, dns)
    assert all(
        passed and "not checked: no DNS. If it is not there yet, publish: " in said for passed, said in found.values()
    )
    assert {published(said)[0] for _, said in found.values()} == {SPF, DKIM, DMARC}
    assert set(dns.asked) == {SPF}


def test_a_server_that_is_not_there_is_no_dns(config: Config):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    checks = records_of(txt_lookup(resolver_at(port)))
    assert all("not checked: no DNS" in check(config) for check in checks.values())


def test_reserved_names_and_the_built_in_mailbox_ask_nobody(config: Config, dns: NameServer):
    reserved = ask(replace(config, sender="a@callboard.example"), dns)
    assert all(passed and "is a reserved name" in said for passed, said in reserved.values())
    inner = ask(replace(config, smtp=None), dns)
    assert all(said == "not checked: mail stays in the built-in mailbox" for _, said in inner.values())
    unsigned = ask(replace(config, dkim=None), dns)["dkim"]
    assert unsigned[0]
    assert "let the relay sign" in unsigned[1]
    assert not {one for one in dns.asked if "callboard.example" in one}


def test_a_key_that_others_can_read_is_a_fault(config: Config, dns: NameServer):
    assert config.dkim
    config.dkim.key_path.chmod(0o644)
    passed, said = ask(config, dns)["dkim"]
    config.dkim.key_path.chmod(0o640)
    assert (passed, "can be read by others" in said) == (False, True)
    assert "others" not in ask(config, dns)["dkim"][1]
