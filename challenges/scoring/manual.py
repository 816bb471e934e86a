"""Write the page of the documentation that tells every metric, from the registry.

``python -m challenges.scoring.manual`` prints it.
"""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from challenges.scoring import registry
from challenges.scoring.metric import Metric, Part, Shape, Step
from challenges.scoring.metrics import clusters

NOTES = Path(__file__).with_name("metrics_fr.toml")
DIRECTIONS = {"max": "le plus grand est le meilleur", "min": "le plus petit est le meilleur"}
STEPS = {
    Step.UNIT: "1/n, n étant le nombre de lignes ou de requêtes qui comptent",
    Step.CELL: "1/(K·n), K étant le nombre d’étiquettes de la nomenclature",
    Step.WHOLE: "1",
    Step.DATA: "selon les données",
}
ANSWERS = {
    Shape.ANY: "une étiquette ou un nombre par ligne",
    Shape.NUMBERS: "un nombre par ligne",
    Shape.LABEL_SETS: "une liste d’étiquettes par ligne",
    Shape.RANKED: "une liste ordonnée par requête",
    Shape.PROBABILITIES: "une probabilité par classe",
    Shape.LISTS: "une liste ordonnée, ou un score par candidat, par requête",
    Shape.FORMULA: "celle des chiffres nommés",
}
Cells = Sequence[str | float]  # one a line
COUNT, TERM = 0, 1  # columns of the statistics of a mean
HEAD = """# Mesures

Cette page est produite par `python -m challenges.scoring.manual` ; un test la compare au code.

Règles communes : une prédiction absente est une erreur, jamais remplacée ; une mesure sans
valeur sur une partie de la vérité est refusée à la publication ; dans un groupe, elle se lit
« non calculable ». Les calculs sont en double précision ; le même fichier donne les mêmes bits.
Les intervalles à 95 % viennent de rééchantillonnages des unités, ou des méthodes nommées.
Chaque exemple est calculé par le code.
"""


@cache
def notes() -> Mapping[str, Mapping[str, Any]]:
    """Return what is told of each metric: title, text, rules, params, example."""
    return tomllib.loads(NOTES.read_text("utf-8"))


def page() -> str:
    """Return the whole page, in Markdown."""
    aliases: dict[str, list[str]] = {}
    for alias, name in sorted(registry.ALIASES.items()):
        aliases.setdefault(name, []).append(alias)
    entries = [_entry(m, aliases.get(name, [])) for name, m in registry.METRICS.items()]
    return HEAD + "\n" + "\n".join(entries)


def _entry(metric: Metric, aliases: list[str]) -> str:
    note = notes()[metric.name]
    lines = [f"## {note['title']} : `{metric.name}`", "", note["text"], ""]
    facts = [
        ("Formule", note.get("formula", metric.formula)),
        ("Réponse attendue", ANSWERS[metric.shape]),
        ("Sens", DIRECTIONS.get(metric.direction, "celui que le challenge déclare, ou aucun")),
        ("Valeurs", f"de {_number(metric.low)} à {_number(metric.high)}"),
        ("Plus petite différence", STEPS[metric.step]),
        ("Paramètres", _params(metric)),
        ("Règles", note["rules"]),
        ("Intervalle", _interval(metric)),
        ("Poids de lignes", "refusés" if metric.name in registry.UNWEIGHTED else "admis"),
        ("Référence", _oracle(metric)),
        ("Exemple", _example(metric, note)),
    ]
    if aliases:
        facts.insert(0, ("Autres noms", ", ".join(f"`{alias}`" for alias in aliases)))
    if metric.shape is Shape.PROBABILITIES:
        use = "fichier de forme `layout: numbers_per_id`, `form: probabilities`"
        facts.append(("Emploi", use))
    layouts = [f"`{name}`" for name, held in registry.OF_LAYOUT.items() if metric.shape in held]
    if layouts:
        facts.append(("Emploi", f"fichier de forme `layout:` {' ou '.join(layouts)}"))
    return "\n".join([*lines, *(f"* {name} : {text}" for name, text in facts), ""])


