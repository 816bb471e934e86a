"""What the catalogue shows in a person’s space and archive, and on the page of an organisation."""

from collections.abc import Iterator
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue.community import queries as community_queries
from catalogue.community.actions import alerts, follows, reports, reuses
from catalogue.community.models import FieldFeedback, Follow, Report, Reuse
from catalogue.contributions.enums import ContributionStatus
from catalogue.contributions.models import Contribution
from catalogue.contributions.queries import reviews
from catalogue.harvest import rules as harvest_rules
from catalogue.harvest.enums import SourceStatus
from catalogue.harvest.models import Source
from catalogue.resources import rules as resource_rules
from catalogue.resources.enums import ResourceKind
from catalogue.resources.models import Resource
from catalogue.resources.queries import relations
from catalogue.resources.queries.relations import transfers_for
from portal.accounts.models import Organisation, User
from portal.accounts.space import Item, Panel, Place
from portal.lib.prose import texts

TEMPLATE = "catalogue/community/organisation.html"


def organisation_panel(organisation: Organisation, viewer: Any) -> Panel:
    """Give the side panel of an organisation."""
    signed_in = viewer.is_authenticated
    return Panel(
        TEMPLATE,
        {
            "slug": organisation.slug,
            "followers": Follow.objects.filter(organisation=organisation).count(),
            "follows": signed_in and community_queries.follows(viewer, organisation=organisation),
            "use": relations.use_of_organisation(organisation),
            "collections": list(community_queries.collections_of(organisation)[:5]),
            "may_import": resource_rules.edits_for(viewer, organisation),
            "may_collect": resource_rules.edits_for(viewer, organisation),
        },
    )


SHOWN = 20
PLACES = (
    Place(gettext_lazy("Mes contributions"), "layers", "catalogue:contributions", lambda _u: True),
    Place(gettext_lazy("Suivis et recherches"), "star", "catalogue:followed", lambda _u: True),
    Place(
        gettext_lazy("Moissonnage"),
        "refresh-cw",
        "catalogue:harvest_sources",
        resource_rules.may_moderate,
    ),
    Place(gettext_lazy("Relecture"), "eye", "catalogue:moderation", resource_rules.may_moderate),
)


def to_do(user: User) -> Iterator[Item]:
    """List the changes to answer, the corrections asked for and the drafts to finish.

    For moderators, the queue too.
    """
    for contribution in reviews.waiting_for_owner(user)[:SHOWN]:
        yield _offered(contribution)
    for contribution in reviews.waiting_for_author(user)[:SHOWN]:
        yield _waiting(contribution)
    if resource_rules.may_moderate(user):
        yield from _queue()
        yield from _around()
        yield from _reports(user)
        yield from _sources(user)
        yield from _maskings(user)
    yield from _transfers(user)


def mine(user: User) -> Iterator[Item]:
    """List a person's contributions with their state, the latest first."""
    for contribution in reviews.mine(user)[:SHOWN]:
        kind = ResourceKind(contribution.resource.kind)
        status = contribution.status_enum
        yield Item(
            title=_title(contribution),
            url=_address(contribution),
            detail=kind.label,
            icon=kind.icon,
            tone=kind.tone,
            badge=status.label,
            badge_tone=status.tone,
            badge_icon=status.icon,
            language=contribution.resource.written_in,
        )


def figures(user: User) -> Iterator[tuple[Any, int]]:
    """Tell what was made of what a person has online; nothing for who has nothing."""
    use = relations.use_of_person(user)
    if use is not None:
        yield _("vues de vos ressources"), use["views"]
        yield _("téléchargements de vos ressources"), use["downloads"]
        yield _("réutilisations publiées"), use["reuses"]


def of_organisation(organisation: Organisation, viewer: Any) -> Iterator[Item]:
    """List what an organisation has published, the latest first; the same for every reader."""
    found = Resource.objects.public().filter(organisation=organisation)
    for resource in found.order_by("-first_published_at", "-pk")[:SHOWN]:
        kind = ResourceKind(resource.kind)
        yield Item(
            title=resource.title,
            url=resource.get_absolute_url(),
            detail=kind.label,
            icon=kind.icon,
            tone=kind.tone,
            language=resource.written_in,
        )


def contributions_described(user: User) -> list[dict[str, Any]]:
    """Describe a person's contributions, for the archive of their data."""
    return [
        {
            "titre": _title(contribution),
            "nature": contribution.resource.kind,
            "etat": contribution.status,
            "adresse": _address(contribution),
        }
        for contribution in reviews.mine(user)
    ]


def _of_state(contribution: Contribution, sentence: str, title: str, **more: Any) -> Item:
    """Give the row of a contribution that waits: what to do of it, the badge of its state."""
    status, language = contribution.status_enum, contribution.resource.written_in
    row: dict[str, Any] = {"badge": status.label} | more
    title = texts.sentence(sentence, language=language, title=title)
    return Item(title, icon=status.icon, tone=status.tone, badge_tone=status.tone, **row)


def _waiting(contribution: Contribution) -> Item:
    sentence = _("Terminer « %(title)s »")
    detail = _("Brouillon, que personne d’autre ne voit.")
    if contribution.status == ContributionStatus.CHANGES_REQUESTED:
        sentence = _("Répondre à la relecture de « %(title)s »")
        detail = _("La Région demande des corrections.")
    title, url = _title(contribution), _address(contribution)
    return _of_state(contribution, sentence, title, url=url, detail=detail)


