"""The acts of the ledger in words: what is done, and of what; the apps add theirs at start."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.lib.prose.numbers import file_size

# First words of the acts of one part of the portal, with what they are of.
families: dict[Any, dict[str, Any]] = {
    _("Comptes et rôles"): {
        "access": _("Accès refusé"),
        "account": _("Compte"),
        "session": _("Session"),
        "token": _("Jeton"),
        "role": _("Rôle de la Région"),
        "organisation": _("Organisation"),
        "membership": _("Membre d’une organisation"),
        "invitation": _("Invitation"),
        "join_request": _("Demande d’adhésion"),
        "discussion": _("Discussion"),
        "page": _("Page du site"),
        "object": _("Objet gardé"),
        "logs": _("Journaux techniques"),
    }
}
# Whole acts, said otherwise than by their two words.
words: dict[str, Any] = {
    "access.denied": _("Accès refusé"),
    "access.denied_again": _("Accès refusé, plusieurs fois"),
}
# What the detail of an act says: the name of each fact, the words of its codes.
facts: dict[str, Any] = {}
codes: dict[str, dict[str, Any]] = {}
VERBS: dict[str, Any] = {
    "abandoned": _("abandon"),
    "accepted": _("acceptation"),
    "added": _("ajout"),
    "answered": _("réponse"),
    "answers_given": _("réponses données"),
    "answers_refused": _("réponses refusées"),
    "approved": _("approbation"),
    "archived": _("archivage"),
    "arranged": _("rangement"),
    "asked": _("demande"),
    "assessed": _("examen"),
    "assigned": _("attribution"),
    "attested": _("vérification"),
    "begun": _("début"),
    "blocked": _("blocage"),
    "board_added": _("classement ajouté"),
    "board_arranged": _("classement réglé"),
    "board_removed": _("classement retiré"),
    "build_asked": _("construction demandée"),
    "captain_changed": _("nouveau capitaine"),
    "caught_up": _("mise à jour"),
    "changed": _("changement"),
    "checked": _("contrôle"),
    "claimed": _("prise en charge"),
    "cloned": _("copie"),
    "closed": _("fermeture"),
    "code_amended": _("règles du code changées"),
    "code_settled": _("règles du code fixées"),
    "compiled": _("préparation"),
    "confirmed": _("confirmation"),
    "contested": _("contestation"),
    "created": _("création"),
    "dated": _("dates fixées"),
    "dead": _("abandon"),
    "declared": _("déclaration"),
    "declined": _("refus"),
    "deleted": _("suppression"),
    "deposited": _("dépôt"),
    "described": _("description"),
    "discarded": _("suppression"),
    "disclosed": _("membres montrés ou cachés"),
    "dismissed": _("classement sans suite"),
    "drifted": _("écart constaté"),
    "ended": _("fin"),
    "entered": _("inscription"),
    "erased": _("effacement"),
    "examined": _("examen"),
    "expired": _("échéance"),
    "exported": _("export"),
    "fairness_declared": _("équité déclarée"),
    "feed_opened": _("flux ouvert"),
    "fenced": _("mise à l’écart"),
    "file_added": _("fichier ajouté"),
    "file_removed": _("fichier retiré"),
    "files_deleted": _("fichiers supprimés"),
    "finished": _("fin"),
    "flag_dismissed": _("signalement écarté"),
    "forgotten": _("effacement"),
    "found": _("découverte"),
    "given_up": _("abandon"),
    "grace_ended": _("délai de grâce écoulé"),
    "grant_chosen": _("habilitation choisie"),
    "hidden": _("masquage"),
    "imported": _("import"),
    "in_force": _("mise en vigueur"),
    "installed": _("installation"),
    "invitation_revoked": _("invitation retirée"),
    "invited": _("invitation"),
    "issued": _("délivrance"),
    "joined": _("arrivée"),
    "left": _("départ"),
    "lent": _("prêt"),
    "lift_proposed": _("levée proposée"),
    "lift_refused": _("levée refusée"),
    "lifted": _("levée"),
    "link_closed": _("lien fermé"),
    "link_opened": _("lien ouvert"),
    "loaded": _("chargement"),
    "made": _("création"),
    "masked": _("masquage"),
    "measured": _("mesure choisie"),
    "member_removed": _("membre retiré"),
    "needs_attention": _("attention demandée"),
    "news_chosen": _("nouvelles choisies"),
    "offered": _("proposition"),
    "opened": _("ouverture"),
    "page_removed": _("page retirée"),
    "page_written": _("page écrite"),
    "participation": _("participation réglée"),
    "paused": _("pause"),
    "pinned": _("épinglage"),
    "pronounced": _("prononcé"),
    "proposed": _("proposition"),
    "published": _("publication"),
    "purged": _("suppression"),
    "questions_asked": _("questions posées"),
    "quotas_raised": _("quotas relevés"),
    "ranked": _("ordre choisi"),
    "read": _("lecture"),
    "reaped": _("reprise"),
    "recalled": _("rappel"),
    "received": _("réception"),
    "recreated": _("nouvelle création"),
    "refused": _("refus"),
    "registered": _("scellement"),
    "relaunched": _("relance"),
    "released": _("libération"),
    "removed": _("retrait"),
    "renamed": _("nouveau nom"),
    "reopened": _("réouverture"),
    "requeued": _("remise en file"),
    "restored": _("rétablissement"),
    "resumed": _("reprise"),
    "retried": _("nouvel essai"),
    "revealed": _("révélation"),
    "revoked": _("révocation"),
    "role_changed": _("rôle changé"),
    "saved": _("enregistrement"),
    "scored": _("notation"),
    "scored_again": _("nouvelle notation"),
    "scored_as_first": _("notation comme au premier jour"),
    "sent": _("envoi"),
    "sent_back": _("renvoi"),
    "set_aside": _("mise de côté"),
    "set_back": _("report"),
    "settings_applied": _("réglages appliqués"),
    "settled": _("règlement"),
    "shown": _("affichage"),
    "signed": _("signature"),
    "started": _("début"),
    "submitted": _("envoi"),
    "suspended": _("suspension"),
    "taken_back": _("reprise"),
    "taken_out": _("sortie"),
    "taken_over": _("relais"),
    "takeover_ended": _("fin du relais"),
    "task_added": _("tâche ajoutée"),
    "task_removed": _("tâche retirée"),
    "terms_written": _("conditions écrites"),
    "unblocked": _("déblocage"),
    "unpublished": _("dépublication"),
    "used": _("emploi"),
    "warned": _("avertissement"),
    "withdrawn": _("retrait"),
    "withheld": _("retenue"),
    "written": _("écriture"),
}


def said(action: str) -> str:
    """Say an act in words, as « Dépôt : notation »; "" for one that nobody named."""
    if action in words:
        return str(words[action])
    family, _dot, verb = action.partition(".")
    named = next((each[family] for each in families.values() if family in each), "")
    return f"{named} : {VERBS[verb]}" if named and verb in VERBS else str(named)


def fact_in_words(name: str, value: Any) -> tuple[str, str]:
    """Say a fact of an act in words: its name, and yes, no, what its code means, or what it is."""
    if isinstance(value, bool):
        shown = str(_("oui") if value else _("non"))
    elif name == "bytes":
        shown = file_size(value)
    else:
        several = value if isinstance(value, list | dict) else [value]
        shown = ", ".join(str(codes.get(name, {}).get(each, each)) for each in several)
    return str(facts.get(name, name)), str(shown)


def choices() -> list[tuple[Any, list[tuple[str, Any]]]]:
    """List the acts to choose among: of each part, its families, then those said otherwise."""
    return [
        (
            part,
            [
                *((f"{code}.", label) for code, label in several.items()),
                *((code, label) for code, label in words.items() if code.split(".")[0] in several),
            ],
        )
        for part, several in families.items()
    ]
