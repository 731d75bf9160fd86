"""What runs in a worker process: chunks of documents are tokenised, tagged and rendered, one after the other."""

from __future__ import annotations

import gc
import io
import os
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Protocol

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files.chunking import Tags
from bilstm_tagger.files.formats import output_format
from bilstm_tagger.files.profile import Profile
from bilstm_tagger.files.streams import DocumentTagger, Source, Tagged, check_same, read

if TYPE_CHECKING:
    from bilstm_tagger.settings.read_spec import ReadSpec
    from bilstm_tagger.tagging.tagger import Tagger

# What comes back of a document: itself or its text in the output format, only its tags, or what is wrong with it.
Outcome = Tagged | Tags | TaggerError


class SettledTagger(DocumentTagger, Protocol):
    """A tagger that knows how the training data of its model was read."""

    @property
    def reading(self) -> dict[str, ReadSpec]:
        """For each task how its training data was read."""
        ...


Loader = Callable[[Profile], SettledTagger]


@dataclass(frozen=True, slots=True)
class ModelLoader:
    """Loads a tagger in the process where it is called.

    Attributes:
        folder: The model folder.
        device: As for `Tagger.load`.
        precision: As for `Tagger.load`.
        threads: Processor threads for torch; as many as it takes itself if None.
    """

    folder: str
    device: str = "cpu"
    precision: str = "auto"
    threads: int | None = None

    def __call__(self, profile: Profile) -> Tagger:
        """Load it."""
        with profile.part("import torch"):
            import torch

            from bilstm_tagger.tagging.tagger import Tagger
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        with profile.part("load model"):
            return Tagger.load(self.folder, device=self.device, precision=self.precision)


def collect_seldom() -> None:
    """Spares a process that only tags most of its search for garbage, which takes 4 % of the time and finds little.

    What is there by now stays to the end and is not searched again; documents are freed without a search.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What a worker does in one go.

    Attributes:
        sources: The documents, and for each whether it comes back as its text in the output format.
        format: The output format.
        batch_tokens: Padded tokens given to the network at a time; the tagger's own measure if None.
    """

    sources: list[tuple[Source, bool]]
    format: str
    batch_tokens: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What has become of a chunk.

    Attributes:
        outcomes: One for each document.
        seconds: Time spent by part.
    """

    outcomes: list[Outcome]
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class Crash:
    """A fault of the program in a worker, with its traceback."""

    traceback: str


def serve(connection: Connection, load: Loader) -> None:
    """Load the tagger, tell how its training data was read, then answer chunks until nobody asks any more.

    Args:
        connection: To the process that asks.
        load: Loads the tagger.
    """
    os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")  # these count once torch is imported
    profile = Profile()
    try:
        tagger = load(profile)
        collect_seldom()
        connection.send(tagger.reading)
        while True:
            connection.send(answer(tagger, connection.recv(), profile))
    except TaggerError as error:
        _tell(connection, error)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return
    except Exception:
        _tell(connection, Crash(traceback.format_exc()))


def _tell(connection: Connection, fault: TaggerError | Crash) -> None:
    """Sends a fault, unless the other process has ended, perhaps in the middle of what it was sending."""
    with suppress(OSError):
        connection.send(fault)


def answer(tagger: DocumentTagger, chunk: Chunk, profile: Profile) -> Answer:
    """Tokenise, tag and render a chunk.

    Raises:
        TaggerError: If the tagger fails; a text that cannot be tokenised is an outcome.
    """
    documents: list[Document | TaggerError] = []
    for source, _ in chunk.sources:
        try:
            documents.append(read(tagger, source, profile))
        except TaggerError as error:
            documents.append(error)
    sound = [document for document in documents if isinstance(document, Document)]
    with profile.part("tag"):
        tagged = iter(_tag(tagger, sound, chunk.batch_tokens))
    with profile.part("render"):
        outcomes: list[Outcome] = []
        for document, (source, render) in zip(documents, chunk.sources, strict=True):
            if isinstance(document, TaggerError):
                outcomes.append(document)
            else:
                outcomes.append(_outcome(source, next(tagged), chunk.format if render else ""))
    return Answer(outcomes, profile.take())


def _tag(tagger: DocumentTagger, documents: list[Document], batch_tokens: int | None) -> list[Document]:
    options = {} if batch_tokens is None else {"batch_tokens": batch_tokens}
    tagged = list(tagger.pipe(documents, **options))
    if len(tagged) != len(documents):
        raise TaggerError(f"internal error: {len(documents)} documents went into the tagger, {len(tagged)} came out")
    for before, after in zip(documents, tagged, strict=True):
        check_same(before, after)
    return tagged


def _outcome(source: Source, document: Document, format: str) -> Outcome:
    if format:
        text = io.StringIO()
        output_format(format).write([document], text)
        return Tagged(text.getvalue(), len(document.bounds) - 1, len(document))
    return Tagged.of(document) if isinstance(source.content, str) else (document.tags, document.schemes)
