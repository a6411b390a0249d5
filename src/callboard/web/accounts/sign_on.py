"""Signing in by another service (OpenID Connect): it says who somebody is, and Callboard who that is here.

allauth leads there and back, with state and PKCE. What it leaves out is checked here: that
the token is signed for us by this issuer and carries our nonce. Then the verified address is
looked up among the people who may sign in; nobody is created and nothing is stored. allauth's
tables of accounts stay empty for the same reason as its table of addresses.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import jwt
import structlog
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404
from django.shortcuts import render
from django.utils.crypto import constant_time_compare

from callboard.base.texts import shown
from callboard.web.accounts.addresses import address_in_unicode, find_person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allauth.socialaccount.models import SocialToken
    from django.http import HttpRequest, HttpResponse

    from callboard.people.models import User

logger = structlog.get_logger(__name__)

PROVIDER = "openid_connect"
DONE = "/sign-in/with/done"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""How a token may be signed: by a key of the issuer's own. Never "none", nor by a secret that others know."""
LEEWAY_S = 60
"""Seconds that the other service's clock may differ."""
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Provider(OpenIDConnectProvider):
    """The service of the settings."""

    pkce_enabled_default = True

    def redirect(self, request: HttpRequest, process: str, next_url: str | None = None, **kwargs: Any) -> HttpResponse:  # type: ignore[override]
        """Lead there, with a nonce that has to come back in the token."""
        del process, kwargs  # whoever asks chooses nothing but where to go afterwards
        nonce = secrets.token_urlsafe(24)
        response: HttpResponse = super().redirect(
            request, AuthProcess.LOGIN, next_url, scope=["openid", "email"], auth_params={"nonce": nonce}, nonce=nonce
        )
        return response

    def get_oauth2_adapter(self, request: HttpRequest) -> Exchange:
        """Return what talks to the service."""
        return Exchange(request, PROVIDER)


