"""Write a challenge by form: the same document and files as an import, kept in the draft."""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from io import BytesIO
from itertools import count
from typing import Any, BinaryIO

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.text import slugify
from django.utils.translation import gettext as _

from challenges.bundles import portable as documents
from challenges.bundles import spec
from challenges.bundles.code import KEY
from challenges.bundles.leaks import Answers, told
from challenges.bundles.portable import CODE_ONLY
from challenges.organising import queries as organising
from challenges.organising import rules
from challenges.organising.actions import texts
from challenges.organising.enums import BuildState, ChallengeStatus, OrganiserRole
from challenges.organising.models.challenges import (
    Challenge,
    ChallengeDraft,
    ChallengeOrganiser,
    Phase,
    Terms,
)
from challenges.organising.tables import (
    MAX_FILE_BYTES,
    MOST_COMPARED,
    Deposit,
    ReadFile,
    Table,
    example,
    group_column,
    guessed_role,
    id_column,
    is_left_out,
    opened,
    repeats_of,
    strays_of,
    test_among,
    values_of,
)
from challenges.queue import actions as jobs
from challenges.queue.actions import WORKER
from challenges.queue.enums import JobKind
from challenges.queue.models import Job
from datasets.holdouts import actions as holdouts
from portal.accounts.authorization import require
from portal.accounts.models import Organisation, User
from portal.audit.record import record
from portal.lib import clock
from portal.lib.prose.markdown import render
from portal.lib.refusals import Conflict, Invalid, Unavailable
from portal.lib.storage import objects
from portal.lib.storage.files import safe_name

PUBLIC, EXAMPLE = spec.Audience.PUBLIC, "exemple-genere.csv"
PAGE, TERMS = "presentation.md", "reglement.md"
HELD_OUT_ROLES = frozenset({spec.Role.TRUTH, spec.Role.HIDDEN_INPUTS})
ORGANISER_ROLES = frozenset({spec.Role.BASELINE_SUBMISSION})
# What goes with predictions alone, with code alone.
NOT_IN_CODE = frozenset({spec.Role.TEST})
ONLY_IN_CODE = frozenset(CODE_ONLY)
TABLES = frozenset({spec.Role.SAMPLE_SUBMISSION, spec.Role.TRUTH}) | NOT_IN_CODE | ONLY_IN_CODE
DEFAULT_MAX_BYTES = 20_000_000
# What a copy takes anew: its address, its files and what is tied to their content.
NOT_CLONED = frozenset(
    {"slug", "title", "files", "schedule", "expected", "page", "terms", "baseline"}
)
NOT_ASKED = {"per_day": 3, "total": 60, "final_selections": 2}


@transaction.atomic
def start(
    *,
    organisation: Organisation,
    title: str,
    task: str,
    slug: str = "",
    summary: str = "",
    cards: Sequence[str] = (),
    by: User,
) -> Challenge:
    """Begin a challenge by form, for an organisation.

    slug: by default that of the title, with a number where it is taken. cards: as `origins.name`.
    In order: DRAFT challenge with its document, its one phase and the usual rules; its owner; event
    "challenge.started". Raises NotAllowed; Invalid when the address is taken or cannot be one,
    or a card is not found.
    """
    require(rules.may_import_challenge, by, organisation)
    slug = slug or _free_slug(title)
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
    Phase.objects.create(
        challenge=challenge, index=0, name=_("Phase unique"), max_bytes=DEFAULT_MAX_BYTES
    )
    proposed = texts.standard_terms(challenge.language)
    Terms.objects.put(challenge, text=proposed, html=render(proposed))
    if texts.name_cards(challenge, cards):
        challenge.save(update_fields=["bundle"])
    ChallengeOrganiser.objects.create(challenge=challenge, user=by, role=OrganiserRole.OWNER)
    record("challenge.started", by=by, on=challenge, slug=slug)
    return challenge


COPIED = (
    *("body_md", "body_html", "language", "task", "tags", "use_cases", "contact", "has_prizes"),
    *("prizes_md", "prize_rule_md", "fact_sheet", "registration", "team_min", "team_max"),
)
SETTINGS = (
    *("max_per_day", "max_total", "max_parallel", "max_refused_per_day", "max_bytes"),
    *("ladder", "final_choices"),
)


