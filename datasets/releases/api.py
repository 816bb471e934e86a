"""Releases by program: files in parts, up to some gigabytes, then their publication followed."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema, Status

from catalogue.resources.models import Resource
from datasets.releases import actions as releases
from datasets.releases import rules, uploads
from datasets.releases.actions import Description
from datasets.releases.enums import AccessLevel, FileRole
from datasets.releases.forms import faults_told, sentence
from datasets.releases.models import Dataset, PendingRelease, ReleaseUpload
from datasets.standards import dictionary
from datasets.standards.profile import TableFault
from portal.accounts.authorization import require
from portal.accounts.bearer import Token
from portal.accounts.enums import TokenScope
from portal.accounts.views import person
from portal.lib.refusals import Invalid
from portal.lib.storage import parts
from portal.lib.visible import find
from portal.lib.web.endpoints import Address, PublicId, refused
from portal.lib.web.endpoints import lazy as _


class ReleaseUploadIn(Schema):
    """A file to come: its name, its length in bytes."""

    name: str = Field(max_length=200)
    length: int = Field(ge=1)


class ReleaseFileIn(Schema):
    """A file that came whole; dictionary: that of its columns, as CSV."""

    upload: UUID
    level: AccessLevel
    role: FileRole = FileRole.DATA
    dictionary: str = Field("", max_length=1_000_000)


class ReleaseIn(Schema):
    """A release to publish. personal_checked: its author answers for addresses and telephones.

    in_directory, of_personal_origin: true says so of the dataset, for good; false says nothing.
    """

    files: list[ReleaseFileIn] = Field(min_length=1, max_length=20)
    notes: str = Field("", max_length=500)
    personal_checked: bool = False
    in_directory: bool = False
    of_personal_origin: bool = False


class ReleaseFaultOut(Schema):
    """What keeps a file from being published: a stable code, a French sentence."""

    file: str
    code: str
    line: int
    message: str


class PendingReleaseOut(Schema):
    """A release asked for. state: pending, published or refused; version: its number then."""

    id: PublicId
    state: str
    faults: list[ReleaseFaultOut]
    version: int | None
    page: Address

    @staticmethod
    def resolve_faults(row: PendingRelease) -> list[dict[str, Any]]:
        return faults_told(row)

    @staticmethod
    def resolve_version(row: PendingRelease) -> int | None:
        return row.release.number if row.release else None

    @staticmethod
    def resolve_page(row: PendingRelease) -> str:
        return row.dataset.get_absolute_url()


router = Router(tags=[_("Accès aux données")], auth=Token(TokenScope.CONTRIBUTE))


def _card(request: HttpRequest, slug: str) -> Resource:
    """Find a dataset for which the caller may publish."""
    every = Resource.objects.filter(kind="dataset")
    rows = every.visible_to(request.user).select_related("organisation")
    card = find(rows, among=every, slug=slug)
    require(rules.may_publish_release, person(request), card.organisation)
    return card


def _dataset(request: HttpRequest, slug: str) -> Dataset:
    card = _card(request, slug)
    found = Dataset.objects.with_card().filter(resource=card).first()
    return found or releases.describe(resource=card, description=Description(), by=person(request))


@router.post(
    "/datasets/{slug:slug}/uploads",
    response={201: parts.UploadOut, **refused(400, 401, 403, 404, 413, 415, 422, 429)},
    operation_id="begin_release_upload",
    summary=_("Commencer l’envoi d’un fichier d’une version"),
)
def begin(request: HttpRequest, slug: str, upload: ReleaseUploadIn) -> HttpResponse:
    """Annonce la taille, 5 Go au plus ; Location dit où envoyer les morceaux, pendant un jour."""
    dataset = _dataset(request, slug)
    made = uploads.begin(
        dataset=dataset, length=upload.length, name=upload.name, by=person(request)
    )
    return parts.begun(made, "/api/v1/datasets/uploads")


def _upload_found(request: HttpRequest, upload: UUID) -> ReleaseUpload:
    rows = ReleaseUpload.objects.visible_to(request.user)
    rows = rows.select_related("dataset__resource__organisation")
    return find(rows, among=ReleaseUpload.objects.all(), pk=upload)


parts.routes(
    router,
    "/datasets/uploads/{uuid:upload}",
    name="release_upload",
    summaries=(
        _("Demander où s’arrête l’envoi d’un fichier d’une version"),
        _("Envoyer un morceau d’un fichier d’une version"),
    ),
    about="""Le corps est le morceau (application/offset+octet-stream), chiffré dès qu’il arrive.

Upload-Checksum, facultatif : « sha256 » et l’empreinte en base64.""",
    find=_upload_found,
    append=lambda request, **part: uploads.append(**part, by=person(request)),
)


@router.post(
    "/datasets/{slug:slug}/releases",
    response={202: PendingReleaseOut, **refused(401, 403, 404, 409, 415, 422, 429)},
    operation_id="publish_release",
    summary=_("Publier une version avec des fichiers envoyés"),
)
def publish(request: HttpRequest, slug: str, release: ReleaseIn) -> Status[PendingRelease]:
    """La publication suit en quelques minutes : antivirus, profil, données personnelles."""
    dataset = _dataset(request, slug)
    known = {name: getattr(dataset, name) for name in vars(Description())}
    for name in ("in_directory", "of_personal_origin"):
        known[name] |= getattr(release, name)
    asked = uploads.ask(
        dataset=releases.describe(
            resource=dataset.resource, description=Description(**known), by=person(request)
        ),
        files=[
            uploads.AskedFile(each.upload, each.level, each.role, _columns(each.dictionary))
            for each in release.files
        ],
        notes=release.notes,
        personal_checked=release.personal_checked,
        by=person(request),
    )
    return Status(202, asked)


@router.get(
    "/datasets/releases/{uuid:pending}",
    response={200: PendingReleaseOut, **refused(401, 403, 404, 429)},
    operation_id="pending_release",
    summary=_("Suivre la publication d’une version"),
)
def pending(request: HttpRequest, pending: UUID) -> PendingRelease:
    rows = PendingRelease.objects.visible_to(request.user)
    rows = rows.select_related("release", "dataset__resource")
    return find(rows, among=PendingRelease.objects.all(), public_id=pending)


def _columns(text: str) -> dict[str, dict[str, str]]:
    if not text:
        return {}
    try:
        return dictionary.read(text.encode())
    except TableFault as fault:
        told = sentence(fault.code, fault.line, fault.facts)
        raise Invalid(told, code=fault.code, line=fault.line) from fault
