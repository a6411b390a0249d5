"""An OpenID provider on loopback: authlib's, over a small HTTP server. What it says can be bent, as an attacker would."""

from __future__ import annotations

import json
import os
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "callboard", "a secret between two"
CALLBACK = "http://127.0.0.1:8000/sign-in/with/done"


class Client(ClientMixin):
    """The one client there is."""

    def get_client_id(self):
        return CLIENT

    def get_default_redirect_uri(self):
        return CALLBACK

    def get_allowed_scope(self, scope):
        return scope

    def check_redirect_uri(self, redirect_uri):
        return redirect_uri == CALLBACK

    def check_client_secret(self, client_secret):
        return client_secret == SECRET

    def check_endpoint_auth_method(self, method, endpoint):
        return (method, endpoint) == ("client_secret_post", "token")

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_grant_type(self, grant_type):
        return grant_type == "authorization_code"


@dataclass
class Code:
    """An authorization code, as authlib wants it kept."""

    code: str
    nonce: str
    code_challenge: str
    code_challenge_method: str
    scope: str

    def get_redirect_uri(self):
        return CALLBACK

    def get_scope(self):
        return self.scope

    def get_nonce(self):
        return self.nonce

    def get_auth_time(self):
        return int(time.time())

    def get_acr(self):
        return None

    def get_amr(self):
        return None


@dataclass
class Told:
    """What the provider says of who is signed in there, and how it is bent."""

    claims: dict[str, Any]
    thin: bool = False
    issuer: str = ""
    audience: str = CLIENT
    nonce: str | None = None
    expires_in_s: int = 600
    key: Any = None
    algorithm: str = "RS256"
    userinfo: dict[str, Any] = field(default_factory=dict)
    discovered: dict[str, Any] = field(default_factory=dict)


class Provider(AuthorizationServer):
    """Answers by authlib's grants; `told` says what."""

    def __init__(self, told: Told) -> None:
        super().__init__(["openid", "email"])
        self.told = told
        self.key = RSAKey.generate_key(2048, {"kid": "k1", "use": "sig"})
        self.codes: dict[str, Code] = {}
        self.tokens: list[str] = []
        self.asked: list[dict[str, str]] = []
        self.register_token_generator("default", BearerTokenGenerator(lambda **_: os.urandom(12).hex()))
        self.register_grant(Grant, [CodeChallenge(required=True), Tokens(self)])

    def query_client(self, client_id):
        return Client() if client_id == CLIENT else None

    def save_token(self, token, request):
        del request
        self.tokens.append(token["access_token"])

    def send_signal(self, name, *args, **kwargs):
        """Nobody listens."""

    def create_oauth2_request(self, request):
        return request

    def handle_response(self, status, body, headers):
        return status, json.dumps(body) if isinstance(body, dict) else body, dict(headers)

    # What every provider offers

    def discovery(self, issuer):
        return {
            "issuer": issuer, "authorization_endpoint": f"{issuer}/authorize", "token_endpoint": f"{issuer}/token",
            "jwks_uri": f"{issuer}/jwks", "userinfo_endpoint": f"{issuer}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_post"],
        } | self.told.discovered  # fmt: skip

    def authorize(self, request):
        self.asked.append(dict(request.payload.data))
        grant = self.get_consent_grant(request, end_user=UserInfo(self.told.claims))
        return self.create_authorization_response(request, grant_user=UserInfo(self.told.claims), grant=grant)


class Grant(AuthorizationCodeGrant):
    """Codes for tokens."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]  # noqa: RUF012 - authlib's form

    def save_authorization_code(self, code, request):
        data = request.payload.data
        self.server.codes[code] = Code(
            code, data.get("nonce", ""), data.get("code_challenge", ""), data.get("code_challenge_method", ""),
            request.payload.scope,
        )  # fmt: skip

    def query_authorization_code(self, code, client):
        del client
        return self.server.codes.get(code)

    def delete_authorization_code(self, authorization_code):
        self.server.codes.pop(authorization_code.code, None)

    def authenticate_user(self, authorization_code):
        del authorization_code
        return UserInfo(self.server.told.claims)


class Tokens(OpenIDCode):
    """Identity tokens, as told."""

    def __init__(self, provider):
        super().__init__(require_nonce=True)
        self.provider = provider

    def exists_nonce(self, nonce, request):
        del request
        return any(one.nonce == nonce for one in self.provider.codes.values())

    def get_client_algorithm(self, client):
        del client
        return self.provider.told.algorithm

    def resolve_client_private_key(self, client):
        del client
        return self.provider.told.key or self.provider.key

    def get_encode_header(self, client):
        del client
        return {"alg": self.provider.told.algorithm, "kid": "k1"}

    def get_compatible_claims(self, request):
        del request
        told, now = self.provider.told, int(time.time())
        return {"iss": told.issuer, "aud": [told.audience], "iat": now, "exp": now + told.expires_in_s}

    def get_authorization_code_claims(self, authorization_code):
        told = self.provider.told
        return {"nonce": authorization_code.get_nonce() if told.nonce is None else told.nonce}

    def generate_user_info(self, user, scope):
        del scope
        return {key: user[key] for key in user if key == "sub" or not self.provider.told.thin}


class Request(OAuth2Request):
    """A request as authlib reads it."""

    def __init__(self, method, uri, data, headers):
        super().__init__(method, uri, headers=headers)
        self.payload: Any = BasicOAuth2Payload(data)

    @property
    def form(self):
        return self.payload.data


class Handler(BaseHTTPRequestHandler):
    """Hands requests to authlib, and answers what every provider offers."""

    server: Server

    def log_message(self, *args):
        """Say nothing."""

    def do_GET(self):
        provider, (path, query) = self.server.provider, urlsplit(self.path)[2:4]
        if path == "/.well-known/openid-configuration":
            self.json(provider.discovery(self.server.issuer))
        elif path == "/jwks":
            self.json({"keys": [provider.key.as_dict(private=False)]})
        elif path == "/userinfo":
            known = self.headers.get("Authorization", "").removeprefix("Bearer ") in provider.tokens
            self.json(provider.told.userinfo or provider.told.claims, 200 if known else 401)
        else:
            self.answer(*provider.authorize(self.request_of("GET", query)))

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.answer(*self.server.provider.create_token_response(self.request_of("POST", body)))

    def request_of(self, method, text):
        data = {key: values[0] for key, values in parse_qs(text).items()}
        return Request(method, self.server.issuer + self.path, data, dict(self.headers))

    def json(self, body, status=200):
        self.answer(status, json.dumps(body), {"Content-Type": "application/json"})

    def answer(self, status, body, headers):
        raw = (body or "").encode()
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


class Server(ThreadingHTTPServer):
    """A provider on loopback, at its issuer's address."""

    def __init__(self, provider):
        super().__init__(("127.0.0.1", 0), Handler)
        self.provider = provider
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


SHARED_KEY = OctKey.import_key(SECRET)
"""A key that both sides know: nothing that only the issuer could sign with."""
