"""What columns of `.spacy` files are called: attributes of tokens, the entities, span groups."""

from __future__ import annotations

__all__ = ["ATTRIBUTES", "ENTITIES", "ENTITY_NAMES", "GROUP", "group_column"]

ENTITIES = "ents"
ENTITY_NAMES = (ENTITIES, "ner", "entities", "ent_type")
# Names a column can go by, and the attribute of spaCy's tokens.
ATTRIBUTES = {"pos": "pos_", "upos": "pos_", "tag": "tag_", "xpos": "tag_", "lemma": "lemma_", "morph": "morph",
              "feats": "morph", "dep": "dep_"}  # fmt: skip
# Before the name of a span group that is called like something else.
GROUP = "spans:"


def group_column(group: str) -> str:
    """Give the name by which a column means a span group, whatever the group is called."""
    taken = group.lower() in (*ATTRIBUTES, *ENTITY_NAMES) or group.startswith(GROUP)
    return GROUP + group if taken else group
