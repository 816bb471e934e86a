"""What BROKER_URL may say."""

from urllib.parse import urlsplit

REDIS, RABBITMQ = ("redis", "rediss"), ("amqp", "amqps")
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def fault(url: str) -> str:
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
    away = host not in LOOPBACK
    if parts.scheme in RABBITMQ and away and parts.username in {None, "guest"}:
        return "n’a pas de compte à elle : RabbitMQ n’ouvre « guest » qu’à sa propre machine."
    return ""
