"""Scores of any system from the files that it wrote: predicted tags beside gold tags, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, pairwise, zip_longest
from pathlib import Path
from typing import NamedTuple

from bilstm_tagger.corpus.convert.not_kept import touching_spans
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.corpus.spelling import doubts
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.evaluation.bootstrap import RESAMPLES
from bilstm_tagger.evaluation.counting import score_task
from bilstm_tagger.evaluation.evaluate import Evaluation
from bilstm_tagger.evaluation.partial import refuse_unpredicted, unannotated_notes
from bilstm_tagger.evaluation.unlike_labels import unlike_labels
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, belongs
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import counted

__all__ = ["Paired", "evaluate_predictions", "paired", "read_gold_file", "read_pair"]

Columns = Mapping[str, int | str]


def evaluate_predictions(
    predictions: str | Path,
    gold: str | Path | None = None,
    *,
    columns: Columns | None = None,
    gold_columns: Columns | None = None,
    spec: ReadSpec | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Score predicted tags that are in a file.

    Args:
        predictions: the file with the predicted tags.
        gold: the file with the gold tags, sentence by sentence the same words; None if they are in `predictions`.
        columns: where the predicted tags are, by task.
        gold_columns: where the gold tags are, by task.
        spec: how the files are read besides.
        resamples: how often sentences are drawn anew for the 95 % intervals of the scores; 0 for no intervals.
        seed: chooses these draws.

    Raises:
        ConfigError: the columns do not say which predicted tags belong to which gold tags.
        CorpusError: a file cannot be read, or the two do not have the same words and sentences.
    """
    pair = read_pair(predictions, gold, columns=columns, gold_columns=gold_columns, spec=spec)
    sizes = pair.gold.stats()
    return Evaluation(
        tasks={
            task: score_task(pair.gold, pair.predicted, task, known=None, resamples=resamples, seed=seed)
            for task in pair.gold.tasks
        },
        documents=len(pair.gold),
        sentences=sizes.sentences,
        tokens=sizes.tokens,
        seconds=None,
        notes=tuple(pair.notes),
        gold=pair.gold,
        predicted=pair.predicted,
    )


class Paired(NamedTuple):
    """Gold documents, the same documents with predicted tags, and notes for the reader."""

    gold: Corpus
    predicted: list[Document]
    notes: list[str]


def read_pair(
    predictions: str | Path,
    gold: str | Path | None,
    *,
    columns: Columns | None = None,
    gold_columns: Columns | None = None,
    spec: ReadSpec | None = None,
) -> Paired:
    """Read gold and predicted tags; arguments and errors as for `evaluate_predictions`."""
    spec = spec or ReadSpec()
    if gold is None:
        if not columns or not gold_columns:
            raise ConfigError(
                f"{predictions}: which columns? Name both, as --gold-column -2 --column -1 where the predicted tags "
                "are last, or give the gold tags in a file of their own"
            )
        if same := [task for task, column in gold_columns.items() if columns.get(task) == column]:
            raise ConfigError(
                f"{predictions}: gold and predicted tags of {same[0]} are the same column; name two columns"
            )
        gold = predictions
    true = read_gold_file(gold, gold_columns, spec)
    named = bool(columns or gold_columns)
    return paired(true, read_corpus(predictions, columns, spec=spec), predictions, named=named)


def read_gold_file(path: str | Path, columns: Columns | None, spec: ReadSpec | None = None) -> Corpus:
    """Read a file with gold tags and hold them to their schemes."""
    corpus = read_corpus(path, columns, spec=spec)
    for task in corpus.tasks:
        corpus = corpus.settle(task)
    return corpus


