"""Train BiLSTM-CRF taggers on annotated text and tag text with them.

The names below are imported when first used: the package itself loads neither torch nor spaCy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bilstm_tagger.corpus import Corpus, ReadSpec, read_corpus
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.document.entities import Entity
    from bilstm_tagger.document.views import Sentence, Span, Token
    from bilstm_tagger.errors import ConfigError, CorpusError, ModelError, TaggerError, VectorsError
    from bilstm_tagger.evaluation.compare import compare
    from bilstm_tagger.evaluation.evaluate import evaluate
    from bilstm_tagger.evaluation.predictions import evaluate_predictions
    from bilstm_tagger.inspection.inspect import inspect
    from bilstm_tagger.settings.loading import load_settings
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.tagging.tagger import Tagger
    from bilstm_tagger.training import train
from bilstm_tagger.version import __version__

__all__ = [
    "ConfigError",
    "Corpus",
    "CorpusError",
    "Document",
    "Entity",
    "ModelError",
    "ReadSpec",
    "Sentence",
    "Settings",
    "Span",
    "Tagger",
    "TaggerError",
    "Token",
    "VectorsError",
    "__version__",
    "compare",
    "evaluate",
    "evaluate_predictions",
    "inspect",
    "load_settings",
    "read_corpus",
    "train",
]

_HOMES = {
    "corpus": ("Corpus", "ReadSpec", "read_corpus"),
    "document.document": ("Document",),
    "document.entities": ("Entity",),
    "document.views": ("Sentence", "Span", "Token"),
    "errors": ("ConfigError", "CorpusError", "ModelError", "TaggerError", "VectorsError"),
    "evaluation.compare": ("compare",),
    "evaluation.evaluate": ("evaluate",),
    "evaluation.predictions": ("evaluate_predictions",),
    "inspection.inspect": ("inspect",),
    "settings.loading": ("load_settings",),
    "settings.schema": ("Settings",),
    "tagging.tagger": ("Tagger",),
    "training": ("train",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"bilstm_tagger.{_HOME_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
