"""No start on unsafe values: each has an identifier and a French sentence.

Run by `manage.py check --deploy` and before every production process starts. Values are read
from the settings alone, so that the list can be checked without any service running; what a
service must be asked is checked with `--database default`, and at start.
"""

import math
import os
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register, run_checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from catalogue.search import server
from portal.accounts.models import User
from portal.lib import clock
from portal.lib.storage import scanning
from portal.management import rights

Found = Iterator[CheckMessage]
SECRET_MIN_CHARACTERS = 50
SECRET_MIN_BITS = 150.0
BANNED_DISTRIBUTIONS = {"spacy", "datasets"}
KEY_MODE = 0o400
SKEW_MAX_SECONDS = 2.0
BROKER_SECONDS = 2.0
# A database that restarts is waited for; gunicorn gives a process thirty seconds.
DATABASE_WAIT_SECONDS = 20.0
# The tag of our own checks, for those who may not import this module.
OURS = "portal"
RIGHTS_SHOWN = 5


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
    if fault := broker_fault(settings.BROKER_URL):
        yield _error(5, f"BROKER_URL {fault}")
    if set(settings.CELERY_ACCEPT_CONTENT) != {"json"}:
        yield _error(17, "Celery accepte autre chose que du JSON : n’acceptez que lui.")


def search() -> Found:
    """E22."""
    if fault := server.fault(settings.SEARCH_URL):
        yield _error(22, f"SEARCH_URL {fault}")


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
    if private and settings.PROCESS_KIND != "worker" and _readable(private):
        yield _error(
            8, "Le service web peut lire la clé privée de notation : retirez-la de cet hôte."
        )
    for name in ("HOLDOUT_PRIVATE_KEY_FILE", "RECEIPT_KEY_FILE"):
        path = Path(getattr(settings, name) or "/nonexistent")
        if not path.exists():
            continue
        key_stat = path.stat()
        if stat.S_IMODE(key_stat.st_mode) != KEY_MODE:
            yield _error(
                9,
                f"Le fichier {name} n’est pas en lecture pour son seul propriétaire : chmod 0400.",
            )
        if key_stat.st_uid != os.geteuid():
            yield _error(
                9, f"Le fichier {name} n’appartient pas au compte qui lance ce service : chown."
            )
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
    public = (Path(settings.MEDIA_ROOT), Path(settings.STATIC_ROOT))
    private = {
        "OBJECTS_URL": settings.OBJECTS_URL.removeprefix("file://")
        if settings.OBJECTS_URL.startswith("file://")
        else "",
        "HOLDOUT_PRIVATE_KEY_FILE": settings.HOLDOUT_PRIVATE_KEY_FILE,
        "RECEIPT_KEY_FILE": settings.RECEIPT_KEY_FILE,
        "ERASURE_JOURNAL_FILE": settings.ERASURE_JOURNAL_FILE,
    }
    for name, path in private.items():
        if path and any(place in (Path(path), *Path(path).parents) for place in public):
            yield _error(16, f"{name} est sous les fichiers publics : déplacez-le hors d’eux.")


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
    search,
    mail,
    https,
    keys,
    failpoint,
    places,
    libraries,
)


