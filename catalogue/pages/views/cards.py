"""The public pages of the catalogue: list, card, suggestions; a proposal as it would appear."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple, cast
from urllib.parse import unquote, urlencode, urlsplit
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from catalogue.community import queries as community_queries
from catalogue.community.views.cards import tabs
from catalogue.contributions import rules as contribution_rules
from catalogue.contributions.models import Contribution
from catalogue.contributions.views.drafts import visible
from catalogue.pages.views import documents
from catalogue.resources import rules as resource_rules
from catalogue.resources import views as card_views
from catalogue.resources.enums import SCORED_KINDS, ResourceKind
from catalogue.resources.models import Resource
from catalogue.resources.queries import detail, examples, lists, published, relations
from catalogue.resources.queries import files as card_files
from catalogue.resources.queries.chain import Chain
from catalogue.search import answer, engine, filters, fulltext
from catalogue.search import suggest as suggesting
from catalogue.search import text as analysis
from catalogue.search.query import FACETS, ResourceQuery, Results, Words
from catalogue.standards.writers import forms
from portal.accounts.authorization import Permission, has_permission, holds_somewhere, require
from portal.accounts.models import Organisation
from portal.accounts.views import person
from portal.lib.prose import markdown
from portal.lib.refusals import Invalid

ANYONE = AnonymousUser()
VALUES_PER_PAGE = 60
MOST_SIMILAR, MOST_ALSO = 3, 6
FEWEST_FILTERED = 3  # under so many results, filters are of no use
# What a challenge may be made of.
CHALLENGE_KINDS = frozenset({ResourceKind.IDEA, ResourceKind.NEED})


class Matches:
    """A sequence as long as the results, of which one page was fetched."""

    def __init__(self, total: int, ids: list[int]) -> None:
        self.total, self.ids = total, ids

    def __len__(self) -> int:
        return self.total

    def __getitem__(self, wanted: slice) -> list[int]:
        return self.ids


@login_not_required
@require_safe
def card_list(request: HttpRequest) -> HttpResponse:
    """Show the resources that answer a query, with facets counted."""
    filters.keep_search_pace(request)
    query = ResourceQuery.parse(request.GET)
    if request.GET.get("updated") == "" and "HX-Request" not in request.headers:
        return redirect(f"{request.path}?{query.serialise()}".rstrip("?"))  # « à toute date »
    typed = query.q
    query, found, correction = answer(query)
    matches = Matches(found.total, list(found.ids))
    page: Page[int] = Paginator(cast(Any, matches), query.size).get_page(query.page)
    if page.number != query.page:
        query = query.at_page(page.number)
        found = engine().search(query)
    resources = lists.in_order(found.ids)
    context = {
        "section": "ressources",
        "query": query,
        "found": found,
        "page": page,
        "lines": filters.result_lines(
            resources, found.highlights, complete_left=found.complete - found.offset
        ),
        "facets": filters.facets(query, found),
        "chips": (chips := list(filters.chips(query, found))),
        "pages": _pages(request, query),
        "correction": correction,
        "typed": typed,
        "counted": filters.counted(query, found),
        "filtered": chips or found.total >= FEWEST_FILTERED,
        "also": found.also[:MOST_ALSO] if page.number == 1 else (),
        "alone": (alone := _alone(query) if found.also else ""),
        "other_words": [] if alone else _leading_elsewhere(query, found),
        "exact": replace(query, q=correction.exact, page=1).serialise() if correction else "",
        "neighbours": () if chips or found.total else _subjects(),
        "since": filters.since(query),
        "several_words": " " in query.q,
        "all_words": query.words is Words.ALL,
        "kinds": [(kind.value, kind.plural) for kind in ResourceKind],
        "chosen_kind": query.kind[0] if len(query.kind) == 1 else "",
        "sorts": filters.sorts(query),
        "kept": filters.kept(query, *FACETS, "updated", "words"),
        "kept_for_sort": filters.kept(query, "sort"),
        "followable": [
            (name, value, filters.say(name, value))
            for name in ("use_case", "tag")
            for value in getattr(query, name)[:3]
        ],
        "cleared": query.cleared().serialise(),
        "serialised": query.at_page(1).serialise(),
        "left_out": filters.left_out(request.GET),
        "collections": community_queries.public_collections().exists(),
    }
    response = render(request, "catalogue/pages/list.html", context)
    response["HX-Push-Url"] = f"{request.path}?{query.serialise()}".rstrip("?")  # for the script
    return response


def _subjects() -> list[dict[str, Any]]:
    """List the use cases of the whole catalogue, for who finds nothing."""
    whole = ResourceQuery()
    return filters.values(whole, "use_case", engine().values(whole, "use_case"), "")


def _leading_elsewhere(query: ResourceQuery, found: Results) -> list[str]:
    """Name the synonyms that find something else than what is shown."""
    synonyms = found.also[:MOST_ALSO]
    others = {each: engine().search(replace(query, q=each, page=1)) for each in synonyms}
    return [each for each, other in others.items() if {*other.ids} - {*found.ids}]


def _alone(query: ResourceQuery) -> str:
    """Give the address of the words without their synonyms, where a resource holds them all."""
    words = analysis.tokens(query.q)
    if not fulltext.holding([word.term for word in words], fulltext.FIELDS, 1):
        return ""
    exact = " ".join(f'"{query.q[word.start : word.end]}"' for word in words)
    return replace(query, q=exact, page=1).serialise()


def _pages(request: HttpRequest, query: ResourceQuery) -> tuple[suggesting.FoundPage, ...]:
    """Find the editorial pages beside the first resources; a filter is about resources alone."""
    if not query.q or query.page > 1 or query.is_filtered:
        return ()
    return suggesting.pages_by_query(query.q, language=request.LANGUAGE_CODE)


@login_not_required
@require_safe
def values(request: HttpRequest, facet: str) -> HttpResponse:
    """Search inside a facet: every value, with what choosing it gives."""
    if facet not in FACETS or not FACETS[facet].searched:
        raise Http404
    filters.keep_search_pace(request)
    query = ResourceQuery.parse(request.GET)
    inside = ResourceQuery.parse(QueryDict(urlencode({"q": request.GET.get("dans", "")}))).q
    rows = filters.values(query, facet, engine().values(query, facet), inside)
    page = Paginator(rows, VALUES_PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "ressources",
        "facet": facet,
        "title": FACETS[facet].title,
        "inside": inside,
        "page": page,
        "total": len(rows),
        "kept": filters.kept(query),
        "back": f"{reverse('catalogue:list')}?{query.at_page(1).serialise()}",
    }
    return render(request, "catalogue/pages/values.html", context)


@login_not_required
@require_safe
def card_page(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Show one public card in the form asked; a former address moves, a removed one is gone."""
    wanted = request.get_preferred_type(("text/html", *forms.NEGOTIATED)) or "text/html"
    found = published.public().select_related("indexed")
    resource = found.filter(slug=slug).first()
    if resource is None:
        return _elsewhere(request, slug, forms.NEGOTIATED.get(wanted, ""))
    if wanted in forms.NEGOTIATED:
        return documents.of_public(request, resource, forms.NEGOTIATED[wanted])
    if page := card_files.files_page(resource):
        return redirect(page)
    return render_card(request, resource, "catalogue/pages/resource.html", {})