def _params(metric: Metric) -> str:
    in_order = sorted(metric.parameters, key=lambda one: (not one.is_needed, one.name))
    named = [f"`{one.name}`" + " (obligatoire)" * one.is_needed for one in in_order]
    return ", ".join(named) or "aucun"


def _interval(metric: Metric) -> str:
    if metric.name == "roc_auc":
        return "DeLong, ou rééchantillonnage quand des lignes sont liées"
    if metric in clusters.METRICS and metric.interval:
        return (
            "rééchantillonnage des groupes de la vérité, ou des lignes quand un groupe compte en "
            "moyenne plus de lignes qu’il n’y a de groupes"
        )
    if metric.proportion:
        return "Wilson, ou rééchantillonnage quand des lignes sont liées"
    return "rééchantillonnage des unités" if metric.interval else "aucun"


def _oracle(metric: Metric) -> str:
    return "exemples calculés à la main" if metric.oracle == "own vectors" else metric.oracle


def _number(value: float) -> str:
    if np.isinf(value):
        return "−∞" if value < 0 else "+∞"
    return f"{value:g}".replace(".", ",").replace("-", "−")


def _example(metric: Metric, note: Mapping[str, Any]) -> str:
    if metric.shape is Shape.FORMULA:
        return f"`{note['params']['formula']}`"
    params = note.get("params", {})
    worked = example(metric.name)
    told = " ; ".join(f"{name.lower()} {_cells(cells)}" for name, cells in worked.columns.items())
    given = ", ".join(f"{key} = {_shown(params[key])}" for key in sorted(params))
    shown = f"{worked.value:.6f}".replace(".", ",").replace("-", "−")
    return f"{told}{' ; ' + given if given else ''} → {shown}"


def _cells(cells: Cells) -> str:
    shown = [each if isinstance(each, str) else _number(each) for each in cells]
    return (" | " if any("," in each for each in shown) else ", ").join(shown)


# What a challenge may set that an example computes with; others name its own labels and columns.
OF_EXAMPLES = frozenset({"average", "clip", "gain", "k", "tau"})


@dataclass(frozen=True)
class Worked:
    """A small truth with its answer, column by column, and what a metric makes of them.

    terms: what each line adds, where the figure is their mean, or, by `is_root`, its square root.
    """

    columns: Mapping[str, Cells]
    value: float
    terms: Sequence[float] = ()
    is_root: bool = False


def example(name: str, params: Mapping[str, Any] | None = None) -> Worked:
    """Work a small example by the metric's own code.

    params: those of a challenge, used where they suit the example.
    """
    metric, note = registry.METRICS[name], notes()[name]
    columns, part = EXAMPLES[note.get("example", metric.shape.value)]()
    own = {key: value for key, value in (params or {}).items() if key in OF_EXAMPLES}
    used = {**note.get("params", {}), **own}
    if metric.exact is not None:
        return Worked(columns, metric.exact(part, used))
    stats = metric.stats(part, used)
    sums = np.bincount(stats.column, stats.value, stats.width).astype(np.float64)
    value = float(metric.value(sums, stats.context))
    if stats.width == len((COUNT, TERM)) and (stats.value[stats.column == COUNT] == 1).all():
        terms = [float(each) for each in stats.value[stats.column == TERM]]
        mean = sums[TERM] / sums[COUNT]
        if len(terms) == len(part) and value in (mean, np.sqrt(mean)):
            return Worked(columns, value, terms, is_root=value != mean)
    return Worked(columns, value)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} : {_shown(value[key])}" for key in value) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_shown(one) for one in value) + "]"
    return f"{value:g}" if isinstance(value, int | float) else f"« {value} »"


Example = tuple[Mapping[str, Cells], Part]


