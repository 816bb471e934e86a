"""The quality of a resource: its record, judged, each criterion in words."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from catalogue.enums import ResourceKind
from catalogue.models import Measurement, QualityScore, Resource
from catalogue.queries import files
from catalogue.standards import quality
from catalogue.validators.fields import Text
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

    met: bool | None
    text: Text
    gain: int
    field: str
    aside: Text = ""


def record_of(resource: Resource, measurements: Iterable[Measurement]) -> dict[str, Any]:
    """Give the plain record that the judge reads."""
    record: dict[str, Any] = {
        name: getattr(resource, name)
        for name in (
            "kind",
            "deposit",
            "licence_status",
            "licences",
            "licence_note",
            "summary",
            "description",
            "territories",
            "contact",
            "homepage_url",
            "repository_url",
            "documentation_url",
            "producer_name",
            "use_cases",
            "beneficiaries",
        )
    }
    record |= resource.details
    if resource.kind == ResourceKind.DATASET and not record.get("distributions"):
        record["distributions"] = _held(resource)
    modified = resource.content_modified_at
    record["today"] = clock.paris_day(clock.now())
    record["modified"] = clock.paris_day(modified) if modified else None
    record["measurements"] = [{"low": m.low, "n": m.n, "group": m.group} for m in measurements]
    record["unverified"] = resource.unverified_fields
    if resource.dead_links is not None:
        record["links_available"] = resource.dead_links == 0
    record["not_transmitted"] = resource.not_transmitted_fields
    record["harvested"] = resource.is_harvested
    return record


def _held(resource: Resource) -> list[dict[str, str]]:
    """Give the files that the portal holds, as far as anyone may know of them."""
    if resource.is_referenced or resource.pk is None:
        return []
    found = files.held([resource]).get(resource.pk, ())
    return [{"format": each.format} for each in found if each.format]


def assess(resource: Resource, measurements: Iterable[Measurement]) -> quality.Assessment:
    """Judge a resource with its measurements."""
    return quality.assess(record_of(resource, measurements))


def lines(assessment: quality.Assessment) -> list[Line]:
    """Say each criterion: what is met, what to do, what nobody has verified."""
    return [
        Line(
            c.met,
            SENTENCES[c.code][1 if c.met is False else 0],
            c.gain,
            c.field,
            ASIDES[c.aside] if c.aside else "",
        )
        for c in assessment.criteria
    ]


def strict(resource: Resource) -> quality.Strict | None:
    """Judge a dataset as data.gouv.fr would, for comparison; nothing for other kinds."""
    if resource.kind != ResourceKind.DATASET:
        return None
    return quality.udata(record_of(resource, ()))


def history(resource: Resource, most: int = 10) -> list[QualityScore]:
    """List the last states of the score of a card, the newest first."""
    return list(resource.quality_scores.order_by("-recorded_at", "-pk")[:most])


def tone(score: int) -> str:
    """Give the pigment of a score."""
    return "pin" if score >= 80 else "mimosa" if score >= 60 else "garance"
