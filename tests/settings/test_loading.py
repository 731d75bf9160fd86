"""Settings: layers, messages, and values that TOML cannot write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.settings.loading import (
    known_settings,
    load_settings,
    parse_override,
    parse_settings,
    portable,
    presets,
    read_toml,
)
from bilstm_tagger.settings.renamed import REMOVED, RENAMED
from bilstm_tagger.settings.schema import EncoderSettings, Settings

OPTIONAL_NAMES = ["data.train", "data.dev", "data.replay", "data.label", "tasks.ner.dev", "embedder.vectors"]


def toml(folder: Path, text: str) -> Path:
    path = folder / "experiment.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", presets())
def test_presets_load_and_survive_a_round_trip(name: str) -> None:
    settings = load_settings(name)
    assert settings.preset == name
    assert settings.tasks
    assert Settings.model_validate_json(settings.model_dump_json()) == settings


def test_the_default_preset_is_ner() -> None:
    assert {"ner", "pos"} <= set(presets())
    assert load_settings() == load_settings("ner")
    assert list(load_settings().tasks) == ["ner"]


def test_overrides_win_over_the_file_and_the_file_over_the_preset(tmp_path: Path) -> None:
    path = toml(tmp_path, 'preset = "pos"\n[training]\nepochs = 7\nseed = 1\n')
    settings = load_settings(file=path, overrides={"training.seed": 2})
    preset = load_settings("pos")
    assert settings.preset == "pos"
    assert settings.training.optimizer == preset.training.optimizer == "adamw"
    assert (settings.training.epochs, settings.training.seed) == (7, 2)
    assert preset.training.epochs != 7


def test_a_preset_by_argument_wins_over_that_of_the_file(tmp_path: Path) -> None:
    settings = load_settings("ner", file=toml(tmp_path, 'preset = "pos"\n'))
    assert settings.preset == "ner"
    assert list(settings.tasks) == ["ner"]


@pytest.mark.parametrize("written", ["", 'preset = "fast"\n'])
def test_a_preset_among_the_overrides_is_laid_below_all_else(tmp_path: Path, written: str) -> None:
    path = toml(tmp_path, f"{written}[encoder]\nlayers = 2\n")
    overrides = {"training.seed": 3, "preset": "pos"}
    settings = load_settings(None if written else "fast", file=path, overrides=overrides)
    assert settings == load_settings("pos", overrides={"encoder.layers": 2, "training.seed": 3})
    assert overrides == {"training.seed": 3, "preset": "pos"}
    for wrong in ("", "poss", 5):
        with pytest.raises(ConfigError, match=r"unknown preset .*there are .*pos"):
            load_settings(overrides={"preset": wrong})
    with pytest.raises(ConfigError, match="the model to start from brings its own settings"):
        load_settings(base=settings, overrides={"preset": "ner"})


def test_tasks_of_a_file_replace_those_of_the_preset(tmp_path: Path) -> None:
    path = toml(tmp_path, '[tasks.chunk]\ncolumn = 3\n[tasks.pos]\ncolumn = "UPOS"\nhead = "softmax"\n')
    assert list(load_settings(file=path).tasks) == ["chunk", "pos"]


def test_tasks_by_name_are_the_only_ones_and_keep_their_settings(tmp_path: Path) -> None:
    path = toml(tmp_path, "[tasks.a]\ncolumn = 2\n[tasks.b]\ncolumn = 3\n")
    settings = load_settings(file=path, tasks=["c", "b"], overrides={"tasks.c.column": "UPOS"})
    assert {name: task.column for name, task in settings.tasks.items()} == {"c": "UPOS", "b": 3}


def test_an_override_of_a_table_keeps_the_rest_of_it() -> None:
    settings = load_settings(overrides={"embedder.characters.size": 5, "tasks.ner.column": 2})
    assert settings.embedder.characters is not None
    before = load_settings()
    assert before.embedder.characters is not None
    assert settings.embedder.characters.size == 5 != before.embedder.characters.size
    assert settings.embedder.characters.filters == before.embedder.characters.filters
    assert settings.tasks["ner"].column == 2
    assert settings.tasks["ner"].head == before.tasks["ner"].head


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().training.epochs = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("training.epoch", "training.epoch: unknown key; did you mean 'epochs'?"),
        ("trainin", "trainin: unknown key; did you mean 'training'?"),
        ("tasks.ner.colunm", "tasks.ner.colunm: unknown key; did you mean 'column'?"),
        ("embedder.characters.width", "embedder.characters.width: unknown key; did you mean 'widths'?"),
        ("encoder.zzz", f"encoder.zzz: unknown key; valid are {', '.join(EncoderSettings.model_fields)}"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(key: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(overrides={key: 1})
    assert str(caught.value) == f"settings: {message}"


RENAMED_KEYS = {
    "encoder.members": "encoder.ensemble_size",
    "encoder.feedforward": "head.hidden_size",
    "embedder.keep": "embedder.max_pretrained",
    "embedder.shape_size": "embedder.case_size",
    "embedder.stored": "embedder.quantization",
}
REMOVED_KEYS = [
    "embedder.digits",
    "encoder.context",
    "encoder.sentence_size",
    "training.language_model",
    "training.replace",
    "training.schedule",
    "training.warmup",
    "training.weight_decay",
]


def test_every_earlier_key_is_known() -> None:
    assert RENAMED_KEYS == RENAMED
    assert set(REMOVED_KEYS) == REMOVED


@pytest.mark.parametrize("value", ["1", "zero"])
@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
def test_a_renamed_key_is_refused_with_its_new_name(tmp_path: Path, old: str, new: str, value: str) -> None:
    """In a file and as `--set`; the new name is one that the settings have."""
    table, _, name = old.partition(".")
    key, given = parse_override(f"{old}={value}")
    with pytest.raises(ConfigError) as caught:
        load_settings(overrides={key: given})
    assert str(caught.value) == f"settings: {old}: is called {new} now"
    path = toml(tmp_path, f"[{table}]\n{name} = {value!r}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file=path)
    assert str(caught.value) == f"{path}: {old}: is called {new} now"
    table, _, name = new.partition(".")
    assert name in load_settings().model_dump()[table]
    assert new != old


@pytest.mark.parametrize("key", REMOVED_KEYS)
def test_a_removed_key_is_refused_as_one_there_is_no_more(tmp_path: Path, key: str) -> None:
    table, _, name = key.partition(".")
    message = f"{key}: there is no such setting any more, for it gained nothing; leave it out"
    with pytest.raises(ConfigError) as caught:
        load_settings(overrides=dict([parse_override(f"{key}=1")]))
    assert str(caught.value) == f"settings: {message}"
    path = toml(tmp_path, f"[{table}]\n{name} = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file=path)
    assert str(caught.value) == f"{path}: {message}"
    assert name not in load_settings().model_dump()[table]


def test_settings_of_an_earlier_model_go_by_their_new_names() -> None:
    values = load_settings(overrides={"tasks.ner.column": 2}).model_dump(mode="json")
    expected = parse_settings(values)
    numbers = {"encoder.members": 3, "encoder.feedforward": 7, "embedder.keep": 11, "embedder.shape_size": 5}
    given: dict[str, Any] = {**numbers, "embedder.stored": "int4", **dict.fromkeys(REMOVED_KEYS, "x")}
    for old, value in given.items():
        table, _, name = old.partition(".")
        values[table][name] = value
    for new in RENAMED_KEYS.values():
        table, _, name = new.partition(".")
        del values[table][name]
    values["tasks"]["ner"]["colour"] = values["future"] = "unknown today"
    settings = known_settings(values)
    assert (settings.encoder.ensemble_size, settings.head.hidden_size) == (3, 7)
    assert (settings.embedder.max_pretrained, settings.embedder.case_size) == (11, 5)
    assert settings.embedder.quantization == "int4"
    assert settings.tasks == expected.tasks
    assert settings.training == expected.training
    with pytest.raises(ConfigError, match=r"settings of the model: encoder\.ensemble_size: .*, got 0"):
        known_settings({"encoder": {"members": 0}})


def test_several_mistakes_are_named_at_once() -> None:
    with pytest.raises(
        ConfigError,
        match=r"^settings: training\.epochs: input should be .*; .*seeds: unknown key; did you mean 'seed'\?$",
    ):
        load_settings(overrides={"training.seeds": 1, "training.epochs": 0})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("training.epochs", 0),
        ("training.epochs", "many"),
        ("training.learning_rate", -0.1),
        ("training.optimizer", "adam"),
        ("encoder.dropout", 1.0),
        ("data.dev_fraction", 1.5),
        ("embedder.characters", 5),
        ("tasks.ner", 5),
        ("tasks", 5),
        ("training", None),
        ("embedder.characters.widths", [3] * 20),
        ("preset.deeper", 1),
    ],
)
def test_a_wrong_value_is_named_with_its_key(key: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(overrides={key: value})
    assert key.split(".")[0] in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        "training.learning_rate",
        "training.epochs",
        "training.patience",
        "tasks.ner.column",
        "features.pos.column",
        "data.sentence_column",
        "encoder.hidden_size",
        "embedder.characters.widths",
        "notes",
    ],
)
@pytest.mark.parametrize("value", [True, False])
def test_a_number_is_neither_true_nor_false(tmp_path: Path, key: str, value: bool) -> None:
    given = [value] if key.endswith("widths") else value
    *tables, name = key.split(".")
    path = toml(tmp_path, f"[{'.'.join(tables)}]\n{name} = {str(given).lower()}\n" if tables else f"{name} = true\n")
    for layer in ({"file": path}, {"overrides": {key: given}}):
        with pytest.raises(ConfigError, match=rf"{re.escape(key)}: takes neither true nor false, got "):
            load_settings(**layer)  # type: ignore[arg-type]
    assert load_settings(overrides={"data.repair": value}).data.repair is value


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("tasks.ner", 5, "input should be a table, got 5"),
        ("tasks", 5, "input should be a table, got 5"),
        ("languages", "en", "input should be a list, as ['en'], got 'en'"),
        ("training.epochs", "two", "input should be a whole number, got 'two'"),
        ("training.clip", "two", "input should be a number, got 'two'"),
        ("notes", 5, "input should be text, got 5"),
        ("data.repair", "perhaps", "input should be true or false, got 'perhaps'"),
        ("tasks.ner.column", 2.5, "input should be the number of a column or its name, got 2.5"),
        ("features.x.column", [1], "input should be the number of a column or its name, got [1]"),
        (
            "encoder.type",
            "lstmm",
            "input should be lstm, gru, rnn, cnn, or package.module:Class, got 'lstmm'; did you mean 'lstm'?",
        ),
        ("embedder.plugin", "mine", "input should be package.module:Class, got 'mine'"),
        *((key, "", "is empty; name something, write none, or leave it out") for key in OPTIONAL_NAMES),
    ],
)
def test_a_wrong_value_is_told_in_the_words_of_a_file(tmp_path: Path, key: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(overrides={key: value})
    assert str(caught.value) == f"settings: {key}: {message}"
    path = toml(tmp_path, "[training]\nseed = 1\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(file=path, overrides={key: value}, origins={key: f"--set {key}"})
    assert str(caught.value) == f"--set {key}: {message}"


def test_a_mistake_is_blamed_on_what_made_it(tmp_path: Path) -> None:
    path = toml(tmp_path, "[training]\nepochs = 'x'\n")
    origins = {key: f"--set {key}" for key in ("embedder.characters.widths", "training.sed", "training")}
    with pytest.raises(ConfigError) as caught:
        load_settings(file=path, overrides={"training.sed": 1}, origins={"training.sed": "--set training.sed"})
    assert str(caught.value) == (
        f"{path}: training.epochs: input should be a whole number, got 'x'; "
        "--set training.sed: unknown key; did you mean 'seed'?"
    )
    with pytest.raises(ConfigError, match=r"^--set training: sed: unknown key"):
        load_settings(file=path, overrides={"training": {"sed": 1}}, origins={"training": "--set training"})
    overrides = {"embedder.characters.widths": [3] * 20}
    with pytest.raises(ConfigError) as caught:
        load_settings(file=toml(tmp_path, "notes = 'n'"), overrides=overrides, origins=origins)
    assert str(caught.value).startswith(f"{path} with --set embedder.characters.widths: embedder.characters: widths")


def test_an_empty_name_that_a_model_tells_of_is_none() -> None:
    assert known_settings({"data": {"dev": ""}}).data.dev is None


@pytest.mark.parametrize("name", ["nre", "", 5])
def test_an_unknown_preset_is_refused(tmp_path: Path, name: Any) -> None:
    path = toml(tmp_path, f"preset = {name!r}\n".replace("'", '"'))
    with pytest.raises(ConfigError, match=r"unknown preset .*; there are .*ner, .*pos"):
        load_settings(file=path)


def test_the_nearest_preset_is_named() -> None:
    with pytest.raises(ConfigError, match="did you mean 'ner'"):
        load_settings("nerr")
    with pytest.raises(ConfigError) as caught:
        load_settings("xx")
    assert str(caught.value) == f"unknown preset 'xx'; there are {', '.join(presets())}"


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read"):
        load_settings(file=tmp_path / "absent.toml")
    with pytest.raises(ConfigError, match=r"experiment\.toml: not TOML: .*line 2, column 8\)$"):
        load_settings(file=toml(tmp_path, "[training]\nepochs 5\n"))
    (tmp_path / "latin.toml").write_bytes(b"preset = '\xe9'\n")
    with pytest.raises(ConfigError, match=r"latin\.toml: cannot be read"):
        load_settings(file=tmp_path / "latin.toml")


def test_a_message_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"experiment\.toml: training\.sed: unknown key; did you mean 'seed'\?$"):
        load_settings(file=toml(tmp_path, "[training]\nsed = 1\n"))


def test_a_date_is_refused_like_any_wrong_value(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError,
        match=(r"experiment\.toml: training\.epochs: input should be a whole number, got '2020-01-01'$"),
    ):
        load_settings(file=toml(tmp_path, "[training]\nepochs = 2020-01-01\n"))


def test_none_in_a_file_stands_for_no_value(tmp_path: Path) -> None:
    path = toml(
        tmp_path,
        '[embedder]\ncharacters = "none"\n[training]\naverage_from = "none"\npatience = "none"\n'
        '[tasks.upos]\nscheme = "none"\n',
    )
    settings = load_settings(file=path)
    assert settings.embedder.characters is None
    assert settings.training.average_from is None
    assert settings.tasks["upos"].scheme == "none"
    assert read_toml(path)["training"]["patience"] is None


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("training.epochs=30", "training.epochs", 30),
        ("training.learning_rate = 1e-3", "training.learning_rate", 1e-3),
        ("embedder.characters.widths=[3, 5]", "embedder.characters.widths", [3, 5]),
        ("data.tokenizer=spacy:de", "data.tokenizer", "spacy:de"),
        ('data.train="a=b.conll"', "data.train", "a=b.conll"),
        ("data.train=C:\\a b.conll", "data.train", "C:\\a b.conll"),
        ("training.patience=none", "training.patience", None),
        ("embedder.characters=none", "embedder.characters", None),
        ("tasks.upos.scheme=none", "tasks.upos.scheme", "none"),
        ("data.names=", "data.names", ""),
    ],
)
def test_override(text: str, key: str, value: object) -> None:
    assert parse_override(text) == (key, value)


@pytest.mark.parametrize("text", ["training.epochs", "=5", "  =5", ""])
def test_an_override_needs_a_key_and_a_value(text: str) -> None:
    with pytest.raises(ConfigError, match="write key=value"):
        parse_override(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "training.epochs=1\nfoo=2",
            "--set training.epochs: a line break begins 'foo'; set one key at a time",
        ),
        ("training.epochs=" + "9" * 5000, "--set training.epochs: the value cannot be read: Exceeds the limit"),
        ("data.names=" + "[" * 100_000, "--set data.names: the value cannot be read: "),
    ],
)
def test_an_override_is_one_value_that_can_be_held(text: str, message: str) -> None:
    """Case E11."""
    with pytest.raises(ConfigError) as caught:
        parse_override(text)
    assert str(caught.value).startswith(message)
    assert parse_override("data.names=[\n'a',\n'b']") == ("data.names", ["a", "b"])


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "[training]\nepochs = " + "9" * 5000,
        "[training]\nepochs = 0x" + "f" * 5000,
        "a." * 2_000 + "b = 1",
        "a." * 20 + "b = 1",
        "x" * (1 << 20) + "x",
    ],
    ids=["deep", "digits", "hexadecimal", "dotted", "less dotted", "long"],
)
def test_a_file_that_cannot_be_held_is_refused(tmp_path: Path, text: str) -> None:
    """Case E11."""
    with pytest.raises(ConfigError) as caught:
        load_settings(file=toml(tmp_path, text))
    assert "experiment.toml: " in str(caught.value)
    assert len(str(caught.value)) < 500
    assert "\n" not in str(caught.value)


def test_a_long_value_is_not_repeated_in_full() -> None:
    for value in ("x" * 100_000, ["y"] * 100_000, 16**5000):
        with pytest.raises(ConfigError) as caught:
            load_settings(overrides={"training.epochs": value})
        assert "training.epochs: " in str(caught.value)
        assert len(str(caught.value)) < 500


@given(st.text(max_size=30))
def test_any_override_is_parsed_or_refused(text: str) -> None:
    try:
        key, _ = parse_override(text)
    except ConfigError:
        return
    assert key == text.partition("=")[0].strip()


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from([*Settings.model_fields, "ner", "column", "epochs", "x"]), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_any_values_are_settings_or_one_line_of_complaint(values: Any) -> None:
    try:
        settings = parse_settings(values)
    except ConfigError as error:
        assert "\n" not in str(error)
    else:
        assert parse_settings(settings.model_dump(mode="json")) == settings


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("m/two/seed-0", "m/two/seed-0"),
        ("./m/full", "m/full"),
        ("en", "en"),
        ("someone/model", "someone/model"),
        ("/home/ada/models/two/seed-10", "two/seed-10"),
        ("/home/ada/models/full", "full"),
        ("../ada/full", "full"),
        ("~/two/seed-1", "two/seed-1"),
    ],
)
def test_a_model_to_start_from_keeps_its_name_but_no_machine(written: str, kept: str) -> None:
    settings = load_settings("ner", overrides={"training.init_from": written, "data.train": "a/b.conll"})
    values = portable(settings)
    assert values["training"]["init_from"] == kept
    assert values["data"]["train"] == "b.conll"
    assert portable(parse_settings(values)) == values
