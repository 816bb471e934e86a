"""The cards of models: each sentence in one place, under the heading where one looks for it."""

from typing import Any

import pytest

from catalogue.contributions.queries import descriptions
from catalogue.standards.readers import hugging_face, readme
from tests.catalogue.standards.test_readers import value

HEAD = "---\nlibrary_name: x\n---\n# tri\n\nTrie des annonces par contrat et par métier.\n\n"


def test_a_template_leaves_nothing_where_nobody_wrote() -> None:
    text = f"{HEAD}## Citation\n\n**BibTeX:**\n\n[More Information Needed]\n\n**APA:**\n"
    assert "Citation" not in value(hugging_face.read(text.encode(), "").records[0], "description")


def test_what_an_author_has_still_to_do_is_told_and_leaves_the_text() -> None:
    entry = "```bibtex\n@misc{tri, title={tri}, author={A}}\n```"
    text = f"{HEAD}## Citation\n\n{entry}\n\nTODO: ajouter la matrice\n\n- **Langue :** TODO\n"
    record = hugging_face.read(text.encode(), "").records[0]
    assert value(record, "description") == "Trie des annonces par contrat et par métier."
    assert record.faults[-1].facts["which"] == "ajouter la matrice, Langue"
    kept = "Il lit une liste TODO et des todos.\n\n- TODO - classe des rappels\n\n"
    kept += "```bash\n# TODO: x\n * TODO: y\n- TODO: z\n```"
    assert kept in value(
        hugging_face.read(f"{HEAD}## Notes\n\n{kept}\n".encode(), "").records[0], "description"
    )


def test_what_the_author_adds_to_a_sentence_of_the_template_stays() -> None:
    text = f"""{HEAD}This modelcard aims to be a base template for new models. It reads offers.

Carbon emissions can be estimated using the [Machine Learning Impact calculator]\
(https://mlco2.github.io/impact#compute) presented in [Lacoste et al. (2019)]\
(https://arxiv.org/abs/1910.09700). We emitted 12 kg.
"""
    description = value(hugging_face.read(text.encode(), "").records[0], "description")
    assert "It reads offers." in description
    assert "We emitted 12 kg." in description
    assert "template" not in description
    assert "calculator" not in description


def test_a_citation_too_long_to_keep_whole_is_not_cut() -> None:
    entry = f"@misc{{tri, title={{rome-tri}}, author={{Claire Martin}}, note={{{'mot ' * 1_100}}}}}"
    text = f"{HEAD}## Citation\n\n```bibtex\n{entry}\n```\n"
    assert "citation" not in hugging_face.read(text.encode(), "").records[0].details


def test_the_bibtex_of_a_card_names_its_authors_and_leaves_its_text() -> None:
    text = """---
library_name: transformers
---
# rome-tri

[![arXiv](https://img.shields.io/arxiv.svg)](https://arxiv.org/abs/2403.01234)

Trie des offres.

## How to Get Started with the Model

Use the code below to get started with the model.

```python
run()
```

## Bias, Risks, and Limitations

### Recommendations

Users (both direct and downstream) should be made aware of the risks, biases and \
limitations of the model.

## Citation [optional]

**BibTeX:**

```bibtex
@inproceedings{tri, title={{ROME} trié}, author={Martin, Claire and {\\'E}ric Petit and others},
  booktitle = "TALN", year={2025}, doi={10.1000/xyz1}}
```

```
Martin et al., TALN.
```
"""
    found = hugging_face.read(text.encode(), "").records[0]
    assert value(found, "authors") == ["Claire Martin", "Éric Petit"]
    assert found.fields["authors"].guessed
    assert value(found, "created") == "2025"
    assert (value(found, "example"), "limits" in found.details) == ("run()", False)
    assert (
        value(found, "paper") == "ROME trié, TALN, 10.1000/xyz1, https://arxiv.org/abs/2403.01234"
    )
    assert value(found, "citation") == text[text.index("@") : text.index("\n```\n\n```")]
    assert "@inproceedings" not in value(found, "description")
    assert "Martin et al., TALN." in value(found, "description")


