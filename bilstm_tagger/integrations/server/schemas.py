"""What is asked and answered over HTTP; the OpenAPI document is made from this."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, WithJsonSchema, model_validator

from bilstm_tagger.errors import choose
from bilstm_tagger.files.formats import OUTPUT_FORMATS

MOST_N_BEST = 10
MOST_ALTERNATIVES = 10


def _known_format(name: str) -> str:
    if name not in OUTPUT_FORMATS:
        raise ValueError(f"no output format {name!r}; known: {', '.join(OUTPUT_FORMATS)}")
    return name


# Of JSON: "0.5" is no number, nor is true one, nor 1 a truth.
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Position = Annotated[int, Field(ge=0, strict=True)]
Number = Annotated[int, Field(strict=True)]
Truth = Annotated[bool, Field(strict=True)]
Label = Annotated[str, Field(pattern=r"^\S+( \S+)*$", max_length=100)]
FormatName = Annotated[
    str, AfterValidator(_known_format), WithJsonSchema({"type": "string", "enum": list(OUTPUT_FORMATS)})
]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, values: Any) -> Any:
        """Refuses the first name that nothing has, with the nearest that there is."""
        for name in values if isinstance(values, dict) else ():
            if name not in cls.model_fields:
                raise ValueError(f"no {name!r}; {choose(name, cls.model_fields)}")
        return values


class TagRequest(_Request):
    """One text or several to tag."""

    text: str | None = Field(None, description="A text; or else `texts`.")
    texts: list[str] | None = Field(None, description="Several texts, in one batch.")
    model: str | None = Field(None, description="Name of a model; the first one if none is named.")
    probabilities: Truth = Field(False, description="Whether the probability of each tag and span is wanted.")
    min_probability: Share = Field(0.0, description="Spans that are less probable are left out.")
    alternatives: Number = Field(
        0, ge=0, le=MOST_ALTERNATIVES, description="How many of the most probable tags and labels are wanted."
    )
    n_best: Number = Field(
        0, ge=0, le=MOST_N_BEST, description="How many of the best tag sequences of each sentence are wanted."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> TagRequest:
        if (self.text is None) == (self.texts is None):
            raise ValueError("give either text or texts")
        return self

    def all_texts(self) -> list[str]:
        """The texts, also if it is one."""
        return [self.text] if self.text is not None else self.texts or []


class CorrectedSpan(_Request):
    """A span as it should be. What else an answer tells of a span may stay in it, and is not read."""

    task: str
    label: Label
    start: Position = Field(description="First token in the document.")
    end: Position
    text: str | None = None
    start_char: Position | None = None
    end_char: Position | None = None
    probability: float | None = None
    alternatives: dict[str, float] | None = None


class TaggedSpan(CorrectedSpan):
    """A span of tokens with a label; ends are exclusive."""

    text: str
    start_char: Position = Field(description="First character (Unicode code point) in the text.")
    end_char: Position
    probability: float | None = Field(None, description="Only where it was asked for and is known.")
    alternatives: dict[str, float] | None = Field(None, description="Probability of each label for these ends.")


class RankedTags(BaseModel):
    """One of the best tag sequences of a sentence."""

    probability: float
    tags: list[str]


class CorrectedDocument(_Request):
    """A document of an answer, whose spans and plain tags may have been corrected; probabilities are not read."""

    id: str | None = None
    text: str
    sentences: list[tuple[Position, Position]] = Field(description="Where each sentence begins and ends, in tokens.")
    tokens: list[str] | None = Field(None, description="Not needed; if given, those that the offsets cut out.")
    words: list[str] | None = Field(None, description="Only where a word is not its stretch of text.")
    start_char: list[Position]
    end_char: list[Position]
    tags: dict[str, list[Label]] = Field(
        {}, description="For each task one tag per token; of tasks with spans they may be left out."
    )
    spans: list[CorrectedSpan] = []
    probabilities: dict[str, list[float | None]] | None = None
    alternatives: dict[str, list[dict[str, float]]] | None = Field(
        None, description="For each task and token the most probable tags."
    )
    n_best: dict[str, list[list[RankedTags]]] | None = Field(
        None, description="For each task and sentence the best tag sequences, the best first."
    )


class TaggedDocument(CorrectedDocument):
    """A tagged text, as `predict --format jsonl` writes it. `/export` takes it as it is, or corrected."""

    tokens: list[str]
    tags: dict[str, list[Label]] = Field(description="For each task one tag per token.")
    spans: list[TaggedSpan]  # type: ignore[assignment]  # a list of the narrower kind, which nothing adds to


class TagResponse(BaseModel):
    """Tagged texts, in the order in which they were given."""

    model: str
    documents: list[TaggedDocument]


class FilesResponse(TagResponse):
    """Tagged documents of files; files that cannot be read are in `failures`, what is not read of others in `notes`."""

    failures: list[str]
    notes: list[str] = Field(description="What is not read of files, such as attachments of mails, or was guessed.")


class TaskInfo(BaseModel):
    """A task of a model: whether it tags spans, and with what."""

    spans: bool
    labels: list[str] = Field(description="Labels of spans, or else tags.")


class ModelInfo(BaseModel):
    """What is known of a model."""

    name: str
    tasks: dict[str, TaskInfo]
    languages: list[str]
    licence: str


class ModelsResponse(BaseModel):
    """The models that are served, the first one being the one that tags where none is named."""

    models: list[ModelInfo]
    formats: dict[str, str] = Field(description="Formats of results, with the suffix of each.")
    suffixes: list[str] = Field(description="Kinds of files that are read.")


class Health(BaseModel):
    """That the server answers."""

    status: Literal["ok"] = "ok"
    version: str


class Problem(BaseModel):
    """What is wrong with a request, in one sentence."""

    detail: str


class ExportRequest(_Request):
    """Documents to be written in a format of files."""

    model: str | None = None
    format: FormatName = "jsonl"
    documents: list[CorrectedDocument]


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Descriptions of answers to what is wrong."""
    return {status: {"model": Problem, "description": _MEANINGS[status]} for status in statuses}


_MEANINGS = {
    400: "The host name, or the body, is not what it should be.",
    401: "The token is missing or wrong.",
    403: "Pages of other sites may not use the server.",
    404: "There is no such model.",
    408: "The body did not arrive in time.",
    413: "The body, the text or the number of texts is too large.",
    422: "The request is not what it should be.",
    429: "Too many requests are waiting; try again.",
    503: "The request took too long, or the server is stopping.",
}
