"""Ray Data gives what the tagger gives, one row for each row, and what it cannot do is told in one line."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bilstm_tagger.cli import app
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.frames.tagged_tables import tagged_table
from bilstm_tagger.model_folder.folder import digest_of, load_model
from bilstm_tagger.tagging.tagger import Tagger

ROOT = Path(__file__).parents[2]
TEXTS = [f"Noor saw Lake Turin in {year} . Rain fell on Ada ." for year in range(1900, 1940)] + [None, ""]


def expected(tagger: Tagger) -> dict[str, tuple[list[str], list[str]]]:
    documents = tagger.pipe([text or "" for text in TEXTS])
    return {f"r{at}": (document.words, document.tags_of("ner")) for at, document in enumerate(documents)}


def got(rows: list[dict[str, Any]]) -> dict[str, tuple[list[str], list[str]]]:
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: (list(row["tokens"]), list(row["ner_tags"])) for row in rows}


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    """Ray on two processors of this machine; its processes import this copy of the package."""
    found = pytest.importorskip("ray", reason="needs pip install 'bilstm-tagger[ray]'")
    pytest.importorskip("ray.data", reason="needs pip install 'bilstm-tagger[ray]'")
    import logging

    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), *([before] if before else [])])
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    found.data.DataContext.get_current().enable_progress_bars = False
    found.init(num_cpus=2, include_dashboard=False, object_store_memory=100_000_000, logging_level=logging.ERROR)
    yield found
    found.shutdown()
    os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


@pytest.fixture
def records(tmp_path: Path) -> Path:
    """Records in two files of one folder, one of them without a text."""
    folder = tmp_path / "records"
    folder.mkdir()
    rows = [json.dumps({"id": f"r{at}", "text": text, "n": at}) + "\n" for at, text in enumerate(TEXTS)]
    (folder / "a.jsonl").write_text("".join(rows[::2]), "utf-8")
    (folder / "b.jsonl").write_text("".join(rows[1::2]), "utf-8")
    return folder


def test_two_actors_write_all_rows_with_the_tags_of_the_tagger_and_a_manifest(
    ray: Any, records: Path, model_folder: Path, tagger: Tagger, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    call = ["predict", str(records), "--engine", "ray", "--model", str(model_folder), "--output", str(tmp_path / "out")]
    call += ["--input-format", "jsonl", "--workers", "2"]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 0, (result.stderr, result.exception)
    rows = pq.read_table(tmp_path / "out").to_pylist()
    assert got(rows) == expected(tagger)
    assert {(row["id"], row["text"], row["n"]) for row in rows} == {(f"r{n}", text, n) for n, text in enumerate(TEXTS)}
    assert any(row["spans"] for row in rows)
    manifest = json.loads((tmp_path / "out" / "_manifest.json").read_text("utf-8"))
    tokens = sum(len(words) for words, _ in expected(tagger).values())
    assert (manifest["rows"], manifest["tokens"], manifest["rows_without_tokens"]) == (len(TEXTS), tokens, 2)
    assert manifest["model_sha256"] == digest_of(load_model(model_folder))
    refused = CliRunner().invoke(app, call)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: ") and "is not empty; use --force" in refused.stderr


def test_text_is_a_row_a_file_or_a_row_a_line(ray: Any, tmp_path: Path) -> None:
    from bilstm_tagger.integrations.ray_inputs import read_uris

    (tmp_path / "a.txt").write_bytes("\ufeffRain fell.\r\n\nAda\u2028came.\n".encode())
    assert [row["text"] for row in read_uris([str(tmp_path / "a.txt")], "text").take_all()] == [
        "Rain fell.\r\n\nAda\u2028came.\n"
    ]
    rows = read_uris([str(tmp_path / "a.txt")], "lines").take_all()
    assert [(row["line"], row["text"]) for row in rows] == [(1, "Rain fell."), (2, ""), (3, "Ada\u2028came.")]
    assert {Path(row["path"]).name for row in rows} == {"a.txt"}


def test_what_is_wrong_in_an_actor_is_one_line(ray: Any, records: Path, model_folder: Path, tmp_path: Path) -> None:
    call = ["predict", str(records / "a.jsonl"), "--engine", "ray", "--model", str(model_folder), "--workers", "1"]
    result = CliRunner().invoke(app, [*call, "--output", str(tmp_path / "out"), "--text-column", "n"])
    assert result.exit_code == 1, result.exception
    assert [line for line in result.stderr.splitlines() if line.startswith("error: ")] == [
        "error: column 'n' holds int, not text; name another one, --text-column"
    ]
    assert not (tmp_path / "out" / "_manifest.json").exists()


# What needs no Ray


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--shard", "1/2", "--output", "out"], "is of no use with --engine ray"),
        (["--threads", "2", "--output", "out"], "is of no use with --engine ray"),
        ([], "--engine ray needs inputs and --output"),
    ],
)
def test_options_that_are_of_no_use_are_refused(options: list[str], message: str) -> None:
    result = CliRunner().invoke(app, ["predict", "a.jsonl", "--engine", "ray", *options], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_unknown_engine_is_refused() -> None:
    result = CliRunner().invoke(app, ["predict", "a.jsonl", "--engine", "dask"], env={"COLUMNS": "200"})
    assert result.exit_code == 2
    assert "known: local, ray" in result.stderr


def test_a_missing_extra_ends_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    result = CliRunner().invoke(app, ["predict", "a.jsonl", "--engine", "ray", "--output", "out"])
    assert result.exit_code == 1
    assert result.stderr == "error: tagging on Ray needs it: pip install 'bilstm-tagger[ray]'\n"


@pytest.mark.parametrize("inputs", [["a.jsonl", "b.parquet"], ["folder"], ["s3://bucket/a.csv"]])
def test_inputs_that_tell_no_format_are_refused(inputs: list[str]) -> None:
    from bilstm_tagger.integrations.ray_files import Input, Model, tag_uris

    with pytest.raises(ConfigError, match="the names do not tell one format; name it, --input-format"):
        tag_uris(Model("en"), Input(inputs), "out")


def test_a_table_gets_columns_and_keeps_its_own(tagger: Tagger) -> None:
    import pyarrow as pa

    table = pa.table({"id": [f"r{at}" for at in range(len(TEXTS))], "text": TEXTS})
    tagged = tagged_table(tagger, table, probabilities=True)
    assert tagged.select(["id", "text"]).equals(table)
    assert got(tagged.to_pylist()) == expected(tagger)
    assert tagged_table(tagger, table.slice(0, 0), probabilities=True).schema == tagged.schema
    with pytest.raises(ConfigError, match="has a column 'tokens' already"):
        tagged_table(tagger, tagged)
    assert "m_tokens" in tagged_table(tagger, tagged, prefix="m_").column_names
    with pytest.raises(ConfigError, match="no column 'body'; it has: id, text"):
        tagged_table(tagger, table, column="body")
