"""Blur the public scores of a phase, or show them exactly: decided in the draft."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from challenges import rules
from challenges.actions import baselines, phase_scorings, phases
from challenges.enums import ChallengeStatus, ScorerKind
from challenges.models import Challenge, ChallengeDraft, Entry, Phase, PhaseTask, ScorerVersion
from challenges.scoring import privacy
from challenges.scoring.contract import MOST_EPSILON, ScoringContract
from portal.accounts.authorization import require
from portal.audit.actors import Actor
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid


@transaction.atomic
def set_epsilon(*, phase: Phase, epsilon: float | None, by: Actor) -> Phase:
    """Set what an entry of a phase spends of confidentiality, None to show exact scores.

    In order: a scorer version whose contract says it, its task in force; the phase; for the
    first one, the document and the phases that are scored as it is; the reference scored again;
    version of the challenge; event "phase.blurred". The same number changes nothing. Raises
    NotAllowed; Conflict once the challenge has left the draft; Invalid for a phase scored as the
    first one, out of range, beside a Ladder, with several tasks, or for a figure that cannot be
    blurred.
    """
    challenge = Challenge.objects.locked(phase.challenge)  # first, as all that changes a draft
    require(rules.may_edit_challenge, by, challenge)
    if challenge.status != ChallengeStatus.DRAFT:
        raise Conflict(
            _("La confidentialité renforcée se décide dans le brouillon, avant la relecture."),
            code="privacy_frozen",
        )
    phase = Phase.objects.locked(phase)
    if epsilon == phase.privacy_epsilon:
        return phase
    task = phase.tasks.filter(current=True).select_related("scorer_version__scorer").first()
    if task is None or task.scorer_version.scorer.kind != ScorerKind.METRIC:
        raise Conflict(
            _("Ce challenge n’a pas encore de mesures : importez-le d’abord."),
            code="privacy_no_metrics",
        )
    alike = _alike(phase)
    if epsilon is not None:
        _refuse(phase, task, epsilon, alike)
    _rule(task, epsilon)
    phase.privacy_epsilon = epsilon
    phase.save(update_fields=["privacy_epsilon"])
    if phase.index == 0:
        _into_document(challenge, epsilon)
        for other in alike:
            phases.liken(other, phase)
    for entry in Entry.objects.filter(enrolment__phase=phase, is_baseline=True).order_by("pk"):
        baselines.score_again(Entry.objects.locked(entry))
    challenge.version += 1
    challenge.save(update_fields=["version", "bundle"])
    record("phase.blurred", by=by, on=phase, epsilon=epsilon)
    return phase


def _alike(phase: Phase) -> list[Phase]:
    """List the phases scored as the first one: the same answers, blurred the same.

    Raises Invalid for one of those: its scores would tell what the first one blurs.
    """
    written = ChallengeDraft.objects.filter(challenge=phase.challenge).first()
    if phase.index == 0:
        others = phase.challenge.phases.filter(index__gt=0).order_by("index")
        return [each for each in others if phase_scorings.of(written, each.index) is None]
    if phase_scorings.of(written, phase.index) is None:
        raise Invalid(
            _("Cette phase est notée comme la première : l’option se décide à la première."),
            code="privacy_as_first",
        )
    return []


def _into_document(challenge: Challenge, epsilon: float | None) -> None:
    """Keep the document of the challenge equal to its first phase: a later build reads it."""
    board = dict(challenge.bundle.get("leaderboard") or {})
    board.pop("privacy_epsilon", None)
    if epsilon is not None:
        board["privacy_epsilon"] = epsilon
    challenge.bundle = {**challenge.bundle, "leaderboard": board}


def _refuse(phase: Phase, task: PhaseTask, epsilon: float, alike: Sequence[Phase]) -> None:
    if not 0 < epsilon <= MOST_EPSILON:
        raise Invalid(
            _("Un nombre supérieur à 0 et d’au plus %(most)s est attendu.")
            % {"most": f"{MOST_EPSILON:g}"},
            code="privacy_range",
        )
    if any(each.climbs for each in (phase, *alike)):
        raise Invalid(
            _("Pas avec une échelle : elle compare les scores exacts."), code="privacy_ladder"
        )
    written = ChallengeDraft.objects.filter(challenge=phase.challenge).first()
    several = phase.tasks.filter(current=True, index__gt=0).exists()
    if several or any(phase_scorings.tasks_of(written, each.index) for each in (phase, *alike)):
        raise Invalid(phase_scorings.SEVERAL_BLURRED, code="privacy_tasks")
    contract = ScoringContract.from_json(task.scorer_version.spec)
    faults = privacy.problems(contract, phase.leak_facts.get("units"))
    if faults:
        raise Invalid(sentence(*faults[0]), code="privacy_sensitivity")


def _rule(task: PhaseTask, epsilon: float | None) -> None:
    """Put in force a scorer version whose contract says what an entry spends."""
    spec: dict[str, Any] = {k: v for k, v in task.scorer_version.spec.items() if k != "privacy"}
    if epsilon is not None:
        spec["privacy"] = {"epsilon": epsilon}
    digest = ScoringContract.from_json(spec).digest
    scorer = task.scorer_version.scorer
    version = scorer.versions.filter(digest=digest).order_by("-number").first()
    if version is None:
        version = ScorerVersion.objects.create(
            scorer=scorer,
            number=scorer.versions.count() + 1,
            spec=spec,
            digest=digest,
            created_at=clock.now(),
        )
    PhaseTask.objects.filter(pk=task.pk).update(current=False)
    PhaseTask.objects.create(
        phase_id=task.phase_id,
        index=task.index,
        name=task.name,
        scorer_version=version,
        holdout_id=task.holdout_id,
        plan_id=task.plan_id,
    )


def sentence(key: str, why: str) -> str:
    """Say why a figure cannot be shown with noise; why: a word of privacy.problems."""
    match why:
        case "sensitivity":
            text = _(
                "« %(key)s » n’a pas de sensibilité déclarée ; avec la confidentialité renforcée, "
                "les mesures admises sont : %(known)s"
            )
        case "range":
            text = _(
                "« %(key)s » demande des réponses de 0 à 1 : déclarez le « min » et le « max » de "
                "leur colonne"
            )
        case "weight":
            text = _("des lignes pondérées n’ont pas de sensibilité déclarée")
        case _:
            text = _("il faut au moins %(fewest)s lignes publiques")
    facts = {"key": key, "known": ", ".join(privacy.KNOWN), "fewest": privacy.FEWEST_UNITS}
    return text % facts