def test_a_section_of_a_model_card_answers_one_question() -> None:
    text = """---
library_name: transformers
pipeline_tag: fill-mask
---
# rome-tri

## Intended uses & limitations

Aider une **conseillère**. Ne pas utiliser pour trier des candidatures.
It must **not** be used to rank.

- Lire
- *Proposer*

## How to use

```python
clf("Cherche soudeur")
```

## Limitations

Les annonces courtes sont mal classées.

## Environmental impact

Entraînement : 2,1 kg éq. CO2, sur un GPU A100.

## Training data

Des courriels, par classe.

| classe | n |
|---|---|
| a | 3 |

## Thanks

À l’équipe.
"""
    record = hugging_face.read(text.encode(), "").records[0]
    told = record.details
    # What a field says is not said again, its table neither.
    table = "| classe | n |\n|---|---|\n| a | 3 |"
    description = "## Thanks\n\nÀ l’équipe."
    assert record.fields["description"].value == description
    assert told["training_data"].value == f"Des courriels, par classe.\n\n{table}"
    as_algorithm = descriptions.values(record, "algorithm")["description"]
    assert "## Intended uses" in as_algorithm
    assert descriptions.values(record, "model")["description"] == description
    assert told["limits"].value == ["Les annonces courtes sont mal classées."]
    assert told["limits"].origin == "Hugging Face › Limitations"
    assert told["intended_purpose"].value == "Aider une **conseillère**.\n\n- Lire\n- *Proposer*"
    assert told["excluded_uses"].value == [
        "Ne pas utiliser pour trier des candidatures.",
        "It must **not** be used to rank.",
    ]
    assert told["example"].value == 'clf("Cherche soudeur")'
    assert told["co2_grams"].value == 2100
    assert told["footprint"].value == "Entraînement : 2,1 kg éq. CO2, sur un GPU A100."
    assert (told["tasks"].value, told["tasks"].guessed) == (["language_modelling"], False)
    ranking = text.replace("fill-mask", "text-ranking")
    likely = hugging_face.read(ranking.replace("Aider", "Un CV, une offre : aider").encode(), "")
    guess = likely.records[0].details["tasks"]
    assert (guess.value, guess.guessed) == (["matching"], True)
    # What it excludes is no task of it.
    assert "tasks" not in hugging_face.read(ranking.encode(), "").records[0].details
    # What is copied as it stands under its heading is no guess; what is sorted out is.
    guessed = {name for name, own in {**record.fields, **told}.items() if own.guessed}
    assert guessed == {"summary", "intended_purpose", "excluded_uses", "co2_grams"}
    index = (
        "pipeline_tag: fill-mask\nmodel-index: [{results: [{metrics: [{type: f1, value: 0.81}]}]}]"
    )
    scores = "## Scores\n\n### F1\n\n| m | v |\n|---|---|\n| F1 | **0.810** |\n\n## Thanks"
    measured = text.replace("pipeline_tag: fill-mask", index).replace("## Thanks", scores)
    told_once = hugging_face.read(measured.encode(), "").records[0]
    assert told_once.fields["description"].value == description
    for row in ("| Latence | 12 ms |", "| F1 | 0.81 ± 0.02 |", "| femmes | 0.81 |"):
        more = measured.replace("| F1 | **0.810** |", f"| F1 | **0.810** |\n{row}")
        assert row in value(hugging_face.read(more.encode(), "").records[0], "description")
    bare = text.replace("Entraînement : 2,1 kg éq. CO2, sur un GPU A100.", "2,1 kg CO2eq.")
    labelled = text.replace("2,1 kg éq. CO2, sur", "un peu. **Carbon emitted:** 0.07 kg, sur")
    assert hugging_face.read(labelled.encode(), "").records[0].details["co2_grams"].value == 70
    emitted = hugging_face.read(bare.encode(), "").records[0]
    assert emitted.details["co2_grams"].value == 2100
    assert "footprint" not in emitted.details
    assert "CO2" not in value(emitted, "description")
    whole = hugging_face.read(text.replace("## Limitations", "## Notes").encode(), "").records[0]
    assert "limits" not in whole.details
    # The same card with French headings, either apostrophe.
    in_french = {
        "Intended uses & limitations": "Usages prévus",
        "How to use": "Comment l'utiliser",
        "Limitations": "Biais, risques et limites",
        "Environmental impact": "Impact environnemental",
        "Training data": "Données d'entraînement",
    }
    french = text
    for said, heading in in_french.items():
        french = french.replace(f"## {said}", f"## {heading}")
    for direct, apostrophe in (("Usages prévus", "'"), ("Usage direct", "’")):
        french = french.replace("Usages prévus", direct).replace("'", apostrophe)
        translated = hugging_face.read(french.encode(), "").records[0].details
        assert {n: v.value for n, v in translated.items()} == {n: v.value for n, v in told.items()}
    for heading in ("Usages hors périmètre", "Usages déconseillés"):
        apart = text.replace("## Thanks", f"## {heading}\n\nNoter des candidats.\n\n## Thanks")
        refused = hugging_face.read(apart.encode(), "").records[0].details["excluded_uses"]
        assert refused.value[0] == "Noter des candidats."
    # The same text as a README of no standard.
    plain = readme.read(text.encode(), "").records[0]
    assert plain.details["limits"].value == ["Les annonces courtes sont mal classées."]
    assert "Limitations" not in plain.fields["description"].value
    assert "soudeur" not in plain.fields["description"].value


def test_no_sentence_of_a_pasted_card_is_lost() -> None:
    text = (
        """---
library_name: transformers
---
# rome-tri

## Limites

Ne connaît pas les contrats de 2025. Écart de 12 points au féminin.
- Les annonces courtes
  sont mal classées
- Le [rapport](https://exemple.fr/r) le mesure

Se trompe deux fois plus au féminin.

## Usages déconseillés

Ne marche pas :
* en anglais

## Prise en main

Chargez-le :

```python
clf("Cherche soudeur")
```

## Empreinte

Longue. """
        + "Mesure du CO2. " * 200
    )
    record = hugging_face.read(text.encode(), "").records[0]
    limits = [
        "Ne connaît pas les contrats de 2025. Écart de 12 points au féminin.",
        "Les annonces courtes sont mal classées",
        "Le [rapport](https://exemple.fr/r) le mesure",
        "Se trompe deux fois plus au féminin.",
    ]
    assert record.details["limits"].value == limits
    assert record.details["excluded_uses"].value == ["Ne marche pas :", "- en anglais"]
    kept = value(record, "description")
    assert kept.startswith("## Empreinte\n\nLongue. Mesure")  # longer than its field
    assert readme.read(text.encode(), "").records[0].details["limits"].value == limits
    noted = text.replace("Chargez-le :", "Demande 16 Go :\n\n```bash\npip install x\n```\n\nPuis :")
    noted = noted.replace('soudeur")\n```', 'soudeur")\n```\n\nMarche sur CPU.')
    read = hugging_face.read(noted.encode(), "").records[0]
    assert read.details["example"].value == (
        '# Demande 16 Go :\n# pip install x\n\n# Puis :\nclf("Cherche soudeur")'
    )
    assert "Marche sur CPU." in value(read, "description")


