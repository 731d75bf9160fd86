"""All settings of a training run: one frozen object, from a preset, a TOML file, and overrides.

Flags win over `--set`, `--set` over the TOML file, the file over the preset. An unknown key is refused with the
nearest valid name.
"""

from __future__ import annotations

import difflib
import json
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt, ValidationError, model_validator

from bilstm_tagger.errors import ConfigError

# Keys that may be without a value, for which the word `none` stands; elsewhere, as in `scheme`, it is a word.
OPTIONAL = frozenset(
    [
        "characters", "average_from", "patience", "threads", "vectors", "train", "dev", "format", "text_column",
        "replay", "init_from",
    ]
)  # fmt: skip


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TaskSettings(_Frozen):
    """One kind of tag: where its gold tags stand, and how the network predicts them."""

    column: int | str = -1
    """Column of the tags: counted from 1, from the end if negative, or a name (`UPOS`, a MISC key)."""
    scheme: Literal["auto", "none", "IOB1", "BIO", "IOBES", "BMES", "BILOU"] = "auto"
    """How the data writes spans; detected on train unless named."""
    encoding: Literal["BIO", "IOBES"] = "IOBES"
    """How the network writes spans; without effect on plain tags."""
    head: Literal["auto", "crf", "softmax"] = "auto"
    """`auto` takes a CRF for spans and a softmax for plain tags."""
    weight: PositiveFloat = 1.0
    """Factor of this task's loss."""
    train: str | None = None
    """Corpus of this task alone; else that of `[data]`."""
    dev: str | None = None


class DataSettings(_Frozen):
    """Corpora shared by all tasks that name none of their own, and how raw text becomes words."""

    train: str | None = None
    dev: str | None = None
    replay: str | None = None
    """Corpus an earlier model was trained on, mixed into train so that it is not forgotten."""
    format: str | None = None
    """Corpus format; else by the file's suffix."""
    names: tuple[str, ...] = ()
    """Names of the columns of a CoNLL file, so that tasks can name theirs."""
    word_column: int | str = 1
    dev_fraction: float = Field(default=0.1, gt=0.0, lt=1.0)
    """Share of train set aside where there is no dev corpus."""
    repair: bool = False
    """Whether impossible tag sequences are made legal, as the CoNLL scorer reads them; else they are refused."""
    tokenizer: str = "spacy:en"
    """For raw text: `spacy:LANGUAGE`, `characters` or `whitespace`."""
    text_column: str | None = None
    """Key or column of raw text in JSON, CSV and Parquet; else their tokens are read, or `text` if there are none."""
    misaligned: Literal["error", "snap", "drop"] = "error"
    """What to do with a span of characters that is not a run of whole tokens: refuse it, widen it, leave it out."""


class CharacterSettings(_Frozen):
    """The character CNN."""

    size: PositiveInt = 30
    widths: tuple[PositiveInt, ...] = (3,)
    filters: tuple[PositiveInt, ...] = (50,)
    dropout: float = Field(default=0.3, ge=0.0, lt=1.0)
    longest: PositiveInt = 24
    """Characters of a longer word beyond these (half from each end) are not read."""

    @model_validator(mode="after")
    def _same_length(self) -> CharacterSettings:
        if len(self.widths) != len(self.filters):
            raise ValueError("widths and filters need as many numbers as each other")
        return self


class FeatureSettings(_Frozen):
    """Something that is known of a token beside the word: one of `column`, `bigram` and `phrases`."""

    column: int | str | None = None
    """A column of the data, as for tasks; text to be tagged needs it too."""
    bigram: bool = False
    """The word together with the next one of its sentence: of characters, as in Chinese, a telling pair."""
    phrases: dict[str, str] = Field(default_factory=dict)
    """Files by label, one phrase a line: whether a token is in one of them, the longest first."""
    ignore_case: bool = False
    """Whether phrases match in any case."""
    size: PositiveInt = 20
    """Size of the vector of a value."""
    min_count: PositiveInt = 2
    """Values of a column and bigrams that are rarer in training count as unknown."""

    @model_validator(mode="after")
    def _one_source(self) -> FeatureSettings:
        if (self.column is not None) + self.bigram + bool(self.phrases) != 1:
            raise ValueError("a feature needs exactly one of column, bigram = true and phrases")
        return self


class EmbedderSettings(_Frozen):
    """From words to vectors."""

    vectors: str | None = None
    """File of pretrained word vectors; else all words start at random."""
    size: PositiveInt = 100
    """Size of a word vector where there is no file."""
    keep: int = Field(default=50_000, ge=0)
    """Pretrained words beyond those of the training data to keep, the file's first (most frequent) ones."""
    min_count: PositiveInt = 2
    """Training words without a pretrained vector need this many occurrences for a row of their own."""
    digits: Literal["keep", "zero"] = "zero"
    """Whether a number that is not in the vocabulary is looked up once more with its digits as 0."""
    characters: CharacterSettings | None = CharacterSettings()
    shape_size: int = Field(default=10, ge=0)
    """Size of the vector of a word's case shape; 0 for none."""
    word_dropout: float = Field(default=0.05, ge=0.0, lt=1.0)
    dropout: float = Field(default=0.5, ge=0.0, lt=1.0)
    stored: Literal["float32", "int8", "int4"] = "float32"
    """Numbers of the word table in the model folder: 8 or 4 bits with one scale a row take a quarter or an eighth of
    the space."""


