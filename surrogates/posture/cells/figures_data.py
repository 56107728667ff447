"""Series of chosen cells, for pictures: over time, around reversals, and the scene that the page plays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from datasets.dataset import Dataset, contiguous_runs, longest_stretch
from datasets.posture.locomotion.path import midlines, with_path
from neuron_models.foundation.errors import require
from neuron_models.foundation.units import Seconds
from surrogates.posture.cells.cell_states import Reader, read_cell_states
from surrogates.posture.cells.correlations import CellTable, settled
from surrogates.posture.cells.feature_traces import FEATURES, REVERSAL, Track
from surrogates.posture.cells.player import PlayerData
from surrogates.posture.forced_choice.clips import centred

SHOWN = ("midbody bend", "head bend", "speed", "curvature size", REVERSAL)
"""Features that are drawn over time."""
BEFORE, AFTER = 5.0, 10.0
"""Seconds around the start of a reversal."""
_CURVES = 4
_STEP: Seconds = 5.0
_POINTS = 49


@dataclass(frozen=True, eq=False)
class CellTraces:
    """What is drawn of some cells.

    Attributes:
        recording: the recording that is drawn over time.
        seconds: (frame,) of the stretch of it.
        pairs: feature, cell, their series, and their correlation over all recordings, best cell of each feature.
        around_seconds: (frame,) from the start of a reversal.
        around: (reversal, frame) memory by cell, of all recordings.
    """

    recording: str
    seconds: Float[np.ndarray, " frame"]
    pairs: Sequence[tuple[str, str, np.ndarray, np.ndarray, float]]
    around_seconds: Float[np.ndarray, " frame"]
    around: Mapping[str, np.ndarray]


def collect_cell_traces(
    reader: Reader,
    dataset: Dataset,
    tracks: Sequence[Track],
    table: CellTable,
    *,
    trial: int = 0,
    seconds: Seconds = 60.0,
) -> tuple[CellTraces, PlayerData]:
    """Read the recordings once more, now that it is known which cells to draw.

    Args:
        reader: of the cells.
        dataset: of amplitudes.
        tracks: what its worms do.
        table: what the cells go with.
        trial: the recording that is shown, counted from 0.
        seconds: of it that are shown, where it is most lively.
    """
    require(0 <= trial < len(dataset), f"--trial must be from 1 to {len(dataset)}, got {trial + 1}")
    track = tracks[trial]
    related = table.reversal_cells()[:_CURVES] or ([table.best(REVERSAL)] if REVERSAL in table.raw else [])
    around: list[np.ndarray] = []
    shown = None
    cells = len(table.indices.layer)
    total, squares, count = np.zeros(cells), np.zeros(cells), 0
    for index, (_, memory) in enumerate(read_cell_states(reader, dataset)):
        counted = settled(memory)
        around += _around(counted[:, related], tracks[index])
        known = counted[np.isfinite(counted[:, 0])].astype(float)
        total, squares, count = total + known.sum(axis=0), squares + (known**2).sum(axis=0), count + len(known)
        if index == trial:
            shown = memory, counted
    memory, counted = shown  # type: ignore[misc]
    rest = total / count
    spread = np.sqrt(np.maximum(squares / count - rest**2, 0.0))
    first, last = lively(counted, track, seconds)
    window = slice(first, last)
    scene = _scene(reader.name, track, memory[window], window, table, rest, spread)
    pairs = [
        (
            feature,
            table.indices.names[i],
            track.values[window, index],
            memory[window, i],
            table.raw[feature].correlation[i],
        )
        for index, feature in enumerate(FEATURES)
        if feature in SHOWN and feature in table.raw
        for i in (table.best(feature),)
    ]
    curves = np.array(around) if around else np.zeros((0, 0, 0))
    by_cell = {table.indices.names[i]: curves[:, :, n] for n, i in enumerate(related)} if len(curves) > 1 else {}
    times = np.arange(-round(BEFORE * track.fps), round(AFTER * track.fps)) / track.fps
    reading = CellTraces(track.recording.name, (np.arange(first, last)) / track.fps, pairs, times, by_cell)
    return reading, scene


def lively(memory: Float[np.ndarray, "frame cell"], track: Track, seconds: Seconds) -> tuple[int, int]:
    """The stretch of at most so long, without a gap, in which the worm most often begins to move backward."""
    require(np.isfinite(seconds) and seconds > 0, f"--seconds must be > 0, got {seconds:g}")
    length = max(2, round(seconds * track.fps))
    known = np.isfinite(memory[:, 0])
    enough = min(length, longest_stretch(known))
    spans = [(a, b) for a, b in contiguous_runs(known).tolist() if b - a >= enough]
    starts = np.cumsum(np.concatenate(([0], _starts(track))))
    step = max(1, round(_STEP * track.fps))
    windows = [(a, min(a + length, q)) for p, q in spans for a in range(p, max(p + 1, q - length + 1), step)]
    return max(windows, key=lambda w: starts[w[1] - 1] - starts[w[0]])


def _starts(track: Track) -> np.ndarray:
    backward = track.values[:, list(FEATURES).index(REVERSAL)] == 1
    return backward & ~np.concatenate(([False], backward[:-1]))


def _around(memory: Float[np.ndarray, "frame cell"], track: Track) -> list[np.ndarray]:
    """The memory around each start of a reversal that has no gap near it."""
    before, after = round(BEFORE * track.fps), round(AFTER * track.fps)
    cut = [memory[at - before : at + after] for at in np.flatnonzero(_starts(track)) if at >= before]
    return [each for each in cut if len(each) == before + after and np.isfinite(each).all() and each.size]


def _scene(
    model: str,
    track: Track,
    memory: Float[np.ndarray, "frame cell"],
    window: slice,
    table: CellTable,
    rest: Float[np.ndarray, " cell"],
    spread: Float[np.ndarray, " cell"],
) -> PlayerData:
    recording = track.recording
    if recording.centroid is None:
        recording = with_path(recording)
    lines = midlines(recording, _POINTS)[window] / (recording.length or 1.0)
    indices = {name: index for index, name in enumerate(FEATURES)}
    return PlayerData(
        recording=recording.name,
        model=model,
        start=window.start / recording.fps,
        fps=recording.fps,
        midlines=centred(lines),
        memory=memory.astype(float),
        rest=rest,
        spread=spread,
        indices=table.indices,
        features={name: track.values[window, indices[name]] for name in table.raw},
        correlations={name: each.correlation for name, each in table.raw.items()},
    )
