"""The result of an ablation screen, and its HDF5 file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
from jaxtyping import Float

from connectome.places import cells_of
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write, require_space
from neuron_models.foundation.hdf5 import numbers, open_hdf5, text_attribute, texts

_FORMAT = "wormtwin screen 1"
_NAMES = ("ablations", "sequences", "outputs")
_ARRAYS = {
    "activity": ("sequence", "output"),
    "rms": ("ablation", "sequence", "output"),
    "mean": ("ablation", "sequence", "output"),
    "peak": ("ablation", "sequence", "output"),
}
_ROOM = 1_000_000
"""Bytes of an HDF5 file beside its arrays, at most."""


@dataclass(frozen=True, eq=False)
class Screen:
    """What ablations do to recorded neurons, in V at the soma, against the intact network.

    Attributes:
        scenario: the scenario's name.
        network: the wiring, in words.
        ablations: AVBL, or AVBL+AVBR where neurons were lost together.
        sequences: the stimuli.
        outputs: the recorded neurons.
        activity: root mean square over time of the intact network's deviation from rest.
        rms: root mean square over time of the change, ablated minus intact.
        mean: mean over time of the change: below zero where drive was lost.
        peak: largest size of the change.
        key: names everything that decided the result.
    """

    scenario: str
    network: str
    ablations: tuple[str, ...]
    sequences: tuple[str, ...]
    outputs: tuple[str, ...]
    activity: Float[np.ndarray, "sequence output"]
    rms: Float[np.ndarray, "ablation sequence output"]
    mean: Float[np.ndarray, "ablation sequence output"]
    peak: Float[np.ndarray, "ablation sequence output"]
    key: str = ""

    def __post_init__(self) -> None:
        sizes = {"ablation": len(self.ablations), "sequence": len(self.sequences), "output": len(self.outputs)}
        for name, axes in _ARRAYS.items():
            wanted, shape = tuple(sizes[axis] for axis in axes), getattr(self, name).shape
            require(shape == wanted, f"a screen's {name} must have the shape {wanted}, got {shape}")

    @property
    def effect(self) -> Float[np.ndarray, "ablation output"]:
        """RMS change over the activity of the intact neuron, both over all sequences and samples; dimensionless.

        1 is total loss, NaN where the intact neuron is at rest.
        """
        active = np.sqrt((self.activity**2).mean(0))
        change = np.sqrt((self.rms**2).mean(1))
        return np.divide(change, active, out=np.full_like(change, np.nan), where=active > 0)

    def without_lost(self) -> Float[np.ndarray, "ablation output"]:
        """The effects (dimensionless) on other neurons: NaN where a recorded neuron was itself ablated."""
        effect = self.effect.copy()
        for row, ablation in enumerate(self.ablations):
            effect[row, [cell in ablation.split("+") for cell in cells_of(self.outputs)]] = np.nan
        return effect

    def ranked(self) -> pd.DataFrame:
        """One row an ablation, largest mean effect first: the mean over outputs, then each output's effect."""
        effect = self.without_lost()
        known = np.isfinite(effect)
        total = np.where(known, effect, 0.0).sum(1) / np.maximum(known.sum(1), 1)
        table = pd.DataFrame(effect, columns=list(self.outputs))
        table.insert(0, "mean", total)
        table.insert(0, "ablation", list(self.ablations))
        return table.sort_values("mean", ascending=False, kind="stable").reset_index(drop=True)


def save_screen(screen: Screen, path: Path) -> Path:
    """Write a screen to an HDF5 file, whole or not at all."""
    arrays = {name: getattr(screen, name) for name in _ARRAYS}
    with atomic_write(path) as temporary:
        require_space(temporary, sum(array.nbytes for array in arrays.values()) + _ROOM)
        with h5py.File(temporary, "w") as file:
            file.attrs.update({"format": _FORMAT, "units": "V"})
            file.attrs.update({name: getattr(screen, name) for name in ("scenario", "network", "key")})
            for name in _NAMES:
                file[name] = np.array(getattr(screen, name), dtype=h5py.string_dtype())
            for name, array in arrays.items():
                file[name] = array
                file[name].attrs["axes"] = " ".join(_ARRAYS[name])
    return path


def load_screen(path: Path) -> Screen:
    """Read a screen that `save_screen` wrote.

    Raises:
        InputError: the file is missing, damaged or holds something else.
    """
    with open_hdf5(path, "ablation screen (.h5)", own=True) as file:
        require(file.attrs.get("format") == _FORMAT, f"{path} holds no ablation screen: choose another --out")
        values: dict[str, Any] = {name: text_attribute(file, name) for name in ("scenario", "network", "key")}
        names = {name: texts(file, name) for name in _NAMES}
        arrays = {name: numbers(file, name, " ".join(axes)) for name, axes in _ARRAYS.items()}
    return Screen(**(values | names | arrays))
