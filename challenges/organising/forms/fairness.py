"""Form by which an organiser declares, before the opening, how fairness is measured."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges.organising.forms.scorings import PairsField
from challenges.scoring.audit.declared import SMALLEST

SLOTS = 4
NATURES = {
    "": gettext_lazy("Autre, ou déduite du nom"),
    "origin": gettext_lazy("Origine, nationalité, migration"),
    "commune": gettext_lazy("Commune ou quartier"),
    "department": gettext_lazy("Département"),
}
FIGURES = {
    "": gettext_lazy("Aucun"),
    "table": gettext_lazy("La mesure qui classe, groupe par groupe"),
    "gap": gettext_lazy("L’écart entre les groupes"),
    "worst": gettext_lazy("Le moins bon groupe"),
}
COLUMNS = {
    "": gettext_lazy("Aucune"),
    "worst_group": gettext_lazy("La mesure qui classe, pour le groupe le moins bien servi"),
    "demographic_parity": gettext_lazy("Écart de taux de réponses favorables"),
    "equal_opportunity": gettext_lazy("Écart de taux de vrais positifs"),
    "equalised_odds": gettext_lazy("Écart de vrais et de faux positifs"),
    "predictive_parity": gettext_lazy("Écart de précision"),
    "calibration": gettext_lazy("Écart de calibration"),
    "auc_by_group": gettext_lazy("Écart d’aire sous la courbe"),
    "signed_error": gettext_lazy("Écart d’erreur moyenne signée"),
}
PAIRS = list(combinations(range(SLOTS), 2))


class FairnessForm(forms.Form):
    """Name up to four columns of the answers that make groups, and what is compared."""

    n_min_group = forms.IntegerField(
        label=gettext_lazy("Personnes sous lesquelles un groupe n’est pas montré"),
        min_value=SMALLEST,
        max_value=100_000,
        initial=SMALLEST,
        help_text=gettext_lazy("11 au moins ; davantage pour des données sensibles."),
    )
    min_rows = forms.IntegerField(
        label=gettext_lazy("Lignes sous lesquelles un groupe n’est pas comparé"),
        min_value=1,
        max_value=1_000_000,
        initial=30,
    )
    audit = forms.BooleanField(
        label=gettext_lazy("Auditer les soumissions à la publication des résultats"),
        required=False,
        help_text=gettext_lazy(
            "Les groupes de chaque attribut sont comparés, avec leurs intervalles. Rien n’en "
            "paraît avant les résultats définitifs."
        ),
    )
    crossings = forms.MultipleChoiceField(
        label=gettext_lazy("Groupes croisés dans l’audit"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy(
            "L’origine ne se croise ni avec la commune ni avec le département : trop peu de "
            "personnes se reconnaîtraient."
        ),
    )
    positive = forms.CharField(
        label=gettext_lazy("Étiquette favorable"),
        required=False,
        max_length=64,
        help_text=gettext_lazy("Si la réponse est une étiquette : celle qui est un « oui »."),
    )
    threshold = forms.FloatField(
        label=gettext_lazy("Seuil du « oui », si la réponse est un nombre"),
        required=False,
        localize=True,
        help_text=gettext_lazy("Vide : 0,5."),
    )
    event = forms.CharField(
        label=gettext_lazy("Ce qu’est un « oui », en mots"),
        required=False,
        max_length=120,
        help_text=gettext_lazy("Par exemple : retours à l’emploi."),
    )
    shown = forms.ChoiceField(
        label=gettext_lazy("Qui lit l’audit d’une équipe après les résultats"),
        choices=[
            ("public", gettext_lazy("Tout le monde")),
            ("team", gettext_lazy("L’équipe et l’organisation seulement")),
        ],
    )
    person = forms.ChoiceField(
        label=gettext_lazy("Ce qui compte pour une personne"),
        choices=[
            ("row", gettext_lazy("Chaque ligne")),
            ("cluster", gettext_lazy("Chaque groupe de la colonne de regroupement")),
        ],
    )
    column = forms.ChoiceField(
        label=gettext_lazy("Colonne « Équité » du classement définitif"),
        choices=list(COLUMNS.items()),
        required=False,
    )
    limit = forms.FloatField(
        label=gettext_lazy("Seuil de cette colonne, pour un prix"),
        required=False,
        localize=True,
        help_text=gettext_lazy(
            "Annoncé avant l’ouverture. Au-delà, ou en deçà pour le groupe le moins bien servi "
            "d’une mesure à maximiser, une soumission reste classée et ne reçoit pas de prix."
        ),
    )

    def __init__(
        self, data: Any = None, *, document: Mapping[str, Any], held: Sequence[str]
    ) -> None:
        """Offer the columns of the answers but the identifier, the answer and the parts."""
        super().__init__(data, initial=_initial(document))
        self.document = document
        taken = _used(document)
        choices = [("", _("Aucune")), *((each, each) for each in held if each not in taken)]
        for at in range(SLOTS):
            self.fields |= _slot_fields(at, choices)
        self.fields["crossings"].choices = [  # type: ignore[attr-defined]  # a choice field
            (
                f"{one}-{other}",
                _("Attributs %(one)s et %(other)s") % {"one": one + 1, "other": other + 1},
            )
            for one, other in PAIRS
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse a column twice, a crossing of nothing, an audit or a column without a group."""
        sent: dict[str, Any] = super().clean() or {}
        columns = [sent.get(f"column_{at}") for at in range(SLOTS)]
        for at, column in enumerate(columns):
            if column and columns.index(column) < at:
                self.add_error(f"column_{at}", _("Cette colonne est déjà un attribut."))
        if (sent.get("audit") or sent.get("column")) and not any(columns):
            self.add_error("column_0", _("Choisissez la colonne d’un attribut."))
        for pair in sent.get("crossings") or []:
            if not all(columns[int(at)] for at in pair.split("-")):
                self.add_error("crossings", _("Choisissez les deux attributs qui se croisent."))
        if sent.get("limit") is not None and not sent.get("column"):
            self.add_error("limit", _("Un seuil porte sur la colonne « Équité » : choisissez-la."))
        if sent.get("person") == "cluster" and not (self.document.get("truth") or {}).get(
            "cluster"
        ):
            self.add_error("person", _("La notation n’a pas de colonne de regroupement."))
        return sent

    @property
    def slots(self) -> list[dict[str, Any]]:
        """List the bound fields of each attribute."""
        names = ("column", "label", "nature", "groups", "figure")
        return [
            {"number": at + 1, "fields": [self[f"{name}_{at}"] for name in names]}
            for at in range(SLOTS)
        ]

    @property
    def least(self) -> list[Any]:
        """List the bound fields of the thresholds."""
        return [self[name] for name in ("n_min_group", "min_rows")]

    @property
    def audited(self) -> list[Any]:
        """List the bound fields of the audit and of the column that it gives the board."""
        names = ("audit", "crossings", "positive", "threshold", "event", "shown", "person")
        return [self[name] for name in (*names, "column", "limit")]

    @property
    def fairness(self) -> dict[str, Any]:
        """Return the declaration in the portable form; what other files declare is kept."""
        sent = self.cleaned_data
        former = self.document.get("fairness") or {}
        kept = [each for each in former.get("attributes") or [] if each.get("source") != "truth"]
        keys = {
            at: _key(sent[f"column_{at}"], former) for at in range(SLOTS) if sent[f"column_{at}"]
        }
        attributes = [self._attribute(at, key) for at, key in keys.items()]
        own = {each["key"] for each in kept}
        metrics = [each for each in former.get("metrics") or [] if each.get("by") in {None, *own}]
        metrics += [self._figure(at, key) for at, key in keys.items() if sent[f"figure_{at}"]]
        found: dict[str, Any] = {
            "min_rows": sent["min_rows"],
            "n_min_group": sent["n_min_group"],
            "attributes": [*kept, *attributes],
            "metrics": metrics,
        }
        if sent["audit"] or sent["column"]:
            found["audit"] = self._audit(keys)
        return found

    def _attribute(self, at: int, key: str) -> dict[str, Any]:
        sent = self.cleaned_data
        column = sent[f"column_{at}"]
        found = {
            "key": key,
            "source": "truth",
            "column": column,
            "label": sent[f"label_{at}"] or column,
        }
        if sent[f"groups_{at}"]:
            found["groups"] = sent[f"groups_{at}"]
        if sent[f"nature_{at}"]:
            found["nature"] = sent[f"nature_{at}"]
        return found

    def _figure(self, at: int, key: str) -> dict[str, Any]:
        """Declare the ranking figure by group: each group, the gap between them, or the worst."""
        sent = self.cleaned_data
        aggregate = sent[f"figure_{at}"]
        primary = next(each for each in self.document["metrics"] if each.get("primary"))
        label = sent[f"label_{at}"] or sent[f"column_{at}"]
        said = {
            "table": _("%(metric)s par groupe : %(label)s"),
            "gap": _("Écart de %(metric)s : %(label)s"),
            "worst": _("Moins bon groupe, %(metric)s : %(label)s"),
        }[aggregate]
        return {
            "key": f"{key[:28]}_{aggregate}",
            "metric": primary["metric"],
            "label": said % {"metric": primary.get("label") or primary["metric"], "label": label},
            "direction": "min" if aggregate == "gap" else primary.get("direction") or "max",
            "decimals": primary.get("decimals", 4),
            "params": primary.get("params") or {},
            "by": key,
            "aggregate": aggregate,
        }

    def _audit(self, keys: Mapping[int, str]) -> dict[str, Any]:
        sent = self.cleaned_data
        found: dict[str, Any] = {
            "shown": sent["shown"],
            "person": sent["person"],
            "min_persons": sent["n_min_group"],
            "crossings": [[keys[int(at)] for at in pair.split("-")] for pair in sent["crossings"]],
        }
        for name in ("positive", "event", "threshold"):
            if sent[name] not in (None, ""):
                found[name] = sent[name]
        if sent["column"]:
            found["column"] = {"measure": sent["column"]}
            if sent["limit"] is not None:
                found["column"]["limit"] = sent["limit"]
        return found


