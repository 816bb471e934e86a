"""Forms of the discussion of a challenge."""

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.lib.web.fields import box, line, prose


class PostForm(forms.Form):
    """Write a message."""

    body_md = prose(
        _("Message"),
        10_000,
        _("Écrivez votre message."),
        _(
            "Public, sous votre nom affiché, en Markdown. N’y mettez ni réponse du challenge ni "
            "donnée personnelle."
        ),
        rows=6,
    )


class ThreadForm(PostForm):
    """Open a thread."""

    title = line(_("Sujet"), 160, _("Donnez un sujet au fil."))

    field_order = ("title", "body_md")


class ReportForm(forms.Form):
    """Say why a message should be looked at."""

    reason = line(
        _("Motif"),
        300,
        _("Dites ce qui ne va pas dans ce message."),
        _("Lu par les organisateurs et la modération de la Région."),
    )


class HideForm(forms.Form):
    """Say why a message is hidden."""

    reason = line(
        _("Motif"),
        300,
        _("Dites pourquoi le message est masqué."),
        _("La personne le lira, et il paraît à la place du message."),
    )


class BlockForm(forms.Form):
    """Say why a person is kept from writing."""

    reason = line(
        _("Motif"),
        300,
        _("Dites pourquoi la personne est écartée."),
        _("Pour le journal. La personne continue de lire."),
    )


class ArrangeForm(forms.Form):
    """Pin or close a thread."""

    pinned = box(_("Épingler en tête de liste"))
    closed = box(_("Clore : plus de réponse"))