def paired(gold: Corpus, guesses: Corpus, path: str | Path, *, named: bool = False, from_model: bool = False) -> Paired:
    """Put predicted tags on gold documents, in the schemes of these, for the tasks that both have.

    Args:
        gold: the gold documents, settled.
        guesses: the same sentences in the same order with other tags, spelled and divided into documents in any way.
        path: where `guesses` come from, for messages.
        named: whether the user named the tasks; then those of different names are different ones.
        from_model: whether `guesses` are what a model gives, whose labels cannot be renamed.

    Raises:
        ConfigError: it cannot be told which task belongs to which.
        CorpusError: words or sentences differ, or tags are none of the scheme.
    """
    names = matching(gold, guesses, path, named=named)
    gold = gold.only(names)
    notes = [
        f"{path}: {other!r} is compared as {task!r}" for task, other in names.items() if other not in (task, "tags")
    ]
    for task, other in names.items():
        if gold.schemes[task] is Scheme.NONE and guesses.has_spans(other):
            found = guesses.settle(other)
            if _labels_alone(gold, task, _labels(found, other)):
                gold = gold.settle(task, declared=Scheme.IO).respell(task, found.schemes[other])
                notes.append(_io_note(task, "gold", touching_spans(found, other), "the predictions"))
            else:
                gold = gold.settle_as(task, found.schemes[other])  # no gold span, or the wrong column
        elif gold.schemes[task] not in (Scheme.NONE, Scheme.IO):
            gold = _as_illegal(gold, task, guesses, other)
    notes += unannotated_notes(gold)
    notes += [f"{task}: {text}" for task in names for _, text in doubts(gold.documents, task, gold.schemes[task])]
    spelled = []
    for task, other in names.items():
        own = Corpus(document.with_tags({task: document.tags_of(other)}) for document in guesses)
        spelled.append(_in_scheme(own, task, gold, notes))
    merged = [
        document.with_tags({task: each[number].tags_of(task) for task, each in zip(names, spelled, strict=True)})
        for number, document in enumerate(guesses)
    ]
    predicted = put_on(gold, Corpus(merged), path)
    for task in names:
        notes += unlike_labels(gold, predicted, task, gold.schemes[task], str(path), renames=not from_model)
    return Paired(gold, predicted, notes)


def matching(gold: Corpus, guesses: Corpus, path: str | Path, *, named: bool) -> dict[str, str]:
    """Which task of the predictions belongs to which task of gold.

    That of the same name; the only one; unless the user named them, of those that are left the only one with spans.

    Raises:
        ConfigError: it cannot be told.
    """
    if len(gold.tasks) == len(guesses.tasks) == 1:
        return {gold.tasks[0]: guesses.tasks[0]}
    names = {task: task for task in gold.tasks if task in guesses.tasks}
    true, told = (
        [task for task in each.tasks if task not in names and _has_spans(each, task)] for each in (gold, guesses)
    )
    if len(true) == len(told) == 1 and not named:
        names[true[0]] = told[0]
    if not names:
        raise ConfigError(
            f"{path}: the gold tags are of {', '.join(gold.tasks)}, the predicted ones of {', '.join(guesses.tasks)}; "
            "name the columns of both by task, as --gold-column ner=NER --column ner=4"
        )
    return {task: names[task] for task in gold.tasks if task in names}


def _has_spans(corpus: Corpus, task: str) -> bool:
    """Whether a task is one of spans, which a tagger that found none tells by its scheme."""
    known = next((document.schemes[task] for document in corpus if task in document.schemes), None)
    return corpus.has_spans(task) if known is None else known is not Scheme.NONE


def put_on(gold: Corpus, guesses: Corpus, path: str | Path) -> list[Document]:
    """Give the tags of one corpus to the documents of another, which may divide the same sentences otherwise.

    Args:
        gold: the documents that are wanted.
        guesses: documents with the same sentences in the same order.
        path: the file of `guesses`, for messages about documents that know none.

    Raises:
        CorpusError: a word or the end of a sentence differs, with file and line of both.
    """
    _check_words(gold, guesses, path)
    columns = {task: list(chain.from_iterable(each.tags_of(task) for each in guesses)) for task in guesses.tasks}
    made, first = [], 0
    for document in gold:
        last = first + len(document)
        own = {task: tags[first:last] for task, tags in columns.items()}
        made.append(document.with_tags(own, {task: gold.schemes[task] for task in own}))
        first = last
    return made


class _Word(NamedTuple):
    """A token of a corpus: its document and place there, the word, and whether its sentence ends behind it."""

    document: Document
    place: int
    word: str
    is_last: bool


def _outline(corpus: Sequence[Document]) -> tuple[list[str], list[int]]:
    """The words of all documents, and the lengths of their sentences, without empty ones."""
    lengths = [end - start for document in corpus for start, end in pairwise(document.bounds) if end > start]
    return list(chain.from_iterable(document.words for document in corpus)), lengths


