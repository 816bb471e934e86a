"""Write the two documents of an export out of the rows of a challenge."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch
from django.utils.text import slugify

from challenges.actions import program_bounds
from challenges.bundles import competition as codabench
from challenges.bundles import exporting
from challenges.bundles.code import CodeRules
from challenges.enums import ColumnKind, RegistrationMode
from challenges.models import Challenge, ChallengeDraft, ChallengePage, Column, Leaderboard, Phase
from challenges.organising.actions import texts
from challenges.teams.queries import latest_terms

NAME_CHARACTERS = 120
PAGE, TERMS = f"{exporting.PAGES}/presentation.md", f"{exporting.PAGES}/reglement.md"
PARIS = ZoneInfo("Europe/Paris")
AUDIENCES = ("public", "held_out", "organiser")
TEXTS = ("title", "summary", "language")
LISTS = ("tags", "use_cases", "incompatible_with")


def current(challenge: Challenge) -> dict[str, Any]:
    """Give our portable document as the challenge is today; {} when it never had one.

    What was imported stays word for word, unknown keys included; what was changed since replaces
    it.
    """
    kept = dict(challenge.bundle) if challenge.bundle.get("truth") else {}
    if not kept:
        return {}
    found = kept | {name: getattr(challenge, name) for name in TEXTS}
    found["slug"] = challenge.slug
    for name in LISTS:
        if list(kept.get(name) or []) != list(getattr(challenge, name)):
            found[name] = list(getattr(challenge, name))
    if bool(kept.get("prizes")) != challenge.has_prizes:
        found["prizes"] = challenge.has_prizes
    _texts(challenge, found)
    phase = challenge.phases.order_by("index").first()
    if phase is not None:
        _phase(phase, found)
    return found


def _texts(challenge: Challenge, found: dict[str, Any]) -> None:
    if challenge.body_md:
        found.setdefault("page", "presentation.md")
    terms = latest_terms(challenge)
    said = str(found.get("terms") or "")
    if terms is None or said == terms.text:
        return
    if said or terms.number > 1:
        found["terms"] = said if _is_file(said) else "reglement.md"


def _is_file(said: str) -> bool:
    return said.endswith(".md") and "\n" not in said


def _phase(phase: Phase, found: dict[str, Any]) -> None:
    found["schedule"] = {"opens": _iso(phase.opens_at), "closes": _iso(phase.closes_at)}
    quotas = dict(found.get("quotas") or {})
    for name, value in (
        ("per_day", phase.max_per_day),
        ("total", phase.max_total),
        ("final_selections", phase.final_choices),
    ):
        if name not in quotas or quotas[name] != value:
            quotas[name] = value
    found["quotas"] = quotas
    board = dict(found.get("leaderboard") or {})
    if bool(board.get("ladder")) != phase.ladder:
        board["ladder"] = phase.ladder
    if found.get("code"):
        found["code"] = _code(phase, found["code"])
    if board:
        found["leaderboard"] = board


def _code(phase: Phase, said: dict[str, Any]) -> dict[str, Any]:
    """Bring what the document says of code to the limits of its phase today."""
    usual = asdict(CodeRules())
    now = {name: getattr(phase, name) for name in ("time_limit_s", "memory_mb", "max_bytes")}
    changed = {
        name: value
        for name, value in (now | {"logs": str(phase.logs)}).items()
        if said.get(name, usual[name]) != value
    }
    return said | changed


def _iso(at: datetime | None) -> str | None:
    return at.astimezone(PARIS).isoformat() if at else None


def _declared(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Give each declared file with its audience, then the tables that join to the truth."""
    files = document.get("files") or {}
    for audience in AUDIENCES:
        for row in files.get(audience) or []:
            yield str(row["path"]), audience
    for path in sources(document):
        yield path, "held_out"


def sources(document: dict[str, Any]) -> list[str]:
    """List the tables of attributes that join to the truth."""
    fairness = document.get("fairness") or {}
    found = [str(row.get("source", "")) for row in fairness.get("attributes") or []]
    return [path for path in dict.fromkeys(found) if path not in {"", "truth"}]


def paths(document: dict[str, Any]) -> list[str]:
    """List every file that our portable document names, each once."""
    return list(dict.fromkeys(path for path, _audience in _declared(document)))