def _rows(y: Any, p: Any, **more: Any) -> Part:
    count = more.pop("count", len(y))
    return Part(np.asarray(y), np.asarray(p), np.zeros(count, np.int64), 1, **more)


def _told(truth: Cells, answer: Cells) -> dict[str, Cells]:
    return {"Vérité": truth, "Réponse": answer}


def _labels() -> Example:
    part = _rows([0, 0, 1, 2], [0, 1, 1, 2], texts=list("abc"))
    return _told("aabc", "abbc"), part


def _pairs() -> Example:
    groups = {"column:metier": np.array([0, 0, 1, 1]), "column:forme": np.array([0, 1, 0, 1])}
    names = {"column:metier": ["1", "2"], "column:forme": ["f", "m"]}
    part = _rows([0] * 4, [0, 0, 1, 0], texts=["a", "b"], groups=groups, group_names=names)
    return {"Métier": "1122", "Forme": "fmfm", "Réponse": "aaba"}, part


def _numbers() -> Example:
    y, p = [3.0, 5.0, 8.0], [2.0, 5.0, 10.0]
    return _told(y, p), _rows(y, p)


def _scores() -> Example:
    y, p = [1.0, 0.0, 1.0, 0.0], [0.9, 0.6, 0.6, 0.2]
    return _told(y, p), _rows(y, p)


def _probabilities() -> Example:
    p = np.array([[0.7, 0.2, 0.1], [0.4, 0.3, 0.3], [0.2, 0.2, 0.6]])
    told: dict[str, Cells] = {"Vérité": "abc"}
    told |= {f"P({label})": p[:, at].tolist() for at, label in enumerate("abc")}
    return told, _rows([0, 1, 2], p, texts=list("abc"))


def _durations() -> Example:
    y, p, event = [1.0, 2.0, 3.0, 5.0], [2.0, 2.0, 4.0, 3.0], [1.0, 0.0, 1.0, 1.0]
    column = "column:event"
    more = {"groups": {column: np.array(event, int)}, "group_names": {column: ["0", "1"]}}
    return {"Durée": y, "Événement": event, "Réponse": p}, _rows(y, p, **more)


def _label_sets() -> Example:
    offsets = np.array([0, 2, 3, 3])
    more = {"y_offsets": offsets, "p_offsets": np.array([0, 1, 3, 3]), "texts": list("abc")}
    told = _told(["{a, b}", "{c}", "{}"], ["{a}", "{b, c}", "{}"])
    return told, _rows([0, 1, 2], [0, 1, 2], count=3, **more)


def _ranked() -> Example:
    facts = {
        "y_offsets": np.array([0, 2, 3]),
        "p_offsets": np.array([0, 3, 5]),
        "gains": np.array([2.0, 1.0, 1.0]),
        "ranks": np.array([1, 2, 3, 1, 2]),
        "texts": ["a1", "a2", "b1", "b2"],
        "names": ["a1", "b2"],
        "numbers": {"part": {"units": np.array([10.0, 50.0]), "items": np.array([10, 20, 30, 50])}},
    }
    told = _told(["a2 (gain 2), b1 (gain 1)", "b1 (gain 1)"], ["b1, b2, a2", "a1, b1"])
    return {"Demande": ["a1", "b2"], **told}, _rows([1, 2, 2], [2, 3, 1, 0, 2], count=2, **facts)


def _attribute() -> Example:
    """Tell the attribute of each request and of each item, in place of their names."""
    told: dict[str, Cells] = {"Demande": [10, 50], "Réponse": ["30, 50, 20", "10, 30"]}
    return told, _ranked()[1]


EXAMPLES = {
    "any": _labels,
    "pairs": _pairs,
    "numbers": _numbers,
    "scores": _scores,
    "probabilities": _probabilities,
    "durations": _durations,
    "label_sets": _label_sets,
    "ranked": _ranked,
    "lists": _ranked,
    "attribute": _attribute,
}

if __name__ == "__main__":
    sys.stdout.write(page())
