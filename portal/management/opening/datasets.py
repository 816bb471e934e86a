"""Two invented datasets of the demonstration producer: one open, one restricted."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from catalogue.resources.actions import cards as card_changes
from catalogue.resources.enums import Access, LicenceStatus, ResourceKind, Scope, VersionOrigin
from catalogue.resources.models import Resource
from datasets.actions import releases
from datasets.actions.releases import Description, NewFile
from datasets.enums import AccessLevel, FileRole
from datasets.standards import dictionary
from portal.accounts.models import Organisation, User
from portal.management.opening import demonstration, people

SOURCE = "demonstration"
SEED = 20261124
PATH_ROWS, SAMPLE_ROWS = 3_000, 200

OFFERS_COLUMNS = """colonne;type;description;protection
id;texte;Identifiant de l’offre;libre
employeur;texte;Code de l’employeur, inventé;pseudonyme
metier;énumération;L’un des 24 métiers;libre
bassin;énumération;L’un des 18 bassins, inventés;libre
contrat;énumération;CDI, CDD court ou long, intérim;libre
taille;énumération;Salariés de l’établissement, en quatre tranches;généralisée
horaires;énumération;Journée, décalés, nuit ou week-end;libre
mois;entier;Mois de publication, de 1 à 12;généralisée
experience_mois;entier;Expérience demandée, en mois;libre
postes;entier;Postes à pourvoir;libre
salaire_horaire;nombre;Salaire horaire brut proposé, en euros;libre
delai_jours;entier;Jours entre la publication et le recrutement;libre
"""
PATHS_COLUMNS = """colonne;type;description;protection
jeton;texte;Jeton pseudonyme, propre au projet;pseudonyme
date_etape;trimestre;Trimestre de l’étape, jour et mois retirés;généralisée
type_etape;énumération;Entretien, atelier, immersion, formation, contrat, sortie;libre
code_rome_vise;ROME 4.0;Métier visé à l’entrée, sur cinq caractères;libre
niveau_formation;énumération;Niveau 3 à 7 du cadre national des certifications;libre
zone_emploi;énumération;Zone d’emploi de résidence, inventée;généralisée
tranche_age;énumération;16-17, 18-21, 22-25 ans;généralisée
sexe;énumération;Disponible pour mesurer l’équité, jamais comme variable d’entrée;sous condition
sortie_6_mois;énumération;Situation six mois après la sortie;libre
"""


@dataclass(frozen=True)
class Card:
    """The card of a demonstration dataset."""

    source_id: str
    title: str
    summary: str
    description: str
    access: Access
    details: Mapping[str, Any]


OFFERS = Card(
    source_id="offres-synthetiques",
    title="Offres d’emploi synthétiques et délai de recrutement",
    summary="Six mille offres inventées et le nombre de jours qu’il a fallu pour recruter : de "
    "quoi essayer un modèle sans demander d’accès.",
    description="Chaque ligne décrit une offre d’emploi **inventée par un programme** : métier, "
    "bassin, contrat, salaire proposé, délai de recrutement. Aucune ligne ne vient d’une personne "
    "ni d’une entreprise.\n\nCe sont les données d’apprentissage du challenge d’essai « Prévoir "
    "le délai de recrutement d’une offre d’emploi ». Les réponses du challenge n’y sont pas.",
    access=Access.OPEN,
    details={
        "update_frequency": "punctual",
        "temporal_coverage": "Une année type",
        "granularity": "Bassin d’emploi (inventé)",
        "personal_data": "none",
    },
)
PATHS = Card(
    source_id="parcours-synthetiques",
    title="Parcours d’insertion synthétiques (exemple d’accès restreint)",
    summary="Étapes d’accompagnement inventées, de la forme d’un fichier pseudonymisé : un "
    "exemple de jeu dont le fichier principal ne se télécharge pas librement.",
    description="Chaque ligne décrit une étape du parcours d’une personne **inventée** : entrée, "
    "entretien, formation, immersion, contrat, sortie. Ce jeu montre comment le répertoire "
    "présente un fichier à accès restreint : le schéma, les protections et un échantillon sont "
    "publics, le fichier ne l’est pas.",
    access=Access.ON_REQUEST,
    details={
        "update_frequency": "quarterly",
        "temporal_coverage": "2023-2025",
        "granularity": "Zone d’emploi (inventée)",
        "personal_data": "pseudonymised",
    },
)


def publish() -> None:
    """Publish both datasets for the demonstration producer; a second pass writes nothing."""
    by = User.objects.get(username="producteur")
    owner = Organisation.objects.get(slug="producteur-de-demonstration")
    if _missing(OFFERS):
        content = demonstration.training_table(SEED)
        described = Description(in_directory=False, is_synthetic=True, retention="Sans limite")
        files = [_file("offres-synthetiques.csv", content, AccessLevel.OPEN, OFFERS_COLUMNS)]
        _release(OFFERS, described, files, owner, by)
    if _missing(PATHS):
        described = Description(
            in_directory=True,
            is_synthetic=True,
            legal_basis="Mission d’intérêt public (exemple)",
            disclosure_threshold=11,
            retention="Jusqu’en décembre 2030 (exemple)",
        )
        closed = paths(PATH_ROWS, seed=SEED)
        sample = paths(SAMPLE_ROWS, seed=SEED + 1)
        files = [
            _file("parcours.csv", closed, AccessLevel.RESTRICTED_PERSONAL, PATHS_COLUMNS),
            _file("parcours-echantillon.csv", sample, AccessLevel.OPEN, PATHS_COLUMNS, sample=True),
        ]
        _release(PATHS, described, files, owner, by)


def paths(rows: int, *, seed: int) -> bytes:
    """Invent steps of support as CSV; about a quarter of the columns has blanks."""
    draw = np.random.Generator(np.random.PCG64(seed))
    zones = ("Anse-des-Pins", "Val-d’Olivette", "Haute-Combe", "Port-Mistral", "Terres-Blanches")
    steps = ("entretien", "atelier", "immersion", "formation", "contrat", "sortie")
    outcomes = ("emploi durable", "contrat court", "formation", "recherche d’emploi")
    trades = ("G1603", "J1501", "F1704", "D1106", "N1103", "K1304", "A1203")

    def pick(values: Sequence[str]) -> str:
        return values[int(draw.random() * len(values))]

    def blank(share: float, value: str) -> str:
        return "" if draw.random() < share else value

    target = io.StringIO()
    out = csv.writer(target, lineterminator="\n")
    header = [row.partition(";")[0] for row in PATHS_COLUMNS.splitlines()[1:]]
    out.writerow(header)
    for _ in range(rows):
        out.writerow(
            [
                f"p{int(draw.random() * 16**6):06x}",
                f"{2023 + int(draw.random() * 3)}-T{1 + int(draw.random() * 4)}",
                pick(steps),
                blank(0.18, pick(trades)),
                blank(0.03, str(3 + int(draw.random() * 5))),
                blank(0.01, pick(zones)),
                pick(("16-17", "18-21", "22-25")),
                blank(0.01, pick(("femme", "homme"))),
                blank(0.29, pick(outcomes)),
            ]
        )
    return target.getvalue().encode()


def _missing(card: Card) -> bool:
    return not Resource.objects.filter(source=SOURCE, source_id=card.source_id).exists()


def _file(
    name: str, content: bytes, level: AccessLevel, columns: str, *, sample: bool = False
) -> NewFile:
    role = FileRole.SAMPLE if sample else FileRole.DATA
    known = dictionary.read(columns.encode())
    return NewFile(name, io.BytesIO(content), level, role, known)


def _release(
    card: Card, described: Description, files: list[NewFile], owner: Organisation, by: User
) -> None:
    resource = card_changes.create(
        kind=ResourceKind.DATASET,
        title=card.title,
        by=people.OPENING,
        summary=card.summary,
        description=card.description,
        organisation=owner,
        licences=["etalab-2.0"],
        licence_status=LicenceStatus.DECLARED,
        scope=Scope.REGIONAL,
        access=card.access,
        languages=["fr"],
        tags=["données synthétiques"],
        details=dict(card.details),
        source=SOURCE,
        source_id=card.source_id,
    )
    revision = resource.save_revision(clean=False)
    card_changes.put_online(
        resource=resource, revision=revision, by=people.OPENING, origin=VersionOrigin.OPENED
    )
    dataset = releases.describe(resource=resource, description=described, by=by)
    releases.publish(dataset=dataset, files=files, notes="Première version.", by=by)
