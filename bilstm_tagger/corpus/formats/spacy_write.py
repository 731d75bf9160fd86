"""Writing spaCy's `.spacy` files: our tokens, with tokens of white space where the text needs them."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats.spacy_names import ENTITIES, SPACE, group_column
from bilstm_tagger.corpus.formats.standard_fields import entity_task, field_of
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.schemes.spans import SpanTuple, convert, tags_to_spans
from bilstm_tagger.text.tokenizers import seen
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

__all__ = ["places", "write"]

logger = logging.getLogger("bilstm_tagger")

# The attributes that are written; any other plain task goes to `tag`.
_WRITTEN = ("pos", "tag", "lemma", "morph")


def write(documents: Iterable[Document], stream: BinaryIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as one `.spacy` file, which is only complete when all are there.

    The first task with spans becomes the entities, further ones span groups under their names. Plain tags go to
    the attribute of their name (`upos`, `xpos`, `lemma`, `feats`), one other task to `tag`. Schemes
    that are not known yet are detected. Empty sentences are not kept.

    Args:
        documents: what to write.
        stream: where to, in bytes.
        tasks: the tasks to write; by default those of the first document.

    Raises:
        CorpusError: if a task finds no place, or a token cannot be one of spaCy's.
    """
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    given = list(documents)
    chosen = list(tasks if tasks is not None else given[0].tasks if given else [])
    corpus = Corpus(given).only(chosen)
    for task in chosen:
        if not all(task in document.schemes for document in corpus):
            corpus = corpus.settle(task)
    kinds = _kinds(corpus, chosen)
    packed = DocBin()
    vocab = Vocab()
    reshaped = 0
    for document in corpus:
        doc, faithful = _doc(document, kinds, vocab)
        reshaped += not faithful
        packed.add(doc)
    if reshaped:
        logger.warning(
            "%s multiword tokens: .spacy has their words, not their text",
            counted(reshaped, "document holds", "documents hold"),
        )
    stream.write(packed.to_bytes())


def places(documents: Sequence[Document], tasks: Sequence[str]) -> dict[str, str]:
    """The column of each task, by the name that the reader knows it by.

    Raises:
        CorpusError: if a task finds no place.
    """
    kinds = _kinds(documents, tasks)
    return {task: group_column(task) if kind == "group" else kind for task, kind in kinds.items()}


def _kinds(documents: Sequence[Document], tasks: Sequence[str]) -> dict[str, str]:
    """For each task an attribute, `ents`, or `group` for a span group of its name."""
    kinds: dict[str, str] = {}
    with_spans = [
        task
        for task in tasks
        if any(document.schemes.get(task, Scheme.NONE) is not Scheme.NONE for document in documents)
    ]
    for task in tasks:
        if task in with_spans:
            kinds[task] = ENTITIES if task == entity_task(with_spans) else "group"
            continue
        field = field_of(task)
        place = field.spacy if field and field.spacy in _WRITTEN else "tag"
        if place == "pos" and not _all_universal(documents, task):
            place = "tag"
        if place in kinds.values():
            raise CorpusError(f".spacy has no place for the tags of task {task!r} beside the others; write fewer tasks")
        kinds[task] = place
    return kinds


def _all_universal(documents: Sequence[Document], task: str) -> bool:
    from spacy.parts_of_speech import IDS

    return all(tag in IDS and tag for document in documents for tag in set(document.tags_of(task)))


