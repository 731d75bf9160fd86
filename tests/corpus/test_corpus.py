"""A corpus: settled, respelled, divided and joined without a change to what it was made from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from round_trips import SCHEMES, documents

from bilstm_tagger.corpus import Corpus
from bilstm_tagger.corpus.split import digest
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme, first_illegal
from bilstm_tagger.schemes.spans import convert, tags_to_spans


def document(*sentences: str, path: str | None = "corpus.conll") -> Document:
    """A document whose words do not matter, with blank lines between sentences of its file."""
    tags = [line.split() for line in sentences]
    made = Document.from_sentences([["word"] * len(line) for line in tags])
    lines = [sum(map(len, tags[:n])) + n + i + 1 for n, line in enumerate(tags) for i in range(len(line))]
    flat = [tag for line in tags for tag in line]
    return Document(made.words, made.bounds, tags={"ner": flat}, path=path, lines=lines if path else None)


def test_settling_notes_the_scheme_on_new_documents() -> None:
    given = [document("O O"), document("B-X I-X")]
    corpus = Corpus(given).settle("ner")
    assert corpus.schemes == {"ner": Scheme.BIO}
    assert [made.schemes for made in corpus] == [{"ner": Scheme.BIO}] * 2
    assert [made.schemes for made in given] == [{}] * 2


def test_a_corpus_is_held_to_a_declared_scheme() -> None:
    assert Corpus([document("O O")]).settle("ner", declared=Scheme.IOBES).schemes == {"ner": Scheme.IOBES}
    mixed = Corpus([document("B-X O", "O PER")])
    assert mixed.settle("ner", declared=Scheme.NONE).schemes == {"ner": Scheme.NONE}


@pytest.mark.parametrize(
    ("documents", "declared", "message"),
    [
        (
            [document("B-X I-X", "O I-X O", "B-Y B-Y I-Y")],
            None,
            (
                r"^corpus.conll:5: tag 'I-X' cannot follow 'O' in BIO; correct it, or let --repair read it as "
                r"the CoNLL scorer would$"
            ),
        ),
        (
            [document("B-X", "I-X", "I-Y", "B-Z B-Z")],
            None,
            (
                r"^corpus.conll:3: .* begin a sentence in BIO, and 1 more; correct it, or let --repair read it "
                r"as the CoNLL scorer would$"
            ),
        ),
        (
            [document("S-X", "O B-X")],
            None,
            (
                r"^corpus.conll:4: tag 'B-X' cannot end a sentence in IOBES; correct it, or let --repair read it "
                r"as the CoNLL scorer would$"
            ),
        ),
        (
            [document("B-X I-X", "E-X", "B-X B-X")],
            None,
            (
                r"^corpus.conll:4: tag 'E-X' is no tag of BIO, and 1 more; correct it, or let --repair read it "
                r"as the CoNLL scorer would$"
            ),
        ),
        (
            [document("O"), document("O I-X")],
            Scheme.BIO,
            (
                r"^corpus.conll:2: .* cannot follow 'O' in BIO; the whole corpus reads as IOB1: convert it to "
                r"BIO first$"
            ),
        ),
        (
            [document("O I-X", "B-X I-X I-Y", path=None)],
            Scheme.BIO,
            (
                r"^sentence 1, token 2: tag 'I-X' cannot follow 'O' in BIO, and 1 more; correct it, or let "
                r"--repair read it as the CoNLL scorer would$"
            ),
        ),
        (
            [document("B-X I-X O", "B-Y PER", "B-Z")],
            None,
            (
                r"^corpus.conll:6: tag 'PER' among tags such as 'B-X'; correct it, or declare the scheme of the "
                r"task as none if these are plain tags$"
            ),
        ),
        (
            [document("NOUN")],
            Scheme.BIO,
            r"^corpus.conll:1: tag 'NOUN' is no tag of BIO; .* is this the column of task 'ner'\?$",
        ),
    ],
)
def test_settling_names_the_place(documents: list[Document], declared: Scheme | None, message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        Corpus(documents).settle("ner", declared=declared)
    assert not documents[0].schemes


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(["O", "B-X", "I-X", "E-X", "S-X"]), min_size=1, max_size=4), max_size=4),
    st.sampled_from([scheme for scheme in SCHEMES if scheme is not Scheme.NONE]),
)
@example([["B-X", "E-X"], ["S-X"], ["E-X"]], Scheme.BIO)  # nearly IOBES, but not to be converted as it is
@example([["I-X"], ["I-X", "B-X"], ["O", "B-X"]], Scheme.IOBES)
def test_to_convert_is_advised_where_the_whole_corpus_is_in_the_other_scheme(
    sentences: list[list[str]], declared: Scheme
) -> None:
    found = [document(*map(" ".join, sentences))]
    try:
        Corpus(found).settle("ner", declared=declared)
    except CorpusError as error:
        named = re.search(r"; the whole corpus reads as (\w+): convert it", str(error))
        remedy = re.search(r"; correct it, or let --repair", str(error))
        whole = [each for each in DETECTED if all(first_illegal(tags, each) is None for tags in sentences)]
        assert (named is None) == bool(remedy) == (not whole)
        assert named is None or named[1] in whole
        counted = re.search(r", and (\d+) more; correct", str(error))
        assert counted is None or int(counted[1]) >= 1
    else:
        assert all(first_illegal(tags, declared) is None for tags in sentences)


DETECTED = [Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU]


def test_settling_needs_the_task() -> None:
    with pytest.raises(CorpusError, match=r"corpus.conll has no tags for task 'upos'; it has: ner"):
        Corpus([document("O")]).settle("upos")


# ---- what does not change


@st.composite
def settled(draw: st.DrawFn) -> Corpus:
    """A corpus of at least two sentences, its spans in any scheme."""
    scheme = draw(st.sampled_from(SCHEMES))
    given = [document("O", "O")]
    for each in draw(st.lists(documents(), max_size=2)):
        tags = [tag for tags in each.sentence_tags("ner") for tag in convert(tags, each.schemes["ner"], scheme)]
        given.append(each.with_tags({"ner": tags}))
    return Corpus(given).settle("ner", declared=scheme)


def frozen(corpus: Corpus) -> list[tuple[object, ...]]:
    """All that a document says of tags, as values."""
    return [
        (tuple(each.words), {task: tuple(tags) for task, tags in each.tags.items()}, dict(each.schemes))
        for each in corpus
    ]


CHANGES: dict[str, Callable[[Corpus], object]] = {
    "settle": lambda corpus: corpus.settle("ner"),
    "settle as": lambda corpus: corpus.settle_as("ner", Scheme.BILOU),
    "respell": lambda corpus: corpus.respell("ner", Scheme.IOBES),
    "repair": lambda corpus: corpus.repair("ner", declared=Scheme.IOB1),
    "only": lambda corpus: corpus.only([]),
    "set aside": lambda corpus: corpus.set_aside(0.5),
    "fold": lambda corpus: corpus.fold(2),
    "join": lambda corpus: corpus + corpus,
}


@pytest.mark.parametrize("change", CHANGES)
@settings(max_examples=20, deadline=None)
@given(settled())
def test_nothing_changes_in_place(change: str, corpus: Corpus) -> None:
    before, schemes = frozen(corpus), dict(corpus.schemes)
    CHANGES[change](corpus)
    assert frozen(corpus) == before
    assert corpus.schemes == schemes


def test_a_corpus_is_a_sequence_that_nobody_can_change() -> None:
    corpus = Corpus([document("B-X O"), document("O"), document("O")]).settle("ner")
    assert (len(corpus), len(corpus[1:]), corpus[-1] is corpus.documents[2]) == (3, 2, True)
    assert corpus[1:].schemes == {"ner": Scheme.BIO}
    assert repr(corpus) == "<Corpus: 3 documents, 3 sentences, 4 tokens; ner: BIO>"
    with pytest.raises(AttributeError):
        corpus.documents = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        corpus.schemes["ner"] = Scheme.NONE  # type: ignore[index]


def test_a_task_stays_settled_only_where_both_parts_have_its_scheme() -> None:
    bio, iobes = (Corpus([document("O")]).settle("ner", declared=scheme) for scheme in (Scheme.BIO, Scheme.IOBES))
    assert (bio + bio).schemes == {"ner": Scheme.BIO}
    assert (bio + iobes).schemes == {}
    assert [len(each) for each in (bio + iobes, Corpus() + bio)] == [2, 1]


def test_tasks_are_those_of_all_documents() -> None:
    one, two = Document(["a"], [0, 1], tags={"x": ["X"], "y": ["Y"]}), Document(["a"], [0, 1], tags={"y": ["Y"]})
    assert Corpus([one, two]).tasks == ["y"]
    assert Corpus([one, two]).only(["y"])[0].tags == {"y": ["Y"]}
    assert Corpus().tasks == []


# ---- schemes


def spans(corpus: Corpus) -> list[list[tuple[int, int, str]]]:
    return [tags_to_spans(tags, corpus.schemes["ner"]) for each in corpus for tags in each.sentence_tags("ner")]


@settings(deadline=None)
@given(settled(), st.sampled_from(SCHEMES))
def test_spans_survive_another_scheme(corpus: Corpus, target: Scheme) -> None:
    assert corpus.has_spans("ner")
    for other in (corpus.respell("ner", target), Corpus(corpus).settle_as("ner", target)):
        assert other.schemes == {"ner": target}
        assert all(each.schemes["ner"] is target for each in other)
        assert spans(other) == spans(corpus)
        for each in other:
            assert all(first_illegal(tags, target) is None for tags in each.sentence_tags("ner"))


def test_plain_tags_are_not_respelled() -> None:
    with pytest.raises(
        CorpusError,
        match=(
            r"^corpus.conll:1: ner has spans in BIO, but .* such as 'NOUN'; name the column of the spans "
            r"with --column$"
        ),
    ):
        Corpus([document("NOUN X")]).settle_as("ner", Scheme.BIO)
    assert Corpus([document("NOUN X")]).settle_as("ner", Scheme.NONE).schemes == {"ner": Scheme.NONE}
    with pytest.raises(CorpusError, match=r"^tags in scheme none cannot become BIO: plain tags have no spans$"):
        Corpus([document("NOUN X")]).respell("ner", Scheme.BIO)


def test_tags_of_no_scheme_are_told_in_the_words_of_the_one_wanted() -> None:
    with pytest.raises(
        CorpusError,
        match=(
            r"^corpus.conll:1: tag 'I-X' cannot begin a sentence in IOBES, and 1 more; correct it, or let "
            r"--repair read it as the CoNLL scorer would$"
        ),
    ):
        Corpus([document("I-X S-X")]).settle_as("ner", Scheme.IOBES)


def test_sentence_tags_follow_the_bounds() -> None:
    each = Document(["a", "b", "c"], [0, 2, 2, 3], tags={"x": ["1", "2", "3"]})
    assert list(each.sentence_tags("x")) == [each.tags["x"][a:b] for a, b in pairwise(each.bounds)]
    assert list(each.sentence_tags("x")) == [["1", "2"], [], ["3"]]
    with pytest.raises(CorpusError, match=r"^the document has no tags for task 'y'; it has: x$"):
        each.sentence_tags("y")


def test_the_digest_of_a_corpus_is_of_words_bounds_and_tags() -> None:
    """It stands in model folders, so that it may never change: words, bounds, tags, each ended by a byte 1."""
    given = Document(["Zoë", "ran", "."], [0, 2, 3], tags={"ner": ["B-PER", "O", "O"], "pos": ["X", "Y", "Z"]})
    parts = (["Zoë", "ran", "."], ["0", "2", "3"], ["B-PER", "O", "O"], ["X", "Y", "Z"])
    content = "".join("\x00".join(part) + "\x01" for part in parts)
    assert digest([given]) == hashlib.sha256(content.encode()).hexdigest()
    assert digest([given, given]) == hashlib.sha256(2 * content.encode()).hexdigest()
    assert digest([]) == hashlib.sha256(b"").hexdigest()
