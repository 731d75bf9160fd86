"""Part `scaling`: time per token by sentence length, batch size, vocabulary and number of tags."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence

import torch

from benchmarks.speed.common import Bench, Result
from bilstm_tagger.document.document import Document
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.tagging.tagger import BATCH_TOKENS, Tagger
from bilstm_tagger.vocab.vocab import build_vocab

TOKENS = 20_000
LENGTH = 15  # tokens of a sentence where that is not what varies
WORDS = 20_000
LABELS = 4


def scaling(bench: Bench) -> Result:
    """Microseconds per token on one thread; the size on the left, all else as usual."""
    torch.set_num_threads(1)
    usual = _tagger(WORDS, LABELS)
    return {
        "sentence length (tokens)": {
            length: _cost(usual, _documents(length)) for length in (5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000)
        },
        "batch size (padded tokens)": {
            size: _cost(usual, _documents(LENGTH), batch_tokens=size)
            for size in (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000)
        },
        "words in the vocabulary": {
            words: _cost(_tagger(words, LABELS), _documents(LENGTH, words))
            for words in (1_000, 10_000, 100_000, 400_000)
        },
        "tags": {
            4 * labels + 1: _cost(_tagger(WORDS, labels), _documents(LENGTH)) for labels in (1, 2, 4, 8, 16, 32, 50)
        },
    }


def _tagger(words: int, labels: int) -> Tagger:
    """Preset `ner` with random weights."""
    settings = load_settings("ner")
    tags = tag_names([f"L{number}" for number in range(labels)], Scheme.IOBES)
    vocab = build_vocab(_words(words), tags={"ner": tags}, min_count=1)
    model = build_model(settings, vocab, {"ner": Scheme.IOBES}, word_size=settings.embedder.size)
    return Tagger(model, vocab, settings=settings, schemes={"ner": Scheme.BIO})


def _words(count: int) -> list[str]:
    """Words of letters, since digits would be read as one."""
    letters = "etaoinshrdlucmfw"
    return ["".join(letters[(number >> shift) & 15] for shift in (0, 4, 8, 12, 16)) for number in range(count)]


def _documents(length: int, words: int = WORDS) -> list[Document]:
    draw = random.Random(0)
    vocabulary = _words(words)
    return [Document.from_words(draw.choices(vocabulary, k=length)) for _ in range(max(1, TOKENS // length))]


def _cost(tagger: Tagger, documents: Sequence[Document], *, batch_tokens: int = BATCH_TOKENS) -> float:
    """Median microseconds per token of three passes after one that meets all words."""
    spent = []
    for _ in range(4):
        began = time.perf_counter()
        for _ in tagger.pipe(documents, batch_tokens=batch_tokens):
            pass
        spent.append(time.perf_counter() - began)
    return 1e6 * statistics.median(spent[1:]) / sum(map(len, documents))
