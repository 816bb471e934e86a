"""Import a portable challenge folder: a report first, then one draft."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import code_imports
from challenges.actions.rehearsals import Rehearsal, sentence
from challenges.bundles import portable, recorded
from challenges.bundles.folder import Folder
from challenges.bundles.report import Findings, Problem
from challenges.bundles.spec import Audience, FileEntry, PortableSpec, Role
from challenges.enums import ChallengeStatus
from challenges.models import Challenge
from challenges.organising.actions import folders
from challenges.organising.actions.texts import standard_terms
from challenges.scoring.contract import ScoringContract
from challenges.scoring.truth import TruthFault
from datasets.actions import holdouts
from datasets.models import HoldoutVersion
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation, User
from portal.lib import canonical, objects
from portal.lib.files import NAME_MAX_CHARACTERS, safe_name
from portal.lib.markdown import render
from portal.lib.refusals import Conflict, NotAllowed

MAX_FILE_BYTES = 2 << 30


Then = Callable[[Challenge], None]


def nothing(_challenge: Challenge) -> None:
    """Do nothing more with an imported challenge."""


@dataclass(frozen=True)
class Imported:
    """What an import did: the challenge, whether it changed, and the report."""

    challenge: Challenge | None
    changed: bool
    errors: Sequence[Problem]
    warnings: Sequence[Problem]


def import_folder(
    *,
    folder: Path,
    by: User,
    opens_at: datetime | None = None,
    closes_at: datetime | None = None,
    then: Then = nothing,
) -> Imported:
    """Read a folder, score its recorded runs and create or update the draft it describes.

    A folder with a fault changes nothing and is reported. The same folder again changes
    nothing. In order: public files stored; held-out files sealed; challenge, phase, scorer,
    board; reference entry; job "compile"; event "challenge.imported". A challenge that awaited
    the visa is a draft again: nobody publishes what they did not read. then: called with the
    challenge in the transaction that writes it. Raises NotAllowed; Conflict once the challenge
    is open.
    """
    report = portable.read(folder)
    if report.spec is None:
        return Imported(None, False, report.errors, report.warnings)
    spec = _dated(report.spec, opens_at, closes_at)
    opens, closes = spec.schedule.opens, spec.schedule.closes
    if opens and closes and closes <= opens:
        wrong = Problem("E_SCHEDULE", _("la fermeture doit suivre l’ouverture"), key="schedule")
        return Imported(None, False, (wrong,), report.warnings)
    twice = _same_names(spec)
    if twice:
        return Imported(None, False, twice, report.warnings)
    existing = Challenge.objects.filter(slug=spec.slug).first()
    if not is_theirs(existing, by):
        return Imported(None, False, (slug_taken(spec.slug, by),), report.warnings)
    owner = organisation(existing, by)
    refuse_open(existing)
    fingerprint = _fingerprint(spec, folder)
    rehearsal = Rehearsal()
    if existing is not None and existing.bundle_fingerprint == fingerprint:
        with transaction.atomic():
            then(existing)
        return Imported(existing, False, (), report.warnings)
    personal = _personal(spec, folder)
    warnings = (*report.warnings, *personal.warnings)
    faults = personal.errors or _rehearse(spec, folder, rehearsal)
    if faults:
        return Imported(None, False, faults, warnings)
    challenge = _write(spec, folder, existing, owner, by, fingerprint, then)
    return Imported(challenge, True, (), warnings)


def examine_folder(folder: Path) -> Imported:
    """Do all that `import_folder` checks, recorded scores included, and change nothing."""
    report = portable.read(folder)
    if report.spec is None:
        return Imported(None, False, report.errors, report.warnings)
    personal = _personal(report.spec, folder)
    faults = _same_names(report.spec) or personal.errors
    if not faults:
        faults = _rehearse(report.spec, folder, Rehearsal())
    return Imported(None, False, faults, (*report.warnings, *personal.warnings))


def _dated(
    spec: PortableSpec, opens_at: datetime | None, closes_at: datetime | None
) -> PortableSpec:
    schedule = replace(
        spec.schedule,
        opens=opens_at or spec.schedule.opens,
        closes=closes_at or spec.schedule.closes,
    )
    return replace(spec, schedule=schedule)


def _same_names(spec: PortableSpec) -> Sequence[Problem]:
    """Refuse two files that would be kept under one name: a/b.csv and a_b.csv."""
    found = []
    for group, most in (
        (spec.by_audience(Audience.PUBLIC), folders.NAME_CHARACTERS),
        (kept_apart(spec), NAME_MAX_CHARACTERS),
    ):
        names: dict[str, str] = {}
        for entry in group:
            other = names.setdefault(safe_name(entry.path)[:most], entry.path)
            if other != entry.path:
                sentence = _("gardé sous le même nom que « %(other)s » : renommez l’un des deux")
                found.append(
                    Problem("E_FILE_TWICE", sentence % {"other": other}, entry.path, "files")
                )
    return found


def _personal(spec: PortableSpec, folder: Path) -> Findings:
    """Look for personal data in the files that anybody will download."""
    place = Folder(folder)
    return folders.look_for_personal_data(
        (entry.path, partial(place.open, entry.path)) for entry in spec.by_audience(Audience.PUBLIC)
    )


def is_theirs(existing: Challenge | None, by: User) -> bool:
    """Say whether a name is free, or that of a challenge this person may change."""
    return existing is None or rules.may_edit_challenge(by, existing)


def slug_taken(slug: str, by: User) -> Problem:
    """Say that a name is taken, and nothing of the challenge that has it.

    Raises NotAllowed for who runs no challenge: they learn no name.
    """
    organisation(None, by)
    said = _("un autre challenge porte ce nom dans son adresse : donnez-en un autre")
    return Problem("E_SLUG_TAKEN", said, key="slug", value=slug)


def organisation(existing: Challenge | None, by: User) -> Organisation:
    """Return for whom a person imports: the challenge's own organisation, else one of theirs.

    Raises NotAllowed for who may not change this challenge, or runs none.
    """
    if existing is not None:
        require(rules.may_edit_challenge, by, existing)
        return existing.organiser
    own = Organisation.objects.filter(
        memberships__user=by, memberships__left_at__isnull=True
    ).order_by("memberships__joined_at", "pk")
    for each in own:
        if has_permission(by, Permission.CHALLENGE_ORGANISE, organisation=each):
            return each
    raise NotAllowed(
        _("Il faut écrire pour une organisation pour créer un challenge."), code="no_organisation"
    )


def refuse_open(existing: Challenge | None) -> None:
    """Raise Conflict for a challenge that is neither a draft nor awaiting the visa."""
    drafts_only = {ChallengeStatus.DRAFT, ChallengeStatus.IN_REVIEW}
    if existing is not None and existing.status not in drafts_only:
        raise Conflict(
            _("Le challenge « %(slug)s » est déjà publié : un import ne le change plus.")
            % {"slug": existing.slug},
            code="challenge_open",
        )


def _rehearse(spec: PortableSpec, folder: Path, rehearsal: Rehearsal) -> Sequence[Problem]:
    """Compile the truth and reproduce the recorded scores; return the faults found."""
    contract = spec.scoring_contract(folder)
    read = ScoringContract.from_json(contract)
    try:
        rehearsal.compiled(read, contract, folder)
    except TruthFault as fault:
        return (Problem(fault.code, sentence(fault), spec.contract.truth.file, "truth"),)
    findings = Findings()
    if spec.expected is not None:
        recorded.check(spec, Folder(folder), rehearsal, findings)
    return findings.errors


def _fingerprint(spec: PortableSpec, folder: Path) -> str:
    """Return a keyed digest of everything the import reads; it tells nothing of the truth."""
    place = Folder(folder)
    files = {entry.path: _keyed(place, entry.path) for entry in spec.files}
    said = {
        "raw": canonical.digest(_jsonable(spec.raw)),
        "page": spec.page_text,
        "terms": spec.terms_text,
        "opens": _iso(spec.schedule.opens),
        "closes": _iso(spec.schedule.closes),
        "files": files,
    }
    return _hmac("challenges.bundle", canonical.dumps(said))


def held_out_fingerprint(paths: Iterable[str], folder: Path, digest: str) -> str:
    """Return a keyed digest of the held-out files and of the contract that reads them."""
    place = Folder(folder)
    files = {path: _keyed(place, path) for path in paths}
    return _hmac("challenges.held_out", canonical.dumps({"files": files, "contract": digest}))


def _keyed(place: Folder, path: str) -> str:
    return _hmac("challenges.file", place.sha256(path).encode())


def _hmac(purpose: str, content: bytes) -> str:
    return salted_hmac(purpose, content, algorithm="sha256").hexdigest()


def _iso(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _jsonable(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_jsonable(item) for item in value]
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    return str(value)


def kept_apart(spec: PortableSpec) -> list[FileEntry]:
    """List the files that are sealed: held out, the organiser's, and the tables joined to them."""
    sources = {each.source for each in spec.contract.attributes}
    found = {
        entry.path: entry
        for entry in spec.files
        if entry.audience != Audience.PUBLIC or entry.path in sources
    }
    return list(found.values())


