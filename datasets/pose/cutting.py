"""Crops of a video that are cut only when they are read."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datasets.pose.crops import Crops
from datasets.video.cropping import cut_crop
from datasets.video.video import Video


@dataclass(frozen=True, eq=False)
class CutFrames:
    """Crops of a video that are cut when they are sliced: (sample, channel, height, width) of uint8."""

    video: Video
    crops: Crops
    size: tuple[int, int]
    dtype: np.dtype = field(default=np.dtype(np.uint8))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return (len(self.crops), self.video.shape[1], *self.size)

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: Any, /) -> Any:
        first, *rest = index if isinstance(index, tuple) else (index,)
        indices = np.atleast_1d(np.arange(len(self))[first])
        order = np.argsort(self.crops.frames[indices], kind="stable")
        wanted, back = np.unique(self.crops.frames[indices], return_inverse=True)
        cut = np.empty((len(indices), *self.shape[1:]), np.uint8)
        frames = self.video.frames(wanted)
        held, frame = -1, np.empty(0, np.uint8)
        for row in order:
            while held < back[row]:
                held, frame = held + 1, next(frames)
            cut[row] = cut_crop(frame, self.crops.matrices[indices[row]], self.size)
        if isinstance(first, int | np.integer):
            return cut[0][tuple(rest)] if rest else cut[0]
        return cut[(slice(None), *rest)] if rest else cut
