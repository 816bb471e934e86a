"""Every metric has a name and a sentence, in French and in English, and says what it may be."""

from functools import cache
from typing import Any

import pytest
from django.utils import translation

from challenges.organising.views import words
from challenges.organising.views.words import TITLES
from challenges.pages.views import challenge as challenge_pages
from challenges.scoring import manual, registry
from portal.management import messages

VARIANTS = {
    "accuracy_prefix": {"metric": "accuracy", "params": {"prefix": 4}},
    "attribute_distance_truth": {"metric": "attribute_distance", "params": {"of": "truth"}},
}


def declared(name: str, **facts: Any) -> dict[str, Any]:
    params = dict(manual.notes()[name].get("params", {}))
    return {"metric": name, "params": params, "direction": "max"} | facts


def test_each_metric_has_its_words_and_no_other() -> None:
    assert set(TITLES) == set(registry.METRICS)
    assert set(words.DEFINITIONS) == set(registry.METRICS) | set(VARIANTS)
    assert len({str(title) for title in TITLES.values()}) == len(TITLES)


def test_the_names_are_those_of_the_documentation() -> None:
    for name, note in manual.notes().items():
        assert words.metric_title(declared(name)) == note["title"]


@cache
def in_english() -> Any:
    """Read the English sentences once: they are thousands."""
    return messages.read("en")


@pytest.mark.parametrize("name", registry.METRICS)
def test_each_metric_is_told_in_both_languages(name: str) -> None:
    english = in_english()
    french = (str(TITLES[name]), str(words.DEFINITIONS[name]))
    said = [french, tuple(str(known.string) for s in french if (known := english.get(s)))]
    for title, sentence in said:
        assert title
        assert sentence.endswith(".")
        assert ". " not in sentence
    assert said[0][1] != said[1][1]
    told = str(words.metric_definition(declared(name)))
    assert told.endswith(".")
    assert "%(" not in told


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_change_the_sentence(variant: str) -> None:
    metric = VARIANTS[variant]
    told = str(words.metric_definition(metric))
    assert told != str(words.metric_definition({"metric": metric["metric"]}))
    assert told


def test_parameters_are_said_in_the_language_of_the_page() -> None:
    quantile = declared("pinball", params={"tau": 0.05})
    for language, wanted in (("fr", "0,05"), ("en", "0.05")):
        with translation.override(language):
            assert wanted in str(words.metric_definition(quantile))
    assert "5 premiers" in str(words.metric_definition(declared("ndcg", params={"k": 5})))
    formula = declared("formula", params={"formula": "<b> + 1"})
    assert "&lt;b&gt; + 1" in str(words.metric_definition(formula))
    assert words.metric_title({"metric": "qwk"}) == "Kappa à poids quadratiques"


@pytest.mark.parametrize(
    ("metric", "facts", "told"),
    [
        ("accuracy", {}, "de 0 à 1, par pas de 1/n, n lignes ou demandes comptées"),
        ("accuracy", {"by": "zone", "group": "n"}, "de 0 à 1"),
        ("accuracy", {"by": "zone", "aggregate": "gap"}, ""),
        ("precision_at_k", {}, "de 0 à 1"),
        ("ari", {}, "de −0,5 à 1"),
        ("mae", {}, "de 0 à +∞"),
        ("r2", {}, "de −∞ à 1"),
        ("n_clusters", {}, "de 1 à +∞, par pas de 1"),
        ("unknown", {}, ""),
    ],
)
def test_values_of_a_figure(metric: str, facts: dict[str, Any], told: str) -> None:
    assert words.metric_values({"metric": metric} | facts) == told


@pytest.mark.parametrize(
    ("submission", "rules"),
    [
        ({"layout": "one_row_per_id"}, []),
        (
            {"layout": "ranked_list", "all_queries_required": False},
            ["Une demande sans ligne compte comme une réponse vide."],
        ),
        (
            {"layout": "ranked_list", "max_items_per_query": 10},
            ["Au plus 10 éléments par demande."],
        ),
        (
            {"layout": "candidate_scores", "policy": "complete", "max_items_per_query": 10},
            ["Chaque candidat de chaque demande a son score."],
        ),
        (
            {"layout": "candidate_scores", "policy": "top_k", "max_items_per_query": 10},
            ["Au plus 10 éléments par demande."],
        ),
    ],
)
def test_lists_and_scores_have_their_rules(submission: dict[str, Any], rules: list[str]) -> None:
    assert challenge_pages.answer_rules(submission) == rules
