"""Turn the document of challenge.yaml into a PortableSpec, noting each fault by its key."""

import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from challenges.bundles import spec
from challenges.scoring.fields import MISSING, Fields

SLUG_FORM = "minuscules sans accent, chiffres et tirets"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Addresses of our own pages and endpoints, which a challenge of that name would hide.
RESERVED = frozenset({"nouveau", "importer", "invitation", "imports"})
MAX_SLUG, MAX_TITLE, MAX_SUMMARY = 80, 200, 2_000
LICENCE_STATUSES = ("stated_by_producer", "verified", "to_confirm")
USE_CASES = tuple(f"UC{number}" for number in range(1, 7))
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
        "task": _task(top),
        "use_cases": use_cases,
        "tags": top.texts("tags"),
        "cards": top.texts("cards"),
        "prizes": top.flag("prizes"),
        "incompatible_with": top.texts("incompatible_with"),
    }


def _task(top: Fields) -> spec.Task:
    if not top.has("task"):
        return spec.Task.CLASSIFICATION
    allowed = tuple(task.value for task in spec.Task)
    return spec.Task(top.chosen("task", allowed, code="E_TASK"))


def caveats(top: Fields) -> list[dict[str, str]]:
    """Read the caveats, each with its key and text."""
    return [{key: one.needed(key) for key in ("key", "text")} for one in top.items("caveats")]


def quotas(top: Fields) -> spec.Quotas:
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


def schedule(top: Fields) -> spec.Schedule:
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
    if at is None or at.tzinfo is None:
        block.refuse(
            "E_SCHEDULE",
            "date attendue avec son décalage, par exemple 2027-03-01T09:00:00+01:00",
            key=key,
            value=value,
        )
        return None
    return at


def leaderboard(top: Fields) -> spec.Leaderboard:
    """Read how entries become places."""
    block = top.mapping("leaderboard")
    return spec.Leaderboard(
        unit=block.chosen("unit", ("team",), default="team", code=MISSING),
        kept=block.chosen("kept", KEPT, default="best", code=MISSING),
        shown=block.chosen("shown", spec.SPLITS, default="public", code=MISSING),
        final=block.chosen("final", spec.SPLITS, default="private", code=MISSING),
        reveal=block.chosen("reveal", ("at_close",), default="at_close", code=MISSING),
        ladder=_ladder(block),
    )


def _ladder(block: Fields) -> bool:
    """Read whether the Ladder holds a public score back; nothing said is no."""
    value = block.values.get("ladder")
    if value is not None and not isinstance(value, bool):
        block.refuse("E_LADDER", "true ou false est attendu", key="ladder", value=str(value))
        return False
    return bool(value)


def licence(top: Fields) -> dict[str, str | None]:
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
        "name": name,
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


def expected(top: Fields) -> spec.Expected | None:
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
