"""Which objects of the private store the challenges refer to."""

from collections.abc import Collection, Iterator

from django.apps import apps

from challenges.models import ChallengeDraft, SealedResult
from portal.lib.references import in_columns


def named(hashes: Collection[str]) -> Iterator[str]:
    """Give the sha256, among these, that a row names: a file, an upload, an import, a draft.

    A sealed result lies in its row; the process that sweeps may not read it.
    """
    tables = set(apps.get_app_config("challenges").get_models()) - {SealedResult}
    yield from in_columns(tables, hashes)
    for kept in ChallengeDraft.objects.order_by().values_list("kept", flat=True):
        yield from (str(each["sha256"]) for each in kept.values() if "sha256" in each)
