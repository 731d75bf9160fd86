"""The tagger: model, vocabulary, schemes and tokeniser in one object that tags text."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, cached_property
from itertools import chain, repeat
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.model_folder.build import network_scheme
from bilstm_tagger.nn.batch import Batch, Types
from bilstm_tagger.nn.fast_lstm import make_sweep
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.tagging.batching import batch_places, rows_of, sentence_lengths
from bilstm_tagger.tagging.type_cache import TypeCache
from bilstm_tagger.vocab.features import encode_features
from bilstm_tagger.vocab.vocab import Vocab

if TYPE_CHECKING:
    from bilstm_tagger.inspection.inspect import Inspection
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.text.tokenizers import Tokenizer

BATCH_TOKENS = 4_000  # tokens in a batch: enough rows for each product, and still in the cache
WINDOW_TOKENS = 64_000  # tokens sorted by length together

_WANTED = "give a text, a list of words or a list of lists of words"

Input = str | Sequence[str] | Sequence[Sequence[str]] | Any


class Tagger:
    """Tags text, words or documents with a trained model.

    Args:
        model: the trained network.
        vocab: its words and tags.
        settings: those it was trained with.
        schemes: for each task how the data writes spans; output is written the same way.
        metrics: scores on dev, as stored in the model folder.
        provenance: versions and data the model was made with.
    """

    def __init__(
        self,
        model: TaggingModel,
        vocab: Vocab,
        *,
        settings: Settings,
        schemes: dict[str, Scheme],
        metrics: dict[str, Any] | None = None,
        provenance: dict[str, Any] | None = None,
    ) -> None:
        self.model = model.eval()
        self.vocab = vocab
        self.settings = settings
        self.schemes = schemes
        self.metrics = metrics or {}
        self.provenance = provenance or {}
        self._sweep = make_sweep(model)
        self._cache = TypeCache(vocab, self._embed)
        self._outputs = {
            task: _OutputTags(tags, network_scheme(settings, task, schemes[task]), schemes[task])
            for task, tags in vocab.tags.items()
        }

    @classmethod
    def load(cls, folder: str | Path, *, device: str = "cpu", precision: str = "auto") -> Tagger:
        """The tagger stored in a model folder.

        Args:
            folder: the model folder.
            device: `cpu`, `cuda`, `mps`, or `auto`.
            precision: of the encoder's products: `float32`, `bfloat16`, or `auto` for the faster one here.

        Raises:
            ConfigError: if the device cannot be used here.
            ModelError: naming the piece that is missing, damaged or of another version.
        """
        from bilstm_tagger.model_folder.folder import load_tagger

        return load_tagger(folder, device=device, precision=precision)

    def save(self, folder: str | Path) -> None:
        """Writes the model folder; an earlier one there is replaced only when the new one is complete."""
        from bilstm_tagger.model_folder.folder import save_tagger

        save_tagger(self, folder)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Raw text to words; made when first needed, since loading spaCy takes seconds."""
        from bilstm_tagger.text.tokenizers import get_tokenizer

        return get_tokenizer(self.settings.data.tokenizer)

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks, in the order of the settings."""
        return list(self.vocab.tags)

    def __call__(self, source: Input) -> Document:
        """Tags a text, a list of words, a list of sentences of words, a spaCy Doc or a Document."""
        return next(self.pipe([source]))

    def pipe(self, sources: Iterable[Input], *, batch_tokens: int = BATCH_TOKENS) -> Iterator[Document]:
        """Tags a stream, in order, with memory that does not grow.

        Args:
            sources: texts, word lists, lists of sentences, spaCy Docs or Documents, mixed as they come.
            batch_tokens: padded tokens given to the network at a time.
        """
        documents = map(self.read, sources)
        while window := _window(documents, WINDOW_TOKENS):
            yield from self._tag(window, batch_tokens)

    def inspect(self, source: Input, *, task: str | None = None) -> Inspection:
        """Tags a text and tells what happened inside: gates, states, and what each prediction depends on.

        Args:
            source: as for tagging, up to a thousand tokens.
            task: whose predictions to explain; the first one if None.
        """
        from bilstm_tagger.inspection.inspect import inspect

        return inspect(self, source, task=task)

    def read(self, source: Input) -> Document:
        """The untagged document of one source."""
        if isinstance(source, Document):
            return source
        if isinstance(source, str):
            return self.tokenizer(source)
        if hasattr(source, "has_annotation"):  # a spaCy Doc, known without importing spaCy
            return Document.from_spacy(cast("Any", source))
        if not isinstance(source, Iterable) or isinstance(source, bytes | Mapping):
            raise TaggerError(f"{_WANTED}, not {type(source).__name__}")
        words = list(source)
        if all(map(isinstance, words, repeat(str))):
            return Document.from_words(words)
        if any(isinstance(sentence, str) for sentence in words):
            raise TaggerError(
                "words and sentences are mixed in one list; give a list of words or a list of lists of words"
            )
        sentences = [list(each) if isinstance(each, Iterable) else [each] for each in words]
        for word in chain.from_iterable(sentences):
            if not isinstance(word, str):
                raise TaggerError(f"{_WANTED}; a word is a str, not {type(word).__name__}")
        return Document.from_sentences(sentences)

    def _tag(self, documents: list[Document], batch_tokens: int) -> Iterator[Document]:
        words = list(chain.from_iterable(document.words for document in documents))
        lengths = sentence_lengths([document.bounds for document in documents])
        rows = lengths[lengths > 0]
        sentences: list[np.ndarray] | None = None
        if context := self.settings.encoder.context:
            sentences = [row for document in documents for row in rows_of(np.diff(document.bounds), context)]
            rows = np.array([row.sum() for row in sentences], np.int64)
        features = encode_features(self.vocab.features, documents)
        found = self._decode(words, rows, sentences, batch_tokens, features)
        bounds = np.concatenate([[0], lengths]).cumsum()
        tagged = {task: self._outputs[task](ids, bounds) for task, ids in found.items()}
        for task, tags in tagged.items():
            if len(tags) != len(words):
                raise TaggerError(f"internal error: {len(tags)} {task} tags for {len(words)} tokens")
        first = 0
        for document in documents:
            last = first + len(document.words)
            yield document.with_tags({task: tags[first:last] for task, tags in tagged.items()}, dict(self.schemes))
            first = last

    @torch.inference_mode()
    def _decode(
        self,
        words: list[str],
        rows: np.ndarray,
        sentences: list[np.ndarray] | None,
        batch_tokens: int,
        features: dict[str, np.ndarray],
    ) -> dict[str, np.ndarray]:
        """Tag ids of words `(words,)` for each task.

        Args:
            words: the words.
            rows: tokens of each row that the encoder reads in one go `(rows,)`.
            sentences: for each row the lengths of its sentences; None where each row is one.
            batch_tokens: most padded tokens in a batch.
            features: further ids of the words by name.
        """
        found = {task: np.zeros(len(words), np.int64) for task in self.tasks}

        def decode(batch: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
            members, places, mask = batch
            with torch.inference_mode():  # holds for one thread only
                states = self._states(entries, places, mask, features)
                inside = rows[members] if sentences is None else np.concatenate([sentences[row] for row in members])
                for task, tags in self.model.decode_states(states, torch.from_numpy(inside)).items():
                    found[task][places[mask]] = tags.cpu().numpy()

        batches = batch_places(rows, batch_tokens)
        cpu = self.model.embedder.words.weight.device.type == "cpu"
        with _Shared.lock:
            entries = self._cache.entries(words)
            for _ in _threads(torch.get_num_threads() if cpu else 1).map(decode, batches):
                pass
        return found

    def _embed(self, types: Types) -> torch.Tensor:
        """What is kept of words: their vectors, or what those give the first layer's gates."""
        vectors = self.model.embedder.embed_types(types.to(self.model.embedder.words.weight.device))
        return vectors if self._sweep is None else self._sweep.table(vectors)

    def _states(
        self, entries: np.ndarray, places: np.ndarray, mask: np.ndarray, features: dict[str, np.ndarray]
    ) -> torch.Tensor:
        """States `(tokens, size)` of a batch's real tokens, row by row.

        Args:
            entries: entry of each word in the cache.
            places: which words the batch holds `(batch, tokens)`.
            mask: which of them are real `(batch, tokens)`.
            features: further ids of the words by name.
        """
        table, lengths = self._cache.table, mask.sum(1)
        if self._sweep is not None:
            return self._sweep(table, entries[places[mask]], lengths)
        index, *further = (
            torch.from_numpy(np.where(mask, ids[places], 0)).to(table.device) for ids in (entries, *features.values())
        )
        named = dict(zip(features, further, strict=True))
        batch = Batch(self._cache.types, index, torch.from_numpy(lengths).to(table.device), features=named)
        states = self.model.encode(self.model.embedder.embed_tokens(table, batch), batch)[0]
        return states[torch.from_numpy(mask).to(states.device)]


