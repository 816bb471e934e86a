"""Write a challenge by form: the same document and files as an import, kept in the draft."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from challenges.bundles import portable as documents
from challenges.bundles import spec
from challenges.bundles.code import KEY
from challenges.bundles.portable import CODE_ONLY
from challenges.organising import rules
from challenges.organising.actions import texts
from challenges.organising.enums import BuildState, ChallengeStatus, OrganiserRole
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeDraft,
    ChallengeOrganiser,
    Phase,
)
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from challenges.scoring.archives import is_relative
from datasets.actions import holdouts
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name

MAX_FILE_BYTES = 200 << 20
HEADER_BYTES = 1 << 16
PAGE, TERMS = "presentation.md", "reglement.md"
HELD_OUT_ROLES = frozenset({spec.Role.TRUTH, spec.Role.HIDDEN_INPUTS})
ORGANISER_ROLES = frozenset({spec.Role.BASELINE_SUBMISSION})
# What goes with predictions alone, with code alone.
NOT_IN_CODE = frozenset({spec.Role.TEST})
ONLY_IN_CODE = frozenset(CODE_ONLY)
TABLES = frozenset({spec.Role.SAMPLE_SUBMISSION, spec.Role.TRUTH}) | NOT_IN_CODE | ONLY_IN_CODE
NOT_ASKED = {"per_day": 3, "total": 60, "final_selections": 2}


@dataclass(frozen=True)
class Deposit:
    """A file that an organiser sends: its name, its size in bytes, its content to be read once."""

    name: str
    size: int
    content: BinaryIO
    path: Path | None = None


@transaction.atomic
def start(
    *,
    organisation: Organisation,
    slug: str,
    title: str,
    summary: str,
    task: str,
    cards: Sequence[str] = (),
    by: User,
) -> Challenge:
    """Begin a challenge by form, for an organisation.

    cards: as `origins.name`. In order: DRAFT challenge with its document; its owner; event
    "challenge.started". Raises NotAllowed; Invalid when the address is taken or cannot be one,
    or a card is not found.
    """
    require(rules.may_import_challenge, by, organisation)
    if not documents.is_slug(slug):
        raise Invalid(_("Minuscules sans accent, chiffres et tirets."), code="slug_form")
    now = clock.now()
    challenge = Challenge(
        slug=slug,
        title=title,
        summary=summary,
        task=task,
        organiser=organisation,
        status_since=now,
        created_at=now,
        bundle=_document(slug, title, summary, task),
        licence={"name": "", "spdx": None, "holder": "", "status": "to_confirm"},
    )
    try:
        with transaction.atomic():
            challenge.save()
    except IntegrityError as error:
        raise Invalid(_("Cette adresse est déjà prise."), code="slug_taken") from error
    if texts.name_cards(challenge, cards):
        challenge.save(update_fields=["bundle"])
    ChallengeOrganiser.objects.create(challenge=challenge, user=by, role=OrganiserRole.OWNER)
    record("challenge.started", by=by, on=challenge, slug=slug)
    return challenge


def _document(slug: str, title: str, summary: str, task: str) -> dict[str, Any]:
    return {
        "format": spec.FORMAT,
        "format_version": spec.FORMAT_VERSION,
        "slug": slug,
        "language": "fr",
        "title": title,
        "summary": summary,
        "task": task,
        "files": {audience.value: [] for audience in spec.Audience},
        "quotas": {"timezone": "Europe/Paris", **NOT_ASKED},
        "licence": {"data": {"name": _("à préciser"), "status": "to_confirm"}},
    }


def locked_draft(challenge: Challenge, by: User) -> Challenge:
    """Lock a draft for one of its organisers; raises NotAllowed, Conflict once it left the draft.

    A change of what is scored is made in the draft; afterwards it is a new version of the scoring.
    """
    challenge = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, challenge)
    if challenge.status != ChallengeStatus.DRAFT:
        raise Conflict(
            _("Ceci ne se change que dans un brouillon."),
            code="not_a_draft",
            current=challenge.status,
        )
    return challenge


def add_file(
    *,
    challenge: Challenge,
    role: spec.Role,
    deposit: Deposit,
    by: User,
    expected_score: float | None = None,
) -> Challenge:
    """Put a file into a draft; one of the same role or name is replaced.

    expected_score: of a reference, the public value of the ranking figure, compared by the check.
    In order: the answers and the reference are sealed at once, other files stored; document;
    event "challenge.file_added" with the role and never the content. Only the header of a table
    is kept in clear. Raises NotAllowed, Conflict, Invalid.
    """
    name, columns = read_name_and_header(deposit, table=role in TABLES)
    if role in (NOT_IN_CODE if KEY in challenge.bundle else ONLY_IN_CODE):
        raise Invalid(
            _("Ce fichier ne va pas avec ce que les équipes envoient : voyez la page « Code »."),
            code="file_role",
        )
    entry: dict[str, Any] = {"path": name, "role": role.value, "columns": columns}
    if expected_score is not None and role is spec.Role.BASELINE_SUBMISSION:
        entry["expected_score"] = expected_score
    with transaction.atomic():
        challenge = locked_draft(challenge, by)
        files = files_of(challenge)
        _refuse_same_name(files, role, name)
        if audience_of(role) is spec.Audience.PUBLIC:
            stored = objects.put(deposit.content, limit_bytes=MAX_FILE_BYTES)
            place = {"sha256": stored.sha256}
        else:
            place = {"sealed": seal(challenge, role.value, deposit, by)}
        for audience, listed in files.items():
            files[audience] = [each for each in listed if not _replaced(each, role, name)]
        files[audience_of(role).value].append(entry)
        _keep(challenge, files=files)
        written = written_of(challenge)
        written.kept = {**written.kept, name: place}
        reopen(written)
        record("challenge.file_added", by=by, on=challenge, role=role.value, name=name)
    return challenge


def read_name_and_header(deposit: Deposit, *, table: bool) -> tuple[str, list[str]]:
    """Return the name of a file and the names of its columns, [] where it is no table.

    Raises Invalid for a file that is empty, too large, badly named, or no table where one is
    expected.
    """
    name = safe_name(deposit.name)
    if deposit.size > MAX_FILE_BYTES:
        raise Invalid(_("200 Mo au plus par fichier."), code="too_large")
    if deposit.size == 0:
        raise Invalid(_("Ce fichier est vide."), code="file_empty")
    columns = _header(deposit, name)
    if table and not columns:
        raise Invalid(
            _("Un fichier CSV en UTF-8, avec une ligne d’en-tête, est attendu."), code="file_table"
        )
    if not is_relative(name):
        raise Invalid(_("Donnez au fichier un nom simple, sans « : »."), code="file_name")
    return name, columns


def seal(challenge: Challenge, under: str, deposit: Deposit, by: User) -> str:
    """Seal a file under a name of the challenge's own; return the identifier of the version."""
    content = deposit.path if deposit.path is not None else deposit.content.read()
    version = holdouts.register(
        name=f"{challenge.slug}/{under}",
        owner=challenge.organiser,
        files={safe_name(deposit.name): content},
        by=by,
    )
    return str(version.public_id)


