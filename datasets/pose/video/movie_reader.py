"""How the frames of movie files are read: found by their own times, decoded from the last frame that stands alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datasets.pose.video.frame_readers import Frame
from neuron_models.foundation.errors import InputError
from neuron_models.foundation.units import Hertz

if TYPE_CHECKING:
    import av


@dataclass(frozen=True)
class _Index:
    """The times of a movie's frames in order, and which of them can be decoded alone."""

    times: np.ndarray
    keys: np.ndarray
    announced: int
    fps: Hertz


@dataclass(frozen=True, eq=False)
class MovieReader:
    """Frames of a movie file, found by their own times, so that seeking is exact at any frame rate."""

    path: Path
    index: _Index
    _open: dict[str, Any] = field(default_factory=dict, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_open": {}}  # an open movie cannot go to another process

    @property
    def number(self) -> int:
        return self.index.announced

    @property
    def fps(self) -> Hertz:
        return self.index.fps

    def read(self, index: int, grey: bool) -> Frame | None:
        import av

        if index >= len(self.index.times):
            return None
        time = self.index.times[index]
        last_key = int(self.index.keys[np.searchsorted(self.index.keys, index, "right") - 1])
        if not self._open or not (last_key <= self._open["next"] <= index):
            self._seek(int(self.index.times[last_key]))
        try:
            for frame in self._open["frames"]:
                if frame.pts is not None and frame.pts >= time:
                    self._open["next"] = index + 1
                    return _pixels(frame, grey) if frame.pts == time else None
        except av.error.FFmpegError:
            pass
        self._open.clear()
        return None

    def _seek(self, time: int) -> None:
        import av

        if not self._open:
            container = av.open(str(self.path))
            container.streams.video[0].thread_type = "AUTO"
            self._open["container"] = container
        container = self._open["container"]
        stream = container.streams.video[0]
        container.seek(time, stream=stream, backward=True, any_frame=False)
        self._open["frames"] = container.decode(stream)
        self._open["next"] = -1


def movie_reader(path: Path) -> MovieReader:
    """Open a movie file and find its frames, without decoding them.

    Raises:
        InputError: it is no movie, or holds no frame.
    """
    import av

    try:
        with av.open(str(path)) as container:
            if not container.streams.video:
                raise InputError(f"{path}: the file has no video in it")
            stream = container.streams.video[0]
            packets = [(p.pts, p.is_keyframe) for p in _packets(container, stream) if p.pts is not None]
            announced, rate = stream.frames, stream.average_rate
    except av.error.FFmpegError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{path}: not a video that can be decoded ({reason}): copy or convert it again") from None
    if not packets:
        raise InputError(f"{path}: the video has no frames")
    packets.sort()
    keys = np.flatnonzero([key for _, key in packets])
    if len(keys) == 0 or keys[0] > 0:
        keys = np.concatenate([[0], keys]).astype(int)
    times = np.array([time for time, _ in packets])
    return MovieReader(path, _Index(times, keys, max(announced, len(times)), float(rate) if rate else 1.0))


def _packets(container: "av.container.InputContainer", stream: Any) -> Iterator[Any]:
    """The packets up to the first that cannot be read."""
    import av

    try:
        yield from (packet for packet in container.demux(stream) if packet.size and not packet.is_discard)
    except av.error.FFmpegError:
        return


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
