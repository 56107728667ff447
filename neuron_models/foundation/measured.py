"""What is a measurement: an infinite number is none, nor is a point of which one coordinate is known.

All readers of coordinates, traces and amplitudes ask here; what is none becomes a gap, and is reported.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from neuron_models.foundation.bad_parts import leave_out
from neuron_models.foundation.wording import counted


def measured(values: Float[np.ndarray, "*axes"], where: str) -> Float[np.ndarray, "*axes"]:
    """The values with NaN for those that are infinite, which are reported.

    Args:
        values: of any shape and unit.
        where: the file, or the part of it, that the report names.
    """
    infinite = np.isinf(values)
    if not infinite.any():
        return values
    first = ", ".join(map(str, np.argwhere(infinite)[0]))
    leave_out(f"{where}: {counted(int(infinite.sum()), 'infinite value')}, the first at [{first}]")
    return np.where(infinite, np.nan, values)


def measured_points(
    xy: Float[np.ndarray, "frame animal point 2"], frames: Int[np.ndarray, " frame"], points: Sequence[str]
) -> tuple[Float[np.ndarray, "frame animal point 2"], tuple[str, ...]]:
    """Points with both coordinates or none, and what was left out of them, in words.

    Args:
        xy: px or mm; NaN where a point is not known.
        frames: the frame of each row.
        points: names.
    """
    infinite, known = np.isinf(xy).any(axis=-1), np.isfinite(xy)
    half = known.any(axis=-1) & ~known.all(axis=-1) & ~infinite
    kinds = (("an infinite coordinate", infinite), ("one coordinate alone", half))
    notes = tuple(_note(what, mask, frames, points) for what, mask in kinds if mask.any())
    return (np.where((infinite | half)[..., None], np.nan, xy), notes) if notes else (xy, ())


def _note(
    what: str, mask: Bool[np.ndarray, "frame animal point"], frames: Int[np.ndarray, " frame"], points: Sequence[str]
) -> str:
    row, _, point = np.argwhere(mask)[0]
    return f"{counted(int(mask.sum()), 'point')} with {what}, the first is {points[point]} in frame {frames[row]}"
