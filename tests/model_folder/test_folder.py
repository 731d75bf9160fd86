"""The model folder: what comes back is what was stored, and whatever is wrong with it is named."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import pickle
import re
import shutil
import stat
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from tiny import settings_of, untrained

from bilstm_tagger.errors import ConfigError, ModelError
from bilstm_tagger.io.reading import sha256_file
from bilstm_tagger.model_folder import find, quantization
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.info import checksum
from bilstm_tagger.model_folder.upgrade import FORMAT_VERSION
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.settings.loading import known_settings
from bilstm_tagger.tagging.tagger import Tagger

PIECES = ["config.json", "vocab.json", "metrics.json", "model.safetensors"]
SENTENCES = [["Ada", "left", "Turin", "in", "1999", "."], ["the", "river"], ["Rain"]]


def make(stored: str = "float32", seed: int = 5) -> Tagger:
    tasks = {"ner": {"head": "crf"}, "pos": {"head": "softmax"}}
    chosen = settings_of(tasks=tasks, embedder__quantization=stored)
    tagger = untrained(chosen, schemes={"ner": Scheme.IOB1, "pos": Scheme.NONE}, seed=seed)
    row = {"role": "train", "name": "a.conll", "sentences": 3, "tokens": 9, "sha256": "0" * 64}
    info = replace(
        tagger.info,
        metrics={"dev": {"ner": 0.5, "pos": 0.25}, "best_epoch": 2, "epochs": 3, "history": []},
        provenance={"versions": {"bilstm_tagger": "0", "torch": torch.__version__}, "data": [row]},
    )
    return Tagger(info, tagger.runtime)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return make()


@pytest.fixture(scope="module")
def stored(tagger: Tagger, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "stored"
    tagger.save(path)
    return path


@pytest.fixture
def folder(stored: Path, tmp_path: Path) -> Path:
    """A copy of the stored model, to be damaged."""
    return shutil.copytree(stored, tmp_path / "model")


def tensors(tagger: Tagger) -> dict[str, torch.Tensor]:
    return tagger.runtime.model.state_dict()


def refused(folder: Path, piece: str) -> str:
    """The message of the ModelError that names the piece, one line."""
    with pytest.raises(ModelError) as caught:
        Tagger.load(folder)
    message = str(caught.value)
    assert message.startswith(str(folder / piece))
    assert "\n" not in message
    return message


def change_json(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    values = json.loads(path.read_text("utf-8"))
    change(values)
    path.write_text(json.dumps(values), "utf-8")
    with contextlib.suppress(KeyError, TypeError, AttributeError):
        with_true_checksums(path.parent)


def with_true_checksums(folder: Path) -> None:
    """Checksums of what the folder holds now, so that a change is found by what it does."""
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["vocab"]["sha256"] = sha256_file(folder / "vocab.json")
    config["sha256"] = checksum(config)
    (folder / "config.json").write_text(json.dumps(config), "utf-8")


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], object]) -> None:
    values = load_file(folder / "model.safetensors")
    change(values)
    save_file(values, folder / "model.safetensors")
    sha256 = sha256_file(folder / "model.safetensors")
    change_json(folder / "config.json", lambda values: values.update(weights={"sha256": sha256}))


def test_what_is_loaded_is_what_was_saved(tagger: Tagger, stored: Path) -> None:
    again = Tagger.load(stored)
    assert again.info.settings == tagger.info.settings
    assert again.vocab == tagger.vocab
    assert again.schemes == tagger.schemes
    assert again.metrics == tagger.metrics
    assert again.info.provenance == tagger.info.provenance
    assert again.reading == tagger.reading
    assert again.info.tokenizer == tagger.info.tokenizer == "spacy:en"
    assert again.info.network.model_dump() == tagger.info.network.model_dump()
    assert again.tasks == ["ner", "pos"]
    assert tensors(again).keys() == tensors(tagger).keys()
    assert all(torch.equal(tensors(again)[name], value) for name, value in tensors(tagger).items())
    assert again(SENTENCES).tags == tagger(SENTENCES).tags


def test_the_folder_has_five_files_and_no_pickle(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert {path.name for path in stored.iterdir()} == {*PIECES, "README.md"}

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a pickle was opened")

    monkeypatch.setattr(torch, "load", forbidden)
    for name in ("load", "loads", "Unpickler", "_Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    Tagger.load(stored)
    for path in stored.iterdir():
        start = path.read_bytes()[:2]
        assert start[:1] != b"\x80", "pickle"
        assert start != b"PK", "zip of pickles"


@pytest.mark.parametrize(("kind", "dtype", "levels"), [("int8", torch.int8, 127), ("int4", torch.uint8, 7.5)])
def test_a_word_table_in_few_bits(tmp_path: Path, kind: str, dtype: torch.dtype, levels: float) -> None:
    tagger = make(kind)
    tagger.save(tmp_path / "a")
    raw = load_file(tmp_path / "a" / "model.safetensors")
    again = Tagger.load(tmp_path / "a")
    for name, value in tensors(tagger).items():
        if name in ("embedder.words.weight", "embedder.frozen"):
            assert raw[name].dtype is dtype
            assert raw[name].shape[1] == (value.shape[1] if kind == "int8" else -(-value.shape[1] // 2))
            step = value.abs().amax(1, keepdim=True) / levels
            assert ((tensors(again)[name] - value).abs() <= step * 0.501).all()
        else:
            assert torch.equal(tensors(again)[name], value)
    again.save(tmp_path / "b")
    third = Tagger.load(tmp_path / "b")
    for name, value in tensors(again).items():
        torch.testing.assert_close(tensors(third)[name], value, rtol=1e-6, atol=0)
    quantization.round_words(tagger.runtime.model, kind)  # type: ignore[arg-type]
    assert all(torch.equal(tensors(again)[name], value) for name, value in tensors(tagger).items())


def test_two_numbers_in_a_byte_and_an_odd_size(tmp_path: Path) -> None:
    tagger = untrained(settings_of(embedder__size=7, embedder__quantization="int4"))
    tagger.save(tmp_path / "odd")
    assert tensors(Tagger.load(tmp_path / "odd"))["embedder.words.weight"].shape[1] == 7


def test_any_file_in_a_folder_changes_its_fingerprint(tmp_path: Path, stored: Path) -> None:
    folder = shutil.copytree(stored, tmp_path / "model")
    before = find.fingerprint(folder)
    (folder / os.fsdecode(b"\xff")).write_bytes(b"")  # a name in no encoding
    named = find.fingerprint(folder)
    (folder / os.fsdecode(b"\xff")).write_bytes(b"x")
    assert len({before, named, find.fingerprint(folder)}) == 3


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="the kernel tells of mappings in /proc on Linux only")
@pytest.mark.parametrize("kind", ["float32", "int8", "int4"])
def test_frozen_rows_are_pages_of_the_file_which_processes_share(tmp_path: Path, kind: str) -> None:
    tagger = make(kind)
    tagger.save(tmp_path / "model")
    again = Tagger.load(tmp_path / "model", precision="float32")
    place = again.runtime.model.embedder.frozen.data_ptr()
    mapped = [line.split(maxsplit=5) for line in Path("/proc/self/maps").read_text().splitlines()]
    inside = {line[-1] for line in mapped if int(line[0].split("-")[0], 16) <= place < int(line[0].split("-")[1], 16)}
    assert inside == {str((tmp_path / "model" / "model.safetensors").resolve())}
    quantization.round_words(tagger.runtime.model, kind)  # type: ignore[arg-type]
    probable = [each(SENTENCES, probabilities=True).probabilities["ner"].marginals for each in (tagger, again)]
    assert (probable[0] == probable[1]).all()
    copied = copy.deepcopy(again)
    assert all(torch.equal(tensors(copied)[name], value) for name, value in tensors(again).items())


def test_the_card_tells_task_scores_data_and_settings(tagger: Tagger, stored: Path) -> None:
    card = (stored / "README.md").read_text("utf-8")
    for piece in ("ner", "spans of LOC, PER", "IOB1", "| pos | 25.00 |", "a.conll", "hidden_size", "Seed 0", "licence"):
        assert piece in card
    seed = tagger.info.settings["training"]["seed"]
    assert f"\n\nSeed {seed}; " in card


@pytest.mark.parametrize(
    ("direction", "said"), [("both", "two directions"), ("forward", "left to right"), ("backward", "right to left")]
)
def test_the_card_tells_the_directions(direction: str, said: str, tmp_path: Path) -> None:
    untrained(settings_of(encoder__direction=direction)).save(tmp_path / "model")
    assert f"1 LSTM layer, {said}, 6 units each; " in (tmp_path / "model" / "README.md").read_text("utf-8")


@pytest.mark.parametrize("piece", PIECES)
def test_a_missing_piece_is_named(folder: Path, piece: str) -> None:
    (folder / piece).unlink()
    assert "missing" in refused(folder, piece)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_a_truncated_piece_is_named(folder: Path, piece: str, share: float) -> None:
    content = (folder / piece).read_bytes().rstrip()
    (folder / piece).write_bytes(content[: int(share * (len(content) - 1))])
    assert "damaged" in refused(folder, piece)


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"[]", b"null", b'{"a": NaN', b"\x80\x04K\x01."])
def test_a_piece_that_is_something_else_is_named(folder: Path, piece: str, content: bytes) -> None:
    (folder / piece).write_bytes(content)
    assert "damaged" in refused(folder, piece)


@pytest.mark.parametrize("piece", PIECES)
def test_a_folder_in_the_place_of_a_piece_is_named(folder: Path, piece: str) -> None:
    (folder / piece).unlink()
    (folder / piece).mkdir()
    refused(folder, piece)


@pytest.mark.parametrize("version", [0, FORMAT_VERSION + 1, None, "1", 1.5, [], {}])
def test_another_format_version_is_refused(folder: Path, version: object) -> None:
    change_json(folder / "config.json", lambda values: values.update(format_version=version))
    assert f"format version {version!r}" in refused(folder, "config.json")


@pytest.mark.parametrize(
    ("piece", "key"),
    [("config.json", key) for key in ("format_version", "network", "tokenizer", "reading")]
    + [("vocab.json", key) for key in ("trained", "frozen", "characters", "tags", "known", "longest")],
)
def test_a_missing_key_is_named(folder: Path, piece: str, key: str) -> None:
    change_json(folder / piece, lambda values: values.pop(key))
    message = refused(folder, piece)
    assert key.replace("_", " ") in message or key in message


@pytest.mark.parametrize(
    ("piece", "path", "where"),
    [
        ("config.json", ("network", "encoder", "hidden_size"), "network.encoder.hidden_size"),
        ("config.json", ("network", "tasks", "ner", "head"), "network.tasks.ner.head"),
        ("vocab.json", ("tags", "ner", 1), "tags.ner.1"),
        ("metrics.json", ("dev", "ner"), "dev.ner"),
    ],
)
def test_a_wrong_value_is_named_with_the_way_to_it(
    folder: Path, piece: str, path: tuple[str | int, ...], where: str
) -> None:
    def put(values: Any) -> None:
        for key in path[:-1]:
            values = values[key]
        values[path[-1]] = ["no such value"]

    change_json(folder / piece, put)
    assert refused(folder, piece).startswith(f"{folder / piece}: missing or wrong piece: {where}: ")


ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    5,
    1.5,
    "x",
    [],
    {},
    [None],
    [[]],
    {"a": 5},
    {"ner": 5},
    {"ner": []},
    {"pos": ["X"]},
]
KEYS = [
    *(
        ("config.json", (key,))
        for key in ("network", "tokenizer", "reading", "settings", "weights", "versions", "data", "more")
    ),
    *(("config.json", ("network", key)) for key in ("tasks", "embedder", "encoder", "surprise")),
    *(("config.json", ("network", "tasks", task)) for task in ("ner", "pos", "chunk")),
    *(("config.json", ("network", "tasks", "ner", key)) for key in ("scheme", "encoding", "head", "hidden_size")),
    *(("config.json", ("network", "embedder", key)) for key in ("word_size", "characters", "case_size", "features")),
    *(("config.json", ("network", "encoder", key)) for key in ("type", "direction", "hidden_size", "layers")),
    ("config.json", ("settings", "training")),
    ("config.json", ("reading", "ner")),
    ("config.json", ("reading", "ner", "columns")),
    ("config.json", ("weights", "sha256")),
    *(("vocab.json", (key,)) for key in ("trained", "frozen", "characters", "tags", "known", "longest", "more")),
    *(("vocab.json", ("tags", task)) for task in ("ner", "pos", "chunk")),
    *(("vocab.json", (key, 2)) for key in ("trained", "characters", "known")),
    *(("vocab.json", ("tags", "ner", place)) for place in (0, 1)),
    *(("metrics.json", (key,)) for key in ("dev", "history", "best_epoch", "more")),
]


@pytest.mark.parametrize(("piece", "path"), KEYS, ids=lambda value: str(value))
def test_a_mis_shaped_value_is_named_or_harmless(
    folder: Path, stored: Path, tagger: Tagger, piece: str, path: tuple[str | int, ...]
) -> None:
    """Whatever loads also tags and can be stored: nothing is found out later."""
    for odd in ODD:
        shutil.copy(stored / piece, folder / piece)

        def put(values: Any, odd: Any = odd) -> None:
            for key in path[:-1]:
                values = values[key]
            values[path[-1]] = odd

        change_json(folder / piece, put)
        try:
            loaded = Tagger.load(folder)
        except ModelError as error:
            assert str(error).startswith(str(folder)), odd
            assert "\n" not in str(error)
        else:
            assert loaded.tasks == tagger.tasks, odd
            assert {task: len(tags) for task, tags in loaded(SENTENCES).tags.items()} == {"ner": 9, "pos": 9}
            loaded.save(folder.with_name("again"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda t: t.pop("members.0.heads.ner.projection.weight"),
            "tensor 'members.0.heads.ner.projection.weight' is missing",
        ),
        (lambda t: t.update(more=torch.zeros(1)), "unknown tensor 'more'"),
        (lambda t: t["embedder.frozen"].view(-1)[3:4].fill_(torch.nan), "'embedder.frozen' holds a number that"),
        (lambda t: t["embedder.frozen"].view(-1)[3:4].fill_(-torch.inf), "'embedder.frozen' holds a number that"),
        (
            lambda t: t.update({"members.0.heads.pos.projection.bias": torch.zeros(4)}),
            "tensor 'members.0.heads.pos.projection.bias' has shape [4] where config.json and vocab.json need [3]",
        ),
        (lambda t: t.update({"members.0.heads.pos.projection.bias": torch.zeros(3, 1)}), "has shape [3, 1]"),
        (lambda t: t.update({"members.0.heads.pos.projection.bias": torch.zeros(3, dtype=torch.long)}), "is of I64"),
        (lambda t: t.update({"embedder.frozen": t["embedder.frozen"].to(torch.int8)}), "no 'embedder.frozen.scale'"),
        (
            lambda t: t.update({
                "embedder.frozen": t["embedder.frozen"].to(torch.int8), "embedder.frozen.scale": torch.ones(7, 5, 3)
            }),
            "embedder.frozen",
        ),
        (lambda t: t.update({"embedder.frozen.scale": torch.ones(1, 1)}), "embedder.frozen.scale"),
    ],
)  # fmt: skip
def test_a_wrong_tensor_is_named(
    folder: Path, change: Callable[[dict[str, torch.Tensor]], object], message: str
) -> None:
    change_tensors(folder, change)
    assert message in refused(folder, "model.safetensors")


def test_a_half_precision_tensor_is_read(folder: Path, tagger: Tagger) -> None:
    change_tensors(folder, lambda t: t.update({"embedder.frozen": t["embedder.frozen"].half()}))
    loaded = Tagger.load(folder)
    assert tensors(loaded)["embedder.frozen"].dtype is torch.float32
    torch.testing.assert_close(
        tensors(loaded)["embedder.frozen"], tensors(tagger)["embedder.frozen"], rtol=1e-3, atol=1e-3
    )


def test_no_folder_or_a_file(tmp_path: Path, folder: Path) -> None:
    for path in (tmp_path / "absent", folder / "config.json"):
        with pytest.raises(ModelError, match=re.escape(f"{path}: no such model folder")):
            Tagger.load(path)
    (tmp_path / "empty").mkdir()
    refused(tmp_path / "empty", "config.json")


def test_a_kill_at_any_moment_of_a_save_leaves_the_old_or_the_new_model(
    folder: Path, tagger: Tagger, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Before and after each renaming the disk is copied as a power cut would leave it, and loaded from the copy."""
    disks: list[Path] = []

    def snapshot() -> None:
        disks.append(shutil.copytree(folder.parent, tmp_path_factory.mktemp("disk") / "disk"))

    def watched(rename: Callable[..., Path]) -> Callable[..., Path]:
        def act(self: Path, target: Path) -> Path:
            snapshot()
            moved = rename(self, target)
            snapshot()
            return moved

        return act

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", watched(Path.rename))
        patch.setattr(Path, "replace", watched(Path.replace))
        new = make(seed=1)
        new.save(folder)
    assert len(disks) == 4, "two renamings: the old folder away, the new one in"
    weights = [tensors(Tagger.load(disk / folder.name))["members.0.heads.ner.projection.weight"] for disk in disks]
    old, fresh = (tensors(each)["members.0.heads.ner.projection.weight"] for each in (tagger, new))
    for found, expected in zip(weights, (old, old, old, fresh), strict=True):
        assert torch.equal(found, expected)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_failing_save_leaves_the_old_model(folder: Path, tagger: Tagger) -> None:
    other = make(seed=1)
    other.metrics["dev"] = object()
    with pytest.raises(TypeError):
        other.save(folder)
    assert all(torch.equal(tensors(Tagger.load(folder))[name], value) for name, value in tensors(tagger).items())
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_a_save_replaces_the_whole_folder_but_for_what_is_kept(folder: Path, tagger: Tagger) -> None:
    (folder / "stale.txt").touch()
    (folder / "log.txt").write_text("kept")
    (folder / "inner").mkdir()
    (folder / "inner" / "a").write_text("kept too")
    tagger.save(folder, keep=(folder / "log.txt", folder / "inner", folder / "absent"))
    assert {path.name for path in folder.iterdir()} == {*PIECES, "README.md", "log.txt", "inner"}
    assert (folder / "inner" / "a").read_text() == "kept too"
    assert Tagger.load(folder).metrics == tagger.metrics


