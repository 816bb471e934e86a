"""Form by which an organiser says how entries are read and measured."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.bundles import metric_names
from challenges.bundles.document import METRIC_KEY
from challenges.scoring import registry
from challenges.scoring.metric import Shape

SLOTS = 6
FORMULA = "formula"
TYPES = {
    "string": gettext_lazy("Texte ou code"),
    "category": gettext_lazy("Étiquette d’une liste"),
    "integer": gettext_lazy("Nombre entier"),
    "float": gettext_lazy("Nombre décimal"),
    "label_set": gettext_lazy("Plusieurs étiquettes"),
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
DIRECTIONS = {
    "": gettext_lazy("Sens habituel de la mesure"),
    "max": gettext_lazy("Plus grand est meilleur"),
    "min": gettext_lazy("Plus petit est meilleur"),
    "none": gettext_lazy("Descriptive, jamais classée"),
}
# What the engine reads of one answer a row.
_OF_ROWS = frozenset({Shape.ANY, Shape.NUMBERS, Shape.LABELS, Shape.LABEL_SETS})
_AUTHORED = frozenset({FORMULA, "pair_consistency", "concordance", "uno_c"})


def measures_of(shapes: Collection[Shape]) -> list[str]:
    """List the measures that read these shapes and need no other column of the answers."""
    return sorted(
        name
        for name in metric_names.KNOWN
        if name not in _AUTHORED
        and registry.METRICS[registry.ALIASES.get(name, name)].shape in shapes
    )


MENU = measures_of(_OF_ROWS)


def menu(names: Sequence[str], titles: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List measures, by their French name, then the formula."""
    named = sorted((str(titles.get(name, name)), name) for name in names)
    shown = [(name, f"{title} ({name})") for title, name in named]
    return [("", _("Aucune")), *shown, (FORMULA, _("Colonne calculée : une formule"))]


