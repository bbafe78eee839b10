"""Settings, every one of which an environment variable can replace; docs/deploy.md lists them."""

import os
from pathlib import Path
from typing import Any

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("STICKERLOOP_DATA", BASE_DIR / "var")).resolve()


def switched_on(name: str) -> bool:
    """An environment switch: unset, empty, 0, no and false are off."""
    return os.environ.get(name, "").lower() not in {"", "0", "no", "false"}


DEBUG = switched_on("STICKERLOOP_DEBUG")
# The demo offers its three accounts without a password. Never switch it on where strangers reach the server.
DEMO = switched_on("STICKERLOOP_DEMO")

SECRET_KEY = os.environ.get("STICKERLOOP_SECRET_KEY", "")
if not SECRET_KEY:
    raise ImproperlyConfigured("Set STICKERLOOP_SECRET_KEY to a long random string (make demo does it by itself).")

ALLOWED_HOSTS = os.environ.get("STICKERLOOP_HOSTS", "localhost,127.0.0.1,[::1],testserver").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in os.environ.get("STICKERLOOP_ORIGINS", "").split(",") if origin]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "annotator.api.apps.ServedFilesConfig",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "annotator.accounts",
    "annotator.audit",
    "annotator.checkpoints",
    "annotator.prompts",
    "annotator.generation",
    "annotator.annotation",
    "annotator.examples",
    "annotator.quality",
    "annotator.releases",
    "annotator.training",
    "annotator.promotion",
    "annotator.lineage",
    "annotator.api",
]

MIDDLEWARE = [
    "annotator.media.MediaMiddleware",
    "annotator.api.guards.GuardMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "annotator.urls"
WSGI_APPLICATION = "annotator.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "frontend" / "dist"],
        "APP_DIRS": True,
    }
]

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{DATA_DIR / 'stickerloop.sqlite3'}",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.postgresql":
    # The same few statements come again and again: PostgreSQL plans each once a connection, not at every request.
    DATABASES["default"]["OPTIONS"] = {"server_side_binding": True, "prepare_threshold": 3}
elif DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue for the write lock from their first statement on (IMMEDIATE), so none fails half-way as "locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["annotator.accounts.backend.PeopleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = switched_on("STICKERLOOP_HTTPS")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if switched_on("STICKERLOOP_BEHIND_PROXY") else None

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# Uploads go to disk as they come, however large they are.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.TemporaryFileUploadHandler"]

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "annotator" / "static"
STATICFILES_DIRS = [path for path in [BASE_DIR / "frontend" / "dist"] if path.exists()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

BLOBS_URL = os.environ.get("BLOBS_URL") or (DATA_DIR / "blobs").as_uri()
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")

# A student is promoted where it is surely no more than the margin (of share rates, 0…1) below the best teacher of its
# batch, on so many held-out prompts, and faster.
PROMOTION_MARGIN = float(os.environ.get("STICKERLOOP_PROMOTION_MARGIN", "0.05"))
PROMOTION_LEAST_PROMPTS = int(os.environ.get("STICKERLOOP_PROMOTION_PROMPTS", "100"))

# What `manage.py dispatch` does on every turn, in order; each returns how many rows it moved.
DISPATCH_DUTIES = [
    "annotator.generation.silence.collect_silent_clips",
    "annotator.training.silence.collect_silent_runs",
    "annotator.generation.releasing.release_leftovers",
    "annotator.generation.previews.give_up_previews",
    "annotator.generation.dispatch.fill_workers",
    "annotator.generation.filling.fill_batches",
    "annotator.annotation.expiry.expire_leases",
    "annotator.annotation.counting.count_surplus",
    "annotator.generation.closing.close_finished_batches",
    "annotator.generation.previews.forget_previews",
    "annotator.quality.tallying.tally_when_many",
]

# What `manage.py work` does in turn; each is told how to ask whether to stop, and returns whether there was something.
JOBS = [
    "annotator.prompts.background.read_next_import",
    "annotator.releases.freezing.freeze_next_release",
    "annotator.releases.exporting.write_next_export",
    "annotator.releases.check_jobs.do_next_check",
]

# Blobs that are referred to, as iterables of their names: a sweep takes all others. An app that keeps one adds a line.
BLOB_ROOTS = [
    "annotator.prompts.queries.blobs",
    "annotator.generation.queries.blobs",
    "annotator.releases.queries.blobs",
    "annotator.training.queries.blobs",
]
# Of keys of results on record, those that a clip still waits for.
RECORDS_WAITED_FOR = "annotator.generation.queries.waiting_keys"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotator.accounts.tokens.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_PAGINATION_CLASS": "annotator.api.pagination.KeysetPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "annotator.api.errors.handle",
    "DEFAULT_VERSIONING_CLASS": None,
    # Throttles count by address; only a proxy of ours may say which address it speaks for.
    "NUM_PROXIES": 1 if switched_on("STICKERLOOP_BEHIND_PROXY") else 0,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Stickerloop",
    "DESCRIPTION": "People choose which generated sticker animations they would share. Scripts send a token, made "
    "under Account, as `Authorization: Bearer slp_…`; it has its owner's rights. Lists answer `results` and `next`: "
    "ask again with `?cursor=` that. What goes wrong is said in `error`, for people, and in `fields`, by field.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # Swagger UI from our own server: nothing is fetched from elsewhere, and its script is a file, as the policy asks.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "/static/favicon.svg",
    # Closed, or a browser draws some two hundred operations and their models before anything can be read.
    "SWAGGER_UI_SETTINGS": {
        "deepLinking": True,
        "filter": True,
        "persistAuthorization": True,
        "docExpansion": "none",
        "defaultModelsExpandDepth": 0,
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "annotator.api.schema.describe_errors",
        "annotator.api.schema.summarise",
    ],
    "ENUM_NAME_OVERRIDES": {
        "Role": "annotator.accounts.models.Role",
        "CheckpointRole": "annotator.checkpoints.models.CheckpointRole",
        "Engine": "annotator.checkpoints.models.Engine",
        "Split": "annotator.prompts.models.Split",
        "ImportState": "annotator.prompts.models.ImportState",
        "BatchState": "annotator.generation.models.BatchState",
        "ClipState": "annotator.generation.models.ClipState",
        "Reason": "annotator.generation.models.Reason",
        "ReleaseState": "annotator.releases.models.ReleaseState",
        "CheckState": "annotator.releases.models.CheckState",
        "ExportState": "annotator.releases.models.ExportState",
        "TaskState": "annotator.generation.models.TaskState",
        "TrainingState": "annotator.training.models.TrainingState",
        "ShareTarget": "annotator.generation.sharing_api.TARGETS",
        "HandoutState": "annotator.annotation.handouts.HandoutState",
        "FlagKind": "annotator.annotation.models.FlagKind",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("STICKERLOOP_LOG", "INFO")},
}
