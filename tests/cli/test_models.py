"""`bilstm-tagger models`: what is installed, as the folders themselves tell it."""

from __future__ import annotations

import json

from command_line import run

from bilstm_tagger import Tagger
from bilstm_tagger.model_folder.find import SHIPPED, shipped_models


def test_it_lists_every_model_that_ships_with_what_its_folder_says() -> None:
    rows = json.loads(run("models", "--json").stdout)
    assert [row["name"] for row in rows] == [*SHIPPED]
    for row, (name, folder) in zip(rows, shipped_models().items(), strict=True):
        tagger = Tagger.load(name)
        assert row["folder"] == str(folder)
        assert row["bytes"] == sum(path.stat().st_size for path in folder.iterdir())
        assert row["languages"] == ["en"]
        assert row["licence"]
        assert list(row["tasks"]) == tagger.tasks == ["upos", "ner"]
        assert row["tasks"]["ner"]["labels"] == ["LOC", "MISC", "ORG", "PER"]
        assert {task: each["dev"] for task, each in row["tasks"].items()} == tagger.metrics["dev"]


def test_the_table_names_models_and_licences() -> None:
    shown = run("models").stdout
    first_cells = {line.split()[0] for line in shown.splitlines() if line.strip()}
    assert {*SHIPPED} <= first_cells
    assert "upos: 17 tags" in shown
    assert "commercially" in shown
    assert "research" in shown
