"""What is known of generated videos as files: where the key points are as tracks, and gaits as a table."""

from pathlib import Path

import numpy as np

from datasets.pose.generator.sample import ANIMALS
from datasets.pose.generator.video import ArenaVideo
from datasets.pose.tracks import Tracks
from neuron_models.foundation.files import atomic_write


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
