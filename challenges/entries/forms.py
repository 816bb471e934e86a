"""Forms of entries: submit, describe."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.forms.boundfield import BoundField
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from challenges.entries.actions import deposits
from portal.lib.storage.files import safe_name
from portal.lib.web.fields import box, line

SAME_FILE = "same_file"  # of the refusal of a file that the team already sent


def _asked(question: Mapping[str, Any]) -> forms.Field:
    """Make the field of one of the organiser's questions, by its type."""
    options, kind = deposits.offered_answers(question), question.get("type")
    common: dict[str, Any] = {
        "label": str(question.get("label") or question["key"]),
        "required": bool(question.get("required", True)),
        "error_messages": {"required": _("L’organisateur demande cette réponse.")},
    }
    if kind == "checkbox" and options:
        named = [(each, each) for each in options]
        return forms.MultipleChoiceField(
            choices=named, widget=forms.CheckboxSelectMultiple, **common
        )
    if options:
        first = [] if common["required"] else [("", _("Sans réponse"))]
        return forms.ChoiceField(choices=[*first, *((each, each) for each in options)], **common)
    if kind in {"checkbox", "boolean"}:
        return forms.BooleanField(**common | {"required": False})
    return forms.CharField(max_length=deposits.ANSWER_MOST_CHARACTERS, **common)


class EntryForm(forms.Form):
    """Submit a file of predictions, or only check its format."""

    key = forms.CharField(widget=forms.HiddenInput, max_length=64)
    file = forms.FileField(
        label=_("Votre fichier de prédictions"),
        allow_empty_file=True,
        error_messages={"required": _("Choisissez le fichier à déposer.")},
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.parquet,.zip"}),
    )
    note = line(
        _("Note pour votre équipe"),
        140,
        widget=forms.TextInput(attrs={"placeholder": _("Ex. : lissage par zone")}),
    )
    check_only = box(_("Vérifier seulement le format, sans utiliser d’essai"))
    again = box(
        _("Déposer de nouveau ce même fichier"),
        hint=_("Choisissez-le encore une fois ci-dessus. Il utilisera un essai."),
    )

    def __init__(
        self, data: Any = None, files: Any = None, *, questions: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        super().__init__(data, files, initial={"key": str(uuid4())})
        self.questions: dict[str, str] = {}
        for at, question in enumerate(questions):
            name = f"fact_{slugify(question['key']) or at}"
            self.questions[name] = str(question["key"])
            self.fields[name] = _asked(question)

    @property
    def is_same(self) -> bool:
        """Say whether the team already sent this file, and may send it all the same."""
        return self.has_error("file", SAME_FILE)

    def ask_code(self) -> None:
        """Ask for a package of code; trials take the place of a check of its format."""
        self.fields.pop("check_only", None)
        self.fields["file"].label = _("Votre archive de code")
        self.fields["file"].widget.attrs["accept"] = ".zip"

    def clean(self) -> dict[str, Any]:
        """Refuse to submit an empty file; a check of it has a verdict."""
        cleaned: dict[str, Any] = super().clean() or {}
        file = cleaned.get("file")
        if file is not None and file.size == 0 and not cleaned.get("check_only"):
            self.add_error(
                "file", _("Ce fichier est vide. Déposez un en-tête, puis une ligne par réponse.")
            )
        return cleaned

    @property
    def facts(self) -> list[BoundField]:
        """List the fields that the organiser added."""
        return [self[name] for name in self.questions]

    @property
    def fact_sheet(self) -> dict[str, Any]:
        """Return the answers to the organiser's questions."""
        return {key: self.cleaned_data[name] for name, key in self.questions.items()}

    @property
    def file_name(self) -> str:
        """Return the displayable name of the file."""
        return safe_name(self.cleaned_data["file"].name or "")


class DescriptionForm(EntryForm):
    """Answer the organiser's questions again, and rewrite the note; the file stays."""

    def __init__(
        self,
        data: Any = None,
        *,
        questions: Sequence[Mapping[str, Any]] = (),
        answers: Mapping[str, Any],
        note: str,
    ) -> None:
        super().__init__(data, questions=questions)
        for name in ("key", "file", "check_only", "again"):
            del self.fields[name]
        self.fields["note"].initial = note
        for name, key in self.questions.items():
            self.fields[name].initial = answers.get(key)
