"""Files of calcium recordings, of any kind that can be read, as one dataset."""

from pathlib import Path

from datasets.calcium.npz_file import read_npz
from datasets.calcium.recording import SHARED, as_dataset
from datasets.dataset import Dataset


def load_npz(path: str | Path, neurons: str = SHARED) -> Dataset:
    """Read the recordings of a `.npz` file as a dataset of the neurons that were chosen: see `as_dataset`.

    Raises:
        InputError: the file cannot be used, or not with these neurons.
    """
    path = Path(path)
    return as_dataset(read_npz(path), path.stem, neurons)
