"""What each row contributed is read strictly, or left out with its reason."""

from pathlib import Path

import pytest

from challenges.sandbox import scores
from challenges.sandbox.scores import Rows, RowsRefused, read_rows


def written(folder: Path, content: str | bytes) -> Path:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / "rows.csv").write_bytes(raw)
    return folder


def test_rows_with_and_without_weights(tmp_path: Path) -> None:
    assert read_rows(tmp_path) is None
    assert read_rows(written(tmp_path, "id,value\na,1\nb,-0.5\n")) == Rows(("a", "b"), (1.0, -0.5))
    text = '\ufeffid,value,weight\r\n"a, b",1e-3,2\r\né,.5,0\r\n'
    assert read_rows(written(tmp_path, text)) == Rows(("a, b", "é"), (0.001, 0.5), (2.0, 0.0))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "l’en-tête attendu"),
        ("id;value\na;1\n", "l’en-tête attendu"),
        ("value,id\n1,a\n", "l’en-tête attendu"),
        ("id,value\n", "sans ligne"),
        ("id,value\na\n", "ligne 2 : 2 champs"),
        ("id,value\na,1,2\n", "ligne 2 : 2 champs"),
        ("id,value\na,1\n\n", "ligne 3 : 2 champs"),
        ("id,value\na,1\na,1\n", "ligne 3 : identifiant vide, trop long ou répété"),
        ("id,value\n,1\n", "ligne 2 : identifiant vide"),
        ("id,value\n" + "x" * 257 + ",1\n", "ligne 2 : identifiant vide, trop long"),
        ("id,value\na,nan\n", "ligne 2 : la valeur n’est pas un nombre fini"),
        ("id,value\na,1e999\n", "ligne 2 : la valeur n’est pas un nombre fini"),
        ("id,value\na,1_0\n", "ligne 2 : la valeur n’est pas un nombre fini"),
        ("id,value,weight\na,1,-1\n", "un poids est négatif"),
        (b"id,value\n\xff,1\n", "n’est pas un CSV lisible"),
        ('id,value\n"a,1\n', "n’est pas un CSV lisible"),
        ("id,value\n" + "x" * 200_000 + ",1\n", "n’est pas un CSV lisible"),
    ],
)
def test_rows_that_are_not_clear_are_refused(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    with pytest.raises(RowsRefused, match=reason):
        read_rows(written(tmp_path, content))


def test_rows_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "MOST_ROWS", 2)
    assert read_rows(written(tmp_path, "id,value\na,1\nb,1\n")) is not None
    with pytest.raises(RowsRefused, match="ligne 4 : 2 champs, 2 lignes au plus"):
        read_rows(written(tmp_path, "id,value\na,1\nb,1\nc,1\n"))