@transaction.atomic
def clone(*, challenge: Challenge, by: User) -> Challenge:
    """Begin a draft from a challenge: its texts, rules, pages and measure, without its data.

    Files are not copied, nor dates: another edition has its own. In order: draft as by `start`, one
    phase with the settings of the first; texts, rules, pages; event "challenge.cloned" on it.
    Raises NotAllowed.
    """
    require(rules.may_edit_challenge, by, challenge)
    title = _("%(title)s (copie)") % {"title": challenge.title[:180]}
    made = start(
        organisation=challenge.organiser,
        title=title,
        summary=challenge.summary,
        task=challenge.task,
        by=by,
    )
    for name in COPIED:
        setattr(made, name, getattr(challenge, name))
    made.licence = challenge.licence
    kept = {key: each for key, each in challenge.bundle.items() if key not in NOT_CLONED}
    made.bundle = {**kept, **{key: made.bundle[key] for key in ("slug", "title", "files")}}
    made.save()
    first = challenge.phases.filter(index=0).first()
    if first is not None:
        made.phases.update(**{name: getattr(first, name) for name in SETTINGS})
    last = challenge.terms.first()
    if last is not None:
        texts.write_terms(challenge=made, text=last.text, by=by)
    for page in challenge.pages.all():
        made.pages.create(
            index=page.index, title=page.title, body_md=page.body_md, body_html=page.body_html
        )
    record("challenge.cloned", by=by, on=made, source=challenge.slug)
    return made


def _free_slug(title: str) -> str:
    """Make the address of a challenge of its title; a number follows where one is taken."""
    own = re.sub("-+", "-", slugify(title).replace("_", "-"))[:72].strip("-") or "challenge"
    taken = set(Challenge.objects.filter(slug__startswith=own).values_list("slug", flat=True))
    return next(each for at in count(1) if (each := own if at == 1 else f"{own}-{at}") not in taken)


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
        "licence": {"data": {"name": spec.UNNAMED, "status": "to_confirm"}},
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


def add_file(*, challenge: Challenge, role: spec.Role, deposit: Deposit, by: User) -> Challenge:
    """Put a file into a draft; one of the same role or name is replaced.

    In order: the answers and the reference are sealed at once, other files stored; document;
    event "challenge.file_added" with the role and never the content. Only the header of a table
    is kept in clear. Answers sent again keep their draw. Raises NotAllowed, before the
    file is read; Conflict, Invalid.
    """
    require(rules.may_edit_challenge, by, challenge)
    with opened(deposit, table=role in TABLES) as read, transaction.atomic():
        _refuse_told(_put_file(challenge, role, read, by))
    challenge.refresh_from_db()
    return challenge


