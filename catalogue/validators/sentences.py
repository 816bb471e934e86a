"""One sentence for each check and each remark, in one place."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from catalogue.validators.card import CARD
from catalogue.validators.columns import COMMON_BY_NAME
from catalogue.validators.details import DETAILS

SHOWN_CHARACTERS = 64

NAMES: dict[str, Promise] = {
    "fields": _("Champs de la fiche"),
    "licence": _("Licence"),
    "links": _("Liens"),
    "personal_data": _("Données personnelles"),
    "files": _("Fichiers"),
    "card": _("Fiche d’explicabilité"),
    "duplicate": _("Doublons"),
    "language": _("Langue et courrier indésirable"),
    "markdown": _("Mise en forme"),
}
GREEN: dict[str, Promise] = {
    "fields": _("ceux qui sont obligatoires sont remplis."),
    "licence": _("reconnue ou sans objet."),
    "links": _("aucun lien à vérifier."),
    "personal_data": _("aucune repérée."),
    "files": _("aucun format exécutable à la lecture."),
    "card": _("toutes les questions ont une réponse."),
    "duplicate": _("aucune fiche proche."),
    "language": _("rien à signaler."),
    "markdown": _("le texte s’affiche correctement."),
}
REMARKS: dict[str, Promise] = {
    "missing": _("« %(label)s » n’est pas rempli."),
    "shouting": _(
        "Le titre est écrit en capitales : gardez-les pour le premier mot et les sigles."
    ),
    "tags": _("Donnez trois à huit mots-clés : ils servent à trouver la fiche."),
    "licence_missing": _("Choisissez une licence : sans elle, personne ne peut réutiliser."),
    "licence_to_confirm": _("La licence reste à confirmer."),
    "licence_number": _("« Licence Ouverte » existe en deux versions : précisez 1.0 ou 2.0."),
    "licence_unknown": _("« %(text)s » n’est pas un identifiant SPDX connu."),
    "licence_not_open": _(
        "%(text)s limite la réutilisation : la fiche ne sera pas présentée comme ouverte."
    ),
    "licence_outside_decree": _(
        "%(text)s n’est pas dans la liste des licences ouvertes aux administrations "
        "(article D323-2-1 du code des relations entre le public et l’administration) : "
        "une homologation est nécessaire."
    ),
    "link_malformed": _("« %(url)s » n’est pas une adresse complète."),
    "personal_email": _("Adresse électronique, ligne %(line)s : %(excerpt)s."),
    "personal_phone": _("Numéro de téléphone, ligne %(line)s : %(excerpt)s."),
    "personal_nir": _("Numéro de sécurité sociale, ligne %(line)s : %(excerpt)s. Retirez-le."),
    "personal_iban": _("Numéro de compte bancaire, ligne %(line)s : %(excerpt)s. Retirez-le."),
    "personal_address": _("Adresse postale, ligne %(line)s : %(excerpt)s."),
    "file_executable": _(
        "%(name)s : ce format peut exécuter du code quand on l’ouvre. Préférez safetensors ou ONNX."
    ),
    "file_personal_email": _("%(name)s, ligne %(line)s, adresse électronique : %(excerpt)s."),
    "file_personal_phone": _("%(name)s, ligne %(line)s, numéro de téléphone : %(excerpt)s."),
    "file_personal_nir": _(
        "%(name)s, ligne %(line)s, numéro de sécurité sociale : %(excerpt)s. Retirez-le."
    ),
    "file_personal_iban": _(
        "%(name)s, ligne %(line)s, numéro de compte bancaire : %(excerpt)s. Retirez-le."
    ),
    "file_personal_address": _("%(name)s, ligne %(line)s, adresse postale : %(excerpt)s."),
    "file_absent": _(
        "%(name)s : ce fichier n’est pas gardé ici pour cette fiche. Déposez-le, ou retirez la "
        "ligne."
    ),
    "file_waiting": _("%(name)s : le fichier est en cours d’examen. Réessayez dans un moment."),
    "file_infected": _("%(name)s : l’antivirus y a trouvé un logiciel malveillant. Retirez-le."),
    "file_unscannable": _("%(name)s : l’antivirus n’a pas pu le lire. Retirez-le."),
    "file_lost": _("%(name)s : ses octets ne sont plus là. Envoyez-le à nouveau, ou retirez-le."),
    "file_mismatch": _(
        "%(name)s : le contenu n’est pas celui que le nom annonce. Retirez-le, ou renommez-le."
    ),
    "file_archive": _(
        "%(name)s : cette archive ne peut pas être ouverte sans danger. Refaites-la, sans archive "
        "dans l’archive, ou donnez ses fichiers un par un."
    ),
    "file_facts": _(
        "%(name)s : la taille ou l’empreinte écrite n’est pas celle du fichier déposé. Corrigez la "
        "ligne, ou déposez le fichier de nouveau."
    ),
    "file_unexamined": _(
        "%(name)s : le portail n’ouvre pas cette sorte d’archive, et le dit à qui la prend. Un ZIP "
        "serait examiné."
    ),
    "file_inert": _("%(name)s : ce format n’exécute rien quand on l’ouvre."),
    "card_forbidden": _("%(message)s"),
    "card_empty_annex_iii": _(
        "Ce système relève de l’annexe III du règlement européen : remplissez au moins son but, "
        "ses limites et qui garde la main."
    ),
    "duplicate_address": _("« %(title)s » porte déjà cette adresse."),
    "duplicate_title": _("« %(title)s » porte un titre très proche."),
    "language_other": _("Le texte ne semble ni en français ni en anglais."),
    "spam": _("Le texte ressemble à une publicité : %(signs)s."),
    "markdown": _("%(message)s"),
}


def label_of(name: str) -> str:
    """Give the label of a field by its name, whatever its kind."""
    if name in COMMON_BY_NAME:
        return str(COMMON_BY_NAME[name].label)
    for own in DETAILS.values():
        if name in own.by_name:
            return str(own.by_name[name].label)
    return name


def sentence(remark: Mapping[str, Any]) -> str:
    """Say a stored remark, in the language of the reader; user text is cut at 64 characters."""
    code, facts = str(remark["code"]), dict(remark.get("facts") or {})
    if code == "links_waiting":
        return ngettext(
            "%(count)s lien sera vérifié plus tard.",
            "%(count)s liens seront vérifiés plus tard.",
            int(facts["count"]),
        ) % {"count": facts["count"]}
    if code == "card_incomplete":
        return _incomplete_card(facts)
    if isinstance(facts.get("signs"), list):
        facts["signs"] = ", ".join(_sign(sign) for sign in facts["signs"])
    shown = {key: str(value)[:SHOWN_CHARACTERS] for key, value in facts.items() if key != "message"}
    shown["message"] = str(facts.get("message", ""))
    shown["label"] = label_of(str(remark.get("field", "")))
    return str(REMARKS[code]) % shown


def _sign(sign: str) -> str:
    return gettext("beaucoup de liens") if sign == "links" else str(sign)


def _incomplete_card(facts: Mapping[str, Any]) -> str:
    questions = {question.name: str(question.label) for question in CARD}
    return ngettext(
        "%(count)s question reste sans réponse : %(names)s.",
        "%(count)s questions restent sans réponse : %(names)s.",
        int(facts["count"]),
    ) % {
        "count": facts["count"],
        "names": ", ".join(questions.get(name, name) for name in facts["names"]),
    }
