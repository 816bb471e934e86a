"""Name in French the tasks, files, columns and states that pages show."""

from django.utils.translation import gettext_lazy as _

from challenges.enums import EntryStatus, ImportState

USE_CASES = {
    "UC1": _("Autodiagnostic des projets de mobilité"),
    "UC2": _("Besoins en compétences des petites entreprises"),
    "UC3": _("Commande publique de formation"),
    "UC4": _("Accompagnement des jeunes"),
    "UC5": _("Orientation au-delà des schémas préétablis"),
    "UC6": _("Transition des salariés en poste"),
}

TASKS = {
    "classification": _("Classer dans une nomenclature"),
    "ordinal": _("Estimer un niveau"),
    "regression": _("Estimer une valeur"),
    "forecasting": _("Prévoir une valeur à venir"),
    "ranking": _("Ordonner des propositions"),
    "multilabel": _("Choisir plusieurs étiquettes"),
    "clustering": _("Former des groupes"),
}

FORMATS = {"csv": "CSV", "parquet": "Parquet", "zip": "ZIP"}
FILE_ROLES = {
    "train": _("Données d’apprentissage"),
    "test": _("Données de test, sans les réponses"),
    "sample_submission": _("Exemple de soumission"),
    "baseline_program": _("Programme de référence"),
    "attributes": _("Attributs utilisés par les mesures d’équité"),
    "extra": _("Fichier complémentaire"),
    "starter": _("Kit de départ"),
    "sample_inputs": _("Échantillon public des entrées que lit le code"),
    "sample_answers": _("Réponses de l’échantillon public"),
}

LAYOUTS = {
    "one_row_per_id": _("Une ligne par identifiant"),
    "ranked_list": _("Une liste ordonnée par demande, une ligne par élément proposé"),
    "numbers_per_id": _("Une ligne par identifiant, plusieurs nombres par ligne"),
    "candidate_scores": _("Une ligne par candidat d’une demande, avec son score"),
}

COLUMN_ROLES = {
    "id": _("identifiant"),
    "target": _("réponse"),
    "query": _("demande"),
    "rank": _("rang"),
    "item": _("élément proposé"),
    "score": _("score, le plus grand en tête"),
}

COLUMN_TYPES = {
    "string": _("texte"),
    "integer": _("nombre entier"),
    "float": _("nombre décimal"),
    "category": _("valeur d’une liste fermée"),
    "label_set": _("liste d’étiquettes"),
}

LICENCE_STATUSES = {
    "stated_by_producer": _("indiquée par le producteur"),
    "verified": _("vérifiée"),
    "to_confirm": _("à confirmer"),
}

# Pigment and icon of each state of an entry; the word is that of the entry.
ENTRY_MARKS = {
    EntryStatus.RECEIVED: ("calanque", "loader"),
    EntryStatus.CHECKING: ("calanque", "loader"),
    EntryStatus.REJECTED: ("garance", "circle-x"),
    EntryStatus.QUEUED: ("calanque", "clock"),
    EntryStatus.SCORING: ("calanque", "loader"),
    EntryStatus.SCORED: ("pin", "check"),
    EntryStatus.FAILED: ("ocre", "triangle-alert"),
    EntryStatus.NEEDS_ATTENTION: ("ocre", "hourglass"),
    EntryStatus.WITHDRAWN: ("ardoise", "undo-2"),
}

# Platforms whose bundles are read; their names are their own.
BUNDLE_FORMATS = {
    "open-emploi": "Open Emploi",
    "codabench-v2": "Codabench 2",
    "codalab-v1.5": "CodaLab 1",
    "evalai": "EvalAI",
    "kaggle-csv": "Kaggle (CSV)",
    "huggingface-competition": "Hugging Face (CSV)",
    "trec": "TREC",
}

# Word, pigment and icon of each state of an import.
IMPORT_FACES = {
    ImportState.WAITING: (_("Lecture en cours"), "calanque", "loader"),
    ImportState.READ: (_("Rapport prêt"), "calanque", "clock"),
    ImportState.CREATING: (_("Création du brouillon"), "calanque", "loader"),
    ImportState.REFUSED: (_("Refusé"), "garance", "circle-x"),
    ImportState.ACCEPTED: (_("Brouillon créé"), "pin", "check"),
    ImportState.FAILED: (_("Panne de notre côté"), "ocre", "triangle-alert"),
    ImportState.EXPIRED: (_("Archive effacée"), "ardoise", "history"),
}