class EncoderSettings(_Frozen):
    """From vectors to states that know the sentence."""

    type: Literal["lstm", "gru", "rnn", "cnn"] = "lstm"
    direction: Literal["both", "forward", "backward"] = "both"
    merge: Literal["concat", "sum"] = "concat"
    """With both directions: their states side by side, or added; of a `cnn` the two sides of its window."""
    width: PositiveInt = 5
    """Tokens in the window of one layer of a `cnn`; odd where it looks both ways."""
    hidden_size: PositiveInt = 200
    layers: PositiveInt = 1
    sentence_size: int = Field(default=0, ge=0)
    """Units of each direction of a further layer whose mean state over the sentence is read beside each word; 0 for
    none. Not of a `cnn`."""
    feedforward: int = Field(default=0, ge=0)
    """Units of a tanh layer between the states and the scores of the tags; 0 for none."""
    members: PositiveInt = 1
    """Encoders of an ensemble over one embedder, trained together; their scores are averaged."""
    context: int = Field(default=0, ge=0)
    """Neighbouring sentences of a document are read in one go up to so many tokens; 0 for each alone."""
    dropout: float = Field(default=0.5, ge=0.0, lt=1.0)

    @model_validator(mode="after")
    def _same_sides(self) -> EncoderSettings:
        if self.type == "cnn" and self.direction == "both" and self.width % 2 == 0:
            raise ValueError(
                f"a cnn that looks both ways needs an odd width, not {self.width}: as many tokens each side"
            )
        if self.type == "cnn" and self.sentence_size:
            raise ValueError("a cnn has no sentence_size; set it to 0")
        return self


class TrainingSettings(_Frozen):
    """How the weights are found."""

    optimizer: Literal["sgd", "adamw"] = "sgd"
    learning_rate: PositiveFloat = 0.02
    momentum: float = Field(default=0.9, ge=0.0, lt=1.0)
    """Of SGD; word rows, touched seldom, take momentum-free steps of the same overall length."""
    weight_decay: float = Field(default=0.0, ge=0.0)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of all steps over which the learning rate rises from 0."""
    epochs: PositiveInt = 40
    batch_size: PositiveInt = 16
    """Sentences in a batch; fewer, down to 8, and a rate lower by the square root, where an epoch would have less than
    50 batches."""
    clip: PositiveFloat = 5.0
    """Largest gradient norm."""
    average_from: float | None = Field(default=0.5, ge=0.0, le=1.0)
    """The model's weights are their mean over all steps after this share of training; none for the last step's."""
    recase: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of sentences read in lower or upper case, half each, for text whose case cannot be relied on."""
    language_model: float = Field(default=0.0, ge=0.0)
    """Weight of a further aim while training: that the first layer's states tell the next and the last word."""
    replace: float = Field(default=0.0, ge=0.0, lt=1.0)
    """Share of spans in whose place each epoch reads another of the same label, rare ones as often as frequent ones;
    of a corpus's first task with spans."""
    patience: PositiveInt | None = None
    """Stop after so many epochs without a better dev score."""
    init_from: str | None = None
    """Model folder whose weights training starts from, wherever words, characters, tags and sizes agree."""
    seed: int = Field(default=0, ge=0)
    threads: PositiveInt | None = None
    """Processor threads; all cores unless named. The same seed and threads give the same weights."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the encoder's products while training, bfloat16 where the processor has it; all else stays float32."""


class Settings(_Frozen):
    """Everything that decides a training run."""

    preset: str = "ner"
    notes: str = ""
    """For the model card: licences of the data, what the model is for."""
    data: DataSettings = DataSettings()
    tasks: dict[str, TaskSettings] = Field(default_factory=dict)
    features: dict[str, FeatureSettings] = Field(default_factory=dict)
    embedder: EmbedderSettings = EmbedderSettings()
    encoder: EncoderSettings = EncoderSettings()
    training: TrainingSettings = TrainingSettings()

    @model_validator(mode="after")
    def _next_word_unseen(self) -> Settings:
        """A language model learns nothing from states that have seen the word it is to tell."""
        if not self.training.language_model:
            return self
        seen = {
            "encoder.type = cnn": self.encoder.type == "cnn",
            "encoder.merge = sum": self.encoder.merge == "sum" and self.encoder.direction == "both",
            "a bigram feature": any(feature.bigram for feature in self.features.values()),
        }
        for what, holds in seen.items():
            if holds:
                raise ValueError(f"training.language_model: with {what} states have seen the next word; set it to 0")
        return self