def render_card(
    request: HttpRequest, resource: Resource, template: str, more: dict[str, Any]
) -> HttpResponse:
    """Show a public card with a template, and name its other forms; the view is counted."""
    card_views.count(request, resource, "views")
    held = card_files.files_held([resource])
    described = published.published_one(resource, held)
    context = {"section": "ressources"} | card_context(request, resource, held) | more
    context |= published.standards_of(described)
    response = render(request, template, context)
    linkset = forms.KINDS["linkset.json"].address(described)
    response["Link"] = forms.header(described, context["forms"], linkset=linkset)
    patch_vary_headers(response, ("Accept",))
    return response


def card_context(
    request: HttpRequest, resource: Resource, held: card_files.Held | None = None
) -> dict[str, Any]:
    """Read what the page of a card shows, for this reader."""
    user: Any = request.user if request.user.is_authenticated else None
    counts = community_queries.counts(resource)
    card = detail.card(resource, held)
    owns = user is not None and resource_rules.owns(user, resource)
    for each in card["stored"] if owns else ():
        each["href"] = card_files.file_address(each["file"])
    tab_items = tabs(resource, counts)
    return card | {
        "owns": owns,
        "unanswered": {} if user is None else detail.unanswered(resource),
        "states": [card["row"].badge] if _says_state(card["row"], resource) else [],
        "may_publish": user is not None
        and resource.kind == ResourceKind.DATASET
        and resource.organisation is not None
        and has_permission(user, Permission.DATASET_WRITE, organisation=resource.organisation),
        "may_archive": user is not None and resource_rules.may_archive(user, resource),
        "may_remove": user is not None and resource_rules.may_remove(user, resource),
        "may_carry_on": owns and resource.kind == ResourceKind.IDEA,
        "may_challenge": user is not None
        and resource.kind in CHALLENGE_KINDS
        and holds_somewhere(user, Permission.CHALLENGE_ORGANISE),
        "follows": None if user is None else community_queries.follows(user, resource=resource),
        "is_reused": resource.kind in SCORED_KINDS,
        "mine": list(community_queries.editable_collections(user)) if user is not None else [],
        "collections": community_queries.collections_with(resource)[: community_queries.ON_CARD],
        "holders": _holders(resource),
        "proposed_by": _proposed_by(resource),
        "use": use_of(resource, card["stored"]),
        "source": source_of(resource),
        "tab_items": tab_items if len(tab_items) > 1 else [],
        "current_tab": tab_items[0][0],
        "reused": _some(community_queries.reuses(resource, ANYONE), counts.reuses),
        "similar": _similar(resource, card["chain"]),
        "alike": _alike(resource),
    }


