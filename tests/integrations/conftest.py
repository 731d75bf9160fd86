"""A model with large random weights: no text is without names, and nothing has to be trained."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import settings_of, untrained

from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its folder; to be read, not changed."""
    folder = tmp_path_factory.mktemp("models") / "random"
    settings = settings_of(tasks__ner__column=-1, tasks__upos__column=2, languages=["en"], licence="CC0-1.0")
    untrained(settings, schemes={"ner": Scheme.BIO, "upos": Scheme.NONE}).save(folder)
    return folder


@pytest.fixture(scope="session")
def tagger(model_folder: Path) -> Tagger:
    """The model, loaded from its folder."""
    return Tagger.load(model_folder)