def test_the_labels_of_the_form_and_the_headings_of_the_trainer_are_read() -> None:
    told = {
        "À quoi il sert": ("intended_purpose", "Aider une conseillère."),
        "Ce qu'il ne faut pas faire avec": ("excluded_uses", ["Noter."]),
        "À quoi cela sert": ("excluded_uses", ["Il est interdit de comparer."]),
        "Données": ("training_data", "Des offres."),
        "Training and evaluation data": ("training_data", "Job ads."),
        "Explicabilité": ("explanation", "Les mots qui pèsent."),
        "Qui garde la main": ("oversight", "La conseillère valide."),
        "Biais": ("limits", ["Moins juste au féminin."]),
        "Uses & limitations": ("excluded_uses", ["Not meant for scoring people."]),
        "Usages interdits": ("excluded_uses", ["Sont exclus :", "- noter ;", "- trier."]),
        "Intended uses & limitations": ("limits", ["It misses skills."]),
    }
    head = "---\nlibrary_name: x\n---\n# Tri\n\nRange des annonces par métier. En voici :\n\n"
    for heading, (name, wanted) in told.items():
        said = wanted if isinstance(wanted, str) else "\n".join(wanted)
        text = f"{head}## {heading}\n\n{said}\n".encode()
        assert hugging_face.read(text, "").records[0].details[name].value == wanted
    empty = "## Training data\n\nMore information needed\n\n## Contact\n\ntri@exemple.fr\n\n"
    empty += "- **Version :** 1.2.0 (14 mai 2024)\n- **Financé par :** [More Information Needed]\n"
    text = f"{head}## Dépôt\n\nhttps://exemple.fr/tri\n\n{empty}".encode()
    record = hugging_face.read(text, "").records[0]
    dated = (record.details["version"].value, record.details["created"].value)
    assert (dated, record.fields["title"].guessed) == (("1.2.0", "2024-05-14"), False)
    assert record.faults[-1].facts["which"] == "Training data, Financé par"
    assert value(record, "summary") == "Range des annonces par métier."
    assert {"contact", "training_data"} & {*record.fields, *record.details} == {"contact"}


def read(text: str) -> dict[str, Any]:
    record = hugging_face.read(text.encode(), "").records[0]
    return {name: told.value for name, told in {**record.fields, **record.details}.items()}


@pytest.mark.parametrize(
    "sentence",
    [
        "It must not be used to rank,\nscore or reject applicants.",
        "L’usage par un service de l’immigration est strictement interdit.",
        "Ne l’employez pas pour trier des CV.",
        "Interdit : le tri de candidatures.",
        "Never use it to set pay.",
        "It is not to be used to set pay.",
        "Use by immigration authorities is prohibited.",
    ],
)
def test_what_a_card_forbids_is_no_purpose_of_it(sentence: str) -> None:
    told = read(f"{HEAD}## Usages prévus\n\nIl repère les mentions interdites. {sentence} Il aide.")
    assert told["excluded_uses"] == [" ".join(sentence.split())]
    assert told["intended_purpose"] == "Il repère les mentions interdites. Il aide."


def test_a_list_goes_with_what_announces_it_and_keeps_its_depth() -> None:
    told = read(
        f"{HEAD}## Direct use\n\nThe model must not be used:\n\n- to fire\n  - by mail\n\n"
        "It may:\n\n1. count\n   - by month\n     - in `one_table`\n2. Do not use it on CVs.\n\n"
        "### Downstream use\n\nSet `batch_size` and **learning_rate**, see [it](./a.md).\n"
    )
    assert told["excluded_uses"] == [
        "The model must not be used:",
        "- to fire",
        "- by mail",
        "Do not use it on CVs.",
    ]
    assert told["intended_purpose"] == (
        "It may:\n\n1. count\n   - by month\n     - in `one_table`\n\n"
        "Downstream use:\n\nSet `batch_size` and **learning_rate**, see it."
    )
    assert told["description"] == "Trie des annonces par contrat et par métier."


def test_limits_leave_their_advice_and_have_their_table_and_no_place_still_to_fill() -> None:
    told = read(
        f"{HEAD}## Bias, Risks, and Limitations\n\nF1 par groupe :\n\n| g | F1 |\n|---|--:|\n"
        "| a | 0,8 |\n\nMoins juste au féminin.\n\n### Recommendations\n\nUne relecture.\n\n"
        "## Impact\n\n- **Hours used:** [More Information Needed]\n\n"
        "### Sources [optional]\n\n**Dépôt :** https://exemple.fr/tri\n"
        "**Développé par :** Atelier\n"
    )
    assert told["limits"] == ["Moins juste au féminin."]
    assert told["group_results"] == "F1 par groupe :\n\n| g | F1 |\n|---|--:|\n| a | 0,8 |"
    assert (told["repository_url"], told["producer_name"]) == ("https://exemple.fr/tri", "Atelier")
    assert told["description"] == (
        "Trie des annonces par contrat et par métier.\n\n## Recommendations\n\nUne relecture.\n\n"
        "## Impact\n\n### Sources\n\n"
        "- **Dépôt :** https://exemple.fr/tri\n- **Développé par :** Atelier"
    )


def test_what_tools_write_in_a_card_is_read_as_what_it_is() -> None:
    told = read(
        "---\npipeline_tag: token-classification\ntags: [generated_from_trainer, emploi]\n---\n"
        "# tri\n\n"
        "Trie des annonces par contrat. It achieves the following results on the evaluation set:\n"
        "- Loss: 0.22\n- F1: 0.84\n\n## Labels\n\n| l | e |\n|---|---|\n"
        "| a | <ul><li>un</li><li>deux</li></ul> |\n\n* Statistiques :\n  | x | y |\n  |---|---|\n"
        "  | 1 | 2 |\n\n## Citation\n\n```bibtex\n"
        "@article{setfit, author={Tunstall, Lewis}, title={Few-Shot}, year={2022}}\n```\n"
    )
    assert told["tags"] == ["annotation de mots", "emploi"]
    assert [(row["metric"], row["value"]) for row in told["declared_measures"]] == [
        ("Loss", "0.22"),
        ("F1", "0.84"),
    ]
    # A title alone, not the first heading; a table is no list of what is forbidden.
    untitled = read(
        "---\nmodel-index: [{name: tri, results: []}]\n---\nTrie des annonces par contrat."
        "\n\n### Forbidden uses\n\n| Use | Why |\n|---|---|\n| Rank | harm |\n\n### Bias\n\nCare."
    )
    assert (untitled["title"], untitled["limits"]) == ("tri", ["Care."])
    assert "### Forbidden uses\n\n| Use | Why |" in untitled["description"]
    assert "excluded_uses" not in untitled
    # Its text speaks of no task of ours, and quotes an article that is not its own.
    assert not {"tasks", "authors", "created"} & told.keys()
    assert "* Statistiques :\n\n| x | y |\n|---|---|\n| 1 | 2 |\n" in told["description"]
    assert "| a | un ; deux |" in told["description"]
    assert "author={Tunstall, Lewis}" in told["description"]
    assert "achieves" not in told["description"]