def _says_state(row: lists.Row, resource: Resource) -> bool:
    """Tell a state of the thing from its access, which stands among the facts."""
    return row.badge is not None and row.badge != lists.access(resource)


def _holders(resource: Resource) -> list[tuple[str, str]]:
    """Name who holds the thing, each with its page; "" for who has none here."""
    known = resource.organisation is not None and not resource.producer_name
    is_known = known or bool(resource.producers.all())
    if not is_known:
        return [(resource.holder_name, "")] if resource.holder_name else []
    return [(name, reverse("organisation", args=(slug,))) for slug, name in resource.holders]


def _proposed_by(resource: Resource) -> Organisation | None:
    """Give the organisation that deposited as its own what the card says others hold, or made."""
    own = resource.organisation
    if own is None or resource.is_referenced or own.name in resource.holder_name:
        return None
    return own


def _some(rows: Any, count: int) -> list[Any]:
    return list(rows[: community_queries.ON_CARD]) if count else []


def _similar(resource: Resource, chain: Chain) -> list[lists.Row]:
    """List the cards that are like one and that its chain does not name."""
    tied = {node.href for node in (*chain.before, *chain.after, *chain.beside)}
    ids = suggesting.similar_ids(resource, detail.told_tasks(resource), 2 * MOST_SIMILAR)
    rows = [lists.row(each) for each in lists.in_order(ids)]
    return [row for row in rows if row.href not in tied][:MOST_SIMILAR]


def _alike(resource: Resource) -> str:
    """Give the address of the cards of the same task, or of the same use case."""
    for facet, values in (("task", detail.told_tasks(resource)), ("use_case", resource.use_cases)):
        if values:
            return f"{reverse('catalogue:list')}?{urlencode({facet: values[0]})}"
    return ""


class Use(NamedTuple):
    """What one does first with the thing that a card describes."""

    label: str
    href: str
    icon: str
    size: int | None = None
    is_outside: bool = False


def use_of(resource: Resource, stored: Sequence[dict[str, Any]]) -> Use:
    """Say what one does with a resource: take its file, else see it where it lives, else ask.

    A file of a model that lives elsewhere comes first where its size is known.
    """
    sound = [each for each in stored if each["file"].is_sound and each["href"]]
    if len(sound) == 1:
        return Use(_("Télécharger"), sound[0]["href"], "download", sound[0]["file"].size)
    if sound:
        return Use(_("Voir les fichiers"), "#fichiers-deposes", "folder")
    source, file = source_of(resource), _file_outside(resource)
    if file and (not source or (file.size and resource.kind == ResourceKind.MODEL)):
        return file
    if source:
        return source
    ask = reverse("catalogue:discussions", args=(resource.slug,))
    if resource.access in card_files.ON_REQUEST:
        return Use(_("Demander l’accès"), ask, "lock")
    return Use(_("En discuter"), ask, "message-square")


def source_of(resource: Resource) -> Use | None:
    """Lead to a thing where it lives, else to its code."""
    page, code = examples.source_page(resource), resource.repository_url
    if address := page or code:
        is_code = not page and _host(code) != "huggingface.co"
        said = _("Voir le code sur %(host)s") if is_code else _("Voir sur %(host)s")
        icon = "code" if is_code else "external-link"
        return Use(said % {"host": _host(address)}, address, icon, is_outside=True)
    return None


