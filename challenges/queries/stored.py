"""Which objects of the private store the challenges refer to."""

from collections.abc import Collection, Iterator

from django.apps import apps

from challenges.models import (
    ChallengeDraft,
    CodeTrial,
    Entry,
    Evaluation,
    SealedPredictions,
    SealedResult,
    Upload,
)
from portal.lib import clock, parts
from portal.lib.references import in_columns, in_rows


def named(hashes: Collection[str]) -> Iterator[str]:
    """Give the sha256, among these, that a row names: a file, an upload, an import, a draft.

    A sealed result lies in its row; the process that sweeps may not read it.
    """
    tables = set(apps.get_app_config("challenges").get_models()) - {SealedResult}
    # The hash of a deleted file stays in these rows, and asks for no object.
    rows = (
        Entry.objects.filter(file_deleted_at__isnull=True),
        Evaluation.objects.filter(entry__file_deleted_at__isnull=True),
        SealedPredictions.objects.filter(run__entry__file_deleted_at__isnull=True),
        Upload.objects.filter(expires_at__gt=clock.now()),  # then its entry names the file
        CodeTrial.objects.alive(),
    )
    yield from in_columns(tables - {each.model for each in rows}, hashes)
    for each in rows:
        yield from in_rows(each, hashes)
    for kept in ChallengeDraft.objects.order_by().values_list("kept", flat=True):
        yield from (str(each["sha256"]) for each in kept.values() if "sha256" in each)


def parts_named(names: Collection[str]) -> Iterator[str]:
    """Give the parts of entries to come that an upload names, those of these uploads."""
    return parts.in_rows(Upload.objects.all(), names)
