"""UC5: occupations of at least four domains, each with why, whatever was ticked or typed."""

import pytest

from portal.demonstrator.answers import Answer, Line
from portal.demonstrator.engines.diversity import diverse
from portal.demonstrator.naming import labels
from portal.demonstrator.service import Served
from portal.demonstrator.use_cases.school_guidance.answer import answer
from portal.demonstrator.use_cases.school_guidance.form import GuidanceForm
from portal.demonstrator.use_cases.school_guidance.interests import INTERESTS


def proposed(answered: Answer) -> tuple[Line, ...]:
    """Find the occupations that are proposed."""
    return answered.blocks[0].lines


def test_the_form_asks_for_ticks_or_words_and_nothing_of_the_pupil(served: Served) -> None:
    asked = GuidanceForm({}, served=served)
    assert set(asked.fields) == {"interests", "text"}
    assert asked.errors["text"] == ["Cochez ce que vous aimez faire, ou écrivez-le."]
    assert len(GuidanceForm({"text": "a" * 20_000}, served=served).errors["text"]) == 1
    assert GuidanceForm({"interests": ["make"]}, served=served).is_valid()
    assert GuidanceForm({"text": "le dessin"}, served=served).is_valid()


def test_any_interest_alone_opens_four_domains_each_with_its_reason(served: Served) -> None:
    for one in INTERESTS:
        chosen = proposed(answer({"interests": [one.key], "text": ""}, served))
        assert len({each.code for each in chosen}) == 8
        assert len({each.code[0] for each in chosen}) >= 4
        for each in chosen:
            known = served.referential.occupations[each.code]
            assert one.letter in known.riasec
            quote = each.reason.removeprefix(f"parce que vous aimez « {one.text} » (")[:-1]
            pieces = (*known.tasks, *labels(known.knowledge, served), *known.environment)
            assert quote in {text[:1].lower() + text[1:] for text in pieces}


def test_a_box_is_a_reason_only_where_the_occupation_bears_it(served: Served) -> None:
    chosen = proposed(answer({"interests": ["make", "care"]}, served))
    for each in chosen:
        quotes = each.reason.count("(")
        assert quotes == each.reason.count("« Fabriquer") + each.reason.count("« Aider") > 0
    assert not {"J02", "K09", "N08"} & {
        each.code for each in proposed(answer({"interests": ["make"]}, served))
    }


def test_any_occupation_typed_opens_four_domains_and_is_among_them(served: Served) -> None:
    for one in list(served.referential.occupations.values())[::12]:
        chosen = proposed(answer({"text": one.titles[0]}, served))
        assert len({each.code[0] for each in chosen}) >= 4, one.titles[0]
        assert one.code in {each.code for each in chosen}, one.titles[0]


def test_no_word_that_was_typed_is_lost_to_another(served: Served) -> None:
    answered = answer({"text": "Les moteurs, la cuisine et le dessin.", "interests": []}, served)
    reasons = " ".join(each.reason for each in proposed(answered))
    for word in ("moteurs", "cuisine", "dessin"):
        assert f"« {word} »" in reasons
        assert dict(answered.segments())[word]


def test_what_is_not_wanted_is_not_read(served: Served) -> None:
    text = "Je n’aime pas la cuisine mais les moteurs, pas rester assis, jamais vendre"
    answered = answer({"text": text, "interests": []}, served)
    assert {word for word, speaks in answered.segments() if speaks} == {"moteurs"}
    assert answered.notes == (
        "Compris comme refusé, donc pas compté : « Je n’aime pas la cuisine », "
        "« pas rester assis », « jamais vendre ».",
    )
    assert answer({"text": "pas la cuisine, pas les moteurs"}, served).silence
    for text in (
        "j'aime rien, l'école c'est nul",
        "je déteste les ordinateurs",
        "j'aime pas les enfants",
        "la cuisine c’est nul",
        "la cuisine j’aime pas",
    ):
        assert answer({"text": text}, served).silence, text
    both = answer({"text": "j'aime les moteurs et l'école c'est nul"}, served)
    assert {word for word, speaks in both.segments() if speaks} == {"moteurs"}
    assert both.notes == ("Compris comme refusé, donc pas compté : « l'école c'est nul ».",)
    assert not answer({"text": "je n’aime que la cuisine"}, served).silence
    assert not answer({"text": "pourquoi pas la cuisine"}, served).silence


