"""`wormtwin pose align` and `pose suggest`."""

from pathlib import Path
from typing import Annotated

import typer

from datasets.options import OutOption
from datasets.pose.cli import pose_app, require_dataset_file
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_figure_path, require_writable
from neuron_models.foundation.wording import counted


@pose_app.command("align")
def align(
    video: Annotated[Path, typer.Argument(help="The video, or a folder of images.")],
    out: OutOption,
    size: Annotated[int, typer.Option(max=4096, help="Side of a crop in px.")] = 96,
    animals: Annotated[int, typer.Option(max=1000, help="How many animals the video shows.")] = 1,
    axis: Annotated[str, typer.Option(help="Direction of a body: ellipse or radon.")] = "ellipse",
    shade: Annotated[str, typer.Option(help="Animals are auto, dark or bright on the ground.")] = "auto",
    threshold: Annotated[float | None, typer.Option(help="Difference from the ground in grey values.")] = None,
    jump: Annotated[float | None, typer.Option(help="Farthest step from frame to frame in px.")] = None,
    centroids: Annotated[
        Path | None, typer.Option(help="A table (.csv) of frame, x, y[, animal, heading in degrees]: follow nothing.")
    ] = None,
    picture: Annotated[Path | None, typer.Option(help="Draw the tracks and some crops here (.png or .svg).")] = None,
) -> None:
    """Cut crops in which each animal is in the middle and looks to the right; continues where it was stopped."""
    from datasets.pose.alignment.align import AlignmentSettings, align_video
    from datasets.pose.alignment.centroids import load_centroids
    from datasets.segmentation.regions import SegmentSettings
    from datasets.video.video import VideoEndedError, open_video

    require_dataset_file(out)
    require_figure_path(picture)
    require(not out.exists(), f"{out} exists: delete it or choose another --out")
    settings = AlignmentSettings(size, animals, jump, SegmentSettings(shade, threshold, None, axis))
    whole = open_video(video)
    opened = whole.readable()
    given = None if centroids is None else load_centroids(centroids, len(opened))
    dataset, aligned = align_video(opened, str(video), out, settings, opened.fps, given)
    if picture is not None:
        from datasets.pose.alignment.plots import save_alignment_picture

        print(f"Picture: {save_alignment_picture(opened, dataset, aligned, picture)}")
    for trial in dataset:
        contiguous_runs = dataset.extra["flagged"][trial.name]
        text = [f"{name} in {sum(b - a for a, b in runs)}" for name, runs in contiguous_runs.items()]
        print(f"{trial.name}: {counted(int(trial.valid().sum()), 'crop')}{''.join(', ' + each for each in text)}")
    print(f"{counted(len(opened), 'frame')} of {counted(len(dataset), 'animal')} in {out}")
    if len(opened) < len(whole):
        raise VideoEndedError(str(video), len(opened), len(whole))


@pose_app.command("suggest")
def suggest(
    source: Annotated[Path, typer.Argument(help="A video, or a dataset of crops (.h5).")],
    out: Annotated[Path, typer.Option(help="The table to write (.csv).")],
    frames: Annotated[int, typer.Option(max=1_000_000, help="How many to choose.")] = 100,
    pool: Annotated[int, typer.Option(max=100_000, help="Frames of each video that are looked at.")] = 500,
    clusters: Annotated[int, typer.Option(max=10000, help="Clusters of similar frames.")] = 10,
    components: Annotated[int, typer.Option(max=10000, help="Principal components that describe a frame.")] = 50,
    seed: Annotated[int, typer.Option(help="Of the clusters and the order.")] = 0,
    picture: Annotated[Path | None, typer.Option(help="Draw the choice here (.png or .svg).")] = None,
) -> None:
    """Choose a varied set of frames to label, in the order in which to label them."""
    from datasets.dataset import Trial
    from datasets.pose.sampling import frame_choice
    from datasets.pose.sampling.frame_choice_file import save_choice, save_choice_picture
    from datasets.store import load_dataset
    from datasets.video.video import VideoEndedError, open_video

    require(out.suffix == ".csv", f"--out {out}: the table's name ends in .csv")
    require_writable(out)
    settings = frame_choice.ChoiceSettings(frames, pool, components, clusters, seed)
    require_figure_path(picture)
    whole = None if source.suffix in (".h5", ".hdf5") else open_video(source)
    trials = load_dataset(source, lazy=True).trials if whole is None else (Trial(str(source), whole.readable()),)
    choice = frame_choice.gather(trials, settings)
    chosen = frame_choice.choose_frames(choice, settings)
    choices = {
        name: (rows, frame_choice.diversity(choice, rows))
        for name, rows in (("by cluster", chosen), ("uniform", frame_choice.uniform_choice(choice, len(chosen))))
    }
    save_choice(trials, choice, chosen, out)
    for name, (_, each) in choices.items():
        print(f"{name}: distance to the nearest chosen {each.distance:.3f}, coverage {100 * each.coverage:.0f} %")
    if picture is not None:
        print(f"Picture: {save_choice_picture(trials, choice, choices, picture)}")
    print(f"{counted(len(chosen), 'frame')} to label in {out}")
    if whole is not None and len(trials[0]) < len(whole):
        raise VideoEndedError(str(source), len(trials[0]), len(whole))
