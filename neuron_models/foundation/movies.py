"""Movies written a frame at a time."""

import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from neuron_models.foundation.errors import require
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
    import imageio_ffmpeg

    require(out.suffix == MOVIE, f"{out}: a movie's name ends in {MOVIE}")
    require_writable(out)
    number, writer = 0, None
    with atomic_write(out) as temporary:
        try:
            for frame in frames:
                height, width = frame.shape[:2]
                even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
                if writer is None:
                    writer = imageio_ffmpeg.write_frames(
                        str(temporary),
                        even.shape[1::-1],
                        fps=fps,
                        macro_block_size=1,
                        codec="libx264",
                        quality=None,
                        output_params=["-crf", str(quality), "-preset", "veryfast", "-loglevel", "error"],
                    )
                    with warnings.catch_warnings():  # JAX fears every fork; this one becomes ffmpeg at once
                        warnings.filterwarnings("ignore", r"os\.fork\(\) was called", RuntimeWarning)
                        writer.send(None)
                writer.send(np.ascontiguousarray(even))
                number += 1
        finally:
            if writer is not None:
                writer.close()
        require(number > 0, f"{out}: there are no frames to write")
    return number
