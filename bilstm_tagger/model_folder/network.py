"""What a network is made of: kinds and sizes of its parts, as a model folder stores them.

This is a schema of its own: settings of training may come and go, and no model folder is the worse for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.schema import LARGEST_SIZE, MOST_PARTS, Settings, TaskSettings

Rate = Annotated[float, Field(default=0.0, ge=0.0, lt=1.0, exclude=True)]  # of dropout, which tagging does not know
Loose = Field(strict=False)  # JSON has strings for members of an enumeration and lists for tuples
Size = Annotated[int, Field(gt=0, le=LARGEST_SIZE)]
SizeOrNone = Annotated[int, Field(ge=0, le=LARGEST_SIZE)]  # 0 for a part that is not there
Number = Annotated[int, Field(gt=0, le=MOST_PARTS)]
Widths = Annotated[tuple[Number, ...], Field(strict=False, min_length=1, max_length=MOST_PARTS)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CharactersConfig(_Part):
    """The character CNN."""

    size: Size
    widths: Widths
    filters: Annotated[tuple[Size, ...], Loose]
    dropout: Rate = 0.0

    @model_validator(mode="after")
    def _same_length(self) -> CharactersConfig:
        if len(self.widths) != len(self.filters):
            raise ValueError("widths and filters need as many numbers as each other")
        return self


class EmbedderConfig(_Part):
    """From words to vectors; `features` has the size of each feature's vector by name, `quantization` is how the word
    table is stored.
    """

    word_size: Size
    characters: CharactersConfig | None
    case_size: SizeOrNone
    features: dict[str, Size] = {}
    plugin: str | None = None
    quantization: Literal["float32", "int8", "int4"] = "float32"
    word_dropout: Rate = 0.0
    dropout: Rate = 0.0


class EncoderConfig(_Part):
    """From vectors to states."""

    type: str
    direction: Literal["both", "forward", "backward"]
    merge: Literal["concat", "sum"]
    width: Number
    hidden_size: Size
    layers: Number
    ensemble_size: Number
    dropout: Rate = 0.0


class TaskConfig(_Part):
    """A task: how the data spells its spans, how the network does, and what decodes them."""

    scheme: Annotated[Scheme, Loose]
    encoding: Annotated[Scheme, Loose]
    head: Literal["crf", "softmax"]
    hidden_size: SizeOrNone


class NetworkConfig(_Part):
    """Kinds and sizes of all parts; the numbers of words, characters and tags are those of the vocabulary."""

    embedder: EmbedderConfig
    encoder: EncoderConfig
    tasks: Annotated[dict[str, TaskConfig], Field(min_length=1)]

    @property
    def schemes(self) -> dict[str, Scheme]:
        """For each task how the data spells its spans."""
        return {task: config.scheme for task, config in self.tasks.items()}

    @property
    def plugins(self) -> list[str]:
        """Classes from outside the package, as `package.module:Class`."""
        named = (self.encoder.type, self.embedder.plugin)
        return [name for name in named if name is not None and ":" in name]


def network_config(settings: Settings, schemes: Mapping[str, Scheme], *, word_size: int) -> NetworkConfig:
    """The network that settings describe.

    Args:
        settings: those of a run.
        schemes: for each task how the data spells its spans.
        word_size: size of the word vectors.
    """
    embedder = settings.embedder
    characters = None
    if embedder.characters is not None:
        characters = CharactersConfig(**embedder.characters.model_dump(exclude={"longest"}))
    shared = embedder.model_dump(include={"case_size", "word_dropout", "dropout", "plugin", "quantization"})
    return NetworkConfig(
        embedder=EmbedderConfig(
            word_size=word_size,
            characters=characters,
            features={name: feature.size for name, feature in settings.features.items()},
            **shared,
        ),
        encoder=EncoderConfig(**settings.encoder.model_dump()),
        tasks={
            task: task_config(settings.tasks[task], scheme, hidden_size=settings.head.hidden_size)
            for task, scheme in schemes.items()
        },
    )


def task_config(settings: TaskSettings, scheme: Scheme, *, hidden_size: int) -> TaskConfig:
    """A task whose data spells its spans in `scheme`: a CRF for spans and a softmax for plain tags unless set."""
    plain = scheme is Scheme.NONE
    head: Literal["crf", "softmax"]
    head = ("softmax" if plain else "crf") if settings.head == "auto" else settings.head
    encoding = Scheme.NONE if plain else Scheme(settings.encoding)
    return TaskConfig(scheme=scheme, encoding=encoding, head=head, hidden_size=hidden_size)
