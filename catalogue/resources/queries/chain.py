"""The chain of a card: what led to it, what came of it, what stands beside, and its scores.

Apps and subjects above register the scores they vouch for and what they made of a card.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalogue.resources.enums import LinkType, ResourceKind
from catalogue.resources.models import Measurement, Resource, ResourceLink


@dataclass(frozen=True)
class VerifiedScore:
    """One result, in words; when it no longer stands, only `withdrawn` says something of it.

    source, address: what was competed in and the page of its results. proof: the address that
    says what the signed receipt is worth, or "".
    """

    source: str
    address: str
    metric: str = ""
    value: str = ""
    interval: str = ""
    rank: str = ""
    teams: int = 0
    evaluated_on: date | None = None
    proof: str = ""
    withdrawn: str = ""


# Who vouches for the scores of a kind.
score_providers: dict[ResourceKind, Callable[[Resource], Sequence[VerifiedScore]]] = {}


def verified_scores(resource: Resource) -> Sequence[VerifiedScore]:
    """Give the scores that are vouched for on this card."""
    provider = score_providers.get(ResourceKind(resource.kind))
    return provider(resource) if provider else ()


DEPTH = 4
MOST_CARDS = 40
MOST_LINKS = 200  # read at each step: a card may have thousands
MOST_FIGURES = 6
# Links by which the source comes of the target; the others stand beside.
FLOW = frozenset({LinkType.DERIVED_FROM, LinkType.TRAINED_ON, LinkType.ANSWERS, LinkType.USES})
CHALLENGE, RESULT, REUSE = "challenge", "result", "reuse"
ORDER = (
    ResourceKind.PROGRAMME,
    ResourceKind.NEED,
    ResourceKind.IDEA,
    ResourceKind.DATASET,
    ResourceKind.TECHNOLOGY,
    ResourceKind.ALGORITHM,
    ResourceKind.MODEL,
    CHALLENGE,
    RESULT,
    ResourceKind.SOLUTION,
    ResourceKind.NEWS,
    REUSE,
)
# The cards that may lead to a challenge.
BEFORE_CHALLENGES = frozenset(ORDER[: ORDER.index(CHALLENGE)])
STAGES = {
    CHALLENGE: (gettext_lazy("Challenge"), "trophy"),
    RESULT: (gettext_lazy("Résultat"), "gauge"),
    REUSE: (gettext_lazy("Réutilisation"), "git-fork"),
}
COLUMNS_OF_ENDS = ("kind", "title", "summary", "slug", "live", "reuses")


@dataclass(frozen=True)
class Node:
    """One thing of the chain; href is empty when it was removed."""

    stage: str
    title: str
    href: str
    words: str
    language: str = "fr"
    figures: tuple[float | None, float | None, float | None] = (None, None, None)
    summary: str = ""  # of a card tied to the one shown by itself

    @property
    def stage_label(self) -> str:
        """Say what it is; nothing of what was removed."""
        if self.stage in STAGES:
            return str(STAGES[self.stage][0])
        return str(ResourceKind(self.stage).label) if self.stage else ""

    @property
    def icon(self) -> str:
        """Name the icon of what it is."""
        if self.stage in STAGES:
            return STAGES[self.stage][1]
        return ResourceKind(self.stage).icon if self.stage else ""


@dataclass(frozen=True)
class Chain:
    """What led to a card, what came of it, what stands beside; each in the order of the chain."""

    before: tuple[Node, ...]
    after: tuple[Node, ...]
    beside: tuple[Node, ...]

    def __bool__(self) -> bool:
        return bool(self.before or self.after or self.beside)


# Public cards, each with what it is to the card shown.
TiedCards = Sequence[tuple[Resource, str]]
# Of a card with a score that is vouched for: the cards that led to it.
Antecedents = Callable[[Resource], TiedCards]
# Of a card, and of the keys of it and of those that came of it: what came of them, and the cards.
Outcomes = Callable[[Resource, Collection[int]], tuple[Sequence[Node], TiedCards]]
# Who knows more of the chain of a card.
chain_providers: list[tuple[Antecedents, Outcomes]] = []
# Of a card and of those that came of it, by key: what was made with them.
end_providers: list[Callable[[Mapping[int, Resource]], Iterable[Node]]] = []


class _Walk:
    """The cards met on the way, each once."""

    def __init__(self, start: Resource) -> None:
        self.start = start
        self.met: dict[int, Resource] = {start.pk: start}
        self.before: list[Node] = []
        self.after: list[Node] = []
        self.beside: list[Node] = []
        self.later: list[int] = []

    def follow(self, links: Iterable[ResourceLink], up: set[int]) -> tuple[set[int], set[int]]:
        """Keep what some links lead to; up: the cards whose targets are looked for.

        Returns the cards to go on from, upwards and downwards.
        """
        rising: set[int] = set()
        falling: set[int] = set()
        for link in links:
            upwards = link.source_id in up
            here = self.met.get(link.source_id if upwards else link.target_id)  # type: ignore[arg-type]  # a missing key is None
            other = link.target if upwards else link.source
            if here is None or (other is not None and not self._is_new(other)):
                continue
            node = _linked_node(link, other, self._words(link, here, upwards))
            if other is not None and here is self.start:
                node = replace(node, summary=other.summary)
            if link.type not in FLOW:
                self.beside.append(node)
                continue
            (self.before if upwards else self.after).append(node)
            if other is not None:
                (rising if upwards else falling).add(other.pk)
        self.later += falling
        return rising, falling

    def add_cards(self, tied: TiedCards, nodes: list[Node]) -> set[int]:
        """Keep the cards that an app above tells, each once; return those to go on from."""
        new = [(card, words) for card, words in tied if self._is_new(card)]
        nodes += [
            Node(card.kind, card.title, card.get_absolute_url(), words, card.written_in)
            for card, words in new
        ]
        return {card.pk for card, _words in new}

    def both_ways(self, up: set[int], down: set[int], *, every: bool = False) -> None:
        """Follow the links both ways, four steps at most; every: also those that stand beside."""
        for step in range(DEPTH):
            if not up and not down:
                break
            up, down = self.follow(_links(up, down, every=every and step == 0), up)

    def _is_new(self, other: Resource) -> bool:
        if not other.live or other.pk in self.met or len(self.met) > MOST_CARDS:
            return False
        self.met[other.pk] = other
        return True

    def _words(self, link: ResourceLink, here: Resource, upwards: bool) -> str:
        if here is not self.start:
            return _("par « %(title)s »") % {"title": here.title}
        kind = LinkType(link.type)
        return str(kind.label if upwards else kind.inverse)


def chain_of(
    resource: Resource, measures: Sequence[Measurement], vouched: Sequence[VerifiedScore]
) -> Chain:
    """Walk the links of a card both ways, four steps at most; one query a step, and few more.

    measures, vouched: the figures of the card itself. What apps above tell adds their queries, and
    one a step from the cards that they add.
    """
    walk = _Walk(resource)
    walk.both_ways({resource.pk}, {resource.pk}, every=True)
    for antecedents, outcomes in chain_providers:
        walk.both_ways(
            walk.add_cards(antecedents(resource), walk.before) if vouched else set(), set()
        )
        nodes, cards = outcomes(resource, {resource.pk, *walk.later})
        walk.after += nodes
        added = walk.add_cards(cards, walk.after)
        walk.later += added
        walk.both_ways(set(), added)
    figures = [
        *_vouched_nodes(vouched),
        *_measured_nodes(resource, measures),
        *_measured_nodes_after(walk),
    ]
    own = walk.before if resource.kind == ResourceKind.SOLUTION else walk.after
    own += figures
    ends = {pk: walk.met[pk] for pk in (resource.pk, *walk.later)}
    walk.after += [node for provider in end_providers for node in provider(ends)]
    return Chain(_in_chain_order(walk.before), _in_chain_order(walk.after), tuple(walk.beside))


def _links(up: set[int], down: set[int], *, every: bool) -> QuerySet[ResourceLink]:
    rows = ResourceLink.objects.filter(Q(source__in=up) | Q(target__in=down))
    if not every:
        rows = rows.filter(type__in=FLOW)
    columns = [f"{end}__{name}" for end in ("source", "target") for name in COLUMNS_OF_ENDS]
    rows = rows.select_related("source", "target").only(
        "type", "source_title", "target_title", *columns
    )
    return rows.order_by("type", "pk")[:MOST_LINKS]


def _linked_node(link: ResourceLink, other: Resource | None, words: str) -> Node:
    if other is None:
        title = link.target_title if link.target_id is None else link.source_title
        return Node("", title or _("Ressource retirée"), "", words)
    return Node(other.kind, other.title, other.get_absolute_url(), words, other.written_in)


def _vouched_nodes(scores: Sequence[VerifiedScore]) -> Iterator[Node]:
    for each in scores:
        yield Node(CHALLENGE, each.source, each.address, _("Score vérifié"))
        if each.value:
            said = f"{each.metric} {each.value}".strip()
            yield Node(RESULT, said, each.address, each.rank)


def _measured_nodes(resource: Resource, measures: Sequence[Measurement]) -> Iterator[Node]:
    shown = [each for each in measures if each.from_challenge and not each.group]
    for each in shown[:MOST_FIGURES]:
        yield _figure_node(each, resource, _("sur des données jamais vues"))


def _measured_nodes_after(walk: _Walk) -> Iterator[Node]:
    if not walk.later:
        return
    rows = Measurement.objects.filter(resource__in=walk.later, from_challenge=True, group="")
    for each in rows.order_by("-evaluated_on", "-pk")[:MOST_FIGURES]:
        card = walk.met[each.resource_id]
        yield _figure_node(each, card, _("par « %(title)s »") % {"title": card.title})


def _figure_node(each: Measurement, card: Resource, words: str) -> Node:
    """Tell one figure: its value, its low and high ends."""
    address, figures = each.source_url or card.get_absolute_url(), (each.value, each.low, each.high)
    return Node(RESULT, each.metric, address, words, card.written_in, figures)


def _in_chain_order(nodes: Sequence[Node]) -> tuple[Node, ...]:
    """Put the removed ones last, the others in the order of the chain."""
    place = {stage: rank for rank, stage in enumerate(ORDER)}
    return tuple(sorted(nodes, key=lambda node: place.get(node.stage, len(place))))
