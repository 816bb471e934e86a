"""Define the metrics of one answer a row."""

from django.utils.translation import gettext_lazy

DEFINITIONS = {
    "accuracy": gettext_lazy("Part des lignes dont la réponse est exactement la bonne."),
    "accuracy_prefix": gettext_lazy(
        "Part des lignes dont les %(prefix)s premiers caractères de la réponse sont les bons."
    ),
    "f1_macro": gettext_lazy(
        "Moyenne, classe par classe, de l’équilibre entre précision et rappel : chaque classe "
        "compte autant, même rare."
    ),
    "kappa": gettext_lazy(
        "Accord entre la réponse et la vérité au-delà du hasard ; toutes les erreurs coûtent "
        "autant."
    ),
    "kappa_quadratic": gettext_lazy(
        "Accord entre la réponse et la vérité au-delà du hasard ; une erreur de deux niveaux "
        "coûte quatre fois plus qu’une erreur d’un niveau."
    ),
    "pair_consistency": gettext_lazy(
        "Part des groupes complets dont tous les membres reçoivent la même réponse."
    ),
    "precision": gettext_lazy("Part des lignes annoncées positives qui le sont vraiment."),
    "recall": gettext_lazy("Part des lignes vraiment positives qui sont annoncées comme telles."),
    "f1": gettext_lazy("Équilibre entre la précision et le rappel de l’étiquette positive."),
    "balanced_accuracy": gettext_lazy(
        "Moyenne, sur les classes de la vérité, de la part de leurs lignes bien classées : "
        "chaque classe compte autant."
    ),
    "f1_weighted": gettext_lazy(
        "Moyenne des F1 des classes de la vérité, chacune pesant son nombre de lignes."
    ),
    "mcc": gettext_lazy(
        "Corrélation entre la réponse et la vérité : 1 pour une réponse parfaite, 0 au hasard "
        "ou pour une réponse constante."
    ),
    "roc_auc": gettext_lazy(
        "Probabilité qu’une ligne positive reçoive un score plus haut qu’une ligne négative ; "
        "une égalité compte pour moitié."
    ),
    "log_loss": gettext_lazy(
        "Surprise moyenne devant la vérité, selon la probabilité annoncée : une certitude "
        "fausse coûte très cher."
    ),
    "brier": gettext_lazy(
        "Moyenne des carrés des écarts entre la probabilité annoncée et ce qui est arrivé, 0 ou 1."
    ),
    "average_precision": gettext_lazy(
        "Précision moyenne à mesure que l’on descend la liste des scores jusqu’à retrouver "
        "toutes les lignes positives."
    ),
    "top_k_accuracy": gettext_lazy(
        "Part des lignes dont la bonne classe est parmi les %(k)s plus probables de la réponse."
    ),
    "log_loss_multi": gettext_lazy(
        "Surprise moyenne devant la vraie classe, selon la probabilité qui lui était donnée."
    ),
    "brier_multi": gettext_lazy(
        "Moyenne des carrés des écarts entre les probabilités des classes et ce qui est "
        "arrivé ; de 0 à 2."
    ),
    "roc_auc_ovr": gettext_lazy(
        "Moyenne, sur les classes de la vérité, de l’aire sous la courbe ROC de la classe "
        "contre toutes les autres."
    ),
    "mae": gettext_lazy("Moyenne des écarts, sans le signe, entre la réponse et la vérité."),
    "rmse": gettext_lazy(
        "Racine de la moyenne des carrés des écarts : les grandes erreurs pèsent davantage."
    ),
    "mse": gettext_lazy("Moyenne des carrés des écarts : les grandes erreurs pèsent davantage."),
    "medae": gettext_lazy("Écart que la moitié des réponses ne dépassent pas."),
    "rmsle": gettext_lazy(
        "Racine de la moyenne des carrés des écarts entre logarithmes : l’erreur compte en "
        "proportion."
    ),
    "mape": gettext_lazy("Moyenne des écarts rapportés à la vérité."),
    "pinball": gettext_lazy(
        "Coût moyen d’un quantile de niveau %(tau)s : se tromper d’un côté ne coûte pas comme "
        "se tromper de l’autre."
    ),
    "r2": gettext_lazy(
        "Part de la variation de la vérité que la réponse explique : 1 pour une réponse "
        "parfaite, 0 pour la moyenne, moins au-delà."
    ),
    "pearson": gettext_lazy("Force du lien linéaire entre la réponse et la vérité, de −1 à 1."),
    "spearman": gettext_lazy(
        "Ressemblance entre le classement des réponses et celui de la vérité, de −1 à 1."
    ),
    "kendall_b": gettext_lazy(
        "Part des couples de lignes rangés dans le bon ordre, moins la part des couples inversés."
    ),
    "concordance": gettext_lazy(
        "Part des couples comparables dont les durées sont annoncées dans le bon ordre ; une "
        "égalité compte pour moitié."
    ),
}
