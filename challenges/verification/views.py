"""Verify any receipt, publish the keys that verify them."""

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from challenges.client.receipts import ReceiptState, to_pem
from challenges.evaluation.enums import Split
from challenges.receipts.queries import Judgement, known_keys, published_keys
from challenges.results.views import certificates as certificate_views
from challenges.verification.forms import ReceiptForm
from challenges.verification.queries import judge, judge_known
from portal.lib import clock, rates
from portal.lib.web.requests import get_or_post

GENUINE = {ReceiptState.VALID, ReceiptState.SUPERSEDED, ReceiptState.REVOKED}
DIGEST = re.compile(r"[0-9a-f]{64}")
KEYS_SECONDS = 3_600


@login_not_required
@get_or_post
def verify(request: HttpRequest) -> HttpResponse:
    """Say what a receipt is worth: a file or a text, read at once and never kept.

    ?empreinte= names one by its digest: printed on a certificate, linked from a card.
    """
    digest = request.GET.get("empreinte", "")
    if request.method != "POST" and not digest:
        return _page(request, ReceiptForm())
    if not _may_ask(request):
        return render(request, "429.html", status=429)
    if request.method != "POST":
        known = judge_known(digest) if DIGEST.fullmatch(digest) else None
        absent = Judgement(ReceiptState.UNREGISTERED)
        return _page(request, ReceiptForm(), judgement=known or absent)
    form = ReceiptForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, form, status=422)
    return _page(request, ReceiptForm(), judgement=judge(form.content))


@login_not_required
@require_safe
@cache_control(public=True, max_age=KEYS_SECONDS)
def key_pem(request: HttpRequest, key_id: str) -> HttpResponse:
    """Send one public key, in PEM."""
    public = known_keys().get(key_id)
    if public is None:
        raise Http404
    response = HttpResponse(to_pem(public), content_type="application/x-pem-file")
    response["Content-Disposition"] = f'attachment; filename="recepisses-{key_id}.pem"'
    return response


def _may_ask(request: HttpRequest) -> bool:
    rate = f"{settings.RECEIPT_CHECKS_PER_MINUTE}/m/ip"
    return rates.may_ask(request, "receipts", rate)


def _page(
    request: HttpRequest,
    form: ReceiptForm,
    *,
    judgement: Judgement | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {"section": "challenges", "form": form, "keys": published_keys()}
    if judgement is not None:
        context |= {"judgement": judgement, "state": judgement.state.value}
        if judgement.receipt is not None and judgement.state in GENUINE:
            context |= _shown(judgement.receipt.payload)
    response = render(request, "challenges/receipts/receipts.html", context, status=status)
    response["Cache-Control"] = "no-store, private"
    return response


def _shown(payload: Any) -> dict[str, Any]:
    """Lay out what a genuine receipt or certificate states."""
    if payload.get("kind") == "certificate":
        return _certified(payload)
    texts = [
        (_("Challenge"), payload.get("challenge")),
        (_("Équipe"), payload.get("team")),
        (_("Phase"), payload.get("phase")),
        (_("Soumission"), payload.get("number")),
        (_("Version de la notation"), payload.get("scorer_version")),
    ]
    moments = [
        (_("Fichier reçu le"), _moment(payload.get("received_at"))),
        (_("Récépissé émis le"), _moment(payload.get("issued_at") or payload.get("released_at"))),
    ]
    digests = [
        (_("Fichier déposé"), payload.get("sha256")),
        (_("Contrat de notation"), payload.get("contract_sha256") or payload.get("scorer")),
        (_("Moteur de notation"), payload.get("engine_sha256")),
        (_("Données réservées, scellées"), payload.get("holdout_sha256")),
    ]
    return {
        "texts": [(label, value) for label, value in texts if value not in (None, "")],
        "moments": [(label, value) for label, value in moments if value],
        "digests": [(label, value) for label, value in digests if value],
        "is_certificate": False,
        "is_score": payload.get("kind") == "score",
        "figures": [
            {
                "part": Split(split).label,
                "key": key,
                "text": text,
                "interval": payload.get("intervals", {}).get(split, {}).get(key),
            }
            for split, values in sorted(payload.get("values", {}).items(), reverse=True)
            for key, text in sorted(values.items())
        ],
    }


def _certified(payload: Any) -> dict[str, Any]:
    texts = [(_("Challenge"), payload["challenge_title"]), *certificate_views.facts(payload)]
    return {
        "texts": texts,
        "moments": [(_("Certificat établi le"), _moment(payload["issued_at"]))],
        "digests": [(_("Fichier noté"), payload["sha256"])],
        "is_certificate": True,
        "is_score": False,
        "figures": [],
    }


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(clock.PARIS) if text else None
