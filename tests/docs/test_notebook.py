"""The notebook runs from top to bottom and shows what is stored in it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT

NOTEBOOK = ROOT / "docs" / "integrations" / "csv-to-names.ipynb"
nbformat = pytest.importorskip("nbformat", reason="needs pip install nbclient ipykernel")
nbclient = pytest.importorskip("nbclient", reason="needs pip install nbclient ipykernel")
pytest.importorskip("ipykernel", reason="needs pip install nbclient ipykernel")


def shown(notebook: Any) -> list[str]:
    """What each cell gives as plain text."""
    outputs = (output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
    return [output["data"]["text/plain"] for output in outputs if "text/plain" in output.get("data", {})]


def without_numbers(text: str) -> str:
    """Probabilities differ a little between processors."""
    return re.sub(r"\b[01]\.\d+\b", "0.00", text)


def test_it_runs_and_shows_what_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    stored = nbformat.read(NOTEBOOK, as_version=4)
    run = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(run, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert list(map(without_numbers, shown(run))) == list(map(without_numbers, shown(stored)))
    assert "['Nordlys', 'Port Ellen', 'Turin', 'Black Swan', 'Aurora']" in shown(run)
    assert (tmp_path / "models" / "ships" / "model.safetensors").is_file()


def test_nothing_of_this_machine_is_stored() -> None:
    text = NOTEBOOK.read_text("utf-8")
    assert not re.search(r"/(?:home|work|tmp|root|Users)/", text)
    assert '"output_type": "stream"' not in text
