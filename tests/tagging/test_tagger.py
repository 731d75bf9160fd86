"""The tagger: every input, every batch, every scheme gives what each sentence gives alone."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import NAMES, PLAIN, settings_of, untrained

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError, TaggerError
from bilstm_tagger.model_folder.folder import ModelParts
from bilstm_tagger.nn.batch import Types
from bilstm_tagger.schemes.grammar import Scheme, first_illegal
from bilstm_tagger.schemes.spans import tags_to_spans
from bilstm_tagger.tagging import tagger as module
from bilstm_tagger.tagging import torch_runtime, type_cache
from bilstm_tagger.tagging.batching import batch_places, sentence_lengths
from bilstm_tagger.tagging.runtime import BATCH_TOKENS, Decoded, Wanted, Window
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.vocab.vocab import TypeArrays, build_vocab

WORDS = [*PLAIN, *chain.from_iterable(NAMES.values()), "\u200b", "ſ\u2028x", "unlikelihood", "77"]
SPAN_SCHEMES = [scheme for scheme in Scheme if scheme is not Scheme.NONE]

sentences = st.lists(st.sampled_from(WORDS), max_size=7)
documents = st.lists(st.lists(sentences, max_size=3), max_size=5)


def two_tasks(**overrides: object) -> Tagger:
    """One task by a CRF and one by a softmax, so that both heads are seen at once."""
    tasks = {"ner": {"head": "crf"}, "chunk": {"head": "softmax", "encoding": "BIO"}, "pos": {"head": "softmax"}}
    schemes = {"ner": Scheme.BIO, "chunk": Scheme.IOB1, "pos": Scheme.NONE}
    return untrained(settings_of(tasks=tasks, **overrides), schemes=schemes, seed=5)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    return two_tasks()


def alone(tagger: Tagger, sentence: Sequence[str]) -> dict[str, list[str]]:
    return tagger(list(sentence)).tags


def in_precision(tagger: Tagger, precision: torch.dtype) -> Tagger:
    """The same model, whose encoder's products run in that precision."""
    model = copy.deepcopy(tagger.runtime.model)
    model.precision = precision
    return Tagger.of(ModelParts(tagger.info, model))


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@settings(max_examples=25, deadline=None)
@given(corpus=documents, batch_tokens=st.sampled_from([1, 5, 12, 30, 8000]))
def test_a_sentence_is_tagged_alone_as_in_any_batch(
    tagger: Tagger, precision: torch.dtype, corpus: list[list[list[str]]], batch_tokens: int
) -> None:
    tagger = in_precision(tagger, precision)
    assert tagger.runtime._fast.first.weight.dtype is precision
    tagged = list(tagger.pipe([Document.from_sentences(rows) for rows in corpus], batch_tokens=batch_tokens))
    assert len(tagged) == len(corpus)
    for rows, document in zip(corpus, tagged, strict=True):
        assert [list(sentence.words) for sentence in document.sentences] == rows
        for row, sentence in zip(rows, document.sentences, strict=True):
            for task in tagger.tasks:
                assert sentence.tags(task) == alone(tagger, row)[task]


def test_random_weights_give_varied_tags(tagger: Tagger) -> None:
    """Else the tests of this module would show little."""
    document = tagger([WORDS[at:] + WORDS[:at] for at in range(10)])
    assert min(len(set(tags)) for tags in document.tags.values()) >= 3


@pytest.mark.parametrize("head", ["crf", "softmax"])
@pytest.mark.parametrize("encoding", ["IOBES", "BIO"])
def test_tags_come_in_the_scheme_of_the_data(head: str, encoding: str) -> None:
    corpus = [[WORDS[at:] + WORDS[:at] for at in range(8)], [["Ada"]], [], [[]]]
    chosen = settings_of(tasks={"ner": {"head": head, "encoding": encoding}})
    spans = {}
    for scheme in SPAN_SCHEMES:
        tagger = untrained(chosen, schemes={"ner": scheme})
        tagged = list(tagger.pipe(corpus))
        for sentence in chain.from_iterable(document.sentences for document in tagged):
            assert first_illegal(sentence.tags("ner"), scheme) is None
            assert [(span.start, span.end, span.label) for span in sentence.spans] == tags_to_spans(
                sentence.tags("ner"), scheme
            )
        assert all(document.schemes == {"ner": scheme} for document in tagged)
        spans[scheme] = [document.spans for document in tagged]
    assert len(spans[Scheme.BIO][0]) > 10
    spans.pop(Scheme.IO, None)  # which joins spans that touch
    assert all(found == spans[Scheme.BIO] for found in spans.values())


