"""What the server does for a request, apart from HTTP."""

from __future__ import annotations

import io
from collections.abc import Sequence
from concurrent.futures import Future
from typing import IO, Any

import orjson

from bilstm_tagger.document.document import Document
from bilstm_tagger.files.formats import OUTPUT_FORMATS
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.integrations.server.batching import Options, TextQueue
from bilstm_tagger.integrations.server.metrics import Metrics
from bilstm_tagger.integrations.server.records import document_of, record_of
from bilstm_tagger.integrations.server.schemas import CorrectedDocument, TagRequest
from bilstm_tagger.integrations.server.uploads import TaggedUploads, tag_uploads
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger


class ServedModel:
    """A model behind a queue.

    Args:
        name: by which requests name it.
        tagger: the model.
        cores: that batches are made for.
        metrics: where is counted.
    """

    def __init__(self, name: str, tagger: Tagger, *, cores: int, metrics: Metrics) -> None:
        self.name = name
        self.tagger = tagger
        self._queue = TextQueue(tagger, cores=cores, observe=metrics.batch_tokens.labels(name).observe)
        self._tokens = metrics.tokens.labels(name)

    def close(self) -> None:
        """Ends the threads behind the queue, after they have done what waits there."""
        self._queue.close()

    def submit(self, asked: TagRequest) -> Future[bytes]:
        """The answer to a request for tags, once it is there."""

        def finish(documents: list[Document]) -> bytes:
            records = self.records(documents, probabilities=asked.probabilities, alternatives=asked.alternatives)
            return orjson.dumps({"model": self.name, "documents": records})

        options = Options(asked.probabilities or bool(asked.alternatives), asked.min_probability, asked.n_best)
        return self._queue.submit(asked.all_texts(), options, finish)

    def tag_files(
        self,
        files: Sequence[tuple[str, IO[bytes]]],
        *,
        probabilities: bool,
        min_probability: float,
        most_characters: int,
    ) -> TaggedUploads:
        """The tagged documents of files."""
        options = TagOptions(probabilities=probabilities, min_probability=min_probability)
        return tag_uploads(self.tagger, files, options, most_characters=most_characters)

    def records(self, documents: Sequence[Document], *, probabilities: bool, alternatives: int) -> list[dict[str, Any]]:
        """The records of tagged documents."""
        self._tokens.inc(sum(map(len, documents)))
        return [record_of(each, probabilities=probabilities, alternatives=alternatives) for each in documents]

    def corrected(self, documents: Sequence[CorrectedDocument]) -> list[Document]:
        """Documents of corrected values.

        Raises:
            CorpusError: naming what does not fit together.
        """
        return [document_of(each, self.tagger.schemes) for each in documents]

    def described(self) -> dict[str, Any]:
        """What is told of the model."""
        info = self.tagger.info
        tasks = {}
        for task in info.tasks:
            spans = info.schemes[task] is not Scheme.NONE
            tags = info.vocab.tags[task]
            tasks[task] = {"spans": spans, "labels": sorted({tag[2:] for tag in tags} - {""}) if spans else list(tags)}
        languages, licence = info.settings.get("languages", ()), info.settings.get("licence", "")
        return {"name": self.name, "tasks": tasks, "languages": list(languages), "licence": str(licence or "")}


def written(documents: Sequence[Document], format: str) -> bytes:
    """Documents in a format of files.

    Raises:
        TaggerError: if the format cannot hold them, or needs a package that is not installed.
    """
    known = OUTPUT_FORMATS[format]
    if known.binary:
        stream = io.BytesIO()
        known.write(documents, stream)
        return stream.getvalue()
    text = io.StringIO(newline="")
    known.write(documents, text)
    return text.getvalue().encode("utf-8")
