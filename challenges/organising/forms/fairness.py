"""Form by which an organiser declares, before the opening, how fairness is measured."""

import re
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from challenges.scoring.audit.declared import SMALLEST
from portal.lib.web.fields import box, choice, decimal, line, whole

SLOTS = 4
NATURES = {
    "": _("Autre, ou déduite du nom"),
    "origin": _("Origine, nationalité, migration"),
    "commune": _("Commune ou quartier"),
    "department": _("Département"),
}
FIGURES = {
    "": _("Aucun"),
    "table": _("La mesure qui classe, groupe par groupe"),
    "gap": _("L’écart entre les groupes"),
    "worst": _("Le moins bon groupe"),
}
COLUMNS = {
    "": _("Aucune"),
    "worst_group": _("La mesure qui classe, pour le groupe le moins bien servi"),
    "demographic_parity": _("Écart de taux de réponses favorables"),
    "equal_opportunity": _("Écart de taux de vrais positifs"),
    "equalised_odds": _("Écart de vrais et de faux positifs"),
    "predictive_parity": _("Écart de précision"),
    "calibration": _("Écart de calibration"),
    "auc_by_group": _("Écart d’aire sous la courbe"),
    "signed_error": _("Écart d’erreur moyenne signée"),
}
# Words by which a column that makes groups of persons is most often called.
OF_PERSONS = frozenset(
    {"sexe", "sex", "genre", "gender", "age", "zone", "territoire", "departement", "commune"}
    | {"region", "handicap", "diplome"}
)
PAIRS = list(combinations(range(SLOTS), 2))


class PairsField(forms.CharField):
    """Read « a = Un nom ; b = Un autre » as a mapping of words."""

    def __init__(self, *, label: Any, help_text: Any) -> None:
        super().__init__(label=label, required=False, max_length=1_000, help_text=help_text)

    def clean(self, value: Any) -> dict[str, str]:
        """Read each pair."""
        text = super().clean(value)
        pairs: dict[str, str] = {}
        for pair in (each for each in text.split(";") if each.strip()):
            name, sign, written = pair.partition("=")
            if not sign or not name.strip() or not written.strip():
                raise forms.ValidationError(
                    _("Écrivez « nom = valeur », plusieurs séparés par un point-virgule.")
                )
            pairs[name.strip()] = written.strip()
        return pairs


