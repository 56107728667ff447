"""Whether an HDF5 file does harm: its data lie in it, fit into it, and the HDF5 library comes back from reading it."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import h5py

from neuron_models.foundation.errors import require
from neuron_models.foundation.short_lived import Outcome, try_in_child

DAMAGE = (OSError, KeyError, RuntimeError, ValueError, TypeError, OverflowError, EOFError)
"""What HDF5 raises, and NumPy, where a file is not whole."""
_DENSEST = 1100
"""No file holds more bytes than this for one of its own: deflate gives 1032 at most (zlib's technical notes)."""
_SMALL = 2**28
"""Bytes that any file may declare."""
_SECONDS = 30.0
"""That the HDF5 library may take for a piece of a file: an object, its attributes, or so many of its texts."""
_TEXTS = 4096

Step = Callable[[], Any]


def require_harmless(
    opened: Callable[[], AbstractContextManager[h5py.File]], where: Path | str, size: int, own: bool
) -> None:
    """Refuse a file that lies elsewhere in part, declares more than it can hold, or that HDF5 never comes back from.

    The library loops for ever on some damage, or crashes the process, and Python cannot stop it: so a child process
    reads the structure, the attributes and the texts first.

    Args:
        opened: opens the file.
        where: begins what is said of it.
        size: its bytes.
        own: it was written by wormtwin, which makes no links.

    Raises:
        InputError: it is such a file.
    """

    def look(step: Step) -> None:
        with opened() as file:
            for array in _look_through(file, where, size, own, step):
                _read_texts(array, step)

    outcome = try_in_child(look, _SECONDS)
    known = outcome in (Outcome.DONE, Outcome.UNKNOWN)
    require(known, f"{where}: the HDF5 library {outcome.value} when it read it: it is damaged, make or copy it again")
    if outcome is Outcome.UNKNOWN:  # whatever it is, it comes up here
        with opened() as file:
            _look_through(file, where, size, own, lambda: None)


def _look_through(file: h5py.File, where: Path | str, size: int, own: bool, step: Step) -> list[h5py.Dataset]:
    """Refuse what lies outside of a file, and more bytes than its `size` can stand for; gives its arrays of texts."""
    texts, declared = [], 0
    _read_attributes(file, step)
    for name, kind in _links(file, step):
        if kind == h5py.h5l.TYPE_SOFT and not own:
            continue
        require(kind == h5py.h5l.TYPE_HARD, f"{where}: {name} is a link to data elsewhere: such files are not read")
        item = file[name]
        _read_attributes(item, step)
        if isinstance(item, h5py.Dataset):
            declared += _declared(item, f"{where}: the data of {name}")
            texts += [item] if _has_texts(item) else []
    require(
        declared <= max(_SMALL, _DENSEST * size),
        f"{where}: a file of {size:,} bytes cannot hold the {declared:,} bytes that it declares: it is damaged",
    )
    return texts


def _links(file: h5py.File, step: Step) -> list[tuple[str, int]]:
    """The names of all links, each with its kind."""
    links: list[tuple[str, int]] = []

    def found(name: bytes, info: Any) -> None:
        links.append((name.decode(errors="replace"), info.type))
        step()

    file.id.links.visit(found, info=True)
    return links


def _declared(array: h5py.Dataset, where: str) -> int:
    """The bytes of an array, as its head says."""
    settings = array.id.get_create_plist()
    outside = settings.get_external_count() > 0 or settings.get_layout() == h5py.h5d.VIRTUAL
    require(not outside, f"{where} lie in other files: such files are not read")
    return math.prod(array.shape or ()) * array.id.get_type().get_size()


def _read_attributes(item: Any, step: Step) -> None:
    """Read all attributes, whatever they are."""
    with suppress(*DAMAGE):
        for name in list(item.attrs):
            with suppress(*DAMAGE):
                item.attrs[name]
            step()


def _has_texts(array: h5py.Dataset) -> bool:
    """Whether the values lie elsewhere in the file, as texts do."""
    with suppress(*DAMAGE):
        return bool(array.dtype.hasobject)
    return False


def _read_texts(array: h5py.Dataset, step: Step) -> None:
    with suppress(*DAMAGE):
        for start in range(0, len(array), _TEXTS) if array.shape else ():
            array[start : start + _TEXTS]
            step()
        if not array.shape:
            array[()]
