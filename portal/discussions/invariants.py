"""Read-only checks of discussions, for `manage.py verify`."""

from collections.abc import Iterator

from django.utils.translation import gettext_lazy as _

from portal.discussions import subjects
from portal.discussions.models import Block, Discussion


def strays() -> Iterator[str]:
    """Yield what was written about a subject that is no longer there: no key forbids it."""
    for model in (Discussion, Block):
        strayed = model.objects.order_by("pk")
        for kind in subjects.kinds.values():
            known = kind.model.objects.values("public_id")
            strayed = strayed.exclude(subject_kind=kind.name, subject_id__in=known)
        for row in strayed:
            yield f"{row.subject_kind}:{row.subject_id}"


INVARIANTS = {"I50": (_("Chaque discussion a sa fiche, ou son challenge."), strays)}