def _refuse_same_name(files: Mapping[str, Sequence[Any]], role: spec.Role, name: str) -> None:
    """Refuse two files of one name: one would hide the other."""
    for each in (one for listed in files.values() for one in listed):
        if each["path"] == name and not _replaced(each, role, name):
            raise Invalid(_("Un autre fichier porte déjà ce nom."), code="file_name_taken")


def _replaced(entry: Mapping[str, Any], role: spec.Role, name: str) -> bool:
    same_role = entry["role"] == role.value
    return same_role and (role is not spec.Role.EXTRA or entry["path"] == name)


@transaction.atomic
def remove_file(*, challenge: Challenge, path: str, by: User) -> Challenge:
    """Take a file out of a draft. Event "challenge.file_removed". Raises NotAllowed, Conflict."""
    challenge = locked_draft(challenge, by)
    files = files_of(challenge)
    left = {
        audience: [each for each in listed if each["path"] != path]
        for audience, listed in files.items()
    }
    if left == files:
        raise Conflict(_("Ce fichier n’est plus là."), code="file_absent")
    _keep(challenge, files=left)
    reopen(written_of(challenge))
    record("challenge.file_removed", by=by, on=challenge, name=path)
    return challenge


@transaction.atomic
def measure(
    *,
    challenge: Challenge,
    submission: Mapping[str, Any],
    truth: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    by: User,
) -> Challenge:
    """Say how entries are read and measured: the keys of the portable form, checked by the build.

    Event "challenge.measured". Raises NotAllowed, Conflict.
    """
    challenge = locked_draft(challenge, by)
    former = challenge.bundle.get("submission") or {}
    limit = {"max_bytes": former["max_bytes"]} if "max_bytes" in former else {}
    _keep(challenge, submission={**limit, **submission}, truth=dict(truth), metrics=list(metrics))
    record("challenge.measured", by=by, on=challenge, metrics=[each["metric"] for each in metrics])
    return challenge


