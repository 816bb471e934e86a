"""The journal of a challenge: the acts of those who run it, of the Region and of the worker."""

from collections.abc import Mapping, Sequence

from challenges.models import Certificate, Challenge, ChallengeOrganiser, Entry, Rescoring, Reveal
from datasets.models import HoldoutVersion
from portal.accounts.models import User
from portal.audit.reading import Told, events
from portal.audit.record import reference

FAMILIES = (
    "challenge",
    "phase",
    "organiser",
    "guests",
    "notice",
    "holdout",
    "registration",
    "baseline",
    "reveal",
    "scorer",
    "rescoring",
    "forum",
    "disqualification",
    "certificate",
)
# What a participant does is theirs.
APART = frozenset({"challenge.joined", "disqualification.answered"})


def acts(challenge: Challenge) -> Sequence[Told]:
    """List the acts on a challenge, the newest first; nothing of what teams do."""
    return events(_references(challenge), families=FAMILIES, apart=APART)


def _references(challenge: Challenge) -> list[str]:
    found = [reference(challenge), *map(reference, challenge.phases.all())]
    found += map(reference, Reveal.objects.filter(phase__challenge=challenge))
    found += map(reference, Rescoring.objects.filter(phase__challenge=challenge))
    found += map(reference, challenge.disqualifications.all())
    found += map(reference, Certificate.objects.filter(phase__challenge=challenge).order_by("pk"))
    baselines = Entry.objects.filter(enrolment__phase__challenge=challenge, is_baseline=True)
    found += map(reference, baselines.order_by("pk").only("pk"))
    sealed = HoldoutVersion.objects.filter(
        holdout__owner=challenge.organiser_id, holdout__name=challenge.slug
    ) | HoldoutVersion.objects.filter(
        holdout__owner=challenge.organiser_id, holdout__name__startswith=f"{challenge.slug}/"
    )
    return [*found, *map(reference, sealed)]


def names(challenge: Challenge, told: Sequence[Told]) -> Mapping[str, str]:
    """Name the actors who run the challenge or act for the Region; nobody else is named."""
    keys = {each.actor for each in told}
    own = ChallengeOrganiser.objects.filter(challenge=challenge).values("user_id")
    people = User.objects.filter(person_key__in=keys).prefetch_related("region_appointments")
    running = set(User.objects.filter(pk__in=own).values_list("pk", flat=True))
    return {
        each.person_key: str(each)
        for each in people
        if each.pk in running or any(one.ended_at is None for one in each.region_appointments.all())
    }
