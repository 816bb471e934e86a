"""The page where a description is pasted: an address, a text or a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from catalogue.enums import ResourceKind
from catalogue.standards.readers import limits

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
        if file is not None and file.size > limits.DOCUMENT_BYTES:
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
