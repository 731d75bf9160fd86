"""All settings of a training run and their meaning: one frozen object. `loading` reads them."""

from __future__ import annotations

from types import NoneType
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from bilstm_tagger.settings.checked import ENCODER_TYPES, PLUGIN, Checked

ENCODERS = rf"^({'|'.join(ENCODER_TYPES)})$|{PLUGIN}"

# Far beyond what is of use and far below what overflows; whether the memory is enough is asked before it is taken.
LARGEST_SIZE = 1 << 20  # of a vector
MOST_PARTS = 1000  # layers, encoders of an ensemble, tokens or characters of a window
LONGEST_WORD = 1000  # characters that are read of a word
MOST_COLUMNS = 10_000

Size = Annotated[int, Field(gt=0, le=LARGEST_SIZE)]
SizeOrNone = Annotated[int, Field(ge=0, le=LARGEST_SIZE)]  # 0 for a part that is not there
Parts = Annotated[int, Field(gt=0, le=MOST_PARTS)]
Count = Annotated[int, Field(gt=0, le=1_000_000)]
Weight = Annotated[float, Field(gt=0.0, le=1e6)]
Rate = Annotated[float, Field(ge=0.0, lt=1.0)]


def _check_column(column: int | str) -> int | str:
    if column in (0, "") or (isinstance(column, int) and abs(column) > MOST_COLUMNS):
        raise ValueError(f"columns are counted from 1, or from the end if negative, up to {MOST_COLUMNS:,}, or named")
    return column


Column = Annotated[int | str, AfterValidator(_check_column)]