def _under_the_title(spec: PortableSpec) -> str:
    """Leave out a first heading that repeats the title: the page shows it already."""
    first, _line, rest = spec.page_text.lstrip().partition("\n")
    repeated = first.startswith("#") and first.lstrip("#").strip() == spec.title
    return rest if repeated else spec.page_text


def _write(
    spec: PortableSpec,
    folder: Path,
    existing: Challenge | None,
    organisation: Organisation,
    by: User,
    fingerprint: str,
    then: Then,
) -> Challenge:
    place = Folder(folder)
    contract = spec.scoring_contract(folder)
    digest = ScoringContract.from_json(contract).digest
    texts = folders.Texts(
        body_html=render(_under_the_title(spec)),
        terms=spec.terms_text or standard_terms(spec.language),
    )
    public = [
        folders.Stored(
            safe_name(entry.path),
            entry.role.value,
            objects.put(place.read(entry.path, limit_bytes=MAX_FILE_BYTES)),
            entry.rows,
            entry.args,
            tuple(_columns(place, entry)),
        )
        for entry in spec.by_audience(Audience.PUBLIC)
    ]
    baseline = spec.file(Role.BASELINE_SUBMISSION)
    held = held_out_fingerprint([each.path for each in kept_apart(spec)], folder, digest)
    with transaction.atomic():
        if existing is not None:  # reading took a while
            existing = Challenge.objects.locked(existing)
            require(rules.may_edit_challenge, by, existing)
            refuse_open(existing)
        version = _holdout(spec, place, existing, organisation, held, by)
        challenge = folders.write_draft(
            existing=existing,
            spec=spec,
            raw=_jsonable(spec.raw),
            contract=contract,
            digest=digest,
            texts=texts,
            files=public,
            holdout=version,
            fingerprints=(fingerprint, held),
            baseline=(
                None
                if baseline is None
                else (
                    Path(baseline.path).name,
                    objects.put(place.read(baseline.path, limit_bytes=MAX_FILE_BYTES)),
                )
            ),
            organisation=organisation,
            by=by,
        )
        code_imports.give(
            challenge=challenge, spec=spec, folder=folder, sealed=version is not None, by=by
        )
        then(challenge)
    return challenge


def _columns(place: Folder, entry: FileEntry) -> list[str]:
    return place.header(entry.path) if Path(entry.path).suffix.lower() == ".csv" else []


def _holdout(
    spec: PortableSpec,
    place: Folder,
    existing: Challenge | None,
    organisation: Organisation,
    held: str,
    by: User,
) -> HoldoutVersion | None:
    """Seal the held-out files as a new version; None when they have not changed."""
    if existing is not None and existing.held_out_fingerprint == held:
        return None
    return holdouts.register(
        name=spec.slug,
        owner=organisation,
        files={
            safe_name(entry.path): place.read(entry.path, limit_bytes=MAX_FILE_BYTES)
            for entry in kept_apart(spec)
            if entry.role is not Role.HIDDEN_INPUTS  # sealed by themselves, far from any label
        },
        by=by,
    )
