"""Corpora as ids: nothing is lost, nothing comes twice, and the order depends on seed and epoch alone."""

from __future__ import annotations

from collections import Counter
from itertools import chain, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.nn.batch import Batch, mask_of
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.training.data import EncodedCorpus, batches, batches_per_epoch, encode_corpus, fitting_batch_size
from bilstm_tagger.vocab.vocab import Vocab, build_vocab

WORDS = ["Ada", "left", "Turin", "ß", "NASA", "ob"]
NAMES = tag_names(["X"], Scheme.IOBES)
PLAIN = ["A", "B"]

rows = st.lists(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["O", "B-X"])), max_size=5), max_size=4)
corpora = st.lists(rows, min_size=1, max_size=5).filter(lambda found: any(chain.from_iterable(found)))


def vocab_of() -> Vocab:
    forms = [*WORDS, *map(str.lower, WORDS), *map(str.upper, WORDS)] * 2
    return build_vocab(forms, tags={"ner": NAMES, "pos": PLAIN})


VOCAB = vocab_of()


def document_of(found: list[list[tuple[str, str]]]) -> Document:
    flat = list(chain.from_iterable(found))
    bounds = np.cumsum([0, *map(len, found)]).tolist()
    tags = {"ner": [tag for _, tag in flat], "pos": [PLAIN[len(word) % 2] for word, _ in flat]}
    return Document([word for word, _ in flat], bounds, tags=tags, schemes={"ner": Scheme.BIO})


def encode(found: list[list[list[tuple[str, str]]]], *, recase: bool = False) -> EncodedCorpus:
    tasks = {"ner": Scheme.IOBES, "pos": Scheme.NONE}
    return encode_corpus(list(map(document_of, found)), VOCAB, tasks=tasks, recase=recase)


def read_back(batch: Batch) -> list[tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]]]:
    """Word rows and tags of each sentence of a batch, padding left out."""
    words = batch.types.rows[batch.index]
    found = []
    for row, length in enumerate(batch.lengths.tolist()):
        ner, pos = (batch.tags[task][row, :length].tolist() for task in ("ner", "pos"))
        found.append((
            tuple(words[row, :length].tolist()), tuple(NAMES[tag] for tag in ner), tuple(PLAIN[tag] for tag in pos)
        ))  # fmt: skip
    return found


def expected(
    found: list[list[list[tuple[str, str]]]],
) -> list[tuple[tuple[int, ...], tuple[str, ...], tuple[str, ...]]]:
    return [
        (
            tuple(VOCAB.row(word) for word, _ in sentence),
            tuple(convert([tag for _, tag in sentence], Scheme.BIO, Scheme.IOBES)),
            tuple(PLAIN[len(word) % 2] for word, _ in sentence),
        )
        for sentence in chain.from_iterable(found)
        if sentence
    ]


@settings(max_examples=50, deadline=None)
@given(found=corpora, batch_size=st.integers(1, 6), epoch=st.integers(0, 3))
def test_an_epoch_holds_every_sentence_once(
    found: list[list[list[tuple[str, str]]]], batch_size: int, epoch: int
) -> None:
    corpus = encode(found)
    assert len(corpus) == sum(map(bool, chain.from_iterable(found)))
    assert corpus.tokens == sum(map(len, chain.from_iterable(found)))
    made = list(batches([corpus], batch_size=batch_size, seed=1, epoch=epoch))
    assert len(made) == batches_per_epoch([corpus], batch_size)
    assert Counter(chain.from_iterable(map(read_back, made))) == Counter(expected(found))
    for batch in made:
        mask = mask_of(batch.lengths, batch.index.shape[1])
        assert not batch.index[~mask].any(), "padding is type 0"
        assert batch.index[mask].all()
        assert batch.types.rows[0] == 0
        assert len(batch.types) == len(batch.index.unique()) + (0 if (~mask).any() else 1), "its own types, once each"
        assert len(batch.lengths) <= batch_size
        assert batch.index.shape == (len(batch.lengths), int(batch.lengths.max()))


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    found = [[[(word, "O")] * length for word in WORDS for length in (1, 2, 3)]]
    corpus = encode(found)

    def order(seed: int, epoch: int) -> list[object]:
        return [read_back(batch) for batch in batches([corpus], batch_size=2, seed=seed, epoch=epoch)]

    assert order(1, 0) == order(1, 0)
    assert order(1, 0) != order(1, 1)
    assert order(1, 0) != order(2, 0)


