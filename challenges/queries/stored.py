"""Which objects of the private store the challenges refer to."""

from collections.abc import Collection, Iterator

from challenges.models import BundleImport, ChallengeDraft, Entry, PublicFile, Upload


def named(hashes: Collection[str]) -> Iterator[str]:
    """Give the sha256, among these, that a row names, twice perhaps."""
    for rows, field in (
        (Entry.objects.all(), "sha256"),
        (PublicFile.objects.all(), "sha256"),
        (Upload.objects.all(), "sha256"),
        (BundleImport.objects.all(), "sealed"),
    ):
        found = rows.filter(**{f"{field}__in": hashes}).order_by()
        yield from found.values_list(field, flat=True)
    for kept in ChallengeDraft.objects.order_by().values_list("kept", flat=True):
        yield from (str(each["sha256"]) for each in kept.values() if "sha256" in each)
