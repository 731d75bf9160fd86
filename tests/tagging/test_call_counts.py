"""Speed guarded by counts, which do not depend on the machine: how often the costly parts are called, and on what."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from tiny import NAMES, PLAIN, settings_of, untrained
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

from bilstm_tagger.document import views
from bilstm_tagger.document.document import Document
from bilstm_tagger.nn import fast_lstm
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging import torch_runtime
from bilstm_tagger.tagging.runtime import BATCH_TOKENS
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.data import EncodedCorpus, batches, encode_corpus
from bilstm_tagger.vocab.vocab import Vocab

PRODUCTS = {torch.ops.aten.addmm, torch.ops.aten.bmm, torch.ops.aten.linear, torch.ops.aten.mm}
MOST_PADDING = 1.25  # padded tokens per token
MOST_PADDING_IN_TRAINING = 1.45  # sentences of a batch come from a small pool, so that batches differ between epochs
WORDS = [*PLAIN, *(name for names in NAMES.values() for name in names), *(f"word{number}" for number in range(400))]


def sentence_lengths(tokens: int, seed: int = 0) -> list[int]:
    """Lengths as in news text: about 14 words on average, many short lines, a long tail beyond 100."""
    draw = random.Random(seed)
    lengths = []
    while sum(lengths) < tokens:
        lengths.append(max(1, min(120, round(draw.lognormvariate(2.35, 0.8)))))
    return lengths


def documents_of(tokens: int, *, sentences: int = 20, tags: bool = False) -> list[Document]:
    draw = random.Random(1)
    lengths = sentence_lengths(tokens)
    documents = []
    for first in range(0, len(lengths), sentences):
        bounds = [0, *accumulate(lengths[first : first + sentences])]
        words = draw.choices(WORDS, k=bounds[-1])
        gold = {"ner": ["O"] * len(words)} if tags else {}
        documents.append(Document(words, bounds, tags=gold, schemes={"ner": Scheme.BIO}))
    return documents


@contextmanager
def kernel_inputs(model: nn.Module) -> Iterator[list[torch.Size]]:
    """The shapes on which recurrent networks are called."""
    shapes: list[torch.Size] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        assert isinstance(inputs[0], Tensor), "a PackedSequence turns the fused kernel off"
        shapes.append(inputs[0].shape)

    hooks = [module.register_forward_pre_hook(note) for module in model.modules() if isinstance(module, nn.RNNBase)]
    try:
        yield shapes
    finally:
        for hook in hooks:
            hook.remove()


def counted(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, size: Callable[..., int]) -> list[int]:
    """Notes for each call of a function what `size` makes of its arguments."""
    sizes: list[int] = []
    original = getattr(owner, name)

    def spy(*arguments: Any, **options: Any) -> Any:
        sizes.append(size(*arguments))
        return original(*arguments, **options)

    monkeypatch.setattr(owner, name, spy)
    return sizes


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("batch_tokens", [1_000, BATCH_TOKENS, 8_000])
def test_kernel_calls_while_tagging(layers: int, batch_tokens: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = untrained(settings_of(encoder__layers=layers))
    documents = documents_of(60_000)
    tokens = sum(map(len, documents))
    recurred = counted(monkeypatch, fast_lstm, "_recur", lambda table, rows, *_: rows.size)
    products = counted(monkeypatch, torch, "bmm", lambda hidden, transposed: hidden.shape[0] * hidden.shape[1])
    list(tagger.pipe(documents, batch_tokens=batch_tokens))
    # Both directions in one go, batches nearly full, and no padding at all.
    assert len(recurred) <= layers * (1.2 * MOST_PADDING * tokens / batch_tokens + 2)
    assert sum(recurred) == 2 * layers * tokens
    sentences = sum(len(document.sentences) for document in documents)
    assert sum(products) == 2 * layers * (tokens - sentences)


class ProductRows(TorchDispatchMode):
    """Notes the number of rows of each product in bfloat16."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[int] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        matrices = [each for each in args if isinstance(each, Tensor) and each.dim() > 1]
        if func.overloadpacket in PRODUCTS and matrices[0].dtype is torch.bfloat16:
            self.rows.append(matrices[0].shape[-2])
        return func(*args, **(kwargs or {}))


def in_bfloat16(**encoder: object) -> Tagger:
    tagger = untrained(settings_of(head__hidden_size=4, **{f"encoder__{key}": each for key, each in encoder.items()}))
    model = tagger.runtime.model
    model.precision = torch.bfloat16
    return Tagger(tagger.info, torch_runtime.TorchRuntime(model, tagger.vocab))