def test_a_card_headed_in_html_is_read_as_one_in_markdown() -> None:
    told = read("""---
model-index: [{name: offres-genre, results: []}]
extra_gated_prompt: Dites qui vous êtes.
---
<div align="center"><h1>
  Genre des <code>offres</code></h1><a href="https://x.fr"><img src="b.png"></a></div>

> [!WARNING]
> À l’essai.

Repère le genre grammatical, voir <a href="https://exemple.fr/p">l’article</a>. 12M parameters.

## Prohibited uses

1. Ranking.

<details><summary>Changelog</summary>

v1.1: new tokenizer.

</details>

## Limitations

It over-flags *nurse*:

| Phrase | Score |
|---|---|
| Une infirmière | 0.93 |

- Short ads[^ads]

[^ads]: See the guide, § 4.

## BibTeX

```bibtex
@misc{petit2024genre, title={Gendered wording}, author={Petit, Anne}, year={2024}}
```
""")
    # Files may be deposited here: what their source asks before it gives them is told, no more.
    assert told["title"] == "Genre des offres"
    assert "access" not in told
    assert told["licence_note"] == "Hugging Face : Dites qui vous êtes."
    assert (told["authors"], told["created"], told["parameters"]) == (
        ["Anne Petit"],
        "2024",
        12_000_000,
    )
    assert told["excluded_uses"] == ["Ranking."]
    assert told["limits"] == ["It over-flags nurse.", "Short ads (See the guide, § 4)"]
    assert "group_results" not in told
    assert told["description"] == (
        "> [!WARNING]\n> À l’essai.\n\nRepère le genre grammatical, voir "
        "[l’article](https://exemple.fr/p). 12M parameters.\n\n"
        "## Changelog\n\nv1.1: new tokenizer.\n\n"
        "## Limitations\n\nIt over-flags *nurse*:\n\n"
        "| Phrase | Score |\n|---|---|\n| Une infirmière | 0.93 |"
    )


@pytest.mark.parametrize("heading", ["# 📚 Model description", "## Intended uses & limitations"])
def test_a_usual_heading_names_no_card(heading: str) -> None:
    named = "---\nmodel-index: [{name: offres-genre}]\n---\n"
    assert read(f"{named}{heading}\n\nMontre le genre.")["title"] == "offres-genre"
    assert read(f"---\nlibrary_name: x\n---\n{heading}\n\nMontre.")["title"] in heading


def test_the_row_of_a_table_that_is_of_the_whole_gives_measures() -> None:
    table = "| | Précision | n |\n|---|---|---|\n| A | 0,84 | 3 |\n| **{}** | **0,87** | 9 |"
    for whole in ("Ensemble", "Tri"):
        told = read(f"{HEAD.replace('# tri', '# Tri')}## Résultats\n\n{table.format(whole)}")
        measured = [(row["metric"], row["value"]) for row in told["declared_measures"]]
        assert measured == [("Précision", "0,87")]
        assert "| A | 0,84 | 3 |" in told["description"]
    assert "declared_measures" not in read(f"{HEAD}## Résultats\n\n{table.format('B')}")
    two = "12M parameters, of a family that has 7B parameters."
    assert "parameters" not in read(HEAD + two)


def test_the_entry_of_a_bibliography_is_no_example() -> None:
    text = "# tri\n\n```bibtex\n@misc{a, author={B}, title={C}}\n```\n\n```python\nrun()\n```\n"
    assert readme.read(text.encode(), "").records[0].details["example"].value == "run()"


@pytest.mark.parametrize(
    "heading",
    ["Hors champ", "Usages hors champ", "Out of scope", "Out-of-scope", "Cas d’usage exclus"],
)
def test_what_a_heading_excludes_is_advised_against(heading: str) -> None:
    told = read(f"{HEAD}## Usages prévus\n\nCompter.\n\n### {heading}\n\n1. Classer.\n")
    assert (told["excluded_uses"], told["intended_purpose"]) == (["Classer."], "Compter.")


@pytest.mark.parametrize(("metric", "is_measure"), [("F1", True), ("Exemple", False)])
def test_results_by_group_are_a_table_of_a_measure_and_nothing_else(
    metric: str, is_measure: bool
) -> None:
    table = (
        f"| Groupe | Offres | {metric} |\n|---|--:|--:|\n| Long | 302 | 0,7 |\n| Court | 58 | 0,6 |"
    )
    told = read(f"{HEAD}## Écarts par groupe d'offres\n\n{table}\n")
    assert (told.get("group_results") == table) is is_measure
    assert (table in told["description"]) is not is_measure


