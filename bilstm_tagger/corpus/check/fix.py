"""Writing a corrected file: what `check` finds and can mend without a person, each change listed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, pairwise
from pathlib import Path

from bilstm_tagger.corpus.check.tags import alike_names, count_labels, usual_name
from bilstm_tagger.corpus.convert.rewrite import read_whole, rewrite
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats.columns import ConllLayout
from bilstm_tagger.corpus.formats.token_columns import TokenRowLayout
from bilstm_tagger.corpus.spelling import distinct_tags, respell_tags
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import counted

__all__ = ["Fixes", "fix_corpus"]


@dataclass(slots=True)
class Fixes:
    """What was changed.

    Attributes:
        changes: a sentence for each kind of change, with its count and first place.
        left: what was found and not changed.
        losses: what the file that was written does not hold.
    """

    changes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)


def fix_corpus(
    source: str | Path, target: str | Path, spec: ReadSpec | None = None, *, scheme: Scheme | None = None
) -> Fixes:
    """Write a file anew with its slips mended.

    Near-miss tags are spelled as meant, labels that differ by case or hyphens as most are in the sentences that stay
    (of equally many with the most capitals), tags that cannot follow each other are read as the CoNLL scorer does,
    blanks around words are cut, and sentences that occur again with the same tags are left out.

    Args:
        source: the file.
        target: the file to write; its suffix tells the format, which is that of the source if both have one suffix.
        spec: how to read the file; without columns all tasks that it has. With them, its other tasks are kept as
            they are.
        scheme: the scheme of its spans; detected unless named.

    Returns:
        What was changed, and what was not.

    Raises:
        ConfigError: the target exists.
        CorpusError: the file cannot be read or written.
    """
    if Path(target).exists():
        raise ConfigError(f"{target}: already exists; name another file for --fix")
    spec = spec or ReadSpec()
    if spec.columns is None:
        chosen = spec.misaligned != "error"
        columns = find_columns(
            source, format=spec.format, encoding=spec.encoding, delimiter=spec.delimiter, overlapping=chosen, slips=True
        )
        spec = spec.replace(columns=columns)
    done = Fixes()
    corpus, further = read_whole(source, spec)
    given = spec.model_copy(update={"labels": {}, "fix_tags": False})  # which are told below
    corpus = Corpus(respell_tags(corpus, given, str(source)), corpus.schemes)
    for task in spec.columns or {}:
        corpus = _respelled(corpus, task, str(source), done)
    if spec.labels:  # after near misses, whose labels may be among them
        renaming = ReadSpec(columns=spec.columns, labels=spec.labels)
        corpus = Corpus(respell_tags(corpus, renaming, str(source)), corpus.schemes)
    for task in spec.columns or {}:
        corpus, repairs = corpus.repair(task, declared=scheme)
        if repairs:
            done.changes.append(f"{task}: {repairs}, made legal")
        corpus = _one_spelling(corpus, task, str(source), done)
    corpus = _without_blanks(corpus, done)
    corpus = _without_duplicates(corpus, done)
    done.losses = rewrite(corpus, source, target, spec=spec.replace(columns=(spec.columns or {}) | further))
    return done


def _respelled(corpus: Corpus, task: str, path: str, done: Fixes) -> Corpus:
    """The corpus with near misses spelled as meant."""
    only = ReadSpec(columns={task: -1}, fix_tags=True)
    fixed = Corpus(respell_tags(corpus, only, path))
    changed = Counter[tuple[str, str]]()
    first = ""
    for before, after in zip(corpus, fixed, strict=True):
        for index, pair in enumerate(zip(before.tags_of(task), after.tags_of(task), strict=True)):
            if pair[0] != pair[1]:
                changed[pair] += 1
                first = first or before.where(index)
    if changed:
        pairs = ", ".join(f"{old!r} is {new!r} ({count:,})" for (old, new), count in changed.most_common(5))
        done.changes.append(
            f"{task}: {counted(changed.total(), 'tag')} spelled as meant, the first at {first}: {pairs}"
        )
    return Corpus(fixed, corpus.schemes)


def _one_spelling(corpus: Corpus, task: str, path: str, done: Fixes) -> Corpus:
    """The corpus with labels that differ by case or hyphens spelled alike."""
    scheme = corpus.schemes[task]
    if scheme is Scheme.NONE:
        return corpus
    counts = count_labels(corpus, task, scheme)
    alike = alike_names(counts)
    if not alike:
        return corpus
    kept = count_labels(_without_duplicates(corpus, Fixes()), task, scheme)
    labels: dict[str, str] = {}
    for names in alike:
        usual = usual_name(names, kept)
        labels |= {name: usual for name in names if name != usual}
    for old, new in labels.items():
        done.changes.append(f"{task}: label {old!r} ({counted(counts[old], 'span')}) is {new!r}")
    renamed = Corpus(respell_tags(corpus, ReadSpec(columns={task: -1}, labels=labels), path))
    if scheme is Scheme.IO and distinct_tags(renamed, task) & labels.keys():
        raise CorpusError(f"{path}: labels of {task} could not be renamed")
    return renamed.settle(task, declared=scheme)


def _without_blanks(corpus: Corpus, done: Fixes) -> Corpus:
    """The corpus without blanks around words, where words are not stretches of a text."""
    count, first = 0, ""
    fixed = []
    for document in corpus:
        blank = [index for index, word in enumerate(document.words) if word != word.strip() and word.strip()]
        if blank and _has_text(document):
            done.left.append(f"{document.where(blank[0])}: {counted(len(blank), 'word')} with blanks around, in a text")
        elif blank:
            count, first = count + len(blank), first or document.where(blank[0])
            document = _changed(document, range(len(document.bounds) - 1), [word.strip() for word in document.words])
        fixed.append(document)
    if count:
        done.changes.append(f"{counted(count, 'word')} without the blanks around, the first at {first}")
    return Corpus(fixed, corpus.schemes)


def _without_duplicates(corpus: Corpus, done: Fixes) -> Corpus:
    """The corpus without sentences that occur again with the same tags."""
    seen: set[tuple[tuple[str, ...], ...]] = set()
    fixed: list[Document] = []
    count, first, stays = 0, "", 0
    for document in corpus:
        kept, again_at = [], ""
        for number, (start, end) in enumerate(pairwise(document.bounds)):
            key = tuple(tuple(column[start:end]) for column in (document.words, *document.tags.values()))
            if start == end or key not in seen:
                kept.append(number)
            else:
                again_at = again_at or document.where(start)
            seen.add(key)
        again = len(document.bounds) - 1 - len(kept)
        cuttable = not _has_text(document) and isinstance(document.layout, ConllLayout | TokenRowLayout | None)
        if again and (cuttable or not kept):
            count, first = count + again, first or again_at
            if kept:
                fixed.append(_changed(document, kept, document.words))
        else:
            stays += again
            fixed.append(document)
    if count:
        said = counted(count, "sentence left out that occurs before", "sentences left out that occur before")
        done.changes.append(f"{said}, the first at {first}")
    if stays:
        said = counted(stays, "sentence that occurs before", "sentences that occur before")
        done.left.append(f"{said}, inside longer texts")
    return Corpus(fixed, corpus.schemes)


def _has_text(document: Document) -> bool:
    """Whether the words are stretches of a text that the file has."""
    return document._starts is not None and not isinstance(document.layout, ConllLayout)


def _changed(document: Document, kept: Sequence[int], words: Sequence[str]) -> Document:
    """Some sentences of a document, with other words."""
    stretches = [range(document.bounds[number], document.bounds[number + 1]) for number in kept]
    places = list(chain.from_iterable(stretches))
    bounds = [0]
    for stretch in stretches:
        bounds.append(bounds[-1] + len(stretch))
    layout = document.layout
    if isinstance(layout, ConllLayout):
        at = {place: index for index, place in enumerate(places)}
        comments = {at[place]: lines for place, lines in layout.comments.items() if place in at}
        layout = replace(layout, comments=comments)
    elif isinstance(layout, TokenRowLayout) and layout.sentences:
        layout = replace(layout, sentences=tuple(layout.sentences[place] for place in places))

    def column(values: Sequence[str]) -> list[str]:
        return [values[place] for place in places]

    return Document(
        column(words),
        bounds,
        tags={task: column(document.tags_of(task)) for task in document.tags},
        schemes=dict(document.schemes),
        id=document.id,
        path=document.path,
        sheet=document.sheet,
        record=document.record,
        lines=[document.lines[place] for place in places] if document.lines else [],
        layout=layout,
        columns={name: column(values) for name, values in document.columns.items()},
    )
