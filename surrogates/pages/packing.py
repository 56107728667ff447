"""Arrays in a page: 16-bit steps in base64, which a browser reads back without a library."""

import base64
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import DataUnits

_STEPS = 65535


@dataclass(frozen=True)
class Packed:
    """An array as text: little-endian unsigned 16-bit integers n that stand for `offset` + n `step`."""

    data: str
    shape: tuple[int, ...]
    offset: DataUnits
    step: DataUnits


def pack(values: Float[np.ndarray, "..."]) -> Packed:
    """Write an array of any shape and unit with 65,536 levels between its lowest and its highest value.

    Values are off by half a step at most.

    Raises:
        InputError: a value is not finite.
    """
    values = np.asarray(values, dtype=float)
    require(bool(np.all(np.isfinite(values))), "only finite numbers can be drawn")
    lowest, highest = (float(values.min()), float(values.max())) if values.size else (0.0, 0.0)
    step = (highest - lowest) / _STEPS or 1.0
    levels = np.rint((values - lowest) / step).astype("<u2")
    return Packed(base64.b64encode(levels.tobytes()).decode(), values.shape, lowest, step)


def unpack(packed: Packed) -> Float[np.ndarray, "..."]:
    """Read an array back, as the page does, in the shape and the units it was packed in."""
    levels = np.frombuffer(base64.b64decode(packed.data), dtype="<u2")
    return packed.offset + packed.step * levels.reshape(packed.shape).astype(float)