def is_public(document: dict[str, Any], path: str) -> bool:
    """Say whether everybody may read this file."""
    return ("public", path) in {(audience, each) for each, audience in _declared(document)}


def apart(document: dict[str, Any]) -> list[str]:
    """List the files that were sealed."""
    joined = sources(document)
    return [one for one in paths(document) if not is_public(document, one) or one in joined]


def page_path(page: ChallengePage) -> str:
    """Name the file of a further page."""
    return f"{exporting.PAGES}/{page.index:02}-{slugify(page.title)[:60] or 'page'}.md"


def settings(challenge: Challenge) -> dict[str, Any]:
    """Give what our portable document does not say: see `challenges.bundles.settings`."""
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    apart = {each["phase"] for each in written.scorings} if written else set()
    cards = {texts.CARDS: named} if (named := texts.named_cards(challenge)) else {}
    return cards | {
        "title": challenge.title,
        "summary": challenge.summary,
        "terms": TERMS,
        "kind": str(challenge.kind),
        "registration": str(challenge.registration),
        "team_min": challenge.team_min,
        "team_max": challenge.team_max,
        "allowed_domains": list(challenge.allowed_domains),
        "blocked_domains": list(challenge.blocked_domains),
        "prizes_md": challenge.prizes_md,
        "prize_rule_md": challenge.prize_rule_md,
        "contact": challenge.contact,
        "forum_url": challenge.forum_url,
        "fact_sheet": [dict(each) for each in challenge.fact_sheet],
        "pages": [
            {"title": each.title, "file": page_path(each)}
            for each in challenge.pages.order_by("index")
        ],
        "phases": [
            {
                "index": phase.index,
                "name": phase.name,
                "opens_at": _iso(phase.opens_at),
                "closes_at": _iso(phase.closes_at),
                "max_per_day": phase.max_per_day,
                "max_total": phase.max_total,
                "final_choices": phase.final_choices,
                "kind": str(phase.kind),
                "max_parallel": phase.max_parallel,
                "max_refused_per_day": phase.max_refused_per_day,
                "time_limit_s": phase.time_limit_s,
                "memory_mb": phase.memory_mb,
                "logs": str(phase.logs),
                "benchmark_after_close": phase.benchmark_after_close,
                "ladder": phase.ladder,
                "max_bytes": phase.max_bytes,
                "follows": phase.migrate_from.index if phase.migrate_from else None,
                "apart": phase.index in apart,
            }
            for phase in challenge.phases.select_related("migrate_from").order_by("index")
        ],
        "boards": [
            {
                "key": board.key,
                "title": board.title,
                "hidden": board.hidden,
                "anonymous": board.anonymous,
                "phase": board.phase.index,
                "rule": str(board.rule),
                "primary": board.primary.key if board.primary else "",
                "columns": [
                    {
                        "key": each.key,
                        "hidden": each.hidden,
                        "valid_min": each.valid_min,
                        "valid_max": each.valid_max,
                        "values": bounds[each.key].text if each.key in bounds else "",
                    }
                    for each in board.columns.order_by("index")
                ],
            }
            for board in challenge.leaderboards.select_related("phase", "primary").order_by(
                "phase__index", "pk"
            )
            for bounds in [program_bounds.of(board.phase)]
        ],
    }


def boards(challenge: Challenge) -> list[codabench.Board]:
    """Describe the boards of the first phase, as Codabench has them for all."""
    figures = Column.objects.exclude(kind=ColumnKind.FACT).order_by("index")
    columns = Prefetch("columns", figures)
    found = Leaderboard.objects.filter(challenge=challenge, phase__index=0)
    rows = found.select_related("primary").prefetch_related(columns).order_by("pk")
    return [
        codabench.Board(
            key=board.key,
            title=board.title,
            rule=str(board.rule),
            is_hidden=board.hidden,
            primary=board.primary.key if board.primary else "",
            columns=[
                codabench.Column(
                    key=each.key,
                    title=each.title,
                    is_descending=each.direction == "max",
                    decimals=each.decimals,
                    is_hidden=each.hidden or each.grouped,
                    operation=each.operation,
                    operands=each.operands,
                )
                for each in board.columns.all()
            ],
        )
        for board in rows
    ]


def is_open(challenge: Challenge) -> bool:
    """Say whether a registration is accepted by itself."""
    return bool(challenge.registration == RegistrationMode.OPEN)
