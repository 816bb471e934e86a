"""Certificates of a team: a page, a PDF, the signed JSON; the card of a winning entry."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe

from catalogue.resources.models import Resource
from catalogue.resources.queries.chain import VerifiedScore
from challenges.entries.models import Entry
from challenges.organising.models.challenges import Challenge, Phase, Viewer
from challenges.organising.queries import phase_of
from challenges.organising.views.layout import find_challenge
from challenges.results import actions as results
from challenges.results import rules
from challenges.results.models import certificates as certified
from challenges.results.models.certificates import Certificate
from challenges.results.queries import reports as reads
from challenges.results.views.boards import from_to
from challenges.results.views.reports import reported
from challenges.teams.models import Team
from challenges.teams.views.head import challenge_context
from portal.accounts.views import person
from portal.lib import clock, paper
from portal.lib.prose.numbers import number
from portal.lib.refusals import Conflict, Hidden, Invalid
from portal.lib.web.requests import get_or_post

Payload = Mapping[str, Any]


def lead(payload: Payload) -> str:
    """Say in one sentence what is certified."""
    return _(
        "Le portail régional Open Emploi atteste que l’équipe « %(team)s » a obtenu le résultat "
        "ci-dessous au challenge « %(challenge)s », organisé par %(organiser)s."
    ) % {
        "team": payload["team_name"],
        "challenge": payload["challenge_title"],
        "organiser": payload["organiser"],
    }


def facts(payload: Payload, members: Sequence[str] = ()) -> list[tuple[str, str]]:
    """List what is certified: label and value; the members are those the team shows today."""
    told = [
        (_("Équipe"), payload["team_name"]),
        (_("Membres"), ", ".join(members)),
        (_("Phase"), payload["phase_name"]),
        (_("Rang"), rank(payload)),
        (_("Score"), score(payload)),
        (_("Équipes classées"), number(payload["teams"])),
        (
            _("Soumission"),
            _("n° %(number)s, reçue le %(date)s")
            % {"number": payload["number"], "date": _moment(payload["received_at"])},
        ),
        (
            _("Résultats publiés le"),
            date_format(datetime.fromisoformat(payload["revealed_at"]), "DATE_FORMAT"),
        ),
    ]
    return [(label, str(value)) for label, value in told if value]


def rank(payload: Payload) -> str:
    """Write the rank; a tie is said, with what it means."""
    place = payload["rank"]
    if place is None:
        return _("non classée")
    others = payload["tied_teams"] - 1
    if others < 1:
        return str(place)
    if not payload["interval"]:
        told = ngettext(
            "%(rank)s ex æquo avec %(n)s autre équipe",
            "%(rank)s ex æquo avec %(n)s autres équipes",
            others,
        )
        return told % {"rank": place, "n": number(others)}
    told = ngettext(
        "%(rank)s ex æquo : %(n)s autre équipe partage ce rang, l’écart n’est pas "
        "significatif (95 %%)",
        "%(rank)s ex æquo : %(n)s autres équipes partagent ce rang, les écarts ne sont pas "
        "significatifs (95 %%)",
        others,
    )
    return told % {"rank": place, "n": number(others)}


def score(payload: Payload) -> str:
    """Write the score with its interval and the name of its metric."""
    if not payload["value"]:
        return ""
    told = f"{decimal(payload['value'])} ({payload['metric_title']})"
    if payload["interval"]:
        low, high = map(decimal, payload["interval"])
        told += _(", intervalle à 95 %% de %(low)s à %(high)s") % {"low": low, "high": high}
    return told


def interval(payload: Payload) -> str:
    """Write both ends of the interval of the score, or nothing."""
    if not payload["interval"]:
        return ""
    return from_to(*map(decimal, payload["interval"]))


def notes(payload: Payload, sha256: str) -> list[str]:
    """Write the small sentences: number, what it replaces, digests."""
    told = [
        _("Certificat n° %(serial)s, établi le %(date)s.")
        % {"serial": payload["serial"], "date": _moment(payload["issued_at"])}
    ]
    if payload["replaces"]:
        told[0] += " " + _("Il remplace le certificat n° %(serial)s.") % payload["replaces"]
    if payload.get("held_apart"):
        told.append(_("Score établi sur des données jamais montrées pendant le challenge."))
    told.append(_("Ce document résume un certificat signé (JSON, Ed25519), qui seul fait foi."))
    told.append(_("Empreinte SHA-256 du certificat : %(digest)s") % {"digest": sha256})
    told.append(_("Empreinte SHA-256 du fichier noté : %(digest)s") % {"digest": payload["sha256"]})
    return told


def _moment(text: str) -> str:
    at = datetime.fromisoformat(text).astimezone(clock.PARIS)
    return _("%(day)s à %(hour)s") % {
        "day": date_format(at, "DATE_FORMAT"),
        "hour": date_format(at, "TIME_FORMAT"),
    }


def decimal(text: str) -> str:
    """Write released digits as the language does, all of them."""
    return text.replace(".", number(0.5, 1)[1]) if "e" not in text else text


MOST_DIGITS = 4


@get_or_post
def page(request: HttpRequest, slug: str, team: UUID) -> HttpResponse:
    """Show the certificates of a team, phase by phase; issue one by POST."""
    challenge = find_challenge(request, slug)
    found = _team(request, challenge, team)
    if request.method == "POST":
        results.issue_certificate(
            team=found, phase=_phase(challenge, request.POST.get("phase", "")), by=person(request)
        )
        messages.success(request, _("Certificat établi et signé."))
        return redirect("challenges:certificates", slug, team)
    context = challenge_context(request, slug, "entries") | {"of_team": found}
    phases = challenge.phases.filter(reveal__executed_at__isnull=False).order_by("index")
    context["shown"] = [
        _shown(found, phase) for phase in phases.select_related("challenge__organiser", "reveal")
    ]
    return render(request, "challenges/results/certificates.html", context)


@require_safe
def pdf(request: HttpRequest, slug: str, team: UUID, index: int) -> HttpResponse:
    """Send the certificate in force as PDF, in the language of the page; 409 for any other."""
    certificate = _asked(request, slug, team, index)
    if certificate != reads.certificate_in_force(certificate.team, certificate.phase):
        raise Conflict(
            _("Ce certificat a été remplacé : téléchargez celui qui est en vigueur."),
            code="certificate_replaced",
        )
    payload = certified.payload_of(certificate)
    address = f"{settings.SITE_URL}{reverse('challenges:receipts')}?empreinte={certificate.sha256}"
    sheet = paper.Sheet(
        language=translation.get_language() or settings.LANGUAGE_CODE,
        brand=("Open Emploi", _("Région Provence-Alpes-Côte d’Azur")),
        title=_("Certificat de résultat"),
        lead=lead(payload),
        facts=facts(payload, reads.members_named(certificate.team)),
        notes=notes(payload, certificate.sha256),
        address=address,
        code_label=_("Vérifier ce certificat à cette adresse"),
    )
    content = paper.draw(sheet, at=certificate.issued_at)
    return _attached(content, "application/pdf", f"{_name(certificate)}.pdf")


@require_safe
def signed(request: HttpRequest, slug: str, team: UUID, index: int) -> HttpResponse:
    """Send a signed certificate: the one in force, or a former one by ?numero=.

    409 for the last one when it no longer stands.
    """
    certificate = _asked(request, slug, team, index)
    return _attached(certificate.text.encode(), "application/json", f"{_name(certificate)}.json")


def _asked(request: HttpRequest, slug: str, team: UUID, index: int) -> Certificate:
    challenge = find_challenge(request, slug)
    found = _team(request, challenge, team)
    issued = found.certificates.filter(phase=phase_of(challenge, index)).order_by("-serial")
    number = request.GET.get("numero", "")[:MOST_DIGITS]
    if number.isdecimal():
        issued = issued.filter(serial=int(number))
    sent: Certificate | None = issued.first()
    if sent is None:
        raise Hidden
    if sent == reads.certificate_in_force(found, sent.phase) and not certified.stands(sent):
        raise Conflict(
            _("Ce certificat ne tient plus : le classement définitif a changé depuis."),
            code="certificate_stale",
        )
    return sent


def _team(
    request: HttpRequest,
    challenge: Challenge,
    public_id: UUID,
    may: Callable[[Viewer, Team], bool] = rules.may_read_certificate,
) -> Team:
    """Return a team for which this person may do this; 404 for any other."""
    found = Team.objects.filter(challenge=challenge, public_id=public_id).first()
    if found is None or not may(request.user, found):
        raise Hidden(denied=found)
    return found


def _phase(challenge: Challenge, index: str) -> Phase:
    if not re.fullmatch(r"[0-9]{1,4}", index):
        raise Invalid(_("Nommez une phase par son numéro."), code="phase_number")
    return phase_of(challenge, int(index))


def _shown(team: Team, phase: Phase) -> dict[str, Any]:
    """Say what a team obtained in a phase, its certificate and whether it stands."""
    stated = certified.stated(team, phase)
    issued = list(team.certificates.filter(phase=phase).order_by("-serial"))
    last = issued[0] if issued else None
    return {
        "phase": phase,
        "facts": facts(stated) if stated else [],
        "certificate": last,
        "stands": last is not None
        and stated is not None
        and certified.same(stated, certified.payload_of(last), certified.STANDS_ON),
        "former": issued[1:],
    }


def _name(certificate: Certificate) -> str:
    team, phase = certificate.team, certificate.phase
    return f"{phase.challenge.slug}-{team.slug}-{phase.index}-certificat-{certificate.serial}"


def _attached(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store, private"
    return response


@get_or_post
def propose(request: HttpRequest, slug: str, team: UUID) -> HttpResponse:
    """Say what a card of the team's winning entry would hold; open its draft by POST."""
    challenge = find_challenge(request, slug)
    found = _team(request, challenge, team, rules.may_propose_card)
    phase = reported(request, challenge)
    if phase is None:
        raise Hidden
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        kind = form.cleaned_data["kind"]
        made = results.propose_card(team=found, phase=phase, kind=kind, by=person(request))
        return redirect(_draft(made))
    stated = certified.stated(found, phase)
    known = certified.card_of(found, phase)
    context = challenge_context(request, slug, "standings") | {
        "of_team": found,
        "shown_phase": phase,
        "form": form,
        "facts": facts(stated) if stated else [],
        "winner": stated is not None and stated["rank"] == 1,
        "draft": _draft(known) if known else "",
    }
    return render(
        request, "challenges/results/card.html", context, status=422 if form.errors else 200
    )


