"""A change proposed of somebody else's card: its owner answers, then the Region reviews it."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View
from portal.accounts.views import person

from catalogue import rules
from catalogue.actions import proposals as acts
from catalogue.enums import ContributionStatus
from catalogue.forms.decisions import DECLINE, OwnerAnswerForm
from catalogue.models import Contribution
from catalogue.queries import proposals
from catalogue.views.contribute import visible
from catalogue.views.differences import rows
from portal.accounts.authorization import require


class Answer(View):
    """What who holds a card makes of a change."""

    def get(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Show what would change, and the form of the answer while it waits."""
        found = visible(request, contribution)
        require(rules.may_answer_proposal, person(request), found)
        return _show(request, found, OwnerAnswerForm())

    def post(self, request: HttpRequest, contribution: UUID) -> HttpResponse:
        """Keep the answer; a fault of the form stays on the page with what was typed."""
        found, by = visible(request, contribution), person(request)
        require(rules.may_answer_proposal, by, found)
        form = OwnerAnswerForm(request.POST)
        if not form.is_valid():
            return _show(request, found, form)
        reason = form.cleaned_data["reason"]
        if form.cleaned_data["answer"] == DECLINE:
            acts.decline(contribution=found, reason=reason, by=by)
        else:
            acts.accept(contribution=found, reason=reason, by=by)
        messages.success(
            request, _("Votre avis est enregistré. L’auteur de la proposition le lit.")
        )
        return redirect("catalogue:proposal_answer", found.public_id)


def _show(request: HttpRequest, contribution: Contribution, form: OwnerAnswerForm) -> HttpResponse:
    after = proposals.proposed_record(contribution)
    # What came back to its author is being written again: it is theirs until it is sent.
    is_sent = contribution.status not in rules.UNSENT
    context = {
        "contribution": contribution,
        "resource": contribution.resource,
        "language": proposals.written_in(after),
        "diff_rows": rows(proposals.changes(proposals.base_record(contribution), after)),
        "shows_changes": is_sent,
        "answers_earlier": is_sent and proposals.answers_earlier(contribution),
        "waits": contribution.status == ContributionStatus.OFFERED,
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "catalogue/contribute/answer.html", context, status=status)
