"""Who may edit what in the Wagtail admin, where a rule of ours says so."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.db import models
from wagtail.permission_policies import BasePermissionPolicy

from portal.accounts.models import User


class RulePolicy(BasePermissionPolicy):
    """Ask a rule: groups of Django give no right. never: what nobody may do, such as "delete"."""

    def __init__(
        self,
        model: type[models.Model],
        may_edit: Callable[[User], bool],
        *,
        never: Collection[str] = (),
    ) -> None:
        super().__init__(model)
        self.may_edit, self.never = may_edit, never

    def user_has_permission(self, user: User, action: str) -> bool:
        """Let those who may edit do everything else."""
        return action not in self.never and self.may_edit(user)

    def users_with_any_permission(self, actions: Iterable[str]) -> Any:
        """List who may edit."""
        staff = User.objects.filter(region_appointments__ended_at__isnull=True).distinct()
        return User.objects.filter(pk__in=[each.pk for each in staff if self.may_edit(each)])
