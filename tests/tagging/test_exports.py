"""Tables, frames and data sets tell what the documents tell, to the last digit."""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import settings_of, untrained

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, ModelError, TaggerError
from bilstm_tagger.frames import arrow
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger

TEXTS = ["Ada left Turin. Rain fell on the lake.", "", " \n", "Noor\n\nLovel and 42 boats", "Turin"]


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    made = settings_of(tasks__ner__column=-1, tasks__upos__column=2)
    return untrained(made, schemes={"ner": Scheme.BIO, "upos": Scheme.NONE})


@pytest.fixture(autouse=True)
def _no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    monkeypatch.setattr(os, "environ", os.environ)  # datasets puts a copy there after it has used processes
    datasets.disable_progress_bars()


def span_rows(documents: list[Document]) -> list[dict[str, Any]]:
    return [
        {
            "row": row,
            "task": "ner",
            "label": span.label,
            "text": span.text,
            "start_char": span.start_char,
            "end_char": span.end_char,
            "start": span.start,
            "end": span.end,
            "probability": span.probability,
        }
        for row, document in enumerate(documents)
        for span in document.spans
    ]


def tag_probabilities(document: Document, task: str) -> list[float]:
    return [document.probabilities[task].token(at, tag) for at, tag in enumerate(document.tags_of(task))]


def test_a_row_per_span(tagger: Tagger) -> None:
    documents = list(tagger.pipe(TEXTS, probabilities=True))
    table = tagger.to_arrow(TEXTS)
    assert table.to_pylist() == span_rows(documents)
    assert len(table) > 3
    for row in table.to_pylist():
        assert TEXTS[row["row"]][row["start_char"] : row["end_char"]] == row["text"]


def test_a_row_per_token(tagger: Tagger) -> None:
    wanted = [
        {
            "row": row,
            "sentence": sentence,
            "token": document.tokens[at].text,
            "start_char": document.starts[at],
            "end_char": document.ends[at],
            "ner_tag": document.tags_of("ner")[at],
            "upos_tag": document.tags_of("upos")[at],
            "ner_probability": tag_probabilities(document, "ner")[at],
            "upos_probability": tag_probabilities(document, "upos")[at],
        }
        for row, document in enumerate(tagger.pipe(TEXTS, probabilities=True))
        for sentence, (start, end) in enumerate(pairwise(document.bounds))
        for at in range(start, end)
    ]
    assert tagger.to_arrow(TEXTS, rows="tokens").to_pylist() == wanted


def test_a_row_per_text(tagger: Tagger) -> None:
    rows = tagger.to_arrow(TEXTS, rows="texts").to_pylist()
    assert [row["text"] for row in rows] == TEXTS
    for row, document in zip(rows, tagger.pipe(TEXTS, probabilities=True), strict=True):
        assert row["tokens"] == document.words
        assert (row["ner_tags"], row["upos_tags"]) == (document.tags_of("ner"), document.tags_of("upos"))
        assert row["upos_probabilities"] == tag_probabilities(document, "upos")
        assert [{"row": 0, **span} for span in row["spans"]] == span_rows([document])


@pytest.mark.parametrize("rows", ["spans", "tokens", "texts"])
def test_frames_are_the_table(tagger: Tagger, rows: Any) -> None:
    pl = pytest.importorskip("polars")
    table = tagger.to_arrow(TEXTS, rows=rows)
    assert pa.Table.from_pandas(tagger.to_pandas(TEXTS, rows=rows), table.schema).to_pylist() == table.to_pylist()
    frame = tagger.to_polars(TEXTS, rows=rows)
    assert isinstance(frame, pl.DataFrame)
    assert frame.to_dicts() == table.to_pylist()


@pytest.mark.parametrize("rows", ["spans", "tokens", "texts"])
@pytest.mark.parametrize("told", [True, False])
def test_nothing_has_the_same_columns(tagger: Tagger, rows: Any, told: bool) -> None:
    full = tagger.to_arrow(TEXTS, rows=rows, probabilities=told)
    empty = tagger.to_arrow([], rows=rows, probabilities=told)
    assert (len(empty), empty.schema) == (0, full.schema)
    assert any("probabilit" in name for name in str(full.schema).split()) is told


def test_columns_of_frames_are_texts(tagger: Tagger) -> None:
    pl = pytest.importorskip("polars")
    wanted = tagger.to_arrow(TEXTS)
    for column in (
        pd.Series(TEXTS),
        pd.DataFrame({"text": TEXTS}, index=list("vwxyz"))["text"],
        pl.Series(TEXTS),
        pa.array(TEXTS),
        pa.chunked_array([TEXTS[:2], TEXTS[2:]]),
        iter(TEXTS),
        datasets.Dataset.from_dict({"text": TEXTS})["text"],
    ):
        assert tagger.to_arrow(column) == wanted
    assert tagger.to_arrow(TEXTS[0]) == tagger.to_arrow(TEXTS[:1])
    words = tagger.to_arrow([["Ada", "left"]], rows="tokens").to_pydict()
    assert words["token"] == ["Ada", "left"]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT])
