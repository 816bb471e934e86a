"""Forms of what people bring to a card, of collections, reports and saved searches."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from catalogue.community.enums import (
    NAMELESS,
    URGENT,
    AlertFrequency,
    Ground,
    Measure,
    ReportCategory,
    ReportOutcome,
    ReuseKind,
)
from catalogue.resources.addresses import is_web
from catalogue.resources.models import Resource
from portal.lib.prose.texts import plain_line
from portal.lib.web.fields import PlainForm, box, choice, email, line, prose, whole

MOST_OTHERS = 9


def web(url: str) -> None:
    """Validate an address of the web."""
    if not is_web(url):
        raise ValidationError(
            _("Écrivez une adresse qui commence par https:// ou http://."),
            code="url",
        )


class ReuseForm(PlainForm):
    """Declare a reuse, or a use in the field."""

    title = line(
        _("Nom de la réutilisation"),
        120,
        _("Donnez un nom à la réutilisation."),
    )
    kind = forms.ChoiceField(label=_("Nature"), choices=ReuseKind.choices, widget=forms.RadioSelect)
    url = line(
        _("Adresse"),
        500,
        hint=_("La page où chacun peut la voir ; d’un usage sur le terrain, un bilan s’il existe."),
        widget=forms.URLInput,
        check=web,
    )
    description = prose(
        _("Ce qui a été fait, avec quel résultat"), 1_000, hint=_("Bon ou mauvais.")
    )
    place = line(
        _("Où"),
        120,
        hint=_("Une commune, un bassin d’emploi, un service. Jamais le nom d’une personne."),
    )
    used_on = line(
        _("Quand"),
        7,
        hint=_("Le mois, sous la forme AAAA-MM : 2026-10."),
        widget=forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "2026-10"}),
        check=None,
    )
    persons = whole(
        _("Pour combien de personnes"),
        0,
        10_000_000,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": _("Écrivez un nombre entier, sans espace.")},
    )
    organisation = choice(_("Au nom de"))
    organisation_name = line(_("Autre organisation"), 160, hint=_("S’il n’est pas sur le portail."))
    others = prose(
        _("Autres ressources utilisées"),
        2_000,
        hint=_("L’adresse de chaque fiche, une par ligne, neuf au plus."),
    )

    def __init__(self, data: Any = None, *, holders: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(data)
        self.offer("organisation", [("", _("Moi-même")), *holders])

    def clean_used_on(self) -> date | None:
        """Read a month, if any."""
        text = self.cleaned_data["used_on"].strip()
        try:
            return date.fromisoformat(f"{text}-01") if text else None
        except ValueError:
            raise ValidationError(
                _("Écrivez le mois sous la forme AAAA-MM, par exemple 2026-10."),
                code="month",
            ) from None

    def clean(self) -> dict[str, Any]:
        """Ask for the address of what was made, for the result, place and month of a field use."""
        cleaned = super().clean() or {}
        if cleaned.get("kind") == ReuseKind.FIELD:
            self.need("description", _("Dites ce qui s’est passé."))
            self.need("place", _("Dites où."))
            if "used_on" not in self.errors:
                self.need("used_on", _("Dites en quel mois."))
        elif "kind" in cleaned:
            self.need("url", _("Donnez l’adresse de la réutilisation."))
        return cleaned

    def clean_others(self) -> list[Resource]:
        """Find the cards of the addresses given; the first unknown one is named."""
        lines = [each.strip() for each in self.cleaned_data["others"].splitlines() if each.strip()]
        slugs = [slug_of(each) for each in lines]
        if len(slugs) > MOST_OTHERS:
            raise ValidationError(_("Neuf autres ressources au plus."), code="many")
        found = {each.slug: each for each in Resource.objects.public().filter(slug__in=slugs)}
        for text, slug in zip(lines, slugs, strict=True):
            if slug not in found:
                said = _now("« %(line)s » n’est pas une fiche en ligne : copiez son adresse.")
                raise ValidationError(said % {"line": text[:64]}, code="unknown")
        return [found[slug] for slug in slugs]


def slug_of(line: str) -> str:
    """Read the address of a card, whole or short."""
    try:
        parts = [part for part in urlsplit(line).path.split("/") if part]
    except ValueError:
        return ""
    return parts[-1][:140] if parts and parts[-1].isprintable() else ""


class CollectionForm(PlainForm):
    """Say what a collection is."""

    title = line(_("Titre du dossier"), 120, _("Donnez un titre au dossier."))
    summary = prose(
        _("En quelques phrases"),
        400,
        hint=_("Pour qui, à quelle question ce dossier répond."),
        check=plain_line,
    )


class NewCollectionForm(CollectionForm):
    """Make a collection in the name of an organisation where one publishes."""

    organisation = forms.ChoiceField(label=_("Au nom de"))

    def __init__(self, data: Any = None, *, holders: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        self.offer("organisation", holders)


class ReportForm(PlainForm):
    """Tell the Region of a content that would be unlawful or against the charter."""

    address = line(
        _("Adresse du contenu"),
        500,
        _("Donnez l’adresse de la page."),
        _("L’adresse de la page du portail où il se trouve."),
    )
    field = line(
        _("Endroit de la page"),
        200,
        hint=_("Le champ, la phrase, le fichier ou l’auteur du message."),
    )
    category = choice(
        _("Nature"),
        ReportCategory.choices,
        _("Choisissez la nature du contenu."),
        radio=True,
    )
    explanation = prose(
        _("Explication"),
        4_000,
        _("Dites ce qui ne va pas et pourquoi."),
        _("Ce qui ne va pas et pourquoi : la règle enfreinte, le droit atteint."),
        rows=6,
    )
    name = line(
        _("Nom"),
        160,
        _("Donnez votre nom."),
        _("Seules les personnes qui examinent le signalement le lisent."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = email(
        _("Donnez votre adresse : la décision y sera envoyée."),
        _("Pour un contenu explicite, le nom et l’adresse sont facultatifs."),
    )
    good_faith = box(
        _("Je crois de bonne foi que ce que j’écris est exact et complet"),
        _("Cette déclaration est nécessaire."),
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


class ReasonsForm(PlainForm):
    """What is decided of a report, and its reasons."""

    outcome = choice(
        _("Décision"),
        ReportOutcome.choices,
        _("Choisissez une décision."),
        radio=True,
    )
    measure = choice(_("Mesure prise"))
    facts = prose(
        _("Faits"),
        2_000,
        _("Dites ce qui a été constaté."),
        _(
            "Ce qui a été constaté. L’auteur du contenu et la personne qui a signalé le lisent : "
            "n’y nommez personne."
        ),
        rows=4,
    )
    ground = choice(_("Fondement"), [("", "—"), *Ground.choices])
    ground_text = line(
        _("Règle appliquée"),
        500,
        hint=_("L’article de loi ou le point de la charte, et pourquoi il s’applique."),
    )
    duration = line(
        _("Étendue et durée"),
        200,
        initial=_("Tout le portail, jusqu’à correction."),
    )

    def __init__(self, *args: Any, measures: Sequence[Measure] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("measure", [("", "—"), *((each.value, each.label) for each in measures)])

    def clean(self) -> dict[str, Any]:
        """Ask for a measure and a ground where the report is upheld."""
        cleaned = super().clean() or {}
        if cleaned.get("outcome") == ReportOutcome.UPHELD:
            self.need("measure", _("Choisissez une mesure."))
            self.need("ground", _("Choisissez le fondement."))
            self.need("ground_text", _("Dites quelle règle s’applique, et pourquoi."))
        return cleaned


class ContestForm(PlainForm):
    """Say why a decision is contested."""

    words = prose(
        _("Pourquoi vous contestez"),
        4_000,
        _("Dites pourquoi vous contestez."),
        _("Une autre personne de la Région lira ceci et décidera."),
        rows=5,
    )


class MaskForm(PlainForm):
    """Why a card is hidden at once."""

    category = forms.ChoiceField(
        label=_("Urgence"),
        choices=[choice for choice in ReportCategory.choices if choice[0] in URGENT],
    )
    explanation = line(
        _("Motif du masquage"),
        300,
        _("Dites pourquoi la fiche est masquée."),
        _("La seconde personne et l’auteur de la fiche le liront."),
    )


class SearchForm(PlainForm):
    """Name a search and choose how often it writes."""

    title = line(
        _("Nom de la recherche"),
        120,
        _("Donnez un nom à cette recherche."),
        _("Il fait l’objet de vos courriels."),
    )
    frequency = choice(
        _("Me prévenir"),
        AlertFrequency.choices,
        _("Choisissez une fréquence."),
        radio=True,
        initial=AlertFrequency.DAILY,
    )


class AddressForm(SearchForm):
    """The same for somebody without an account, at an address that a link confirms."""

    email = email(
        _("Donnez l’adresse qui recevra les courriels."),
        _("Elle ne sert qu’à cette alerte. Un lien vous demandera de la confirmer."),
    )
    # Filled by machines alone: the field is hidden from people.
    site = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A letter is the only proof of the address: a feed alone would prove nothing.
        kept = [each for each in AlertFrequency.choices if each[0] != AlertFrequency.FEED]
        self.offer("frequency", kept)
