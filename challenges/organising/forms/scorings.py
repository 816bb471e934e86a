"""Forms by which an organiser says what answers look like and how they are measured.

Their fields are generated from the definitions of challenges/scoring, which say what a value may be
and what it is when absent; the words that a person reads stand here. What is sent is read as a
folder is, and each fault goes beside the field of its place.
"""

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from django import forms
from django.utils.text import capfirst, format_lazy
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from challenges.bundles.portable import read_contract
from challenges.organising.words import (
    DIRECTIONS,
    SUGGESTIONS,
    TITLES,
    metric_definition,
    metric_example,
    metric_formula,
    metric_letters,
)
from challenges.scoring import registry
from challenges.scoring.contract import (
    MAX_COLUMN_KEY,
    AnswerSpec,
    FileColumn,
    Layout,
    MetricSpec,
    ScoringContract,
    TruthSpec,
)
from challenges.scoring.fields import Definition, Fields, Findings, Problem
from challenges.scoring.metric import Metric, Shape, parameter
from challenges.scoring.verdict import french_reasons
from portal.lib.prose.texts import plain_line
from portal.lib.web.fields import LinesField, choice, line, upload

FORMULA = "formula"
MOST_FIGURES = 50
MOST_SUGGESTED, MOST_LEVELS, USUAL_CUT = 3, 20, 10
# Parameters that are always said, the first of their words being the usual one.
SETTLED = frozenset({"average", "gain", "of", "score"})
# What the buttons send that show the fields of another measure, of the one that was chosen, or the
# measures that are not suggested.
ADD, SHOW, ALL = "ajouter", "montrer", "toutes"


ANSWER, COLUMN, TRUTH, METRIC = (
    {one.name: one for one in document.definitions()}
    for document in (AnswerSpec, FileColumn, TruthSpec, MetricSpec)
)
HIDDEN = parameter("hidden", bool)
OF_A_FIGURE = ("key", "label", "direction", "decimals")
PARTS = ("split_column", "public", "private", "cluster", "weight")

