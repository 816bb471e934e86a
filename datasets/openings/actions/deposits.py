"""Propose that a dataset is opened, deposit its file, take the proposal back."""

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from catalogue.resources.enums import ResourceKind
from catalogue.resources.file_types import extension
from catalogue.resources.models import Resource
from datasets.openings import rules
from datasets.openings.actions.publication import BESIDE
from datasets.openings.enums import OpeningLicence, OpeningRefusal, OpeningStatus
from datasets.openings.models import Opening
from datasets.releases import actions as releases
from datasets.releases.models import Dataset
from datasets.standards import disclosure
from datasets.standards.profile import TableFault
from datasets.standards.tables import Declared
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose import personal_data
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from portal.lib.storage.files import safe_name

# What the Region examines: changed, it is examined again.
EXAMINED = (
    "card", "restricted", "title", "interest", "legal_basis", "licence", "of_personal_origin"
)  # fmt: skip
PROPOSALS_MOST = 10  # that one person has waiting for a producer


@dataclass(frozen=True)
class Said:
    """What a producer says of what it opens; declared: as `disclosure.Declared`."""

    card: Resource | None
    title: str
    interest: str
    legal_basis: str
    licence: OpeningLicence | None
    of_personal_origin: bool
    removed: str
    restricted: Dataset | None = None
    declared: Mapping[str, Any] = field(default_factory=dict)
    dictionary: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@transaction.atomic
def propose(
    *, producer: Organisation, restricted: Dataset | None, title: str, interest: str, by: User
) -> Opening:
    """Propose that a producer opens a dataset, by anybody who is signed in.

    In order: the opening, which waits for the producer's file; event "opening.proposed"; a letter
    to its editors, unless one of them proposes. Raises NotAllowed; Invalid for a dataset that is
    not the producer's; Conflict for who has too many proposals without an answer.
    """
    require(rules.may_propose, by)
    if not rules.may_write(by, producer):
        _require_few(by)
    if restricted is not None and restricted.resource.organisation_id != producer.pk:
        raise Invalid(_("Ce jeu est d’un autre producteur."), code="restricted")
    opening = Opening.objects.create(
        producer=producer,
        restricted=restricted,
        title=title,
        interest=interest,
        proposed_by=by,
        proposed_at=clock.now(),
    )
    record("opening.proposed", by=by, on=opening, number=opening.number)
    if not rules.may_write(by, producer):
        owe("mail.opening_proposed", key=str(opening.public_id), opening_id=opening.pk)
    return opening


def _require_few(by: User) -> None:
    User.objects.select_for_update().get(pk=by.pk)
    waiting = Opening.objects.filter(proposed_by=by, status=OpeningStatus.PROPOSED)
    if waiting.count() >= PROPOSALS_MOST:
        raise Conflict(
            _("Dix de vos propositions attendent une réponse : retirez-en une, ou attendez."),
            code="too_many_proposals",
        )


def deposit(
    *,
    opening: Opening | None,
    said: Said,
    name: str = "",
    content: BinaryIO | None,
    attempt: int,
    by: User,
) -> Opening:
    """Agree for the producer, with the file and what is declared of it; or correct them.

    opening: None for what nobody proposed before. content: None keeps the file of the last deposit.
    In order: right asked, the file bounded, read
    in a child and compared with what is declared, sealed; then in one transaction: the opening
    locked, status IN_REVIEW, or CHECKING when the Region has admitted what it says already; event
    "opening.deposited"; letters. Raises NotAllowed; Invalid with the faults
    {file, code, line} of the file and {code, message} of what else is refused with it, or
    for a card that cannot carry it or denies its origin, a text or a name that cannot be published,
    an origin that the portal knows to be personal, a correction that changes nothing; Conflict
    on a page read before another deposit; TooLarge.
    """
    producer = opening.producer if opening is not None else said.card and said.card.organisation
    if producer is None:
        raise NotAllowed
    require(rules.may_write, by, producer)
    columns: dict[str, Any] = {}
    name = safe_name(name)
    if content is not None:
        size, sha256 = releases.measured(content, limit_bytes=releases.FILE_MAX_BYTES)
        columns = {"file_name": name, "file_size": size, "file_sha256": sha256}
    shape = require_sound(opening=opening, said=said, name=name, content=content)
    if _is_unchanged(opening, said, columns.get("file_sha256")):
        raise Invalid(
            _("Rien n’a changé depuis le dernier envoi : les contrôles diraient la même chose."),
            code="unchanged",
        )
    if content is not None:
        content.seek(0)
        kept = releases.keep(content)
        columns |= {"deposit_sha256": kept.sha256, "deposit_keys": list(kept.keys)}
    columns["columns"] = shape["columns"]
    return _deposit(opening, producer, said, columns, attempt, by)


