"""Define the metrics of lists, groupings, and formulas."""

from django.utils.translation import gettext_lazy

DEFINITIONS = {
    "f1_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de l’équilibre entre les étiquettes trouvées et les "
        "étiquettes attendues."
    ),
    "precision_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part des étiquettes proposées qui sont justes ; une "
        "réponse vide compte zéro."
    ),
    "recall_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part des étiquettes attendues qui ont été trouvées."
    ),
    "f1_micro": gettext_lazy(
        "Équilibre entre précision et rappel, toutes étiquettes confondues : les étiquettes "
        "fréquentes pèsent davantage."
    ),
    "jaccard_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part commune aux étiquettes proposées et aux "
        "étiquettes attendues."
    ),
    "hamming": gettext_lazy(
        "Part des décisions fausses, une par ligne et par étiquette de la nomenclature."
    ),
    "ndcg": gettext_lazy(
        "Qualité de l’ordre des éléments proposés : un bon élément placé haut rapporte plus, et "
        "des candidats de même score se partagent leurs gains ; 1 pour l’ordre parfait."
    ),
    "recall_at_k": gettext_lazy(
        "Part des bons éléments retrouvés parmi les %(k)s premiers proposés."
    ),
    "gain_covered": gettext_lazy("Somme des gains des %(k)s premiers éléments proposés."),
    "attribute_distance": gettext_lazy(
        "Écart moyen d’un attribut entre la demande et les éléments proposés."
    ),
    "attribute_distance_truth": gettext_lazy(
        "Écart moyen d’un attribut entre la demande et les éléments attendus."
    ),
    "share_other_prefix": gettext_lazy(
        "Part des propositions dont le code ne commence pas comme celui de la demande."
    ),
    "map_at_k": gettext_lazy(
        "Précision moyenne aux places des bons éléments, rapportée au mieux possible."
    ),
    "map_r_at_k": gettext_lazy(
        "Précision moyenne aux places des bons éléments, rapportée à tous les bons éléments."
    ),
    "mrr_at_k": gettext_lazy(
        "Moyenne de l’inverse du rang du premier bon élément : 1 en tête, 0,5 au deuxième rang."
    ),
    "precision_at_k": gettext_lazy("Part de bons éléments parmi les %(k)s premiers proposés."),
    "recall_r_at_k": gettext_lazy(
        "Part de tous les bons éléments que tiennent les %(k)s premiers proposés."
    ),
    "ari": gettext_lazy(
        "Ressemblance entre les groupes proposés et les groupes attendus, corrigée du hasard "
        ": 0 au hasard, 1 pour des groupes identiques."
    ),
    "ami": gettext_lazy(
        "Information partagée entre les groupes proposés et les groupes attendus, corrigée du "
        "hasard."
    ),
    "nmi": gettext_lazy(
        "Information partagée entre les groupes proposés et les groupes attendus, de 0 à 1."
    ),
    "n_clusters": gettext_lazy("Nombre de groupes différents dans la réponse."),
    "formula": gettext_lazy("Calcul sur d’autres mesures du challenge : %(formula)s."),
}
