"""Forms by which an organiser says what answers look like and how they are measured."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from challenges.organising.words import DIRECTIONS
from challenges.scoring import registry
from challenges.scoring.contract import (
    METRIC_KEY,
    USUAL_TYPES,
    ColumnType,
    Layout,
    written_probabilities,
)
from challenges.scoring.metric import Shape
from portal.lib.web.fields import box, choice, decimal, line, upload, whole

SLOTS = 6
FORMULA = "formula"
NAMES = ("metric", "key", "label", "params", "direction", "decimals", "hidden")
# What the engine reads of one answer a row.
_OF_ROWS = frozenset({Shape.ANY, Shape.NUMBERS, Shape.LABEL_SETS})
_AUTHORED = frozenset({FORMULA, "pair_consistency", "concordance"})


def measures_of(shapes: Collection[Shape]) -> list[str]:
    """List the measures that read these shapes and need no other column of the answers."""
    return sorted(
        name
        for name, metric in registry.METRICS.items()
        if name not in _AUTHORED and metric.shape in shapes
    )


MENU = measures_of(_OF_ROWS)


def menu(names: Sequence[str], titles: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """List measures, by their French name, then the formula."""
    named = sorted((str(titles.get(name, name)), name) for name in names)
    shown = [(name, f"{title} ({name})") for title, name in named]
    return [("", _("Aucune")), *shown, (FORMULA, _("Colonne calculée : une formule"))]


class FiguresForm(forms.Form):
    """Choose the figures of a board, one of them primary. measures: those of the menu."""

    measures: Sequence[str] = MENU
    primary = forms.ChoiceField(label=_("Mesure qui classe"), initial="0")

    count = SLOTS
    titles: Mapping[str, Any] = {}

    def offer(self, titles: Mapping[str, Any], metrics: Sequence[Any]) -> None:
        """Add a place for each figure, one more than there are; titles: names of the menu."""
        self.titles = titles
        self.count = max(SLOTS, len(metrics) + 1)
        shown = menu(self.measures, titles)
        for at in range(self.count):
            self.fields |= _slot_fields(at, shown)
        primary: Any = self.fields["primary"]
        primary.choices = [
            (str(at), _place(at, metrics[at] if at < len(metrics) else {}))
            for at in range(self.count)
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a primary figure that is absent, and keys used twice."""
        sent: dict[str, Any] = super().clean() or {}
        self.clean_figures(sent)
        return sent

    def clean_figures(self, sent: dict[str, Any]) -> None:
        """Note what is wrong in the figures, each fault beside its field."""
        primary = sent.get("primary", "0")
        if not sent.get(f"metric_{primary}"):
            self.add_error(
                "primary", _("Choisissez une mesure à cette place : c’est elle qui classe.")
            )
        keys = [self._key(at) for at in range(self.count) if sent.get(f"metric_{at}")]
        for at in range(self.count):
            self._clean_slot(at, sent, keys)

    def _clean_slot(self, at: int, sent: dict[str, Any], keys: list[str]) -> None:
        name = sent.get(f"metric_{at}")
        if not name:
            return
        key = self._key(at)
        if not METRIC_KEY.fullmatch(key) or len(key) > 36:
            self.add_error(f"key_{at}", _("Lettres sans accent, chiffres et _, 36 caractères."))
        elif keys.count(key) > 1:
            self.add_error(f"key_{at}", _("Deux mesures portent la même clé."))
        if name == FORMULA and not (sent.get(f"label_{at}") and sent.get(f"key_{at}")):
            self.add_error(f"key_{at}", _("Donnez une clé et un titre à la colonne calculée."))
        if name == FORMULA and sent.get(f"direction_{at}") == "":
            self.add_error(f"direction_{at}", _("Dites dans quel sens lire la colonne calculée."))
        if sent.get("primary") == str(at) and sent.get(f"hidden_{at}"):
            self.add_error(f"hidden_{at}", _("La mesure qui classe est montrée."))

    def _key(self, at: int) -> str:
        sent = self.cleaned_data
        given: str = sent.get(f"key_{at}") or sent.get(f"metric_{at}") or ""
        return given

    @property
    def slots(self) -> list[dict[str, Any]]:
        """List the bound fields of each figure."""
        return [self._slot(at) for at in range(self.count)]

    def _slot(self, at: int) -> dict[str, Any]:
        bound = [self[f"{name}_{at}"] for name in NAMES if f"{name}_{at}" in self.fields]
        metric = self[f"metric_{at}"].value() or ""
        title = self[f"label_{at}"].value() or str(self.titles.get(metric, metric))
        if metric == FORMULA and not title:
            title = _("Colonne calculée")
        return {
            "number": at + 1,
            "fields": bound,
            "title": title,
            "open": any(each.errors for each in bound),
        }

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Return the chosen figures, in the portable form."""
        sent = self.cleaned_data
        chosen = []
        for at in range(self.count):
            name = sent[f"metric_{at}"]
            if not name:
                continue
            natural = registry.METRICS[name].direction
            chosen.append(
                {
                    "key": self._key(at),
                    "metric": name,
                    "label": sent[f"label_{at}"] or str(self.titles.get(name, name)),
                    "direction": sent[f"direction_{at}"] or natural,
                    "decimals": sent[f"decimals_{at}"],
                    "params": sent[f"params_{at}"],
                }
                | ({"primary": True} if sent["primary"] == str(at) else {})
                | ({"hidden": True} if sent.get(f"hidden_{at}") else {})
            )
        return chosen


def _place(at: int, metric: Mapping[str, Any]) -> str:
    """Name a place by its number, and by the figure that stands in it."""
    if metric.get("label"):
        return _("Mesure %(n)s : %(title)s") % {"n": at + 1, "title": metric["label"]}
    return _("Mesure %(n)s") % {"n": at + 1}


class PairsField(forms.CharField):
    """Read « a = Un nom ; b = Un autre » as a mapping of words."""

    def __init__(self, *, label: Any, help_text: Any, max_length: int = 1_000) -> None:
        super().__init__(label=label, required=False, max_length=max_length, help_text=help_text)

    def clean(self, value: Any) -> dict[str, Any]:
        """Read each pair."""
        text = super().clean(value)
        found: dict[str, Any] = {}
        for pair in (each for each in text.split(";") if each.strip()):
            name, sign, written = pair.partition("=")
            if not sign or not name.strip() or not written.strip():
                raise forms.ValidationError(
                    _("Écrivez « nom = valeur », plusieurs séparés par un point-virgule.")
                )
            found[name.strip()] = self.read(name.strip(), written.strip())
        return found

    def read(self, name: str, said: str) -> Any:
        """Read the value of a pair."""
        return said


class ParametersField(PairsField):
    """Read « k = 10 ; positive = oui » as a mapping of parameters; a number stays a number."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Paramètres"),
            max_length=400,
            help_text=_(
                "Par exemple : positive = oui. Plusieurs se séparent par un point-virgule, les "
                "valeurs d’une liste par une virgule. Pour une colonne calculée : "
                "formula = 0.5 * f1 + 0.5 * mcc"
            ),
        )

    def read(self, name: str, said: str) -> Any:
        """Read a number, a list of them, or a word."""
        return _value(name, said)


