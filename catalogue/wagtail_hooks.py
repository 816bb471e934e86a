"""The synonyms of the search in the Wagtail admin: for the Region’s staff, through our actions."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.ui.tables import Column
from wagtail.admin.views import generic
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.log_actions import log
from wagtail.permissions import register_permission_policy

from catalogue.search import synonyms
from catalogue.search.models import Synonym
from portal.accounts.backoffice import RulePolicy
from portal.lib.refusals import Invalid


class SynonymForm(WagtailAdminModelForm):
    """One group: what is written is read as the action will read it."""

    class Meta:
        model = Synonym
        fields = ("phrases", "active")
        widgets = {"phrases": forms.Textarea(attrs={"rows": 2})}
        help_texts = {
            "phrases": _(
                "Séparés par des virgules. Qui cherche l’un trouve aussi les autres, "
                "dès l’enregistrement."
            ),
            "active": _("Décochez pour garder le groupe sans que la recherche s’en serve."),
        }

    def clean_phrases(self) -> str:
        text: Any = self.cleaned_data["phrases"]
        try:
            return ", ".join(synonyms.read_phrases(text))
        except Invalid as refusal:
            raise ValidationError(str(refusal.message), code=refusal.code) from refusal


class AddView(generic.CreateView):
    """Add a group."""

    @transaction.atomic
    def save_instance(self) -> Synonym:
        """Add by our action; Wagtail's own history keeps a line too."""
        made = synonyms.add(
            phrases=[self.form.cleaned_data["phrases"]],
            active=self.form.cleaned_data["active"],
            by=self.request.user,
        )
        log(instance=made, action="wagtail.create", user=self.request.user, content_changed=True)
        return made


class ChangeView(generic.EditView):
    """Change a group."""

    @transaction.atomic
    def save_instance(self) -> Synonym:
        """Change by our action; Wagtail's own history keeps a line too."""
        changed = synonyms.change(
            synonym=self.object,
            phrases=[self.form.cleaned_data["phrases"]],
            active=self.form.cleaned_data["active"],
            by=self.request.user,
        )
        log(instance=changed, action="wagtail.edit", user=self.request.user, content_changed=True)
        return changed


class RemoveView(generic.DeleteView):
    """Remove a group."""

    def delete_action(self) -> None:
        """Remove by our action."""
        synonyms.remove(synonym=self.object, by=self.request.user)


class SynonymViewSet(ModelViewSet):
    """List, add, change and remove groups of synonyms."""

    model = Synonym
    name = "synonymes"
    icon = "search"
    menu_label = _("Synonymes")
    menu_order = 300
    add_to_admin_menu = True
    add_to_reference_index = False
    copy_view_enabled = False
    list_display = [
        "__str__",
        Column(
            "active",
            label=_("En service"),
            accessor=lambda group: _("Oui") if group.active else _("Non"),
            sort_key="active",
        ),
    ]
    list_filter = ["active"]
    search_fields = ["phrases"]
    search_backend_name = None
    list_per_page = 50
    add_view_class = AddView
    edit_view_class = ChangeView
    delete_view_class = RemoveView

    def get_form_class(self, for_update: bool = False) -> type[SynonymForm]:
        """Use our form for both."""
        return SynonymForm


register_permission_policy(Synonym, RulePolicy(Synonym, synonyms.may_edit_synonyms))


@hooks.register("register_admin_viewset")
def synonym_viewset() -> SynonymViewSet:
    """Show the synonyms of the search."""
    return SynonymViewSet()