def _doc(document: Document, kinds: Mapping[str, str], vocab: Vocab) -> tuple[Doc, bool]:
    """A Doc, and whether its text is the document's."""
    from spacy.tokens import Doc, Span

    words, spaces, ours, faithful = _spacy_tokens(document)
    at = [index for index, is_ours in enumerate(ours) if is_ours]  # of each of our tokens
    first = {0} | {at[bound] for bound in document.bounds if 0 < bound < len(at)}
    known: dict[str, list[str]] = {}
    for task, place in kinds.items():
        if place not in (ENTITIES, "group"):
            known[place] = _spread(document.tags_of(task), at, len(words), place)
    doc = Doc(
        vocab,
        words=words,
        spaces=spaces,
        tags=known.get("tag"),
        pos=_with_marks(known.get("pos"), words, ours),
        lemmas=known.get("lemma"),
        morphs=known.get("morph"),
        sent_starts=[index in first for index in range(len(words))],
    )
    for task, place in kinds.items():
        if place not in (ENTITIES, "group"):
            continue
        spans = [Span(doc, at[a], at[b - 1] + 1, label=label) for a, b, label in _spans(document, task)]
        if place == ENTITIES:
            unknown = [at[index] for index, tag in enumerate(document.tags_of(task)) if tag == UNKNOWN]
            doc.set_ents(spans, missing=[Span(doc, index, index + 1) for index in unknown], default="outside")
        else:
            doc.spans[task] = spans
    return doc, faithful


def _spread(tags: Sequence[str], at: Sequence[int], length: int, place: str) -> list[str]:
    """Tags over all of spaCy's tokens; those of white space have spaCy's own tags for them."""
    blank = {"pos": SPACE, "tag": "_SP", "morph": "", "lemma": " "}[place]
    spread = [blank] * length
    for index, tag in zip(at, tags, strict=True):
        spread[index] = tag
    return spread


def _with_marks(pos: list[str] | None, words: Sequence[str], ours: Sequence[bool]) -> list[str] | None:
    """Parts of speech, also where there are none, so that marks that are no words of ours are known again."""
    if pos is not None or all(is_ours or word.isspace() for word, is_ours in zip(words, ours, strict=True)):
        return pos
    return ["" if is_ours else SPACE for is_ours in ours]


def _spans(document: Document, task: str) -> list[SpanTuple]:
    scheme = document.schemes[task]
    placed: list[SpanTuple] = []
    for start, tags in zip(document.bounds, document.sentence_tags(task), strict=False):
        try:
            spans = tags_to_spans(convert(tags, scheme, Scheme.BIO), Scheme.BIO)
        except CorpusError as error:
            raise CorpusError(f"{document.where(start)}: {error}") from None
        placed += [(start + a, start + b, label) for a, b, label in spans]
    return placed


def _spacy_tokens(document: Document) -> tuple[list[str], list[bool], list[bool], bool]:
    """Words and spaces that together are the text; which words are ours; whether the text is the document's."""
    text, starts, ends = document.text, document.starts, document.ends
    for index, word in enumerate(document.words):
        if not word or word.isspace():
            raise CorpusError(f"{document.where(index)}: {word!r} cannot be a token of .spacy: it is white space")
    if any(text[start:end] != word for word, start, end in zip(document.words, starts, ends, strict=True)):
        return document.words, _gaps(starts, ends), [True] * len(document), False
    words: list[str] = []
    spaces: list[bool] = []
    ours: list[bool] = []
    position = 0
    for index, (start, end) in enumerate(zip([*starts, len(text)], [*ends, len(text)], strict=True)):
        gap = text[position:start]
        if gap and not seen(gap).isspace():
            place = document.where(min(index, len(document) - 1)) if len(document) else document.path or "a document"
            raise CorpusError(
                f"{place}: {gap.strip()!r} in the text belongs to no token, which .spacy cannot hold; write .jsonl"
            )
        if gap.startswith(" ") and words:
            spaces[-1], gap = True, gap[1:]
        if gap:
            words.append(gap)
            spaces.append(False)
            ours.append(False)
        if index < len(document):
            words.append(text[start:end])
            spaces.append(False)
            ours.append(True)
        position = end
    return words, spaces, ours, True


def _gaps(starts: Sequence[int], ends: Sequence[int]) -> list[bool]:
    """Whether a space follows each token of a text that cannot be kept."""
    return [end != start for end, start in zip(ends, [*starts[1:], ends[-1]], strict=True)]
