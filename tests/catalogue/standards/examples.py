"""Published resources as the standards read them: a full one of each kind that has a profile."""

import datetime
from dataclasses import replace
from typing import Any

from catalogue.standards.published import (
    Agent,
    Column,
    File,
    Licence,
    Measure,
    Published,
    Reference,
    Site,
)

ROOT = "https://oe.example"
CSV = b"code_rome,effectif\nM1805,12\nG1603,\n"
SHA256 = "ab" * 32
REGION = Agent(
    f"{ROOT}/ressources/?organisation=region-sud",
    "Région Sud",
    "region",
    "https://www.maregionsud.fr/",
)
SITE = Site(ROOT, "Open Emploi Ressources", "Le catalogue régional.", REGION)
AT = datetime.datetime(2026, 11, 24, 9, 30, tzinfo=datetime.UTC)


def example(kind: str, **changes: Any) -> Published:
    """Give a full resource of a kind, changed as asked."""
    public_id = f"00000000-0000-4000-8000-00000000000{len(kind) % 10}"
    base = Published(
        iri=f"{ROOT}/id/{public_id}",
        page=f"{ROOT}/ressources/essai-{kind}/",
        public_id=public_id,
        slug=f"essai-{kind}",
        kind=kind,
        kind_label="Jeu de données" if kind == "dataset" else "Ressource",
        title="Offres d’emploi <PACA> & alentours",
        summary="Offres d’emploi publiées en Provence-Alpes-Côte d’Azur, sans personne dedans.",
        description="Une description en *Markdown*, assez longue pour être lue.\n\n- une ligne",
        issued=AT,
        modified=AT,
        site=SITE,
        publisher=REGION,
        authors=("A. Auteure", "B. Auteur"),
        contact="contact@exemple.org",
        homepage_url="https://exemple.org/offres?a=1&b=2",
        repository_url="https://exemple.org/depot.git",
        documentation_url="https://exemple.org/doc",
        licences=(Licence("etalab-2.0", "Licence Ouverte 2.0", True),),
        licence_status="declared",
        languages=("fr", "en"),
        territories=("Arles", "Gap"),
        use_cases={"school_guidance": "Orientation"},
        tasks={"matching": "Appariement offre-profil"},
        tags=("emploi", "métiers", "région"),
        lifecycle="active",
        details=DETAILS[kind],
    )
    return replace(base, **{**OWN.get(kind, {}), **changes})


TABLE = File(
    iri=f"{ROOT}/donnees/essai/#fichier-1",
    title="offres.csv",
    access_url=f"{ROOT}/donnees/essai/",
    download_url=f"{ROOT}/donnees/essai/fichiers/1/offres.csv",
    format="csv",
    media_type="text/csv",
    size_bytes=len(CSV),
    sha256=SHA256,
    columns=(
        Column("code_rome", "string", "Code ROME", True),
        Column("effectif", "integer", "Nombre d’offres"),
    ),
    rows=2,
)
WEIGHTS = File(
    iri=f"{ROOT}/id/m#fichier-1",
    title="model.onnx",
    access_url="https://exemple.org/model.onnx",
    download_url="https://exemple.org/model.onnx",
    format="ONNX",
    size_bytes=12,
    sha256=SHA256,
)
OWN: dict[str, dict[str, Any]] = {
    "dataset": {"files": (TABLE,)},
    "model": {
        "files": (WEIGHTS,),
        "references": (
            Reference(
                "trained_on",
                "Offres 2021-2025",
                f"{ROOT}/id/offres",
                kind="dataset",
                summary="Offres.",
                collected_on="2025-12",
            ),
        ),
        "measures": (
            Measure(
                "Exactitude", 0.804, "Fiche ROME", 0.792, 0.816, 12_400,
                evaluated_on="2026-11-01", source_url=f"{ROOT}/challenges/rome/",
            ),
            Measure("Exactitude", 0.801, n=1_240, group="Féminin", evaluated_on="2026-11-01"),
        ),
    },
    "technology": {"subtype": "api"},
}  # fmt: skip
DETAILS: dict[str, dict[str, Any]] = {
    "dataset": {
        "update_frequency": "monthly",
        "last_update": "2026-11-01",
        "temporal_coverage": "2018-01 à 2018-08",
        "version": "1.2",
    },
    "model": {
        "version": "1.4.0",
        "created": "2026-11-22",
        "base_model": "CamemBERT",
        "parameters": 110_000_000,
        "library": "Transformers",
        "trained_on": [
            {"title": "Annonces", "url": "https://exemple.org/a", "collection_date": "2024"}
        ],
        "intended_purpose": "Suggérer un code ROME à une conseillère.",
        "excluded_uses": ["Classer des personnes"],
        "ai_act_class": "annex_iii_4a",
        "limits": ["Métiers rares"],
        "oversight": "Une personne valide toujours.",
        "explanation": "Les mots qui ont compté sont soulignés.",
        "paper": "https://doi.org/10.1000/xyz123.",
    },
    "technology": {"endpoint_url": "https://exemple.org/api", "version": "2"},
    "algorithm": {"version": "0.3", "programming_languages": ["Python"]},
    "solution": {"maturity": "trial"},
    "need": {},
    "idea": {},
    "news": {},
    "programme": {},
}