def _put_file(
    challenge: Challenge, role: spec.Role, read: ReadFile, by: User, **facts: bool
) -> Challenge:
    """Put a file that was read into a draft.

    facts: "unsure" of its role; "generated" here; to be "sealed", as it gives answers.
    """
    name, table, deposit = read.name, read.table, read.kept
    is_public = audience_of(role) is PUBLIC and not facts.pop("sealed", False)
    if role in (NOT_IN_CODE if KEY in challenge.bundle else ONLY_IN_CODE):
        raise Invalid(
            _("Ce fichier ne va pas avec ce que les équipes envoient : voyez « Code »."),
            code="file_role",
        )
    entry: dict[str, Any] = {"path": name, "role": role.value, "columns": []}
    entry |= {each: True for each, is_so in facts.items() if is_so}
    place: dict[str, Any] = {"size": deposit.size}
    if table is not None:
        entry |= {"columns": table.names, "rows": table.rows}
        place |= {"readings": table.readings, "parts": table.parts}
    with transaction.atomic():
        challenge = locked_draft(challenge, by)
        files = files_of(challenge)
        _refuse_same_name(files, role, name)
        share = drawn_share(challenge) if role is spec.Role.TRUTH else None
        if role is spec.Role.TRUTH and table:
            place |= _ids_compared(challenge, entry, deposit.content)
            place |= _strays(entry, deposit.content)
        if share is not None and table and group_column(challenge.bundle["truth"]) in table.names:
            place["drawn"] = share
        if is_public:
            stored = objects.put(deposit.content, limit_bytes=MAX_FILE_BYTES)
            place["sha256"] = stored.sha256
        else:
            place["sealed"] = seal(challenge, role.value, deposit, by)
        for audience, listed in files.items():
            files[audience] = [each for each in listed if not _replaced(each, role, name)]
        files[audience_of(role).value].append(entry)
        _keep(challenge, files=files)
        written = written_of(challenge)
        written.kept = {**written.kept, name: place}
        reopen(written)
        record("challenge.file_added", by=by, on=challenge, role=role.value, name=name)
    return challenge


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
def add_files(*, challenge: Challenge, deposits: Sequence[Deposit], by: User) -> list[list[str]]:
    """Put several files into a draft, the role of each guessed by its name, its columns, its rows.

    One that gives answers to rows of the test is never guessed public, whatever its name: it is the
    answers where there are none, else its role is to be chosen, and it is sealed unless its name
    says that it is an example or training rows. One whose name is there already replaces it, in its
    role; one whose name says the role of a file whose name does not is to be chosen. As `add_file`
    for each; a refusal names the file. Return the first rows of the answers, where they are among
    them: they are shown once, and kept nowhere in clear.
    """
    require(rules.may_edit_challenge, by, challenge)
    is_code, first = KEY in challenge.bundle, list[list[str]]()
    taken: list[spec.Role] = []
    answers: Answers | None = None
    ids, guess = cache(_ids_of), partial(guessed_role, is_code=is_code)
    guesses = {each.name: guess(each.name, taken=()) for each in deposits}
    if (test := _test_among(challenge, deposits, guesses)) is not None:
        guesses[test.name] = spec.Role.TEST
    # What the others are compared with comes first.
    order: dict[spec.Role | None, int] = {spec.Role.TEST: 0, spec.Role.TRUTH: 1}
    for deposit in sorted(deposits, key=lambda each: order.get(guesses[each.name], 2)):
        known = {each["path"]: each for each in all_files(challenge)}.get(safe_name(deposit.name))
        role = spec.Role(known["role"]) if known else guess(deposit.name, taken=taken)
        role = spec.Role.TEST if deposit is test else role
        if not known and any(
            role is not spec.Role.EXTRA
            and each["role"] == role
            and guess(each["path"], taken=()) != role
            for each in all_files(challenge)
            if not each.get("generated")
        ):
            role = None
        unsure = role is None or bool(known and known.get("unsure"))
        try:
            with opened(deposit, table=role in TABLES) as read:
                gives = (unsure or not known) and _gives(challenge, role, read, answers, ids)
                if gives and role is None and entry_of(challenge, spec.Role.TRUTH) is None:
                    role, gives, unsure = spec.Role.TRUTH, False, False
                # Named as an example or as training rows, only its values would tell.
                sealed = gives and (role in (None, spec.Role.EXTRA) or answers is not None)
                taken.append(role := spec.Role.EXTRA if gives or role is None else role)
                facts = {"unsure": unsure or gives, "sealed": sealed}
                _put_file(challenge, role, read, by, **facts)
                challenge.refresh_from_db()
                if role is spec.Role.TRUTH and read.table is not None:
                    first = read.table.first
                    answers = _known(challenge, read.table.names, ids, read.kept.content)
        except Invalid as refusal:
            said = _("%(name)s : %(fault)s") % {"name": deposit.name, "fault": refusal}
            raise Invalid(said, code=refusal.code) from refusal
    if (train := _train_among(challenge, answers, ids)) is not None:
        arrange_files(challenge=challenge, roles={train: spec.Role.TRAIN}, by=by)
        challenge.refresh_from_db()
    _refuse_told(challenge, ids)
    return first


