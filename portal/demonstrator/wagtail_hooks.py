"""Prototypes, their steps and the funding rules, in the Wagtail admin: through our actions."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import hooks
from wagtail.admin.views import generic
from wagtail.admin.viewsets.base import ViewSetGroup
from wagtail.admin.viewsets.model import ModelViewSet
from wagtail.permission_policies import BasePermissionPolicy
from wagtail.permissions import register_permission_policy

from catalogue.resources.enums import ResourceKind
from portal.accounts.models import User
from portal.demonstrator import actions
from portal.demonstrator.models import FundingRule, Milestone, Prototype


class RegionPolicy(BasePermissionPolicy):
    """Ask our rule: groups of Django give no right here."""

    def user_has_permission(self, user: User, action: str) -> bool:
        """Let those who may edit do everything."""
        return actions.may_edit(user)

    def users_with_any_permission(self, actions_: Iterable[str]) -> Any:
        """List who may edit."""
        staff = User.objects.filter(region_appointments__ended_at__isnull=True).distinct()
        return User.objects.filter(pk__in=[each.pk for each in staff if actions.may_edit(each)])


class AddView(generic.CreateView):
    """Add a row by our action."""

    def save_instance(self) -> Any:
        row = self.form.save(commit=False)
        actions.note(row, verb="added", by=self.request.user)
        self.form.save_m2m()
        return row


class ChangeView(generic.EditView):
    """Change a row by our action."""

    def save_instance(self) -> Any:
        row = self.form.save(commit=False)
        actions.note(row, verb="changed", by=self.request.user)
        self.form.save_m2m()
        return row


class RemoveView(generic.DeleteView):
    """Remove a row by our action."""

    def delete_action(self) -> None:
        """Remove it, and write it into the ledger."""
        actions.note(self.object, verb="removed", by=self.request.user)


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
        form.base_fields["need"].limit_choices_to = {"kind": ResourceKind.NEED, "live": True}
        return form


class MilestoneViewSet(RegionViewSet):
    """States decided and trials in the field."""

    model = Milestone
    icon = "date"
    list_display = ("prototype", "on", "state", "partner", "persons")
    list_filter = ("prototype", "state")
    form_fields = ("prototype", "on", "state", "partner", "persons", "text", "evidence")


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


for _model in (Prototype, Milestone, FundingRule):
    register_permission_policy(_model, RegionPolicy(_model))


@hooks.register("register_admin_viewset")
def demonstrator_group() -> DemonstratorGroup:
    """Show them."""
    return DemonstratorGroup()
