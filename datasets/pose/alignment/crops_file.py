"""The work of an alignment on its way: what is measured and what is cut, a batch of frames in a file each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from neuron_models.foundation.resumable import ResumableFolder

MEASURED = "measures"


def crops_of_animal(animal: int) -> str:
    """What the batches of an animal's crops are."""
    return f"crops-{animal}"


def batch_name(what: str, first: int) -> str:
    """What the batch that begins with a frame is called."""
    return f"{what}-{first:09d}"


def batches_done(kept: ResumableFolder, what: str) -> Iterator[np.ndarray]:
    """The batches that are there, in the units that they were kept in, from the first frame on, one at a time."""
    first = 0
    while kept.has(name := batch_name(what, first)):
        batch = kept.load(name)
        yield batch
        first += len(batch)


def measures_done(kept: ResumableFolder, shape: tuple[int, ...]) -> Float[np.ndarray, "frame animal measure"]:
    """What is measured so far (`MEASURES`, in px, square pixels and radians); `shape` is (animal, measure)."""
    return np.concatenate([np.empty((0, *shape)), *batches_done(kept, MEASURED)])


@dataclass(frozen=True, eq=False)
class KeptCrops:
    """The crops of one animal that slice like an array (frame, channel, height, width), a few batches in memory."""

    kept: ResumableFolder
    animal: int
    batch: int
    shape: tuple[int, int, int, int]
    dtype: np.dtype = field(default=np.dtype(np.uint8))

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any, /) -> UInt8[np.ndarray, "..."]:
        first, *rest = index if isinstance(index, tuple) else (index,)
        indices = np.atleast_1d(np.arange(len(self))[first])
        crops = np.empty((len(indices), *self.shape[1:]), np.uint8)
        for start in np.unique(indices // self.batch) * self.batch:
            inside = (indices >= start) & (indices < start + self.batch)
            stored = self.kept.load(batch_name(crops_of_animal(self.animal), int(start)))
            crops[inside] = stored[indices[inside] - start]
        part = crops if isinstance(first, slice | list | np.ndarray) else crops[0]
        return part[(slice(None),) * (part.ndim == 4) + tuple(rest)] if rest else part
