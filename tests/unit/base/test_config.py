"""Settings (interfaces 2): defaults, and the one clear line that refuses an unusable value."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path
from traceback import format_exception

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from callboard.base.clock import FixedClock, SystemClock
from callboard.base.config import Config, Dkim, SmtpServer, read_catalogue_path, read_clock, read_config
from callboard.base.errors import RejectedError


def config(home: Path, **values: str) -> Config:
    return read_config({"CALLBOARD_HOME": str(home)} | {f"CALLBOARD_{key}": value for key, value in values.items()})


def test_defaults_are_those_of_the_interfaces(tmp_path: Path):
    found = config(tmp_path)
    assert found.database_url is None
    assert found.smtp is None
    assert found.base_url == "http://127.0.0.1:8000"
    assert found.sender == "Callboard <notifications@callboard.example>"
    assert found.mail_host == "callboard.example"
    assert found.collapse_s == 10
    assert found.clock == SystemClock()
    assert found.catalogue_path.name == "catalogue"
    assert found.database_path.parent == tmp_path


def test_the_home_is_var_where_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert read_config({}).home == tmp_path / "var"
    assert read_config({"CALLBOARD_HOME": ""}).home == tmp_path / "var"


def test_empty_values_count_as_unset(tmp_path: Path):
    names = ("DATABASE_URL", "SMTP_URL", "BASE_URL", "FROM", "CATALOGUE", "SECRET_KEY", "NOW", "COLLAPSE_S",
             "DORMANT_MONTHS")  # fmt: skip
    assert config(tmp_path, **dict.fromkeys(names, "")) == config(tmp_path)


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("", ()),
        ("help@callboard.example", ("help@callboard.example",)),
        (
            "Help desk <help@callboard.example>, ops@callboard.example,",
            ("help@callboard.example", "ops@callboard.example"),
        ),
        ("help@callboard.example,HELP@callboard.example", ("HELP@callboard.example",)),
    ],
)
def test_operators_are_addresses_each_once(tmp_path: Path, value: str, addresses: tuple[str, ...]):
    assert config(tmp_path).operators == ()
    assert config(tmp_path, OPERATORS=value).operators == addresses


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OPERATORS", "nobody"),
        ("OPERATORS", "help@callboard.example, nobody"),
        ("OPERATORS", "help@callboard.example\r\nBcc: evil@evil.example"),
        ("DATABASE_URL", "mysql://x/db"),
        ("DATABASE_URL", "postgresql://host"),
        ("DATABASE_URL", "postgresql://host/"),
        ("DATABASE_URL", "callboard.sqlite3"),
        ("DATABASE_URL", "postgresql://host:port/db"),
        ("DATABASE_URL", "postgresql://[::1/db"),
        ("SMTP_URL", "mail.example:25"),
        ("SMTP_URL", "http://mail.example"),
        ("SMTP_URL", "smtp://"),
        ("SMTP_URL", "smtp://mail.example:port"),
        ("SMTP_URL", "smtp://mail.example:70000"),
        ("SMTP_URL", "smtp://[::1"),
        ("SMTP_URL", "smtp://mail.example/path"),
        ("BASE_URL", "callboard.example"),
        ("BASE_URL", "ftp://callboard.example"),
        ("BASE_URL", "https://"),
        ("BASE_URL", "https://callboard.example/?a=1"),
        ("BASE_URL", "https://callboard.example/#top"),
        ("BASE_URL", "https://callboard.example:port"),
        ("BASE_URL", "https://call board.example"),
        ("BASE_URL", "https://callboard.example/\r\nX: 1"),
        ("FROM", "Callboard"),
        ("FROM", "Callboard <nobody>"),
        ("FROM", "Callboard <a@x.example>\r\nBcc: eve@x.example"),
        ("CATALOGUE", "/nowhere/catalogue.toml"),
        ("SECRET_KEY", "fifteen charact"),
        ("NOW", "2026-11-23"),
        ("NOW", "yesterday"),
        ("NOW", "2026-11-23T10:00:00"),
        ("COLLAPSE_S", "ten"),
        ("COLLAPSE_S", "-1"),
        ("COLLAPSE_S", "nan"),
        ("COLLAPSE_S", "inf"),
        ("COLLAPSE_S", "86401"),
        ("DORMANT_MONTHS", "a year"),
        ("DORMANT_MONTHS", "-1"),
        ("DORMANT_MONTHS", "121"),
        ("DORMANT_MONTHS", "1.5"),
        ("OPERATOR_MFA", "yes"),
    ],
)
def test_an_unusable_value_is_refused_with_name_fault_and_example(tmp_path: Path, name: str, value: str):
    with pytest.raises(RejectedError) as refused:
        config(tmp_path, **{name: value})
    said = str(refused.value)
    assert said.startswith(f"CALLBOARD_{name} ")
    assert f"Example: CALLBOARD_{name}=" in said
    assert len(said.splitlines()) == 1


def test_the_example_of_a_refusal_is_itself_taken(tmp_path: Path):
    for name, value in (("DATABASE_URL", "x"), ("SMTP_URL", "x"), ("BASE_URL", "x"), ("FROM", "x"), ("NOW", "x"),
                        ("COLLAPSE_S", "x"), ("SECRET_KEY", "x"), ("DORMANT_MONTHS", "x")):  # fmt: skip
        with pytest.raises(RejectedError) as refused:
            config(tmp_path, **{name: value})
        example = str(refused.value).partition(f"Example: CALLBOARD_{name}=")[2]
        config(tmp_path, **{name: example})


OIDC = {
    "OIDC_URL": "https://login.studio.example/realms/partners",
    "OIDC_CLIENT_ID": "callboard",
    "OIDC_CLIENT_SECRET": "a secret between two",
}


def test_sign_on_by_another_service_is_read_and_its_secret_not_shown(tmp_path: Path):
    assert config(tmp_path).oidc is None
    found = config(tmp_path, **OIDC).oidc
    assert found is not None
    assert (found.issuer, found.client_id, found.client_secret) == tuple(OIDC.values())
    assert found.name == "Sign in with your company account"
    assert "a secret" not in repr(found)
    named = config(tmp_path, **OIDC | {"OIDC_URL": "http://127.0.0.1:9000", "OIDC_NAME": "Studio"}).oidc
    assert named is not None
    assert (named.issuer, named.name) == ("http://127.0.0.1:9000", "Studio")


@pytest.mark.parametrize("missing", OIDC)
def test_what_sign_on_needs_is_set_together(tmp_path: Path, missing: str):
    with pytest.raises(RejectedError, match=f"^CALLBOARD_{missing} is not set, though other settings of sign-on are"):
        config(tmp_path, **{key: value for key, value in OIDC.items() if key != missing})


@pytest.mark.parametrize(
    "url",
    ["login.studio.example", "http://login.studio.example", "https://", "https://[::1", "https://a.example:port",
     "https://a.example/?x=1", "https://a.example/#x", "https://a.example/\r\nX: 1", "ftp://localhost"],
)  # fmt: skip
def test_an_issuer_is_an_https_address(tmp_path: Path, url: str):
    with pytest.raises(RejectedError, match=r"^CALLBOARD_OIDC_URL must be the https:// address of the issuer"):
        config(tmp_path, **OIDC | {"OIDC_URL": url})


def test_operators_are_asked_for_a_second_factor_when_it_is_said_so(tmp_path: Path):
    asked = [config(tmp_path, OPERATOR_MFA=value).operator_mfa for value in ("", "0", "1")]
    assert asked == [False, False, True]


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example", ("mail.example", 25, "none", None, None)),
        ("smtp://127.0.0.1:2525", ("127.0.0.1", 2525, "none", None, None)),
        ("smtps://u:p%40ss@mail.example", ("mail.example", 465, "tls", "u", "p@ss")),
        ("smtp+starttls://a%3Ab:c@[::1]:26", ("::1", 26, "starttls", "a:b", "c")),
        ("smtp+starttls://mail.example/", ("mail.example", 587, "starttls", None, None)),
    ],
)
def test_smtp_addresses_are_read(tmp_path: Path, url: str, server: tuple[str, int, str, str | None, str | None]):
    host, port, security, username, password = server
    assert config(tmp_path, SMTP_URL=url).smtp == SmtpServer(
        host=host, port=port, security=security, username=username, password=password
    )


def test_a_base_url_loses_its_last_slash(tmp_path: Path):
    assert config(tmp_path, BASE_URL="https://x.example/board/").base_url == "https://x.example/board"


def test_c2_host_is_the_ascii_form_of_the_senders_domain(tmp_path: Path):
    assert config(tmp_path, FROM="Büro <a@büro.example>").mail_host == "xn--bro-hoa.example"


def test_a_fixed_now_is_the_clock(tmp_path: Path):
    at = datetime(2026, 11, 23, 10, tzinfo=UTC)
    assert config(tmp_path, NOW="2026-11-23T11:00:00+01:00").clock == FixedClock(at)
    assert read_clock({"CALLBOARD_NOW": "2026-11-23T10:00:00Z"}).now() == at
    assert read_clock({}) == SystemClock()


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, password: bytes = b"") -> bytes:
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden)


def test_mail_is_signed_with_the_key_of_a_file(tmp_path: Path):
    file = tmp_path / "dkim.pem"
    for form in (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL):
        file.write_bytes(rsa_key().private_bytes(Encoding.PEM, form, NoEncryption()))
        found = config(tmp_path, DKIM_KEY=str(file), DKIM_SELECTOR="2026.callboard1")
        assert found.dkim == Dkim(selector="2026.callboard1", key_path=file, pem=file.read_bytes())
        assert "PRIVATE" not in repr(found)
    assert config(tmp_path, DKIM_KEY="", DKIM_SELECTOR="").dkim is None


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read: No such file"),
        (b"", "no private key"),
        (b"-----BEGIN PRIVATE KEY-----\nSECRETSECRET\n-----END PRIVATE KEY-----\n", "no private key"),
        (pem(rsa_key(1024)), "1024 bits"),
        (pem(ed25519.Ed25519PrivateKey.generate()), "not RSA"),
        (pem(rsa_key(), b"password"), "encrypted"),
        (rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "no private key"),
    ],
    ids=["missing", "empty", "broken", "short", "ed25519", "encrypted", "public"],
)
def test_an_unusable_key_is_refused_and_not_shown(tmp_path: Path, content: bytes | None, fault: str):
    file = tmp_path / "dkim.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RejectedError) as refused:
        config(tmp_path, DKIM_KEY=str(file), DKIM_SELECTOR="callboard1")
    said = str(refused.value)
    assert said.startswith(f"CALLBOARD_DKIM_KEY names {file}, which ")
    assert fault in said
    assert "Example: CALLBOARD_DKIM_KEY=" in said
    assert "SECRET" not in "".join(format_exception(refused.value))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("DKIM_KEY", {"DKIM_SELECTOR": "callboard1"}),
        ("DKIM_SELECTOR", {"DKIM_KEY": "/dkim.pem"}),
        ("DKIM_SELECTOR", {"DKIM_KEY": "/dkim.pem", "DKIM_SELECTOR": "a b"}),
        ("DKIM_SELECTOR", {"DKIM_KEY": "/dkim.pem", "DKIM_SELECTOR": "a;d=elsewhere.example"}),
        ("DKIM_SELECTOR", {"DKIM_KEY": "/dkim.pem", "DKIM_SELECTOR": "a..b"}),
        ("DKIM_SELECTOR", {"DKIM_KEY": "/dkim.pem", "DKIM_SELECTOR": "a" * 64}),
    ],
)
def test_key_and_selector_belong_together(tmp_path: Path, name: str, values: dict[str, str]):
    with pytest.raises(RejectedError, match=f"^CALLBOARD_{name} .* Example: CALLBOARD_{name}="):
        config(tmp_path, **values)


def test_the_secret_key_is_made_once_with_mode_0600(tmp_path: Path):
    home = tmp_path / "a" / "home"
    key = config(home).secret_key
    assert len(key) >= 48
    assert config(home).secret_key == key
    assert stat.S_IMODE((home / "secret-key").stat().st_mode) == 0o600
    assert [one.name for one in home.iterdir()] == ["secret-key"]
    assert config(tmp_path / "b").secret_key != key


def test_a_given_secret_key_writes_no_file(tmp_path: Path):
    assert config(tmp_path / "home", SECRET_KEY="sixteen characters").secret_key == "sixteen characters"
    assert not (tmp_path / "home").exists()


def test_a_home_that_cannot_be_is_refused(tmp_path: Path):
    tmp_path.joinpath("file").write_text("")
    with pytest.raises(RejectedError, match="CALLBOARD_HOME cannot be used"):
        config(tmp_path / "file" / "home")


def test_a_catalogue_may_be_a_file_or_a_folder(tmp_path: Path):
    file = tmp_path / "c.toml"
    file.write_text("")
    assert read_catalogue_path({"CALLBOARD_CATALOGUE": str(file)}) == file
    assert read_catalogue_path({"CALLBOARD_CATALOGUE": str(tmp_path)}) == tmp_path