class FairnessForm(forms.Form):
    """Name up to four columns of the answers that make groups, and what is compared."""

    n_min_group = whole(
        _("Taille minimale d’un groupe montré, en personnes"),
        SMALLEST,
        100_000,
        _("11 au moins ; davantage pour des données sensibles."),
        initial=SMALLEST,
    )
    min_rows = whole(_("Taille minimale d’un groupe comparé, en lignes"), 1, 1_000_000, initial=30)
    audit = box(
        _("Auditer les soumissions à la publication des résultats"),
        hint=_(
            "Les groupes de chaque attribut sont comparés, avec leurs intervalles. Rien n’en "
            "paraît avant les résultats définitifs."
        ),
    )
    crossings = forms.MultipleChoiceField(
        label=_("Groupes croisés dans l’audit"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "L’origine ne se croise ni avec la commune ni avec le département : trop peu de "
            "personnes se reconnaîtraient."
        ),
    )
    positive = line(
        _("Étiquette favorable"),
        64,
        hint=_("Si la réponse est une étiquette : celle qui est un « oui »."),
    )
    threshold = decimal(_("Seuil du « oui », si la réponse est un nombre"), _("Vide : 0,5."))
    event = line(
        _("Ce qu’est un « oui », en mots"),
        120,
        hint=_("Par exemple : retours à l’emploi."),
    )
    shown = forms.ChoiceField(
        label=_("Qui lit l’audit d’une équipe après les résultats"),
        choices=[
            ("public", _("Tout le monde")),
            ("team", _("L’équipe et l’organisateur seulement")),
        ],
    )
    person = forms.ChoiceField(
        label=_("Ce qui compte pour une personne"),
        choices=[
            ("row", _("Chaque ligne")),
            ("cluster", _("Chaque groupe de la colonne de regroupement")),
        ],
    )
    column = choice(_("Colonne « Équité » du classement définitif"), list(COLUMNS.items()))
    limit = decimal(
        _("Seuil de cette colonne, pour un prix"),
        _(
            "Annoncé avant l’ouverture. Au-delà, ou en deçà pour le groupe le moins bien servi "
            "d’une mesure à maximiser, une soumission reste classée et ne reçoit pas de prix."
        ),
    )

    def __init__(
        self, data: Any = None, *, document: Mapping[str, Any], held: Sequence[str]
    ) -> None:
        """Offer the columns of the answers but the identifier, the answer and the parts."""
        initial = _initial(document)
        if not document.get("fairness"):
            for at, column in enumerate(likely_groups(document, held)):
                initial |= {f"column_{at}": column, f"figure_{at}": "table"}
        super().__init__(data, initial=initial)
        self.document = document
        taken = _used(document)
        choices = [("", _("Aucune")), *((each, each) for each in held if each not in taken)]
        self.has_groups = len(choices) > 1 or bool(document.get("fairness"))
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
        """List the bound fields of each attribute, the first and the filled ones open."""
        names = ("column", "label", "nature", "groups", "figure")
        fields = [[self[f"{name}_{at}"] for name in names] for at in range(SLOTS)]
        return [
            {"number": at + 1, "fields": each, "open": not at or any(one.value() for one in each)}
            for at, each in enumerate(fields)
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
        declaration: dict[str, Any] = {
            "min_rows": sent["min_rows"],
            "n_min_group": sent["n_min_group"],
            "attributes": [*kept, *attributes],
            "metrics": metrics,
        }
        if sent["audit"] or sent["column"]:
            declaration["audit"] = self._audit(keys)
        return declaration

    def _attribute(self, at: int, key: str) -> dict[str, Any]:
        sent = self.cleaned_data
        column = sent[f"column_{at}"]
        attribute = {
            "key": key,
            "source": "truth",
            "column": column,
            "label": sent[f"label_{at}"] or column,
        }
        if sent[f"groups_{at}"]:
            attribute["groups"] = sent[f"groups_{at}"]
        if sent[f"nature_{at}"]:
            attribute["nature"] = sent[f"nature_{at}"]
        return attribute

    def _figure(self, at: int, key: str) -> dict[str, Any]:
        """Declare the ranking figure by group: each group, the gap between them, or the worst."""
        sent = self.cleaned_data
        aggregate = sent[f"figure_{at}"]
        primary = next(each for each in self.document["metrics"] if each.get("primary"))
        label = sent[f"label_{at}"] or sent[f"column_{at}"]
        labels = {
            "table": _("%(metric)s par groupe : %(label)s"),
            "gap": _("Écart de %(metric)s : %(label)s"),
            "worst": _("Moins bon groupe, %(metric)s : %(label)s"),
        }[aggregate]
        return {
            "key": f"{key[:28]}_{aggregate}",
            "metric": primary["metric"],
            "label": labels % {"metric": primary.get("label") or primary["metric"], "label": label},
            "direction": "min" if aggregate == "gap" else primary.get("direction") or "max",
            "decimals": primary.get("decimals", 4),
            "params": primary.get("params") or {},
            "by": key,
            "aggregate": aggregate,
        }

    def _audit(self, keys: Mapping[int, str]) -> dict[str, Any]:
        sent = self.cleaned_data
        audit: dict[str, Any] = {
            "shown": sent["shown"],
            "person": sent["person"],
            "min_persons": sent["n_min_group"],
            "crossings": [[keys[int(at)] for at in pair.split("-")] for pair in sent["crossings"]],
        }
        for name in ("positive", "event", "threshold"):
            if sent[name] not in (None, ""):
                audit[name] = sent[name]
        if sent["column"]:
            audit["column"] = {"measure": sent["column"]}
            if sent["limit"] is not None:
                audit["column"]["limit"] = sent["limit"]
        return audit


def likely_groups(document: Mapping[str, Any], held: Sequence[str]) -> list[str]:
    """List the columns of the answers that seem to make groups of persons, by their names."""
    taken = _used(document)
    words = {each: {*slugify(each).replace("_", "-").split("-")} for each in held}
    return [each for each in held if each not in taken and words[each] & OF_PERSONS][:SLOTS]


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


def _slot_fields(at: int, choices: Sequence[tuple[str, Any]]) -> dict[str, forms.Field]:
    return {
        f"column_{at}": choice(_("Colonne des réponses"), choices),
        f"label_{at}": line(_("Nom de l’attribut"), 120),
        f"nature_{at}": choice(_("Nature"), list(NATURES.items())),
        f"groups_{at}": PairsField(
            label=_("Noms des groupes"),
            help_text=_("Valeur et nom, par exemple : f = Femmes ; h = Hommes."),
        ),
        f"figure_{at}": choice(_("Chiffre au classement définitif"), list(FIGURES.items())),
    }


def _initial(document: Mapping[str, Any]) -> dict[str, Any]:
    fairness = document.get("fairness") or {}
    audit = fairness.get("audit")
    audited: Mapping[str, Any] = audit if isinstance(audit, dict) else {}
    column = audited.get("column") or {}
    own = [each for each in fairness.get("attributes") or [] if each.get("source") == "truth"]
    initial: dict[str, Any] = {
        "n_min_group": fairness.get("n_min_group") or SMALLEST,
        "min_rows": fairness.get("min_rows") or 30,
        "audit": audit is not None,
        **{name: audited.get(name) for name in ("positive", "threshold", "event")},
        "shown": audited.get("shown") or "public",
        "person": audited.get("person") or "row",
        "column": column.get("measure") or ("worst_group" if column else ""),
        "limit": column.get("limit"),
    }
    keys = [each.get("key") for each in own]
    initial["crossings"] = [
        "-".join(str(at) for at in sorted(keys.index(key) for key in pair))
        for pair in audited.get("crossings") or []
        if all(key in keys[:SLOTS] for key in pair)
    ]
    for at, each in enumerate(own[:SLOTS]):
        figure: Mapping[str, Any] = next(
            (one for one in fairness.get("metrics") or [] if one.get("by") == each.get("key")), {}
        )
        groups = each.get("groups") or {}
        initial |= {
            f"column_{at}": each.get("column"),
            f"label_{at}": each.get("label"),
            f"nature_{at}": each.get("nature") or "",
            f"groups_{at}": " ; ".join(f"{value} = {name}" for value, name in groups.items()),
            f"figure_{at}": figure.get("aggregate") or "",
        }
    return initial
