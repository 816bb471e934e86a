"""Show every component of the interface in all its states."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_not_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.pages.faces import FACES

CODE = """import csv

with open("offres.csv", encoding="utf-8") as offres:
    lignes = list(csv.DictReader(offres))  # une offre par ligne
print(len(lignes))"""


class SampleForm(forms.Form):
    """Show each kind of field."""

    title = forms.CharField(
        label=gettext_lazy("Titre"),
        help_text=gettext_lazy("Une aide courte, avant le champ."),
        max_length=120,
    )
    summary = forms.CharField(
        label=gettext_lazy("Résumé"), max_length=280, widget=forms.Textarea, required=False
    )
    day = forms.DateField(
        label=gettext_lazy("Date"),
        error_messages={
            "invalid": gettext_lazy(
                "Écrivez la date sous la forme jour, mois, année : par exemple 17/12/2026."
            )
        },
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("Échelle"),
        choices=[("regional", gettext_lazy("Régionale")), ("national", gettext_lazy("Nationale"))],
    )
    decision = forms.ChoiceField(
        label=gettext_lazy("Décision"),
        widget=forms.RadioSelect,
        choices=[
            ("publish", gettext_lazy("Publier")),
            ("changes", gettext_lazy("Demander des corrections")),
        ],
    )
    agreed = forms.BooleanField(label=gettext_lazy("Case à cocher"), required=False)
    upload = forms.FileField(label=gettext_lazy("Votre fichier de prédictions"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].descriptions = {  # type: ignore[attr-defined]  # read by the kit
            "publish": _("Visible tout de suite"),
            "changes": _("L’auteur répond, la fiche revient"),
        }


@login_not_required
def components(request: HttpRequest) -> HttpResponse:
    """Answer with the component guide."""
    wrong = SampleForm(
        # Only the two fields shown are wrong: the summary leads to no field that is not there.
        {
            "wrong-title": "",
            "wrong-day": "12/2026",
            "wrong-scope": "regional",
            "wrong-decision": "publish",
        },
        prefix="wrong",
    )
    context = {
        "sections": _sections(),
        "sample_dots": _dots(),
        "colours": _colours(),
        "kinds": list(FACES)[:9],
        "kind_choices": [(key, face.plural) for key, face in FACES.items()],
        "blank_form": SampleForm(initial={"agreed": True, "decision": "publish"}),
        "wrong_form": wrong,
        "page": Paginator(range(63), 9, orphans=0).get_page(request.GET.get("page")),
        "code": CODE,
    } | _progress()
    return render(request, "pages/components.html", context)


def _dots() -> dict[str, Any]:
    rows = [
        {"label": _("Femmes"), "value": 0.61, "low": 0.57, "high": 0.65},
        {"label": _("Hommes"), "value": 0.70, "low": 0.66, "high": 0.74},
        {"label": _("Non renseigné"), "value": 0.66, "low": 0.5, "high": 0.8, "faint": True},
    ]
    description = _("Femmes 0,61, hommes 0,70, non renseigné 0,66 ; 0,66 en moyenne.")
    title = _("Exemple de points et d’intervalles")
    return {
        "key": "sample-dots",
        "title": title,
        "description": description,
        "rows": rows,
        "scale": (0.4, 0.9),
        "reference": 0.66,
        "decimals": 0,
        "percent": True,
    }


def _sections() -> list[tuple[str, str]]:
    return [
        ("couleurs", _("Couleurs")),
        ("textes", _("Textes")),
        ("boutons", _("Boutons")),
        ("badges", _("Badges et étiquettes")),
        ("recherche", _("Recherche et facettes")),
        ("navigation", _("Onglets et chemins")),
        ("fiches", _("Fiches par type")),
        ("formulaires", _("Formulaires")),
        ("etapes", _("Étapes et frises")),
        ("mesures", _("Mesures")),
        ("tableaux", _("Tableaux et classement")),
        ("avis", _("Avis")),
        ("vide", _("États vides")),
        ("dialogue", _("Dialogue, notification")),
        ("prose", _("Prose, code, différences")),
        ("marque", _("Logo et crêtes")),
    ]


def _colours() -> list[tuple[str, str, str]]:
    return [
        ("ink", _("Nuit"), _("texte")),
        ("ink-2", _("Nuit claire"), _("texte second")),
        ("ink-3", _("Ardoise pâle"), _("légende")),
        ("accent", _("Calanque"), _("action, lien")),
        ("pin", _("Pin"), _("réussite, ouvert")),
        ("ocre", _("Ocre"), _("attention, en cours")),
        ("garance", _("Garance"), _("erreur, refus")),
        ("olivier", _("Olivier"), _("données")),
        ("lavande", _("Lavande"), _("méthode, programme")),
        ("mimosa", _("Mimosa"), _("idée, à améliorer")),
        ("ardoise", _("Ardoise"), _("neutre")),
        ("sunk", _("Calcaire"), _("fond de section")),
    ]


def _progress() -> dict[str, Any]:
    at = datetime(2026, 12, 17, 16, 0, tzinfo=UTC)
    standing = {"rank": 1, "tied": True, "value": 0.871, "low": 0.858, "high": 0.884}
    return {
        "at": at,
        "now": datetime.now(UTC) + timedelta(days=23, hours=1),
        "steps": [(_("Type"), "done", "#etapes"), (_("Description"), "now"), (_("Relecture"), "")],
        "phases": [
            (_("Inscription"), _("terminée"), "done"),
            (_("Phase publique"), _("en cours"), "now"),
            (_("Restitution"), _("à venir"), ""),
        ],
        "stages": [
            {"label": _("Reçue"), "state": "done", "at": at},
            {
                "label": _("Format refusé"),
                "state": "error",
                "at": at,
                "text": _("Trois problèmes à corriger."),
            },
            {
                "label": _("Évaluation"),
                "state": "now",
                "at": _("en cours"),
                "progress": 62,
                "text": _("1 240 tirages sur 2 000"),
            },
            {"label": _("Score publié"), "state": "todo"},
        ],
        "standings": [
            standing | {"team": _("Équipe A"), "extra": _cells(0.031)},
            standing
            | {
                "rank": 1,
                "tied": True,
                "team": _("Équipe B"),
                "mine": True,
                "extra": _cells(0.072),
            },
            {
                "rank": None,
                "team": _("Référence à battre"),
                "value": 0.8,
                "low": 0.789,
                "high": 0.811,
                "baseline": True,
                "new_tier": True,
                "extra": _cells(0.055),
            },
        ],
        "scale": (0.76, 0.9, 0.8),
        "changes": [
            {"gap": _("Résumé")},
            {"n": 1, "sign": " ", "text": _("Transforme une note vocale en fiche de poste.")},
            {
                "n": 2,
                "sign": "-",
                "text": mark_safe("Fonctionne <del>hors ligne</del> sur téléphone."),
            },
            {
                "n": 2,
                "sign": "+",
                "text": mark_safe("Fonctionne <ins>sans réseau</ins> sur téléphone."),
            },
        ],
        "tab_items": [(_("Présentation"), "#navigation", ""), (_("Classement"), "#fiches", 34)],
        "side_items": [
            (_("À faire"), "#navigation", 4, "inbox"),
            (_("Mes ressources"), "#fiches", 6, "layers"),
        ],
        "facet_items": [
            {"value": "model", "label": _("Modèles pré-entraînés"), "count": 14, "checked": True},
            {"value": "dataset", "label": _("Jeux de données"), "count": 1204, "checked": False},
        ],
    }


def _cells(gap: float) -> list[dict[str, str]]:
    shown, low, high = (f"{each:.3f}".replace(".", ",") for each in (gap, gap - 0.02, gap + 0.02))
    cell = {"label": _("Équité"), "text": shown, "low": low, "high": high}
    if gap <= 0.06:
        return [cell | {"tone": "pin", "icon": "check"}]
    beyond = _("%(gap)s hors seuil") % {"gap": shown}
    return [cell | {"text": beyond, "tone": "garance", "icon": "triangle-alert"}]
