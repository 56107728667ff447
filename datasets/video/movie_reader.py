"""How the frames of movie files are read: found by their own times, decoded from a frame that stands alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.video.display import turned
from datasets.video.frame_readers import Frame
from datasets.video.movie_index import MovieIndex, decoded, index_movie, opened
from neuron_models.foundation.units import Hertz

if TYPE_CHECKING:
    import av


_ALONE = (0, 1)  # AV_PICTURE_TYPE_NONE (of codecs that know no others) and I of FFmpeg: pictures that need no other


@dataclass(frozen=True, eq=False)
class MovieReader:
    """Frames of a movie file: frame n is the same whether one seeks it or reads on, at any frame rate."""

    path: Path
    index: MovieIndex
    _open: dict[str, Any] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}  # an open movie cannot go to another process

    @property
    def number(self) -> int:
        return self.index.announced

    @property
    def fps(self) -> Hertz:
        return self.index.fps

    def spread(self, number: int) -> list[int]:
        """At most `number` places over the whole movie that are decoded at once, since they stand alone."""
        keys = self.index.keys
        return keys[np.unique(np.linspace(0, len(keys) - 1, min(number, len(keys))).astype(int))].tolist()

    def read(self, index: int, grey: bool) -> Frame | None:
        if index >= len(self.index.times):
            return None
        for start in self._starts(index):
            if start is not None:
                self._begin(start)
            frame, late = self._read_on(index)
            damaged = frame is not None and frame.is_corrupt and bool(start)  # by the seek, perhaps
            if frame is not None and not damaged:
                return turned(_pixels(frame, grey), frame)
            if not (late or damaged):
                break
        self._close()
        return None

    def _starts(self, index: int) -> Iterator[int | None]:
        """Where to read from: on (None), from the last key, from ever earlier ones if that lands late, from scratch."""
        at = int(np.searchsorted(self.index.keys, index, "right")) - 1
        if self._open and self.index.keys[at] <= self._open["next"] <= index:
            yield None
        back = 1
        while at > 0:
            yield int(self.index.keys[at])
            at, back = at - back, 2 * back
        yield 0

    def _begin(self, key: int) -> None:
        """Stand before a frame that can be decoded alone."""
        import av

        container = self._open.get("container")
        if key == 0 or container is None:
            self._close()
            container = opened(self.path)
        stream = container.streams.video[0]
        if key > 0:
            try:
                container.seek(int(self.index.times[key]), stream=stream, backward=True, any_frame=False)
            except av.error.FFmpegError:
                return self._begin(0)
        self._open.update(container=container, frames=decoded(container, stream), next=0, sought=key > 0)
        return None

    def _read_on(self, index: int) -> tuple["av.VideoFrame | None", bool]:
        """The frame at an index; if it does not come, None, and whether an earlier start may bring it.

        That is so where the first frame lies beyond, or is made of frames before it (intra refresh of H.264).
        """
        late = True
        for number, frame in enumerate(self._open["frames"], start=self._open["next"]):
            if late and self._open["sought"] and int(frame.pict_type) not in _ALONE:
                return None, True
            at = self.index.index(frame.pts) if self.index.timed else number
            if at is None:
                continue
            if at >= index:
                self._open.update(next=index + 1, sought=False)
                return (frame, False) if at == index else (None, late)
            late = False
        return None, late

    def _close(self) -> None:
        if self._open:
            self._open["container"].close()
            self._open.clear()


def movie_reader(path: Path) -> MovieReader:
    """Open a movie file and find its frames.

    Raises:
        InputError: it is no movie, or holds no frame.
    """
    return MovieReader(path, index_movie(path))


_FULL_RANGE = 2  # AVCOL_RANGE_JPEG of FFmpeg
_TO_FULL = np.clip(np.round((np.arange(256) - 16) * 255 / 219), 0, 255).astype(np.uint8)
"""Luma of video (16 to 235, Rec. 601 and 709) brought to 0 to 255."""


def _pixels(frame: "av.VideoFrame", grey: bool) -> Frame:
    """Red, green and blue, or the luma."""
    if not grey:
        return np.ascontiguousarray(frame.to_ndarray(format="rgb24").transpose(2, 0, 1))
    stored = frame.format
    if not stored.name.startswith(("gray", "yuv")) or not stored.is_planar or stored.components[0].bits != 8:
        return frame.to_ndarray(format="gray")[None]
    plane = frame.planes[0]
    luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)[: frame.height, : frame.width]
    full = stored.name.startswith(("gray", "yuvj")) or frame.color_range == _FULL_RANGE
    return (luma.copy() if full else _TO_FULL[luma])[None]
