"""How a person hears of each kind of news."""

from typing import Any

from django import forms

from portal.accounts import news
from portal.accounts.enums import Delivery
from portal.accounts.models import User


class NewsForm(forms.Form):
    """One list of ways a kind that may be turned down."""

    def __init__(self, data: Any = None, *, user: User) -> None:
        super().__init__(data)
        for kind in news.kinds(user):
            if kind.essential:
                continue
            self.fields[kind.name] = forms.ChoiceField(
                label=kind.label,
                help_text=kind.detail,
                choices=Delivery.choices,
                initial=news.deliveries(kind.letters[0], [user])[user.pk].value,
            )