def _train_among(challenge: Challenge, answers: Answers | None, ids: Any) -> str | None:
    """Find the training rows that no name tells: the one table of the columns of the test.

    It has a column of the answers beside them, and no row of the test. Large tables are left to
    choose. answers, ids: as `_gives`.
    """
    roles = (spec.Role.TEST, spec.Role.TRUTH, spec.Role.TRAIN)
    test, truth, train = (entry_of(challenge, each) for each in roles)
    if test is None or truth is None or train is not None:
        return None
    found = list[str]()
    for each in all_files(challenge):
        names, is_unsure = each["columns"], each.get("unsure") and _is_kept(challenge, each)
        if not is_unsure or not {*test["columns"]} <= {*names}:
            continue
        known = answers or _known(challenge, names, ids)
        is_large = each.get("rows", 0) + test.get("rows", 0) > MOST_COMPARED
        if is_large or known is None or not {*known.known} & {*names}:
            continue
        key = id_column(challenge.bundle.get("truth") or {}, test, truth["columns"])
        own, asked = (
            BytesIO(objects.read(kept_of(challenge)[one["path"]]["sha256"])) for one in (each, test)
        )
        if values_of(own, key).isdisjoint(values_of(asked, key)) and not told(own, known):
            found.append(each["path"])
    return found[0] if len(found) == 1 else None


def _test_among(
    challenge: Challenge, deposits: Sequence[Deposit], guesses: Mapping[str, spec.Role | None]
) -> Deposit | None:
    """Find the test that no name tells, where the answers came with it and there is none yet."""
    there = {each["path"] for each in all_files(challenge)}
    truths = [each for each in deposits if guesses[each.name] is spec.Role.TRUTH]
    others = [
        each
        for each in deposits
        if guesses[each.name] is None and safe_name(each.name) not in there
    ]
    is_told = KEY in challenge.bundle or spec.Role.TEST in guesses.values()
    if is_told or entry_of(challenge, spec.Role.TEST) or len(truths) != 1:
        return None
    return test_among(truths[0], others, challenge.bundle.get("truth") or {})


def _ids_of(sha256: str, names: tuple[str, ...], targets: tuple[str, ...]) -> Answers:
    return Answers(BytesIO(objects.read(sha256)), names, targets, is_test=True)


def _gives(
    challenge: Challenge, role: spec.Role | None, read: ReadFile, answers: Answers | None, ids: Any
) -> bool:
    """Say whether a file that would be public gives answers. answers: those that came with it."""
    if read.table is None or (role and audience_of(role) is not PUBLIC):
        return False
    known = answers or _known(challenge, read.table.names, ids)
    exact = role in (spec.Role.SAMPLE_SUBMISSION, spec.Role.TRAIN)
    return known is not None and told(read.kept.content, known, exact=exact) > 0


def _known(
    challenge: Challenge, names: Sequence[str], ids: Any, clear: BinaryIO | None = None
) -> Answers | None:
    """Give what is known of the answers, for a table of these columns: their ids, once sealed.

    ids: reads them, as `_ids_of`, once for several tables. clear: the answers, that just came. None
    where the table names neither ids nor answers, by the document or, without it, as guessed.
    """
    test, held = entry_of(challenge, spec.Role.TEST), entry_of(challenge, spec.Role.TRUTH)
    if test is None or not _is_kept(challenge, test):
        return None
    truth, kept = challenge.bundle.get("truth") or {}, kept_of(challenge)
    columns, path = (held["columns"], held["path"]) if held else (names, "")
    key = id_column(truth, test, columns)
    if key not in test["columns"] or key not in names:
        return None
    others = {key, *kept.get(path, {}).get("parts", ())}
    targets = tuple(truth[each] for each in ("target", "gain") if truth.get(each))
    if not targets:  # all but the columns of several values in the test
        asked = tuple(each for each in columns if each not in others)
        given = ids(kept[test["path"]]["sha256"], (key,), asked).given
        targets = tuple(each for each in asked if each not in given)
    shared = tuple(each for each in test["columns"] if each in names and each not in targets)
    if not {*targets} & {*names}:
        return None
    if clear is not None:
        return Answers(clear, [key], targets)
    found: Answers = ids(kept[test["path"]]["sha256"], shared, targets)
    return found


