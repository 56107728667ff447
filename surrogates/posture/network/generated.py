"""The recorded frames that free runs begin with, and free runs as a dataset like that which they begin in."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, Trial, contiguous_runs
from datasets.posture.recording import (
    AMPLITUDES,
    TURN,
    AmplitudeRecording,
    amplitudes_dataset,
    require_form,
    select_strain,
    strain_of,
)
from neuron_models.foundation.errors import InputError, require, require_seed
from surrogates.backend import keras
from surrogates.posture.network.free_run import Drawing, generate
from surrogates.posture.network.networks import WINDOW
from surrogates.posture.network.segments import measured
from surrogates.training.metrics import require_fitting


@dataclass(frozen=True, eq=False)
class Seed:
    """Frames to begin with: `frames` (frame, channel) of a recording (a trial's place in its dataset), from `start`."""

    frames: Float[np.ndarray, "frame channel"]
    trial: int
    start: int


def draw_seeds(dataset: Dataset, number: int, seed: int = 0, length: int = WINDOW) -> list[Seed]:
    """Draw segments to begin with: from as many different recordings as there are, then the same ones again.

    Raises:
        InputError: no amplitudes, a number or a length that is too small, or no segment that is long enough.
    """
    require_form(dataset, AMPLITUDES)
    require(number >= 1, f"worms must be >= 1, got {number}")
    require(length >= WINDOW, f"a seed must have {WINDOW} frames or more, got {length}")
    require_seed(seed, "the seed of a free run")
    rng = np.random.default_rng(seed)
    starts = [_starts(trial, length) for trial in dataset]
    able = [index for index, indices in enumerate(starts) if len(indices)]
    if not able:
        raise InputError(f"dataset {dataset.name!r} has no uninterrupted segment of {length} frames to begin with")
    order = np.concatenate([rng.permutation(able) for _ in range(-(-number // len(able)))])[:number]
    seeds = []
    for index in order:
        start = int(rng.choice(starts[index]))
        frames = np.asarray(dataset.trials[index].x[start : start + length], dtype=float)
        seeds.append(Seed(frames, int(index), start))
    return seeds


def _starts(trial: Trial, length: int) -> np.ndarray:
    """Where segments of this length can begin."""
    starts = [np.arange(a, b - length + 1) for a, b in contiguous_runs(measured(trial))]
    return np.concatenate(starts) if starts else np.zeros(0, dtype=int)


def generate_dataset(
    model: keras.Model,
    dataset: Dataset,
    *,
    worms: int,
    frames: int,
    drawing: Drawing = Drawing(),  # noqa: B008  it is frozen
    done: Callable[[int], object] = lambda number: None,
) -> Dataset:
    """Generate worms that go on from segments of recordings; the frames that they begin with are not kept.

    Args:
        model: a `posture_lstm`.
        dataset: of amplitudes, with the model's channels.
        worms: how many.
        frames: of each.
        drawing: noise and seed.
        done: called with how many frames more there are.

    Returns:
        A dataset of amplitudes with the eigenworms of the other. A worm has the strain and the length of the one that
        it continues from, and is an individual of its own; `extra["generated"]` says from which recording and frame.

    Raises:
        InputError: see `draw_seeds` and `generate`.
        FloatingPointError: a worm's frames grew without bound.
    """
    require_fitting(model, dataset)
    seeds = draw_seeds(dataset, worms, drawing.seed)
    predicted = generate(model, np.stack([seed.frames for seed in seeds]), frames, drawing, done)
    turned = dataset.x_names[-1] == TURN
    names = [f"generated_{index + 1:0{len(str(worms))}d}" for index in range(worms)]
    recordings = [
        AmplitudeRecording(
            name=name,
            amplitudes=run[:, : len(dataset.x_names) - turned].astype(float),
            fps=1000 / dataset.dt,
            turn=run[:, -1].astype(float) if turned else None,
            strain=strain_of(dataset, dataset.trials[seed.trial]),
            individual=name,
            length=dataset.extra.get("length", {}).get(dataset.trials[seed.trial].name),
            source=f"{model.name}, seed {drawing.seed}, noise {drawing.noise:g}",
        )
        for name, run, seed in zip(names, predicted, seeds, strict=True)
    ]
    made = amplitudes_dataset(recordings, f"generated from {dataset.name}", dataset.extra.get("eigenworms"))
    origin = {
        name: {"recording": dataset.trials[seed.trial].name, "frame": seed.start}
        for name, seed in zip(names, seeds, strict=True)
    }
    return replace(made, dt=dataset.dt, extra={**made.extra, "generated": origin})  # 1000 / (1000 / dt) is not dt


def of_strain_and_split(dataset: Dataset, strain: str, split: str) -> Dataset:
    """The recordings of a strain and of a split, of all where nothing is said.

    Raises:
        InputError: there is none.
    """
    if strain:
        dataset = select_strain(dataset, strain)
    if split:
        parts = dataset.by_split()
        known = ", ".join(parts) or "none"
        require(split in parts, f"dataset {dataset.name!r} has no split {split!r}; its splits are {known}")
        dataset = parts[split]
    return dataset
