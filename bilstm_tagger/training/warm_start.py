"""Starting from an earlier model: its weights wherever words, characters, tags and sizes agree."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.evaluation.evaluate import SpanScores, TagScores, evaluate
from bilstm_tagger.model_folder.quantization import WORD_TABLES
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.settings.loading import known_settings, load_settings, presets
from bilstm_tagger.settings.schema import FeatureSettings, Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.tagging.torch_runtime import torch_model
from bilstm_tagger.vocab.features import Feature
from bilstm_tagger.vocab.vocab import Vocab

if TYPE_CHECKING:
    from bilstm_tagger.training.sources import Source
    from bilstm_tagger.vocab.vectors import Vectors

logger = logging.getLogger("bilstm_tagger")

# How the model's own training files were read, which says nothing of another file.
_AS_ANY_FILE: dict[str, Any] = {
    "replay": None,
    "format": None,
    "names": (),
    "encoding": None,
    "comments": None,
    "delimiter": None,
}
_AS_ANY_FILE |= {"sentence_column": None, "labels": {}, "fix_tags": False, "label": None}

Scores = Mapping[str, SpanScores | TagScores]


def settings_of(earlier: Tagger, *, name: str) -> Settings:
    """The settings to train on from a model: its own, without the files it was made from and how long it read them.

    How it is trained is what its preset says: a schedule for a large corpus would read a small one too seldom. From its
    own training is the share of sentences in another case, since a model that knows all cases is to stay so.

    Args:
        earlier: the model.
        name: its folder, or its name.
    """
    settings = known_settings(earlier.info.settings)
    schedule = load_settings(settings.preset if settings.preset in presets() else None).training
    no_files = {"train": None, "dev": None}
    no_corpora: dict[str, Any] = {"corpora": (), "unmarked": ()}
    return settings.model_copy(
        update={
            "notes": "",
            "licence": "",
            "data": settings.data.model_copy(update=no_files | _AS_ANY_FILE),
            "tasks": {task: each.model_copy(update=no_files | no_corpora) for task, each in settings.tasks.items()},
            "embedder": settings.embedder.model_copy(
                update={"vectors": None, "size": earlier.info.network.embedder.word_size}
            ),
            "training": schedule.model_copy(update={"init_from": name, "recase": settings.training.recase}),
        }
    )


def load_earlier(name: str | None) -> Tagger | None:
    """The tagger of the model folder that training starts from; None where it starts from nothing."""
    return Tagger.load(name) if name else None


def kept_lists(now: Mapping[str, FeatureSettings], earlier: Tagger) -> dict[str, Feature]:
    """Lists of phrases that the earlier model has inside and whose files are not there any more."""
    before = known_settings(earlier.info.settings).features
    return {
        name: feature
        for name, feature in earlier.vocab.features.items()
        if feature.kind == "phrases" and name in now and before[name] == now[name]
        if not all(Path(path).is_file() for path in now[name].phrases.values())
    }


def same_word_size(earlier: Tagger, vectors: Vectors | None) -> int:
    """The size of the earlier model's word vectors, to which a file of vectors is held.

    Raises:
        ConfigError: if the file's vectors have another size.
    """
    size = earlier.info.network.embedder.word_size
    if vectors is not None and vectors.size != size:
        raise ConfigError(
            f"{vectors.path}: its vectors have {vectors.size} numbers, those of the model to start from {size}; "
            "leave the vectors out, the model brings its own"
        )
    return size


def name_lost_labels(vocab: Vocab, earlier: Vocab) -> None:
    """Warns of labels that the new data lacks, and says which are new to the model."""
    for task in vocab.tags:
        if task not in earlier.tags:
            logger.warning("%s: the model to start from has no such task; its head starts afresh", task)
            continue
        now, before = _labels(vocab.tags[task]), _labels(earlier.tags[task])
        if lost := [label for label in before if label not in now]:
            logger.warning(
                "%s: the new data lacks %s, which the new model cannot give any more; replay old data to keep them",
                task,
                ", ".join(lost),
            )
        if new := [label for label in now if label not in before]:
            logger.info("%s: %s new to the model", task, ", ".join(new))
    if dropped := [task for task in earlier.tags if task not in vocab.tags]:
        logger.warning("the new model leaves out: %s", ", ".join(dropped))


def _labels(tags: Sequence[str]) -> list[str]:
    """Span labels, or the tags themselves where they are plain."""
    spans = tags[:1] == ["O"] and all(tag[1:2] == "-" for tag in tags[1:])
    return list(dict.fromkeys(tag[2:] for tag in tags[1:])) if spans else list(tags)


_MEMBER = re.compile(r"^members\.\d+\.")  # before the weights of an encoder and its heads


@torch.no_grad()
def take_over(model: TaggingModel, vocab: Vocab, earlier: Tagger) -> None:
    """Puts an earlier model's weights into a fresh one.

    Rows of words, characters and tags go by their names; all else needs the same name and shape. What agrees with
    nothing, on either side, is named in a warning.
    """
    old, target = torch_model(earlier.runtime).state_dict(), model.state_dict()
    _take_words(target, vocab, old, earlier.vocab)
    names = _row_names(vocab, earlier.vocab)
    fresh = []
    for name, tensor in target.items():
        if name in WORD_TABLES:
            continue
        source = None if _reads_something_else(name, old, target) else old.get(name)
        kind = next((kind for kind in names if _MEMBER.sub("", name).startswith(kind)), None)
        square = name.endswith(".crf.transitions")
        if source is not None and kind is not None and (square or tensor.shape[1:] == source.shape[1:]):
            _take_rows(tensor, source, names[kind], square=square)
        elif source is not None and tensor.shape == source.shape:
            tensor.copy_(source)
        else:
            fresh.append(name)
    # Heads of tasks that one side lacks have been told by task.
    new = _heads(task for task in vocab.tags if task not in earlier.vocab.tags)
    if fresh := [name for name in fresh if not _MEMBER.sub("", name).startswith(new)]:
        logger.warning("weights that start afresh, for the model has none of that size: %s", ", ".join(fresh))
    left_out = _heads(task for task in earlier.vocab.tags if task not in vocab.tags)
    if lost := [name for name in old if name not in target and not _MEMBER.sub("", name).startswith(left_out)]:
        logger.warning("weights of the model that the new one has no place for: %s", ", ".join(lost))


def _heads(tasks: Iterable[str]) -> tuple[str, ...]:
    """What the names of the weights of these tasks' heads begin with, behind the member of an ensemble."""
    return tuple(f"heads.{task}." for task in tasks)