def _ids_compared(
    challenge: Challenge, entry: Mapping[str, Any], content: BinaryIO
) -> dict[str, Any]:
    """Compare the ids of answers, before they are sealed, with those of the test, which is public.

    No id of the answers alone is kept. Large tables are compared by the check, and answers that
    come before the test.
    """
    test = entry_of(challenge, spec.Role.TEST)
    if test is None or not _is_kept(challenge, test):
        return {}
    key = id_column(challenge.bundle.get("truth") or {}, test, entry["columns"])
    rows = test.get("rows", 0) + entry.get("rows", 0)
    if rows > MOST_COMPARED or not {key} <= {*test["columns"]} & {*entry["columns"]}:
        return {}
    sha256 = kept_of(challenge)[test["path"]]["sha256"]
    given, wanted = values_of(content, key), values_of(BytesIO(objects.read(sha256)), key)
    first = sorted(wanted - given)[:3]
    counts: dict[str, Any] = {"missing": len(wanted - given), "excess": len(given - wanted)}
    if len(wanted) == test.get("rows"):  # each once there
        lines = repeats_of(content, key)
        counts |= {"twice": len(lines), "line": lines[0]} if lines else {}
    return {"ids": {**counts, "first": first, "key": key, "test": sha256}}


def _strays(entry: Mapping[str, Any], content: BinaryIO) -> dict[str, Any]:
    """Note where answers are no numbers, before they are sealed; none of them is kept."""
    return {"strays": strays_of(content)} if entry.get("rows", 0) <= MOST_COMPARED else {}


def _refuse_told(challenge: Challenge, ids: Any = None) -> None:
    """Refuse a public file of a draft that bears the name of the answers, for rows of the test."""
    kept, ids = kept_of(challenge), ids or cache(_ids_of)
    for each in all_files(challenge) if entry_of(challenge, spec.Role.TRUTH) else ():
        if each["role"] != spec.Role.EXTRA or each.get("unsure") or not _is_kept(challenge, each):
            continue
        known = _known(challenge, each.get("columns", ()), ids)
        if known and told(BytesIO(objects.read(kept[each["path"]]["sha256"])), known):
            raise _told_refusal(each["path"])


def _told_refusal(name: str) -> Invalid:
    said = _(
        "« %(name)s » donne des réponses du test : il ne peut pas être public. Un exemple de "
        "réponse se nomme « exemple.csv »."
    )
    return Invalid(said % {"name": name}, code="file_role")


def _is_kept(challenge: Challenge, entry: Mapping[str, Any] | None) -> bool:
    """Say whether a file can be read here: neither sealed, nor that of an import."""
    return entry is not None and "sha256" in kept_of(challenge).get(entry["path"], {})


def _make_example(challenge: Challenge, by: User) -> None:
    """Put into a draft the example of an answer that its organiser did not send.

    Its ids are those of the test, its answer a constant: it tells nothing of the answers.
    """
    test, train = (entry_of(challenge, each) for each in (spec.Role.TEST, spec.Role.TRAIN))
    truth, kept = challenge.bundle.get("truth") or {}, kept_of(challenge)
    if not organising.makes_example(challenge) or not _is_kept(challenge, test) or test is None:
        return
    if truth["id"] not in test["columns"]:
        said = _("Le fichier de test n’a pas la colonne « %(name)s ».") % {"name": truth["id"]}
        raise Invalid(said, code="file_role")
    columns = challenge.bundle["submission"]["columns"]
    answer = next(each for each in columns if each["role"] == "target")
    content = example(
        objects.read(kept[test["path"]]["sha256"]),
        objects.read(kept[train["path"]]["sha256"])
        if train and _is_kept(challenge, train)
        else None,
        key=truth["id"],
        target=truth["target"],
        bounds=(answer.get("min"), answer.get("max")),
        text=answer["type"] not in ("integer", "float"),
    )
    names = [truth["id"], truth["target"]]
    made = Deposit(EXAMPLE, len(content), BytesIO(content))
    table = Table(names, len(content), content.count(b"\n") - 1)
    role = spec.Role.SAMPLE_SUBMISSION
    _put_file(challenge, role, ReadFile(EXAMPLE, table, made), by, generated=True)
    challenge.refresh_from_db()


