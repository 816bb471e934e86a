"""What the forms of use cases share: zones and occupations of the data in service."""

from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.demonstrator.naming import without_person
from portal.demonstrator.reading import without_contacts
from portal.demonstrator.service import Served
from portal.lib.web.fields import PlainForm, choice

# What is read of a sentence; more is refused at the field.
LONGEST = 2_000
# Yes and no to questions come under the id of what is asked, behind this; no more are read.
QUESTION, MOST_REPLIES = "q-", 20


def zone(**options: Any) -> forms.ChoiceField:
    """Ask for an employment zone of the region; it may be left out."""
    return choice(_("Zone d’emploi"), **options)


class TrialForm(PlainForm):
    """A form of a use case. examples: values of `sentence`, each behind a word to press.

    shown: what the answer that the page shows first is to, in place of the first example.
    occupations: fields that name one each, which no sheet repeats as it was typed. stated: fields
    that a sheet says even when they are left blank.
    folded: fields that one may leave alone, under a label that opens them. Nothing reads, shows or
    prints how to reach somebody: it is taken out of what is typed first.
    """

    sentence = ""
    examples: tuple[tuple[Any, Any], ...] = ()
    shown: Mapping[str, str] = MappingProxyType({})
    occupations: tuple[str, ...] = ()
    stated: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    folded_label: Any = ""

    def __init__(self, data: Any = None, *args: Any, served: Served, **options: Any) -> None:
        if data is not None:
            data = data.copy()
            for name, asked in self.base_fields.items():
                if isinstance(asked, forms.CharField) and name in data:
                    data[name] = without_contacts(data[name])
                    if name in self.occupations:
                        data[name] = without_person(data[name])
        super().__init__(data, *args, **options)
        self.served = served
        if "zone" in self.fields:
            self.offer("zone", [("", _("Toute la région")), *served.zones.items()])

    @property
    def is_unfolded(self) -> bool:
        """Say whether something was filled, or refused, in what is folded."""
        return any(self[name].value() or name in self.errors for name in self.folded)

    def replies(self) -> dict[str, str]:
        """Read the yes and the no to questions, this round's and those of the rounds before."""
        labels = self.served.referential.knowledge
        replies = (
            (key, str(value))
            for key, value in self.data.items()
            if key.startswith(QUESTION)
            and key.removeprefix(QUESTION) in labels
            and value in ("yes", "no")
        )
        return dict(islice(replies, MOST_REPLIES))

    def inputs(self) -> dict[str, Any]:
        """Give what is answered: the fields as they were read, and the replies."""
        return {**self.cleaned_data, **self.replies()}
