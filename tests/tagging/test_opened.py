"""Functions that take a tagger take the folder of one too."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bilstm_tagger import Tagger, TaggerError, compare, evaluate, inspect
from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.curation.reviewing import review_by_model
from bilstm_tagger.evaluation.calibration import calibrated, fit_temperatures
from bilstm_tagger.tagging.opened import opened


def test_a_folder_stands_for_its_tagger(model_folder: Path, tagger: Tagger, tiny_dev: Path) -> None:
    gold = read_corpus(tiny_dev, {"ner": "NER"}).settle("ner")
    for model in (model_folder, str(model_folder)):
        assert evaluate(model, tiny_dev).tasks == evaluate(tagger, tiny_dev).tasks
        np.testing.assert_array_equal(
            inspect(model, ["Ada"]).tag_scores.values, inspect(tagger, ["Ada"]).tag_scores.values
        )
    assert fit_temperatures(model_folder, gold) == fit_temperatures(tagger, gold)
    assert calibrated(model_folder, [(gold, ["ner"])]).info == calibrated(tagger, [(gold, ["ner"])]).info
    assert review_by_model(model_folder, gold, "ner").ranked == review_by_model(tagger, gold, "ner").ranked


def test_what_is_no_tagger_is_refused(tagger: Tagger, tiny_dev: Path) -> None:
    told = r"give a tagger, such as Tagger.load\('en'\), a model folder or its name, not 7"
    for ask in (
        lambda: evaluate(7, tiny_dev),
        lambda: inspect(7, "Ada"),
        lambda: compare(tiny_dev, tagger, 7),
        lambda: review_by_model(7, read_corpus(tiny_dev, {"ner": "NER"}), "ner"),
    ):
        with pytest.raises(TaggerError, match=told):
            ask()
    with pytest.raises(TaggerError, match="nowhere"):
        evaluate("nowhere", tiny_dev)
    assert opened(tagger) is tagger
