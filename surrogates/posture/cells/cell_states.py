"""The memory of every LSTM cell while recordings are read: the cell state c of Hochreiter and Schmidhuber 1997."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from datasets.dataset import Dataset, Trial, contiguous_runs
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.progress import progress_bar
from surrogates.backend import keras, tensorflow_unseen
from surrogates.posture.network.segments import measured
from surrogates.runs.model_file import load_model
from surrogates.training.metrics import require_fitting

_AT_ONCE = 2**24
"""Numbers of memory that are computed at once, about (64 MiB)."""


@dataclass(frozen=True)
class CellPlaces:
    """Which cell is which column: `layer` and `cell`, both from 1, of every column."""

    layer: tuple[int, ...]
    cell: tuple[int, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Such as 2.17: cell 17 of layer 2."""
        return tuple(f"{layer}.{cell}" for layer, cell in zip(self.layer, self.cell, strict=True))


class CellStateRecorder(keras.layers.Layer):
    """An LSTM's own cell (`keras.layers.LSTMCell`), which gives its memory beside its output."""

    def __init__(self, cell: Any) -> None:
        super().__init__()
        self.cell = cell
        self.state_size = [cell.units, cell.units]
        self.output_size = 2 * cell.units

    def call(self, inputs, states, training=False):
        """One step: output and memory beside each other, and both as the new state."""
        output, new = self.cell(inputs, states, training=training)
        return keras.ops.concatenate([output, new[1]], -1), new


@dataclass(frozen=True, eq=False)
class Reader:
    """A network that returns its cell states: from frames (batch, time, input) to all of them (batch, time, cell).

    Attributes:
        name: of the model that it was made of.
        network: it is compiled once for each shape that it reads, and so worth keeping.
        indices: which cell is which column.
    """

    name: str
    network: Any
    indices: CellPlaces


def cell_places(model: Any) -> CellPlaces:
    """The cells of a model, layer by layer.

    Raises:
        InputError: it has no LSTM layer.
    """
    sizes = [layer.units for layer in _lstms(model)]
    layers = tuple(number for number, size in enumerate(sizes, start=1) for _ in range(size))
    return CellPlaces(layers, tuple(cell for size in sizes for cell in range(1, size + 1)))


def cell_state_model(model: Any) -> Reader:
    """Make a reader of the cells of a Keras model.

    Raises:
        InputError: there is no LSTM layer, or the layers up to the last one do not follow each other in a line.
    """
    last, cell_states = _lstms(model)[-1], []
    x = inputs = keras.Input((None, model.input_shape[-1]))
    before = None
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            before = layer.output
            continue
        in_line = before is not None and layer.input is before
        require(in_line, f"model {model.name}: layer {layer.name} does not follow the one before it alone")
        before = layer.output
        if isinstance(layer, keras.layers.LSTM):
            both = keras.layers.RNN(CellStateRecorder(layer.cell), return_sequences=True)(x)
            x = both[..., : layer.units]
            cell_states.append(both[..., layer.units :])
        else:
            x = layer(x)
        if layer is last:
            break
    network = keras.Model(inputs, cell_states[0] if len(cell_states) == 1 else keras.ops.concatenate(cell_states, -1))
    return Reader(model.name, network, cell_places(model))


def read_cell_states(
    reader: Reader, dataset: Dataset, *, progress: bool = True
) -> Iterator[tuple[Trial, Float32[np.ndarray, "frame cell"]]]:
    """Let a model read every recording of a dataset; gives the cell states of all cells, NaN where there is a gap.

    The cell states (dimensionless) begin at zero after every gap, and are kept along each stretch.

    Args:
        reader: of the cells.
        dataset: with the channels that the model was trained on.
        progress: show a bar.

    Raises:
        InputError: the model takes other channels.
    """
    require_fitting(reader.network, dataset)
    cells = len(reader.indices.layer)
    bar = progress_bar(len(dataset), "recording") if progress else None
    for group in _groups(dataset, cells):
        trials = [dataset.trials[index] for index in group]
        states = [np.full((len(trial), cells), np.nan, np.float32) for trial in trials]
        spans = [(row, *span) for row, trial in enumerate(trials) for span in contiguous_runs(measured(trial))]
        xs = [np.asarray(trials[row].x[first:last], np.float32) for row, first, last in spans]
        for (row, first, last), memory in zip(spans, _read(reader.network, xs, cells), strict=True):
            states[row][first:last] = memory
        yield from zip(trials, states, strict=True)
        if bar is not None:
            bar.update(len(group))
    if bar is not None:
        bar.close()


def _read(network: Any, xs: Sequence[np.ndarray], cells: int) -> list[Float32[np.ndarray, "frame cell"]]:
    """The cell states along stretches; those of like length are read side by side, filled up with zeros at the end."""
    order = sorted(range(len(xs)), key=lambda i: len(xs[i]))
    states: list[np.ndarray] = [np.zeros((0, cells), np.float32)] * len(xs)
    while order:
        length = _power_of_four(len(xs[order[0]]))  # few lengths, since each is compiled
        most = max(1, _AT_ONCE // (length * cells))
        some = [i for i in order[:most] if len(xs[i]) <= length]
        x = np.zeros((_power_of_four(len(some)), length, xs[some[0]].shape[1]), np.float32)
        for row, i in enumerate(some):
            x[row, : len(xs[i])] = xs[i]
        with tensorflow_unseen():
            predicted = np.asarray(network.predict_on_batch(x))
        for row, i in enumerate(some):
            states[i] = predicted[row, : len(xs[i])]
        order = order[len(some) :]
    return states


def _groups(dataset: Dataset, cells: int) -> Iterator[list[int]]:
    """Indices of recordings read together, in order, so that cell states of many worms are never held at once."""
    group: list[int] = []
    frames = 0
    for index, trial in enumerate(dataset):
        if group and (frames + len(trial)) * cells > 2 * _AT_ONCE:
            yield group
            group, frames = [], 0
        group.append(index)
        frames += len(trial)
    yield group


def _lstms(model: Any) -> list[Any]:
    lstms = [layer for layer in model.layers if isinstance(layer, keras.layers.LSTM)]
    if not lstms:
        raise InputError(f"model {model.name} has no LSTM layer, whose cells could be looked at")
    return lstms


def _power_of_four(number: int) -> int:
    return 4 ** (((number - 1).bit_length() + 1) // 2)


def load_reader(path: Path, dataset: Dataset) -> Reader:
    """Load the reader of a model that was trained on such channels as a dataset has.

    Raises:
        InputError: the file is no model, it has no LSTM layer, or it was trained on other channels.
    """
    model, channels = load_model(path)
    reader = cell_state_model(model)
    if channels is not None:
        channels.require_same(replace(dataset, y_names=dataset.x_names, y_units=dataset.x_units))
    return reader
