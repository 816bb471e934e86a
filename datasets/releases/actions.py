"""Describe a dataset, receive the files of a release, publish it."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from io import SEEK_END
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from catalogue.resources import file_types
from catalogue.resources.enums import ResourceKind
from catalogue.resources.models import Resource
from datasets import gate
from datasets.releases import rules
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.models import DataFile, Dataset, Release
from datasets.standards import copies, dictionary
from datasets.standards.profile import TableFault, profile_apart
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib import clock, immutable
from portal.lib.prose import personal_data
from portal.lib.refusals import Invalid, TooLarge
from portal.lib.storage import objects, scanning
from portal.lib.storage.files import safe_name


@dataclass(frozen=True)
class Description:
    """What a producer says of a dataset beside its card."""

    in_directory: bool = False
    of_personal_origin: bool = False
    is_synthetic: bool = False
    legal_basis: str = ""
    disclosure_threshold: int | None = None
    retention: str = ""


@transaction.atomic
def describe(*, resource: Resource, description: Description, by: Actor) -> Dataset:
    """Write the data side of a card, for the first time or again.

    In order: card and dataset locked; the latter created or changed; event "dataset.described"
    when something changed. Raises NotAllowed; Invalid when the card is of another kind, for a
    dataset whose open data were released, in the restricted directory, and for taking back, once
    something was released, that it belongs there or comes from personal data.
    """
    card = Resource.objects.select_for_update(of=("self",)).get(pk=resource.pk)
    require(rules.may_describe, by, card.organisation)
    if card.kind != ResourceKind.DATASET:
        raise Invalid(_("Cette fiche ne décrit pas un jeu de données."), code="not_a_dataset")
    dataset = Dataset.objects.select_for_update(of=("self",)).filter(resource=card).first()
    created = dataset is None
    if dataset is None:
        dataset = Dataset(resource=card, created_at=clock.now())
    values = vars(description)
    changed = [name for name, value in values.items() if getattr(dataset, name) != value]
    if not created and not changed:
        return dataset
    guarded = [name for name in ("in_directory", "of_personal_origin") if getattr(dataset, name)]
    if dataset.released_at is not None and set(guarded) & set(changed):
        raise Invalid(
            _(
                "Une version est publiée : ce jeu reste au répertoire R2DDE, ou d’origine "
                "personnelle. Pour l’ouvrir, proposez l’ouverture."
            ),
            code="origin_stays",
        )
    for name in changed:
        setattr(dataset, name, values[name])
    is_open = dataset.released_at is not None and not dataset.level_enum.is_restricted
    if dataset.in_directory and is_open:
        raise Invalid(
            _(
                "Une version de ce jeu est déjà publiée hors de l’accès restreint : "
                "il n’entre pas au répertoire R2DDE."
            ),
            code="directory_is_restricted",
        )
    dataset.full_clean(exclude=["resource"])
    dataset.save(update_fields=None if created else changed)
    record("dataset.described", by=by, on=dataset, changed=sorted(changed), created=created)
    return dataset


# What `opened` raises on a file that is gone or broken.
Unreadable = gate.VaultBroken


@dataclass(frozen=True)
class Deposit:
    """A kept file: the object that holds it encrypted, and the wrapped keys that open it."""

    sha256: str
    keys: Sequence[dict[str, str]]


def measured(source: BinaryIO, *, limit_bytes: int) -> tuple[int, str]:
    """Count and digest a file, then go back to its start; raises TooLarge past the bound."""
    size, digest = 0, hashlib.sha256()
    for chunk in objects.pieces(source):
        size += len(chunk)
        if size > limit_bytes:
            raise TooLarge(limit_bytes=limit_bytes)
        digest.update(chunk)
    source.seek(0)
    return size, digest.hexdigest()


def keep(source: BinaryIO) -> Deposit:
    """Encrypt a file into the private store."""
    sealed = gate.seal_deposit(source)
    return Deposit(sealed.ciphertext_sha256, list(sealed.keys))


@contextmanager
def opened(deposit: Deposit, name: str = "depot.zip") -> Iterator[Path]:
    """Give a clear copy in a private folder, removed at the end. Raises Unreadable."""
    with tempfile.TemporaryDirectory(prefix="depot-") as folder:
        place = Path(folder) / name
        with place.open("xb") as target:
            gate.open_deposit(deposit.sha256, deposit.keys, target)
        yield place


@contextmanager
def read(deposit: Deposit) -> Iterator[BinaryIO]:
    """Give the clear bytes in a file without a name: a killed process leaves none. As `opened`."""
    with joined([deposit]) as content:
        yield content


@contextmanager
def joined(deposits: Iterable[Deposit]) -> Iterator[BinaryIO]:
    """Give the clear bytes of several, one after the other, as `read`."""
    with tempfile.TemporaryFile() as content:
        for each in deposits:
            gate.open_deposit(each.sha256, each.keys, content)
        content.seek(0)
        yield content


def forget(sha256: str) -> None:
    """Remove a kept file; no two have the same object, each having its own key."""
    if sha256:
        objects.store().delete(sha256)


FILES_MAX = 20
FILE_MAX_BYTES = 50 * 1024 * 1024  # of a table that is read whole, to be opened
PROFILED_BYTES_A_SECOND = 10_000_000  # at the least, on a busy machine
TEXTS = frozenset({"csv", "json", "jsonl", "geojson", "md", "txt"})
PACKED = frozenset({"parquet", "pdf", "zip", "xlsx", "ods"})


@dataclass(frozen=True)
class NewFile:
    """A file to publish; columns: {name: {type, description, protection}} of a dictionary."""

    name: str
    content: BinaryIO
    level: AccessLevel
    role: FileRole = FileRole.DATA
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def publish(
    *,
    dataset: Dataset,
    files: Sequence[NewFile],
    notes: str = "",
    personal_checked: bool = False,
    opened: Callable[[Release], None] | None = None,
    then: Callable[[Release], None] = lambda _release: None,
    by: Actor,
) -> Release:
    """Publish files as the next release.

    personal_checked: the producer answers for addresses and telephone numbers in files that are
    not restricted; a social security or bank account number stops them all the same, and so does a
    row of a restricted table of the same release.

    opened: called in the transaction that writes the release, before its event as every lock but
    the ledger's, for the data of an opening, which two people approved: of all others, what anybody
    may read is refused to the restricted directory and to what comes from personal data.

    then: called there as well, whatever the data, once they were let out.

    In order: right asked, files read by the antivirus, judged, profiled, searched for personal
    data and put in the private store, those that are restricted sealed to the scoring worker; then
    in one transaction: dataset locked, right asked again, release and files written, the dataset's
    level and date, event "release.published". Raises NotAllowed; Invalid with one fault a wrong
    file {file, code, line}, for data that need an opening, while no antivirus answers; TooLarge.
    """
    require(rules.may_publish_release, by, dataset.resource.organisation)
    prepared = _prepared(files, personal_checked=personal_checked)
    with transaction.atomic():
        release = _publish(dataset, prepared, notes, by, opened, then)
        if personal_checked:
            record("release.personal_checked", by=by, on=release)
    return release


def _publish(
    dataset: Dataset,
    prepared: list[dict[str, Any]],
    notes: str,
    by: Actor,
    opened: Callable[[Release], None] | None,
    then: Callable[[Release], None],
) -> Release:
    locked = (
        Dataset.objects.select_for_update(of=("self",))
        .select_related("resource__organisation")
        .get(pk=dataset.pk)
    )
    require(rules.may_publish_release, by, locked.resource.organisation)
    levels = _levels(prepared)
    # Whatever was declared, and for good: the level says whose data these are.
    locked.of_personal_origin |= AccessLevel.RESTRICTED_PERSONAL in {locked.level_enum, *levels}
    if opened is None:
        for level in levels:
            refuse_without_opening(vars(locked), level)
    last = locked.releases.order_by("-number").values_list("number", flat=True).first() or 0
    with immutable.writes(Release, DataFile):
        release = Release.objects.create(
            dataset=locked,
            number=last + 1,
            notes=notes.strip()[:500],
            published_at=clock.now(),
            published_by=by if isinstance(by, User) else None,
        )
        for index, values in enumerate(prepared):
            DataFile.objects.create(release=release, index=index, **values)
    locked.level = overall(prepared)
    locked.released_at = release.published_at
    locked.save(update_fields=["level", "of_personal_origin", "released_at"])
    if opened is not None:
        opened(release)
    then(release)
    record(
        "release.published",
        by=by,
        on=release,
        number=release.number,
        files={values["name"]: values["sha256"] for values in prepared},
        level=locked.level,
    )
    return release


def refuse_without_opening(said: Mapping[str, Any], level: AccessLevel) -> None:
    """Raise Invalid for data that anybody may read, where only an opening lets them out.

    said: whether it is in_directory, of_personal_origin.
    """
    if level.is_restricted:
        return
    if said.get("in_directory"):
        raise Invalid(
            _(
                "Un jeu du répertoire R2DDE se publie en accès restreint : choisissez ce niveau, "
                "ou proposez l’ouverture de ce qui peut être lu de tous."
            ),
            code="directory_is_restricted",
        )
    if said.get("of_personal_origin"):
        raise Invalid(
            _(
                "Ce qui vient de données personnelles ne s’ouvre qu’après contrôles et l’accord de "
                "deux personnes : choisissez l’accès restreint, ou proposez l’ouverture."
            ),
            code="opening_needed",
        )


def suspend(*, release: Release, by: Actor) -> None:
    """Hide the files of a release while its withdrawal is asked: nobody reads them meanwhile.

    Called, as those that follow, by the action that says who may; event "release.suspended".
    """
    record("release.suspended", by=by, on=_hidden(release, clock.now(), ""))


def give_back(*, release: Release, by: Actor) -> None:
    """Let the files of a suspended release be read again; event "release.given_back"."""
    record("release.given_back", by=by, on=_hidden(release, None, ""))


def take_back(*, release: Release, reason: str, by: Actor) -> None:
    """Withdraw the files of a release in an emergency: from now on nobody reads them.

    The reason is public; event "release.withdrawn".
    """
    record("release.withdrawn", by=by, on=_hidden(release, clock.now(), reason), reason=reason)


@transaction.atomic
def _hidden(release: Release, since: datetime | None, reason: str) -> Release:
    locked = Release.objects.select_for_update().get(pk=release.pk)
    locked.withdrawn_at, locked.withdrawal = since, reason[:500]
    with immutable.writes(Release):
        locked.save(update_fields=["withdrawn_at", "withdrawal"])
    return locked


def overall(files: Sequence[Mapping[str, Any]]) -> AccessLevel:
    """Give the level of a dataset: that of its most closed data file."""
    return max(_levels(files), key=lambda level: level.rank)


def _levels(files: Sequence[Mapping[str, Any]]) -> list[AccessLevel]:
    """List the levels of the data among some files; of all where none is data."""
    data = [one for one in files if one["role"] == FileRole.DATA] or files
    return [AccessLevel(one["level"]) for one in data]


def _prepared(files: Sequence[NewFile], *, personal_checked: bool) -> list[dict[str, Any]]:
    """Judge, profile and store the files; raises Invalid with every fault found."""
    names = [safe_name(one.name) for one in files]
    if not 0 < len(files) <= FILES_MAX or len(set(names)) != len(names):
        raise Invalid(
            _("Une version compte de 1 à 20 fichiers, de noms différents."), code="release_files"
        )
    scanned = ({"file": n, "code": _scanned(one)} for one, n in zip(files, names, strict=True))
    faults: list[dict[str, Any]] = [{**each, "line": 0} for each in scanned if each["code"]]
    if faults:
        raise Invalid(_("Un fichier ne peut pas être publié."), faults=faults)
    values = [_values(one, name, faults) for one, name in zip(files, names, strict=True)]
    for one, name in zip(files, names, strict=True):
        if not one.level.is_restricted and not any(each["file"] == name for each in faults):
            faults += _personal(one, name, checked=personal_checked)
    faults = faults or list(_real_rows(files, names))
    if faults:
        raise Invalid(_("Un fichier ne peut pas être publié."), faults=faults)
    for one, file_values in zip(files, values, strict=True):
        file_values.update(stored(one.content, one.level))
    return values


def stored(content: BinaryIO, level: AccessLevel) -> dict[str, Any]:
    """Put a file in the private store, sealed to the worker where its level is restricted.

    Returns the columns of its row: size, the clear one; sha256, of what is stored; keys.
    """
    content.seek(0)
    if not level.is_restricted:
        kept = objects.put(objects.pieces(content), limit_bytes=settings.CARD_FILE_MAX_BYTES)
        return {"sha256": kept.sha256, "size": kept.size}
    size, _clear_digest = measured(content, limit_bytes=settings.CARD_FILE_MAX_BYTES)
    sealed = gate.seal_file("", content)
    return {"sha256": sealed.ciphertext_sha256, "size": size, "keys": list(sealed.keys)}


def _scanned(one: NewFile) -> str:
    """Have the antivirus read a file: the code of its fault, "" when it is clean."""
    try:
        found = scanning.scan(one.content)
    except scanning.ScannerFailed:
        return "unscannable"
    except scanning.ScannerAway as error:
        raise Invalid(
            _("L’antivirus ne répond pas : rien n’est publié. Réessayez plus tard."),
            code=error.code,
        ) from error
    finally:
        one.content.seek(0)
    return "infected" if found else ""


def _personal(one: NewFile, name: str, *, checked: bool) -> list[dict[str, Any]]:
    """List the personal data that keep a file from being read by anybody."""
    try:
        signs = personal_data.scan_file(one.content)
    except personal_data.Unread:
        return [{"file": name, "code": "unread", "line": 0}]
    return [
        {
            "file": name,
            "code": "personal_number" if each.kind in personal_data.CERTAIN else "personal",
            "line": each.line,
            "excerpt": each.excerpt,
        }
        for each in signs
        if each.kind in personal_data.CERTAIN or not checked
    ]


def _real_rows(files: Sequence[NewFile], names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Find the tables that everybody would read and that give rows of a restricted one beside."""
    lent = [each.content for each in files if each.level.is_restricted]
    for one, name in zip(files, names, strict=True):
        if one.level.is_restricted or file_types.extension(name) != "csv":
            continue
        lines = {line for real in lent for line in copies.copied(one.content, real, every=True)}
        if lines:
            yield {"file": name, "code": "real_rows", "line": min(lines), "count": len(lines)}


