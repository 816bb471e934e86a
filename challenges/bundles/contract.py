"""Read what decides a score: the shape of a submission, its truth, figures and audit.

What is read is what the engine scores by: `challenges.scoring.contract`. Each fault is noted at
its key, in French.
"""

import re
from collections.abc import Sequence
from typing import Any

from challenges.scoring import patterns, registry
from challenges.scoring.audit.declared import (
    SMALLEST,
    Audience,
    AuditSpec,
    BoardColumn,
    Measure,
    Nature,
    Person,
    forbidden,
    nature_of,
)
from challenges.scoring.contract import (
    AnswerSpec,
    Attribute,
    Column,
    ColumnType,
    Form,
    Layout,
    Listing,
    MetricSpec,
    Policy,
    ScoringContract,
    TruthSpec,
)
from challenges.scoring.fields import MISSING, Fields, counted
from challenges.scoring.metric import Metric

FORMATS = ("csv", "parquet", "zip")
DEFAULT_MAX_BYTES = 20_000_000
TEXTS = (ColumnType.STRING, ColumnType.CATEGORY)
NUMBERS = (ColumnType.INTEGER, ColumnType.FLOAT)
# What the columns of scores hold, by role.
TYPES: dict[Layout, dict[str, tuple[ColumnType, ...]]] = {
    Layout.CANDIDATE_SCORES: {"item": TEXTS, "score": NUMBERS},
}
METRIC_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
TARGET = "target"  # the parameter that names one of several targets
MAX_KEY, MAX_DECIMALS, MAX_COLUMN_KEY = 64, 10, 36
AGGREGATES = ("table", "gap", "worst")
ATTRIBUTE_TYPES = ("string", "number")
AUDIT = "E_AUDIT"


def read_contract(top: Fields) -> ScoringContract:
    """Read submission, truth, metrics and fairness; what is wrong in them is noted."""
    answer = _submission(top)
    truth = _truth(top, answer.layout)
    metrics = read_metrics(top)
    return _with_fairness(top, answer, truth, metrics)


def _words(words: Any) -> tuple[str, ...]:
    return tuple(one.value for one in words)


def _submission(top: Fields) -> AnswerSpec:
    """Read the shape of a submission; the roles of its columns must all be played, once."""
    block = top.mapping("submission")
    layout = Layout.ONE_ROW_PER_ID
    if block.values:
        layout = Layout(block.chosen("layout", _words(Layout), code="E_COLUMN_ROLE"))
    columns = tuple(_column(one) for one in block.items("columns"))
    for role in layout.roles if block.values else ():
        _played(block, layout, role, [column.name for column in columns if column.role == role])
    for column in columns:
        if column.role not in layout.roles:
            said = f"rôles admis : {', '.join(layout.roles)}"
            block.refuse("E_COLUMN_ROLE", said, key="columns", value=column.role or column.name)
    _types(block, layout, columns)
    names = [column.name for column in columns]
    for name in sorted({name for name in names if names.count(name) > 1}):
        block.refuse("E_COLUMN_ROLE", "colonne déclarée deux fois", key="columns", value=name)
    formats = block.texts("formats") or FORMATS
    for one in formats:
        if one not in FORMATS:
            block.refuse(MISSING, f"formats admis : {', '.join(FORMATS)}", key="formats", value=one)
    scored, several = layout is Layout.CANDIDATE_SCORES, layout is Layout.NUMBERS_PER_ID
    return AnswerSpec(
        layout=layout,
        columns=columns,
        formats=formats,
        max_bytes=block.whole("max_bytes", low=1) or DEFAULT_MAX_BYTES,
        max_items=block.whole("max_items_per_query", low=1),
        all_queries_required=block.flag("all_queries_required", default=True),
        form=_form(block, columns) if several else None,
        policy=Policy(block.chosen("policy", _words(Policy), code="E_COLUMN_ROLE"))
        if scored
        else None,
    )


def _played(block: Fields, layout: Layout, role: str, played: Sequence[str]) -> None:
    """Note a role that no column plays, or too many."""
    several = layout is Layout.NUMBERS_PER_ID and role == layout.answer
    if len(played) < 2 if several else len(played) != 1:
        block.refuse(
            "E_COLUMN_ROLE",
            f"une colonne de rôle « {role} » est attendue, "
            f"{counted(len(played), 'trouvée', 'trouvées')}",
            key="columns",
            value=", ".join(played) or role,
        )


