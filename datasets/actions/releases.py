"""Publish files as a new release of a dataset."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from datasets import rules
from datasets.enums import AccessLevel, FileRole
from datasets.models import DataFile, Dataset, Release
from datasets.standards import dictionary
from datasets.standards.profile import TableFault
from datasets.standards.profiling import profile_apart
from datasets.validators import agrees, type_of
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib import clock, immutable, objects, personal_files
from portal.lib.files import safe_name
from portal.lib.refusals import Invalid

FILES_MAX = 20
FILE_MAX_BYTES = 50 * 1024 * 1024


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
    by: Actor,
) -> Release:
    """Publish files as the next release.

    personal_checked: the producer answers for addresses and telephone numbers in files that are
    not restricted; a social security or bank account number stops them all the same.

    In order: right asked, files judged, profiled, searched for personal data and put in the
    private store; then in one transaction: dataset locked, right asked again, release and files
    written, the dataset's level and date, event "release.published". Raises NotAllowed; Invalid
    with one fault a wrong file {file, code, line}, and for open data of the restricted directory;
    TooLarge.
    """
    require(rules.may_publish_release, by, dataset.resource.organisation)
    prepared = _prepared(files, personal_checked=personal_checked)
    with transaction.atomic():
        release = _publish(dataset, prepared, notes, by)
        if personal_checked:
            record("release.personal_checked", by=by, on=release)
    return release


def _publish(dataset: Dataset, prepared: list[dict[str, Any]], notes: str, by: Actor) -> Release:
    locked = (
        Dataset.objects.select_for_update(of=("self",))
        .select_related("resource__organisation")
        .get(pk=dataset.pk)
    )
    require(rules.may_publish_release, by, locked.resource.organisation)
    refuse_open_in_directory(locked.in_directory, overall(prepared))
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
    locked.save(update_fields=["level", "released_at"])
    record(
        "release.published",
        by=by,
        on=release,
        number=release.number,
        files={values["name"]: values["sha256"] for values in prepared},
        level=locked.level,
    )
    return release


def refuse_open_in_directory(in_directory: bool, level: AccessLevel) -> None:
    """Raise Invalid for data that anybody may read in a dataset of the restricted directory."""
    if in_directory and not level.is_restricted:
        raise Invalid(
            _("Un jeu du répertoire R2DDE se publie en accès restreint : choisissez ce niveau."),
            code="directory_is_restricted",
        )


def overall(files: Sequence[Mapping[str, Any]]) -> AccessLevel:
    """Give the level of a dataset: that of its most closed data file."""
    data = [one for one in files if one["role"] == FileRole.DATA] or files
    return max((AccessLevel(one["level"]) for one in data), key=lambda level: level.rank)


def _prepared(files: Sequence[NewFile], *, personal_checked: bool) -> list[dict[str, Any]]:
    """Judge, profile and store the files; raises Invalid with every fault found."""
    names = [safe_name(one.name) for one in files]
    if not 0 < len(files) <= FILES_MAX or len(set(names)) != len(names):
        raise Invalid(
            _("Une version compte de 1 à 20 fichiers, de noms différents."), code="release_files"
        )
    faults: list[dict[str, Any]] = []
    values = [_values(one, name, faults) for one, name in zip(files, names, strict=True)]
    for one, name in zip(files, names, strict=True):
        if not one.level.is_restricted and not any(each["file"] == name for each in faults):
            faults += _personal(one, name, checked=personal_checked)
    if faults:
        raise Invalid(_("Un fichier ne peut pas être publié."), faults=faults)
    for one, found in zip(files, values, strict=True):
        one.content.seek(0)
        stored = objects.put(_pieces(one.content), limit_bytes=FILE_MAX_BYTES)
        found["sha256"], found["size"] = stored.sha256, stored.size
    return values


def _personal(one: NewFile, name: str, *, checked: bool) -> list[dict[str, Any]]:
    """List the personal data that keep a file from being read by anybody."""
    try:
        found = personal_files.scan(one.content)
    except personal_files.Unread:
        return [{"file": name, "code": "unread", "line": 0}]
    return [
        {
            "file": name,
            "code": "personal_number" if each.kind in personal_files.CERTAIN else "personal",
            "line": each.line,
            "excerpt": each.excerpt,
        }
        for each in found
        if each.kind in personal_files.CERTAIN or not checked
    ]


def _values(one: NewFile, name: str, faults: list[dict[str, Any]]) -> dict[str, Any]:
    kind = type_of(name)
    if kind is None or not agrees(one.content, kind):
        faults.append({"file": name, "code": "type", "line": 0})
        return {}
    values: dict[str, Any] = {
        "name": name,
        "role": one.role,
        "level": one.level,
        "media_type": kind.media_type,
    }
    if not kind.is_table:
        return values
    try:
        found = profile_apart(one.content, seconds=settings.PARSE_CHILD_SECONDS)
    except TableFault as fault:
        faults.append({"file": name, "code": fault.code, "line": fault.line, **fault.facts})
        return values
    values["rows"] = found.rows
    values["schema"] = dictionary.apply(found.schema, one.columns)
    if one.level is AccessLevel.OPEN:
        values["preview"] = found.preview
    return values


def _pieces(content: BinaryIO) -> Iterator[bytes]:
    yield from objects.pieces(content)
