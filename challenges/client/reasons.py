"""Say in French why a contract cannot be applied; the engine gives its reasons in English."""

import re

# Each pattern is a whole reason; what stands in brackets is kept as it is.
REASONS: dict[str, str] = {
    # how a figure is declared
    r"parameter (\S+) is missing": r"le paramètre \1 manque",
    r"unknown parameter (\S+)": r"paramètre inconnu : \1",
    r"unknown metric (\S+)": r"mesure inconnue : \1",
    r"unknown attribute (\S+)": r"attribut inconnu : \1",
    r"unknown aggregate (\S+)": r"agrégat inconnu : \1",
    r"no attribute (\S+)": r"aucun attribut \1",
    r"no metric": "aucune mesure",
    r"no column plays the role (\S+)": r"aucune colonne ne joue le rôle \1",
    r"domain of (\S+) is not resolved": r"le domaine de \1 n’est pas une liste",
    r"(\S+) cannot read this kind of answer": r"\1 ne lit pas cette sorte de réponse",
    r"(\S+) knows no weights": r"\1 ne connaît pas de poids",
    r"(\S+) needs answers of at most (\S+)": r"\1 demande des réponses d’au plus \2 (max)",
    r"(\S+) needs answers of at least (\S+)": r"\1 demande des réponses d’au moins \2 (min)",
    r"(\S+) needs a declared nomenclature": r"\1 demande une nomenclature déclarée",
    r"(\S+) must lie between 0 and (\S+)": r"\1 doit être entre 0 et \2",
    r"(\S+) must be a whole number of at least 1": r"\1 doit être un entier d’au moins 1",
    r"(\S+) must be (\w+) or (\w+)": r"\1 doit être \2 ou \3",
    r"levels need a declared nomenclature or integer bounds": (
        "les niveaux demandent une nomenclature déclarée ou des bornes entières"
    ),
    r"an allowed answer is outside the levels": "une réponse admise est hors des niveaux",
    r"probabilities are declared between 0 and 1": (
        "les probabilités se déclarent entre 0 et 1 (min, max)"
    ),
    r"a formula is not computed by group": "une formule ne se calcule pas par groupe",
    r"the formula names (\S+), which is no plain figure": (
        r"la formule nomme \1, qui n’est pas un chiffre simple"
    ),
    r"a formula has 1 to (\d+) characters": r"une formule a de 1 à \1 caractères",
    r"the formula uses no figure": "la formule n’emploie aucun chiffre",
    r"the formula is too long": "la formule est trop longue",
    r"the formula cannot be read": "la formule est illisible",
    r"a formula is computed from the other figures": (
        "une formule se calcule à partir des autres chiffres"
    ),
    r"only \+ − × ÷ min max, numbers and keys are known": (
        "seuls + − × ÷ min max, des nombres et des clés sont admis"
    ),
    r"a constant of the formula is not finite": "une constante de la formule n’est pas finie",
    r"a constant of the formula is not a number": (
        "une constante de la formule n’est pas un nombre"
    ),
    # how the answer is declared
    r"a form is for several numbers per row": "form va avec plusieurs nombres par ligne",
    r"the form of the numbers is missing": "la forme (form) des nombres manque",
    r"several answers of one row are decimal numbers": (
        "plusieurs réponses d’une ligne sont des nombres décimaux"
    ),
    r"(\d+) columns for the form (\S+)": r"\1 colonnes pour la forme \2",
    r"a class has two columns": "une classe a deux colonnes",
    r"a policy, complete or top_k, goes with scores of candidates": (
        "policy, complete ou top_k, va avec des scores de candidats"
    ),
    r"a score is a number": "un score est un nombre",
    r"a candidate has one name": "un candidat a un seul nom",
    r"target must be one of (.+)": r"target doit être parmi \1",
    r"no target (\S+)": r"aucune colonne à prédire \1",
    # what the audit compares
    r"the positive answer is missing": "la réponse favorable (positive) manque",
    r"(.+) is no possible answer": r"\1 n’est pas une réponse possible",
    r"(\S+) is no attribute that groups": r"\1 n’est pas un attribut qui forme des groupes",
    r"(\S+ × \S+) must not be crossed": r"\1 : croisement interdit",
    r"(\S+ × \S+) cannot be crossed": r"\1 : croisement impossible",
    # what a metric finds in the truth
    r"the metric has no value on this part": "la mesure n’a pas de valeur sur cette partie",
    r"the truth must be 0 or 1": "la vérité doit être 0 ou 1",
    r"the truth has no column (\S+)": r"la vérité n’a pas de colonne \1",
    r"a relative error needs true values other than 0": (
        "une erreur relative demande des valeurs vraies autres que 0"
    ),
    r"a logarithmic error needs values of at least 0": (
        "une erreur logarithmique demande des valeurs d’au moins 0"
    ),
    r"the event must be 0 or 1": "l’événement doit être 0 ou 1",
    r"only the arithmetic mean is known": "seule la moyenne arithmétique est connue",
    r"a value outside the declared levels": "une valeur est hors des niveaux déclarés",
    r"a prefix needs labels that are texts": "un préfixe demande des étiquettes en texte",
    r"a gain is negative": "un gain est négatif",
    r"ranked lists are needed": "il faut des listes ordonnées",
    r"gains are needed": "il faut des gains",
    r"lists of labels are needed": "il faut des listes d’étiquettes",
    r"one probability per class is needed": "il faut une probabilité par classe",
}
# A key, or a figure and a part, may come before a reason: « f1, public : … », « f1: … ».
BEFORE = re.compile(r"(?P<before>(?:[^;:]+? ?: )?)(?P<reason>.+)", re.DOTALL)


def french(detail: str) -> str:
    """Say the reasons of a detail in French, separated by « ; »; others stay as they are."""
    return " ; ".join(_one(part) for part in detail.split("; "))


def _one(part: str) -> str:
    whole = _said(part)
    found = BEFORE.fullmatch(part)
    if whole is not None or found is None:
        return whole or part
    said = _said(found["reason"])
    before = found["before"].rstrip(" :")
    return part if said is None else f"{before} : {said}"


def _said(reason: str) -> str | None:
    for pattern, words in REASONS.items():
        found = re.fullmatch(pattern, reason)
        if found:
            return found.expand(words)
    return None
