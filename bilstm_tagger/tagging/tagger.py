"""The tagger: documents, schemes, tokenisers and windows around a runtime that computes tags."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property
from itertools import chain, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.entities import Entity, entities_of
from bilstm_tagger.document.probabilities import Probabilities, TagSequence
from bilstm_tagger.document.probable import Least, check_least, keep_probable
from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.batching import WINDOW_TOKENS, collector_paused, next_window, sentence_lengths
from bilstm_tagger.tagging.checks import check_stream
from bilstm_tagger.tagging.exports import Exports
from bilstm_tagger.tagging.output_tags import OutputTags
from bilstm_tagger.tagging.overlap import is_overlong, narrowed, restored, widened, windowed
from bilstm_tagger.tagging.runtime import BATCH_TOKENS, Decoded, Runtime, Wanted, Window
from bilstm_tagger.tagging.sources import Input, read_source
from bilstm_tagger.vocab.features import encode_features
from bilstm_tagger.vocab.vocab import Vocab

if TYPE_CHECKING:
    from bilstm_tagger.model_folder.folder import ModelParts
    from bilstm_tagger.settings.read_spec import ReadSpec
    from bilstm_tagger.text.tokenizers import Tokenizer

WINDOW_BATCH = 32_000  # tokens in a batch of windows, which are longer than sentences and as many rows are wanted


class Tagger(Exports):
    """Tags text, words or documents with a trained model.

    Args:
        info: what is known of the model: its words, tags and schemes.
        runtime: computes the tags.
    """

    def __init__(self, info: ModelInfo, runtime: Runtime) -> None:
        self.info = info
        self.runtime = runtime
        self._outputs = {
            task: OutputTags(info.vocab.tags[task], config.encoding, config.scheme)
            for task, config in info.network.tasks.items()
        }

    @classmethod
    def load(
        cls,
        folder: str | Path,
        *,
        device: str = "cpu",
        precision: str = "auto",
        plugins: Collection[str] = (),
        verify: bool = True,
        revision: str | None = None,
    ) -> Tagger:
        """The tagger stored in a model folder.

        Args:
            folder: the model folder, the name of a model that comes with the package, or that of a model on the Hugging
                Face hub, `user/name`; a folder that is there is never looked for elsewhere.
            device: `cpu`, `cuda`, `mps`, or `auto`.
            precision: of the encoder's products: `float32`, `bfloat16`, or `auto` for the faster one here.
            plugins: classes from outside the package that the folder may name, as `package.module:Class`; loading one
                runs its code.
            verify: whether the checksum of the weights is compared.
            revision: branch, tag or commit of a model on the hub; its main branch if None.

        Raises:
            ConfigError: if the device cannot be used here.
            ModelError: naming the piece that is missing, damaged, of a later version or not allowed.
        """
        from bilstm_tagger.model_folder.folder import load_model
        from bilstm_tagger.nn.device import pick_device, pick_precision

        chosen = pick_device(device)
        dtype = pick_precision(precision, chosen)
        parts = load_model(folder, plugins=plugins, verify=verify, revision=revision)
        parts.model.to(chosen).precision = dtype
        return cls.of(parts)

    @classmethod
    def of(cls, parts: ModelParts) -> Tagger:
        """A tagger around a network as it is now."""
        from bilstm_tagger.tagging.torch_runtime import TorchRuntime

        return cls(parts.info, TorchRuntime(parts.model, parts.info.vocab))

    @property
    def vocab(self) -> Vocab:
        """Words, characters and tags of the model."""
        return self.info.vocab

    @property
    def schemes(self) -> dict[str, Scheme]:
        """For each task how spans are spelled in what is tagged, which is how the training data spells them."""
        return self.info.schemes

    @property
    def metrics(self) -> dict[str, Any]:
        """Scores on dev and the history of training."""
        return self.info.metrics

    @property
    def reading(self) -> dict[str, ReadSpec]:
        """For each task how its training data was read."""
        return self.info.reading

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """Raw text to words; made when first needed, since loading spaCy takes seconds."""
        from bilstm_tagger.text.tokenizers import get_tokenizer

        return get_tokenizer(self.info.tokenizer)

    @property
    def tasks(self) -> list[str]:
        """Names of the tasks, in the order of the settings."""
        return self.info.tasks

    def __call__(
        self, source: Input, *, probabilities: bool = False, min_probability: Least = 0.0, n_best: int = 0
    ) -> Document:
        """Tags a text, a list of words, a list of sentences of words, a spaCy Doc or a Document.

        Args:
            source: what to tag.
            probabilities: whether `span.probability`, `span.alternatives` and `token.probabilities` are wanted.
            min_probability: spans that are less probable are left out; a number, or one for each label.
            n_best: how many of the best tag sequences of each sentence are wanted.
        """
        options = {"probabilities": probabilities, "min_probability": min_probability, "n_best": n_best}
        return next(self.pipe([source], **options))  # type: ignore[arg-type]

    def pipe(
        self,
        sources: Iterable[Input],
        *,
        batch_tokens: int = BATCH_TOKENS,
        probabilities: bool = False,
        min_probability: Least = 0.0,
        n_best: int = 0,
    ) -> Iterator[Document]:
        """Tags a stream, in order, with memory that does not grow.

        Args:
            sources: texts, word lists, lists of sentences, spaCy Docs or Documents, mixed as they come.
            batch_tokens: padded tokens given to the network at a time.
            probabilities: whether `span.probability`, `span.alternatives` and `token.probabilities` are wanted.
            min_probability: spans that are less probable are left out; a number, or one for each label.
            n_best: how many of the best tag sequences of each sentence are wanted, in
                `document.probabilities[task].n_best`; the windows of an overlong sentence are sentences then.

        Raises:
            ConfigError: if an option is not what it can be.
            TaggerError: if `sources` are one text or a frame, or one of them is nothing that can be tagged.
        """
        if isinstance(n_best, bool) or not isinstance(n_best, int) or n_best < 0:
            raise ConfigError(f"n_best must be a whole number from 0 on, not {n_best!r}")
        check_least(min_probability, chain.from_iterable(output.labels for output in self._outputs.values()))
        wanted = None
        if probabilities or n_best or min_probability:
            span_tags = {task: output.span_tags() for task, output in self._outputs.items()}
            wanted = Wanted(span_tags, self.info.temperatures, n_best=n_best)
        check_stream(sources)
        documents = self._read_all(sources)
        tokens = getattr(self.runtime, "window_tokens", None) or WINDOW_TOKENS
        while window := self._next_window(sources, documents, tokens):
            # The best sequences of windows that overlap cannot be put together, so with `n_best` each is one sentence.
            with collector_paused():
                if not n_best and any(map(is_overlong, window)):
                    size = WINDOW_BATCH if batch_tokens == BATCH_TOKENS else batch_tokens
                    cut = list(map(windowed, window))
                    wide = self._tag(list(map(widened, cut)), size, wanted)
                    tagged = list(map(restored, window, narrowed(cut, wide)))
                else:
                    tagged = list(self._tag(window, batch_tokens, wanted))
            yield from (keep_probable(each, min_probability) for each in tagged) if min_probability else tagged

    def _read_all(self, sources: Iterable[Input]) -> Iterator[Document]:
        """The untagged documents of a stream; of one of several that cannot be tagged it is told which one it is."""
        for number, source in enumerate(sources):
            try:
                document = self.read(source)
            except TaggerError as error:
                if isinstance(sources, list) and len(sources) == 1:
                    raise
                raise type(error)(f"text {number}, counted from 0: {error}") from None
            yield document

    @staticmethod
    def _next_window(sources: Iterable[Input], documents: Iterator[Document], tokens: int) -> list[Document]:
        """As `next_window`; without the garbage collector where reading the sources runs no code of the caller."""
        with collector_paused() if isinstance(sources, list | tuple) else nullcontext():
            return next_window(documents, tokens)

    def probabilities_of(
        self, documents: Iterable[Document], *, batch_tokens: int = BATCH_TOKENS
    ) -> Iterator[Document]:
        """The documents with the tags that they have, and how probable these are under the model.

        Args:
            documents: with tags of the model's tasks in its schemes. A span with a label that the model does not have,
                and a token that nobody annotated, count as outside of spans; the probability of such a span is not
                known.
            batch_tokens: padded tokens given to the network at a time.

        Raises:
            CorpusError: a document has no tags of any of the tasks, or they are not legal.
        """
        span_tags = {task: output.span_tags() for task, output in self._outputs.items()}
        stream = iter(documents)
        while window := next_window(stream, WINDOW_TOKENS):
            tasks = [task for task in self._outputs if task in window[0].tags]
            given = {
                task: np.concatenate(
                    [self._outputs[task].ids(document.tags_of(task), document.bounds) for document in window]
                )
                for task in tasks
            }
            if not tasks:
                window[0].tags_of(next(iter(self._outputs)))
            wanted = Wanted(span_tags, self.info.temperatures, given=given)
            for document, tagged in zip(window, self._tag(window, batch_tokens, wanted), strict=True):
                known = {task: tagged.probabilities[task] for task in tasks}
                yield document.with_tags(document.tags, document.schemes, probabilities=known)

    def entities(self, sources: Iterable[Input], *, probabilities: bool = False) -> list[Entity]:
        """The names in texts, word lists or documents, as plain rows; `document` counts the sources from 1.

        Args:
            sources: texts, word lists, lists of sentences, spaCy Docs or Documents.
            probabilities: whether the rows tell how probable each name is.
        """
        if isinstance(sources, str):
            sources = [sources]
        found: list[Entity] = []
        for number, document in enumerate(self.pipe(sources, probabilities=probabilities), 1):
            document.id = document.id or str(number)
            found += entities_of(document)
        return found

    def read(self, source: Input) -> Document:
        """The untagged document of one source."""
        return read_source(source, lambda: self.tokenizer)

    def _tag(self, documents: list[Document], batch_tokens: int, wanted: Wanted | None) -> Iterator[Document]:
        words = list(chain.from_iterable(document.words for document in documents))
        lengths = sentence_lengths([document.bounds for document in documents])
        features = encode_features(self.vocab.features, documents)
        window = Window(words, lengths[lengths > 0], features)
        decoded = self.runtime.decode(window, batch_tokens=batch_tokens, wanted=wanted)
        tags = self._strings(decoded, lengths)
        if wanted is not None and (missing := tags.keys() - decoded.posteriors.keys()):
            raise TaggerError(f"{type(self.runtime).__name__} gives no probabilities of {', '.join(sorted(missing))}")
        posteriors = {task: self._outputs[task].posteriors(each) for task, each in decoded.posteriors.items()}
        decoded = replace(decoded, posteriors=posteriors)
        first = sentence = 0
        for document in documents:
            last = first + len(document.words)
            own = {task: each[first:last] for task, each in tags.items()}
            probabilities = {}
            if wanted is not None:
                probabilities = self._probabilities(decoded, document, first, sentence)
                sentence += sum(start < end for start, end in pairwise(document.bounds))
            yield document.with_tags(own, self.schemes, probabilities=probabilities)
            first = last

    def _probabilities(
        self, decoded: Decoded, document: Document, first: int, sentence: int
    ) -> dict[str, Probabilities]:
        """Those of a document whose first token and first sentence with tokens have these numbers in the window."""
        result = {}
        for task, posteriors in decoded.posteriors.items():
            output, sequences = self._outputs[task], None
            if task in decoded.n_best:
                sequences = []
                number = sentence
                for start, end in pairwise(document.bounds):
                    if start == end:
                        sequences.append([TagSequence(1.0, [])])
                        continue
                    sequences.append(output.sequences(decoded.n_best[task], number, first + start, first + end))
                    number += 1
            result[task] = output.probabilities(posteriors, first, first + len(document.words), sequences)
        return result

    def _strings(self, decoded: Decoded, lengths: np.ndarray) -> dict[str, list[str]]:
        """Tags of each task in the scheme of the data, for sentences of these lengths `(sentences,)`."""
        bounds = np.concatenate([[0], lengths]).cumsum()
        tags = {task: self._outputs[task].strings(ids, bounds) for task, ids in decoded.tags.items()}
        for task, each in tags.items():
            if len(each) != bounds[-1]:
                raise TaggerError(f"internal error: {len(each)} {task} tags for {bounds[-1]} tokens")
        return tags