def presets() -> list[str]:
    """Names of the presets that come with the package."""
    return sorted(path.name[:-5] for path in _preset_folder().iterdir() if path.name.endswith(".toml"))


def load_settings(
    preset: str | None = None,
    *,
    file: str | Path | None = None,
    tasks: Sequence[str] = (),
    overrides: Mapping[str, Any] | None = None,
    base: Settings | None = None,
) -> Settings:
    """Settings from a preset, then a TOML file, then overrides such as `{"training.epochs": 30}`.

    Args:
        preset: its name; else that of the file, else `ner`.
        file: TOML of the same tables as the presets.
        tasks: where given, the run's only tasks, whatever others the preset or the file has.
        overrides: values by dotted key.
        base: settings that take the place of the preset's, such as those of a model to start from.

    Raises:
        ConfigError: for an unknown preset or key, a value of the wrong kind, or a file that cannot be read.
    """
    layers = read_toml(file) if file is not None else {}
    name = preset or layers.get("preset")
    if base is not None:
        if name is not None:
            raise ConfigError(f"preset {name!r}: the model to start from brings its own settings; leave the preset out")
        name, merged = base.preset, base.model_dump()
    else:
        name, merged = _read_preset("ner" if name is None else str(name))
    if "tasks" in layers:  # a file's own tasks replace those of the preset
        merged["tasks"] = {}
    merged = _merge(merged, layers) | {"preset": name}
    if tasks:
        merged["tasks"] = {task: merged.get("tasks", {}).get(task, {}) for task in tasks}
    for key, value in (overrides or {}).items():
        _set(merged, key.split("."), value)
    return parse_settings(merged, source=str(file) if file else "settings")


def _read_preset(name: str) -> tuple[str, dict[str, Any]]:
    if name not in presets():
        raise ConfigError(f"unknown preset {name!r}{_nearest(name, presets())}; there are {', '.join(presets())}")
    return name, read_toml(_preset_folder() / f"{name}.toml")


def parse_settings(values: Mapping[str, Any], *, source: str = "settings") -> Settings:
    """Settings from nested values, checked.

    Raises:
        ConfigError: naming the key, and the nearest valid one if it is unknown.
    """
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError("; ".join(_describe(item, source) for item in error.errors())) from None


def parse_override(text: str) -> tuple[str, Any]:
    """`training.epochs=30` as key and value; the value is read as TOML, or else taken as a string.

    Raises:
        ConfigError: if there is no `=` or no key.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {text!r}: write key=value, for example training.epochs=30")
    if value.strip() == "none" and key.strip().rpartition(".")[2] in OPTIONAL:
        return key.strip(), None
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def read_toml(path: str | Path | Traversable) -> dict[str, Any]:
    """A TOML file's values; the words `"none"` stand for no value, which TOML lacks.

    Raises:
        ConfigError: if it is missing or not TOML.
    """
    try:
        values = tomllib.loads((Path(path) if isinstance(path, str) else path).read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from None
    # Dates, which no setting takes, become text, so that the settings refuse them by name.
    return json.loads(json.dumps(values, default=str), object_hook=_none_words)  # type: ignore[no-any-return]


def _none_words(values: dict[str, Any]) -> dict[str, Any]:
    return {key: None if value == "none" and key in OPTIONAL else value for key, value in values.items()}


def _preset_folder() -> Any:
    return resources.files("bilstm_tagger") / "presets"


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        both = isinstance(value, Mapping) and isinstance(merged.get(key), dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _set(values: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        if not isinstance(values.get(key), dict):
            values[key] = {}
        values = values[key]
    values[path[-1]] = value


def _describe(error: Any, source: str) -> str:
    """One line for one of pydantic's findings."""
    path = [str(part) for part in error["loc"]]
    where = f"{source}: {'.'.join(path)}"
    if error["type"] == "extra_forbidden":
        return f"{where}: unknown key{_nearest(path[-1], _keys(path[:-1]))}"
    message = error["msg"].removeprefix("Value error, ")
    if not path:  # of several tables: the message names the key
        return f"{source}: {message}"
    got = f", got {error['input']!r}" if not isinstance(error["input"], dict | BaseModel) else ""
    return f"{where}: {message[0].lower() + message[1:]}{got}"


def _keys(path: list[str]) -> list[str]:
    """Valid keys of the table at `path`."""
    tables: dict[str, type[BaseModel]] = {
        "": Settings,
        "data": DataSettings,
        "tasks": TaskSettings,
        "features": FeatureSettings,
        "embedder": EmbedderSettings,
        "embedder.characters": CharacterSettings,
        "encoder": EncoderSettings,
        "training": TrainingSettings,
    }
    name = path[0] if path[:1] in (["tasks"], ["features"]) else ".".join(path)
    return list(tables[name].model_fields) if name in tables else []


def _nearest(name: str, valid: list[str]) -> str:
    close = difflib.get_close_matches(name, valid, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; valid are {', '.join(valid)}" if valid else ""
