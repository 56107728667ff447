"""Generated videos as files: movies or folders of images, and where the key points are as tracks."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from datasets.pose.generator.sample import ANIMALS
from datasets.pose.generator.video import ArenaVideo
from datasets.pose.tracks import Tracks
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import atomic_write, require_writable
from neuron_models.foundation.progress import progress_bar

_BATCH = 16


def save_video(video: ArenaVideo, out: Path) -> Path:
    """Write a video as an `.mp4` movie without further loss, or as numbered `.png` images in a folder.

    Raises:
        InputError: the folder holds something already, or the name is neither that of a movie nor of a folder.
    """
    if out.suffix == "":
        return _save_images(video, out)
    from neuron_models.foundation.movies import save_movie

    save_movie((np.repeat(frame[0, :, :, None], 3, axis=2) for frame in _frames(video)), out, video.fps, quality=0)
    return out


def _save_images(video: ArenaVideo, out: Path) -> Path:
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


def _frames(video: ArenaVideo) -> Iterator[UInt8[np.ndarray, "channel height width"]]:
    with progress_bar(len(video), "frame") as bar:
        for start in range(0, len(video), _BATCH):
            yield from video[start : start + _BATCH]
            bar.update(min(_BATCH, len(video) - start))


def save_truth(video: ArenaVideo, name: Path, out: Path) -> Path:
    """Write where the key points of a video's animals are, as tracks of the video called `name`."""
    from datasets.pose.formats.tracks_file import save_tracks

    skeleton = ANIMALS[video.settings.animal].skeleton
    rows = [body.keypoints for body in video.bodies] or [np.zeros((len(video), 0, len(skeleton), 2))]
    keypoints = np.stack(rows, axis=1) if video.bodies else rows[0]
    names = tuple(f"{video.settings.animal}{k + 1}" for k in range(len(video.bodies)))
    out.unlink(missing_ok=True)
    return save_tracks(Tracks(str(name), skeleton, np.arange(len(video)), keypoints, None, names, video.fps), out)


def save_gaits(video: ArenaVideo, out: Path) -> Path:
    """Write what every animal does in every frame, and in which gait it walks, as a table (.csv)."""
    import pandas as pd

    from neuron_models.foundation.csv_file import write_csv

    rows = [
        (f"{video.settings.animal}{k + 1}", frame, doing, gait)
        for k, body in enumerate(video.bodies)
        for frame, (doing, gait) in enumerate(zip(body.doing, body.gait or ("",) * len(body.doing), strict=True))
    ]
    with atomic_write(out) as temporary:
        write_csv(pd.DataFrame(rows, columns=["animal", "frame", "behaviour", "gait"]), temporary, index=False)
    return out
