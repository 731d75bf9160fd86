"""What a corpus lost on its way into another format: the documents before and after, held side by side."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, chain, pairwise

from bilstm_tagger.corpus.formats.columns import ConllLayout
from bilstm_tagger.corpus.formats.conllu_rows import NEWDOC, WIDTH, ConlluLayout
from bilstm_tagger.corpus.formats.table import RowLayout
from bilstm_tagger.corpus.formats.token_columns import TokenRowLayout
from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import SpanTuple, tags_to_spans
from bilstm_tagger.text.tokenizers import seen
from bilstm_tagger.wording import counted

__all__ = ["losses", "same_sentences", "to_keep", "touching_spans"]

# Beyond this many columns flags for each of them would hide the rest of the line.
_MOST_FLAGS = 6

# What a loss of them begins with.
_SENTENCE = re.compile(r"#\s*sent_id\s*=\s*(\S*)")
_TEXT = re.compile(r"#\s*text\s*=")


def to_keep(names: Sequence[str], columns: Mapping[str, int | str]) -> str:
    """Tell the flags that keep further columns; all of them, for naming one leaves out those that are not named.

    Args:
        names: the columns that were left out.
        columns: those that were read, by task.
    """
    flags = [f"{task}={column}" for task, column in columns.items()]
    flags += [f"TASK={name}" for name in names] if len(names) <= _MOST_FLAGS else ["TASK=NAME", "..."]
    listed = " ".join(f"--column {shlex.quote(flag)}" if "=" in flag else flag for flag in flags)
    return f"to keep what holds tags, name {'it' if len(names) == 1 else 'each'}: {listed}"


def losses(
    before: Sequence[Document], after: Sequence[Document], columns: Mapping[str, int | str] | None = None
) -> list[str]:
    """Tell what is missing.

    Args:
        before: the documents as they were, the schemes of their tasks settled.
        after: the same documents read from the file they were written to.
        columns: the columns that `before` was read from, by task.

    Returns:
        A phrase for each kind of loss; empty if nothing was lost.
    """
    # An empty document has nothing to lose, and many formats cannot say that there was one.
    before, after = ([document for document in side if document.words] for side in (before, after))
    if _words(before) != _words(after):
        return ["the words themselves are not the same when read back; please report this"]
    lost: list[str] = []
    same_documents = list(map(len, before)) == list(map(len, after))
    if not same_documents:
        lost.append(f"boundaries of documents: {len(before):,} became {len(after):,}")
    elif any(a.id != b.id for a, b in zip(before, after, strict=True) if a.id is not None):
        lost.append("names of documents")
    if not same_sentences(before, after):
        counts = (sum(len(document.bounds) - 1 for document in side) for side in (before, after))
        lost.append("boundaries of sentences: {:,} became {:,}".format(*counts))
    lost += chain.from_iterable(_lost_tags(before, after, task) for task in before[0].tasks)
    if same_documents and not _same_text(before, after):
        lost.append(_lost_text(before, after))
    lost += _lost_columns(before, after, columns or {})
    return lost + _lost_lines(before, after)


def same_sentences(before: Sequence[Document], after: Sequence[Document]) -> bool:
    """Whether sentences end at the same tokens, counted over all documents; those of no token count for nothing."""
    return _sentence_ends(before) == _sentence_ends(after)


def touching_spans(documents: Sequence[Document], task: str) -> int:
    """Count the pairs of spans of one label with nothing between them."""
    scheme = documents[0].schemes[task] if documents else Scheme.NONE
    count = 0
    for document in documents:
        for tags in document.sentence_tags(task):
            count += sum(a[1:] == (b[0], b[2]) for a, b in pairwise(tags_to_spans(tags, scheme)))
    return count


def _words(documents: Sequence[Document]) -> list[str]:
    return list(chain.from_iterable(document.words for document in documents))


def _sentence_ends(documents: Sequence[Document]) -> set[int]:
    firsts = accumulate(map(len, documents), initial=0)
    return {first + bound for first, document in zip(firsts, documents, strict=False) for bound in document.bounds}


def _lost_tags(before: Sequence[Document], after: Sequence[Document], task: str) -> Iterator[str]:
    old, new = ([tag for document in side for tag in document.tags_of(task)] for side in (before, after))
    if old == new:
        return
    known, now = before[0].schemes.get(task, Scheme.NONE), after[0].schemes.get(task, Scheme.NONE)
    changed = sum(a != b for a, b in zip(old, new, strict=True))
    if Scheme.NONE in (known, now):
        yield f"{counted(changed, 'tag')} of {task}"
    elif _spans(before, task, known) == _spans(after, task, now):
        yield f"the spelling of {task} as {known}: the format has spans, which are read as {now}"
    else:
        yield f"spans of {task}: {len(_spans(before, task, known)):,} became {len(_spans(after, task, now)):,}"


def _spans(documents: Sequence[Document], task: str, scheme: Scheme) -> list[SpanTuple]:
    spans: list[SpanTuple] = []
    first = 0
    for document in documents:
        for start, tags in zip(document.bounds, document.sentence_tags(task), strict=False):
            place = first + start
            spans += [(place + a, place + b, label) for a, b, label in tags_to_spans(tags, scheme)]
        first += len(document)
    return spans


def _same_text(before: Sequence[Document], after: Sequence[Document]) -> bool:
    """Whether the texts are the same; columns have none, so nothing is lost of it."""
    return all(isinstance(a.layout, ConllLayout) or a.text == b.text for a, b in zip(before, after, strict=True))


def _lost_text(before: Sequence[Document], after: Sequence[Document]) -> str:
    """What a text lacks: perhaps forms of which its tokens are parts, and what stands between tokens."""
    texts = [(a.text, b.text) for a, b in zip(before, after, strict=True)]
    if all("".join(old.split()) == "".join(new.split()) for old, new in texts):
        return "the spacing of the text"
    between = "".join(chain.from_iterable(map(_between, before)))
    multiword = any(map(_has_forms, before))
    if seen(between).strip():
        return f"{'multiword tokens, ' * multiword}characters of the text between the tokens, and its spacing"
    if between.strip():
        return (
            f"{'multiword tokens, ' * multiword}marks of the text that are not seen, as of direction, and its spacing"
        )
    return "multiword tokens and spacing of the text"


def _has_forms(document: Document) -> bool:
    """Whether tokens are parts of a form in the text, or spelled in another way."""
    spelled = zip(document.words, document.starts, document.ends, strict=True)
    return any(document.text[start:end] != word for word, start, end in spelled)


def _between(document: Document) -> Iterator[str]:
    """What stands in a text around the tokens."""
    last = 0
    for start, end in zip(document.starts, document.ends, strict=True):
        yield document.text[last:start]
        last = max(last, end)
    yield document.text[last:]


def _lost_columns(before: Sequence[Document], after: Sequence[Document], columns: Mapping[str, int | str]) -> list[str]:
    """Filled columns of the file that are neither among the columns nor the tags of the other."""
    layout = before[0].layout
    read: set[str] = set() if isinstance(layout, TokenRowLayout) else {"FORM", "MISC"}
    if isinstance(layout, ConllLayout):
        read = {str(column + 1) for column in layout.sources.values()}
    elif isinstance(layout, ConlluLayout | TokenRowLayout):
        read |= set(layout.sources.values())
    if isinstance(layout, ConllLayout) and any(not name.isdigit() for name in before[0].columns):
        read |= {name for name in before[0].columns if name.isdigit()}  # each has its name as well
    kept = {tuple(_column(after, name)) for name in after[0].columns}
    kept |= {tuple(chain.from_iterable(document.tags_of(task) for document in after)) for task in after[0].tasks}
    lost = []
    for name in before[0].columns:
        column = tuple(_column(before, name))
        if name not in read and set(column) - {"_"} and column not in kept:
            lost.append(name)
    named = list(filter(None, lost))
    said = ", ".join(named + ["one without a name"] * (len(named) < len(lost)))  # as a data frame's index in CSV
    return [f"columns: {said}{f'; {to_keep(named, columns)}' if named else ''}"] if lost else []


def _column(documents: Sequence[Document], name: str) -> Iterator[str]:
    return chain.from_iterable(document.columns.get(name, []) for document in documents)


def _lost_lines(before: Sequence[Document], after: Sequence[Document]) -> list[str]:
    """What only the format itself knows: lines of CoNLL-U, cells of a table."""
    old, new = before[0].layout, after[0].layout
    if isinstance(old, RowLayout):
        kept = {field.name for field in new.fields} if isinstance(new, RowLayout) else set()
        lost = [field.name for field in old.fields if field.name not in kept]
        return [f"columns of the table: {', '.join(lost)}"] if lost else []
    if not isinstance(old, ConlluLayout) or isinstance(new, ConlluLayout):
        return []
    counts = _count_lines(document.layout for document in before)
    named = [f"{what} ({count:,})" for what, count in counts.items() if count]
    return ["of CoNLL-U: " + ", ".join(named)] if named else []


def _count_lines(layouts: Iterator[object]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for layout in layouts:
        if not isinstance(layout, ConlluLayout):
            continue
        keys = (*(f"{key}=" for key in layout.sources.values()), "SpaceAfter=")
        for line in layout.lines:
            cells = line.split("\t")
            if len(cells) == WIDTH:
                counts["multiword tokens"] += "-" in cells[0]
                counts["empty nodes"] += "." in cells[0]
                counts["heads"] += cells[6] != "_"
                counts["enhanced dependencies"] += cells[8] != "_"
                entries = cells[9].split("|") if cells[9] != "_" else []
                counts["tokens with further MISC entries"] += any(not entry.startswith(keys) for entry in entries)
            elif _SENTENCE.match(line):
                counts["names of sentences"] += 1
            elif line.startswith("#") and not _TEXT.match(line) and not NEWDOC.match(line):
                counts["comments"] += 1
    return counts
