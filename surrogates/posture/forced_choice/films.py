"""Clips as films, MP4 or GIF."""

from pathlib import Path

import numpy as np
from jaxtyping import Float, UInt8

from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write, require_writable
from neuron_models.foundation.movies import MOVIE, save_movie
from neuron_models.foundation.progress import progress_bar
from surrogates.posture.forced_choice.clips import Clip

SUFFIXES = (MOVIE, ".gif")
GROUND, MIDLINE, HEAD = (252, 252, 250), (204, 42, 29), (31, 95, 208)
HEAD_SHARE = 0.15
_FINER = 3
"""Frames are drawn so many times larger and then reduced, which smooths the lines."""


def write_film(clip: Clip, path: Path, *, side: int = 480, speed: float = 1.0) -> Path:
    """Write a clip, midline red and head blue, whole or not at all.

    Args:
        clip: what is shown.
        path: an .mp4 (H.264) or a .gif.
        side: of the square picture, in pixels; even.
        speed: times real time.

    Raises:
        InputError: another suffix, or a setting out of range.
    """
    import imageio.v3 as iio

    require_film(path)
    require(64 <= side <= 2048 and side % 2 == 0, f"--side must be an even number from 64 to 2048, got {side}")
    require(np.isfinite(speed) and speed > 0, f"--speed must be > 0, got {speed:g}")
    rate = clip.fps * speed
    with progress_bar(len(clip.midlines), "frame") as bar:
        frames = np.empty((len(clip.midlines), side, side, 3), np.uint8)
        for frame, midline in zip(frames, clip.midlines, strict=True):
            frame[:] = draw_frame(midline, clip.reach, side)
            bar.update()
    if path.suffix == MOVIE:
        save_movie(frames, path, rate)
    else:
        with atomic_write(path) as temporary:
            iio.imwrite(temporary, frames, duration=1000 / rate, loop=0)
    return path


def require_film(path: Path) -> None:
    """Raise an `InputError` unless a file's name ends as a film's does and there can be a file of this name."""
    require(path.suffix in SUFFIXES, f"a film's name ends in {', '.join(SUFFIXES)}, got {path.name!r}")
    require(not path.is_dir(), f"{path} is a folder: give a film another name")
    require_writable(path)


def draw_frame(midline: Float[np.ndarray, "point 2"], reached: float, side: int) -> UInt8[np.ndarray, "side side 3"]:
    """Draw one midline; `reached` body lengths from the middle is near the edge."""
    from PIL import Image, ImageDraw

    full = side * _FINER
    scale = 0.46 * full / max(reached, 0.6)
    image = Image.new("RGB", (full, full), GROUND)
    pen = ImageDraw.Draw(image)
    points = [(full / 2 + scale * x, full / 2 - scale * y) for x, y in midline]
    width = max(3 * _FINER, round(0.05 * scale))
    neck = max(1, round(HEAD_SHARE * (len(points) - 1)))
    for part, colour in ((points[neck:], MIDLINE), (points[: neck + 1], HEAD)):
        pen.line(part, fill=colour, width=width, joint="curve")
        for x, y in (part[0], part[-1]):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=colour)
    return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))
