"""Which field of a format holds the tags of which task, by the name of the task: one table for all formats.

A task in such a field is read back under the usual name, since a field has no name of its own to keep. Other tasks go
where the format has room for names: keys of MISC, layers, span groups, columns of tables.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["ENTITIES", "FIELDS", "UNIVERSAL", "Field", "entity_task", "field_of"]


@dataclass(frozen=True, slots=True)
class Field:
    """A kind of annotation that formats have a place of their own for.

    Attributes:
        task: the usual name of a task with it, under which it is read.
        names: what else such a task is called.
        conllu: its column in CoNLL-U; None for a key of MISC.
        spacy: its name in `.spacy`.
        webanno: its layer and feature in WebAnno TSV, if it has one.
    """

    task: str
    names: tuple[str, ...]
    conllu: str | None
    spacy: str
    webanno: str | None


ENTITIES = Field("ner", ("ne", "entities", "ents", "ent_type"), None, "ents", "NamedEntity.value")
FIELDS = (
    ENTITIES,
    Field("upos", ("pos",), "UPOS", "pos", "POS.PosValue"),
    Field("xpos", ("tag",), "XPOS", "tag", "POS.PosValue"),
    Field("lemma", (), "LEMMA", "lemma", "Lemma.value"),
    Field("feats", ("morph",), "FEATS", "morph", "MorphologicalFeatures.value"),
    Field("deprel", ("dep",), "DEPREL", "dep", None),
)
# Parts of speech of Universal Dependencies, https://universaldependencies.org/u/pos/
UNIVERSAL = frozenset([
    "ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN", "PUNCT", "SCONJ", "SYM",
    "VERB", "X",
])  # fmt: skip
_BY_NAME = {name: field for field in FIELDS for name in (field.task, *field.names)}


def field_of(task: str) -> Field | None:
    """Give the field of a task, by its name in upper or lower case; None if there is none."""
    return _BY_NAME.get(task.lower())


def entity_task(tasks: Sequence[str]) -> str | None:
    """Of tasks with spans the one whose spans are named entities: one called so, or else the first."""
    return next((task for task in tasks if field_of(task) is ENTITIES), next(iter(tasks), None))
