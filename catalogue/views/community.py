"""What waits for the Region around cards: first messages, reuses, feedback; and each decision."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import discussions, reuses
from catalogue.models import DiscussionMessage, FieldFeedback, Reuse
from catalogue.queries import around as reads
from catalogue.views.moderation import head
from portal.accounts.authorization import require
from portal.lib.refusals import Invalid
from portal.lib.visible import find

SHOWN = 50
MODELS: dict[str, Any] = {"reuse": Reuse, "feedback": FieldFeedback, "message": DiscussionMessage}


@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """List what waits, the oldest first; accept or refuse one of them by POST."""
    by = person(request)
    require(rules.may_moderate, by)
    fault: dict[str, str] = {}
    if request.method == "POST":
        try:
            _decide(request)
        except Invalid as refusal:
            fault = {"id": request.POST.get("id", ""), "words": str(refusal)}
        else:
            messages.success(request, _("Décision enregistrée."))
            return redirect("catalogue:moderation_community")
    context = {
        "reuses": [
            (row, rules.may_review(by, row, list(row.resources.all())))
            for row in reads.waiting_reuses()[:SHOWN]
        ],
        "feedback": [
            (row, rules.may_review(by, row, [row.resource]))
            for row in reads.waiting_feedback()[:SHOWN]
        ],
        "held": [
            (row, rules.may_moderate_message(by, row)) for row in reads.held_messages()[:SHOWN]
        ],
        "fault": fault,
        **head(current=_("Autour des fiches")),
    }
    status = 422 if fault else 200
    return render(request, "catalogue/moderation/community.html", context, status=status)


def _decide(request: HttpRequest) -> None:
    by, said = person(request), request.POST
    name = said.get("kind", "")
    if name not in MODELS or said.get("decision") not in ("accept", "refuse"):
        raise Invalid(_("Choisissez une décision."), code="decision")
    model, words = MODELS[name], said.get("message", "")
    row = find(model.objects.all(), among=model.objects.all(), public_id=_uuid(said.get("id", "")))
    accepts = said["decision"] == "accept"
    if name == "message":
        if accepts:
            discussions.accept(message=row, by=by)
        else:
            discussions.hide(message=row, reason=words, by=by)
    elif accepts:
        reuses.publish(brought=row, by=by)
    else:
        reuses.refuse(brought=row, message=words, by=by)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
