"""Reading and writing annotated files of any format."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TextIO, cast

from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats import FORMATS, CorpusFormat, brat, data_sets, format_of, format_to_write
from bilstm_tagger.corpus.spelling import respell_tags
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.atomic import atomic_folder, atomic_write
from bilstm_tagger.io.marked import marked_stream
from bilstm_tagger.settings.read_spec import FEATURE, Columns, Policy, ReadSpec

__all__ = ["iterate_corpus", "read_corpus", "refuse_empty", "save_corpus"]

_MOST_BLANK = 1 << 16  # bytes; a larger file is not looked at for white space alone


def read_corpus(
    path: str | Path,
    columns: Columns | None = None,
    *,
    spec: ReadSpec | None = None,
    format: str | None = None,
    names: Sequence[str] | None = None,
    word_column: int | str | None = None,
    features: Columns | None = None,
    tokenizer: str | None = None,
    text_column: str | None = None,
    misaligned: Policy | None = None,
    split: str | None = None,
    encoding: str | None = None,
    comments: str | None = None,
    delimiter: str | None = None,
    sentence_column: int | str | None = None,
    labels: Mapping[str, str] | None = None,
    fix_tags: bool | None = None,
    label: str | None = None,
) -> Corpus:
    """Read an annotated file or data set. Tags stay as they are, legal or not; `Corpus.settle` finds their scheme.

    Args:
        path: the file; text in `*.gz` is decompressed. Or `hf:NAME[:CONFIG][@REVISION][#SPLIT]` for a data set of the
            Hugging Face hub, or the folder of one that was saved.
        columns: for each task where its tags are: a column counted from 1 (from the end if negative) or named, in
            CoNLL-U also a key of MISC. Without it the last column as task `tags`, in CoNLL-U UPOS as `upos`, in
            .spacy the entities as `ner`; an empty mapping reads the words alone.
        spec: how to read it, all in one value; the other arguments replace its fields.
        format: name of the format, if the suffix of the file does not tell it.
        names: names of the columns, for formats that do not name them.
        word_column: the column of the words, by default the first one.
        features: for each feature of tokens the column it is read from, into the columns of the documents.
        tokenizer: for raw text, `spacy:en` by default.
        text_column: key or column of the raw text; without it tokens are preferred, then `text`.
        misaligned: what happens to a span of characters that is not a run of whole tokens: `error` (the default)
            refuses the file, `snap` widens the span, `drop` leaves it out.
        split: the split of a data set whose name names none, `train` by default.
        encoding: encoding of a text file, by default UTF-8, or UTF-16 if it begins with its mark.
        comments: what lines begin with that are no tokens, in CoNLL columns.
        delimiter: what stands between the cells of a CSV file, found out by default.
        sentence_column: in a table with a token in each row, the column that tells the sentences apart.
        labels: new names of labels or plain tags; `O` leaves one out.
        fix_tags: whether near misses such as `B_PER` are read as the tags that were meant.
        label: the label of tags that have none, such as B and I.

    Returns:
        The corpus: a sequence of documents.

    Raises:
        ConfigError: there is no such format or policy.
        CorpusError: the file cannot be read, is no such file, or holds no token.

    Example:
        >>> corpus = read_corpus("train.txt", {"pos": 2, "ner": -1})  # doctest: +SKIP
        >>> corpus[0].tags_of("ner")  # doctest: +SKIP
    """
    whole = (spec or ReadSpec()).replace(
        columns=columns,
        format=format,
        names=names,
        word_column=word_column,
        features=features,
        tokenizer=tokenizer,
        text_column=text_column,
        misaligned=misaligned,
        split=split,
        encoding=encoding,
        comments=comments,
        delimiter=delimiter,
        sentence_column=sentence_column,
        labels=labels,
        fix_tags=fix_tags,
        label=label,
    )
    refuse_empty(path)
    documents = list(iterate_corpus(path, whole))
    if whole.columns is None:
        whole = whole.replace(columns=format_of(path, whole.format).columns)
    corpus = Corpus(respell_tags(documents, whole, str(path)))
    if not any(document.words for document in corpus):
        raise CorpusError(f"{path}: there is no token in it; is it the right file?")
    return corpus


def refuse_empty(path: str | Path) -> None:
    """Refuse a file in which nothing can be found, whatever its format.

    Args:
        path: the file; anything else, such as a data set, is let pass.

    Raises:
        CorpusError: the file has no bytes, no more than white space, or no more than an empty list of JSON.
    """
    file = Path(path)
    try:
        size = file.stat().st_size if file.is_file() else _MOST_BLANK
        begin = file.read_bytes() if size < _MOST_BLANK else b"more"
    except OSError:
        return  # reading it will say what is wrong
    content = begin.removeprefix(b"\xef\xbb\xbf").strip()
    if content and content.translate(None, b" \t\r\n") not in (b"[]", b"{}"):
        return
    what = "is empty (0 bytes)" if not begin else "holds nothing but white space" if not content else "holds no record"
    raise CorpusError(f"{path}: {what}; name a file with annotated tokens, or write this one again")


def iterate_corpus(path: str | Path, spec: ReadSpec | None = None) -> Iterator[Document]:
    """Read documents one at a time; the file may be empty.

    Args:
        path: as for `read_corpus`.
        spec: how to read it.

    Raises:
        ConfigError: there is no such format.
        CorpusError: the file cannot be read.
    """
    spec = spec or ReadSpec()
    if data_sets.find(path) is None:
        if Path(path).is_dir() and not brat.is_folder(path):
            raise CorpusError(f"{path}: is a folder; name a file in it")
        if not Path(path).exists():
            raise CorpusError(f"{path}: no such file; check the path")
    known = format_of(path, spec.format)
    if spec.columns is None:
        spec = spec.replace(columns=known.columns)
    _check_features(path, known, spec.features)
    documents = known.read(path, spec)
    return map(_move_features, documents) if spec.features else documents


def _check_features(path: str | Path, known: CorpusFormat, features: Columns) -> None:
    """Refuse numbers of columns where columns have none."""
    for name, column in features.items():
        if isinstance(column, int) and known is not FORMATS["conll"]:
            raise CorpusError(
                f"{path}: the feature {name!r} is column {column}, but columns have numbers in CoNLL files alone; "
                "name it, or give a CoNLL file"
            )


def _move_features(document: Document) -> Document:
    """Take the features of a document that has just been read from its tags into its columns.

    Raises:
        CorpusError: a feature would be the gold tags themselves.
    """
    sources = getattr(document.layout, "sources", {})
    for key in [key for key in document.tags if key.startswith(FEATURE)]:
        for task in document.tags:
            if key in sources and sources.get(task) == sources[key] and not task.startswith(FEATURE):
                raise CorpusError(
                    f"{document.path}: the feature {key[len(FEATURE) :]!r} is the column of the tags of {task!r} "
                    "itself; name another column"
                )
        document.columns[key[len(FEATURE) :]] = document.tags.pop(key)
        document.schemes.pop(key, None)
    return document


def save_corpus(
    documents: Iterable[Document],
    path: str | Path,
    *,
    format: str | None = None,
    tasks: Sequence[str] | None = None,
) -> None:
    """Write an annotated file; it appears complete or not at all.

    Args:
        documents: what to write.
        path: the file.
        format: name of the format, if the suffix does not tell it.
        tasks: the tasks to write; by default all.

    Raises:
        CorpusError: the format cannot hold the documents.
        TaggerError: the file cannot be written.
    """
    known = format_to_write(path, format)
    if known.write_folder is not None:
        with _new_folder(Path(path), known) as folder:
            known.write_folder(documents, folder, tasks=tasks)
        return
    with atomic_write(path, binary=True) if known.binary else atomic_write(path) as stream:
        try:
            known.write(documents, stream if known.binary else marked_stream(cast("TextIO", stream)), tasks=tasks)
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise CorpusError(f"{path}: {character!r} is half a character and has no place in UTF-8") from error


def _new_folder(path: Path, known: CorpusFormat) -> AbstractContextManager[Path]:
    """An empty folder that takes its place when it is complete.

    Raises:
        CorpusError: something is in its place, or it is named like one of its files.
    """
    if path.suffix in known.suffixes:
        raise CorpusError(f"{path}: {known.name} is written as a folder; name one, with --to {known.name}")
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise CorpusError(f"{path}: is there already; name a new folder")
    return atomic_folder(path)
