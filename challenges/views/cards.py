"""Propose a card of the catalogue for a winning entry, and vouch for its score on that card."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from catalogue.models import Resource
from catalogue.queries.verified import VerifiedScore
from challenges import rules
from challenges.actions import cards
from challenges.forms.cards import CardForm
from challenges.models import Challenge, EntryCard, Phase, Team
from challenges.organising.views.layout import find_challenge, person, scene
from challenges.queries import certificates
from challenges.queries.reports import reported_phase
from challenges.views import certificate_words as words
from portal.lib import clock
from portal.lib.refusals import Hidden


@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest, slug: str, team: UUID) -> HttpResponse:
    """Say what a card of the team's winning entry would hold; open its draft by POST."""
    challenge = find_challenge(request, slug)
    found = _team(request, challenge, team)
    phase = _phase(request, challenge)
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kind = form.cleaned_data["kind"]
        made = cards.propose(team=found, phase=phase, kind=kind, by=person(request))
        return redirect(_draft(made))
    stated = certificates.stated(found, phase)
    known = EntryCard.objects.filter(team=found, phase=phase).select_related("resource").first()
    context = scene(request, slug, "standings") | {
        "of_team": found,
        "shown_phase": phase,
        "form": form,
        "facts": words.facts(stated) if stated else [],
        "winner": stated is not None and stated["rank"] == 1,
        "draft": _draft(known) if known else "",
    }
    return render(request, "challenges/card.html", context, status=422 if form.errors else 200)


def verified(resource: Resource) -> Sequence[VerifiedScore]:
    """Vouch for the score of a card, as the final board has it at this instant."""
    card = (
        EntryCard.objects.filter(resource=resource)
        .select_related("team", "phase__reveal", "phase__challenge__organiser")
        .first()
    )
    if card is None or not card.phase.challenge.is_public:
        return ()
    challenge = card.phase.challenge
    address = f"{reverse('challenges:report', args=[challenge.slug])}?phase={card.phase.index}"
    stated = certificates.stated(card.team, card.phase)
    if stated is None or stated["entry"] != str(card.entry_id):
        gone = _(
            "Ce score n’est plus vérifié : la soumission ne figure plus au classement définitif."
        )
        return (VerifiedScore(challenge.title, address, withdrawn=gone),)
    receipt = stated["score_receipt"]
    proof = f"{reverse('challenges:receipts')}?empreinte={receipt['sha256']}" if receipt else ""
    return (
        VerifiedScore(
            source=challenge.title,
            address=address,
            metric=stated["metric_title"],
            value=words.decimal(stated["value"]) if stated["value"] else "–",
            interval=words.interval(stated),
            rank=words.rank(stated),
            teams=stated["teams"],
            evaluated_on=datetime.fromisoformat(stated["revealed_at"])
            .astimezone(clock.PARIS)
            .date(),
            proof=proof,
        ),
    )


def _team(request: HttpRequest, challenge: Challenge, public_id: UUID) -> Team:
    """Return a team for which this person may propose a card; 404 for any other."""
    found = Team.objects.filter(challenge=challenge, public_id=public_id).first()
    if found is None or not rules.may_propose_card(request.user, found):
        raise Hidden(denied=found)
    return found


def _phase(request: HttpRequest, challenge: Challenge) -> Phase:
    index = request.GET.get("phase", "")
    if index and not index.isdecimal():
        raise Hidden
    found = reported_phase(challenge, int(index[:4]) if index else None)
    if found is None:
        raise Hidden
    return found


def _draft(card: EntryCard) -> str:
    """Give the address of the card: its draft, or the card once online."""
    if card.resource.live:
        return card.resource.get_absolute_url()
    contribution = card.resource.contributions.order_by("pk").first()
    return reverse("catalogue:contribution", args=[contribution.public_id]) if contribution else ""
