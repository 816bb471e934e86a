"""Read the shape of a submission and where its truth stands, noting each fault by its key."""

from __future__ import annotations

from collections.abc import Sequence

from challenges.bundles import patterns, shapes
from challenges.bundles.fields import MISSING, Fields
from challenges.bundles.report import counted

COLUMN_TYPES = ("string", "integer", "float", "category", "label_set")
FORMATS = ("csv", "parquet", "zip")
FORMS = ("probabilities", "targets")
POLICIES = ("complete", "top_k")
TEXTS, NUMBERS = ("string", "category"), ("integer", "float")
# What the columns of scores hold, by role.
TYPES: dict[shapes.Layout, dict[str, tuple[str, ...]]] = {
    shapes.Layout.CANDIDATE_SCORES: {"item": TEXTS, "score": NUMBERS},
}
DEFAULT_MAX_BYTES = 20_000_000


def submission(top: Fields) -> shapes.Submission:
    """Read the shape of a submission; the roles of its columns must all be played, once."""
    block = top.mapping("submission")
    layout = shapes.Layout(
        block.chosen("layout", tuple(one.value for one in shapes.Layout), code="E_COLUMN_ROLE")
        if block.values
        else shapes.Layout.ONE_ROW_PER_ID
    )
    columns = tuple(_column(one) for one in block.items("columns"))
    for role in layout.roles if block.values else ():
        played = [column.name for column in columns if column.role == role]
        several = layout is shapes.Layout.NUMBERS_PER_ID and role == "target"
        if len(played) < 2 if several else len(played) != 1:
            block.refuse(
                "E_COLUMN_ROLE",
                f"une colonne de rôle « {role} » est attendue, "
                f"{counted(len(played), 'trouvée', 'trouvées')}",
                key="columns",
                value=", ".join(played) or role,
            )
    foreign = [column for column in columns if column.role not in layout.roles]
    for column in foreign:
        block.refuse(
            "E_COLUMN_ROLE",
            f"rôles admis : {', '.join(layout.roles)}",
            key="columns",
            value=column.role or column.name,
        )
    _types(block, layout, columns)
    names = [column.name for column in columns]
    for name in sorted({name for name in names if names.count(name) > 1}):
        block.refuse("E_COLUMN_ROLE", "colonne déclarée deux fois", key="columns", value=name)
    formats = block.texts("formats") or FORMATS
    for one in formats:
        if one not in FORMATS:
            block.refuse(MISSING, f"formats admis : {', '.join(FORMATS)}", key="formats", value=one)
    return shapes.Submission(
        layout=layout,
        formats=formats,
        max_bytes=block.whole("max_bytes", low=1) or DEFAULT_MAX_BYTES,
        columns=columns,
        max_items_per_query=block.whole("max_items_per_query", low=1),
        all_queries_required=block.flag("all_queries_required", default=True),
        form=_form(block, columns) if layout is shapes.Layout.NUMBERS_PER_ID else None,
        policy=_policy(block) if layout is shapes.Layout.CANDIDATE_SCORES else None,
    )


def _types(block: Fields, layout: shapes.Layout, columns: Sequence[shapes.Column]) -> None:
    """Note a column of scores that cannot hold them."""
    for column in columns:
        allowed = TYPES.get(layout, {}).get(column.role)
        if allowed is not None and column.type not in allowed:
            block.refuse(
                "E_COLUMN_ROLE",
                f"le rôle « {column.role} » est de type {' ou '.join(allowed)}",
                key="columns",
                value=column.type,
            )


def _policy(block: Fields) -> str:
    return block.chosen("policy", POLICIES, code="E_COLUMN_ROLE")


def _form(block: Fields, columns: Sequence[shapes.Column]) -> str:
    """Read what the several numbers of a row are; their columns are decimal numbers."""
    form = block.chosen("form", FORMS, code="E_COLUMN_ROLE")
    numbers = [column for column in columns if column.role == "target"]
    for column in numbers:
        if column.type != "float" or column.domain or column.pattern:
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


def _column(one: Fields) -> shapes.Column:
    domain = None
    if one.has("domain"):
        block = one.mapping("domain")
        domain = shapes.Domain(block.needed("file"), block.needed("column"))
    low, high = one.number("min", code="E_DOMAIN"), one.number("max", code="E_DOMAIN")
    if low is not None and high is not None and low > high:
        one.refuse("E_DOMAIN", f"min dépasse max ({high})", key="min", value=low)
    pattern = one.optional("pattern")
    wrong = patterns.fault(pattern) if pattern is not None else ""
    if wrong:
        one.refuse("E_DOMAIN", wrong, key="pattern", value=pattern)
        pattern = None
    separator = one.values.get("separator")
    return shapes.Column(
        name=one.needed("name"),
        role=one.needed("role", code="E_COLUMN_ROLE"),
        type=one.chosen("type", COLUMN_TYPES, default="string", code="E_COLUMN_ROLE"),
        min=low,
        max=high,
        pattern=pattern,
        domain=domain,
        separator=separator if isinstance(separator, str) and separator else " ",
        max_labels=one.whole("max_labels", low=1),
        max_distinct=one.whole("max_distinct", low=1),
        label=one.optional("label"),
    )


def truth(top: Fields, layout: shapes.Layout) -> shapes.Truth:
    """Read where the answers are."""
    block = top.mapping("truth")
    read = {
        name: block.needed(name, code="E_COLUMN_MISSING") if block.values else ""
        for name in layout.held
    }
    split = block.mapping("split")
    parts = {
        name: split.needed(name, code="E_SPLIT") if block.values else ""
        for name in ("column", "public", "private")
    }
    if parts["public"] and parts["public"] == parts["private"]:
        split.refuse(
            "E_SPLIT",
            "les deux parties portent la même valeur",
            key="private",
            value=parts["private"],
        )
    return shapes.Truth(
        file=block.needed("file") if block.values else "",
        split=shapes.Split(**parts),
        cluster=block.optional("cluster"),
        weight=block.optional("weight"),
        strata=block.optional("strata"),
        **read,
    )
