"""From one file to another of any format and scheme.

What the target cannot hold is found by reading it back, so it is told for every format, also for those to come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bilstm_tagger.corpus.convert.left_out import left_out
from bilstm_tagger.corpus.convert.not_kept import losses, same_sentences, touching_spans
from bilstm_tagger.corpus.convert.tasks import Columns, find_columns
from bilstm_tagger.corpus.corpus import Corpus, CorpusStats, Repairs
from bilstm_tagger.corpus.formats import DATA_SETS, brat_write, format_of, format_to_write
from bilstm_tagger.corpus.formats.columns import ConllLayout
from bilstm_tagger.corpus.formats.token_columns import TokenRowLayout
from bilstm_tagger.corpus.reading import read_corpus, save_corpus
from bilstm_tagger.corpus.settle import holds_for
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.io.atomic import is_device
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.text.tokenizers import get_tokenizer
from bilstm_tagger.wording import counted

__all__ = ["Conversion", "ConvertOptions", "convert_corpus", "save_and_compare"]


@dataclass(frozen=True, slots=True)
class ConvertOptions:
    """How to convert.

    Attributes:
        spec: how to read the source; without columns all tasks that it has.
        target_format: format of the file that is written, if its suffix does not tell it.
        declared: the scheme of the spans in the source; detected unless named.
        scheme: the scheme to write spans in; None for that of the source.
        repair: whether impossible tag sequences are made legal; else they are refused.
    """

    spec: ReadSpec = field(default_factory=ReadSpec)
    target_format: str | None = None
    declared: Scheme | None = None
    scheme: Scheme | None = None
    repair: bool = False


@dataclass(frozen=True, slots=True)
class Conversion:
    """What was done.

    Attributes:
        sizes: what was written.
        columns: for each task where its tags are in the target.
        schemes: for each task the scheme it had and the one it has.
        repairs: for each task what was repaired.
        losses: what the target does not hold, a sentence each.
        read_as: the name under which a task is read back without a column, where that is another one; None if it is
            not read back at all.
    """

    sizes: CorpusStats
    columns: Columns
    schemes: dict[str, tuple[Scheme, Scheme]]
    repairs: dict[str, Repairs] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    read_as: dict[str, str | None] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {
            "schemes": {task: list(map(str, schemes)) for task, schemes in self.schemes.items()},
            "losses": list(self.losses),
        }


def convert_corpus(source: str | Path, target: str | Path, options: ConvertOptions | None = None) -> Conversion:
    """Write an annotated file anew in the format and the scheme that are asked for.

    Args:
        source: the file, or a data set.
        target: the file to write; its suffix tells the format unless it is named.
        options: how.

    Returns:
        What was done, and what was lost.

    Raises:
        ConfigError: plain tags are asked for.
        CorpusError: the source cannot be read, has impossible tag sequences, or the target cannot hold it.
    """
    options = options or ConvertOptions()
    if options.scheme is Scheme.NONE:
        raise ConfigError("spans cannot become plain tags; choose one of IOB1, BIO, IOBES, BMES, BILOU, IO")
    target_format = format_to_write(target, options.target_format)
    if target_format is DATA_SETS:
        raise CorpusError(f"{target}: a data set cannot be written; write .parquet or .jsonl")
    spec = options.spec
    if spec.columns is None:
        chosen = spec.misaligned != "error"
        columns = find_columns(
            source, format=spec.format, encoding=spec.encoding, delimiter=spec.delimiter, overlapping=chosen
        )
        spec = spec.replace(columns=columns)
    tasks = list(spec.columns or {})
    corpus = read_corpus(source, spec=spec)
    schemes, repairs = {}, {}
    merged = 0
    for task in tasks:
        corpus, repairs[task] = _settle(corpus, task, tasks, options)
        before = corpus.schemes[task]
        if options.scheme is Scheme.IO and before is not Scheme.IO:
            merged += touching_spans(corpus, task)
        if options.scheme is not None and before is not Scheme.NONE:
            corpus = corpus.respell(task, options.scheme)
        schemes[task] = (before, corpus.schemes[task])
    places, lost = save_and_compare(corpus, source, target, spec=spec, format=options.target_format)
    if merged:
        lost.append(
            f"boundaries between {counted(merged, 'pair')} of spans that touch and have one label, which IO cannot tell"
        )
    repaired = {task: repairs for task, repairs in repairs.items() if repairs}
    names = _names_read_back(target, places, options.target_format)
    return Conversion(corpus.stats(), places, schemes, repaired, tuple(lost), names)


def save_and_compare(
    corpus: Corpus, source: str | Path, target: str | Path, *, spec: ReadSpec, format: str | None = None
) -> tuple[Columns, list[str]]:
    """Write a corpus and read it back, to tell what the file does not hold.

    Args:
        corpus: what to write, settled.
        source: the file that it comes from.
        target: the file to write.
        spec: how the source was read, with its columns; their tasks are written.
        format: format of the target, if its suffix does not tell it.

    Returns:
        For each task where its tags are in the target, and a sentence for each thing lost.

    Raises:
        CorpusError: the target cannot hold the corpus.
    """
    tasks = list(spec.columns or {})
    save_corpus(corpus, target, format=format, tasks=tasks)
    known = format_of(target, format)
    places: Columns = {task: task for task in tasks} if known.places is None else {**known.places(corpus, tasks)}
    if isinstance(corpus[0].layout, TokenRowLayout) and corpus[0].layout.kept:
        places = {task: corpus[0].layout.sources[task] for task in tasks}
    if is_device(target):  # of a pipe it would wait for what nobody writes
        lost = [f"what the format cannot hold, which is not known: {target} cannot be read back"]
    else:
        lost = _compare(corpus, target, spec.replace(columns=places), format, columns=spec.columns or {})
    lost += [f"tags of {task}, for which {known.name} has no place" for task in tasks if task not in places]
    return places, lost + left_out(source, spec, corpus[0])


def _names_read_back(target: str | Path, places: Columns, format: str | None) -> dict[str, str | None]:
    """For tasks that are read back under another name, or not at all, that name."""
    known = format_of(target, format)
    if known.write_folder is not None:
        return {}  # brat has one set of spans and needs no name for it
    found: dict[str, str] = {}
    for task, column in find_columns(target, format=format).items():
        found[str(column)] = task
        found.setdefault(str(column).partition(".")[0], task)  # a feature of a layer of WebAnno
    last: int | str | None = max((place for place in places.values() if isinstance(place, int)), default=None)
    if len(places) == 1:  # where there is one task, what is read by default is this one
        (last,) = places.values()
    read = {
        task: found.get(str(place)) or (found.get("-1") if place == last else None) for task, place in places.items()
    }
    return {task: name for task, name in read.items() if name != task}


def _settle(corpus: Corpus, task: str, tasks: Sequence[str], options: ConvertOptions) -> tuple[Corpus, Repairs]:
    """The corpus with the scheme of a task, after any repair; a declared one holds for tasks that have spans."""
    declared = options.declared
    if declared not in (None, Scheme.NONE) and not holds_for(corpus, task, tasks):
        declared = None
    if options.repair:
        return corpus.repair(task, declared=declared)
    return corpus.settle(task, declared=declared), Repairs()


def _compare(corpus: Corpus, target: str | Path, spec: ReadSpec, format: str | None, *, columns: Columns) -> list[str]:
    """What the file that was written lacks, raw text in it read as in the source."""
    if format_of(target, format).write_folder is not None:
        (task,) = spec.columns or {}
        tokenizer = get_tokenizer(spec.tokenizer)
        written_folder, same_tokens = brat_write.read_back(corpus, Path(target), task, tokenizer)
        lost = losses(corpus.only([task]), written_folder, columns)
        if same_tokens and same_sentences(corpus, written_folder):
            return lost
        return ["tokens and sentences: brat has text, which is cut anew", *lost]
    try:
        written = read_corpus(target, spec=_as_written(corpus, target, spec, format))
    except CorpusError as error:
        return [f"what was written could not be read back to compare it ({error})"]
    return losses(corpus.only(list(spec.columns or {})), written, columns)


def _as_written(corpus: Corpus, target: str | Path, spec: ReadSpec, format: str | None) -> ReadSpec:
    """How to read what was written: of the options that the source needed, those hold that the target has kept."""
    plain = ReadSpec(format=format, columns=spec.columns, tokenizer=spec.tokenizer, misaligned=spec.misaligned)
    layout = corpus[0].layout
    if isinstance(layout, ConllLayout) and format_of(target, format).name == "conll":
        return plain.replace(word_column=layout.word + 1, comments=spec.comments)
    if isinstance(layout, TokenRowLayout) and layout.kept:
        mark = layout.style.delimiter if format_of(target, format).name in ("csv", "token-csv") else None
        return plain.replace(word_column=layout.word, sentence_column=layout.sentence, delimiter=mark)
    return plain
