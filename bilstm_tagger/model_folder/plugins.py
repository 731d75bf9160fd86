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
from itertools import count
from typing import Any

import torch
from torch import nn

from bilstm_tagger.errors import ConfigError, ModelError
from bilstm_tagger.nn.batch import Types

_SEEDS = count()
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
        """An encoder of this class, tried on two sentences.

        Raises:
            ConfigError: if it cannot be made so, or does not keep to the contract.
        """
        module = self._make(input_size, **sizes)
        lengths = torch.tensor([1, 3])
        x, other = torch.zeros(2, 2, 3, input_size)
        other[0, 1:] = 1  # behind the end of the first sentence
        found, again, padded = (self._tried(module, given, lengths) for given in (x, x, other))
        self._check_shape(found, (2, 3, module.output_size), "(batch, tokens, output_size)")
        real = torch.tensor([[True, False, False], [True, True, True]])
        if not torch.allclose(found[real], again[real], atol=1e-4, equal_nan=True):
            raise ConfigError(
                f"plug-in {self.name!r} gives other numbers each time while tagging; dropout, say, is for training "
                "alone: nn.Dropout, or `training=self.training`"
            )
        if not torch.allclose(found[real], padded[real], atol=1e-4, equal_nan=True):
            raise ConfigError(
                f"plug-in {self.name!r}: what stands behind the end of a sentence changes the states of its tokens, so "
                "they depend on what else is in the batch; leave out what is not below `lengths`"
            )
        return module

    def embedding(self, **counts: int) -> nn.Module:
        """An embedding of this class, tried on two words; errors as for `encoder`."""
        module = self._make(**counts)
        rows, shapes = torch.zeros(2, 2, dtype=torch.long)
        found = self._tried(module, Types(rows, torch.zeros(2, 4, dtype=torch.long), shapes))
        self._check_shape(found, (2, module.output_size), "(types, output_size)")
        return module

    def _make(self, *arguments: Any, **named: Any) -> nn.Module:
        try:
            module = self.made(*arguments, **named)
        except Exception as error:  # its code may raise anything
            raise ConfigError(f"plug-in {self.name!r} cannot be made: {_told(error)}") from error
        if not isinstance(module, nn.Module) or not isinstance(getattr(module, "output_size", None), int):
            raise ConfigError(f"plug-in {self.name!r} is not a torch module with `forward` and a number `output_size`")
        return module

    def _tried(self, module: nn.Module, *given: Any) -> Any:
        """What it gives without dropout; what is drawn at random by others stays as it would be."""
        was_training = module.training
        module.eval()
        try:
            # Each time with other random numbers.
            with torch.random.fork_rng(devices=[]), torch.no_grad():
                torch.default_generator.manual_seed(next(_SEEDS))
                return module(*given)
        except Exception as error:  # its code may raise anything
            raise ConfigError(f"plug-in {self.name!r} cannot be used: `forward` ends with {_told(error)}") from error
        finally:
            module.train(was_training)

    def _check_shape(self, found: Any, shape: tuple[Any, ...], meaning: str) -> None:
        if not isinstance(found, torch.Tensor):
            raise ConfigError(f"plug-in {self.name!r}: `forward` gives a {type(found).__name__}, not a tensor")
        if tuple(found.shape) != shape:
            given = tuple(found.shape)
            raise ConfigError(
                f"plug-in {self.name!r}: `forward` gives numbers of shape {given}, not {shape}: {meaning}"
            )


def _told(error: Exception) -> str:
    """Kind and first line of an error."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


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
    except ModuleNotFoundError as error:
        at_home = error.name is not None and f"{module}.".startswith(f"{error.name}.")
        remedy = f"; name the folder that {error.name} lies in by the variable PYTHONPATH" if at_home else ""
        raise ConfigError(f"plug-in {name!r} cannot be imported: {error}{remedy}") from None
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
