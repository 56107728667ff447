"""`wormtwin pose make-sample`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from datasets.options import OutOption
from datasets.pose.cli import pose_app, require_dataset_file
from neuron_models.foundation.errors import require
from neuron_models.foundation.files import require_figure_path
from neuron_models.foundation.wording import counted

if TYPE_CHECKING:
    from datasets.pose.generator.video import ArenaVideo


@pose_app.command("make-sample")
def make_sample(
    out: OutOption,
    animal: Annotated[str, typer.Option(help="fly or worm.")] = "fly",
    frames: Annotated[int, typer.Option(max=1_000_000, help="Labelled crops in all.")] = 500,
    size: Annotated[int, typer.Option(max=4096, help="Side of a crop in px.")] = 96,
    animals: Annotated[int, typer.Option(max=10000, help="Individuals that the crops show, one a trial.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of all random draws.")] = 0,
    picture: Annotated[
        Path | None, typer.Option(help="Draw some crops with their key points here (.png or .svg).")
    ] = None,
    video: Annotated[Path | None, typer.Option(help="Write a video too: .mp4, or a folder for .png images.")] = None,
    video_frames: Annotated[int, typer.Option(max=1_000_000, help="Frames of the video.")] = 500,
    video_animals: Annotated[int, typer.Option(max=1000, help="Animals in the video.")] = 2,
    video_size: Annotated[str, typer.Option(help="Width x height of the video in px.")] = "448x384",
    video_gait: Annotated[
        str,
        typer.Option(help="The flies walk in a tripod, tetrapod, wave or mixed; a loose tripod when empty."),
    ] = "",
) -> None:
    """Render labelled crops of flies or worms, and a video of an arena beside; all key points are known exactly."""
    from datasets.pose.drawing.contact_sheet import save_sheet
    from datasets.pose.generator.sample import SampleSettings
    from datasets.pose.generator.sample import make_sample as render
    from datasets.pose.generator.video import ArenaSettings, make_video
    from datasets.pose.summary import print_labelled
    from datasets.store import save_dataset

    require_dataset_file(out)
    require_figure_path(picture)
    require(
        video is None or video.suffix in ("", ".mp4"),
        f"--video {video}: a movie's name ends in .mp4, a folder's in nothing",
    )
    settings = SampleSettings(animal, frames, size, seed, animals)
    width, height = _sides(video_size)
    arena = ArenaSettings(animal, video_frames, width, height, video_animals, seed=seed, gait=video_gait or None)
    dataset = render(settings)
    save_dataset(dataset, out)
    print_labelled(dataset)
    print(f"{counted(frames, 'labelled crop')} in {out}")
    if picture is not None:
        print(f"Picture: {save_sheet(dataset, picture)}")
    if video is not None:
        filmed = make_video(arena)
        truth = _save_video(filmed, video)
        print(f"{counted(video_frames, 'frame')} in {video}, where the animals' key points are in {truth}")
        if video_gait:
            from datasets.pose.generator.files import save_gaits

            print(f"Their gaits: {save_gaits(filmed, video.with_name(f'{video.stem}.gaits.csv'))}")


def _sides(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    require(width.isdecimal() and height.isdecimal(), f"--video-size looks like 448x384, got {text!r}")
    return int(width), int(height)


def _save_video(video: "ArenaVideo", out: Path) -> Path:
    """Write frames to a movie or a folder, and where the key points are to a file of tracks beside it."""
    from datasets.pose.generator.files import save_truth
    from datasets.rendering.files import save_video

    save_video(video, out)
    return save_truth(video, out, out.with_name(f"{out.stem}.tracks.h5"))
