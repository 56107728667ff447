"""Where a training is, kept in a file every so often, so that one that was stopped goes on as if it had not been."""

import hashlib
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from neuron_models.foundation.files import atomic_write
from neuron_models.foundation.units import Seconds

EVERY: Seconds = 20.0
"""At most so much work is lost."""


@dataclass(frozen=True)
class Checkpoints:
    """Where the trainings of a run keep their states: a file each in `folder`.

    `about` says what decides them beside data, first weights and configuration: the model, its settings, the versions.
    """

    folder: Path
    about: str = ""


class Checkpoint:
    """The state of one training: arrays by name.

    Args:
        path: its file; None keeps nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path, self._saved = path, time.perf_counter()

    def load(self) -> dict[str, np.ndarray] | None:
        """The state that was kept, in the shapes and units it was saved with; None if there is none that is whole."""
        if self._path is None or not self._path.is_file():
            return None
        try:
            with np.load(self._path, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (OSError, ValueError, EOFError, zipfile.BadZipFile):
            return None

    def due(self) -> bool:
        """Whether it is time to save."""
        return self._path is not None and time.perf_counter() - self._saved >= EVERY

    def save(self, state: Mapping[str, Any]) -> None:
        """Keep a state instead of the one before, whole or not at all."""
        if self._path is not None:
            with atomic_write(self._path) as temporary:
                np.savez(temporary, **state)
            self._saved = time.perf_counter()


def checkpoint_of(checkpoints: Checkpoints | None, *facts: Any) -> Checkpoint:
    """The checkpoint of the training that is decided by these arrays and texts; one that keeps nothing for None.

    Args:
        checkpoints: of the run.
        facts: arrays, sequences of them, or what has a `repr` that distinguishes it from others.
    """
    if checkpoints is None:
        return Checkpoint()
    digest = hashlib.sha256(checkpoints.about.encode())
    for fact in facts:
        _update(digest, fact)
    return Checkpoint(checkpoints.folder / f"{digest.hexdigest()[:24]}.npz")


def listed(name: str, arrays: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Arrays of any shapes and units under numbered names, in order.

    >>> sorted(listed("weight", [np.zeros(1), np.ones(2)]))
    ['weight_0', 'weight_1']
    """
    return {f"{name}_{index}": np.asarray(array) for index, array in enumerate(arrays)}


def unlisted(name: str, state: Mapping[str, np.ndarray]) -> list[np.ndarray]:
    """The arrays that `listed` named, in the order of their numbers; their shapes and units are those they had."""
    number = sum(key.startswith(f"{name}_") and key.removeprefix(f"{name}_").isdecimal() for key in state)
    return [state[f"{name}_{index}"] for index in range(number)]


def _update(digest: Any, fact: Any) -> None:
    if isinstance(fact, np.ndarray):
        digest.update(repr((fact.shape, str(fact.dtype))).encode())
        digest.update(np.ascontiguousarray(fact).tobytes())
    elif isinstance(fact, list | tuple):
        digest.update(str(len(fact)).encode())
        for each in fact:
            _update(digest, each)
    else:
        digest.update(repr(fact).encode())
