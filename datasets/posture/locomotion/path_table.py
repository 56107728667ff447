"""Paths of recordings by a law of drag, and how they compare with what was recorded."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from datasets.posture.locomotion.agar import agar_drag
from datasets.posture.locomotion.drag_fit import fit_ratio
from datasets.posture.locomotion.path import NOMINAL_LENGTH, LinearDrag, with_path
from datasets.posture.recording import PostureRecording
from neuron_models.foundation.printing import print_whole
from neuron_models.foundation.units import Dimensionless, Fraction, Millimetres

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class FoundPath:
    """A recording that moves as resistive force theory says.

    Attributes:
        recording: with the places and headings that were found.
        ratio: the drag ratio, None for the nonlinear law.
        explained: the share of the recorded displacements that a fitted ratio explains.
        recorded: how far the recorded centroid went, along its way.
    """

    recording: PostureRecording
    ratio: Dimensionless | None = None
    explained: Fraction | None = None
    recorded: Millimetres | None = None


def chosen_law(ratio: float, agar: float | None, fit: bool) -> Callable[[PostureRecording], FoundPath]:
    """What finds a recording's path: a given ratio, a fitted one, or the nonlinear law of agar.

    Raises:
        InputError: the ratio is not positive, or there is no drag for such agar.
    """
    linear = LinearDrag(ratio)
    if agar is not None:
        agar_drag(agar, 1.0)

    def find(recording: PostureRecording) -> FoundPath:
        recorded = None if recording.centroid is None else way(recording)
        if agar is not None:
            law = agar_drag(agar, recording.fps, recording.length or NOMINAL_LENGTH)
            return FoundPath(with_path(recording, law), recorded=recorded)
        if fit:
            best = fit_ratio(recording)
            return FoundPath(with_path(recording, LinearDrag(best.ratio)), best.ratio, best.explained, recorded)
        return FoundPath(with_path(recording, linear), linear.ratio, recorded=recorded)

    return find


def way(recording: PostureRecording) -> float:
    """How far the centroid goes, mm, from second to second, gaps left out."""
    if recording.centroid is None:
        return float("nan")
    step = max(1, round(recording.fps))
    shift = np.diff(recording.centroid[::step], axis=0)
    return float(np.nansum(np.hypot(shift[:, 0], shift[:, 1])))


def path_table(paths: Sequence[FoundPath]) -> "pd.DataFrame":
    """A row a worm: how far it went by its path and as recorded, and with which drag."""
    import pandas as pd

    return pd.DataFrame(
        {
            "worm": each.recording.name,
            "strain": each.recording.strain,
            "drag ratio": each.ratio,
            "explained %": None if each.explained is None else 100 * each.explained,
            "way by path mm": way(each.recording),
            "way recorded mm": each.recorded,
        }
        for each in paths
    ).dropna(axis="columns", how="all")


def print_paths(table: "pd.DataFrame", most: int = 30) -> None:
    """Print the table of paths, its first rows where it is long."""
    shown = Table(*table.columns)
    for row in table.head(most).itertuples(index=False):
        shown.add_row(*(f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in row))
    print_whole(shown)
    if len(table) > most:
        print(f"and {len(table) - most} more")
