"""What is judged: a model of this package, or a spaCy pipeline as a peer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from benchmarks.panel.sets import Item
from benchmarks.recipes.text import Span

PEER_LABELS = {
    **dict.fromkeys(["PERSON", "PER"], "PER"),
    "ORG": "ORG",
    **dict.fromkeys(["GPE", "LOC", "FAC"], "LOC"),
    **dict.fromkeys(["NORP", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW", "LANGUAGE", "MISC"], "MISC"),
}

Names = list[list[Span]]


class Judged(Protocol):
    """A tagger as the panel asks it."""

    name: str

    def of_words(self, items: Sequence[Item]) -> tuple[Names, list[list[str]]]:
        """Names by tokens, and parts of speech, of the gold tokens."""

    def of_text(self, items: Sequence[Item]) -> Names:
        """Names by characters of the texts."""


class Model:
    """A model of this package."""

    def __init__(self, folder: str) -> None:
        from bilstm_tagger import Tagger

        self.name = folder.rstrip("/").rpartition("/")[2]
        self._folder = folder
        self._tagger = Tagger.load(folder, precision="float32")

    def of_words(self, items: Sequence[Item]) -> tuple[Names, list[list[str]]]:
        """Names by tokens, and parts of speech, of the gold tokens."""
        found = list(self._tagger.pipe([item.words or [] for item in items]))
        upos = [document.tags_of("upos") if "upos" in document.tags else [] for document in found]
        return [[(span.start, span.end, span.label) for span in document.spans_of("ner")] for document in found], upos

    def of_text(self, items: Sequence[Item]) -> Names:
        """Names by characters of the texts."""
        found = self._tagger.pipe([item.text for item in items])
        return [[(span.start_char, span.end_char, span.label) for span in each.spans_of("ner")] for each in found]

    def store(self, tables: Sequence[dict[str, Any]]) -> None:
        """Put tables into the folder's metrics and its card, in place of those with the same titles."""
        titles = {table["title"] for table in tables}
        kept = [table for table in self._tagger.metrics.get("test", []) if table["title"] not in titles]
        self._tagger.metrics["test"] = [*kept, *tables]
        self._tagger.save(self._folder)


class SpacyPeer:
    """A spaCy pipeline, its labels brought to four."""

    def __init__(self, name: str) -> None:
        import spacy

        self.name = name
        self._nlp = spacy.load(name)

    def of_words(self, items: Sequence[Item]) -> tuple[Names, list[list[str]]]:
        """Names by tokens, and parts of speech, of the gold tokens."""
        from spacy.tokens import Doc

        docs = [*self._nlp.pipe(Doc(self._nlp.vocab, item.words or []) for item in items)]
        names = [[(ent.start, ent.end, label) for ent, label in _entities(doc)] for doc in docs]
        return names, [[token.pos_ for token in doc] for doc in docs]

    def of_text(self, items: Sequence[Item]) -> Names:
        """Names by characters of the texts."""
        docs = self._nlp.pipe(item.text for item in items)
        return [[(ent.start_char, ent.end_char, label) for ent, label in _entities(doc)] for doc in docs]


def _entities(doc: Any) -> list[tuple[Any, str]]:
    return [(ent, PEER_LABELS[ent.label_]) for ent in doc.ents if ent.label_ in PEER_LABELS]


def peer(name: str) -> SpacyPeer:
    """A peer by its name, `spacy:PIPELINE`."""
    kind, _, pipeline = name.partition(":")
    if kind != "spacy" or not pipeline:
        raise SystemExit(f"--peer {name}: write spacy:PIPELINE, for example spacy:en_core_web_sm")
    return SpacyPeer(pipeline)
