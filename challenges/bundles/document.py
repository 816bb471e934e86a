"""Turn the document of challenge.yaml into a PortableSpec, noting each fault by its key."""

from __future__ import annotations

import re
from datetime import date, datetime
from zoneinfo import ZoneInfo

from challenges.bundles import metric_names, spec
from challenges.bundles.fields import MISSING, Fields

SLUG_FORM = "minuscules sans accent, chiffres et tirets"
SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# Addresses of our own pages and endpoints, which a challenge of that name would hide.
RESERVED = frozenset({"nouveau", "importer", "invitation", "imports"})
METRIC_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
TARGET = "target"  # the parameter that names one of several targets
MAX_SLUG, MAX_TITLE, MAX_SUMMARY, MAX_KEY, MAX_DECIMALS = 80, 200, 2_000, 64, 10
LICENCE_STATUSES = ("stated_by_producer", "verified", "to_confirm")
USE_CASES = tuple(f"UC{number}" for number in range(1, 7))
AGGREGATES = ("table", "gap", "worst")


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


def caveats(top: Fields) -> tuple[spec.Caveat, ...]:
    """Read the caveats, each with its key and text."""
    return tuple(spec.Caveat(one.needed("key"), one.needed("text")) for one in top.items("caveats"))


def metrics(top: Fields) -> tuple[spec.Metric, ...]:
    """Read the metrics of the board: known, keyed, one of them primary."""
    found = tuple(metric(one) for one in top.items("metrics"))
    primary = [one for one in found if one.primary]
    if found and (len(primary) != 1 or primary[0].direction == "none"):
        top.refuse(
            "E_METRIC_PRIMARY",
            "une seule mesure principale est attendue, de sens max ou min",
            key="metrics",
            value=", ".join(one.key for one in primary) or "aucune",
        )
    return found


def metric(one: Fields) -> spec.Metric:
    """Read one metric, of the board or of a group."""
    name = one.needed("metric", code="E_METRIC_UNKNOWN")
    known = metric_names.KNOWN.get(name)
    if name and known is None:
        one.refuse(
            "E_METRIC_UNKNOWN",
            f"mesures connues : {', '.join(sorted(metric_names.KNOWN))}",
            key="metric",
            value=name,
        )
    key = one.needed("key", code="E_METRIC_KEY")
    if key and (not METRIC_KEY.fullmatch(key) or len(key) > MAX_KEY):
        one.refuse(
            "E_METRIC_KEY",
            f"lettres sans accent, chiffres et _, {MAX_KEY} caractères au plus",
            key="key",
            value=key,
        )
    decimals = one.whole("decimals", default=4, code="E_METRIC_KEY") or 0
    if decimals > MAX_DECIMALS:
        one.refuse(
            "E_METRIC_KEY", f"{MAX_DECIMALS} décimales au plus", key="decimals", value=decimals
        )
    params = one.mapping("params").values
    if known is not None:
        _parameters(one, known, params)
    return spec.Metric(
        key=key,
        metric=name,
        label=one.text("label") or key,
        direction=_direction(one, known),
        decimals=min(decimals, MAX_DECIMALS),
        primary=one.flag("primary"),
        params=dict(params),
        by=one.optional("by"),
        group=one.optional("group"),
        aggregate=one.optional("aggregate"),
        min_n=one.whole("min_n", low=1, default=1) or 1,
    )


def _parameters(one: Fields, known: metric_names.KnownMetric, params: dict[str, object]) -> None:
    for name in known.needs:
        if params.get(name) in (None, "", []):
            one.refuse("E_METRIC_UNKNOWN", "paramètre obligatoire absent", key=f"params.{name}")
    for name in sorted(set(params) - known.params - {TARGET}):
        one.refuse(
            "E_METRIC_UNKNOWN", "paramètre inconnu", key=f"params.{name}", value=params[name]
        )
    for name in ("k", "prefix"):
        value = params.get(name)
        if value is not None and (
            isinstance(value, bool) or not isinstance(value, int) or value < 1
        ):
            one.refuse(
                "E_METRIC_UNKNOWN",
                "un entier positif est attendu",
                key=f"params.{name}",
                value=value,
            )


def _direction(one: Fields, known: metric_names.KnownMetric | None) -> str:
    direction = one.chosen("direction", ("max", "min", "none"), code="E_DIRECTION")
    natural = known.direction if known else ""
    whole = not one.has("aggregate")
    written = one.values.get("direction")
    if whole and natural and written == direction and direction not in {natural, "none"}:
        one.refuse(
            "E_DIRECTION",
            f"pour cette mesure le sens est {natural}",
            key="direction",
            value=one.values.get("direction"),
        )
    return direction


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
