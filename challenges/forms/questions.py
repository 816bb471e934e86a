"""Form by which an organiser asks teams about their method."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from challenges.actions.questions import MOST_QUESTIONS

KINDS = {
    "text": gettext_lazy("Texte libre"),
    "boolean": gettext_lazy("Oui ou non"),
    "select": gettext_lazy("Un choix dans une liste"),
    "checkbox": gettext_lazy("Plusieurs choix dans une liste"),
}
LISTED = ("select", "checkbox")


class QuestionsForm(forms.Form):
    """Ask up to eight questions, more where an import has more; an empty one is not asked."""

    def __init__(self, data: Any = None, *, stored: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(data)
        self.stored = list(stored)
        self.places = range(max(MOST_QUESTIONS, len(self.stored)))
        for at in self.places:
            former = self.stored[at] if at < len(self.stored) else {}
            self.fields |= _fields(at, former)

    def clean(self) -> dict[str, Any]:
        """Refuse a list of fewer than two choices."""
        sent: dict[str, Any] = super().clean() or {}
        for at in self.places:
            if not sent.get(f"label_{at}"):
                continue
            if sent.get(f"type_{at}") in LISTED and len(_lines(sent[f"options_{at}"])) < 2:
                self.add_error(f"options_{at}", _("Deux choix au moins, un par ligne."))
        return sent

    @property
    def slots(self) -> list[dict[str, Any]]:
        """List the bound fields of each question."""
        names = ("label", "type", "options", "required", "on_leaderboard")
        return [
            {"number": at + 1, "fields": [self[f"{name}_{at}"] for name in names]}
            for at in self.places
        ]

    @property
    def questions(self) -> list[dict[str, Any]]:
        """Return the questions that are asked; one that was there keeps its key."""
        sent, found = self.cleaned_data, list[dict[str, Any]]()
        for at in self.places:
            label = sent[f"label_{at}"]
            if not label:
                continue
            former = self.stored[at].get("key") if at < len(self.stored) else None
            taken = {each["key"] for each in found}
            listed = sent[f"type_{at}"] in LISTED
            found.append(
                {
                    "key": former or _key(label, at, taken),
                    "label": label,
                    "type": sent[f"type_{at}"] or "text",
                    "options": _lines(sent[f"options_{at}"]) if listed else [],
                    "required": sent[f"required_{at}"],
                    "on_leaderboard": sent[f"on_leaderboard_{at}"],
                }
            )
        return found


def _key(label: str, at: int, taken: set[str]) -> str:
    key = slugify(label)[:40].strip("-") or "question"
    return key if key not in taken else f"{key}-{at + 1}"


def _lines(text: str) -> list[str]:
    found = (line.strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in found if line))


def _fields(at: int, former: Mapping[str, Any]) -> dict[str, forms.Field]:
    kind = str(former.get("type") or "text")
    return {
        f"label_{at}": forms.CharField(
            label=gettext_lazy("Question"),
            required=False,
            max_length=120,
            initial=former.get("label") or former.get("key") or "",
        ),
        f"type_{at}": forms.ChoiceField(
            label=pgettext_lazy("fiche", "Réponse"),
            choices=list(KINDS.items()),
            required=False,
            initial="select" if kind == "radio" else kind,
        ),
        f"options_{at}": forms.CharField(
            label=gettext_lazy("Choix, un par ligne"),
            required=False,
            max_length=4_000,
            widget=forms.Textarea(attrs={"rows": 3}),
            initial="\n".join(map(str, former.get("options") or [])),
        ),
        f"required_{at}": forms.BooleanField(
            label=gettext_lazy("Réponse obligatoire"),
            required=False,
            initial=former.get("required", False),
        ),
        f"on_leaderboard_{at}": forms.BooleanField(
            label=gettext_lazy("Réponse montrée au classement"),
            required=False,
            initial=former.get("on_leaderboard", False),
        ),
    }
