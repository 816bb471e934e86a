"""What a check measured and what to do about it, in the words of the reader."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from datasets.openings.enums import Outcome
from datasets.openings.models import Opening, OpeningReport
from datasets.releases.forms import sentence
from datasets.standards.disclosure import THRESHOLD
from portal.lib import clock, paper
from portal.lib.prose.numbers import file_size, number

TITLES = {
    "groups": (gettext_lazy("Anonymat de groupe"), gettext_lazy("quasi-identifiants déclarés")),
    "geography": (gettext_lazy("Maille géographique"), gettext_lazy("zone d’emploi au plus fin")),
    "cells": (gettext_lazy("Petites cellules"), gettext_lazy("moins de 11, totaux compris")),
    "identifiers": (
        gettext_lazy("Identifiants directs"),
        gettext_lazy("NIR, courriel, téléphone, IBAN, nom"),
    ),
    "free_text": (gettext_lazy("Texte libre"), gettext_lazy("refusé par défaut")),
    "dates": (gettext_lazy("Dates"), gettext_lazy("au trimestre au plus fin")),
    "unique_rows": (gettext_lazy("Lignes uniques"), gettext_lazy("toutes colonnes")),
    "sample": (gettext_lazy("Échantillon synthétique"), gettext_lazy("aucune ligne réelle")),
    "former": (gettext_lazy("Version précédente"), gettext_lazy("par soustraction")),
    "linkage": (gettext_lazy("Rapprochement"), gettext_lazy("avec un jeu déjà ouvert")),
}
TODO = {
    "groups": gettext_lazy(
        "Regroupez des modalités (zones, âges, métiers), ou retirez une colonne."
    ),
    "geography": gettext_lazy("Remplacez la commune ou le code postal par la zone d’emploi."),
    "cells": gettext_lazy(
        "Masquez ces cellules, et une seconde par ligne qui porte un total : onze personnes au "
        "moins restent cachées ensemble."
    ),
    "identifiers": gettext_lazy("Retirez ces colonnes : elles désignent une personne."),
    "free_text": gettext_lazy("Retirez ces colonnes, ou dites pourquoi chacune peut être lue."),
    "dates": gettext_lazy("Remplacez le jour ou le mois par le trimestre, comme 2026-T1."),
    "unique_rows": gettext_lazy(
        "Arrondissez les nombres, ou regroupez des modalités. Si chaque ligne compte plusieurs "
        "personnes, nommez la colonne qui les compte et toutes celles qui la détaillent."
    ),
    "sample": gettext_lazy("Rien de bloquant : toutes les combinaisons existent déjà."),
    "former": gettext_lazy("Vérifiez que ces écarts ne désignent personne."),
    "linkage": gettext_lazy("Vérifiez ce que ces lignes apprendraient une fois réunies."),
}
KINDS = {
    "nir": gettext_lazy("numéro de sécurité sociale"),
    "email": gettext_lazy("courriel"),
    "phone": gettext_lazy("téléphone"),
    "iban": gettext_lazy("compte bancaire"),
    "address": gettext_lazy("adresse"),
    "name": gettext_lazy("nom de personne"),
    "person": gettext_lazy("identifiant de personne"),
}


# What leads from what was measured to the names of columns; elsewhere, « dans ».
JOINTS = {
    "groups": gettext_lazy("; à déclarer :"),
    "free_text": gettext_lazy("; refusées :"),
    "linkage": gettext_lazy("par"),
}
# Which checks had nothing to look at, by their figures.
IDLE: dict[str, Callable[[Mapping[str, Any]], bool]] = {
    "groups": lambda told: not told["declared"],
    "cells": lambda told: not told["crossings"],
    "unique_rows": lambda told: bool(told["aggregated"]),
}


@dataclass(frozen=True)
class CheckRow:
    """One check as shown: columns are names of the file."""

    code: str
    title: Any
    hint: Any
    outcome: Outcome
    measured: str
    joint: Any
    todo: Any
    columns: tuple[str, ...]


def row(check: Mapping[str, Any]) -> CheckRow:
    """Write one check of a report."""
    code, outcome = check["code"], Outcome(check["outcome"])
    title, hint = TITLES[code]
    todo = TODO[code] if outcome is not Outcome.PASS else ""
    if code == "cells" and outcome is Outcome.WARN:
        todo = _("Rien de bloquant : regroupez si trop de cellules sont masquées.")
    if code == "groups" and outcome is Outcome.WARN:
        todo = _("Déclarez aussi ces colonnes, si elles permettent de reconnaître quelqu’un.")
    figures = check["figures"]
    if code == "former" and not figures["compared"] and "title" not in figures:
        todo = _("Vérifiez la fiche : ce fichier remplacerait des données d’une autre forme.")
    columns = check["columns"]
    if code == "groups" and outcome is Outcome.FAIL:
        columns = figures["undeclared"]
    if outcome is Outcome.PASS and code in IDLE and IDLE[code](figures):
        outcome = Outcome.NONE
    return CheckRow(
        code=code,
        title=title,
        hint=hint,
        outcome=outcome,
        measured=MEASURED[code](figures),
        joint=JOINTS.get(code, _("dans")),
        todo=todo,
        columns=tuple(columns),
    )


def _share(share: float) -> str:
    return f"{number(100 * share, 1)} %"


def _geography(told: Mapping[str, Any]) -> str:
    places = sum(told["places"].values())
    text = ngettext("%(count)s lieu trop fin", "%(count)s lieux trop fins", places)
    return text % {"count": number(places)}


def _identifiers(told: Mapping[str, Any]) -> str:
    found = sum(told["kinds"].values())
    text = ngettext(
        "%(count)s trouvé dans %(values)s valeurs",
        "%(count)s trouvés dans %(values)s valeurs",
        found,
    ) % {"count": number(found), "values": number(told["values"])}
    kinds = ", ".join(str(KINDS[kind]) for kind in told["kinds"])
    return f"{text} : {kinds}" if kinds else text


def _free_text(told: Mapping[str, Any]) -> str:
    accepted = len(told["accepted"])
    if not accepted:
        return _("aucun texte libre, %(among)s colonnes") % {"among": told["among"]}
    text = ngettext(
        "%(count)s acceptée avec un motif, %(among)s colonnes",
        "%(count)s acceptées avec un motif, %(among)s colonnes",
        accepted,
    )
    return text % {"count": accepted, "among": told["among"]}


def _dates(told: Mapping[str, Any]) -> str:
    if told["grains"]:
        return _("des jours ou des mois")
    quarters = told["quarters"]
    text = ngettext(
        "%(count)s trimestre, aucun jour ni mois",
        "%(count)s trimestres, aucun jour ni mois",
        quarters,
    )
    return text % {"count": quarters}


def _unique_rows(told: Mapping[str, Any]) -> str:
    if told["aggregated"]:
        return _("une ligne est une cellule")
    return _("%(share)s, seuil 1 %%") % {"share": _share(told["share"])}


def _sample(told: Mapping[str, Any]) -> str:
    return _("0 ligne égale sur %(rows)s") % {"rows": number(told["rows"])}


def _former(told: Mapping[str, Any]) -> str:
    if "title" in told:
        return _too_large(told)
    if not told["compared"]:
        return _("colonnes différentes : rien à comparer")
    groups, rows = told["groups"], told["rows"]
    alone = ngettext(
        "%(count)s groupe de moins de 11 isolé", "%(count)s groupes de moins de 11 isolés", groups
    )
    lines = ngettext("%(count)s ligne", "%(count)s lignes", rows)
    return f"{alone % {'count': number(groups)}}, {lines % {'count': number(rows)}}"


def _linkage(told: Mapping[str, Any]) -> str:
    if not told.get("compared", True):
        return _too_large(told)
    text = ngettext(
        "« %(title)s » : %(count)s ligne (%(share)s) se rejoint",
        "« %(title)s » : %(count)s lignes (%(share)s) se rejoignent",
        told["rows"],
    )
    counts = {"count": number(told["rows"]), "share": _share(told["share"])}
    return text % {**told, **counts}


def _too_large(told: Mapping[str, Any]) -> str:
    return _("« %(title)s » : trop grand pour être comparé ici") % told


def _groups(told: Mapping[str, Any]) -> str:
    if not told["declared"]:
        return _("aucun quasi-identifiant déclaré")
    return _("k minimum %(least)s, seuil %(threshold)s, sur %(columns)s") % {
        "least": number(told["least"]),
        "threshold": THRESHOLD,
        "columns": " × ".join(told["declared"]),
    }


def _cells(told: Mapping[str, Any]) -> str:
    if not told["crossings"]:
        return _("aucune colonne ne compte de personnes")
    small = sum(each["small"] for each in told["crossings"])
    again = sum(each["recomputed"] for each in told["crossings"])
    return _(
        "%(small)s de moins de 11, %(again)s recalculables, %(masked)s masquées (%(share)s)"
    ) % {
        "small": number(small),
        "again": number(again),
        "masked": number(told["masked"]),
        "share": _share(told["share"]),
    }


MEASURED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "groups": _groups,
    "geography": _geography,
    "cells": _cells,
    "identifiers": _identifiers,
    "free_text": _free_text,
    "dates": _dates,
    "unique_rows": _unique_rows,
    "sample": _sample,
    "former": _former,
    "linkage": _linkage,
}


def fault_of(content: Mapping[str, Any]) -> str:
    """Say why a file could not be checked, "" where it was."""
    fault = content.get("fault")
    return sentence(fault["code"], fault["line"], fault) if fault else ""


def address_of(opening: Opening) -> str:
    """Give the page where a report is read: by anybody, once its data are open."""
    if opening.release is None:
        return opening.get_absolute_url()
    slug = opening.release.dataset.resource.slug
    return reverse("datasets:release_report", args=(slug, opening.release.number))


def paper_of(opening: Opening, report: OpeningReport) -> bytes:
    """Draw a report on paper, in French; the same report, the same bytes.

    The signature is that of the JSON: the page gives the digest that it signs.
    """
    with translation.override("fr"):
        told = report.content
        checks = [row(each) for each in told["checks"]]
        verdict = _("peut être ouvert") if report.passed else _("ne peut pas être ouvert en l’état")
        sheet = paper.Sheet(
            language="fr",
            brand=("Open Emploi", _("Région Provence-Alpes-Côte d’Azur")),
            title=_("Rapport de contrôle avant ouverture"),
            lead=opening.title,
            facts=[
                (_("Ouverture"), _("%(number)s, dépôt %(attempt)s") % told),
                (_("Fichier"), f"{told['file']['name']} ({file_size(told['file']['size'])})"),
                (_("Empreinte"), told["file"]["sha256"]),
                (_("Verdict"), fault_of(told) or verdict),
                *((str(each.title), f"{each.outcome.label} : {each.measured}") for each in checks),
                (_("Contrôlé le"), clock.paris_words(report.made_at)),
            ],
            notes=[
                _("Empreinte du rapport signé, publié avec les données : %(digest)s.")
                % {"digest": report.digest}
            ],
            address=settings.SITE_URL + address_of(opening),
            code_label=_("La page de cette ouverture"),
        )
        return paper.draw(sheet, at=report.made_at)
