"""The form of a group of synonyms, in the Wagtail admin."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm

from catalogue.actions import synonyms
from catalogue.models import Synonym
from portal.lib.refusals import Invalid


class SynonymForm(WagtailAdminModelForm):
    """One group: what is written is read as the action will read it."""

    class Meta:
        model = Synonym
        fields = ("phrases", "active")
        widgets = {"phrases": forms.Textarea(attrs={"rows": 6})}
        help_texts = {
            "phrases": _(
                "Un par ligne. Qui cherche l’un trouve aussi les autres, dès l’enregistrement."
            ),
            "active": _("Décochez pour garder le groupe sans que la recherche s’en serve."),
        }

    def clean_phrases(self) -> str:
        """Tidy the phrases."""
        text: Any = self.cleaned_data["phrases"]
        try:
            return "\n".join(synonyms.read(text))
        except Invalid as refusal:
            raise ValidationError(str(refusal.message), code=refusal.code) from refusal
