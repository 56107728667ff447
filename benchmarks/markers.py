"""Colour marks: M-Track's white mouse against paws marked by eye, generated videos against their truth, and speed.

    python benchmarks/markers.py --shared ../shared

CPU seconds of the process, FFmpeg's threads included.
"""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from datasets.markers.bouts import BoutSettings, grooming
from datasets.markers.clicks import read_clicks
from datasets.markers.files import read_bouts, read_places
from datasets.markers.fitting import fit_marks
from datasets.markers.generator.motion import SampleSettings
from datasets.markers.generator.sample import write_sample
from datasets.markers.mtrack_file import read_mtrack
from datasets.markers.scoring import fitted_onto, runs_of, score_bouts, score_marks
from datasets.markers.tracking import Finder, TrackSettings, track_marks
from datasets.video.video import open_video

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "markers"))
COLUMNS = ("frames", "rmse", "median", "p95", "largest", "missed", "hidden", "reported", "swapped")


def rows(name, scores):
    """Scores as rows of the table."""
    return [{"of": name, "mark": each.mark, **{c: getattr(each, c) for c in COLUMNS}} for each in scores]


def jumps(tracks, least=20.0):
    """Steps of more than 20 px between neighbouring frames in which a mark is seen."""
    steps = np.hypot(*np.moveaxis(np.diff(tracks.xy[:, 0, :2], axis=0), -1, 0))
    return int((steps > least).sum())


def white_mouse(shared: Path, folder: Path):
    """M-Track's white mouse: this tracker, and M-Track's own output after a similarity."""
    from test_white_mouse import clicks_and_truth

    video = open_video(shared / "data" / "markers" / "Sample_Video_White_Mouse.mp4")
    clicks, truth = clicks_and_truth(folder / "truth.csv")
    found = track_marks(video, clicks, TrackSettings(), folder / "t.h5")
    theirs = fitted_onto(read_mtrack(shared / "data" / "markers" / "Sample_Video_White_Mouse_Output.txt"), truth)
    for name, tracks in (("this", found), ("M-Track", theirs)):
        names = [tracks.points.index(mark) for mark in ("left", "right")]
        lost = np.isnan(tracks.xy[:, 0, names, 0]).mean(axis=0)
        print(f"{name}: {jumps(tracks)} steps > 20 px; out of sight in {lost[0]:.1%} (left), {lost[1]:.1%} (right)")
    speed(video, clicks)
    return rows("white mouse, this", score_marks(found, truth)) + rows("M-Track", score_marks(theirs, truth))


def speed(video, clicks, frames=600):
    """CPU time of the search in frames that follow one another, decoding included."""
    start = time.process_time()
    model = fit_marks(video, clicks)
    fitted = time.process_time()
    finder = Finder(model, [(0, 0, video.shape[3], video.shape[2])], TrackSettings(), video.fps, clicks)
    finder.batch(video.frames(range(8)), 0)  # compiled, opened
    begun = time.process_time()
    finder.batch(video.frames(range(8, 8 + frames)), 8)
    done = time.process_time()
    print(f"colours {fitted - start:.1f} s once; {frames / (done - begun):.0f} frames of {video.size} a CPU second")


def generated(folder: Path, **given):
    """Scores of one generated video."""
    write_sample(SampleSettings(**given), folder)
    video, clicks = open_video(folder / "video.mp4"), read_clicks(folder / "clicks.csv")
    found = track_marks(video, clicks, TrackSettings(), folder / "t.h5")
    name = ", ".join(f"{key} {value}" for key, value in given.items() if key in ("coat", "seed", "light", "length"))
    bouts = score_bouts(runs_of(grooming(found, BoutSettings())).tolist(), read_bouts(folder / "bouts.csv"))
    return rows(name, score_marks(found, read_places(folder / "truth.csv"))), bouts


def show(table):
    """Print rows as they come."""
    print(pd.DataFrame(table).round(3).to_string(index=False), flush=True)


def tell_bouts(bouts):
    """Print what all bouts together come to."""
    matched, true, found = (sum(getattr(each, of) for each in bouts) for of in ("matched", "true", "found"))
    print(f"bouts: {true} true, {found} found, {matched} matched, F1 {2 * matched / max(true + found, 1):.3f}")


def small_marks(coats, frames):
    """Videos of 480 x 360 px with paint of 6 px, long enough for many bouts."""
    table, bouts = [], []
    begun = time.process_time()
    with TemporaryDirectory() as folder:
        for seed, coat in enumerate(coats):
            given = {"frames": frames, "width": 480, "height": 360, "length": 110.0, "coat": coat, "seed": 20 + seed}
            found, score = generated(Path(folder) / str(seed), **given)
            table, bouts = [*table, *found], [*bouts, score]
            show(found)
            tell_bouts(bouts)
    parts = pd.DataFrame(table)
    reported = (parts.reported * parts.hidden).sum() / max(parts.hidden.sum(), 1)
    print(f"small marks: out of sight in {parts.hidden.sum()} frames, reported {reported:.1%}")
    print(f"{parts.missed.sum()} of {parts.frames.sum()} seen ones missed; {time.process_time() - begun:.0f} CPU s")


def main():
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--frames", type=int, default=900)
    parser.add_argument("--coats", nargs="*", default=["white", "brown", "black"])
    parser.add_argument("--small", type=int, default=3900, help="frames of each video of small marks and many bouts")
    parser.add_argument("--only-small", action="store_true")
    options = parser.parse_args()
    if options.only_small:
        small_marks(options.coats, options.small)
        return
    bouts = []
    with TemporaryDirectory() as folder:
        if (options.shared / "data" / "markers").is_dir():
            show(white_mouse(options.shared, Path(folder)))
        for seed, coat in enumerate(options.coats):
            given = {"frames": options.frames, "width": 640, "height": 512, "length": 200.0, "coat": coat, "seed": seed}
            found, score = generated(Path(folder) / str(seed), **given)
            show(found)
            bouts.append(score)
    tell_bouts(bouts)
    small_marks(options.coats, options.small)


if __name__ == "__main__":
    main()
