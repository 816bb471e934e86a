"""Form by which an organiser says how entries are read and measured."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.forms.figures import FiguresForm, figures_of

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


class ScoringForm(FiguresForm):
    """Choose the columns in the headers, then the figures of the board.

    One answer a row; `forms.shapes` has the other shapes.
    """

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
        shared = [each for each in given if each in held]
        optional = [("", _("Aucune")), *((each, each) for each in held)]
        for name, choices in (
            ("id", [(each, each) for each in shared]),
            ("target", [(each, each) for each in shared]),
            ("split", [(each, each) for each in held if each not in given]),
            ("cluster", optional),
            ("weight", optional),
        ):
            self.fields[name].choices = choices  # type: ignore[attr-defined]  # choice fields

    def clean(self) -> dict[str, Any]:
        """Refuse columns used twice, and what is wrong in the figures."""
        sent: dict[str, Any] = super().clean() or {}
        if sent.get("id") and sent.get("id") == sent.get("target"):
            self.add_error("target", _("L’identifiant n’est pas la colonne à prédire."))
        if sent.get("public") and sent.get("public") == sent.get("private"):
            self.add_error("private", _("Les deux parts portent la même valeur."))
        low, high = sent.get("minimum"), sent.get("maximum")
        if low is not None and high is not None and low > high:
            self.add_error("maximum", _("Le maximum est sous le minimum."))
        return sent

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
    found |= figures_of(document.get("metrics") or [])
    return found


def _likely(apart: Sequence[str]) -> str:
    likely = ("jeu", "split", "usage", "part")
    found = [each for each in apart if each.lower() in likely]
    return found[0] if found else (apart[0] if apart else "")
