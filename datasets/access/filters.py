"""Filter the public register."""

from datetime import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from datasets.access import register
from datasets.access.enums import GrantState, Purpose, ReturnState
from datasets.access.models import Grant, PromisedReturn

SELECT = forms.Select(attrs={"class": "input input-s"})


class RegisterFilter(django_filters.FilterSet):
    """Filter by project or organisation, state, purpose, dataset, what is given back."""

    q = django_filters.CharFilter(
        label=_("Projet ou organisme"),
        method="by_words",
        max_length=120,
        widget=forms.TextInput(attrs={"class": "input input-s", "type": "search"}),
    )
    etat = django_filters.ChoiceFilter(
        label=_("État"),
        choices=GrantState.choices,
        method="by_state",
        empty_label=_("Tous"),
        widget=SELECT,
    )
    finalite = django_filters.ChoiceFilter(
        label=_("Finalité"),
        choices=Purpose.choices,
        field_name="request__purpose",
        empty_label=_("Toutes"),
        widget=SELECT,
    )
    jeu = django_filters.ChoiceFilter(
        label=_("Jeu"), method="by_dataset", empty_label=_("Tous"), widget=SELECT
    )
    rendu = django_filters.ChoiceFilter(
        label=_("Rendu"),
        choices=ReturnState.choices,
        method="by_return",
        empty_label=_("Tous"),
        widget=SELECT,
    )

    class Meta:
        model = Grant
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, now: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now
        self.filters["jeu"].extra["choices"] = register.lent_datasets

    def by_words(self, rows: QuerySet[Grant], name: str, value: str) -> QuerySet[Grant]:
        """Keep what has these words in its title, or in its organisation's name."""
        said = Q(request__title__icontains=value)
        return rows.filter(said | Q(request__organisation__name__icontains=value))

    def by_state(self, rows: QuerySet[Grant], name: str, value: str) -> QuerySet[Grant]:
        """Keep one state, as it is now."""
        there = Grant.objects.in_state(GrantState(value), self.now)
        return rows.filter(pk__in=there.values("pk"))

    def by_dataset(self, rows: QuerySet[Grant], name: str, value: str) -> QuerySet[Grant]:
        """Keep what reads one dataset."""
        return rows.filter(datasets__dataset__resource__slug=value)

    def by_return(self, rows: QuerySet[Grant], name: str, value: str) -> QuerySet[Grant]:
        """Keep what has something to give back that stands there now."""
        there = PromisedReturn.objects.in_state(ReturnState(value), self.now)
        return rows.filter(request__in=there.values("request"))
