"""What a person brings: a table of cards, a description to paste, a file of a draft."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.enums import ResourceKind
from catalogue.standards.readers import formats

DRAFTS, REVIEW = "drafts", "review"


class TableForm(forms.Form):
    """One file, and the organisation for which it is brought."""

    use_required_attribute = False

    organisation = forms.ChoiceField(
        label=_("Pour quelle organisation ?"),
        error_messages={"required": _("Choisissez une organisation.")},
    )
    file = forms.FileField(
        label=_("Fichier CSV"),
        help_text=_("En UTF-8, 5 Mo et 1 000 lignes au plus."),
        error_messages={"required": _("Déposez un fichier."), "empty": _("Ce fichier est vide.")},
    )

    def __init__(self, holders: Sequence[tuple[str, str]], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["organisation"]
        field.choices = [("", "—"), *holders] if len(holders) > 1 else list(holders)

    def clean_file(self) -> Any:
        """Refuse a file over the limit before it is read."""
        file = self.cleaned_data["file"]
        if file.size > formats.DOCUMENT_BYTES:
            raise forms.ValidationError(_("Ce fichier dépasse 5 Mo : coupez-le en plusieurs."))
        return file


class LaunchForm(forms.Form):
    """Import as drafts, or send to the review what is ready; the charter is accepted for it."""

    use_required_attribute = False

    then = forms.ChoiceField(
        label=_("Et ensuite ?"),
        widget=forms.RadioSelect,
        choices=[
            (DRAFTS, _("Garder les fiches en brouillon")),
            (REVIEW, _("Envoyer à la relecture celles qui sont prêtes")),
        ],
        initial=DRAFTS,
        error_messages={"required": _("Choisissez ce que deviennent les fiches.")},
    )
    charter = forms.BooleanField(label=_("J’accepte la charte de contribution."), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for the charter when something is sent."""
        cleaned = super().clean() or {}
        if cleaned.get("then") == REVIEW and not cleaned.get("charter"):
            self.add_error("charter", _("Acceptez la charte pour envoyer vos propositions."))
        return cleaned


TEXT_CHARACTERS = 1_000_000
ADDRESS_CHARACTERS = 2_000
MOST_CHOICES = 50


class PasteForm(forms.Form):
    """One address, one text or one file; then, when it holds several records, one of them."""

    use_required_attribute = False

    url = forms.CharField(
        label=_("Adresse"),
        required=False,
        max_length=ADDRESS_CHARACTERS,
        help_text=_(
            "Page de data.gouv.fr, d’un catalogue CKAN ou de Hugging Face, dépôt de code, "
            "fichier de description."
        ),
        widget=forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"}),
    )
    file = forms.FileField(
        label=_("Fichier"),
        required=False,
        help_text=_(
            "CITATION.cff, publiccode.yml, codemeta.json, README, Croissant, DCAT, schéma de "
            "table… 5 Mo au plus."
        ),
    )
    text = forms.CharField(
        label=_("Texte"),
        required=False,
        strip=False,
        help_text=_("Le contenu d’un de ces fichiers, ou un README."),
        widget=forms.Textarea(attrs={"rows": 10}),
    )
    kind = forms.ChoiceField(
        label=_("Type de ressource"),
        required=False,
        choices=[("", _("D’après le document")), *ResourceKind.choices],
    )

    def clean_text(self) -> str:
        """Refuse a text that a file would better carry."""
        text = str(self.cleaned_data.get("text") or "")
        if len(text) > TEXT_CHARACTERS:
            raise forms.ValidationError(
                _("Ce texte dépasse un million de caractères : déposez un fichier.")
            )
        return text

    def clean_file(self) -> Any:
        """Refuse a file over the limit before it is read."""
        file = self.cleaned_data.get("file")
        if file is not None and file.size > formats.DOCUMENT_BYTES:
            raise forms.ValidationError(_("Ce fichier dépasse 5 Mo."))
        return file

    def clean(self) -> dict[str, Any]:
        """Ask for one thing, and only one."""
        cleaned = super().clean() or {}
        given = [name for name in ("url", "file", "text") if str(cleaned.get(name) or "").strip()]
        if not given and not self.errors:
            self.add_error("url", _("Donnez une adresse, un fichier ou un texte."))
        if len(given) > 1:
            self.add_error(
                given[0], _("Donnez une seule chose à la fois : adresse, fichier ou texte.")
            )
        return cleaned


class RecordForm(forms.Form):
    """The choice of one record among several, by its place in the document."""

    use_required_attribute = False
    record = forms.ChoiceField(
        label=_("Laquelle reprendre ?"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez une des notices.")},
    )

    def __init__(self, titles: list[str], *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field: Any = self.fields["record"]
        field.choices = [(str(at), title) for at, title in enumerate(titles[:MOST_CHOICES])]


class FileForm(forms.Form):
    """One file to bring, or the identifier of one to take out."""

    use_required_attribute = False

    file = forms.FileField(label=_("Déposer un fichier"), required=False, allow_empty_file=True)
    remove = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def clean(self) -> dict[str, object]:
        """Ask for one of the two."""
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("file") and not cleaned.get("remove"):
            self.add_error("file", _("Choisissez un fichier."))
        return cleaned

    @property
    def faults(self) -> list[str]:
        """List what is wrong, in words."""
        return [str(fault) for faults in self.errors.values() for fault in faults]
