"""What SEARCH_URL may say: the database alone, or a server beside it."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

EMBEDDED = "embedded:"
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def fault(url: str) -> str:
    """Say what is wrong with an address, in French, or ""."""
    if url == EMBEDDED:
        return ""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "n’est pas une adresse : le port ou l’hôte est mal écrit."
    if parts.scheme not in {"http", "https"} or not host:
        return "doit valoir « embedded: » ou désigner Elasticsearch (https://…)."
    if parts.scheme == "http" and host not in LOOPBACK:
        return "envoie les recherches en clair à une autre machine : passez en https."
    authority = parse_qs(parts.query).get("ca", [""])[0]
    if authority and not Path(authority).is_file():
        return "nomme une autorité (ca) qui n’est pas un fichier de cette machine."
    return ""
