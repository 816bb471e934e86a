"""No start on unsafe values: each has an identifier and a French sentence.

Run by `manage.py check --deploy` and before every production process starts. Values are read
from the settings alone, so that the list can be checked without any service running.
"""

import math
import stat
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from portal.accounts.models import User

Found = Iterator[CheckMessage]
SECRET_MIN_CHARACTERS = 50
SECRET_MIN_BITS = 150.0
BANNED_DISTRIBUTIONS = {"spacy", "datasets"}


def _error(number: int, sentence: str) -> Error:
    return Error(sentence, id=f"portal.E{number:02}")


def _entropy_bits(text: str) -> float:
    counts = Counter(text)
    total = len(text)
    return -sum(n * math.log2(n / total) for n in counts.values()) if total else 0.0


def secret_key() -> Found:
    """E01."""
    key = settings.SECRET_KEY
    known = key.startswith(("django-insecure-", "tests only", "changeme"))
    if len(key) < SECRET_MIN_CHARACTERS or known or _entropy_bits(key) < SECRET_MIN_BITS:
        yield _error(
            1, "SECRET_KEY est absente, connue ou trop faible : tirez 50 caractères au hasard."
        )


def debug() -> Found:
    """E02."""
    if settings.DEBUG:
        yield _error(2, "DEBUG est actif : il montre le code et les réglages aux visiteurs.")


def hosts() -> Found:
    """E03."""
    if not settings.ALLOWED_HOSTS or "*" in settings.ALLOWED_HOSTS:
        yield _error(3, "ALLOWED_HOSTS est vide ou contient * : nommez les noms de domaine.")


def database() -> Found:
    """E04."""
    if not settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        yield _error(4, "La base est SQLite : la production demande PostgreSQL (DATABASE_URL).")


def broker() -> Found:
    """E05, E17."""
    if not settings.BROKER_URL.startswith(("redis://", "rediss://", "amqp://", "amqps://")):
        yield _error(5, "BROKER_URL doit désigner Redis ou RabbitMQ.")
    if set(settings.CELERY_ACCEPT_CONTENT) != {"json"}:
        yield _error(17, "Celery accepte autre chose que du JSON : n’acceptez que lui.")


def mail() -> Found:
    """E06."""
    if not settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        yield _error(6, "EMAIL_URL ne désigne pas un serveur de courriel (smtp://…).")


def https() -> Found:
    """E07."""
    safe = (
        settings.SITE_URL.startswith("https://")
        and settings.SESSION_COOKIE_SECURE
        and settings.CSRF_COOKIE_SECURE
        and settings.SECURE_HSTS_SECONDS >= 31_536_000
    )
    if not safe:
        yield _error(7, "SITE_URL n’est pas en https, ou les témoins et HSTS ne sont pas sûrs.")


def _readable(path: str) -> bool:
    try:
        with Path(path).open("rb"):
            return True
    except OSError:
        return False


def keys() -> Found:
    """E08, E09, E10."""
    private = settings.HOLDOUT_PRIVATE_KEY_FILE
    if private and settings.PROCESS_KIND == "web" and _readable(private):
        yield _error(
            8, "Le service web peut lire la clé privée de notation : retirez-la de cet hôte."
        )
    for name in ("HOLDOUT_PRIVATE_KEY_FILE", "RECEIPT_KEY_FILE"):
        path = Path(getattr(settings, name) or "/nonexistent")
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & 0o077:
            yield _error(9, f"Le fichier {name} est lisible par d’autres : chmod 0400.")
    if not _readable(settings.HOLDOUT_PUBLIC_KEY_FILE or ""):
        yield _error(
            10,
            "HOLDOUT_PUBLIC_KEY_FILE est absent : les données d’évaluation ne seraient pas "
            "scellées.",
        )
    if not _readable(settings.RECEIPT_KEY_FILE or ""):
        yield _error(10, "RECEIPT_KEY_FILE est absent : aucun récépissé ne pourrait être signé.")


def failpoint() -> Found:
    """E12."""
    if settings.OE_FAILPOINT:
        yield _error(12, "OE_FAILPOINT est défini : il arrête le processus, pour les essais seuls.")


def places() -> Found:
    """E16."""
    media, static = Path(settings.MEDIA_ROOT), Path(settings.STATIC_ROOT)
    objects = settings.OBJECTS_URL.removeprefix("file://")
    if settings.OBJECTS_URL.startswith("file://") and any(
        place == Path(objects) or place in Path(objects).parents for place in (media, static)
    ):
        yield _error(16, "OBJECTS_URL est sous les fichiers publics : déplacez-le hors d’eux.")


def libraries() -> Found:
    """E19."""
    installed = {str(item.metadata["Name"]).lower() for item in distributions()}
    for name in sorted(BANNED_DISTRIBUTIONS & installed):
        yield _error(19, f"La bibliothèque {name} est installée : elle masque nos modules.")


VALUES: tuple[Callable[[], Found], ...] = (
    secret_key,
    debug,
    hosts,
    database,
    broker,
    mail,
    https,
    keys,
    failpoint,
    places,
    libraries,
)


@register(Tags.security, deploy=True)
def unsafe_values(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """List every unsafe production value."""
    return [message for check in VALUES for message in check()]


@register(Tags.database, deploy=True)
def demonstration_accounts(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E11: no account of the embedded start-up in production."""
    if not kwargs.get("databases"):
        return []
    if User.objects.filter(is_demonstration=True, is_active=True).exists():
        return [_error(11, "Des comptes de démonstration sont actifs : fermez-les.")]
    return []


@register(Tags.database, deploy=True)
def pending_migrations(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """E18: the database is of this version's form. Run by `check --deploy --database default`."""
    for alias in kwargs.get("databases") or ():
        executor = MigrationExecutor(connections[alias])
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return [_error(18, "Des migrations attendent : lancez `manage.py migrate`.")]
    return []


@register(Tags.security)
def debug_off_loopback(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W01: DEBUG is for this machine alone, in embedded mode too."""
    local = {"127.0.0.1", "localhost", "[::1]"}
    if settings.DEBUG and not set(settings.ALLOWED_HOSTS) <= local:
        return [_error(2, "DEBUG est actif hors de cette machine.")]
    return []


def refuse_unsafe_start() -> None:
    """Stop a production process with status 3, naming each unsafe value."""
    if settings.EMBEDDED:
        return
    found = [message for message in unsafe_values() if message.is_serious()]
    for message in found:
        sys.stderr.write(f"{message.id} {message.msg}\n")
    if found:
        raise SystemExit(3)