def test_every_kind_of_input(tagger: Tagger) -> None:
    words = ["Ada", "left", "Turin", "."]
    expected = alone(tagger, words)
    tagger = two_tasks(data__tokenizer="whitespace")
    text = "  Ada left\tTurin .\n"
    for source in (words, tuple(words), [words], (tuple(words),), Document.from_words(words), text):
        document = tagger(source)
        assert document.words == words
        assert document.tags == expected
    document = tagger(text)
    assert document.text == text
    document.check_offsets()
    assert [text[token.start_char : token.end_char] for token in document.tokens] == words
    for span in document.spans:
        assert text[span.start_char : span.end_char] == span.text


def test_a_spacy_doc_keeps_its_words_and_sentences(tagger: Tagger) -> None:
    spacy = pytest.importorskip("spacy")
    doc = spacy.blank("en")("Ada left  Turin. Rain fell.")
    tagged = tagger(doc)
    words = [token for token in doc if not token.is_space]
    assert tagged.words == [token.text for token in words] != [token.text for token in doc]
    assert tagged.text == doc.text
    assert [token.start_char for token in tagged.tokens] == [token.idx for token in words]
    assert tagged.tags == tagger(doc.text).tags
    doc[5].is_sent_start = True
    for token in (*doc[1:5], *doc[6:]):
        token.is_sent_start = False
    assert [list(sentence.words) for sentence in tagger(doc).sentences] == [
        [token.text for token in sentence if not token.is_space] for sentence in doc.sents
    ]


@pytest.mark.parametrize(
    ("source", "bounds"),
    [([], [0, 0]), ([[]], [0, 0]), ([[], [], ["a"], []], [0, 0, 0, 1, 1]), (Document([], [0]), [0]), ("", [0])],
)
def test_empty_documents_and_sentences_stay(tagger: Tagger, source: object, bounds: list[int]) -> None:
    tagger = two_tasks(data__tokenizer="whitespace")
    for document in (tagger(source), list(tagger.pipe([["Ada"], source, ["left"]]))[1]):
        assert document.bounds == bounds
        assert {task: len(tags) for task, tags in document.tags.items()} == dict.fromkeys(tagger.tasks, bounds[-1])
        assert document.schemes == tagger.schemes
        assert bounds[-1] or document.spans == []


def test_an_input_is_not_changed(tagger: Tagger) -> None:
    gold = Document(["Ada"], [0, 1], tags={"ner": ["S-PER"]}, schemes={"ner": Scheme.IOBES}, id="x")
    tagged = tagger(gold)
    assert gold.tags == {"ner": ["S-PER"]}
    assert gold.schemes == {"ner": Scheme.IOBES}
    assert set(tagged.tags) == set(tagger.tasks)
    assert tagged.id == "x"
    tagged.schemes["ner"] = Scheme.IOBES
    assert tagger.schemes["ner"] is Scheme.BIO


def test_mixed_words_and_sentences_are_refused(tagger: Tagger) -> None:
    with pytest.raises(
        TaggerError,
        match=r"^words and sentences are mixed in one list \(item 0 is a word, item 1 a list, counted from 0\); "
        r"give a list of words or a list of lists of words$",
    ):
        tagger(["a", ["b"]])


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (["a", None], "item 1, counted from 0, is None, and a word is a str, not NoneType"),
        ([["a"], None], "item 1, counted from 0, is None, and a word is a str, not NoneType"),
        ([["a"], ["b", 2.5]], "word 1 of item 1, counted from 0, is 2.5, and a word is a str, not float"),
        ([["a"], iter(["b", 2])], "word 1 of item 1, counted from 0, is 2, and a word is a str, not int"),
        (["a", b"b"], "item 1, counted from 0, is b'b', and a word is a str, not bytes"),
        (["", "a"], "item 0, counted from 0, is empty; leave it out"),
        ([["a", "b"], [], ["c", ""]], "word 1 of item 2, counted from 0, is empty; leave it out"),
        (Document(["a", ""], [0, 2]), "word 1, counted from 0, is empty; leave it out"),
        ([["b"], "a"], "mixed in one list (item 1 is a word, item 0 a list, counted from 0)"),
    ],
)
def test_the_item_that_is_no_word_is_named(tagger: Tagger, source: object, told: str) -> None:
    with pytest.raises(TaggerError) as error:
        tagger(source)
    assert told in str(error.value)


