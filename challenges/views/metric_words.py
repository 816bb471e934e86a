"""Say in plain French what each metric measures."""

from collections.abc import Mapping
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib import languages

DEFINITIONS = {
    "accuracy": gettext_lazy("Part des lignes dont la réponse est exactement la bonne."),
    "accuracy_prefix": gettext_lazy(
        "Part des lignes dont les %(prefix)s premiers caractères de la réponse sont les bons."
    ),
    "f1_macro": gettext_lazy(
        "Moyenne, classe par classe, de l’équilibre entre précision et rappel : chaque classe "
        "compte autant, même rare."
    ),
    "f1_micro": gettext_lazy(
        "Équilibre entre précision et rappel, toutes étiquettes confondues : les étiquettes "
        "fréquentes pèsent davantage."
    ),
    "f1_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de l’équilibre entre les étiquettes trouvées et les étiquettes "
        "attendues."
    ),
    "precision_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part des étiquettes proposées qui sont justes ; une "
        "réponse vide compte zéro."
    ),
    "recall_samples": gettext_lazy(
        "Moyenne, ligne par ligne, de la part des étiquettes attendues qui ont été trouvées."
    ),
    "kappa_quadratic": gettext_lazy(
        "Accord entre la réponse et la vérité au-delà du hasard ; une erreur de deux niveaux "
        "coûte quatre fois plus qu’une erreur d’un niveau."
    ),
    "mae": gettext_lazy("Moyenne des écarts, sans le signe, entre la réponse et la vérité."),
    "rmse": gettext_lazy(
        "Racine de la moyenne des carrés des écarts : les grandes erreurs pèsent davantage."
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
    "pair_consistency": gettext_lazy(
        "Part des groupes complets dont tous les membres reçoivent la même réponse."
    ),
    "ari": gettext_lazy(
        "Ressemblance entre les groupes proposés et les groupes attendus, corrigée du hasard : "
        "0 au hasard, 1 pour des groupes identiques."
    ),
    "ami": gettext_lazy(
        "Information partagée entre les groupes proposés et les groupes attendus, corrigée du "
        "hasard."
    ),
    "n_clusters": gettext_lazy("Nombre de groupes différents dans la réponse."),
}

DIRECTIONS = {
    "max": gettext_lazy("Plus grand est meilleur"),
    "min": gettext_lazy("Plus petit est meilleur"),
    "none": gettext_lazy("Descriptive, jamais classée"),
}

AGGREGATES = {
    "table": gettext_lazy("Donnée pour chaque groupe de « %(by)s »."),
    "gap": gettext_lazy(
        "Écart entre le groupe le mieux servi et le moins bien servi de « %(by)s »."
    ),
    "worst": gettext_lazy("Valeur du groupe le moins bien servi de « %(by)s »."),
}


def definition(metric: Mapping[str, Any], language: str = "") -> SafeString:
    """Define one declared metric, with its own parameters and its group.

    language: that of the names of groups, which are the organiser's words.
    """
    params = metric.get("params") or {}
    sentence = str(DEFINITIONS.get(_variant(metric["metric"], params), ""))
    sentence %= {"k": params.get("k", 10), "prefix": params.get("prefix", 1)}
    parts = [part for part in (sentence, _group(metric, language)) if part]
    return format_html_join(" ", "{}", ((part,) for part in parts))


def direction(metric: Mapping[str, Any]) -> str:
    """Say which way a metric is better."""
    return str(DIRECTIONS[metric.get("direction", "none")])


def _variant(name: str, params: Mapping[str, Any]) -> str:
    if name == "accuracy" and params.get("prefix"):
        return "accuracy_prefix"
    if name == "attribute_distance" and params.get("of") == "truth":
        return "attribute_distance_truth"
    return name


def _group(metric: Mapping[str, Any], language: str) -> str:
    by = metric.get("by")
    if not by:
        return ""
    facts = {"by": metric.get("by_label") or by, "group": metric.get("group")}
    sentence = _("Sur le groupe « %(group)s » de « %(by)s ».")
    if metric.get("aggregate"):
        sentence = str(AGGREGATES[metric["aggregate"]])
    return languages.said(sentence, language=language, **facts)
