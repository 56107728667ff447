"""How well `wormtwin identity` tells animals apart.

python benchmarks/identity.py films FOLDER two_flies:2 ten_zfish:10 [--appearance]
    IDF1 and switches of labelled films: FOLDER holds NAME.mp4 and NAME*.slp; the plain Hungarian tracker beside.
python benchmarks/identity.py generated 8 20 50 [--frames 3000] [--length 24] [--difficulty 0.3]
    The same of generated groups whose identities are exactly known.
python benchmarks/identity.py cut VIDEO ANIMALS [--piece 30]
    A video without truth: long fragments cut to pieces that know nothing of each other, identified by looks alone.
    Pieces of one fragment are of one animal.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from run_experiments import run


def films(given: argparse.Namespace, scratch: Path) -> None:
    """Track each film, and print the scores and the processor time."""
    for film in given.films:
        name, _, animals = film.partition(":")
        out, looks = scratch / f"{name}.h5", "--appearance" if given.appearance else "--no-appearance"
        _track(given.folder / f"{name}.mp4", animals, out, looks)
        for truth in sorted(given.folder.glob(f"{name}*.slp")):
            print(truth.name)
            run(["identity", "evaluate", str(out), "--truth", str(truth)])


def generated(given: argparse.Namespace, scratch: Path) -> None:
    """Film generated animals, track them, and print the scores and the number of crossings."""
    from datasets.identity.identity_file import load_identities

    for animals in given.animals:
        video, out = scratch / f"swim{animals}.mp4", scratch / f"swim{animals}.h5"
        settings = f"--animals {animals} --frames {given.frames} --length {given.length} --seed {given.seed}"
        run(["identity", "make-sample", "--out", str(video), "--difficulty", str(given.difficulty), *settings.split()])
        _track(video, str(animals), out, "--appearance")
        tracks = load_identities(out)
        print(f"{len(tracks.crossings)} crossings, silhouette {tracks.silhouette:.3f}")
        run(["identity", "evaluate", str(out), "--truth", str(video.with_name(f"swim{animals}.truth.h5"))])


def _track(video: Path, animals: str, out: Path, looks: str) -> None:
    used, begun = time.process_time(), time.perf_counter()
    run(["identity", "track", str(video), "--animals", animals, looks, "--out", str(out)])
    print(f"{video.name}: {time.process_time() - used:.0f} s of processor time, {time.perf_counter() - begun:.0f} s")


def cut(given: argparse.Namespace, scratch: Path) -> None:
    """Cut the fragments of a video, identify the pieces by looks alone, and print how many are under one animal."""
    from datasets.identity.detections import crop_extent, detect, learn_identity_scene
    from datasets.identity.fragments import cut_fragments, find_fragments
    from datasets.segmentation.regions import SegmentSettings
    from datasets.video.video import open_video
    from neuron_models.foundation.result_forms import NAMED_ARRAYS_FORM
    from neuron_models.foundation.resumable import ResumableFolder
    from surrogates.identity.appearance import LearningSettings, learn_appearance
    from surrogates.identity.tracking import assign_animals, headed_crops, sampled_rows

    video = open_video(given.video, grey=True).readable()
    kept = ResumableFolder(scratch, NAMED_ARRAYS_FORM)
    scene = learn_identity_scene(video, given.number, SegmentSettings())
    regions = detect(video, kept, scene, crop_extent(scene))
    whole = find_fragments(regions, given.number)
    pieces = cut_fragments(whole, given.piece)
    rows, of = sampled_rows(pieces, 300)
    crops = headed_crops(kept, regions, pieces, rows)
    looks = learn_appearance(crops, of, regions.frame[rows], pieces, given.number, LearningSettings())
    none = np.zeros((0, 2), int), np.zeros(0)
    animal = assign_animals(pieces, looks.log_odds(len(pieces)), *none)
    right, total, number = 0, 0, 0
    for parent in np.unique(pieces.parent[pieces.single]):
        own = np.flatnonzero(pieces.parent == parent)
        if len(own) > 1:
            votes = np.bincount(animal[own] + 1, pieces.lengths[own], given.number + 1)
            right, total, number = right + votes[1:].max(), total + pieces.lengths[own].sum(), number + len(own)
    print(f"{100 * right / total:.2f} % of {total} places in {number} pieces of at most {given.piece} frames agree")
    print(f"silhouette {looks.silhouette:.3f}, {looks.batches} batches; {time.process_time():.0f} s of processor time")


def main() -> None:
    """Run one of the measurements."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    kinds = parser.add_subparsers(required=True)
    each = kinds.add_parser("films")
    each.add_argument("folder", type=Path)
    each.add_argument("films", nargs="+", help="NAME:ANIMALS")
    each.add_argument("--appearance", action="store_true", help="train the network too")
    each.set_defaults(measure=films)
    each = kinds.add_parser("generated")
    each.add_argument("animals", nargs="+", type=int)
    each.add_argument("--frames", type=int, default=3000)
    each.add_argument("--length", type=float, default=24.0)
    each.add_argument("--difficulty", type=float, default=0.3)
    each.add_argument("--seed", type=int, default=0)
    each.set_defaults(measure=generated)
    each = kinds.add_parser("cut")
    each.add_argument("video", type=Path)
    each.add_argument("number", type=int)
    each.add_argument("--piece", type=int, default=30)
    each.set_defaults(measure=cut)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        given.measure(given, Path(scratch))


if __name__ == "__main__":
    main()
