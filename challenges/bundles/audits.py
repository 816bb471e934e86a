"""Read the fairness audit a folder declares, and refuse what must never be computed.

The computation is elsewhere; a test compares the words of both.
"""

from __future__ import annotations

from collections.abc import Sequence

from challenges.bundles import spec
from challenges.bundles.fields import Fields

CODE = "E_AUDIT"
MEASURES = (
    "demographic_parity",
    "equal_opportunity",
    "equalised_odds",
    "predictive_parity",
    "calibration",
    "auc_by_group",
    "worst_group",
    "signed_error",
    "exposure",
)
AUDIENCES = ("public", "team")
PERSONS = ("row", "cluster")
NATURES = ("origin", "commune", "department")
# What tells the nature of an attribute that does not declare it.
WORDS = {
    "origin": ("nationalit", "migra", "origine", "pays_naissance", "immigr"),
    "commune": ("commune", "insee", "code_postal", "ville", "quartier", "qpv", "iris"),
    "department": ("departement", "département", "dept"),
}
SMALLEST = spec.N_MIN_GROUP
COLUMN_KEY = "equite"


def read(
    block: Fields, attributes: Sequence[spec.Attribute], keys: Sequence[str]
) -> dict[str, object] | None:
    """Read ``fairness.audit``: the form the engine reads, None when no audit is declared.

    keys: of the figures of the challenge, which the column of the board may not take.
    """
    if block.values.get("audit") is None:
        return None
    one = block.mapping("audit")
    known = {each.key: each for each in attributes if each.type != "number"}
    chosen = _known(one, "attributes", one.texts("attributes"), known)
    if not known:
        one.refuse(CODE, "aucun attribut déclaré ne forme de groupes")
    threshold = one.number("threshold", code=CODE)
    least = one.whole("min_persons", low=SMALLEST, default=SMALLEST, code=CODE)
    return {
        "attributes": list(chosen),
        "crossings": _crossings(one, {key: known[key] for key in chosen or known}),
        "measures": list(_words(one, "measures", MEASURES)),
        "positive": one.optional("positive"),
        "threshold": 0.5 if threshold is None else threshold,
        "event": one.text("event"),
        "shown": one.chosen("shown", AUDIENCES, default="public", code=CODE),
        "min_persons": least or SMALLEST,
        "person": one.chosen("person", PERSONS, default="row", code=CODE),
        "column": _column(one, known, keys),
    }


def _known(
    one: Fields, name: str, keys: Sequence[str], known: dict[str, spec.Attribute]
) -> tuple[str, ...]:
    for key in keys:
        if key not in known:
            one.refuse(
                CODE, "attribut non déclaré, ou qui ne forme pas de groupes", key=name, value=key
            )
    return tuple(key for key in dict.fromkeys(keys) if key in known)


def _words(one: Fields, name: str, allowed: Sequence[str]) -> tuple[str, ...]:
    found = one.texts(name)
    for word in found:
        if word not in allowed:
            one.refuse(CODE, f"valeurs admises : {', '.join(allowed)}", key=name, value=word)
    return tuple(word for word in dict.fromkeys(found) if word in allowed)


def _crossings(one: Fields, known: dict[str, spec.Attribute]) -> list[list[str]]:
    """Read pairs of audited attributes; origin is never crossed with a small territory."""
    raw = one.values.get("crossings") or []
    found: list[list[str]] = []
    for pair in raw if isinstance(raw, list) else [raw]:
        keys = [str(key) for key in pair] if isinstance(pair, list) else []
        if len(set(keys)) != 2 or len(keys) != 2 or not set(keys) <= set(known):
            one.refuse(
                CODE, "deux attributs audités différents sont attendus", key="crossings", value=pair
            )
        elif any(known[key].of == "items" for key in keys):
            one.refuse(CODE, "des éléments ne se croisent pas", key="crossings", value=pair)
        elif _forbidden([known[key] for key in keys]):
            one.refuse(
                CODE,
                "l’origine d’une personne ne se croise ni avec la commune ni avec le département",
                key="crossings",
                value=pair,
            )
        else:
            found.append(keys)
    return found


def _forbidden(attributes: Sequence[spec.Attribute]) -> bool:
    natures = {nature(each) for each in attributes}
    return "origin" in natures and bool(natures & {"commune", "department"})


def nature(attribute: spec.Attribute) -> str | None:
    """Return the declared nature of an attribute, else the one that its names tell."""
    if attribute.nature:
        return attribute.nature
    told = f"{attribute.key} {attribute.column} {attribute.label}".lower()
    return next((n for n, words in WORDS.items() if any(word in told for word in words)), None)


def _column(
    one: Fields, known: dict[str, spec.Attribute], keys: Sequence[str]
) -> dict[str, object] | None:
    if one.values.get("column") is None:
        return None
    column = one.mapping("column")
    key, attribute = column.text("key", default=COLUMN_KEY), column.optional("attribute")
    if key in keys or len(key) > 36:
        column.refuse(CODE, "clé déjà employée, ou trop longue", key="key", value=key)
    if attribute is not None and attribute not in known:
        column.refuse(CODE, "attribut non déclaré", key="attribute", value=attribute)
    return {
        "key": key,
        "label": column.text("label"),
        "measure": column.chosen("measure", MEASURES, default="worst_group", code=CODE),
        "attribute": attribute,
        "limit": column.number("limit", code=CODE),
    }
