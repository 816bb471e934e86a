"""Filter the list of challenges."""

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from challenges.enums import UNDECIDED, ChallengeStatus, SignalKind, SignalStatus
from challenges.models import Challenge, Phase, Signal
from challenges.queries.signals import KIND_WORDS, STATUS_WORDS

OPEN, COMING, CLOSED = "ouverts", "a-venir", "clos"
STATES = ((OPEN, _("Ouverts")), (COMING, _("À venir")), (CLOSED, _("Clos")))
SELECT = forms.Select(attrs={"class": "input input-s"})
FINISHED = (ChallengeStatus.CLOSED, ChallengeStatus.REVEALED, ChallengeStatus.ARCHIVED)


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
            return challenges.filter(Q(status__in=FINISHED) | over)
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


WAITING = "en-attente"


class SignalFilter(django_filters.FilterSet):
    """Filter signals by challenge, kind and state."""

    challenge = django_filters.ChoiceFilter(
        label=_("Challenge"),
        field_name="phase__challenge__slug",
        empty_label=_("Tous les challenges"),
        widget=SELECT,
    )
    nature = django_filters.ChoiceFilter(
        label=_("Nature"),
        field_name="kind",
        choices=[(each.value, KIND_WORDS[each]) for each in SignalKind],
        empty_label=_("Toutes les natures"),
        widget=SELECT,
    )
    etat = django_filters.ChoiceFilter(
        label=_("État"),
        method="by_state",
        choices=[
            (WAITING, _("Attend une décision")),
            *((each.value, STATUS_WORDS[each]) for each in SignalStatus),
        ],
        empty_label=_("Tous les états"),
        widget=SELECT,
    )

    class Meta:
        model = Signal
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        visible = Signal.objects.filter(pk__in=self.queryset.order_by().values("pk"))
        told = Challenge.objects.filter(pk__in=visible.values("phase__challenge"))
        choices = told.order_by("title", "pk").values_list("slug", "title")
        self.filters["challenge"].extra["choices"] = list(choices)

    def by_state(self, signals: QuerySet[Signal], name: str, value: str) -> QuerySet[Signal]:
        """Keep one state, or all that wait for a decision."""
        if value == WAITING:
            return signals.filter(status__in=sorted(UNDECIDED))
        return signals.filter(status=value)
