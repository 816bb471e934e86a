"""Official files: what is read of them, what is refused and where, what is built of them."""

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from portal.demonstrator import building, service
from portal.demonstrator.building import loading, tables
from portal.demonstrator.building.reading import both_forms
from portal.demonstrator.enums import EngineName
from portal.demonstrator.models import LoadedData
from portal.demonstrator.registry import CASES
from portal.lib.storage import objects

Rows = Sequence[Sequence[Any]]
TITLES = ["id", "code_ogr", "forme", "libelle", "code_rome", "libelle_rome"]
TRADES = {
    "A1101": "tracteur",
    "D1102": "pain",
    "F1703": "mur",
    "K1304": "domicile",
    "N4101": "camion",
}
WORDS = "conduite préparation réparation nettoyage pose contrôle".split()


def table(columns: Sequence[str], rows: Rows) -> str:
    """Write a table as CSV."""
    kept = io.StringIO()
    csv.writer(kept).writerows([columns, *rows])
    return kept.getvalue()


def titles() -> list[list[str]]:
    """Invent titles of a few occupations, in both genders."""
    return [
        [f"{at}-{form}", str(at), form, f"{who} de {word} de {trade}", code, f"Métiers du {trade}"]
        for code, trade in TRADES.items()
        for at, word in enumerate(WORDS, start=100 * list(TRADES).index(code))
        for form, who in (("m", "Agent"), ("f", "Agente"))
    ]


def written(folder: Path, files: Mapping[str, str]) -> Path:
    """Write files in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def load(kind: str, place: Path | str, **options: Any) -> str:
    """Run the command; return what it said."""
    said = io.StringIO()
    given = {"licence": "etalab-2.0", "origin": "France Travail", "edition": "v347"} | options
    call_command("load_referential", kind, str(place), stdout=said, **given)
    return said.getvalue()


@pytest.mark.usefixtures("db")
def test_what_was_loaded_has_its_origin_and_its_licence(tmp_path: Path) -> None:
    place = written(tmp_path, {"train.csv": table(TITLES, titles())})
    assert "60 lignes, etalab-2.0 (montrable)" in load("rome", place)
    row = LoadedData.objects.get()
    assert (row.origin, row.version, row.is_public) == ("France Travail", "v347", True)
    assert loading.read(row)["occupations"][0] == {"code": "A1101", "label": "Métiers du tracteur"}
    assert objects.referenced([row.content_sha256]) == {row.content_sha256}
    assert load("rome", place) == "Déjà chargé : rien n’a changé.\n"
    assert "essai privé" in load("rome", place, licence="to_confirm")
    assert [each.is_public for each in LoadedData.objects.all()] == [False, True]


def faulty(**changes: str) -> str:
    """Change cells of the third line of the table of titles."""
    rows = titles()
    rows[1] = [changes.get(name, cell) for name, cell in zip(TITLES, rows[1], strict=True)]
    return table(TITLES, rows)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "train.csv : fichier absent."),
        ("", "train.csv, ligne 1, colonne « code_ogr » : colonne absente"),
        (
            table(["code_ogr", "forme", "libelle", "code_rome"], []),
            "train.csv, ligne 1, colonne « libelle_rome » : colonne absente",
        ),
        (table(TITLES, [["1", "2"]]), "train.csv, ligne 2 : 2 cellules au lieu de 6"),
        (
            faulty(code_rome="1234"),
            "train.csv, ligne 3, colonne « code_rome » : « 1234 » n’est pas un code ROME",
        ),
        (faulty(forme="x"), "train.csv, ligne 3, colonne « forme » : « x » n’est ni m, ni f, ni e"),
        (faulty(libelle=""), "train.csv, ligne 3, colonne « libelle » : cellule vide"),
        ('id,"code', "train.csv, ligne 1 : ce n’est pas du CSV"),
        (table(TITLES, []), "Aucune ligne à lire."),
    ],
)
@pytest.mark.usefixtures("db")
def test_a_fault_names_its_line_and_the_former_data_stay(
    tmp_path: Path, content: str | None, said: str
) -> None:
    limit = csv.field_size_limit()
    load("rome", written(tmp_path / "good", {"train.csv": table(TITLES, titles())}))
    place = written(tmp_path / "bad", {} if content is None else {"train.csv": content})
    with pytest.raises(CommandError) as refused:
        load("rome", place, edition="v348")
    assert csv.field_size_limit() == limit
    assert str(refused.value).startswith(f"Rien n’a été chargé. {said}")
    assert LoadedData.objects.get().version == "v347"


@pytest.mark.parametrize(
    ("kind", "name", "columns", "row", "said"),
    [
        (
            "mobilities",
            "unix_rubrique_mobilite_v460_utf8.csv",
            ["code_rome", "code_rome_cible"],
            ["A1101", "a"],
            "ligne 2, colonne « code_rome_cible » : « a » n’est pas un code ROME",
        ),
    ],
)
@pytest.mark.usefixtures("db")
def test_data_of_another_shape_are_refused(
    tmp_path: Path, kind: str, name: str, columns: list[str], row: list[str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        load(kind, written(tmp_path, {name: table(columns, [row])}))


@pytest.mark.usefixtures("db")
def test_bytes_archives_licences_and_addresses_that_are_not_what_they_say(tmp_path: Path) -> None:
    latin = tmp_path / "latin"
    latin.mkdir()
    (latin / "train.csv").write_bytes(table(TITLES, titles()).encode("latin-1"))
    with pytest.raises(CommandError, match="ce n’est pas de l’UTF-8"):
        load("rome", latin)
    for place in (tmp_path / "nowhere", latin / "train.csv"):
        with pytest.raises(CommandError, match="Ni un dossier, ni une archive"):
            load("rome", place)
    with pytest.raises(CommandError, match="Une adresse commence par https"):
        load("rome", "http://exemple.test/rome.zip")
    with pytest.raises(CommandError, match="Licence « gratuit » inconnue"):
        load("rome", written(tmp_path, {"train.csv": table(TITLES, titles())}), licence="gratuit")
    assert not LoadedData.objects.exists()


@pytest.mark.usefixtures("db")
def test_a_damaged_or_a_large_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "rome.zip"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train.csv", table(TITLES, titles()))
    whole = place.read_bytes()
    for damaged in (whole[:60] + b"\xff" * 200 + whole[260:], whole[:60] + whole[160:]):
        place.write_bytes(damaged)
        with pytest.raises(CommandError, match=r"train\.csv : illisible, ou abîmé"):
            load("rome", place)
    place.write_bytes(whole)
    monkeypatch.setattr(tables, "MOST_BYTES", 1_000)
    with pytest.raises(CommandError, match=r"train\.csv : plus de 0 Mo"):
        load("rome", place)


def released(version: str = "347") -> dict[str, str]:
    """Invent what France Travail releases."""
    return {
        f"unix_referentiel_code_rome_v{version}_utf8.csv": table(
            ["code_rome", "libelle_rome"], [["A1101", "Conduite d''engins"]]
        ),
        "unix_referentiel_appellation_v347_utf8.csv": table(
            ["code_ogr", "libelle_appellation_long", "code_rome"],
            [["1", "Conducteur / Conductrice d''engins", "A1101"], ["2", "Tractoriste", "A1101"]],
        ),
        "unix_texte_v347_utf8.csv": table(
            ["code_rome", "libelle_type_texte", "libelle_texte"],
            [["A1101", "definition", "Conduit."], ["A1101", "acces_a_em", "Avec un CAP."]],
        ),
        "unix_referentiel_savoir_v347_utf8.csv": table(
            ["code_ogr", "libelle_savoir"], [["9", "Mécanique"]]
        ),
        "unix_coherence_item_v347_utf8.csv": table(
            ["code_rome", "code_ogr"], [["A1101", "9"], ["A1101", "10"]]
        ),
        "unix_referentiel_code_rome_riasec_v347_utf8.csv": table(
            ["code_rome", "riasec_majeur", "riasec_mineur"], [["A1101", "R", "I"]]
        ),
    }


def archived(path: Path, files: Mapping[str, str]) -> Path:
    """Write files in an archive, below a folder."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"RefRomeCsv/{name}", content)
    return path


