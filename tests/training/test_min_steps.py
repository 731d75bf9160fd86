"""Small data is read more often, unless a number of epochs is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import sentences, settings_of, write_conll

from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.training import train


@pytest.mark.parametrize(("min_steps", "epochs"), [(0, 3), (20, 3), (24, 3), (25, 4), (80, 10)])
def test_there_are_at_least_so_many_steps(tmp_path: Path, min_steps: int, epochs: int) -> None:
    """61 sentences in batches of 8 are 8 steps per epoch."""
    file = str(write_conll(tmp_path / "a.conll", sentences(61)))
    chosen = settings_of(
        data__train=file, data__dev=file, training__epochs=3, training__batch_size=8, training__min_steps=min_steps
    )
    assert train(chosen, output=tmp_path / "model").metrics["epochs"] == epochs


def test_named_epochs_are_meant(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("[training]\nmin_steps = 700\n", "utf-8")
    named = {"training.epochs": 2}
    assert load_settings("ner", overrides=named).training.min_steps == 0
    assert load_settings("ner", overrides={"training": {"epochs": 2}}).training.min_steps == 0
    assert load_settings("ner", file=file, overrides=named).training.min_steps == 0
    assert load_settings("ner", file=file).training.min_steps == 700
    assert load_settings("ner", overrides=named | {"training.min_steps": 5}).training.min_steps == 5
    file.write_text("[training]\nepochs = 2\n", "utf-8")
    assert load_settings("ner", file=file).training.min_steps == 0
    assert load_settings("ner", file=file, overrides={"training.min_steps": 5}).training.min_steps == 5
    file.write_text("[training]\nepochs = 2\nmin_steps = 700\n", "utf-8")
    assert load_settings("ner", file=file).training.min_steps == 700
    assert load_settings("ner", file=file, overrides={"training.epochs": 3}).training.min_steps == 0