@transaction.atomic
def declare_fairness(*, challenge: Challenge, fairness: Mapping[str, Any], by: User) -> Challenge:
    """Say, before the opening, which groups are compared and what bars from prizes.

    fairness: in the portable form, checked by the build. In order: document; the draft, to be
    checked again; event "challenge.fairness_declared". Raises NotAllowed, Conflict.
    """
    challenge = locked_draft(challenge, by)
    _keep(challenge, fairness=dict(fairness))
    reopen(written_of(challenge))
    attributes = [str(each["key"]) for each in fairness["attributes"]]
    record("challenge.fairness_declared", by=by, on=challenge, attributes=attributes)
    return challenge


@transaction.atomic
def ask_build(*, challenge: Challenge, by: User) -> ChallengeDraft:
    """Have the worker check the draft and make its phase, its scoring and its board.

    In order: the build QUEUED under a new number; job "dry_run"; event "challenge.build_asked".
    Raises NotAllowed, Conflict; Invalid with what is missing.
    """
    challenge = locked_draft(challenge, by)
    missing = incomplete(challenge)
    if missing:
        raise Invalid(_("Il manque encore de quoi noter."), code="not_buildable", faults=missing)
    now = clock.now()
    build = written_of(challenge)
    build.number += 1
    build.state, build.asked_by, build.asked_at = BuildState.QUEUED, by, now
    build.done_at, build.errors, build.warnings = None, [], []
    build.save()
    jobs.put(
        kind=JobKind.DRY_RUN,
        subject_id=build.pk,
        dedup_key=f"draft:{challenge.pk}:{build.number}",
        urgent=True,
    )
    record("challenge.build_asked", by=by, on=challenge, number=build.number)
    return build


def written_of(challenge: Challenge) -> ChallengeDraft:
    """Return what a draft keeps beside its document, held until the end of the transaction."""
    ChallengeDraft.objects.get_or_create(challenge=challenge)
    return ChallengeDraft.objects.select_for_update().get(challenge=challenge)


def reopen(written: ChallengeDraft) -> None:
    """Keep a change of what scores: the check done before it tells nothing any more."""
    if written.state == BuildState.DONE:
        written.state = BuildState.IDLE
    written.save()


_followers: list[Callable[[Phase], None]] = []


def register_follower(act: Callable[[Phase], None]) -> None:
    """Have a subject act when the scoring of a phase of a draft changes, in its transaction."""
    _followers.append(act)