class ScoringForm(forms.Form):
    """Choose the columns in the headers, then up to six figures of the board.

    One answer a row; `forms.shapes` has the other shapes. measures: those of the menu.
    """

    measures: ClassVar[Sequence[str]] = MENU
    id = forms.ChoiceField(label=gettext_lazy("Colonne de l’identifiant"))
    target = forms.ChoiceField(label=gettext_lazy("Colonne à prédire"))
    type = forms.ChoiceField(
        label=gettext_lazy("Nature de la réponse"), choices=list(TYPES.items())
    )
    minimum = forms.FloatField(
        label=gettext_lazy("Plus petite réponse admise"), required=False, localize=True
    )
    maximum = forms.FloatField(
        label=gettext_lazy("Plus grande réponse admise"), required=False, localize=True
    )
    split = forms.ChoiceField(
        label=gettext_lazy("Colonne qui sépare les parts publique et privée"),
        help_text=gettext_lazy("Elle est dans le fichier des réponses, et reste scellée avec lui."),
    )
    public = forms.CharField(
        label=gettext_lazy("Valeur de la part publique"), max_length=64, initial="public"
    )
    private = forms.CharField(
        label=gettext_lazy("Valeur de la part privée"), max_length=64, initial="private"
    )
    cluster = forms.ChoiceField(
        label=gettext_lazy("Colonne de regroupement"),
        required=False,
        help_text=gettext_lazy(
            "Les lignes d’un même groupe sont liées : elles restent dans la même part, et les "
            "intervalles sont calculés par groupe."
        ),
    )
    weight = forms.ChoiceField(
        label=gettext_lazy("Colonne des poids"),
        required=False,
    )
    primary = forms.ChoiceField(label=gettext_lazy("Mesure qui classe"), initial="0")

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
        self.titles = titles
        shared = [each for each in given if each in held]
        optional = [("", _("Aucune")), *((each, each) for each in held)]
        for name, choices in (
            ("id", [(each, each) for each in shared]),
            ("target", [(each, each) for each in shared]),
            ("split", [(each, each) for each in held if each not in given]),
            ("cluster", optional),
            ("weight", optional),
            ("primary", [(str(at), _("Mesure %(n)s") % {"n": at + 1}) for at in range(SLOTS)]),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # choice fields
        for at in range(SLOTS):
            self.fields |= _slot_fields(at, menu(self.measures, titles))

    def clean(self) -> dict[str, Any]:
        """Refuse columns used twice, a primary figure that is absent, and keys used twice."""
        sent: dict[str, Any] = super().clean() or {}
        if sent.get("id") and sent.get("id") == sent.get("target"):
            self.add_error("target", _("L’identifiant n’est pas la colonne à prédire."))
        if sent.get("public") and sent.get("public") == sent.get("private"):
            self.add_error("private", _("Les deux parts portent la même valeur."))
        low, high = sent.get("minimum"), sent.get("maximum")
        if low is not None and high is not None and low > high:
            self.add_error("maximum", _("Le maximum est sous le minimum."))
        primary = sent.get("primary", "0")
        if not sent.get(f"metric_{primary}"):
            self.add_error(
                "primary", _("Choisissez une mesure à cette place : c’est elle qui classe.")
            )
        keys = [self._key(at) for at in range(SLOTS) if sent.get(f"metric_{at}")]
        for at in range(SLOTS):
            self._clean_slot(at, sent, keys)
        return sent

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
        names = ("metric", "key", "label", "params", "direction", "decimals", "hidden")
        return [
            {"number": at + 1, "fields": [self[f"{name}_{at}"] for name in names]}
            for at in range(SLOTS)
        ]

    @property
    def columns(self) -> list[Any]:
        """List the bound fields of the columns and of the parts."""
        names = ("id", "target", "type", "minimum", "maximum")
        return [self[name] for name in (*names, "split", "public", "private", "cluster", "weight")]

    def submission(self, former: dict[str, Any]) -> dict[str, Any]:
        """Return the shape of a submission, in the portable form."""
        sent = self.cleaned_data
        target: dict[str, Any] = {"name": sent["target"], "role": "target", "type": sent["type"]}
        for key, name in (("min", "minimum"), ("max", "maximum")):
            if sent[name] is not None:
                whole = float(sent[name]).is_integer()
                target[key] = int(sent[name]) if whole else sent[name]
        return {
            **kept_of(former),
            "layout": "one_row_per_id",
            "columns": [{"name": sent["id"], "role": "id", "type": "string"}, target],
        }

    def truth(self, file: str) -> dict[str, Any]:
        """Return where the answers stand, in the portable form."""
        sent = self.cleaned_data
        return {
            "file": file,
            "id": sent["id"],
            "target": sent["target"],
            "split": {
                "column": sent["split"],
                "public": sent["public"],
                "private": sent["private"],
            },
            "cluster": sent["cluster"] or None,
            "weight": sent["weight"] or None,
        }

    def parameters(self, name: str) -> dict[str, Any]:
        """Return the parameters of a measure that the shape of the answers gives."""
        return {}

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """Return the chosen figures, in the portable form."""
        sent = self.cleaned_data
        found = []
        for at in range(SLOTS):
            name = sent[f"metric_{at}"]
            if not name:
                continue
            natural = metric_names.KNOWN[name].direction
            params = self.parameters(name) | sent[f"params_{at}"]
            found.append(
                {
                    "key": self._key(at),
                    "metric": name,
                    "label": sent[f"label_{at}"] or str(self.titles.get(name, name)),
                    "direction": sent[f"direction_{at}"] or natural or "none",
                    "decimals": sent[f"decimals_{at}"],
                    "params": params,
                }
                | ({"primary": True} if sent["primary"] == str(at) else {})
                | ({"hidden": True} if sent[f"hidden_{at}"] else {})
            )
        return found


class PairsField(forms.CharField):
    """Read « a = Un nom ; b = Un autre » as a mapping of words."""

    def __init__(self, *, label: Any, help_text: Any, max_length: int = 1_000) -> None:
        super().__init__(label=label, required=False, max_length=max_length, help_text=help_text)

    def clean(self, value: Any) -> dict[str, Any]:
        """Read each pair."""
        text = super().clean(value)
        found: dict[str, Any] = {}
        for pair in (each for each in text.split(";") if each.strip()):
            name, sign, said = pair.partition("=")
            if not sign or not name.strip() or not said.strip():
                raise forms.ValidationError(
                    _("Écrivez « nom = valeur », plusieurs séparés par un point-virgule.")
                )
            found[name.strip()] = self.read(name.strip(), said.strip())
        return found

    def read(self, name: str, said: str) -> Any:
        """Read the value of a pair."""
        return said


class ParametersField(PairsField):
    """Read « k = 10 ; positive = oui » as a mapping of parameters; a number stays a number."""

    def __init__(self) -> None:
        super().__init__(
            label=gettext_lazy("Paramètres"),
            max_length=400,
            help_text=gettext_lazy(
                "Par exemple : positive = oui. Plusieurs se séparent par un point-virgule, les "
                "valeurs d’une liste par une virgule. Pour une colonne calculée : "
                "formula = 0.5 * f1 + 0.5 * mcc"
            ),
        )

    def read(self, name: str, said: str) -> Any:
        """Read a number, a list of them, or a word."""
        return _value(name, said)


def _value(name: str, said: str) -> Any:
    if name in {"formula", "positive"}:
        return said
    if name in {"labels", "levels", "times", "members"}:
        return [_number(each.strip()) for each in said.split(",") if each.strip()]
    return _number(said)


def _number(said: str) -> Any:
    for kind in (int, float):
        try:
            found = kind(said)
        except ValueError:
            continue
        return found if found == found and abs(found) != float("inf") else said
    return said


def kept_of(former: Mapping[str, Any]) -> dict[str, Any]:
    """Keep of a submission what no shape changes: its formats and its size."""
    size = {"max_bytes": former["max_bytes"]} if "max_bytes" in former else {}
    return {"formats": former.get("formats") or ["csv", "parquet", "zip"], **size}


def _slot_fields(at: int, choices: list[tuple[str, str]]) -> dict[str, forms.Field]:
    return {
        f"metric_{at}": forms.ChoiceField(
            label=gettext_lazy("Mesure"), choices=choices, required=False
        ),
        f"key_{at}": forms.CharField(
            label=gettext_lazy("Clé"),
            required=False,
            max_length=36,
            help_text=gettext_lazy("Vide : le nom de la mesure."),
        ),
        f"label_{at}": forms.CharField(
            label=gettext_lazy("Titre de la colonne"), required=False, max_length=120
        ),
        f"params_{at}": ParametersField(),
        f"direction_{at}": forms.ChoiceField(
            label=gettext_lazy("Sens"), choices=list(DIRECTIONS.items()), required=False
        ),
        f"decimals_{at}": forms.IntegerField(
            label=gettext_lazy("Décimales"), min_value=0, max_value=10, initial=4
        ),
        f"hidden_{at}": forms.BooleanField(
            label=gettext_lazy("Colonne cachée : calculée, jamais montrée"), required=False
        ),
    }


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
    found: dict[str, Any] = {
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
    for at, metric in enumerate((document.get("metrics") or [])[:SLOTS]):
        found |= {
            f"metric_{at}": metric.get("metric"),
            f"key_{at}": metric.get("key"),
            f"label_{at}": metric.get("label"),
            f"params_{at}": _written(metric.get("params") or {}),
            f"direction_{at}": metric.get("direction"),
            f"decimals_{at}": metric.get("decimals", 4),
            f"hidden_{at}": metric.get("hidden", False),
        }
        if metric.get("primary"):
            found["primary"] = str(at)
    return found


def _likely(apart: Sequence[str]) -> str:
    likely = ("jeu", "split", "usage", "part")
    found = [each for each in apart if each.lower() in likely]
    return found[0] if found else (apart[0] if apart else "")


def _written(params: dict[str, Any]) -> str:
    return " ; ".join(
        f"{name} = {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in params.items()
    )
