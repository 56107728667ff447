"""Rendered videos as files: movies, or folders of images."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import UInt8

from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write, require_writable
from neuron_models.foundation.progress import progress_bar
from neuron_models.foundation.units import Hertz

_BATCH = 16


@runtime_checkable
class FilmedVideo(Protocol):
    """A video (frame, 1, height, width) in grey values that is rendered when it is sliced."""

    @property
    def fps(self) -> Hertz: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


def save_video(video: FilmedVideo, out: Path) -> Path:
    """Write a video as an `.mp4` movie without further loss, or as numbered `.png` images in a folder.

    Args:
        video: (frame, 1, height, width) of grey values from 0 to 255, rendered when it is sliced.
        out: the movie, or the folder.

    Raises:
        InputError: the folder holds something already, or the name is neither that of a movie nor of a folder.
    """
    if out.suffix == "":
        return _save_images(video, out)
    from neuron_models.foundation.movies import save_movie

    save_movie((np.repeat(frame[0, :, :, None], 3, axis=2) for frame in _frames(video)), out, video.fps, quality=0)
    return out


def _save_images(video: FilmedVideo, out: Path) -> Path:
    from skimage.io import imsave

    require(not out.exists() or (out.is_dir() and not any(out.iterdir())), f"{out} exists: choose another folder")
    require_writable(out / "frame")
    digits = len(str(len(video) - 1))
    if out.exists():
        out.rmdir()
    with atomic_write(out) as temporary:
        temporary.mkdir()
        for number, frame in enumerate(_frames(video)):
            imsave(temporary / f"{number:0{digits}d}.png", frame[0], check_contrast=False)
    return out


def _frames(video: FilmedVideo) -> Iterator[UInt8[np.ndarray, "channel height width"]]:
    with progress_bar(len(video), "frame") as bar:
        for start in range(0, len(video), _BATCH):
            yield from video[start : start + _BATCH]
            bar.update(min(_BATCH, len(video) - start))
