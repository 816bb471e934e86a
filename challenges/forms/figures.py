"""Fields by which an organiser chooses the figures of a board, in a draft and after."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.bundles.contract import METRIC_KEY
from challenges.scoring import registry
from challenges.scoring.metric import Shape

SLOTS = 6
FORMULA = "formula"
NAMES = ("metric", "key", "label", "params", "direction", "decimals", "hidden")
DIRECTIONS = {
    "": gettext_lazy("Sens habituel de la mesure"),
    "max": gettext_lazy("Plus grand est meilleur"),
    "min": gettext_lazy("Plus petit est meilleur"),
    "none": gettext_lazy("Descriptive, jamais classée"),
}
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


def menu(names: Sequence[str], titles: Mapping[str, Any]) -> list[tuple[str, str]]:
    """List measures, by their French name, then the formula."""
    named = sorted((str(titles.get(name, name)), name) for name in names)
    shown = [(name, f"{title} ({name})") for title, name in named]
    return [("", _("Aucune")), *shown, (FORMULA, _("Colonne calculée : une formule"))]


class FiguresForm(forms.Form):
    """Choose the figures of a board, one of them primary. measures: those of the menu."""

    measures: Sequence[str] = MENU
    primary = forms.ChoiceField(label=gettext_lazy("Mesure qui classe"), initial="0")

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
        found = []
        for at in range(self.count):
            name = sent[f"metric_{at}"]
            if not name:
                continue
            natural = registry.METRICS[name].direction
            found.append(
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
        return found


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
    if name in {"labels", "members"}:
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


def figures_of(metrics: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return what the fields show of figures in the portable form."""
    found: dict[str, Any] = {}
    for at, metric in enumerate(metrics):
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


def _written(params: dict[str, Any]) -> str:
    return " ; ".join(
        f"{name} = {', '.join(map(str, value)) if isinstance(value, list) else value}"
        for name, value in params.items()
    )
