"""Writing CoNLL-U: a document's own lines with new tags in them, or lines made from its tokens."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TextIO

from bilstm_tagger.corpus.formats.beginning import until_words
from bilstm_tagger.corpus.formats.conllu_rows import COLUMNS, MISC, NEWDOC, WIDTH, ConlluLayout, misc_value
from bilstm_tagger.corpus.formats.standard_fields import UNIVERSAL, field_of
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.detection import detect
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme

# Tasks that were not read from CoNLL-U go to these columns by name; all others go to MISC.
TAG_COLUMNS = ("LEMMA", "UPOS", "XPOS", "FEATS", "DEPREL")
_UPOS = UNIVERSAL | {UNKNOWN}


def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents as CoNLL-U.

    A document that was read from CoNLL-U keeps its lines; only the cells of the tasks change. For any other
    the ids, `# text` and `SpaceAfter=No` are made from its tokens. A task goes to the column or MISC key
    it was read from; else, if named as a column (`upos`, `xpos`, `feats`...) or plain and called by another name of one
    (`pos`, `tag`, `morph`, `dep`), to that column, or to MISC under its name in capitals. `pos` is UPOS if its tags are
    universal, else XPOS; of a stream the first document with words decides.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default all of each document.

    Raises:
        CorpusError: if a word or tag cannot stand in its cell.
    """
    sentences = 0
    documents, decisive = _decisive(documents)
    columns: dict[tuple[str, ...], dict[str, str]] = {}
    for position, document in enumerate(documents):
        layout = document.layout
        chosen = tuple(document.tasks if tasks is None else tasks)
        if chosen not in columns:
            columns[chosen] = _columns(decisive or [document], chosen)
        targets = _targets(document, chosen, columns[chosen])
        if isinstance(layout, ConlluLayout):
            lines = _changed(document, layout, targets)
            before_words = lines[: layout.rows[0]] if layout.rows else lines
            if position and not any(map(NEWDOC.match, before_words)):
                stream.write("# newdoc\n")
        else:
            lines = list(_made(document, targets, sentences))
        sentences += len(document.bounds) - 1
        stream.writelines(line + "\n" for line in lines)
        if lines and lines[-1].strip():
            stream.write("\n")


def places(documents: Sequence[Document], tasks: Sequence[str]) -> dict[str, str]:
    """The column or the MISC key of each task."""
    columns = _columns(documents, tasks)
    return _names(documents[0], tasks, columns) if documents else columns


def _names(document: Document, tasks: Sequence[str], columns: Mapping[str, str]) -> dict[str, str]:
    """The column or the MISC key of each task: where it was read from, or else a column that no other was read from."""
    sources = document.layout.sources if isinstance(document.layout, ConlluLayout) else {}
    taken = {sources[task] for task in tasks if task in sources}
    free = {task: columns[task] if columns[task] not in taken else task.upper() for task in tasks}
    return {task: sources.get(task, free[task]) for task in tasks}


def _decisive(documents: Iterable[Document]) -> tuple[Iterable[Document], Sequence[Document]]:
    """The documents, and those that decide on columns: all of them, or of a stream the first with words."""
    if isinstance(documents, Sequence):
        return documents, documents
    begun, every = until_words(documents)
    return every, begun


def _columns(documents: Sequence[Document], tasks: Sequence[str]) -> dict[str, str]:
    """For each task its name in capitals, which is a column or a key, or the column that it has another name of."""
    columns = {task: task.upper() for task in tasks}
    for task in tasks:
        field = field_of(task)
        if field is None or field.conllu in (None, task.upper()) or _has_spans(documents, task):
            continue
        column = field.conllu
        if column == "UPOS" and not {tag for each in documents for tag in each.tags.get(task, ())} <= _UPOS:
            column = "XPOS"
        if column is not None and column not in columns.values():
            columns[task] = column
    return columns