def require_sound(
    *, opening: Opening | None, said: Said, name: str, content: BinaryIO | None
) -> dict[str, Any]:
    """Refuse with all that is wrong of the card, the texts and the file; give the file's shape.

    What is not said yet (a card, a licence) is left out, so that a page that lacks something tells
    the rest as well. As `deposit`.
    """
    name = safe_name(name)
    *_said, shape = _require_all(
        partial(_require_card, said, opening),
        partial(_require_origin, opening, said),
        partial(_require_publishable, said),
        partial(_require_table, content, name, said)
        if content is not None
        else partial(_require_kept, opening, said),
    )
    return cast("dict[str, Any]", shape)


def _is_unchanged(opening: Opening | None, said: Said, sha256: str | None) -> bool:
    """Say whether a correction of what the checks refused says the same, with the same file.

    What the Region asks may be done elsewhere, on the card; what broke a check may have passed.
    """
    if opening is None or opening.status != OpeningStatus.CHANGES_REQUESTED:
        return False
    refused = opening.reports.filter(attempt=opening.attempt, passed=False)
    if opening.changes_asked or all("fault" in each.content for each in refused):
        return False
    same_file = sha256 in (None, opening.file_sha256)
    return same_file and all(getattr(opening, key) == value for key, value in vars(said).items())


def _require_all(*asked: Callable[[], Any]) -> list[Any]:
    """Give what each gives. Refuse as the one that refuses, or with all the faults of several."""
    refusals, given = [], []
    for each in asked:
        try:
            given.append(each())
        except Invalid as refusal:
            refusals.append(refusal)
    if len(refusals) > 1:
        own = [{"code": each.code, "message": str(each)} for each in refusals if not each.faults]
        faults = [*own, *(fault for each in refusals for fault in each.faults)]
        raise Invalid(str(refusals[0]), code=refusals[0].code, faults=faults)
    if refusals:
        raise refusals[0]
    return given


@transaction.atomic
def _deposit(
    opening: Opening | None,
    producer: Organisation,
    said: Said,
    columns: dict[str, Any],
    attempt: int,
    by: User,
) -> Opening:
    if opening is None:
        opening = propose(
            producer=producer,
            restricted=said.restricted,
            title=said.title,
            interest=said.interest,
            by=by,
        )
    opening = Opening.objects.locked(opening)
    require(rules.may_write, by, opening.producer)
    if opening.attempt != attempt:
        raise Conflict(
            _("Un autre fichier a été déposé entre-temps : relisez la page, puis recommencez."),
            code="opening_changed",
        )
    values = vars(said)
    changed = any(getattr(opening, name) != values[name] for name in EXAMINED)
    is_admitted = opening.officer_id is not None and not changed
    if not is_admitted:
        columns |= {"officer": None, "admitted_at": None}
    if opening.agreed_by is None:
        columns |= {"agreed_by": by, "agreed_at": clock.now()}
    status = OpeningStatus.CHECKING if is_admitted else OpeningStatus.IN_REVIEW
    given = {**values, "declared": dict(said.declared), "dictionary": dict(said.dictionary)}
    opening.become(status, **given, **columns, attempt=attempt + 1, changes_asked="")
    record(
        "opening.deposited",
        by=by,
        on=opening,
        attempt=opening.attempt,
        file=opening.file_sha256,
        personal=opening.of_personal_origin,
    )
    if status is OpeningStatus.IN_REVIEW:
        key = f"{opening.pk}:{opening.attempt}"
        owe("mail.opening_to_review", key=key, opening_id=opening.pk)
    return opening


def declared_of(said: Said | Opening) -> Declared:
    """Give what is declared, as the checks read it."""
    types = {name: each.get("type", "") for name, each in said.dictionary.items()}
    return Declared(**said.declared, types=types, personal=said.of_personal_origin)


def _require_card(said: Said, opening: Opening | None) -> None:
    card = said.card
    if card is None:
        return
    producer = opening.producer_id if opening is not None else card.organisation_id
    dataset: Dataset | None = getattr(card, "dataset", None)
    closed = dataset is not None and (dataset.in_directory or dataset.level_enum.is_restricted)
    if card.organisation_id != producer or card.kind != ResourceKind.DATASET or closed:
        raise Invalid(
            _("Choisissez une fiche de jeu de données du producteur, sans fichier restreint."),
            code="card",
        )
    if rules.contradicts(card, said.of_personal_origin):
        raise Invalid(rules.CONTRADICTED, code="card")
    if said.licence and said.licence not in card.licences:
        raise Invalid(
            _("La fiche dit une autre licence : corrigez la fiche, ou choisissez la sienne."),
            code="licence",
        )