def test_models_of_the_package_are_found_by_name(monkeypatch: pytest.MonkeyPatch, stored: Path) -> None:
    monkeypatch.setattr(find, "shipped_models", lambda: {"small": stored})
    assert Tagger.load("small").tasks == ["ner", "pos"]
    with pytest.raises(
        ModelError,
        match=(
            r"^smal: no such model folder; of the models that come with the package, did you mean 'small'\? "
            r"known: small$"
        ),
    ):
        Tagger.load("smal")


def test_flipped_weights_are_noticed(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    assert "checksum" in refused(folder, "model.safetensors")
    Tagger.load(folder, verify=False)


def test_settings_of_another_version_break_nothing(folder: Path, tagger: Tagger) -> None:
    """Settings of training that were removed or added since are told, and never needed."""

    def change(values: dict[str, Any]) -> None:
        del values["settings"]["training"]["clip"]
        values["settings"]["training"] |= {"warmup": 0.1, "of_tomorrow": [1]}
        values["settings"]["tomorrow"] = {"a": 1}

    change_json(folder / "config.json", change)
    loaded = Tagger.load(folder)
    assert loaded(SENTENCES).tags == tagger(SENTENCES).tags
    assert known_settings(loaded.info.settings).training.clip == 5.0


@pytest.mark.parametrize(
    "wrong",
    [
        *("[]", "{", '{"ner": {"PER": {"probabilities": [0.5], "right": []}}}', '{"ner": {"PER": {"right": [2]}}}'),
        '{"ner": {"PER": {"probabilities": [0.5], "right": [1], "unknown": []}}}',
        '{"ner": {"PER": {"probabilities": ["0.5"], "right": [1]}}}',
        '{"ner": {"PER": {"probabilities": [0.5], "right": [1], "more": 1}}}',
    ],
)
def test_a_damaged_calibration_is_named(folder: Path, wrong: str) -> None:
    (folder / "calibration.json").write_text(wrong, "utf-8")
    refused(folder, "calibration.json")


def test_a_calibration_comes_back(folder: Path, tagger: Tagger, tmp_path: Path) -> None:
    judged = {"ner": {"LOC": {"probabilities": [0.5], "right": [0]}}}  # as earlier versions stored it
    judged["ner"]["PER"] = {"probabilities": [0.5, 1.0], "right": [0, 1], "unknown": [1, 0]}
    Tagger(replace(tagger.info, calibration=judged, temperatures={"ner": 1.5}), tagger.runtime).save(tmp_path / "a")
    again = Tagger.load(tmp_path / "a").info
    assert (again.calibration, again.temperatures) == (judged, {"ner": 1.5})


def test_a_model_that_knows_no_word_can_be_stored(tmp_path: Path) -> None:
    tagger = untrained(words=[])
    assert len(tagger.vocab.trained) == 2
    tagger.save(tmp_path / "model")
    assert Tagger.load(tmp_path / "model")(SENTENCES).tags == tagger(SENTENCES).tags


def test_everybody_may_read_all_files_alike(stored: Path) -> None:
    """Weights too, which safetensors writes for their owner alone."""
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in stored.iterdir()}
    assert len(set(modes.values())) == 1, modes


