"""Datasets in HDF5: see `docs/dataset-format.md`."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.dataset import ArrayLike, Dataset, Trial
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write, require_file, require_space
from neuron_models.foundation.progress import progress_bar

FORMAT = "wormtwin-dataset"
VERSION = 1
_ARRAYS = ("x", "y", "weight")
_JSON = "json:"
_MOST = 2**24  # bytes that are read or written at once
_LONGEST_ATTRIBUTE = 16_000  # characters: HDF5 keeps at most 64 KiB of attributes, all of a file's together


@dataclass(frozen=True)
class StoredArray:
    """An array in an HDF5 file that is read when it is sliced; `row` is its place where trials share one array."""

    path: Path
    key: str
    row: int | None
    shape: tuple[int, ...]
    dtype: np.dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any, /) -> np.ndarray:
        with h5py.File(self.path, "r") as file:
            stored = file[self.key]
            if self.row is None:
                return stored[index]
            return stored[(self.row, *index)] if isinstance(index, tuple) else stored[self.row, index]


def save_dataset(dataset: Dataset, path: str | Path, progress: bool = False) -> Path:
    """Write a dataset to an HDF5 file, whole or not at all.

    Trials of equal length become one array `x` (trial, time, input) and one `y`, others a group each. Arrays that are
    lazy are read and written a stretch at a time.

    Args:
        dataset: to be written.
        path: the file.
        progress: show a bar over the samples.

    Raises:
        OSError: it cannot be written there.
    """
    path = Path(path)
    with atomic_write(path) as temporary:
        require_space(temporary, _size(dataset))  # HDF5 can crash on a full disk
        with h5py.File(temporary, "w") as file:
            _write_attributes(file, dataset)
            with progress_bar(sum(map(len, dataset)), "sample", disable=not progress) as bar:
                _write_trials(file, dataset, bar.update)
            file.attrs["sha256"] = _checksum(file)
    return path


def load_dataset(path: str | Path, lazy: bool = False, checked: bool | None = None) -> Dataset:
    """Read a dataset from an HDF5 file.

    Args:
        path: the file.
        lazy: leave the arrays in the file and read them when they are sliced.
        checked: read all data once, a piece at a time, to compare their checksum; unless lazy when None.

    Raises:
        InputError: the file is missing, truncated, damaged, not a dataset, or of another version of the format.
    """
    path = Path(path)
    require_file(path, "the dataset file (.h5)")
    try:
        with h5py.File(path, "r") as file:
            _check_format(file, path)
            checked = not lazy if checked is None else checked
            if checked and _checksum(file) != file.attrs["sha256"]:
                raise InputError(f"{path}: the data do not match their checksum: the file is damaged, make it again")
            return _read(file, path, lazy)
    except (OSError, KeyError, RuntimeError, UnicodeDecodeError, json.JSONDecodeError) as error:
        reason = str(error).strip("\"'").splitlines()[0]
        raise InputError(f"{path}: not a whole HDF5 dataset ({reason}): make or copy it again") from None


def content_checksum(dataset: Dataset) -> str:
    """The SHA-256 of all that can be learned of a dataset: channels, sampling, details and trials, but not its name."""
    channels = (dataset.x_names, dataset.y_names, dataset.x_units, dataset.y_units, dataset.dt, dataset.task)
    trials = [(trial.name, trial.group, trial.split) for trial in dataset]
    digest = hashlib.sha256(repr((channels, trials)).encode())
    digest.update(json.dumps(dataset.extra, sort_keys=True).encode())
    for trial in dataset:
        for array in (trial.x, trial.y, trial.weight):
            digest.update(b"none" if array is None else f"{array.shape} {array.dtype}".encode())
            if array is not None:
                for block in _blocks(array):
                    digest.update(np.ascontiguousarray(array[block]).tobytes())
    return digest.hexdigest()


def file_content_checksum(path: str | Path) -> str:
    """The `content_checksum` of a dataset file.

    Raises:
        InputError: the file is missing or no dataset.
    """
    return content_checksum(load_dataset(path, lazy=True))


def dataset_checksum(path: str | Path) -> str:
    """The SHA-256 that a dataset file carries: of its arrays, names, groups and splits.

    Raises:
        InputError: the file is missing or no dataset.
    """
    load_dataset(path, lazy=True)
    with h5py.File(path, "r") as file:
        return str(file.attrs["sha256"])


def _uniform(trials: Sequence[Trial]) -> bool:
    shapes = {
        tuple(
            None if getattr(t, key) is None else (getattr(t, key).shape, str(getattr(t, key).dtype)) for key in _ARRAYS
        )
        for t in trials
    }
    return len(shapes) == 1


def _size(dataset: Dataset) -> int:
    """A little more than the bytes that a dataset takes in a file."""
    arrays = [getattr(trial, key) for trial in dataset for key in _ARRAYS if getattr(trial, key) is not None]
    values = sum(math.prod(array.shape) * array.dtype.itemsize for array in arrays)
    return values + 65536 + 4096 * len(dataset) + len(repr(dataset.extra))


def _write_trials(file: h5py.File, dataset: Dataset, written: Callable[[int], Any]) -> None:
    """Write all arrays; `written` is told how many samples of `x` are done."""
    for column in ("name", "group", "split"):
        texts = [getattr(trial, column) for trial in dataset]
        file.create_dataset(column, data=texts, dtype=h5py.string_dtype())
    if _uniform(dataset.trials):
        for key in _ARRAYS:
            if getattr(dataset.trials[0], key) is not None:
                _write_together(file, key, [getattr(trial, key) for trial in dataset], written)
        return
    for index, trial in enumerate(dataset):
        for key in _ARRAYS:
            if getattr(trial, key) is not None:
                array = getattr(trial, key)
                stored = file.create_dataset(f"trials/{index:06d}/{key}", array.shape, array.dtype, **_packing(array))
                for block in _blocks(array):
                    stored[block] = array[block]
                    written((block.stop - block.start) * (key == "x"))


def _write_together(file: h5py.File, key: str, arrays: list, written: Callable[[int], Any]) -> None:
    shape = (len(arrays), *arrays[0].shape)
    stored = file.create_dataset(key, shape=shape, dtype=arrays[0].dtype, **_packing(arrays[0], together=True))
    for row, array in enumerate(arrays):
        for block in _blocks(array):
            stored[row, block] = array[block]
            written((block.stop - block.start) * (key == "x"))


def _packing(array: ArrayLike, together: bool = False) -> dict[str, Any]:
    """Images are compressed, a frame at a time, so that any frame can be read alone."""
    if len(array.shape) < 4 or array.dtype != np.uint8:
        return {}
    chunk = (1, 1, *array.shape[1:]) if together else (1, *array.shape[1:])
    return {"chunks": chunk, "compression": "gzip", "compression_opts": 1}


def _blocks(array: ArrayLike) -> Iterator[slice]:
    """Stretches of an array's first axis: one that is lazy is never whole in memory."""
    return _stretches(len(array), math.prod(array.shape[1:]) * array.dtype.itemsize)


