"""All settings of the site. Safe defaults for one machine; every variable is documented in docs/operations.md."""

import os
import warnings
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from evalsite import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env.data_directory(BASE_DIR)
JOURNAL_DIR = DATA_DIR / "journal"
env.load_dotenv(DATA_DIR / ".env")

DEBUG = env.flag("EVALSITE_DEBUG", default=False)
SECRET_KEY = env.secret_key(DATA_DIR)
SECRET_KEY_FALLBACKS = env.names("EVALSITE_SECRET_KEY_FALLBACKS")
SITE_URL = os.environ.get("EVALSITE_URL", "").rstrip("/")
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *env.names("EVALSITE_HOSTS")]
CSRF_TRUSTED_ORIGINS = [SITE_URL] if SITE_URL else []

INSTALLED_APPS = [
    "evalsite.admin_config.EvalsiteAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    "rest_framework",
    "drf_spectacular",
    "evalsite",
    "experiments",
    "runs",
    "scoring",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "evalsite.static_files.StaticFiles",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "evalsite.middleware.SignInRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "evalsite.middleware.FragmentHeadersMiddleware",
    "evalsite.middleware.FormAddressMiddleware",
]

ROOT_URLCONF = "evalsite.urls"
ASGI_APPLICATION = "evalsite.asgi.application"
APPEND_SLASH = True

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
                "evalsite.context.shell",
            ]
        },
    }
]

DATABASES = {"default": env.database(DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False
SEVERED_AFTER_S = 8
"""How long PostgreSQL lets a transaction stand open in which nothing happens; a lane is called dead after 10 s."""
UPLOAD_LIMIT_BYTES = env.integer("EVALSITE_UPLOAD_MIB", default=2048) * 1024 * 1024
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SITE_URL.startswith("https://")
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "object-src": [NONE],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = ["evalsite.dates"]

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Requests to the API a minute, counted in the cache of each web process; 0: any number.
API_REQUESTS_PER_TOKEN = env.integer("EVALSITE_API_REQUESTS_PER_TOKEN", default=6_000, minimum=0)
API_REQUESTS_PER_PERSON = env.integer("EVALSITE_API_REQUESTS_PER_PERSON", default=12_000, minimum=0)
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["experiments.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated", "evalsite.api.scopes.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["evalsite.api.json_bodies.JsonBodyParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "URL_FORMAT_OVERRIDE": None,  # ?format= is ours: the form of an export
    "DEFAULT_THROTTLE_CLASSES": [
        "evalsite.api.throttling.TokenThrottle",
        "evalsite.api.throttling.PersonThrottle",
    ],
    "EXCEPTION_HANDLER": "evalsite.api.problems.problem_response",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Evalsite",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "ImportStatusEnum": "experiments.models.ImportStatus",
        "RunStatusEnum": "runs.models.RunStatus",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "evalsite.api.schema.document_presence",
        "evalsite.api.schema.document_problems",
        "evalsite.api.schema.document_states",
    ],
}

# Lanes. The queue is a trigger only: leases, attempts and heartbeats are ours (docs/operations.md).
LANES = env.integer("EVALSITE_LANES", default=max(1, min(4, (os.cpu_count() or 2) // 2)))
Q_CLUSTER: dict[str, Any] = {
    "name": "evalsite",
    **env.broker(),
    "workers": LANES + 1,
    "queue_limit": LANES + 1,
    "timeout": None,
    "retry": 10 * 365 * 24 * 3600,
    "max_attempts": 1,
    "ack_failures": True,
    "bulk": 1,
    "poll": 0.05,  # a run starts after 40 ms instead of 120 ms; an idle queue takes 3 % of a core for it
    "recycle": 500,
    "save_limit": 100,
    "catch_up": False,
    "label": "Queue",
    "log_level": "WARNING",
}
warnings.filterwarnings("ignore", message="Retry and timeout are misconfigured")  # "timeout": None is meant

# What may be plugged in: kind -> dotted path. Installed packages add theirs through entry points.
EVALSITE_STAGES = ["runs.stages.render.Render", "runs.stages.generate.Generate", "scoring.stages.Judge"]
EVALSITE_RUNNERS = {
    "openai": "runs.runners.openai.OpenAIRunner",
    "anthropic": "runs.runners.anthropic.AnthropicRunner",
    "gemini": "runs.runners.gemini.GeminiRunner",
    "http": "runs.runners.http.HttpRunner",
    "python": "runs.runners.python.PythonRunner",
    "replay": "runs.runners.replay.ReplayRunner",
    "simulator": "runs.runners.simulator.SimulatorRunner",
}
EVALSITE_SCORERS = {
    "exact_match": "scoring.scorers.text.ExactMatch",
    "contains": "scoring.scorers.text.Contains",
    "regex": "scoring.scorers.text.Regex",
    "numeric_match": "scoring.scorers.numbers.NumericMatch",
    "json_valid": "scoring.scorers.structure.JsonValid",
    "checks": "scoring.scorers.checks.Checks",
    "latency": "scoring.scorers.measures.Latency",
    "cost": "scoring.scorers.measures.Cost",
    "person": "scoring.scorers.people.Person",
}

# Which environment variables a provider made on a page may name: "project:NAME" or "*:NAME".
PROVIDER_ENV = env.names("EVALSITE_PROVIDER_ENV")
# Which callables a provider of kind python that was made on a page may name, beside those that packages offer.
CALLABLES = env.names("EVALSITE_CALLABLES")
PRIVATE_PROVIDERS = env.flag("EVALSITE_PRIVATE_PROVIDERS", default=True)
BEHIND_PROXY = env.flag("EVALSITE_BEHIND_PROXY", default=False)
RUN_IN_REQUEST = env.flag("EVALSITE_SYNC", default=False)
SIMULATOR_URL = os.environ.get("EVALSITE_SIMULATOR_URL", "")
SIMULATOR_KEY = os.environ.get("EVALSITE_SIMULATOR_KEY", "")
STREAMS = env.flag("EVALSITE_STREAMS", default=True)

# Who may read /metrics: whoever sends the token, and these networks; this machine where there is no token.
METRICS_TOKEN = os.environ.get("EVALSITE_METRICS_TOKEN", "").strip()
METRICS_FROM = env.networks("EVALSITE_METRICS_FROM", default=[] if METRICS_TOKEN else ["127.0.0.0/8", "::1"])

# Spans of runs, results and calls for OpenTelemetry; where they go is said by its own variables (OTEL_...).
OTEL = env.wants("EVALSITE_OTEL", module="opentelemetry.exporter.otlp.proto.http")
OTEL_SAMPLE = env.share("EVALSITE_OTEL_SAMPLE", default=1.0)

LOG_FORM = env.choice("EVALSITE_LOG", logs.FORMS, default="text")
LOG_LEVEL = env.choice("EVALSITE_LOG_LEVEL", logs.LEVELS, default="info" if LOG_FORM == "json" else "warning")
LOGGING: dict[str, Any] = logs.configuration(LOG_FORM, LOG_LEVEL)
