"""Stretches of a record as trials: windows that train and validate, whole stretches that test."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Milliseconds

STARTS = ("rest", "fit")
"""How a free run begins: from rest, or from the state that answers the warm-up best."""


@dataclass(frozen=True, eq=False)
class Record:
    """What was measured in one go: `u` (time, input) and `y` (time, output), in the units of the file."""

    name: str
    u: Float[np.ndarray, "time input"]
    y: Float[np.ndarray, "time output"]

    def __post_init__(self) -> None:
        where = f"record {self.name!r}"
        require(len(self.u) == len(self.y), f"{where}: {len(self.u)} samples of inputs and {len(self.y)} of outputs")
        finite = np.isfinite(self.u).all(1) & np.isfinite(self.y).all(1)
        require(bool(finite.all()), f"{where}: sample {int((~finite).argmax())} is not a number")


@dataclass(frozen=True)
class Stretch:
    """Samples `first` to `end` (not included) of a record, which train, validate or test; `name` is a test's."""

    record: Record
    first: int
    end: int
    split: str
    name: str = ""

    def __post_init__(self) -> None:
        length = len(self.record.u)
        require(
            0 <= self.first < self.end <= length,
            f"samples {self.first}:{self.end} are not in record {self.record.name!r}, which has 0:{length}",
        )

    def overlaps(self, other: "Stretch") -> bool:
        """Whether they share a sample."""
        return self.record is other.record and self.first < other.end and other.first < self.end

    def __str__(self) -> str:
        return f"{self.name or self.split} {self.first}:{self.end}"


@dataclass(frozen=True)
class Windowing:
    """How stretches become trials.

    `warm_up` samples at the beginning of a test do not count: a model may use their outputs to find its state. Trials
    that train hold `window` samples that count, after `overlap` that do not; a window of 0 keeps stretches whole.
    """

    warm_up: int = 50
    window: int = 1000
    overlap: int = 50
    start: str = "rest"

    def __post_init__(self) -> None:
        for what in ("warm_up", "window", "overlap"):
            require(getattr(self, what) >= 0, f"{what.replace('_', '-')} must be >= 0, got {getattr(self, what)}")
        require(self.start in STARTS, f"start must be one of {', '.join(STARTS)}, got {self.start!r}")
        require(self.start == "rest" or self.warm_up > 0, "start 'fit' needs a warm-up of at least one sample")


def parse_range(text: str, what: str) -> tuple[int, int]:
    """Read `A:B`, the samples A to B, B not included.

    Raises:
        InputError: it is no such range.
    """
    match = re.fullmatch(r"(\d{1,12}):(\d{1,12})", text.strip())
    if match is None or int(match[1]) >= int(match[2]):
        raise InputError(f"{what} must be a range of samples such as 0:5000, got {text!r}")
    return int(match[1]), int(match[2])


def recorded_dataset(
    name: str,
    stretches: Sequence[Stretch],
    windowing: Windowing,
    dt: Milliseconds,
    x_names: tuple[str, ...],
    y_names: tuple[str, ...],
    units: tuple[str, str] = ("", ""),
    source: str = "",
) -> Dataset:
    """Make a dataset of stretches of records.

    Without one that validates, the last quarter of the windows does.

    Args:
        name: of the dataset.
        stretches: which train, validate and test; tests may overlap each other.
        windowing: how they become trials.
        dt: sampling interval.
        x_names: of the inputs.
        y_names: of the outputs.
        units: of inputs and outputs.
        source: where the records come from.

    Raises:
        InputError: nothing trains, parts overlap, or a stretch is not longer than its warm-up.
    """
    require(any(each.split == "train" for each in stretches), "no samples train: name them by --train A:B")
    _require_apart(stretches)
    trials = [trial for each in stretches if each.split != "test" for trial in _windows(each, windowing)]
    if not any(trial.split == "validation" for trial in trials):
        trials = _last_quarter_validates(trials)
    tests = [each for each in stretches if each.split == "test"]
    trials += [_test(each, windowing) for each in tests]
    extra = {"warm_up": windowing.warm_up, "start": windowing.start, "tests": [each.name for each in tests]}
    return Dataset(name, tuple(trials), dt, x_names, y_names, *units, source=source, extra=extra)


def _require_apart(stretches: Sequence[Stretch]) -> None:
    for index, one in enumerate(stretches):
        for other in stretches[:index]:
            both_test = one.split == other.split == "test"
            require(both_test or not one.overlaps(other), f"the parts {other} and {one} share samples: cut one of them")


def _windows(part: Stretch, windowing: Windowing) -> Iterator[Trial]:
    """Equally long trials that count every sample after the first ones once; the last one reaches back further."""
    length, overlap = part.end - part.first, windowing.overlap
    _require_longer(part, length, overlap, "overlap")
    size = min(windowing.window + overlap, length) if windowing.window else length
    counted = size - overlap
    for number, start in enumerate(range(0, length - overlap, counted)):
        first = min(start, length - size)
        weight = np.ones(size)
        weight[: overlap + start - first] = 0.0
        rows = slice(part.first + first, part.first + first + size)
        name = f"{part.record.name}_{part.first + first}"
        yield Trial(name, part.record.u[rows], part.record.y[rows], weight, f"{part.split}_{number}", part.split)


def _test(part: Stretch, windowing: Windowing) -> Trial:
    _require_longer(part, part.end - part.first, windowing.warm_up, "warm-up")
    weight = np.ones(part.end - part.first)
    weight[: windowing.warm_up] = 0.0
    rows = slice(part.first, part.end)
    return Trial(part.name, part.record.u[rows], part.record.y[rows], weight, part.name, "test")


def _require_longer(part: Stretch, length: int, left: int, what: str) -> None:
    require(left < length, f"the {what} of {left} samples leaves nothing of {part}, which has {length}")


def _last_quarter_validates(trials: list[Trial]) -> list[Trial]:
    kept = max(1, round(0.75 * len(trials)))
    require(
        len(trials) > 1,
        "the samples that train are one window, which leaves none to validate: name some by --validation A:B, or "
        "choose a smaller --window",
    )
    return [*trials[:kept], *(replace(trial, split="validation") for trial in trials[kept:])]
