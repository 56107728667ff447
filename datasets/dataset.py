"""The dataset type that every topic shares: trials of inputs and targets over time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.splits import SPLITS
from neuron_models.foundation.units import Hertz, Milliseconds

Task = Literal["regression", "next_step", "classification", "keypoints", "detection"]
TASKS: tuple[str, ...] = ("regression", "next_step", "classification", "keypoints", "detection")
UNSEEN = "unseen"
"""The part of a trial that a model has not learned, when it is evaluated on another file."""
_PARTS = (*SPLITS, UNSEEN, "all")


@runtime_checkable
class ArrayLike(Protocol):
    """Anything that has a shape and slices into a NumPy array: an array, or one that is read when it is sliced."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


@dataclass(frozen=True, eq=False)
class Trial:
    """One uninterrupted recording or simulation.

    `x` is (time, input), `y` (time, output) or None; either may have further axes behind (a video's height and width).
    `weight` (time,) is zero where a sample must not count. `group` names the animal (or whatever must not be split),
    `split` is train, validation, test or empty; while a model is evaluated, unseen too.
    """

    name: str
    x: ArrayLike
    y: ArrayLike | None = None
    weight: ArrayLike | None = None
    group: str = ""
    split: str = ""

    def __post_init__(self) -> None:
        where = f"trial {self.name!r}"
        require(len(self.x.shape) >= 2, f"{where}: x must be (time, input), got the shape {self.x.shape}")
        require(len(self.x) > 0, f"{where} is empty")
        for what, array in (("y", self.y), ("weight", self.weight)):
            if array is not None:
                require(
                    len(array) == len(self.x),
                    f"{where}: {what} has {len(array)} samples and x has {len(self.x)}",
                )
        require(self.y is None or len(self.y.shape) >= 2, f"{where}: y must be (time, output)")
        require(
            self.split in ("", UNSEEN, *SPLITS),
            f"{where}: split must be one of {', '.join(SPLITS)} or empty, got {self.split!r}",
        )

    def __len__(self) -> int:
        return len(self.x)

    def valid(self) -> Bool[np.ndarray, " time"]:
        """Mask of the samples that count."""
        return np.ones(len(self), dtype=bool) if self.weight is None else np.asarray(self.weight[:]) > 0