def _used(document: Mapping[str, Any]) -> set[str]:
    truth = document.get("truth") or {}
    split = truth.get("split") or {}
    return {
        str(each) for each in (truth.get("id"), truth.get("target"), split.get("column")) if each
    }


def _key(column: str, former: Mapping[str, Any]) -> str:
    """Keep the key of a column that was an attribute, or make one of its name."""
    for each in former.get("attributes") or []:
        if each.get("source") == "truth" and each.get("column") == column:
            return str(each["key"])
    return re.sub(r"[^A-Za-z0-9_]+", "_", column)[:36].strip("_") or "attribut"


def _slot_fields(at: int, choices: Sequence[tuple[str, str]]) -> dict[str, forms.Field]:
    return {
        f"column_{at}": forms.ChoiceField(
            label=gettext_lazy("Colonne des réponses"), choices=choices, required=False
        ),
        f"label_{at}": forms.CharField(
            label=gettext_lazy("Nom de l’attribut"), required=False, max_length=120
        ),
        f"nature_{at}": forms.ChoiceField(
            label=gettext_lazy("Nature"), choices=list(NATURES.items()), required=False
        ),
        f"groups_{at}": PairsField(
            label=gettext_lazy("Noms des groupes"),
            help_text=gettext_lazy("Valeur et nom, par exemple : f = Femmes ; h = Hommes."),
        ),
        f"figure_{at}": forms.ChoiceField(
            label=gettext_lazy("Chiffre au classement définitif"),
            choices=list(FIGURES.items()),
            required=False,
        ),
    }