def test_the_text_that_is_none_is_named(tagger: Tagger) -> None:
    pd = pytest.importorskip("pandas")
    wanted = "give a text, a list of words or a list of lists of words, not"
    with pytest.raises(TaggerError, match=f"^text 1, counted from 0: {wanted} NoneType$"):
        list(tagger.pipe(["ok", None]))
    with pytest.raises(TaggerError, match=f"^text 0, counted from 0: {wanted} int$"):
        tagger.to_pandas(pd.Series([1, 2]))
    with pytest.raises(TaggerError, match=f"^text 1, counted from 0: {wanted} int$"):
        tagger.entities(["ok", 3])
    with pytest.raises(TaggerError, match=r"^text 1, counted from 0: .*; item 1, counted from 0, is None, and"):
        list(tagger.pipe(iter(["ok", ["a", None]])))
    with pytest.raises(TaggerError, match=f"^{wanted} NoneType$"):
        tagger(None)

    def failing() -> Iterator[str]:
        yield "ok"
        raise CorpusError("a.txt:3: it is the stream that fails")

    with pytest.raises(CorpusError, match=r"^a\.txt:3: it is the stream that fails$"):
        list(tagger.pipe(failing()))


@pytest.mark.parametrize(
    ("source", "kind"), [(7, "int"), (b"a", "bytes"), ({"a": 1}, "dict"), ([1, 2], "int"), ([[None]], "NoneType")]
)
def test_what_is_no_text_is_refused(tagger: Tagger, source: object, kind: str) -> None:
    with pytest.raises(TaggerError, match=f"give a text, a list of words or .* not {kind}"):
        tagger(source)


@pytest.fixture
def hasty() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


