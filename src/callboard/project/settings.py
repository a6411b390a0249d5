"""Django's settings, all derived from `Config` (interfaces 2)."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF

from callboard.base.config import Config, read_config

CONFIG: Config = read_config()
# Set by `up --demo`: opens one-click sign-in and the mailbox, on this machine only.
DEMO = os.environ.get("CALLBOARD_DEMO") == "1"

SECRET_KEY = CONFIG.secret_key
DEBUG = False
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True

_BASE = urlsplit(CONFIG.base_url)
ALLOWED_HOSTS = sorted({_BASE.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"})
CSRF_TRUSTED_ORIGINS = [f"{_BASE.scheme}://{_BASE.netloc}"]
# TLS ends in front (interfaces 2): cookies are secure when the outside address is https.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _BASE.scheme == "https"
SESSION_ENGINE = "callboard.people.sessions"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "callboard_session"
CSRF_COOKIE_NAME = "callboard_csrf"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # the window posts a thousand conditions, or as many titles

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # the console comes with its addresses, not with every command
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "csp",
    "django_htmx",
    "ninja",
    "callboard.people",
    "callboard.preferences",
    "callboard.intake",
    "callboard.decisions",
    "callboard.mail",
    "callboard.insights",
    "callboard.support",
    "callboard.web",
    "callboard.console",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "callboard.web.middleware.PrivatePages",
    "callboard.console.acting.ActingFor",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "callboard.web.context.frame",
            ]
        },
    }
]
ROOT_URLCONF = "callboard.project.urls"
WSGI_APPLICATION = "callboard.project.wsgi.application"
STATIC_URL = "/static/"
STATIC_ROOT = None  # served from where the rooms keep them; nothing is collected
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
AUTH_USER_MODEL = "people.User"
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/settings"
AUTHENTICATION_BACKENDS = ["callboard.web.accounts.backend.AddressBackend"]
# Sign-in by allauth; callboard.web.accounts says why its table of addresses stays empty.
ACCOUNT_ADAPTER = "callboard.web.accounts.adapter.Adapter"
ACCOUNT_FORMS = {
    "login": "callboard.web.accounts.forms.PasswordForm",
    "request_login_code": "callboard.web.accounts.forms.AddressForm",
    "confirm_login_code": "callboard.web.accounts.forms.CodeForm",
    "set_password": "callboard.web.accounts.forms.FirstPasswordForm",
    "change_password": "callboard.web.accounts.forms.NewPasswordForm",
}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # nobody signs up; allauth derives the sign-in form from it
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"length": 6, "dashed": True}
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = 2
ACCOUNT_LOGIN_TIMEOUT = 30 * 60  # room for the first code and two more
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
# Per ten minutes: an office behind one address has several people. A password that is right is not counted.
# The last three are about support and stand-ins, and end within an hour.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "50/10m/ip,5/10m/key",
    "enter_code": "5/30m/key",  # the tries and the time of one sign-in, as above
    "login": "200/10m/ip",
    "login_failed": "50/10m/ip,10/10m/key",
    "reset_password": "50/10m/ip,5/10m/key",
    "change_password": "10/10m/user",
    "request_help": "10/h/user",
    "write_again": "30/h/user",
    "name_stand_in": "10/h/user",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 10 * 60  # who has just signed in is not asked again
PASSWORD_RESET_TIMEOUT = 7 * 24 * 3600  # of the longest of callboard.people.links
MFA_ADAPTER = "callboard.web.accounts.factors.Adapter"
MFA_FORMS = {
    "authenticate": "callboard.web.accounts.forms.FactorForm",
    "activate_totp": "callboard.web.accounts.forms.AppForm",
    "add_webauthn": "callboard.web.accounts.forms.PasskeyForm",
    "edit_webauthn": "callboard.web.accounts.forms.PasskeyNameForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Callboard"
MFA_TOTP_TOLERANCE = 1  # a code that ended while it was typed; callboard.web.accounts.factors lets none be used twice
MFA_RATE_LIMITS = {"webauthn_login": "100/10m/ip"}
SOCIALACCOUNT_ADAPTER = "callboard.web.accounts.sign_on.Adapter"
SOCIALACCOUNT_LOGIN_ON_GET = True  # the page leads to another host, which a form may not
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

if CONFIG.database_url:
    _DB = urlsplit(CONFIG.database_url)
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(_DB.path.lstrip("/")),
            "USER": unquote(_DB.username or ""),
            "PASSWORD": unquote(_DB.password or ""),
            "HOST": unquote(_DB.hostname or ""),
            "PORT": str(_DB.port or ""),
            "CONN_HEALTH_CHECKS": True,
            "CONN_MAX_AGE": 300,
            "OPTIONS": dict(parse_qsl(_DB.query)) | {"connect_timeout": 10, "application_name": "callboard"},
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": CONFIG.database_path,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                "cached_statements": 500,  # one for each number of rows (people/rows.py), and all others
                # FULL: a commit is on the disk before anyone is told (P1).
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000;",
            },
            "CONN_MAX_AGE": None,
        }
    }
CACHES = {
    # One for all processes: allauth counts tries in it. A migration of web makes the table.
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_sharedvalue",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}
SCIM_SERVICE_PROVIDER = {
    "SCHEME": _BASE.scheme,
    "NETLOC": _BASE.netloc,
    "AUTHENTICATION_SCHEMES": [{"type": "oauthbearertoken"}],  # told by our own configuration resource
    "AUTH_CHECK_MIDDLEWARE": "callboard.api.scim.gate.ScimKey",
    "SERVICE_PROVIDER_CONFIG_MODEL": "callboard.api.scim.urls.Provider",
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGGING_CONFIG = None  # the commands set logging up (callboard.cli.logs)
EMAIL_BACKEND = "callboard.mail.direct.DirectBackend"  # all mail leaves through callboard.mail
DEFAULT_FROM_EMAIL = SERVER_EMAIL = CONFIG.sender
