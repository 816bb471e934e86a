"""Define the metrics of lists, spans, groupings, and formulas."""

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
    "precision_micro": gettext_lazy(
        "Part des étiquettes proposées qui sont justes, toutes lignes confondues."
    ),
    "recall_micro": gettext_lazy(
        "Part des étiquettes attendues qui ont été trouvées, toutes lignes confondues."
    ),
    "f1_macro_ml": gettext_lazy(
        "Moyenne, étiquette par étiquette, de l’équilibre entre précision et rappel : chacune "
        "compte autant, même rare."
    ),
    "jaccard_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part commune aux étiquettes proposées et aux "
        "étiquettes attendues."
    ),
    "hamming": gettext_lazy(
        "Part des décisions fausses, une par ligne et par étiquette de la nomenclature."
    ),
    "subset_accuracy": gettext_lazy(
        "Part des lignes dont la liste d’étiquettes est exactement la bonne."
    ),
    "lrap": gettext_lazy(
        "Pour chaque bonne étiquette, part de bonnes parmi celles de score au moins égal, en "
        "moyenne."
    ),
    "ndcg": gettext_lazy(
        "Qualité de l’ordre des %(k)s premiers éléments proposés : un bon élément placé haut "
        "rapporte plus ; 1 pour l’ordre parfait."
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
        "Précision moyenne aux places des bons éléments parmi les %(k)s premiers proposés, "
        "rapportée au mieux possible."
    ),
    "map_r_at_k": gettext_lazy(
        "Précision moyenne aux places des bons éléments parmi les %(k)s premiers proposés, "
        "rapportée à tous les bons éléments."
    ),
    "mrr_at_k": gettext_lazy(
        "Moyenne de l’inverse du rang du premier bon élément parmi les %(k)s premiers : 1 en "
        "tête, 0,5 au deuxième rang."
    ),
    "precision_at_k": gettext_lazy("Part de bons éléments parmi les %(k)s premiers proposés."),
    "hit_at_k": gettext_lazy(
        "Part des demandes dont un bon élément est parmi les %(k)s premiers proposés."
    ),
    "recall_r_at_k": gettext_lazy(
        "Part de tous les bons éléments que tiennent les %(k)s premiers proposés."
    ),
    "catalogue_coverage": gettext_lazy(
        "Part des éléments de la nomenclature qui sont proposés au moins une fois parmi les "
        "%(k)s premiers."
    ),
    "gini_exposure": gettext_lazy(
        "Inégalité entre les éléments de la nomenclature, selon le nombre de fois où ils sont "
        "parmi les %(k)s premiers : 0 si tous le sont autant."
    ),
    "ndcg_scored": gettext_lazy(
        "Qualité de l’ordre que donnent les scores : un bon candidat placé haut rapporte plus "
        "; les ex æquo se partagent leurs gains."
    ),
    "map_scored": gettext_lazy(
        "Précision moyenne aux places des bons candidats, rapportée au mieux possible ; les "
        "ex æquo comptent en moyenne sur tous leurs ordres."
    ),
    "map_r_scored": gettext_lazy(
        "Précision moyenne aux places des bons candidats, rapportée à tous les bons candidats "
        "; les ex æquo comptent en moyenne sur tous leurs ordres."
    ),
    "mrr_scored": gettext_lazy(
        "Moyenne de l’inverse du rang du premier bon candidat ; les ex æquo comptent en "
        "moyenne sur tous leurs ordres."
    ),
    "precision_scored": gettext_lazy(
        "Part de bons candidats parmi les %(k)s de plus haut score ; les ex æquo à la limite "
        "sont partagés."
    ),
    "hit_scored": gettext_lazy(
        "Part des demandes dont un bon candidat est parmi les %(k)s de plus haut score ; les "
        "ex æquo à la limite sont partagés."
    ),
    "recall_scored": gettext_lazy(
        "Part de tous les bons candidats qui sont parmi les %(k)s de plus haut score ; les ex "
        "æquo à la limite sont partagés."
    ),
    "recall_capped_scored": gettext_lazy(
        "Bons candidats parmi les %(k)s de plus haut score, rapportés à ce que ces places "
        "peuvent tenir ; les ex æquo à la limite sont partagés."
    ),
    "span_f1": gettext_lazy(
        "Équilibre entre précision et rappel des segments : un segment est juste si ses deux "
        "bornes et son étiquette le sont."
    ),
    "span_f1_relaxed": gettext_lazy(
        "Équilibre entre précision et rappel des segments : un segment est juste s’il en "
        "recouvre un de même étiquette."
    ),
    "span_f1_semeval_strict": gettext_lazy(
        "Équilibre entre précision et rappel, chaque segment donné prenant un vrai segment : "
        "juste si les bornes et l’étiquette sont les mêmes."
    ),
    "span_f1_semeval_exact": gettext_lazy(
        "Équilibre entre précision et rappel, chaque segment donné prenant un vrai segment : "
        "juste si les bornes sont les mêmes."
    ),
    "span_f1_semeval_partial": gettext_lazy(
        "Équilibre entre précision et rappel, chaque segment donné prenant un vrai segment : "
        "juste si les bornes sont les mêmes, à moitié s’ils se recouvrent."
    ),
    "span_f1_semeval_type": gettext_lazy(
        "Équilibre entre précision et rappel, chaque segment donné prenant un vrai segment : "
        "juste s’ils se recouvrent et portent la même étiquette."
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
    "homogeneity": gettext_lazy(
        "Mesure dans laquelle chaque groupe proposé ne tient que des lignes d’un même groupe "
        "attendu."
    ),
    "completeness": gettext_lazy(
        "Mesure dans laquelle les lignes d’un groupe attendu sont dans un même groupe proposé."
    ),
    "v_measure": gettext_lazy(
        "Équilibre entre l’homogénéité et la complétude des groupes proposés."
    ),
    "b_cubed": gettext_lazy(
        "Équilibre, ligne par ligne, entre ce que son groupe proposé contient de juste et ce "
        "qu’il retrouve du groupe attendu."
    ),
    "pair_f1": gettext_lazy(
        "Équilibre entre précision et rappel des paires de lignes mises ensemble."
    ),
    "pair_precision": gettext_lazy("Part des paires de lignes mises ensemble qui doivent l’être."),
    "pair_recall": gettext_lazy("Part des paires de lignes à mettre ensemble qui le sont."),
    "n_clusters": gettext_lazy("Nombre de groupes différents dans la réponse."),
    "formula": gettext_lazy("Calcul sur d’autres mesures du challenge : %(formula)s."),
}