# What a person reads of each value: its name, and a word of help.
WORDS: Mapping[str, tuple[Any, ...]] = {
    "id": (_("Colonne de l’identifiant"),),
    "target": (_("Colonne de la réponse"),),
    "query": (_("Colonne de la demande"),),
    "item": (_("Colonne de l’élément proposé"),),
    "rank": (_("Colonne du rang, 1 en tête"),),
    "score": (_("Colonne du score donné par les équipes"),),
    "gain": (_("Colonne de la pertinence, dans les réponses : un nombre, 0 ou plus"),),
    "type": (_("Nature de la réponse"),),
    "min": (_("Plus petite réponse admise"),),
    "max": (_("Plus grande réponse admise"),),
    "max_items": (_("Éléments par demande, au plus"),),
    "policy": (_("Candidats notés par les équipes"),),
    "split_column": (
        _("Colonne qui sépare les parts publique et privée"),
        _("Elle est dans le fichier des réponses, et reste scellée avec lui."),
    ),
    "public": (_("Valeur de la part publique"),),
    "private": (_("Valeur de la part privée"),),
    "cluster": (
        _("Colonne de regroupement"),
        _(
            "Les lignes d’un même groupe sont liées : elles restent dans la même part, et les "
            "intervalles sont calculés par groupe."
        ),
    ),
    "weight": (_("Colonne des poids"),),
    "key": (_("Clé"), _("Vide : le nom de la mesure.")),
    "label": (_("Titre de la colonne"),),
    "direction": (_("Sens"),),
    "decimals": (_("Décimales"),),
    "hidden": (_("Colonne cachée : calculée, jamais montrée"),),
    "params.k": (_("Éléments regardés (k)"), _("Un nombre entier, 1 au moins.")),
    "params.gain": (_("Gain d’un élément"),),
    "params.prefix": (_("Premiers caractères comparés"), _("Vide : toute l’étiquette.")),
    "params.positive": (_("Étiquette positive"), _("Par exemple : oui.")),
    "params.labels": (_("Étiquettes, dans leur ordre"),),
    "params.tau": (_("Quantile visé (tau)"), _("Un nombre entre 0 et 1.")),
    "params.clip": (
        _("Probabilité la plus basse (clip)"),
        _("Entre 0 et 0,5. Vide : un millionième."),
    ),
    "params.average": (_("Moyenne des entropies"),),
    "params.event": (_("Colonne qui dit si l’événement a eu lieu, dans les réponses"),),
    "params.score": (_("Ce que donnent les équipes"),),
    "params.member": (_("Colonne qui distingue les membres d’une paire"),),
    "params.members": (_("Membres d’une paire complète"),),
    "params.pair": (_("Colonne qui réunit les paires"),),
    "params.attribute": (_("Attribut comparé"),),
    "params.of": (_("Listes regardées"),),
    "params.target": (_("Colonne à prédire"),),
    "params.formula": (
        _("Formule"),
        _("Sur les clés des autres mesures, par exemple : 0.5 * f1 + 0.5 * mcc"),
    ),
}
TYPES = {
    "string": _("Texte ou code"),
    "category": _("Étiquette d’une liste"),
    "integer": _("Nombre entier"),
    "float": _("Nombre décimal"),
    "label_set": _("Plusieurs étiquettes"),
}
# What is read of the words that a value may be.
CHOICES: Mapping[str, Mapping[str, Any]] = {
    "type": TYPES,
    "policy": {
        "complete": _("Tous ceux de chaque demande"),
        "top_k": _("Les meilleurs seulement"),
    },
    "direction": DIRECTIONS,
    "params.gain": {"linear": _("Linéaire"), "exponential": _("Exponentiel")},
    "params.score": {"duration": _("Une durée"), "risk": _("Un risque")},
    "params.of": {"submission": _("Celles des équipes"), "truth": _("Celles des réponses")},
    "params.average": {"arithmetic": _("Arithmétique")},
    "params.labels": {"truth_of_part": _("Celles des réponses de la part")},
}
# What is said under a word that a value may be.
DESCRIPTIONS: Mapping[str, Mapping[str, Any]] = {
    "params.gain": {
        "linear": _("Un 3 compte trois fois plus qu’un 1."),
        "exponential": _("Un 3 compte sept fois plus qu’un 1."),
    },
}
LONGEST = {"key": MAX_COLUMN_KEY, "label": 120, "public": 64, "private": 64}
# Sentences of the reader of a document, told beside a field in the language of the page.
_SAID = (
    _("les deux parties portent la même valeur"),
    _("colonne déclarée deux fois"),
    _("le minimum dépasse le maximum"),
    _("deux colonnes au moins sont attendues"),
    _("clé employée deux fois"),
    _("lettres sans accent, chiffres et _, 64 caractères au plus"),
    _("une seule mesure principale est attendue, de sens max ou min"),
    _("pour cette mesure le sens est max"),
    _("pour cette mesure le sens est min"),
)


def field_of(
    place: str, definition: Definition, offered: Sequence[Any] = (), **options: Any
) -> forms.Field:
    """Ask for a value as it is defined. place: of its words. offered: what it may be here."""
    label, hint = (*WORDS[place], "")[:2]
    words = CHOICES.get(place, {})
    choices = offered or [(each, words.get(each, each)) for each in definition.choices]
    facts: dict[str, Any] = {"label": label, "help_text": hint, "initial": definition.default}
    facts |= {"required": definition.is_needed} | options
    if choices:
        described = DESCRIPTIONS.get(place)
        facts |= {"widget": forms.RadioSelect} if described else {}
        made: Any = forms.ChoiceField(choices=choices, **facts)
        made.descriptions = described or {}
        return cast(forms.Field, made)
    if definition.is_many:
        return LinesField(**facts | {"help_text": hint or _("Une valeur par ligne.")})
    if definition.kind is bool:
        return forms.BooleanField(**facts)
    if definition.kind is int:
        low, high = int(definition.rule.low), int(definition.rule.high)
        narrow = forms.NumberInput(attrs={"class": "input-s"})
        return forms.IntegerField(min_value=low, max_value=high, widget=narrow, **facts)
    if definition.kind is float:
        return forms.FloatField(localize=True, **facts)
    return forms.CharField(max_length=LONGEST.get(place, 400), validators=[plain_line], **facts)


