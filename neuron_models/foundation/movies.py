"""Movies written a frame at a time."""

import subprocess
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import UInt8

from neuron_models.foundation.errors import InputError, require
from neuron_models.foundation.files import atomic_write, require_writable
from neuron_models.foundation.units import Hertz

MOVIE = ".mp4"


def save_movie(frames: Iterable[UInt8[np.ndarray, "height width 3"]], out: Path, fps: Hertz, quality: int = 20) -> int:
    """Write frames to an H.264 movie, whole or not at all, and return how many there were.

    Widths and heights that are odd lose nothing: they are filled up by their last row or column, since H.264 stores
    colours for 2 x 2 pixels.

    Args:
        frames: of one size; any iterable, so that none but one need be in memory.
        out: the file (.mp4).
        fps: frames a second.
        quality: the constant rate factor of x264, 0 (lossless) to 51.
    """
    require(out.suffix == MOVIE, f"{out}: a movie's name ends in {MOVIE}")
    require_writable(out)
    rows = iter(frames)
    first = next(rows, None)
    if first is None:
        raise InputError(f"{out}: there are no frames to write")
    number = 0
    with atomic_write(out) as temporary, _encoder(temporary, _even(first).shape, fps, quality) as pipe:
        for frame in _with_first(first, rows):
            pipe.write(np.ascontiguousarray(_even(frame)).data)
            number += 1
    return number


def _with_first(first: np.ndarray, others: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    yield first
    yield from others


def _even(frame: np.ndarray) -> np.ndarray:
    height, width = frame.shape[:2]
    return np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")


@contextmanager
def _encoder(path: Path, shape: tuple[int, ...], fps: Hertz, quality: int) -> Iterator[IO[bytes]]:
    """Give the pipe into which frames of a shape (height, width, 3) are written; ffmpeg must end well.

    Raises:
        OSError: it did not; the message is what ffmpeg says, such as that the disk is full.
    """
    import imageio_ffmpeg

    frames = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{shape[1]}x{shape[0]}", "-r", f"{fps:.8g}", "-i", "-"]
    codec = ["-an", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-crf", str(quality), "-preset", "veryfast"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-v", "error", *frames, *codec, path]
    with tempfile.TemporaryFile() as said:
        with warnings.catch_warnings():  # JAX fears every fork; this one becomes ffmpeg at once
            warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said)
        pipe: IO[bytes] = process.stdin  # type: ignore[assignment]
        try:
            yield pipe
            pipe.close()
        except BrokenPipeError:
            pass  # it ended early: why is said below
        finally:
            _end(process, pipe)
        if process.returncode != 0:
            said.seek(0)
            lines = said.read().decode(errors="replace").split("\n")
            raise OSError(f"{path}: the movie could not be written ({_worst(lines)})")


def _end(process: subprocess.Popen, pipe: IO[bytes]) -> None:
    with suppress(BrokenPipeError):
        pipe.close()
    process.wait()


def _worst(lines: list[str]) -> str:
    """The line of an encoder that says most: that of the system, else the first."""
    words = [line.strip() for line in lines if line.strip()]
    return next((line for line in words if "No space" in line or "too large" in line), (words or ["it ended early"])[0])