@transaction.atomic
def arrange_files(
    *,
    challenge: Challenge,
    roles: Mapping[str, spec.Role | None],
    expected_score: float | None = None,
    by: User,
) -> Challenge:
    """Say what each file of a draft is, by its path; None takes it out.

    expected_score: of the reference, the public value of the ranking figure, compared by
    the check. What turns out to be the answers or the reference is sealed. In order: files,
    document; event "challenge.file_added" or "challenge.file_removed" for each that moves. Raises
    NotAllowed, Conflict; Invalid for two files of one role, and for a sealed file in another role:
    nobody may read it.
    """
    challenge = locked_draft(challenge, by)
    written, files = written_of(challenge), all_files(challenge)
    listed: dict[str, list[dict[str, Any]]] = {each.value: [] for each in spec.Audience}
    moved = False
    for entry in files:
        name, former = str(entry["path"]), spec.Role(entry["role"])
        role = roles.get(name, former)
        if entry.get("generated") and spec.Role.SAMPLE_SUBMISSION in roles.values():
            role = None  # another takes its place
        if role is None:
            record("challenge.file_removed", by=by, on=challenge, name=name)
            moved = True
            continue
        chosen = name in roles and entry.pop("unsure", False)
        if chosen or role is not former:
            _move_file(challenge, written, entry, role, by)
            moved = True
        if role is spec.Role.BASELINE_SUBMISSION and (name in roles or expected_score is not None):
            entry.pop("expected_score", None)
            entry |= {} if expected_score is None else {"expected_score": expected_score}
        listed[audience_of(role).value].append(entry)
    told = [each["role"] for each in (one for several in listed.values() for one in several)]
    if any(told.count(role) > 1 for role in told if role != spec.Role.EXTRA):
        raise Invalid(_("Deux fichiers ont le même rôle."), code="file_role")
    if listed != files_of(challenge):
        _keep(challenge, files=listed)
    if moved:
        reopen(written)
        _refuse_told(challenge)
    return challenge


def _move_file(
    challenge: Challenge,
    written: ChallengeDraft,
    entry: dict[str, Any],
    role: spec.Role,
    by: User,
) -> None:
    """Give a file of a draft another role; the ones that nobody may read are sent again."""
    name, place = str(entry["path"]), dict(written.kept.get(str(entry["path"]), {}))
    is_public = audience_of(role) is PUBLIC
    is_told = entry["role"] == spec.Role.EXTRA and "sealed" in place
    if is_told and is_public:
        raise _told_refusal(name)
    if not is_told and "sha256" not in place:
        said = _("« %(name)s » est scellé : renvoyez-le pour lui donner un autre rôle.")
        raise Invalid(said % {"name": name}, code="file_role")
    if role in TABLES and not entry["columns"]:
        said = _("« %(name)s » n’est pas une table CSV.")
        raise Invalid(said % {"name": name}, code="file_role")
    if not is_public and "sha256" in place:
        content = objects.read(place.pop("sha256"))
        deposit = Deposit(name, len(content), BytesIO(content))
        if role is spec.Role.TRUTH:
            place |= _ids_compared(challenge, entry, BytesIO(content))
            place |= _strays(entry, BytesIO(content))
        place["sealed"] = seal(challenge, role.value, deposit, by)
        written.kept = {**written.kept, name: place}
        written.save(update_fields=["kept"])
    entry["role"] = role.value
    record("challenge.file_added", by=by, on=challenge, role=role.value, name=name)


