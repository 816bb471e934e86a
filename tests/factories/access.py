"""Requests for restricted data, in the states that tests need; each act is really done."""

import io
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.test import override_settings

from challenges.models import Challenge, ChallengeDraft
from challenges.organising.enums import BuildState
from datasets.access import queries
from datasets.access.actions import drafts, extracts, grants, review
from datasets.access.enums import ForbiddenUse, Purpose, Verdict
from datasets.access.models import AccessRequest, Grant
from datasets.releases.actions import NewFile, publish
from datasets.releases.enums import AccessLevel
from datasets.releases.models import DataFile, Dataset
from portal.accounts.enums import RegionRole
from portal.accounts.models import Organisation, User
from tests.factories.accounts import OrganisationFactory, UserFactory
from tests.factories.datasets import DataFileFactory, member

SERVICE = "Dire aux conseillères où former. " * 8
COLUMNS = ("jeton", "zone", "sexe", "sortie")
PROTECTIONS = ("pseudonym", "generalised", "conditional", "free")
ROWS = b"jeton,zone,sexe,sortie\np1,Arles,F,emploi\np2,Gap,H,formation\np1,Gap,F,emploi\n"


def restricted(organisation: Organisation | None = None, **values: Any) -> Dataset:
    """Make a dataset of the directory with one restricted table of four columns."""
    values.setdefault("level", AccessLevel.RESTRICTED_PERSONAL)
    values.setdefault("content", ROWS)
    if organisation is not None:
        values["release__dataset__resource__organisation"] = organisation
    file = DataFileFactory(
        release__dataset__in_directory=True,
        schema=[
            {"name": name, "type": "string", "description": "", "filled": 100, "protection": kind}
            for name, kind in zip(COLUMNS, PROTECTIONS, strict=True)
        ],
        **values,
    )
    return Dataset.objects.get(pk=file.release.dataset_id)


def build_extracts() -> int:
    """Build every extract that is due, as the scoring worker does; return how many tries."""
    own = settings.EMBEDDED_HOLDOUT_PRIVATE_KEY_FILE
    with override_settings(HOLDOUT_PRIVATE_KEY_FILE=own):
        return sum(iter(extracts.build_due, False))


def again(request: AccessRequest) -> AccessRequest:
    """Read a request anew."""
    return AccessRequest.objects.select_related("organisation").get(pk=request.pk)