def test_a_name_that_bibtex_keeps_whole_is_no_place_to_fill() -> None:
    entry = "@misc{tri2026,\n  title = {Tri},\n  author = {{Atelier emploi}}\n}"
    text = f"{HEAD}## Citation\n\n```bibtex\n{entry}\n```\n"
    record = hugging_face.read(text.encode(), "").records[0]
    assert [each for each in record.faults if each.code == "unfilled"] == []
    untitled = "@misc{x, author={Atelier}}"
    assert untitled in read(f"{HEAD}## Citation\n\n{untitled}\n")["description"]
    other = entry.replace("Tri}", "Autre}").replace("tri2026", "x")
    assert "author = {{Atelier emploi}}" in read(f"{HEAD}## Citation\n\n{other}\n")["description"]


@pytest.mark.parametrize(
    ("said", "kind", "title"),
    [
        ("je veux publier mon modèle de matching", "model", "Modèle de matching"),
        ("I publish my model for job search.", "model", "Model for job search"),
        ("Un modèle.", "model", "Un modèle."),
        ("Trie des offres par métier.", "algorithm", "Trie des offres par métier."),
        (
            "Un jeu de données pour un modèle de tri.",
            "dataset",
            "Un jeu de données pour un modèle de tri.",
        ),
        ("Décrit le modèle de données.", "algorithm", "Décrit le modèle de données."),
        ("# Tri\n\nUn modèle de tri.", "algorithm", "Tri"),
    ],
)
def test_one_sentence_is_a_summary_and_its_title_a_guess(said: str, kind: str, title: str) -> None:
    record = readme.read(said.encode(), "").records[0]
    own = record.fields
    assert (record.kind, own["title"].value, own["title"].guessed) == (
        kind,
        title,
        not said.startswith("#"),
    )
    assert ("description" in own) is said.startswith("#")
    assert said.startswith("#") or (own["summary"].value, own["summary"].guessed) == (said, True)


LOADS = '## Usage\n\n```python\nm = AutoModel.from_pretrained("{}")\n```\n'
FILE = "[poids](https://huggingface.co/atelier/tri/resolve/main/model.safetensors)\n"


@pytest.mark.parametrize(
    ("said", "page"),
    [
        (LOADS.format("atelier/tri"), "atelier/tri"),
        (LOADS.format("atelier/tri").replace("m = AutoModel.from_", "model="), ""),
        ('```python\nf = pipeline("x", model="atelier/tri", top_k=3)\n```\n', "atelier/tri"),
        (LOADS.format("almanach/base"), ""),
        (LOADS.format("./tri"), ""),
        (LOADS.format("almanach/base") + FILE, "atelier/tri"),
        (LOADS.format("atelier/tri") + LOADS.format("atelier/autre"), ""),
        ("Voir https://huggingface.co/atelier/tri.\n", ""),
        (
            "## Citation\n\n@misc{tri, title={Tri}, author={Atelier},\n"
            "  url={https://huggingface.co/atelier/tri}}\n",
            "atelier/tri",
        ),
    ],
)
def test_the_page_of_a_model_is_where_its_card_loads_it(said: str, page: str) -> None:
    text = HEAD.replace("library_name: x", "base_model: almanach/base") + said
    found = hugging_face.read(text.encode(), "").records[0].fields.get("homepage_url")
    assert (found and (found.value, found.guessed)) == (
        (f"https://huggingface.co/{page}", True) if page else None
    )


@pytest.mark.parametrize("leftover", ["{}", "datasets: {{ datasets }}", "tags:\n- {{ tag }}"])
def test_what_a_template_left_in_a_header_loses_nothing_else(leftover: str) -> None:
    text = f"""---
license: mit
{leftover}
---
# tri

A 118M-parameter encoder.

- **Repository:** https://huggingface.co/atelier/tri
- **Finetuned from model [optional]:** [intfloat/e5](https://huggingface.co/intfloat/e5)
"""
    told = read(text)
    assert (told["licences"], told["parameters"]) == (["MIT"], 118_000_000)
    assert (told["base_model"], told["homepage_url"]) == (
        "intfloat/e5",
        "https://huggingface.co/atelier/tri",
    )
    assert "repository_url" not in told


def test_the_files_that_a_card_links_to_are_its_files() -> None:
    hub = "https://huggingface.co/atelier/tri"
    listed = (
        f"{HEAD}{LOADS.format('atelier/tri')}\n## Fichiers\n\n"
        f"- [model.safetensors (445 Mo)]({hub}/resolve/main/model.safetensors)\n"
        f"- [config.json]({hub}/resolve/main/config.json)\n"
        f"- {hub}/resolve/main/a.onnx?download=true (1,5 Gio)\n"
        f"- [Toutes les versions]({hub}/tree/main)\n"
    )
    told = read(listed)
    first = {
        "title": "model.safetensors",
        "url": f"{hub}/resolve/main/model.safetensors",
        "format": "safetensors",
        "bytes": 445_000_000,
    }
    assert told["files"][0] == first
    assert [(row["title"], row.get("bytes")) for row in told["files"][1:]] == [
        ("config.json", None),
        ("a.onnx", 1_610_612_736),
    ]
    assert "Fichiers" not in told["description"]
    # What a row does not say stays, and what is no file.
    more = f"Le poids est en demi-précision.\n\n- [Le site](https://exemple.fr)\n{'- [Notice]'}"
    kept = read(f"{listed}{more}({hub}/blob/main/a.pdf) : la lire avant\n")
    assert kept["files"][-1]["url"] == f"{hub}/resolve/main/a.pdf"
    assert kept["description"].endswith(f"{more}({hub}/blob/main/a.pdf) : la lire avant")
    address = f"{hub}/resolve/main/m.bin"
    table = f"| File | Size | |\n|---|---|---|\n| Weights | 12 MB | [Download]({address}) |"
    rows = read(f"{HEAD}## Files\n\n{table}\n")
    assert (rows["files"][0]["title"], rows["files"][0]["bytes"]) == ("Weights", 12_000_000)
    assert "Files" not in rows["description"]
    # An address is kept as it is written, and a second one where it stands.
    share = "https://partage.exemple.fr/m.bin?rlkey=a1&dl=1"
    assert read(f"{HEAD}## Files\n\n- [m.bin]({share})\n")["files"][0]["url"] == share
    mirrored = f"- [m.bin]({address}) [download](https://miroir.exemple.fr/m.bin)"
    assert mirrored in read(f"{HEAD}## Files\n\n{mirrored}\n")["description"]
    page = "- [m.bin](https://github.com/atelier/tri/blob/main/m.bin)"
    assert "files" not in read(f"{HEAD}## Files\n\n{page}\n")
    many = "".join(f"- [{n}.bin]({hub}/resolve/main/{n}.bin)\n" for n in range(60))
    most = read(f"{HEAD}## Files\n\n{many}")
    assert (len(most["files"]), "[50.bin]" in most["description"]) == (50, True)
    noted = table.replace(" | [", " | half | [")
    assert noted in read(f"{HEAD}## Files\n\n{noted}\n")["description"]
    assert "files" not in read(f"{HEAD}## Notes\n\n- [a.json]({hub}/resolve/main/a.json)\n")


