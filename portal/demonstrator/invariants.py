"""What must hold of the demonstrator; read-only, for `verify`."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_lazy as _

from portal.demonstrator import service
from portal.demonstrator.models import Build, LoadedData
from portal.demonstrator.queries import prototypes
from portal.demonstrator.registry import BY_USE_CASE
from portal.lib.storage import objects


def unmeasured() -> Iterator[str]:
    """Name each prototype that one may try, one of whose engines has no figure."""
    known = service.sets()
    for code, row in prototypes().items():
        if row.may_be_tried and not is_measured(code, known):
            yield code


def is_measured(use_case: str, known: Iterable[dict[str, Build]]) -> bool:
    """Say whether each engine that a use case answers with has figures. known: `service.sets()`."""
    sheet = BY_USE_CASE[use_case].sheet
    builds = next(service.for_sheet(sheet, known), {})
    return bool(builds) and all(builds[name].figures for name in sheet.engines)


def unreadable() -> Iterator[str]:
    """Name what was learnt or loaded, and is not in the store."""
    # What was learnt again of the same data takes the place of what the store lost.
    learnt = {
        (row.engine, row.data_sha256): row for row in Build.objects.order_by("built_at", "pk")
    }
    names = [
        *((str(row), row.arrays_sha256) for row in learnt.values()),
        *((str(row), row.content_sha256) for row in LoadedData.objects.order_by("pk")),
    ]
    yield from (name for name, sha256 in names if not objects.store().exists(sha256))


INVARIANTS = {
    "I60": (_("Un prototype à essayer a ses mesures."), unmeasured),
    "I61": (_("Ce que les prototypes ont appris est lisible."), unreadable),
}
