"""What the forms of use cases share: zones and occupations of the data in service."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.demonstrator.served import Served
from portal.lib.web.fields import PlainForm, choice

# What is read of a sentence; more is refused at the field.
LONGEST = 2_000


def zone(**options: Any) -> forms.ChoiceField:
    """Ask for an employment zone of the region; it may be left out."""
    return choice(_("Zone d’emploi"), **options)


class TrialForm(PlainForm):
    """A form of a use case. examples: values of `sentence`, each behind a word to press."""

    sentence = ""
    examples: tuple[tuple[Any, Any], ...] = ()

    def __init__(self, *args: Any, served: Served, **options: Any) -> None:
        super().__init__(*args, **options)
        self.served = served
        if "zone" in self.fields:
            self.offer("zone", [("", _("Toute la région")), *served.zones.items()])
