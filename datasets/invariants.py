"""What must hold of datasets and holdouts; read-only, for `verify`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Coalesce, Least
from django.utils.translation import gettext_lazy as _

from datasets.access.enums import Verdict
from datasets.access.models import Extract, Grant
from datasets.access.queries import opinions_of
from datasets.holdouts.enums import SealedKind
from datasets.holdouts.models import Holdout, HoldoutVersion, SealedFile
from datasets.openings.enums import OpeningStatus
from datasets.openings.models import Opening
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile, Dataset, Download, ReleaseUpload
from portal.lib.storage import objects
from portal.lib.storage.objects import unnamed

RESTRICTED = [each for each in AccessLevel if each.is_restricted]
SWEEP_HOURS = 2  # the sweep runs each hour


def missing_objects() -> Iterator[str]:
    """Name each file whose bytes are not in the private store."""
    named_objects = list(DataFile.objects.order_by("pk").values_list("public_id", "sha256"))
    named_objects += list(SealedFile.objects.order_by("pk").values_list("pk", "ciphertext_sha256"))
    kept = Extract.objects.ready().order_by("pk")
    named_objects += list(kept.values_list("public_id", "sha256"))
    keys = HoldoutVersion.objects.exclude(compiled_keys_sha256=None).order_by("pk")
    named_objects += list(keys.values_list("public_id", "compiled_keys_sha256"))
    for upload, parts in ReleaseUpload.objects.order_by("pk").values_list("pk", "parts"):
        named_objects += [(upload, part["sha256"]) for part in parts]
    store = objects.store()
    for name, sha256 in named_objects:
        if not store.exists(sha256):
            yield f"{name} {sha256[:12]}"


def unnamed_objects() -> Iterator[str]:
    """Name each object that nothing refers to and that no sweep took away in its time."""
    hours = settings.OBJECTS_UNNAMED_HOURS + SWEEP_HOURS
    yield from (sha256[:12] for sha256 in unnamed(hours=hours))


def numbering() -> Iterator[str]:
    """Name each dataset or holdout whose numbers are not 1, 2, 3."""
    for queryset, relation in (
        (Dataset.objects, "releases"),
        (Holdout.objects, "versions"),
    ):
        numbers: dict[UUID, list[int]] = defaultdict(list)
        rows = queryset.order_by("pk").values_list("public_id", f"{relation}__number")
        for public_id, number in rows.exclude(**{relation: None}):
            numbers[public_id].append(number)
        for public_id, its_numbers in numbers.items():
            if sorted(its_numbers) != list(range(1, len(its_numbers) + 1)):
                yield str(public_id)


def keyless() -> Iterator[str]:
    """Name each sealed file that nobody could open; a corrected version keeps some as they are."""
    keyed = SealedFile.objects.exclude(keys=None).order_by("pk")
    opens = set(keyed.values_list("ciphertext_sha256", "version__holdout_id"))
    for file in SealedFile.objects.filter(keys=None).select_related("version").order_by("pk"):
        if (file.ciphertext_sha256, file.version.holdout_id) in opens:
            continue
        yield f"{file.version_id} {file.name}"


def half_compiled() -> Iterator[str]:
    """Name each version whose identifiers and labels are not both there, or both absent."""
    counted = HoldoutVersion.objects.annotate(
        labels=Count("files", filter=Q(files__kind=SealedKind.LABELS))
    )
    wrong = Q(compiled_keys_sha256=None, labels__gt=0) | Q(labels=0) & ~Q(compiled_keys_sha256=None)
    for version in counted.filter(wrong).order_by("pk"):
        yield str(version.public_id)


def undated() -> Iterator[str]:
    """Name each dataset whose date is not that of its last release."""
    counted = Dataset.objects.annotate(last=Max("releases__published_at"))
    wrong = ~Q(last=F("released_at")) & ~Q(last=None, released_at=None)
    for dataset in counted.filter(wrong).order_by("pk"):
        yield str(dataset.public_id)


def unsealed() -> Iterator[str]:
    """Name each restricted original that nobody could open, or that lies in clear."""
    files = DataFile.objects.filter(level__in=RESTRICTED, keys=[])
    yield from map(str, files.order_by("pk").values_list("public_id", flat=True))


def ungranted() -> Iterator[str]:
    """Name each read of restricted data without a grant of that dataset, or out of its days."""
    ended = Least(Coalesce("grant__revoked_at", "grant__ends_at"), "grant__ends_at")
    reads = Download.objects.filter(data_file__level__in=RESTRICTED).annotate(ended=ended)
    covers = Q(grant__datasets__dataset=F("data_file__release__dataset"))
    within = covers & Q(at__gte=F("grant__starts_at"), at__lt=F("ended"))
    right = Download.objects.annotate(ended=ended).filter(within).values("pk")
    for read in reads.exclude(pk__in=right).select_related("data_file").order_by("pk"):
        yield f"{read.pk} {read.data_file.public_id}"


def miscut() -> Iterator[str]:
    """Name each extract that does not hold exactly the columns granted of its file."""
    built = Extract.objects.ready().select_related("granted", "data_file").order_by("pk")
    for each in built:
        if each.columns != each.granted.lends(each.data_file.schema, each.data_file.level):
            yield str(each.public_id)


def unadvised() -> Iterator[str]:
    """Name each grant that lends against a producer, or personal data without the officer's word.

    Or without the opinion of either.
    """
    for grant in Grant.objects.select_related("request").order_by("pk"):
        said = {each.dataset_id: each.verdict for each in opinions_of(grant.request)}
        lent = dict(grant.datasets.values_list("dataset", "level"))
        agreed = all(said.get(dataset) == Verdict.FAVOURABLE for dataset in lent)
        if not agreed or (AccessLevel.RESTRICTED_PERSONAL in lent.values() and not said.get(None)):
            yield grant.request.number


def decided_alone() -> Iterator[str]:
    """Name each published opening that two people did not approve, or whose report is not there."""
    published = Opening.objects.filter(status__in=[OpeningStatus.APPROVED, OpeningStatus.PUBLISHED])
    for opening in published.order_by("pk"):
        people = {opening.approver_id, opening.second_approver_id} - {None, opening.proposed_by_id}
        passed = opening.reports.filter(attempt=opening.attempt, passed=True).exists()
        if len(people) != 2 or not passed:
            yield opening.number


INVARIANTS: dict[str, tuple[Any, Callable[[], Iterable[str]]]] = {
    "D01": (_("Chaque fichier déposé ou scellé est dans la réserve privée."), missing_objects),
    "D02": (_("Les versions se suivent sans trou."), numbering),
    "D03": (_("Chaque fichier scellé garde une clé."), keyless),
    "D04": (_("Un jeu compilé a ses identifiants et ses réponses scellées."), half_compiled),
    "D05": (_("La date d’un jeu est celle de sa dernière version."), undated),
    "D06": (_("Aucun objet de la réserve n’est sans nom."), unnamed_objects),
    "D07": (_("Chaque original restreint est scellé et garde une clé."), unsealed),
    "D08": (_("Chaque lecture restreinte a son habilitation, dans ses jours."), ungranted),
    "D09": (_("Un extrait a exactement les colonnes accordées."), miscut),
    "D10": (_("Une ouverture a l’accord de deux personnes, et ses contrôles."), decided_alone),
    "D11": (_("Une habilitation ne prête que ce que tous les avis permettent."), unadvised),
}