@register(Tags.security, OURS, deploy=True)
def unsafe_values(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """List every unsafe production value."""
    return [message for check in VALUES for message in check()]


def demonstration_accounts() -> Found:
    """E11: no account of the start-up in production; the worker's role may not read accounts."""
    asks = settings.PROCESS_KIND != "worker"
    if asks and User.objects.filter(is_demonstration=True, is_active=True).exists():
        yield _error(11, "Des comptes de démonstration sont actifs : fermez-les.")


def role_rights() -> Found:
    """E14: the role of this process owns nothing, and writes neither scores nor the past."""
    if connection.vendor != "postgresql":
        return  # E04 speaks
    kind = settings.PROCESS_KIND if settings.PROCESS_KIND in rights.KINDS else "web"
    role, _schema = rights.current()
    differences = rights.powers(role) or [
        str(each) for each in rights.differences(kind, role) if each.excess
    ]
    if differences:
        yield _error(
            14,
            f"Le rôle « {role} » de la base peut trop pour un service {kind} "
            f"({' ; '.join(differences[:RIGHTS_SHOWN])}) : créez un rôle pour lui et lancez "
            "`manage.py grants --apply` avec le rôle propriétaire.",
        )


def database_clock() -> Found:
    """E15."""
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('TimeZone')")
        (zone,) = cursor.fetchone()
    if zone not in {"UTC", "Etc/UTC"}:
        yield _error(15, f"La base est à l’heure de {zone} : mettez TIME ZONE à UTC.")
        return  # its hours would be read as if they were universal
    skew = (clock.now() - datetime.now(UTC)).total_seconds()
    if abs(skew) > SKEW_MAX_SECONDS:
        yield _error(
            15,
            f"L’horloge de la base s’écarte de {skew:+.1f} s de celle de cet hôte : "
            "réglez les deux par NTP.",
        )


def pending_migrations() -> Found:
    """E18: the database is of this version's form."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        yield _error(18, "Des migrations attendent : lancez `manage.py migrate`.")


def broker_keeps() -> Found:
    """E13, E21: Redis drops no message to make room; RabbitMQ opens to this account.

    One that does not answer is only told.
    """
    scheme = urlsplit(settings.BROKER_URL).scheme
    if scheme in REDIS:
        yield from _redis_keeps()
    elif scheme in RABBITMQ:
        yield from _rabbitmq_opens()


def _redis_keeps() -> Found:
    import redis  # noqa: PLC0415  # slow import

    link = redis.Redis.from_url(
        settings.BROKER_URL, socket_connect_timeout=BROKER_SECONDS, socket_timeout=BROKER_SECONDS
    )
    try:
        policy = link.info("memory").get("maxmemory_policy")
    except redis.AuthenticationError as error:
        yield _error(21, f"Redis refuse le compte de BROKER_URL ({type(error).__name__}).")
        return
    except redis.RedisError as error:
        yield _unasked("Redis n’a pas dit sa politique d’éviction", error)
        return
    finally:
        link.close()
    if policy != "noeviction":
        yield _error(
            13,
            f"Redis efface des messages pour faire de la place (maxmemory-policy {policy}) : "
            "réglez-la à noeviction.",
        )


def _rabbitmq_opens() -> Found:
    import amqp  # noqa: PLC0415  # slow import
    import kombu  # noqa: PLC0415  # slow import

    link = kombu.Connection(settings.BROKER_URL, connect_timeout=BROKER_SECONDS)
    try:
        link.connect()
    except (amqp.AccessRefused, amqp.NotAllowed, amqp.NotFound) as error:
        yield _error(
            21,
            "RabbitMQ refuse le compte ou l’hôte virtuel de BROKER_URL "
            f"({type(error).__name__}) : vérifiez-les.",
        )
    except (OSError, *link.connection_errors, *link.channel_errors) as error:
        yield _unasked("RabbitMQ ne répond pas", error)
    finally:
        link.release()


def search_opens() -> Found:
    """E23: the search server knows this account."""
    health = server.health()
    if health == "locked":
        yield _error(23, "Elasticsearch refuse le compte de SEARCH_URL : vérifiez-le.")
    elif health in {"away", "red"}:
        yield Warning("Elasticsearch ne répond pas : la base cherchera.", id="portal.W16")


def _unasked(what: str, error: Exception) -> Warning:
    return Warning(f"{what} ({type(error).__name__}) : non vérifié.", id="portal.W13")


DATABASE: tuple[Callable[[], Found], ...] = (
    demonstration_accounts,
    role_rights,
    database_clock,
    pending_migrations,
)


@register(Tags.database, OURS, deploy=True)
def unsafe_services(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """Ask the database and the broker; only where `--database default` says they are there."""
    if not kwargs.get("databases"):
        return []
    try:
        messages = [message for check in DATABASE for message in check()]
    except DatabaseError as error:
        messages = [
            _error(
                20,
                f"La base ne répond pas ({type(error).__name__}) : ses droits, son heure et ses "
                "migrations ne sont pas vérifiés. Vérifiez DATABASE_URL et le service.",
            )
        ]
    return [*messages, *broker_keeps(), *search_opens()]


@register(Tags.security, OURS, deploy=True)
def absent_on_this_host(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W14, W15, W17: no program of others runs; no antivirus reads their files, or not all."""
    from challenges.evaluation import worker as evaluator  # noqa: PLC0415  # app ready

    sentences = {}
    if lacking := evaluator.missing_isolation():
        sentences[14] = f"Aucun programme n’est exécuté ici (X_NO_SANDBOX) : {lacking.sentence}"
    if not scanning.is_set():
        sentences[15] = "Aucun antivirus ne lit les fichiers des équipes : voyez SCANNER_URL."
    elif settings.CARD_FILE_MAX_BYTES > scanning.MOST_READ_BYTES:
        sentences[17] = "clamd ne lit rien au-delà de 2 Go : baissez CARD_FILE_MAX_BYTES."
    return [Warning(sentence, id=f"portal.W{number}") for number, sentence in sentences.items()]


@register(Tags.security)
def debug_off_loopback(app_configs: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """W01: DEBUG is for this machine alone, in embedded mode too."""
    local = {"127.0.0.1", "localhost", "[::1]"}
    if settings.DEBUG and not set(settings.ALLOWED_HOSTS) <= local:
        return [_error(2, "DEBUG est actif hors de cette machine.")]
    return []


def refuse_unsafe_start() -> None:
    """Stop a production process with status 3, naming each unsafe value.

    The values come first: nothing is asked of a service while one of them is unsafe.
    """
    if settings.EMBEDDED:
        return
    messages = unsafe_values()
    if not any(message.is_serious() for message in messages):
        _await_database()
        messages = run_checks(tags=[OURS], include_deployment_checks=True, databases=["default"])
    for message in messages:
        sys.stderr.write(f"{message.id} {message.msg}\n")
    if any(message.is_serious() for message in messages):
        raise SystemExit(3)
    connection.close()  # a server that forks hands no connection on


def _await_database() -> None:
    deadline = time.monotonic() + DATABASE_WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            connection.ensure_connection()
        except DatabaseError:
            time.sleep(0.5)
        else:
            return


REDIS, RABBITMQ = ("redis", "rediss"), ("amqp", "amqps")
LOOPBACK_HOSTS = frozenset({"127.0.0.1", "localhost", "::1"})


def broker_fault(url: str) -> str:
    """Say what is wrong with the address of a broker, in French, or ""."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "n’est pas une adresse : le port ou l’hôte est mal écrit."
    if parts.scheme not in {*REDIS, *RABBITMQ}:
        return "doit désigner Redis (redis://…) ou RabbitMQ (amqp://…)."
    if not host:
        return "ne nomme pas d’hôte."
    away = host not in LOOPBACK_HOSTS
    if parts.scheme in RABBITMQ and away and parts.username in {None, "guest"}:
        return "n’a pas de compte à elle : RabbitMQ n’ouvre « guest » qu’à sa propre machine."
    return ""