def _stretches(rows: int, size: int) -> Iterator[slice]:
    """Stretches of rows of `size` bytes each, of at most `_MOST` bytes or one row."""
    step = max(1, _MOST // max(1, size))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def _write_attributes(file: h5py.File, dataset: Dataset) -> None:
    file.attrs.update(
        format=FORMAT,
        format_version=VERSION,
        dataset=dataset.name,
        dt_ms=float(dataset.dt),
        x_names=json.dumps(dataset.x_names),
        y_names=json.dumps(dataset.y_names),
        x_units=dataset.x_units,
        y_units=dataset.y_units,
        task=dataset.task,
        source=dataset.source,
    )
    for key, value in dataset.extra.items():
        if key in file.attrs or key == "sha256":
            raise InputError(f"dataset {dataset.name!r}: the name {key!r} in extra is taken by the format")
        plain = isinstance(value, str) and not value.startswith(_JSON) and "\0" not in value  # HDF5 ends text there
        text = value if plain else _JSON + json.dumps(value, sort_keys=True)
        if len(text) > _LONGEST_ATTRIBUTE:
            file.create_dataset(f"extra/{key}", data=[text], dtype=h5py.string_dtype())
        else:
            file.attrs[key] = text


def _check_format(file: h5py.File, path: Path) -> None:
    if file.attrs.get("format") != FORMAT:
        raise InputError(f"{path}: an HDF5 file, but not a {FORMAT}")
    version = int(file.attrs["format_version"])
    if version != VERSION:
        raise InputError(
            f"{path}: its format has version {version}, this wormtwin reads version {VERSION}: make it again"
        )


def _read(file: h5py.File, path: Path, lazy: bool) -> Dataset:
    attributes = dict(file.attrs) | {key: stored.asstr()[0] for key, stored in file.get("extra", {}).items()}
    known = {
        "format",
        "format_version",
        "dataset",
        "dt_ms",
        "x_names",
        "y_names",
        "x_units",
        "y_units",
        "task",
        "source",
    }
    columns = zip(*(file[column].asstr()[:] for column in ("name", "group", "split")), strict=True)
    trials = []
    for row, (name, group, split) in enumerate(columns):
        arrays = {key: _array(file, path, key, row, lazy) for key in _ARRAYS}
        trials.append(Trial(str(name), **arrays, group=str(group), split=str(split)))
    return Dataset(
        name=attributes["dataset"],
        trials=tuple(trials),
        dt=float(attributes["dt_ms"]),
        x_names=tuple(json.loads(attributes["x_names"])),
        y_names=tuple(json.loads(attributes["y_names"])),
        x_units=attributes["x_units"],
        y_units=attributes["y_units"],
        task=attributes["task"],
        source=attributes["source"],
        extra={key: _plain(value) for key, value in attributes.items() if key not in known | {"sha256"}},
    )


def _plain(value: Any) -> Any:
    return json.loads(value.removeprefix(_JSON)) if isinstance(value, str) and value.startswith(_JSON) else value


def _array(file: h5py.File, path: Path, key: str, row: int, lazy: bool) -> Any:
    together, apart = key in file, f"trials/{row:06d}/{key}"
    if not together and apart not in file:
        return None
    stored = file[key] if together else file[apart]
    if lazy:
        shape = stored.shape[1:] if together else stored.shape
        return StoredArray(path, key if together else apart, row if together else None, shape, stored.dtype)
    return stored[row] if together else stored[:]


def _checksum(file: h5py.File) -> str:
    """SHA-256 over every array's name and values in the order of their names, a piece at a time."""
    digest = hashlib.sha256()
    found: list[str] = []
    file.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    for name in sorted(found):
        stored = file[name]
        digest.update(name.encode())
        for value in _pieces(stored):
            digest.update(
                repr(value.tolist()).encode() if value.dtype == object else np.ascontiguousarray(value).tobytes()
            )
    return digest.hexdigest()


def _pieces(stored: h5py.Dataset) -> Iterator[np.ndarray]:
    """The values of an array in order, a stretch at a time; texts one by one."""
    row = math.prod(stored.shape[1:]) * stored.dtype.itemsize
    if stored.dtype == object:
        yield from (np.asarray(stored[index]) for index in range(len(stored)))
    elif row <= _MOST or len(stored.shape) == 1:
        yield from (stored[some] for some in _stretches(len(stored), row))
    else:
        for index in range(len(stored)):
            yield from (stored[index, some] for some in _stretches(stored.shape[1], row // stored.shape[1]))