class _Table(Checked):
    @field_validator("*", mode="before")
    @classmethod
    def _not_empty(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse an empty name where none would be meant, such as that of a variable of the shell that is not set."""
        kinds = get_args(cls.model_fields[info.field_name or ""].annotation)
        if isinstance(value, str) and not value and str in kinds and NoneType in kinds:
            raise PydanticCustomError("empty", "is empty; name something, write none, or leave it out")
        return value


class CorpusSettings(_Table):
    """One of several training corpora of a task."""

    train: str
    """The file."""
    unmarked: tuple[str, ...] = ()
    """Labels that this corpus does not annotate: its `O` may be one of them."""
    weight: Weight = 1.0
    """Factor of the loss of its sentences."""


class TaskSettings(_Table):
    """One kind of tag: where its gold tags stand, and how the network predicts them."""

    column: Column = -1
    """Column of the tags: counted from 1, from the end if negative, or a name (`UPOS`, a MISC key)."""
    scheme: Literal["auto", "none", "IOB1", "BIO", "IOBES", "BMES", "BILOU", "IO"] = "auto"
    """How the data writes spans; detected on train unless named. IO (a tag is the label alone) has to be named."""
    encoding: Literal["BIO", "IOBES"] = "IOBES"
    """How the network writes spans; without effect on plain tags."""
    head: Literal["auto", "crf", "softmax"] = "auto"
    """`auto` takes a CRF for spans and a softmax for plain tags."""
    weight: Weight = 1.0
    """Factor of this task's loss."""
    train: str | None = None
    """Corpus of this task alone; else that of `[data]`."""
    dev: str | None = None
    """Development corpus of this task alone; without it a part of its train is set aside."""
    corpora: tuple[CorpusSettings, ...] = ()
    """Several training corpora in place of `train`, each with what it does not annotate; all are read alike."""
    unmarked: tuple[str, ...] = ()
    """Labels that no training corpus of this task annotates everywhere: `O` may be one of them."""

    @model_validator(mode="after")
    def _one_train(self) -> TaskSettings:
        if self.train and self.corpora:
            raise ValueError("a task has either train or corpora; leave one of them out")
        files = [corpus.train for corpus in self.corpora]
        if len(set(files)) < len(files):
            raise ValueError(f"corpora names {max(files, key=files.count)!r} twice")
        return self

    @property
    def files(self) -> tuple[str, ...]:
        """The training corpora of this task alone; none if it learns from those of `[data]`."""
        return (self.train,) if self.train else tuple(corpus.train for corpus in self.corpora)


class DataSettings(_Table):
    """Corpora shared by all tasks that name none of their own, and how raw text becomes words."""

    train: str | None = None
    """Training corpus: a file, a folder of `save_to_disk`, or `hf:NAME` of the hub."""
    dev: str | None = None
    """Development corpus; without it a part of train is set aside."""
    replay: str | None = None
    """Corpus an earlier model was trained on, mixed into train so that it is not forgotten."""
    format: str | None = None
    """Corpus format; else by the file's suffix."""
    names: tuple[str, ...] = ()
    """Names of the columns of a CoNLL file, so that tasks can name theirs."""
    word_column: Column = 1
    """Column of the words, as for tags."""
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
    encoding: str | None = None
    """Encoding of text files; else UTF-8, or UTF-16 where a file begins with its mark."""
    comments: Annotated[str, Field(min_length=1)] | None = None
    """What comment lines begin with in CoNLL columns; else every line is a token."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    """What stands between the cells of a CSV file; else comma, semicolon or tab, as its header shows."""
    sentence_column: Column | None = None
    """In a table with a token in each row: the column that tells the sentences apart."""
    labels: dict[str, str] = Field(default_factory=dict)
    """New names of labels, as `Person = "PER"`; `O` leaves a label out."""
    fix_tags: bool = False
    """Whether near misses such as `B_PER` are read as the tags that were meant."""
    label: str | None = None
    """The label of tags that have none, such as B and I."""


class CharacterSettings(_Table):
    """The character CNN."""

    size: Size = 30
    """Size of the vector of a character."""
    widths: Annotated[tuple[Parts, ...], Field(min_length=1, max_length=MOST_PARTS)] = (3,)
    """Characters in the window of each convolution."""
    filters: Annotated[tuple[Size, ...], Field(min_length=1, max_length=MOST_PARTS)] = (50,)
    """Filters of each convolution, as many numbers as widths."""
    dropout: Rate = 0.3
    """Share of the numbers of a character vector that are dropped."""
    longest: Annotated[int, Field(gt=0, le=LONGEST_WORD)] = 24
    """Characters of a longer word beyond these (half from each end) are not read."""

    @model_validator(mode="after")
    def _same_length(self) -> CharacterSettings:
        if len(self.widths) != len(self.filters):
            raise ValueError("widths and filters need as many numbers as each other")
        return self


class FeatureSettings(_Table):
    """Something that is known of a token beside the word: one of `column`, `bigram` and `phrases`."""

    column: Column | None = None
    """A column of the data, as for tasks; text to be tagged needs it too."""
    bigram: bool = False
    """The word together with the next one of its sentence: of characters, as in Chinese, a telling pair."""
    phrases: dict[str, str] = Field(default_factory=dict)
    """Files by label, one phrase a line: whether a token is in one of them, the longest first."""
    ignore_case: bool = False
    """Whether phrases match in any case."""
    size: Size = 20
    """Size of the vector of a value."""
    min_count: Count = 2
    """Values of a column and bigrams that are rarer in training count as unknown."""

    @model_validator(mode="after")
    def _one_source(self) -> FeatureSettings:
        if (self.column is not None) + self.bigram + bool(self.phrases) != 1:
            raise ValueError("a feature needs exactly one of column, bigram = true and phrases")
        return self


class EmbedderSettings(_Table):
    """From words to vectors."""

    vectors: str | None = None
    """File of pretrained word vectors; else all words start at random."""
    size: Size = 100
    """Size of a word vector where there is no file."""
    max_pretrained: int = Field(default=50_000, ge=0, le=100_000_000)
    """Pretrained words beyond those of the training data to keep, the file's first (most frequent) ones."""
    min_count: Count = 2
    """Training words without a pretrained vector need this many occurrences for a row of their own."""
    characters: CharacterSettings | None = CharacterSettings()
    """The character CNN; none to leave it out."""
    case_size: SizeOrNone = 10
    """Size of the vector of a word's case shape; 0 for none."""
    plugin: Annotated[str, Field(pattern=PLUGIN)] | None = None
    """A further embedding of words, of your own, as `package.module:Class`."""
    word_dropout: Rate = 0.05
    """Share of words that are read as unknown."""
    dropout: Rate = 0.5
    """Share of the numbers of a finished word vector that are dropped."""
    quantization: Literal["float32", "int8", "int4"] = "float32"
    """Numbers of the word table in the model folder: 8 or 4 bits with one scale a row take a quarter or an eighth of
    the space."""


class EncoderSettings(_Table):
    """From vectors to states that know the sentence."""

    type: Annotated[str, Field(pattern=ENCODERS)] = "lstm"
    """`lstm`, `gru`, `rnn`, `cnn`, or an encoder of your own as `package.module:Class`."""
    direction: Literal["both", "forward", "backward"] = "both"
    """Which way sentences are read."""
    merge: Literal["concat", "sum"] = "concat"
    """With both directions: their states side by side, or added; of a `cnn` the two sides of its window."""
    width: Parts = 5
    """Tokens in the window of one layer of a `cnn`; odd where it looks both ways."""
    hidden_size: Size = 200
    """Units of each layer in each direction."""
    layers: Parts = 1
    """Layers on top of each other."""
    ensemble_size: Parts = 1
    """Encoders of an ensemble over one embedder, trained together; their scores are averaged."""
    dropout: Rate = 0.5
    """Share of the states that are dropped behind each layer."""

    @model_validator(mode="after")
    def _same_sides(self) -> EncoderSettings:
        if self.type == "cnn" and self.direction == "both" and self.width % 2 == 0:
            raise ValueError(
                f"a cnn that looks both ways needs an odd width, not {self.width}: as many tokens each side"
            )
        return self


class HeadSettings(_Table):
    """From states to the scores of tags, for each task."""

    hidden_size: SizeOrNone = 0
    """Units of each task's tanh layer between the states and the scores of its tags; 0 for none."""


class TrainingSettings(_Table):
    """How the weights are found."""

    optimizer: Literal["sgd", "adamw"] = "sgd"
    """SGD with momentum, or AdamW."""
    learning_rate: Annotated[float, Field(gt=0.0, le=1000.0)] = 0.02
    """Length of a step; AdamW wants about 0.002."""
    momentum: Rate = 0.9
    """Of SGD; word rows, touched seldom, take momentum-free steps of the same overall length."""
    epochs: Count = 40
    """Passes over the training data."""
    min_steps: int = Field(default=0, ge=0, le=1_000_000_000)
    """Small data is read more often than `epochs`, up to so many optimiser steps and 100 epochs. Whoever names `epochs`
    but not this gets as many epochs as named."""
    batch_size: Count = 16
    """Sentences in a batch; fewer, down to 8, and a lower rate, where an epoch would have less than 50 batches."""
    gpu_batch_factor: Annotated[int, Field(ge=1, le=1000)] = 4
    """On a CUDA GPU batches are so many times larger, and the rate higher by the square root of that."""
    clip: Annotated[float, Field(gt=0.0, le=1e9)] = 5.0
    """Largest gradient norm."""
    average_from: float | None = Field(default=0.5, ge=0.0, le=1.0)
    """The model's weights are their mean over all steps after this share of training; none for the last step's."""
    recase: Rate = 0.0
    """Share of sentences read in lower or upper case, half each, for text whose case cannot be relied on."""
    patience: Count | None = None
    """Stop after so many epochs without a better dev score."""
    init_from: str | None = None
    """Model folder whose weights training starts from, wherever words, characters, tags and sizes agree."""
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    """Decides the first weights, the order of sentences and dropout."""
    threads: Annotated[int, Field(gt=0, le=1024)] | None = None
    """Processor threads; all cores unless named. The same seed and threads give the same weights."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where training runs; `auto` takes a CUDA GPU if there is one."""
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    """Of the encoder's products while training, bfloat16 where the processor has it; all else stays float32."""


class Settings(_Table):
    """Everything that decides a training run."""

    preset: str = "ner"
    """Settings to start from."""
    languages: tuple[str, ...] = ()
    """For the model card: codes of the languages that the model is for."""
    licence: str = ""
    """For the model card: what the model may be used for, in a line."""
    notes: str = ""
    """For the model card: licences of the data, what the model is for."""
    data: DataSettings = DataSettings()
    tasks: dict[str, TaskSettings] = Field(default_factory=dict)
    features: dict[str, FeatureSettings] = Field(default_factory=dict)
    embedder: EmbedderSettings = EmbedderSettings()
    encoder: EncoderSettings = EncoderSettings()
    head: HeadSettings = HeadSettings()
    training: TrainingSettings = TrainingSettings()
