"""Arrays of numbers out of a file of PyTorch's first form, read without PyTorch and without running anything in it.

Such a file is five pickles (a magic number, a version, facts of the machine, the table of arrays, the keys of the
storages) and then the storages as raw bytes.
"""

import io
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.plain_pickle import Call, Name, Persistent, read_plain

MAGIC = 0x1950A86A20F9469CFC6C
VERSION = 1001
KINDS: Mapping[str, np.dtype] = {"torch FloatStorage": np.dtype("<f4"), "torch LongStorage": np.dtype("<i8")}
_TABLE, _REBUILD = "collections OrderedDict", "torch._utils _rebuild_tensor_v2"


@dataclass(frozen=True)
class Storage:
    """A run of numbers: its kind, the key under which its bytes stand in the file, and how many there are."""

    kind: np.dtype
    key: str
    number: int


@dataclass(frozen=True)
class Slot:
    """Where an array lies in a storage: its first number, counted from 0, its shape, and its steps along each axis."""

    storage: Storage
    start: int
    shape: tuple[int, ...]
    steps: tuple[int, ...]

    def __post_init__(self) -> None:
        last = self.start + sum((size - 1) * step for size, step in zip(self.shape, self.steps, strict=True))
        inside = last < self.storage.number and math.prod(self.shape) <= self.storage.number
        require(inside and 0 not in self.shape, "an array that is larger than its storage")


def load_arrays(content: bytes, path: Path) -> dict[str, np.ndarray]:
    """Read the arrays of a file by name, in the shapes that it states and in its own units.

    Args:
        content: the bytes of the file.
        path: its name, for messages.

    Raises:
        InputError: it is of another form, damaged, or asks for anything but arrays of numbers.
    """
    file = io.BytesIO(content)
    try:
        magic, version, _, table, keys = (read_plain(file, (_TABLE, _REBUILD, *KINDS)) for _ in range(5))
        require(magic == MAGIC and version == VERSION, "it does not begin as such a file does")
        require(isinstance(table, Call) and table.name == _TABLE, "it holds no table of arrays")
        slots = {str(name): _slot(value) for name, value in table.entries.items()}
        storages = _storages(file, keys, slots)
        return {name: _array(slot, storages[slot.storage.key]) for name, slot in slots.items()}
    except (ValueError, LookupError, TypeError, OverflowError) as error:
        raise InputError(f"{path}: no file of arrays can be read from it ({str(error)[:120]})") from None


def _slot(value: Any) -> Slot:
    """The place of an array, of (storage, start, shape, steps, ...)."""
    require(isinstance(value, Call) and value.name == _REBUILD, f"{value!s:.40} is no array")
    stored, start, shape, steps = value.arguments[:4]
    require(all(type(each) is int and each >= 0 for each in (start, *shape, *steps)), "an array without a shape")
    return Slot(_storage(stored), start, shape, steps)


def _storage(stored: Any) -> Storage:
    """A storage, of ("storage", kind, key, device, number of values, None)."""
    require(isinstance(stored, Persistent), "an array without a storage")
    what, kind, key, _, number, view = stored.words
    require(what == "storage" and isinstance(kind, Name) and view is None, "a storage of an unknown form")
    require(isinstance(key, str) and type(number) is int and number >= 0, "a storage without key and number")
    return Storage(KINDS[kind.text], key, number)


def _storages(file: io.BytesIO, keys: Any, slots: Mapping[str, Slot]) -> dict[str, np.ndarray]:
    """The numbers of every storage: a count of 8 bytes, then the values, in the order of the keys."""
    named = {slot.storage.key: slot.storage for slot in slots.values()}
    read = {}
    for key in keys:
        storage = named[key]
        require(int.from_bytes(file.read(8), "little") == storage.number, f"storage {key} has another length")
        raw = file.read(storage.number * storage.kind.itemsize)
        require(len(raw) == storage.number * storage.kind.itemsize, "it ends early")
        read[key] = np.frombuffer(raw, storage.kind)
    require(file.read(1) == b"", "something stands behind its end")
    return read


def _array(slot: Slot, numbers: np.ndarray) -> np.ndarray:
    steps = [step * numbers.itemsize for step in slot.steps]
    return as_strided(numbers[slot.start :], slot.shape, steps).copy()
