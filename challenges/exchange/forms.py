"""Forms of an import: the bundle, then the answers to its questions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from challenges.bundles.foreign.documents import LICENCE_LATER, filled
from portal.lib.storage.files import safe_name

MAX_ANSWER = 500
LATER = "/"


class BundleForm(forms.Form):
    """Deposit a bundle."""

    file = forms.FileField(
        label=_("Votre archive"),
        allow_empty_file=True,
        error_messages={"required": _("Choisissez l’archive à déposer.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".zip,application/zip"}),
    )

    @property
    def file_name(self) -> str:
        """Return the displayable name of the file."""
        return safe_name(self.cleaned_data["file"].name or "")


def asked(question: Mapping[str, Any]) -> dict[str, Any]:
    """Give a question of a report in the language of the page: key, text, help, choices."""
    facts, sentence, hint = question["facts"], question["sentence"], question["hint"]
    proposal = question["proposal"]
    return {
        "key": question["key"],
        "text": filled(gettext(sentence), facts),
        "help": filled(gettext(hint), facts) if hint else "",
        "proposal": gettext(proposal) if proposal == LICENCE_LATER else proposal,
        "choices": [
            {"value": one["value"], "label": gettext(str(one["label"]))}
            for one in question["choices"]
        ],
    }


def _field(question: Mapping[str, Any]) -> forms.Field:
    """Make a list of the answers to choose from, else a line; empty keeps what is proposed."""
    proposal, choices = question["proposal"], question["choices"]
    missing = {"required": _("Cette réponse est attendue.")}
    if choices:
        offered = [(one["value"], one["label"]) for one in choices]
        return forms.ChoiceField(
            label=question["text"],
            choices=offered if proposal else [("", _("Choisissez")), *offered],
            initial=proposal,
            required=not proposal,
            help_text=question["help"],
            error_messages=missing,
        )
    is_said = proposal in {"", LATER}  # the help of dates says what empty means
    kept = "" if is_said else gettext("Vide : « %(proposal)s ».") % {"proposal": proposal}
    return forms.CharField(
        label=question["text"],
        max_length=MAX_ANSWER,
        required=not proposal,
        help_text=" ".join(one for one in (question["help"], kept) if one),
        error_messages=missing,
    )


class AnswersForm(forms.Form):
    """Answer the questions of a report; an answer left empty takes what is proposed."""

    def __init__(self, data: Any = None, *, questions: Sequence[Mapping[str, Any]]) -> None:
        super().__init__(data)
        self.keys = {f"answer_{at}": str(each["key"]) for at, each in enumerate(questions)}
        for name, each in zip(self.keys, map(asked, questions), strict=True):
            self.fields[name] = _field(each)

    @classmethod
    def of(
        cls,
        answers: Mapping[str, str],
        refusals: Sequence[Mapping[str, str]],
        *,
        questions: Sequence[Mapping[str, Any]],
    ) -> "tuple[AnswersForm, list[Mapping[str, str]]]":
        """Show what was answered and why it made no draft; give the refusals of no answer too."""
        if not refusals:
            return cls(questions=questions), []
        data = {
            f"answer_{at}": answers.get(str(each["key"]), "") for at, each in enumerate(questions)
        }
        form = cls(data, questions=questions)
        return form, form.refuse(refusals)

    @property
    def answers(self) -> dict[str, str]:
        """Return what was answered, by question key."""
        return {key: self.cleaned_data[name] for name, key in self.keys.items()}

    def refuse(self, errors: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
        """Put each error beside the answer it is about; return those about no answer."""
        self.full_clean()
        names = {key: name for name, key in self.keys.items()}
        left = []
        for each in errors:
            if each["key"] in names:
                self.add_error(names[each["key"]], each["message"])
            else:
                left.append(each)
        return left
