"""UC2, what its page says."""

from django.utils.translation import gettext_lazy as _

from catalogue.resources.enums import UseCase
from portal.demonstrator.enums import EngineName
from portal.demonstrator.sheets import Sheet

SHEET = Sheet(
    code="UC2",
    slug="besoins-petites-entreprises",
    icon="building-2",
    use_case=UseCase.SME_NEEDS,
    title=_("Aider les petites entreprises à exprimer leurs besoins de compétences"),
    promise=_(
        "« Je cherche quelqu’un de débrouillard. » L’outil aide à passer de cette phrase à des "
        "compétences que tout le monde comprend, sans décider à votre place."
    ),
    audience=_("les petites entreprises, et qui les conseille"),
    act=_("Proposer des compétences"),
    refuses=(
        _("Il ne propose ni candidat ni salaire."),
        _(
            "Il ne reprend aucun critère que la loi interdit : âge, sexe, origine, religion, "
            "apparence, grossesse, situation de famille."
        ),
        _("Il comprend mal les métiers nouveaux."),
        _("Il ne remplace pas un échange avec votre chambre consulaire."),
    ),
    steps=(
        (
            _("Repérer"),
            _("Chaque mot de votre phrase est comparé à ceux qui décrivent les métiers."),
        ),
        (
            _("Rapprocher"),
            _("Trois métiers au plus, avec leur degré de confiance et les mots qui les appuient."),
        ),
        (
            _("Questionner"),
            _("Quand deux métiers se disputent, l’outil pose une question plutôt que de trancher."),
        ),
    ),
    annex_iii=_(
        "Hors de l’annexe III du règlement européen sur l’IA : l’outil décrit un poste, il ne trie "
        "ni n’évalue des personnes."
    ),
    decides=_("L’employeur coche, corrige et publie ; rien ne part de l’outil."),
    limits=(
        _("Une phrase de quelques mots peut convenir à plusieurs métiers : la confiance baisse."),
        _("Les mots d’un métier absent du référentiel rapprochent d’un métier voisin."),
    ),
    engines=(EngineName.TEXT, EngineName.TENSION),
    questions=(
        _("Très petites entreprises seulement, ou petites et moyennes aussi ?"),
        _("Quels secteurs d’abord ?"),
        _("À quelle maille : région, département ou zone d’emploi ?"),
        _("Combien de besoins semblables pour monter une formation ?"),
    ),
    challenges=("codage-appellations-rome",),
)
