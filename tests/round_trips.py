"""Documents of all kinds for round trips, and writing them without the care that real files get."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from hypothesis import strategies as st

from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import spans_to_tags
from bilstm_tagger.settings.read_spec import ReadSpec

SCHEMES = [Scheme.IOB1, Scheme.BIO, Scheme.IOBES, Scheme.BMES, Scheme.BILOU]
any_text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=6)


@st.composite
def documents(draw: st.DrawFn, *, words: st.SearchStrategy[str] = any_text, empty: bool = True) -> Document:
    """A document with spans and plain tags, with a text of its own or without."""
    sizes = draw(st.lists(st.integers(0 if empty else 1, 4), max_size=4))
    count = sum(sizes)
    chosen = draw(st.lists(words, min_size=count, max_size=count))
    bounds, names = [0], []
    scheme = draw(st.sampled_from(SCHEMES))
    for size in sizes:
        bounds.append(bounds[-1] + size)
        cuts = sorted(draw(st.sets(st.integers(0, size))))
        spans = [(a, b, draw(st.sampled_from(["PER", "a-b"]))) for a, b in pairwise(cuts)]
        names += spans_to_tags([span for span in spans if draw(st.booleans())], size, scheme)
    tags = {"ner": names, "pos": draw(st.lists(any_text, min_size=count, max_size=count))}
    document = Document(chosen, bounds, tags=tags, schemes={"ner": scheme}, id=draw(st.none() | any_text))
    return _with_text(document, draw) if draw(st.booleans()) else document


def _with_text(document: Document, draw: st.DrawFn) -> Document:
    blank = st.text(" \t\n\u3000", max_size=3)
    text = draw(blank)
    starts, ends = [], []
    for word in document.words:
        starts.append(len(text))
        text += word
        ends.append(len(text))
        text += draw(blank)
    return Document(
        document.words, document.bounds, text=text, starts=starts, ends=ends,
        tags=document.tags, schemes=document.schemes, id=document.id,
    )  # fmt: skip


def there_and_back(
    given: Sequence[Document],
    format: str,
    columns: Mapping[str, int | str],
    *,
    tasks: Sequence[str] | None = None,
) -> list[Document]:
    """Write documents in a format and read them again."""
    known = FORMATS[format]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a" + known.suffixes[0])
        opened = path.open("wb") if known.binary else path.open("w", encoding="utf-8", newline="")
        with opened as stream:
            known.write(iter(given), stream, tasks=tasks)
        return list(known.read(path, ReadSpec(columns=columns, tokenizer="whitespace")))


def check_same(given: Sequence[Document], back: Sequence[Document]) -> None:
    """Hold what was read against what was written: words, sentences, text, offsets and tags."""
    assert len(given) == len(back)
    for before, after in zip(given, back, strict=True):
        assert after.words == before.words
        assert after.bounds == before.bounds
        assert after.text == before.text
        assert (after.starts, after.ends) == (before.starts, before.ends)
        after.check_offsets()