def _has_spans(documents: Sequence[Document], task: str) -> bool:
    """Whether the tags of a task are those of spans; detected where no document knows its scheme."""
    having = [document for document in documents if task in document.tags]
    known = {document.schemes[task] for document in having if task in document.schemes}
    if not known:
        known = {detect(tags for document in having for tags in document.sentence_tags(task))}
    return known != {Scheme.NONE}


def _targets(document: Document, tasks: Sequence[str], columns: Mapping[str, str]) -> list[tuple[str, list[str], bool]]:
    """For each task its column or MISC key, its tags, and whether an `O` may stay unsaid."""
    sources = document.layout.sources if isinstance(document.layout, ConlluLayout) else {}
    targets = []
    for task, name in _names(document, tasks, columns).items():
        if task not in sources and name in COLUMNS and name not in TAG_COLUMNS:
            raise CorpusError(f"task {task!r} would overwrite column {name} of CoNLL-U; rename the task")
        tags = document.tags_of(task)
        banned = "\t\n\r" if name in COLUMNS else "\t\n\r|"
        for tag in set(tags):
            if not tag or any(character in tag for character in banned):
                where = document.where(tags.index(tag))
                raise CorpusError(f"{where}: the tag {tag!r} cannot stand in {name} of CoNLL-U; rename it")
        if not name or any(character in name for character in "\t\n\r|= "):
            raise CorpusError(f"task {task!r} cannot be a key of column MISC; rename the task")
        targets.append((name, tags, task in sources))
    if len({name for name, _, _ in targets}) < len(targets):
        raise CorpusError("two tasks would be written to the same place in CoNLL-U; rename one of them")
    return targets


def _changed(document: Document, layout: ConlluLayout, targets: Sequence[tuple[str, list[str], bool]]) -> list[str]:
    """Give the lines of the file with the tasks' cells replaced."""
    lines = list(layout.lines)
    if targets:
        for index, row in enumerate(layout.rows):
            cells = lines[row].split("\t")
            _fill(cells, targets, index)
            lines[row] = "\t".join(cells)
    return lines


def _fill(cells: list[str], targets: Sequence[tuple[str, list[str], bool]], index: int) -> None:
    """Put a token's tags into its ten cells."""
    for name, tags, optional in targets:
        if name in COLUMNS:
            cells[COLUMNS.index(name)] = tags[index]
        elif not (optional and tags[index] == "O" and misc_value(cells[MISC], name) is None):
            cells[MISC] = _with_key(cells[MISC], name, tags[index])


def _with_key(cell: str, key: str, value: str) -> str:
    entries = [] if cell == "_" else cell.split("|")
    for place, entry in enumerate(entries):
        if entry.startswith(key + "="):
            entries[place] = f"{key}={value}"
            break
    else:
        entries.append(f"{key}={value}")
    return "|".join(entries)


def _made(document: Document, targets: Sequence[tuple[str, list[str], bool]], sentences: int) -> Iterator[str]:
    """Lines for a document that has no CoNLL-U lines of its own."""
    yield "# newdoc" + (f" id = {' '.join(document.id.split())}" if document.id else "")
    words, starts, ends = document.words, document.starts, document.ends
    glued = [*map(operator.eq, ends, starts[1:]), False]
    known = {name: document.columns[name] for name in TAG_COLUMNS if name in document.columns}
    for number, (first, last) in enumerate(pairwise(document.bounds), sentences + 1):
        text = "".join(words[i] + ("" if glued[i] or i == last - 1 else " ") for i in range(first, last))
        yield f"# sent_id = {number}"
        yield f"# text = {text}"
        for index in range(first, last):
            if not words[index] or any(character in words[index] for character in "\t\n\r"):
                raise CorpusError(
                    f"{document.where(index)}: the word {words[index]!r} cannot stand in CoNLL-U; "
                    "it is empty or holds a tab or a line break"
                )
            cells = [str(index - first + 1), words[index], *"_" * (WIDTH - 2)]
            for name, column in known.items():
                cells[COLUMNS.index(name)] = column[index]
            if glued[index]:
                cells[MISC] = "SpaceAfter=No"
            _fill(cells, targets, index)
            yield "\t".join(cells)
        yield ""
