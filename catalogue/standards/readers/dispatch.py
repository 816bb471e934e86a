"""Hand a document to its reader, in this process: the child calls it, confined."""

import importlib
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import cast

from catalogue.standards.readers import limits, warmth
from catalogue.standards.readers.child import unknown_format
from catalogue.standards.readers.formats import FORMATS
from catalogue.standards.readers.record import Fault, Reading, failed, fault
from catalogue.standards.readers.record import gettext_noop as _
from catalogue.standards.readers.text import Unreadable

Read = Callable[[bytes, str], Reading]


@cache
def reader(format_: str) -> Read:
    """Give the function that reads a format: (content, base_url) to reading."""
    module = importlib.import_module(f"catalogue.standards.readers.{FORMATS[format_].module}")
    return cast(Read, module.read)


def read_here(format_: str, content: bytes, *, base_url: str = "") -> Reading:
    """Read one document without a child; for the child, and for tests of one reader."""
    if format_ not in FORMATS:
        return failed(format_, unknown_format(format_))
    try:
        found = reader(format_)(content, base_url)
    except Unreadable as refusal:
        return failed(format_, refusal.fault)
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # noqa: BLE001  # the one boundary of this process
        return failed(format_, _surprise(error))
    return _bounded(replace(found, format=format_))


def _surprise(error: Exception) -> Fault:
    return fault(
        "reading_failed",
        _("Ce document n’a pas la forme attendue (%(reason)s) : il n’a pas été lu."),
        reason=type(error).__name__,
        fatal=True,
    )


def _bounded(found: Reading) -> Reading:
    if len(found.records) <= limits.RECORDS and len(found.faults) <= limits.FAULTS:
        return found
    more = fault(
        "too_many_records",
        _("Ce document compte plus de %(most)s notices : les premières sont lues."),
        most=limits.RECORDS,
    )
    return replace(
        found,
        records=found.records[: limits.RECORDS],
        faults=(*found.faults[: limits.FAULTS], more),
        complete=False,
    )


def warm_up() -> None:
    """Import all that a fork will need: it may open no file."""
    for format_ in FORMATS:
        reader(format_)
    warmth.warm_up()
