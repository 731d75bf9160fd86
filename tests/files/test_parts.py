"""Documents in parts of the right number and size, and parts in chunks."""

from __future__ import annotations

from pathlib import Path

import pytest

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.files import parts
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.parts import TOKEN, Part, in_chunks, join_parts, split_item
from bilstm_tagger.files.streams import End, Tagged, Untagged

JOB = Job(Path("a"), "a", "text")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "CHUNK", 100)
    monkeypatch.setattr(parts, "FIRST_CHUNK", 10)


def contents(found: list[Part]) -> list[str | Document]:
    return [part.sent.content for part in found if part.sent is not None]


def paragraphs(characters: int) -> str:
    """Paragraphs of ten characters."""
    return "Ada won.\n\n" * (characters // 10)


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    ("characters", "sizes"), [(0, [0]), (200, [200]), (210, [110, 100]), (450, [110, 110, 110, 110, 10])]
)
def test_texts_longer_than_two_chunks_are_cut_into_chunks(characters: int, sizes: list[int], apart: bool) -> None:
    text = paragraphs(characters)
    found = list(split_item(JOB, Untagged(text, "a"), apart=apart))
    pieces = [str(piece) for piece in contents(found)]
    assert "".join(pieces) == text
    assert [len(piece) for piece in pieces] == sizes
    assert [part.last for part in found] == [False] * (len(found) - 1) + [True]
    assert all(part.render == (apart and len(found) == 1) for part in found)
    assert {part.sent.id for part in found if part.sent is not None} == {"a"}


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(("tokens", "sizes"), [(0, [0]), (40, [40]), (42, [20, 20, 2]), (100, [20] * 5)])
def test_documents_longer_than_two_chunks_are_cut_into_chunks(tokens: int, sizes: list[int], apart: bool) -> None:
    document = Document.from_sentences([["Ada", "won"]] * (tokens // 2))
    found = list(split_item(JOB, Untagged(document, "a"), apart=apart))
    pieces = contents(found)
    assert [len(piece) for piece in pieces] == sizes
    assert [word for piece in pieces if isinstance(piece, Document) for word in piece.words] == document.words
    assert document.id == "a"
    assert all(part.render == (apart and len(found) == 1) for part in found)


def test_only_formats_of_documents_that_stand_by_themselves_are_rendered() -> None:
    (part,) = split_item(JOB, Untagged("Ada won.", "a"), apart=False)
    assert not part.render
    assert part.last
    document = Document(["Ada"], [0, 1], columns={"POS": ["NNP"], "other": ["x"]})
    (part,) = split_item(JOB, Untagged(document, "a"), apart=False, columns=["POS"])
    assert not part.render
    (sent,) = contents([part])
    assert isinstance(sent, Document)
    assert sent.columns == {"POS": ["NNP"]}  # what is not read stays here
    assert part.whole is document


def test_first_chunks_are_small() -> None:
    """Each part counts for a token more than its text, so that files without text fill chunks too."""
    items = [Part(JOB, "x", Untagged("x" * (10 - TOKEN), "a"), render=True)] * 40
    assert [len(chunk) for chunk in in_chunks(items)] == [1, 2, 4, 8, 10, 10, 5]
    ends = [Part(JOB, end=End())] * 30
    assert [len(chunk) for chunk in in_chunks(ends)] == [2, 4, 8, 16]


def test_a_file_ends_at_its_first_text_that_cannot_be_tokenised() -> None:
    """Also in the middle of a long document, whose other pieces are dropped."""
    error = TaggerError("cannot be tokenised")
    other = Job(Path("b"), "b", "text")
    text = Tagged("{}\n", 1, 1)
    piece = Tagged.of(Document(["Ada"], [0, 1], text="Ada", starts=[0], ends=[3]))
    outcomes = [
        (Part(JOB, "Ada", Untagged("Ada", "1"), render=True), text),
        (Part(JOB, "AdaAda", Untagged("Ada", "2"), last=False), piece),
        (Part(JOB, "AdaAda", Untagged("Ada", "2")), error),
        (Part(JOB, "Ada", Untagged("Ada", "3"), render=True), text),
        (Part(JOB, end=End()), None),
        (Part(other, "Ada", Untagged("Ada", "1")), piece),
        (Part(other, end=End()), None),
    ]
    assert list(join_parts(outcomes)) == [(JOB, text), (JOB, End(error)), (other, piece), (other, End())]
