"""HDF5 files of postures, distinguished by what they hold: Tierpsy Tracker, WormPose, and amplitudes by group."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

from datasets.posture.formats.raw import MidlineRecording, Reading
from datasets.posture.formats.tierpsy_file import has_features, has_skeletons, read_features, read_skeletons
from datasets.posture.recording import AmplitudeRecording
from neuron_models.foundation.bad_parts import read_each
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.hdf5 import number_attribute, numbers, one_number, open_hdf5

Recordings = tuple[MidlineRecording | AmplitudeRecording, ...]


def read_hdf5(path: Path, reading: Reading) -> Recordings:
    """Read an HDF5 file of any kind in `KINDS`: the first that it fits.

    Raises:
        InputError: no such file, damaged, of no known kind, or without frame rate.
    """
    with open_hdf5(path, "HDF5 file of postures (.h5, .hdf5)") as file:
        for fits, read in KINDS.values():
            if fits(file):
                return read(file, path, reading)
        found = ", ".join(sorted(file)[:8]) or "nothing"
        if "format" in file.attrs and "wormtwin" in str(file.attrs["format"]):
            raise InputError(f"{path} is a dataset file of wormtwin already: it needs no import")
    raise InputError(f"{path}: no postures of a known kind ({', '.join(KINDS)}); it holds {found}")


def _is_wormpose(file: h5py.File) -> bool:
    return isinstance(file.get("skeletons"), h5py.Dataset) and file["skeletons"].ndim == 3


def _read_wormpose(file: h5py.File, path: Path, reading: Reading) -> Recordings:
    """`skeletons` (frame, point, 2) in pixels, NaN where none was found; some files say `framerate`."""
    midlines = np.asarray(numbers(file, "skeletons", "frame point 2"), dtype=float)
    rates = (number_attribute(file, key) for key in ("framerate", "frame_rate", "fps") if key in file.attrs)
    said = next(rates, None)
    fps = reading.rate(said, str(path))
    return (MidlineRecording(path.stem, midlines, fps, reading.unit, reading.strain, source=path.name),)


def _worms(file: h5py.File) -> list[str]:
    return [name for name, group in file.items() if isinstance(group, h5py.Group) and "tseries" in group]


def _read_amplitudes(file: h5py.File, path: Path, reading: Reading) -> Recordings:
    """A group a worm with `tseries` (frame, eigenworm) and `frameRate` in Hz, as published with Costa et al. 2019.

    A group that cannot be used is left out and reported.
    """
    names = sorted(_worms(file), key=lambda name: (not name.isdigit(), int(name) if name.isdigit() else 0, name))

    def read(name: str) -> AmplitudeRecording:
        said = one_number(file[name], "frameRate") if "frameRate" in file[name] else None
        amplitudes = np.asarray(numbers(file[name], "tseries", "frame eigenworm"), dtype=float)
        rate = reading.rate(said, f"{path}: {name}")
        return AmplitudeRecording(f"worm {name}", amplitudes, rate, strain=reading.strain, source=path.name)

    return tuple(read_each(names, read))


KINDS: dict[str, tuple[Callable[[h5py.File], bool], Callable[[h5py.File, Path, Reading], Recordings]]] = {
    "Tierpsy skeletons": (has_skeletons, read_skeletons),
    "Tierpsy features": (has_features, read_features),
    "WormPose": (_is_wormpose, _read_wormpose),
    "amplitudes by group": (lambda file: bool(_worms(file)), _read_amplitudes),
}
