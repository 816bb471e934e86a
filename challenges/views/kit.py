"""Send the starter kit of a challenge."""

import hashlib
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from challenges.client import kit as kits
from challenges.models import Challenge, ChallengeDraft, Phase
from challenges.models import PublicFile as StoredFile
from challenges.organising.actions import phases
from challenges.organising.queries import current_phase
from challenges.teams.queries import latest_terms
from challenges.views.head import find
from challenges.views.packing import coding_of
from challenges.views.reading import contract_of
from challenges.views.words import FILE_ROLES
from portal.lib import clock, objects

CARRIED_ROLES = ("sample_submission", "baseline_program")


@login_not_required
@require_safe
def kit(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Send kit.zip, built from the challenge as it is."""
    challenge = find(request, slug)
    content = kits.build(kit_of(request, challenge))
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = f'attachment; filename="{slug}-kit.zip"'
    response["X-Content-Type-Options"] = "nosniff"
    response["ETag"] = quote_etag(hashlib.sha256(content).hexdigest())
    return response


def kit_of(request: HttpRequest, challenge: Challenge) -> kits.Kit:
    """Gather what the kit of a challenge holds."""
    files = list(challenge.files.all())
    terms = latest_terms(challenge)
    phase = current_phase(list(challenge.phases.order_by("index")), clock.now())
    contract = _contract(challenge, phase)
    sample = _sample(challenge, phase, files)
    example = objects.read(sample.sha256) if sample else None
    return kits.Kit(
        slug=challenge.slug,
        title=challenge.title,
        summary=challenge.summary,
        address=request.build_absolute_uri(
            reverse("challenges:presentation", args=[challenge.slug])
        ),
        contract=contract,
        quotas=_quotas(phase),
        rules=terms.text if terms else "",
        sample=example,
        coding=coding_of(challenge, phase, contract, example),
        files=[_described(request, challenge, each) for each in files],
        carried={
            each.name: objects.read(each.sha256) for each in files if each.role in CARRIED_ROLES
        },
    )


def _sample(
    challenge: Challenge, phase: Phase | None, files: Sequence[StoredFile]
) -> StoredFile | None:
    """Find the sample of the phase in view: its own, else that of the challenge."""
    written = ChallengeDraft.objects.filter(challenge=challenge).first()
    own = phases.scoring_of(written, phase.index) if phase else None
    name = own["sample"] if own else ""
    found = [each for each in files if name and each.name == name]
    found += [each for each in files if each.role == "sample_submission"]
    return found[0] if found else None


def _contract(challenge: Challenge, phase: Phase | None) -> dict[str, Any]:
    """Return the contract that the engine of the kit scores by; a program has none."""
    found = contract_of(challenge, phase)
    return found if "metrics" in found else {}


def _quotas(phase: Phase | None) -> str:
    if phase is None:
        return _("Les essais seront annoncés à l’ouverture.")
    if phase.max_per_day is None:
        return _("Sans limite par jour.")
    return _("%(day)s par jour et par équipe ; un fichier refusé n’utilise pas d’essai.") % {
        "day": phase.max_per_day
    }


def _described(request: HttpRequest, challenge: Challenge, each: StoredFile) -> kits.PublicFile:
    address = reverse("challenges:file", args=[challenge.slug, each.name])
    return kits.PublicFile(
        name=each.name,
        role=str(FILE_ROLES.get(each.role, each.role)),
        address=request.build_absolute_uri(address),
        sha256=each.sha256,
        size=each.size,
        place=each.role,
        rows=each.rows,
        columns=tuple(each.columns),
        args=tuple(each.args),
    )
