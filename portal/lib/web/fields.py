"""Fields of forms as the portal writes them: a text checked, a fault that says what to do."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.lib.prose.texts import plain_line, plain_text

Text = Any  # a sentence, translated now or when it is shown
Check = Callable[[str], None]


class PlainForm(forms.Form):
    """A form that shows its own faults: the browser is not asked to refuse an empty field."""

    use_required_attribute = False

    def offer(self, name: str, choices: Iterable[Any]) -> None:
        """Give a field the choices that are known once the form is made."""
        cast(forms.ChoiceField, self.fields[name]).choices = list(choices)

    def need(self, name: str, fault: Text) -> None:
        """Refuse that a field is empty, where what else was said makes it compulsory."""
        if not str(self.cleaned_data.get(name) or "").strip():
            self.add_error(name, fault)


def line(
    label: Text,
    most: int,
    fault: Text = "",
    hint: Text = "",
    *,
    check: Check | None = plain_line,
    **options: Any,
) -> forms.CharField:
    """Ask for one line of at most so many characters.

    fault: what is said when it is empty; without one, it may be.
    """
    return forms.CharField(
        label=label,
        max_length=most,
        help_text=hint,
        validators=[check] if check else [],
        **_required(fault),
        **options,
    )


def prose(
    label: Text,
    most: int,
    fault: Text = "",
    hint: Text = "",
    *,
    rows: int = 3,
    check: Check | None = plain_text,
    **options: Any,
) -> forms.CharField:
    """Ask for several lines of text. As `line`."""
    widget = forms.Textarea(attrs={"rows": rows})
    return line(label, most, fault, hint, check=check, widget=widget, **options)


class LinesField(forms.CharField):
    """Ask for a list, one thing a line; empty lines, and what is said twice, are left out."""

    widget = forms.Textarea(attrs={"rows": 3})
    default_validators = [plain_text]

    def prepare_value(self, value: Any) -> Any:
        """Show a list as lines; what was typed stays."""
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        return self._lines(super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compare the lines, not how a list is written."""
        former = initial if isinstance(initial, list) else self._lines(initial or "")
        return [str(each) for each in former] != self._lines(data or "")

    @staticmethod
    def _lines(text: str) -> list[str]:
        lines = (each.strip() for each in text.splitlines())
        return list(dict.fromkeys(each for each in lines if each))


def choice(
    label: Text,
    choices: Iterable[Any] = (),
    fault: Text = "",
    hint: Text = "",
    *,
    radio: bool = False,
    descriptions: Mapping[str, Text] | None = None,
    **options: Any,
) -> forms.ChoiceField:
    """Ask for one of some choices, as radio buttons or in a list. As `line`.

    descriptions: what is said under a choice.
    """
    shown: dict[str, Any] = {"widget": forms.RadioSelect} if radio else {}
    field: Any = forms.ChoiceField(
        label=label, choices=choices, help_text=hint, **shown, **_required(fault), **options
    )
    if descriptions:
        field.descriptions = descriptions
    return cast(forms.ChoiceField, field)


def box(label: Text, fault: Text = "", hint: Text = "", **options: Any) -> forms.BooleanField:
    """Ask to tick a box. As `line`: with a fault, it must be."""
    return forms.BooleanField(label=label, help_text=hint, **_required(fault), **options)


def whole(
    label: Text, least: int, most: int, hint: Text = "", **options: Any
) -> forms.IntegerField:
    """Ask for a whole number between two bounds, included."""
    return forms.IntegerField(
        label=label, min_value=least, max_value=most, help_text=hint, **options
    )


def decimal(label: Text, hint: Text = "", **options: Any) -> forms.FloatField:
    """Ask for a number, written as the language of the page does; it may be left out."""
    return forms.FloatField(label=label, help_text=hint, required=False, localize=True, **options)


def upload(label: Text, fault: Text = "", hint: Text = "") -> forms.FileField:
    """Ask for a file: what is wrong with its content, an empty one too, is said by who reads it."""
    return forms.FileField(
        label=label, max_length=200, allow_empty_file=True, help_text=hint, **_required(fault)
    )


class _SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class SeveralFilesField(forms.FileField):
    """Ask for files, several at once; what is wrong with their content is said by who reads it."""

    widget = _SeveralFiles

    def __init__(self, *, most: int, **options: Any) -> None:
        super().__init__(required=False, max_length=200, allow_empty_file=True, **options)
        self.most = most

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files = [super(SeveralFilesField, self).clean(each, initial) for each in data or []]
        if len(files) > self.most:
            raise forms.ValidationError(
                _("%(most)s fichiers au plus à la fois.") % {"most": self.most}, code="too_many"
            )
        return files


def email(fault: Text, hint: Text, *, autocomplete: str = "email") -> forms.EmailField:
    """Ask for an address: by itself, that of who fills the form in."""
    return forms.EmailField(
        label=_("Adresse électronique"),
        max_length=254,
        help_text=hint,
        widget=forms.EmailInput(attrs={"autocomplete": autocomplete}),
        error_messages={
            "required": fault,
            "invalid": _("Écrivez une adresse complète, comme prenom.nom@exemple.fr."),
        },
    )


def invited_address(hint: Text) -> forms.EmailField:
    """Ask for the address of somebody to invite."""
    return email(_("Écrivez l’adresse de la personne à inviter."), hint, autocomplete="off")


def _required(fault: Text) -> dict[str, Any]:
    return {"error_messages": {"required": fault}} if fault else {"required": False}
