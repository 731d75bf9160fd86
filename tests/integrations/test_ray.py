"""Ray Data gives what the tagger gives, one row for each row, and what it cannot do is told in one line."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from bilstm_tagger.cli import app
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.frames.tagged_tables import tagged_table
from bilstm_tagger.model_folder.folder import digest_of, load_model
from bilstm_tagger.tagging.tagger import Tagger

ROOT = Path(__file__).parents[2]
FILES, ROWS = 6, 18_000  # enough for several files of output
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
    from bilstm_tagger.integrations.ray import start_ray

    start_ray(num_cpus=2, include_dashboard=False, object_store_memory=100_000_000, logging_level=logging.ERROR)
    yield found
    found.shutdown()
    os.environ.pop("PYTHONPATH") if before is None else os.environ.update(PYTHONPATH=before)


@pytest.mark.parametrize(("variables", "address"), [({}, "local"), ({"RAY_ADDRESS": "10.0.0.7:6379"}, "10.0.0.7:6379")])
def test_ray_joins_no_cluster_that_nobody_named(
    variables: dict[str, str], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bilstm_tagger.integrations import ray as module

    asked = []
    fake = SimpleNamespace(is_initialized=lambda: False, init=lambda **options: asked.append(options["address"]))
    monkeypatch.setattr(module, "import_ray", lambda: fake)
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    module.start_ray()
    assert asked == [address]


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Records in files of one folder, some of them without a text."""
    folder = tmp_path_factory.mktemp("records")
    for file in range(FILES):
        rows = [{"id": f"r{at}", "text": TEXTS[at % len(TEXTS)], "n": at} for at in range(file, ROWS, FILES)]
        (folder / f"{file}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return folder


def test_a_killed_run_goes_on_and_writes_each_row_once_with_the_tags_of_the_tagger_and_a_manifest(
    ray: Any, records: Path, model_folder: Path, tagger: Tagger, tmp_path: Path
) -> None:
    import pyarrow.parquet as pq

    out = tmp_path / "out"
    call = ["predict", str(records), "--engine", "ray", "--model", str(model_folder), "--output", str(out)]
    call += ["--input-format", "jsonl", "--workers", "2"]
    address = {"RAY_ADDRESS": ray.get_runtime_context().gcs_address}
    killed = subprocess.Popen([sys.executable, "-m", "bilstm_tagger", *call], env=os.environ | address)
    wait_for(lambda: bool(whole_files(out)) or killed.poll() is not None)
    killed.kill()
    assert killed.wait() == -signal.SIGKILL
    before = {path: path.stat().st_mtime_ns for path in whole_files(out)}
    beginning = out / "beginning.parquet"
    beginning.write_bytes(next(iter(before)).read_bytes()[:-9])

    refused = CliRunner().invoke(app, call)
    assert refused.exit_code == 1
    assert refused.stderr.startswith("error: ") and "is not empty; use --force" in refused.stderr
    result = CliRunner().invoke(app, [*call, "--resume"])
    assert result.exit_code == 0, (result.stderr, result.exception)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert not beginning.exists()
    rows = pq.read_table(out).to_pylist()
    texts = expected(tagger)
    assert got(rows) == {f"r{at}": texts[f"r{at % len(TEXTS)}"] for at in range(ROWS)}
    assert {(r["id"], r["text"], r["n"]) for r in rows} == {(f"r{n}", TEXTS[n % len(TEXTS)], n) for n in range(ROWS)}
    assert any(row["spans"] for row in rows)
    manifest = json.loads((out / "_manifest.json").read_text("utf-8"))
    tokens = sum(len(row["tokens"]) for row in rows)
    empty = sum(not TEXTS[at % len(TEXTS)] for at in range(ROWS))
    assert (manifest["rows"], manifest["tokens"], manifest["rows_without_tokens"]) == (ROWS, tokens, empty)
    assert manifest["model_sha256"] == digest_of(load_model(model_folder))
    again = CliRunner().invoke(app, [*call, "--resume"])
    assert again.exit_code == 0 and json.loads((out / "_manifest.json").read_text("utf-8")) == manifest


def whole_files(folder: Path) -> list[Path]:
    """Files of Parquet that can be read to their ends."""
    import pyarrow.parquet as pq

    found = []
    for path in folder.glob("*.parquet"):
        with contextlib.suppress(OSError, ValueError):
            pq.read_table(path)
            found.append(path)
    return found


def wait_for(done: Callable[[], bool]) -> None:
    """Waits for something that happens within five minutes."""
    until = time.monotonic() + 300
    while not done():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_text_is_a_row_a_file_or_a_row_a_line(ray: Any, tmp_path: Path) -> None:
    from bilstm_tagger.integrations.ray_inputs import read_uris

    (tmp_path / "a.txt").write_bytes("\ufeffRain fell.\r\n\nAda\u2028came.\n".encode())
    assert [row["text"] for row in read_uris([str(tmp_path / "a.txt")], "text").take_all()] == [
        "Rain fell.\r\n\nAda\u2028came.\n"
    ]
    rows = read_uris([str(tmp_path / "a.txt")], "lines").take_all()
    assert len({row["id"] for row in rows}) == len(rows)
    assert [(row["line"], row["text"]) for row in rows] == [(1, "Rain fell."), (2, ""), (3, "Ada\u2028came.")]
    assert {Path(row["path"]).name for row in rows} == {"a.txt"}


def test_what_is_wrong_in_an_actor_is_one_line(ray: Any, records: Path, model_folder: Path, tmp_path: Path) -> None:
    call = ["predict", str(records / "0.jsonl"), "--engine", "ray", "--model", str(model_folder), "--workers", "1"]
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


@pytest.mark.parametrize("format", ["parquet", "jsonl"])
def test_beginnings_of_files_are_told_from_whole_files(tmp_path: Path, format: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bilstm_tagger.integrations.ray_output import Output

    output = Output(str(tmp_path), format)
    assert output.begin({"inputs": ["a"]}, force=False) is False
    if format == "parquet":
        pq.write_table(pa.table({"id": [1, 2]}), tmp_path / "whole.parquet")
    else:
        (tmp_path / "whole.json").write_text('{"id": 1}\n{"id": 2}\n')
    whole = Path(output.files()[0])
    content = whole.read_bytes()
    for size in range(len(content)):
        if not (format == "jsonl" and content[:size].endswith(b"\n")):
            whole.with_stem(f"cut{size}").write_bytes(content[:size])
    assert output.begin({"inputs": ["a"]}, force=False) is True
    assert output.files() == [str(whole)]
    with pytest.raises(ConfigError, match="of another inputs; give the same again"):
        output.begin({"inputs": ["b"]}, force=False)
    output.end({"inputs": ["a"]})
    assert {path.name for path in tmp_path.iterdir()} == {whole.name, "_manifest.json"}
    assert output.begin({"inputs": ["b"]}, force=True) is False
    assert output.files() == []


def test_an_output_in_which_something_stands_is_refused(tmp_path: Path) -> None:
    from bilstm_tagger.integrations.ray_output import Output

    output = Output(str(tmp_path / "out"), "parquet")
    output.check([str(tmp_path)], force=True, resume=False)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.parquet").touch()
    with pytest.raises(ConfigError, match=r"is not empty; use --force, .*, --resume, .*, or another --output"):
        output.check(["a.parquet"], force=False, resume=False)
    with pytest.raises(ConfigError, match="no run of --engine ray has written there"):
        output.check(["a.parquet"], force=False, resume=True)
    for inside in ("out", "out/a.parquet"):
        with pytest.raises(ConfigError, match=f"--force would remove .*{inside}, which is read"):
            output.check([str(tmp_path / inside)], force=True, resume=False)
    (tmp_path / "out" / "_run.json").write_text("{}")
    output.check(["a.parquet"], force=False, resume=True)


def test_rows_are_left_out_by_their_ids() -> None:
    import pyarrow as pa

    from bilstm_tagger.integrations.ray_output import left_out

    rows = pa.table({"id": pa.array([5, 3, 8, 1], pa.int32()), "text": ["a", "b", "c", "d"]})
    assert left_out(rows, column="id", ids=pa.array([8, 5, 7])).to_pylist() == [
        row for row in rows.to_pylist() if row["id"] not in {8, 5, 7}
    ]
    with pytest.raises(CorpusError, match="is of int32 in the input and of string in the output; name another"):
        left_out(rows, column="id", ids=pa.array(["x"]))
    with pytest.raises(CorpusError, match="1 rows have no 'id'; name a column that all have, --id-column"):
        left_out(pa.table({"id": [1, None]}), column="id", ids=pa.array([1]))


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
