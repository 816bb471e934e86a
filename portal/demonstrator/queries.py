"""What the pages of the demonstrator read."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch

from catalogue.resources.enums import UseCase
from catalogue.resources.models import Resource
from catalogue.resources.queries import lists
from challenges.entries.models import Entry
from challenges.organising.models.challenges import Challenge
from portal.demonstrator.models import LoadedData, Prototype
from portal.demonstrator.service import Served
from portal.demonstrator.sheets import Sheet

# Columns of a challenge that its line shows.
SHOWN = ("slug", "title", "summary", "language", "use_cases")


def prototypes() -> dict[str, Prototype]:
    """Read what was decided of each use case: two queries."""
    rows = Prototype.objects.prefetch_related("milestones")
    known = {row.use_case: row for row in rows}
    return {code: known.get(code) or Prototype(use_case=code) for code in UseCase.values}


def prototype(sheet: Sheet) -> Prototype:
    """Read one with its steps and what the catalogue says of it in public: four queries."""
    public = Resource.objects.public()
    cards = public.with_organisation().select_related("indexed")
    rows = Prototype.objects.prefetch_related(
        Prefetch("need", public), Prefetch("milestones"), Prefetch("components", cards)
    )
    return rows.filter(use_case=sheet.use_case).first() or Prototype(use_case=sheet.use_case)


def components(row: Prototype) -> list[lists.Row]:
    """List the components of a prototype as lines of the catalogue."""
    return [lists.row(each) for each in row.components.all()] if row.pk else []


def sources(engines: Served) -> list[LoadedData]:
    """List the official data that the engines in service learnt from; none for those of trial."""
    digests = {each for build in engines.builds.values() for each in build.data}
    rows = LoadedData.objects.filter(is_public=True, content_sha256__in=digests).reverse()
    # The same content may have been loaded again: its latest origin and licence.
    return list({row.content_sha256: row for row in rows}.values())


def challenges_for(sheet: Sheet, user: Any) -> list[Challenge]:
    """List the challenges that improve a use case, among those that a person may read."""
    rows = Challenge.objects.visible_to(user).only(*SHOWN).order_by("-published_at", "pk")
    return [row for row in rows if sheet.code in row.use_cases or row.slug in sheet.challenges]


def rewarded(challenges: Sequence[Challenge], row: Prototype) -> list[lists.Row]:
    """List the public cards of the winning entries of challenges that are no components yet."""
    if not challenges:
        return []
    won = Entry.objects.filter(enrolment__phase__challenge__in=challenges).values("card")
    cards = Resource.objects.public().with_organisation().select_related("indexed")
    known = {each.pk for each in row.components.all()} if row.pk else set()
    return [lists.row(each) for each in cards.filter(pk__in=won) if each.pk not in known]
