"""The shards of any files together are these files, each once, and so are the documents of a single file."""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_tagger import RuleTagger
from typer.testing import CliRunner

from bilstm_tagger.cli import app
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files import Shard, tag_files
from bilstm_tagger.files.earlier_output import MARK
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.streams import End, Untagged

NAMES = st.lists(st.text("ab/é.", min_size=1, max_size=6), unique=True, min_size=2, max_size=30)


@given(names=NAMES, of=st.integers(1, 12), data=st.data())
def test_shards_of_files_are_all_files_once(names: list[str], of: int, data: st.DataObject) -> None:
    jobs = [Job(Path(name), name, "text") for name in names]
    shuffled = data.draw(st.permutations(jobs))
    shares = [[job.name for job in Shard(number, of).files(shuffled)] for number in range(1, of + 1)]
    assert Counter(name for share in shares for name in share) == Counter(names)
    assert shares == [[job.name for job in Shard(number, of).files(jobs)] for number in range(1, of + 1)]
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(documents=st.integers(0, 40), of=st.integers(1, 12))
def test_shards_of_one_file_are_all_documents_once(documents: int, of: int) -> None:
    job = Job(Path("big"), "big", "lines")
    stream = [*[(job, Untagged(f"text {number}", str(number))) for number in range(documents)], (job, End())]
    shares = [list(Shard(number, of).documents(stream)) for number in range(1, of + 1)]
    assert all(share[-1] == (job, End()) for share in shares)
    ids = [[item.id for _, item in share if isinstance(item, Untagged)] for share in shares]
    assert ids == [[str(number) for number in range(first, documents, of)] for first in range(of)]


@settings(max_examples=10, deadline=None)
@given(of=st.integers(1, 9), count=st.integers(1, 7))
def test_outputs_of_all_shards_are_those_of_one_run(
    of: int, count: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("shards")
    for number in range(count):
        (place / f"{number}.txt").write_text(f"Ada saw {number} ships.", "utf-8")
    inputs = [place / f"{number}.txt" for number in range(count)]
    tag_files(RuleTagger(), inputs, output=place / "whole")
    for number in range(1, of + 1):
        tag_files(RuleTagger(), inputs, output=place / "parts", shard=Shard(number, of), identity="rules")
    whole = sorted((place / "whole").glob("*.jsonl"))
    records = [json.loads(path.read_text("utf-8")) for path in (place / "parts").glob("shard-*.json")]
    assert len(records) == of
    assert len({record["inputs_sha256"] for record in records}) == 1
    assert sum(record["documents"] for record in records) == count
    if count > 1:
        assert {p.name: p.read_bytes() for p in whole} == {
            p.name: p.read_bytes() for p in (place / "parts").glob("*.jsonl")
        }
    assert [path.name for path in (place / "parts").glob(".*")] == ([MARK] if count else [])


def test_one_big_file_has_an_output_for_each_shard_with_the_ids_of_the_whole(tmp_path: Path) -> None:
    big = tmp_path / "big.txt"
    big.write_text("".join(f"Ada saw {number} ships\n" for number in range(23)), "utf-8")
    whole = io.StringIO()
    tag_files(RuleTagger(), [big], stream=whole, input_format="lines")
    for number in range(1, 5):
        tag_files(RuleTagger(), [big], output=tmp_path / "out", input_format="lines", shard=Shard(number, 4))
    paths = [tmp_path / "out" / f"big.txt.{number}-of-4.jsonl" for number in range(1, 5)]
    parts = [line for path in paths for line in path.read_text("utf-8").splitlines()]
    assert len({json.loads(line)["id"] for line in parts}) == 23
    assert sorted(parts) == sorted(whole.getvalue().splitlines())


def test_a_finished_shard_is_left_as_it_is_and_an_interrupted_one_goes_on(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / f"{name}.txt").write_text("Ada came.", "utf-8")
    inputs = [tmp_path / f"{name}.txt" for name in "abcdef"]
    out = tmp_path / "out"

    class Stopping(RuleTagger):
        def pipe(self, sources, **options):  # type: ignore[no-untyped-def]
            for number, document in enumerate(super().pipe(sources, **options)):
                if number == 2:
                    raise KeyboardInterrupt
                yield document

    options = {"output": out, "shard": Shard(1, 2), "identity": "rules", "resume": True}
    with pytest.raises(KeyboardInterrupt):
        tag_files(Stopping(), inputs, **options)
    assert [path.name for path in out.glob("*.jsonl")] == ["a.txt.jsonl"]
    other = tag_files(RuleTagger(), inputs, **options | {"shard": Shard(2, 2)})
    assert (other.files, other.finished) == (3, 0)
    assert (out / ".1-of-2.bilstm-tagger-run.json").exists()
    again = tag_files(RuleTagger(), inputs, **options)
    assert (again.files, again.finished) == (2, 1)
    assert json.loads((out / "shard-1-of-2.json").read_text("utf-8"))["files"] == 3
    before = {path: path.stat().st_mtime_ns for path in out.iterdir()}
    third = tag_files(RuleTagger(), inputs, **options)
    assert (third.files, third.finished) == (0, 3)
    assert {path: path.stat().st_mtime_ns for path in out.iterdir()} == before
    told = r"out/a\.txt\.jsonl and 2 more: there already, and no run was interrupted that could go on; use --force"
    with pytest.raises(ConfigError, match=told):
        tag_files(RuleTagger(), inputs, **options | {"identity": "another model"})


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "a/b", "1/0", "-1/3", "1/3/5", ""])
def test_what_names_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="write it as 3/40"):
        Shard.parse(text)


def test_predict_tags_its_share(tmp_path: Path, model_folder: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text("Ada came.", "utf-8")
    call = ["predict", str(tmp_path), "--output", str(tmp_path / "out"), "--model", str(model_folder), "--shard"]
    assert CliRunner().invoke(app, [*call, "2/2"]).exit_code == 0
    assert [path.name for path in (tmp_path / "out").rglob("*.jsonl")] == ["b.txt.jsonl"]
    result = CliRunner().invoke(app, [*call, "3/2"])
    assert result.exit_code == 1
    assert result.stderr.startswith("error: --shard 3/2: write it as 3/40")


def test_two_files_of_different_shards_with_one_output_are_refused(tmp_path: Path) -> None:
    for folder in "xy":
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("Ada came.", "utf-8")
    inputs = [tmp_path / folder / "a.txt" for folder in "xy"]
    with pytest.raises(
        ConfigError, match=r"x/a\.txt and .*y/a\.txt would both become .*out/a\.txt\.jsonl; tag them into two folders$"
    ):
        tag_files(RuleTagger(), inputs, output=tmp_path / "out", shard=Shard(1, 2))
