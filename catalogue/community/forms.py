"""Forms of what people bring to a card, of collections, reports and saved searches."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy

from catalogue.enums import (
    NAMELESS,
    URGENT,
    AlertFrequency,
    Ground,
    Measure,
    ReportCategory,
    ReportOutcome,
    ReuseKind,
)
from catalogue.models import Resource
from catalogue.validators.addresses import is_web
from portal.accounts.enums import OrganisationKind
from portal.lib.characters import plain_line, plain_text

MOST_OTHERS = 9


def web(url: str) -> None:
    """Validate an address of the web."""
    if not is_web(url):
        raise ValidationError(
            gettext_lazy("Cette adresse n’en est pas une : elle commence par https:// ou http://."),
            code="url",
        )


class ReuseForm(forms.Form):
    """Declare a reuse."""

    use_required_attribute = False
    title = forms.CharField(
        label=gettext_lazy("Nom de la réutilisation"),
        max_length=120,
        validators=[plain_line],
        error_messages={"required": gettext_lazy("Donnez un nom à la réutilisation.")},
    )
    url = forms.CharField(
        label=gettext_lazy("Adresse"),
        max_length=500,
        validators=[web],
        help_text=gettext_lazy("La page où chacun peut la voir."),
        widget=forms.URLInput,
        error_messages={"required": gettext_lazy("Donnez l’adresse de la réutilisation.")},
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Nature"), choices=ReuseKind.choices, widget=forms.RadioSelect
    )
    description = forms.CharField(
        label=gettext_lazy("En deux phrases"),
        max_length=500,
        required=False,
        validators=[plain_line],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    organisation = forms.ChoiceField(label=gettext_lazy("Au nom de"), required=False)
    organisation_name = forms.CharField(
        label=gettext_lazy("Autre organisme"),
        max_length=160,
        required=False,
        validators=[plain_line],
        help_text=gettext_lazy("S’il n’est pas sur le portail."),
    )
    others = forms.CharField(
        label=gettext_lazy("Autres ressources utilisées"),
        max_length=2_000,
        required=False,
        validators=[plain_text],
        help_text=gettext_lazy("L’adresse de chaque fiche, une par ligne, neuf au plus."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, *, holders: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(data)
        choice: Any = self.fields["organisation"]
        choice.choices = [("", gettext_lazy("Moi-même")), *holders]

    def clean_others(self) -> list[Resource]:
        """Find the cards of the addresses given; the first unknown one is named."""
        lines = [line.strip() for line in self.cleaned_data["others"].splitlines() if line.strip()]
        slugs = [slug_of(line) for line in lines]
        if len(slugs) > MOST_OTHERS:
            raise ValidationError(gettext_lazy("Neuf autres ressources au plus."), code="many")
        found = {each.slug: each for each in Resource.objects.public().filter(slug__in=slugs)}
        for line, slug in zip(lines, slugs, strict=True):
            if slug not in found:
                said = _now("« %(line)s » n’est pas une fiche en ligne : copiez son adresse.")
                raise ValidationError(said % {"line": line[:64]}, code="unknown")
        return [found[slug] for slug in slugs]


class FeedbackForm(forms.Form):
    """Tell what happened where a resource was used."""

    use_required_attribute = False
    organisation_kind = forms.ChoiceField(
        label=gettext_lazy("Qui l’a utilisée"), choices=OrganisationKind.choices
    )
    place = forms.CharField(
        label=gettext_lazy("Où"),
        max_length=120,
        validators=[plain_line],
        help_text=gettext_lazy(
            "Une commune, un bassin d’emploi, un service. Jamais le nom d’une personne."
        ),
        error_messages={"required": gettext_lazy("Dites où elle a été utilisée.")},
    )
    used_on = forms.CharField(
        label=gettext_lazy("Quand"),
        max_length=7,
        help_text=gettext_lazy("Le mois, sous la forme AAAA-MM : 2026-10."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "2026-10"}),
        error_messages={"required": gettext_lazy("Donnez le mois.")},
    )
    persons = forms.IntegerField(
        label=gettext_lazy("Pour combien de personnes"),
        required=False,
        min_value=0,
        max_value=10_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": gettext_lazy("Écrivez un nombre entier, sans espace.")},
    )
    result = forms.CharField(
        label=gettext_lazy("Avec quel résultat"),
        max_length=1_000,
        validators=[plain_text],
        help_text=gettext_lazy("Ce qui a marché, ce qui n’a pas marché, ce qui a été mesuré."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Dites ce qui s’est passé.")},
    )
    proof_url = forms.CharField(
        label=gettext_lazy("Preuve"),
        max_length=500,
        required=False,
        validators=[web],
        help_text=gettext_lazy("L’adresse d’un bilan, d’un article, d’une étude."),
        widget=forms.URLInput,
    )

    def clean_used_on(self) -> date:
        """Read a month."""
        try:
            return date.fromisoformat(f"{self.cleaned_data['used_on'].strip()}-01")
        except ValueError:
            raise ValidationError(
                gettext_lazy("Écrivez le mois sous la forme AAAA-MM, par exemple 2026-10."),
                code="month",
            ) from None


class MessageForm(forms.Form):
    """Write a message."""

    use_required_attribute = False
    body_md = forms.CharField(
        label=gettext_lazy("Message"),
        max_length=10_000,
        validators=[plain_text],
        help_text=gettext_lazy(
            "Public, sous votre nom affiché, en Markdown. Sans donnée personnelle."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": gettext_lazy("Écrivez votre message.")},
    )


class DiscussionForm(MessageForm):
    """Open a discussion."""

    title = forms.CharField(
        label=gettext_lazy("Sujet"),
        max_length=160,
        validators=[plain_line],
        error_messages={"required": gettext_lazy("Donnez un sujet à la discussion.")},
    )
    field_order = ("title", "body_md")


class CloseForm(forms.Form):
    """Say why a discussion is closed."""

    use_required_attribute = False
    reason = forms.CharField(
        label=gettext_lazy("Motif de clôture"),
        max_length=300,
        validators=[plain_line],
        help_text=gettext_lazy("Il paraît au pied de la discussion."),
        error_messages={"required": gettext_lazy("Dites pourquoi la discussion est close.")},
    )


class WordsForm(forms.Form):
    """Say why something is hidden or refused."""

    use_required_attribute = False
    message = forms.CharField(
        label=gettext_lazy("Motif"),
        max_length=300,
        validators=[plain_line],
        help_text=gettext_lazy("La personne le lira."),
        error_messages={"required": gettext_lazy("Dites pourquoi : la personne le lira.")},
    )


def slug_of(line: str) -> str:
    """Read the address of a card, whole or short."""
    try:
        parts = [part for part in urlsplit(line).path.split("/") if part]
    except ValueError:
        return ""
    return parts[-1][:140] if parts and parts[-1].isprintable() else ""


class CollectionForm(forms.Form):
    """Say what a collection is."""

    use_required_attribute = False
    title = forms.CharField(
        label=gettext_lazy("Titre du dossier"),
        max_length=120,
        validators=[plain_line],
        error_messages={"required": gettext_lazy("Donnez un titre au dossier.")},
    )
    summary = forms.CharField(
        label=gettext_lazy("En quelques phrases"),
        max_length=400,
        required=False,
        validators=[plain_line],
        help_text=gettext_lazy("Pour qui, à quelle question ce dossier répond."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class NewCollectionForm(CollectionForm):
    """Make a collection in the name of an organisation where one publishes."""

    organisation = forms.ChoiceField(label=gettext_lazy("Au nom de"))

    def __init__(self, data: Any = None, *, holders: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        choice: Any = self.fields["organisation"]
        choice.choices = holders


class ArrangeForm(CollectionForm):
    """Describe a collection, order what it holds, add one card."""

    added = forms.CharField(
        label=gettext_lazy("Ajouter une ressource"),
        max_length=300,
        required=False,
        validators=[plain_line],
        help_text=gettext_lazy("L’adresse de sa fiche."),
    )

    def clean_added(self) -> Resource | None:
        """Find the card of the address."""
        line = self.cleaned_data["added"].strip()
        if not line:
            return None
        found = Resource.objects.public().filter(slug=slug_of(line)).first()
        if found is None:
            raise ValidationError(
                gettext_lazy("Cette adresse n’est pas celle d’une fiche en ligne."), code="unknown"
            )
        return found


class ReportForm(forms.Form):
    """Tell the Region of a content that would be unlawful or against the charter."""

    use_required_attribute = False
    address = forms.CharField(
        label=gettext_lazy("Adresse du contenu"),
        max_length=500,
        validators=[plain_line],
        help_text=gettext_lazy("L’adresse de la page du portail où il se trouve."),
        error_messages={"required": gettext_lazy("Donnez l’adresse de la page.")},
    )
    field = forms.CharField(
        label=gettext_lazy("Endroit de la page"),
        max_length=200,
        required=False,
        validators=[plain_line],
        help_text=gettext_lazy("Le champ, la phrase, le fichier ou l’auteur du message."),
    )
    category = forms.ChoiceField(
        label=gettext_lazy("Nature"),
        choices=ReportCategory.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez la nature du contenu.")},
    )
    explanation = forms.CharField(
        label=gettext_lazy("Explication"),
        max_length=4_000,
        validators=[plain_text],
        help_text=gettext_lazy(
            "Ce qui ne va pas et pourquoi : la règle enfreinte, le droit atteint."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": gettext_lazy("Dites ce qui ne va pas et pourquoi.")},
    )
    name = forms.CharField(
        label=gettext_lazy("Nom"),
        max_length=160,
        validators=[plain_line],
        help_text=gettext_lazy("Seules les personnes qui examinent le signalement le lisent."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Donnez votre nom.")},
    )
    email = forms.EmailField(
        label=gettext_lazy("Adresse électronique"),
        max_length=254,
        help_text=gettext_lazy("Pour un contenu explicite, le nom et l’adresse sont facultatifs."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": gettext_lazy("Donnez votre adresse : la décision y sera envoyée."),
            "invalid": gettext_lazy(
                "Cette adresse n’est pas complète : il y faut un « @ » et un domaine."
            ),
        },
    )
    good_faith = forms.BooleanField(
        label=gettext_lazy("Je crois de bonne foi que ce que j’écris est exact et complet"),
        error_messages={"required": gettext_lazy("Cette déclaration est nécessaire.")},
    )
    # Filled by machines alone: the field is hidden from people.
    site = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, signed_in: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("name", "email"):
            if signed_in:
                del self.fields[name]
            elif self.data.get("category") in NAMELESS:  # the regulation exempts
                self.fields[name].required = False


class ReasonsForm(forms.Form):
    """What is decided of a report, and its reasons."""

    use_required_attribute = False
    outcome = forms.ChoiceField(
        label=gettext_lazy("Décision"),
        choices=ReportOutcome.choices,
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choisissez une décision.")},
    )
    measure = forms.ChoiceField(label=gettext_lazy("Mesure"), required=False)
    facts = forms.CharField(
        label=gettext_lazy("Faits"),
        max_length=2_000,
        validators=[plain_text],
        help_text=gettext_lazy(
            "Ce qui a été constaté. L’auteur du contenu et la personne qui a signalé le lisent : "
            "n’y nommez personne."
        ),
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Dites ce qui a été constaté.")},
    )
    ground = forms.ChoiceField(
        label=gettext_lazy("Fondement"), required=False, choices=[("", "—"), *Ground.choices]
    )
    ground_text = forms.CharField(
        label=gettext_lazy("Règle appliquée"),
        max_length=500,
        required=False,
        validators=[plain_line],
        help_text=gettext_lazy(
            "L’article de loi ou le point de la charte, et pourquoi il s’applique."
        ),
    )
    duration = forms.CharField(
        label=gettext_lazy("Étendue et durée"),
        max_length=200,
        required=False,
        validators=[plain_line],
        initial=gettext_lazy("Tout le portail, jusqu’à correction."),
    )

    def __init__(self, *args: Any, measures: Sequence[Measure] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["measure"]
        field.choices = [("", "—"), *((each.value, each.label) for each in measures)]

    def clean(self) -> dict[str, Any]:
        """Ask for a measure and a ground where the report is upheld."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == ReportOutcome.UPHELD:
            if not cleaned.get("measure"):
                self.add_error("measure", gettext_lazy("Choisissez une mesure."))
            if not cleaned.get("ground"):
                self.add_error("ground", gettext_lazy("Choisissez le fondement."))
            if not str(cleaned.get("ground_text") or "").strip():
                self.add_error(
                    "ground_text", gettext_lazy("Dites quelle règle s’applique, et pourquoi.")
                )
        return cleaned