def _types(block: Fields, layout: Layout, columns: Sequence[Column]) -> None:
    """Note a column of scores that cannot hold them."""
    for column in columns:
        allowed = TYPES.get(layout, {}).get(column.role)
        if allowed is not None and column.type not in allowed:
            said = f"le rôle « {column.role} » est de type {' ou '.join(allowed)}"
            block.refuse("E_COLUMN_ROLE", said, key="columns", value=column.type.value)


def _form(block: Fields, columns: Sequence[Column]) -> Form:
    """Read what the several numbers of a row are; their columns are decimal numbers."""
    form = Form(block.chosen("form", _words(Form), code="E_COLUMN_ROLE"))
    numbers = [column for column in columns if column.role == "target"]
    for column in numbers:
        if column.type is not ColumnType.FLOAT or column.listing or column.pattern:
            block.refuse(
                "E_COLUMN_ROLE",
                "plusieurs nombres par identifiant sont de type float, sans domaine ni motif",
                key="columns",
                value=column.name,
            )
    classes = [column.label or column.name for column in numbers]
    if len(set(classes)) < len(classes):
        block.refuse(
            "E_COLUMN_ROLE",
            "une colonne par classe pour des probabilités, une par cible",
            key="columns",
            value=", ".join(classes),
        )
    return form


def _column(one: Fields) -> Column:
    listing = None
    if one.has("domain"):
        block = one.mapping("domain")
        listing = Listing(block.needed("file"), block.needed("column"))
    low, high = one.number("min", code="E_DOMAIN"), one.number("max", code="E_DOMAIN")
    if low is not None and high is not None and low > high:
        one.refuse("E_DOMAIN", f"min dépasse max ({high})", key="min", value=low)
    pattern = one.optional("pattern")
    wrong = patterns.fault(pattern) if pattern is not None else ""
    if wrong:
        one.refuse("E_DOMAIN", wrong, key="pattern", value=pattern)
        pattern = None
    separator = one.values.get("separator")
    kind = one.chosen("type", _words(ColumnType), default="string", code="E_COLUMN_ROLE")
    return Column(
        name=one.needed("name"),
        role=one.needed("role", code="E_COLUMN_ROLE"),
        type=ColumnType(kind),
        min=low,
        max=high,
        pattern=pattern,
        separator=separator if isinstance(separator, str) and separator else " ",
        max_labels=one.whole("max_labels", low=1),
        max_distinct=one.whole("max_distinct", low=1),
        label=one.optional("label"),
        listing=listing,
    )


def _truth(top: Fields, layout: Layout) -> TruthSpec:
    """Read where the answers are."""
    block = top.mapping("truth")
    there = bool(block.values)
    named: dict[str, Any] = {
        name: block.needed(name, code="E_COLUMN_MISSING") if there else "" for name in layout.held
    }
    split = block.mapping("split")
    column, public, private = (
        split.needed(name, code="E_SPLIT") if there else ""
        for name in ("column", "public", "private")
    )
    if public and public == private:
        said = "les deux parties portent la même valeur"
        split.refuse("E_SPLIT", said, key="private", value=private)
    return TruthSpec(
        file=block.needed("file") if there else "",
        split_column=column,
        public=public,
        private=private,
        cluster=block.optional("cluster"),
        weight=block.optional("weight"),
        strata=block.optional("strata"),
        **named,
    )


def read_metrics(top: Fields) -> tuple[MetricSpec, ...]:
    """Read the metrics of the board: known, keyed, one of them primary."""
    metrics = tuple(_metric(one) for one in top.items("metrics"))
    primary = [one for one in metrics if one.primary]
    if metrics and (len(primary) != 1 or primary[0].direction == "none"):
        top.refuse(
            "E_METRIC_PRIMARY",
            "une seule mesure principale est attendue, de sens max ou min",
            key="metrics",
            value=", ".join(one.key for one in primary) or "aucune",
        )
    return metrics