def _file_outside(resource: Resource) -> Use | None:
    """Lead to the first file of a card that lives elsewhere, of those whose size is known first."""
    files = enumerate(card_files.readable_details(resource).get("files") or ())
    outside = [
        each
        for each in files
        if each[1].get("url") and not card_files.file_identified(each[1]["url"])
    ]
    for number, row in sorted(outside, key=lambda each: not each[1].get("bytes")):
        last = unquote(urlsplit(row["url"]).path.rsplit("/", 1)[-1])
        name, size = row.get("title") or last, row.get("bytes")
        said = _("Télécharger %(name)s") if size or "." in last else _("Ouvrir : %(name)s")
        way = reverse("catalogue:file_out", args=(resource.slug, "files", number, "url"))
        return Use(said % {"name": name}, way, "download", size, is_outside=True)
    return None


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").removeprefix("www.")
    except ValueError:
        return address


def _elsewhere(request: HttpRequest, slug: str, ending: str) -> HttpResponseBase:
    if moved := relations.cards_by_slug({slug}).get(slug):
        return redirect(moved, permanent=True)
    masked = Resource.objects.filter(slug=slug, masked_at__isnull=False).first()
    if masked is not None and not ending:
        return render(request, "catalogue/pages/masked.html", {"at": masked.masked_at}, status=451)
    gone = relations.tombstone_of(slug)
    if gone is None:
        raise Http404
    if ending:
        return documents.of_removed(request, gone, ending)
    response = render(request, "catalogue/pages/removed.html", {"tombstone": gone}, status=410)
    patch_vary_headers(response, ("Accept",))
    return response


@login_not_required
@require_safe
def suggested(request: HttpRequest) -> HttpResponse:
    """Suggest while typing: a fragment of options, or, for browsers, the list of OpenSearch."""
    filters.keep_suggestion_pace(request)
    q = ResourceQuery.parse(request.GET).q
    found = suggesting.suggest(q, language=request.LANGUAGE_CODE)
    if request.GET.get("forme") == "json":
        named = (*found.resources, *found.organisations, *found.topics)
        suggestions = [q, [item.text for item in named]]
        return JsonResponse(suggestions, safe=False, content_type=documents.SUGGESTIONS)
    wanted = found.prefixes
    base = reverse("catalogue:list")

    def option(item: suggesting.Suggestion) -> dict[str, object]:
        if item.facet:
            href = f"{base}?{urlencode({item.facet: item.value})}"
        else:
            href = reverse("catalogue:resource", args=(item.value,))
        return {
            "href": href,
            "runs": filters.first_letters(item.text, wanted),
            "kind": item.kind,
            "count": item.count,
        }

    context = {
        "resources": [option(item) for item in found.resources],
        "organisations": [option(item) for item in found.organisations],
        "topics": [option(item) for item in found.topics],
        "pages": [
            {"href": item.href, "runs": filters.first_letters(item.title, wanted)}
            for item in found.pages
        ],
    }
    return render(request, "catalogue/pages/suggestions.html", context)


@require_safe
def preview_page(request: HttpRequest, contribution: UUID) -> HttpResponse:
    """Show the card that a proposal would put online; nothing of it is public."""
    found = visible(request, contribution)
    require(contribution_rules.may_preview, person(request), found)
    context = {"contribution": found, "writes": contribution_rules.may_edit(person(request), found)}
    resource = _built(found)
    resource.title = resource.title or _("Sans titre")
    try:
        resource.description_html = markdown.render(resource.description)
    except Invalid as refusal:
        resource.description_html, context["fault"] = "", str(refusal)
    card = detail.preview_card(resource)
    use = use_of(resource, card["stored"])
    context |= card | {
        "use": use if use.is_outside and "://" in use.href else use._replace(href="#fiche"),
        "source": source_of(resource),
        "holders": _holders(resource),
        "proposed_by": _proposed_by(resource),
        "is_preview": True,
        "states": [card["row"].badge] if _says_state(card["row"], resource) else [],
    }
    return render(request, "catalogue/contributions/preview.html", context)


def _built(contribution: Contribution) -> Resource:
    """Build the card, in the name of who proposes it while it is new."""
    resource = contribution.proposed
    if contribution.is_new:
        resource.organisation = contribution.organisation
    return resource