def verified(resource: Resource) -> Sequence[VerifiedScore]:
    """Vouch for the score of a card, as the final board has it at this instant."""
    entry = (
        Entry.objects.filter(card=resource)
        .select_related(
            "enrolment__team",
            "enrolment__phase__reveal",
            "enrolment__phase__challenge__organiser",
        )
        .first()
    )
    if entry is None or not entry.enrolment.phase.challenge.is_public:
        return ()
    phase = entry.enrolment.phase
    challenge = phase.challenge
    address = f"{reverse('challenges:report', args=[challenge.slug])}?phase={phase.index}"
    stated = certified.stated(entry.enrolment.team, phase)
    if stated is None or stated["entry"] != str(entry.pk):
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
            value=decimal(stated["value"]) if stated["value"] else "–",
            interval=interval(stated),
            rank=rank(stated),
            teams=stated["teams"],
            evaluated_on=datetime.fromisoformat(stated["revealed_at"])
            .astimezone(clock.PARIS)
            .date(),
            proof=proof,
        ),
    )


def _draft(card: Resource) -> str:
    """Give the address of the card: its draft, or the card once online."""
    if card.live:
        return card.get_absolute_url()
    contribution = card.contributions.order_by("pk").first()
    return reverse("catalogue:contribution", args=[contribution.public_id]) if contribution else ""


class CardForm(forms.Form):
    """One choice among three kinds."""

    kind = forms.ChoiceField(
        label=gettext_lazy("Nature de la fiche"),
        choices=[
            ("solution", gettext_lazy("Solution")),
            ("algorithm", gettext_lazy("Algorithme")),
            ("model", gettext_lazy("Modèle pré-entraîné")),
        ],
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choisissez une solution, un algorithme ou un modèle."),
            "invalid_choice": gettext_lazy("Choisissez une solution, un algorithme ou un modèle."),
        },
    )
