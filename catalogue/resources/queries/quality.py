"""The quality of a resource: its record, judged, each criterion in words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import ResourceKind
from catalogue.resources.fields import Text
from catalogue.resources.models import Measurement, QualityScore, Resource
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries import records as card_records
from catalogue.standards import quality
from catalogue.standards.published import File
from portal.lib import clock

# What the criterion says when it is met, and what to do when it is not.
SENTENCES: dict[str, tuple[Text, Text]] = {
    "licence": (_("Licence déclarée"), _("Déclarer la licence")),
    "period": (_("Période couverte indiquée"), _("Indiquer la période couverte")),
    "territory": (_("Territoire indiqué"), _("Indiquer le territoire")),
    "frequency": (_("Rythme de mise à jour connu"), _("Indiquer le rythme de mise à jour")),
    "timely": (_("Mise à jour faite à temps"), _("Faire la mise à jour attendue")),
    "description": (
        _("Description de plus de 200 caractères"),
        _("Décrire en plus de 200 caractères"),
    ),
    "open_format": (_("Format ouvert"), _("Proposer un format ouvert")),
    "available": (_("Fichiers accessibles"), _("Réparer les liens morts")),
    "documentation": (_("Documentation présente"), _("Ajouter une documentation")),
    "hashed_files": (_("Fichiers avec leur empreinte"), _("Donner l’empreinte des fichiers")),
    "training_data": (
        _("Données d’apprentissage décrites"),
        _("Décrire les données d’apprentissage"),
    ),
    "measured": (
        _("Mesure avec son intervalle et son effectif"),
        _("Publier une mesure, son intervalle et son effectif"),
    ),
    "fair": (_("Mesure par groupe"), _("Mesurer par groupe")),
    "limits": (_("Limites connues"), _("Dire les limites et les usages exclus")),
    "oversight": (_("Contrôle humain décrit"), _("Dire qui garde la main")),
    "example": (_("Exemple prêt à lancer"), _("Ajouter un exemple")),
    "contact": (_("Contact indiqué"), _("Indiquer un contact")),
    "fresh": (_("Revue depuis moins de deux ans"), _("Revoir la fiche")),
    "repository": (_("Dépôt de code indiqué"), _("Indiquer le dépôt de code")),
    "maintenance": (_("Maintenance décrite"), _("Décrire la maintenance")),
    "version": (_("Version indiquée"), _("Indiquer la version")),
    "beneficiary": (_("Bénéficiaire nommé"), _("Nommer le bénéficiaire")),
    "expected_result": (_("Résultat attendu décrit"), _("Décrire le résultat attendu")),
    "data": (_("Données existantes décrites"), _("Décrire les données existantes")),
    "need": (_("Besoin servi nommé"), _("Nommer le besoin servi")),
    "tested": (_("Testée avec des personnes"), _("Dire avec qui la solution a été testée")),
    "state": (_("Maturité indiquée"), _("Indiquer la maturité")),
    "address": (_("Adresse de la source"), _("Indiquer l’adresse de la source")),
    "producer": (_("Producteur nommé"), _("Nommer le producteur")),
    "summary": (_("Résumé présent"), _("Écrire un résumé")),
    "source": (_("Dépôt ou documentation indiqué"), _("Indiquer le dépôt ou la documentation")),
    "use_case": (_("Rattachée à un cas d’usage"), _("Rattacher à un cas d’usage")),
}


# What is said beside a criterion that does not count.
ASIDES: dict[quality.Aside, Text] = {
    quality.Aside.NOT_VERIFIED: _("à vérifier"),
    quality.Aside.NOT_TRANSMITTED: _("non transmis par la source : pas du fait du producteur"),
    quality.Aside.NOT_KNOWN: _("sans objet ou inconnu"),
}


class Line(NamedTuple):
    """One criterion as shown: met is True, False or None (does not apply, not verified)."""

    code: str
    met: bool | None
    text: Text
    gain: int
    field: str
    aside: Text = ""


class Known(NamedTuple):
    """What judging reads beside the cards: the day in Paris, the files held of each card."""

    today: date
    held: Mapping[int, Sequence[File]]


def known(resources: Sequence[Resource]) -> Known:
    """Read at once what judging some cards needs: as many queries for one as for a thousand."""
    judged = [each for each in resources if _may_hold(each)]
    return Known(clock.paris_day(clock.now()), card_files.files_held(judged) if judged else {})


def record_of(
    resource: Resource, measurements: Iterable[Measurement], beside: Known | None = None
) -> dict[str, Any]:
    """Give the plain record that the judge reads."""
    beside = beside or known([resource])
    record = card_records.record_of(resource) | resource.details
    if _may_hold(resource):
        held = beside.held.get(resource.pk, ())
        record["distributions"] = [{"format": each.format} for each in held if each.format]
    elif resource.kind == ResourceKind.DATASET and not record.get("distributions"):
        record["distributions"] = []
    modified = resource.content_modified_at
    record["today"] = beside.today
    record["modified"] = clock.paris_day(modified) if modified else None
    record["measurements"] = [{"low": m.low, "n": m.n, "group": m.group} for m in measurements]
    record["unverified"] = resource.unverified_fields
    if resource.dead_links is not None:
        record["links_available"] = resource.dead_links == 0
    record["not_transmitted"] = resource.not_transmitted_fields
    record["harvested"] = resource.is_harvested
    return record


def _may_hold(resource: Resource) -> bool:
    """Tell a card whose files are those that the portal holds, if it holds any."""
    own = resource.kind == ResourceKind.DATASET and not resource.details.get("distributions")
    return own and not resource.is_referenced and resource.pk is not None


def assess(
    resource: Resource, measurements: Iterable[Measurement], beside: Known | None = None
) -> quality.Assessment:
    """Judge a resource with its measurements; beside: what was read for many at once."""
    return quality.assess(record_of(resource, measurements, beside))


def criterion_lines(assessment: quality.Assessment) -> list[Line]:
    """Say each criterion: what is met, what to do, what nobody has verified."""
    return [
        Line(
            c.code,
            c.met,
            SENTENCES[c.code][1 if c.met is False else 0],
            c.gain,
            c.field,
            ASIDES[c.aside] if c.aside else "",
        )
        for c in assessment.criteria
    ]


def strict(resource: Resource, beside: Known | None = None) -> quality.Strict | None:
    """Judge a dataset as data.gouv.fr would, for comparison; nothing for other kinds."""
    if resource.kind != ResourceKind.DATASET:
        return None
    return quality.udata(record_of(resource, (), beside))


def history(resource: Resource, most: int = 10) -> list[QualityScore]:
    """List the last states of the score of a card, the newest first."""
    return list(resource.quality_scores.order_by("-recorded_at", "-pk")[:most])


def tone(score: int) -> str:
    """Give the pigment of a score."""
    return "pin" if score >= 80 else "mimosa" if score >= 60 else "garance"
