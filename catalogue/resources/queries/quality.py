"""The quality of a resource: its record, judged, each criterion in words."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import FileState, ResourceKind
from catalogue.resources.fields import Text
from catalogue.resources.models import CardFile, Measurement, QualityScore, Resource
from catalogue.resources.queries import examples
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
    "address": (_("Adresse de la ressource"), _("Indiquer l’adresse de la ressource")),
    "situation": (_("Situation décrite"), _("Décrire la situation actuelle")),
    "problem": (_("Problème posé"), _("Décrire le problème")),
    "approach": (_("Approche décrite"), _("Décrire l’approche")),
    "sought": (_("Ce qui est cherché est dit"), _("Dire ce qui est cherché")),
    "use_case": (_("Rattachée à un cas d’usage"), _("Rattacher à un cas d’usage")),
}


# From this score on, a card says what matters most.
ENOUGH = 60
# What is said beside a criterion that nobody left out.
ASIDES: dict[quality.Aside, Text] = {
    quality.Aside.NOT_VERIFIED: _("à vérifier"),
    quality.Aside.NOT_TRANSMITTED: _("non transmis par la source : pas du fait du producteur"),
    quality.Aside.NOT_KNOWN: _("pas encore connu"),
    quality.Aside.BY_CHALLENGE: _("établie par un challenge du portail, après publication"),
}


class Line(NamedTuple):
    """One criterion as shown."""

    code: str
    met: bool
    text: Text
    gain: int
    field: str
    aside: Text = ""


class Known(NamedTuple):
    """What judging reads beside the cards: the day in Paris, files held of each, files refused."""

    today: date
    held: Mapping[int, Sequence[File]]
    refused: Collection[UUID]


def known(resources: Sequence[Resource], held: card_files.Held | None = None) -> Known:
    """Read at once what judging some cards needs: as many queries for one as for a thousand.

    held: the files held of them, where they were read already.
    """
    judged = [each for each in resources if _may_hold(each)]
    named = {found for each in resources for found in card_files.ids_named(each.details)}
    rows = CardFile.objects.filter(public_id__in=named, state=FileState.REFUSED)
    refused = set(rows.values_list("public_id", flat=True)) if named else set()
    if held is None:
        held = card_files.files_held(judged)
    return Known(clock.paris_day(clock.now()), held, refused)


def record_of(
    resource: Resource, measurements: Iterable[Measurement], beside: Known | None = None
) -> dict[str, Any]:
    """Give the plain record that the judge reads."""
    beside = beside or known([resource])
    details = card_files.without_refused(resource.details, beside.refused)
    record = card_records.record_of(resource) | details
    if _may_hold(resource):
        held = beside.held.get(resource.pk, ())
        record["distributions"] = [{"format": each.format} for each in held if each.format]
        record["links_available"] = bool(held)
    elif resource.kind == ResourceKind.DATASET and not record.get("distributions"):
        record["distributions"] = []
    shown = examples.example(resource)
    record["example"] = shown["example"] if shown["example_runs"] else ""  # as its page shows it
    modified = resource.content_modified_at
    record["today"] = beside.today
    record["modified"] = clock.paris_day(modified) if modified else None
    record["measurements"] = [{"low": m.low, "n": m.n, "group": m.group} for m in measurements]
    record["unverified"] = resource.unverified_fields
    if resource.dead_links is not None:
        record["links_available"] = resource.dead_links == 0
    record["not_transmitted"] = resource.not_transmitted_fields
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
    """Say each criterion: what is met, what to do, why it is missing when nobody left it out."""
    return [
        Line(
            c.code,
            c.met,
            SENTENCES[c.code][0 if c.met or c.aside else 1],
            c.gain,
            c.field,
            ASIDES[c.aside] if c.aside else "",
        )
        for c in assessment.criteria
    ]


def first_to_do(lines: Sequence[Line]) -> Line | None:
    """Give what would raise a score most, what was left out before what is to be checked."""
    missing = [each for each in lines if not each.met]
    return max(missing, key=lambda each: (not each.aside, each.gain)) if missing else None


def verdict(score: int | None, missing: Line | None) -> str:
    """Say a score in one sentence, with what would raise it most; nothing without a score."""
    if score is None or missing is None:
        return "" if score is None else gettext("Tout ce qui est attendu y est.")
    said = gettext("L’essentiel y est.") if score >= ENOUGH else gettext("Il manque l’essentiel.")
    if missing.aside:
        return said
    text = str(missing.text)
    advice = gettext("À faire d’abord : %(advice)s.") % {"advice": text[:1].lower() + text[1:]}
    return f"{said} {advice}"


def strict(resource: Resource, beside: Known | None = None) -> quality.Strict | None:
    """Judge a dataset as data.gouv.fr would, for comparison; nothing for other kinds."""
    if resource.kind != ResourceKind.DATASET:
        return None
    return quality.udata(record_of(resource, (), beside))


def history(resource: Resource, most: int = 10) -> list[QualityScore]:
    """List the last states of the score of a card, the newest first."""
    return list(resource.quality_scores.order_by("-recorded_at", "-pk")[:most])
