"""UC6, what its page says."""

from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import UseCase
from portal.demonstrator.enums import EngineName
from portal.demonstrator.sheets import ACCOUNT, IMMERSION, JOBS, Sheet

SHEET = Sheet(
    code="UC6",
    slug="transition-salaries",
    icon="git-branch",
    use_case=UseCase.EMPLOYEE_TRANSITION,
    title=_("Voir ensemble les parcours d’un salarié et leurs financements"),
    promise=_(
        "De votre métier à un autre, en une à trois étapes : ce qu’il faudrait apprendre à "
        "chacune, et les dispositifs qui peuvent aider à le financer."
    ),
    audience=_("les salariés en poste qui songent à changer, et qui les conseille"),
    act=_("Chercher des parcours"),
    refuses=(
        _("Il ne dit pas si vous avez droit à un financement : seul l’organisme le décide."),
        _("Il ne dit ni vos chances de réussir, ni un salaire, ni une durée de formation."),
        _("Il ne remplace pas un conseil en évolution professionnelle."),
    ),
    steps=(
        (_("Reconnaître"), _("Ce que vous écrivez est rapproché d’un métier, ou vous choisissez.")),
        (
            _("Relier"),
            _(
                "D’abord le pas direct. Un détour n’est montré que s’il ne fait rien apprendre de "
                "plus, s’il coupe l’étape en plus petites, et si les niveaux ne descendent pas "
                "pour remonter, ni l’inverse."
            ),
        ),
        (_("Financer"), _("Les dispositifs sont triés par contrat et longueur de formation.")),
    ),
    annex_iii=_(
        "Proche de l’annexe III du règlement européen sur l’IA (emploi, formation). À notre "
        "lecture il n’en relève pas tant que la personne s’en sert pour elle-même : il n’évalue "
        "ni n’écarte personne. Position à confirmer par la Région. Un employeur ou un financeur ne "
        "doit pas s’en servir pour décider."
    ),
    decides=_("La personne choisit son projet ; chaque organisme décide de ce qu’il finance."),
    limits=(
        _("Les savoirs sont ceux du métier en général ; les vôtres peuvent être autres."),
        _("Un métier réglementé demande un diplôme, que cette liste de savoirs ne dit pas."),
        _("Les règles de financement changent : vérifiez à la source avant tout engagement."),
    ),
    onward=(JOBS, IMMERSION, ACCOUNT),
    engines=(EngineName.TEXT, EngineName.MOVES),
    challenges=("mobilites-metiers",),
)
