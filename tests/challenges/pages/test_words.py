"""Pages, forms and metrics say what happens in units and words that their readers use."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
from django.test import Client
from django.utils import translation
from django.utils.formats import date_format

from bench import messages
from challenges.models import Challenge, CodeTrial
from challenges.organising import queries as organising
from challenges.organising import words
from challenges.organising.forms.phases import SettingsForm
from challenges.organising.words import TITLES
from challenges.programs.models import trial_detail
from challenges.scoring import manual, registry
from portal.lib import clock
from tests.challenges.pages.scenes import url_of, with_contract
from tests.factories.challenges import ChallengeFactory, PhaseFactory
from tests.factories.code import plan_of

pytestmark = pytest.mark.django_db
ATTRIBUTE = {"key": "sexe", "label": "Sexe", "source": "truth", "column": "sexe", "groups": {}}
FIGURE = {"key": "mae_sexe", "metric": "mae", "label": "Erreur par sexe", "direction": "min"}


def test_an_evaluation_page_says_that_code_is_sent(client: Client) -> None:
    challenge = ChallengeFactory(opened=True)
    with_contract(challenge)
    plan_of(challenge.phases.get())
    page = client.get(url_of(challenge, "evaluation")).text
    for said in ("Une archive .zip de", "inputs.csv", "Ce que votre code écrit", "<code>main.py"):
        assert said in page
    for said in ("Le format attendu", "La liste exacte des identifiants attendus"):
        assert said not in page


@pytest.mark.parametrize(
    ("fairness", "point", "said"),
    [
        ({}, "fairness", "n’a pas demandé de comparer les groupes"),
        ({"attributes": [ATTRIBUTE]}, "fairness_idle", "ni mesure ni audit ne compare"),
        (
            {"attributes": [ATTRIBUTE], "metrics": [FIGURE | {"by": "sexe", "decimals": 2}]},
            "fairness",
            "mesures d’équité de la page Évaluation",
        ),
    ],
    ids=["none", "attributes", "figures"],
)
def test_fairness_is_ready_only_when_groups_are_compared(
    client: Client, fairness: dict[str, Any], point: str, said: str
) -> None:
    challenge: Challenge = ChallengeFactory(opened=True)
    with_contract(challenge, fairness=fairness)
    found = {each.key: each.state for each in organising.checklist(challenge)}
    expected = "ready" if fairness.get("metrics") else "advice"
    assert {key: found[key] for key in found if key.startswith("fairness")} == {point: expected}
    page = client.get(url_of(challenge, "audits")).text
    assert said in page


def test_a_size_is_asked_in_megabytes_and_kept_in_bytes() -> None:
    phase = PhaseFactory(max_bytes=2_500_000)
    shown = SettingsForm(phase=phase)
    sent = {name: shown[name].value() for name in shown.fields}
    sent = {name: value for name, value in sent.items() if value not in (None, False)}
    assert shown["max_bytes"].value() == 2.5
    assert 'value="2,5"' in str(shown["max_bytes"])
    for typed, kept in (("2,5", 2_500_000), ("20", 20_000_000)):
        form = SettingsForm(sent | {"max_bytes": typed}, phase=phase)
        assert form.is_valid(), form.errors
        assert form.settings["max_bytes"] == kept


def test_an_hour_is_written_as_its_language_does() -> None:
    at = datetime(2026, 12, 17, 15, 5, tzinfo=UTC)
    assert clock.paris_text(at) == "17/12/2026 à 16 h 05 (UTC+0100)"
    assert clock.paris_text(at.replace(second=7)) == "17/12/2026 à 16 h 05 min 07 s (UTC+0100)"
    assert date_format(at, "TIME_FORMAT") == "15\u202fh\u202f05"
    with translation.override("en"):
        assert clock.paris_text(at) == "17/12/2026 at 16:05 (UTC+0100)"
        assert "h" not in date_format(at, "TIME_FORMAT")


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        ("code de sortie 3", "exit code 3"),
        ("predictions.csv est absent", "predictions.csv is missing"),
        ("un lien au lieu d’un fichier ordinaire", "a file produced is not an ordinary file"),
        ("un mot d’ailleurs", "un mot d’ailleurs"),
    ],
)
def test_what_a_trial_met_is_said_in_the_language_of_its_team(detail: str, said: str) -> None:
    trial = CodeTrial(detail=detail, verdict={})
    with translation.override("en"):
        found, language = trial_detail(trial)
    assert (found, language) == (said, "en" if found != detail else "fr")
    assert trial_detail(trial)[1] == "fr"


def declared(name: str, **facts: Any) -> dict[str, Any]:
    params = dict(manual.notes()[name].get("params", {}))
    return {"metric": name, "params": params, "direction": "max"} | facts


def test_each_metric_has_its_words_and_no_other() -> None:
    assert set(TITLES) == set(registry.METRICS)
    assert len({str(title) for title in TITLES.values()}) == len(TITLES)


@cache
def in_english() -> Any:
    """Read the English sentences once: they are thousands."""
    return messages.read("en")


@pytest.mark.parametrize("name", registry.METRICS)
def test_each_metric_is_told_in_both_languages(name: str) -> None:
    english = in_english()
    french = (str(TITLES[name]), words.METRIC_WORDS[name]["plain"])
    missing = [s for s in french if not (known := english.get(s)) or not known.string]
    assert missing == [], "no English; collect_messages, then write it in django.po"
    said = [french, tuple(str(english.get(s).string) for s in french)]
    for title, sentence in said:
        assert title
        assert sentence.endswith(".")
        assert ". " not in sentence
    assert said[0][1] != said[1][1]
    told = str(words.metric_definition(declared(name)))
    assert told.endswith(".")
    assert "%(" not in told
    assert words.metric_formula(declared(name))
    assert (words.metric_example(declared(name)) is None) is (name == "formula")


def test_a_formula_is_set_and_its_letters_are_defined() -> None:
    over = "<mfrac><mrow><mtext>{}</mtext></mrow><mrow><mtext>{}</mtext></mrow></mfrac>"
    wanted = {
        "rmse": f'</svg><math displaystyle="true"><mrow>{over.format("Σ(y − p)²", "n")}</mrow>',
        "kendall_b": "<msqrt>",
        "f1": over.format("2TP", "2TP + FP + FN"),
        "recall_samples": over.format("|y ∩ p|", "|y|"),
    }
    for name, drawn in wanted.items():
        assert drawn.replace(
            "2TP + FP + FN",
            "2TP</mtext><mtext>\xa0+\xa0</mtext><mtext>FP</mtext><mtext>\xa0+\xa0</mtext><mtext>FN",
        ) in words.metric_formula(declared(name))
    own = declared("formula", params={"formula": "mae / <2>"})
    assert words.metric_formula(own) == "<code>mae / &lt;2&gt;</code>"
    letters = {"mae": "ypn", "recall_samples": "yp", "f1_macro": ["TP"], "log_loss": ""}
    for name, said in letters.items():
        assert [each for each, _words in words.metric_letters(declared(name))] == [*said]


def test_parameters_are_said_in_the_language_of_the_page() -> None:
    quantile = declared("pinball", params={"tau": 0.05})
    for language, wanted in (("fr", "0,05"), ("en", "0.05")):
        with translation.override(language):
            assert wanted in str(words.metric_definition(quantile))
    assert "5 premiers" in str(words.metric_definition(declared("ndcg", params={"k": 5})))
    formula = declared("formula", params={"formula": "<b> + 1"})
    assert "&lt;b&gt; + 1" in str(words.metric_definition(formula))
    assert words.metric_title({"metric": "qwk"}) == "Kappa à poids quadratiques"
