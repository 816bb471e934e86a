"""Forms of the discussion of a challenge."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.lib.characters import plain_line, plain_text


class PostForm(forms.Form):
    """Write a message."""

    body_md = forms.CharField(
        label=_("Message"),
        max_length=10_000,
        validators=[plain_text],
        help_text=_(
            "Public, sous votre nom affiché, en Markdown. N’y mettez ni réponse du challenge ni "
            "donnée personnelle."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages={"required": _("Écrivez votre message.")},
    )


class ThreadForm(PostForm):
    """Open a thread."""

    title = forms.CharField(
        label=_("Sujet"),
        max_length=160,
        validators=[plain_line],
        error_messages={"required": _("Donnez un sujet au fil.")},
    )

    field_order = ("title", "body_md")


class ReportForm(forms.Form):
    """Say why a message should be looked at."""

    reason = forms.CharField(
        label=_("Motif"),
        max_length=300,
        validators=[plain_line],
        help_text=_("Lu par les organisateurs et la modération de la Région."),
        error_messages={"required": _("Dites ce qui ne va pas dans ce message.")},
    )


class HideForm(forms.Form):
    """Say why a message is hidden."""

    reason = forms.CharField(
        label=_("Motif"),
        max_length=300,
        validators=[plain_line],
        help_text=_("La personne le lira, et il paraît à la place du message."),
        error_messages={"required": _("Dites pourquoi le message est masqué.")},
    )


class BlockForm(forms.Form):
    """Say why a person is kept from writing."""

    reason = forms.CharField(
        label=_("Motif"),
        max_length=300,
        validators=[plain_line],
        help_text=_("Pour le journal. La personne continue de lire."),
        error_messages={"required": _("Dites pourquoi la personne est écartée.")},
    )


class ArrangeForm(forms.Form):
    """Pin or close a thread."""

    pinned = forms.BooleanField(label=_("Épingler en tête de liste"), required=False)
    closed = forms.BooleanField(label=_("Clore : plus de réponse"), required=False)
