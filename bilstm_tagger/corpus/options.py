"""How to read corpora of raw text; formats that carry their own tokens have no use for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bilstm_tagger.settings.schema import DataSettings

FEATURE = "features."  # before the name of a feature among the tasks to read

Policy = Literal["error", "snap", "drop"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What reading raw text, marked spans and data sets needs beyond columns.

    Attributes:
        tokenizer: Name of the tokeniser for raw text.
        text_column: Key or column of the raw text; without it tokens are preferred, then ``text``.
        misaligned: What happens to a span of characters that is not a run of whole tokens: ``error`` refuses
            the file, ``snap`` widens the span to whole tokens, ``drop`` leaves it out; both print counts.
        split: The split of a data set whose name names none.
        features: For each feature of tokens the column it is read from, into the documents' columns.
    """

    tokenizer: str = "spacy:en"
    text_column: str | None = None
    misaligned: Policy = "error"
    split: str = "train"
    features: Mapping[str, int | str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, settings: DataSettings, *, split: str = "train", features: Mapping[str, int | str] | None = None
    ) -> ReadOptions:
        """The options that the settings of a run name."""
        return cls(settings.tokenizer, settings.text_column, settings.misaligned, split, features or {})


DEFAULT_OPTIONS = ReadOptions()