def test_corpora_are_mixed_in_proportion() -> None:
    big, small = (encode([[[(word, "O")]] * count]) for word, count in (("Ada", 90), ("ob", 10)))
    made = [read_back(batch)[0][0][0] for batch in batches([big, small], batch_size=1, seed=0, epoch=0)]
    counts = Counter(made)
    assert counts == {VOCAB.row("Ada"): 90, VOCAB.row("ob"): 10}
    gaps = [place for place, row in enumerate(made) if row == VOCAB.row("ob")]
    assert max(b - a for a, b in pairwise([0, *gaps, 100])) < 50, "not one corpus behind the other"


def test_sentences_of_one_length_come_together() -> None:
    corpus = encode([[[("Ada", "O")] * length for length in (1, 2, 3, 4, 5) for _ in range(4)]])
    made = list(batches([corpus], batch_size=4, seed=0, epoch=0))
    assert [len(set(batch.lengths.tolist())) for batch in made] == [1] * 5


def test_recased_sentences_are_the_same_words_in_another_case() -> None:
    sentence = [(word, "O") for word in WORDS]
    corpus = encode([[sentence] * 200], recase=True)
    seen: Counter[tuple[int, ...]] = Counter()
    for batch in batches([corpus], batch_size=50, seed=0, epoch=0, recase=0.6):
        seen.update(words for words, _, _ in read_back(batch))
    forms = {
        name: tuple(int(VOCAB.encode([change(word)]).chars[0, 0]) for word in WORDS)
        for name, change in (("own", str), ("lower", str.lower), ("upper", str.upper))
    }
    assert len(set(forms.values())) == 3
    shapes: Counter[tuple[int, ...]] = Counter()
    for batch in batches([corpus], batch_size=50, seed=0, epoch=0, recase=0.6):
        chars = batch.types.chars[batch.index][..., 0]
        shapes.update(tuple(row) for row in chars.tolist())
    assert set(shapes) == set(forms.values())
    assert sum(shapes.values()) == 200
    assert abs(shapes[forms["own"]] - 80) < 25
    assert abs(shapes[forms["lower"]] - 60) < 25
    assert sum(seen.values()) == 200


def test_without_recase_no_form_is_added() -> None:
    assert len(encode([[[("Ada", "O")]]]).types) == 2
    assert encode([[[("Ada", "O")]]]).recased is None
    assert len(encode([[[("Ada", "O")]]], recase=True).types) == 4


def test_a_tag_the_vocabulary_lacks_is_named_with_its_place() -> None:
    document = Document(["Ada"], [0, 1], tags={"pos": ["Q"]}, path="a.conll", lines=[7])
    with pytest.raises(CorpusError, match=r"a\.conll:7: tag 'Q' of pos is not in the vocabulary"):
        encode_corpus([document], VOCAB, tasks={"pos": Scheme.NONE})


def test_batches_are_tensors_of_whole_numbers() -> None:
    batch = next(batches([encode([[[("Ada", "B-X"), ("left", "O")]]])], batch_size=1, seed=0, epoch=0))
    tensors = (
        batch.index,
        batch.lengths,
        batch.types.rows,
        batch.types.chars,
        batch.types.shapes,
        *batch.tags.values(),
    )
    assert {tensor.dtype for tensor in tensors} == {torch.int64}


@pytest.mark.parametrize(
    ("sentences", "largest", "fitting"),
    [(5, 32, 8), (450, 32, 9), (1000, 32, 20), (5000, 32, 32), (5, 4, 4), (5, 8, 8)],
)
def test_small_corpora_are_read_in_small_batches(sentences: int, largest: int, fitting: int) -> None:
    found = [[[("Ada", "O")]] * sentences]
    assert fitting_batch_size(len(encode(found)), largest) == fitting
    assert fitting_batch_size(2 * len(encode(found)), 10**6) == max(8, 2 * sentences // 50)
