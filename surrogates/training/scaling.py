"""Inputs and outputs scaled for training, and the scales folded into the weights: files stay plain Keras."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.errors import require
from neuron_models.foundation.units import DataUnits
from surrogates.backend import keras
from surrogates.training.configuration import Arrays

_LEAST = 1e-12


@dataclass(frozen=True, eq=False)
class Scales:
    """Each input less `x_shift` over `x_scale`, all outputs less `y_shift` over one `y_scale`, in the data's units.

    One scale for all outputs keeps their shares in a mean squared error.
    """

    x_shift: Float[np.ndarray, " input"]
    x_scale: Float[np.ndarray, " input"]
    y_shift: Float[np.ndarray, " output"]
    y_scale: DataUnits

    def scaled(self, arrays: Arrays) -> Arrays:
        """Arrays x, y and weight in units of the scales; x and y are (trial, time, channel)."""
        x, y, weight = arrays
        scaled_x, scaled_y = (x - self.x_shift) / self.x_scale, (y - self.y_shift) / self.y_scale
        return np.asarray(scaled_x, np.float32), np.asarray(scaled_y, np.float32), weight


def scales_of(arrays: Arrays, shifted: bool = True) -> Scales:
    """The means and standard deviations of arrays (trial, time, channel) over the samples that count.

    Inputs are measured over all samples; without `shifted` their zero stays, as a convolution's padding needs.
    """
    x, y, weight = arrays
    counted = y[weight > 0] if weight is not None else y.reshape(-1, y.shape[-1])
    seen = np.asarray(x, float).reshape(-1, x.shape[-1])
    y_shift = counted.mean(0, dtype=float)
    spread = float(np.sqrt(((counted - y_shift) ** 2).mean()))
    shift = seen.mean(0) if shifted else np.zeros(x.shape[-1])
    size = np.sqrt(((seen - shift) ** 2).mean(0))
    return Scales(shift, np.where(size > _LEAST, size, 1.0), y_shift, spread if spread > _LEAST else 1.0)


def fold(model: keras.Model, scales: Scales) -> None:
    """Fold the scales into the weights of a model that was trained on scaled data: it then takes and gives the data's.

    Raises:
        InputError: its first layer is none that reads its inputs by one matrix, or its last is not linear.
    """
    require_foldable(model)
    first, last = model.layers[0], model.layers[-1]
    cell = getattr(first, "cell", first)
    if hasattr(cell, "READS"):
        _fold_cell(cell, scales)
        return
    _fold_first(first, scales)
    kernel, bias = last.get_weights()
    last.set_weights([kernel * scales.y_scale, bias * scales.y_scale + scales.y_shift])


def require_foldable(model: keras.Model) -> None:
    """Raise an `InputError` unless scales of the data can be folded into a model."""
    first, last = model.layers[0], model.layers[-1]
    named = getattr(getattr(last, "activation", None), "__name__", "")
    plain = type(last) is keras.layers.Dense and named == "linear" and bool(last.use_bias) and _readable(first)
    require(
        hasattr(getattr(first, "cell", first), "READS") or plain,
        f"{model.name}: --scale needs a recurrent, dense or convolution layer before a dense one",
    )


def shiftable(model: keras.Model) -> bool:
    """Whether a model's inputs may be shifted: not before a convolution or attention, whose padding is zero."""
    return type(model.layers[0]) is not keras.layers.Conv1D and not getattr(model.layers[0], "PADDED", False)


def _readable(layer: Any) -> bool:
    kinds = keras.layers.SimpleRNN, keras.layers.LSTM, keras.layers.GRU, keras.layers.Dense, keras.layers.Conv1D
    return type(layer) in kinds and bool(layer.use_bias)


def _fold_first(layer: Any, scales: Scales) -> None:
    kernel, *others = layer.get_weights()
    new = kernel / scales.x_scale[:, None]
    moved = -scales.x_shift @ new if kernel.ndim == 2 else 0.0
    bias = others[-1].copy()
    if bias.ndim == 2:  # a GRU's: that of the inputs, and that of the state
        bias[0] += moved
    else:
        bias += moved
    layer.set_weights([new, *others[:-1], bias])


def _fold_cell(cell: Any, scales: Scales) -> None:
    weights = {name: each.astype(float) for name, each in cell.named_weights().items()}
    for matrix, bias, before in cell.READS:
        rows = slice(first := cell.rows_before(before), first + cell.inputs)
        weights[matrix][rows] /= scales.x_scale[:, None]
        weights[bias] = weights[bias] - scales.x_shift @ weights[matrix][rows]
    matrix, bias = cell.GIVES
    weights[matrix] = weights[matrix] * scales.y_scale
    weights[bias] = weights[bias] * scales.y_scale + scales.y_shift
    cell.set_named({name: each.astype(np.float32) for name, each in weights.items()})
