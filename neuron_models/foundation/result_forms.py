"""How one result of a long work lies on the disk: as arrays, as JSON, or as several files in a folder."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from neuron_models.foundation.errors import InputError
from neuron_models.foundation.files import atomic_write


@dataclass(frozen=True)
class ResultForm:
    """How results are written and read.

    Attributes:
        suffix: of a result's file, after its name.
        write: a result, to its path; whole or not at all.
        read: a result that is there; raises an `InputError` if it is damaged.
        is_whole: whether a result is at a path, so that it is not made again.
    """

    suffix: str
    write: Callable[[Any, Path], None]
    read: Callable[[Path], Any]
    is_whole: Callable[[Path], bool]


def array_form(shape: Sequence[int] | None = None) -> ResultForm:
    """Arrays of one shape (any when None), a file each; one that is damaged or of another shape is made again."""
    return ResultForm(".npy", _write_array, _read_array, lambda path: _holds_array(path, shape))


def _write_array(array: np.ndarray, path: Path) -> None:
    with atomic_write(path) as temporary:
        np.save(temporary, array)


def _read_array(path: Path) -> np.ndarray:
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise _damaged(path) from None


def _holds_array(path: Path, shape: Sequence[int] | None) -> bool:
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return False
    return shape is None or array.shape == tuple(shape)


def _write_arrays(arrays: Mapping[str, np.ndarray], path: Path) -> None:
    with atomic_write(path) as temporary:
        np.savez(temporary, allow_pickle=False, **arrays)


def _read_arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return dict(arrays)
    except (OSError, ValueError, EOFError, BadZipFile):
        raise _damaged(path) from None


def _holds_arrays(path: Path) -> bool:
    try:
        with np.load(path, allow_pickle=False):
            return True
    except (OSError, ValueError, EOFError, BadZipFile):
        return False


NAMED_ARRAYS_FORM = ResultForm(".npz", _write_arrays, _read_arrays, _holds_arrays)
"""Several arrays by name, a file for all of a result; one that is damaged is made again."""


def _write_json(content: Any, path: Path) -> None:
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps(content))


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        raise _damaged(path) from None


def _holds_json(path: Path) -> bool:
    return path.exists() and _read_json(path) is not None


JSON_FORM = ResultForm(".json", _write_json, _read_json, _holds_json)
"""What JSON can hold, a file each."""


def folder_form(last: str, read: Callable[[Path], Any]) -> ResultForm:
    """Several files in a folder of the result's name, given as their bytes by file name.

    Args:
        last: the file that is written last, so that its presence says that all are there.
        read: reads it.
    """

    def write(files: Mapping[str, bytes], path: Path) -> None:
        for name in sorted(files, key=lambda name: name == last):
            with atomic_write(path.with_name(name)) as temporary:
                temporary.write_bytes(files[name])

    def is_whole(path: Path) -> bool:
        return path.exists() and read(path) is not None

    return ResultForm(f"/{last}", write, read, is_whole)


def _damaged(path: Path) -> InputError:
    return InputError(f"{path}: not a run of wormtwin: delete it and run again")
