"""How the cell states of cells go with what the worm does: correlations, raw and smoothed, and the shift test."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float

from datasets.dataset import Trial, contiguous_runs
from neuron_models.foundation.errors import require, require_seed
from surrogates.posture.cells.cell_states import CellPlaces
from surrogates.posture.cells.feature_traces import FEATURES, REVERSAL, Track
from surrogates.posture.cells.shift_test import Relation, ShiftSums, draw_shifts, relate, shift_sums

SMOOTHING = 200
"""Frames of the moving mean over which Li et al. 2017 smooth: their speed cell goes from r = -0.42 to -0.75."""
SETTLING = 50
"""Frames after a gap in which cell states do not count, as many as a window that the network learns from."""
ROUNDS = 999
LEVEL = 0.05


@dataclass(frozen=True, eq=False)
class CellTable:
    """All cells against all features.

    Attributes:
        indices: which cell is which column.
        raw: by feature.
        smooth: by feature, both sides smoothed by a moving mean; features that never vary are in neither.
        recordings: how many.
        frames: that counted.
        smoothing: frames of the moving mean.
    """

    indices: CellPlaces
    raw: dict[str, Relation]
    smooth: dict[str, Relation]
    recordings: int
    frames: int
    smoothing: int = SMOOTHING

    def reversal_cells(self) -> list[int]:
        """The columns of the cells related to reversals at 5 % over all cells, the strongest first."""
        if REVERSAL not in self.raw:
            return []
        relations = self.raw[REVERSAL]
        return [int(i) for i in np.argsort(-np.abs(relations.correlation)) if relations.p_all[i] <= LEVEL]

    def best(self, feature: str, smooth: bool = False) -> int:
        """The column of the cell that correlates most with a feature."""
        return int(np.abs((self.smooth if smooth else self.raw)[feature].correlation).argmax())

    def as_frame(self) -> pd.DataFrame:
        """A row a cell and feature: r, smoothed r, p of the cell alone, p over all cells, and of the smoothed."""
        rows = []
        for feature, raw in self.raw.items():
            smooth = self.smooth.get(feature)
            for i, name in enumerate(self.indices.names):
                row = {"cell": name, "layer": self.indices.layer[i], "feature": feature}
                row |= {"r": raw.correlation[i], "p": raw.p[i], "p_all_cells": raw.p_all[i]}
                if smooth is not None:
                    row |= {"r_smoothed": smooth.correlation[i], "p_all_cells_smoothed": smooth.p_all[i]}
                rows.append(row)
        return pd.DataFrame(rows)


def relate_cells(
    read: Iterable[tuple[Trial, Float[np.ndarray, "frame cell"]]],
    tracks: Sequence[Track],
    indices: CellPlaces,
    *,
    rounds: int = ROUNDS,
    smoothing: int = SMOOTHING,
    seed: int = 0,
) -> CellTable:
    """Correlate every cell (dimensionless) with every feature and test each by shifts.

    Args:
        read: recordings and the cell states of all cells, as `read_cell_states` gives them.
        tracks: what the worms of these recordings do, in the same order.
        indices: which cell is which column.
        rounds: of random shifts.
        smoothing: frames of the moving mean.
        seed: of the shifts.

    Raises:
        InputError: no frame is left that counts, or a setting out of range.
    """
    require(rounds >= 19, f"--rounds must be >= 19 for a test at 5 %, got {rounds}")
    require(smoothing >= 1, f"--smoothing must be >= 1 frame, got {smoothing}")
    require_seed(seed, "--seed")
    rng = np.random.default_rng(seed)
    sums: list[ShiftSums] = []
    frames = recordings = 0
    for (_, memory), track in zip(read, tracks, strict=True):
        counted = settled(memory)
        frames, recordings = frames + int(np.isfinite(counted[:, 0]).sum()), recordings + 1
        shifts = draw_shifts(len(memory), track.fps, rounds, rng)
        pairs = ((counted, track.values), (moving_mean(counted, smoothing), moving_means(track.values, smoothing)))
        new = [shift_sums(*pair, shifts) for pair in pairs]
        sums = [a + b for a, b in zip(sums, new, strict=True)] if sums else new
    require(frames > 0, f"no stretch is longer than the {SETTLING} frames after which cell states count")
    raw, smooth = (
        {name: relation for name, relation in zip(FEATURES, relate(each), strict=True) if relation is not None}
        for each in sums
    )
    return CellTable(indices, raw, smooth, recordings, frames, smoothing)


def settled(memory: Float[np.ndarray, "frame cell"], settling: int = SETTLING) -> Float[np.ndarray, "frame cell"]:
    """Cell states (dimensionless) without the first frames of each stretch, where they still come from zero.

    They are NaN there.
    """
    states = np.array(memory, dtype=np.float32)
    for first, last in contiguous_runs(np.isfinite(memory).all(axis=1)):
        states[first : min(first + settling, last)] = np.nan
    return states


def moving_mean(values: Float[np.ndarray, "frame channel"], width: int) -> Float[np.ndarray, "frame channel"]:
    """The mean, in the channel's units, of the `width` frames around each in its stretch; NaN stays NaN.

    In the units of the values; a frame with a NaN in any channel ends the stretch.
    """
    means = np.full(values.shape, np.nan, np.float32)
    before, after = (width - 1) // 2, width // 2 + 1
    for first, last in contiguous_runs(np.isfinite(values).all(axis=1)):
        sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values[first:last], axis=0, dtype=float)])
        at = np.arange(last - first)
        start, end = np.maximum(at - before, 0), np.minimum(at + after, last - first)
        means[first:last] = (sums[end] - sums[start]) / (end - start)[:, None]
    return means


def moving_means(values: Float[np.ndarray, "frame channel"], width: int) -> Float[np.ndarray, "frame channel"]:
    """The moving mean over `width` frames of each channel by itself, in its units: gaps of channels may differ."""
    return np.column_stack([moving_mean(channel[:, None], width) for channel in values.T])