class Exchange(OpenIDConnectOAuth2Adapter):
    """Talks to the service. All it says is checked."""

    @property
    def openid_config(self) -> dict[str, Any]:
        """Return what the service says about itself.

        Raises:
            OAuth2Error: it speaks for another issuer, or says too little.
        """
        found = super().openid_config
        if not isinstance(found, dict) or found.get("issuer") != _issuer():
            raise OAuth2Error("the service calls itself another issuer than CALLBOARD_OIDC_URL")
        for name in _ENDPOINTS:
            if not str(found.get(name, "")).startswith(("https://", "http://")):
                raise OAuth2Error(f"the service names no {name}")
        return found

    def get_callback_url(self, request: HttpRequest, app: SocialApp) -> str:
        """Return where the service leads back to, whatever host was asked."""
        del request, app
        return f"{settings.CONFIG.base_url}{DONE}"

    def complete_login(self, request: HttpRequest, app: SocialApp, token: SocialToken, **kwargs: Any) -> SocialLogin:
        """Return what the service says about the person.

        Raises:
            OAuth2Error: there is no token, or it is not the issuer's, not for us, or has expired.
        """
        del request
        claims = self._verified(str(kwargs["response"].get("id_token") or ""), app)
        if "email" not in claims:
            claims |= self._asked(token.token, claims)
        account = SocialAccount(provider=PROVIDER, uid=str(claims["sub"])[:191], extra_data=claims)
        return SocialLogin(account=account, provider=Adapter(self.request).get_provider(self.request, PROVIDER))

    def _verified(self, id_token: str, app: SocialApp) -> dict[str, Any]:
        """Return the claims of a token. Source: OpenID Connect Core 1.0, 3.1.3.7."""
        try:
            kid = jwt.get_unverified_header(id_token).get("kid")
            claims: dict[str, Any] = jwt.decode(
                id_token,
                self._key(kid),
                algorithms=ALGORITHMS,
                audience=app.client_id,
                issuer=_issuer(),
                leeway=LEEWAY_S,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except (jwt.PyJWTError, TypeError, ValueError) as exc:
            raise OAuth2Error(f"the token is not valid: {exc}") from exc
        if claims.get("azp", app.client_id) != app.client_id:
            raise OAuth2Error("the token was given to somebody else")
        return claims

    def _key(self, kid: str | None) -> Any:
        """Return the issuer's key of this name; the only one, where there are no names."""
        with self._session() as session:
            response = session.get(self.openid_config["jwks_uri"])
            response.raise_for_status()
            keys = [one for one in jwt.PyJWKSet.from_dict(response.json()).keys if one.public_key_use in (None, "sig")]
        fitting = [one for one in keys if one.key_id == kid] if kid else keys
        if len(fitting) != 1:
            raise OAuth2Error(f"the issuer has no key {kid!r}")
        return fitting[0]

    def _asked(self, access_token: str, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return the address where the token leaves it out. Source: OpenID Connect Core 1.0, 5.3.2 (same `sub`)."""
        with self._session() as session:
            url = str(self.openid_config.get("userinfo_endpoint", ""))
            response = session.get(url, headers={"Authorization": f"Bearer {access_token}"})
            response.raise_for_status()
            found = response.json()
        if not isinstance(found, dict) or found.get("sub") != claims["sub"]:
            raise OAuth2Error("the service told about somebody else")
        return {name: found[name] for name in ("email", "email_verified") if name in found}

    def _session(self) -> Any:
        return Adapter(self.request).get_requests_session()  # type: ignore[no-untyped-call]


class Adapter(DefaultSocialAccountAdapter):
    """allauth's adapter: the one service there is, and what becomes of who comes back from it."""

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Provider:
        """Return the service of the settings.

        Raises:
            Http404: there is none.
        """
        del client_id
        oidc = settings.CONFIG.oidc
        if oidc is None or provider != PROVIDER:
            raise Http404("no such service")
        app = SocialApp(provider=PROVIDER, name=oidc.name[:40], client_id=oidc.client_id, secret=oidc.client_secret)
        app.settings = {"server_url": oidc.issuer.rstrip("/")}
        return Provider(request, app=app)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Sign the person in, or say why not; allauth would go on to make an account.

        Raises:
            ImmediateHttpResponse: always, with the answer.
        """
        claims = sociallogin.account.extra_data
        wanted = str(sociallogin.state.get("nonce", ""))
        if not wanted or not constant_time_compare(str(claims.get("nonce", "")), wanted):
            raise ImmediateHttpResponse(refused(request, "failed"))
        email = claims.get("email")
        if not isinstance(email, str) or claims.get("email_verified") is not True:
            raise ImmediateHttpResponse(refused(request, "unverified"))
        person = person_of(email)
        if person is None:
            raise ImmediateHttpResponse(refused(request, "unknown", email))
        record_authentication(request, person, "socialaccount", provider=PROVIDER)
        login = Login(user=person, redirect_url=sociallogin.state.get("next"))
        raise ImmediateHttpResponse(perform_login(request, login))

    def on_authentication_error(self, request: HttpRequest, provider: Any, **kwargs: Any) -> None:  # type: ignore[override]
        """Say that it did not work.

        Raises:
            ImmediateHttpResponse: always, with the answer.
        """
        del provider
        cancelled = str(kwargs.get("error")) == "cancelled"
        raise ImmediateHttpResponse(refused(request, "cancelled" if cancelled else "failed", kwargs.get("exception")))


def _issuer() -> str:
    return settings.CONFIG.oidc.issuer if settings.CONFIG.oidc else ""


def person_of(email: str) -> User | None:
    """Return who may sign in with an address that another service has verified.

    Addresses that only compare as equal may be two mailboxes there: what is written must be the
    same, but for the case of ASCII letters and the form of the domain.
    """
    person = find_person(email)
    return person if person and _written(person.email) == _written(email) else None


def refused(request: HttpRequest, why: str, detail: object = "") -> HttpResponse:
    """Say why the other service did not sign the person in: `failed`, `unverified`, `unknown` or `cancelled`."""
    logger.warning("sign-on refused", why=why, detail=shown(str(detail))[:300])
    oidc = settings.CONFIG.oidc
    shows = {"why": why, "address": detail if why == "unknown" else "", "service": oidc.name if oidc else ""}
    return render(request, "web/sign_on_refused.html", shows, status=400 if why == "failed" else 403)


def _written(address: str) -> str:
    return "".join(one.lower() if one.isascii() else one for one in address_in_unicode(address))
