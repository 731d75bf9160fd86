"""What a sweep tries: an experiment file with a table `[sweep]`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PositiveInt, ValidationError, model_validator

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.settings.checked import Checked, problem
from bilstm_tagger.settings.loading import OPTIONAL, load_settings, read_toml
from bilstm_tagger.settings.schema import Settings

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

__all__ = ["Choice", "Range", "SweepPlan", "read_plan"]

TABLE = "sweep"
MOST_IN_A_GRID = 1_000

Method = Literal["grid", "random", "tpe"]


class Range(Checked):
    """Numbers from `low` to `high`, both included; whole numbers if both are whole."""

    low: int | float
    high: int | float
    step: Annotated[int | float, Field(gt=0)] | None = None
    log: bool = False

    @model_validator(mode="after")
    def _fits(self) -> Range:
        if self.low >= self.high:
            raise ValueError(f"low is {self.low} and high {self.high}; low has to be less")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("log needs low above 0, and no step")
        if self._whole and isinstance(self.step, float):
            raise ValueError(f"step is {self.step}, but low and high are whole numbers")
        return self

    @property
    def _whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def distribution(self) -> BaseDistribution:
        """The range as optuna draws from it."""
        from optuna.distributions import FloatDistribution, IntDistribution

        high = self.high if self.step is None else self._value(self._steps)
        if self._whole:
            return IntDistribution(int(self.low), int(high), step=int(self.step or 1), log=self.log)
        return FloatDistribution(self.low, high, step=self.step, log=self.log)

    @property
    def _steps(self) -> int:
        return int((self.high - self.low) / (self.step or 1) + 1e-9)

    def _value(self, number: int) -> int | float:
        """The value after so many steps; in decimals, so that 0.1 and 0.2 make 0.3."""
        value = Decimal(str(self.low)) + number * Decimal(str(self.step or 1))
        return int(value) if self._whole else float(value)

    def grid(self, key: str) -> list[Any]:
        """All values, for a grid.

        Args:
            key: the setting, for the message.

        Raises:
            ConfigError: if they cannot be counted.
        """
        if self.log or (self.step is None and not self._whole):
            raise ConfigError(f"{key}: a grid needs a list of values, or a range with a step")
        return [self._value(number) for number in range(self._steps + 1)]

    def read(self, value: Any) -> Any:
        """The setting that a value drawn by optuna stands for."""
        return value


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values, of any kind that TOML has.

    Attributes:
        values: the values.
    """

    values: tuple[Any, ...]

    @property
    def distribution(self) -> BaseDistribution:
        """The choice as optuna draws from it: each value as JSON, since optuna keeps no lists."""
        from optuna.distributions import CategoricalDistribution

        return CategoricalDistribution(tuple(map(json.dumps, self.values)))

    def grid(self, key: str) -> list[Any]:
        """All values as optuna has them, for a grid; `key` is not needed."""
        return list(map(json.dumps, self.values))

    def read(self, value: Any) -> Any:
        """The setting that a value drawn by optuna stands for."""
        return json.loads(value)


class _SweepTable(Checked):
    """The table `[sweep]`."""

    method: Method = "tpe"
    trials: PositiveInt | None = None
    seeds: PositiveInt = 1
    seed: Annotated[int, Field(ge=0)] = 0
    settings: dict[str, Any]


@dataclass(frozen=True, slots=True)
class SweepPlan:
    """What a sweep tries.

    Attributes:
        experiment: values of the experiment file without its table `[sweep]`.
        overrides: further settings of all trials, by dotted key.
        space: for each setting that is tried what its values are.
        method: how they are chosen: all of a grid, at random, or by optuna's tree-structured Parzen estimator.
        trials: number of trials; None for a whole grid.
        seeds: trainings per trial, whose scores are averaged.
        seed: decides what random search and TPE draw.
        origins: what gave an override, for messages, as for `load_settings`.
    """

    experiment: dict[str, Any]
    overrides: dict[str, Any]
    space: dict[str, Choice | Range]
    method: Method
    trials: int | None
    seeds: int
    seed: int
    origins: Mapping[str, str] = field(default_factory=dict)

    def settings(self, values: Mapping[str, Any]) -> Settings:
        """The settings of one trial.

        Args:
            values: the settings that are tried, by dotted key.

        Raises:
            ConfigError: for one that there is not, or a value that it cannot have.
        """
        overrides = {**self.overrides, **values}
        return load_settings(file=self.experiment, overrides=overrides, origins=self.origins)

    def samples(self) -> Iterator[dict[str, Any]]:
        """All combinations of a grid; else each value of each list and the ends of each range once.

        Raises:
            ConfigError: if a grid cannot be counted, or has too many.
        """
        return map(self.read, self.grid()) if self.method == "grid" else _ends(self)

    def grid(self) -> list[dict[str, Any]]:
        """All combinations as optuna has them, the first setting changing slowest.

        Raises:
            ConfigError: if they cannot be counted, or are too many.
        """
        axes = [values.grid(key) for key, values in self.space.items()]
        combinations = list(itertools.islice(itertools.product(*axes), MOST_IN_A_GRID + 1))
        if len(combinations) > MOST_IN_A_GRID:
            raise ConfigError(f"the grid has more than {MOST_IN_A_GRID:,} combinations; name fewer values")
        return [dict(zip(self.space, values, strict=True)) for values in combinations]

    def read(self, drawn: Mapping[str, Any]) -> dict[str, Any]:
        """The settings that values drawn by optuna stand for, by dotted key."""
        return {key: self.space[key].read(value) for key, value in drawn.items()}

    def identity(self) -> dict[str, Any]:
        """All that a continued sweep must have in common with the one before, as plain values."""
        space = {
            key: list(values.values) if isinstance(values, Choice) else values.model_dump()
            for key, values in self.space.items()
        }
        return {
            "experiment": self.experiment,
            "overrides": self.overrides,
            "settings": space,
            "method": self.method,
            "seeds": self.seeds,
            "seed": self.seed,
        }


