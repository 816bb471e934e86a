"""Two or three cards of an AI side by side: every question, every figure, every group."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet
from django.utils.translation import gettext as _

from catalogue.enums import ResourceKind, Task
from catalogue.models import Measurement, Resource
from catalogue.queries import detail, rows
from catalogue.validators.columns import language_choices
from catalogue.validators.details import DETAILS
from catalogue.validators.fields import Field, Section, Text

MOST = 3
# Kinds whose cards answer the questions asked of an AI.
KINDS = tuple(kind for kind in ResourceKind if DETAILS[kind].in_section(Section.CARD))
# Words of the measures of which less is better.
LESS_IS_BETTER = (
    *("erreur", "error", "rmse", "mae", "mse", "brier", "perte", "loss", "faux", "false"),
    *("écart", "ece", "perplexité", "perplexity", "distance", "entropie", "latence", "latency"),
    *("fpr", "fnr", "wer", "cer", "biais", "bias", "durée", "mape", "smape", "wape"),
)
# And of which more is; of the others nobody can tell who is served worst.
MORE_IS_BETTER = (
    *("exactitude", "accuracy", "précision", "precision", "rappel", "recall", "sensibilité"),
    *("f1", "f-mesure", "f-score", "auc", "ndcg", "mrr", "map", "kappa", "bleu", "rouge"),
    *("spécificité", "vrais", "true", "exact", "r²", "r2", "top-", "hit"),
)


@dataclass(frozen=True)
class Line:
    """One question: the answer of each card."""

    label: Text
    cells: tuple[tuple[Resource, detail.Part], ...]


@dataclass(frozen=True)
class Figure:
    """One measured value; worst: the group that its card serves worst by this measure."""

    card: Resource
    row: Measurement | None
    minimum: float = 0.0
    maximum: float = 1.0
    worst: bool = False
    suppressed: bool = False


@dataclass(frozen=True)
class FigureLine:
    """One measure of one task, for one group or the whole: a figure for each card."""

    task: str
    metric: str
    group: str
    cells: tuple[Figure, ...]
    apart: bool = False  # not measured on the same held-out version


def chosen(slugs: Iterable[str]) -> list[Resource]:
    """Fetch the public cards asked for that can be compared, in their order, three at most."""
    wanted = [each for each in dict.fromkeys(slugs) if "\x00" not in each][: 4 * MOST]
    latest = Measurement.objects.order_by("-evaluated_on", "-pk")
    found: QuerySet[Resource] = (
        Resource.objects.public()
        .with_organisation()
        .filter(slug__in=wanted, kind__in=KINDS)
        .prefetch_related(Prefetch("measurements", queryset=latest))
    )
    by_slug = {each.slug: each for each in found}
    return [by_slug[slug] for slug in wanted if slug in by_slug][:MOST]


def identity(cards: Sequence[Resource]) -> list[Line]:
    """Compare what the cards are: holder, licence, version, size, tasks."""
    told = [(card, dict(_facts(card))) for card in cards]
    labels = dict.fromkeys(label for _card, facts in told for label in facts)
    return [
        Line(label, tuple((card, _text(facts.get(label, ""))) for card, facts in told))
        for label in labels
    ]


def questions(cards: Sequence[Resource]) -> list[Line]:
    """Compare the answers to every question, those that nobody answered included."""
    asked: dict[str, Field] = {}
    for card in cards:
        asked |= {own.name: own for own in card.details_of_kind.in_section(Section.CARD)}
    return [
        Line(
            own.label,
            tuple(
                (card, detail.part(own, card.details.get(name)) or _missing(own.label))
                for card in cards
            ),
        )
        for name, own in asked.items()
    ]


def measures(cards: Sequence[Resource]) -> list[FigureLine]:
    """Align the latest figures of the same task and measure; whole populations."""
    return list(_aligned(cards, grouped=False))


def groups(cards: Sequence[Resource]) -> list[FigureLine]:
    """Align the figures by group, the worst of each card marked; small groups are kept back."""
    return list(_aligned(cards, grouped=True))


def worst(cards: Sequence[Resource], lines: Sequence[FigureLine]) -> list[list[FigureLine]]:
    """List, for each card, the lines where the group it serves worst stands."""
    return [[line for line in lines if line.cells[place].worst] for place in range(len(cards))]


def lower_is_better(metric: str) -> bool | None:
    """Say whether less is better, from the name of the measure; None when it does not tell."""
    name = metric.casefold()
    if _names(name, LESS_IS_BETTER):
        return True
    return False if _names(name, MORE_IS_BETTER) else None


def _names(name: str, known: Iterable[str]) -> bool:
    """Say whether a name holds a known word as a whole one: « map » is not in « MAPE »."""
    return any(re.search(rf"(?<!\w){re.escape(word)}(?![^\W\d_])", name) for word in known)


def _missing(label: Text) -> detail.Part:
    return detail.Part(label, "missing")


def _text(value: str) -> detail.Part:
    return detail.Part("", "text", value) if value else _missing("")


def _facts(card: Resource) -> Iterator[tuple[str, str]]:
    details, own = card.details, card.details_of_kind.by_name
    yield _("Type"), str(card.kind_enum.label)
    yield _("Organisme"), card.holder_name
    yield _("Licence"), rows.licence_text(card)
    yield _("Accès"), str(card.get_access_display())
    yield _("Tâches"), ", ".join(str(Task(each).label) for each in card.tasks if each in Task)
    names = dict(language_choices(card.languages))
    yield _("Langues"), ", ".join(str(names.get(each, each)) for each in card.languages)
    for name in ("version", "created", "base_model", "parameters", "library", "maturity"):
        if name in own and (value := details.get(name)):
            yield str(own[name].label), detail.said(own[name], value)


Key = tuple[str, str, str]


def _aligned(cards: Sequence[Resource], *, grouped: bool) -> Iterator[FigureLine]:
    found: dict[Key, dict[int, Measurement]] = {}
    for place, card in enumerate(cards):
        for each in card.measurements.all():  # the latest first
            if bool(each.group) is grouped:
                key = (each.task, each.metric, each.group)
                found.setdefault(key, {}).setdefault(place, each)
    lowest = _lowest(found) if grouped else set()
    scales = _scales(found)
    for (task, metric, group), row in sorted(found.items(), key=lambda pair: pair[0]):
        scale = scales.get((task, metric), (0.0, 1.0))
        yield FigureLine(
            task,
            metric,
            group,
            tuple(
                _figure(card, row.get(place), scale, (place, (task, metric, group)) in lowest)
                for place, card in enumerate(cards)
            ),
            len({each.held_out_version for each in row.values()}) > 1,
        )


def _figure(
    card: Resource, row: Measurement | None, scale: tuple[float, float], worst: bool
) -> Figure:
    if row is not None and row.is_kept_back:
        return Figure(card, None, suppressed=True)
    return Figure(card, row, *scale, worst)


def _lowest(found: dict[Key, dict[int, Measurement]]) -> set[tuple[int, Key]]:
    """Find the worst group of each card for each measure of which it shows two groups."""
    by_measure: dict[tuple[int, str, str], list[tuple[float, Key]]] = {}
    for key, row in found.items():
        for place, each in row.items():
            less = lower_is_better(each.metric)
            if not each.is_kept_back and less is not None:
                value = -each.value if less else each.value
                by_measure.setdefault((place, key[0], key[1]), []).append((value, key))
    return {
        (place, min(values)[1])
        for (place, _task, _metric), values in by_measure.items()
        if len(values) > 1
    }


def _scales(
    found: dict[Key, dict[int, Measurement]],
) -> dict[tuple[str, str], tuple[float, float]]:
    """Give each measure of a task one scale, so that its intervals are seen side by side."""
    ends: dict[tuple[str, str], list[float]] = {}
    for (task, metric, _group), row in found.items():
        for each in row.values():
            if each.is_kept_back:
                continue  # the ends of a scale would tell it
            told = (each.low, each.high, each.value, each.reference)
            ends.setdefault((task, metric), []).extend(v for v in told if v is not None)
    scales = {}
    for key, values in ends.items():
        pad = (max(values) - min(values)) * 0.1 or 0.1
        scales[key] = (min(values) - pad, max(values) + pad)
    return scales