@dataclass(frozen=True)
class Windows:
    """Stretches cut from trials: `x` (window, length, input), and `y` (window, horizon or length, output).

    `trial` says which trial each came from and `start` where it began, so that a split never has to guess.
    """

    x: Shaped[np.ndarray, "window length ..."]
    y: Shaped[np.ndarray, "window horizon ..."]
    trial: Shaped[np.ndarray, " window"]
    start: Shaped[np.ndarray, " window"]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Trials, whose lengths may differ, with the names and units of their channels.

    `dt` is the sampling interval in ms; `task` what a model is to do with them: `regression` (y from x at the same
    time), `next_step` (x a step later), `classification` (y holds integer labels), `keypoints` or `detection` (y is 1
    where something is). `source` says where they come from; `extra` is named metadata that JSON can hold (skeleton,
    states, scenario, versions).
    """

    name: str
    trials: tuple[Trial, ...]
    dt: Milliseconds
    x_names: tuple[str, ...]
    y_names: tuple[str, ...] = ()
    x_units: str = ""
    y_units: str = ""
    task: Task = "regression"
    source: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        where = f"dataset {self.name!r}"
        require(np.isfinite(self.dt) and self.dt > 0, f"{where}: dt must be > 0 ms, got {self.dt}")
        require(self.task in TASKS, f"{where}: task must be one of {', '.join(TASKS)}, got {self.task!r}")
        require(len(self.trials) > 0, f"{where} has no trials")
        require_distinct((trial.name for trial in self.trials), f"{where} has a trial name")
        for trial in self.trials:
            width = trial.x.shape[1]
            require(width == len(self.x_names), f"{where}: trial {trial.name!r} has {width} inputs, not {self.x_names}")
            width = len(self.y_names) if trial.y is None else trial.y.shape[1]
            require(
                width == len(self.y_names), f"{where}: trial {trial.name!r} has {width} outputs, not {self.y_names}"
            )
            points = self.task != "keypoints" or trial.y is None or tuple(trial.y.shape[2:]) == (2,)
            require(points, f"{where}: the key points of trial {trial.name!r} must be (time, key point, 2)")

    def __len__(self) -> int:
        return len(self.trials)

    def __iter__(self) -> Iterator[Trial]:
        return iter(self.trials)

    def select(self, trials: Iterable[int]) -> "Dataset":
        """The dataset with the trials at these places only, in this order."""
        return replace(self, trials=tuple(self.trials[i] for i in trials))

    def by_split(self) -> dict[str, "Dataset"]:
        """One dataset for each split that has trials; those of no split are left out."""
        indices = {split: [i for i, trial in enumerate(self.trials) if trial.split == split] for split in SPLITS}
        return {split: self.select(rows) for split, rows in indices.items() if rows}

    def by_part(self) -> dict[str, list[int]]:
        """The places of the trials by what scores are named by: the splits, "unseen", and "all" of no split."""
        parts = {part: [i for i, trial in enumerate(self.trials) if (trial.split or "all") == part] for part in _PARTS}
        return {part: indices for part, indices in parts.items() if indices}

    def with_split(self, split: Sequence[str]) -> "Dataset":
        """The dataset with the trials' splits replaced."""
        require(len(split) == len(self), f"{len(split)} splits for {len(self)} trials")
        return replace(self, trials=tuple(replace(t, split=s) for t, s in zip(self.trials, split, strict=True)))

    def without_inputs(self, names: Iterable[str]) -> "Dataset":
        """The dataset without some of its inputs.

        Raises:
            InputError: a name is not that of an input, or none would be left.
        """
        names = tuple(names)
        for name in names:
            require(name in self.x_names, f"there is no input {name!r}; the inputs are {', '.join(self.x_names)}")
        kept = [i for i, name in enumerate(self.x_names) if name not in names]
        require(len(kept) > 0, "no input would be left")
        trials = tuple(replace(trial, x=np.asarray(trial.x[:])[:, kept]) for trial in self.trials)
        return replace(self, trials=trials, x_names=tuple(self.x_names[i] for i in kept))

    def stacked(
        self,
    ) -> tuple[
        Shaped[np.ndarray, "trial time ..."],
        Shaped[np.ndarray, "trial time ..."] | None,
        Float[np.ndarray, "trial time"] | None,
    ]:
        """All trials as arrays x, y and weight (y None where no trial has one, weight None where all samples count).

        x and y are in the units of the dataset, weights dimensionless.

        Raises:
            InputError: there are no trials, or their lengths differ (use `windows`).
        """
        lengths = {len(trial) for trial in self.trials}
        if len(lengths) != 1:
            raise InputError(f"dataset {self.name!r} has trials of {len(lengths)} lengths and cannot be stacked")
        x = np.stack([np.asarray(trial.x[:]) for trial in self.trials])
        targets = [trial.y for trial in self.trials if trial.y is not None]
        require(len(targets) in (0, len(self)), f"dataset {self.name!r}: some trials have no y")
        y = np.stack([np.asarray(target[:]) for target in targets]) if targets else None
        if all(trial.weight is None for trial in self.trials):
            return x, y, None
        ones = np.ones(lengths.pop())
        weights = [ones if trial.weight is None else np.asarray(trial.weight[:], dtype=float) for trial in self.trials]
        return x, y, np.stack(weights)

    def windows(self, length: int, horizon: int = 0, step: int = 1) -> Windows:
        """Cut every trial into stretches, none of which holds a sample of weight zero or spans two trials.

        Args:
            length: samples of x in a window.
            horizon: 0 for the y of the same samples; otherwise the number of samples that follow the window, of y
                where there is one, else of x.
            step: from the start of one window to that of the next.

        Raises:
            InputError: a length or step below one, or no stretch is long enough.
        """
        require(length >= 1, f"windows: length must be >= 1 sample, got {length}")
        require(horizon >= 0, f"windows: horizon must be >= 0 samples, got {horizon}")
        require(step >= 1, f"windows: step must be >= 1 sample, got {step}")
        xs, ys, owners, starts = [], [], [], []
        for index, trial in enumerate(self.trials):
            first = _window_starts(trial.valid(), length + horizon, step)
            if len(first) == 0:
                continue
            x = np.asarray(trial.x[:])
            y = x if trial.y is None else np.asarray(trial.y[:])
            offsets = np.arange(length, length + horizon) if horizon else np.arange(length)
            xs.append(x[first[:, None] + np.arange(length)])
            ys.append(y[first[:, None] + offsets])
            owners.append(np.full(len(first), index))
            starts.append(first)
        if not xs:
            raise InputError(f"dataset {self.name!r} has no uninterrupted stretch of {length + horizon} samples")
        return Windows(np.concatenate(xs), np.concatenate(ys), np.concatenate(owners), np.concatenate(starts))

    def folds(
        self, k: int, by: Literal["group", "block"] = "group", seed: int = 0
    ) -> Iterator[tuple["Dataset", "Dataset"]]:
        """Divide into k folds and yield (rest, fold) for each.

        Args:
            k: the number of folds.
            by: `group` keeps all trials of a group on one side; `block` cuts every trial into k stretches of time and
                gives weight zero to the samples of the other side, so that no window reaches across.
            seed: shuffles the groups.

        Raises:
            InputError: fewer groups, or fewer samples in a trial, than folds.
        """
        require(k >= 2, f"folds: k must be >= 2, got {k}")
        return self._block_folds(k) if by == "block" else self._group_folds(k, seed)

    def _group_folds(self, k: int, seed: int) -> Iterator[tuple["Dataset", "Dataset"]]:
        groups = sorted({trial.group or trial.name for trial in self.trials})
        require(len(groups) >= k, f"dataset {self.name!r} has {len(groups)} groups: too few for {k} folds")
        np.random.default_rng(seed).shuffle(groups)
        for fold in range(k):
            held = set(groups[fold::k])
            sides = [(trial.group or trial.name) in held for trial in self.trials]
            yield (
                self.select(i for i, inside in enumerate(sides) if not inside),
                self.select(i for i, inside in enumerate(sides) if inside),
            )

    def _block_folds(self, k: int) -> Iterator[tuple["Dataset", "Dataset"]]:
        shortest = min(len(trial) for trial in self.trials)
        require(shortest >= k, f"dataset {self.name!r} has a trial of {shortest} samples: too few for {k} blocks")
        for fold in range(k):
            sides: tuple[list[Trial], list[Trial]] = ([], [])
            for trial in self.trials:
                edges = np.linspace(0, len(trial), k + 1).round().astype(int)
                inside = np.zeros(len(trial), dtype=bool)
                inside[edges[fold] : edges[fold + 1]] = True
                weight = np.ones(len(trial)) if trial.weight is None else np.asarray(trial.weight[:], dtype=float)
                sides[0].append(replace(trial, weight=weight * ~inside))
                sides[1].append(replace(trial, weight=weight * inside))
            yield replace(self, trials=tuple(sides[0])), replace(self, trials=tuple(sides[1]))


