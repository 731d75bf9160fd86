"""spaCy's `.spacy` files (`DocBin`): entities, span groups and tags, read and written.

Tokens that are white space, which spaCy keeps to hold its text together, are no tokens of ours: they are left
out on reading and made on writing. So are marks that are not seen, such as those of direction, where no token of ours
has them. Positions in messages count documents of the file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.corpus.formats.char_spans import Aligner, not_annotated
from bilstm_tagger.corpus.formats.marks import Spot
from bilstm_tagger.corpus.formats.spacy_names import ATTRIBUTES, ENTITIES, ENTITY_NAMES, GROUP, group_column, is_no_word
from bilstm_tagger.corpus.formats.spacy_write import write
from bilstm_tagger.corpus.formats.standard_fields import field_of
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.schemes.spans import SpanTuple, spans_to_tags
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.text.sentences import sentence_bounds

if TYPE_CHECKING:
    from spacy.tokens import Doc

__all__ = ["column_of", "count_annotations", "read", "write"]


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read the documents of a `.spacy` file.

    Sentences are those of the file, or where it has none those that our own rules find.

    Args:
        path: the file.
        spec: how to read it; the column of a task is `ents`, `pos`, `tag`, `lemma`, `morph`, `dep` or the name of a
            span group, `spans:NAME` if it is called like one of these; a number stands for the task's own name if it
            is one of these, else for `ents`; `misaligned` says what happens where spans of a group overlap.

    Raises:
        CorpusError: the file is damaged or lacks an annotation, as `file:document`.
    """
    sources = {task: _source(task, column) for task, column in spec.all_columns().items()}
    names = (source for source in sources.values() if source not in ATTRIBUTES and source != ENTITIES)
    groups = {name.removeprefix(GROUP) for name in names}
    aligner = Aligner(str(path), spec.misaligned)
    seen: set[str] = set()
    for number, doc in enumerate(_docs(path), 1):
        seen.update(doc.spans)
        yield _document(doc, sources, str(path), number, aligner)
    for group in sorted(groups - seen):
        known = ", ".join([ENTITIES, *dict.fromkeys(ATTRIBUTES), *map(group_column, sorted(seen))])
        raise CorpusError(f"{path}: no document has a span group {group!r}; there are {known}")
    aligner.finish()


def count_annotations(path: str | Path) -> dict[str, int]:
    """Count what the documents of a file hold: tokens by kind of tag, and spans by group.

    Args:
        path: the file.

    Returns:
        The counts by the names that columns go by, `cats` for labels of whole documents; empty kinds are left out.

    Raises:
        CorpusError: the file is damaged.
    """
    counts: Counter[str] = Counter()
    for doc in _docs(path):
        tokens = [token for token in doc if not is_no_word(token)]
        for name in ("pos", "tag", "lemma", "morph", "dep"):
            counts[name] += sum(bool(str(getattr(token, ATTRIBUTES[name]))) for token in tokens)
        counts[ENTITIES] += len(doc.ents)
        counts.update({group_column(group): len(spans) for group, spans in doc.spans.items()})
        counts["cats"] += len(doc.cats)
    return {name: count for name, count in counts.items() if count}


def column_of(task: str, column: int | str) -> str:
    """Give the one name of `count_annotations` that a column of a task means."""
    source = _source(task, column)
    field = field_of(source) if source in ATTRIBUTES else None
    return field.spacy if field else source


def _source(task: str, column: int | str) -> str:
    if isinstance(column, str):
        lowered = column.lower()
        return ENTITIES if lowered in ENTITY_NAMES else lowered if lowered in ATTRIBUTES else column
    return task.lower() if task.lower() in ATTRIBUTES else ENTITIES


def _docs(path: str | Path) -> Iterator[Doc]:
    import zlib

    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    try:
        packed = DocBin().from_disk(path)
        yield from packed.get_docs(Vocab())
    except (OSError, zlib.error, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise CorpusError(f"{path}: not a whole .spacy file (spaCy's DocBin): {reason}") from None


def _document(doc: Doc, sources: Mapping[str, str], path: str, number: int, aligner: Aligner) -> Document:
    place = f"{path}:{number}"
    kept = [token for token in doc if not is_no_word(token)]
    position = {token.i: index for index, token in enumerate(kept)}
    words = [token.text for token in kept]
    starts = [token.idx for token in kept]
    ends = [token.idx + len(token.text) for token in kept]
    if doc.has_annotation("SENT_START"):
        firsts = (next((position[i] for i in range(sent.start, len(doc)) if i in position), None) for sent in doc.sents)
        bounds = [0, *sorted({first for first in firsts if first}), *([len(words)] if words else [])]
    else:
        bounds = sentence_bounds(doc.text, words, starts, ends)
    document = Document(words, bounds, text=doc.text, starts=starts, ends=ends, path=path, lines=[number] * len(words))
    spans: dict[str, list[SpanTuple]] = {}
    for task, source in sources.items():
        if source in ATTRIBUTES:
            document.tags[task] = [_attribute(doc, token.i, source, place) for token in kept]
        else:
            marked = _spans(doc, source, position, place)
            spans[task] = aligner.without_overlaps(sorted(set(marked)), Spot(path, number))
    inside = {at for start, end, _ in chain.from_iterable(spans.values()) for at in range(start + 1, end)}
    document.bounds = [bound for bound in bounds if bound not in inside]
    for task, placed in spans.items():
        document.tags[task] = spans_to_tags(placed, len(words), Scheme.BIO)
        if sources[task] == ENTITIES:
            tags = zip(document.tags[task], kept, strict=True)
            document.tags[task] = [tag if token.ent_iob_ else UNKNOWN for tag, token in tags]
            blank = {at for at, token in enumerate(kept) if token.ent_iob_ in ("B", "I") and not token.ent_type_}
            for _ in (at for at in blank if kept[at].ent_iob_ == "B"):
                aligner.without_label(Spot(path, number, number))
            document.tags[task] = not_annotated(document.tags[task], blank)
        document.schemes[task] = Scheme.BIO
    document.tags = {task: document.tags[task] for task in sources}
    return document


def _attribute(doc: Doc, index: int, name: str, place: str) -> str:
    value = str(getattr(doc[index], ATTRIBUTES[name]))
    if not value and name in ("morph", "feats"):
        return "_"
    if not value:
        raise CorpusError(f"{place}: token {index + 1}, {doc[index].text!r}, has no {name}; name another")
    return value


def _spans(doc: Doc, source: str, position: Mapping[int, int], place: str) -> list[SpanTuple]:
    """Entities or the spans of a group, in tokens of ours."""
    if source == ENTITIES:
        own = [token for token in doc if not is_no_word(token)]
        if own and not any(token.ent_iob_ for token in own):
            raise CorpusError(
                f"{place}: no token is annotated, {own[0].text!r} not even as outside; set doc.ents, or name "
                "another column"
            )
        spans = list(doc.ents)
    else:
        spans = list(doc.spans.get(source.removeprefix(GROUP), []))
    placed: list[SpanTuple] = []
    for span in spans:
        tokens = [position[index] for index in range(span.start, span.end) if index in position]
        if not span.label_:
            raise CorpusError(f"{place}: span {span.text!r} has no label; give it one")
        if tokens:
            placed.append((tokens[0], tokens[-1] + 1, span.label_))
    return placed
