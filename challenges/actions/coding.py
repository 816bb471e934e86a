"""Say that the teams of a challenge send code, and how it is run."""

from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from challenges import rules as permissions
from challenges.bundles.code import (
    ENVIRONMENTS,
    KEY,
    LAYOUTS,
    MEMORY_MB,
    PACKAGE_BYTES,
    SECONDS,
    CodeRules,
)
from challenges.enums import (
    ChallengeStatus,
    LogAudience,
    NoticeKind,
    PhaseKind,
    PhaseMoment,
)
from challenges.models import Challenge, Entry
from challenges.organising.actions import drafts
from challenges.organising.actions.notices import announce
from portal.accounts.authorization import require
from portal.accounts.models import User
from portal.audit.outbox import owe
from portal.audit.record import record
from portal.lib import clock
from portal.lib.refusals import Conflict, Invalid


def rules_of(challenge: Challenge) -> CodeRules | None:
    """Read what the document of a challenge says of code; None where teams send predictions."""
    said = challenge.bundle.get(KEY)
    if not isinstance(said, dict):
        return None
    known = {name: said[name] for name in CodeRules.__dataclass_fields__ if name in said}
    if "layouts" in known:
        known["layouts"] = tuple(known["layouts"])
    return CodeRules(**known)


@transaction.atomic
def settle(*, challenge: Challenge, rules: CodeRules | None, by: User) -> Challenge:
    """Choose what the teams of a draft send: code run under these rules, or predictions (None).

    In order: the document; files that only the other choice has taken out of it; limits of the
    phases of code; the last check no longer stands where the choice itself changed; event
    "challenge.code_settled". The same rules change nothing. Raises NotAllowed; Conflict once it
    left the draft; Invalid for rules out of bounds.
    """
    challenge = drafts.locked_draft(challenge, by)
    former = rules_of(challenge)
    if rules is not None:
        _refuse_out_of_bounds(rules)
    if rules == former:
        return challenge
    document = {key: value for key, value in challenge.bundle.items() if key != KEY}
    if rules is not None:
        document[KEY] = asdict(rules) | {"layouts": list(rules.layouts)}
    turned = (rules is None) != (former is None)
    if rules is not None and former is not None and _reads_otherwise(rules, former):
        drafts.reopen(drafts.written_of(challenge))
    if turned:
        document["files"] = _without_the_others(challenge, is_code=rules is not None)
        written = drafts.written_of(challenge)
        if written.scorings and rules is not None:
            raise Conflict(
                _("Une phase a ses propres réponses : retirez-les avant de demander du code."),
                code="code_phase_scoring",
            )
        drafts.reopen(written)
    challenge.bundle = document
    challenge.version += 1
    challenge.save(update_fields=["bundle", "version"])
    if rules is not None:
        _limit(challenge, rules)
    record("challenge.code_settled", by=by, on=challenge, code=rules is not None)
    return challenge


@transaction.atomic
def amend(*, challenge: Challenge, rules: CodeRules, by: User) -> Challenge:
    """Change how code is run in a published challenge, before anybody could send any.

    In order: the document; limits of its phases; notice and letters; event
    "challenge.code_amended". The same rules change nothing. Raises NotAllowed; Invalid for rules
    out of bounds or another environment; Conflict once a phase opened or a team sent something,
    or where teams do not send code.
    """
    # Once it left the draft, phases are held before their challenge: their dates move so.
    list(challenge.phases.select_related(None).select_for_update().order_by("pk"))
    challenge = Challenge.objects.locked(challenge)
    require(permissions.may_edit_challenge, by, challenge)
    former = rules_of(challenge)
    if former is None or not may_amend(challenge):
        raise Conflict(
            _("Une phase a déjà ouvert, ou une équipe a déjà soumis : ceci ne change plus."),
            code="frozen",
        )
    _refuse_out_of_bounds(rules)
    if _reads_otherwise(rules, former):
        raise Invalid(
            _("Présentations et environnement ne changent que dans un brouillon."),
            code="code_rules",
        )
    if rules == former:
        return challenge
    said = asdict(rules) | {"layouts": list(rules.layouts)}
    challenge.bundle = {**challenge.bundle, KEY: said}
    challenge.version += 1
    challenge.save(update_fields=["bundle", "version"])
    _limit(challenge, rules)
    notice = announce(
        challenge=challenge,
        kind=NoticeKind.TEXT,
        sentence=gettext_lazy("Les règles d’exécution des programmes changent avant l’ouverture."),
        at=clock.now(),
    )
    record("challenge.code_amended", by=by, on=challenge)
    owe("mail.notice", key=str(notice.pk), notice_id=notice.pk)
    return challenge


def may_amend(challenge: Challenge) -> bool:
    """Say whether a published challenge has neither opened a phase nor received anything."""
    now = clock.now()
    before = {PhaseMoment.COMING, PhaseMoment.UNDATED}
    begun = any(each.moment(now) not in before for each in challenge.phases.all())
    entered = Entry.objects.filter(
        enrolment__phase__challenge=challenge, is_baseline=False
    ).exists()
    return challenge.status == ChallengeStatus.PUBLISHED and not begun and not entered


def _limit(challenge: Challenge, rules: CodeRules) -> None:
    challenge.phases.filter(kind=PhaseKind.CODE).update(
        time_limit_s=rules.time_limit_s,
        memory_mb=rules.memory_mb,
        logs=LogAudience(rules.logs),
        max_bytes=rules.max_bytes,
    )


def _reads_otherwise(rules: CodeRules, former: CodeRules) -> bool:
    """Say whether packages are read in another way: it is in the plan that the check makes."""
    return (rules.layouts, rules.environment) != (former.layouts, former.environment)


def _refuse_out_of_bounds(rules: CodeRules) -> None:
    within = (
        SECONDS[0] <= rules.time_limit_s <= SECONDS[1]
        and MEMORY_MB[0] <= rules.memory_mb <= MEMORY_MB[1]
        and PACKAGE_BYTES[0] <= rules.max_bytes <= PACKAGE_BYTES[1]
    )
    known = rules.environment in ENVIRONMENTS and set(rules.layouts) <= set(LAYOUTS)
    if not (within and known and rules.layouts and rules.logs in set(LogAudience)):
        raise Invalid(
            _("Ces règles ne sont pas de celles que le portail sait appliquer."), code="code_rules"
        )


def _without_the_others(challenge: Challenge, *, is_code: bool) -> dict[str, Any]:
    """Leave out the files that the new choice has no place for; what was sealed stays sealed."""
    refused = drafts.NOT_IN_CODE if is_code else drafts.ONLY_IN_CODE
    return {
        audience: [each for each in listed if each["role"] not in refused]
        for audience, listed in drafts.files_of(challenge).items()
    }