def measures_of(shapes: Collection[Shape]) -> list[str]:
    """List the measures that read these shapes and need no other column of the answers."""
    return sorted(
        name
        for name, metric in registry.METRICS.items()
        if metric.shape in shapes
        and not {"event", "member", "attribute"} & {one.name for one in metric.parameters}
    )


# Of a truth that is 0 or 1: of classes, or of a number that is bounded by them.
OF_TWO = frozenset({"average_precision", "brier", "log_loss", "roc_auc"})
OF_NUMBERS = frozenset({"regression", "forecasting"})


def computable(document: Mapping[str, Any]) -> list[str]:
    """List the measures that read the answers of a document, and suit its task."""
    names = measures_of(SHAPES[shape_of(document) or ROWS].reads)
    read = _contract(document, [figure_of(each) for each in names], Findings())
    faults = registry.problems(read)
    wrong = {name for name, fault in faults if not fault.endswith("is missing")}
    answer, task = read.answer.answer, document.get("task")
    if task != "classification" and (answer.min, answer.max) != (0, 1):
        wrong |= OF_TWO
    if task in OF_NUMBERS:
        wrong |= {each for each in names if registry.METRICS[each].shape is Shape.ANY}
    return [each for each in names if each not in wrong]


def menu(names: Sequence[str]) -> list[tuple[str, Any]]:
    """List measures, by their French name, then the formula."""
    named = sorted((str(TITLES.get(name, name)), name) for name in names)
    shown = [(name, f"{title} ({name})") for title, name in named]
    return [("", _("Aucune")), *shown, (FORMULA, _("Colonne calculée : une formule"))]


# What ranks most often, by what there is to find, the most usual first.
OF_LISTS, OF_PROBABILITIES = "ranking", "probabilities"
LIKELY: Mapping[str, tuple[str, ...]] = {
    "classification": ("accuracy", "balanced_accuracy", "f1_macro"),
    "ordinal": ("kappa_quadratic", "mae", "accuracy", "balanced_accuracy"),
    "regression": ("mae", "rmse", "r2"),
    "forecasting": ("mae", "rmse", "r2"),
    "multilabel": ("f1_samples", "f1_micro", "jaccard_samples"),
    "clustering": ("ari", "ami", "nmi"),
    OF_LISTS: ("ndcg", "mrr_at_k", "recall_at_k"),
    OF_PROBABILITIES: ("log_loss_multi", "brier_multi", "roc_auc_ovr"),
}


