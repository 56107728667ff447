"""How well alignment finds two real flies of a SLEAP project: centres, headings, and what it flags.

Reads data/pose beside the reference files; labels of people tell where thorax, head and abdomen are.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from machine import describe, shared_folder

from datasets.pose.alignment.align import AlignmentSettings, align_video
from datasets.pose.alignment.following import FOUND, STATUS
from datasets.pose.formats.label_files import load_labels
from datasets.video.video import open_video


def main() -> None:
    """Align the clip and compare it with its labels, frame by frame."""
    print(describe())
    folder = shared_folder() / "data" / "pose"
    (labels,) = load_labels(folder / "clip.slp")
    video = open_video(folder / "clip.mp4")
    started = time.process_time()
    with tempfile.TemporaryDirectory() as temporary:
        settings = AlignmentSettings(size=176, animals=2)
        _, alignment = align_video(video, "clip", Path(temporary) / "crops.h5", settings, video.fps)
    seconds = time.process_time() - started
    keypoints = labels.skeleton.keypoints
    head, thorax, abdomen = (labels.xy[:, :, keypoints.index(name)] for name in ("head", "thorax", "abdomen"))
    ahead = np.arctan2(*np.moveaxis(head - abdomen, -1, 0)[::-1])
    print(f"{len(video)} frames of {video.size} px in {seconds:.0f} s of processor time")
    for animal in range(2):
        here = np.flatnonzero(alignment.status[:, animal] == FOUND)
        away = np.linalg.norm(alignment.centre[here, animal, None] - thorax[here], axis=-1)
        fly = np.argmin(away, axis=1)
        off = alignment.heading[here, animal] - ahead[here, fly]
        off = np.rad2deg(np.abs((off + np.pi) % (2 * np.pi) - np.pi))
        flags = [f"{name} {(alignment.status[:, animal] == code).sum()}" for code, name in enumerate(STATUS)]
        print(f"animal {animal + 1}: {', '.join(flags)}; changes of identity: {(np.diff(fly) != 0).sum()}")
        print(f"    centre from the thorax: median {np.median(away.min(axis=1)):.1f} px of {alignment.length:.0f}")
        print(f"    heading off by: median {np.median(off):.1f}, 95 % {np.percentile(off, 95):.1f} degrees")
        print(f"    reversed: {100 * np.mean(off > 90):.1f} % of the frames that are not flagged")


if __name__ == "__main__":
    main()