def _offered(contribution: Contribution) -> Item:
    return _of_state(
        contribution,
        _("Répondre au changement proposé de « %(title)s »"),
        contribution.resource.title,
        url=reverse("catalogue:proposal_answer", args=(contribution.public_id,)),
        detail=_("Sans réponse, la Région décide seule."),
        badge=_("Votre avis"),
        due=contribution.owner_due_at,
    )


def _queue() -> Iterator[Item]:
    waits, _answered, late = reviews.standing()
    title = ngettext("Relire %(count)s contribution", "Relire %(count)s contributions", waits) % {
        "count": waits
    }
    badge = ngettext("%(count)s hors délai", "%(count)s hors délai", late) % {"count": late}
    yield Item(
        title=title,
        url=reverse("catalogue:moderation"),
        detail=_("File de relecture de la Région."),
        icon="inbox",
        tone="garance" if late else "calanque",
        badge=badge if late else "",
        badge_tone="garance",
    )


def _counted(count: int, sentence: str, url: str, detail: str, icon: str, tone: str) -> list[Item]:
    """Give the row of so many things to do; none where there is none."""
    if not count:
        return []
    return [Item(sentence % {"count": count}, url, detail, icon=icon, tone=tone)]


def _around() -> list[Item]:
    waits = community_queries.waiting_around()
    sentence = ngettext(
        "Relire %(count)s message ou réutilisation",
        "Relire %(count)s messages et réutilisations",
        waits,
    )
    detail = _("Premiers messages, réutilisations déclarées, retours de terrain.")
    url = reverse("catalogue:moderation_community")
    return _counted(waits, sentence, url, detail, "message-square", "calanque")


def _reports(user: User) -> list[Item]:
    waits = Report.objects.visible_to(user).open().count()
    sentence = ngettext("Examiner %(count)s signalement", "Examiner %(count)s signalements", waits)
    detail = _("Contenus que des visiteurs signalent à la Région.")
    url = reverse("catalogue:moderation_reports")
    return _counted(waits, sentence, url, detail, "flag", "garance")


def _sources(user: User) -> list[Item]:
    waiting = Source.objects.filter(status=SourceStatus.PROPOSED).select_related("organisation")
    rows = waiting.order_by("proposed_at", "pk")
    mine = [each for each in rows if harvest_rules.may_decide_source(user, each)]
    sentence = ngettext(
        "Répondre à %(count)s source proposée", "Répondre à %(count)s sources proposées", len(mine)
    )
    detail = _("Catalogues à moissonner : rien n’est lu avant votre accord.")
    url = reverse("catalogue:harvest_sources")
    if len(mine) == 1:
        url = reverse("catalogue:harvest_source", args=(mine[0].public_id,))
    return _counted(len(mine), sentence, url, detail, "refresh-cw", "calanque")


def _maskings(user: User) -> list[Item]:
    waits = len(community_queries.maskings_for(user))
    sentence = ngettext("Répondre à %(count)s masquage", "Répondre à %(count)s masquages", waits)
    detail = _("À confirmer, ou que l’on propose de lever : une seconde personne répond.")
    url = reverse("catalogue:moderation_reports")
    return _counted(waits, sentence, url, detail, "eye-off", "garance")


def _transfers(user: User) -> Iterator[Item]:
    for transfer in transfers_for(user)[:SHOWN]:
        card = transfer.resource
        sentence = _("Répondre au transfert de « %(title)s »")
        yield Item(
            title=texts.sentence(sentence, language=card.written_in, title=card.title),
            url=reverse("catalogue:transfer", args=(card.slug,)),
            detail=_("Vers %(name)s.") % {"name": transfer.target.name},
            icon="arrow-right",
            tone="calanque",
        )


def _title(contribution: Contribution) -> str:
    found: Any = contribution
    return str(found.proposed_title or _("Sans titre"))


def _address(contribution: Contribution) -> str:
    return reverse("catalogue:contribution", args=(contribution.public_id,))


def community_described(user: User) -> dict[str, Any]:
    """Describe what a person keeps and follows, for the archive of their data."""
    return {
        "recherches": list(
            community_queries.all_searches_of(user)
            .order_by("pk")
            .values("title", "query", "frequency", "created_at", "confirmed_at", "paused_at")
        ),
        "suivis": list(
            Follow.objects.filter(user=user)
            .order_by("pk")
            .values("resource__title", "organisation__name", "use_case", "tag", "at")
        ),
        "reutilisations": list(
            Reuse.objects.filter(by=user)
            .order_by("pk")
            .values("title", "url", "kind", "description", "organisation_name", "at", "state")
        ),
        "retours": list(
            FieldFeedback.objects.filter(by=user)
            .order_by("pk")
            .values("resource__title", "place", "used_on", "persons", "result", "at", "state")
        ),
        "signalements": list(
            Report.objects.filter(by=user)
            .order_by("pk")
            .values("url", "field", "category", "explanation", "at", "status", "contest_words")
        ),
        # What was decided against what the person wrote: never who reported it.
        "decisions": list(
            community_queries.statements(user).values(
                "report__title", "measure", "facts", "ground_text", "duration", "decided_at"
            )
        ),
    }


@transaction.atomic
def forget_person(user: User) -> None:
    """Erase what only served the person; those of their address without account go too."""
    alerts.forget_person(person=user)
    reuses.forget(person=user)
    follows.forget(person=user)
    reports.forget(person=user)
