"""What an inspection found: numbers with named axes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bilstm_tagger.errors import TaggerError

if TYPE_CHECKING:
    from bilstm_tagger.document.document import Document

#: The path of a gradient that may take every way through the network.
ALL = "all"


@dataclass(frozen=True, slots=True, eq=False)
class NamedArray:
    """Numbers whose axes, and the places along them, have names.

    Attributes:
        values: the numbers.
        axes: for each axis, in order, the names of its places.
    """

    values: np.ndarray
    axes: Mapping[str, tuple[str, ...]]

    def select(self, **places: str | int) -> np.ndarray:
        """The numbers at these places, by axis: `gates.select(direction="forward", gate="forget")`.

        Args:
            places: for each axis the name of a place or its number, counted from 0; axes not named stay whole.

        Raises:
            TaggerError: there is no such axis or place.
        """
        index: list[slice | int] = [slice(None)] * self.values.ndim
        for axis, place in places.items():
            if axis not in self.axes:
                raise TaggerError(f"no axis {axis!r}; there are {', '.join(self.axes)}")
            names = self.axes[axis]
            found = place if isinstance(place, int) else names.index(place) if place in names else len(names)
            if not -len(names) <= found < len(names):
                raise TaggerError(f"axis {axis!r} has no place {place!r}; there are {', '.join(names)}")
            index[list(self.axes).index(axis)] = found
        return self.values[tuple(index)]

    def to_json(self) -> dict[str, Any]:
        """Plain values; six digits are more than a float32 is right to."""
        return {"axes": {name: list(places) for name, places in self.axes.items()}, "values": _rounded(self.values)}


@dataclass(frozen=True, slots=True)
class Unit:
    """A hidden unit that one token sets apart from the others.

    Attributes:
        layer: its layer.
        direction: its direction.
        unit: its number inside them, from 0.
        token: number of the token at which it differs most from its mean over the other tokens.
        value: its hidden state there.
        elsewhere: its mean hidden state at the other tokens.
    """

    layer: str
    direction: str
    unit: int
    token: int
    value: float
    elsewhere: float


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """What was seen while a text was tagged.

    Attributes:
        document: the tagged document.
        task: the task whose predictions are explained.
        encoder: kind of the encoder: `lstm`, `gru`, `rnn` or `cnn`.
        hidden_norm: length of the hidden state `(layer, direction, token)`.
        dependence: length of the gradient of each prediction's score with respect to each token's embedding
            `(path, token, on)`: how much the prediction at `token` hangs on the token `on`. The score is the emission
            of the predicted tag. Path `forward` goes through left-to-right passes only, in every layer, `backward`
            through right-to-left ones, `all` every way. Tokens that the encoder does not read together do not depend on
            each other.
        units: the most token-specific units, the first most.
        lstm_gates: see `gates`; None if the encoder is no LSTM.
        lstm_cell_norm: see `cell_norm`; None if the encoder is no LSTM.
    """

    document: Document
    task: str
    encoder: str
    hidden_norm: NamedArray
    dependence: NamedArray
    units: tuple[Unit, ...]
    lstm_gates: NamedArray | None = None
    lstm_cell_norm: NamedArray | None = None

    @property
    def gates(self) -> NamedArray:
        """Mean over the units of each gate, between 0 and 1 `(layer, direction, gate, token)`.

        Raises:
            TaggerError: the encoder is no LSTM.
        """
        return self._of_lstm(self.lstm_gates)

    @property
    def cell_norm(self) -> NamedArray:
        """Length of the cell state `(layer, direction, token)`.

        Raises:
            TaggerError: the encoder is no LSTM.
        """
        return self._of_lstm(self.lstm_cell_norm)

    @property
    def tokens(self) -> tuple[str, ...]:
        """The words."""
        return self.hidden_norm.axes["token"]

    @property
    def tags(self) -> tuple[str, ...]:
        """The predicted tags of the task."""
        return tuple(self.document.tags[self.task])

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, from the input up."""
        return self.hidden_norm.axes["layer"]

    @property
    def directions(self) -> tuple[str, ...]:
        """`forward`, `backward` or both; of a cnn `window`."""
        return self.hidden_norm.axes["direction"]

    @property
    def paths(self) -> tuple[str, ...]:
        """The directions that gradients are told apart by, and `all`."""
        return self.dependence.axes["path"]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        values: dict[str, Any] = {
            "text": self.document.text,
            "task": self.task,
            "encoder": self.encoder,
            "tokens": list(self.tokens),
            "tags": list(self.tags),
            "sentences": self.document.bounds,
        }
        if self.lstm_gates and self.lstm_cell_norm:
            values |= {"gates": self.lstm_gates.to_json(), "cell_norm": self.lstm_cell_norm.to_json()}
        return values | {
            "hidden_norm": self.hidden_norm.to_json(),
            "dependence": self.dependence.to_json(),
            "units": [
                {name: getattr(unit, name) for name in ("layer", "direction", "unit", "token")}
                | {"value": round(unit.value, 6), "elsewhere": round(unit.elsewhere, 6)}
                for unit in self.units
            ],
        }

    def _of_lstm(self, values: NamedArray | None) -> NamedArray:
        if values is None:
            raise TaggerError(f"gates and cell states are an LSTM's; this model's encoder.type is {self.encoder!r}")
        return values


def _rounded(values: np.ndarray) -> Any:
    return np.vectorize(lambda value: float(f"{value:.6g}"), otypes=[float])(values).tolist()
