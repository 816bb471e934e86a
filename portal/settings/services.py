"""Services: database, broker, search, objects, mail, keys."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from portal.settings import mode

EMBEDDED = mode.EMBEDDED


def database(url: str) -> dict[str, Any]:
    """Turn a DATABASE_URL (sqlite:///path or postgresql://user:password@host:port/name)."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path[1:]) if parts.path.startswith("//") else parts.path[1:],
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
                    # Pages kept by a connection: 64 MiB instead of 2, a search reads some tens.
                    "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY;"
                    # The matches of a search. Within a transaction, a new table would have SQLite
                    # read its whole schema again after each savepoint that is rolled back.
                    "CREATE TEMP TABLE m (id INTEGER PRIMARY KEY, complete, failed)"
                ),
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path[1:]),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **dict(parse_qsl(parts.query)),
            # Statements are too short to be compiled, and the database's disks seek as they read.
            "options": (
                "-c jit=off -c random_page_cost=1.1"
                " -c synchronous_commit=on -c lock_timeout=2s -c statement_timeout="
                + mode.optional("STATEMENT_TIMEOUT", "15s")
                + " -c idle_in_transaction_session_timeout=30s -c timezone=UTC"
            ),
        },
    }


DATABASES = {
    "default": database(
        mode.by_mode("DATABASE_URL", embedded=f"sqlite:///{mode.VAR_DIR / 'portal.sqlite3'}")
    )
}
ATOMIC_REQUESTS = False

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        # Counts of attempts live here: by default 300 keys are kept, and the others forgotten.
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

BROKER_URL = mode.by_mode("BROKER_URL", embedded="filesystem://")
CELERY_BROKER_URL = BROKER_URL
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a broker that is away an hour is still waited for
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"challenges.*": {"queue": "scoring"}}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# Letters that failed are tried again, and duties done, whatever nudges were lost; a message that
# nobody took in time is worth nothing.
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    name: {"task": name, "schedule": seconds, "options": {"expires": seconds}}
    for name, seconds in (("audit.relay", 10.0), ("audit.duties", 30.0))
}
CELERY_BEAT_SCHEDULE_FILENAME = str(mode.VAR_DIR / "beat-schedule")
# A message is a hint: a request does not wait for a dead broker.
IMPATIENT: dict[str, Any] = {
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "retry_on_timeout": False,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {
        "data_folder_in": str(mode.VAR_DIR / "queue"),
        "data_folder_out": str(mode.VAR_DIR / "queue"),
        "control_folder": str(mode.VAR_DIR / "queue-control"),
    }
    if BROKER_URL.startswith("filesystem")
    else IMPATIENT
)

SEARCH_URL = mode.by_mode("SEARCH_URL", embedded="embedded:")
OBJECTS_URL = mode.by_mode("OBJECTS_URL", embedded=f"file://{mode.VAR_DIR / 'objects'}")

EMAIL_URL = mode.by_mode("EMAIL_URL", embedded="console:")
_mail = urlsplit(EMAIL_URL)
if _mail.scheme in {"smtp", "smtps"}:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = _mail.hostname or "", _mail.port or 25
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
        unquote(_mail.username or ""),
        unquote(_mail.password or ""),
    )
    EMAIL_USE_TLS, EMAIL_USE_SSL = "tls=1" in _mail.query, _mail.scheme == "smtps"
    EMAIL_TIMEOUT = 10
else:
    EMAIL_BACKEND = "portal.audit.letters.FolderBackend"
    EMAIL_FILE_PATH = mode.VAR_DIR / "mail"
# Who answers, for those who read us by programs; letters come from an address that may not.
CONTACT_EMAIL = mode.optional("CONTACT_EMAIL")
DEFAULT_FROM_EMAIL = SERVER_EMAIL = mode.optional("MAIL_FROM", "ne-pas-repondre@localhost")

# clamd, which reads the files of teams before anything else does; empty: nobody reads them.
SCANNER_URL = mode.optional("SCANNER_URL")

# The web process and the workers encrypt with the public half; only the scoring worker is
# given the private half. In embedded mode both are made at first use and `up` hands the
# private path to the worker alone.
HOLDOUT_PUBLIC_KEY_FILE = mode.by_mode(
    "HOLDOUT_PUBLIC_KEY_FILE", embedded=str(mode.VAR_DIR / "keys" / "holdout_public.key")
)
HOLDOUT_PRIVATE_KEY_FILE = mode.optional("HOLDOUT_PRIVATE_KEY_FILE")
# A second recipient whose private half stays offline with the Region.
HOLDOUT_ESCROW_PUBLIC_KEY_FILE = mode.optional("HOLDOUT_ESCROW_PUBLIC_KEY_FILE")
EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE = (
    str(mode.VAR_DIR / "keys" / "holdout_private.key") if EMBEDDED else ""
)
RECEIPT_KEY_FILE = mode.by_mode(
    "RECEIPT_KEY_FILE", embedded=str(mode.VAR_DIR / "keys" / "receipt.key")
)

# Which kind of process this is; the web process must not be able to read the private key.
PROCESS_KIND = mode.optional("PROCESS_KIND", "web")
# Where a fault test stops the process; refused in production.
OE_FAILPOINT = mode.optional("OE_FAILPOINT")