@cache
def _threads(count: int) -> ThreadPoolExecutor:
    """Threads that tag a batch each: the matrices of one batch are too small to be shared out among threads."""
    return ThreadPoolExecutor(count, "tagger", initializer=torch.set_num_threads, initargs=(1,))


class _Shared:
    """What all taggers of a process share.

    Threads of the caller's take turns, since a tagger's words grow while it tags; the cores are busy either way.
    """

    lock = Lock()


def _after_fork() -> None:
    """A child process has none of its parent's threads, neither those that tag nor one that may hold the lock."""
    _threads.cache_clear()
    _Shared.lock = Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class _OutputTags:
    """Tag ids to tag strings in the scheme of the data."""

    def __init__(self, tags: list[str], encoding: Scheme, scheme: Scheme) -> None:
        self.encoding = encoding
        self.scheme = scheme
        # From IOBES every tag can be rewritten by itself, unless I- or B- depends on the tag before (IOB1).
        self.direct = encoding is scheme or (encoding is Scheme.IOBES and scheme is not Scheme.IOB1)
        self.names = [_rewrite(tag, scheme) for tag in tags] if self.direct else tags

    def __call__(self, ids: np.ndarray, bounds: np.ndarray) -> list[str]:
        names = list(map(self.names.__getitem__, ids.tolist()))
        if self.direct:
            return names
        pairs = zip(bounds.tolist(), bounds[1:].tolist(), strict=False)
        return [tag for start, end in pairs for tag in convert(names[start:end], self.encoding, self.scheme)]


_SPELLING = {
    Scheme.BIO: {"S": "B", "E": "I"},
    Scheme.BMES: {"I": "M"},
    Scheme.BILOU: {"E": "L", "S": "U"},
}


def _rewrite(tag: str, scheme: Scheme) -> str:
    """An IOBES tag in the spelling of another scheme."""
    letter, dash, label = tag.partition("-")
    return _SPELLING.get(scheme, {}).get(letter, letter) + dash + label if dash else tag


def _window(documents: Iterator[Document], tokens: int) -> list[Document]:
    """The next documents of the stream, together at least `tokens` tokens, or what is left of it."""
    window: list[Document] = []
    count = 0
    for document in documents:
        window.append(document)
        count += len(document.words) or 1  # a long run of empty documents must not pile up
        if count >= tokens:
            break
    return window