def test_beside_ticks_a_title_counts_and_one_word_of_a_task_does_not_win(served: Served) -> None:
    ticked = {"interests": ["care", "why"], "text": "docker"}
    assert "N10" in {each.code for each in proposed(answer(ticked, served))}
    ticked["text"] = "jouer à la console"
    assert "Comédien" not in " ".join(each.title for each in proposed(answer(ticked, served)))


def test_beside_ticks_no_word_is_lost_without_being_said(served: Served) -> None:
    ticked = {"interests": ["make", "care"], "text": "les animaux, la forêt et les licornes"}
    answered = answer(ticked, served)
    reasons = " ".join(each.reason for each in proposed(answered))
    assert "« animaux »" in reasons
    assert "« forêt »" in reasons
    assert answered.notes == ("Dans aucune de nos fiches, donc sans effet : « licornes ».",)


def test_what_shares_with_an_occupation_that_was_called_says_so(served: Served) -> None:
    chosen = proposed(answer({"text": "docker"}, served))
    assert "vous écrivez « docker »" in chosen[0].reason
    [reason] = [each.reason for each in chosen if each.code == "N02"]
    assert reason.startswith("comme « Docker / Dockeuse »")
    assert "élinguer et lever une charge" in reason


@pytest.mark.parametrize("text", ["la mécanique", "les animaux", "le jardin et la musique"])
def test_what_a_reason_names_is_on_the_page(served: Served, text: str) -> None:
    chosen = proposed(answer({"text": text}, served))
    titles = {each.title for each in chosen}
    named = {each.reason.split("»")[0].removeprefix("comme « ").strip() for each in chosen}
    assert {each for each in named if not each.startswith("parce que")} <= titles


def test_the_trade_that_a_word_names_is_shown(served: Served) -> None:
    chosen = proposed(answer({"text": "j’aime la mécanique"}, served))
    assert "Mécanicien automobile / Mécanicienne automobile" in {each.title for each in chosen}


def test_words_of_a_box_that_call_no_occupation_offer_it(served: Served) -> None:
    answered = answer({"text": "être dehors"}, served)
    assert answered.silence
    assert [each[:2] for each in answered.offers] == [("interests", "move")]
    assert answer({"text": "gagner de l’argent dans la vie"}, served).silence


def test_the_level_of_training_is_told_and_takes_nothing_out(served: Served) -> None:
    chosen = proposed(answer({"interests": [each.key for each in INTERESTS]}, served))
    levels = {served.referential.occupations[each.code].level for each in chosen}
    assert len(levels) >= 3
    for each in chosen:
        level = served.referential.occupations[each.code].level
        assert ("ardoise", f"formation courante : {level}") in each.marks


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("I like football", "« I », « like », « football »"),
        ("?!", ""),
        ("的 工作", ""),
        ("azeaz ze fsd", "« azeaz », « ze », « fsd »"),
        ("<script>", "« script »"),
        ("%(why)s {0}", "« why », « 0 »"),
    ],
)
def test_words_that_say_nothing_get_a_silence_or_leave_the_ticks_alone(
    served: Served, text: str, absent: str
) -> None:
    assert answer({"text": text, "interests": []}, served).silence
    ticked = answer({"text": text, "interests": ["care"]}, served)
    assert ticked.notes == (
        "Vos mots ne nous disent rien de plus : seules vos cases ont compté.",
        *([f"Dans aucune de nos fiches, donc sans effet : {absent}."] if absent else []),
    )
    assert proposed(ticked) == proposed(answer({"text": "", "interests": ["care"]}, served))


def test_diversity_prefers_what_is_new_and_keeps_places_for_domains() -> None:
    relevance = {"A1": 1.0, "A2": 0.9, "A3": 0.9, "B1": 0.5, "C1": 0.1}

    def alike(one: str, other: str) -> float:
        return float({one, other} == {"A1", "A2"})

    def choose(count: int, domains: int) -> tuple[str, ...]:
        return diverse(relevance, alike, lambda each: each[0], count=count, domains=domains)

    assert choose(2, 1) == ("A1", "A3")  # A2 is as relevant, and like A1
    assert choose(3, 3) == ("A1", "B1", "C1")
    assert choose(4, 3) == ("A1", "A3", "B1", "C1")
    assert set(choose(9, 9)) == set(relevance)
    assert diverse({}, alike, str, count=3, domains=2) == ()
