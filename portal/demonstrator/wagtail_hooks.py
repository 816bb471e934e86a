"""Prototypes, their steps and the funding rules, in the Wagtail admin: through our actions."""

from typing import Any

from django.forms import modelform_factory
from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.views import generic
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permissions import register_permission_policy

from catalogue.resources.enums import ResourceKind
from portal.accounts.backoffice import RulePolicy
from portal.demonstrator import actions
from portal.demonstrator.enums import TRIABLE
from portal.demonstrator.invariants import is_measured
from portal.demonstrator.models import FundingRule, Milestone, Prototype
from portal.demonstrator.service import sets


class AddView(generic.CreateView):
    """Add a row by our action."""

    def save_instance(self) -> Any:
        return actions.save(self.form, verb="added", by=self.request.user)


class ChangeView(generic.EditView):
    """Change a row by our action."""

    def save_instance(self) -> Any:
        return actions.save(self.form, verb="changed", by=self.request.user)


class RemoveView(generic.DeleteView):
    """Remove a row by our action."""

    def delete_action(self) -> None:
        """Remove it, and write it into the ledger."""
        actions.remove(self.object, by=self.request.user)


class MilestoneForm(WagtailAdminModelForm):
    """A step: what may be tried is measured first."""

    def clean(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().clean()
        prototype, state = fields.get("prototype"), fields.get("state")
        if prototype and state in TRIABLE and not is_measured(prototype.use_case, sets()):
            fault = _(
                "Ce cas d’usage n’est pas mesuré sur ce portail : rien ne peut s’y essayer. Faites "
                "lancer « manage.py build_prototypes », ou choisissez un état sans essai."
            )
            self.add_error("state", fault)
        return fields


class RegionViewSet(ModelViewSet):
    """Rows that the Region writes."""

    add_to_reference_index = False
    copy_view_enabled = False
    search_backend_name = None
    add_view_class = AddView
    edit_view_class = ChangeView
    delete_view_class = RemoveView


class PrototypeViewSet(RegionViewSet):
    """The need and the components of each use case."""

    model = Prototype
    icon = "pick"
    form_fields = ("use_case", "need", "components")

    def get_form_class(self, for_update: bool = False) -> Any:
        """Offer the public needs of the catalogue, and no other card, as its need."""
        form = super().get_form_class(for_update)
        # The case of a row is what its steps and its opinions were about.
        form.base_fields["use_case"].disabled = for_update
        form.base_fields["need"].limit_choices_to = {"kind": ResourceKind.NEED, "live": True}
        return form


class MilestoneViewSet(RegionViewSet):
    """States decided and trials in the field."""

    model = Milestone
    icon = "date"
    list_display = ("prototype", "on", "state", "partner", "persons")
    list_filter = ("prototype", "state")
    form_fields = ("prototype", "on", "state", "partner", "persons", "text", "evidence")

    def get_form_class(self, for_update: bool = False) -> Any:
        """Ask for measures."""
        return modelform_factory(Milestone, form=MilestoneForm, fields=self.form_fields)


class FundingRuleViewSet(RegionViewSet):
    """How a change of job is paid for."""

    model = FundingRule
    icon = "doc-full"
    list_display = ("title", "verified_on")
    form_fields = (
        "title",
        "text",
        "needs_longer_training",
        "for_contract",
        "source",
        "verified_on",
    )


class DemonstratorGroup(ViewSetGroup):
    """What the Region writes of the demonstrator."""

    menu_label = _("Démonstrateur")
    menu_icon = "pick"
    menu_order = 310
    items = (PrototypeViewSet, MilestoneViewSet, FundingRuleViewSet)


for _model in (Milestone, FundingRule):
    register_permission_policy(_model, RulePolicy(_model, actions.may_edit))
# Its steps and its counts would go with it.
register_permission_policy(Prototype, RulePolicy(Prototype, actions.may_edit, never=("delete",)))


@hooks.register("register_admin_viewset")
def demonstrator_group() -> DemonstratorGroup:
    """Show them."""
    return DemonstratorGroup()
