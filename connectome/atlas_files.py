"""The files of the package wormneuroatlas, found in the user's own copy without importing it; none is shipped."""

import importlib.util
from pathlib import Path

from neuron_models.foundation.errors import InputError


def atlas_file(name: str) -> Path:
    """A data file of the installed package wormneuroatlas.

    Raises:
        InputError: the package is not installed, or lacks the file.
    """
    spec = importlib.util.find_spec("wormneuroatlas")
    if spec is None or not spec.submodule_search_locations:
        raise InputError(
            "the signal propagation atlas comes with the package wormneuroatlas, which is not installed: "
            "pip install 'wormtwin[atlas]'"
        )
    path = Path(spec.submodule_search_locations[0]) / "data" / name
    if not path.is_file():
        raise InputError(f"{path} is missing: install wormneuroatlas 0.0.7.3 again")
    return path