def _words(corpus: Sequence[Document]) -> Iterator[_Word]:
    for document in corpus:
        ends = {end - 1 for end in document.bounds[1:]}
        for index, word in enumerate(document.words):
            yield _Word(document, index, word, index in ends)


def _check_words(gold: Corpus, guesses: Corpus, path: str | Path) -> None:
    if _outline(gold) == _outline(guesses):
        return
    before: tuple[_Word, _Word] | None = None
    for true, told in zip_longest(_words(gold), _words(guesses)):
        if true is None or told is None:
            last, which = before, "gold" if told is None else "predicted"
            rest = true or told
            more = f"{_where(rest, path)}: {which} tags go on with {rest.word!r}"
            ended = "" if last is None else f" where {_where(last[told is None], path)} was the last word of the other"
            raise CorpusError(f"{more}{ended}; give the same sentences")
        if true.word != told.word:
            raise CorpusError(
                f"{_where(told, path)}: predicted tags are of {told.word!r}, but gold has {true.word!r} "
                f"({_where(true, path)}); give the same sentences"
            )
        if true.is_last != told.is_last:
            one, other = (told, true) if told.is_last else (true, told)
            raise CorpusError(
                f"{_where(one, path)}: a sentence ends behind {one.word!r}, but goes on in {_where(other, path)}; "
                "give the same sentences"
            )
        before = (true, told)


def _where(word: _Word, path: str | Path) -> str:
    place = word.document.where(word.place)
    return place if word.document.path else f"{path}, {place}"


def _labels(corpus: Corpus, task: str) -> set[str]:
    """The labels of the spans of a settled task."""
    return {span.label for document in corpus for span in document.spans_of(task)}


def _labels_alone(corpus: Corpus, task: str, labels: set[str]) -> bool:
    """Whether tags are labels without letters, as in IO, and all of them labels that the other side has."""
    used = {tag for document in corpus for tag in document.tags_of(task)} - {"O", UNKNOWN}
    return bool(used) and used <= labels


def _inside_alone(corpus: Corpus, task: str) -> bool:
    """Whether all tags of spans begin with I, as in IO written with a letter."""
    used = {tag for document in corpus for tag in document.tags_of(task)} - {"O", UNKNOWN}
    return bool(used) and all(tag.startswith("I-") for tag in used)


def _io_note(task: str, side: str, touching: int, other: str) -> str:
    """What to tell of tags that do not say where spans begin."""
    return (
        f"{task}: the {side} tags do not say where spans begin, as in IO: neighbouring tokens of one label are read as "
        f"one span; in {other} spans of one label touch {counted(touching, 'time')}"
    )


def _as_illegal(gold: Corpus, task: str, guesses: Corpus, other: str) -> Corpus:
    """Gold in the scheme of predictions that are in another one and not all legal in it, which cannot be respelled."""
    scheme = guesses.scheme_of(other)
    if scheme in (Scheme.NONE, gold.schemes[task]):
        return gold
    for each in (scheme, gold.schemes[task]):
        with suppress(CorpusError):
            guesses.settle(other, declared=each)
            return gold
    return gold.respell(task, scheme)


def _in_scheme(guesses: Corpus, task: str, gold: Corpus, notes: list[str]) -> Corpus:
    """The predictions in the scheme of the gold tags, illegal ones kept; `notes` learns what to tell of it."""
    scheme = gold.schemes[task]
    if scheme is Scheme.NONE:
        return guesses
    refuse_unpredicted(guesses, task)
    touching = touching_spans(gold, task)
    told = _io_note(task, "predicted", touching, "gold")
    if scheme is not Scheme.IO and _labels_alone(guesses, task, _labels(gold, task)):
        notes.append(told)
        return guesses.settle(task, declared=Scheme.IO).respell(task, scheme)
    try:
        settled = guesses.settle_as(task, scheme)
        notes += [told] if touching and _inside_alone(guesses, task) else []
        return settled
    except CorpusError as error:
        for document in guesses:
            for index, tag in enumerate(document.tags_of(task)):
                if not belongs(tag, scheme):
                    raise CorpusError(
                        f"{document.where(index)}: the predicted tag {tag!r} is none of {scheme}, in which the gold "
                        "tags are; name the column of the predicted tags with --column, or if labels alone mark spans, "
                        "--scheme IO"
                    ) from None
        notes.append(f"{task}: not all predicted tags are legal, and strict scores leave such spans out; {error}")
        return guesses