def _require_origin(opening: Opening | None, said: Said) -> None:
    """Keep who produces from passing by the data protection officer."""
    carried: Dataset | None = getattr(said.card, "dataset", None)
    proposed = opening.restricted if opening is not None else None
    known = rules.is_from_persons(said.restricted, proposed, carried)
    if known and not said.of_personal_origin:
        raise Invalid(
            _("Le portail sait ces données d’origine personnelle : cochez cette case."),
            code="of_personal_origin",
        )


def _require_publishable(said: Said) -> None:
    """Refuse what would keep the note or the report from being published in the end."""
    reasons = "\n".join(said.declared.get("free_text", {}).values())
    for name, text in (("title", said.title), ("removed", said.removed), ("free_text", reasons)):
        for found in personal_data.scan_file(io.BytesIO(text.encode())):
            text = _("« %(excerpt)s » ressemble à une donnée personnelle : ce texte sera public.")
            raise Invalid(text % {"excerpt": found.excerpt}, code=name)


def _require_table(content: BinaryIO, name: str, said: Said) -> dict[str, Any]:
    if extension(name) != "csv":
        raise Invalid(_("Déposez une table CSV."), code="file")
    if name.lower() in BESIDE:
        raise Invalid(
            _("Donnez à la table un autre nom que celui des fichiers qui l’accompagnent."),
            code="file",
        )
    return _require_readable(content, name, said)


def _require_readable(content: BinaryIO, name: str, said: Said) -> dict[str, Any]:
    try:
        return disclosure.examine_apart(
            content,
            declared_of(said),
            seconds=settings.PARSE_CHILD_SECONDS,
            shape_only=True,
        )
    except TableFault as fault:
        others = fault.facts.pop("others", ())
        first = {"file": name, "code": fault.code, "line": fault.line, **fault.facts}
        raise Invalid(
            _("Ce fichier ne peut pas être lu."),
            code=fault.code,
            faults=[first, *(first | each for each in others)],
        ) from fault


def _require_kept(opening: Opening | None, said: Said) -> dict[str, Any]:
    """Read the file of the last deposit again, with what is declared now."""
    if opening is None or not opening.deposit_sha256:
        raise Invalid(_("Déposez le fichier à ouvrir, en CSV."), code="file")
    kept = releases.Deposit(opening.deposit_sha256, opening.deposit_keys)
    with releases.read(kept) as content:
        return _require_readable(content, opening.file_name, said)


@transaction.atomic
def withdraw(*, opening: Opening, by: User) -> Opening:
    """Take a proposal back before it is published, by its producer, or before by who made it.

    Status WITHDRAWN, the file forgotten; event "opening.withdrawn"; a letter.
    """
    opening = Opening.objects.locked(opening)
    require(rules.may_take_back, by, opening)
    opening.become(OpeningStatus.WITHDRAWN, deposit_sha256="", deposit_keys=[])
    record("opening.withdrawn", by=by, on=opening)
    owe("mail.opening_told", key=f"{opening.pk}:back", opening_id=opening.pk, about="withdrawn")
    return opening


@transaction.atomic
def decline(*, opening: Opening, text: str, by: User) -> Opening:
    """Refuse, for the producer, what another person proposed.

    Status REFUSED; event "opening.refused"; a letter to who proposed. Raises NotAllowed; Invalid
    without a text; Conflict once the producer agreed.
    """
    opening = Opening.objects.locked(opening)
    require(rules.may_write, by, opening.producer)
    if opening.agreed_by_id is not None:
        raise Conflict(
            _("Le producteur a déjà donné son accord : retirez la proposition."),
            code="opening_status",
        )
    return close(opening, OpeningRefusal.PRODUCER, text, by)


def close(opening: Opening, reason: OpeningRefusal, text: str, by: User) -> Opening:
    """Refuse a locked opening, its file forgotten; called by the actions that say who may."""
    if not text.strip():
        raise Invalid(_("Écrivez le motif : il est envoyé à qui propose."), code="reason_missing")
    opening.become(
        OpeningStatus.REFUSED,
        reason=reason,
        decision=text.strip(),
        decided_by=by,
        decided_at=clock.now(),
        deposit_sha256="",
        deposit_keys=[],
    )
    record("opening.refused", by=by, on=opening, reason=str(reason))
    owe("mail.opening_told", key=f"{opening.pk}:refused", opening_id=opening.pk, about="refused")
    return opening
