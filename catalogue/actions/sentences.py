"""Edit the ready sentences of the messages of the review."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from catalogue import rules
from catalogue.models import MessageTemplate
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib.characters import require_plain_line, require_plain_text
from portal.lib.refusals import Conflict, Invalid


@transaction.atomic
def write(
    *,
    label: str,
    text: str,
    reason: str,
    active: bool,
    by: Actor,
    template: MessageTemplate | None = None,
) -> MessageTemplate:
    """Add a sentence, or change one; event "sentence.written".

    Raises NotAllowed; Invalid without words; Conflict when another one has the same name.
    """
    require(rules.may_edit_sentences, by)
    require_plain_line(label)
    require_plain_text(text)
    if not label.strip() or not text.strip():
        raise Invalid(_("Donnez un nom et une phrase."), code="sentence_empty")
    kept = template or MessageTemplate()
    kept.label, kept.text, kept.reason, kept.active = label.strip(), text.strip(), reason, active
    try:
        with transaction.atomic():
            kept.save()
    except IntegrityError as error:
        raise Conflict(_("Une phrase porte déjà ce nom."), code="sentence_known") from error
    record("sentence.written", by=by, on=kept)
    return kept


@transaction.atomic
def remove(*, template: MessageTemplate, by: Actor) -> None:
    """Remove a sentence; messages sent keep it. Event "sentence.removed". Raises NotAllowed."""
    require(rules.may_edit_sentences, by)
    record("sentence.removed", by=by, on=template)
    template.delete()
