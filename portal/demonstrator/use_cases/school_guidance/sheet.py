"""UC5, what its page says."""

from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import UseCase
from portal.demonstrator.enums import EngineName
from portal.demonstrator.sheets import JOBS, ONISEP, Sheet

SHEET = Sheet(
    code="UC5",
    slug="orientation-lycee",
    icon="lightbulb",
    use_case=UseCase.SCHOOL_GUIDANCE,
    title=_("Ouvrir les choix d’orientation au lycée"),
    promise=_(
        "Dites ce que vous aimez : l’outil montre huit métiers d’au moins quatre domaines, "
        "pourquoi chacun, et quelle formation y mène d’habitude."
    ),
    audience=_("les lycéens et les étudiants, seuls ou avec qui les accompagne"),
    act=_("Voir des métiers"),
    refuses=(
        _("Il ne demande ni sexe, ni notes, ni filière, et n’écarte aucun métier pour cela."),
        _("Il ne dit pas ce que vous pouvez ou ne pouvez pas faire."),
        _("Il ne choisit ni une formation ni un établissement, et n’en ouvre aucun l’accès."),
    ),
    steps=(
        (
            _("Lire"),
            _("Vos cases et vos mots sont rapprochés de ce qu’on fait dans chaque métier."),
        ),
        (
            _("Élargir"),
            _(
                "Parmi les plus proches, l’outil préfère ceux qui ne ressemblent pas à ceux déjà "
                "choisis, et garde des places pour quatre domaines."
            ),
        ),
        (_("Expliquer"), _("Chaque métier dit pourquoi il est là : vos mots, ou vos cases.")),
    ),
    annex_iii=_(
        "Le point 3 de l’annexe III du règlement européen sur l’IA vise les systèmes qui décident "
        "de l’accès à une formation, évaluent des élèves ou le niveau qu’ils peuvent atteindre. "
        "L’outil ne fait rien de cela : selon notre lecture, à confirmer, il est hors de ce "
        "point. L’employer pour affecter ou classer des élèves est exclu."
    ),
    decides=_("L’élève, avec sa famille et qui l’accompagne ; l’outil ne transmet rien."),
    limits=(
        _("Des goûts changent : recommencez avec d’autres cases."),
        _("Peu de métiers sont décrits ici ; un métier absent n’est pas un métier déconseillé."),
        _("Le niveau de formation affiché est le plus courant, souvent pas le seul chemin."),
    ),
    onward=(ONISEP, JOBS),
    measured=_(
        "Ce chiffre est celui de l’étape « de la phrase au métier ». Les huit métiers pris "
        "ensemble, eux, ne sont pas mesurés."
    ),
    engines=(EngineName.TEXT,),
    challenges=("mobilites-metiers",),
)