def _values(one: NewFile, name: str, faults: list[dict[str, Any]]) -> dict[str, Any]:
    if not _is_as_named(name, one.content):
        faults.append({"file": name, "code": "type", "line": 0})
        return {}
    is_table = file_types.extension(name) == "csv"
    if one.level.is_restricted and not (is_table and one.role == FileRole.DATA):
        faults.append({"file": name, "code": "restricted", "line": 0})
        return {}
    values: dict[str, Any] = {
        "name": name,
        "role": one.role,
        "level": one.level,
        "media_type": file_types.media_type(name),
    }
    if not is_table:
        return values
    seconds = settings.PARSE_CHILD_SECONDS
    seconds += one.content.seek(0, SEEK_END) // PROFILED_BYTES_A_SECOND
    try:
        table = profile_apart(one.content, seconds=seconds)
    except TableFault as fault:
        faults.append({"file": name, "code": fault.code, "line": fault.line, **fault.facts})
        return values
    values["rows"] = table.rows
    values["schema"] = dictionary.apply(table.schema, one.columns)
    if one.level is AccessLevel.OPEN:
        values["preview"] = table.preview
    return values


def _is_as_named(name: str, content: BinaryIO) -> bool:
    """Say whether a file is of a type that a release holds, by its name and its first bytes."""
    head = content.read(file_types.HEAD_BYTES)
    content.seek(0)
    extension = file_types.extension(name)
    if extension in TEXTS:
        return file_types.is_utf8(head)
    return extension in PACKED and file_types.agrees(name, file_types.kind_of(head))
