"""The runtime by torch: distinct words read once, sentences in batches of similar length, one batch per thread."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from threading import Lock
from weakref import WeakSet

import numpy as np
import torch
from torch import Tensor

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.nn.batch import Batch, Types, moved
from bilstm_tagger.nn.device import is_queued
from bilstm_tagger.nn.fast_heads import FastHeads
from bilstm_tagger.nn.fast_lstm import FastLSTM, fast_lstm
from bilstm_tagger.nn.few_sizes import in_few_shapes
from bilstm_tagger.nn.heads import decode
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.nn.n_best import n_best
from bilstm_tagger.nn.posteriors import posteriors, softmax
from bilstm_tagger.tagging.batching import batch_places
from bilstm_tagger.tagging.runtime import BATCH_TOKENS, Decoded, NBest, Posteriors, Runtime, Wanted, Window
from bilstm_tagger.tagging.type_cache import TypeCache
from bilstm_tagger.vocab.vocab import TypeArrays, Vocab

# On a GPU, where memory is large and quick, and what takes time is to fill its queue.
QUEUED_TOKENS = 128_000  # padded tokens in a batch
QUEUED_WINDOW = 256_000  # tokens sorted by length together
QUEUED_TYPES = 200_000  # distinct words that are kept: with vectors of 240 numbers 200 MB


class TorchRuntime:
    """Decodes by a `TaggingModel`.

    The weights of the fast LSTM and of the heads are copied when the runtime is made, so weights that change need
    another runtime.

    Args:
        model: the trained network.
        vocab: its words.
    """

    def __init__(self, model: TaggingModel, vocab: Vocab) -> None:
        self.model = model.eval()
        self._fast, self._heads = fast_lstm(model), FastHeads(model)
        most = QUEUED_TYPES if is_queued(self._device) else None
        # Without a reference to the runtime, which would keep all of it in memory until Python searches for garbage.
        self._cache: TypeCache[Tensor] = TypeCache(vocab, partial(_embed, model, self._fast), _zeros, most=most)
        self._lock = Lock()
        _RUNTIMES.add(self)

    def __getstate__(self) -> dict[str, object]:
        return {"model": self.model, "vocab": self._cache.vocab}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    @torch.inference_mode()
    def decode(self, window: Window, *, batch_tokens: int = BATCH_TOKENS, wanted: Wanted | None = None) -> Decoded:
        """The best tags of a window's words; threads that call it take turns, since its words grow meanwhile."""
        decoded = _empty(window, self.model, wanted)

        def decode_batch(batch: tuple[np.ndarray, np.ndarray, np.ndarray]) -> list[_Batch]:
            members, places, mask = batch
            with torch.inference_mode():  # holds for one thread only
                states = self._states(entries, places, mask, window)
                lengths = torch.from_numpy(window.lengths[members])
                return [
                    _Batch(
                        task,
                        emissions,
                        lengths,
                        self._heads.scores[task],
                        decode(emissions, lengths, self._heads.scores[task]),
                        places[mask],
                        members,
                    )
                    for task, emissions in self._heads(states).items()
                ]

        def keep(tasks: list[_Batch]) -> None:
            for each in tasks:
                tags = each.tags.cpu().numpy()
                decoded.tags[each.task][each.places] = tags
                if wanted is not None:
                    _add(each, tags, decoded, wanted)

        with self._lock:
            entries = self._cache.entries(window.words)
            if is_queued(self._device):  # all is in its queue before the first answer is waited for
                size = QUEUED_TOKENS if batch_tokens == BATCH_TOKENS else batch_tokens
                for tasks in [decode_batch(batch) for batch in batch_places(window.lengths, size)]:
                    keep(tasks)
                return decoded
            threads = torch.get_num_threads() if self._device.type == "cpu" else 1
            batches = batch_places(window.lengths, batch_tokens)
            for _ in _threads(threads).map(lambda batch: keep(decode_batch(batch)), batches):
                pass
        return decoded

    @property
    def window_tokens(self) -> int | None:
        """How many tokens are wanted in a window; None for as many as usual."""
        return QUEUED_WINDOW if is_queued(self._device) else None

    @property
    def _device(self) -> torch.device:
        return self.model.embedder.words.weight.device

    def _states(self, entries: np.ndarray, places: np.ndarray, mask: np.ndarray, window: Window) -> Tensor:
        """States `(tokens, size)` of a batch's real tokens, sentence by sentence.

        Args:
            entries: entry of each word in the cache.
            places: which words the batch holds `(batch, tokens)`.
            mask: which of them are real `(batch, tokens)`.
            window: all sentences.
        """
        table = self._cache.table
        assert table is not None
        if self._fast is not None:
            return self._fast(table, entries[places[mask]], mask.sum(1))
        if self.model.precision is torch.bfloat16 and not is_queued(self._device):
            places, mask = in_few_shapes(places, mask)
        lengths = mask.sum(1).clip(1)  # an added sentence counts as one token of padding
        index, *further = (
            moved(torch.from_numpy(np.where(mask, ids[places], 0)), table.device)
            for ids in (entries, *window.features.values())
        )
        named = dict(zip(window.features, further, strict=True))
        batch = Batch(_NO_TYPES, index, moved(torch.from_numpy(lengths), table.device), features=named)
        states = self.model.encode(self.model.embedder.embed_tokens(table, batch), batch.lengths)
        return states.flatten(0, 1)[moved(torch.from_numpy(np.flatnonzero(mask)), states.device)]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known of a task in a batch whose sentences lie one behind the other.

    Attributes:
        task: its name.
        emissions: `(tokens, tags)`.
        lengths: tokens of each sentence `(sentences,)`.
        scores: of transitions, first and last tags; None where any tag may follow any.
        tags: decoded tag ids `(tokens,)`, on the device of the network.
        places: of the tokens in the window `(tokens,)`.
        members: numbers of the sentences in the window `(sentences,)`.
    """

    task: str
    emissions: Tensor
    lengths: Tensor
    scores: tuple[Tensor, Tensor, Tensor] | None
    tags: Tensor
    places: np.ndarray
    members: np.ndarray


def _empty(window: Window, model: TaggingModel, wanted: Wanted | None) -> Decoded:
    """Arrays for what is wanted of a window."""
    tokens, sentences = len(window.words), len(window.lengths)
    decoded = Decoded({task: np.zeros(tokens, np.int64) for task in model.tasks})
    if wanted is None:
        return decoded
    for task in model.tasks:
        if wanted.probabilities:
            tags, labels = model.heads(task)[0].tags, len(wanted.span_tags[task].relabelled)
            decoded.posteriors[task] = Posteriors(np.zeros((tokens, tags)), np.zeros((tokens, labels)))
        if n := wanted.n_best:
            decoded.n_best[task] = NBest(np.full((n, tokens), -1, np.int64), np.zeros((sentences, n)))
    return decoded


def _add(batch: _Batch, best: np.ndarray, decoded: Decoded, wanted: Wanted) -> None:
    """Adds what is wanted of a batch whose best tags are `best` `(tokens,)`."""
    task, temperature = batch.task, wanted.temperatures.get(batch.task, 1.0)
    if batch.scores is None and not wanted.n_best:
        decoded.posteriors[task].marginals[batch.places] = softmax(batch.emissions, temperature)
        return
    tags = batch.emissions.shape[1]
    nothing = batch.emissions.new_zeros
    scores = batch.scores or (nothing(tags, tags), nothing(tags), nothing(tags))
    exact = posteriors(
        batch.emissions,
        batch.lengths,
        scores,
        best=wanted.given[task][batch.places] if task in wanted.given else best,
        span_tags=wanted.span_tags[task],
        temperature=temperature,
    )
    if wanted.probabilities:
        decoded.posteriors[task].marginals[batch.places] = exact.marginals
        decoded.posteriors[task].spans[batch.places] = exact.spans
    if wanted.n_best:
        found = n_best(batch.emissions, batch.lengths, scores, wanted.n_best, exact.log_z, temperature=temperature)
        decoded.n_best[task].tags[:, batch.places] = found.tags
        decoded.n_best[task].probabilities[batch.members] = np.exp(found.log_probabilities)


_EMPTY = torch.zeros(0, dtype=torch.long)
_NO_TYPES = Types(_EMPTY, _EMPTY[:, None], _EMPTY)  # the vectors of the words are there already


def _embed(model: TaggingModel, fast: FastLSTM | None, arrays: TypeArrays) -> Tensor:
    """What is kept of words: their vectors, or what those give the first layer's gates."""
    types = Types(*map(torch.from_numpy, (arrays.rows, arrays.chars, arrays.shapes)))
    vectors = model.embedder.embed_types(types.to(model.embedder.words.weight.device))
    return vectors if fast is None else fast.table(vectors)


def _zeros(rows: int, like: Tensor) -> Tensor:
    return like.new_zeros(rows, *like.shape[1:])


def torch_model(runtime: Runtime) -> TaggingModel:
    """The network of a runtime.

    Raises:
        TaggerError: if it has none that torch can save or look into.
    """
    if not isinstance(runtime, TorchRuntime):
        raise TaggerError(f"{type(runtime).__name__} holds no torch network; load the model folder with Tagger.load")
    return runtime.model


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Threads that tag a batch each: the matrices of one batch are too small to be shared out among threads."""
    return ThreadPoolExecutor(count, "tagger", initializer=torch.set_num_threads, initargs=(1,))


_RUNTIMES: WeakSet[TorchRuntime] = WeakSet()


def _after_fork() -> None:
    """A child process has none of its parent's threads, neither those that tag nor one that may hold a lock."""
    _threads.cache_clear()
    for runtime in _RUNTIMES:
        runtime._lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