def suggested(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the figures that fit the task and the columns of a document, at most three."""
    layout = (document.get("submission") or {}).get("layout")
    kinds = {Layout.NUMBERS_PER_ID.value: OF_PROBABILITIES}
    kinds |= dict.fromkeys((Layout.RANKED_LIST.value, Layout.CANDIDATE_SCORES.value), OF_LISTS)
    names = LIKELY.get(kinds.get(str(layout), str(document.get("task"))), ())
    figures = [
        figure_of(name, primary=True, params=usual_params(registry.METRICS[name], document))
        for name in names
    ]
    return [each for each in figures if _suits(each, document)][:MOST_SUGGESTED]


def _suits(figure: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    findings = Findings()
    read = _contract(document, [figure], findings)
    return not findings.errors and not registry.problems(read)


def _contract(
    document: Mapping[str, Any], figures: Sequence[Mapping[str, Any]], findings: Findings
) -> ScoringContract:
    columns = {key: document[key] for key in ("submission", "truth")}
    return read_contract(Fields(findings, {**columns, "metrics": figures}, "", file=""))


def usual_params(metric: Metric, document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the usual value of what a metric is told, where the columns of a document tell one."""
    submission = document.get("submission") or {}
    answer: Mapping[str, Any] = next(
        (each for each in submission.get("columns") or [] if each.get("role") == "target"), {}
    )
    low, high = answer.get("min"), answer.get("max")
    usual: dict[str, Any] = {
        one.name: one.choices[0] for one in metric.parameters if one.name in SETTLED
    }
    if any(one.name == "k" for one in metric.parameters):
        usual["k"] = min(USUAL_CUT, submission.get("max_items_per_query") or USUAL_CUT)
    is_level = any(one.name == "labels" and one.is_needed for one in metric.parameters)
    if is_level and isinstance(low, int) and isinstance(high, int) and high - low < MOST_LEVELS:
        usual["labels"] = [*range(low, high + 1)]
    return usual


def figure_of(metric: str, **said: Any) -> dict[str, Any]:
    """Write a figure in the portable form: what is said of it, and the rest as usual."""
    usual = {
        "key": metric,
        "metric": metric,
        "label": str(TITLES.get(metric, metric)),
        "direction": registry.metric(metric).direction,
        "decimals": METRIC["decimals"].default,
        "params": {},
    }
    given = {name: value for name, value in said.items() if value is not None and value != ""}
    return usual | {name: value for name, value in given.items() if value is not False}


def redrawn(data: Any, initial: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return what was sent and what is shown first, to make a form.

    Where only other fields are asked for, what was typed is shown again, and not judged.
    """
    if data is None or not {ADD, SHOW, ALL} & {*data}:
        return data, initial
    lists = {name: data.getlist(name) for name in data}
    return None, {name: each if len(each) > 1 else each[0] for name, each in lists.items()}


class DocumentForm(forms.Form):
    """Read what was sent as a folder is read, each fault beside the field of its place."""

    def note(self, findings: Findings) -> None:
        """Put what is wrong in the document that was made of the form beside its fields."""
        # All are placed first: what is refused is no longer among what was sent.
        for name, each in [(self._field_at(each), each) for each in findings.errors]:
            if name in self.fields:
                self._refuse(name, gettext(each.message))
            elif not self.errors:
                self.add_error(None, each.line)

    def _refuse(self, name: str, message: str) -> None:
        """Put a fault beside a field, where none stands."""
        if not self.has_error(name):
            self.add_error(name, capfirst(message))

    def _field_at(self, problem: Problem) -> str:
        """Return the name of the field that gave what stands at a place of the document."""
        raise NotImplementedError


class FiguresForm(DocumentForm):
    """Choose the figures of a board, of which the first ranks. measures: those of the menu.

    document: how answers look. suggested: figures that fit it. targets: of an answer that has
    several, each figure being of one of them.
    """

    measures: Sequence[str] = ()
    suggested: Sequence[Mapping[str, Any]] = ()
    targets: tuple[str, ...] | None = None
    document: Mapping[str, Any] = {}
    count = 0

    @property
    def many(self) -> int:
        """Count the measures of the menu."""
        return len(self.measures)

    @property
    def is_redrawn(self) -> bool:
        """Say whether what was typed is shown again, not judged."""
        return bool({ADD, SHOW, ALL} & {*self.initial})

    def offer(self) -> None:
        """Add the fields of each figure, and of one more if asked."""
        self.parameters: list[tuple[Definition, ...]] = []
        shown: Any = self.initial
        if self.is_bound:
            shown = self.data = cast(Any, self.data).copy()
        while f"metric_{self.count}" in shown and self.count < MOST_FIGURES:
            self.count += 1
        self.count = max(1, self.count + (ADD in shown))
        for at in range(self.count):
            self._offer_figure(at, shown)

    def _offer_figure(self, at: int, shown: Any) -> None:
        metric = str(shown.get(f"metric_{at}") or "")
        known = registry.METRICS.get(registry.ALIASES.get(metric, metric))
        asked = registry.parameters_of(known, self.targets) if known else ()
        usual = usual_params(known, self.document) if known else {}
        self.parameters.append(asked)
        fields = {"metric": self._metric_field(at, metric, shown)}
        if known:
            said = gettext(
                "« %(name)s » ne se calcule pas sur ces réponses : leur nature se dit à l’étape 2."
            )
            refused = {"invalid_choice": said % {"name": TITLES[known.name]}}
            fields["metric"].error_messages |= refused
        for one in asked:
            options: dict[str, Any] = {"initial": [*one.choices, None][0]}
            options["error_messages"] = {"required": _("Donnez une valeur à ce réglage.")}
            options["required"] = one.is_needed or one.name in SETTLED
            fields[one.name] = field_of(f"params.{one.name}", one, **options)
            if one.name in usual and (self.is_bound or self.is_redrawn):
                # Of a measure that was just chosen: nobody was asked yet.
                shown.setdefault(
                    f"{one.name}_{at}", fields[one.name].prepare_value(usual[one.name])
                )
        for name in OF_A_FIGURE:
            fields[name] = field_of(name, METRIC[name], required=False)
        if known and known.direction != "none":
            del fields["direction"]
        if at:
            fields["hidden"] = field_of("hidden", HIDDEN)
        self.fields |= {f"{name}_{at}": each for name, each in fields.items()}

    def _metric_field(self, at: int, metric: str, shown: Any) -> forms.Field:
        """Ask for a measure: one of those suggested and the chosen one, or of all of them."""
        names = [str(each["metric"]) for each in self.suggested]
        if at:
            return choice(_("Mesure"), menu(self.measures))
        fault = _("Choisissez une mesure : c’est elle qui classe.")
        if not names:
            return choice(_("Mesure"), menu(self.measures), fault)
        others = [name for name, _title in menu(self.measures) if name and name not in names]
        names += others if ALL in shown else [each for each in others if each == metric]
        cards = {name: self._card(name) for name in names}
        return choice(
            _("Toutes les mesures, les plus courantes d’abord")
            if ALL in shown
            else _("Les mesures les plus courantes pour vos données"),
            [(name, title) for name, (title, _said) in cards.items()],
            fault,
            _("Les autres lisent d’autres réponses : la nature des vôtres se dit à l’étape 2.")
            if ALL in shown
            else "",
            radio=True,
            descriptions={name: said for name, (_title, said) in cards.items()},
        )

    def _card(self, name: str) -> tuple[Any, Any]:
        """Name a measure, and say in a sentence what it tells."""
        if name in SUGGESTIONS and name in {each["metric"] for each in self.suggested}:
            title, said = SUGGESTIONS[name]
            return title, format_lazy("{} ({})", said, TITLES[name])
        if name == FORMULA:
            return TITLES[name], WORDS["params.formula"][1]
        params = {"tau": "tau"} | usual_params(registry.METRICS[name], self.document)
        return TITLES[name], metric_definition({"metric": name, "params": params})

    def clean(self) -> dict[str, Any]:
        """Note what is wrong in the figures, each fault beside its field."""
        sent: dict[str, Any] = super().clean() or {}
        self.clean_figures(sent)
        return sent

    def clean_figures(self, sent: dict[str, Any]) -> None:
        """Refuse parameters that do not suit."""
        for at in self._chosen:
            if sent[f"metric_{at}"] == FORMULA and not sent.get(f"direction_{at}"):
                self.add_error(
                    f"direction_{at}", _("Dites dans quel sens lire la colonne calculée.")
                )
            known = registry.metric(sent[f"metric_{at}"])
            for name, reason in registry.parameter_faults(known, self._params(at), self.targets):
                english = get_language() == "en"
                self._refuse(f"{name}_{at}", reason if english else french_reasons(reason))

    def _field_at(self, problem: Problem) -> str:
        chosen = self._chosen
        above, _dot, rest = problem.key.partition(".")
        if above != "metrics":
            return ""
        if not rest:
            keys = [at for at in chosen if self._key(at) == problem.value]
            return f"key_{keys[-1]}" if len(keys) > 1 else "metric_0"
        place, _dot, name = rest.partition(".")
        return f"{name.removeprefix('params.')}_{chosen[int(place)]}"

    @property
    def _chosen(self) -> list[int]:
        return [at for at in range(self.count) if self.cleaned_data.get(f"metric_{at}")]

    def _key(self, at: int) -> str:
        """Return the key of a figure; a measure that comes twice has its place in its second."""
        sent = self.cleaned_data
        own, twice = sent.get(f"metric_{at}"), [sent.get(f"metric_{each}") for each in range(at)]
        return str(sent.get(f"key_{at}") or (f"{own}_{at + 1}" if own in twice else own) or "")

    def _former_direction(self, at: int) -> str | None:
        """Return the direction that no field asks: a figure beside the first may be descriptive."""
        own = {"key": self._key(at), "metric": self.cleaned_data[f"metric_{at}"]}
        former = [
            each
            for each in self.document.get("metrics") or ()
            if at and own.items() <= each.items()
        ]
        return former[0].get("direction") if former else None

    def _params(self, at: int) -> dict[str, Any]:
        given = {one: self.cleaned_data.get(f"{one.name}_{at}") for one in self.parameters[at]}
        return {
            one.name: self._listed(one.name, at, value) if one.is_many else value
            for one, value in given.items()
            if value not in (None, "", [])
        }

    def _listed(self, name: str, at: int, lines: list[str]) -> list[Any]:
        """Read a list; one that nobody touched stays as it was, "01" and all."""
        former = self.initial.get(f"{name}_{at}")
        if isinstance(former, list) and [str(each) for each in former] == lines:
            return former
        return [_number(each) for each in lines]

    @property
    def slots(self) -> list[dict[str, Any]]:
        """List the bound fields of each figure, and what it computes as the form stands."""
        return [self._slot(at) for at in range(self.count)]

    def _slot(self, at: int) -> dict[str, Any]:
        more = [self[each] for name in (*OF_A_FIGURE, "hidden") if (each := f"{name}_{at}") in
                self.fields]  # fmt: skip
        metric = str(self[f"metric_{at}"].value() or "")
        slot = {
            "number": at + 1,
            "metric": self[f"metric_{at}"],
            "is_suggested": isinstance(self.fields[f"metric_{at}"].widget, forms.RadioSelect)
            and ALL not in self.initial,
            "parameters": [self[f"{one.name}_{at}"] for one in self.parameters[at]],
            "more": more,
            "open": any(each.errors for each in more),
        }
        if metric not in registry.METRICS:
            return slot
        typed = self._typed(at)
        figure = {"metric": metric, "params": typed}
        known = registry.METRICS[metric]
        faulty = dict(registry.parameter_faults(known, typed, self.targets)).keys() & typed.keys()
        return slot | {
            "title": TITLES[metric],
            "plain": metric_definition(figure),
            "formula": metric_formula(figure),
            "letters": metric_letters(figure),
            "example": None if faulty else metric_example(figure),
        }

    def _typed(self, at: int) -> dict[str, Any]:
        """Read the parameters that can be read, as the form stands."""
        return self._read(at, [one.name for one in self.parameters[at]])

    def _read(self, at: int, names: Sequence[str]) -> dict[str, Any]:
        typed: dict[str, Any] = {}
        for name in names:
            with suppress(forms.ValidationError):
                bound = self[f"{name}_{at}"]
                typed[name] = bound.field.clean(bound.field.prepare_value(bound.value()))
        return {name: value for name, value in typed.items() if value not in (None, "", [])}

    @property
    def as_typed(self) -> list[dict[str, Any]]:
        """Return the figures as the form stands, judged or not, in the portable form."""
        figures = []
        for at in range(self.count):
            metric = str(self[f"metric_{at}"].value() or "")
            if {metric} & {*registry.METRICS, *registry.ALIASES}:
                more = [name for name in (*OF_A_FIGURE, "hidden") if f"{name}_{at}" in self.fields]
                told = self._read(at, more) | {"params": self._typed(at), "primary": at == 0}
                figures.append(figure_of(metric, **told))
        return figures

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Return the chosen figures, in the portable form."""
        sent = self.cleaned_data
        said = ("label", "decimals", "hidden")
        return [
            figure_of(
                sent[f"metric_{at}"],
                key=self._key(at),
                params=self._params(at),
                primary=at == 0,
                direction=sent.get(f"direction_{at}") or self._former_direction(at),
                **{name: sent.get(f"{name}_{at}") for name in said},
            )
            for at in self._chosen
        ]


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if str(number) == text and abs(number) != float("inf") else text
    return text


def figures_of(metrics: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the fields show of figures in the portable form, the one that ranks first.

    What a figure has as usual is left out: it follows the measure that is chosen.
    """
    shown: dict[str, Any] = {}
    for at, metric in enumerate(sorted(metrics, key=lambda each: not each.get("primary"))):
        usual = {**figure_of(metric["metric"]), "metric": None}
        own = {name: value for name, value in metric.items() if value != usual.get(name)}
        values = {**(metric.get("params") or {}), **own}
        shown |= {f"{name}_{at}": value for name, value in values.items()}
    return shown


@dataclass(frozen=True)
class AnswerShape:
    """Say what a form asks for a layout. reads: what its measures read.

    of_answer: what it asks of the column that is judged. asked: of the whole, with what is usual.
    """

    title: Any
    layout: Layout
    reads: frozenset[Shape]
    of_answer: tuple[str, ...] = ()
    asked: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_several(self) -> bool:
        """Tell whether an answer is several columns of the sample, for one of the answers."""
        return self.layout is Layout.NUMBERS_PER_ID

    def offered(self, given: Sequence[str], held: Sequence[str]) -> dict[str, list[str]]:
        """Return the columns that may play each role, then those that may part the rows.

        given: of the sample; held: of the answers. A role of both has one name in them.
        """
        both = [each for each in given if each in held]
        offered: dict[str, list[str]] = {}
        for role in dict.fromkeys((*self.layout.roles, *self.layout.held)):
            is_given = role in self.layout.roles and not (self.is_several and role == "target")
            is_held = role in self.layout.held
            offered[role] = both if is_given and is_held else [*(given if is_given else held)]
        return offered | {"split_column": [each for each in held if each not in given]}


ROWS = "lignes"
SHAPES: Mapping[str, AnswerShape] = {
    ROWS: AnswerShape(
        _("Une réponse par ligne"),
        Layout.ONE_ROW_PER_ID,
        frozenset({Shape.ANY, Shape.NUMBERS, Shape.LABEL_SETS}),
        of_answer=("type", "min", "max"),
    ),
    "listes": AnswerShape(
        _("Listes ordonnées"),
        Layout.RANKED_LIST,
        frozenset({Shape.LISTS, Shape.RANKED}),
        asked={"max_items": 10},
    ),
    "scores": AnswerShape(
        _("Scores de candidats"),
        Layout.CANDIDATE_SCORES,
        frozenset({Shape.LISTS}),
        asked={"policy": "complete"},
    ),
    "probabilites": AnswerShape(
        _("Probabilités par classe"),
        Layout.NUMBERS_PER_ID,
        frozenset({Shape.PROBABILITIES}),
    ),
}


def shape_of(document: Mapping[str, Any]) -> str | None:
    """Return the shape of a document, that of its task before a scoring; None for another one."""
    submission = document.get("submission") or {}
    layout = submission.get("layout")
    if layout is None:
        return "listes" if document.get("task") == "ranking" else ROWS
    if layout == Layout.NUMBERS_PER_ID and submission.get("form") != "probabilities":
        return None
    return next((key for key, each in SHAPES.items() if each.layout == layout), None)


class MeasuresForm(FiguresForm):
    """Choose the figures of a board whose columns are known."""

    def __init__(self, data: Any = None, *, document: Mapping[str, Any]) -> None:
        """Offer the measures that read answers of the shape of the document."""
        self.document, self.suggested = document, suggested(document)
        figures = document.get("metrics") or self.suggested[:1]
        data, initial = redrawn(data, figures_of(figures))
        super().__init__(data, initial=initial)
        own = {str(each["metric"]) for each in figures} - {FORMULA}
        self.measures = sorted({*computable(document), *own})
        self.offer()

    def clean(self) -> dict[str, Any]:
        """Read the figures as a folder is read."""
        sent: dict[str, Any] = super().clean() or {}
        findings = Findings()
        _contract(self.document, self.metrics, findings)
        self.note(findings)
        return sent


TABLE = _("Un CSV en UTF-8, avec une ligne d’en-tête, 200 Mo au plus.")


class PhaseFilesForm(forms.Form):
    """Give a phase its own answers, and the public files that go with them."""

    truth = upload(
        _("Réponses de cette phase, scellées dès l’envoi"),
        hint=_("Vide : les réponses déjà en place, celles de la première phase par défaut."),
    )
    test = upload(
        _("Données de test de cette phase, publiques"),
        hint=_("Si les identifiants changent. Elles paraissent avec le challenge."),
    )
    sample = upload(
        _("Exemple de soumission de cette phase, public"), hint=_("Si les identifiants changent.")
    )


class TaskForm(forms.Form):
    """Add a task to a phase: other answers for the same files."""

    name = line(_("Nom de la tâche"), 120, _("Donnez un nom à la tâche."))
    truth = upload(
        _("Réponses de cette tâche, scellées dès l’envoi"),
        _("Choisissez le fichier des réponses."),
        hint=TABLE,
    )
