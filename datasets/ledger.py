"""What the page of the ledger says of data: its acts in words, the objects of a number."""

import re
from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from datasets.access.enums import RefusalReason, Verdict
from datasets.access.forms import STEP_LABELS
from datasets.access.models import AccessRequest, Extract, Grant, Opinion, PromisedReturn
from datasets.openings.enums import OpeningRefusal
from datasets.openings.models import Opening
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile, Dataset, Release
from portal.audit.record import reference

ACTS = {
    "access_request.started": _("Demande commencée"),
    "access_request.submitted": _("Demande déposée"),
    "access_request.admitted": _("Demande recevable"),
    "access_request.changes_requested": _("Corrections demandées"),
    "access_request.refused": _("Demande refusée"),
    "access_request.review_asked": _("Réexamen demandé"),
    "access_request.withdrawn": _("Demande retirée"),
    "access_request.lapsed": _("Demande classée sans suite"),
    "access_request.discarded": _("Brouillon supprimé"),
    "opinion.given": _("Avis rendu"),
    "grant.approved": _("Accès accordé"),
    "grant.signed": _("Convention signée"),
    "grant.person_removed": _("Personne retirée"),
    "grant.suspended": _("Accès suspendu"),
    "grant.resumed": _("Accès rendu"),
    "grant.revoked": _("Accès révoqué"),
    "grant.closed": _("Destruction attestée"),
    "return.delivered": _("Rendu donné"),
    "return.corrected": _("Adresse d’un rendu corrigée"),
    "extract.built": _("Extrait construit"),
    "extract.opened": _("Extrait ouvert"),
    "extract.removed": _("Extrait supprimé"),
    "original.opened": _("Original ouvert par le portail"),
    "data_file.read": _("Fichier lu"),
    "dataset.described": _("Jeu décrit"),
    "release.asked": _("Version envoyée"),
    "release.personal_checked": _("Origine personnelle vérifiée"),
    "release.published": _("Version publiée"),
    "release.refused": _("Version refusée"),
    "release.suspended": _("Version suspendue"),
    "release.given_back": _("Version rendue"),
    "release.withdrawn": _("Version retirée"),
    "opening.proposed": _("Ouverture proposée"),
    "opening.deposited": _("Fichier déposé"),
    "opening.admitted": _("Ouverture admise"),
    "opening.checked": _("Contrôles faits"),
    "opening.changes_requested": _("Corrections de l’ouverture demandées"),
    "opening.approved": _("Ouverture approuvée"),
    "opening.refused": _("Ouverture refusée"),
    "opening.published": _("Ouverture publiée"),
    "opening.withdrawn": _("Proposition d’ouverture retirée"),
    "opening.withdrawal_asked": _("Retrait urgent demandé"),
    "opening.withdrawal_refused": _("Retrait urgent refusé"),
}
FAMILIES = {
    _("Accès aux données"): {
        "access_request": _("Demande d’accès"),
        "opinion": _("Avis"),
        "grant": _("Habilitation"),
        "return": _("Rendu"),
        "extract": _("Extrait"),
        "original": _("Original"),
        "data_file": _("Fichier de données"),
    },
    _("Jeux et ouvertures"): {
        "opening": _("Ouverture"),
        "dataset": _("Jeu de données"),
        "release": _("Version"),
        "holdout": _("Données réservées"),
        "upload": _("Envoi par morceaux"),
    },
}
FACTS = {
    "agreement": _("Empreinte de la convention"),
    "as_requester": _("Signe pour l’organisme"),
    "attempt": _("Essai"),
    "before": _("Avant"),
    "bytes": _("Taille"),
    "changed": _("Changé"),
    "codes": _("Fautes"),
    "columns": _("Colonnes"),
    "created": _("Décrit pour la première fois"),
    "failed": _("Contrôles en échec"),
    "fields": _("Étapes à reprendre"),
    "file": _("Empreinte du fichier"),
    "files": _("Fichiers"),
    "grant": _("Habilitation"),
    "level": _("Niveau d’accès"),
    "link": _("Adresse"),
    "months": _("Mois accordés"),
    "number": _("Numéro"),
    "overridden": _("Passe outre l’avis du délégué"),
    "person": _("Personne nommée"),
    "personal": _("D’origine personnelle"),
    "place": _("Approbation"),
    "reads": _("S’engage à lire"),
    "reason": _("Motif"),
    "release": _("Version"),
    "report": _("Empreinte du rapport"),
    "request": _("Demande"),
    "rows": _("Lignes"),
    "sealed_copies": _("Copies scellées gardées par le portail"),
    "verdict": _("Avis"),
    "version": _("Version"),
}
CODES: dict[str, dict[str, Any]] = {
    "verdict": dict(Verdict.choices),
    "level": dict(AccessLevel.choices),
    "fields": {each.value: label for each, label in STEP_LABELS.items()},
    "place": {"approver": _("la première"), "second_approver": _("la seconde")},
    "reason": {
        **dict(OpeningRefusal.choices),
        **dict(RefusalReason.choices),
        "extract": _("construire un extrait"),
        "opening": _("contrôler une ouverture"),
        "token": _("chercher un pseudonyme"),
    },
}
PUBLIC = re.compile(r"datasets\.([a-z]+):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
FILES_MOST = 50
NUMBER = re.compile(r"(R2|OUV)-\d{4}-0*(\d{1,12})", re.IGNORECASE)


def numbered(said: str) -> Iterator[Model]:
    """Find what a number names, « R2-2026-0009 » or « OUV-2026-0003 », and what came of it.

    Else the files of this name.
    """
    found = NUMBER.fullmatch(said.strip())
    kind, pk = found.groups() if found else ("", "0")
    if kind.upper() == "R2":
        for asked in AccessRequest.objects.filter(pk=pk).select_related("grant"):
            yield from (asked, *asked.opinions.all(), *asked.returns.all())
            if hasattr(asked, "grant"):
                yield asked.grant
                yield from Extract.objects.filter(granted__grant=asked.grant)
    if said.strip() and not kind:
        yield from DataFile.objects.filter(name__iexact=said.strip())[:FILES_MOST]
    for opening in Opening.objects.filter(pk=pk if kind.upper() == "OUV" else 0):
        yield from (opening, *([opening.release] if opening.release else []))


def named(references: Collection[str]) -> dict[str, tuple[str, str]]:
    """Give the number and the address of what these objects are of; a query a kind of object."""
    ids: dict[str, list[str]] = {}
    for each in references:
        if found := PUBLIC.fullmatch(each):
            ids.setdefault(found[1], []).append(found[2])
    told = {}
    for kind, (rows, of) in KINDS.items():
        for row in rows.filter(public_id__in=ids[kind]) if kind in ids else ():
            told[reference(row)] = of(row)
    return told


def _of_grant(grant: Grant) -> tuple[str, str]:
    return grant.number, reverse("datasets:grant", args=(grant.public_id,))


def _numbered(row: AccessRequest | Opening) -> tuple[str, str]:
    return row.number, row.get_absolute_url()


def _file(row: DataFile) -> tuple[str, str]:
    return row.name, row.release.dataset.get_absolute_url()


def _release(row: Release) -> tuple[str, str]:
    title = f"{row.dataset.resource.title}, version {row.number}"
    return title, reverse("datasets:releases", args=(row.dataset.resource.slug,))


KINDS: dict[str, tuple[Any, Callable[[Any], tuple[str, str]]]] = {
    "accessrequest": (AccessRequest.objects.all(), _numbered),
    "opening": (Opening.objects.all(), _numbered),
    "grant": (Grant.objects.select_related("request"), _of_grant),
    "opinion": (Opinion.objects.select_related("request"), lambda row: _numbered(row.request)),
    "promisedreturn": (
        PromisedReturn.objects.select_related("request"),
        lambda row: _numbered(row.request),
    ),
    "extract": (
        Extract.objects.select_related("granted__grant__request"),
        lambda row: _of_grant(row.granted.grant),
    ),
    "datafile": (DataFile.objects.select_related("release__dataset__resource"), _file),
    "release": (Release.objects.select_related("dataset__resource"), _release),
    "dataset": (
        Dataset.objects.select_related("resource"),
        lambda row: (row.resource.title, row.get_absolute_url()),
    ),
}
