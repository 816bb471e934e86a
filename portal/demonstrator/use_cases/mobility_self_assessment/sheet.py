"""UC1, what its page says."""

from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import UseCase
from portal.demonstrator.enums import EngineName
from portal.demonstrator.sheets import BONNE_BOITE, IMMERSION, JOBS, Sheet

SHEET = Sheet(
    code="UC1",
    slug="autodiagnostic-mobilite",
    icon="compass",
    use_case=UseCase.MOBILITY_SELF_ASSESSMENT,
    title=_("Faire le point sur son projet de mobilité"),
    promise=_(
        "« J’ai envie de changer, mais pour quoi ? » L’outil montre où en est votre projet, dix "
        "métiers au plus qui reprennent vos savoirs, et quoi apporter à un conseiller."
    ),
    audience=_("toute personne qui pense à changer de métier, puis son conseiller"),
    act=_("Faire le point"),
    refuses=(
        _("Il ne demande ni nom, ni âge, ni sexe, ni diplôme : ce diagnostic est anonyme."),
        _("Il ne dit pas si vous devez changer de métier, ni si vous en êtes capable."),
        _("Il ne promet ni emploi, ni place en formation."),
    ),
    steps=(
        (
            _("Situer"),
            _(
                "Six cases, quatre étapes : vous êtes à la première étape dont une case reste à "
                "cocher. Il n’y a pas d’autre calcul."
            ),
        ),
        (
            _("Rapprocher"),
            _(
                "Les savoirs de votre métier sont comparés à ceux des autres ; trois pistes au "
                "moins quittent votre domaine, quand nous en connaissons."
            ),
        ),
        (
            _("Confronter"),
            _("Chaque piste est mise en face de vos critères et de la tension dans votre zone."),
        ),
    ),
    annex_iii=_(
        "Selon notre lecture, hors du point 4 de l’annexe III du règlement européen sur l’IA : "
        "l’outil ne sert ni à recruter ni à décider de la carrière de quelqu’un, et la personne "
        "s’en sert pour elle-même. Un employeur qui l’emploierait pour choisir qui bouge l’y "
        "ferait entrer : cet usage est exclu."
    ),
    decides=_("La personne décide, et montre ce qu’elle veut à son conseiller."),
    limits=(
        _("Les savoirs sont ceux du métier en général, pas les vôtres : corrigez-les."),
        _("Une condition que la fiche ne cite pas est « non dite » : demandez à l’employeur."),
        _("Une forte tension dit qu’on recrute avec peine, pas qu’on y travaille bien."),
    ),
    onward=(JOBS, IMMERSION, BONNE_BOITE),
    engines=(EngineName.TEXT, EngineName.MOVES, EngineName.TENSION),
    questions=(
        _("Un outil pour les conseillers, ou pour les usagers ?"),
        _("Quels critères de cadre de vie compter ?"),
        _("Jusqu’où un premier diagnostic peut-il rester anonyme ?"),
    ),
    challenges=("mobilites-metiers", "tensions-bassins-sud"),
)