def scoring_changed(phase: Phase) -> None:
    """Have those who follow the scoring of a phase act on its change."""
    for act in _followers:
        act(phase)


def incomplete(challenge: Challenge) -> list[str]:
    """List, in French, what is missing before a draft can be checked."""
    roles = {each["role"] for each in all_files(challenge)}
    code = KEY in challenge.bundle
    needed = [
        *(
            [
                (spec.Role.HIDDEN_INPUTS, _("le fichier des entrées réservées")),
                (spec.Role.SAMPLE_INPUTS, _("l’échantillon public")),
            ]
            if code
            else [(spec.Role.TEST, _("le fichier de test"))]
        ),
        (spec.Role.SAMPLE_SUBMISSION, _("l’exemple de soumission")),
        (spec.Role.TRUTH, _("le fichier des réponses")),
    ]
    missing = [word for role, word in needed if role.value not in roles]
    if not challenge.bundle.get("metrics"):
        missing.append(_("la mesure"))
    return missing


def audience_of(role: spec.Role) -> spec.Audience:
    """Say who reads a file of this role."""
    if role in HELD_OUT_ROLES:
        return spec.Audience.HELD_OUT
    return spec.Audience.ORGANISER if role in ORGANISER_ROLES else spec.Audience.PUBLIC


def files_of(challenge: Challenge) -> dict[str, list[dict[str, Any]]]:
    """Return a copy of the declared files, by audience."""
    declared = challenge.bundle.get("files") or {}
    return {
        audience.value: [dict(each) for each in declared.get(audience.value) or []]
        for audience in spec.Audience
    }


def all_files(challenge: Challenge) -> list[dict[str, Any]]:
    """List the declared files of a challenge."""
    return [each for listed in files_of(challenge).values() for each in listed]


def is_replaced(written: ChallengeDraft, job: Job) -> bool:
    """Say whether a check was asked again since this job was queued."""
    return job.dedup_key != f"draft:{written.challenge_id}:{written.number}"


@transaction.atomic
def finish_build(
    *, job: Job, errors: Sequence[Mapping[str, str]], warnings: Sequence[Mapping[str, str]]
) -> None:
    """Write what the check of a draft found: the worker's act, fenced by the job's lease.

    In order: job; report; event "challenge.built" or "challenge.build_refused".
    """
    if not jobs.complete(job):
        return
    written = ChallengeDraft.objects.select_for_update().get(pk=job.subject_id)
    if is_replaced(written, job):
        return
    written.state = BuildState.REFUSED if errors else BuildState.DONE
    written.done_at = clock.now()
    written.errors, written.warnings = list(errors), list(warnings)
    written.save()
    verb = "challenge.build_refused" if errors else "challenge.built"
    record(verb, by=WORKER, on=written.challenge, number=written.number, faults=len(written.errors))


def abandon(job: Job) -> None:
    """Say that a check broke down on our side: it may be asked again."""
    written = ChallengeDraft.objects.select_for_update().filter(pk=job.subject_id).first()
    if written is None or is_replaced(written, job):
        return
    written.state, written.done_at = BuildState.REFUSED, clock.now()
    written.errors = [{"code": "X_PLATFORM", "message": "", "file": "", "key": ""}]
    written.save()


def _keep(challenge: Challenge, **keys: Any) -> None:
    challenge.bundle = {**challenge.bundle, **keys}
    challenge.save_change("bundle")


def _header(deposit: Deposit, name: str) -> list[str]:
    """Read the names of the columns of a CSV file, and nothing below them; [] for another file."""
    if not name.lower().endswith(".csv"):
        return []
    line = deposit.content.readline(HEADER_BYTES)
    deposit.content.seek(0)
    try:
        names = next(csv.reader(io.StringIO(line.decode("utf-8-sig")), strict=True), [])
    except (UnicodeDecodeError, csv.Error):
        return []
    return names if all(each.isprintable() for each in names) else []
