"""Forms of discussions."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.lib.web.fields import PlainForm, line, prose


class MessageForm(PlainForm):
    """Write a message."""

    body_md = prose(
        _("Message"),
        10_000,
        _("Écrivez votre message."),
        _("Public, sous votre nom affiché, en Markdown. Sans donnée personnelle."),
        rows=6,
    )


class DiscussionForm(MessageForm):
    """Open a discussion."""

    title = line(_("Sujet"), 160, _("Donnez un sujet à la discussion."))
    field_order = ("title", "body_md")


class ReasonForm(PlainForm):
    """Say why one closes a discussion, flags or hides a message, blocks a person."""

    reason = line(_("Motif"), 300, _("Donnez un motif."))

    def __init__(self, data: Any, hint: Any) -> None:
        super().__init__(data)
        self.fields["reason"].help_text = hint