def test_models_that_are_not_there_are_not_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "bilstm_tagger"
    (package / "model_folder").mkdir(parents=True)
    monkeypatch.setattr(find, "__file__", str(package / "model_folder" / "find.py"))
    assert find.shipped_models() == {}
    (package / "models" / "en").mkdir(parents=True)
    assert find.shipped_models() == {}, "a folder without a configuration is no model"
    (package / "models" / "en" / "config.json").touch()
    assert find.shipped_models() == {"en": package / "models" / "en"}
    (tmp_path / "models" / "en-news").mkdir(parents=True)
    (tmp_path / "models" / "en-news" / "config.json").touch()
    assert set(find.shipped_models()) == {"en"}, "beside the package only where that is a source tree"
    (tmp_path / "pyproject.toml").touch()
    assert set(find.shipped_models()) == {"en", "en-news"}


# --- models from strangers: case E5 ---------------------------------------------------------------------------------


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("kind", ["pipe", "zeros", "itself"])
def test_what_would_never_end_is_not_read(folder: Path, piece: str, kind: str) -> None:
    (folder / piece).unlink()
    if kind == "pipe":
        os.mkfifo(folder / piece)
    else:
        (folder / piece).symlink_to("/dev/zero" if kind == "zeros" else piece)
    refused(folder, piece)


