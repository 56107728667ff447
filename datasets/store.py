"""Datasets in HDF5: see `docs/dataset-format.md`."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from datasets.checksums import MOST, blocks, content_checksum, stretches
from datasets.dataset import ArrayLike, Dataset, Trial
from datasets.topics import how_to_import
from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_space
from neuron_models.foundation.hdf5 import (
    names_attribute,
    number_attribute,
    open_hdf5,
    plain_attribute,
    require_own_data,
    stored_array,
    text_attribute,
    texts,
)
from neuron_models.foundation.progress import progress_bar

FORMAT = "wormtwin-dataset"
VERSION = 1
_ARRAYS = ("x", "y", "weight")
_JSON = "json:"
_KNOWN = frozenset(
    "format format_version dataset dt_ms x_names y_names x_units y_units task source sha256".split()  # noqa: SIM905
)
_WHAT = "dataset file (.h5)"
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
        with open_hdf5(self.path, _WHAT, looked_through=False) as file:
            stored = stored_array(file, self.key, None)
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


def is_dataset_file(path: Path) -> bool:
    """Whether a file says that it is a dataset; what it holds is not looked at.

    Raises:
        InputError: it is HDF5 that does harm.
    """
    require_own_data(path)
    try:
        with h5py.File(path, "r") as file:
            return plain_attribute(file, "format") == FORMAT
    except (OSError, ValueError, KeyError, RuntimeError):
        return False


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
    _require_kind(path)
    with open_hdf5(path, _WHAT, own=True) as file:
        _check_format(file, path)
        checked = not lazy if checked is None else checked
        if checked and _checksum(file) != text_attribute(file, "sha256"):
            raise InputError(f"{path}: the data do not match their checksum: the file is damaged, make it again")
        return _read(file, path, lazy)


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
    with open_hdf5(Path(path), _WHAT, looked_through=False) as file:
        return text_attribute(file, "sha256")


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
    """Write all arrays; `written` is called with how many samples of `x` are done."""
    for column in ("name", "group", "split"):
        columns = [_storable(getattr(trial, column)) for trial in dataset]
        file.create_dataset(column, data=columns, dtype=h5py.string_dtype())
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
                for block in blocks(array):
                    stored[block] = array[block]
                    written((block.stop - block.start) * (key == "x"))


def _write_together(file: h5py.File, key: str, arrays: list, written: Callable[[int], Any]) -> None:
    shape = (len(arrays), *arrays[0].shape)
    stored = file.create_dataset(key, shape=shape, dtype=arrays[0].dtype, **_packing(arrays[0], together=True))
    for row, array in enumerate(arrays):
        for block in blocks(array):
            stored[row, block] = array[block]
            written((block.stop - block.start) * (key == "x"))


def _packing(array: ArrayLike, together: bool = False) -> dict[str, Any]:
    """Images are compressed, a frame at a time, so that any frame can be read alone."""
    if len(array.shape) < 4 or array.dtype != np.uint8:
        return {}
    chunk = (1, 1, *array.shape[1:]) if together else (1, *array.shape[1:])
    return {"chunks": chunk, "compression": "gzip", "compression_opts": 1}


def _write_attributes(file: h5py.File, dataset: Dataset) -> None:
    file.attrs.update(
        format=FORMAT,
        format_version=VERSION,
        dataset=_storable(dataset.name),
        dt_ms=float(dataset.dt),
        x_names=json.dumps(_storable(dataset.x_names)),
        y_names=json.dumps(_storable(dataset.y_names)),
        x_units=_storable(dataset.x_units),
        y_units=_storable(dataset.y_units),
        task=dataset.task,
        source=_storable(dataset.source),
    )
    for key, value in _storable(dataset.extra).items():
        if key in file.attrs or key == "sha256":
            raise InputError(f"dataset {dataset.name!r}: the name {key!r} in extra is taken by the format")
        plain = isinstance(value, str) and not value.startswith(_JSON) and "\0" not in value  # HDF5 ends text there
        text = value if plain else _JSON + json.dumps(value, sort_keys=True)
        if len(text) > _LONGEST_ATTRIBUTE:
            file.create_dataset(f"extra/{key}", data=[text], dtype=h5py.string_dtype())
        else:
            file.attrs[key] = text


def _storable(value: Any) -> Any:
    """A value of JSON whose texts are UTF-8, as HDF5 wants them: names of files need not be, see `os.fsdecode`."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, Mapping):
        return {_storable(key): _storable(each) for key, each in value.items()}
    return [_storable(each) for each in value] if isinstance(value, list | tuple) else value


