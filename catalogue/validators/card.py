"""The questions asked of every AI that bears on employment."""

from django.utils.translation import gettext_lazy as _

from catalogue.validators.fields import Field, FieldType, Section, Text

YES_NO: tuple[tuple[str, Text], ...] = (("no", _("Non")), ("yes", _("Oui")))

AI_ACT_CLASSES: tuple[tuple[str, Text], ...] = (
    ("annex_iii_4a", _("Annexe III, 4 a : recrutement ou sélection")),
    (
        "annex_iii_4b",
        _("Annexe III, 4 b : conditions de travail, promotion, rupture, tâches, suivi"),
    ),
    ("annex_iii_3", _("Annexe III, 3 : éducation et orientation")),
    ("none", _("Hors annexe III")),
)


def _question(name: str, label: Text, hint: Text = "", **options: object) -> Field:
    return Field(
        name,
        label,
        type=options.get("type", FieldType.TEXT),  # type: ignore[arg-type]  # a shape
        help=hint,
        section=Section.CARD,
        choices=options.get("choices", ()),  # type: ignore[arg-type]  # pairs
        max_length=4_000,
    )


CARD: tuple[Field, ...] = (
    _question(
        "intended_purpose",
        _("À quoi il sert, pour qui"),
        _("But, personnes qui l’utilisent, personnes concernées."),
    ),
    _question("users", _("Qui l’utilise"), _("Métier, formation, cadre d’usage.")),
    _question(
        "people_affected",
        _("Personnes concernées"),
        _("Ceux dont le système parle, ou pour qui il décide, même sans l’utiliser."),
    ),
    _question(
        "excluded_uses", _("À ne pas faire"), _("Usages exclus, un par ligne."), type=FieldType.LIST
    ),
    _question(
        "ai_act_class",
        _("Statut au regard du règlement européen"),
        type=FieldType.CHOICE,
        choices=AI_ACT_CLASSES,
    ),
    _question("ai_act_reason", _("Raison de ce statut")),
    _question(
        "exemption",
        _("Exemption de l’article 6, paragraphe 3, invoquée"),
        type=FieldType.CHOICE,
        choices=YES_NO,
    ),
    _question("profiling", _("Profile des personnes"), type=FieldType.CHOICE, choices=YES_NO),
    _question(
        "emotion_inference",
        _("Déduit des émotions au travail"),
        type=FieldType.CHOICE,
        choices=YES_NO,
    ),
    _question("provider", _("Fournisseur"), _("Qui répond du système, s’il est autre.")),
    _question("market_date", _("Mis sur le marché ou en service le"), type=FieldType.DATE),
    _question(
        "eu_database",
        _("Numéro dans la base européenne"),
        _("Celui de l’enregistrement d’un système à haut risque."),
        type=FieldType.LINE,
    ),
    _question(
        "training_data",
        _("Sur quoi il a appris"),
        _("Provenance, période, territoire, représentativité, données personnelles."),
    ),
    _question(
        "group_results",
        _("Résultats par groupe"),
        _("Méthode, groupes comparés, effectifs ; rien pour un groupe de moins de onze."),
    ),
    _question("limits", _("Limites connues"), _("Une par ligne."), type=FieldType.LIST),
    _question(
        "oversight",
        _("Qui garde la main"),
        _("Qui valide, ce qu’il est interdit d’automatiser."),
    ),
    _question(
        "explanation",
        _("Comment il explique"),
        _("Explication donnée à la personne, fidélité mesurée."),
    ),
    _question("logs", _("Journaux, contact et recours")),
    _question(
        "energy_wh",
        _("Énergie, en wattheures"),
        _("Pour l’apprentissage, ou pour mille usages : dites lequel dans la méthode."),
        type=FieldType.NUMBER,
    ),
    _question(
        "co2_grams",
        _("Émissions, en grammes d’équivalent CO₂"),
        _("Pour la même chose que l’énergie."),
        type=FieldType.NUMBER,
    ),
    _question("footprint", _("Empreinte"), _("Ce qui est compté, et par quelle méthode.")),
)

# Questions without which a card is not complete.
CARD_NEEDS = (
    "intended_purpose",
    "excluded_uses",
    "ai_act_class",
    "training_data",
    "limits",
    "oversight",
    "explanation",
)
