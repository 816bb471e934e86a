"""Read documents in a child process: no network, no file, bounded time and memory.

The child imports the parsers once, then forks for each document (`serve`).
"""

import json

from pydantic import TypeAdapter

from catalogue.standards.readers import formats
from catalogue.standards.readers.formats import FORMATS
from catalogue.standards.readers.record import Fault, Reading, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from portal.lib import children
from portal.lib.children import LOST, MEMORY, TIME, ChildLost

READING = TypeAdapter(Reading)
ENDINGS: dict[str, tuple[str, str]] = {
    TIME: (
        "reading_time",
        _(
            "Ce document demande plus de %(seconds)s secondes de lecture : il n’a pas été lu. "
            "Réduisez-le."
        ),
    ),
    MEMORY: (
        "reading_memory",
        _("Ce document demande trop de mémoire : il n’a pas été lu. Réduisez-le."),
    ),
    LOST: (
        "reading_lost",
        _("La lecture de ce document s’est interrompue : réessayez, puis signalez-le."),
    ),
}


def read(format_: str, content: bytes, *, base_url: str = "") -> Reading:
    """Read one document, at most 5 MB, in a killable child without network.

    format_: a code of FORMATS. base_url: address it was read at, for relative addresses.
    Never raises on bad input: what could not be read is among the faults of the reading.
    """
    if format_ not in FORMATS:
        return failed(format_, unknown_format(format_))
    if len(content) > formats.DOCUMENT_BYTES:
        return failed(format_, too_large(len(content)))
    request = json.dumps({"format": format_, "base_url": base_url}).encode()
    try:
        answer = _readers.ask(request, content, seconds=formats.READ_SECONDS)
    except ChildLost as lost:
        code, sentence = ENDINGS[lost.ending]
        return failed(format_, fault(code, sentence, seconds=formats.READ_SECONDS, fatal=True))
    return READING.validate_json(answer)


def unknown_format(format_: str) -> Fault:
    """Say that no reader takes this format."""
    return fault(
        "unknown_format",
        _("Le format « %(format)s » n’est pas lu ici."),
        format=format_,
        fatal=True,
    )


def too_large(size_bytes: int) -> Fault:
    """Say that a document is over the limit."""
    return fault(
        "document_too_large",
        _("Ce document pèse %(size)s Mo : la limite est de 5 Mo."),
        size=f"{size_bytes / 1_000_000:.1f}".replace(".", ","),
        fatal=True,
    )


_readers = children.Warm("catalogue.standards.readers.serve")