def test_an_address_to_write_to_comes_before_a_forum() -> None:
    forum = "https://exemple.fr/forum"
    told = read(
        f"{HEAD}## Contact\n\nOuvrez une [discussion]({forum}) ou écrivez à a@exemple.fr.\n"
    )
    assert told["contact"] == "a@exemple.fr"
    assert f"[discussion]({forum})" in told["description"]
    assert read(f"{HEAD}## Contact\n\nLe [forum]({forum})\n")["contact"] == forum
    assert (
        read(f"{HEAD}## Contact\n\nAtelier, a@exemple.fr\n")["contact"] == "Atelier, a@exemple.fr"
    )
    twice = read(
        f"{HEAD}## Contact\n\nL’adresse :\n\na@exemple.fr\n\nSinon : a@exemple.fr, lundi.\n"
    )
    assert "Sinon : a@exemple.fr, lundi." in twice["description"]
    longer = read(f"{HEAD}## Contact\n\n{'Nous lisons tout. ' * 12}a@exemple.fr\n")
    assert (longer["contact"], "Nous lisons" in longer["description"]) == ("a@exemple.fr", True)


NADIA = "Nadia Benali, n@e.example"


@pytest.mark.parametrize(
    ("text", "contact", "guessed"),
    [
        ("## Contact\n\nOpen an issue or write to n@e.example.", "n@e.example", True),
        ("## Contact\n\nNadia Benali <n@e.example>", NADIA, False),
        ("## Contact\n\n[Nadia Benali](mailto:n@e.example?subject=a)", NADIA, False),
        ("## Contact\n\nn@e.example (Nadia Benali)", NADIA, False),
        ("## Contact\n\nContact Nadia Benali at n@e.example.", NADIA, True),
        ("## Contact\n\nPour un avis, écrire à Nadia Benali (n@e.example).", NADIA, True),
        ("## Contact\n\nEmail: [n@e.example](mailto:n@e.example)", "n@e.example", False),
        ("## Contact\n\nNadia Benali\nn@e.example", NADIA, False),
        ("## Questions\n\nFor questions, open an issue or mail n@e.example", "n@e.example", True),
        ("## Maintainers\n\n- Nadia Benali : n@e.example\n- C. Rossi : c@e.example", NADIA, True),
        ("- **Maintainer:** Nadia Benali (n@e.example)", NADIA, True),
        ("- **Contact:** [Nadia Benali](mailto:n@e.example)", NADIA, False),
        ("Questions ? n@e.example", "n@e.example", True),
        ("Contact : l’équipe data, n@e.example", "l’équipe data, n@e.example", True),
        ("## Contact\n\nAbuse: n@e.example", "n@e.example", True),
        (
            "## Contact\n\nDo not contact a@e.example, who left. Use n@e.example.",
            "n@e.example",
            True,
        ),
        ("## Contact\n\nN’hésitez pas à écrire à n@e.example.", "n@e.example", True),
        ("## Contact\n\nNe pas écrire à n@e.example.", None, None),
        ("## Notes\n\nOn a retiré les courriels (comme n@e.example).", None, None),
    ],
)
def test_a_contact_is_a_name_and_an_address_to_write_to(
    text: str, contact: str | None, guessed: bool | None
) -> None:
    record = hugging_face.read(f"{HEAD}{text}\n".encode(), "").records[0]
    own = record.fields.get("contact")
    assert (own and own.value, own and own.guessed) == (contact, guessed)
    assert "Abuse" not in text or "Abuse" in value(record, "description")


def test_a_section_on_the_licence_and_the_contact_gives_both() -> None:
    told = read(f"{HEAD}## Licence & contact\n\nMIT. Contact : Nadia Benali — data@e.example\n")
    assert (told["contact"], told["licences"]) == ("Nadia Benali — data@e.example", ["MIT"])
    assert "Licence" not in told["description"]
    plain = readme.read(f"# Tri\n\nTrie.\n\n## Contact\n\nÉcrire à {NADIA}.".encode(), "")
    own = plain.records[0].fields["contact"]
    assert (own.value, own.guessed) == (NADIA, True)


@pytest.mark.parametrize(
    ("head", "is_by_group"),
    [
        ("Secteur | Offres | Rappel", True),
        ("Language | n | F1", True),
        ("**Genre** | Effectif | F1", True),
        ("Forme de l’intitulé | Effectif | Exactitude", True),
        ("Modèle | Offres | F1", False),
        ("Jeu de test | n | F1", False),
        ("Étiquette | n | F1", False),
        ("Secteur | F1 | Rappel", False),
        ("Secteur | Offres | Exemple", False),
    ],
)
def test_a_table_of_results_that_counts_groups_is_by_group(head: str, is_by_group: bool) -> None:
    table = f"| {head} |\n|---|--:|--:|\n| A | 1 100 | 0,71 |\n| B | 350 | 0,79 |"
    told = read(f"{HEAD}## Évaluation\n\nPar groupe :\n\n{table}\n\nMesuré en mai.\n")
    assert (told.get("group_results") == f"Par groupe :\n\n{table}") is is_by_group
    assert (table in told["description"]) is not is_by_group
    assert "Mesuré en mai." in told["description"]