def _initial(document: Mapping[str, Any]) -> dict[str, Any]:
    fairness = document.get("fairness") or {}
    audit = fairness.get("audit")
    said: Mapping[str, Any] = audit if isinstance(audit, dict) else {}
    column = said.get("column") or {}
    own = [each for each in fairness.get("attributes") or [] if each.get("source") == "truth"]
    found: dict[str, Any] = {
        "n_min_group": fairness.get("n_min_group") or SMALLEST,
        "min_rows": fairness.get("min_rows") or 30,
        "audit": audit is not None,
        "shown": said.get("shown") or "public",
        "person": said.get("person") or "row",
        "positive": said.get("positive") or "",
        "threshold": said.get("threshold"),
        "event": said.get("event") or "",
        "column": column.get("measure") or ("worst_group" if column else ""),
        "limit": column.get("limit"),
    }
    keys = [each.get("key") for each in own]
    found["crossings"] = [
        "-".join(str(at) for at in sorted(keys.index(key) for key in pair))
        for pair in said.get("crossings") or []
        if all(key in keys[:SLOTS] for key in pair)
    ]
    for at, each in enumerate(own[:SLOTS]):
        figure: Mapping[str, Any] = next(
            (one for one in fairness.get("metrics") or [] if one.get("by") == each.get("key")), {}
        )
        groups = each.get("groups") or {}
        found |= {
            f"column_{at}": each.get("column"),
            f"label_{at}": each.get("label"),
            f"nature_{at}": each.get("nature") or "",
            f"groups_{at}": " ; ".join(f"{value} = {name}" for value, name in groups.items()),
            f"figure_{at}": figure.get("aggregate") or "",
        }
    return found