def _value(name: str, text: str) -> Any:
    if name in {"formula", "positive"}:
        return text
    if name in {"labels", "members"}:
        return [_number(each.strip()) for each in text.split(",") if each.strip()]
    return _number(text)


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        return number if number == number and abs(number) != float("inf") else text
    return text


def _slot_fields(at: int, choices: list[tuple[str, str]]) -> dict[str, forms.Field]:
    return {
        f"metric_{at}": choice(_("Mesure"), choices),
        f"key_{at}": line(_("Clé"), 36, hint=_("Vide : le nom de la mesure.")),
        f"label_{at}": line(_("Titre de la colonne"), 120),
        f"params_{at}": ParametersField(),
        f"direction_{at}": choice(
            _("Sens"), [("", _("Sens habituel de la mesure")), *DIRECTIONS.items()]
        ),
        f"decimals_{at}": whole(_("Décimales"), 0, 10, initial=4),
        f"hidden_{at}": box(_("Colonne cachée : calculée, jamais montrée")),
    }


def figures_of(metrics: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the fields show of figures in the portable form."""
    shown: dict[str, Any] = {}
    for at, metric in enumerate(metrics):
        shown |= {
            f"metric_{at}": metric.get("metric"),
            f"key_{at}": metric.get("key"),
            f"label_{at}": metric.get("label"),
            f"params_{at}": _written(metric.get("params") or {}),
            f"direction_{at}": metric.get("direction"),
            f"decimals_{at}": metric.get("decimals", 4),
            f"hidden_{at}": metric.get("hidden", False),
        }
        if metric.get("primary"):
            shown["primary"] = str(at)
    return shown


def _written(params: dict[str, Any]) -> str:
    return " ; ".join(
        f"{name} = {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in params.items()
    )


TYPES = {
    "string": _("Texte ou code"),
    "category": _("Étiquette d’une liste"),
    "integer": _("Nombre entier"),
    "float": _("Nombre décimal"),
    "label_set": _("Plusieurs étiquettes"),
}
# What a task most often asks for: the type of its answers, and the measure that ranks.
USUAL = {
    "classification": ("string", "accuracy"),
    "ordinal": ("integer", "kappa_quadratic"),
    "regression": ("float", "mae"),
    "forecasting": ("float", "mae"),
    "multilabel": ("label_set", "f1_samples"),
    "clustering": ("string", "ari"),
}


class ScoringForm(FiguresForm):
    """Choose the columns in the headers, and the parts, then the figures of the board.

    A subclass asks for the columns of one shape of answers.
    """

    asked: Sequence[str] = ()  # its own fields, in their order
    split = forms.ChoiceField(
        label=_("Colonne qui sépare les parts publique et privée"),
        help_text=_("Elle est dans le fichier des réponses, et reste scellée avec lui."),
    )
    public = forms.CharField(label=_("Valeur de la part publique"), max_length=64, initial="public")
    private = forms.CharField(label=_("Valeur de la part privée"), max_length=64, initial="private")
    cluster = choice(
        _("Colonne de regroupement"),
        hint=_(
            "Les lignes d’un même groupe sont liées : elles restent dans la même part, et les "
            "intervalles sont calculés par groupe."
        ),
    )
    weight = choice(_("Colonne des poids"))

    def __init__(
        self,
        data: Any = None,
        *,
        document: dict[str, Any],
        given: Sequence[str],
        held: Sequence[str],
        titles: Mapping[str, Any],
    ) -> None:
        """Offer the columns of the headers and the measures of the menu, named by `titles`."""
        super().__init__(data, initial=_initial(document, given, held))
        self.offer(titles, document.get("metrics") or [])
        self.given, self.held = given, held
        self.both = [each for each in given if each in held]
        self.choose("split", [each for each in held if each not in given])
        for name in ("cluster", "weight"):
            self.choose(name, held, first=[("", _("Aucune"))])

    def choose(
        self, name: str, columns: Sequence[str], first: Sequence[tuple[str, Any]] = ()
    ) -> None:
        """Offer these columns in a field."""
        field: Any = self.fields[name]
        field.choices = [*first, *((each, each) for each in columns)]

    def clean(self) -> dict[str, Any]:
        """Refuse one value for two parts, and what is wrong in the figures."""
        sent: dict[str, Any] = super().clean() or {}
        if sent.get("public") and sent.get("public") == sent.get("private"):
            self.add_error("private", _("Les deux parts portent la même valeur."))
        return sent

    @property
    def columns(self) -> list[Any]:
        """List the bound fields of the columns and of the parts."""
        return [self[name] for name in (*self.asked, *PARTS)]

    def submission(self, former: dict[str, Any]) -> dict[str, Any]:
        """Return the shape of a submission, in the portable form."""
        raise NotImplementedError

    def truth(self, file: str) -> dict[str, Any]:
        """Return where the answers stand and how their rows count, in the portable form."""
        sent = self.cleaned_data
        return {
            "file": file,
            "split": {
                "column": sent["split"],
                "public": sent["public"],
                "private": sent["private"],
            },
            "cluster": sent["cluster"] or None,
            "weight": sent["weight"] or None,
        }


class RowsForm(ScoringForm):
    """One answer a row."""

    asked = ("id", "target", "type", "minimum", "maximum")
    id = forms.ChoiceField(label=_("Colonne de l’identifiant"))
    target = forms.ChoiceField(label=_("Colonne à prédire"))
    type = forms.ChoiceField(label=_("Nature de la réponse"), choices=list(TYPES.items()))
    minimum = decimal(_("Plus petite réponse admise"))
    maximum = decimal(_("Plus grande réponse admise"))

    def __init__(self, data: Any = None, **headers: Any) -> None:
        super().__init__(data, **headers)
        self.choose("id", self.both)
        self.choose("target", self.both)

    def clean(self) -> dict[str, Any]:
        """Refuse a column used twice, and bounds out of order."""
        sent: dict[str, Any] = super().clean() or {}
        if sent.get("id") and sent.get("id") == sent.get("target"):
            self.add_error("target", _("L’identifiant n’est pas la colonne à prédire."))
        low, high = sent.get("minimum"), sent.get("maximum")
        if low is not None and high is not None and low > high:
            self.add_error("maximum", _("Le maximum est sous le minimum."))
        return sent

    def submission(self, former: dict[str, Any]) -> dict[str, Any]:
        """Return the shape of a submission, in the portable form."""
        sent = self.cleaned_data
        target: dict[str, Any] = {"name": sent["target"], "role": "target", "type": sent["type"]}
        for key, name in (("min", "minimum"), ("max", "maximum")):
            if sent[name] is not None:
                whole_number = float(sent[name]).is_integer()
                target[key] = int(sent[name]) if whole_number else sent[name]
        return {
            **kept_of(former),
            "layout": "one_row_per_id",
            "columns": [{"name": sent["id"], "role": "id", "type": "string"}, target],
        }

    def truth(self, file: str) -> dict[str, Any]:
        """Return where the answers stand, in the portable form."""
        sent = self.cleaned_data
        return super().truth(file) | {"id": sent["id"], "target": sent["target"]}


def kept_of(former: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a submission what no shape changes: its formats and its size."""
    size = {"max_bytes": former["max_bytes"]} if "max_bytes" in former else {}
    return {"formats": former.get("formats") or ["csv", "parquet", "zip"], **size}


def _initial(document: dict[str, Any], given: Sequence[str], held: Sequence[str]) -> dict[str, Any]:
    """Show what the document says, or what the headers suggest."""
    shared = [each for each in given if each in held]
    columns = {
        each.get("role"): each
        for each in (document.get("submission") or {}).get("columns") or []
        if isinstance(each, dict)
    }
    truth = document.get("truth") or {}
    split = truth.get("split") or {}
    apart = [each for each in held if each not in given]
    target = columns.get("target") or {}
    usual = USUAL.get(document.get("task") or "", ("string", ""))
    initial: dict[str, Any] = {
        "metric_0": usual[1],
        "id": truth.get("id") or (shared[0] if shared else ""),
        "target": truth.get("target") or (shared[1] if len(shared) > 1 else ""),
        "type": target.get("type") or usual[0],
        "minimum": target.get("min"),
        "maximum": target.get("max"),
        "split": split.get("column") or _likely(apart),
        "public": split.get("public") or "public",
        "private": split.get("private") or "private",
        "cluster": truth.get("cluster") or "",
        "weight": truth.get("weight") or "",
    }
    initial |= figures_of(document.get("metrics") or [])
    return initial


def _likely(apart: Sequence[str]) -> str:
    likely = ("jeu", "split", "usage", "part")
    named = [each for each in apart if each.lower() in likely]
    return named[0] if named else (apart[0] if apart else "")


PARTS = ("split", "public", "private", "cluster", "weight")


class _ShapeForm(ScoringForm):
    """Ask for the columns of a shape, by the roles that the engine gives its layout."""

    layout: ClassVar[Layout]
    questions: ClassVar[Sequence[str]] = ()

    def __init__(self, data: Any = None, **headers: Any) -> None:
        super().__init__(data, **headers)
        several = self.layout is Layout.NUMBERS_PER_ID  # then the sample has many columns for one
        held = self.layout.held
        # The roles that the sample and the answers have under one name; those of one alone.
        self.roles = [
            role
            for role in self.layout.roles
            if role in held and not (several and role == self.layout.answer)
        ]
        self.roles += [role for role in self.layout.roles if role not in held]
        self.held_roles = [name for name in held if name not in self.roles]
        for role in (*self.roles, *self.held_roles):
            self.fields[role] = forms.ChoiceField(label=COLUMN_OF[role])
            self.choose(
                role,
                self.held if role in self.held_roles else self.both if role in held else self.given,
            )
        self.asked = (*self.roles, *self.held_roles, *self.questions)
        self._start(headers["document"])

    def _start(self, document: Mapping[str, Any]) -> None:
        """Show what the document says where it has this shape, else the first of the menu."""
        submission = document.get("submission") or {}
        if submission.get("layout") != self.layout:
            for name in [each for each in self.initial if each.rsplit("_", 1)[-1].isdecimal()]:
                del self.initial[name]
            self.initial.update(metric_0=self.measures[0], primary="0")
            return
        columns = {each.get("role"): each.get("name") for each in submission.get("columns") or []}
        truth = document.get("truth") or {}
        for role in (*self.roles, *self.held_roles):
            held = truth.get(role)
            self.initial[role] = held if role in self.held_roles else columns.get(role) or held
        for name in self.questions:
            if submission.get(name) is not None:
                self.initial[name] = submission[name]

    def clean(self) -> dict[str, Any]:
        """Refuse one column in two roles."""
        sent: dict[str, Any] = super().clean() or {}
        for at, role in enumerate(self.roles):
            if sent.get(role) and sent[role] in [sent.get(each) for each in self.roles[:at]]:
                self.add_error(role, _("Cette colonne a déjà un rôle."))
        return sent

    def submission(self, former: dict[str, Any]) -> dict[str, Any]:
        """Return the shape of a submission, in the portable form."""
        answers = {name: self.cleaned_data[name] for name in self.questions}
        given = {name: value for name, value in answers.items() if value not in (None, False)}
        columns = [self.column(role) for role in self.roles]
        return {**kept_of(former), "layout": self.layout.value, "columns": columns, **given}

    def column(self, role: str) -> dict[str, Any]:
        """Describe the column of a role."""
        kinds = {**USUAL_TYPES, "item": ColumnType.CATEGORY}
        kind = kinds.get(role, ColumnType.STRING)
        return {"name": self.cleaned_data[role], "role": role, "type": kind.value}

    def truth(self, file: str) -> dict[str, Any]:
        """Return where the answers stand, in the portable form."""
        roles = [role for role in (*self.roles, *self.held_roles) if role in self.layout.held]
        return super().truth(file) | {role: self.cleaned_data[role] for role in roles}


COLUMN_OF = {
    "id": _("Colonne de l’identifiant"),
    "target": _("Colonne de la réponse, dans le fichier des réponses"),
    "query": _("Colonne de la demande"),
    "item": _("Colonne de l’élément proposé"),
    "rank": _("Colonne du rang, 1 en tête"),
    "score": _("Colonne du score donné par les équipes"),
    "gain": _("Colonne de la pertinence, dans les réponses : un nombre, 0 ou plus"),
}


class RankedForm(_ShapeForm):
    """A list of items for each query, best first."""

    layout = Layout.RANKED_LIST
    measures = [
        each
        for each in measures_of({Shape.LISTS, Shape.RANKED})
        if each not in {"attribute_distance", "share_other_prefix"}
    ]
    questions = ("max_items_per_query",)
    max_items_per_query = whole(_("Éléments par demande, au plus"), 1, 1_000, initial=10)

    def column(self, role: str) -> dict[str, Any]:
        """Bound the ranks by the length of a list."""
        described = super().column(role)
        most = {"min": 1, "max": self.cleaned_data["max_items_per_query"]}
        return described | most if role == "rank" else described


class ScoredForm(_ShapeForm):
    """A score for each candidate of a query."""

    layout = Layout.CANDIDATE_SCORES
    measures = measures_of({Shape.LISTS})
    questions = ("policy",)
    policy = forms.ChoiceField(
        label=_("Candidats notés par les équipes"),
        choices=[
            ("complete", _("Tous ceux de chaque demande")),
            ("top_k", _("Les meilleurs seulement")),
        ],
    )


class ProbabilitiesForm(_ShapeForm):
    """A probability for each class; a column bears the name of its class."""

    layout = Layout.NUMBERS_PER_ID
    measures = measures_of({Shape.PROBABILITIES})
    questions = ("numbers",)
    numbers = forms.MultipleChoiceField(
        label=_("Colonnes des nombres, dans l’ordre de l’exemple"),
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Any = None, **headers: Any) -> None:
        super().__init__(data, **headers)
        self.choose("numbers", self.given)
        former = (headers["document"].get("submission") or {}).get("columns") or []
        self.initial["numbers"] = [
            each.get("name") for each in former if each.get("role") == "target"
        ] or list(self.given[1:])
        # Figures proposed for another form of numbers.
        for name, value in list(self.initial.items()):
            if name.startswith("metric_") and value not in {*self.measures, FORMULA}:
                del self.initial[name]

    def clean(self) -> dict[str, Any]:
        """Refuse a single column, and the identifier among them."""
        sent: dict[str, Any] = super().clean() or {}
        numbers = sent.get("numbers") or []
        if sent.get("id") in numbers:
            self.add_error("numbers", _("L’identifiant n’est pas un nombre à donner."))
        elif len(numbers) == 1:
            self.add_error("numbers", _("Deux colonnes au moins."))
        return sent

    def submission(self, former: dict[str, Any]) -> dict[str, Any]:
        """Return the shape of a submission: one column for each number."""
        sent = self.cleaned_data
        numbers = dict.fromkeys(sent["numbers"], "")
        return {**kept_of(former), **written_probabilities(sent["id"], numbers)}


ROWS = "lignes"
SHAPES: Mapping[str, tuple[Any, type[ScoringForm]]] = {
    ROWS: (_("Une réponse par ligne"), RowsForm),
    "listes": (_("Listes ordonnées"), RankedForm),
    "scores": (_("Scores de candidats"), ScoredForm),
    "probabilites": (_("Probabilités par classe"), ProbabilitiesForm),
}
_LAYOUTS = {"ranked_list": "listes", "candidate_scores": "scores"}
_OF_TASKS = {"ranking": "listes"}


def shape_of(document: Mapping[str, Any]) -> str | None:
    """Return the shape of a document, that of its task before a scoring; None for another one."""
    submission = document.get("submission") or {}
    layout = submission.get("layout")
    if layout is None:
        return _OF_TASKS.get(str(document.get("task")), ROWS)
    if layout == "numbers_per_id":
        return "probabilites" if submission.get("form") == "probabilities" else None
    return ROWS if layout == "one_row_per_id" else _LAYOUTS.get(layout)


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
