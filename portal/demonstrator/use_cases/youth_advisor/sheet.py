"""UC4, what its page says."""

from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import UseCase
from portal.demonstrator.enums import EngineName
from portal.demonstrator.sheets import BONNE_BOITE, IMMERSION, JOBS, Sheet

SHEET = Sheet(
    code="UC4",
    slug="conseillers-jeunes",
    icon="users",
    use_case=UseCase.YOUTH_ADVISOR,
    title=_("Préparer l’entretien d’un conseiller jeunesse"),
    promise=_(
        "Un à trois métiers évoqués en entretien : l’outil en donne les savoirs, des questions à "
        "se poser ensemble, et des métiers voisins où essayer les mêmes gestes en immersion."
    ),
    audience=_("les conseillers des missions locales et de l’accompagnement des jeunes"),
    act=_("Préparer l’entretien"),
    refuses=(
        _("Il ne dit rien d’un jeune : ni profil, ni note, ni chance de réussir."),
        _("Il n’écarte aucun métier et n’en classe aucun."),
        _("Il ne trouve pas d’employeur et n’envoie rien à personne."),
    ),
    steps=(
        (
            _("Reconnaître"),
            _("Chaque métier est reconnu par son intitulé, ou l’outil propose les plus proches."),
        ),
        (
            _("Questionner"),
            _("Les questions partent du projet, puis des conditions et des gestes du métier."),
        ),
        (
            _("Essayer"),
            _("Les métiers voisins qui partagent le plus de savoirs sont proposés en immersion."),
        ),
    ),
    annex_iii=_(
        "Selon notre lecture, hors de l’annexe III du règlement européen sur l’IA : l’outil décrit "
        "des métiers, sans recruter (point 4), sans évaluer ni orienter d’office une personne "
        "(point 3). Y saisir quelqu’un pour le classer est exclu."
    ),
    decides=_("Le jeune décide de ses projets ; le conseiller choisit ses questions."),
    limits=(
        _("La fiche décrit le métier en général : un employeur peut demander autre chose."),
        _("Deux métiers qui partagent des savoirs n’ont pas toujours les mêmes gestes."),
        _("L’outil ignore où des immersions sont possibles."),
    ),
    onward=(IMMERSION, BONNE_BOITE, JOBS),
    engines=(EngineName.TEXT, EngineName.MOVES, EngineName.TENSION),
)
