"""What runs in a worker process: chunks of documents are tokenised, tagged and rendered, one after the other."""

from __future__ import annotations

import gc
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.chunking import Tags
from bilstm_tagger.files.formats import output_format
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.streams import DocumentTagger, Tagged, Untagged, check_same, tokenize

if TYPE_CHECKING:
    from bilstm_tagger.settings.read_spec import ReadSpec
    from bilstm_tagger.tagging.tagger import Tagger

# What comes back of a document: itself or its text in the output format, only its tags, or what is wrong with it.
Outcome = Tagged | Tags | TaggerError


class TrainedTagger(DocumentTagger, Protocol):
    """A tagger that knows how the training data of its model was read."""

    @property
    def reading(self) -> Mapping[str, ReadSpec]:
        """For each task how its training data was read."""
        ...


Loader = Callable[[Profile], TrainedTagger]


@dataclass(frozen=True, slots=True)
class ModelLoader:
    """Loads a tagger in the process where it is called.

    Attributes:
        folder: the model folder.
        device: as for `Tagger.load`.
        precision: as for `Tagger.load`.
        threads: processor threads for torch; torch's own default if None.
        options: what the tagger will be asked for, which is compiled right after loading; None leaves that to the
            first document.
    """

    folder: str
    device: str = "cpu"
    precision: str = "auto"
    threads: int | None = None
    options: TagOptions | None = None

    def __call__(self, profile: Profile) -> Tagger:
        """Load the tagger and add the time spent to the profile."""
        with profile.part("import torch"):
            import torch

            from bilstm_tagger.tagging.tagger import Tagger
            from bilstm_tagger.tagging.warm_up import warm_up
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        with profile.part("load model"):
            tagger = Tagger.load(self.folder, device=self.device, precision=self.precision)
            if self.options is not None:
                warm_up(tagger, **self.options.arguments())
        return tagger


def collect_rarely() -> None:
    """Let Python's garbage collector run rarely: while tagging it takes 4 % of the time and finds little.

    For processes that only tag: what exists by now is never collected. Documents have no reference cycles, so
    their memory is freed without it.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The work of one message to a worker.

    Attributes:
        documents: the documents, and for each whether it comes back as its text in the output format.
        format: the output format.
        options: what is asked for.
    """

    documents: list[tuple[Untagged, bool]]
    format: str
    options: TagOptions


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a chunk.

    Attributes:
        outcomes: one for each document.
        seconds: time spent by part.
    """

    outcomes: list[Outcome]
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class ChunkTagger:
    """Starts a worker that answers chunks.

    Attributes:
        load: loads the tagger.
    """

    load: Loader

    def __call__(self) -> tuple[Mapping[str, ReadSpec], Callable[[Chunk], Answer]]:
        """How the training data was read, and what answers."""
        profile = Profile()
        tagger = self.load(profile)
        collect_rarely()
        return tagger.reading, lambda chunk: answer(tagger, chunk, profile)


def answer(tagger: DocumentTagger, chunk: Chunk, profile: Profile) -> Answer:
    """Tokenise, tag and render a chunk.

    Args:
        tagger: tags the documents.
        chunk: the documents.
        profile: where the time spent is added, and taken from for the answer.

    Raises:
        TaggerError: if the tagger fails; a text that cannot be tokenised is an outcome.
    """
    documents: list[Document | TaggerError] = []
    for untagged, _ in chunk.documents:
        try:
            documents.append(tokenize(tagger, untagged, profile))
        except TaggerError as error:
            documents.append(error)
    readable = [document for document in documents if isinstance(document, Document)]
    with profile.part("tag"):
        tagged = iter(_tag(tagger, readable, chunk.options))
    with profile.part("render"):
        outcomes: list[Outcome] = []
        for document, (untagged, render) in zip(documents, chunk.documents, strict=True):
            if isinstance(document, TaggerError):
                outcomes.append(document)
            else:
                outcomes.append(_outcome(untagged, next(tagged), chunk.format if render else None))
    return Answer(outcomes, profile.take())


def _tag(tagger: DocumentTagger, documents: list[Document], options: TagOptions) -> list[Document]:
    tagged = list(tagger.pipe(documents, **options.arguments()))
    if len(tagged) != len(documents):
        raise TaggerError(f"internal error: {len(documents)} documents went into the tagger, {len(tagged)} came out")
    for before, after in zip(documents, tagged, strict=True):
        check_same(before, after)
    return tagged


def _outcome(untagged: Untagged, document: Document, format: str | None) -> Outcome:
    """The document as text of a format; else the document of a text, and only the tags of a document."""
    if format is not None:
        text = io.StringIO()
        output_format(format).write([document], text)
        return Tagged(text.getvalue(), len(document.bounds) - 1, len(document))
    if isinstance(untagged.content, str):
        return Tagged.of(document)
    return Tags(document.tags, document.schemes, document.probabilities)
