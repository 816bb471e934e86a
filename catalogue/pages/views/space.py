"""What the catalogue shows in a person’s space and archive, and on the page of an organisation."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Case, Q, When
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from catalogue.community import queries as community_queries
from catalogue.community.actions import alerts, follows, reports, reuses
from catalogue.community.models import Follow, Report, Reuse
from catalogue.contributions.enums import OPEN_CONTRIBUTIONS, ContributionStatus
from catalogue.contributions.forms import steps
from catalogue.contributions.models import Contribution, Decision
from catalogue.contributions.queries import proposals, reviews
from catalogue.harvest import rules as harvest_rules
from catalogue.harvest.enums import SourceStatus
from catalogue.harvest.models import Source
from catalogue.resources import rules as resource_rules
from catalogue.resources.enums import ResourceKind
from catalogue.resources.models import Resource
from catalogue.resources.queries import lists, quality, relations
from catalogue.search.text import fold
from portal.accounts.account_data import columns_of
from portal.accounts.models import Organisation, User
from portal.accounts.space import Item, ItemSource, Panel, Place
from portal.lib import clock
from portal.lib.prose import texts

TEMPLATE = "catalogue/community/organisation.html"


def organisation_panel(organisation: Organisation, request: HttpRequest) -> Panel:
    """Give what an organisation has published, a tab a kind, and who follows it."""
    viewer: Any = request.user
    slug, signed_in = organisation.slug, viewer.is_authenticated
    counts = relations.kinds_published_by(organisation)
    chosen = request.GET.get("kind", "")
    wanted = {"kind": chosen} if chosen in counts else {}
    cards = relations.published_by(organisation).with_organisation().select_related("indexed")
    over = Q(details__closes_on__lt=f"{clock.paris_day(clock.now())}") | ~Q(archived_at=None)
    ordered = cards.filter(**wanted).annotate(over=Case(When(over, then=1), default=0))
    ordered = ordered.order_by("over", "-indexed__updated_on", "-indexed__quality", "-pk")
    shown = Paginator(ordered, SHOWN_CARDS).get_page(request.GET.get("page"))
    page = reverse("organisation", args=[slug])
    often = counts.items() if len(counts) > 1 else ()
    told = list(cards.values_list("homepage_url", "repository_url", "first_published_at"))
    tabs = [(_("Toutes"), page, sum(counts.values()))]
    tabs += [
        (str(ResourceKind(kind).plural), f"{page}?kind={kind}", counts[kind]) for kind in counts
    ]
    return Panel(
        TEMPLATE,
        {
            "slug": slug,
            "page": shown,
            "rows": [lists.row(each) for each in shown],
            "tabs": tabs if len(counts) > 1 else [],
            "tab": ResourceKind(chosen).plural if wanted else _("Toutes"),
            "followers": Follow.objects.filter(organisation=organisation).count(),
            "follows": signed_in and community_queries.follows(viewer, organisation=organisation),
            "use": relations.use_of_organisation(organisation),
            "cards": sum(counts.values()),
            "most": next(((n, ResourceKind(k).plural) for k, n in often if n > 1), None),
            "last": max((at for _home, _code, at in told if at), default=None),
            "kind": chosen if wanted else "",
            "sites": _sites(organisation, chain(*(each[:2] for each in told))),
            "collections": list(community_queries.collections_of(organisation)[:5]),
            "may_write": resource_rules.edits_for(viewer, organisation),
        },
    )


# Where the first part of a path says who one is.
FORGES = frozenset({"github.com", "gitlab.com", "huggingface.co"})
MOST_SITES, SHORTEST_NAME = 3, 3


def _sites(organisation: Organisation, addresses: Iterable[str]) -> list[tuple[str, str]]:
    """Give the sites that its cards lead to and that bear its name, the most used first."""
    names = [
        fold("".join(filter(str.isalnum, n))) for n in (organisation.name, organisation.acronym)
    ]
    known = tuple(name for name in names if len(name) >= SHORTEST_NAME)
    found: Counter[tuple[str, str]] = Counter()
    for address in filter(None, addresses):
        scheme, host, path, *_rest = urlsplit(address)
        place = host.removeprefix("www.")
        owner = path.split("/")[1] if place in FORGES and path else ""
        parts = (owner or place).replace("-", "").lower().split(".")
        if any(part.startswith(known) for part in parts):
            found[f"{place}/{owner}".rstrip("/"), f"{scheme}://{host}/{owner}"] += 1
    often = sorted(found, key=lambda site: (-found[site], site))
    chosen = dict(reversed(often))  # of each site, the address that leads there most
    return [site for site in often if chosen[site[0]] == site[1]][:MOST_SITES]


SHOWN, SHOWN_ONLINE, SHOWN_CARDS = 20, 8, 10
SHOWN_CHARACTERS = 160
# Columns of a card that lead to other rows.
LINKS = frozenset({"author", "organisation", "latest_revision", "live_revision"})
PLACES = (
    Place(gettext_lazy("Mes ressources"), "layers", "catalogue:contributions", lambda _u: True),
    Place(gettext_lazy("Suivis et recherches"), "star", "catalogue:followed", lambda _u: True),
    Place(
        gettext_lazy("Moissonnage"),
        "refresh-cw",
        "catalogue:harvest_sources",
        resource_rules.may_moderate,
    ),
    Place(gettext_lazy("Relecture"), "eye", "catalogue:moderation", resource_rules.may_moderate),
)


def to_do(user: User) -> Iterator[ItemSource]:
    """List the changes to answer, the corrections asked for and the drafts to finish.

    For moderators, the queue too.
    """
    yield ItemSource(reviews.waiting_for_owner(user)[:SHOWN], partial(map, _offered))
    own = reviews.waiting_for_author(user).select_related("revision").prefetch_related("decisions")
    yield ItemSource(own[:SHOWN], partial(map, _waiting))
    if resource_rules.may_moderate(user):
        yield ItemSource(Contribution.objects.queue(), _queue)
        yield ItemSource(community_queries.around(), _around)
        yield ItemSource(Report.objects.visible_to(user).open(), _reports)
        proposed = Source.objects.filter(status=SourceStatus.PROPOSED)
        proposed = proposed.select_related("organisation").order_by("proposed_at", "pk")
        yield ItemSource(proposed, partial(_sources, user))
        yield ItemSource(community_queries.unanswered_maskings(), partial(_maskings, user))
    yield ItemSource(relations.transfers_around(user), partial(_transfers, user))


def mine(user: User) -> Iterator[ItemSource]:
    """List what a person proposes, then what they and their organisations have online."""
    proposed = reviews.mine(user).filter(status__in=OPEN_CONTRIBUTIONS)
    proposed = proposed.select_related("revision", "resource__latest_revision")
    yield ItemSource(proposed[:SHOWN_ONLINE], _open_ones)
    online = relations.online_around(user).select_related("indexed")
    yield ItemSource(online[:SHOWN_ONLINE], _online)


def _open_ones(rows: Any) -> Iterator[Item]:
    cards = [(each, _proposed(each)) for each in rows]
    beside = quality.known([card for _own, card in cards])
    for contribution, card in cards:
        kind = ResourceKind(card.kind)
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
            quality=quality.assess(card, (), beside).score if lists.has_ring(card) else None,
            changed=contribution.edited_at,
        )


def _online(rows: Any) -> Iterator[Item]:
    for resource in rows:
        kind = ResourceKind(resource.kind)
        yield Item(
            title=resource.title,
            url=resource.get_absolute_url(),
            detail=kind.label,
            icon=kind.icon,
            tone=kind.tone,
            badge=_("Publiée"),
            badge_tone="pin",
            badge_icon="check",
            language=resource.written_in,
            quality=lists.ring(resource),
            views=resource.views,
            changed=resource.changed_on,
        )


def figures(user: User) -> Iterator[tuple[Any, int]]:
    """Tell what was made of what a person has online; nothing for who has nothing."""
    use = relations.use_of_person(user)
    if use is not None:
        told = (
            (_("vues de vos ressources"), use["views"]),
            (_("téléchargements de vos ressources"), use["downloads"]),
            (_("réutilisations publiées"), use["reuses"]),
        )
        yield from (each for each in told if each[1])


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
    if contribution.status == ContributionStatus.CHANGES_REQUESTED:
        sentence = _("Répondre à la relecture de « %(title)s »")
        detail = _asked(contribution.decisions.all())
    else:
        sentence, detail = _("Terminer « %(title)s »"), _progress(contribution)
    title, url = _title(contribution), _address(contribution)
    at = contribution.decided_at or contribution.edited_at
    return _of_state(contribution, sentence, title, url=url, detail=detail, changed=at)


def _proposed(contribution: Contribution) -> Resource:
    """Build the card as it is proposed, to judge it without a query: it leads nowhere."""
    card = contribution.resource
    if contribution.revision is None:
        return card
    content = contribution.content
    return card.with_content_json({key: content[key] for key in content if key not in LINKS})


def _progress(contribution: Contribution) -> str:
    """Name the kind of a draft and the first step that still misses something."""
    kind = contribution.resource.kind
    shown = steps.steps(kind)
    left = steps.missing(
        proposals.with_files(proposals.proposed_record(contribution), contribution)
    )
    place = next((at for at, each in enumerate(shown) if left[each]), len(shown) - 1)
    told = {"kind": ResourceKind(kind).label, "n": place + 2, "count": len(shown) + 1}
    return _("%(kind)s, étape %(n)s sur %(count)s. Personne d’autre ne voit ce brouillon.") % told


def _asked(decisions: Iterable[Decision]) -> str:
    """Give why corrections were asked for last, and how the message begins."""
    last = max(decisions, key=lambda each: each.pk, default=None)
    if last is None:
        return _("La Région demande des corrections.")
    first = Truncator(last.message.strip().partition("\n")[0].strip()).chars(SHOWN_CHARACTERS)
    return _("« %(reason)s » : %(said)s") % {"reason": last.get_reason_display(), "said": first}


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


def _queue(_rows: Any) -> Iterator[Item]:
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


def _around(rows: Any) -> list[Item]:
    waits = rows.count()
    sentence = ngettext(
        "Relire %(count)s message ou réutilisation",
        "Relire %(count)s messages et réutilisations",
        waits,
    )
    detail = _("Premiers messages, réutilisations déclarées, retours de terrain.")
    url = reverse("catalogue:moderation_community")
    return _counted(waits, sentence, url, detail, "message-square", "calanque")


def _reports(rows: Any) -> list[Item]:
    waits = rows.count()
    sentence = ngettext("Examiner %(count)s signalement", "Examiner %(count)s signalements", waits)
    detail = _("Contenus que des visiteurs signalent à la Région.")
    url = reverse("catalogue:moderation_reports")
    return _counted(waits, sentence, url, detail, "flag", "garance")


def _sources(user: User, rows: Any) -> list[Item]:
    mine = [each for each in rows if harvest_rules.may_decide_source(user, each)]
    sentence = ngettext(
        "Répondre à %(count)s source proposée", "Répondre à %(count)s sources proposées", len(mine)
    )
    detail = _("Catalogues à moissonner : rien n’est lu avant votre accord.")
    url = reverse("catalogue:harvest_sources")
    if len(mine) == 1:
        url = reverse("catalogue:harvest_source", args=(mine[0].public_id,))
    return _counted(len(mine), sentence, url, detail, "refresh-cw", "calanque")


def _maskings(user: User, rows: Any) -> list[Item]:
    waits = sum(community_queries.answers_masking(user, each) for each in rows)
    sentence = ngettext("Répondre à %(count)s masquage", "Répondre à %(count)s masquages", waits)
    detail = _("À confirmer, ou que l’on propose de lever : une seconde personne répond.")
    url = reverse("catalogue:moderation_reports")
    return _counted(waits, sentence, url, detail, "eye-off", "garance")


def _transfers(user: User, rows: Any) -> Iterator[Item]:
    for transfer in [each for each in rows if relations.answers_transfer(user, each)][:SHOWN]:
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
        "recherches": columns_of(
            community_queries.all_searches_of(user), "title query frequency created_at confirmed_at"
        ),
        "suivis": columns_of(
            Follow.objects.filter(user=user), "resource__title organisation__name use_case tag at"
        ),
        "reutilisations": columns_of(
            Reuse.objects.filter(by=user),
            "title url kind description place used_on persons organisation_name at state",
        ),
        "signalements": columns_of(
            Report.objects.filter(by=user), "url field category explanation at status contest_words"
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