@transaction.atomic
def measure(
    *,
    challenge: Challenge,
    submission: Mapping[str, Any],
    truth: Mapping[str, Any],
    metrics: Sequence[Mapping[str, Any]],
    public_share: float | None = None,
    by: User,
) -> Challenge:
    """Say how entries are read and measured: the keys of the portable form, checked by the build.

    public_share: of the rows, drawn at random where no column of the answers parts them. In order:
    document; the draft, to be checked again; event "challenge.measured". Raises NotAllowed,
    Conflict.
    """
    challenge = locked_draft(challenge, by)
    written = written_of(challenge)
    path = str(truth["file"])
    place = {key: value for key, value in written.kept.get(path, {}).items() if key != "drawn"}
    place |= {} if public_share is None else {"drawn": public_share}
    written.kept = {**written.kept, path: place}
    reopen(written)
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

    In order: out of the draft what is no table, unless its role was chosen; the build QUEUED under
    a new number; job "dry_run"; event "challenge.build_asked". Raises NotAllowed, Conflict;
    Invalid with what is missing.
    """
    challenge = locked_draft(challenge, by)
    missing = [each.sentence for each in organising.missing_to_check(challenge)]
    if missing:
        raise Invalid(_("Il manque encore de quoi noter."), code="not_buildable", faults=missing)
    if left := [each["path"] for each in all_files(challenge) if is_left_out(each)]:
        challenge = arrange_files(challenge=challenge, roles=dict.fromkeys(left), by=by)
    _make_example(challenge, by)
    now = clock.now()
    build = written_of(challenge)
    build.number += 1
    build.state, build.asked_by, build.asked_at = BuildState.QUEUED, by, now
    build.done_at, build.errors, build.warnings, build.trial = None, [], [], {}
    build.save()
    jobs.put(
        kind=JobKind.DRY_RUN,
        subject_id=build.pk,
        dedup_key=f"draft:{challenge.pk}:{build.number}",
        urgent=True,
    )
    record("challenge.build_asked", by=by, on=challenge, number=build.number)
    return build


def drawn_share(challenge: Challenge) -> float | None:
    """Return the share of the rows of a draft that are public by a draw; None without one."""
    path = str((challenge.bundle.get("truth") or {}).get("file"))
    share: float | None = kept_of(challenge).get(path, {}).get("drawn")
    return share


def kept_of(challenge: Challenge) -> dict[str, Any]:
    """Read what a draft keeps of each of its files, by path."""
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    return written.kept if written else {}


def written_of(challenge: Challenge) -> ChallengeDraft:
    """Return what a draft keeps beside its document, held until the end of the transaction."""
    ChallengeDraft.objects.get_or_create(challenge=challenge)
    return ChallengeDraft.objects.select_for_update().get(challenge=challenge)


def reopen(written: ChallengeDraft) -> None:
    """Keep a change of what scores: the check before it, done or under way, tells nothing more."""
    Challenge.objects.filter(pk=written.challenge_id).update(version=F("version") + 1)
    written.trial = {}
    if written.state == BuildState.DONE:
        written.state = BuildState.IDLE
    written.save()


# What subjects above do when the scoring of a phase of a draft changes, in its transaction.
scoring_followers: list[Callable[[Phase], None]] = []


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


def entry_of(challenge: Challenge, role: spec.Role) -> dict[str, Any] | None:
    """Return the declared file of a role; None without one."""
    return next((each for each in all_files(challenge) if each["role"] == role), None)


def is_replaced(written: ChallengeDraft, job: Job) -> bool:
    """Say whether a check was asked again since this job was queued."""
    return job.dedup_key != f"draft:{written.challenge_id}:{written.number}"


class Rewritten(Unavailable):
    """Somebody changed the draft while it was checked: nothing was written of the check."""


@transaction.atomic
def finish_build(
    *,
    job: Job,
    version: int,
    errors: Sequence[Mapping[str, str]],
    warnings: Sequence[Mapping[str, str]],
    trial: Mapping[str, Any],
) -> None:
    """Write what the check of a draft found: the worker's act, fenced by the job's lease.

    version: of the draft that was read, or that the check wrote. In order: job; report; event
    "challenge.built" or "challenge.build_refused". Raises Rewritten where it has another by now.
    """
    challenge = Challenge.objects.locked(Challenge.objects.get(written__pk=job.subject_id))
    written = written_of(challenge)
    if not jobs.complete(job) or is_replaced(written, job):
        return
    if challenge.version != version:
        raise Rewritten
    written.state = BuildState.REFUSED if errors else BuildState.DONE
    written.done_at = clock.now()
    written.errors, written.warnings, written.trial = list(errors), list(warnings), dict(trial)
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