def _require_kind(path: Path) -> None:
    """Raise an `InputError` that names the import command where a file is of another kind by its ending."""
    require(not path.is_dir(), f"{path} is a folder, not a {_WHAT}: {how_to_import(path)}")
    foreign = path.is_file() and path.suffix.lower() not in (".h5", ".hdf5") and not is_dataset_file(path)
    require(not foreign, f"{path} is not a {_WHAT}: {how_to_import(path)}")


def _check_format(file: h5py.File, path: Path) -> None:
    if file.attrs.get("format") != FORMAT:
        raise InputError(f"{path}: an HDF5 file, but not a {FORMAT}: {how_to_import(path)}")
    version = number_attribute(file, "format_version")
    if version != VERSION:
        raise InputError(
            f"{path}: its format has version {version:g}, this wormtwin reads version {VERSION}: make it again"
        )


def _read(file: h5py.File, path: Path, lazy: bool) -> Dataset:
    columns = {column: texts(file, column) for column in ("name", "group", "split")}
    lengths = {len(column) for column in columns.values()}
    require(len(lengths) == 1, f"{path}: name, group and split must be texts (trial), all of one length")
    trials = []
    for row, (name, group, split) in enumerate(zip(*columns.values(), strict=True)):
        arrays = {key: _array(file, path, key, row, len(columns["name"]), lazy) for key in _ARRAYS}
        require(arrays["x"] is not None, f"{path}: trial {name!r} has no x")
        trials.append(Trial(name, **arrays, group=group, split=split))
    attributes = {what: text_attribute(file, what) for what in ("x_units", "y_units", "task", "source")}
    return Dataset(
        name=text_attribute(file, "dataset"),
        trials=tuple(trials),
        dt=number_attribute(file, "dt_ms"),
        x_names=names_attribute(file, "x_names"),
        y_names=names_attribute(file, "y_names"),
        **attributes,  # type: ignore[arg-type]
        extra=_extra(file),
    )


def _extra(file: h5py.File) -> dict[str, Any]:
    """The metadata that the format does not know: texts, or JSON where they say so."""
    extra = {key: plain_attribute(file, key) for key in file.attrs if key not in _KNOWN}
    if "extra" in file:
        group = file["extra"]
        require(isinstance(group, h5py.Group), f"{file.filename}: extra must be a group")
        extra |= {key: "".join(texts(group, key)) for key in group}
    return {key: _plain(value) for key, value in extra.items()}


def _plain(value: Any) -> Any:
    return json.loads(value.removeprefix(_JSON)) if isinstance(value, str) and value.startswith(_JSON) else value


def _array(file: h5py.File, path: Path, key: str, row: int, trials: int, lazy: bool) -> Any:
    together, apart = key in file, f"trials/{row:06d}/{key}"
    if not together and apart not in file:
        return None
    stored = stored_array(file, key if together else apart, None)
    wanted = 1 + together if key == "weight" else 2 + together
    fits = len(stored.shape) == wanted if key == "weight" else len(stored.shape) >= wanted
    require(
        fits and (not together or len(stored) == trials),
        f"{path}: {key} must be (trial, time, channel) of {trials} trials, a weight (trial, time), got {stored.shape}",
    )
    if lazy:
        shape = stored.shape[1:] if together else stored.shape
        return StoredArray(path, key if together else apart, row if together else None, shape, stored.dtype)
    return stored[row] if together else stored[:]


def _checksum(file: h5py.File) -> str:
    """SHA-256 over every array's name and values in the order of their names, a piece at a time."""
    digest = hashlib.sha256()
    sums: list[str] = []
    file.visititems(lambda name, item: sums.append(name) if isinstance(item, h5py.Dataset) else None)
    for name in sorted(sums):
        stored = file[name]
        digest.update(name.encode())
        for value in _pieces(stored):
            digest.update(
                repr(value.tolist()).encode() if value.dtype == object else np.ascontiguousarray(value).tobytes()
            )
    return digest.hexdigest()


def _pieces(stored: h5py.Dataset) -> Iterator[np.ndarray]:
    """The values of an array in order, a stretch at a time; texts one by one."""
    if not stored.shape:
        yield np.asarray(stored[()])
        return
    row = math.prod(stored.shape[1:]) * stored.dtype.itemsize
    if stored.dtype == object:
        yield from (np.asarray(stored[index]) for index in range(len(stored)))
    elif row <= MOST or len(stored.shape) == 1:
        yield from (stored[some] for some in stretches(len(stored), row))
    else:
        for index in range(len(stored)):
            yield from (stored[index, some] for some in stretches(stored.shape[1], row // stored.shape[1]))
