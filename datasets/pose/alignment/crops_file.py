"""The work of an alignment on its way: what is measured and what is cut so far, kept so that it can go on."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Float, UInt8

from datasets.pose.alignment.following import MEASURES
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import require_writable

FORMAT = "wormtwin-alignment"


def partial_file(out: Path) -> Path:
    """Where the work lies until the dataset is whole."""
    return out.with_name(f"{out.name}.partial")


def begin_alignment(out: Path, key: str, animals: int, shape: tuple[int, ...]) -> Path:
    """Begin the work for `out`, or go on with what is there.

    Args:
        out: the dataset file that will be made.
        key: names everything that decides the result.
        animals: how many are followed.
        shape: (channel, size, size) of a crop.

    Raises:
        InputError: the work of another alignment is there, or it is damaged.
    """
    require_writable(out)
    beside = partial_file(out)
    if beside.exists():
        try:
            with h5py.File(beside, "r") as file:
                same = file.attrs.get("format") == FORMAT and file.attrs.get("key") == key
        except OSError:
            raise InputError(f"{beside} is damaged: delete it and start again") from None
        require(same, f"{beside} holds the beginning of another alignment: delete it or choose another --out")
        return beside
    beside.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(beside, "w") as file:
        file.attrs.update(format=FORMAT, key=key)
        measure = (animals, len(MEASURES))
        file.create_dataset("measures", (0, *measure), np.float64, maxshape=(None, *measure), chunks=(1024, *measure))
        for animal in range(animals):
            file.create_dataset(f"crops/{animal}", (0, *shape), np.uint8, maxshape=(None, *shape), chunks=(8, *shape))
    return beside


def append(path: Path, key: str, rows: Float[np.ndarray, "frame ..."] | UInt8[np.ndarray, "frame ..."]) -> None:
    """Add the rows of some frames; they are on the disk when this returns.

    Rows are measures (frame, animal, measure), in the units of `following.MEASURES`, or the pixels of crops
    (frame, channel, size, size), from 0 to 255.
    """
    with h5py.File(path, "r+") as file:
        stored = file[key]
        stored.resize(len(stored) + len(rows), axis=0)
        stored[len(stored) - len(rows) :] = rows


def rows_done(path: Path, key: str) -> int:
    """How many frames are there."""
    with h5py.File(path, "r") as file:
        return len(file[key])


@contextmanager
def reading(path: Path) -> Iterator[h5py.File]:
    """The file, open to be read."""
    with h5py.File(path, "r") as file:
        yield file