def read_plan(
    file: str | Path,
    *,
    overrides: Mapping[str, Any] | None = None,
    trials: int | None = None,
    origins: Mapping[str, str] | None = None,
) -> SweepPlan:
    """Reads an experiment file with a table `[sweep]`.

    Args:
        file: TOML.
        overrides: further settings of all trials, by dotted key.
        trials: another number of trials than in the file.
        origins: what gave an override, for messages, as for `load_settings`.

    Raises:
        ConfigError: naming what cannot be used, every value of the sweep included.
    """
    values = read_toml(file)
    if TABLE not in values:
        raise ConfigError(f"{file}: has no table [sweep]; name there the settings to try, under [sweep.settings]")
    try:
        table = _SweepTable.model_validate(values.pop(TABLE))
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{file}: {'.'.join(map(str, (TABLE, *first['loc'])))}: {problem(first)}") from None
    space = {key: _values(f"{file}: sweep.settings.{key}", key, value) for key, value in _leaves(table.settings)}
    if not space:
        raise ConfigError(f"{file}: sweep.settings names no setting to try")
    trials = trials or table.trials
    if trials is None and table.method != "grid":
        raise ConfigError(
            f"{file}: method {table.method!r} needs a number of trials; set sweep.trials or give --trials"
        )
    plan = SweepPlan(values, dict(overrides or {}), space, table.method, trials, table.seeds, table.seed, origins or {})
    _check(plan, file)
    return plan


def _leaves(table: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    """Settings by dotted key: tables in tables down to lists and ranges."""
    found: list[tuple[str, Any]] = []
    for key, value in table.items():
        inner = isinstance(value, Mapping) and not {"low", "high"} & value.keys()
        found += _leaves(value, f"{prefix}{key}.") if inner else [(prefix + key, value)]
    return found


def _values(where: str, key: str, value: Any) -> Choice | Range:
    if isinstance(value, list):
        if not value:
            raise ConfigError(f"{where}: is an empty list; name the values to try")
        optional = key.rpartition(".")[2] in OPTIONAL
        values = tuple(None if each == "none" and optional else each for each in value)
        if len(set(map(json.dumps, values))) < len(values):
            raise ConfigError(f"{where}: names a value twice")
        return Choice(values)
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: write a list of values, or a range as {{ low = 0.001, high = 0.1, log = true }}")
    try:
        return Range.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        name = "".join(f"{part}: " for part in first["loc"][:1])
        raise ConfigError(f"{where}: {name}{problem(first)}") from None


def _check(plan: SweepPlan, file: str | Path) -> None:
    """Loads the settings of a grid, or each end of each range once, before anything is trained."""
    for key in plan.space.keys() & plan.overrides.keys():
        raise ConfigError(f"{file}: sweep.settings.{key} is tried, so it cannot be set to {plan.overrides[key]!r} too")
    try:
        combinations = plan.samples()
    except ConfigError as error:
        raise ConfigError(f"{file}: sweep.settings: {error}") from None
    for values in combinations:
        try:
            plan.settings(values)
        except ConfigError as error:
            listed = ", ".join(f"{key} = {value!r}" for key, value in values.items())
            raise ConfigError(f"{file}: with {listed}: {error}") from None


def _ends(plan: SweepPlan) -> Iterator[dict[str, Any]]:
    """Each value of each list and both ends of each range, while the other settings have their first value."""
    ends = {
        key: values.values if isinstance(values, Choice) else (values.low, values.high)
        for key, values in plan.space.items()
    }
    first = {key: values[0] for key, values in ends.items()}
    yield first
    for key, values in ends.items():
        yield from ({**first, key: value} for value in values[1:])
