"""What must hold of the demonstrator; read-only, for `verify`."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from portal.demonstrator.models import Build, Referential
from portal.demonstrator.queries import prototypes
from portal.demonstrator.registry import BY_USE_CASE
from portal.lib.storage import objects


def unmeasured() -> Iterator[str]:
    """Name each prototype that one may try, one of whose engines has no figure."""
    measured = {build.engine for build in Build.objects.filter(is_public=True) if build.figures}
    for code, row in prototypes().items():
        if row.may_be_tried and not {*BY_USE_CASE[code].sheet.engines} <= measured:
            yield code


def unreadable() -> Iterator[str]:
    """Name what was learnt or loaded, and is not in the store."""
    names = [
        *((str(row), row.arrays_sha256) for row in Build.objects.order_by("pk")),
        *((str(row), row.content_sha256) for row in Referential.objects.order_by("pk")),
    ]
    yield from (name for name, sha256 in names if not objects.store().exists(sha256))


INVARIANTS = {
    "I60": (_("Un prototype à essayer a ses mesures."), unmeasured),
    "I61": (_("Ce que les prototypes ont appris est lisible."), unreadable),
}