@pytest.mark.parametrize(
    ("heading", "head", "is_by_group"),
    [
        ("### Par type d'offre", "Offres | n | F1", True),
        ("## Evaluation\n\nBy contract:", "Contract | n | MAE (€)", True),
        ("### Par modèle", "Nom | n | F1", False),
        ("### Results by dataset", "Name | n | F1", False),
        ("### Par type d'offre", "Étiquette | n | F1", False),
        ("### Par type d'offre", "Offres | F1 | Rappel", False),
        ("### Partis", "Offres | n | F1", False),
    ],
)
def test_a_table_under_what_it_parts_by_is_by_group(
    heading: str, head: str, is_by_group: bool
) -> None:
    table = f"| {head} |\n|---|--:|--:|\n| A | 214 | 0,79 |\n| B | 38 | 0,77 |"
    told = read(f"{HEAD}## Résultats\n\nMoyens.\n\n{heading}\n\n{table}\n\nPeu.\n")
    assert (table in told.get("group_results", "")) is is_by_group
    assert (table in told["description"]) is not is_by_group
    assert "Peu." in told["description"]


@pytest.mark.parametrize(
    ("heading", "items", "is_by_group"),
    [
        ("Résultats", "- Femmes : F1 0,78 (n = 412)\n- Hommes : F1 0,80 (n = 390)", True),
        ("Results by contract", "* **Short:** F1 of 0.78, n=412\n* Long: F1 0.8, n=39", True),
        ("Écarts par groupe", "- CDI : rappel 0,7 (n = 41)\n- CDD : rappel 0,6 (n = 39)", True),
        ("Résultats", "- Femmes : F1 0,78\n- Hommes : F1 0,80", False),
        ("Résultats", "- tri-v1 : F1 0,78 (n = 412)\n- tri-v2 : F1 0,80 (n = 412)", False),
        ("Résultats", "- Genre musical : F1 0,7 (n = 4)\n- Âge du modèle : F1 0,8 (n = 3)", False),
        ("Par modèle", "- A : F1 0,78 (n = 412)\n- B : F1 0,80 (n = 412)", False),
        ("Résultats", "- Femmes : F1 0,78 (n = 412)\n- Entraîné en mai", False),
    ],
)
def test_a_list_of_a_measure_of_groups_that_are_counted_is_by_group(
    heading: str, items: str, is_by_group: bool
) -> None:
    told = read(f"{HEAD}## {heading}\n\n{items}\n\n## Notes\n\nPeu.\n")
    assert (told.get("group_results", "").replace("*", "-") != "") is is_by_group
    assert (items in told["description"]) is not is_by_group


@pytest.mark.parametrize(
    "sentence",
    [
        "Le modèle **ne doit pas servir à trier des candidatures**.",
        "This model must not be used to rank applicants.",
        "It should not be used on CVs.",
    ],
)
def test_what_a_warning_excludes_is_advised_against(sentence: str) -> None:
    text = (
        f"{HEAD}> [!WARNING]\n> {sentence} Il lit un intitulé.\n\n## Hors champ\n\n- L’anglais.\n"
    )
    record = hugging_face.read(text.encode(), "").records[0]
    told = record.details["excluded_uses"]
    assert (told.value, told.guessed) == (["L’anglais.", sentence], True)
    assert sentence in value(record, "description")
    same = read(text.replace("- L’anglais.", f"- {sentence}"))
    assert same["excluded_uses"] == [sentence]
    attention = "## Attention mechanism\n\nPadding tokens must not be used by the heads."
    technical = f"{HEAD}Do not use the base tokenizer.\n\n{attention}\n"
    assert "excluded_uses" not in read(technical)
    care = read(
        f"{HEAD}> [!WARNING]\n> Un code ne doit pas être lu seul.\n\n## Notes\n\n{sentence}\n"
    )
    assert "excluded_uses" not in care


@pytest.mark.parametrize(
    ("does", "says", "tasks"),
    [
        (
            "text-classification",
            "Ce modèle rattache l’intitulé d’une offre au ROME 4.0.",
            "occupation_coding",
        ),
        ("text-classification", "Range une offre dans un secteur de la NAF, en français.", ""),
        (
            "text-classification",
            "Repère les savoir-être demandés dans une offre.",
            "skill_extraction",
        ),
        (
            "sentence-similarity",
            "Embeds job-ad sentences and ESCO skill labels alike.",
            "skill_extraction",
        ),
        ("sentence-similarity", "Maps job titles and skill sentences to one same space.", ""),
        (
            "sentence-similarity",
            "Retrieves the closest ESCO occupation of a job title.",
            "occupation_coding",
        ),
        ("sentence-similarity", "Maps job ads and CV snippets to one same space.", "matching"),
        ("token-classification", "Repère les titres-restaurant et les primes des annonces.", ""),
        ("tabular-regression", "Forecasts the job ads of a zone in three months.", "forecasting"),
        ("tabular-regression", "Estimates the gross annual salary of a job ad.", ""),
        ("text-to-speech", "Lit les compétences d’une offre d’emploi à haute voix.", ""),
    ],
)
def test_a_task_is_guessed_from_what_the_title_and_summary_say(
    does: str, says: str, tasks: str
) -> None:
    tags = "tags: [competences, job-matching, rome]"
    told = read(f"---\npipeline_tag: {does}\n{tags}\n---\n# matcher-rh\n\n{says}\n")
    assert told.get("tasks", []) == ([tasks] if tasks else [])