@pytest.mark.usefixtures("db")
def test_the_release_of_france_travail_is_read_from_its_archive(tmp_path: Path) -> None:
    load("rome", archived(tmp_path / "rome.zip", released()))
    content = loading.read(LoadedData.objects.get())
    assert content["titles"] == [
        ["A1101", "1", "m", "Conducteur d'engins"],
        ["A1101", "1", "f", "Conductrice d'engins"],
        ["A1101", "2", "e", "Tractoriste"],
    ]
    [one] = building.official.referential(content, None).occupations.values()
    assert (one.masculine, one.definition, one.riasec, one.level) == (
        "Conduite d'engins",
        "Conduit.",
        "RI",
        "CAP",
    )
    assert len(one.knowledge) == 1
    with pytest.raises(CommandError, match=r"v348_utf8\.csv de la version 348"):
        load("rome", archived(tmp_path / "mixed.zip", released("348")))
    with pytest.raises(CommandError, match="Ces fichiers sont de la version 347, pas v460"):
        load("rome", tmp_path / "rome.zip", edition="v460")


def test_a_title_in_both_genders_is_parted() -> None:
    assert list(both_forms("Monteur-réparateur / Monteuse-réparatrice en bois")) == [
        ("m", "Monteur-réparateur en bois"),
        ("f", "Monteuse-réparatrice en bois"),
    ]
    assert list(both_forms("Agent social / Agente sociale de rue")) == [
        ("m", "Agent social de rue"),
        ("f", "Agente sociale de rue"),
    ]
    assert list(both_forms("Styliste / Modéliste / Coupeur")) == [
        ("e", "Styliste / Modéliste / Coupeur")
    ]


@pytest.mark.usefixtures("db", "nothing_read")
def test_official_data_are_served_once_built_and_private_ones_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("sklearn", reason="scikit-learn learns official data, and is not installed")
    monkeypatch.setattr(building, "trial_plans", lambda: iter(()))
    sheet = replace(CASES[1].sheet, engines=(EngineName.TEXT,))
    place = written(tmp_path, {"train.csv": table(TITLES, titles())})
    load("rome", place, licence="to_confirm")
    [private] = building.build(building.plans())
    assert service.served(sheet) is None
    load("rome", place)
    assert building.build(building.plans()) == []  # learnt already: its licence was confirmed since
    now = service.served(sheet)
    assert now is not None
    assert not now.is_trial
    assert now.builds == {EngineName.TEXT: private}
    assert (now.moves, now.tension) == (None, None)
    assert now.text.rank("pose de pain").nearest[0].code == "D1102"
    assert {*now.referential.occupations} == {*TRADES}
    load("rome", place, licence="to_confirm")
    building.build(building.plans())
    assert service.served(sheet) is None