class ContestForm(forms.Form):
    """Say why a decision is contested."""

    use_required_attribute = False
    words = forms.CharField(
        label=gettext_lazy("Pourquoi vous contestez"),
        max_length=4_000,
        validators=[plain_text],
        help_text=gettext_lazy("Une autre personne de la Région lira ceci et décidera."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": gettext_lazy("Dites pourquoi vous contestez.")},
    )


class MaskForm(forms.Form):
    """Why a card is hidden at once."""

    use_required_attribute = False
    category = forms.ChoiceField(
        label=gettext_lazy("Urgence"),
        choices=[choice for choice in ReportCategory.choices if choice[0] in URGENT],
    )
    explanation = forms.CharField(
        label=gettext_lazy("Motif du masquage"),
        max_length=300,
        validators=[plain_line],
        help_text=gettext_lazy("La seconde personne et l’auteur de la fiche le liront."),
        error_messages={"required": gettext_lazy("Dites pourquoi la fiche est masquée.")},
    )


class SearchForm(forms.Form):
    """Name a search and choose how often it writes."""

    use_required_attribute = False
    title = forms.CharField(
        label=gettext_lazy("Nom de la recherche"),
        max_length=120,
        validators=[plain_line],
        help_text=gettext_lazy("Il fait l’objet de vos courriels."),
        error_messages={"required": gettext_lazy("Donnez un nom à cette recherche.")},
    )
    frequency = forms.ChoiceField(
        label=gettext_lazy("Me prévenir"),
        widget=forms.RadioSelect,
        choices=AlertFrequency.choices,
        initial=AlertFrequency.DAILY,
        error_messages={"required": gettext_lazy("Choisissez une fréquence.")},
    )


class AddressForm(SearchForm):
    """The same for somebody without an account, at an address that a link confirms."""

    email = forms.EmailField(
        label=gettext_lazy("Adresse électronique"),
        max_length=254,
        help_text=gettext_lazy(
            "Elle ne sert qu’à cette alerte. Un lien vous demandera de la confirmer."
        ),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={
            "required": gettext_lazy("Donnez l’adresse qui recevra les courriels."),
            "invalid": gettext_lazy(
                "Cette adresse n’est pas complète : il y faut un « @ » et un domaine."
            ),
        },
    )
    # Filled by machines alone: the field is hidden from people.
    site = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A letter is the only proof of the address: a feed alone would prove nothing.
        frequency: Any = self.fields["frequency"]
        frequency.choices = [
            (value, label)
            for value, label in AlertFrequency.choices
            if value != AlertFrequency.FEED
        ]