def test_the_same_key_word_is_written_once_as_the_portal_spells_it() -> None:
    tags = "[classification-de-texte, text-classification, offres d'emploi, offres-d’emploi, Ner]"
    told = read(f"---\npipeline_tag: text-classification\ntags: {tags}\n---\n# tri\n\nTrie.\n")
    assert told["tags"] == ["classification de textes", "offres d'emploi", "ner"]


def test_the_key_words_of_a_card_in_english_stay_as_its_author_wrote_them() -> None:
    text = "---\nlanguage: {}\npipeline_tag: tabular-regression\ntags: [salary]\n---\n# tri\n\nA.\n"
    assert read(text.format("en"))["tags"] == ["tabular-regression", "salary"]
    assert read(text.format("[en, fr]"))["tags"] == ["régression sur des tableaux", "salary"]
    listed = b'{"id": "a/b", "pipeline_tag": "fill-mask", "tags": ["language:en", "xy"]}'
    record = hugging_face.read(listed, "https://huggingface.co/api/models").records[0]
    assert value(record, "tags") == ["fill-mask", "xy"]


@pytest.mark.parametrize(
    ("said", "stays"),
    [
        ("MIT", False),
        ("Ce modèle est publié sous licence MIT.", False),
        ("This model is released under the MIT license.", False),
        ("MIT. Les textes des offres ne sont pas redistribués.", True),
        ("Apache 2.0", True),
    ],
)
def test_a_section_that_only_names_the_licence_leaves_the_text(said: str, stays: bool) -> None:
    text = f"{HEAD}## Licence\n\n{said}\n"
    told = read(text.replace("library_name: x", "license: mit"))
    assert (said in told["description"], told["licences"]) == (stays, ["MIT"])
    if not stays:
        assert read(text)["licences"] == ["MIT"]
        assert "licences" in read(text.replace("## Licence", "## 5. Model license and citation"))
    assert said in read(text.replace("library_name: x", "license: other"))["description"]
    for heading in ("Licence des données d’entraînement", "Code license", "Dataset licence"):
        other = read(text.replace("## Licence", f"## {heading}"))
        assert ("licences" in other, said in str(other)) == (False, True)


def test_a_section_that_only_names_measures_leaves_the_text() -> None:
    table = "| | Recall@10 | MRR |\n|---|---|---|\n| All | 0.77 | 0.54 |\n"
    text = f"{HEAD}## Evaluation\n\n#### Metrics\n\nRecall@10 and MRR.\n\n### Results\n\n{table}"
    assert "Metrics" not in read(text)["description"]
    for more in ("Recall@10 and MRR, by query.", "Recall@10 and F1."):
        assert more in read(text.replace("Recall@10 and MRR.", more))["description"]
    assert "Recall@10 and MRR." in read(text.replace(table, "To come.\n"))["description"]


@pytest.mark.parametrize(
    "said",
    [
        "## Version\n\nv1.2.0\n",
        "\n\nFait en 2026. Version actuelle : **v1.2.0** (mars 2026)\n",
        "\n\n- **Current version:** 1.2.0\n",
        "## Citation\n\n@misc{tri, title={tri}, author={A}, version={1.2.0}}\n",
        "## Citation\n\n@misc{tri, title={tri}, author={A}, note={Version 1.2.0}}\n",
    ],
)
def test_the_version_of_a_model_is_read_where_it_is_written(said: str) -> None:
    assert read(HEAD + said)["version"] == "1.2.0"
    assert read(HEAD.replace("---\n#", "version: 2.0.1\n---\n#") + said)["version"] == "2.0.1"
    assert "version" not in read(f"{HEAD}### Framework versions\n\n- 2.4.0\n")
    for note in ("12 pages", "10.5281/zenodo.1", "2023 Conference", "5th edition"):
        entry = f"@misc{{tri, title={{tri}}, author={{A}}, note={{{note}}}}}"
        assert "version" not in read(f"{HEAD}## Citation\n\n{entry}\n")


@pytest.mark.parametrize("said", ["- **Repo:** {}", "Dépôt : {}", "Écrire, ou une issue sur {}"])
def test_the_repository_of_a_model_is_read_where_it_is_written(said: str) -> None:
    address = "https://github.com/lab/tri"
    assert read(f"{HEAD}\n\n{said.format(address)}\n")["repository_url"] == address


def test_the_page_of_a_model_is_no_repository_and_no_article() -> None:
    hub = "https://huggingface.co"
    entry = f"@misc{{tri, title={{tri}}, author={{A}}, url={{{hub}/atelier/tri}}}}"
    text = f"{HEAD}- **Repository:** {hub}/atelier/tri/tree/main\n\n## Citation\n\n{entry}\n"
    told = read(text)
    assert told["homepage_url"] == f"{hub}/atelier/tri"
    assert not {"repository_url", "paper"} & told.keys()
    assert "repository_url" not in read(text.replace(f"{hub}/atelier", f"{hub}/spaces/atelier"))
    there = hugging_face.read(HEAD.encode(), f"{hub}/atelier/tri").records[0]
    assert "repository_url" not in there.fields
    listed = hugging_face.read(b'{"id": "atelier/tri", "tags": []}', f"{hub}/api/models").records[0]
    assert ("homepage_url" in listed.fields, "repository_url" in listed.fields) == (True, False)
    assert read(text.replace("url={", "doi={10.1000/x}, url={"))["paper"] == "tri, 10.1000/x"


def test_a_header_that_cannot_be_read_is_quoted() -> None:
    text = "---\nlicense: mit\n{}\n---\n# tri\n\nTrie des annonces.\n"
    [broken] = [
        each
        for each in hugging_face.read(text.encode(), "").records[0].faults
        if each.code == "front_matter_unreadable"
    ]
    assert (broken.line, broken.message.endswith("« {} »")) == (3, True)
