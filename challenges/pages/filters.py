"""Filter the list of challenges."""

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from challenges.organising.enums import OVER_STATUSES, ChallengeStatus
from challenges.organising.models.challenges import Challenge, Phase

OPEN, COMING, CLOSED = "ouverts", "a-venir", "clos"
STATES = ((OPEN, _("Ouverts")), (COMING, _("À venir")), (CLOSED, _("Clos")))
SELECT = forms.Select(attrs={"class": "input input-s"})


def in_state(challenges: QuerySet[Challenge], state: str, now: datetime) -> QuerySet[Challenge]:
    """Keep the challenges that are open, coming or closed at an instant."""
    phases = Phase.objects.filter(challenge=OuterRef("pk"))
    ahead = phases.filter(Q(opens_at__isnull=True) | Q(opens_at__gt=now))
    is_open = Exists(phases.open_at(now))
    live = Q(status__in=[ChallengeStatus.PUBLISHED, ChallengeStatus.SUSPENDED])
    match state:
        case "ouverts":
            return challenges.filter(is_open)
        case "a-venir":
            return challenges.filter(live).filter(~is_open, Exists(ahead))
        case "clos":
            over = live & ~is_open & ~Exists(ahead)
            return challenges.filter(Q(status__in=sorted(OVER_STATUSES)) | over)
        case _:
            return challenges


class ChallengeFilter(django_filters.FilterSet):
    """Filter by state, use case and task."""

    etat = django_filters.ChoiceFilter(label=_("État"), choices=STATES, method="by_state")
    cas = django_filters.ChoiceFilter(
        label=_("Cas d’usage"),
        method="by_use_case",
        empty_label=_("Tous les cas d’usage"),
        widget=SELECT,
    )
    tache = django_filters.ChoiceFilter(
        label=_("Tâche"),
        field_name="task",
        empty_label=_("Toutes les tâches"),
        widget=SELECT,
    )

    class Meta:
        model = Challenge
        fields: tuple[str, ...] = ()

    def __init__(
        self,
        *args: Any,
        now: datetime,
        use_cases: list[tuple[str, Any]],
        tasks: list[tuple[str, Any]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.filters["cas"].extra["choices"] = use_cases
        self.filters["tache"].extra["choices"] = tasks

    def by_state(
        self, challenges: QuerySet[Challenge], name: str, value: str
    ) -> QuerySet[Challenge]:
        """Keep one state."""
        return in_state(challenges, value, self.now)

    def by_use_case(
        self, challenges: QuerySet[Challenge], name: str, value: str
    ) -> QuerySet[Challenge]:
        """Keep the challenges of one use case."""
        return challenges.annotate(cases=Cast("use_cases", TextField())).filter(
            cases__contains=f'"{value}"'
        )