@dataclass(frozen=True, eq=False)
class BodyShapes:
    """An animal's body over time.

    Attributes:
        name: of the recording.
        animal: its name; empty where it is the recording's.
        channels: names of the values.
        values: (frame, channel); NaN in frames whose shape is not known.
        fps: frames a second.
        outline: the points (frame, point, 2) of some values, x to the right and y down, the head above.
    """

    name: str
    animal: str
    channels: tuple[str, ...]
    values: Float[np.ndarray, "frame channel"]
    fps: Hertz
    outline: Callable[[Float[np.ndarray, "frame channel"]], Float[np.ndarray, "frame point 2"]]


@dataclass(frozen=True, eq=False)
class PointTracks:
    """Points of animals in every frame of a recording, as one topic hands them to another.

    Attributes:
        name: of the recording.
        points, animals: their names.
        xy: (frame, animal, point, 2) in `units`, x to the right and y down; NaN where a point is not known.
        fps: frames a second.
        units: such as px.
        notes: what the reader left out, in words.
        scores: (frame, animal, point) confidence of what a program found, 0 to 1; None where unknown.
        video: the file or folder that the points are in; empty where unknown.
        edges: pairs of points that are joined.
        individual: the animal, where recordings can share one; empty where unknown.
    """

    name: str
    points: tuple[str, ...]
    animals: tuple[str, ...]
    xy: Float[np.ndarray, "frame animal point 2"]
    fps: Hertz
    units: str = "px"
    notes: tuple[str, ...] = ()
    scores: Float[np.ndarray, "frame animal point"] | None = None
    video: str = ""
    edges: tuple[tuple[str, str], ...] = ()
    individual: str = ""


def contiguous_runs(valid: Bool[np.ndarray, " time"]) -> Int[np.ndarray, "stretch 2"]:
    """The indices of the first sample of each stretch of true ones, and of the sample after its last.

    >>> contiguous_runs(np.array([True, True, False, True])).tolist()
    [[0, 2], [3, 4]]
    """
    edges = np.flatnonzero(np.diff(np.concatenate(([0], valid.astype(np.int8), [0]))))
    return edges.reshape(-1, 2)


def longest_stretch(valid: Bool[np.ndarray, " time"]) -> int:
    """The largest number of samples in a row that are true."""
    return int(np.diff(contiguous_runs(valid)).max(initial=0))


def _window_starts(valid: Bool[np.ndarray, " time"], span: int, step: int) -> Shaped[np.ndarray, " window"]:
    """The starts, every `step` samples from the first valid one of each stretch, of windows inside the stretches."""
    starts = [np.arange(first, last - span + 1, step) for first, last in contiguous_runs(valid)]
    return np.concatenate(starts).astype(int) if starts else np.zeros(0, dtype=int)


def classes_of(dataset: Dataset) -> tuple[str, ...]:
    """The names of the classes.

    Raises:
        InputError: the dataset has no classes.
    """
    require(
        dataset.task == "classification" and bool(dataset.extra.get("classes")),
        f"dataset {dataset.name!r} is for {dataset.task.replace('_', ' ')} and has no behaviour states to tell apart",
    )
    return tuple(dataset.extra["classes"])
