"""Which frames a movie gives when it is read from its beginning to its end, and from where each can be decoded.

The packets of a file show this without decoding where one packet is one frame and carries its frame's time. Elsewhere
(frames out of order in AVI, program and transport streams, hidden frames of VP8) the movie is decoded once.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float, Int

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.units import Hertz, Seconds

if TYPE_CHECKING:
    import av

_SHOWN = {"mov", "mp4", "matroska"}
"""Containers whose packets tell when their frames are shown."""
_TIMED = _SHOWN | {"avi", "asf", "mpeg", "mpegts", "ogg", "flv", "nut", "mxf"}
"""Containers that keep times, so that a frame has the same time after a seek."""
_ONE_EACH = {"h264", "hevc", "av1", "vp9", "mpeg4"}
"""Codecs of which a packet gives one frame, as do all that keep every frame by itself."""
_NO_CLOCK = 1980
"""Cameras without a clock say that it is 1904 or 1970."""
_HEAD = 48
"""So many frames are decoded to see that the packets tell the truth."""


@dataclass(frozen=True, eq=False)
class MovieIndex:
    """The frames of a movie in the order in which it gives them.

    Attributes:
        times: (frame,) when each is shown, in the stream's unit of time; their places where they have no times.
        keys: places from which decoding can begin, ascending from 0.
        announced: frames that there should be: more than `times` where the file was cut off.
        fps: frames a second, 1 where the file does not say.
        timed: whether a frame is known by its time; else frames are counted from the beginning.
        unit: of the times.
    """

    times: Int[np.ndarray, " frame"]
    keys: Int[np.ndarray, " key"]
    announced: int
    fps: Hertz
    timed: bool = True
    unit: Seconds = 1.0

    def __post_init__(self) -> None:
        order = np.argsort(self.times, kind="stable")
        object.__setattr__(self, "_order", order)
        object.__setattr__(self, "_sorted", self.times[order])

    @property
    def seconds(self) -> Float[np.ndarray, " frame"]:
        """When each frame is shown after the first, s; by the frame rate where the file keeps no times."""
        if not self.timed:
            return np.arange(len(self.times)) / self.fps
        return (self.times - self.times[0]) * self.unit

    def index(self, time: int | None) -> int | None:
        """The place of the frame that is shown at a time, None where there is none."""
        if time is None:
            return None
        nearest = int(np.searchsorted(self._sorted, time))  # type: ignore[attr-defined]
        same = nearest < len(self.times) and self._sorted[nearest] == time  # type: ignore[attr-defined]
        return int(self._order[nearest]) if same else None  # type: ignore[attr-defined]


def index_movie(path: Path) -> MovieIndex:
    """Find the frames of a movie file.

    Raises:
        InputError: it is no movie, or holds no frame.
    """
    state = path.stat()
    return _indexed(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=32)
def _indexed(path: Path, _: int, size: int) -> MovieIndex:
    import av

    try:
        index = _by_packets(path, size)
        return _by_decoding(path) if index is None else index
    except av.error.FFmpegError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{path}: not a video that can be decoded ({reason}): copy or convert it again") from None


def _by_packets(path: Path, size: int) -> MovieIndex | None:
    """The frames that the packets tell of, None where they cannot be trusted."""
    with opened(path) as container:
        stream = container.streams.video[0]
        require(stream.codec_context is not None, f"{path}: not a video that can be decoded (its codec is unknown)")
        text = _kept_in(container, _SHOWN) and stream.codec_context.name in _ONE_EACH
        if not (text or (_kept_in(container, _TIMED) and stream.codec_context.codec.intra_only)):
            return None
        cut = {each.pos for each in stream.index_entries if each.pos + each.size > size and not each.is_discard}
        shown = (p for p in _packets(container, stream) if p.size > 0 and not p.is_discard and p.pos not in cut)
        frames = [(packet.pts, packet.is_keyframe) for packet in shown]
        rates, unit = (stream.average_rate, stream.guessed_rate), stream.time_base
    if not frames or any(time is None for time, _ in frames):
        return None
    frames.sort()
    times, keys = np.array([time for time, _ in frames], np.int64), np.array([key for _, key in frames])
    if (np.diff(times) == 0).any() or not _true_at_first(path, times):
        return None
    return MovieIndex(times, _from_first(keys), len(times) + len(cut), _rate(times, unit, rates), unit=float(unit or 1))


def _packets(container: "av.container.InputContainer", stream: Any) -> Iterator[Any]:
    """The packets up to the first that cannot be read."""
    import av

    try:
        yield from container.demux(stream)
    except av.error.FFmpegError:
        return


def _true_at_first(path: Path, times: Int[np.ndarray, " frame"]) -> bool:
    """Whether the first frames that are decoded have the times that the packets tell."""
    with opened(path) as container:
        frames = decoded(container, container.streams.video[0])
        first = [frame.pts for frame, _ in zip(frames, range(_HEAD), strict=False)]
    return len(first) > 0 and first == times[: len(first)].tolist()


def _by_decoding(path: Path) -> MovieIndex:
    """The frames that a movie gives, decoded as coarsely as their order allows."""
    with opened(path) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"skip_loop_filter": "all", "skip_idct": "all"}
        frames = [(frame.pts, frame.key_frame) for frame in decoded(container, stream)]
        rates, unit = (stream.average_rate, stream.guessed_rate), stream.time_base
        timed = _kept_in(container, _TIMED)
    if not frames:
        raise InputError(f"{path}: the video has no frames")
    if timed and len({time for time, _ in frames} - {None}) == len(frames):
        times, keys = np.array([time for time, _ in frames], np.int64), np.array([key for _, key in frames])
        return MovieIndex(times, _from_first(keys), len(times), _rate(times, unit, rates), unit=float(unit or 1))
    indices = np.arange(len(frames))
    return MovieIndex(indices, indices[:1], len(indices), float(rates[0] or rates[1] or 1), timed=False)


def _kept_in(container: "av.container.InputContainer", kinds: set[str]) -> bool:
    return not kinds.isdisjoint(container.format.name.split(","))


def _rate(times: Int[np.ndarray, " frame"], unit: Any, text: Sequence[Any]) -> Hertz:
    """The rate that a file states if its times agree to 2 % or a frame and a half, else that of the times."""
    known = [float(rate) for rate in text if rate]
    span = float((times.max() - times.min()) * unit)
    if len(times) < 2 or span <= 0:
        return next(iter(known), 1.0)
    steps = len(times) - 1
    return next((rate for rate in known if abs(rate * span - steps) < max(0.02 * steps, 1.5)), steps / span)


def _from_first(keys: Bool[np.ndarray, " frame"]) -> Int[np.ndarray, " key"]:
    return np.union1d([0], np.flatnonzero(keys))


def opened(path: Path) -> "av.container.InputContainer":
    """An open movie that is decoded by several threads.

    Raises:
        InputError: there is no video in it.
    """
    import av

    container = av.open(str(path), metadata_errors="replace")
    if not container.streams.video:
        container.close()
        raise InputError(f"{path}: the file has no video in it")
    container.streams.video[0].thread_type = "AUTO"
    return container


def creation_time(path: Path) -> datetime | None:
    """When a movie says that it was made, None where it does not."""
    import av

    if not path.is_file():
        return None
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            streams = container.streams.video
            text = [container.metadata.get("creation_time"), *(each.metadata.get("creation_time") for each in streams)]
        created = datetime.fromisoformat(next(filter(None, text), ""))
    except (av.error.FFmpegError, ValueError):
        return None
    return created if created.year > _NO_CLOCK else None


def decoded(container: "av.container.InputContainer", stream: Any) -> Iterator["av.VideoFrame"]:
    """The frames from where a container stands; what cannot be decoded in between is passed over, as FFmpeg does."""
    import av

    for packet in _packets(container, stream):
        try:
            yield from packet.decode()
        except av.error.FFmpegError:
            continue
    try:  # where the packets ended in an error, the decoder still holds some frames
        yield from stream.codec_context.decode(None)
    except av.error.FFmpegError:
        return
