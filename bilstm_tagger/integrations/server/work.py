"""What is done for requests where the models are: in a process for it, or in threads of the server's own."""

from __future__ import annotations

import io
import traceback
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError, TaggerError
from bilstm_tagger.files.formats import OUTPUT_FORMATS
from bilstm_tagger.files.options import TagOptions
from bilstm_tagger.files.process import Crash
from bilstm_tagger.integrations.server.records import document_of, record_of
from bilstm_tagger.integrations.server.uploads import tag_uploads

if TYPE_CHECKING:
    from bilstm_tagger.integrations.server.schemas import CorrectedDocument
    from bilstm_tagger.tagging.tagger import Tagger


@dataclass(frozen=True, slots=True)
class FileAnswer:
    """A file that answers a request.

    Attributes:
        content: the file.
        notes: what was not read of the files that it was made from, and what was guessed.
    """

    content: bytes
    notes: tuple[str, ...] = ()


Answer = bytes | FileAnswer | TaggerError | Crash  # to a request: the body, or what went wrong


@dataclass(frozen=True, slots=True)
class TagTexts:
    """Texts to tag.

    Attributes:
        model: name of the model.
        texts: to be tagged.
        probabilities: whether the probability of each tag and span is wanted.
        min_probability: spans that are less probable are left out.
        alternatives: how many of the most probable tags and labels are wanted.
        n_best: how many of the best tag sequences of each sentence are wanted.
    """

    model: str
    texts: list[str]
    probabilities: bool = False
    min_probability: float = 0.0
    alternatives: int = 0
    n_best: int = 0

    @property
    def alike(self) -> Hashable:
        """What is the same for texts that can be tagged together."""
        return self.model, self.probabilities or bool(self.alternatives), self.min_probability, self.n_best

    @property
    def characters(self) -> int:
        """Characters of all texts."""
        return sum(map(len, self.texts))

    def answer(self, documents: Sequence[Document]) -> bytes:
        """The body of the answer."""
        return _json_answer(self.model, documents, self.probabilities, self.alternatives)


@dataclass(frozen=True, slots=True)
class TagUploads:
    """Files to tag.

    Attributes:
        model: name of the model.
        files: names and contents.
        format: of the answer, if it is to be a file.
        probabilities: as for texts.
        min_probability: as for texts.
        alternatives: as for texts.
        most_characters: of the texts of all files.
    """

    model: str
    files: list[tuple[str, bytes]]
    format: str | None
    probabilities: bool
    min_probability: float
    alternatives: int
    most_characters: int


@dataclass(frozen=True, slots=True)
class WriteDocuments:
    """Corrected documents to write in a format.

    Attributes:
        model: name of the model whose schemes they have.
        documents: the documents.
        format: the format.
    """

    model: str
    documents: list[CorrectedDocument]
    format: str


Job = TagTexts | TagUploads | WriteDocuments


@dataclass(frozen=True, slots=True)
class Done:
    """What became of some jobs.

    Attributes:
        answers: one for each job.
        tokens: that were tagged.
        batches: tokens of texts that were tagged together.
    """

    answers: list[Answer]
    tokens: int = 0
    batches: tuple[int, ...] = ()


def done(taggers: Mapping[str, Tagger], jobs: Sequence[Job]) -> Done:
    """Does some jobs; one that fails fails alone.

    Args:
        taggers: the models by name.
        jobs: texts that can be tagged together, or one job of any kind.
    """
    texts = [job for job in jobs if isinstance(job, TagTexts)]
    if texts:
        return _tag_together(taggers[texts[0].model], texts)
    try:
        return _done_alone(taggers, jobs[0])
    except Exception as error:
        return Done([_failure(error)])


def _tag_together(tagger: Tagger, jobs: Sequence[TagTexts]) -> Done:
    """Tags the texts of several requests in one window."""
    answers: dict[int, Answer] = {}
    documents: dict[int, list[Document]] = {}
    for number, job in enumerate(jobs):
        try:
            documents[number] = [tagger.read(text) for text in job.texts]
        except Exception as error:
            answers[number] = _failure(error)
    batches = _tag_documents(tagger, jobs, documents, answers) if documents else []
    return Done([answers[number] for number in range(len(jobs))], sum(batches), tuple(batches))


def _tag_documents(
    tagger: Tagger, jobs: Sequence[TagTexts], documents: Mapping[int, list[Document]], answers: dict[int, Answer]
) -> list[int]:
    """Adds the answers of jobs whose texts have been read; how many tokens were tagged together."""
    job = jobs[next(iter(documents))]
    together = (document for each in documents.values() for document in each)
    wanted = job.probabilities or bool(job.alternatives)
    try:
        tagged = list(
            tagger.pipe(together, probabilities=wanted, min_probability=job.min_probability, n_best=job.n_best)
        )
    except Exception as error:
        if len(documents) == 1:
            answers.update(dict.fromkeys(documents, _failure(error)))
            return []
        # So that none fails for the sake of another.
        return [n for at, each in documents.items() for n in _tag_documents(tagger, jobs, {at: each}, answers)]
    rest = iter(tagged)
    for number, each in documents.items():
        try:
            answers[number] = jobs[number].answer([next(rest) for _ in each])
        except Exception as error:
            answers[number] = _failure(error)
    return [sum(map(len, tagged))]


def _failure(error: Exception) -> TaggerError | Crash:
    return error if isinstance(error, TaggerError) else Crash("".join(traceback.format_exception(error)))


def _done_alone(taggers: Mapping[str, Tagger], job: Job) -> Done:
    tagger = taggers[job.model]
    if isinstance(job, WriteDocuments):
        documents = [document_of(each, tagger.schemes) for each in job.documents]
        return Done([FileAnswer(_written(documents, job.format))])
    assert isinstance(job, TagUploads)
    options = TagOptions(probabilities=job.probabilities or bool(job.alternatives), min_probability=job.min_probability)
    tagged = tag_uploads(tagger, job.files, options, most_characters=job.most_characters)
    if tagged.failures and (job.format is not None or not tagged.documents):
        more = f"; and {len(tagged.failures) - 1} more files fail" if len(tagged.failures) > 1 else ""
        raise CorpusError(tagged.failures[0] + more)
    if job.format is not None:
        answer: Answer = FileAnswer(_written(tagged.documents, job.format), tuple(tagged.notes))
    else:
        told = {"failures": tagged.failures, "notes": tagged.notes}
        answer = _json_answer(job.model, tagged.documents, job.probabilities, job.alternatives, told)
    return Done([answer], sum(map(len, tagged.documents)))


def _json_answer(
    model: str,
    documents: Sequence[Document],
    probabilities: bool,
    alternatives: int,
    told: Mapping[str, Sequence[str]] | None = None,
) -> bytes:
    records = [record_of(each, probabilities=probabilities, alternatives=alternatives) for each in documents]
    return orjson.dumps({"model": model, "documents": records, **(told or {})})


def _written(documents: Sequence[Document], format: str) -> bytes:
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