@pytest.mark.parametrize("layers", [1, 2])
def test_products_in_bfloat16_have_few_numbers_of_rows(layers: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """oneDNN keeps a program for each number of rows, so many numbers would need much memory."""
    monkeypatch.setattr(torch_runtime, "_threads", lambda count: SimpleNamespace(map=map))  # a mode is of one thread
    tagger = in_bfloat16(layers=layers)
    with ProductRows() as products:
        list(tagger.pipe(documents_of(100_000)))
    assert len(products.rows) > 500
    assert len(set(products.rows)) <= 40


def test_batches_in_bfloat16_have_few_shapes_with_other_cells() -> None:
    shapes = {}
    for tagger in (untrained(settings_of(encoder__type="gru")), in_bfloat16(type="gru")):
        with kernel_inputs(tagger.runtime.model) as seen:
            for length in range(1, 151):
                list(tagger.pipe([[[".", "the", *["boat"] * (length - 2)][:length]] * (1_000 // length)]))
        shapes[tagger.runtime.model.precision] = {shape[:2] for shape in seen}
    assert len(shapes[torch.float32]) == 150
    assert len(shapes[torch.bfloat16]) <= 60


@pytest.mark.parametrize("cell", ["gru", "rnn"])
def test_padding_while_tagging_with_other_cells(cell: str) -> None:
    tagger = untrained(settings_of(encoder__type=cell))
    documents = documents_of(60_000)
    tokens = sum(map(len, documents))
    with kernel_inputs(tagger.runtime.model) as shapes:
        list(tagger.pipe(documents))
    per_call = [batch * width for batch, width, _ in shapes]
    assert max(per_call) <= BATCH_TOKENS
    assert sum(per_call) <= MOST_PADDING * tokens * 2
    assert len(shapes) <= 2 * (1.2 * MOST_PADDING * tokens / BATCH_TOKENS + 2)


def test_batches_of_many_small_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """One sentence a document, as `--input-format lines` gives them, is batched across documents."""
    tagger = untrained()
    documents = documents_of(60_000, sentences=1)
    recurred = counted(monkeypatch, fast_lstm, "_recur", lambda table, rows, *_: rows.size)
    list(tagger.pipe(documents))
    assert len(recurred) <= 1.2 * MOST_PADDING * sum(map(len, documents)) / BATCH_TOKENS + 2


@pytest.mark.parametrize("batch_size", [10, 16, 32])
def test_kernel_calls_and_padding_while_training(batch_size: int) -> None:
    tagger = untrained()
    corpus = encoded(tagger)
    made = list(batches([corpus], batch_size=batch_size, seed=1, epoch=0))
    assert sum(batch.index.numel() for batch in made) <= MOST_PADDING_IN_TRAINING * corpus.tokens
    with kernel_inputs(tagger.runtime.model) as shapes:
        for batch in made[:5]:
            tagger.runtime.model.losses(batch)
    assert len(shapes) == 2 * 5


def encoded(tagger: Tagger) -> EncodedCorpus:
    return encode_corpus(documents_of(60_000, tags=True), tagger.vocab, tasks={"ner": Scheme.IOBES})


def test_words_are_looked_up_once_per_type(monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = untrained()
    documents = documents_of(20_000)
    types = len({word for document in documents for word in document.words})
    looked_up = counted(monkeypatch, Vocab, "encode", lambda self, words: len(words))
    embedded = counted(monkeypatch, tagger.runtime.model.embedder, "embed_types", lambda types: len(types))
    for _ in range(3):
        list(tagger.pipe(documents))
    assert sum(looked_up) == types
    assert sum(embedded) == types


def test_training_embeds_each_type_of_a_batch_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = untrained()
    corpus = encoded(tagger)
    embedded = counted(monkeypatch, tagger.runtime.model.embedder, "embed_types", lambda types: len(types))
    made = list(batches([corpus], batch_size=32, seed=1, epoch=0))[:5]
    for batch in made:
        tagger.runtime.model.losses(batch)
    # One more for the padding type.
    assert embedded == [len(set(batch.index.flatten().tolist()) | {0}) for batch in made]


@pytest.mark.parametrize("head", ["crf", "softmax"])
def test_one_decoding_a_batch(head: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = untrained(settings_of(tasks__ner__head=head))
    decoded = counted(monkeypatch, torch_runtime, "decode", lambda emissions, lengths, scores: len(lengths))
    recurred = counted(monkeypatch, fast_lstm, "_recur", lambda *_: 1)
    documents = documents_of(20_000)
    list(tagger.pipe(documents))
    assert len(decoded) == len(recurred)
    assert sum(decoded) == sum(len(document.sentences) for document in documents)


def test_no_views_are_made_while_tagging(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentence, Token and Span objects cost more than the tagging itself; they are made when asked for."""
    made: Counter[str] = Counter()
    for kind in (views.Sentence, views.Token, views.Span):
        original = kind.__init__

        def spy(self: Any, *arguments: Any, original: Any = original, **options: Any) -> None:
            made[type(self).__name__] += 1
            original(self, *arguments, **options)

        monkeypatch.setattr(kind, "__init__", spy)
    tagged = list(untrained().pipe(documents_of(2_000)))
    assert not made
    assert tagged[0].tokens[0].text
    assert made == {"Token": 1}
