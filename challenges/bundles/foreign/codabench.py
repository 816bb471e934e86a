"""Read a bundle of Codabench, version 2, or of CodaLab, version 1, 1.5 or 1.8.

Sources: codalab/codabench c7dbc75, src/apps/competitions/unpackers/v1.py and v2.py, the
documentation of its YAML format, and the bundles of CodaLab Competitions."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import PurePosixPath

from challenges.bundles.foreign import bundle as foreign_bundle
from challenges.bundles.foreign import documents
from challenges.bundles.foreign.bundle import (
    Reading,
    code_is_expected,
    orders,
    plain,
    public_payload,
    refuse_published,
)
from challenges.bundles.foreign.documents import Block, Instant, Question, instant, load
from challenges.bundles.foreign.values import (
    Attribute,
    Board,
    BoardColumn,
    ForeignSpec,
    Format,
    Phase,
    Rule,
    Solution,
    Task,
    Text,
)
from challenges.scoring.fields import MISSING

RULES = {
    "Add": Rule.CHOSEN_ONE,
    "Add_And_Delete": Rule.CHOSEN_ONE,
    "Add_And_Delete_Multiple": Rule.CHOSEN_SEVERAL,
    "Force_Last": Rule.LAST,
    "Force_Latest_Multiple": Rule.ALL,
    "Force_Best": Rule.BEST,
}
OPERATIONS = ("avg", "sum", "min", "max")
SORTS = ("desc", "asc")
TITLE, KEY, MAX_DECIMALS = 64, 36, 10
UNKNOWN, TWICE = "E_COLUMN_UNKNOWN", "E_COLUMN_INDEX_DUPLICATE"


def read_boards(top: Block, reading: Reading) -> tuple[Board, ...]:
    """Read `leaderboards`; all are kept, where Codabench uses the first."""
    if "leaderboards" not in top.values and top.has("leaderboard"):
        top.refuse(
            MISSING, "en version 2 cette clé s’écrit « leaderboards » et porte une liste",
            key="leaderboard",
        )  # fmt: skip
        return ()
    if not top.has("leaderboards"):
        top.refuse(MISSING, "au moins un classement est attendu", key="leaderboards")
    found = []
    for block in top.items("leaderboards"):
        columns = _columns(block, reading)
        rule = block.chosen("submission_rule", tuple(RULES), default="Add")
        found.append(
            Board(
                key=block.needed("key", longest=KEY),
                title=block.needed("title", longest=TITLE),
                columns=columns,
                primary=_primary(block, columns),
                rule=RULES[rule],
                written_rule=rule,
                hidden=block.flag("hidden", default=False),
            )
        )
        reading.close(block)
    return tuple(found)


def _primary(block: Block, columns: Sequence[BoardColumn]) -> str:
    index = block.whole("primary_index", default=0)
    found = next((column for column in columns if column.index == index), None)
    if found is None and columns:
        block.refuse(UNKNOWN, "aucune colonne de cet index", key="primary_index", value=index)
    return found.key if found else ""


def _columns(board: Block, reading: Reading) -> tuple[BoardColumn, ...]:
    found: list[BoardColumn] = []
    operands: dict[int, tuple[Block, tuple[int, ...]]] = {}
    if not board.has("columns"):
        board.refuse(MISSING, "au moins une colonne est attendue", key="columns")
    for at, block in enumerate(board.items("columns")):
        column = _column(block, at)
        if column.index in {one.index for one in found}:
            block.refuse(TWICE, "cet index sert deux fois", key="index", value=column.index)
        if column.key in {one.key for one in found}:
            block.refuse(TWICE, "cette clé sert deux fois", key="key", value=column.key)
        operands[column.index] = (block, block.numbers("computation_indexes"))
        found.append(column)
        reading.close(block)
    keys = {column.index: column.key for column in found}
    return tuple(
        replace(column, operands=_operands(column, *operands[column.index], keys))
        for column in sorted(found, key=lambda one: one.index)
    )


def _operands(
    column: BoardColumn, block: Block, indexes: tuple[int, ...], keys: dict[int, str]
) -> tuple[str, ...]:
    if not column.operation:
        return ()
    if not indexes:
        block.refuse(MISSING, "colonnes du calcul attendues", key="computation_indexes")
    for index in indexes:
        if index not in keys or index == column.index:
            block.refuse(
                UNKNOWN, "aucune autre colonne de cet index", key="computation_indexes", value=index
            )
    return tuple(keys[index] for index in indexes if index in keys)


def _column(block: Block, at: int) -> BoardColumn:
    index = block.whole("index", default=at)
    operation = block.text("computation")
    if operation and operation not in OPERATIONS:
        block.refuse(
            "E_KEY_TYPE", f"valeurs admises : {', '.join(OPERATIONS)}", key="computation",
            value=operation,
        )  # fmt: skip
    return BoardColumn(
        key=block.needed("key", longest=KEY),
        title=block.needed("title", longest=KEY),
        index=at if index is None else index,
        descending=block.chosen("sorting", SORTS, default="desc") == "desc",
        decimals=_decimals(block, "precision"),
        hidden=block.flag("hidden", default=False),
        operation=operation if operation in OPERATIONS else "",
    )


def _decimals(block: Block, key: str) -> int:
    found = block.whole(key, default=2)
    if found is not None and found > MAX_DECIMALS:
        block.refuse("E_KEY_TYPE", f"{MAX_DECIMALS} décimales au plus", key=key, value=found)
    return 2 if found is None else min(found, MAX_DECIMALS)


def read_old_boards(top: Block, reading: Reading) -> tuple[Board, ...]:
    """Read `leaderboard`: boards, columns attached by the label of their board, groups."""
    block = top.mapping("leaderboard")
    labels = {}
    for name, one in block.entries("leaderboards"):
        labels[name] = (one.text("label", name), one.whole("rank", default=1) or 1)
        reading.close(one)
    if not labels:
        top.refuse(MISSING, "au moins un classement est attendu", key="leaderboard.leaderboards")
    block.raw("column_groups")
    columns = [(one, _old_column(one, name)) for name, one in block.entries("columns")]
    computed = _computed(columns)
    for one, _column in columns:
        reading.close(one)
    reading.close(block)
    found = []
    for name, (label, _rank) in sorted(labels.items(), key=lambda item: item[1][1]):
        own = tuple(
            sorted(
                (computed[column.key] for one, column in columns if _on(one, label, labels)),
                key=lambda column: column.index,
            )
        )
        if not own:
            top.refuse(MISSING, "aucune colonne", key=f"leaderboard.leaderboards.{name}")
            continue
        found.append(Board(name, label, own, own[0].key))
    return tuple(found)


def _on(block: Block, label: str, labels: dict[str, tuple[str, int]]) -> bool:
    """Say whether a column is on a board: by the label of the alias, whatever its case."""
    named = block.raw("leaderboard")
    if isinstance(named, dict):
        return str(named.get("label", "")).strip().lower() == label.lower()
    return len(labels) == 1 or str(named).strip().lower() == label.lower()


def _old_column(block: Block, name: str) -> BoardColumn:
    group = block.raw("column_group")
    block.raw("leaderboard")
    rank = block.whole("rank", default=1)
    return BoardColumn(
        key=name,
        title=block.text("label", name),
        index=1 if rank is None else rank,
        descending=block.chosen("sort", SORTS, default="desc") == "desc",
        decimals=_decimals(block, "numeric_format"),
        hidden=block.flag("hidden", default=False),
        group=str(group.get("label", "")) if isinstance(group, dict) else "",
    )


def _computed(columns: Sequence[tuple[Block, BoardColumn]]) -> dict[str, BoardColumn]:
    """Read `computed`, that Codabench drops: an operation over other columns."""
    keys = {column.key.lower(): column.key for _block, column in columns}
    found = {}
    for block, column in columns:
        said = block.mapping("computed")
        if not said.values:
            found[column.key] = column
            continue
        operation = said.text("operation").lower()
        if operation not in OPERATIONS:
            said.refuse(
                "E_KEY_TYPE", f"valeurs admises : {', '.join(OPERATIONS)}", key="operation",
                value=operation,
            )  # fmt: skip
        names = [one.strip() for one in ",".join(said.texts("fields")).split(",") if one.strip()]
        for name in names:
            if name.lower() not in keys:
                said.refuse(UNKNOWN, "aucune colonne de ce nom", key="fields", value=name)
        operands = tuple(keys[name.lower()] for name in names if name.lower() in keys)
        found[column.key] = replace(column, operation=operation, operands=operands)
    return found


TASK_FILE = "task.yaml"
DATASETS = ("scoring_program", "reference_data", "input_data", "ingestion_program")
DEFAULT_IMAGE = "codalab/codalab-legacy:py37"
OFF = ("enable_detailed_results", "make_programs_available", "make_input_data_available")
ON = (
    "show_detailed_results_in_submission_panel",
    "show_detailed_results_in_leaderboard",
    "auto_run_submissions",
    "can_participants_make_submissions_public",
    "forum_enabled",
)
KINDS = ("competition", "benchmark")
FACTS = ("checkbox", "text", "select")
HIDDEN = ("hide_output", "hide_prediction_output", "hide_score_output")
DEFAULT_SECONDS = 600


def read_codabench(top: Block, reading: Reading) -> ForeignSpec:
    """Read competition.yaml and what it names; every fault goes to reading.findings."""
    payloads = reading.payloads
    environment(top, "docker_image", default=DEFAULT_IMAGE)
    if top.has("queue"):
        top.warn(
            "W_QUEUE_IGNORED", "les files d’un autre serveur n’existent pas ici", key="queue",
            value=top.raw("queue"),
        )  # fmt: skip
    tasks = _tasks(top, reading)
    options = {key: top.flag(key, default=False) for key in OFF}
    options |= {key: top.flag(key, default=True) for key in ON}
    _input_published(top, reading, tasks, options)
    found = ForeignSpec(
        format=Format.CODABENCH,
        version=top.text("version"),
        title=top.needed("title"),
        description=top.text("description"),
        image=payloads.image(top, "image"),
        contact=top.text("contact_email"),
        reward=top.text("reward"),
        kind=top.chosen("competition_type", KINDS, default=KINDS[0]),
        auto_approve=top.flag("registration_auto_approve", default=False),
        options=options,
        environment=top.text("docker_image", DEFAULT_IMAGE),
        terms=payloads.terms(top, "terms"),
        pages=tuple(_pages(top, reading)),
        tasks=tasks,
        solutions=_solutions(top, reading, tasks),
        phases=_phases(top, reading, tasks),
        boards=read_boards(top, reading),
        fact_sheet=_fact_sheet(top, reading),
        kept=reading.kept,
    )
    code_is_expected(top, tasks)
    reading.close(top)
    return found


def environment(top: Block, key: str, *, default: str) -> None:
    """Warn of an image of another platform: programs run in the environments named here."""
    if top.has(key) and top.text(key) != default:
        top.warn(
            "W_DOCKER_IMAGE_IGNORED",
            "les programmes tournent dans les environnements de ce portail : vérifiez leurs "
            "bibliothèques par un essai à blanc",
            key=key,
            value=top.text(key),
        )


def _pages(top: Block, reading: Reading) -> list[Text]:
    found = []
    for block in top.items("pages"):
        page = reading.payloads.page(block, "file", title=block.needed("title"))
        reading.close(block)
        found += [page] if page else []
    if "pages" not in top.values:
        top.refuse(MISSING, "cette clé est obligatoire", key="pages")
    return found


def _tasks(top: Block, reading: Reading) -> tuple[Task, ...]:
    found: list[Task] = []
    if not top.has("tasks"):
        top.refuse(MISSING, "au moins une tâche est attendue", key="tasks")
    for at, block in enumerate(top.items("tasks")):
        index = _index(block, at, [task.index for task in found], "E_TASK_INDEX_DUPLICATE")
        described = _described(block, reading)
        found.append(_task(described, index, reading))
        reading.close(described)
    return tuple(found)


def _described(block: Block, reading: Reading) -> Block:
    """Give a task that the bundle describes in a task.yaml, in a folder named by its key."""
    key = block.text("key")
    place = next(
        (
            PurePosixPath(path).parent
            for path in (foreign_bundle.files_below(reading.root) if key else [])
            if PurePosixPath(path).name == TASK_FILE and PurePosixPath(path).parent.name == key
        ),
        None,
    )
    if place is None:
        return block
    inner = load(reading.payloads.folder, f"{place}/{TASK_FILE}", reading.findings)
    if inner is None:
        return block
    for name in DATASETS:
        given = inner.raw(name)
        if isinstance(given, dict):  # {zip: …} beside task.yaml, or {key: …}
            said = given.get("zip") or given.get("key") or ""
            given = str(said)
        if isinstance(given, str) and given:
            beside = f"{place}/{given}"
            inner.values[name] = beside if reading.payloads.holds(beside) else given
    inner.raw("is_public")
    if "index" in block.values:
        inner.values["index"] = block.raw("index")
    inner.raw("index")
    return inner


def _task(block: Block, index: int, reading: Reading) -> Task:
    named = reading.payloads.named
    if block.has("key"):
        block.refuse(
            "E_FILE_MISSING",
            "tâche d’un autre serveur, inconnue ici : décrivez-la avec ses fichiers",
            key="key",
            value=block.text("key"),
        )
    return Task(
        index=index,
        name=block.text("name") if block.has("key") else block.needed("name"),
        description=block.text("description"),
        scoring_program=named(block, "scoring_program", required=not block.has("key")),
        reference_data=named(block, "reference_data"),
        input_data=named(block, "input_data"),
        ingestion_program=named(block, "ingestion_program"),
        ingestion_only_during_scoring=beside_truth(block, "ingestion_only_during_scoring"),
        key=block.text("key"),
    )


def beside_truth(block: Block, key: str) -> bool:
    """Read whether code runs during the scoring, which is kept and never done."""
    together = block.flag(key, default=False)
    if together:
        said = "le code tournerait à côté de la vérité : gardé pour l’export, jamais exécuté"
        block.warn("W_KEY_NOT_MAPPED", said, key=key, value=True)
    return together


def hidden(block: Block) -> tuple[str, ...]:
    """List what a phase hides from the teams: output, prediction_output, score_output."""
    return tuple(key.removeprefix("hide_") for key in HIDDEN if block.flag(key, default=False))


def seconds(block: Block) -> int:
    """Read the longest time of a run; 0 is the usual one."""
    return block.whole("execution_time_limit", default=DEFAULT_SECONDS) or DEFAULT_SECONDS


def _index(block: Block, at: int, taken: list[int], code: str) -> int:
    """Read an index, its rank in the list when absent, and note one already taken."""
    index = block.whole("index", default=at)
    if index is None:
        return at
    if index in taken:
        block.refuse(code, "cet index sert deux fois", key="index", value=index)
    return index


def _input_published(
    top: Block, reading: Reading, tasks: tuple[Task, ...], options: dict[str, bool]
) -> None:
    """Refuse input data given to everybody that hold the answers."""
    if not options["make_input_data_available"]:
        return
    for at, task in enumerate(tasks):
        refuse_published(reading.payloads, top, f"tasks[{at}].input_data", task.input_data, tasks)


def _known(block: Block, tasks: tuple[Task, ...]) -> tuple[int, ...]:
    """Read the tasks that a phase or a solution names: E_TASK_UNKNOWN."""
    named, known = block.numbers("tasks"), [task.index for task in tasks]
    for index in named:
        if index not in known:
            block.refuse(
                "E_TASK_UNKNOWN",
                f"tâches déclarées : {', '.join(map(str, known)) or 'aucune'}",
                key="tasks",
                value=index,
            )
    return named


def _solutions(top: Block, reading: Reading, tasks: tuple[Task, ...]) -> tuple[Solution, ...]:
    found: list[Solution] = []
    for at, block in enumerate(top.items("solutions")):
        index = _index(block, at, [one.index for one in found], "E_SOLUTION_INDEX_DUPLICATE")
        key = "path" if block.has("path") else "key"
        payload = reading.payloads.named(block, key, required=True)
        named = _known(block, tasks)
        if payload is not None:
            found.append(Solution(index, block.text("name"), payload, named))
        block.text("description")
        reading.close(block)
    return tuple(found)


def _phases(top: Block, reading: Reading, tasks: tuple[Task, ...]) -> tuple[Phase, ...]:
    found: list[tuple[Block, Phase]] = []
    if not top.has("phases"):
        top.refuse(MISSING, "au moins une phase est attendue", key="phases")
    for at, block in enumerate(top.items("phases")):
        index = _index(block, at, [one.index for _block, one in found], "E_PHASE_INDEX_DUPLICATE")
        found.append((block, _phase(block, index, reading, tasks)))
        reading.close(block, drop=("accepts_only_result_submissions",))
    found.sort(key=lambda one: one[1].index)
    ordered = enumerate(orders(found, start="start", end="end"))
    return tuple(replace(phase, index=at) for at, phase in ordered)


def _phase(block: Block, index: int, reading: Reading, tasks: tuple[Task, ...]) -> Phase:
    if not block.has("tasks"):
        block.refuse(MISSING, "au moins une tâche est attendue", key="tasks")
    return Phase(
        index=index,
        name=block.needed("name"),
        description=block.text("description"),
        start=instant(block, "start", ask=reading.ask),
        end=instant(block, "end", ask=reading.ask),
        tasks=_known(block, tasks),
        max_per_day=reading.quota(block, "max_submissions_per_day", default=5),
        max_total=reading.quota(block, "max_submissions", default=100),
        time_limit_s=seconds(block),
        migrates=block.flag("auto_migrate_to_this_phase", default=False),
        hidden=hidden(block),
        public_data=public_payload(reading.payloads, block, "public_data", tasks),
        starting_kit=public_payload(reading.payloads, block, "starting_kit", tasks),
        place=block.place,
    )


def _fact_sheet(top: Block, reading: Reading) -> tuple[Attribute, ...]:
    found = []
    for name, block in top.entries("fact_sheet"):
        kind = block.chosen("type", FACTS, default="text")
        options = block.texts("selection") if kind == "select" else ()
        block.raw("selection")
        found.append(
            Attribute(
                key=block.text("key", name),
                title=block.text("title", name),
                type=kind,
                options=options,
                required=block.flag("is_required", default=False),
                on_leaderboard=block.flag("is_on_leaderboard", default=False),
            )
        )
        reading.close(block)
    return tuple(found)


OLD_IMAGE = "codalab/codalab-legacy:py3"
OPTIONS = ("enable_detailed_results", "make_programs_available", "make_input_data_available")
DROPPED = (
    "disallow_leaderboard_modifying", "enable_forum", "allow_teams", "anonymous_leaderboard",
    "admin_names", "allow_public_submissions", "enable_medical_image_viewer",
)  # fmt: skip
PHASE_DROPPED = ("color", "datasets", "ingestion_program_docker_image", "phase_never_ends")
PARENT = ("is_parallel_parent", "parent_phasenumber")
DAY = timedelta(days=1)


def read_codalab(top: Block, reading: Reading) -> ForeignSpec:
    """Read competition.yaml and what it names; every fault goes to reading.findings."""
    environment(top, "competition_docker_image", default=OLD_IMAGE)
    html = top.mapping("html")
    options = {key: top.flag(key, default=False) for key in OPTIONS}
    options["auto_run_submissions"] = top.flag("auto_run_submissions", default=True)
    forced = top.flag("force_submission_to_leaderboard", default=False)
    phases, tasks, best = _old_phases(top, reading)
    found = ForeignSpec(
        format=Format.CODALAB,
        version=top.text("version", "1.5"),
        title=top.needed("title"),
        description=top.text("description"),
        image=reading.payloads.image(top, "image"),
        auto_approve=not top.flag("has_registration", default=False),
        options=options,
        environment=top.text("competition_docker_image", OLD_IMAGE),
        terms=reading.payloads.terms(html, "terms"),
        pages=_old_pages(html, reading),
        tasks=tasks,
        phases=phases,
        boards=tuple(
            _ruled(board, forced=forced, best=best) for board in read_old_boards(top, reading)
        ),
        end=instant(top, "end_date", ask=_silent),
        kept=reading.kept,
    )
    code_is_expected(top, tasks)
    reading.close(top, drop=DROPPED)
    return found


def _silent(_question: Question) -> None:
    """Ask nothing: the end of the challenge is asked about as that of its last phase."""


def _ruled(board: Board, *, forced: bool, best: bool) -> Board:
    """Say which entries the board keeps: chosen by the team unless the challenge forces them."""
    rule = Rule.BEST if best else Rule.LAST if forced else Rule.CHOSEN_ONE
    return replace(board, rule=rule)


def _old_pages(html: Block, reading: Reading) -> tuple[Text, ...]:
    found = []
    for key in html.values:
        if key != "terms" and html.has(key):
            page = reading.payloads.page(html, key, title=key.replace("_", " ").title(), name=key)
            found += [page] if page else []
    return tuple(found)


def _old_phases(top: Block, reading: Reading) -> tuple[tuple[Phase, ...], tuple[Task, ...], bool]:
    """Read the phases in their order, one task each; say whether all force the best entry."""
    if not top.has("phases"):
        top.refuse(MISSING, "au moins une phase est attendue", key="phases")
    blocks = [block for _name, block in top.entries("phases")]
    blocks = [block for block in blocks if not _is_parent(block, reading)]
    blocks.sort(key=lambda block: block.whole("phasenumber", default=0) or 0)
    starts = [instant(block, "start_date", ask=reading.ask) for block in blocks]
    last = instant(top, "end_date", ask=reading.ask)
    phases, tasks, best = [], [], bool(blocks)
    for at, block in enumerate(blocks):
        best &= block.flag("force_best_submission_to_leaderboard", default=False)
        end = _end(block, starts[at], starts[at + 1]) if at + 1 < len(blocks) else last
        task = _old_task(block, at, reading)
        phase = _old_phase(block, at, reading, task)
        phases.append(replace(phase, start=starts[at], end=end))
        tasks.append(task)
        _dates(block, top, phases[-1], is_last=at + 1 == len(blocks))
        reading.close(block, drop=PHASE_DROPPED)
    return tuple(phases), tuple(tasks), best


def _is_parent(block: Block, reading: Reading) -> bool:
    """Say whether a phase of version 1.8 only holds others; it is left out, with a warning."""
    parent = block.flag(PARENT[0], default=False)
    block.raw(PARENT[1])
    if parent:
        block.warn("W_KEY_NOT_MAPPED", "phase qui ne fait qu’en réunir d’autres", key=PARENT[0])
        reading.kept[block.place] = plain(block.values)
    return parent


def _end(block: Block, start: Instant | None, following: Instant | None) -> Instant | None:
    """End a phase where the next one starts; Codabench ends it a day before."""
    if following is None:
        return None
    if start is not None and following.at - DAY <= start.at:
        block.warn(
            "W_PHASE_END",
            "phases distantes d’un jour ou moins : celle-ci finit au début de la suivante ; "
            "Codabench la ferait finir avant son début",
            key="start_date",
        )
    return Instant(following.written, following.at, following.codabench - DAY)


def _dates(block: Block, top: Block, phase: Phase, *, is_last: bool) -> None:
    """Check the dates of a phase: E_PHASE_DATES, E_PHASE_ORDER."""
    if phase.start is None and not block.has("start_date"):
        block.refuse("E_PHASE_DATES", "une date de début est attendue", key="start_date")
    if not phase.start or not phase.end or phase.end.at > phase.start.at:
        return
    if is_last:
        top.refuse(
            "E_PHASE_DATES", f"la fin précède le début de la dernière phase, {phase.start.written}",
            key="end_date", value=phase.end.written,
        )  # fmt: skip
    else:
        block.refuse(
            "E_PHASE_ORDER",
            f"la phase suivante commence avant celle-ci, le {phase.end.written}",
            key="start_date",
            value=phase.start.written,
        )


def _old_task(block: Block, at: int, reading: Reading) -> Task:
    named = reading.payloads.named
    together = beside_truth(block, "ingestion_program_only_during_scoring")
    return Task(
        index=at,
        name=f"{block.text('label')} Task",
        scoring_program=named(block, "scoring_program", required=True),
        reference_data=named(block, "reference_data", required=True),
        input_data=named(block, "input_data"),
        ingestion_program=named(block, "ingestion_program"),
        ingestion_only_during_scoring=together,
    )


def _old_phase(block: Block, at: int, reading: Reading, task: Task) -> Phase:
    mode = block.chosen(
        "leaderboard_management_mode", ("default", "hide_results"), default="default"
    )
    number = block.whole("phasenumber", default=at)
    return Phase(
        index=at,
        codename=str(at if number is None else number),
        name=block.needed("label"),
        description=block.text("description"),
        start=None,
        end=None,
        tasks=(at,),
        max_per_day=_per_day(block, reading),
        max_total=reading.quota(block, "max_submissions", default=100),
        time_limit_s=seconds(block),
        migrates=block.flag("auto_migration", default=False),
        hidden=hidden(block),
        scores_hidden=mode == "hide_results",
        results_only=block.flag("is_scoring_only", default=False),
        public_data=public_payload(reading.payloads, block, "public_data", [task]),
        starting_kit=public_payload(reading.payloads, block, "starting_kit", [task]),
        place=block.place,
    )


def _per_day(block: Block, reading: Reading) -> int | None:
    """Read the quota of a day; its default differs between the two platforms."""
    key = "max_submissions_per_day"
    if block.has(key) or key in block.values:
        return reading.quota(block, key, default=None)
    said = "absent : 5 sur Codabench, 999 sur CodaLab"
    block.warn("W_QUOTA_DEFAULT", said, key=key)
    reading.ask(Question(block.at(key), documents.PER_DAY, "5", documents.PER_DAY_HINT))
    return None
