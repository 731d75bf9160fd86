"""Tags that training cannot use, and tags that look like slips."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bilstm_tagger.corpus.check.findings import CheckedFile, Finding, Level, shown
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.spelling import doubts, unknown_tokens
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import Scheme, first_illegal, parse
from bilstm_tagger.schemes.spans import tags_to_spans
from bilstm_tagger.wording import counted

__all__ = [
    "alike_names",
    "check_inventory",
    "check_tags",
    "count_labels",
    "sentence_tags",
    "settle_or_repair",
    "usual_name",
]

LONG_SPAN = 30  # tokens
ENOUGH = 200  # spans or tokens, from which on a tag that occurs once is suspicious
FEW = 3
MANY = 1000  # different tags


def sentence_tags(documents: Sequence[Document], task: str) -> Iterator[tuple[Document, int, list[str]]]:
    """For each sentence its document, its first token and its tags."""
    for document in documents:
        for start, tags in zip(document.bounds, document.sentence_tags(task), strict=False):
            yield document, start, tags


def settle_or_repair(corpus: Corpus, task: str, declared: Scheme | None) -> tuple[Corpus | None, list[Finding]]:
    """Hold a task to its scheme; what is illegal is reported, and repaired for the checks that follow.

    Args:
        corpus: the documents of a file.
        task: the task.
        declared: the scheme; None to detect it.

    Returns:
        The settled corpus, and the findings. Without a corpus the task cannot be checked further.
    """
    try:
        return corpus.settle(task, declared=declared), []
    except CorpusError as error:
        message = f"{task}: {error}"
    scheme = declared or detect(tags for _, _, tags in sentence_tags(corpus, task))
    places = [] if scheme is Scheme.NONE else shown(_illegal_places(corpus, task, scheme))
    findings = [Finding("error", "impossible tags", message, tuple(places))]
    if scheme is Scheme.NONE:
        return None, findings
    try:
        return corpus.repair(task, declared=scheme)[0], findings
    except CorpusError:  # tags of no scheme among them, which the first message names
        return None, findings


def _illegal_places(documents: Sequence[Document], task: str, scheme: Scheme) -> Iterator[str]:
    for document, start, tags in sentence_tags(documents, task):
        index = first_illegal(tags, scheme)
        if index is not None:
            yield f"{tags[index]} {document.where(start + index)}"


def count_labels(documents: Sequence[Document], task: str, scheme: Scheme) -> Counter[str]:
    """How many spans have each label."""
    return Counter(
        label for _, _, tags in sentence_tags(documents, task) for _, _, label in tags_to_spans(tags, scheme)
    )


def check_tags(file: CheckedFile, task: str, scheme: Scheme) -> Iterator[Finding]:
    """Find what is odd about the tags of a task in one file."""
    counts = Counter(tag for document in file.corpus for tag in document.tags_of(task))
    tokens = counts.total()
    if len(counts) == 1:
        only = next(iter(counts))
        yield Finding(
            "warning", "one tag", f"{file.path}: {task}: all {counted(tokens, 'token')} have the tag {only!r}"
        )
    if scheme is Scheme.NONE:
        for kind, message in doubts(file.corpus, task, scheme):
            level: Level = "info" if kind == "plain tags" else "warning"
            yield Finding(level, kind, f"{file.path}: {task}: {message}")
        if len(counts) > MANY or (len(counts) > 50 and len(counts) > tokens / 4):
            message = (
                f"{file.path}: {task}: {len(counts):,} different tags in {counted(tokens, 'token')}; the right column?"
            )
            yield Finding("warning", "many tags", message, shown(repr(tag) for tag in counts))
    else:
        yield from _long_spans(file, task, scheme)
    missing, first = unknown_tokens(file.corpus, task)
    if missing:
        message = f"{file.path}: {task}: {counted(missing, 'token')} of {tokens:,} not annotated, left out of scores"
        yield Finding("warning", "not annotated", message, (first,))


def _long_spans(file: CheckedFile, task: str, scheme: Scheme) -> Iterator[Finding]:
    long = [
        f"{label} of {end - begin} tokens {document.where(start + begin)}"
        for document, start, tags in sentence_tags(file.corpus, task)
        for begin, end, label in tags_to_spans(tags, scheme)
        if end - begin > LONG_SPAN
    ]
    if long:
        message = (
            f"{file.path}: {task}: {counted(len(long), 'span')} of more than {LONG_SPAN} tokens; is an end missing?"
        )
        yield Finding("warning", "long span", message, shown(long))


def check_inventory(files: Sequence[CheckedFile], task: str, scheme: Scheme) -> Iterator[Finding]:
    """Find labels and tags that are rare or spelled almost alike, over all files."""
    counts: Counter[str] = Counter()
    for file in files:
        if scheme is Scheme.NONE:
            counts.update(tag for document in file.corpus for tag in document.tags_of(task))
        else:
            counts += count_labels(file.corpus, task, scheme)
    once = sorted(name for name, count in counts.items() if count == 1)
    if once:
        # In a rich inventory such as FEATS many are rare by nature.
        suspicious = counts.total() >= ENOUGH and len(once) <= max(FEW, len(counts) / 20)
        level: Level = "warning" if suspicious else "info"
        units = counted(counts.total(), "token" if scheme is Scheme.NONE else "span")
        message = f"{task}: {', '.join(map(repr, once[:10]))} once in {units}; a slip?"
        yield Finding(level, "seen once", message, shown(_place_of(files, task, name) for name in once))
    for names in alike_names(counts):
        spelled = ", ".join(f"{name!r} ({counts[name]:,})" for name in sorted(names))
        usual = usual_name(names, counts)
        pairs = ",".join(f"{name}={usual}" for name in sorted(names) if name != usual)
        message = f"{task}: {spelled} are taken for different labels; --map '{pairs}' makes them one"
        yield Finding("warning", "spelled alike", message)


def alike_names(names: Iterable[str]) -> list[list[str]]:
    """Group names that differ by case, blanks and hyphens alone; groups of one are left out."""
    alike: dict[str, list[str]] = {}
    for name in names:
        alike.setdefault(re.sub(r"[\s_-]+", "", name).casefold() or name, []).append(name)
    return [group for group in alike.values() if len(group) > 1]


def usual_name(names: Sequence[str], counts: Mapping[str, int]) -> str:
    """Choose one of the names of one thing: the most frequent, of equally frequent ones that with the most capitals.

    Args:
        names: names that differ by case, blanks and hyphens.
        counts: how often each occurs.
    """
    return max(sorted(names), key=lambda name: (counts[name], sum(map(str.isupper, name))))


def _place_of(files: Sequence[CheckedFile], task: str, name: str) -> str:
    for file in files:
        for document in file.corpus:
            for index, tag in enumerate(document.tags_of(task)):
                if tag == name or (parse(tag) or ("", ""))[1] == name:
                    return f"{name} {document.where(index)}"
    return name
