"""Models of the Hugging Face hub, against a server on this machine that speaks its protocol."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hub_server import Hub, running_hub
from tiny import settings_of, untrained

from bilstm_tagger.errors import ConfigError, ModelError
from bilstm_tagger.model_folder.find import find_folder
from bilstm_tagger.model_folder.hub import FILES, HubName, hub_name, source_of
from bilstm_tagger.model_folder.hub_upload import card_data
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger

TEXT = "Ada left Turin in 1999 and Rain fell ."
hf = pytest.importorskip("huggingface_hub", reason="needs pip install 'bilstm-tagger[hub]'")
constants = pytest.importorskip("huggingface_hub.constants")


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A running hub that huggingface_hub takes for the real one, with an empty cache."""
    with running_hub() as running:
        template = running.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "ENDPOINT", running.url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", "hf_test")
        monkeypatch.chdir(tmp_path)
        yield running


@pytest.fixture(scope="module")
def tagger(tmp_path_factory: pytest.TempPathFactory) -> Tagger:
    settings = settings_of(
        tasks__ner__column=-1,
        tasks__upos__column=2,
        tasks__upos__dev="ewt dev.conllu",
        data__train="hf:user/names:en#train",
        languages=["en", "de"],
        licence="CC-BY-4.0",
    )
    made = untrained(settings, schemes={"ner": Scheme.BIO, "upos": Scheme.NONE})
    made.info = replace(made.info, metrics={"dev": {"upos": 0.9, "ner": 0.7}})
    return _stored(made, tmp_path_factory.mktemp("models") / "first")


def _stored(tagger: Tagger, folder: Path) -> Tagger:
    """As it is after it was written and read, which rounds vectors."""
    tagger.save(folder)
    return Tagger.load(folder)


def test_a_model_goes_there_and_back(hub: Hub, tagger: Tagger) -> None:
    pushed = tagger.push_to_hub("anna/names")
    commit = hub.branches["anna/names"]["main"]
    assert pushed == f"anna/names@{commit}"
    assert set(hub.commits["anna/names"][commit]) == {*FILES, ".gitattributes"} - {"calibration.json"}
    for loaded in (Tagger.load("anna/names"), Tagger.load(pushed), Tagger.load("anna/names", revision="main")):
        assert loaded.info.source == pushed
        assert loaded(TEXT).tags == tagger(TEXT).tags
        spans = [(span.text, span.probability) for span in loaded(TEXT, probabilities=True).spans]
        assert spans == [(span.text, span.probability) for span in tagger(TEXT, probabilities=True).spans]


def test_only_weights_json_and_the_card_are_fetched(hub: Hub, tagger: Tagger) -> None:
    tagger.push_to_hub("anna/names")
    files = hub.commits["anna/names"][hub.branches["anna/names"]["main"]]
    more = {"evil.py": b"raise SystemExit", "pytorch_model.bin": b"\x80", "sub/config.json": b"{}", "model.pkl": b""}
    hub.commit("anna/names", "main", {**files, **more})
    hub.asked.clear()
    Tagger.load("anna/names")
    assert hub.fetched() == {"config.json", "vocab.json", "metrics.json", "model.safetensors", "README.md"}
    folder = find_folder("anna/names")
    assert {path.name for path in folder.rglob("*") if path.is_file()} == hub.fetched()


def test_a_revision_is_pinned(hub: Hub, tagger: Tagger, tmp_path: Path) -> None:
    first = tagger.push_to_hub("anna/names")
    other = _stored(untrained(settings_of(), seed=5), tmp_path / "other")
    second = other.push_to_hub("anna/names", message="Other weights")
    assert first != second
    assert Tagger.load(first)(TEXT).tags == tagger(TEXT).tags
    assert Tagger.load("anna/names")(TEXT).tags == other(TEXT).tags
    branch = tagger.push_to_hub("anna/names", revision="old")
    assert Tagger.load("anna/names", revision="old").info.source == branch == Tagger.load("anna/names@old").info.source
    again = other.push_to_hub("anna/names", revision="old")  # into the branch that is there
    assert Tagger.load("anna/names@old").info.source == again != branch
    assert Tagger.load("anna/names").info.source == second
    with pytest.raises(
        ConfigError, match=r"^anna/names@old: names another revision than revision='main'; leave out one of them$"
    ):
        Tagger.load("anna/names@old", revision="main")


