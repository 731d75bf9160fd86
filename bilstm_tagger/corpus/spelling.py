"""How the tags of a file are spelled: labels renamed or added, near misses mended, and what is doubtful."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, has_unknown, parse
from bilstm_tagger.schemes.near_miss import bare_letter, in_the_way, is_bare, near_misses
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.wording import some_of

__all__ = ["distinct_tags", "doubts", "respell_tags", "unknown_tokens"]

logger = logging.getLogger("bilstm_tagger")

# What people write for "not annotated" among tags of spans, beside `_`.
_NOT_ANNOTATED = ("-", "?", "")
_MOSTLY_OUTSIDE = 0.5  # share of O among tokens, from which on plain tags may be meant as spans


def respell_tags(documents: Sequence[Document], spec: ReadSpec, path: str) -> Sequence[Document]:
    """Spell the tags of documents that have just been read as the specification says.

    Args:
        documents: the documents of a whole file.
        spec: with `fix_tags` near misses become the tags that were meant; `label` is given to letters without one;
            `labels` are renamed, to `O` if they are not wanted.
        path: the file, for messages.

    Returns:
        The documents; the same ones where nothing is to be changed.

    Raises:
        CorpusError: `label` is given, and no task has letters without a label.
    """
    labelled = False
    unused = set(spec.labels)
    for task in spec.columns or {}:
        distinct = distinct_tags(documents, task)
        changes: dict[str, str] = {}
        if any(map(parse, distinct - {"O"})):
            changes = dict.fromkeys(distinct.intersection(_NOT_ANNOTATED), UNKNOWN)
        if spec.fix_tags:
            changes |= near_misses(distinct - changes.keys())
        if spec.label and is_bare(distinct):
            labelled = True
            changes |= {tag: f"{letter}-{spec.label}" for tag in distinct if (letter := bare_letter(tag))}
        if changes:
            documents = [_replaced(document, task, changes) for document in documents]
        if spec.labels:
            unused -= {_label(changes.get(tag, tag)) for tag in distinct}
            documents = [_renamed(document, task, spec.labels) for document in documents]
    if spec.label and spec.columns and not labelled:
        raise CorpusError(f"{path}: --label {spec.label} is for tags without a label, such as B and I; leave it out")
    if unused and spec.columns:
        logger.warning("%s: no label %s, which is to be renamed", path, ", ".join(sorted(map(repr, unused))))
    return documents


def distinct_tags(documents: Iterable[Document], task: str) -> set[str]:
    """Give the different tags of a task."""
    return set().union(*(document.tags.get(task, ()) for document in documents))


def _replaced(document: Document, task: str, changes: Mapping[str, str]) -> Document:
    tags = [changes.get(tag, tag) for tag in document.tags_of(task)]
    return document.with_tags({**document.tags, task: tags}, document.schemes)


def _label(tag: str) -> str:
    parsed = parse(tag)
    return parsed[1] if parsed and parsed[1] else tag


def _renamed(document: Document, task: str, labels: Mapping[str, str]) -> Document:
    tags = [tag for sentence in document.sentence_tags(task) for tag in _rename(sentence, labels)]
    return document.with_tags({**document.tags, task: tags}, document.schemes)


def _rename(tags: Sequence[str], labels: Mapping[str, str]) -> Iterator[str]:
    """Rename the labels of a sentence; spans that touch and have one name from now on stay two."""
    before = "O"
    for tag in tags:
        name = _label(tag)
        new = labels.get(name, name)
        if new == "O" or name == tag:
            yield new
        else:
            letter, last = tag[0], _label(before)
            merged = letter == "I" and before not in ("O", UNKNOWN) and last != name and labels.get(last, last) == new
            yield f"{'B' if merged else letter}-{new}"
        before = tag


def unknown_tokens(documents: Iterable[Document], task: str) -> tuple[int, str]:
    """Count the tokens of a task that nobody annotated, and tell where the first one is."""
    documents = list(documents)
    if not has_unknown(distinct_tags(documents, task)):
        return 0, ""
    count = sum(document.tags_of(task).count(UNKNOWN) for document in documents)
    first = next(document for document in documents if UNKNOWN in document.tags_of(task))
    return count, first.where(first.tags_of(task).index(UNKNOWN))


def doubts(documents: Sequence[Document], task: str, scheme: Scheme) -> Iterator[tuple[str, str]]:
    """Tell what the tags of a task may have been meant as, where they were taken for plain tags.

    Args:
        documents: the corpus, settled.
        task: name of the task.
        scheme: its scheme.

    Yields:
        For each doubt its kind and a sentence that names the option for the other reading.
    """
    if scheme is not Scheme.NONE:
        return
    counts = Counter(tag for document in documents for tag in document.tags_of(task))
    meant = near_misses(counts)
    others, strange = in_the_way(counts)
    spans_meant = sum(counts[tag] for tag in strange) < sum(counts[tag] for tag in others)
    plain = sorted(tag for tag in counts if tag not in ("O", UNKNOWN))
    odd = next((tag for tag in sorted(meant or others) if (meant or others)[tag] != "O"), None)
    if meant and odd is not None:
        yield (
            "near-miss tags",
            f"tags such as {odd!r} were taken for plain tags; if {meant[odd]!r} was meant, --fix-tags reads them so",
        )
    elif is_bare(counts):
        seen = ", ".join(sorted(counts))
        yield (
            "no labels",
            f"tags {seen} have no label and were taken for plain tags; if they mark spans, --label NAME gives them one",
        )
    elif strange and spans_meant and odd is not None:
        yield (
            "near-miss tags",
            f"tags such as {odd!r} were taken for plain tags; if {others[odd]!r} was meant, correct "
            f"{some_of(strange)}, which no tag of spans can mean, and --fix-tags reads the others so",
        )
    elif plain and counts["O"] >= _MOSTLY_OUTSIDE * counts.total():
        yield (
            "plain tags",
            f"tags such as {plain[0]!r} beside O were taken for plain tags; if they mark spans, --scheme IO reads "
            "them so",
        )