@dataclass
class World:
    """Two producers with a dataset each, who asks, who is named, and the Region's people."""

    producers: list[Organisation] = field(
        default_factory=lambda: OrganisationFactory.create_batch(2)
    )
    organisation: Organisation = field(default_factory=OrganisationFactory)
    officer: User = field(default_factory=lambda: UserFactory(region=RegionRole.OFFICER))
    approver: User = field(default_factory=lambda: UserFactory(region=RegionRole.APPROVER))
    dpo: User = field(default_factory=lambda: UserFactory(region=RegionRole.DPO))
    reader: User = field(default_factory=UserFactory)

    content: bytes = ROWS

    def __post_init__(self) -> None:
        self.by = member(self.organisation)
        self.datasets = [restricted(each, content=self.content) for each in self.producers]
        self.hands = [member(each) for each in self.producers]

    def publish(self, *rows: str) -> DataFile:
        """Publish the next release of the first dataset, as its producer does: a row a text."""
        columns = zip(COLUMNS, PROTECTIONS, strict=True)
        file = NewFile(
            "parcours.csv",
            io.BytesIO("\n".join([",".join(COLUMNS), *rows, ""]).encode()),
            AccessLevel.RESTRICTED_PERSONAL,
            columns={name: {"protection": protection} for name, protection in columns},
        )
        release = publish(dataset=self.datasets[0], files=[file], by=self.hands[0])
        return release.files.get()

    def draft(self, *datasets: Dataset, **values: Any) -> AccessRequest:
        """Write a request that lacks nothing; values: what it says otherwise."""
        wanted = datasets or tuple(self.datasets)
        request = drafts.start(datasets=wanted, organisation=self.organisation, by=self.by)
        said: dict[str, Any] = {
            "title": "Former où l’on recrute",
            "summary": "Un tableau public par zone d’emploi.",
            "purpose": Purpose.TRAINING_STEERING,
            "service": SERVICE,
            "use_cases": "Choisir où ouvrir une formation.",
            "beneficiaries": "Les demandeurs d’emploi de la région",
            "legal_basis": "Mission d’intérêt public",
            "security": "Disques chiffrés, accès par clé.",
            "hosting": "FR",
            "months": 12,
            "datasets": {
                each: {"jeton": "Relier les étapes.", "zone": "Comparer.", "sortie": ""}
                for each in wanted
            },
            "persons": [self.by.email, self.reader.email],
            "returns": [("Un tableau et son code", 6)],
            "pledges": list(ForbiddenUse.values),
        }
        drafts.save(request=request, values=said | values, by=self.by)
        return again(request)

    def submitted(self, *datasets: Dataset, **values: Any) -> AccessRequest:
        """Send a whole request."""
        request = self.draft(*datasets, **values)
        drafts.submit(request=request, by=self.by)
        return again(request)

    def admitted(self, *datasets: Dataset, **values: Any) -> AccessRequest:
        """Bring a request to its examination."""
        request = self.submitted(*datasets, **values)
        review.admit(request=request, edits=request.edits, by=self.officer)
        return again(request)

    def advised(
        self,
        *datasets: Dataset,
        opposed: Organisation | None = None,
        dpo: Verdict = Verdict.FAVOURABLE,
        months: int | None = None,
        **values: Any,
    ) -> AccessRequest:
        """Bring a request to its decision: everybody gave an opinion."""
        request = self.admitted(*datasets, **values)
        hands = dict(zip([each.pk for each in self.producers], self.hands, strict=True))
        for opinion in queries.opinions_of(request):
            against = opinion.is_dpo and dpo is Verdict.UNFAVOURABLE
            against |= opposed is not None and opinion.organisation_id == opposed.pk
            review.give_opinion(
                opinion=opinion,
                verdict=Verdict.UNFAVOURABLE if against else Verdict.FAVOURABLE,
                text="Non prévu par nos conventions." if against else "",
                months=None if opinion.is_dpo else months,
                by=self.dpo if opinion.is_dpo else hands[opinion.organisation_id or 0],
            )
        return again(request)

    def granted(self, *datasets: Dataset, **values: Any) -> Grant:
        """Bring a request to its grant, which nobody has signed."""
        request = self.advised(*datasets, **values)
        return review.approve(
            request=request,
            months=queries.terms_of(request).months,
            text="Finalité admise.",
            edits=request.edits,
            by=self.approver,
        )

    def active(self, *datasets: Dataset, **values: Any) -> Grant:
        """Bring a request to a grant that who asked and the reader have signed."""
        grant = self.granted(*datasets, **values)
        grants.sign(grant=grant, by=self.by)
        return grants.sign(grant=Grant.objects.get(pk=grant.pk), by=self.reader)

    def lent(self, *datasets: Dataset, **values: Any) -> Grant:
        """Bring a request to a grant whose extracts are built."""
        grant = self.active(*datasets, **values)
        build_extracts()
        return grant


def lend(challenge: Challenge) -> Grant:
    """Put a challenge under a live grant of its organisation, as its draft and its check do."""
    grant = World(organisation=challenge.organiser).active(organises_challenge=True)
    Challenge.objects.filter(pk=challenge.pk).update(grant=grant, restricted=True)
    ChallengeDraft.objects.update_or_create(
        challenge=challenge, defaults={"number": 1, "state": BuildState.DONE}
    )
    challenge.refresh_from_db()
    return grant
