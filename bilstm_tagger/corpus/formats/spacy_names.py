"""What columns of `.spacy` files are called: attributes of tokens, the entities, span groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bilstm_tagger.corpus.formats.standard_fields import ENTITIES as _ENTITY_FIELD
from bilstm_tagger.corpus.formats.standard_fields import FIELDS
from bilstm_tagger.text.tokenizers import seen

if TYPE_CHECKING:
    from spacy.tokens import Token

__all__ = ["ATTRIBUTES", "ENTITIES", "ENTITY_NAMES", "GROUP", "SPACE", "group_column", "is_no_word"]

ENTITIES = _ENTITY_FIELD.spacy
# As a column `ne` is the span group of that name.
ENTITY_NAMES = tuple(name for name in (_ENTITY_FIELD.task, *_ENTITY_FIELD.names) if name != "ne")
# Names a column can go by, and the attribute of spaCy's tokens.
ATTRIBUTES = {
    name: "morph" if field.spacy == "morph" else f"{field.spacy}_"
    for field in FIELDS
    if field is not _ENTITY_FIELD
    for name in (field.task, *field.names)
    if name != "deprel"
}
# The part of speech of tokens that are no words, for spaCy.
SPACE = "SPACE"
# Before the name of a span group that is called like something else.
GROUP = "spans:"


def is_no_word(token: Token) -> bool:
    """Whether a token holds the text together and is none of ours: white space, or marks that are not seen."""
    text = token.text
    return text.isspace() or (token.pos_ == SPACE and seen(text).isspace())


def group_column(group: str) -> str:
    """Give the name by which a column means a span group, whatever the group is called."""
    taken = group.lower() in (*ATTRIBUTES, *ENTITY_NAMES) or group.startswith(GROUP)
    return GROUP + group if taken else group
