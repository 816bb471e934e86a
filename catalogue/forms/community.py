"""Forms of what people bring to a card."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from catalogue.enums import ReuseKind
from catalogue.models import Resource
from catalogue.validators.addresses import is_web
from portal.accounts.enums import OrganisationKind
from portal.lib.characters import plain_line, plain_text

MOST_OTHERS = 9


def web(url: str) -> None:
    """Validate an address of the web."""
    if not is_web(url):
        raise ValidationError(
            _("Cette adresse n’en est pas une : elle commence par https:// ou http://."),
            code="url",
        )


class ReuseForm(forms.Form):
    """Declare a reuse."""

    use_required_attribute = False
    title = forms.CharField(
        label=_("Nom de la réutilisation"),
        max_length=120,
        validators=[plain_line],
        error_messages={"required": _("Donnez un nom à la réutilisation.")},
    )
    url = forms.CharField(
        label=_("Adresse"),
        max_length=500,
        validators=[web],
        help_text=_("La page où chacun peut la voir."),
        widget=forms.URLInput,
        error_messages={"required": _("Donnez l’adresse de la réutilisation.")},
    )
    kind = forms.ChoiceField(label=_("Nature"), choices=ReuseKind.choices, widget=forms.RadioSelect)
    description = forms.CharField(
        label=_("En deux phrases"),
        max_length=500,
        required=False,
        validators=[plain_line],
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    organisation = forms.ChoiceField(label=_("Au nom de"), required=False)
    organisation_name = forms.CharField(
        label=_("Autre organisme"),
        max_length=160,
        required=False,
        validators=[plain_line],
        help_text=_("S’il n’est pas sur le portail."),
    )
    others = forms.CharField(
        label=_("Autres ressources utilisées"),
        max_length=2_000,
        required=False,
        validators=[plain_text],
        help_text=_("L’adresse de chaque fiche, une par ligne, neuf au plus."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, data: Any = None, *, holders: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(data)
        choice: Any = self.fields["organisation"]
        choice.choices = [("", _("Moi-même")), *holders]

    def clean_others(self) -> list[Resource]:
        """Find the cards of the addresses given; the first unknown one is named."""
        lines = [line.strip() for line in self.cleaned_data["others"].splitlines() if line.strip()]
        slugs = [slug_of(line) for line in lines]
        if len(slugs) > MOST_OTHERS:
            raise ValidationError(_("Neuf autres ressources au plus."), code="many")
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
        label=_("Qui l’a utilisée"), choices=OrganisationKind.choices
    )
    place = forms.CharField(
        label=_("Où"),
        max_length=120,
        validators=[plain_line],
        help_text=_("Une commune, un bassin d’emploi, un service. Jamais le nom d’une personne."),
        error_messages={"required": _("Dites où elle a été utilisée.")},
    )
    used_on = forms.CharField(
        label=_("Quand"),
        max_length=7,
        help_text=_("Le mois, sous la forme AAAA-MM : 2026-10."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "2026-10"}),
        error_messages={"required": _("Donnez le mois.")},
    )
    persons = forms.IntegerField(
        label=_("Pour combien de personnes"),
        required=False,
        min_value=0,
        max_value=10_000_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": _("Écrivez un nombre entier, sans espace.")},
    )
    result = forms.CharField(
        label=_("Avec quel résultat"),
        max_length=1_000,
        validators=[plain_text],
        help_text=_("Ce qui a marché, ce qui n’a pas marché, ce qui a été mesuré."),
        widget=forms.Textarea(attrs={"rows": 5}),
        error_messages={"required": _("Dites ce qui s’est passé.")},
    )
    proof_url = forms.CharField(
        label=_("Preuve"),
        max_length=500,
        required=False,
        validators=[web],
        help_text=_("L’adresse d’un bilan, d’un article, d’une étude."),
        widget=forms.URLInput,
    )

    def clean_used_on(self) -> date:
        """Read a month."""
        try:
            return date.fromisoformat(f"{self.cleaned_data['used_on'].strip()}-01")
        except ValueError:
            raise ValidationError(
                _("Écrivez le mois sous la forme AAAA-MM, par exemple 2026-10."), code="month"
            ) from None


class MessageForm(forms.Form):
    """Write a message."""

    use_required_attribute = False
    body_md = forms.CharField(
        label=_("Message"),
        max_length=10_000,
        validators=[plain_text],
        help_text=_("Public, sous votre nom affiché, en Markdown. Sans donnée personnelle."),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Écrivez votre message.")},
    )


class DiscussionForm(MessageForm):
    """Open a discussion."""

    title = forms.CharField(
        label=_("Sujet"),
        max_length=160,
        validators=[plain_line],
        error_messages={"required": _("Donnez un sujet à la discussion.")},
    )
    field_order = ("title", "body_md")


class CloseForm(forms.Form):
    """Say why a discussion is closed."""

    use_required_attribute = False
    reason = forms.CharField(
        label=_("Motif de clôture"),
        max_length=300,
        validators=[plain_line],
        help_text=_("Il paraît au pied de la discussion."),
        error_messages={"required": _("Dites pourquoi la discussion est close.")},
    )


class WordsForm(forms.Form):
    """Say why something is hidden or refused."""

    use_required_attribute = False
    message = forms.CharField(
        label=_("Motif"),
        max_length=300,
        validators=[plain_line],
        help_text=_("La personne le lira."),
        error_messages={"required": _("Dites pourquoi : la personne le lira.")},
    )


def slug_of(line: str) -> str:
    """Read the address of a card, whole or short."""
    try:
        parts = [part for part in urlsplit(line).path.split("/") if part]
    except ValueError:
        return ""
    return parts[-1][:140] if parts and parts[-1].isprintable() else ""
