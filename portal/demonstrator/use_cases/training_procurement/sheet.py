"""UC3, what its page says."""

from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import UseCase
from portal.demonstrator.enums import EngineName
from portal.demonstrator.sheets import Sheet

SHEET = Sheet(
    code="UC3",
    slug="commande-publique-formation",
    icon="chart-column",
    use_case=UseCase.TRAINING_PROCUREMENT,
    title=_("Éclairer la commande publique de formation"),
    promise=_(
        "Quels métiers d’un domaine ont le plus de mal à recruter, et où ? L’outil les réunit par "
        "niveau de tension, dit le doute sur chacun, et ce qu’on ne sait pas."
    ),
    audience=_("les services de la Région qui achètent des formations"),
    act=_("Comparer les besoins"),
    refuses=(
        _("Il ne dit pas quelle formation acheter, ni combien de places."),
        _("Il ne donne pas pour sûr l’ordre de métiers dont les intervalles se touchent."),
        _("Il ne juge ni un organisme de formation ni une personne."),
    ),
    steps=(
        (_("Lire"), _("Chaque métier a un niveau de tension, et un intervalle qui dit le doute.")),
        (
            _("Départager"),
            _("Un métier n’est sûrement devant que si son intervalle est au-dessus."),
        ),
        (_("Rapprocher"), _("Où est-ce plus tendu ? Quels savoirs servent à plusieurs métiers ?")),
    ),
    annex_iii=_(
        "À notre lecture, hors de l’annexe III du règlement européen sur l’IA : l’outil décrit des "
        "métiers et des zones, pas des personnes. Position à confirmer par la Région. Il ne doit "
        "servir ni à admettre quelqu’un en formation, ni à le refuser."
    ),
    decides=_(
        "L’acheteur décide, avec ce que les données ne disent pas : demandes des personnes, offre "
        "en place, avis des branches et des territoires."
    ),
    limits=(
        _("La tension mesure une difficulté à recruter ; former n’y répond pas toujours."),
        _("L’intervalle contient le vrai niveau au moins huit fois sur dix si le modèle tient."),
        _("Les intervalles sont larges : beaucoup de métiers ne se départagent pas."),
        _("Un métier rare dans une zone n’y a souvent pas de niveau."),
    ),
    engines=(EngineName.TENSION,),
    questions=(_("Comment connaître les effets des formations ?"),),
    challenges=("tensions-bassins-sud", "prevision-tension-fap"),
)
