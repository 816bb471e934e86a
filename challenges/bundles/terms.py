"""Read what surrounds the task: fairness, board, licence, sources, recorded scores."""

from __future__ import annotations

from challenges.bundles import audits, document, spec
from challenges.bundles.fields import MISSING, Fields

KEPT = ("best", "last", "chosen", "all")
ATTRIBUTE_TYPES = ("string", "number")


def fairness(top: Fields, board: tuple[spec.Metric, ...]) -> spec.Fairness:
    """Read the figures by group; a key is used once over the whole document."""
    block = top.mapping("fairness")
    attributes = tuple(_attribute(one) for one in block.items("attributes"))
    keys = [one.key for one in attributes]
    found: list[spec.Metric] = []
    for one in block.items("metrics"):
        metric = document.metric(one)
        _grouping(one, metric, [each.key for each in attributes if not each.of])
        found.append(metric)
    _once(top, [one.key for one in (*board, *found)], "E_METRIC_KEY", "metrics")
    _once(top, keys, "E_METRIC_KEY", "fairness.attributes")
    audit = audits.read(block, attributes, [one.key for one in (*board, *found)])
    least = block.whole("n_min_group", low=spec.N_MIN_GROUP, default=None, code=audits.CODE)
    return spec.Fairness(
        min_rows=block.whole("min_rows", low=1, default=30) or 30,
        n_min_group=least or spec.N_MIN_GROUP,
        attributes=attributes,
        metrics=tuple(found),
        audit=audit,
    )


def _once(top: Fields, keys: list[str], code: str, place: str) -> None:
    for key in sorted({key for key in keys if key and keys.count(key) > 1}):
        top.refuse(code, "clé employée deux fois", key=place, value=key)


def _attribute(one: Fields) -> spec.Attribute:
    groups = one.mapping("groups").values
    source = one.needed("source", code="E_COLUMN_MISSING")
    kind = one.text("type")
    if kind and kind not in ATTRIBUTE_TYPES:
        one.refuse(
            "E_COLUMN_MISSING",
            f"types admis : {', '.join(ATTRIBUTE_TYPES)}",
            key="type",
            value=kind,
        )
    of, nature = one.optional("of"), one.optional("nature")
    if of not in (None, "items") or (of and source == "truth"):
        one.refuse(audits.CODE, "items, pour un attribut d’une table à part", key="of", value=of)
    if nature is not None and nature not in audits.NATURES:
        allowed = f"valeurs admises : {', '.join(audits.NATURES)}"
        one.refuse(audits.CODE, allowed, key="nature", value=nature)
    if source and source != "truth" and not one.has("id"):
        one.refuse("E_COLUMN_MISSING", "colonne de jointure attendue", key="id")
    return spec.Attribute(
        key=one.needed("key", code="E_METRIC_KEY"),
        source=source,
        column=one.needed("column", code="E_COLUMN_MISSING"),
        label=one.text("label") or one.text("key"),
        groups={name: str(label) for name, label in groups.items()},
        ignore=one.texts("ignore"),
        id=one.optional("id"),
        type=kind or None,
        of=of,
        nature=nature,
    )


def _grouping(one: Fields, metric: spec.Metric, keys: list[str]) -> None:
    """Note a group figure that names no attribute, or says twice or not how to sum up."""
    if metric.primary:
        one.refuse(
            "E_METRIC_PRIMARY", "une mesure d’équité ne classe pas", key="primary", value=True
        )
    if metric.by is not None and metric.by not in keys:
        one.refuse("E_COLUMN_MISSING", "attribut non déclaré", key="by", value=metric.by)
    if metric.aggregate is not None and metric.aggregate not in document.AGGREGATES:
        one.refuse(
            "E_METRIC_UNKNOWN",
            f"agrégats admis : {', '.join(document.AGGREGATES)}",
            key="aggregate",
            value=metric.aggregate,
        )
    said = (metric.group is not None) + (metric.aggregate is not None)
    if said != (1 if metric.by is not None else 0):
        one.refuse(
            "E_METRIC_KEY",
            "by va avec group ou avec aggregate, l’un des deux",
            key="by",
            value=metric.by or "",
        )


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


def licence(top: Fields) -> spec.Licence:
    """Read the licence of the data, and warn while it is to be confirmed."""
    block = top.mapping("licence")
    if block.values and not block.has("data"):
        block.refuse(MISSING, "cette clé est obligatoire", key="data")
    data = block.mapping("data")
    present = bool(data.values)
    status = (
        data.chosen("status", document.LICENCE_STATUSES, code=MISSING)
        if present
        else document.LICENCE_STATUSES[0]
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
    return spec.Licence(
        name=name, spdx=data.optional("spdx"), holder=data.text("holder"), status=status
    )


def provenance(top: Fields) -> tuple[spec.Provenance, ...]:
    """Read the sources of the data."""
    return tuple(
        spec.Provenance(
            title=one.needed("title"),
            producer=one.text("producer"),
            source=one.text("source"),
            licence=one.text("licence"),
        )
        for one in top.items("provenance")
    )


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


def prizes(top: Fields, caveats: tuple[spec.Caveat, ...]) -> None:
    """Refuse a prize when the answers are public elsewhere; warn of it in any case."""
    if not any(caveat.key == spec.CAVEAT_TRUTH_ELSEWHERE for caveat in caveats):
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