def test_a_link_to_a_regular_file_is_read(folder: Path, tagger: Tagger, tmp_path: Path) -> None:
    """As caches of downloads have them."""
    for piece in PIECES:
        (folder / piece).rename(tmp_path / piece)
        (folder / piece).symlink_to(tmp_path / piece)
    assert Tagger.load(folder)(SENTENCES).tags == tagger(SENTENCES).tags


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("encoder", "layers"), 1000),
        (("encoder", "ensemble_size"), 999),
        (("encoder", "hidden_size"), 1 << 20),
        (("embedder", "word_size"), 1 << 20),
        (("encoder", "layers"), 10**6),
        (("encoder", "hidden_size"), 2**63),
        (("tasks", "ner", "hidden_size"), 2**40),
        (("embedder", "characters", "widths"), [1] * 900),
    ],
)
def test_sizes_are_compared_before_anything_is_built(
    folder: Path, path: tuple[str, ...], value: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(*_: object, **__: object) -> None:
        raise AssertionError("weights were read")

    monkeypatch.setattr("bilstm_tagger.model_folder.weights.load_file", taken)

    def put(config: dict[str, Any]) -> None:
        values = config["network"]
        for key in path[:-1]:
            values = values[key]
        values[path[-1]] = value

    change_json(folder / "config.json", put)
    began = time.process_time()
    with pytest.raises(ModelError, match=f"{path[-1]}|tensor"):
        Tagger.load(folder)
    assert time.process_time() - began < 2


@pytest.mark.parametrize("name", ["", "a.b", "type", "keys", "\ud800"])
def test_a_task_whose_name_torch_cannot_take(folder: Path, name: str) -> None:
    def rename(values: dict[str, Any]) -> None:
        for holder in (values.get("tags"), values.get("reading"), values.get("network", {}).get("tasks")):
            if holder and "ner" in holder:
                holder[name] = holder.pop("ner")

    change_json(folder / "vocab.json", rename)
    change_json(folder / "config.json", rename)
    with pytest.raises(ModelError, match=r"cannot be named|damaged: "):
        Tagger.load(folder)


def test_a_key_that_stands_there_twice(folder: Path) -> None:
    text = (folder / "config.json").read_text("utf-8")
    twice = text.replace('"tokenizer"', '"tokenizer": "characters", "tokenizer"', 1)
    (folder / "config.json").write_text(twice, "utf-8")
    assert "the key 'tokenizer' stands there twice" in refused(folder, "config.json")


@pytest.mark.parametrize("key", ["tokenizer", "network", "x" * 100_000, "a\nb\x1b[2J"])
def test_a_message_is_one_readable_line(folder: Path, key: str) -> None:
    change_json(folder / "config.json", lambda values: values["network"].update({key: "y" * 100_000}))
    message = refused(folder, "config.json")
    assert len(message) <= 500
    assert message.isprintable()


@pytest.mark.parametrize("piece", ["model.safetensors", "vocab.json", "config.json"])
def test_a_change_that_fits_is_found_by_its_checksum(folder: Path, tagger: Tagger, piece: str) -> None:
    content = (folder / piece).read_bytes()
    if piece == "model.safetensors":
        changed = content[:-1] + bytes([content[-1] ^ 1])
    else:
        old, new = (b'"the"', b'"thy"') if piece == "vocab.json" else (b"y:en", b"y:el")
        changed = content.replace(old, new, 1)
    assert changed != content
    (folder / piece).write_bytes(changed)
    assert "damaged: its checksum" in refused(folder, piece)
    assert Tagger.load(folder, verify=False).tasks == tagger.tasks


def test_what_is_told_and_decides_no_tag_may_be_corrected(folder: Path, tagger: Tagger) -> None:
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["settings"]["licence"] = "CC0"
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    assert Tagger.load(folder)(SENTENCES).tags == tagger(SENTENCES).tags


def test_numbers_that_are_finite_in_the_file_alone(folder: Path) -> None:
    """1e300 is a number in 64 bits and none in 32."""
    name = "members.0.heads.pos.projection.bias"
    change_tensors(folder, lambda t: t.update({name: torch.full((3,), 1e300, dtype=torch.float64)}))
    assert f"tensor {name!r} holds a number that is not finite" in refused(folder, "model.safetensors")


def test_thousands_of_tags_load_in_time() -> None:
    """Case E17: which tag may follow which is worked out by arrays, once for all encoders of an ensemble."""
    names = tag_names([f"L{number}" for number in range(1000)], Scheme.IOBES)
    assert len(names) == 4001
    given = make()
    encoder = given.info.network.encoder.model_copy(update={"ensemble_size": 2})
    network = given.info.network.model_copy(update={"encoder": encoder})
    vocab = replace(given.vocab, tags={"ner": names, "pos": ["X"]})
    began = time.process_time()
    with torch.device("meta"):
        build_model(network, vocab)
    assert time.process_time() - began < 2
    many = tag_names([f"L{number}" for number in range(2500)], Scheme.IOBES)
    with pytest.raises(
        ConfigError, match=r"^10,001 tags are more than 10,000, the most that a CRF or spans allow for$"
    ):
        build_model(network, replace(vocab, tags={"ner": many, "pos": ["X"]}))


@pytest.mark.parametrize("name", ["auto", "auto:en,here"])
def test_a_choice_among_models_is_for_predict_alone(name: str) -> None:
    with pytest.raises(
        ModelError, match=r"^auto.*: only predict and entities choose among models \(--model auto\); name one here"
    ):
        Tagger.load(name)