def _reads_something_else(name: str, old: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> bool:
    """Whether it is a head's projection, which read states before and reads a tanh layer now, or the reverse."""
    head, projection, _ = name.rpartition("projection.")
    layer = f"{head}hidden.weight"
    return bool(projection) and (layer in old) != (layer in target)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Which row of the new tensor comes from which of the old one, `(rows,)` each."""

    to: Tensor
    origin: Tensor

    @classmethod
    def of(cls, names: Sequence[str], old_names: Sequence[str]) -> _Rows:
        at = {name: row for row, name in enumerate(old_names)}
        pairs = [(row, at[name]) for row, name in enumerate(names) if name in at]
        return cls(torch.tensor([to for to, _ in pairs]).long(), torch.tensor([origin for _, origin in pairs]).long())


def _row_names(vocab: Vocab, old: Vocab) -> dict[str, _Rows]:
    """Rows of the tensors that have one for each character or tag, by the beginning of the tensors' names."""
    rows = {"embedder.characters.embedding.": _Rows.of(vocab.characters, old.characters)}
    for name, feature in vocab.features.items():
        before = old.features[name].values if name in old.features else []
        rows[f"embedder.features.{name}."] = _Rows.of(["", "?", *feature.values], ["", "?", *before])
    for task, tags in vocab.tags.items():
        by_tag = _Rows.of(tags, old.tags.get(task, []))
        rows |= {f"heads.{task}.projection.": by_tag, f"heads.{task}.crf.": by_tag}
    return rows


def _take_rows(tensor: Tensor, source: Tensor, rows: _Rows, *, square: bool) -> None:
    """Rows by name; of transitions `(tags, tags)` the columns too."""
    if square:
        tensor[rows.to[:, None], rows.to] = source[rows.origin[:, None], rows.origin]
    else:
        tensor[rows.to] = source[rows.origin]


def _take_words(target: dict[str, Tensor], vocab: Vocab, old: dict[str, Tensor], old_vocab: Vocab) -> None:
    """Word rows, trained and frozen; a word that was frozen and occurs in the new data is trained from there on."""
    table = torch.cat([old[name] for name in WORD_TABLES])
    every = [*old_vocab.trained, *old_vocab.frozen]
    for name, words in zip(WORD_TABLES, (vocab.trained, vocab.frozen), strict=True):
        rows = _Rows.of(words, every)
        target[name][rows.to] = table[rows.origin]


def compare_on_dev(
    earlier: Tagger, tagger: Tagger, sources: Sequence[Source]
) -> dict[str, dict[str, dict[str, float]]]:
    """What `compare` finds on dev; nothing, with a warning, where `earlier` cannot be scored on such data."""
    try:
        before = dev_scores(earlier, sources)
    except TaggerError as error:
        logger.warning("the model to start from is not scored on dev, for it cannot be: %s", error)
        return {}
    return compare(before, dev_scores(tagger, sources))


def dev_scores(tagger: Tagger, sources: Sequence[Source]) -> dict[str, SpanScores | TagScores]:
    """The tagger's scores on the dev documents of the tasks it has, label by label."""
    scores: dict[str, SpanScores | TagScores] = {}
    for source in sources:
        tasks = [task for task in source.tasks if task in tagger.tasks]
        if tasks and any(document.words for document in source.dev):
            scores |= evaluate(tagger, source.dev).tasks
    return scores


def compare(before: Scores, after: Scores) -> dict[str, dict[str, dict[str, float]]]:
    """F1 of each label in gold, and the headline score of all, before and after, by task."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for task in after:
        if task not in before:
            continue
        old, new = _by_label(before[task]), _by_label(after[task])
        found[task] = {
            label: {"before": old.get(label, (0.0, 0))[0], "after": f1, "support": support}
            for label, (f1, support) in new.items()
        }
    return found


def _by_label(scores: SpanScores | TagScores) -> dict[str, tuple[float, int]]:
    """F1 and number of gold spans or tokens of each label, and under `all` the headline."""
    labels = scores.labels if isinstance(scores, SpanScores) else scores.tags
    each = {label: (score.f1, score.support) for label, score in labels.items() if score.support}
    return each | {"all": (scores.headline, sum(support for _, support in each.values()))}