def _metric(one: Fields) -> MetricSpec:
    """Read one metric, of the board or of a group."""
    name = one.needed("metric", code="E_METRIC_UNKNOWN")
    known = registry.METRICS.get(name)
    if name and known is None:
        said = f"mesures connues : {', '.join(sorted(registry.METRICS))}"
        one.refuse("E_METRIC_UNKNOWN", said, key="metric", value=name)
    key = one.needed("key", code="E_METRIC_KEY")
    if key and (not METRIC_KEY.fullmatch(key) or len(key) > MAX_KEY):
        said = f"lettres sans accent, chiffres et _, {MAX_KEY} caractères au plus"
        one.refuse("E_METRIC_KEY", said, key="key", value=key)
    decimals = one.whole("decimals", default=4, code="E_METRIC_KEY") or 0
    if decimals > MAX_DECIMALS:
        said = f"{MAX_DECIMALS} décimales au plus"
        one.refuse("E_METRIC_KEY", said, key="decimals", value=decimals)
    params = one.mapping("params").values
    if known is not None:
        _parameters(one, known, params)
    return MetricSpec(
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


def _parameters(one: Fields, known: Metric, params: dict[str, object]) -> None:
    for name in sorted(known.required):
        if params.get(name) in (None, "", []):
            one.refuse("E_METRIC_UNKNOWN", "paramètre obligatoire absent", key=f"params.{name}")
    for name in sorted(set(params) - known.required - known.optional - {TARGET}):
        one.refuse(
            "E_METRIC_UNKNOWN", "paramètre inconnu", key=f"params.{name}", value=params[name]
        )
    for name in sorted(registry.WHOLE & set(params)):
        value = params[name]
        if value is not None and not registry.is_positive(value):
            said = "un entier positif est attendu"
            one.refuse("E_METRIC_UNKNOWN", said, key=f"params.{name}", value=value)


def _direction(one: Fields, known: Metric | None) -> str:
    direction = one.chosen("direction", ("max", "min", "none"), code="E_DIRECTION")
    natural = known.direction if known and known.direction != "none" else ""
    written = one.values.get("direction")
    whole = not one.has("aggregate")
    if whole and natural and written == direction and direction not in {natural, "none"}:
        said = f"pour cette mesure le sens est {natural}"
        one.refuse("E_DIRECTION", said, key="direction", value=written)
    return direction


def _with_fairness(
    top: Fields, answer: AnswerSpec, truth: TruthSpec, metrics: tuple[MetricSpec, ...]
) -> ScoringContract:
    """Read the figures by group and the audit; a key is used once over the whole document."""
    block = top.mapping("fairness")
    attributes = tuple(_attribute(one) for one in block.items("attributes"))
    by_group: list[MetricSpec] = []
    for one in block.items("metrics"):
        by_group.append(_metric(one))
        _grouping(one, by_group[-1], [each.key for each in attributes if not each.of])
    keys = [one.key for one in (*metrics, *by_group)]
    _used_once(top, keys, "metrics")
    _used_once(top, [one.key for one in attributes], "fairness.attributes")
    audit = None if block.values.get("audit") is None else _audit(block, attributes, keys)
    least = block.whole("n_min_group", low=SMALLEST, default=None, code=AUDIT)
    return ScoringContract(
        answer=answer,
        truth=truth,
        metrics=metrics,
        fairness=tuple(by_group),
        attributes=attributes,
        min_rows=block.whole("min_rows", low=1, default=30) or 30,
        n_min_group=least or SMALLEST,
        audit=audit,
    )


def _used_once(top: Fields, keys: list[str], place: str) -> None:
    for key in sorted({key for key in keys if key and keys.count(key) > 1}):
        top.refuse("E_METRIC_KEY", "clé employée deux fois", key=place, value=key)


def _attribute(one: Fields) -> Attribute:
    groups = one.mapping("groups").values
    source = one.needed("source", code="E_COLUMN_MISSING")
    kind = one.text("type")
    if kind and kind not in ATTRIBUTE_TYPES:
        said = f"types admis : {', '.join(ATTRIBUTE_TYPES)}"
        one.refuse("E_COLUMN_MISSING", said, key="type", value=kind)
    of, nature = one.optional("of"), one.optional("nature")
    if of not in (None, "items") or (of and source == "truth"):
        one.refuse(AUDIT, "items, pour un attribut d’une table à part", key="of", value=of)
    if nature is not None and nature not in _words(Nature):
        said = f"valeurs admises : {', '.join(Nature)}"
        one.refuse(AUDIT, said, key="nature", value=nature)
        nature = None
    if source and source != "truth" and not one.has("id"):
        one.refuse("E_COLUMN_MISSING", "colonne de jointure attendue", key="id")
    return Attribute(
        key=one.needed("key", code="E_METRIC_KEY"),
        source=source,
        column=one.needed("column", code="E_COLUMN_MISSING"),
        label=one.text("label") or one.text("key"),
        groups={name: str(label) for name, label in groups.items()},
        ignore=one.texts("ignore"),
        id=one.optional("id"),
        type=kind or "group",
        of=of,
        nature=nature,
    )


def _grouping(one: Fields, metric: MetricSpec, keys: list[str]) -> None:
    """Note a group figure that names no attribute, or says twice or not how to sum up."""
    if metric.primary:
        said = "une mesure d’équité ne classe pas"
        one.refuse("E_METRIC_PRIMARY", said, key="primary", value=True)
    if metric.by is not None and metric.by not in keys:
        one.refuse("E_COLUMN_MISSING", "attribut non déclaré", key="by", value=metric.by)
    if metric.aggregate is not None and metric.aggregate not in AGGREGATES:
        said = f"agrégats admis : {', '.join(AGGREGATES)}"
        one.refuse("E_METRIC_UNKNOWN", said, key="aggregate", value=metric.aggregate)
    ways = (metric.group is not None) + (metric.aggregate is not None)
    if ways != (1 if metric.by is not None else 0):
        said = "by va avec group ou avec aggregate, l’un des deux"
        one.refuse("E_METRIC_KEY", said, key="by", value=metric.by or "")


def _audit(block: Fields, attributes: Sequence[Attribute], keys: Sequence[str]) -> AuditSpec:
    """Read the audit, and refuse what must never be computed.

    keys: of the figures of the challenge, which the column of the board may not take.
    """
    one = block.mapping("audit")
    known = {each.key: each for each in attributes if each.type != "number"}
    chosen = _among(
        one, "attributes", known, "attribut non déclaré, ou qui ne forme pas de groupes"
    )
    if not known:
        one.refuse(AUDIT, "aucun attribut déclaré ne forme de groupes")
    threshold = one.number("threshold", code=AUDIT)
    allowed = f"valeurs admises : {', '.join(Measure)}"
    measures = _among(one, "measures", _words(Measure), allowed)
    return AuditSpec(
        attributes=chosen,
        crossings=_crossings(one, {key: known[key] for key in chosen or known}),
        measures=tuple(Measure(word) for word in measures),
        positive=one.optional("positive"),
        threshold=0.5 if threshold is None else threshold,
        event=one.text("event"),
        shown=Audience(one.chosen("shown", _words(Audience), default="public", code=AUDIT)),
        min_persons=one.whole("min_persons", low=SMALLEST, default=SMALLEST, code=AUDIT)
        or SMALLEST,
        person=Person(one.chosen("person", _words(Person), default="row", code=AUDIT)),
        column=_board_column(one, known, keys),
    )


def _among(one: Fields, name: str, allowed: Any, said: str) -> tuple[str, ...]:
    words = one.texts(name)
    for word in words:
        if word not in allowed:
            one.refuse(AUDIT, said, key=name, value=word)
    return tuple(word for word in dict.fromkeys(words) if word in allowed)


def _crossings(one: Fields, known: dict[str, Attribute]) -> tuple[tuple[str, str], ...]:
    """Read pairs of audited attributes; origin is never crossed with a small territory."""
    raw = one.values.get("crossings") or []
    crossings: list[tuple[str, str]] = []
    for pair in raw if isinstance(raw, list) else [raw]:
        keys = [str(key) for key in pair] if isinstance(pair, list) else []
        crossed = [known[key] for key in keys if key in known]
        said = ""
        if len(set(keys)) != 2 or len(keys) != 2 or len(crossed) != 2:
            said = "deux attributs audités différents sont attendus"
        elif any(each.of == "items" for each in crossed):
            said = "des éléments ne se croisent pas"
        elif forbidden(nature_of(e.nature, e.key, e.column, e.label) for e in crossed):
            said = "l’origine d’une personne ne se croise ni avec la commune ni avec le département"
        if said:
            one.refuse(AUDIT, said, key="crossings", value=pair)
        else:
            crossings.append((keys[0], keys[1]))
    return tuple(crossings)


def _board_column(
    one: Fields, known: dict[str, Attribute], keys: Sequence[str]
) -> BoardColumn | None:
    if one.values.get("column") is None:
        return None
    column, usual = one.mapping("column"), BoardColumn()
    key, attribute = column.text("key", default=usual.key), column.optional("attribute")
    if key in keys or len(key) > MAX_COLUMN_KEY:
        column.refuse(AUDIT, "clé déjà employée, ou trop longue", key="key", value=key)
    if attribute is not None and attribute not in known:
        column.refuse(AUDIT, "attribut non déclaré", key="attribute", value=attribute)
    measure = column.chosen("measure", _words(Measure), default=usual.measure.value, code=AUDIT)
    return BoardColumn(
        key=key,
        label=column.text("label"),
        measure=Measure(measure),
        attribute=attribute,
        limit=column.number("limit", code=AUDIT),
    )
