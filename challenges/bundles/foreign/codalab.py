"""Read a CodaLab bundle, version 1, 1.5 or 1.8.

Source: codalab/codabench c7dbc75, src/apps/competitions/unpackers/v1.py, and the bundles of
CodaLab Competitions."""

from dataclasses import replace
from datetime import timedelta

from challenges.bundles.foreign import codabench, questions
from challenges.bundles.foreign.blocks import Block
from challenges.bundles.foreign.context import Reading, code_is_expected, plain
from challenges.bundles.foreign.dates import Instant, instant
from challenges.bundles.foreign.payloads import public_payload
from challenges.bundles.foreign.questions import Question
from challenges.bundles.foreign.values import (
    Board,
    ForeignSpec,
    Format,
    Phase,
    Rule,
    Task,
    Text,
)
from challenges.scoring.fields import MISSING

FILE = "competition.yaml"
DEFAULT_IMAGE = "codalab/codalab-legacy:py3"
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
    codabench.environment(top, "competition_docker_image", default=DEFAULT_IMAGE)
    html = top.mapping("html")
    options = {key: top.flag(key, default=False) for key in OPTIONS}
    options["auto_run_submissions"] = top.flag("auto_run_submissions", default=True)
    forced = top.flag("force_submission_to_leaderboard", default=False)
    phases, tasks, best = _phases(top, reading)
    found = ForeignSpec(
        format=Format.CODALAB,
        version=top.text("version", "1.5"),
        title=top.needed("title"),
        description=top.text("description"),
        image=reading.payloads.image(top, "image"),
        auto_approve=not top.flag("has_registration", default=False),
        options=options,
        environment=top.text("competition_docker_image", DEFAULT_IMAGE),
        terms=reading.payloads.terms(html, "terms"),
        pages=_pages(html, reading),
        tasks=tasks,
        phases=phases,
        boards=tuple(
            _ruled(board, forced=forced, best=best)
            for board in codabench.read_old_boards(top, reading)
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


def _pages(html: Block, reading: Reading) -> tuple[Text, ...]:
    found = []
    for key in html.values:
        if key != "terms" and html.has(key):
            page = reading.payloads.page(html, key, title=key.replace("_", " ").title(), name=key)
            found += [page] if page else []
    return tuple(found)


def _phases(top: Block, reading: Reading) -> tuple[tuple[Phase, ...], tuple[Task, ...], bool]:
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
        task = _task(block, at, reading)
        phase = _phase(block, at, reading, task)
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


def _task(block: Block, at: int, reading: Reading) -> Task:
    named = reading.payloads.named
    together = codabench.beside_truth(block, "ingestion_program_only_during_scoring")
    return Task(
        index=at,
        name=f"{block.text('label')} Task",
        scoring_program=named(block, "scoring_program", required=True),
        reference_data=named(block, "reference_data", required=True),
        input_data=named(block, "input_data"),
        ingestion_program=named(block, "ingestion_program"),
        ingestion_only_during_scoring=together,
    )


def _phase(block: Block, at: int, reading: Reading, task: Task) -> Phase:
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
        time_limit_s=codabench.seconds(block),
        migrates=block.flag("auto_migration", default=False),
        hidden=codabench.hidden(block),
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
    reading.ask(Question(block.at(key), questions.PER_DAY, "5", questions.PER_DAY_HINT))
    return None
