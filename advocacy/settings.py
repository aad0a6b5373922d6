"""Settings, from the environment only. Importing this file never starts a server and never writes outside the key file."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from advocacy.keyfile import Keys, load_keys, with_secret_files

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = with_secret_files(os.environ)


def flag(name: str, default: bool = False) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


PRODUCTION = flag("RECOURSE_PRODUCTION")
DEBUG = flag("RECOURSE_DEBUG")
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("RECOURSE_DEBUG must be off in production.")

# Local state: database address, keys, documents. A root run of the demo keeps its state outside the checkout.
LOCAL_DIR = Path(os.environ.get("RECOURSE_LOCAL_DIR", BASE_DIR / ".local"))
DATA_DIR = Path(os.environ.get("RECOURSE_DATA_DIR", LOCAL_DIR / "documents"))

KEYS: Keys = load_keys(
    environment=ENVIRONMENT,
    path=Path(os.environ.get("RECOURSE_SECRET_FILE", LOCAL_DIR / "keys.json")),
    production=PRODUCTION,
)
SECRET_KEY = KEYS.django
# Keys of each organization's own, wrapped by the field key or by a key management service (advocacy/tenancy/keystore.py).
KEYSTORE = Path(os.environ.get("RECOURSE_KEYSTORE", LOCAL_DIR / "keystore"))
KMS = os.environ.get("RECOURSE_KMS", "")
if PRODUCTION and "RECOURSE_KEYSTORE" not in os.environ:
    raise ImproperlyConfigured("Production names the folder of its organizations' keys: RECOURSE_KEYSTORE.")
# A signed pack of rules instead of those that come with the program, and the public keys whose signatures count.
RULE_PACK = os.environ.get("RECOURSE_RULE_PACK", "")
RULE_KEYS = os.environ.get("RECOURSE_RULE_KEYS", "")

HOSTS = os.environ.get("RECOURSE_HOSTS", "localhost,127.0.0.1,[::1]" if not PRODUCTION else "")
ALLOWED_HOSTS = [h for h in HOSTS.split(",") if h] + (["testserver"] if "pytest" in sys.modules else [])
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("RECOURSE_ORIGINS", "").split(",") if o]

ACTOR_RESOLVER = "advocacy.people.doors.resolve"

INSTALLED_APPS = [
    "advocacy.tenancy",
    "advocacy.audit",
    "advocacy.access",
    "advocacy.background",
    "advocacy.people",
    "advocacy",
    "cases",
    "appeals",
    "advocacy.reporting",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "guardian",
    "rest_framework",
    "django_q",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.idp.oidc",  # hashed client-credential tokens only: none of its own addresses is wired
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "advocacy.headers.HeadersMiddleware",
    "advocacy.metrics.WatchMiddleware",
    "advocacy.api.MachineDoorMiddleware",  # the API passes none of what follows: no session, no cookie, no form
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "advocacy.web.RequestIdMiddleware",
    "advocacy.portal.DoorSessionMiddleware",  # the portal has a session of its own
    "advocacy.people.sessions.SessionLimitsMiddleware",
    "advocacy.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "advocacy.uploads.UploadLimitMiddleware",  # before the form's token is looked for in the body
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "advocacy.people.second_factor.SecondFactorMiddleware",
    "advocacy.people.sign_in_by_provider.OwnAccountMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "advocacy.tenancy.middleware.TenancyMiddleware",
    "advocacy.people.kept_forms.KeptFormsMiddleware",
    "advocacy.web.AnswersMiddleware",
    "advocacy.people.refused_forms.RefusedFormsMiddleware",
    "advocacy.people.step_up.StepUpMiddleware",
]

ROOT_URLCONF = "advocacy.urls"
WSGI_APPLICATION = "advocacy.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "advocacy.desk.frame",
                "advocacy.portal.frame",
                "advocacy.people.sessions.frame",
            ],
        },
    }
]

FORM_RENDERER = "advocacy.inputs.Renderer"

# --- Database: the application role; the owner's address is used by migrations and by the test runner only. ---


def address(name: str) -> str | None:
    """The address from the environment, else the one the embedded server left beside its data. Never starts anything."""
    if ENVIRONMENT.get(name):
        return ENVIRONMENT[name]
    file = LOCAL_DIR / f"{name.lower()}"
    return file.read_text().strip() if file.exists() else None


def address_of_demo() -> str:
    """Where the demo of this checkout answers while it runs (advocacy/serving.py), else where it would: a command beside it
    prints links that lead somewhere.
    """
    file = LOCAL_DIR / "demo.address"
    return file.read_text().strip() if not PRODUCTION and file.exists() else "http://localhost:8000"


def database(url: str | None) -> dict[str, object]:
    parts = urlparse(url or "postgresql:///recourse")
    query = {k: v[0] for k, v in parse_qs(parts.query).items()}
    return {
        "ENGINE": "advocacy.tenancy.db",
        "NAME": parts.path.lstrip("/") or "recourse",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(parts.port or query.get("port") or ""),
    }


POOLER = os.environ.get("DATABASE_POOLER", "")
OWNER = flag("RECOURSE_AS_OWNER")
DATABASES = {
    "default": database(address("DATABASE_OWNER_URL" if OWNER else "DATABASE_URL"))
    | {
        "ATOMIC_REQUESTS": False,  # the tenancy middleware opens the one transaction, rendering included
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": POOLER == "pgbouncer",
        "OPTIONS": {
            "server_side_binding": True,
            "prepare_threshold": None if POOLER == "pgbouncer" else 1,
            "application_name": "recourse",
            "connect_timeout": 5,
        },
    }
}
OWNER_DATABASE = database(address("DATABASE_OWNER_URL"))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {
        # Shared by all processes: sign-in rate limits and the worker's heartbeat live here. Ours, because counting has to be
        # atomic (allauth's locks are `add`, other limits count with `incr`).
        "BACKEND": "advocacy.background.cache.SharedCache",
        "LOCATION": "django_cache",
    }
}

# --- People and sign-in ---
AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_FORMS = {"login": "advocacy.people.sign_in_form.SignInForm"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "advocacy.people.sign_in.AccountAdapter"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Recourse] "
ACCOUNT_SESSION_REMEMBER = False
# The portal's e-mailed codes (advocacy/people/portal_codes.py); allauth's own sign-in by code stays off.
ACCOUNT_LOGIN_BY_CODE_FORMAT = {"numeric": True, "length": 8, "dashed": True}
ACCOUNT_RATE_LIMITS = {
    "portal_code": "20/m/ip,5/15m/key",
    "portal_try": "20/m/ip",
    "machine_token": "30/m/ip,10/m/key",
    "provider": "20/m/ip",
}
# Tokens of the API (advocacy/people/machines.py, advocacy/people/api.py): opaque, hashed, for one hour.
IDP_OIDC_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]
IDP_OIDC_ACCESS_TOKEN_EXPIRES_IN = 3600
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A passkey asks for a finger, a face or a number: it is both factors at once.
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {"authenticate": "advocacy.people.sign_in_form.SignInCodeForm"}
MFA_ADAPTER = "advocacy.people.second_factor.SecondFactorAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True
SECOND_FACTOR = os.environ.get("RECOURSE_SECOND_FACTOR", "required")
if SECOND_FACTOR not in {"required", "optional"}:
    raise ImproperlyConfigured("RECOURSE_SECOND_FACTOR is `required` or `optional`.")
if PRODUCTION and SECOND_FACTOR != "required":
    raise ImproperlyConfigured("RECOURSE_SECOND_FACTOR may be `optional` only outside production.")
ACCOUNT_REAUTHENTICATION_REQUIRED = True
STEP_UP_SECONDS = int(os.environ.get("RECOURSE_STEP_UP_SECONDS", 300))
SIGN_IN_TRIES = int(os.environ.get("RECOURSE_SIGN_IN_TRIES", 10))
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "advocacy.people.session_store"
# How long a sign-in lasts at most, and how long while nothing is done: at the desk, then in the portal.
SESSION_COOKIE_AGE = int(os.environ.get("RECOURSE_SESSION_SECONDS", 60 * 60 * 10))
IDLE_SECONDS = int(os.environ.get("RECOURSE_IDLE_SECONDS", 60 * 30))
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
if PRODUCTION:  # a cookie of this name comes from this host over TLS, and from nowhere else
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
PORTAL_SESSION_SECONDS = int(os.environ.get("RECOURSE_PORTAL_SESSION_SECONDS", 60 * 60 * 12))
PORTAL_LONGEST_SECONDS = int(os.environ.get("RECOURSE_PORTAL_LONGEST_SECONDS", 60 * 60 * 24))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "advocacy.web.csrf_failure"
SECURE_SSL_REDIRECT = PRODUCTION and not flag("RECOURSE_TLS_ELSEWHERE")
# How many proxies of ours stand in front: limits on guessing count the visitor's address, not the proxy's.
ALLAUTH_TRUSTED_PROXY_COUNT = int(os.environ.get("RECOURSE_PROXIES", 0))
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if flag("RECOURSE_TLS_ELSEWHERE") else None
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "SAMEORIGIN"  # the letter beside its fields is an inline frame of our own
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
        "img-src": [SELF],
    }
}

# guardian: only advocacy/access/grants.py touches it; its anonymous user and monkey patch are not wanted.
SILENCED_SYSTEM_CHECKS = [
    "guardian.W001",  # its backend is not used: policies and grants.py decide
    "security.W019",  # the letter stands beside its fields in an inline frame of our own: SAMEORIGIN
]
ANONYMOUS_USER_NAME = None
GUARDIAN_MONKEY_PATCH_USER = False

# --- Language, time ---
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English"), ("es", "Español")]
TIME_ZONE = "America/New_York"  # display default; each organization and patient carries its own
USE_TZ = True
USE_I18N = True
FORMAT_MODULE_PATH = ["advocacy.formats"]
LOCALE_PATHS = [BASE_DIR / "advocacy" / "locale"]  # Spanish of the portal: `make translations`

# --- Files ---
STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("RECOURSE_STATIC_ROOT", LOCAL_DIR / "static"))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if flag("RECOURSE_STATIC_MANIFEST")
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not flag("RECOURSE_STATIC_MANIFEST")
UPLOAD_LIMIT_BYTES = int(os.environ.get("RECOURSE_UPLOAD_LIMIT", 50 * 1024 * 1024))
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_HANDLERS = ["advocacy.uploads.AnonymousFileHandler"]
MEDIA_ROOT = ""

# --- Mail ---
EMAIL_BACKEND = os.environ.get("RECOURSE_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_FILE_PATH = os.environ.get("RECOURSE_MAIL_DIR") or None
EMAIL_HOST = os.environ.get("RECOURSE_SMTP_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("RECOURSE_SMTP_PORT", 25))
EMAIL_HOST_USER = os.environ.get("RECOURSE_SMTP_USER", "")
EMAIL_HOST_PASSWORD = ENVIRONMENT.get("RECOURSE_SMTP_PASSWORD", "")
EMAIL_USE_TLS = flag("RECOURSE_SMTP_TLS")  # STARTTLS
EMAIL_TIMEOUT = 20  # seconds: a mail server that does not answer holds no request for longer
# Links in mails: the address under which people reach this installation.
SITE_URL = os.environ.get("RECOURSE_SITE_URL") or (
    f"http://localhost:{os.environ['PORT']}" if os.environ.get("PORT") else address_of_demo()
)
DEFAULT_FROM_EMAIL = os.environ.get("RECOURSE_FROM", "recourse@localhost")

# --- Jobs: rows of our own database; at least once, so every job is idempotent ---
Q_CLUSTER = {
    "name": "recourse",
    "orm": "default",
    "broker_class": "advocacy.background.broker.TwoLines",
    "workers": int(os.environ.get("RECOURSE_WORKERS", 1)),
    "timeout": 120,
    "retry": int(os.environ.get("RECOURSE_JOB_RETRY", 180)),
    "max_attempts": 5,
    "ack_failures": False,
    "poll": 0.5,
    "bulk": 1,
    "save_limit": 250,
    "catch_up": False,
    "log_level": "WARNING",
    "label": "Jobs",
}

# --- The trail's seals: where their heads are laid down outside, and who is told when that or the sealing stops ---
ANCHOR_DIR = Path(os.environ["RECOURSE_ANCHOR_DIR"]) if os.environ.get("RECOURSE_ANCHOR_DIR") else None
ANCHOR_MAIL = os.environ.get("RECOURSE_ANCHOR_MAIL", "").split()
ALARM_MAIL = os.environ.get("RECOURSE_ALARM_MAIL", "").split()

# --- Calls that leave this host (advocacy/outgoing.py): https to public addresses only, but for the servers of tests ---
OUTGOING_LOOPBACK = flag("RECOURSE_OUTGOING_LOOPBACK")
if PRODUCTION and OUTGOING_LOOPBACK:
    raise ImproperlyConfigured("RECOURSE_OUTGOING_LOOPBACK is for tests: never in production.")

# Text messages, for the portal's codes (advocacy/texts.py): "folder", "https", a class of one's own, or none.
TEXTS = os.environ.get("RECOURSE_TEXTS", "")
TEXT_DIR = os.environ.get("RECOURSE_TEXT_DIR", "")
TEXT_URL = os.environ.get("RECOURSE_TEXT_URL", "")
TEXT_FROM = os.environ.get("RECOURSE_TEXT_FROM", "")
TEXT_TOKEN = ENVIRONMENT.get("RECOURSE_TEXT_TOKEN", "")
if TEXTS == "https" and not TEXT_URL.startswith("https://"):
    raise ImproperlyConfigured("RECOURSE_TEXT_URL begins with https:// when RECOURSE_TEXTS is https.")
if PRODUCTION and TEXTS == "folder":
    raise ImproperlyConfigured("RECOURSE_TEXTS=folder is for the demonstration: codes would lie in a file.")

# --- Log and figures of operation: neither holds patient data, an address of a page or a secret (advocacy/logs.py) ---
LOG_FORMAT = os.environ.get("RECOURSE_LOG_FORMAT", "json" if PRODUCTION else "plain")
if LOG_FORMAT not in {"json", "plain"}:
    raise ImproperlyConfigured("RECOURSE_LOG_FORMAT is json or plain.")
LOG_REQUESTS = flag("RECOURSE_ACCESS_LOG", PRODUCTION)
METRICS_TOKEN = ENVIRONMENT.get("RECOURSE_METRICS_TOKEN", "")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"quiet": {"()": "advocacy.logs.WithoutPatientData"}},
    "formatters": {
        "plain": {"()": "advocacy.logs.PlainLines"},
        "json": {"()": "advocacy.logs.JsonLines"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["quiet"]}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"django.request": {"level": "ERROR"}, "recourse": {"level": "INFO"}},
}

REST_FRAMEWORK = {
    # Who asks is found out by the machine door (advocacy/api.py); REST framework writes and describes what goes in and out.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "advocacy.openapi.Described",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Recourse",
    "VERSION": "1",
    "DESCRIPTION": "Cases, documents, acts and figures of one organization, for its machines. How to begin: /help/api/.",
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [],
    "COMPONENT_SPLIT_REQUEST": True,
}
