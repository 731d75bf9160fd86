"""Partial annotation: the sequences that training sums over are those that the annotation allows, by enumeration."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.nn.crf import CRF, Transitions
from bilstm_tagger.nn.heads import Head, allowed_tags
from bilstm_tagger.schemes.grammar import Scheme, allowed_transitions, first_illegal, tag_names
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.settings.schema import CorpusSettings, TaskSettings
from bilstm_tagger.training.data import batches, encode_corpus
from bilstm_tagger.training.partial import UNKNOWN, TagSets, tag_choices
from bilstm_tagger.vocab.vocab import build_vocab

LABELS = ("A", "B")
SOURCES = [Scheme.BIO, Scheme.IOBES, Scheme.BILOU]
TARGETS = [Scheme.BIO, Scheme.IOBES]


def sentences(scheme: Scheme, length: int, labels: tuple[str, ...] = LABELS) -> list[tuple[str, ...]]:
    """All legal tags of a sentence."""
    found = product(tag_names(labels, scheme), repeat=length)
    return [tags for tags in found if first_illegal(tags, scheme) is None]


def expanded(choices: list[str | frozenset[str]], scheme: Scheme) -> set[tuple[str, ...]]:
    """The legal sequences that are made of the choices."""
    every = frozenset(tag_names(LABELS, scheme))
    parts = [{choice} if isinstance(choice, str) else (choice or every) for choice in choices]
    return {tags for tags in product(*parts) if first_illegal(tags, scheme) is None}


@settings(max_examples=150, deadline=None)
@given(data=st.data(), source=st.sampled_from(SOURCES), target=st.sampled_from(TARGETS), length=st.integers(1, 4))
def test_choices_stand_for_the_completions_of_the_annotation(
    data: st.DataObject, source: Scheme, target: Scheme, length: int
) -> None:
    unmarked = data.draw(st.sampled_from([(), ("B",)]))
    marked = tuple(label for label in LABELS if label not in unmarked)
    gold = data.draw(st.sampled_from(sentences(source, length, marked)))
    hidden = data.draw(st.lists(st.booleans(), min_size=length, max_size=length))
    given_tags = [UNKNOWN if hide else tag for tag, hide in zip(gold, hidden, strict=True)]

    def fits(tags: tuple[str, ...]) -> bool:
        return all(
            mine in (UNKNOWN, tag) or (mine == "O" and tag[2:] in unmarked)
            for mine, tag in zip(given_tags, tags, strict=True)
        )

    expected = {tuple(convert(tags, source, target)) for tags in sentences(source, length) if fits(tags)}
    choices = tag_choices(given_tags, source, target, labels=LABELS, unmarked=unmarked)
    assert expanded(list(choices), target) == expected


@pytest.mark.parametrize("target", TARGETS)
def test_in_iob1_nothing_that_the_annotation_allows_is_left_out(target: Scheme) -> None:
    for gold in sentences(Scheme.IOB1, 3):
        for hidden in product([False, True], repeat=3):
            given_tags = [UNKNOWN if hide else tag for tag, hide in zip(gold, hidden, strict=True)]
            choices = tag_choices(given_tags, Scheme.IOB1, target, labels=LABELS)
            assert tuple(convert(gold, Scheme.IOB1, target)) in expanded(list(choices), target)


def test_tags_that_no_completion_makes_legal_are_refused() -> None:
    with pytest.raises(CorpusError, match="cannot stand between 'B-A' and 'I-B' in IOBES"):
        tag_choices(["B-A", UNKNOWN, "I-B"], Scheme.IOBES, Scheme.IOBES, labels=LABELS)


def test_plain_tags_that_are_unknown_may_be_any() -> None:
    sets = TagSets(["X", "Y", "Z"])
    choices = tag_choices(["Y", UNKNOWN], Scheme.NONE, Scheme.NONE, labels=())
    assert [sets.id_of(choice) for choice in choices] == [1, -1]
    assert sets.table().tolist() == [[True, True, True]]


# ---- from documents to the loss

WORDS = ["a", "b", "c", "d"]
NAMES = tag_names(LABELS, Scheme.IOBES)
VOCAB = build_vocab(WORDS * 2, tags={"ner": NAMES, "pos": ["X", "Y"]})


def document(tags: list[str], *, task: str = "ner", path: str | None = None) -> Document:
    schemes = {task: Scheme.BIO} if task == "ner" else {}
    return Document(WORDS[: len(tags)], [0, len(tags)], tags={task: tags}, schemes=schemes, path=path)


def crf_head() -> Head:
    torch.manual_seed(5)
    crf = CRF(Transitions(*map(torch.from_numpy, allowed_transitions(NAMES, Scheme.IOBES))))
    for weight in crf.parameters():
        weight.data.normal_()
    return Head(3, len(NAMES), crf=crf).double()


def probability(head: Head, emissions: Tensor, tags: list[str]) -> float:
    ids = torch.tensor([[NAMES.index(tag) for tag in tags]])
    assert head.crf is not None
    return head.crf.log_likelihood(emissions[None], ids, torch.tensor([len(tags)])).exp().item()


def test_loss_is_that_of_all_sequences_that_a_corpus_leaves_open() -> None:
    """One corpus marks no B; another has a token without annotation."""
    options = {"one": CorpusSettings(train="one", unmarked=("B",), weight=2.0)}
    documents = [document(["B-A", "O", "O"], path="one"), document(["B-A", UNKNOWN, "O"], path="two")]
    corpus = encode_corpus(
        documents, VOCAB, tasks={"ner": Scheme.IOBES}, option=lambda task, each: options.get(each.path or "")
    )
    batch = corpus.batch(np.array([0, 1]))
    head = crf_head()
    emissions = torch.randn(2, 3, len(NAMES), dtype=torch.float64)
    loss = head.loss(
        emissions,
        batch.tags["ner"],
        batch.lengths,
        tag_sets=batch.tag_sets["ner"],
        weights=batch.weights["ner"].double(),
    )

    def total(row: int, fits: list[set[str]]) -> float:
        found = [
            tags
            for tags in sentences(Scheme.BIO, 3)
            if all(tag in allowed for tag, allowed in zip(tags, fits, strict=True))
        ]
        return sum(probability(head, emissions[row], convert(tags, Scheme.BIO, Scheme.IOBES)) for tags in found)

    open_o = {"O", "B-B", "I-B"}
    expected = -2 * np.log(total(0, [{"B-A"}, open_o, open_o]))
    expected -= np.log(total(1, [{"B-A"}, set(tag_names(LABELS, Scheme.BIO)), {"O"}]))
    assert loss.item() == pytest.approx(expected, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), hidden=st.lists(st.booleans(), min_size=6, max_size=6))
def test_a_softmax_sums_over_the_allowed_tags(seed: int, hidden: list[bool]) -> None:
    assume(any(hidden))
    generator = torch.Generator().manual_seed(seed)
    emissions = torch.randn(2, 3, 4, generator=generator, dtype=torch.float64)
    tag_sets = torch.tensor([[True] * 4, [True, False, True, False]])
    tags = torch.randint(0, 4, (2, 3), generator=generator)
    tags[torch.tensor(hidden).view(2, 3)] = -2
    lengths, weights = torch.tensor([3, 2]), torch.tensor([1.0, 3.0], dtype=torch.float64)
    loss = Head(3, 4, crf=None).loss(emissions, tags, lengths, tag_sets=tag_sets, weights=weights)
    expected = 0.0
    for row, length in enumerate(lengths.tolist()):
        for step in range(length):
            shares = emissions[row, step].softmax(0)
            tag = int(tags[row, step])
            share = shares[tag] if tag >= 0 else shares[0] + shares[2]
            expected -= float(weights[row] * share.log())
    assert loss.item() == pytest.approx(expected, abs=1e-9)


def test_sets_have_no_effect_on_a_batch_whose_tags_are_all_known() -> None:
    head = crf_head().float()
    emissions = torch.randn(2, 3, len(NAMES))
    tags, lengths = torch.zeros(2, 3, dtype=torch.long), torch.tensor([3, 2])
    sets = torch.ones(1, len(NAMES), dtype=torch.bool)
    assert torch.equal(head.loss(emissions, tags, lengths), head.loss(emissions, tags, lengths, tag_sets=sets))


def test_ids_of_sets_become_masks() -> None:
    sets = torch.tensor([[True, True, True], [False, True, True]])
    found = allowed_tags(torch.tensor([[0, -1], [-2, 2]]), sets).tolist()
    assert found == [[[True, False, False], [True] * 3], [[False, True, True], [False, False, True]]]


def test_fully_annotated_corpora_have_neither_sets_nor_weights() -> None:
    corpus = encode_corpus([document(["B-A", "O"])], VOCAB, tasks={"ner": Scheme.IOBES})
    (batch,) = batches([corpus], batch_size=4, seed=0, epoch=0)
    assert (corpus.tag_sets, corpus.weights, batch.tag_sets, batch.weights) == ({}, {}, {}, {})
    partly = encode_corpus([document(["B-A", "O"]), document(["B-A", UNKNOWN])], VOCAB, tasks={"ner": Scheme.IOBES})
    with_sets = [bool(batch.tag_sets) for batch in batches([partly], batch_size=1, seed=0, epoch=0)]
    assert sorted(with_sets) == [False, True]


def test_a_task_has_one_corpus_or_several() -> None:
    with pytest.raises(ValueError, match="either train or corpora"):
        TaskSettings(train="a", corpora=(CorpusSettings(train="b"),))
    with pytest.raises(ValueError, match="corpora names 'b' twice"):
        TaskSettings(corpora=(CorpusSettings(train="b"), CorpusSettings(train="b")))


def test_no_features_are_a_tag_of_their_own() -> None:
    sets = TagSets(["Case=Nom", UNKNOWN])
    choices = tag_choices(["Case=Nom", UNKNOWN], Scheme.NONE, Scheme.NONE, labels=())
    assert [sets.id_of(choice) for choice in choices] == [0, 1]
    assert not sets.used
