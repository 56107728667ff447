"""One worm's recording as its file holds it, and how recordings of several worms become a `Dataset`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from datasets.calcium.neuron_sets import NEURON_SETS, SHARED
from datasets.calcium.state_rules import STATES
from datasets.dataset import Dataset, Trial
from neuron_models.foundation.errors import InputError, require, require_distinct
from neuron_models.foundation.units import Hertz
from neuron_models.foundation.wording import counted

LARGEST_RATE_RATIO = 1.1
"""Recordings whose frame rates differ by more than this factor are not put together as they are."""


@dataclass(frozen=True, eq=False)
class Recording:
    """One worm's calcium traces with the names of its identified neurons.

    `traces` is (time, neuron), dF/F, NaN where nothing was measured; `states` (time,) counts into `state_names`, and is
    None where nobody annotated the behaviour. Neurons without a name are left out by the readers.
    """

    name: str
    traces: Float[np.ndarray, "time neuron"]
    neurons: tuple[str, ...]
    fps: Hertz
    states: Int[np.ndarray, " frame"] | None = None
    state_names: tuple[str, ...] = ()
    source: str = ""

    def __post_init__(self) -> None:
        where = f"recording {self.name!r}"
        require(self.traces.ndim == 2, f"{where}: traces must be (time, neuron), got the shape {self.traces.shape}")
        found = self.traces.shape[1]
        require(found == len(self.neurons), f"{where} has {found} traces and {len(self.neurons)} neuron names")
        require(found > 0, f"{where} has no neuron with a name")
        require_distinct(self.neurons, f"{where} names a neuron")
        require(np.isfinite(self.fps) and self.fps > 0, f"{where}: the frame rate must be > 0 Hz, got {self.fps}")
        if self.states is not None:
            found, frames = len(self.states), len(self.traces)
            require(found == frames, f"{where} has {frames} frames and {found} states")
            known = bool(((self.states >= 0) & (self.states < len(self.state_names))).all())
            require(known, f"{where} has a state that is none of its {len(self.state_names)} state names")


def neuron_name(text: str) -> str:
    """A neuron's name as this project writes it: capitals, no leading zero.

    >>> neuron_name("vb02"), neuron_name(" AVAL")
    ('VB2', 'AVAL')
    """
    return re.sub(r"(?<=[A-Z])0+(?=[0-9])", "", text.strip().upper())


def shared_neurons(recordings: Sequence[Recording]) -> tuple[str, ...]:
    """The neurons that all recordings have, in alphabetical order.

    Raises:
        InputError: there are none.
    """
    common = set(recordings[0].neurons).intersection(*(r.neurons for r in recordings[1:]))
    if not common:
        raise InputError(
            f"the {len(recordings)} worms share no neuron "
            f"({'; '.join(f'{r.name}: {_few(r.neurons)}' for r in recordings[:3])}): choose worms that do"
        )
    return tuple(sorted(common))


def chosen_neurons(recordings: Sequence[Recording], wanted: str) -> tuple[str, ...]:
    """The neurons that a text names: `shared`, a set of `NEURON_SETS`, or names such as `AVAL,RIML`.

    Raises:
        InputError: a neuron is missing from a worm, or named twice, or none is named.
    """
    if wanted == SHARED:
        return shared_neurons(recordings)
    names = NEURON_SETS.get(wanted) or tuple(neuron_name(n) for n in wanted.split(",") if n.strip())
    require(len(names) > 0, f"neurons {wanted!r} names no neuron: give 'shared', {_few(NEURON_SETS)} or AVAL,AVAR,...")
    require_distinct(names, f"neurons {wanted!r} names")
    for recording in recordings:
        if missing := [name for name in names if name not in recording.neurons]:
            raise InputError(f"recording {recording.name!r} has no neuron {_few(missing)}; 'shared' takes those of all")
    return names


def as_dataset(recordings: Sequence[Recording], name: str, neurons: str = SHARED) -> Dataset:
    """Put recordings of several worms into one dataset of the neurons that were chosen.

    Worms differ in the neurons that were identified, and the inputs of a `Dataset` have one list of names: the dataset
    holds neurons that every worm has, and nothing stands for a neuron that was not seen. The names that each file had
    are kept in `extra["neurons"]`; for others of them read the files again.

    A frame in which a chosen neuron is NaN gets weight 0 and keeps its NaN. `dt` is that of the median frame rate;
    frames are not moved, since the frame rates of one laboratory differ by a few percent (`resampled` brings them to
    one rate). Each worm is a trial and a group.

    Args:
        recordings: of at least one worm.
        name: of the dataset.
        neurons: `shared`, a set of `NEURON_SETS`, or names with commas between.

    Returns:
        The dataset: x dF/F (time, neuron); y (time, 1) counts into `extra["classes"]`, which before a rule is applied
        is `extra["states"]`, the states of all files. Without states it is a dataset for prediction.

    Raises:
        InputError: no recording, doubled names, no shared neuron, frame rates that differ by more than a tenth, or
            states in some recordings only.
    """
    require(len(recordings) > 0, "there is no recording")
    require_distinct((r.name for r in recordings), "the recordings name a worm")
    rates = [recording.fps for recording in recordings]
    if max(rates) > LARGEST_RATE_RATIO * min(rates):
        raise InputError(f"frame rates from {min(rates):.3g} to {max(rates):.3g} Hz differ too much: give one by --fps")
    chosen = chosen_neurons(recordings, neurons)
    states = _all_states(recordings)
    trials = tuple(_trial(recording, chosen, states) for recording in recordings)
    return Dataset(
        name=name,
        trials=trials,
        dt=1000 / float(np.median(rates)),
        x_names=chosen,
        y_names=("state",) if states else (),
        x_units="dF/F",
        y_units="class" if states else "",
        task="classification" if states else "next_step",
        source="; ".join(dict.fromkeys(r.source for r in recordings)),
        extra={
            "fps": {r.name: float(r.fps) for r in recordings},
            "neurons": {r.name: list(r.neurons) for r in recordings},
            **({"states": list(states), "classes": list(states)} if states else {}),
        },
    )


def select_neurons(dataset: Dataset, neurons: Sequence[str]) -> Dataset:
    """The dataset with these neurons only, in this order; frames stay invalid that were.

    Raises:
        InputError: none is named, or one is no neuron of the dataset or comes twice.
    """
    names = tuple(neuron_name(name) for name in neurons)
    require(len(names) > 0, "no neuron is named")
    require_distinct(names, "a neuron is named")
    for name in names:
        require(name in dataset.x_names, f"there is no neuron {name!r}; there are {', '.join(dataset.x_names)}")
    places = [dataset.x_names.index(name) for name in names]
    trials = tuple(replace(trial, x=np.asarray(trial.x[:])[:, places]) for trial in dataset)
    return replace(dataset, trials=trials, x_names=names)


def _all_states(recordings: Sequence[Recording]) -> tuple[str, ...]:
    """The state names of all recordings, each once: Kato's in their order, then others as they come."""
    without = [r.name for r in recordings if r.states is None]
    if 0 < len(without) < len(recordings):
        raise InputError(f"recording {without[0]!r} has no states and others have: import them apart")
    names = dict.fromkeys(name for r in recordings for name in r.state_names)
    return () if without else (*(name for name in STATES if name in names), *(n for n in names if n not in STATES))


def _trial(recording: Recording, neurons: Sequence[str], states: Sequence[str]) -> Trial:
    x = recording.traces[:, [recording.neurons.index(name) for name in neurons]]
    measured = np.isfinite(x).all(axis=1)
    if not measured.any():
        raise InputError(
            f"recording {recording.name!r} has no frame in which all of {counted(len(neurons), 'neuron')} were measured"
        )
    y = None
    if recording.states is not None:
        y = np.array([states.index(name) for name in recording.state_names])[recording.states][:, None]
    return Trial(recording.name, x, y, None if measured.all() else measured.astype(float), group=recording.name)


def _few(names: Sequence[str] | dict) -> str:
    listed = list(names)
    return ", ".join(listed[:5]) + (", ..." if len(listed) > 5 else "")
