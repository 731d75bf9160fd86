"""How a file is read: one value, checked, that survives JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.corpus import ReadSpec, read_corpus
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.settings.schema import DataSettings, FeatureSettings, TaskSettings

COLUMNS = st.dictionaries(st.text(max_size=5), st.integers(-9, 9) | st.text(max_size=5), max_size=3)
SPECS = st.builds(
    ReadSpec,
    format=st.none() | st.sampled_from(["conll", "dataset"]),
    columns=st.none() | COLUMNS,
    features=COLUMNS,
    names=st.lists(st.text(max_size=5), max_size=3).map(tuple),
    word_column=st.integers(-9, 9) | st.text(max_size=5),
    text_column=st.none() | st.text(max_size=5),
    misaligned=st.sampled_from(["error", "snap", "drop"]),
    suffix=st.none() | st.text(max_size=5),
)


@given(SPECS)
def test_json_there_and_back(spec: ReadSpec) -> None:
    back = ReadSpec.model_validate(json.loads(json.dumps(spec.model_dump(mode="json"))))
    assert back == spec
    for value in (spec.word_column, *(spec.columns or {}).values()):
        assert type(value) in (int, str)  # "1" and 1 are two columns


def test_a_specification_of_an_earlier_release_is_read() -> None:
    """Fields that it lacks have their defaults."""
    assert ReadSpec.model_validate({"format": "conll"}) == ReadSpec(format="conll")
    assert ReadSpec.model_validate({}) == ReadSpec()


def test_from_the_settings_of_a_run() -> None:
    data = DataSettings(
        format="conll", names=("w", "p", "t"), word_column="w", tokenizer="whitespace", misaligned="snap"
    )
    features = {"pos": FeatureSettings(column="p"), "pairs": FeatureSettings(bigram=True)}
    spec = ReadSpec.from_settings(data, {"ner": TaskSettings(column="t")}, features, split="validation")
    assert spec == ReadSpec(
        format="conll",
        columns={"ner": "t"},
        features={"pos": "p"},
        names=("w", "p", "t"),
        word_column="w",
        tokenizer="whitespace",
        misaligned="snap",
        split="validation",
    )
    assert spec.all_columns() == {"ner": "t", "features.pos": "p"}


def test_other_fields() -> None:
    spec = ReadSpec(columns={"ner": 2}, tokenizer="whitespace")
    assert spec.replace(word_column="w", tokenizer=None) == ReadSpec(
        columns={"ner": 2}, word_column="w", tokenizer="whitespace"
    )
    assert spec.replace(columns={}).columns == {}
    assert spec.columns == {"ner": 2}
    with pytest.raises(ConfigError, match=r"^misaligned: input should be 'error', 'snap' or 'drop', got 'x'$"):
        spec.replace(misaligned="x")
    with pytest.raises(ConfigError, match=r"^colour: extra inputs are not permitted, got 'red'$"):
        spec.replace(colour="red")


def test_keyword_arguments_are_fields(tmp_path: Path) -> None:
    path = tmp_path / "a.data"
    path.write_text("X\ta\tO\n", "utf-8")
    spec = ReadSpec(format="conll", columns={"ner": -1}, word_column=2)
    for corpus in (
        read_corpus(path, spec=spec),
        read_corpus(path, {"ner": -1}, format="conll", word_column=2),
        read_corpus(path, {"ner": 3}, spec=spec.replace(columns={"ner": 1})),
    ):
        assert (corpus[0].words, corpus[0].tags) == (["a"], {"ner": ["O"]})
    with pytest.raises(ConfigError, match=r"^misaligned: input should be 'error', 'snap' or 'drop', got 'widen'$"):
        read_corpus(path, spec=spec, misaligned="widen")  # type: ignore[arg-type]
