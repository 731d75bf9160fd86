"""Torch modules from outside the package, named `package.module:Class` in the settings.

An encoder is made as `Class(input_size, hidden_size=..., layers=..., dropout=..., direction=..., merge=...,
width=...)`. It has `forward(x, lengths)` from `(batch, tokens, input_size)` to `(batch, tokens, output_size)` and the
attribute `output_size`; what stands where a sentence is padded must not change its real tokens.

An embedding is made as `Class(words=..., characters=..., shapes=...)`, the numbers of ids of each kind. It has
`forward(types)` from the distinct words of a batch (`nn.batch.Types`) to `(types, output_size)` and the attribute
`output_size`. It sees one word at a time, so its result is kept by word and costs nothing while tagging.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bilstm_tagger.errors import ConfigError, ModelError

if TYPE_CHECKING:
    from torch import nn

ALLOWED = "BILSTM_TAGGER_PLUGINS"  # environment variable: plug-ins that model folders may name, with commas between


@dataclass(frozen=True, slots=True)
class Plugin:
    """A class that was named by the settings.

    Attributes:
        name: `package.module:Class`.
        made: the class.
    """

    name: str
    made: Any

    def encoder(self, input_size: int, **sizes: Any) -> nn.Module:
        """An encoder of this class.

        Raises:
            ConfigError: if it cannot be made so, or is none.
        """
        return self._make(input_size, **sizes)

    def embedding(self, **counts: int) -> nn.Module:
        """An embedding of this class; errors as for `encoder`."""
        return self._make(**counts)

    def _make(self, *arguments: Any, **named: Any) -> nn.Module:
        try:
            module = self.made(*arguments, **named)
        except TypeError as error:
            raise ConfigError(f"plug-in {self.name!r} cannot be made: {error}") from None
        if not callable(getattr(module, "forward", None)) or not isinstance(getattr(module, "output_size", None), int):
            raise ConfigError(f"plug-in {self.name!r} is not a torch module with `forward` and a number `output_size`")
        return module  # type: ignore[no-any-return]


def plugin_class(name: str) -> Plugin:
    """The class of a plug-in's name, imported.

    Raises:
        ConfigError: if the name is of another form, or there is no such class.
    """
    module, colon, attribute = name.partition(":")
    if not (colon and module and attribute.isidentifier()):
        raise ConfigError(f"{name!r} names no plug-in; write package.module:Class")
    try:
        return Plugin(name, getattr(importlib.import_module(module), attribute))
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"plug-in {name!r} cannot be imported: {error}") from None


def check_allowed(folder: object, named: Collection[str], allowed: Collection[str]) -> None:
    """Refuses a model folder that names plug-ins which the caller has not allowed: loading one runs its code.

    Args:
        folder: for the message.
        named: the plug-ins of the folder.
        allowed: those that the caller allows, beside those of the environment variable `BILSTM_TAGGER_PLUGINS`.

    Raises:
        ModelError: naming the first one that is not allowed.
    """
    known = {*allowed, *filter(None, os.environ.get(ALLOWED, "").split(","))}
    for name in named:
        if name not in known:
            raise ModelError(
                f"{folder}: the model needs code from elsewhere, {name!r}; if you trust it, load it with "
                f"plugins=[{name!r}] or set {ALLOWED}={name}"
            )
