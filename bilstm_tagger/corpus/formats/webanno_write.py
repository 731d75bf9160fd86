"""Writing WebAnno TSV 3: a token per line, spans by labels with numbers.

Format: https://inception-project.github.io/releases/22.5/docs/user-guide.html#sect_formats_webannotsv3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import count, pairwise
from typing import TextIO

from bilstm_tagger.corpus.formats.standard_fields import FIELDS, entity_task, field_of
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme

__all__ = ["places", "write"]

_CORE = "de.tudarmstadt.ukp.dkpro.core.api."
# The packages of the layers that WebAnno brings.
_PACKAGES = {
    "NamedEntity": "ner.type", "POS": "lexmorph.type.pos", "Lemma": "segmentation.type",
    "MorphologicalFeatures": "lexmorph.type.morph",
}  # fmt: skip
_FEATURES = dict(field.webanno.split(".") for field in FIELDS if field.webanno)
_SPECIAL = re.compile(r"([\\\[\]|_;*]|->)")


def places(documents: Sequence[Document], tasks: Sequence[str]) -> dict[str, str]:
    """The layer of each task that can be written: layers of one value per token are there for few plain tasks."""
    layers: dict[str, str] = {}
    with_spans = [
        task for task in tasks if documents and documents[0].schemes.get(task, Scheme.NONE) is not Scheme.NONE
    ]
    for task in tasks:
        if task in with_spans:
            name = re.sub(r"\W+", "_", task).strip("_").title() or "Spans"
            layer = "NamedEntity" if task == entity_task(with_spans) else name
            while layer in layers.values() or (layer in _FEATURES and layer != "NamedEntity"):
                layer += "_"
            layers[task] = layer
        elif (field := field_of(task)) and field.webanno:
            layer = field.webanno.split(".")[0]
            if layer not in layers.values():
                layers[task] = layer
    return layers


def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write documents into one file.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default those of the first document. Plain tags have a layer if they are parts of
            speech, lemmas or features.

    Raises:
        CorpusError: a word holds white space, or a label is empty.
    """
    listed = list(documents)
    chosen = list(tasks if tasks is not None else listed[0].tasks if listed else [])
    layers = places(listed, chosen)
    stream.write("#FORMAT=WebAnno TSV 3.3\n")
    for layer in layers.values():
        name, feature = _type(layer)
        stream.write(f"#T_SP={name}|{feature}\n")
    stream.write("\n")
    number, offset, numbers = 0, 0, count(1)
    for document in listed:
        columns = [_cells(document, task, numbers) for task in layers]
        for start, end in pairwise(document.bounds):
            if start == end:
                continue
            number += 1
            offset = _sentence(document, start, end, stream, columns=columns, number=number, offset=offset)


def _type(layer: str) -> tuple[str, str]:
    """The full name of a layer, and its feature."""
    if layer in _FEATURES:
        return f"{_CORE}{_PACKAGES[layer]}.{layer}", _FEATURES[layer]
    return f"webanno.custom.{layer}", "value"


def _sentence(
    document: Document, start: int, end: int, stream: TextIO, *, columns: list[list[str]], number: int, offset: int
) -> int:
    """Write one sentence, whose text begins at an offset; the offset of the next one."""
    first = document.starts[start]

    def units(at: int) -> int:
        """The length of the sentence up to a character of the document, in UTF-16, as Java counts."""
        text = _in_lines(document.text[first:at])
        return len(text) + sum(character > "\uffff" for character in text)

    text = _in_lines(document.text[first : document.ends[end - 1]])
    stream.write("\n" + "".join(f"#Text={line}\n" for line in text.split("\n")))
    for index in range(start, end):
        word = document.words[index]
        if len(word.split()) != 1 or word != word.strip():
            where = document.where(index)
            raise CorpusError(f"{where}: {word!r} holds white space, which WebAnno TSV cannot; write .jsonl")
        span = f"{offset + units(document.starts[index])}-{offset + units(document.ends[index])}"
        cells = [f"{number}-{index - start + 1}", span, word, *(column[index] for column in columns)]
        stream.write("\t".join(cells) + "\t\n")
    return offset + units(document.ends[end - 1]) + 1


def _in_lines(text: str) -> str:
    return re.sub(r"\r\n?", "\n", text)


def _cells(document: Document, task: str, numbers: Iterable[int]) -> list[str]:
    """The cells of a task; spans of several tokens have a number each."""
    if document.schemes.get(task, Scheme.NONE) is Scheme.NONE:
        return ["_" if tag == UNKNOWN else _escaped(tag, document, at) for at, tag in enumerate(document.tags_of(task))]
    cells = ["_"] * len(document)
    for span in document.spans_of(task):
        label = _escaped(span.label, document, span.start)
        mark = f"[{next(iter(numbers))}]" if span.end - span.start > 1 else ""
        for at in range(span.start, span.end):
            cells[at] = label + mark
    return cells


def _escaped(text: str, document: Document, at: int) -> str:
    if not text or re.search(r"[\t\r\n]", text):
        raise CorpusError(f"{document.where(at)}: {text!r} cannot be a label of WebAnno TSV; rename it by --map")
    return _SPECIAL.sub(r"\\\1", text)
