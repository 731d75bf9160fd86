"""The tagger: model, vocabulary, schemes and tokeniser in one object that tags text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch

from bilstm_tagger.build import network_scheme
from bilstm_tagger.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.features import encode_features
from bilstm_tagger.labels import Scheme, convert
from bilstm_tagger.layout import batch_places, cut_rows, rows_of
from bilstm_tagger.nn.batch import Batch, Cuts, Types
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.vocab import Vocab

if TYPE_CHECKING:
    from bilstm_tagger.config import Settings
    from bilstm_tagger.insight.inspection import Inspection
    from bilstm_tagger.text import Tokenizer

BATCH_TOKENS = 2_000  # padded tokens in a batch: enough for the kernels, little padding, fits the cache
WINDOW_TOKENS = 64_000  # tokens sorted by length together
CACHED_TYPES = 100_000  # distinct words whose vectors are kept

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
        self._cache = TypeCache(model, vocab)
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
        from bilstm_tagger.model_folder import load_tagger

        return load_tagger(folder, device=device, precision=precision)

    def save(self, folder: str | Path) -> None:
        """Writes the model folder; an earlier one there is replaced only when the new one is complete."""
        from bilstm_tagger.model_folder import save_tagger

        save_tagger(self, folder)

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Raw text to words; made when first needed, since loading spaCy takes seconds."""
        from bilstm_tagger.text import get_tokenizer

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
        from bilstm_tagger.insight.inspection import inspect

        return inspect(self, source, task=task)

    def read(self, source: Input) -> Document:
        """The untagged document of one source."""
        if isinstance(source, Document):
            return source
        if isinstance(source, str):
            return self.tokenizer(source)
        if hasattr(source, "has_annotation"):  # a spaCy Doc, known without importing spaCy
            return Document.from_spacy(cast("Any", source))
        words = list(source)
        if all(isinstance(word, str) for word in words):
            return Document.from_words(words)
        if any(isinstance(sentence, str) for sentence in words):
            raise TaggerError(
                "words and sentences are mixed in one list; give a list of words or a list of lists of words"
            )
        return Document.from_sentences([list(sentence) for sentence in words])

    def _tag(self, documents: list[Document], batch_tokens: int) -> Iterator[Document]:
        words = list(chain.from_iterable(document.words for document in documents))
        lengths = [np.diff(document.bounds) for document in documents]
        tagged = self._decode(words, lengths, batch_tokens, encode_features(self.vocab.features, documents))
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
        self, words: list[str], lengths: list[np.ndarray], batch_tokens: int, features: dict[str, np.ndarray]
    ) -> dict[str, list[str]]:
        """Tags of the words of consecutive documents, for each task.

        Args:
            words: the words.
            lengths: for each document the lengths of its sentences.
            batch_tokens: most padded tokens in a batch.
            features: further ids of the words by name.
        """
        entries = self._cache.entries(words)
        found = {task: np.zeros(len(words), np.int64) for task in self.tasks}
        rows = [row for document in lengths for row in rows_of(document, self.settings.encoder.context)]
        for members, places, mask in batch_places(np.array([row.sum() for row in rows], np.int64), batch_tokens):
            index = torch.from_numpy(np.where(mask, entries[places], 0)).to(self._cache.table.device)
            cuts: Cuts | None = None
            sentences = mask
            if self.settings.encoder.context:
                cuts, sentences = cut_rows([rows[member] for member in members], mask.shape[1])
                cuts = cuts.to(index.device)
            further = {name: torch.from_numpy(np.where(mask, ids[places], 0)) for name, ids in features.items()}
            further = {name: ids.to(index.device) for name, ids in further.items()}
            batch = Batch(
                self._cache.types, index, torch.from_numpy(mask.sum(1)).to(index.device), features=further, cuts=cuts
            )
            x = self.model.embedder.embed_tokens(self._cache.table, batch)
            decoded = self.model.decode_states(*self.model.encode(x, batch))
            for task, tags in decoded.items():
                found[task][places[mask]] = tags.cpu().numpy()[sentences]
        bounds = np.concatenate([[0], *lengths]).cumsum()
        return {task: self._outputs[task](ids, bounds) for task, ids in found.items()}


class TypeCache:
    """Vectors of the distinct words seen so far; when full it starts anew, so memory is bounded.

    Attributes:
        table: their vectors `(capacity, type_size)`; entry 0 is the padding type.
    """

    def __init__(self, model: TaggingModel, vocab: Vocab) -> None:
        self.model = model
        self.vocab = vocab
        self.device = model.embedder.words.weight.device
        empty = torch.zeros(0, dtype=torch.long)
        self.types = Types(empty, empty[:, None], empty)
        self._clear(1024)

    def _clear(self, capacity: int) -> None:
        self._known: dict[str, int] = {}
        self.table = torch.zeros(capacity, self.model.embedder.type_size, device=self.device)

    def entries(self, words: Sequence[str]) -> np.ndarray:
        """Entry of each word in `table` `(words,)`; words not seen before are embedded first."""
        new = [word for word in dict.fromkeys(words) if word not in self._known]
        if new:
            if len(self._known) + len(new) > CACHED_TYPES:
                self._clear(1024)
                new = list(dict.fromkeys(words))
            self._add(new)
        return np.fromiter(map(self._known.__getitem__, words), np.int64, len(words))

    def _add(self, words: list[str]) -> None:
        first = len(self._known) + 1
        needed = first + len(words)
        if needed > len(self.table):
            grown = self.table.new_zeros(max(needed, 2 * len(self.table)), self.table.shape[1])
            grown[:first] = self.table[:first]
            self.table = grown
        for at in range(0, len(words), 4096):
            arrays = self.vocab.encode(words[at : at + 4096])
            types = Types(*(torch.from_numpy(ids) for ids in (arrays.rows, arrays.chars, arrays.shapes)))
            vectors = self.model.embedder.embed_types(types.to(self.device))
            self.table[first + at : first + at + len(types)] = vectors
        self._known.update(zip(words, range(first, needed), strict=True))


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