def test_a_missing_text_is_named(tagger: Tagger, missing: object) -> None:
    with pytest.raises(CorpusError, match="text 1, counted from 0, is missing"):
        tagger.to_arrow(["Ada", missing])
    with pytest.raises(CorpusError, match="text 1, counted from 0, is missing"):
        tagger.to_arrow(pd.Series(["Ada", missing], dtype=object))


def test_what_is_asked_wrongly_is_refused(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match="rows: 'names' is none of spans, tokens, texts"):
        tagger.to_arrow(TEXTS, rows="names")  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(ConfigError, match=r"pip install 'bilstm-tagger\[frames\]'"):
        tagger.to_polars(TEXTS)


def test_improbable_spans_are_left_out(tagger: Tagger) -> None:
    every = tagger.to_arrow(TEXTS).to_pylist()
    least = sorted(row["probability"] for row in every)[len(every) // 2]
    kept = tagger.to_arrow(TEXTS, min_probability=least).to_pylist()
    assert kept == [row for row in every if row["probability"] >= least]
    told = tagger.to_arrow(TEXTS, min_probability=least, probabilities=False)
    assert told.num_rows == len(kept)
    assert "probability" not in told.column_names


@settings(max_examples=15, deadline=None)
@given(texts=st.lists(st.sampled_from(TEXTS), max_size=12), size=st.integers(1, 5))
def test_pieces_make_no_difference(texts: list[str], size: int, tagger: Tagger) -> None:
    whole = {rows: tagger.to_arrow(texts, rows=rows) for rows in ("spans", "tokens", "texts")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrow, "BATCH", size)
        for rows, table in whole.items():
            assert tagger.to_arrow(texts, rows=rows).to_pylist() == table.to_pylist()  # type: ignore[arg-type]


# Data sets


def test_map_adds_columns(tagger: Tagger) -> None:
    data = datasets.Dataset.from_dict({"text": TEXTS, "number": list(range(5))})
    mapped = tagger.map(data, probabilities=True)
    rows = tagger.to_arrow(TEXTS, rows="texts").to_pylist()
    assert mapped["number"][:] == [0, 1, 2, 3, 4]
    for row, wanted in zip(mapped, rows, strict=True):
        assert {key: row[key] for key in wanted if key != "row"} == {k: v for k, v in wanted.items() if k != "row"}
    assert str(mapped.features["spans"]).count("probability") == 1
    assert "probability" not in str(tagger.map(data).features)


def test_map_of_no_rows_adds_the_same_columns(tagger: Tagger) -> None:
    data = datasets.Dataset.from_dict({"text": TEXTS, "number": list(range(5))})
    mapped, empty = (tagger.map(each, prefix="m_", probabilities=True) for each in (data, data.select([])))
    assert empty.num_rows == 0
    assert empty.features == mapped.features
    assert datasets.concatenate_datasets([empty, mapped])[:] == mapped[:]
    nothing = datasets.Dataset.from_dict({"text": []}, features=datasets.Features({"text": datasets.Value("string")}))
    both = tagger.map(datasets.DatasetDict(a=nothing, b=data.select_columns("text")))
    assert both["a"].column_names == both["b"].column_names
    with pytest.raises(ConfigError, match="no column 'body'"):
        tagger.map(nothing, column="body")


def test_map_of_streams_and_dicts(tagger: Tagger) -> None:
    data = datasets.Dataset.from_dict({"body": TEXTS})
    wanted = list(tagger.map(data, column="body", batch_size=2))
    stream = tagger.map(data.to_iterable_dataset(), column="body", batch_size=2)
    assert isinstance(stream, datasets.IterableDataset)
    assert list(stream) == wanted
    untold = datasets.IterableDataset.from_generator(lambda: iter([{"body": text} for text in TEXTS]))
    assert list(tagger.map(untold, column="body", batch_size=2)) == wanted
    both = tagger.map(datasets.DatasetDict(a=data, b=data.select([0])), column="body", batch_size=2)
    assert isinstance(both, datasets.DatasetDict)
    assert (list(both["a"]), both["b"].num_rows) == (wanted, 1)
    streams = datasets.IterableDatasetDict({"a": data.to_iterable_dataset()})
    assert list(tagger.map(streams, column="body", batch_size=2)["a"]) == wanted


def test_map_of_word_lists_and_two_processes(tagger: Tagger) -> None:
    words = [["Ada", "left"], ["Turin"], [], ["Rain", "fell", "."]]
    data = datasets.Dataset.from_dict(
        {"tokens": words}, features=datasets.Features({"tokens": datasets.List(datasets.Value("string"))})
    )
    with pytest.raises(ConfigError, match="has a column 'tokens' already; give another prefix"):
        tagger.map(data, column="tokens")
    one = tagger.map(data, column="tokens", prefix="model_")
    assert one["model_tokens"][:] == words
    assert one["model_ner_tags"][:] == [tagger(each).tags_of("ner") for each in words]
    two = tagger.map(data.select(range(4)), column="tokens", prefix="model_", num_proc=2)
    assert list(two) == list(one)


def test_map_knows_what_it_did_before(tagger: Tagger, tmp_path: Path) -> None:
    """Another copy of the model finds the same entry in the cache of `datasets`; another model does not."""
    data = datasets.Dataset.from_dict({"text": TEXTS})
    tagger.save(tmp_path / "copy")
    first, second = (Tagger.load(tmp_path / "copy").map(data)._fingerprint for _ in range(2))
    assert first == second
    others = {
        Tagger.load(tmp_path / "copy").map(data, probabilities=True)._fingerprint,
        untrained(settings_of(), seed=9).map(data)._fingerprint,
        tagger.map(data.select([0]))._fingerprint,
    }
    assert len({first, *others}) == 4


def test_map_names_what_does_not_fit(tagger: Tagger) -> None:
    data = datasets.Dataset.from_dict({"text": ["Ada", None]})
    with pytest.raises(CorpusError, match="row 1, counted from 0: its 'text' is missing"):
        tagger.map(data)
    with pytest.raises(ConfigError, match="no column 'body'; it has: text"):
        tagger.map(data, column="body")
    untold = datasets.IterableDataset.from_generator(lambda: iter([{"text": "Ada"}]))
    with pytest.raises(ConfigError, match="no column 'body'; it has: text"):
        list(tagger.map(untold, column="body"))
    with pytest.raises(ConfigError, match="not list"):
        tagger.map(["Ada"])
    with pytest.raises(ConfigError, match="num_proc"):
        tagger.map(data.to_iterable_dataset(), num_proc=2)


def test_sql_over_texts(tagger: Tagger) -> None:
    """The function of the documentation's recipe: DuckDB calls it once per batch of rows."""
    duckdb = pytest.importorskip("duckdb")
    place = 'start_char BIGINT, end_char BIGINT, start BIGINT, "end" BIGINT'
    kind = f"STRUCT(task VARCHAR, label VARCHAR, text VARCHAR, {place}, probability DOUBLE)[]"
    batches: list[int] = []

    def entities(texts: pa.ChunkedArray) -> pa.ChunkedArray:
        batches.append(len(texts))
        return tagger.to_arrow(texts, rows="texts")["spans"]

    connection = duckdb.connect()
    connection.create_function("entities", entities, ["VARCHAR"], kind, type="arrow")
    letters = pa.table({"id": list(range(6)), "body": [*TEXTS, None]})
    connection.register("letters", letters)
    found = connection.sql(
        "FROM (SELECT id AS row, unnest(entities(body), recursive := true) FROM letters) ORDER BY row, start"
    ).to_arrow_table()
    assert found.to_pylist() == tagger.to_arrow(TEXTS).to_pylist()
    assert len(batches) == 1


def test_a_whole_frame_is_refused(tagger: Tagger) -> None:
    pl = pytest.importorskip("polars")
    columns = {"London": ["Bob left Paris."], "Ada": ["x"]}
    for whole in (columns, pd.DataFrame(columns), pl.DataFrame(columns), pa.table(columns)):
        for give in (tagger.to_pandas, tagger.to_arrow, lambda sources: list(tagger.pipe(sources))):
            with pytest.raises(TaggerError, match=r"has columns; give one of them, such as frame\['text'\]"):
                give(whole)
    for column in (columns["London"], pd.DataFrame(columns)["London"], pl.DataFrame(columns)["London"]):
        assert len(tagger.to_arrow(column, rows="texts")) == 1


def test_one_text_is_no_stream_of_texts(tagger: Tagger) -> None:
    """To go through it would give its letters or its tokens."""
    document = tagger("Bob left Paris.")
    for one in ("Bob left Paris.", document, spacy.blank("en")("Bob left Paris.")):
        with pytest.raises(TaggerError, match=f"a {type(one).__name__} is one text; give a list of texts, or call"):
            list(tagger.pipe(one))
    for odd in (None, 7, b"Bob"):
        with pytest.raises(
            TaggerError, match=f"give a list of texts or another iterable of them, not {type(odd).__name__}"
        ):
            list(tagger.pipe(odd))  # type: ignore[arg-type]

    class Lines:
        """Old-style data set: numbers alone."""

        def __getitem__(self, number: int) -> str:
            return ["Bob left.", "Ada left."][number]

    assert [each.text for each in tagger.pipe(Lines())] == ["Bob left.", "Ada left."]  # type: ignore[arg-type]
    assert tagger.to_arrow("Bob left.", rows="texts").num_rows == 1
    assert tagger.entities("Bob left.") == tagger.entities(["Bob left."])
    with pytest.raises(ModelError, match="name a model folder or a model that comes with the package, not NoneType"):
        Tagger.load(None)  # type: ignore[arg-type]


def test_map_hands_its_options_on(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: dict[str, Any] = {}
    monkeypatch.setattr("bilstm_tagger.frames.data_sets.map_data_set", lambda *_, **options: heard.update(options))
    tagger.map(datasets.Dataset.from_dict({"t": ["Ada"]}), column="t", prefix="p_", batch_size=7, num_proc=2)
    assert {key: heard[key] for key in ("column", "prefix", "batch_size", "num_proc")} == {
        "column": "t", "prefix": "p_", "batch_size": 7, "num_proc": 2,
    }  # fmt: skip
