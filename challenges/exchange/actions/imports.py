"""Import a portable challenge folder: a report first, then one draft, then what an export adds."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from challenges.bundles import portable, recorded
from challenges.bundles.exporting import DOCUMENT
from challenges.bundles.folder import Folder
from challenges.bundles.settings import (
    BoardSettings,
    ChallengeFields,
    PhaseFields,
    PhaseSettings,
    Settings,
)
from challenges.bundles.spec import Audience, FileEntry, PortableSpec, Role
from challenges.evaluation.actions import baselines
from challenges.evaluation.rehearsals import Rehearsal, sentence
from challenges.organising import rules
from challenges.organising.actions import drafts, folders, leaderboards, phases, texts
from challenges.organising.actions.texts import standard_terms
from challenges.organising.enums import BoardRule, ChallengeStatus, PhaseKind, ScorerKind
from challenges.organising.models.challenges import Challenge, ChallengePage, PublicFile, Terms
from challenges.organising.models.scorings import Leaderboard
from challenges.programs.actions import code as team_code
from challenges.scoring.contract import ScoringContract, TruthFault
from challenges.scoring.fields import Findings, Problem
from challenges.teams.queries import latest_terms
from datasets.holdouts import actions as holdouts
from datasets.holdouts.models import HoldoutVersion
from portal.accounts.authorization import Permission, has_permission, require
from portal.accounts.models import Organisation, User
from portal.audit.record import record
from portal.lib import canonical, clock
from portal.lib.prose.markdown import render
from portal.lib.refusals import Conflict, Invalid, NotAllowed
from portal.lib.storage import objects
from portal.lib.storage.files import NAME_MAX_CHARACTERS, safe_name

MAX_FILE_BYTES = 2 << 30


Then = Callable[[Challenge], None]


def do_nothing_more(_challenge: Challenge) -> None:
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
    version: int | None = None,
    then: Then = do_nothing_more,
) -> Imported:
    """Read a folder, score its recorded runs and create or update the draft it describes.

    A folder with a fault changes nothing and is reported. The same folder again changes
    nothing. In order: public files stored; held-out files sealed; challenge, phase, scorer,
    board; reference entry; job "compile"; event "challenge.imported". A challenge that awaited
    the visa is a draft again: nobody publishes what they did not read. version: of the draft that
    the folder was written from. then: called with the challenge in the transaction that writes it.
    Raises NotAllowed; Conflict once the challenge is open; Rewritten where the draft has another
    version by then.
    """
    report = portable.read_challenge(folder)
    if report.spec is None:
        return Imported(None, False, report.errors, report.warnings)
    spec = _dated(report.spec, opens_at, closes_at)
    opens, closes = spec.schedule.opens, spec.schedule.closes
    if opens and closes and closes <= opens:
        wrong = Problem("E_SCHEDULE", _("la clôture doit suivre l’ouverture"), key="schedule")
        return Imported(None, False, (wrong,), report.warnings)
    twice = _same_names(spec)
    if twice:
        return Imported(None, False, twice, report.warnings)
    existing = Challenge.objects.filter(slug=spec.slug).first()
    if not may_take_name(existing, by):
        return Imported(None, False, (slug_taken(spec.slug, by),), report.warnings)
    owner = organisation_for(existing, by)
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
    challenge = _write(spec, folder, existing, owner, by, fingerprint, version, then)
    return Imported(challenge, True, (), warnings)


def examine_folder(folder: Path) -> Imported:
    """Do all that `import_folder` checks, recorded scores included, and change nothing."""
    report = portable.read_challenge(folder)
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
        closes=clock.last_second(closes_at or spec.schedule.closes),
    )
    return replace(spec, schedule=schedule)


def _same_names(spec: PortableSpec) -> Sequence[Problem]:
    """Refuse two files that would be kept under one name: a/b.csv and a_b.csv."""
    found = []
    for group, most in (
        (spec.by_audience(Audience.PUBLIC), folders.NAME_CHARACTERS),
        (files_to_seal(spec), NAME_MAX_CHARACTERS),
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


def may_take_name(existing: Challenge | None, by: User) -> bool:
    """Say whether a name is free, or that of a challenge this person may change."""
    return existing is None or rules.may_edit_challenge(by, existing)


def slug_taken(slug: str, by: User) -> Problem:
    """Say that a name is taken, and nothing of the challenge that has it.

    Raises NotAllowed for who runs no challenge: they learn no name.
    """
    organisation_for(None, by)
    said = _("un autre challenge porte ce nom dans son adresse : donnez-en un autre")
    return Problem("E_SLUG_TAKEN", said, key="slug", value=slug)


def organisation_for(existing: Challenge | None, by: User) -> Organisation:
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


def files_to_seal(spec: PortableSpec) -> list[FileEntry]:
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
    wanted: int | None,
    then: Then,
) -> Challenge:
    place = Folder(folder)
    contract = spec.scoring_contract(folder)
    digest = ScoringContract.from_json(contract).digest
    public = [_public_file(place, entry) for entry in spec.by_audience(Audience.PUBLIC)]
    baseline = spec.file(Role.BASELINE_SUBMISSION)
    held = held_out_fingerprint([each.path for each in files_to_seal(spec)], folder, digest)
    with transaction.atomic():
        if existing is not None:  # reading took a while
            existing = Challenge.objects.locked(existing)
            require(rules.may_edit_challenge, by, existing)
            refuse_open(existing)
            if wanted not in (None, existing.version):
                raise drafts.Rewritten
        version = _holdout(spec, place, existing, organisation, held, by)
        challenge = folders.write_draft(
            existing=existing,
            spec=spec,
            raw=_jsonable(spec.raw),
            contract=contract,
            digest=digest,
            body_html=render(_under_the_title(spec)),
            terms=spec.terms_text or standard_terms(spec.language),
            files=public,
            holdout=version,
            fingerprints=(fingerprint, held),
            organisation=organisation,
            by=by,
        )
        if baseline is not None:
            baselines.enter_baseline(
                phase=challenge.phases.get(index=0),
                name=Path(baseline.path).name,
                stored=objects.put(place.read(baseline.path, limit_bytes=MAX_FILE_BYTES)),
                by=by,
            )
        team_code.give_inputs(
            challenge=challenge, spec=spec, folder=folder, sealed=version is not None, by=by
        )
        then(challenge)
    return challenge


def _public_file(place: Folder, entry: FileEntry) -> PublicFile:
    """Store a public file, with the header of a table; its row is not saved yet."""
    content = objects.put(place.read(entry.path, limit_bytes=MAX_FILE_BYTES))
    is_table = Path(entry.path).suffix.lower() == ".csv"
    return PublicFile(
        name=safe_name(entry.path)[: folders.NAME_CHARACTERS],
        role=entry.role.value,
        sha256=content.sha256,
        size=content.size,
        rows=entry.rows,
        columns=place.header(entry.path) if is_table else [],
        args=list(entry.args),
    )


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
            for entry in files_to_seal(spec)
            if entry.role is not Role.HIDDEN_INPUTS  # sealed by themselves, far from any label
        },
        by=by,
    )


@transaction.atomic
def apply_settings(
    *,
    challenge: Challenge,
    settings: Settings,
    texts: Mapping[str, str],
    dated: bool,
    by: User,
) -> tuple[Problem, ...]:
    """Change a draft to what its export says; nothing changes when it is so already.

    texts: the rules and the further pages, by file. dated: the importer gave dates, which stand.
    In order: the challenge, its rules and pages, its phases, its boards; when something changed,
    the version, a challenge that awaited the visa is a draft again, event
    "challenge.settings_applied". Returns what the draft has no place for.
    Raises NotAllowed, Invalid; Conflict once the challenge is open.
    """
    fresh = Challenge.objects.locked(challenge)
    require(rules.may_edit_challenge, by, fresh)
    refuse_open(fresh)
    changed = _challenge(fresh, settings)
    changed |= _cards(fresh, settings.cards)
    changed |= _terms(fresh, texts[settings.terms])
    changed |= _pages(fresh, [(one.title, texts[one.file]) for one in settings.pages])
    left: list[Problem] = []
    for at, phase in enumerate(settings.phases):
        changed |= _phase(fresh, phase, dated=dated)
        key = f"settings.phases[{at}]"
        if not fresh.phases.filter(index=phase.index).exists():
            said = "phase à recréer dans l’espace organisateur"
            left.append(Problem("W_KEY_NOT_MAPPED", said, DOCUMENT, key, phase.name))
        elif phase.apart:
            said = "réponses, mesures ou tâches propres à redonner dans l’espace organisateur"
            left.append(Problem("W_KEY_NOT_MAPPED", said, DOCUMENT, key, phase.name))
    for phase in settings.phases:
        changed |= _follows(fresh, phase)
    leaderboards.show_facts(fresh)
    for at, board in enumerate(settings.boards):
        changed |= _board(fresh, board)
        for column in board.columns:
            if column.values not in {"", "/"}:
                said = "valeurs admises d’un score : sa question à l’import les dit seule"
                key = f"settings.boards[{at}].columns.{column.key}"
                left.append(Problem("W_KEY_NOT_MAPPED", said, DOCUMENT, key, column.values))
    if changed:
        _take_visa_back(fresh)
        record("challenge.settings_applied", by=by, on=fresh, slug=fresh.slug)
    return tuple(left)


def _cards(challenge: Challenge, cards: Sequence[str]) -> bool:
    """Name the cards that it starts from; the visa ties them."""
    if not cards or texts.named_cards(challenge) == list(cards):
        return False
    challenge.bundle = {**challenge.bundle, texts.CARDS: list(cards)}
    challenge.save(update_fields=["bundle"])
    return True


def _phase(challenge: Challenge, phase: PhaseSettings, *, dated: bool) -> bool:
    """Settle a phase, made like the first where it is the next one; say whether it changed."""
    first = challenge.phases.filter(index=0).first()
    by_metrics = challenge.scorers.filter(kind=ScorerKind.METRIC).exists()
    made = False
    if first is not None and by_metrics and phase.index == challenge.phases.count():
        phases.make_like_first(
            first, index=phase.index, name=phase.name, kind=PhaseKind(phase.kind)
        )
        made = True
    dates = {"opens_at", "closes_at"} if dated else set()
    phase = phase.model_copy(update={"closes_at": clock.last_second(phase.closes_at)})
    wanted = phase.model_dump(include={*PhaseFields.model_fields}, exclude=dates)
    more = {"ladder": phase.ladder, "max_bytes": phase.max_bytes}
    wanted |= {name: value for name, value in more.items() if value is not None}
    found = challenge.phases.filter(index=phase.index)
    if not found.exists() or found.filter(**wanted).exists():
        return made
    return bool(found.update(**wanted))


def _follows(challenge: Challenge, phase: PhaseSettings) -> bool:
    """Tie a phase to the one whose choices it takes over."""
    source = None
    if phase.follows is not None and phase.follows < phase.index:
        source = challenge.phases.filter(index=phase.follows).first()
    found = challenge.phases.filter(index=phase.index)
    return bool(found.exclude(migrate_from=source).update(migrate_from=source)) if source else False


def _board(challenge: Challenge, board: BoardSettings) -> bool:
    """Arrange a board, added to its phase where that phase has none of this key."""
    shown = {"title": board.title, "hidden": board.hidden, "anonymous": board.anonymous}
    rows = challenge.leaderboards.filter(key=board.key)
    made = False
    phase = challenge.phases.filter(index=board.phase).first()
    if not rows.exists() and phase is not None and phase.leaderboards.exists():
        leaderboards.copy(phase, key=board.key)
        made = True
    changed = bool(rows.exclude(**shown).update(**shown))
    found = rows.select_related("phase", "primary").first()
    if found is None:
        return made or changed
    return _arranged(found, board) or made or changed


def _arranged(found: Leaderboard, board: BoardSettings) -> bool:
    """Put the columns of a board in their order, each shown and limited as it was."""
    columns = {each.key: each for each in found.columns.order_by("index")}
    said = [each for each in board.columns if each.key in columns]
    main = leaderboards.is_main(found)
    wanted = [[each.key, each.hidden, each.valid_min, each.valid_max] for each in said]
    now = [[each.key, each.hidden, each.valid_min, each.valid_max] for each in columns.values()]
    primary = found.primary.key if found.primary else ""
    other = board.primary if board.primary in columns and not main else primary
    if not said or (wanted == now and (found.rule, primary) == (board.rule, other)):
        return False
    for each in said:
        column = columns[each.key]
        column.hidden = each.hidden
        column.valid_min, column.valid_max = each.valid_min, each.valid_max
    rest = [each for each in columns.values() if each.key not in {one.key for one in said}]
    found.rule = BoardRule(board.rule)
    leaderboards.put_columns(found, [*(columns[each.key] for each in said), *rest], other)
    return True


def _take_visa_back(challenge: Challenge) -> None:
    """Take back the visa that is awaited: nobody publishes what they did not read."""
    challenge.version += 1
    if challenge.status == ChallengeStatus.IN_REVIEW:
        challenge.become(ChallengeStatus.DRAFT, at=clock.now())
    challenge.save(update_fields=["version", "status", "status_since"])


def _challenge(challenge: Challenge, settings: Settings) -> bool:
    wanted = settings.model_dump(include={*ChallengeFields.model_fields})
    # A grant chosen since the archive was written still withholds.
    wanted["restricted"] |= challenge.grant_id is not None
    wanted["fact_sheet"] = [each.model_dump(exclude_unset=True) for each in settings.fact_sheet]
    if all(getattr(challenge, name) == value for name, value in wanted.items()):
        return False
    for name, value in wanted.items():
        setattr(challenge, name, value)
    try:
        challenge.full_clean(exclude=["organiser"], validate_unique=False)
    except ValidationError as fault:
        raise Invalid(
            _("Un réglage de l’export n’est pas valable : %(names)s.")
            % {"names": ", ".join(sorted(fault.message_dict))},
            code="settings",
        ) from fault
    challenge.save(update_fields=list(wanted))
    return True


def _terms(challenge: Challenge, text: str) -> bool:
    last = latest_terms(challenge)
    if last is not None and last.text == text:
        return False
    Terms.objects.put(challenge, text=text, html=render(text))
    return True


def _pages(challenge: Challenge, pages: Sequence[tuple[str, str]]) -> bool:
    """Replace the further pages, each its title and its text."""
    if list(challenge.pages.order_by("index").values_list("title", "body_md")) == list(pages):
        return False
    challenge.pages.all().delete()
    ChallengePage.objects.bulk_create(
        ChallengePage(
            challenge=challenge, index=at, title=title, body_md=text, body_html=render(text)
        )
        for at, (title, text) in enumerate(pages)
    )
    return True