def test_the_cache_is_enough_without_a_network(hub: Hub, tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed = tagger.push_to_hub("anna/names")
    Tagger.load("anna/names")
    hub.asked.clear()
    Tagger.load("anna/names")
    assert not hub.fetched()  # asked for news, and fetched nothing again
    hub.asked.clear()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert Tagger.load("anna/names").info.source == pushed
    assert not hub.asked
    with pytest.raises(ModelError, match=r"bert/names: no such model folder, and the hub \(http.*\) cannot be reached"):
        Tagger.load("bert/names")


def test_a_calibration_of_earlier_weights_goes(hub: Hub, tagger: Tagger) -> None:
    tagger.push_to_hub("anna/names")
    main = hub.branches["anna/names"]["main"]
    hub.commit("anna/names", "main", {**hub.commits["anna/names"][main], "calibration.json": b"{}", "mine.txt": b"x"})
    tagger.push_to_hub("anna/names")
    files = hub.commits["anna/names"][hub.branches["anna/names"]["main"]]
    assert "calibration.json" not in files
    assert files["mine.txt"] == b"x"


def test_what_is_here_touches_no_network(
    hub: Hub, tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger.push_to_hub("anna/names")
    tagger.save("anna/names")
    hub.asked.clear()

    def refuse(*_: object, **__: object) -> Any:
        raise AssertionError("the network is touched")

    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert find_folder("anna/names") == Path("anna/names")
    assert find_folder(tmp_path / "anna" / "names") == tmp_path / "anna" / "names"
    assert Tagger.load("anna/names").info.source is None
    assert find_folder("en").name == "en"
    for name in ("anna/typo", "missing", "./a/b/c", "/no/where"):
        with pytest.raises(ModelError, match=f"{Path(name)}: no such model folder"):
            find_folder(name)
    with pytest.raises(ModelError, match="for a model of the hub name its revision: anna/typo@main"):
        find_folder("anna/typo")
    for name in ("anna/names", "en"):
        with pytest.raises(ConfigError, match="which has no revisions"):
            find_folder(name, revision="main")
    with pytest.raises(
        ConfigError, match=r"^missing: is no name of a model on the hub, so it has no revision; give user/name$"
    ):
        find_folder("missing", revision="main")
    assert not hub.asked


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("anna/names", HubName("anna/names")),
        ("anna/na-m.es_1@v1.0", HubName("anna/na-m.es_1", "v1.0")),
        ("anna/names@refs/pr/1", HubName("anna/names", "refs/pr/1")),
        *[
            (text, None)
            for text in ("names", "a/b/c", "../a", "/a/b", "a/", "a//b", ".a/b", "~/b", "a b/c", "a/b@", "")
        ],
    ],
)
def test_names_of_the_hub(name: str, meant: HubName | None) -> None:
    assert hub_name(name) == meant


def test_errors_are_one_line_with_the_next_step(hub: Hub, tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger.push_to_hub("anna/names")
    hub.create("anna/empty")
    hub.private.add("anna/names")
    for name, said in {
        "bert/none": "has no model of that name, or a private one; run hf auth login if it is yours",
        "anna/names@v9": "has no such revision of it",
        "anna/empty": "is no model of bilstm-tagger: it has no config.json",
    }.items():
        with pytest.raises(ModelError) as raised:
            Tagger.load(name)
        assert said in str(raised.value)
        assert "\n" not in str(raised.value)
    with pytest.raises(ConfigError, match="'names' is no name on the hub; give USER/NAME"):
        tagger.push_to_hub("names")
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", "none")
    with pytest.raises(
        ModelError, match=r"^bert/new: not uploaded: the hub .* answers: .*401 Invalid username or password\.$"
    ):
        tagger.push_to_hub("bert/new")
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(ConfigError, match=r"^bert/none: models of the hub need pip install 'bilstm-tagger\[hub\]'$"):
        Tagger.load("bert/none")


def test_the_card_is_metadata_and_text(hub: Hub, tagger: Tagger) -> None:
    """huggingface_hub reads back what it needs to list the model."""
    tagger.push_to_hub("anna/names", datasets=["user/more"])
    card = hf.ModelCard.load(find_folder("anna/names") / "README.md")
    data = card.data
    assert (data.language, data.license) == (["en", "de"], "cc-by-4.0")
    assert (data.library_name, data.pipeline_tag) == ("bilstm-tagger", "token-classification")
    assert data.tags == ["bilstm-crf", *tagger.tasks]
    assert data.datasets == ["user/more", "user/names"]
    results = {result.task_name: result for result in data.eval_results}
    assert (results["upos"].metric_type, results["upos"].metric_value) == ("accuracy", 0.9)
    assert (results["ner"].metric_type, results["ner"].metric_value) == ("f1", 0.7)
    assert (results["upos"].dataset_name, results["upos"].dataset_type) == ("ewt dev.conllu", "ewt-dev")
    assert data.model_name == "anna/names"
    assert 'Tagger.load("anna/names")' in card.text
    assert ("POST", "/api/validate-yaml") in hub.asked
    tagger.push_to_hub("anna/free", licence="MIT")
    assert hf.ModelCard.load(find_folder("anna/free") / "README.md").data.license == "mit"


@pytest.mark.parametrize(
    ("told", "given", "wanted"),
    [
        ("", None, {}),
        ("MIT", None, {"license": "mit"}),
        (
            "Free for research.",
            None,
            {"license": "other", "license_name": "see-model-card", "license_link": "README.md"},
        ),
        ("Free for research.", "cc-by-nc-4.0", {"license": "cc-by-nc-4.0"}),
    ],
)
def test_licences(told: str, given: str | None, wanted: dict[str, str]) -> None:
    info = untrained(settings_of(licence=told)).info
    data = card_data(info, "a/b", licence=given).to_dict()
    assert {key: value for key, value in data.items() if key.startswith("license")} == wanted
    assert "model-index" not in data  # nothing was measured


def test_the_source_of_a_folder() -> None:
    commit = "a" * 40
    cached = Path(f"/cache/models--anna--my--names/snapshots/{commit}")
    assert source_of(cached) == HubName("anna/my--names", commit)
    for path in (cached.parent, Path(f"/cache/datasets--a--b/snapshots/{commit}"), Path("models/en"), Path("/")):
        assert source_of(path) is None


def test_the_command_line_shows_the_revision(hub: Hub, tagger: Tagger, tmp_path: Path) -> None:
    """With nothing but the variables that huggingface_hub documents."""
    pushed = tagger.push_to_hub("anna/names")
    environment = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "bilstm_tagger", "info", "anna/names", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["source"] == pushed
