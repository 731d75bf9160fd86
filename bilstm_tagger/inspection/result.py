"""The result of an inspection: numbers with named axes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bilstm_tagger.errors import TaggerError, choose

if TYPE_CHECKING:
    from bilstm_tagger.document.document import Document

#: The path of gradients through all passes of the network.
ALL = "all"
#: The layer and direction of the states of an encoder that is not built in: what it gives.
OUTPUT = "output"
MOST_NAMES = 20  # an error message lists no more


@dataclass(frozen=True, slots=True, eq=False)
class NamedArray:
    """An array whose axes and positions have names.

    Attributes:
        values: the numbers.
        axes: the names of the positions along each axis, in the order of the axes.
    """

    values: np.ndarray
    axes: Mapping[str, tuple[str, ...]]

    def select(self, **positions: str | int) -> np.ndarray:
        """Select positions along some axes: `gates.select(direction="forward", gate="forget")`.

        Args:
            positions: name or index (from 0) of a position, by axis; axes that are not named stay whole.

        Raises:
            TaggerError: there is no such axis or position.
        """
        index: list[slice | int] = [slice(None)] * self.values.ndim
        for axis, position in positions.items():
            if axis not in self.axes:
                raise TaggerError(f"no axis {axis!r}; {choose(axis, self.axes)}")
            names = self.axes[axis]
            number = (
                position if isinstance(position, int) else names.index(position) if position in names else len(names)
            )
            if not -len(names) <= number < len(names):
                few = len(names) <= MOST_NAMES
                listed = choose(str(position), names) if few else f"there are {names[0]} to {names[-1]}"
                how = ", counted from 0" if isinstance(position, int) and names[0] != "0" else ""
                raise TaggerError(f"axis {axis!r} has no position {position!r}{how}; {listed}")
            index[list(self.axes).index(axis)] = number
        return self.values[tuple(index)]

    def to_json(self) -> dict[str, Any]:
        """Plain values with six significant digits; an infinite number is None."""
        return {"axes": {name: list(names) for name, names in self.axes.items()}, "values": _rounded(self.values)}


@dataclass(frozen=True, slots=True)
class Unit:
    """One hidden unit.

    Attributes:
        layer: its layer.
        direction: its direction.
        unit: its index in the layer and direction, from 0.
        token: index of the token at which its hidden state differs most from its mean over the other tokens.
        value: its hidden state at that token.
        elsewhere: its mean hidden state at the other tokens; None if there are none.
        trace: its hidden state at each token.
    """

    layer: str
    direction: str
    unit: int
    token: int
    value: float
    elsewhere: float | None
    trace: tuple[float, ...]

    @property
    def name(self) -> str:
        """Such as `layer 2, backward, unit 3`."""
        return f"{self.layer}, {self.direction}, unit {self.unit}".removeprefix(f"{OUTPUT}, ")

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            **{name: getattr(self, name) for name in ("layer", "direction", "unit", "token")},
            "value": round(self.value, 6),
            "elsewhere": None if self.elsewhere is None else round(self.elsewhere, 6),
            "trace": [round(value, 6) for value in self.trace],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Inspection:
    """The states, scores and gradients of the network while it tagged a text.

    Attributes:
        document: the tagged document.
        task: the task whose predictions are explained.
        encoder: kind of the encoder: `lstm`, `gru`, `rnn`, `cnn`, or the name of one from elsewhere.
        hidden_states: hidden states `(layer, direction, unit, token)`; of an encoder from elsewhere, what it gives, as
            one layer and direction called `output`.
        hidden_norm: euclidean norm of the hidden state `(layer, direction, token)`.
        dependence: euclidean norm of the gradient of a prediction's score with respect to a token's embedding
            `(path, token, on)`: how much the prediction at `token` depends on the token `on`. The score is the emission
            of the predicted tag, that in `network_tags`. Path `forward` goes through left-to-right passes only, in
            every layer, `backward` through right-to-left passes, `all` through all. Tokens of different sentences do
            not depend on each other.
        units: the units with the most token-specific hidden states, the most specific first.
        network_tags: the predicted tags in the scheme that the network predicts, such as `S-LOC` for the `B-LOC` of
            data in BIO.
        tag_scores: emission of each tag at each token `(token, tag)`, the mean over the encoders of an ensemble. Tags
            are in the scheme that the network predicts.
        transitions: score of each transition `(from, to)`, with `START` before the first token and `END` after the
            last; minus infinity if the scheme disallows it. None if any tag may follow any other with the same score.
        lstm_gates: see `gates`; None if the encoder is not an LSTM.
        lstm_cell_norm: see `cell_norm`; None if the encoder is not an LSTM.
    """

    document: Document
    task: str
    encoder: str
    hidden_states: NamedArray
    hidden_norm: NamedArray
    dependence: NamedArray
    units: tuple[Unit, ...]
    network_tags: tuple[str, ...]
    tag_scores: NamedArray
    transitions: NamedArray | None = None
    lstm_gates: NamedArray | None = None
    lstm_cell_norm: NamedArray | None = None

    @property
    def gates(self) -> NamedArray:
        """Mean of each gate over the units, between 0 and 1 `(layer, direction, gate, token)`.

        Raises:
            TaggerError: the encoder is not an LSTM.
        """
        return self._of_lstm(self.lstm_gates)

    @property
    def cell_norm(self) -> NamedArray:
        """Euclidean norm of the cell state `(layer, direction, token)`.

        Raises:
            TaggerError: the encoder is not an LSTM.
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
    def shown_tags(self) -> tuple[str, ...]:
        """The predicted tags, with the network's behind those that it spells otherwise: `B-LOC (S-LOC)`."""
        pairs = zip(self.tags, self.network_tags, strict=True)
        return tuple(tag if tag == own else f"{tag} ({own})" for tag, own in pairs)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, from the input up."""
        return self.hidden_norm.axes["layer"]

    @property
    def directions(self) -> tuple[str, ...]:
        """`forward`, `backward` or both; `window` for a CNN, `output` for an encoder from elsewhere."""
        return self.hidden_norm.axes["direction"]

    @property
    def own_encoder(self) -> bool:
        """Whether the encoder is none of the package's, so that only what it gives is known."""
        return self.layers == (OUTPUT,)

    @property
    def learned_transitions(self) -> NamedArray | None:
        """The transitions if they have scores; None if they are only allowed or not, as of a softmax."""
        scores = self.transitions
        return scores if scores is not None and scores.values[np.isfinite(scores.values)].any() else None

    @property
    def paths(self) -> tuple[str, ...]:
        """The directions that gradients are taken through, and `all`."""
        return self.dependence.axes["path"]

    def unit(self, layer: str | int, direction: str | int, unit: int) -> Unit:
        """One hidden unit, with its hidden state at each token.

        Args:
            layer: name or index of the layer.
            direction: name or index of the direction.
            unit: index of the unit, from 0.

        Raises:
            TaggerError: there is no such layer, direction or unit.
        """
        trace = self.hidden_states.select(layer=layer, direction=direction, unit=unit)
        names = [
            name if isinstance(name, str) else axis[name]
            for name, axis in ((layer, self.layers), (direction, self.directions))
        ]
        others = (trace.sum() - trace) / max(len(trace) - 1, 1)
        token = int(np.argmax(np.abs(trace - others)))
        elsewhere = float(others[token]) if len(trace) > 1 else None
        return Unit(names[0], names[1], unit, token, float(trace[token]), elsewhere, tuple(trace.tolist()))

    def with_units(self, units: Iterable[tuple[str | int, str | int, int]]) -> Inspection:
        """The same inspection with further units before those in `units`.

        Args:
            units: layer, direction and index of each unit, as for `unit`.

        Raises:
            TaggerError: there is no such layer, direction or unit.
        """
        return replace(self, units=(*(self.unit(*names) for names in units), *self.units))

    def to_json(self) -> dict[str, Any]:
        """Plain values; hidden states only of the units in `units`."""
        values: dict[str, Any] = {
            "text": self.document.text,
            "task": self.task,
            "encoder": self.encoder,
            "tokens": list(self.tokens),
            "tags": list(self.tags),
            "network_tags": list(self.network_tags),
            "sentences": self.document.bounds,
        }
        if self.lstm_gates and self.lstm_cell_norm:
            values |= {"gates": self.lstm_gates.to_json(), "cell_norm": self.lstm_cell_norm.to_json()}
        return values | {
            "hidden_norm": self.hidden_norm.to_json(),
            "dependence": self.dependence.to_json(),
            "units": [unit.to_json() for unit in self.units],
            "tag_scores": self.tag_scores.to_json(),
            "transitions": None if self.transitions is None else self.transitions.to_json(),
        }

    def _of_lstm(self, values: NamedArray | None) -> NamedArray:
        if values is None:
            raise TaggerError(f"only an LSTM has gates and cell states; this model's encoder.type is {self.encoder!r}")
        return values


def _rounded(values: np.ndarray) -> Any:
    rounded = np.vectorize(lambda value: float(f"{value:.6g}"), otypes=[float])(values)
    return np.array(np.where(np.isfinite(rounded), rounded.astype(object), None)).tolist()
