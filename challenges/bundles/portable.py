"""Read a portable challenge folder: one report with every fault, and the spec if there is none."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo

from challenges.bundles import code, contents, spec
from challenges.bundles.folder import FileAbsent, Folder, PathRefused, TableRefused
from challenges.bundles.foreign.documents import YEARS, load
from challenges.scoring import registry
from challenges.scoring.contract import (
    SPLIT,
    Attribute,
    MetricSpec,
    ScoringContract,
    check_primary,
)
from challenges.scoring.fields import MISSING, Fields, Findings
from challenges.scoring.metric import Metric
from challenges.scoring.verdict import french_reasons

SLUG_FORM = "minuscules sans accent, chiffres et tirets"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Addresses of our own pages and endpoints, which a challenge of that name would hide.
RESERVED = frozenset({"nouveau", "importer", "invitation", "imports"})
MAX_SLUG, MAX_TITLE, MAX_SUMMARY = 80, 200, 2_000
LICENCE_STATUSES = ("stated_by_producer", "verified", "to_confirm")
USE_CASES = tuple(f"UC{number}" for number in range(1, 7))
TASKS = tuple(spec.Task)  # the first one where none is said
KEPT = ("best", "last", "chosen", "all")


def is_ours(top: Fields) -> bool:
    """Say whether the document claims the form and version read here, and note it if not."""
    if top.values.get("format") != spec.FORMAT:
        top.refuse(
            "E_FORMAT",
            f"« {spec.FORMAT} » est attendu",
            key="format",
            value=top.values.get("format"),
        )
        return False
    version = top.values.get("format_version")
    if version != spec.FORMAT_VERSION or isinstance(version, bool):
        top.refuse(
            "E_FORMAT",
            f"ce portail lit la version {spec.FORMAT_VERSION}",
            key="format_version",
            value=version,
        )
        return False
    return True


def required(top: Fields) -> None:
    """Note each required key that is absent or empty."""
    for key in spec.REQUIRED_KEYS:
        if not top.has(key):
            top.refuse(MISSING, "cette clé est obligatoire", key=key)


def unknown(top: Fields) -> None:
    """Warn of each top-level key that this version does not know."""
    for key in sorted(set(top.values) - set(spec.TOP_KEYS)):
        top.findings.warn(
            "W_UNKNOWN_KEY",
            "clé inconnue, gardée pour l’export et sans effet",
            file=top.file,
            key=key,
            value=top.values[key],
        )


def is_slug(text: str) -> bool:
    """Say whether a challenge may have this name in its address."""
    return bool(SLUG.fullmatch(text)) and len(text) <= MAX_SLUG and text not in RESERVED


def texts(top: Fields) -> dict[str, object]:
    """Read slug, title, summary, task and the small lists."""
    slug = top.text("slug", code="E_SLUG")
    if top.has("slug") and not is_slug(slug):
        top.refuse(
            "E_SLUG",
            f"{SLUG_FORM}, {MAX_SLUG} caractères au plus, et pas {', '.join(sorted(RESERVED))}",
            key="slug",
            value=slug,
        )
    title, summary, use_cases = top.text("title"), top.text("summary"), top.texts("use_cases")
    for key, text, limit in (("title", title, MAX_TITLE), ("summary", summary, MAX_SUMMARY)):
        if len(text) > limit:
            top.refuse(MISSING, f"{limit} caractères au plus", key=key, value=text)
    for case in use_cases:
        if case not in USE_CASES:
            top.refuse(MISSING, "cas d’usage attendus : UC1 à UC6", key="use_cases", value=case)
    return {
        "slug": slug,
        "title": title,
        "summary": summary,
        "language": top.text("language"),
        "task": spec.Task(top.chosen("task", TASKS, default=TASKS[0], code="E_TASK")),
        "use_cases": use_cases,
        "tags": top.texts("tags"),
        "cards": top.texts("cards"),
        "prizes": top.flag("prizes"),
        "incompatible_with": top.texts("incompatible_with"),
    }


def read_quotas(top: Fields) -> spec.Quotas:
    """Read the quotas; 0 is a warning, since some platforms read it as no limit."""
    block = top.mapping("quotas")
    zone = block.text("timezone", default="Europe/Paris", code="E_QUOTA")
    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        block.refuse("E_QUOTA", "fuseau horaire inconnu", key="timezone", value=zone)
    read = {
        name: block.whole(name, code="E_QUOTA") for name in ("per_day", "total", "final_selections")
    }
    for name in ("per_day", "total"):
        if read[name] == 0:
            top.findings.warn(
                "W_QUOTA_ZERO",
                "0 veut dire aucune soumission ; écrivez null pour ne pas limiter",
                file=top.file,
                key=block.at(name),
                value=0,
            )
    return spec.Quotas(
        timezone=zone,
        per_day=read["per_day"],
        total=read["total"],
        final_selections=2 if read["final_selections"] is None else read["final_selections"],
    )


def read_schedule(top: Fields) -> spec.Schedule:
    """Read the announced dates, each with its offset, the close after the opening."""
    block = top.mapping("schedule")
    opens, closes = _instant(block, "opens"), _instant(block, "closes")
    if opens and closes and closes <= opens:
        block.refuse(
            "E_SCHEDULE",
            "la clôture précède l’ouverture ou lui est égale",
            key="closes",
            value=closes.isoformat(),
        )
    return spec.Schedule(opens, closes)


def _instant(block: Fields, key: str) -> datetime | None:
    value = block.values.get(key)
    if value is None:
        return None
    try:
        at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        if isinstance(value, date) and not isinstance(value, datetime):
            raise ValueError
    except ValueError:
        at = None
    if at is not None and at.tzinfo is not None and YEARS[0] <= at.year <= YEARS[1]:
        return at
    block.refuse(
        "E_SCHEDULE",
        "date attendue de {} à {}, avec son décalage : 2027-03-01T09:00:00+01:00".format(*YEARS),
        key=key,
        value=value,
    )
    return None


def leaderboard(top: Fields) -> spec.Leaderboard:
    """Read how entries become places."""
    block = top.mapping("leaderboard")
    return spec.Leaderboard(
        unit=block.chosen("unit", ("team",), default="team", code=MISSING),
        kept=block.chosen("kept", KEPT, default="best", code=MISSING),
        shown=block.chosen("shown", spec.SPLITS, default="public", code=MISSING),
        final=block.chosen("final", spec.SPLITS, default="private", code=MISSING),
        reveal=block.chosen("reveal", ("at_close",), default="at_close", code=MISSING),
        ladder=block.flag("ladder", code="E_LADDER"),
    )


def read_licence(top: Fields) -> dict[str, str | None]:
    """Read the licence of the data, and warn while it is to be confirmed."""
    block = top.mapping("licence")
    if block.values and not block.has("data"):
        block.refuse(MISSING, "cette clé est obligatoire", key="data")
    data = block.mapping("data")
    present = bool(data.values)
    status = (
        data.chosen("status", LICENCE_STATUSES, code=MISSING) if present else LICENCE_STATUSES[0]
    )
    name = data.needed("name") if present else ""
    if status == "to_confirm":
        top.findings.warn(
            "W_LICENCE_TO_CONFIRM",
            "licence des données à confirmer avant la publication",
            file=top.file,
            key="licence.data.status",
            value=name,
        )
    return {
        "name": "" if name in spec.UNNAMED_ONES else name,
        "spdx": data.optional("spdx"),
        "holder": data.text("holder"),
        "status": status,
    }


def provenance(top: Fields) -> list[dict[str, str]]:
    """Read the sources of the data."""
    return [
        {"title": one.needed("title")}
        | {key: one.text(key) for key in ("producer", "source", "licence")}
        for one in top.items("provenance")
    ]


def read_expected(top: Fields) -> spec.Expected | None:
    """Read where the recorded scores are."""
    block = top.mapping("expected")
    if not block.values:
        return None
    tolerance = block.number("tolerance")
    return spec.Expected(
        file=block.needed("file", code="E_FILE_MISSING"),
        baseline=block.optional("baseline"),
        sample=block.optional("sample"),
        tolerance=0.00005 if tolerance is None else float(tolerance),
    )


def prizes(top: Fields, caveats: Iterable[Mapping[str, str]]) -> None:
    """Refuse a prize when the answers are public elsewhere; warn of it in any case."""
    if not any(caveat["key"] == spec.CAVEAT_TRUTH_ELSEWHERE for caveat in caveats):
        return
    if top.values.get("prizes") is True:
        top.refuse(
            "E_PRIZES",
            "pas de dotation quand la vérité est publique ailleurs",
            key="prizes",
            value=True,
        )
    top.findings.warn(
        "W_TRUTH_PUBLIC_ELSEWHERE",
        "les réponses peuvent être retrouvées ailleurs : challenge d’entraînement",
        file=top.file,
        key="caveats",
    )


NEEDED = (spec.Role.TEST, spec.Role.SAMPLE_SUBMISSION, spec.Role.TRUTH)
# What a challenge needs where teams send code, and who reads it.
CODE_NEEDED = (
    spec.Role.HIDDEN_INPUTS, spec.Role.SAMPLE_INPUTS, spec.Role.SAMPLE_SUBMISSION, spec.Role.TRUTH,
)  # fmt: skip
CODE_ONLY = {
    spec.Role.HIDDEN_INPUTS: spec.Audience.HELD_OUT,
    spec.Role.SAMPLE_INPUTS: spec.Audience.PUBLIC,
    spec.Role.SAMPLE_ANSWERS: spec.Audience.PUBLIC,
}
MAX_PAGE_BYTES, MAX_PAGE_CHARS = 100_000, 20_000


def read_files(top: Fields, folder: Folder, *, code: bool = False) -> tuple[spec.FileEntry, ...]:
    """Read every declared file; returns those that are there, whatever else is wrong.

    code: teams send programs, whose inputs are held out.
    """
    block = top.mapping("files")
    for key in sorted(set(block.values) - {audience.value for audience in spec.Audience}):
        block.refuse(MISSING, "publics admis : public, held_out, organiser", key=key)
    found: list[spec.FileEntry] = []
    declared: set[spec.Role] = set()
    for audience in spec.Audience:
        for one in block.items(audience.value):
            entry = _entry(one, audience, declared)
            if entry is not None and present(one, "path", folder) and _fresh(one, entry, found):
                _rows(one, entry, folder)
                found.append(entry)
    for role in CODE_NEEDED if code else NEEDED:
        if block.values and role not in declared:
            block.refuse("E_FILE_ROLE", "un fichier de ce rôle est attendu", value=role.value)
    _truth_hidden(top, found, folder)
    _of_code(top, block, found, folder, code=code)
    return tuple(found)


def _of_code(
    top: Fields, block: Fields, found: list[spec.FileEntry], folder: Folder, *, code: bool
) -> None:
    """Note a file of code in a challenge of predictions, or one shown to the wrong readers."""
    for entry in found:
        audience, is_zip = CODE_ONLY.get(entry.role), entry.path.lower().endswith(".zip")
        if not code and audience is not None:
            block.refuse(
                "E_FILE_ROLE",
                "ce rôle va avec la clé « code », pour un challenge où les équipes envoient "
                "un programme",
                value=entry.role.value,
            )
        elif code and entry.role is spec.Role.TEST:
            block.refuse(
                "E_FILE_ROLE",
                "avec la clé « code », la table à prédire a le rôle hidden_inputs et reste scellée",
                value=entry.role.value,
            )
        elif code and entry.role is spec.Role.BASELINE_SUBMISSION and not is_zip:
            block.refuse(
                "E_FILE_ROLE",
                "avec la clé « code », la solution de référence est une archive .zip de code",
                value=entry.path,
            )
        elif audience is not None and entry.audience is not audience:
            hidden = entry.role is spec.Role.HIDDEN_INPUTS
            block.refuse(
                "E_TRUTH_PUBLIC" if hidden else "E_FILE_ROLE",
                f"un fichier de ce rôle est sous files.{audience.value}",
                value=entry.role.value,
            )
        elif entry.role is spec.Role.HIDDEN_INPUTS:
            _not_copied(top, entry, found, folder)


def present(one: Fields, key: str, folder: Folder) -> bool:
    """Say whether the path at `key` names a file of the folder, and note it if not."""
    path = one.values.get(key)
    try:
        folder.locate(path)
    except PathRefused:
        one.refuse(
            "E_FILE_PATH",
            "chemin relatif attendu, dans le dossier, sans « .. » ni lien",
            key=key,
            value=path,
        )
    except FileAbsent:
        one.refuse("E_FILE_MISSING", "fichier absent du dossier", key=key, value=path)
    else:
        return True
    return False


def page(top: Fields, key: str, folder: Folder, *, inline: bool = False) -> str:
    """Read a Markdown file named at `key`; `inline`: a text that names no .md file is itself."""
    path = top.text(key)
    if not path or (inline and ("\n" in path or not path.endswith(".md"))):
        return path
    if not present(top, key, folder):
        return ""
    try:
        text = folder.read(path, limit_bytes=MAX_PAGE_BYTES).decode("utf-8-sig")
    except (TableRefused, UnicodeDecodeError):
        text = "\0"
    if "\0" in text or len(text) > MAX_PAGE_CHARS:
        top.refuse(
            MISSING,
            f"texte UTF-8 de {MAX_PAGE_CHARS} caractères au plus attendu",
            key=key,
            value=path,
        )
        return ""
    return text


def _entry(one: Fields, audience: spec.Audience, declared: set[spec.Role]) -> spec.FileEntry | None:
    """Read one entry and note a role that is unknown or already played."""
    roles = tuple(role.value for role in spec.Role)
    name = one.text("role", code="E_FILE_ROLE")
    if name not in roles:
        one.refuse("E_FILE_ROLE", f"rôles admis : {', '.join(roles)}", key="role", value=name)
        role = spec.Role.EXTRA
    else:
        role = spec.Role(name)
    if role in declared and role is not spec.Role.EXTRA:
        one.refuse("E_FILE_ROLE", "rôle déjà donné à un autre fichier", key="role", value=name)
        role = spec.Role.EXTRA
    declared.add(role)
    path = one.values.get("path")
    return spec.FileEntry(
        path=path if isinstance(path, str) else "",
        role=role,
        audience=audience,
        rows=one.whole("rows", code="E_FILE_ROWS"),
        args=one.texts("args"),
    )


def _fresh(one: Fields, entry: spec.FileEntry, found: list[spec.FileEntry]) -> bool:
    """Note a path listed twice; held out and public at once is the graver fault."""
    earlier = next((other for other in found if other.path == entry.path), None)
    if earlier is None:
        return True
    audiences = {earlier.audience, entry.audience}
    if audiences == {spec.Audience.PUBLIC, spec.Audience.HELD_OUT}:
        one.refuse(
            "E_TRUTH_PUBLIC",
            "fichier à la fois public et tenu à l’écart",
            key="path",
            value=entry.path,
        )
    else:
        one.refuse("E_FILE_TWICE", "fichier déclaré deux fois", key="path", value=entry.path)
    return False


def _rows(one: Fields, entry: spec.FileEntry, folder: Folder) -> None:
    """Compare the declared number of rows with the table."""
    if entry.rows is None or not entry.path.lower().endswith(".csv"):
        return
    try:
        counted = folder.rows(entry.path)
    except TableRefused as refusal:
        one.refuse("E_FILE_ROWS", str(refusal), key="rows", value=entry.path)
        return
    if counted != entry.rows:
        one.refuse(
            "E_FILE_ROWS",
            f"{entry.path} compte {counted} lignes, {entry.rows} annoncées",
            key="rows",
            value=entry.rows,
        )


def _truth_hidden(top: Fields, found: list[spec.FileEntry], folder: Folder) -> None:
    """Note a truth that teams could read: listed elsewhere than held out, or copied."""
    truth = next((entry for entry in found if entry.role is spec.Role.TRUTH), None)
    block = top.mapping("truth")
    named = block.text("file")
    if truth is None:
        named_public = any(
            entry.path == named and entry.audience is spec.Audience.PUBLIC for entry in found
        )
        if named_public:
            block.refuse("E_TRUTH_PUBLIC", "la vérité est publique", key="file", value=named)
        return
    if truth.audience is not spec.Audience.HELD_OUT:
        block.refuse(
            "E_TRUTH_PUBLIC",
            "le fichier de vérité doit être sous files.held_out",
            key="file",
            value=truth.path,
        )
    elif named and named != truth.path:
        block.refuse(
            "E_TRUTH_PUBLIC",
            f"le fichier de rôle truth est {truth.path}",
            key="file",
            value=named,
        )
    _not_copied(top, truth, found, folder)


def _not_copied(
    top: Fields, held: spec.FileEntry, found: list[spec.FileEntry], folder: Folder
) -> None:
    """Note a public file whose bytes are those of a held-out one, under another name."""
    kind = "de la vérité" if held.role is spec.Role.TRUTH else "des entrées réservées"
    size = folder.locate(held.path).stat().st_size
    for entry in found:
        same_size = (
            entry.audience is spec.Audience.PUBLIC
            and entry.path != held.path
            and folder.locate(entry.path).stat().st_size == size
        )
        if same_size and folder.sha256(entry.path) == folder.sha256(held.path):
            top.refuse(
                "E_TRUTH_PUBLIC",
                f"ce fichier public est une copie {kind}",
                key="files.public",
                value=entry.path,
            )


UNKNOWN = "E_METRIC_UNKNOWN"


def read_contract(top: Fields) -> ScoringContract:
    """Read submission, truth, metrics and fairness; what is wrong in them is noted.

    The resamplings are those of the portal: a document does not choose them.
    """
    said = {key: value for key, value in top.values.items() if key != "interval"}
    top = Fields(top.findings, said, top.place, file=top.file)
    contract = ScoringContract.read(top)
    if top.has("truth"):
        truth = top.mapping("truth")
        truth.needed("file")
        split = truth.mapping("split")
        for name in ("column", "public", "private"):
            split.needed(name, code=SPLIT)
    targets = contract.answer.targets
    _check_figures(top, contract.metrics, targets)
    _check_figures(top.mapping("fairness"), contract.fairness, targets)
    return contract


def read_metrics(top: Fields, targets: tuple[str, ...] | None) -> tuple[MetricSpec, ...]:
    """Read the metrics of a board: known, keyed, one of them primary. targets: of the answer."""
    metrics = tuple(MetricSpec.read(one) for one in top.items("metrics"))
    check_primary(top, metrics)
    _check_figures(top, metrics, targets)
    return metrics


def _check_figures(
    fields: Fields, metrics: tuple[MetricSpec, ...], targets: tuple[str, ...] | None
) -> None:
    """Note metrics that are not known, or that are not used as they can be."""
    for one, figure in zip(fields.items("metrics"), metrics, strict=True):
        known = registry.METRICS.get(figure.metric)
        if known is not None:
            for name, reason in registry.parameter_faults(known, figure.params, targets):
                key, value = f"params.{name}", figure.params.get(name, "")
                one.refuse(UNKNOWN, french_reasons(reason), key=key, value=value)
            _check_direction(one, known, figure)
        elif figure.metric:
            near = get_close_matches(figure.metric, registry.METRICS, 3, 0.4)
            said = (
                f"mesure inconnue ; les plus proches : {', '.join(near)}"
                if near
                else "mesure inconnue"
            )
            one.refuse(UNKNOWN, said, key="metric", value=figure.metric)


def _check_direction(one: Fields, known: Metric, spec: MetricSpec) -> None:
    written = one.raw("direction")
    if spec.aggregate is not None or written != spec.direction or known.direction == "none":
        return
    if spec.direction not in (known.direction, "none"):
        said = f"pour cette mesure le sens est {known.direction}"
        one.refuse("E_DIRECTION", said, key="direction", value=written)


def read_challenge(folder: Path) -> spec.Report:
    """Read `folder`/challenge.yaml and compare it with the files beside it.

    Writes nothing, and does not score again what is recorded: see `recorded.check`. The causes
    are those of format version 1, in the order of the checks.
    """
    findings, place = Findings(), Folder(folder)
    found = load(place, spec.CHALLENGE_FILE, findings, ours=True)
    read: spec.PortableSpec | None = None
    if found is not None:
        top = Fields(findings, found.values, "", file=spec.CHALLENGE_FILE)
        unknown(top)
        read = _spec(top, place) if is_ours(top) else None
    errors, warnings = tuple(findings.errors), tuple(findings.warnings)
    return spec.Report(errors, warnings, None if errors else read)


def _spec(top: Fields, folder: Folder) -> spec.PortableSpec:
    """Run every check in order; the result counts only if no fault was noted."""
    required(top)
    said = texts(top)
    page_text = page(top, "page", folder)
    terms_text = page(top, "terms", folder, inline=True)
    rules = code.rules(top)
    files = read_files(top, folder, code=rules is not None)
    contract = read_contract(top)
    contents.check(_tables(top, files, folder, rules), contract)
    quotas, schedule = read_quotas(top), read_schedule(top)
    caveats = [{key: one.needed(key) for key in ("key", "text")} for one in top.items("caveats")]
    licence = read_licence(top)
    prizes(top, caveats)
    expected = read_expected(top)
    if expected is not None and rules is not None:
        top.refuse(
            "E_SCORES",
            "aucun programme n’est lancé à l’import : retirez cette clé",
            key="expected",
        )
    elif expected is not None:
        present(top.mapping("expected"), "file", folder)
    return spec.PortableSpec(
        **said,  # type: ignore[arg-type] # one value a field, read just above
        files=_with_sources(files, contract.attributes),
        contract=contract,
        quotas=quotas,
        licence=licence,
        leaderboard=leaderboard(top),
        schedule=schedule,
        page=top.optional("page"),
        page_text=page_text,
        terms_text=terms_text,
        caveats=caveats,
        provenance=provenance(top),
        expected=expected,
        code=rules,
        raw=dict(top.values),
    )


def _tables(
    top: Fields, files: tuple[spec.FileEntry, ...], folder: Folder, rules: code.CodeRules | None
) -> contents.Tables:
    paths = {entry.role: entry.path for entry in files}
    return contents.Tables(
        folder=folder,
        findings=top.findings,
        test=paths.get(spec.Role.HIDDEN_INPUTS if rules else spec.Role.TEST),
        sample=paths.get(spec.Role.SAMPLE_SUBMISSION),
        truth=paths.get(spec.Role.TRUTH),
        inputs=paths.get(spec.Role.SAMPLE_INPUTS) if rules else None,
        answers=paths.get(spec.Role.SAMPLE_ANSWERS) if rules else None,
        is_code=rules is not None,
        public=tuple(each.path for each in files if each.audience is spec.Audience.PUBLIC),
        train=paths.get(spec.Role.TRAIN),
    )


def _with_sources(
    files: tuple[spec.FileEntry, ...], attributes: Sequence[Attribute]
) -> tuple[spec.FileEntry, ...]:
    """Hold out a table of attributes that no audience was declared for."""
    declared = {entry.path for entry in files} | {"truth", ""}
    more = dict.fromkeys(
        attribute.source for attribute in attributes if attribute.source not in declared
    )
    return files + tuple(
        spec.FileEntry(path, spec.Role.ATTRIBUTES, spec.Audience.HELD_OUT) for path in more
    )