SOURCES = [[f"word{number}", "Ada", f"Name{number}"] for number in range(300)]


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("cached_types", [20_000, 50])
def test_eight_threads_share_a_tagger(cached_types: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a small cache too, whose rows are written over again and again."""
    expected = [two_tasks()(source).tags for source in SOURCES]
    monkeypatch.setattr(type_cache, "CACHED_TYPES", cached_types)
    tagger = two_tasks()
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda source: tagger(source).tags, SOURCES))
    assert found == expected
    assert [tagger(source).tags for source in SOURCES] == expected
    assert tagger.runtime._cache.capacity <= cached_types + 1


def test_a_tagger_that_nobody_holds_is_out_of_memory(tagger: Tagger) -> None:
    again = pickle.loads(pickle.dumps(tagger))  # noqa: S301 - what it pickled itself  # noqa: S301 - made here
    again(["so", "it", "is"], probabilities=True)
    runtime = weakref.ref(again.runtime)
    gc.disable()  # which would find it much later
    try:
        del again
        assert runtime() is None
    finally:
        gc.enable()


def test_a_tagger_does_not_wait_for_another() -> None:
    busy, other = two_tasks(), two_tasks()
    expected = other(SOURCES[0]).tags
    with ThreadPoolExecutor(2) as pool:
        with busy.runtime._lock:
            waiting = pool.submit(busy, SOURCES[0])
            assert pool.submit(other, SOURCES[0]).result(timeout=60).tags == expected
            assert not waiting.done(), "what is locked waits"
        assert waiting.result(timeout=60).tags == expected


@pytest.mark.usefixtures("hasty")
def test_two_taggers_tag_at_the_same_time() -> None:
    taggers = [two_tasks(), two_tasks(encoder__layers=2)]
    expected = [[tagger(source).tags for source in SOURCES] for tagger in taggers]
    assert expected[0] != expected[1]
    fresh = [two_tasks(), two_tasks(encoder__layers=2)]
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(lambda tagger: [tagger(source).tags for source in SOURCES], fresh))
    assert found == expected


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_pickled_tagger_tags_alike_and_leaves_its_cache_behind(tagger: Tagger, precision: torch.dtype) -> None:
    tagger = in_precision(tagger, precision)
    fresh = pickle.dumps(tagger)
    expected = [tagger(source).tags for source in SOURCES]
    with tagger.runtime._lock:
        pickled = pickle.dumps(tagger)
    assert len(pickled) == len(fresh)
    assert tagger.runtime._cache.capacity > 300
    again = pickle.loads(pickled)  # noqa: S301 - made two lines above
    assert again.runtime._cache.capacity == 0
    assert again.runtime.model.precision is precision
    assert again.info == tagger.info
    assert [again(source).tags for source in SOURCES] == expected


class LongWords:
    """A runtime without a network: words of more than three characters are people."""

    def __init__(self, names: list[str]) -> None:
        self.person, self.other = names.index("S-PER"), names.index("O")
        self.windows: list[Window] = []

    def decode(self, window: Window, *, batch_tokens: int = BATCH_TOKENS, wanted: Wanted | None = None) -> Decoded:
        self.windows.append(window)
        ids = [self.person if len(word) > 3 else self.other for word in window.words]
        return Decoded({"ner": np.array(ids, np.int64)})


def test_any_runtime_will_do(tmp_path: Path) -> None:
    info = untrained().info
    runtime = LongWords(info.vocab.tags["ner"])
    tagger = Tagger(info, runtime)
    documents = list(tagger.pipe([[["Ada", "Lovelace"], []], [], ["swims"]]))
    assert [document.tags for document in documents] == [{"ner": ["O", "B-PER"]}, {"ner": []}, {"ner": ["B-PER"]}]
    (window,) = runtime.windows
    assert window.words == ["Ada", "Lovelace", "swims"]
    assert window.lengths.tolist() == [2, 1]
    with pytest.raises(TaggerError, match=r"LongWords holds no torch network; load the model folder with Tagger\.load"):
        tagger.save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_a_runtime_without_probabilities_says_so() -> None:
    info = untrained().info
    with pytest.raises(TaggerError, match="LongWords gives no probabilities of ner"):
        Tagger(info, LongWords(info.vocab.tags["ner"]))(["Ada"], probabilities=True)


def test_a_runtime_that_loses_a_word_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    info = untrained().info
    runtime = LongWords(info.vocab.tags["ner"])
    monkeypatch.setattr(runtime, "decode", lambda window, **_: Decoded({"ner": np.zeros(1, np.int64)}))
    with pytest.raises(TaggerError, match=r"^internal error: 1 ner tags for 2 tokens$"):
        Tagger(info, runtime)(["Ada", "left"])


def test_the_tagger_is_imported_without_torch() -> None:
    code = "import sys, bilstm_tagger.tagging.tagger; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
    control = "import sys, bilstm_tagger.tagging.torch_runtime; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", control], check=False).returncode == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_tags_too(tagger: Tagger) -> None:
    expected = tagger(["Ada", "left"]).tags
    child = os.fork()
    if not child:
        signal.alarm(30)  # ends a child that waits for threads it does not have
        os._exit(0 if tagger(["Ada", "left"]).tags == expected else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_one_large_document_does_not_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type_cache, "CACHED_TYPES", 10)
    tagger = two_tasks()
    tagger([f"word{number}" for number in range(200)])
    assert tagger.runtime._cache.capacity > 200
    tagger([f"name{number}" for number in range(5)])
    assert tagger.runtime._cache.capacity <= 11
    for number in range(9):
        tagger([f"word{number}"])
    assert tagger.runtime._cache.capacity == 11


def test_an_unknown_task_is_named(tagger: Tagger) -> None:
    with pytest.raises(CorpusError, match=r"^the document has no tags for task 'nre'; it has: ner, chunk, pos$"):
        tagger(["Ada"]).tags_of("nre")


def test_pipe_reads_no_further_than_it_must(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW_TOKENS", 10)
    taken = 0

    def stream() -> Iterator[list[str]]:
        nonlocal taken
        for _ in range(1000):
            taken += 1
            yield ["Ada", "left", "."]

    tagged = list(islice(tagger.pipe(stream()), 9))
    assert len(tagged) == 9
    assert taken <= 12


def test_an_endless_stream_of_empty_documents_flows(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW_TOKENS", 10)
    assert len(list(islice(tagger.pipe(repeat([])), 25))) == 25


def test_windows_and_a_full_cache_change_nothing(tagger: Tagger, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = [[WORDS[at : at + 5], WORDS[: at % 4]] for at in range(len(WORDS))]
    expected = [document.tags for document in tagger.pipe(corpus)]
    monkeypatch.setattr(module, "WINDOW_TOKENS", 7)
    monkeypatch.setattr(type_cache, "CACHED_TYPES", 6)
    small = two_tasks()
    cache = small.runtime._cache
    sizes = []
    tags = []
    for document in small.pipe(corpus):
        tags.append(document.tags)
        sizes.append(len(cache._known))
    assert tags == expected
    assert max(sizes) <= 14, "no more than the words of one window beyond the bound"
    assert min(sizes[5:]) < 12, "the cache was emptied now and then"


def types_of(arrays: TypeArrays) -> Types:
    return Types(*map(torch.from_numpy, (arrays.rows, arrays.chars, arrays.shapes)))


def test_cached_vectors_are_those_of_the_embedder(tagger: Tagger) -> None:
    words = [f"w{number}" for number in range(1500)] + WORDS

    def embed(arrays: TypeArrays) -> torch.Tensor:
        assert len(arrays.rows) <= type_cache.EMBEDDED
        return tagger.runtime.model.embedder.embed_types(types_of(arrays))

    cache = type_cache.TypeCache(tagger.vocab, embed, torch_runtime._zeros)
    assert cache.table is None
    assert cache.capacity == 0
    with torch.inference_mode():
        entries = np.concatenate([cache.entries(words[:700]), cache.entries(words[300:]), cache.entries([])])
        order = words[:700] + words[300:]
        expected = tagger.runtime.model.embedder.embed_types(types_of(tagger.vocab.encode(order)))
        torch.testing.assert_close(cache.table[entries], expected)
    assert (entries > 0).all()
    assert not cache.table[0].any()


@given(st.lists(st.lists(st.text(min_size=1, max_size=2), max_size=8), max_size=8))
def test_a_cache_holds_rows_of_any_library(windows: list[list[str]]) -> None:
    """Here of numpy: whatever a runtime computes with."""
    vocab = build_vocab([chr(code) for code in range(97, 123)] * 2, tags={})

    def embed(arrays: TypeArrays) -> np.ndarray:
        return np.stack([arrays.rows, arrays.shapes], 1)

    def zeros(rows: int, like: np.ndarray) -> np.ndarray:
        return np.zeros((rows, *like.shape[1:]), like.dtype)

    cache: type_cache.TypeCache[np.ndarray] = type_cache.TypeCache(vocab, embed, zeros)
    for words in windows:
        entries = cache.entries(words)
        if words:
            assert cache.table is not None
            assert cache.table[entries].tolist() == embed(vocab.encode(words)).tolist()
    assert cache.capacity >= len(set(chain.from_iterable(windows)))


@given(lengths=st.lists(st.integers(1, 30), max_size=20).map(np.array), batch_tokens=st.integers(1, 80))
def test_every_token_is_in_one_batch(lengths: np.ndarray, batch_tokens: int) -> None:
    seen: list[int] = []
    starts = np.cumsum(lengths) - lengths
    for members, places, mask in batch_places(lengths.astype(np.int64), batch_tokens):
        assert mask.size <= batch_tokens or len(members) == 1
        for row, member in enumerate(members):
            assert places[row][mask[row]].tolist() == list(range(starts[member], starts[member] + lengths[member]))
        assert mask.any(0).all(), "no column of padding alone"
        seen += places[mask].tolist()
    assert sorted(seen) == list(range(int(lengths.sum())))


@given(st.lists(st.lists(st.integers(0, 5), max_size=5), max_size=6))
def test_lengths_of_sentences_across_documents(corpus: list[list[int]]) -> None:
    bounds = [[0, *np.cumsum(document, dtype=int).tolist()] for document in corpus]
    assert sentence_lengths(bounds).tolist() == list(chain.from_iterable(corpus))
