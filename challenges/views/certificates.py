"""Show, issue and send the certificates of a team: a page, a PDF, the signed JSON."""

import re
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from challenges import rules
from challenges.actions import certificates
from challenges.models import Certificate, Challenge, Phase, Team
from challenges.organising.views.layout import find_challenge, person, scene
from challenges.queries import certificates as reads
from challenges.queries.boards import phase_of
from challenges.views import certificate_words as words
from portal.lib import paper
from portal.lib.refusals import Conflict, Hidden, Invalid

MOST_DIGITS = 4


@dataclass(frozen=True)
class Shown:
    """A phase of the page: what the team obtained, its certificate and whether it stands."""

    phase: Phase
    facts: list[tuple[str, str]]
    certificate: Certificate | None
    stands: bool
    former: list[Certificate]


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, slug: str, team: UUID) -> HttpResponse:
    """Show the certificates of a team, phase by phase; issue one by POST."""
    challenge = find_challenge(request, slug)
    found = _team(request, challenge, team)
    if request.method == "POST":
        certificates.issue(
            team=found, phase=_phase(challenge, request.POST.get("phase", "")), by=person(request)
        )
        messages.success(request, _("Certificat établi et signé."))
        return redirect("challenges:certificates", slug, team)
    context = scene(request, slug, "entries") | {"of_team": found}
    phases = challenge.phases.filter(reveal__executed_at__isnull=False).order_by("index")
    context["shown"] = [
        _shown(found, phase) for phase in phases.select_related("challenge__organiser", "reveal")
    ]
    return render(request, "challenges/certificates.html", context)


@require_safe
def pdf(request: HttpRequest, slug: str, team: UUID, index: int) -> HttpResponse:
    """Send the certificate in force as PDF, in the language of the page; 409 for any other."""
    certificate = _asked(request, slug, team, index)
    if certificate != reads.head(certificate.team, certificate.phase):
        raise Conflict(
            _("Ce certificat a été remplacé : téléchargez celui qui est en vigueur."),
            code="certificate_replaced",
        )
    payload = reads.payload_of(certificate)
    address = f"{settings.SITE_URL}{reverse('challenges:receipts')}?empreinte={certificate.sha256}"
    sheet = paper.Sheet(
        language=translation.get_language() or settings.LANGUAGE_CODE,
        brand=("Open Emploi", _("Région Provence-Alpes-Côte d’Azur")),
        title=_("Certificat de résultat"),
        lead=words.lead(payload),
        facts=words.facts(payload, reads.members(certificate.team)),
        notes=words.notes(payload, certificate.sha256),
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
    if sent == reads.head(found, sent.phase) and not reads.stands(sent):
        raise Conflict(
            _("Ce certificat ne tient plus : le classement définitif a changé depuis."),
            code="certificate_stale",
        )
    return sent


def _team(request: HttpRequest, challenge: Challenge, public_id: UUID) -> Team:
    """Return a team whose certificates this person may read; 404 for any other."""
    found = Team.objects.filter(challenge=challenge, public_id=public_id).first()
    if found is None or not rules.may_read_certificate(request.user, found):
        raise Hidden(denied=found)
    return found


def _phase(challenge: Challenge, index: str) -> Phase:
    if not re.fullmatch(r"[0-9]{1,4}", index):
        raise Invalid(_("Nommez une phase par son numéro."), code="phase_number")
    return phase_of(challenge, int(index))


def _shown(team: Team, phase: Phase) -> Shown:
    stated = reads.stated(team, phase)
    issued = list(team.certificates.filter(phase=phase).order_by("-serial"))
    last = issued[0] if issued else None
    return Shown(
        phase=phase,
        facts=words.facts(stated) if stated else [],
        certificate=last,
        stands=last is not None
        and stated is not None
        and reads.same(stated, reads.payload_of(last), reads.STANDS_ON),
        former=issued[1:],
    )


def _name(certificate: Certificate) -> str:
    team, phase = certificate.team, certificate.phase
    return f"{phase.challenge.slug}-{team.slug}-{phase.index}-certificat-{certificate.serial}"


def _attached(content: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store, private"
    return response
